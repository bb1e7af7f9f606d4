"""What an order asks for once it is invoiced: which corrective, further or exchanging document comes next. Pure.

Deciding compares what should stand with what stands; it replays nothing. One document at a time: after each, the same
question is asked again, until nothing is left to do (docs/decisions/0018-corrections.md).
"""

from collections.abc import Callable, Sequence

import msgspec

from invoicing import nif, refunds
from invoicing.aftermath import buyer_changed, edits, same_goods
from invoicing.balance import ZERO, Amounts, Balance, balance, minus, negative, plus, total
from invoicing.correctives import difference, priced_change, restated
from invoicing.holds import Action, Hold, Unpriceable, hold
from invoicing.issued import SOLD, Issued, figures
from invoicing.printable import by_difference, of_refund, per_kind, postal_lines
from invoicing.remembering import ABOUT_LINES
from invoicing.values import OrderContent, Party, Priced, PricedLine, Wanted


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The newest version of an invoiced order beside its documents, and what only the policy of sales can say."""

    content: OrderContent
    version: int
    issued: Issued
    reprice: Callable[[OrderContent], Priced]
    choose: Callable[[Priced, OrderContent], Wanted | Hold]
    """Which document a further supply asks for: F1 or F2, or the hold that bars it."""
    recipient_trouble: Callable[[Party], Hold | None]
    kind: refunds.KindOf = refunds.by_its_rate
    """How a line of the order is declared, as far as it tells."""
    asks: bool = False
    """Whether the shop is being asked what a refund was for, where a delivery did not say."""


def next_document(asked: Asked) -> Wanted | Hold | None:
    """Return the next document, or why a person must look; None when everything is said."""
    content, issued = asked.content, asked.issued
    if content.deleted:
        known = issued.settled and issued.settled.deleted
        return None if known else by_hand(asked, "se borró en la tienda")
    if issued.of("cancellation"):
        return None if content.cancelled else by_hand(asked, "se reabrió después de cancelarse")
    if held := no_longer_known(asked):
        return held
    for step in (_refund, _cancellation, _edit, _buyer):
        if found := step(asked):
            return found
    return None


# --- money that went back ----------------------------------------------------------------------------------------


def _refund(asked: Asked) -> Wanted | Hold | None:
    """Return the corrective document of the first refund that has none."""
    issued, content = asked.issued, asked.content
    if asked.asks and any(refund.total and not refund.detailed for refund in content.refunds):
        return None  # what the shop says of it follows; corrected by its total alone, it would stay spread by guess
    by_hand = issued.by_hand.refunds if issued.by_hand else ()
    documented = [refund for refund in content.refunds if issued.has("refund", refund.external_id)]
    for refund in refunds.in_order(content.refunds):
        if refund in documented or refund.external_id in by_hand:
            continue
        sold = figures(issued.of(*SOLD))
        try:
            back = refunds.taken_back(
                sold, [*documented, refund], inclusive=content.prices_include_tax, kind=asked.kind
            )
        except refunds.MoreThanSold:
            if content.cancelled:
                return None  # it stands for nothing, whatever went back
            if edited := _edit(asked):
                return edited  # what was given back may be what was added, which has no invoice yet
            return hold(
                "refund_exceeds",
                refund=refund.external_id, amount=-refund.total, invoice=issued.last.num_serie,
                left=total(figures(issued.in_force)),
            )  # fmt: skip
        change = minus(minus(sold, back), figures(issued.in_force))
        if not change:
            continue
        lines = of_refund(change, refund, inclusive=content.prices_include_tax, language=issued.last.language)
        spread = " Repartida entre los tipos en proporción a lo vendido." if not refund.lines and len(sold) > 1 else ""
        return rectification(
            asked, change, lines, purpose="refund", key=refund.external_id, cause="return",
            note=f"Devolución {refund.external_id} de {-refund.total} €.{spread}",
        )  # fmt: skip
    return None


def no_longer_known(asked: Asked) -> Hold | None:
    """A refund that was corrected and that the shop no longer knows: giving it back is for a person."""
    known = {refund.external_id for refund in asked.content.refunds}
    seen = {refund.external_id for version in asked.issued.seen for refund in version.refunds}
    gone = [document.key for document in asked.issued.of("refund") if document.key not in known]
    unseen = [key for key in gone if key in seen or not asked.issued.seen]
    return by_hand(asked, *(f"se anuló la devolución {key}" for key in unseen)) if unseen else None


def _cancellation(asked: Asked) -> Wanted | Hold | None:
    """A cancelled order stands for nothing, whatever money went back: what was kept is no price (LIVA 80.Dos)."""
    if not asked.content.cancelled:
        return None
    by_hand = asked.issued.by_hand
    if by_hand and by_hand.content.cancelled:
        return None
    change = negative(figures(asked.issued.in_force))
    if not change:
        return None
    lines = per_kind(change, "cancellation", language=asked.issued.last.language)
    return rectification(
        asked, change, lines, purpose="cancellation", key="", cause="cancellation", note="Pedido cancelado."
    )


# --- what was sold is not what it was ------------------------------------------------------------------------------


def _edit(asked: Asked) -> Wanted | Hold | None:
    """Compare the order's figures with the documents that say what was sold.

    A newer version may have come before the last one had all its documents: it is compared with that one too.
    """
    content, issued = asked.content, asked.issued
    changed = next((found for before in issued.seen if (found := edits(before, content))), ())
    if content.cancelled or not changed:
        return None
    before = issued.seen[0]
    try:
        now, then, baseline = asked.reprice(content), asked.reprice(before), _baseline(asked)
    except Unpriceable as error:
        if error.hold.code in ABOUT_LINES:
            return _or_by_hand(asked, error.hold, changed)
        return by_hand(asked, *changed)
    change = minus(balance(now.shares, now.foreign), baseline)
    less = {kind: amounts for kind, amounts in change.items() if amounts.gross < 0}
    more = {kind: amounts for kind, amounts in change.items() if amounts.gross >= 0}
    if not change:
        # the shop says that it was changed, and its lines do not show how
        return by_hand(asked, *changed) if content.current_total not in (None, content.total) else None
    if less and more and same_goods(before, content):
        return _wrong_rate(asked, change)
    lines = by_difference(then, now)
    if less:
        left = figures(issued.in_force)
        if any(-amounts.gross > left.get(kind, Amounts()).gross for kind, amounts in less.items()):
            return by_hand(asked, *changed)  # part of it was already given back
        return rectification(
            asked, less, lines(less), purpose="edit", key=f"v{asked.version}", cause="edit",
            note="El pedido se modificó: " + "; ".join(changed) + ".",
        )  # fmt: skip
    return _addition(asked, more, lines(more), now, changed)


def _wrong_rate(asked: Asked, change: Balance) -> Wanted | Hold:
    """The same goods bear other taxes now; more tax is not put on a consumer afterwards (LIVA 89.Tres.1)."""
    last = asked.issued.last
    tax = sum((amounts.tax for amounts in change.values()), ZERO)
    consumer = last.recipient is None or nif.natural_person(last.recipient.tax_id)
    if tax > 0 and consumer:
        return hold("tax_increase_barred", invoice=last.num_serie, tax=tax)
    return rectification(
        asked, change, per_kind(change, "amount", language=last.language), purpose="edit",
        key=f"v{asked.version}", cause="amount", note="Los mismos bienes con otro impuesto.",
    )  # fmt: skip


def _addition(
    asked: Asked, more: Balance, lines: tuple[PricedLine, ...], now: Priced, changed: Sequence[str]
) -> Wanted | Hold:
    """More goods are a new supply, with an invoice of its own."""
    priced = priced_change(more, lines, mentions=now.mentions)
    found = asked.choose(priced, as_invoiced(asked))
    if isinstance(found, Hold):
        return found
    return msgspec.structs.replace(
        found, purpose="addition", key=f"v{asked.version}", operation_date=None,
        note="Lo añadido al pedido: " + "; ".join(changed) + ". " + found.note,
    )  # fmt: skip


def _baseline(asked: Asked) -> Balance:
    """What the documents say was sold; from where a person settled it, what the order was then and documents since.

    What was settled before the sale had its invoice is in that invoice.
    """
    issued = asked.issued
    if issued.by_hand is None or issued.by_hand.version < issued.sold_in:
        return figures(issued.of(*SOLD))
    then = asked.reprice(issued.by_hand.content)
    since = [
        document
        for document, version in zip(issued.documents, issued.versions, strict=True)
        if version > issued.by_hand.version and document.purpose in SOLD
    ]
    return plus(balance(then.shares, then.foreign), figures(since))


# --- who bought ------------------------------------------------------------------------------------------------------


def _buyer(asked: Asked) -> Wanted | Hold | None:
    """Other data of the recipient: R4 by substitution; a NIF for a simplified invoice: an exchange."""
    issued, buyer, tipo = asked.issued, asked.content.buyer, asked.issued.last.tipo
    if issued.half_exchanged is None:
        if not any(buyer_changed(before.buyer, buyer, tipo=tipo) for before in issued.seen):
            return None
        known = issued.last.recipient
        if known and same_recipient(known, as_invoiced(asked).buyer):
            return None
    buyer = as_invoiced(asked).buyer
    return asked.recipient_trouble(buyer) or restated(issued, buyer, key=f"v{asked.version}")


def same_recipient(one: Party, other: Party) -> bool:
    """Tell whether both are printed alike."""
    return _shown(one) == _shown(other)


def _shown(party: Party) -> tuple[str, str, list[str]]:
    return party.tax_id, party.company or party.name, postal_lines(party)


# --- documents -------------------------------------------------------------------------------------------------------


def rectification(
    asked: Asked,
    change: Balance,
    lines: tuple[PricedLine, ...],
    *,
    purpose: str,
    key: str,
    cause: str,
    note: str,
) -> Wanted:
    """Return the corrective document by differences: R5 of a simplified invoice, R1 of any other."""
    return difference(asked.issued, change, lines, tipo="R1", purpose=purpose, key=key, cause=cause, note=note)


def as_invoiced(asked: Asked) -> OrderContent:
    """Return the order with the NIF that its invoice shows, where the shop itself never had one."""
    known = next((doc.recipient for doc in reversed(asked.issued.in_force) if doc.recipient), None)
    buyer = asked.content.buyer
    if buyer.tax_id or known is None:
        return asked.content
    kept = msgspec.structs.replace(
        buyer, tax_id=known.tax_id, id_type=known.id_type, id_country=known.id_country,
        tax_id_as_given=known.tax_id_as_given, name=known.name, company=known.company,
        address=buyer.address if buyer.address.lines else known.address,
    )  # fmt: skip
    return msgspec.structs.replace(asked.content, buyer=kept)


def _or_by_hand(asked: Asked, held: Hold, changed: Sequence[str]) -> Hold:
    """Return a question about goods of an invoiced order: its answer leads to the document, or it was made outside."""
    at = held.actions.index(Action.IGNORE)
    return msgspec.structs.replace(
        held,
        data=held.data | {"invoice": asked.issued.last.num_serie, "changes": "; ".join(changed)},
        actions=(*held.actions[:at], Action.CORRECTED_BY_HAND, *held.actions[at:]),
    )


def by_hand(asked: Asked, *changed: str) -> Hold:
    return hold("correction_needed", invoice=asked.issued.last.num_serie, changes="; ".join(changed))
