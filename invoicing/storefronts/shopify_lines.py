"""What a Shopify order holds: its lines, what went back of them, and what edits made of them.

A line keeps the quantity that was ordered; `current_quantity` is without what was given back or edited out. Money tells
which of the two it was, and the order's current total whether that understanding is right to the cent.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from invoicing.storefronts.contract import Unreadable
from invoicing.storefronts.payload import CENT, Node, plain, ratio
from invoicing.values import DeclaredTax, LineKind, OrderLine, Refund

MONEY_BACK = ("success", "pending")
SHIPPING_REFUND = "shipping_refund"
NOTHING = Decimal(0)


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


def lines_of(order: Node) -> list[OrderLine]:
    """Return the lines as they were ordered, with everything else that the total holds."""
    lines = [_line(line) for line in order["line_items"]]
    lines += [_shipping(line) for line in order["shipping_lines"] if not line["is_removed"].flag()]
    # A tip is a line of its own in some versions and only a sum in others; the total holds it in both.
    if not any(line["tip"] for line in order["line_items"]):
        lines += _extra("Propina", LineKind.TIP, _sum(order, "total_tip_received"))
    lines += _extra("Derechos de importación", LineKind.FEE, _extra_money(order, "original_total_duties_set"))
    lines += _extra("Cargos adicionales", LineKind.FEE, _extra_money(order, "original_total_additional_fees_set"))
    return lines


def refund_of(refund: Node, sold: Mapping[str, OrderLine], *, gross: bool | None, order: Node | None = None) -> Refund:
    """Read a refund on its own (`gross` unknown) or inside an order: the same id in both, by which twins are known.

    `refund_discrepancy` is money without a line. Without money, goods came back for nothing.
    """
    back = _back(refund, order)
    items = [_back_line(item, sold, free=not back) for item in refund["refund_line_items"]]
    items += [_back_shipping(item, sold) for item in refund["refund_shipping_lines"] if back]
    lines = [line for line, _ in items]
    adjustments = [each for each in refund["order_adjustments"] if each["kind"].text() == SHIPPING_REFUND]
    gross = _tells_gross(refund, back) if gross is None else gross
    known = gross is not None or not any(_sum(each, "tax_amount") for each in adjustments)
    shipping = [line for line in sold.values() if line.kind == LineKind.SHIPPING]
    # Of several shipments with rates of their own nobody says which: that is money without a line.
    if back and len({tuple(tax.rate for tax in line.taxes) for line in shipping}) <= 1:
        lines += [_back_adjustment(each, sold, gross=bool(gross)) for each in adjustments]
    for name, title in (("total_duties_set", "Derechos de importación"),
                        ("total_additional_fees_set", "Cargos adicionales")):  # fmt: skip
        lines += [_negative(line) for line in _extra(title, LineKind.FEE, _extra_money(refund, name)) if back]
    told = all(line.external_id or line.kind == LineKind.FEE for line in lines)
    return Refund(
        external_id=refund["id"].key(),
        total=-back,
        created_at=refund["created_at"].moment(),
        reason=refund["note"].text(),
        lines=tuple(lines),
        detailed=known and told and all(line.taxes or not tax for line, tax in items),
    )


def money(node: Node, name: str) -> Decimal:
    """Return an amount in the shop's money: that of the `…_set` where there is one."""
    shop = node[f"{name}_set"]["shop_money"]
    return shop["amount"].amount() if shop else node[name].amount()


def _line(line: Node) -> OrderLine:
    quantity, price = line["quantity"].amount(), money(line, "price")
    discount = _discount(line)
    return OrderLine(
        kind=_kind(line),
        description=line["name"].text() or line["title"].text(),
        quantity=quantity,
        unit_price=price,
        discount=discount,
        amount=price * quantity - discount,
        taxes=_taxes(line),
        sku=line["sku"].text(),
        external_id=line["id"].text(),
    )


def _kind(line: Node) -> LineKind:
    if line["gift_card"].flag():
        return LineKind.GIFT_CARD
    if line["tip"]:
        return LineKind.TIP
    shipped = line["requires_shipping"].flag() if line["requires_shipping"] else True
    return LineKind.GOODS if shipped else LineKind.SERVICE


def _shipping(line: Node) -> OrderLine:
    price, discount = money(line, "price"), _discount(line)
    return OrderLine(
        kind=LineKind.SHIPPING,
        description=line["title"].text() or line["code"].text(),
        quantity=Decimal(1),
        unit_price=price,
        discount=discount,
        amount=price - discount,
        taxes=_taxes(line),
        external_id=line["id"].text(),
    )


def _extra(description: str, kind: LineKind, amount: Decimal) -> list[OrderLine]:
    """Return what the total holds and no line says; it has no tax lines, so a person will look at it."""
    if not amount:
        return []
    return [OrderLine(kind=kind, description=description, quantity=Decimal(1), unit_price=amount, amount=amount)]


def _discount(line: Node) -> Decimal:
    """Sum the allocations; `total_discount` counts only where there are none (the two repeat each other)."""
    allocations = [money(allocation, "amount") for allocation in line["discount_allocations"]]
    return sum(allocations, NOTHING) if allocations else line["total_discount"].amount(NOTHING)


def _taxes(line: Node) -> tuple[DeclaredTax, ...]:
    return tuple(
        DeclaredTax(rate=plain(tax["rate"].amount() * 100), amount=money(tax, "price"), title=tax["title"].text())
        for tax in line["tax_lines"]
    )


def _back(refund: Node, order: Node | None) -> Decimal:
    """Return what went back, in the shop's money; payments in the buyer's are taken at the order's rate."""
    payments = [
        payment
        for payment in refund["transactions"]
        if payment["kind"].text() == "refund" and payment["status"].text() in MONEY_BACK
    ]
    return sum((_in_shop_money(payment, refund, order) for payment in payments), NOTHING)


def _in_shop_money(payment: Node, refund: Node, order: Node | None) -> Decimal:
    if payment["amount_set"]:
        return money(payment, "amount")
    paid_in = payment["currency"].text()
    sets = [item["subtotal_set"] for item in refund["refund_line_items"]]
    sets += [order["total_price_set"]] if order else []
    for both in sets:
        if both["shop_money"]["currency_code"].text() in ("", paid_in):
            continue
        if (
            both["presentment_money"]["currency_code"].text() == paid_in
            and both["presentment_money"]["amount"].amount()
        ):
            shop, buyer = both["shop_money"]["amount"].amount(), both["presentment_money"]["amount"].amount()
            return ratio(payment["amount"].amount() * shop, buyer, 2)
        raise Unreadable("a refund in another currency without its amount in the shop's own", payment.pointer)
    return payment["amount"].amount()


def _back_line(item: Node, sold: Mapping[str, OrderLine], *, free: bool) -> tuple[OrderLine, Decimal]:
    """Return the line with what went back of it, and the tax of that."""
    key, quantity = item["line_item_id"].text() or item["line_item"]["id"].text(), item["quantity"].amount()
    before = sold.get(key) or _as_told(item["line_item"], _kind(item["line_item"]))
    amount = NOTHING if free else money(item, "subtotal")
    tax = NOTHING if free else _sum(item, "total_tax")
    line = OrderLine(
        kind=before.kind,
        description=before.description,
        quantity=-quantity,
        unit_price=ratio(amount, quantity),
        amount=-amount,
        taxes=_back_taxes(before.taxes, tax),
        sku=before.sku,
        external_id=key,
    )
    return line, tax


def _back_shipping(item: Node, sold: Mapping[str, OrderLine]) -> tuple[OrderLine, Decimal]:
    line = item["shipping_line"]
    before = sold.get(line["id"].text()) or _as_told(line, LineKind.SHIPPING)
    amount = item["subtotal_amount_set"]["shop_money"]["amount"].amount()
    tax = item["tax_amount_set"]["shop_money"]["amount"].amount(NOTHING)
    return _shipping_back(before, amount, tax), tax


def _back_adjustment(adjustment: Node, sold: Mapping[str, OrderLine], *, gross: bool) -> OrderLine:
    """Read how older versions give shipping back: negative, and the tax beside it."""
    amount, tax = -money(adjustment, "amount"), -_sum(adjustment, "tax_amount")
    before = next((line for line in sold.values() if line.kind == LineKind.SHIPPING), None)
    before = before or _as_told(Node(None), LineKind.SHIPPING)
    return _shipping_back(before, amount + tax if gross else amount, tax)


def _as_told(line: Node, kind: LineKind) -> OrderLine:
    """Return what a refund on its own says of the line that it is of: its name and rates."""
    return OrderLine(
        kind=kind,
        description=line["name"].text() or line["title"].text(),
        quantity=Decimal(1),
        unit_price=NOTHING,
        amount=NOTHING,
        taxes=_taxes(line),
        sku=line["sku"].text(),
        external_id=line["id"].text(),
    )


def _shipping_back(before: OrderLine, amount: Decimal, tax: Decimal) -> OrderLine:
    return OrderLine(
        kind=LineKind.SHIPPING,
        description=before.description,
        quantity=Decimal(-1),
        unit_price=amount,
        amount=-amount,
        taxes=_back_taxes(before.taxes, tax),
        external_id=before.external_id,
    )


def _back_taxes(before: Sequence[DeclaredTax], tax: Decimal) -> tuple[DeclaredTax, ...]:
    """Return the line's taxes with what went back; of several (IVA and surcharge) Shopify does not say how much each.

    A refund alone may not name the rates: then the order must be fetched.
    """
    if not tax:
        return ()
    return tuple(
        DeclaredTax(rate=each.rate, title=each.title, amount=-tax if len(before) == 1 else None) for each in before
    )


def _tells_gross(refund: Node, back: Decimal) -> bool | None:
    """Return whether a refund alone holds tax in its amounts: whichever gives the money; None where both or none do."""
    shipping = [each for each in refund["order_adjustments"] if each["kind"].text() == SHIPPING_REFUND]
    others = [each for each in refund["order_adjustments"] if each["kind"].text() != SHIPPING_REFUND]
    amounts = sum((money(item, "subtotal") for item in refund["refund_line_items"]), NOTHING)
    taxes = sum((_sum(item, "total_tax") for item in refund["refund_line_items"]), NOTHING)
    amounts -= sum((money(each, "amount") + _sum(each, "tax_amount") for each in shipping), NOTHING)
    amounts -= sum((money(each, "amount") for each in others), NOTHING)
    if not taxes or back not in (amounts, amounts + taxes):
        return None
    return back == amounts


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
            found[key] = Gone(gone, amount, sum((_sum(each, "total_tax") for each in told), NOTHING))
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


def _negative(line: OrderLine) -> OrderLine:
    return msgspec.structs.replace(line, quantity=-line.quantity, amount=-line.amount)


def _sum(node: Node, name: str) -> Decimal:
    """Return an amount that may be missing."""
    return money(node, name) if node[name] or node[f"{name}_set"]["shop_money"] else NOTHING


def _extra_money(node: Node, name: str) -> Decimal:
    return node[name]["shop_money"]["amount"].amount(NOTHING)
