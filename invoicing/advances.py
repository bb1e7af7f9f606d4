"""Orders that are paid in parts: an invoice for each part received, and for the rest when all of it was. Pure.

Tax on what is paid in advance accrues when it is received, for what was received (LIVA art. 75.Dos). Each part is
spread over the rates in proportion to the order; the sale's own invoice is the order less what its advances took, so
that together they are the order to the cent (docs/decisions/0020-advances.md).
"""

from datetime import date

import msgspec

from invoicing import refunds
from invoicing.balance import (
    ZERO,
    Amounts,
    Balance,
    Kind,
    balance,
    foreign_of,
    foreign_tax,
    minus,
    negative,
    plus,
    shares_of,
    split,
    total,
)
from invoicing.correctives import SIMPLIFIED, priced_change, restated
from invoicing.holds import Hold, Unpriceable, hold
from invoicing.issued import SOLD, Issued, figures
from invoicing.money import cents
from invoicing.printable import deducted, of_refund, per_kind
from invoicing.reasons import because
from invoicing.rectifying import (
    Asked,
    as_invoiced,
    by_hand,
    next_document,
    no_longer_known,
    rectification,
    same_recipient,
)
from invoicing.values import OrderContent, Wanted
from verifactu.codes import OperacionExenta, TipoFactura

WITHOUT_ADVANCES = (
    OperacionExenta.E2.value, OperacionExenta.E3.value, OperacionExenta.E4.value, OperacionExenta.E5.value,
)  # fmt: skip
"""Exempt because the goods leave: they do so later, and until then nobody knows. For E5 art. 75.Dos says so itself."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of payments in part beside the order and its documents."""

    invoiced: bool
    """Whether the connection has them invoiced."""
    operation: date | None
    """The day on which the last of them was received, in the issuer's zone."""
    accepted: frozenset[str] = frozenset()
    """Codes of the holds that a person overrode."""


def next_in_parts(asked: Asked, parts: Parts) -> Wanted | Hold | None:
    """Return the next document of an order with advances and no invoice of its sale yet, or why a person must look."""
    content, issued = asked.content, asked.issued
    if content.cancelled or content.deleted or issued.of("cancellation"):
        return next_document(asked)
    if held := no_longer_known(asked):
        return held
    if issued.annulled and "invoice_annulled" not in parts.accepted:
        return hold("invoice_annulled", invoice=", ".join(issued.annulled))
    try:
        priced = asked.reprice(content)
    except Unpriceable as error:
        return error.hold
    found = asked.choose(priced, as_invoiced(asked))
    if isinstance(found, Hold):
        return found
    found = msgspec.structs.replace(found, operation_date=parts.operation)
    if other := _buyer(asked, found):
        return other
    if not content.paid:
        return _received(asked, found, parts)
    document = rest(asked, found)
    if document is None:
        return next_document(asked)  # edits left nothing beyond what was received: that is the sale
    return _asked_first(asked, parts) or document


def _received(asked: Asked, found: Wanted, parts: Parts) -> Wanted | Hold | None:
    content, issued = asked.content, asked.issued
    invoiced = total(figures(issued.of("advance")))
    told = cents(content.advances) if content.partially_paid else ZERO
    more = told > invoiced and parts.invoiced
    if more:
        return _asked_first(asked, parts) or part(found, content, issued)
    if document := _refund(asked, found):
        return document
    if told == invoiced:
        return None
    if content.partially_paid and (told > invoiced or not told):
        return hold("partial_payment")
    if not told and not figures(issued.in_force):
        return None  # all of it went back; whether it is ever paid, the shop will say
    return by_hand(asked, f"la tienda dice cobrados {told} €, y los anticipos suman {invoiced} €")


def part(found: Wanted, content: OrderContent, issued: Issued | None = None) -> Wanted | Hold:
    """Return the invoice of what was received and has none yet; `found` is the one that the whole order would have."""
    issued = issued or Issued()
    priced, before = found.priced, issued.of("advance")
    whole, sold = balance(priced.shares, priced.foreign), figures(issued.of(*SOLD))
    exempt = next((share.exencion for share in priced.shares if share.exencion in WITHOUT_ADVANCES), "")
    if exempt:
        return hold("advance_exempt", received=content.advances, treatment=exempt)
    beside = content.withholding or content.outlays or priced.exchange or priced.paid != content.total
    if beside or content.shipped_at or content.delivered_at or any(each.gross < 0 for each in whole.values()):
        return hold("advance_unclear", received=content.advances, total=content.total)
    amount, left = cents(content.advances) - total(figures(before)), minus(whole, sold)
    if amount > total(left) or not _positive(left):
        return _exceeds(content, issued, left)
    spread = refunds.in_proportion(
        amount,
        {kind: amounts.gross for kind, amounts in whole.items()},
        {kind: left.get(kind, Amounts()).gross for kind in whole},
    )
    change: dict[Kind, Amounts] = {}
    for kind, gross in spread.items():
        taken = sold.get(kind, Amounts())
        complete = taken.gross + gross == whole[kind].gross
        change[kind] = refunds.within(taken + split(gross, kind), whole[kind], complete=complete) + -taken
    lines = per_kind(change, "advance", language=found.language, order=content.number)
    told = because("advance_received", amount=amount, total=content.total)
    return msgspec.structs.replace(
        found,
        purpose="advance",
        key=str(1 + max((int(document.key) for document in before), default=0)),
        priced=msgspec.structs.replace(
            priced_change(plus(change), lines, priced.mentions), reasons=(*priced.reasons, told)
        ),
        note=f"Cobrados {amount} € a cuenta de {content.total} €. {found.note}",
    )


def rest(asked: Asked, found: Wanted) -> Wanted | Hold | None:
    """Return the invoice of the sale less what its advances took; nothing when they took all of it."""
    issued, content, priced = asked.issued, asked.content, found.priced
    sold = figures(issued.of(*SOLD))
    left = minus(balance(priced.shares, priced.foreign), sold)
    if not left:
        return None
    if not _positive(left):
        return _exceeds(content, issued, left)
    taken = [document for document in issued.in_force if document.purpose != "refund"]
    if minus(figures(taken), sold):
        return by_hand(asked, "parte de lo cobrado se devolvió antes de cambiar el comprador")
    tax = sum((amounts.tax + amounts.surcharge for amounts in left.values()), ZERO)
    abroad = foreign_tax(left)
    numbers = ", ".join(document.num_serie for document in taken)
    return msgspec.structs.replace(
        found,
        priced=msgspec.structs.replace(
            priced,
            lines=(*priced.lines, *deducted(taken, language=found.language)),
            shares=shares_of(left),
            tax_total=tax,
            total=total(left) - abroad,
            platform_tax=tax,
            foreign=foreign_of(left),
            foreign_tax=abroad,
            advances=ZERO,
            reasons=(*priced.reasons, because("advances_deducted", invoices=numbers, amount=total(sold))),
        ),
        note=f"Lo que queda tras los anticipos {numbers}. {found.note}",
    )


def _positive(left: Balance) -> bool:
    return all(min(each.base, each.tax, each.surcharge, each.foreign) >= 0 for each in left.values())


def _exceeds(content: OrderContent, issued: Issued, left: Balance) -> Hold:
    """The order was changed to less than was received for it, in total or at a rate."""
    beyond = [kind for kind, each in left.items() if each.gross < 0]
    rates = (kind.exencion or kind.calificacion if kind.charged is None else f"{kind.charged:f} %" for kind in beyond)
    return hold(
        "advance_exceeds", invoice=_numbers(issued), invoiced=total(figures(issued.in_force)), total=content.total,
        rates=", ".join(rates) or "—",
    )  # fmt: skip


def _asked_first(asked: Asked, parts: Parts) -> Hold | None:
    """Return what a person must say before more is invoiced."""
    content, settled = asked.content, asked.issued.by_hand
    edited = not content.refunds and content.current_total not in (None, content.total)
    if edited and "edited_before_issue" not in parts.accepted:
        return hold("edited_before_issue", total=content.total, current=content.current_total)
    if settled and "advance_settled" not in parts.accepted:  # it may be the very document that comes next
        return hold("advance_settled", invoice=_numbers(asked.issued), version=settled.version)
    return None


def _numbers(issued: Issued) -> str:
    return ", ".join(document.num_serie for document in issued.in_force)


def _buyer(asked: Asked, found: Wanted) -> Wanted | Hold | None:
    """Say the advances again for another buyer before more is invoiced: all that the order has names the same one."""
    issued, last = asked.issued, asked.issued.last
    if not issued.half_exchanged:
        if found.tipo == TipoFactura.F2.value:
            return None if last.tipo in SIMPLIFIED else by_hand(asked, "el comprador ya no da su NIF")
        known = last.recipient
        if last.tipo not in SIMPLIFIED and known and found.recipient and same_recipient(known, found.recipient):
            return None
    buyer = found.recipient or asked.content.buyer
    return asked.recipient_trouble(buyer) or restated(issued, buyer, key=f"v{asked.version}")


def _refund(asked: Asked, found: Wanted) -> Wanted | Hold | None:
    """Return the correction of the first refund that has none: as much of each rate as when all had been invoiced."""
    content, issued = asked.content, asked.issued
    if asked.asks and any(refund.total and not refund.detailed for refund in content.refunds):
        return None
    seen_to = issued.by_hand.refunds if issued.by_hand else ()
    whole, stands = balance(found.priced.shares, found.priced.foreign), figures(issued.in_force)
    documented = [refund for refund in content.refunds if issued.has("refund", refund.external_id)]
    for refund in refunds.in_order(content.refunds):
        if refund in documented or refund.external_id in seen_to:
            continue
        exceeds = hold(
            "refund_exceeds", refund=refund.external_id, amount=-refund.total, invoice=issued.last.num_serie,
            left=total(stands),
        )  # fmt: skip
        try:
            back = refunds.taken_back(
                whole, [*documented, refund], inclusive=content.prices_include_tax, kind=asked.kind
            )
        except refunds.MoreThanSold:
            return exceeds
        change = minus(negative(back), figures(issued.of("refund")))
        if not change:
            continue
        if not _positive(plus(stands, change)):
            return exceeds
        lines = of_refund(change, refund, inclusive=content.prices_include_tax, language=issued.last.language)
        return rectification(
            asked, change, lines, purpose="refund", key=refund.external_id, cause="return",
            note=f"Devolución {refund.external_id} de {-refund.total} €, de lo cobrado a cuenta.",
        )  # fmt: skip
    return None
