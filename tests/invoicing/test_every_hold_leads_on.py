"""Whatever holds an order, something a person can do leads on: every action of every reason is tried.

«Decidir de nuevo» leads on once the data have changed that the reason's own text names: of the company or the
connection, or of the order in the shop. Not tried: `ignore`, which ends it, and `ask_customer`, which is no answer.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
import pytest

from common import clock
from common.ids import uuid7
from invoicing.acknowledging import InvoiceRef
from invoicing.coding import Coding
from invoicing.corrections import Annul, Subsanar, annul_invoice, subsanar
from invoicing.holds import CATALOGUE, Action, Original, Resolution
from invoicing.issued import ByHand, Issued
from invoicing.models import Invoice
from invoicing.policy import CompanyPolicy, ConnectionPolicy, Decision, Known
from invoicing.recipients import CensusAnswer, Identity, VatAnswer
from invoicing.taxes import TaxPolicy
from invoicing.values import DeclaredTax, Exchange, LineKind, OrderContent, Refund
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import work_off
from tests.invoicing.orders import (
    KOELN,
    LIVE,
    LUCIA,
    MADRID,
    NAYRA,
    SOLER,
    TODAY,
    decided,
    invoiced,
    line,
    order,
)
from verifactu.models import Record
from verifactu.verdicts import Verdict
from workflows import control, engine, tokens
from workflows.models import Process

D = Decimal
ANSWERS = {
    Action.GIVE_NIF: Resolution(action=Action.GIVE_NIF, nif="B12345674", name="Ferretería Soler SL", address=MADRID),
    Action.ISSUE_SIMPLIFIED: Resolution(action=Action.ISSUE_SIMPLIFIED),
    Action.ISSUE_ANYWAY: Resolution(action=Action.ISSUE_ANYWAY),
    Action.DECIDE_AGAIN: Resolution(action=Action.DECIDE_AGAIN),
    Action.CORRECTED_BY_HAND: Resolution(action=Action.CORRECTED_BY_HAND, reason="R-7 del programa de antes"),
    Action.CHOOSE_REGIME: Resolution(action=Action.CHOOSE_REGIME, treatment="E1", reason="Enseñanza"),
    Action.ACCEPT_VAT_NUMBER: Resolution(action=Action.ACCEPT_VAT_NUMBER, reason="Certificado del Finanzamt"),
    Action.ACCEPT_NIF: Resolution(action=Action.ACCEPT_NIF, reason="Tarjeta de identificación fiscal"),
    Action.NAME_ORIGINAL: Resolution(
        action=Action.NAME_ORIGINAL, original=Original(number="2026/77", date=date(2026, 9, 1))
    ),
}
ENDS = (Action.IGNORE, Action.ASK_CUSTOMER)
SHOP, OURS = "llegará de nuevo", "decidir de nuevo"
"""How a text says whose data are to be changed: the shop's, or the company's and the connection's."""


class Way(NamedTuple):
    """An order that is held, and what must change for it to be decided otherwise: the order, or what we know."""

    content: OrderContent
    rules: dict[str, Any] = {}
    mended: OrderContent | None = None
    mends: dict[str, Any] = {}


def connection(**changes: Any) -> dict[str, Any]:
    return {"connection": msgspec.structs.replace(LIVE, **changes)}


def taxes(**changes: Any) -> dict[str, Any]:
    return {"taxes": TaxPolicy(**changes)}


def vies(outcome: Any, number: str = "DE123456788") -> dict[str, Any]:
    answer = VatAnswer(number=number, outcome=outcome, at=datetime(2026, 11, 2, tzinfo=UTC))
    return {"known": Known(vat={number: answer})}


def census(outcome: Any) -> dict[str, Any]:
    """A company that asks the census, which says that of Ferretería Sol SL, and knows Ferretería Soler SL."""
    known = {SOL: CensusAnswer(outcome=outcome), SOLER_AS_KNOWN: CensusAnswer(outcome="identified")}
    return {"company": msgspec.structs.replace(CompanyPolicy(), census=True), "known": Known(census=known)}


def of(content: OrderContent, **changes: Any) -> OrderContent:
    return msgspec.structs.replace(content, **changes)


def refunds(*totals: str) -> tuple[Refund, ...]:
    at = datetime(2026, 11, 5, tzinfo=UTC)
    return tuple(Refund(external_id=f"R{n}", total=D(total), created_at=at) for n, total in enumerate(totals))


def after(content: OrderContent, tipo: str = "F1") -> dict[str, Any]:
    return {"issued": invoiced(content, tipo), "version": 2}


def received(content: OrderContent, amount: str = "5.00") -> OrderContent:
    return of(content, paid=False, paid_at=None, partially_paid=True, advances=D(amount))


def advanced(content: OrderContent, **changes: Any) -> dict[str, Any]:
    """The connection has what is received invoiced, and did so with five euros of this order."""
    made = decided(received(content), **IN_PARTS).document
    assert made
    [sale] = invoiced(content, "F1").documents
    advance = msgspec.structs.replace(sale, purpose="advance", key="1", shares=made.priced.shares)
    documents = Issued(documents=(advance,), settled=received(content), versions=(1,))
    return IN_PARTS | {"version": 3, "issued": msgspec.structs.replace(documents, **changes)}


DOLLARS = Exchange(currency="USD", rate=D("1.08"), day=TODAY, source="BCE", total=D(0))
WEBER = msgspec.structs.replace(
    LUCIA, name="Weber Handels GmbH", company="Weber Handels GmbH", tax_id="DE123456788", address=KOELN
)
TO_WEBER = order(line("100.00", None), buyer=WEBER)
TODAY_AT_NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
SOLD, CHEAP = order(buyer=SOLER), order(line("11.00", "10"))
TWO_TAXES = msgspec.structs.replace(line("12.10"), taxes=(DeclaredTax(rate=D(21)), DeclaredTax(rate=D(10))))
EARLIER = order(buyer=SOLER, placed_at=datetime(2026, 9, 1, tzinfo=UTC), refunds=refunds("-12.10"))
SOL = Identity(nif="B12345674", name="Ferretería Sol SL")
SOLER_AS_KNOWN = Identity(nif="B12345674", name="Ferretería Soler SL")
TO_SOL = order(buyer=msgspec.structs.replace(SOLER, company="Ferretería Sol SL"))
NA = msgspec.structs.replace(LUCIA, tax_id="NA", tax_id_as_given="NA")
NOWHERE = msgspec.structs.replace(SOLER, address=msgspec.structs.replace(MADRID, lines=()))
WRONG_CONTROL = msgspec.structs.replace(SOLER, tax_id="B12345678")
BOTH = msgspec.structs.replace(MADRID, postal_code="35002")
IGIC = taxes(territory="canarias")
CANARIAN = order(line("11.35", "13.5"), buyer=NAYRA)
CEUTA = msgspec.structs.replace(MADRID, postal_code="51001", city="Ceuta", province="Ceuta", province_code="CE")
CEUTI = order(line("11.35", "13.5"), ship_to=CEUTA)

IN_PARTS = connection(part_payments="invoice")
EXPORTED = order(line("10.00", None), buyer=NAYRA)

WAYS: dict[str, tuple[Way, ...]] = {
    "not_live": (Way(order(), {"connection": ConnectionPolicy(invoice_from=None)}, None, connection()),),
    "other_invoice_number": (
        Way(order(invoiced_elsewhere="A-7"), {}, None, connection(other_invoicing="reference_only")),
    ),
    "partial_payment": (
        Way(order(paid=False, partially_paid=True), mended=order()),
        Way(received(order()), {}, None, IN_PARTS),
    ),
    "advance_exempt": (Way(received(EXPORTED), IN_PARTS, mended=EXPORTED),),
    "advance_unclear": (Way(received(of(SOLD, shipped_at=TODAY_AT_NOON)), IN_PARTS, mended=SOLD),),
    "advance_exceeds": (
        Way(of(CHEAP, buyer=SOLER), advanced(SOLD), mended=SOLD),
        Way(received(order(line("4.00"), buyer=SOLER), "5.50"), advanced(SOLD), mended=SOLD),
    ),
    "advance_settled": (
        Way(SOLD, advanced(SOLD, by_hand=ByHand(version=2, content=received(SOLD))), None, advanced(SOLD)),
    ),
    "edited_before_issue": (Way(order(current_total=D("9.99")), mended=order(current_total=D("12.10"))),),
    "zero_total": (
        Way(order(line("0.00"), total="0.00"), {}, None, connection(zero_totals="ignore")),
        Way(
            order(line("50.00", None, kind=LineKind.GIFT_CARD), line("10.00"), total="50.00", discount=D(10)),
            {}, None, connection(zero_totals="ignore"),
        ),
    ),
    "foreign_currency": (Way(order(currency="USD"), {}, None, {"known": Known(quote=DOLLARS)}),),
    "totals_do_not_add_up": (Way(order(total="50.00"), mended=order()),),
    "tax_does_not_match_rate": (
        Way(order(line("121.00", declared="25.00")), mended=order(line("121.00", declared="21.00"))),
    ),
    "unknown_tax_rate": (
        Way(order(line("11.80", "18")), mended=order()),
        Way(CANARIAN, IGIC, mended=of(CANARIAN, lines=(line("11.35", "15"),))),
        Way(CEUTI, taxes(territory="ceuta"), mended=of(CEUTI, lines=(line("11.35", "10"),))),
    ),
    "several_taxes": (Way(order(TWO_TAXES), mended=order()),),
    "untaxed_line": (Way(order(line("10.00", None)), {}, None, taxes(untaxed="E1")),),
    "untaxed_tip": (Way(order(line("2.00", None, kind=LineKind.TIP)), {}, None, taxes(untaxed_tips="not_subject")),),
    "discount_exceeds_goods": (Way(order(total="1.00", discount=D(50)), mended=order()),),
    "territory_unclear": (Way(order(ship_to=BOTH), mended=order()),),
    "tax_charged_on_export": (Way(order(buyer=NAYRA), mended=order(line("10.00", None), buyer=NAYRA)),),
    "oss_rate": (
        Way(order(ship_to=KOELN), taxes(oss_from=TODAY), mended=order(line("11.90", "19"), ship_to=KOELN)),
    ),
    "oss_not_registered": (Way(order(line("11.90", "19"), ship_to=KOELN), {}, None, taxes(oss_from=TODAY)),),
    "tax_charged_to_eu_company": (
        Way(of(TO_WEBER, lines=(line("100.00"),)), vies("valid"), mended=TO_WEBER),
    ),
    "vat_number_invalid": (Way(TO_WEBER, vies("invalid") | taxes(untaxed="E1"), None, vies("valid")),),
    "vat_service_down": (Way(TO_WEBER, vies("unavailable") | taxes(untaxed="E1"), None, vies("valid")),),
    "complete_invoice_required": (
        Way(order(line("10.00", None)), taxes(untaxed="S2"), mended=order(line("10.00", None), buyer=SOLER)),
    ),
    "nif_required": (Way(order(line("500.00")), mended=order(line("300.00"))),),
    "nif_invalid": (Way(order(buyer=NA), mended=SOLD),),
    "nif_entity_control": (Way(order(buyer=WRONG_CONTROL), mended=SOLD),),
    "nif_not_identified": (Way(TO_SOL, census("not_identified"), None, census("identified")),),
    "recipient_incomplete": (Way(order(buyer=NOWHERE, ship_to=MADRID), mended=SOLD),),
    "correction_needed": (Way(of(SOLD, deleted=True), after(SOLD), mended=SOLD),),
    "refund_exceeds": (Way(of(SOLD, refunds=refunds("-99.00")), after(SOLD), mended=SOLD),),
    "tax_increase_barred": (
        Way(of(CHEAP, lines=(line("11.00"),)), after(CHEAP, "F2"), mended=CHEAP),
    ),
    "original_elsewhere": (Way(EARLIER, mended=of(EARLIER, refunds=())),),
    "invoice_annulled": (
        Way(SOLD, {"issued": Issued(annulled=("F2026-000001",))}, mended=of(SOLD, cancelled=True)),
    ),
}  # fmt: skip
"""Code -> orders that it holds."""
OF_RECORDS = ("aeat_rejected", "aeat_reproach", "annulment_rejected", "annulment_reproach", "correction_refused")


def tries() -> Iterator[Any]:
    for code, ways in WAYS.items():
        for action in CATALOGUE[code].actions:
            if action not in ENDS:
                yield pytest.param(code, ways, action, id=f"{code}-{action}")


def stands(found: Decision, code: str) -> bool:
    return found.hold is not None and found.hold.code == code


def test_every_reason_is_tried() -> None:
    assert set(WAYS) | set(OF_RECORDS) == set(CATALOGUE)


@pytest.mark.parametrize("code", WAYS)
def test_its_orders_are_held_for_it(code: str) -> None:
    for way in WAYS[code]:
        assert stands(decided(way.content, **way.rules), code), decided(way.content, **way.rules)


@pytest.mark.parametrize(("code", "ways", "action"), list(tries()))
def test_every_action_that_is_offered_leads_on(code: str, ways: tuple[Way, ...], action: Action) -> None:
    offered = [way for way in ways if action in _hold(way).actions]
    assert offered, "an action that no order is ever offered"
    for way in offered:
        content, rules = way.content, way.rules
        if action == Action.DECIDE_AGAIN:
            assert way.mended or way.mends, "nothing says what must change"
            content, rules = way.mended or content, rules | way.mends
        found = decided(content, resolution=ANSWERS[action], **rules)
        assert not stands(found, code), found
        assert found.action in ("issue", "nothing"), found


@pytest.mark.parametrize("code", WAYS)
def test_a_reason_without_another_way_says_which_data_to_change(code: str) -> None:
    for way in WAYS[code]:
        held = _hold(way)
        if set(held.actions) - {Action.DECIDE_AGAIN, *ENDS}:
            continue
        text = held.missing
        assert SHOP in text if way.mended else OURS in text, text


def _hold(way: Way) -> Any:
    found = decided(way.content, **way.rules).hold
    assert found
    return found


# --- what the AEAT said of a record ---------------------------------------------------------------------------


@pytest.fixture
def invoice(fresh_database: Database) -> Invoice:
    """An invoice whose record waits to be sent."""
    world.arrive(world.shop(world.la_encina()), world.sale())
    work_off()
    return Invoice.objects.get()


def says(record: Record, state: str, code: str = "") -> None:
    """Have the AEAT answer a record."""
    for step in ("in_flight", state):
        Record.objects.filter(pk=record.pk).update(state=step, codigo_error=code if step == state else "")
    verdict = Verdict(record_id=record.pk, verdict=state, code=code, at=clock.now())
    tenant = Invoice.objects.get().company.tenant
    tokens.complete([(record.answer_token, verdict)], tenant=tenant, now=clock.now(), actor="aeat")
    work_off()


@pytest.mark.parametrize(
    ("code", "state", "error", "action"),
    [
        ("aeat_rejected", "rejected", "1110", Action.RESEND_CORRECTED),
        ("aeat_reproach", "accepted_with_errors", "2006", Action.RESEND_CORRECTED),
        ("annulment_rejected", "rejected", "1110", Action.ANNUL),
        ("annulment_reproach", "accepted_with_errors", "2006", Action.ANNUL),
        ("correction_refused", "", "", Action.ANNUL),
    ],
)
def test_a_question_about_a_record_leads_to_another_record(
    invoice: Invoice, code: str, state: str, error: str, action: Action
) -> None:
    ref, first = InvoiceRef(invoice.company_id, invoice.pk), invoice.record
    if state:
        says(first, "accepted")
    coding = Subsanar(invoice=ref, coding=Coding(), reason="r", request=uuid7())
    annul = Annul(invoice=ref, reason="r", request=uuid7())
    workflow, asked = (subsanar, coding) if code.startswith("aeat") else (annul_invoice, annul)
    process = engine.trigger(workflow, asked, now=clock.now(), actor="eva").id
    work_off()
    if state:
        says(Record.objects.latest("seq"), state, error)
    held = Process.objects.get(pk=process).hold
    assert held
    assert held["code"] == code
    before = Record.objects.count()
    if not state:
        says(first, "accepted")  # the first record's verdict is what it waited for
    control.resolve(process, Resolution(action=action, reason="otra vez"), now=clock.now(), actor="eva")
    work_off()
    assert Record.objects.count() == before + 1
    assert Process.objects.get(pk=process).state == "waiting"
