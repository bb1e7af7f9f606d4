"""The AEAT's own schemas, read where they lie: beside the project, or inside a package that the tests depend on."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "aeat"


class _Local(etree.Resolver):
    """Answers every address with the file of that name, and document types with nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def resolve(self, system_url: str, public_id: str, context: Any) -> Any:  # type: ignore[override]
        file = self.folder / system_url.rpartition("/")[2]
        return self.resolve_string(file.read_bytes() if file.exists() else b"", context, base_url=str(file))


@cache
def schema(name: str) -> etree.XMLSchema:
    """One of the AEAT's schemas by its file name; the test is skipped where there is no copy."""
    folder = _folder()
    if folder is None:
        pytest.skip("no copy of the AEAT's schemas here")
    parser = etree.XMLParser(no_network=True, load_dtd=False)
    parser.resolvers.add(_Local(folder))
    return etree.XMLSchema(etree.parse(str(folder / name), parser))


def assert_valid(name: str, element: etree._Element) -> None:
    """Hold an element against an official schema."""
    schema(name).assertValid(element)


def _folder() -> Path | None:
    if BESIDE.is_dir():
        return BESIDE
    try:
        packaged = Path(str(files("django_verifactu"))) / "aeat" / "schemas"
    except ModuleNotFoundError:
        return None
    return packaged if packaged.is_dir() else None
