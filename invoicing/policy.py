"""What an order asks for: which document, or which person (fiscal-policy.md). Pure: no database, no clock.

Deciding compares the newest version of an order with what is issued so far; it replays nothing, so skipped versions
lose nothing. What it looks at is in `cases`, how a document is chosen in `choosing`, and in `elsewhere` what becomes of
orders that another system invoiced.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import msgspec

from invoicing import advances, census, remembering
from invoicing.cases import (
    F2_LIMIT,
    F2_LIMIT_OF_LISTED_ACTIVITIES,
    Case,
    CompanyPolicy,
    ConnectionPolicy,
    Decision,
    Known,
    answered,
    identified,
    not_due,
    nothing,
    operation_date,
    price_of,
    refunded,
    vat_standing,
    with_buyers,
)
from invoicing.choosing import after_issue, document
from invoicing.elsewhere import invoiced_elsewhere, of_an_earlier_invoice
from invoicing.holds import Action, Hold, Resolution, ResolutionRefused, Unpriceable, accept, hold
from invoicing.issued import Issued
from invoicing.preparing import only_vouchers
from invoicing.remembering import Kept
from invoicing.taxes import TaxPolicy
from invoicing.values import OrderContent

__all__ = [
    "F2_LIMIT", "F2_LIMIT_OF_LISTED_ACTIVITIES", "CompanyPolicy", "ConnectionPolicy", "Decision", "Known", "decide",
    "matters", "operation_date",
]  # fmt: skip


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
    case = Case(
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
    case, decision = _judged(with_buyers(case))
    said: tuple[Kept, ...] = ()
    for place, answer in enumerate(given):
        if decision.hold is None:
            break
        try:
            accept(decision.hold, answer)
        except ResolutionRefused as error:
            why = {"refused": error.words.es, "refused_en": error.words.en}
            refused = msgspec.structs.replace(decision.hold, data=decision.hold.data | why)
            return msgspec.structs.replace(decision, hold=refused, answers=given[:place])
        if answer.action in (Action.IGNORE, Action.CORRECTED_BY_HAND):
            done = case.issued is not None or answer.action == Action.CORRECTED_BY_HAND
            ended = nothing(answer.reason.strip(), answers=given[: place + 1], by_hand=done)
            return msgspec.structs.replace(ended, kept=said)
        said += remembering.keep(decision.hold, answer, case.content.buyer)
        case, decision = _judged(answered(case, decision.hold, answer))
        decision = msgspec.structs.replace(decision, answers=given[: place + 1], kept=said)
    if decision.action == "check":  # what people answered is not lost over what has to be asked again
        decision = msgspec.structs.replace(decision, answers=given)
    return decision


def _judged(case: Case) -> tuple[Case, Decision]:
    """Decide, and answer what was answered before."""
    decision, left = _decide(case), list(case.kept)
    while decision.hold and (before := remembering.answer_to(decision.hold, left)):
        left.remove(before)
        case = answered(case, decision.hold, before.answer)
        decision = _decide(case)
    return case, decision


def _decide(case: Case) -> Decision:
    return census.known_to_it(case, _asked_for(case))


def _asked_for(case: Case) -> Decision:
    issued = case.issued
    if issued and issued.documents:
        ours = issued.of("sale", "advance")
        return after_issue(case, issued) if ours else invoiced_elsewhere(case, issued.documents)
    if of_an_earlier_invoice(case):
        return invoiced_elsewhere(case)
    if why := _no_invoice(case):
        return nothing(why)
    if issued and issued.annulled and "invoice_annulled" not in case.accepted:
        return Decision(action="hold", hold=hold("invoice_annulled", invoice=", ".join(issued.annulled)))
    if held := _not_yet(case):
        return Decision(action="hold", hold=held)
    case = identified(case)
    if isinstance(vat := vat_standing(case), Decision):
        return vat
    operation = operation_date(case.content, case.connection.trigger, case.company.zone, case.today)
    try:
        priced = price_of(case, case.content, vat)
    except Unpriceable as error:
        free = error.hold.code == "zero_total" and Decimal(error.hold.data["total"]) == 0
        if free and case.connection.zero_totals == "ignore":  # once its vouchers are left out
            return nothing("De total cero.")
        return Decision(action="hold", hold=error.hold)
    found = document(case, priced, operation)
    if not isinstance(found, Hold) and _in_part(case):
        found = advances.part(found, case.content)
    if isinstance(found, Hold):
        return Decision(action="hold", hold=found)
    return Decision(action="issue", document=found, more=bool(refunded(case.content)))


def _no_invoice(case: Case) -> str:
    """Return why this order asks for no invoice, empty when it may."""
    content, start = case.content, case.connection.invoice_from
    channels = {channel.casefold() for channel in case.connection.marketplace_channels}
    if content.deleted:
        return "Borrado en la tienda antes de facturarse."
    if content.test:
        return "Pedido de prueba."
    if content.cancelled:
        return "Cancelado antes de facturarse."
    if why := not_due(content, case.connection.trigger):
        return why
    if content.total == 0 and case.connection.zero_totals == "ignore":
        return "De total cero."
    if content.sales_channel and content.sales_channel.casefold() in channels:
        return f"Lo factura el mercado en el que se vendió ({content.sales_channel})."
    if start and content.placed_at < start:
        return "Anterior a la fecha desde la que se factura."
    if only_vouchers(content):
        return "Solo vende tarjetas regalo: se factura lo que se compre con ellas."
    if content.total > 0 and refunded(content) >= content.total:
        return "Devuelto entero antes de facturarse."
    return ""


def _in_part(case: Case) -> bool:
    return case.content.partially_paid and case.connection.trigger == "paid"


def _not_yet(case: Case) -> Hold | None:
    """Return what a person must settle before figures are looked at."""
    content, accepted = case.content, case.accepted
    if case.connection.invoice_from is None:
        return hold("not_live")
    keeps = case.connection.other_invoicing == "reference_only" or "other_invoice_number" in accepted
    if content.invoiced_elsewhere and not keeps:
        return hold("other_invoice_number", number=content.invoiced_elsewhere)
    if _in_part(case) and not (case.connection.part_payments == "invoice" and content.advances):
        return hold("partial_payment")
    if (
        not refunded(content)
        and content.current_total not in (None, content.total)
        and ("edited_before_issue" not in accepted)
    ):
        return hold("edited_before_issue", total=content.total, current=content.current_total)
    return None
