"""What edits made of a Shopify order.

A line keeps the quantity that was ordered; `current_quantity` is without what was given back or edited out. Money tells
which of the two it was, and the order's current total whether that understanding is right to the cent.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from invoicing.storefronts.parts import ratio
from invoicing.storefronts.payload import CENT, Node
from invoicing.storefronts.shopify_lines import NOTHING, lines_of, money, money_or_none
from invoicing.storefronts.shopify_refunds import refund_of
from invoicing.values import OrderLine, Refund


class Sold(NamedTuple):
    """The order as it was sold: after edits, before refunds."""

    lines: tuple[OrderLine, ...]
    refunds: tuple[Refund, ...]
    total: Decimal
    total_tax: Decimal


class Gone(NamedTuple):
    """What an edit took out of one line: pieces, amount as the line states it, and tax."""

    quantity: Decimal
    amount: Decimal
    tax: Decimal


def as_sold(order: Node) -> Sold:
    """Return the order after its edits where the payload tells them apart from refunds, else as it was placed.

    Edited-out pieces without money back lower the total (also when the money goes back later, as a refund of no line);
    added ones raise it. Where that does not give the current total, everything stays as it was placed, and policy
    holds the order for its current total.
    """
    gross = order["taxes_included"].flag()
    lines = lines_of(order)
    refunds = [refund_of(each, {line.external_id: line for line in lines}, gross=gross, order=order)
               for each in order["refunds"]]  # fmt: skip
    total = money(order, "total_price")
    placed = Sold(tuple(lines), tuple(refunds), total, money(order, "total_tax"))
    if not order["current_total_price"] or order["cancelled_at"]:
        return placed
    gone = _edited_out(order, lines, refunds)
    left = [line for line in (_less(line, gone.get(line.external_id)) for line in lines) if line]
    worth = sum((each.amount + (NOTHING if gross else each.tax) for each in gone.values()), NOTHING)
    back = -sum((refund.total for refund in refunds), NOTHING)
    sold = money(order, "current_total_price") + back
    if gone and sold in (total - worth, _whole(left, gross=gross)):
        return Sold(tuple(left), tuple(refunds), sold, _tax(left, placed.total_tax))
    settling = [refund for refund in refunds if refund.total and not refund.lines]
    if gone and sold == total and -sum((refund.total for refund in settling), NOTHING) == worth:
        kept = tuple(msgspec.structs.replace(each, total=NOTHING) if each in settling else each for each in refunds)
        return Sold(tuple(left), kept, total - worth, _tax(left, placed.total_tax))
    if not gone and sold != total and sold == _whole(lines, gross=gross):
        return Sold(tuple(lines), tuple(refunds), sold, _tax(lines, placed.total_tax))
    return placed


def _edited_out(order: Node, lines: Iterable[OrderLine], refunds: Sequence[Refund]) -> dict[str, Gone]:
    """Return what is missing from each line although no money went back for it."""
    paid_back = [line for refund in refunds if refund.total for line in refund.lines]
    free = [item for each, refund in zip(order["refunds"], refunds, strict=True) if not refund.total
            for item in each["refund_line_items"]]  # fmt: skip
    sold, found = {line.external_id: line for line in lines}, {}
    for item in order["line_items"]:
        key = item["id"].text()
        if not item["current_quantity"] or not sold[key].quantity:
            continue
        returned = -sum((line.quantity for line in paid_back if line.external_id == key), NOTHING)
        gone = sold[key].quantity - item["current_quantity"].amount() - returned
        if not 0 < gone <= sold[key].quantity:
            continue
        told = [each for each in free if each["line_item_id"].text() == key]
        if sum((each["quantity"].amount() for each in told), NOTHING) == gone:
            amount = sum((money(each, "subtotal") for each in told), NOTHING)
            found[key] = Gone(gone, amount, sum((money_or_none(each, "total_tax") for each in told), NOTHING))
        else:
            share = gone / sold[key].quantity
            tax = sum((tax.amount or NOTHING for tax in sold[key].taxes), NOTHING)
            found[key] = Gone(gone, round(sold[key].amount * share, 2), round(tax * share, 2))
    return found


def _less(line: OrderLine, gone: Gone | None) -> OrderLine | None:
    """Return the line without what an edit took out of it, None when nothing is left."""
    if gone is None:
        return line
    quantity, amount = line.quantity - gone.quantity, line.amount - gone.amount
    if not quantity:
        return None
    whole = sum((tax.amount or NOTHING for tax in line.taxes), NOTHING)
    left = 1 - ratio(gone.tax, whole, 12) if whole else Decimal(1)
    return msgspec.structs.replace(
        line,
        quantity=quantity,
        amount=amount,
        discount=line.unit_price * quantity - amount,
        taxes=tuple(
            msgspec.structs.replace(tax, amount=None if tax.amount is None else (tax.amount * left).quantize(CENT))
            for tax in line.taxes
        ),
    )


def _whole(lines: Iterable[OrderLine], *, gross: bool) -> Decimal:
    """Return what lines cost together, tax included."""
    lines = list(lines)
    amounts = sum((line.amount for line in lines), NOTHING)
    return amounts if gross else amounts + _tax(lines, NOTHING)


def _tax(lines: Iterable[OrderLine], default: Decimal) -> Decimal:
    """Return the declared taxes of lines; `default` where no line declares one."""
    declared = [tax.amount for line in lines for tax in line.taxes if tax.amount is not None]
    return sum(declared, NOTHING) if declared else default
