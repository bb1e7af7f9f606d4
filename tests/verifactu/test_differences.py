"""Where the others and we differ (docs/decisions/0012), each difference held against something outside both sides.

The outside is the AEAT's schema, its list of codes, a standard, or the third implementation.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django_verifactu.aeat.violations import ValidationError
from lxml import etree

from tests.verifactu.examples import ALTA, ANULACION, AT_21, BEFORE, CORRECTION, KUNDE, VIAJERA
from tests.verifactu.official import BESIDE, assert_official, official_errors
from tests.verifactu.peers import people, with_django_verifactu
from tests.verifactu.peers.generated import chain
from tests.verifactu.peers.mutated import mutated
from tests.verifactu.peers.with_pyverifactu import Pyverifactu, pyverifactu
from tests.verifactu.test_against_others import SEED, address
from verifactu.huella import sealed
from verifactu.records import (
    DetalleDesglose,
    IDOtro,
    ImporteRectificacion,
    PersonaFisicaJuridica,
    PrimerRegistro,
    Registro,
    RegistroAlta,
)
from verifactu.rules import check, warnings
from verifactu.xml import fragment
from verifactu.xml.namespaces import INFORMACION

TODAY = date(2027, 1, 2)
EXEMPT = DetalleDesglose(Impuesto="01", ClaveRegimen="01", OperacionExenta="E1", BaseImponibleOimporteNoSujeto="100.00")
NOTHING_CHARGED: dict[str, Any] = {"Desglose": (EXEMPT,), "CuotaTotal": "0.00", "ImporteTotal": "100.00"}
ONLY_OURS = frozenset({"1152", "1191", "1192", "1209"})
"""Judged by us alone; each has its own test below."""
PENDING = ("14", "15")
"""Regimes under which the tax is pending, so that the operation may come after the invoice."""


@pytest.fixture(scope="module")
def peer() -> Iterator[Pyverifactu]:
    with pyverifactu() as process:
        yield process


def altered(**changes: Any) -> RegistroAlta:
    return sealed(replace(ALTA, **changes))


# Rules, against django-verifactu's


def test_the_two_tables_of_rules_pass_the_same_verdict() -> None:
    compare_rules(seed=SEED, count=1_000)


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(10))
def test_the_two_tables_of_rules_pass_the_same_verdict_on_thousands(seed: int) -> None:
    compare_rules(seed=seed, count=2_000)


def compare_rules(*, seed: int, count: int) -> None:
    """Judge altas with a changed fact by both tables; what only one of them judges is on the page."""
    verdicts: Counter[bool] = Counter()
    for number, registro in enumerate(chain(seed, count)):
        if not isinstance(registro, RegistroAlta):
            continue
        changed = mutated(Random(f"{seed}:{number}"), registro)
        today = date.fromisoformat(changed.FechaHoraHusoGenRegistro[:10])
        ours = {violation.code for violation in check(changed, today=today)}
        theirs = with_django_verifactu.violations(changed, today=today)
        if {line.ClaveRegimen in PENDING for line in changed.Desglose} == {True, False}:
            ours -= {"1146", "1173"}  # one pending line is enough there, and not here
        if not ours and warnings(changed, today=today):
            theirs -= {"1239", "1178", "2009"}  # an entity's control digit, IPSI in 2026: doubts here, errors there
        agree = bool(theirs) == bool(ours) or (not theirs and ours <= ONLY_OURS)
        assert agree, (ours, theirs, changed)
        verdicts[bool(ours)] += 1
    assert min(verdicts[True], verdicts[False]) > count / 5, "both verdicts are passed in number"


def test_an_operation_after_the_invoice_needs_every_line_to_be_pending() -> None:
    """1146, 1173: "si los detalles del desglose son ClaveRegimen 14 o 15"; django-verifactu: if one of them is."""
    pending = replace(AT_21, ClaveRegimen="14")
    town = PersonaFisicaJuridica(NombreRazon="Ayuntamiento", NIF="P3364274E")
    whole: dict[str, Any] = {
        "FechaOperacion": "26-01-2027", "Destinatarios": (town,), "CuotaTotal": "42.00", "ImporteTotal": "242.00",
    }  # fmt: skip
    both = altered(**whole, Desglose=(pending, replace(pending, ClaveRegimen="15")))
    one = altered(**whole, Desglose=(AT_21, pending))
    assert {violation.code for violation in check(both, today=TODAY)} == set()
    assert {violation.code for violation in check(one, today=TODAY)} == {"1146", "1173"}
    assert with_django_verifactu.violations(both, today=TODAY) == set()
    assert with_django_verifactu.violations(one, today=TODAY) == set()


def test_the_first_day_is_that_of_the_list_of_codes() -> None:
    """django-verifactu: 01/01/2024, as its author saw the test service do."""
    day_before = altered(IDFactura=replace(ALTA.IDFactura, FechaExpedicionFactura="27-10-2024"))
    assert [violation.code for violation in check(day_before, today=TODAY)] == ["1152"]
    assert with_django_verifactu.violations(day_before, today=TODAY) == set()
    assert "28 de octubre de 2024" in official_text("1152")


@pytest.mark.parametrize(("kind", "who", "code"), [("R3", KUNDE, "1191"), ("R2", VIAJERA, "1192")])
def test_the_debtors_of_r2_and_r3_are_in_the_list_of_codes(kind: str, who: Any, code: str) -> None:
    """django-verifactu: not judged, as its author saw the test service take them."""
    record = altered(TipoFactura=kind, TipoRectificativa="I", Destinatarios=(who,))
    assert [violation.code for violation in check(record, today=TODAY)] == [code]
    assert with_django_verifactu.violations(record, today=TODAY) == set()
    assert kind in official_text(code)


def test_a_line_at_cost_still_states_rate_and_tax() -> None:
    """django-verifactu: judged without BaseImponibleACoste only."""
    line = replace(AT_21, ClaveRegimen="06", BaseImponibleACoste="90.00", CuotaRepercutida="")
    record = altered(Desglose=(line,), CuotaTotal="0.00", ImporteTotal="100.00")
    assert [violation.code for violation in check(record, today=TODAY)] == ["1209"]
    assert with_django_verifactu.violations(record, today=TODAY) == set()
    assert "CuotaRepercutida" in official_text("1209")


def test_the_control_of_an_entitys_nif_is_a_doubt() -> None:
    """django-verifactu: an error. No official text publishes the control rule (verifactu.md 4.8)."""
    record = altered(Destinatarios=(replace(ALTA.Destinatarios[0], NIF="B12345678"),))
    assert check(record, today=TODAY) == ()
    assert [violation.code for violation in warnings(record, today=TODAY)] == ["1123"]
    assert with_django_verifactu.violations(record, today=TODAY) == {"1239"}
    assert_official(fragment(record))


def test_a_surcharge_on_nothing_is_judged_by_the_list_of_codes() -> None:
    """django-verifactu: never 0.26, as its author saw the test service do. Neither side ever makes such a line."""
    nothing = replace(
        AT_21, TipoImpositivo="0.00", CuotaRepercutida="0.00", TipoRecargoEquivalencia="0.26",
        CuotaRecargoEquivalencia="0.26",
    )  # fmt: skip
    record = altered(Desglose=(nothing,), CuotaTotal="0.26", ImporteTotal="100.26")
    assert check(record, today=TODAY) == ()
    assert with_django_verifactu.violations(record, today=TODAY) == {"1277"}
    assert "0,26" in official_text("1170")


def test_ipsi_without_regime_is_a_rejection_from_2027_on() -> None:
    """django-verifactu: 2009 for ever. ERR and VAL 1.2.2 end it with 2026."""
    record = altered(Desglose=(replace(AT_21, Impuesto="02", ClaveRegimen=""),))
    assert [violation.code for violation in check(record, today=TODAY)] == ["1245"]
    assert with_django_verifactu.violations(record, today=TODAY) == {"2009"}


# What the others do not say


def test_a_replaced_surcharge_has_its_element() -> None:
    """django-verifactu has no CuotaRecargoRectificado; the AEAT's schema does."""
    record = replace(CORRECTION, Tercero=None, EmitidaPorTerceroODestinatario="", Desglose=(AT_21,))
    assert "CuotaRecargoRectificado" in fragment(record)
    assert_official(fragment(record))


def test_a_space_in_the_address_means_the_same_however_it_is_written() -> None:
    """django-verifactu writes "+", we "%20": one form decoding (WHATWG URL, 5.1) gives the same four values."""
    record = altered(IDFactura=replace(ALTA.IDFactura, NumSerieFactura="A 1+2/n~"))
    ours = address(record, production=False)
    theirs = with_django_verifactu.qr_url(with_django_verifactu.built(record), production=False)
    assert ours != theirs
    assert parse_qsl(urlsplit(ours).query) == parse_qsl(urlsplit(theirs).query)


# pyverifactu


def written(peer: Pyverifactu, registro: Registro) -> etree._Element:
    told = peer.answer(registro)
    assert "xml" in told, told
    found = etree.fromstring(told["xml"]).find(f".//{{{INFORMACION}}}RegistroAlta")
    assert found is not None
    return found


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(NOTHING_CHARGED, id="an exemption is written as a qualification, with empty rate and tax"),
        pytest.param(
            {"Desglose": (replace(EXEMPT, OperacionExenta="", CalificacionOperacion="N1"),), "CuotaTotal": "0.00",
             "ImporteTotal": "100.00"},
            id="a line not subject has an empty rate and tax",
        ),
        pytest.param({"RefExterna": "1001"}, id="RefExterna stands behind the huella"),
        pytest.param({"Subsanacion": "S", "RechazoPrevio": "X"}, id="Subsanacion and RechazoPrevio stand there too"),
    ],
)  # fmt: skip
def test_what_pyverifactu_writes_against_the_schema(peer: Pyverifactu, changes: dict[str, Any]) -> None:
    record = altered(**changes)
    assert_official(fragment(record))
    assert official_errors(etree.tostring(written(peer, record))) != []


@pytest.mark.parametrize(
    ("changes", "element", "code"),
    [
        ({"TipoFactura": "R1", "TipoRectificativa": "S",
          "ImporteRectificacion": ImporteRectificacion(BaseRectificada="100.00", CuotaRectificada="21.00")},
         "ImporteRectificacion", "1118"),
        ({"TipoFactura": "R1", "TipoRectificativa": "I", "FacturasRectificadas": (ALTA.IDFactura,)},
         "FacturasRectificadas", ""),
        ({"TipoFactura": "F3", "FacturasSustituidas": (ALTA.IDFactura,)}, "FacturasSustituidas", ""),
        ({"FechaOperacion": "01-01-2027"}, "FechaOperacion", ""),
    ],
)  # fmt: skip
def test_what_pyverifactu_leaves_out(peer: Pyverifactu, changes: dict[str, Any], element: str, code: str) -> None:
    """It leaves the element out; where a rule asks for it, django-verifactu asks too."""
    record = altered(**changes)
    assert f"<sum1:{element}>" in fragment(record)
    assert_official(fragment(record))
    assert written(peer, record).find(f"{{{INFORMACION}}}{element}") is None
    if code:
        left_out = altered(**changes | {element: None})
        assert with_django_verifactu.violations(left_out, today=TODAY) == {code}


@pytest.mark.parametrize(
    "registro",
    [
        pytest.param(sealed(replace(ANULACION, Encadenamiento=PrimerRegistro())), id="an anulación begins a chain"),
        pytest.param(altered(Destinatarios=(KUNDE,)), id="a VAT number without country"),
        pytest.param(
            altered(
                Destinatarios=(
                    replace(KUNDE, IDOtro=IDOtro(CodigoPais="ES", IDType="07", ID="89890002E")),
                )
            ),
            id="somebody whom the census lacks, with the country ES that 07 asks for",
        ),
        pytest.param(altered(Subsanacion="S", RechazoPrevio="N"), id="a correction of an accepted record"),
        pytest.param(
            altered(
                Desglose=(replace(AT_21, TipoRecargoEquivalencia="5.20", CuotaRecargoEquivalencia="5.20"),),
                CuotaTotal="26.20", ImporteTotal="126.20",
            ),
            id="a surcharge",
        ),
        pytest.param(
            altered(
                Desglose=(replace(AT_21, BaseImponibleOimporteNoSujeto="930.65", TipoImpositivo="10.00",
                                  CuotaRepercutida="93.07"),),
                CuotaTotal="93.07", ImporteTotal="1023.72",
            ),
            id="half a cent, rounded up",
        ),
    ],
)  # fmt: skip
def test_what_pyverifactu_refuses_and_the_schema_and_django_verifactu_take(
    peer: Pyverifactu, registro: Registro
) -> None:
    assert "huella" not in peer.answer(registro)
    assert_official(fragment(registro))
    assert check(registro, today=TODAY) == ()
    assert with_django_verifactu.built(registro).findtext(f"{{{INFORMACION}}}Huella") == registro.Huella


@pytest.mark.parametrize(
    "registro",
    [
        pytest.param(ANULACION, id="an anulación"),
        pytest.param(altered(Destinatarios=(VIAJERA,)), id="a recipient from abroad"),
    ],
)
def test_what_pyverifactu_hashes_like_us_and_cannot_write(peer: Pyverifactu, registro: Registro) -> None:
    told = peer.answer(registro)
    assert told["huella"] == registro.Huella
    assert "AttributeError" in told["error"]
    assert_official(fragment(registro))


def test_a_wrong_record_is_refused_by_both(peer: Pyverifactu) -> None:
    """The bench itself: were everything taken, agreement would mean nothing."""
    wrong = altered(Destinatarios=())
    assert "error" in peer.answer(wrong)
    with pytest.raises(ValidationError):
        with_django_verifactu.built(wrong)
    other = replace(ALTA, Encadenamiento=replace(BEFORE, Huella="A" * 64))
    assert peer.answer(other)["huella"] != ALTA.Huella
    assert people.ISSUER in fragment(next(chain(SEED, 1)))


def official_text(code: str) -> str:
    """Return the AEAT's sentence for a code, read where it lies."""
    if not BESIDE.is_dir():
        pytest.skip("../shared/aeat is not at hand")
    found = re.search(rf"(?m)^{code} ?= ?(.*)$", (BESIDE / "errores.properties").read_text("latin-1"))
    assert found, code
    return found[1]
