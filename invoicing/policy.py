"""What an order asks for: which document, or which person (fiscal-policy.md). Pure: no database, no clock.

Deciding compares the newest version of an order with what is issued so far; it replays nothing, so skipped versions
lose nothing.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from invoicing import as_invoiced, languages, money, recipients, remembering
from invoicing.holds import Action, Hold, Original, Resolution, ResolutionRefused, Unpriceable, accept, hold
from invoicing.issued import Issued, IssuedDocument
from invoicing.preparing import only_vouchers
from invoicing.recipients import VatAnswer
from invoicing.rectifying import Asked, next_document
from invoicing.remembering import Kept
from invoicing.taxes import TaxPolicy
from invoicing.values import Exchange, OrderContent, Party, Priced, Refund, Wanted
from verifactu.codes import TipoFactura

F2_LIMIT = Decimal(400)
"""Euros with tax up to which any seller may issue a simplified invoice (RD 1619/2012 art. 4.1)."""
F2_LIMIT_OF_LISTED_ACTIVITIES = Decimal(3000)
"""The same for the activities of art. 4.2: retail, hospitality, transport and others."""


WITHOUT_NIF = "Sin NIF y hasta el límite: simplificada."
LOCATED_ELSEWHERE = "Localizada fuera: el destinatario no ha de identificarse (art. 6.1.d RD 1619/2012)."


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


class ConnectionPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The shop as far as policy asks; `invoice_from` is the cut-over."""

    invoice_from: datetime | None
    other_invoicing: str = "hold"
    """hold, or reference_only: issue, and keep the other system's number as a reference."""
    marketplace_channels: tuple[str, ...] = ()
    """Sales channels whose operator invoices by itself; compared without case."""
    trigger: str = "paid"
    """The fact that asks for the invoice: paid, shipped or delivered."""
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


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What to do now: `issue` has a document, `hold` has a hold.

    `note` says why nothing is done, in Spanish. `answers` are the resolutions already given: pass them on, with the
    next one behind, so that an order with two reasons to wait asks for each only once. `more`: once the document is
    issued the question is to be asked again. `by_hand`: a person dealt with what changed, the refunds named among it.
    """

    action: Literal["issue", "hold", "check", "nothing"]
    check: str = ""
    """The VAT number that VIES must be asked about, after which the order is decided on again."""
    document: Wanted | None = None
    hold: Hold | None = None
    note: str = ""
    answers: tuple[Resolution, ...] = ()
    more: bool = False
    by_hand: bool = False
    kept: tuple[Kept, ...] = ()
    """What of `answers` counts for later versions of the order too."""


def matters(content: OrderContent, *, invoiced: bool) -> bool:
    """Tell whether this version of an order needs a decision: paid at least in part, ended, or already invoiced."""
    paid = content.paid or content.partially_paid
    sent = bool(content.shipped_at or content.delivered_at)
    return invoiced or paid or sent or content.cancelled or content.deleted or bool(content.refunds)


def decide(
    content: OrderContent,
    *,
    company: CompanyPolicy,
    connection: ConnectionPolicy,
    issued: Issued | None,
    today: date,
    version: int = 1,
    resolution: Resolution | Sequence[Resolution] | None = None,
    taxes: TaxPolicy | None = None,
    known: Known | None = None,
    kept: Sequence[Kept] = (),
) -> Decision:
    """Return what the newest version of an order asks for on `today` (a day in the issuer's zone).

    `resolution` holds a person's answers in the order in which they were given: each is the answer to the hold that
    stands after the ones before it. An answer that does not fit leaves its hold standing, with `refused` in its data.
    `kept` is what people answered for earlier versions: where a question is still the same, it is not asked again.
    """
    given = (resolution,) if isinstance(resolution, Resolution) else tuple(resolution or ())
    case = _Case(
        content=content,
        company=company,
        connection=connection,
        issued=issued,
        today=today,
        version=version,
        taxes=taxes or TaxPolicy(territory=company.territory),
        known=known or Known(),
        kept=tuple(kept),
    )
    case, decision = _judged(_with_buyers(case))
    said: tuple[Kept, ...] = ()
    for place, answer in enumerate(given):
        if decision.hold is None:
            break
        try:
            accept(decision.hold, answer)
        except ResolutionRefused as error:
            refused = msgspec.structs.replace(decision.hold, data=decision.hold.data | {"refused": str(error)})
            return msgspec.structs.replace(decision, hold=refused, answers=given[:place])
        if answer.action in (Action.IGNORE, Action.CORRECTED_BY_HAND):
            done = case.issued is not None or answer.action == Action.CORRECTED_BY_HAND
            return _nothing(answer.reason.strip(), answers=given[: place + 1], by_hand=done)
        said += remembering.keep(decision.hold, answer, case.content.buyer)
        case, decision = _judged(_answered(case, decision.hold, answer))
        decision = msgspec.structs.replace(decision, answers=given[: place + 1], kept=said)
    return decision


class _Case(msgspec.Struct, frozen=True, kw_only=True):
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


def _with_buyers(case: _Case) -> _Case:
    """Return the case with the buyer as people gave it, in every version that has the same one."""
    content, issued = remembering.with_buyer(case.content, case.kept), case.issued
    if issued and case.kept:
        issued = msgspec.structs.replace(
            issued,
            settled=remembering.with_buyer(issued.settled, case.kept) if issued.settled else None,
            unsettled=tuple(remembering.with_buyer(version, case.kept) for version in issued.unsettled),
        )
    return msgspec.structs.replace(case, content=content, issued=issued)


def _judged(case: _Case) -> tuple[_Case, Decision]:
    """Decide, and answer what was answered before."""
    decision, left = _decide(case), list(case.kept)
    while decision.hold and (before := remembering.answer_to(decision.hold, left)):
        left.remove(before)
        case = _answered(case, decision.hold, before.answer)
        decision = _decide(case)
    return case, decision


def _answered(case: _Case, held: Hold, answer: Resolution) -> _Case:
    """Apply an answer that leads on."""
    match answer.action:
        case Action.ISSUE_ANYWAY:
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


def _decide(case: _Case) -> Decision:
    issued = case.issued
    if issued and issued.documents:
        return _after_issue(case, issued) if issued.of("sale") else _invoiced_elsewhere(case, issued.documents)
    if _of_an_earlier_invoice(case):
        return _invoiced_elsewhere(case)
    if why := _no_invoice(case):
        return _nothing(why)
    if issued and issued.annulled and "invoice_annulled" not in case.accepted:
        return Decision(action="hold", hold=hold("invoice_annulled", invoice=", ".join(issued.annulled)))
    if held := _not_yet(case):
        return Decision(action="hold", hold=held)
    case = _identified(case)
    if isinstance(vat := _vat(case), Decision):
        return vat
    operation = operation_date(case.content, case.connection.trigger, case.company.zone, case.today)
    try:
        priced = _priced(case, case.content, vat)
    except Unpriceable as error:
        free = error.hold.code == "zero_total" and Decimal(error.hold.data["total"]) == 0
        if free and case.connection.zero_totals == "ignore":  # once its vouchers are left out
            return _nothing("De total cero.")
        return Decision(action="hold", hold=error.hold)
    found = _document(case, priced, operation)
    if isinstance(found, Hold):
        return Decision(action="hold", hold=found)
    return Decision(action="issue", document=found, more=bool(_refunded(case.content)))


def _identified(case: _Case) -> _Case:
    """Return the case with the kind of number that its buyer gives."""
    buyer = recipients.identified(case.content.buyer)
    return msgspec.structs.replace(case, content=msgspec.structs.replace(case.content, buyer=buyer))


def _vat(case: _Case, named: tuple[str, ...] = ()) -> money.Vat | Decision:
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


def _priced(case: _Case, content: OrderContent, vat: money.Vat, quote: Exchange | None = None) -> Priced:
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


def _no_invoice(case: _Case) -> str:
    """Return why this order asks for no invoice, empty when it may."""
    content, start = case.content, case.connection.invoice_from
    channels = {channel.casefold() for channel in case.connection.marketplace_channels}
    if content.deleted:
        return "Borrado en la tienda antes de facturarse."
    if content.test:
        return "Pedido de prueba."
    if content.cancelled:
        return "Cancelado antes de facturarse."
    if why := _not_due(content, case.connection.trigger):
        return why
    if content.total == 0 and case.connection.zero_totals == "ignore":
        return "De total cero."
    if content.sales_channel and content.sales_channel.casefold() in channels:
        return f"Lo factura el mercado en el que se vendió ({content.sales_channel})."
    if start and content.placed_at < start:
        return "Anterior a la fecha desde la que se factura."
    if only_vouchers(content):
        return "Solo vende tarjetas regalo: se factura lo que se compre con ellas."
    if content.total > 0 and _refunded(content) >= content.total:
        return "Devuelto entero antes de facturarse."
    return ""


_DUE: dict[str, Callable[[OrderContent], datetime | None]] = {
    "paid": lambda content: content.paid_at,
    "shipped": lambda content: content.shipped_at or content.delivered_at,
    "delivered": lambda content: content.delivered_at,
}


def _not_due(content: OrderContent, trigger: str) -> str:
    """Return why the time of the invoice has not come. With `paid` a payment without a date counts too."""
    if trigger == "paid":
        return "" if content.paid or content.partially_paid else "Sin pagar."
    return "" if _DUE[trigger](content) else "Sin enviar." if trigger == "shipped" else "Sin entregar."


def _not_yet(case: _Case) -> Hold | None:
    """Return what a person must settle before figures are looked at."""
    content, accepted = case.content, case.accepted
    if case.connection.invoice_from is None:
        return hold("not_live")
    keeps = case.connection.other_invoicing == "reference_only" or "other_invoice_number" in accepted
    if content.invoiced_elsewhere and not keeps:
        return hold("other_invoice_number", number=content.invoiced_elsewhere)
    if content.partially_paid and case.connection.trigger == "paid":
        return hold("partial_payment")
    if (
        not _refunded(content)
        and content.current_total not in (None, content.total)
        and ("edited_before_issue" not in accepted)
    ):
        return hold("edited_before_issue", total=content.total, current=content.current_total)
    return None


def _document(case: _Case, priced: Priced, operation: date | None) -> Wanted | Hold:
    """Choose between a complete and a simplified invoice (fiscal-policy.md, When and what to invoice)."""
    buyer, limit = case.content.buyer, _f2_limit(case.company)
    reference = case.content.invoiced_elsewhere
    note = f"Otro sistema la numeró {reference}." if reference else ""
    above = priced.paid > limit
    if case.simplified or not buyer.tax_id:
        if needs := recipients.needs_recipient(priced):
            return hold("complete_invoice_required", treatment=needs)
        unnamed = above and recipients.located_elsewhere(priced) and buyer.name and recipients.complete(buyer.address)
        if above and not unnamed:
            return hold("nif_required", total=priced.total, limit=limit)
        return Wanted(
            tipo=TipoFactura.F2.value,
            recipient=msgspec.structs.replace(buyer, tax_id="", id_type="", id_country="") if unnamed else None,
            email=buyer.email,
            language=languages.choose(case.content, case.company.language),
            priced=priced,
            operation_date=operation,
            note=" ".join(filter(None, (LOCATED_ELSEWHERE if unnamed else WITHOUT_NIF, note))),
        )
    without = (Action.ISSUE_SIMPLIFIED,) if above else ()
    if held := recipients.trouble(buyer, without, accepted=case.accepted):
        return held
    qualified = case.company.qualified_simplified and not above
    why = "Con NIF y hasta el límite: simplificada cualificada." if qualified else "Con NIF: completa."
    return Wanted(
        tipo=TipoFactura.F1.value,
        qualified=qualified,
        recipient=recipients.as_known(buyer),
        email=buyer.email,
        language=languages.choose(case.content, case.company.language),
        priced=priced,
        operation_date=operation,
        note=" ".join(filter(None, (why, note))),
    )


def _f2_limit(company: CompanyPolicy) -> Decimal:
    """Never more than the law allows, whatever the setting says."""
    return min(company.f2_limit, F2_LIMIT_OF_LISTED_ACTIVITIES if company.f2_activity else F2_LIMIT)


def operation_date(content: OrderContent, trigger: str, zone: str, today: date) -> date | None:
    """Return the day of what asked for the invoice, in the issuer's zone; never one to come (the AEAT's 1173)."""
    moment = _DUE[trigger](content)
    day = moment.astimezone(ZoneInfo(zone)).date() if moment else None
    return day if day and day <= today else None


def _refunded(content: OrderContent) -> Decimal:
    return -sum((refund.total for refund in content.refunds), Decimal(0))


def _after_issue(case: _Case, issued: Issued) -> Decision:
    """Bring what is issued in line with what the order has become since."""
    case, sale = _identified(case), issued.documents[0]
    named = tuple(each.recipient.tax_id for each in issued.documents if each.recipient)
    if isinstance(vat := _vat(case, named), Decision):
        return vat
    content = msgspec.structs.replace(case.content, refunds=as_invoiced.refunds_of(case.content.refunds, sale))
    case = msgspec.structs.replace(case, content=content)

    def reprice(content: OrderContent) -> Priced:
        return _priced(case, content, vat, sale.exchange)

    def choose(priced: Priced, content: OrderContent) -> Wanted | Hold:
        return _document(msgspec.structs.replace(case, content=content), priced, None)

    def trouble(buyer: Party) -> Hold | None:
        return recipients.trouble(buyer, (Action.ISSUE_SIMPLIFIED,), accepted=case.accepted)

    found = next_document(
        Asked(
            content=case.content,
            version=case.version,
            issued=issued,
            reprice=reprice,
            choose=choose,
            recipient_trouble=trouble,
            asks=case.connection.asks,
        )
    )
    if isinstance(found, Hold):
        return Decision(action="hold", hold=found)
    if found is None:
        return _nothing("Ya facturado, y nada fiscal cambió.")
    return Decision(action="issue", document=found, more=True)


# --- orders whose invoice another system issued ------------------------------------------------------------------


def _of_an_earlier_invoice(case: _Case) -> bool:
    """Tell whether money went back, since we invoice, for an order from before: its invoice is another system's."""
    start, content = case.connection.invoice_from, case.content
    earlier = start is not None and content.placed_at < start and content.paid and not content.test
    return earlier and not content.deleted and bool(_to_rectify(case))


def _to_rectify(case: _Case) -> tuple[Refund, ...]:
    """Return the refunds made since this connection invoices, without those that a person saw to."""
    start, by_hand = case.connection.invoice_from, case.issued.by_hand if case.issued else None
    seen_to = by_hand.refunds if by_hand else ()
    return tuple(
        refund
        for refund in case.content.refunds
        if refund.total and start and refund.created_at and refund.created_at >= start
        and refund.external_id not in seen_to
    )  # fmt: skip


def _invoiced_elsewhere(case: _Case, documents: tuple[IssuedDocument, ...] = ()) -> Decision:
    """Rectify the invoice that another system issued, once a person has named it."""
    case = _identified(case)
    refunds, buyer = _to_rectify(case), case.content.buyer
    named = documents[0].rectifies[0] if documents else None
    if named is None and case.original is None:
        refunded = -sum((refund.total for refund in refunds), Decimal(0))
        return Decision(action="hold", hold=hold("original_elsewhere", refunded=refunded))
    simplified = (
        documents[0].tipo == TipoFactura.R5.value if documents else bool(case.original and case.original.simplified)
    )
    if not simplified and (held := recipients.trouble(buyer, (Action.ISSUE_SIMPLIFIED,), accepted=case.accepted)):
        return Decision(action="hold", hold=held)
    try:
        priced = _priced(case, case.content, money.Vat(recipients.needs_check(case.content)))
    except Unpriceable as error:
        return Decision(action="hold", hold=error.hold)
    foreign = IssuedDocument(
        id=None,
        purpose="sale",
        tipo=(TipoFactura.F2 if simplified else TipoFactura.F1).value,
        nif=case.company.nif,
        num_serie=named.num_serie if named else case.original.number if case.original else "",
        issue_date=named.issue_date if named else case.original.date if case.original else case.today,
        shares=priced.shares,
        exchange=priced.exchange,
        foreign=priced.foreign,
        mentions=priced.mentions,
        recipient=None if simplified else recipients.as_known(buyer),
        email=buyer.email,
        language=languages.choose(case.content, case.company.language),
    )
    content = msgspec.structs.replace(case.content, refunds=refunds, cancelled=False)
    known = Issued(documents=(foreign, *documents), settled=content, versions=(0,) * (1 + len(documents)))
    return _after_issue(msgspec.structs.replace(case, content=content), known)


def _nothing(why: str, *, answers: tuple[Resolution, ...] = (), by_hand: bool = False) -> Decision:
    return Decision(action="nothing", note=why, answers=answers, by_hand=by_hand)
