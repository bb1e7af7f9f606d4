"""Two other implementations, django-verifactu and pyverifactu, make the same records, huellas and addresses as ours.

Each gets the facts of a record in its own vocabulary and computes for itself. Where both sides can say a thing, the
record is the same to the byte after canonicalisation (exclusive C14N 1.0, which settles where a namespace is declared
and how a character is escaped); the only other normalisation is that of a space in the QR's address, below. Where they
differ, docs/decisions/0012 says why, and test_differences.py holds each difference against something outside both.
"""

from collections import Counter
from collections.abc import Iterator

import pytest
from lxml import etree

from tests.verifactu.official import assert_official
from tests.verifactu.peers import with_django_verifactu as django_verifactu
from tests.verifactu.peers.generated import TODAY, chain, identity
from tests.verifactu.peers.with_pyverifactu import Pyverifactu, hashes, pyverifactu, writes
from verifactu import qr
from verifactu.records import Registro, RegistroAlta
from verifactu.rules import check, warnings
from verifactu.xml import fragment, read_registro, schema_errors
from verifactu.xml.namespaces import INFORMACION

SEED, SOME, MANY = 2027, 1_000, 2_000
WANTED = (
    "RegistroAnulacion",
    *"F1 F2 F3 R1I R1S R2I R2S R3I R3S R4I R4S R5I R5S S1 S2 N1 N2 E1 E2 E3 E4 E5 E6 E7 E8".split(),  # noqa: SIM905
    *(f"impuesto {code}" for code in ("01", "02", "03", "05")),
    *(f"régimen {number:02d}" for number in (*range(1, 12), 14, 15, *range(17, 22))),
    *(f"id {number:02d}" for number in range(2, 8)),
    "PrimerRegistro",
    "RegistroAnterior",
)
_HUELLA = f"{{{INFORMACION}}}Huella"


@pytest.fixture(scope="module")
def peer() -> Iterator[Pyverifactu]:
    with pyverifactu() as process:
        yield process


@pytest.fixture(scope="module")
def records() -> list[Registro]:
    return list(chain(SEED, SOME))


def test_every_record_of_the_corpus_is_sound(records: list[Registro]) -> None:
    for registro in records:
        assert check(registro, today=TODAY) == (), registro
        assert warnings(registro, today=TODAY) == (), registro
        assert schema_errors(fragment(registro)) == [], registro
    for registro in records[::20]:
        assert_official(fragment(registro))


def test_the_corpus_holds_every_kind_in_number(records: list[Registro]) -> None:
    kinds = Counter(type(registro).__name__ for registro in records)
    altas = [registro for registro in records if isinstance(registro, RegistroAlta)]
    kinds.update(registro.TipoFactura for registro in altas)
    kinds.update(registro.TipoFactura + registro.TipoRectificativa for registro in altas if registro.TipoRectificativa)
    kinds.update(line.CalificacionOperacion + line.OperacionExenta for alta in altas for line in alta.Desglose)
    kinds.update(f"impuesto {line.Impuesto}" for alta in altas for line in alta.Desglose)
    kinds.update(f"régimen {line.ClaveRegimen}" for alta in altas for line in alta.Desglose)
    kinds.update(f"id {who.IDOtro.IDType}" for alta in altas for who in alta.Destinatarios if who.IDOtro)
    kinds.update(type(registro.Encadenamiento).__name__ for registro in records)
    assert not [kind for kind in WANTED if kinds[kind] < 5], kinds


def test_django_verifactu_makes_the_same_record(records: list[Registro]) -> None:
    for registro in records:
        same_as_django_verifactu(registro)


def test_pyverifactu_makes_the_same_huella_and_what_it_can_write_of_the_record(
    records: list[Registro], peer: Pyverifactu
) -> None:
    compared = Counter(same_as_pyverifactu(registro, told) for registro, told in peer.answers(records))
    assert compared["huella"] + compared["record"] > len(records) / 2
    assert compared["record"] > len(records) / 20


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(10))
def test_thousands_of_others_agree_too(seed: int, peer: Pyverifactu) -> None:
    compared: Counter[str] = Counter()
    for registro, told in peer.answers(chain(seed, MANY)):
        assert check(registro, today=TODAY) == (), registro
        same_as_django_verifactu(registro)
        compared[same_as_pyverifactu(registro, told)] += 1
    assert compared.total() == MANY
    assert compared["record"] > MANY / 20


def same_as_django_verifactu(registro: Registro) -> None:
    """Compare the whole record, its huella among it, and the address of its QR."""
    theirs = django_verifactu.built(registro)
    assert canonical(etree.fromstring(fragment(registro))) == canonical(theirs), registro
    assert theirs.findtext(_HUELLA) == registro.Huella
    assert read_registro(etree.tostring(theirs).decode()) == registro
    if not isinstance(registro, RegistroAlta):
        return
    for production in (True, False):
        printed = django_verifactu.qr_url(theirs, production=production)
        # It writes a space as "+"; both mean the same to a form decoder, and a plus sign is %2B on both sides.
        assert address(registro, production=production) == printed.replace("+", "%20")


def same_as_pyverifactu(registro: Registro, told: dict[str, str]) -> str:
    """Compare with what pyverifactu told, as far as it goes; return how far that was."""
    if not hashes(registro):
        return "nothing"
    assert told.get("huella") == registro.Huella, (told, registro)
    if not writes(registro):
        return "huella"
    theirs = etree.fromstring(told["xml"]).find(f".//{{{INFORMACION}}}RegistroAlta")
    assert theirs is not None
    assert canonical(etree.fromstring(fragment(registro))) == canonical(theirs), registro
    return "record"


def address(registro: RegistroAlta, *, production: bool) -> str:
    """Return the address that our QR would carry."""
    nif, num_serie, fecha = identity(registro)
    environment = "production" if production else "test"
    return qr.url(environment=environment, nif=nif, num_serie=num_serie, fecha=fecha, importe=registro.ImporteTotal)


def canonical(element: etree._Element) -> bytes:
    """Return the element in exclusive canonical XML."""
    text: bytes = etree.tostring(element, method="c14n", exclusive=True)
    return text
