"""One order of each kind, from the decision to the record: what the AEAT is told of it, and that it is taken.

Each row is written down from the spec (verifactu.md 3.2, 4.4, 4.5 and FAQ 23 and 24); the record must please the local
rules (or nothing is issued), the AEAT's own schema, and a running simulator.
"""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from lxml import etree

from common import clock
from invoicing.capture import capture_delivery
from invoicing.deciding import Decided
from invoicing.holds import Action, Resolution
from invoicing.issuing import issue_document
from invoicing.models import Company, Delivery, Invoice
from invoicing.policy import CompanyPolicy, Known, decide
from invoicing.recipients import VatAnswer
from invoicing.taxes import TaxPolicy
from invoicing.values import Address, DeclaredTax, Exchange, LineKind, OrderContent, Party
from tests.invoicing.orders import KOELN, LAS_PALMAS, LIVE, SOLER, line, order
from tests.simulator.sender import Client
from tests.verifactu.official import assert_official
from tests.world import arrive, la_encina, sale, shop
from verifactu.records import Cabecera, PersonaFisicaJuridica
from verifactu.simulator import Simulator
from verifactu.xml import envelope

pytestmark = pytest.mark.django_db

NIF = "B12345674"
NEW_YORK = Address(lines=("5 Main St",), postal_code="10001", city="New York", country="US")
CEUTA = Address(lines=("Calle Real 1",), postal_code="51001", city="Ceuta", province_code="CE", country="ES")
WEBER = Party(name="Weber Handels GmbH", company="Weber Handels GmbH", tax_id="DE123456788", address=KOELN)
ACME = Party(name="Acme Inc", company="Acme Inc", tax_id="123456789", address=NEW_YORK)
OSS = TaxPolicy(oss_from=date(2026, 1, 1))
RETAIL = TaxPolicy(used_goods=("REBU",))


class Case(NamedTuple):
    """An order, and the elements of its record that tell how it is taxed."""

    name: str
    content: OrderContent
    tipo: str
    total: str
    cuota: str
    rows: list[dict[str, str]]
    taxes: TaxPolicy = TaxPolicy()
    chosen: str = ""
    recipient: dict[str, str] = {}
    flags: dict[str, str] = {}


def row(regime: str, what: str, base: str, *, tax: str = "01", **more: str) -> dict[str, str]:
    kind = "OperacionExenta" if what.startswith("E") else "CalificacionOperacion"
    found = {"Impuesto": tax, "ClaveRegimen": regime, kind: what, "BaseImponibleOimporteNoSujeto": base}
    return found | more


def charged(rate: str, cuota: str) -> dict[str, str]:
    return {"TipoImpositivo": rate, "CuotaRepercutida": cuota}


def service(amount: str, rate: str | None = None) -> Any:
    return line(amount, rate, kind=LineKind.SERVICE, description="Asesoría")


def surcharged() -> Any:
    return line("126.20", taxes=(DeclaredTax(rate=Decimal(21)), DeclaredTax(rate=Decimal("5.2"))))


GERMAN = {"IDType": "02", "ID": "DE123456788"}
AMERICAN = {"CodigoPais": "US", "IDType": "04", "ID": "123456789"}
CANARIAS = TaxPolicy(territory="canarias")
IN_CEUTA = TaxPolicy(territory="ceuta")

CASES = [
    Case("domestic", order(line("121.00"), line("11.00", "10")), "F2", "132.00", "22.00",
         [row("01", "S1", "100.00", **charged("21.00", "21.00")),
          row("01", "S1", "10.00", **charged("10.00", "1.00"))]),
    Case("surcharge", order(surcharged(), buyer=SOLER), "F1", "126.20", "26.20",
         [row("01", "S1", "100.00", **charged("21.00", "21.00"),
              TipoRecargoEquivalencia="5.20", CuotaRecargoEquivalencia="5.20")], recipient={"NIF": NIF}),
    Case("export to Canarias", order(line("40.00", None), line("8.19", None, kind=LineKind.SHIPPING),
                                     ship_to=LAS_PALMAS), "F2", "48.19", "0.00", [row("02", "E2", "48.19")]),
    Case("service in Canarias", order(service("40.00"), ship_to=LAS_PALMAS), "F2", "40.00", "0.00",
         [row("08", "N2", "40.00")]),
    Case("export outside the Union", order(line("90.00", None), buyer=ACME), "F1", "90.00", "0.00",
         [row("02", "E2", "90.00")], recipient=AMERICAN),
    Case("service outside the Union", order(service("90.00"), buyer=ACME), "F1", "90.00", "0.00",
         [row("01", "N2", "90.00")], recipient=AMERICAN),
    Case("goods to an EU company", order(line("544.60", None), buyer=WEBER), "F1", "544.60", "0.00",
         [row("01", "E5", "544.60")], recipient=GERMAN),
    Case("service to an EU company", order(service("300.00"), buyer=WEBER), "F1", "300.00", "0.00",
         [row("01", "N2", "300.00")], recipient=GERMAN),
    Case("EU consumer under OSS", order(line("119.00", "19"), line("10.70", "7"), ship_to=KOELN), "F2", "110.00",
         "0.00", [row("17", "N2", "110.00")], taxes=OSS),
    Case("EU consumer without OSS", order(line("121.00"), ship_to=KOELN), "F2", "121.00", "21.00",
         [row("01", "S1", "100.00", **charged("21.00", "21.00"))]),
    Case("reverse charge at home", order(line("100.00", None, untaxed_because="reverse_charge"), buyer=SOLER), "F1",
         "100.00", "0.00", [row("01", "S2", "100.00", **charged("0.00", "0.00"))], recipient={"NIF": NIF}),
    Case("exempt", order(service("50.00")), "F2", "50.00", "0.00", [row("01", "E1", "50.00")], chosen="E1"),
    Case("not subject", order(service("50.00")), "F2", "50.00", "0.00", [row("01", "N1", "50.00")], chosen="N1"),
    Case("second-hand goods", order(line("300.00", sku="REBU-7")), "F2", "300.00", "0.00",
         [row("03", "S1", "0.00", **charged("0.00", "0.00"))], taxes=RETAIL),
    Case("cash accounting", order(line("121.00")), "F2", "121.00", "21.00",
         [row("07", "S1", "100.00", **charged("21.00", "21.00"))], taxes=TaxPolicy(regime="cash")),
    Case("issuer in recargo", order(line("121.00")), "F2", "121.00", "21.00",
         [row("18", "S1", "100.00", **charged("21.00", "21.00"))], taxes=TaxPolicy(regime="surcharge")),
    Case("IGIC at home", order(line("107.00", "7"), ship_to=LAS_PALMAS), "F2", "107.00", "7.00",
         [row("01", "S1", "100.00", tax="03", **charged("7.00", "7.00"))], taxes=CANARIAS),
    Case("IGIC, tipo cero", order(line("10.00", "0"), ship_to=LAS_PALMAS), "F2", "10.00", "0.00",
         [row("01", "S1", "10.00", tax="03", **charged("0.00", "0.00"))], taxes=CANARIAS),
    Case("IGIC to the peninsula", order(line("60.00", None)), "F2", "60.00", "0.00",
         [row("02", "E2", "60.00", tax="03")], taxes=CANARIAS),
    Case("IGIC, service in the peninsula", order(service("60.00")), "F2", "60.00", "0.00",
         [row("08", "N2", "60.00", tax="03")], taxes=CANARIAS),
    Case("IGIC, service in Ceuta", order(service("60.00"), ship_to=CEUTA), "F2", "60.00", "0.00",
         [row("20", "N2", "60.00", tax="03")], taxes=CANARIAS),
    Case("IGIC, retail trader", order(line("60.00", None), ship_to=LAS_PALMAS), "F2", "60.00", "0.00",
         [row("17", "E1", "60.00", tax="03")], taxes=TaxPolicy(territory="canarias", regime="retail")),
    Case("IGIC, small business", order(line("60.00", None), ship_to=LAS_PALMAS), "F2", "60.00", "0.00",
         [row("18", "E1", "60.00", tax="03")], taxes=TaxPolicy(territory="canarias", regime="small")),
    Case("IPSI at home", order(line("104.00", "4"), ship_to=CEUTA), "F2", "104.00", "4.00",
         [row("01", "S1", "100.00", tax="02", **charged("4.00", "4.00"))], taxes=IN_CEUTA),
    Case("IPSI to the peninsula", order(line("60.00", None)), "F2", "60.00", "0.00",
         [row("01", "E2", "60.00", tax="02")], taxes=IN_CEUTA),
    Case("IPSI, service in the peninsula", order(service("60.00")), "F2", "60.00", "0.00",
         [row("08", "N2", "60.00", tax="02")], taxes=IN_CEUTA),
]  # fmt: skip


def known() -> Known:
    answer = VatAnswer(number="DE123456788", outcome="valid", at=clock.now(), request="WAPIAAAAZ1")
    return Known(vat={"DE123456788": answer})


def issued(company: Company, case: Case, number: int) -> Invoice:
    """Issue the order of a case on an order row of the shop's, at this very moment."""
    now = clock.now()
    connected = company.connections.first() or shop(company)
    arrive(connected, sale(number=number))
    captured = capture_delivery(Delivery.objects.latest("id"), now=now)
    assert captured
    content = msgspec.structs.replace(case.content, paid_at=None)
    answer = Resolution(action=Action.CHOOSE_REGIME, treatment=case.chosen, reason="así es")
    decision = decide(
        content,
        company=CompanyPolicy(territory=case.taxes.territory),
        connection=LIVE,
        issued=None,
        today=now.date(),
        resolution=answer if case.chosen else None,
        taxes=case.taxes,
        known=known(),
    )
    assert decision.action == "issue", (case.name, decision.hold)
    return issue_document(
        captured.order.pk, Decided(version=captured.snapshot.version, decision=decision), now=clock.now
    )


def texts(element: etree._Element) -> dict[str, str]:
    return {etree.QName(child).localname: child.text or "" for child in element}


def told(record: str, name: str) -> list[etree._Element]:
    return list(etree.fromstring(record.encode()).iter(f"{{*}}{name}"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_kind_is_declared_as_the_spec_says(case: Case) -> None:
    invoice = issued(la_encina(nif=NIF), case, 1)
    record = invoice.record.xml
    assert_official(record)
    assert [texts(each) for each in told(record, "DetalleDesglose")] == case.rows
    assert [each.text for each in told(record, "TipoFactura")] == [case.tipo]
    assert [each.text for each in told(record, "ImporteTotal")] == [case.total]
    assert [each.text for each in told(record, "CuotaTotal")] == [case.cuota]
    [who] = told(record, "IDDestinatario") or [etree.Element("none")]
    found = texts(who)
    found.pop("NombreRazon", "")
    if "IDOtro" in found:
        found = texts(told(record, "IDOtro")[0])
    assert found == case.recipient
    assert invoice.total == Decimal(case.total)
    assert f"importe={case.total}" in invoice.qr_url


def test_a_consumer_of_another_state_need_not_be_identified_above_the_limit() -> None:
    # RD 1619/2012 art. 6.1.d; the AEAT's flag lifts the limit of 3,000 euros (1150)
    hanna = Party(name="Hanna Schmidt", address=KOELN)
    case = Case("", order(line("5950.00", "19"), buyer=hanna), "F2", "5000.00", "0.00", [], taxes=OSS)
    invoice = issued(la_encina(nif=NIF), case, 1)
    record = invoice.record.xml
    assert_official(record)
    assert [each.text for each in told(record, "FacturaSinIdentifDestinatarioArt61d")] == ["S"]
    assert told(record, "Destinatarios") == []
    assert (invoice.recipient_name, invoice.recipient_nif, invoice.tipo) == ("Hanna Schmidt", "", "F2")


def test_dollars_are_declared_in_euros() -> None:
    quote = Exchange(currency="USD", rate=Decimal("1.08"), day=date(2026, 11, 2), source="BCE", total=Decimal(0))
    priced = msgspec.structs.replace(order(line("79.00"), currency="USD"), paid_at=None)
    company = la_encina(nif=NIF)
    arrive(shop(company), sale(number=1))
    captured = capture_delivery(Delivery.objects.latest("id"), now=clock.now())
    assert captured
    decision = decide(
        priced, company=CompanyPolicy(), connection=LIVE, issued=None, today=clock.now().date(),
        known=Known(quote=quote),
    )  # fmt: skip
    decided = Decided(version=captured.snapshot.version, decision=decision)
    invoice = issue_document(captured.order.pk, decided, now=clock.now)
    assert [each.text for each in told(invoice.record.xml, "ImporteTotal")] == ["73.15"]


def test_the_aeat_takes_all_of_them(tmp_path: Path) -> None:
    company = la_encina(nif=NIF)
    records = [issued(company, case, number).record.xml for number, case in enumerate(CASES, 1)]
    with Simulator(tmp_path / "aeat", now=clock.now, wait=0) as simulator:
        p12 = simulator.authority.client_certificate(NIF, "La Encina", password="x")
        client = Client(simulator.endpoint, simulator.ca_file, p12, "x", folder=tmp_path)
        cabecera = Cabecera(ObligadoEmision=PersonaFisicaJuridica(NombreRazon="La Encina", NIF=NIF))
        answer = client.post(envelope(cabecera, records))
    assert [state for state, _ in answer.verdicts] == ["Correcto"] * len(CASES), answer.verdicts
