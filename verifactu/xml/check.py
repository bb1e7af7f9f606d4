"""Shape, judged by the schemas of this project (verifactu/schemas), which a test holds against the AEAT's own.

A message is judged while it is read, without a tree: that costs half of building one and judging it. Only what does
not pass is built and judged again, for the words; so a message is refused by its tree alone.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lxml import etree

from verifactu.errors import UnreadableXML
from verifactu.records import Cabecera, PersonaFisicaJuridica
from verifactu.xml.namespaces import INFORMACION
from verifactu.xml.parser import body, parse
from verifactu.xml.write import envelope

_SCHEMAS = Path(__file__).parent.parent / "schemas"
_CONTENT, _MESSAGE = "mensajes.xsd", "sobre.xsd"
# A header that is in order, for looking at records alone.
_ANYBODY = Cabecera(ObligadoEmision=PersonaFisicaJuridica(NombreRazon="-", NIF="000000000"))

# libxml2 compares the names of namespaces letter by letter, at every element. Nearly all elements are of one, whose
# name is long; what is judged while it is read, and its schema, have a letter in its place that no message has.
_LONG, _SHORT = INFORMACION.encode(), b"\x7f"

# One schema per thread: it keeps the errors of its last validation.
_local = threading.local()


def schema_errors(fragment: str) -> list[str]:
    """Return what the schema finds wrong with one record's XML; empty when it is right.

    :raises UnreadableXML: for what is not well-formed XML.
    """
    return _errors(parse(fragment.encode()))


def wrong_fragments(fragments: Sequence[str]) -> dict[int, list[str]]:
    """Return what is wrong with records that are to travel together, by their place; empty when all are right.

    They are judged as the one message that they make, and one by one only when that is wrong. A text that is not
    well-formed XML is wrong, not an error.
    """
    if fragments and _passes(envelope(_ANYBODY, fragments)):
        return {}
    return {place: errors for place, text in enumerate(fragments) if (errors := _errors_alone(text))}


def body_errors(message: bytes) -> list[str]:
    """Return what the schema finds wrong with the content of a SOAP message (or with a bare document).

    A message whose content is not one of the contract's is wrong by that alone, a SOAP fault too.

    :raises UnreadableXML: for what is not well-formed XML.
    """
    return [] if _passes(message) else _errors(body(message))


class _Doubtful(Exception):
    """The document has what no message of ours has: a DOCTYPE, or a comment, which could hide where a record ends."""


class _Unkept:
    """Where the parser puts what it reads: nowhere."""

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        raise _Doubtful

    def comment(self, text: str) -> None:
        raise _Doubtful

    def close(self) -> None:
        """End without a result, which the parser asks for."""


# The stubs ask for a method per event; without a method the parser does not stop at the event, which is the point.
_UNKEPT: Any = _Unkept()


def _passes(document: bytes) -> bool:
    """Tell whether a message, or a bare document, is in order beyond doubt: False asks for a closer look."""
    short = _shortened(document)
    if short is None:
        return False
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        remove_pis=True,
        schema=_schema(_MESSAGE, _Shortening()),
        target=_UNKEPT,
    )
    try:
        etree.fromstring(short, parser)
    except (etree.XMLSyntaxError, _Doubtful):
        return False
    # With a target of one's own, what the schema finds raises nothing: it is in the log.
    return len(parser.error_log) == 0


def _shortened(document: bytes) -> bytes | None:
    """Return the document with a short name in place of the long one; None where that might change more than the name.

    The long name may stand in a text as well, whose length counts. Inside a tag the last angle bracket opened it,
    unless that is the text of a section. (In a comment it is text too; no message with one is in order beyond doubt.)
    """
    if _SHORT in document or (b"[" in document and b"<![" in document):  # the first is found without much searching
        return None
    parts = document.split(_LONG)
    if any(part.rfind(b">") > part.rfind(b"<") for part in parts[:-1]):
        return None
    return _SHORT.join(parts)


class _Shortening(etree.Resolver):
    """Reads the schemas of this project with the short name in place of the long one."""

    def resolve(self, system_url: str, public_id: str, context: Any = None) -> Any:
        """Read one of them; lxml gives the context, though the stubs do not say so."""
        content = (_SCHEMAS / system_url.rpartition("/")[2]).read_bytes().replace(_LONG, _SHORT)
        return self.resolve_string(content, context, base_url=system_url)


def _errors_alone(fragment: str) -> list[str]:
    try:
        return schema_errors(fragment)
    except UnreadableXML as error:
        return [str(error)]


def _errors(element: etree._Element) -> list[str]:
    schema = _schema(_CONTENT)
    if schema.validate(element):
        return []
    # The namespace in braces before every name hides what the message says.
    log: Any = schema.error_log  # iterable, though the stubs do not say so
    return [_readable(entry.message) for entry in log]


def _readable(message: str) -> str:
    parts = message.split("{")
    return parts[0] + "".join(part.partition("}")[2] for part in parts[1:])


def _schema(name: str, resolver: etree.Resolver | None = None) -> etree.XMLSchema:
    schema: etree.XMLSchema | None = getattr(_local, name, None)
    if schema is None:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
        if resolver:
            parser.resolvers.add(resolver)
        schema = etree.XMLSchema(etree.parse(str(_SCHEMAS / name), parser))
        setattr(_local, name, schema)
    return schema
