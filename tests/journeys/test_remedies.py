"""Every situation of verifactu.md 8.2, with the remedy that we name for it, through our sender to the AEAT."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from common import clock
from common.ids import uuid7
from config.demo.catalogue import PRODUCTS
from invoicing.by_staff import (
    WITH_AMOUNTS,
    WITH_RECIPIENT,
    Reduction,
    correction_of,
    refusal_of,
    start_rectification,
)
from invoicing.coding import Coding, LineCoding
from invoicing.corrections import start_annulment, start_subsanacion
from invoicing.documents import Documents
from invoicing.holds import Action, Resolution
from invoicing.models import Invoice
from invoicing.remedies import REMEDIES, Act, DoesNotFit, NewInvoice, Of, Situation, remedy
from invoicing.values import Address, Party
from tests.journeys.declaring import alta, declare, identity
from tests.journeys.house import House, Shops
from tests.verifactu.examples import CLIENTE
from tests.world import LUCIA, SOLER, sale
from verifactu.models import Record
from verifactu.records import ImporteRectificacion, RegistroAlta, importe
from verifactu.xml import read_registro
from workflows import control
from workflows.models import Process

# verifactu.md 8.2: the situation, the type of the invoice it is about, what is declared for it in order.
TABLE: list[tuple[Situation, str, list[str]]] = [
    (Situation.BEFORE_ISSUING, "F1", []),
    (Situation.RETURN_OR_DISCOUNT, "F1", ["R1 I"]),
    (Situation.RETURN_OR_DISCOUNT, "F2", ["R5 I"]),
    (Situation.AMOUNT_OR_RATE, "F1", ["R1 I"]),
    (Situation.RECIPIENT_OR_TEXT, "F1", ["R4 S"]),
    (Situation.INSOLVENCY, "F1", ["R2 I"]),
    (Situation.BAD_DEBT, "F1", ["R3 I"]),
    (Situation.REBATE, "F1", ["R1 I"]),
    (Situation.REAL_OPERATION, "F1", ["R1 I"]),
    (Situation.REJECTED_INVOICE_WRONG, "F1", ["R1 I"]),
    (Situation.COMPLETE_ONE_ASKED_FOR, "F2", ["F3"]),
    (Situation.SIMPLIFIED_BEHIND_EXCHANGE_WRONG, "F3", ["R5 I", "F3"]),
    (Situation.EXCHANGE_WRONG, "F3", ["F3", "F3"]),
    (Situation.CODING, "F1", ["Subsanacion"]),
    (Situation.REJECTED_INVOICE_RIGHT, "F1", ["Subsanacion X"]),
    (Situation.SHOULD_NOT_EXIST, "F1", ["Anulacion"]),
    (Situation.NOTHING_RECORDED, "F1", []),
    (Situation.HARMLESS_ERROR, "F1", []),
]
BY_INVOICES = [row for row in TABLE if REMEDIES[row[0]].act in (Act.RECTIFY, Act.EXCHANGE)]


@pytest.fixture
def house(house: House) -> Iterator[House]:
    """The running house, with an AEAT that asks for no pause between two submissions."""
    with house.waiting(0):
        yield house


def test_no_situation_is_forgotten() -> None:
    assert {situation for situation, _, _ in TABLE} == set(Situation) == set(REMEDIES)


@pytest.mark.parametrize("situation", Situation)
def test_each_is_said_in_both_languages_with_its_source(situation: Situation) -> None:
    found = REMEDIES[situation]
    assert found.es.endswith(".")
    assert found.en.endswith(".")
    assert found.es != found.en
    assert found.source


def test_a_situation_that_an_invoice_cannot_be_in_is_refused() -> None:
    for situation, tipo in [(Situation.EXCHANGE_WRONG, "F1"), (Situation.COMPLETE_ONE_ASKED_FOR, "F1")]:
        with pytest.raises(DoesNotFit):
            remedy(situation, tipo)


# --- another invoice ---------------------------------------------------------------------------------------------


@dataclass
class Paper:
    """A declared invoice of these tests: its number and its record."""

    number: str
    registro: RegistroAlta


def test_what_the_law_corrects_by_another_invoice_is_declared_as_such_and_the_original_stays(house: House) -> None:
    shops = house.company()
    originals = {
        f"O{index}": alta(Destinatarios=(CLIENTE,)) if tipo == "F1" else alta()
        for index, (_, tipo, _) in enumerate(BY_INVOICES)
    }
    rejected = {f"O{i}" for i, row in enumerate(BY_INVOICES) if row[0] is Situation.REJECTED_INVOICE_WRONG}
    for number in rejected:
        house.simulator.fail("verdict", value="1110", record=number)
    declare(shops, originals)
    house.settled()
    exchanges = {
        f"X{index}": exchange(Paper(f"O{index}", originals[f"O{index}"]), shops)
        for index, (_, tipo, _) in enumerate(BY_INVOICES)
        if tipo == "F3"
    }
    declare(shops, exchanges)
    house.settled()

    later: dict[str, RegistroAlta] = {}
    for index, (situation, tipo, wanted) in enumerate(BY_INVOICES):
        simplified = Paper(f"O{index}", originals[f"O{index}"])
        original = Paper(f"X{index}", exchanges[f"X{index}"]) if tipo == "F3" else simplified
        made: list[Paper] = []
        for turn, new in enumerate(remedy(situation, tipo).invoices):
            of = {Of.ORIGINAL: original, Of.SIMPLIFIED: simplified, Of.PREVIOUS: made[-1] if made else original}[new.of]
            made.append(Paper(f"N{index}-{turn}", written(new, of, shops)))
        assert [kind(paper.registro) for paper in made] == wanted, situation
        later |= {paper.number: paper.registro for paper in made}
    declare(shops, later)
    house.settled()

    states = {record.num_serie: record.state for record in shops.records}
    assert {number: states[number] for number in later} == dict.fromkeys(later, "accepted")
    held = {
        row["numero"]: row["state"]
        for row in house.simulator.ledger.select(
            "SELECT numero, state FROM invoice WHERE emisor = ?", [shops.company.taxpayer.nif]
        )
    }
    stays = {number: "Correcta" for number in (*originals, *exchanges, *later) if number not in rejected}
    assert held == stays, "nothing is annulled, and the rejected original stays as it is"


def written(new: NewInvoice, of: Paper, shops: Shops) -> RegistroAlta:
    """The document that a remedy asks for, of the one it refers to."""
    tipo = new.tipos[0]
    if tipo == "F3":
        return exchange(of, shops, sign=-1 if new.negative else 1)
    substitution = new.method == "S"
    return alta(
        TipoFactura=tipo,
        TipoRectificativa=str(new.method or "I"),
        FacturasRectificadas=(identity(shops, of.number),) if new.identifies_invoices else (),
        ImporteRectificacion=(
            ImporteRectificacion(BaseRectificada="100.00", CuotaRectificada="21.00") if substitution else None
        ),
        Destinatarios=() if tipo == "R5" else (CLIENTE,),
        **(amounts(Decimal(1)) if substitution else amounts(Decimal("-0.1"))),
    )


def exchange(of: Paper, shops: Shops, sign: int = 1) -> RegistroAlta:
    """An F3 of a simplified invoice, with its amounts."""
    share = sign * Decimal(of.registro.ImporteTotal) / Decimal("121.00")
    return alta(
        TipoFactura="F3", FacturasSustituidas=(identity(shops, of.number),), Destinatarios=(CLIENTE,), **amounts(share)
    )


def amounts(share: Decimal) -> dict[str, object]:
    """A part of 100 euros at 21 %."""
    base, tax = importe(100 * share), importe(21 * share)
    [line] = alta().Desglose
    return {
        "Desglose": (replace(line, BaseImponibleOimporteNoSujeto=base, CuotaRepercutida=tax),),
        "CuotaTotal": tax,
        "ImporteTotal": importe(121 * share),
    }


def kind(registro: RegistroAlta) -> str:
    return f"{registro.TipoFactura} {registro.TipoRectificativa}".strip()


# --- another record, or nothing ----------------------------------------------------------------------------------


def edits_the_draft(house: House, shops: Shops) -> None:
    order = sale(LUCIA, items=((PRODUCTS[2], 40),))  # too large for a simplified invoice: nothing is issued yet
    house.post(shops["shopify"], order)
    house.settled()
    assert shops.records == []
    house.post(shops["shopify"], order.at(30, buyer=SOLER), "orders/updated")
    house.settled()
    assert [invoice.tipo for invoice in shops.invoices] == ["F1"]


def corrects_the_coding(house: House, shops: Shops) -> None:
    coding = Coding(lines=(LineCoding(clave_regimen="07"),))
    start_subsanacion(issued(house, shops), coding, reason="r", request=uuid7(), actor="eva", now=clock.now())
    house.settled()


def records_again_after_a_rejection(house: House, shops: Shops) -> None:
    house.simulator.fail("verdict", value="1110")
    invoice = issued(house, shops)
    process = Process.objects.get(workflow="complete-invoice", tags=[f"invoice:{invoice.pk}"])
    told = Resolution(action=Action.RESEND_CORRECTED, reason="r", coding=Coding(description="Venta"))
    control.resolve(process.pk, told, now=clock.now(), actor="eva")
    house.settled()


def annuls(house: House, shops: Shops) -> None:
    start_annulment(issued(house, shops), reason="prueba", request=uuid7(), actor="eva", now=clock.now())
    house.settled()


def prints_again(house: House, shops: Shops) -> None:
    invoice = issued(house, shops)
    documents = Documents(house.folder / "documents")
    assert documents.read(invoice.document.sha256) == documents.read(invoice.document.sha256)


def does_nothing(house: House, shops: Shops) -> None:
    house.simulator.fail("verdict", value="2004")
    invoice = issued(house, shops)
    assert not Process.objects.filter(tags=[f"invoice:{invoice.pk}"], state="held").exists()


WAYS: dict[Situation, Callable[[House, Shops], None]] = {
    Situation.BEFORE_ISSUING: edits_the_draft,
    Situation.CODING: corrects_the_coding,
    Situation.REJECTED_INVOICE_RIGHT: records_again_after_a_rejection,
    Situation.SHOULD_NOT_EXIST: annuls,
    Situation.NOTHING_RECORDED: prints_again,
    Situation.HARMLESS_ERROR: does_nothing,
}


@pytest.mark.parametrize(("situation", "tipo", "wanted"), [row for row in TABLE if row not in BY_INVOICES])
def test_what_needs_no_other_invoice(house: House, situation: Situation, tipo: str, wanted: list[str]) -> None:
    shops = house.company()
    WAYS[situation](house, shops)
    first, *later = shops.records
    assert (first.operation, first.tipo_factura) == ("Alta", tipo)
    assert [said(record) for record in later] == wanted
    assert all(record.state == "accepted" for record in later)
    assert remedy(situation, tipo).invoices == ()
    assert len(shops.invoices) == 1


def said(record: Record) -> str:
    """The operation of a later record, with what it says of those before."""
    registro = read_registro(record.xml)
    if not isinstance(registro, RegistroAlta):
        return f"Anulacion {registro.SinRegistroPrevio}{registro.RechazoPrevio}".strip()
    assert registro.Subsanacion == "S"
    return f"Subsanacion {registro.RechazoPrevio}".strip()


def issued(house: House, shops: Shops) -> Invoice:
    house.post(shops["shopify"], sale(SOLER))
    house.settled()
    [invoice] = shops.invoices
    return invoice


# --- through the product: what a person asks for on an invoice ----------------------------------------------------

GOOD = Party(name="Marta Soler Vidal", tax_id="12345678Z", address=Address(lines=("Calle Mayor 3", "46001 València")))


def ask(invoice: Invoice, situation: Situation) -> None:
    """Ask for the correction of an invoice as the admin and the API do: 1.21 € less, or the right recipient."""
    correction = correction_of(
        invoice,
        situation,
        reason="lo dice el cliente",
        request=uuid7(),
        reductions=(Reduction(row=0, gross=Decimal("1.21")),) if situation in WITH_AMOUNTS else (),
        recipient=GOOD if situation in WITH_RECIPIENT else None,
    )
    assert refusal_of(correction) is None
    start_rectification(correction, actor="eva", now=clock.now())


def test_a_person_reaches_each_and_the_aeat_accepts_every_document(house: House) -> None:
    """All situations at once, an order for each: the house has room for them, and this takes seconds."""
    shops = house.company()
    orders = [
        sale(SOLER if tipo == "F1" else LUCIA, number=number) for number, (_, tipo, _) in enumerate(BY_INVOICES, 1501)
    ]
    refused = next(i for i, row in enumerate(BY_INVOICES) if row[0] is Situation.REJECTED_INVOICE_WRONG)
    house.simulator.fail("verdict", value="1110")
    house.post(shops["shopify"], orders[refused])
    house.settled()
    for place, order in enumerate(orders):
        if place != refused:
            house.post(shops["shopify"], order)
    house.settled()
    originals = {place: shops.order(order).invoices.get() for place, order in enumerate(orders)}
    for place, (_, tipo, _) in enumerate(BY_INVOICES):
        if tipo == "F3":
            ask(originals[place], Situation.COMPLETE_ONE_ASKED_FOR)
    house.settled()
    for place, (_, tipo, _) in enumerate(BY_INVOICES):
        if tipo == "F3":
            originals[place] = Invoice.objects.get(order=originals[place].order, tipo="F3")
    before = {invoice.pk for invoice in shops.invoices}
    for place, (situation, _, _) in enumerate(BY_INVOICES):
        ask(originals[place], situation)
    house.settled()

    records = {record.num_serie: record.state for record in shops.records}
    for place, (situation, _, wanted) in enumerate(BY_INVOICES):
        made = Invoice.objects.filter(order=originals[place].order).exclude(pk__in=before).order_by("pk")
        assert [f"{invoice.tipo} {invoice.method}".strip() for invoice in made] == wanted, situation
        assert {invoice.state for invoice in made} <= {"acknowledged", "rectified"}, situation
        assert {records[invoice.num_serie] for invoice in made} == {"accepted"}, situation
        assert records[originals[place].num_serie] == ("rejected" if place == refused else "accepted"), situation


def test_a_correction_never_exceeds_what_stands(house: House) -> None:
    shops = house.company()
    invoice = issued(house, shops)
    whole = correction_of(
        invoice,
        Situation.RETURN_OR_DISCOUNT,
        reason="r",
        request=uuid7(),
        reductions=(Reduction(row=0, gross=invoice.total + 1),),
    )
    why = refusal_of(whole)
    assert why
    assert "no supera a su original" in why.es
