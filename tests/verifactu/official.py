"""The AEAT's own schemas as judges. They are read where they lie and never copied into this repository.

Looked for in `../shared/aeat` beside the repository, then among the files of the development package django-verifactu
(its distribution carries unmodified copies).
"""

from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "aeat"

SOAP_BODY = "{http://schemas.xmlsoap.org/soap/envelope/}Body"

# Names of the files and of their target namespaces: the same, below one address.
_NAMESPACE = "https://www2.agenciatributaria.gob.es/static_files/common/internet/dep/aplicaciones/es/aeat/tike/cont/ws/"
_MESSAGES = (
    "SuministroInformacion.xsd",
    "SuministroLR.xsd",
    "RespuestaSuministro.xsd",
    "ConsultaLR.xsd",
    "RespuestaConsultaLR.xsd",
)


def assert_official(document: str | bytes) -> None:
    """Fail unless the AEAT's schemas accept the document: a SOAP message, its content, or a record by itself."""
    errors = official_errors(document)
    assert not errors, "the AEAT's schema refuses it:\n" + "\n".join(errors)


def official_errors(document: str | bytes) -> list[str]:
    """Return what the AEAT's schemas find wrong."""
    root = etree.fromstring(document.encode() if isinstance(document, str) else document)
    body = root.find(SOAP_BODY)
    return official_verdict(root if body is None else body[0])


def official_verdict(element: etree._Element) -> list[str]:
    """Return what the AEAT's schemas find wrong with an element."""
    schema = official_schema()
    if schema.validate(element):
        return []
    log: Any = schema.error_log  # iterable, though the stubs do not say so
    return [entry.message for entry in log]


@cache
def official_schema() -> etree.XMLSchema:
    """Return all messages of the contract as one schema; skip the test where no copy is at hand."""
    parser = etree.XMLParser(load_dtd=False, no_network=True)
    parser.resolvers.add(_Local(official_files()))
    imports = "".join(f'<import namespace="{_NAMESPACE}{name}" schemaLocation="{name}"/>' for name in _MESSAGES)
    door = f'<schema xmlns="http://www.w3.org/2001/XMLSchema">{imports}</schema>'
    return etree.XMLSchema(etree.fromstring(door.encode(), parser))


def official_files() -> dict[str, Path]:
    """Return the official schemas by file name."""
    found = {path.name: path for path in BESIDE.glob("*.xsd")} or _packaged()
    if not set(_MESSAGES) <= set(found):
        pytest.skip("neither ../shared/aeat nor the package django-verifactu is at hand")
    return found


def _packaged() -> dict[str, Path]:
    # By distribution, not by import: its import name need not be the distribution's, nor ours different from it.
    try:
        files = metadata.files("django-verifactu") or []
    except metadata.PackageNotFoundError:
        return {}
    return {file.name: Path(str(file.locate())) for file in files if file.suffix == ".xsd"}


class _Local(etree.Resolver):
    """Answers every address, the W3C's too, with the local file of that name; the DTD of xmldsig with nothing."""

    def __init__(self, files: dict[str, Path]) -> None:
        self._files = files

    def resolve(self, system_url: str, public_id: str, context: Any = None) -> Any:
        me: Any = self  # the stubs know neither the context nor resolve_filename
        name = system_url.rpartition("/")[2]
        if name in self._files:
            return me.resolve_filename(str(self._files[name]), context)
        return me.resolve_string("", context)
