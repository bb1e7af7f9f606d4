"""What a decision looks at and what it comes to: settings, the order with what people said of it, figures. Pure."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from invoicing import money, recipients, remembering
from invoicing.balance import DECLARED, Kind
from invoicing.holds import Action, Hold, Original, Resolution, Unpriceable
from invoicing.issued import Issued
from invoicing.recipients import CensusAnswer, Identity, VatAnswer
from invoicing.remembering import Kept
from invoicing.taxes import TaxPolicy, treatment
from invoicing.values import Exchange, OrderContent, OrderLine, Priced, Wanted

F2_LIMIT = Decimal(400)
"""Euros with tax up to which any seller may issue a simplified invoice (RD 1619/2012 art. 4.1)."""
F2_LIMIT_OF_LISTED_ACTIVITIES = Decimal(3000)
"""The same for the activities of art. 4.2: retail, hospitality, transport and others."""


class CompanyPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The issuer as far as policy asks. `f2_limit` counts above 400 euros only with `f2_activity` named."""

    nif: str = ""
    language: str = "es"
    qualified_simplified: bool = False
    """Whether buyers with a NIF get a simplified invoice with it, up to the limit, in place of a complete one."""
    territory: str = "common"
    zone: str = "Europe/Madrid"
    f2_limit: Decimal = F2_LIMIT
    f2_activity: str = ""
    census: bool = False
    """Whether NIF and name are asked of the AEAT's census before an invoice is issued to them."""


class ConnectionPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The shop as far as policy asks; `invoice_from` is the cut-over."""

    invoice_from: datetime | None
    other_invoicing: str = "hold"
    """hold, or reference_only: issue, and keep the other system's number as a reference."""
    marketplace_channels: tuple[str, ...] = ()
    """Sales channels whose operator invoices by itself; compared without case."""
    trigger: str = "paid"
    """The fact that asks for the invoice: paid, shipped or delivered."""
    part_payments: str = "hold"
    """hold, or invoice: what is received of an order before the rest has an invoice of its own (with `paid`)."""
    zero_totals: str = "hold"
    """hold (a gift, or a taxable self-supply: a person knows), or ignore."""
    asks: bool = False
    """Whether the shop is asked for what its deliveries leave out: then a refund waits for what it was for."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision knows of the world outside the order."""

    quote: Exchange | None = None
    """The exchange rate of the order's currency on the day of the operation, when one is known."""
    vat: dict[str, VatAnswer] = {}
    """VAT numbers of other member states, with the answer that still counts."""
    census: dict[Identity, CensusAnswer] = {}
    """NIFs with their names, with the answer that still counts."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What to do now: `issue` has a document, `hold` has a hold.

    `note` says why nothing is done, in Spanish. `answers` are the resolutions already given: pass them on, with the
    next one behind, so that an order with two reasons to wait asks for each only once. `more`: once the document is
    issued the question is to be asked again. `by_hand`: a person dealt with what changed, the refunds named among it.
    """

    action: Literal["issue", "hold", "check", "nothing"]
    check: str = ""
    """The VAT number that VIES must be asked about, after which the order is decided on again."""
    census: Identity | None = None
    """The NIF and name that the AEAT's census must be asked about, after which the order is decided on again."""
    document: Wanted | None = None
    hold: Hold | None = None
    note: str = ""
    answers: tuple[Resolution, ...] = ()
    more: bool = False
    by_hand: bool = False
    kept: tuple[Kept, ...] = ()
    """What of `answers` counts for later versions of the order too."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """All that a decision looks at, with the answers given so far already applied."""

    content: OrderContent
    company: CompanyPolicy
    connection: ConnectionPolicy
    issued: Issued | None
    today: date
    version: int
    taxes: TaxPolicy
    known: Known
    accepted: frozenset[str] = frozenset()
    """Codes of the holds that a person overrode."""
    chosen: str = ""
    """What a person said that an untaxed line is."""
    vat_accepted: str = ""
    """Why a person takes the buyer's VAT number without VIES."""
    simplified: bool = False
    """Whether a person chose a simplified invoice."""
    original: Original | None = None
    """The invoice of this order that another system issued, as a person named it."""
    kept: tuple[Kept, ...] = ()
    """What people answered for earlier versions of the order."""


def with_buyers(case: Case) -> Case:
    """Return the case with the buyer as people gave it, in every version that has the same one."""
    content, issued = remembering.with_buyer(case.content, case.kept), case.issued
    if issued and case.kept:
        issued = msgspec.structs.replace(
            issued,
            settled=remembering.with_buyer(issued.settled, case.kept) if issued.settled else None,
            unsettled=tuple(remembering.with_buyer(version, case.kept) for version in issued.unsettled),
        )
    return msgspec.structs.replace(case, content=content, issued=issued)


def answered(case: Case, held: Hold, answer: Resolution) -> Case:
    """Apply an answer that leads on."""
    match answer.action:
        case Action.ISSUE_ANYWAY | Action.ACCEPT_NIF:
            return msgspec.structs.replace(case, accepted=case.accepted | {held.code})
        case Action.ISSUE_SIMPLIFIED:
            return msgspec.structs.replace(case, simplified=True)
        case Action.CHOOSE_REGIME:
            return msgspec.structs.replace(case, chosen=answer.treatment)
        case Action.ACCEPT_VAT_NUMBER:
            return msgspec.structs.replace(case, vat_accepted=answer.reason.strip())
        case Action.NAME_ORIGINAL:
            return msgspec.structs.replace(case, original=answer.original)
        case Action.GIVE_NIF:
            buyer = remembering.given(case.content.buyer, answer)
            return msgspec.structs.replace(case, content=msgspec.structs.replace(case.content, buyer=buyer))
        case _:
            return case


def identified(case: Case) -> Case:
    """Return the case with the kind of number that its buyer gives."""
    buyer = recipients.identified(case.content.buyer)
    return msgspec.structs.replace(case, content=msgspec.structs.replace(case.content, buyer=buyer))


def vat_standing(case: Case, named: tuple[str, ...] = ()) -> money.Vat | Decision:
    """Return the buyer's VAT number of another member state once it stands, or what has to be done first.

    `named` are the numbers on invoices that the order already has: they stood when those were issued.
    """
    number = "" if case.simplified else recipients.needs_check(case.content)
    if not number:
        return money.Vat()
    if number in named:
        return money.Vat(number, "factura anterior")
    vat = recipients.vat_of(number, case.known.vat, case.vat_accepted)
    if vat is None:
        return Decision(action="check", check=number, note=f"Se pregunta a VIES por {number}.")
    return Decision(action="hold", hold=vat) if isinstance(vat, Hold) else vat


def price_of(case: Case, content: OrderContent, vat: money.Vat, quote: Exchange | None = None) -> Priced:
    """Return the figures of a version of the order, by the rates and rules of the day of its operation.

    :raises Unpriceable: with the hold that says why a person must look, unless one did before.
    """
    accepted = case.accepted
    while True:
        try:
            return money.price(
                content,
                on=operation_date(content, case.connection.trigger, case.company.zone, case.today) or case.today,
                accepted=accepted,
                taxes=case.taxes,
                quote=quote or case.known.quote,
                vat=vat,
                chosen=case.chosen,
                kept=case.kept,
            )
        except Unpriceable as error:
            before = remembering.answer_to(error.hold, case.kept)
            if before is None or before.answer.action != Action.ISSUE_ANYWAY or before.code in accepted:
                raise
            accepted |= {before.code}


def kind_in(case: Case, content: OrderContent, vat: money.Vat) -> Callable[[OrderLine], tuple[Kind, bool] | None]:
    """Return what says of a line of the order (or of a refund of it) how it is declared, and whether its amount holds
    the tax whatever the order says of its prices; nothing of a line that does not tell by itself."""
    lines = {(line.kind, line.external_id): line for line in content.lines if line.external_id}
    on = operation_date(content, case.connection.trigger, case.company.zone, case.today) or case.today
    try:
        s = money.situation(
            content, on=on, accepted=case.accepted, taxes=case.taxes, vat=vat, chosen=case.chosen, kept=case.kept
        )
    except Unpriceable:
        return lambda line: None

    def kind(line: OrderLine) -> tuple[Kind, bool] | None:
        try:
            found = treatment(lines.get((line.kind, line.external_id), line), s)
        except Unpriceable:
            return None
        if found.whole:
            return None
        country = "" if found.foreign_rate is None else s.place.country
        named = {name: getattr(found, name) for name in DECLARED}
        return Kind(**named, country=country, foreign_rate=found.foreign_rate), found.inside

    return kind


DUE: dict[str, Callable[[OrderContent], datetime | None]] = {
    "paid": lambda content: content.paid_at,
    "shipped": lambda content: content.shipped_at or content.delivered_at,
    "delivered": lambda content: content.delivered_at,
}
"""Trigger of the connection -> the moment of what asks for the invoice."""


def not_due(content: OrderContent, trigger: str) -> str:
    """Return why the time of the invoice has not come. With `paid` a payment without a date counts too."""
    if trigger == "paid":
        return "" if content.paid or content.partially_paid else "Sin pagar."
    return "" if DUE[trigger](content) else "Sin enviar." if trigger == "shipped" else "Sin entregar."


def operation_date(content: OrderContent, trigger: str, zone: str, today: date) -> date | None:
    """Return the day of what asked for the invoice, in the issuer's zone; never one to come (the AEAT's 1173)."""
    moment = DUE[trigger](content)
    day = moment.astimezone(ZoneInfo(zone)).date() if moment else None
    return day if day and day <= today else None


def refunded(content: OrderContent) -> Decimal:
    """Return what went back to the buyer, positive."""
    return -sum((refund.total for refund in content.refunds), Decimal(0))


def nothing(why: str, *, answers: tuple[Resolution, ...] = (), by_hand: bool = False) -> Decision:
    """Return the decision to issue nothing, and why."""
    return Decision(action="nothing", note=why, answers=answers, by_hand=by_hand)
