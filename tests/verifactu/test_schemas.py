"""Our schemas against the AEAT's: on every document of a corpus both must say the same.

The corpus is made by breaking sound messages of every kind in every place: each element is removed, doubled, swapped
with its neighbour, renamed, moved to another namespace, given an attribute, a child, a stray text, and, where it holds
text, each of a list of awkward texts. A document on which the two verdicts differ is printed.
"""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from itertools import product
from string import ascii_uppercase

import pytest
from lxml import etree

from tests.verifactu import examples as ex
from tests.verifactu.answering import respuesta, respuesta_consulta
from tests.verifactu.official import official_errors, official_files, official_verdict
from tests.verifactu.sound import ANSWER, HELD, QUERY, WIDE_QUERY
from verifactu.codes import PAISES
from verifactu.records import IDOtro, PersonaFisicaJuridica, RemisionVoluntaria
from verifactu.transport import WSDL
from verifactu.xml import body_errors, consulta, envelope, fragment, schema_errors
from verifactu.xml.namespaces import CONSULTA, INFORMACION, RESPUESTA, RESPUESTA_CONSULTA, SUMINISTRO

SOUND: dict[str, str | bytes] = {
    "alta": fragment(ex.ALTA),
    "full alta": fragment(ex.CORRECTION),
    "exchange": fragment(ex.EXCHANGE),
    "foreign producer": fragment(
        replace(ex.ALTA, SistemaInformatico=replace(ex.SISTEMA, NIF="", IDOtro=ex.VIAJERA.IDOtro))
    ),
    "anulacion": fragment(ex.FULL_ANULACION),
    "submission": envelope(
        replace(
            ex.LATE,
            Representante=ex.EMPRESA,
            RemisionVoluntaria=RemisionVoluntaria(FechaFinVeriFactu="31-12-2027", Incidencia="S"),
        ),
        [fragment(ex.ALTA), fragment(ex.ANULACION)],
    ),
    "answer": respuesta(ANSWER),
    "query": consulta(QUERY),
    "wide query": consulta(WIDE_QUERY),
    "query by the recipient": consulta(replace(QUERY, ObligadoEmision=None, Destinatario=ex.EMPRESA)),
    "held": respuesta_consulta(HELD),
}

TEXTS = (
    "", " ", "0", "-1", "1.", "1.2", "1.234", "+1.00", "1,00", "1e3", "٣", "1" * 12, "1" * 13, "S", "s", "N", " S",
    "01", "1", "1234", "12345", "31-02-2027", "1-1-2027", "01-01-27", "01/01/2027", "2027-01-01",
    "2027-01-02T10:15:00",
    "2027-01-02T10:15:00Z", "2027-01-02T10:15:00.5+01:00", " 2027-01-02T10:15:00+01:00 ", "2027-13-02T10:15:00+01:00",
    "89890001", "89890001K", "89890001KK", "ES", "EL", "1.0", "Correcto", "Correcta", "Anulada", "Alta", "2027", "13",
    *("x" * n for n in (2, 3, 15, 16, 17, 18, 19, 20, 21, 30, 31, 50, 51, 60, 61, 64, 65, 100, 101, 120, 121,
                        500, 501, 1500, 1501)),
)  # fmt: skip
NAMESPACES = (SUMINISTRO, INFORMACION, RESPUESTA, CONSULTA, RESPUESTA_CONSULTA, "urn:x", "")


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_message_is_sound_for_both(name: str) -> None:
    assert official_errors(SOUND[name]) == []
    assert _our_errors(etree.tostring(_content(SOUND[name]))) == []


@pytest.mark.parametrize("name", SOUND)
def test_a_broken_message_is_judged_alike(name: str) -> None:
    seen = {True: 0, False: 0}
    for what, document in _broken(_content(SOUND[name])):
        text = etree.tostring(document)
        theirs, ours = official_verdict(etree.fromstring(text)), _our_errors(text)
        assert bool(theirs) == bool(ours), f"{what}\ntheirs: {theirs}\nours: {ours}\n{text.decode()}"
        seen[not theirs] += 1
    # The corpus breaks, and does not only break.
    assert seen[False] > 100
    assert seen[True] > 10


@pytest.mark.parametrize("name", ["alta", "anulacion"])
def test_a_record_is_judged_alike_alone_and_in_its_message(name: str) -> None:
    """The message is judged while it is read (check.py), the record by its tree."""
    for what, document in _broken(_content(SOUND[name])):
        text = etree.tostring(document).decode()
        message = envelope(ex.CABECERA, [fragment(ex.ALTA), text])
        assert bool(schema_errors(text)) == bool(body_errors(message)), f"{what}\n{text}"


@pytest.mark.parametrize("name", ["listas.xsd", "informacion.xsd", "respuesta.xsd", "respuesta_consulta.xsd"])
def test_no_document_of_ours_is_a_copy(name: str) -> None:
    """Not a line longer than a closing tag is shared with the official file of the same subject."""
    ours = {line.strip() for line in (WSDL.parent / name).read_text().splitlines()}
    for path in official_files().values():
        theirs = {line.strip() for line in path.read_text("utf-8").splitlines()}
        shared = {line for line in ours & theirs if len(line) > 20}
        # The XML declaration and the namespaces are the contract's.
        assert {line for line in shared if not line.startswith(("<?xml", "xmlns"))} == set()


def test_the_countries_are_the_same() -> None:
    """All 676 pairs of capitals, in a recipient's identifier."""
    accepted = set()
    for pair in map("".join, product(ascii_uppercase, repeat=2)):
        who = PersonaFisicaJuridica(NombreRazon="X", IDOtro=IDOtro(CodigoPais=pair, IDType="03", ID="X1"))
        text = fragment(replace(ex.ALTA, Destinatarios=(who,)))
        ours = not schema_errors(text)
        assert ours == (not official_errors(text)), pair
        if ours:
            accepted.add(pair)
    assert accepted == PAISES
    assert len(accepted) == 246


@pytest.mark.parametrize("name", SOUND)
def test_every_value_of_every_list_is_judged_alike(name: str) -> None:
    values = sorted(_official_values())
    for path, leaf in _leaves(_content(SOUND[name])):
        if not _is_listed(leaf):
            continue
        for value in values:
            document = deepcopy(_content(SOUND[name]))
            _at(document, path).text = value
            text = etree.tostring(document)
            assert bool(official_verdict(etree.fromstring(text))) == bool(_our_errors(text)), (path, value)


@pytest.mark.parametrize(
    ("name", "element", "limit"),
    [
        ("full alta", "DetalleDesglose", 12),
        ("full alta", "IDDestinatario", 1000),
        ("full alta", "IDFacturaRectificada", 1000),
        ("exchange", "IDFacturaSustituida", 1000),
        ("submission", "RegistroFactura", 1000),
        ("answer", "RespuestaLinea", 1000),
        ("held", "RegistroRespuestaConsultaFactuSistemaFacturacion", 10_000),
    ],
)
def test_lists_end_where_theirs_end(name: str, element: str, limit: int) -> None:
    for count, sound in ((limit, True), (limit + 1, False)):
        document = _content(SOUND[name])
        items = document.findall(f".//{{*}}{element}")
        parent = items[0].getparent()
        assert parent is not None
        for _ in range(count - len(items)):
            items[0].addnext(deepcopy(items[0]))
        assert len(parent.findall(f"{{*}}{element}")) == count
        text = etree.tostring(document)
        assert (not _our_errors(text)) == sound
        assert (not official_verdict(etree.fromstring(text))) == sound


def test_a_signature_is_let_through_whatever_it_holds() -> None:
    """The one known difference, told in firma.xsd: theirs looks into the signature, ours does not."""
    signed = fragment(ex.ALTA).replace(
        "</sum1:RegistroAlta>",
        '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="s"><ds:Anything/></ds:Signature>'
        "</sum1:RegistroAlta>",
    )
    assert schema_errors(signed) == []
    assert official_errors(signed) != []
    misplaced = signed.replace("ds:Signature", "ds:Firma")
    assert schema_errors(misplaced) != []


def _broken(sound: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    for path in [path for path, _ in _elements(sound)]:
        for what, change in _CHANGES.items():
            document = deepcopy(sound)
            if change(_at(document, path)):
                yield f"{what} {path}", document
        for namespace in NAMESPACES:
            document = deepcopy(sound)
            target = _at(document, path)
            target.tag = f"{{{namespace}}}{_local(target)}" if namespace else _local(target)
            yield f"namespace {namespace} {path}", document
    for path, _ in _leaves(sound):
        for text in TEXTS:
            document = deepcopy(sound)
            _at(document, path).text = text
            yield f"text {text!r} {path}", document


def _remove(e: etree._Element) -> bool:
    parent = e.getparent()
    if parent is None:
        return False
    parent.remove(e)
    return True


def _double(e: etree._Element) -> bool:
    if e.getparent() is None:
        return False
    e.addnext(deepcopy(e))
    return True


def _swap(e: etree._Element) -> bool:
    following = e.getnext()
    if following is None:
        return False
    following.addnext(e)
    return True


def _to_front(e: etree._Element) -> bool:
    parent = e.getparent()
    if parent is None or parent[0] is e:
        return False
    parent.insert(0, e)
    return True


def _rename(e: etree._Element) -> bool:
    e.tag = f"{e.tag}X"
    return True


def _attribute(e: etree._Element) -> bool:
    e.set("x", "1")
    return True


def _child(e: etree._Element) -> bool:
    e.append(etree.Element("x"))
    return True


def _stray_text(e: etree._Element) -> bool:
    if len(e) == 0:
        return False
    e[0].tail = "stray"
    return True


def _empty(e: etree._Element) -> bool:
    if len(e) == 0:
        return False
    for item in list(e):
        e.remove(item)
    return True


_CHANGES = {
    "removed": _remove,
    "doubled": _double,
    "swapped": _swap,
    "first": _to_front,
    "renamed": _rename,
    "attribute": _attribute,
    "child": _child,
    "stray text": _stray_text,
    "emptied": _empty,
}


def _content(document: str | bytes) -> etree._Element:
    root = etree.fromstring(document.encode() if isinstance(document, str) else document)
    body = root.find("{http://schemas.xmlsoap.org/soap/envelope/}Body")
    # A document of its own, so that what is validated is what is printed.
    return etree.fromstring(etree.tostring(root if body is None else body[0]))


def _our_errors(content: bytes) -> list[str]:
    return body_errors(content)


def _elements(root: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    tree = root.getroottree()
    for element in root.iter():
        yield tree.getelementpath(element), element


def _leaves(root: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    return ((path, element) for path, element in _elements(root) if len(element) == 0)


def _at(root: etree._Element, path: str) -> etree._Element:
    found = root.getroottree().find(path) if path != "." else root
    assert found is not None
    return found


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _official_values() -> set[str]:
    """Every value of every list of the official schemas but the countries, which have a test of their own."""
    values = set()
    for name, path in official_files().items():
        if not name.startswith(("Suministro", "Respuesta", "Consulta")):
            continue
        values |= {str(v) for v in etree.parse(str(path)).xpath("//*[local-name()='enumeration']/@value")}
    return {v for v in values if not re.fullmatch("[A-Z]{2}", v)} | {"E9", "F4", "R6", "S3", "04"}


def _is_listed(leaf: etree._Element) -> bool:
    """Short texts only: a value of a list has at most a few letters, or is a state."""
    return leaf.text is not None and (len(leaf.text) <= 3 or leaf.text.isalpha())
