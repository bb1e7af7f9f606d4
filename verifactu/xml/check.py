"""Shape, judged by the schemas of this project (verifactu/schemas), which a test holds against the AEAT's own."""

import threading
from pathlib import Path
from typing import Any

from lxml import etree

from verifactu.xml.parser import body, parse

_SCHEMA = Path(__file__).parent.parent / "schemas" / "mensajes.xsd"

# One schema per thread: it keeps the errors of its last validation.
_local = threading.local()


def schema_errors(fragment: str) -> list[str]:
    """Return what the schema finds wrong with one record's XML; empty when it is right.

    :raises UnreadableXML: for what is not well-formed XML.
    """
    return _errors(parse(fragment.encode()))


def body_errors(message: bytes) -> list[str]:
    """Return what the schema finds wrong with the content of a SOAP message (or with a bare document).

    A message whose content is not one of the contract's is wrong by that alone, a SOAP fault too.

    :raises UnreadableXML: for what is not well-formed XML.
    """
    return _errors(body(message))


def _errors(element: etree._Element) -> list[str]:
    schema = _schema()
    if schema.validate(element):
        return []
    # The namespace in braces before every name hides what the message says.
    log: Any = schema.error_log  # iterable, though the stubs do not say so
    return [_readable(entry.message) for entry in log]


def _readable(message: str) -> str:
    parts = message.split("{")
    return parts[0] + "".join(part.partition("}")[2] for part in parts[1:])


def _schema() -> etree.XMLSchema:
    schema: etree.XMLSchema | None = getattr(_local, "schema", None)
    if schema is None:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
        schema = etree.XMLSchema(etree.parse(str(_SCHEMA), parser))
        _local.schema = schema
    return schema
