"""What went back of a Shopify order, as a refund tells it on its own or inside its order."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from invoicing.storefronts.contract import Unreadable
from invoicing.storefronts.parts import ratio
from invoicing.storefronts.payload import CENT, Node
from invoicing.storefronts.shopify_lines import NOTHING, extra, extra_money, kind_of, money, money_or_none, taxes_of
from invoicing.values import DeclaredTax, LineKind, OrderLine, Refund

MONEY_BACK = ("success", "pending")
SHIPPING_REFUND = "shipping_refund"


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
    shipping = [line for line in sold.values() if line.kind == LineKind.SHIPPING]
    # Of several shipments with rates of their own nobody says which: that is money without a line.
    if back and len({tuple(tax.rate for tax in line.taxes) for line in shipping}) <= 1:
        lines += [_back_adjustment(each, sold, gross=gross) for each in adjustments]
    for name, title in (("total_duties_set", "Derechos de importación"),
                        ("total_additional_fees_set", "Cargos adicionales")):  # fmt: skip
        lines += [_negative(line) for line in extra(title, LineKind.FEE, extra_money(refund, name)) if back]
    # Inside its order there is no more to ask; alone it may leave open which line it is of, and at which rates.
    told = all(line.external_id or line.kind == LineKind.FEE for line in lines)
    told = told and all(line.taxes or not tax for line, tax in items)
    return Refund(
        external_id=refund["id"].key(),
        total=-back,
        created_at=refund["created_at"].moment(),
        reason=refund["note"].text(),
        lines=tuple(lines),
        detailed=told or order is not None,
    )


def _back(refund: Node, order: Node | None) -> Decimal:
    """Return what went back, in the shop's money.

    Payments in the buyer's are taken at the order's rate, to the cent as what they were for is stated in the shop's.
    """
    payments = [
        payment
        for payment in refund["transactions"]
        if payment["kind"].text() == "refund" and payment["status"].text() in MONEY_BACK
    ]
    sets = _sets(refund, order)
    back = sum((_in_shop_money(payment, sets) for payment in payments), NOTHING)
    if not any(_in_another(payment, sets) for payment in payments):
        return back
    return next((each for each in _stated(refund) if abs(each - back) <= CENT * (1 + len(sets))), back)


def _sets(refund: Node, order: Node | None) -> list[Node]:
    """Return the amounts that are stated in both moneys."""
    sets = [item["subtotal_set"] for item in refund["refund_line_items"]]
    sets += [item["subtotal_amount_set"] for item in refund["refund_shipping_lines"]]
    sets += [each["amount_set"] for each in refund["order_adjustments"]]
    return [both for both in (*sets, *([order["total_price_set"]] if order else [])) if both]


def _in_another(payment: Node, sets: Sequence[Node]) -> bool:
    """Tell whether a payment was in the buyer's money and says nothing of the shop's."""
    known = {both["shop_money"]["currency_code"].text() for both in sets} - {""}
    return not payment["amount_set"] and bool(known) and payment["currency"].text() not in known


def _in_shop_money(payment: Node, sets: Sequence[Node]) -> Decimal:
    """Return a payment in the shop's money, where need be at the rate of the largest amount stated in both."""
    if not _in_another(payment, sets):
        return money(payment, "amount")
    rates = [
        (abs(both["presentment_money"]["amount"].amount()), abs(both["shop_money"]["amount"].amount()))
        for both in sets
        if both["presentment_money"]["currency_code"].text() == payment["currency"].text()
    ]
    buyer, shop = max(rates, default=(NOTHING, NOTHING))
    if not buyer:
        raise Unreadable("a refund in another currency without its amount in the shop's own", payment.pointer)
    return ratio(payment["amount"].amount() * shop, buyer, 2)


def _stated(refund: Node) -> tuple[Decimal, Decimal]:
    """Return what a refund's lines and adjustments come to where amounts hold the tax, and where it is on top."""
    items, adjustments = list(refund["refund_line_items"]), list(refund["order_adjustments"])
    shipping = [each for each in adjustments if each["kind"].text() == SHIPPING_REFUND]
    amounts = sum((money(item, "subtotal") for item in items), NOTHING)
    amounts -= sum((money(each, "amount") + money_or_none(each, "tax_amount") for each in shipping), NOTHING)
    amounts -= sum((money(each, "amount") for each in adjustments if each not in shipping), NOTHING)
    taxes = sum((money_or_none(item, "total_tax") for item in items), NOTHING)
    for item in () if shipping else refund["refund_shipping_lines"]:
        amounts += item["subtotal_amount_set"]["shop_money"]["amount"].amount()
        taxes += item["tax_amount_set"]["shop_money"]["amount"].amount(NOTHING)
    return amounts, amounts + taxes


def _back_line(item: Node, sold: Mapping[str, OrderLine], *, free: bool) -> tuple[OrderLine, Decimal]:
    """Return the line with what went back of it, and the tax of that."""
    key, quantity = item["line_item_id"].text() or item["line_item"]["id"].text(), item["quantity"].amount()
    before = sold.get(key) or _as_told(item["line_item"], kind_of(item["line_item"]))
    amount = NOTHING if free else money(item, "subtotal")
    tax = NOTHING if free else money_or_none(item, "total_tax")
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
    amount, tax = -money(adjustment, "amount"), -money_or_none(adjustment, "tax_amount")
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
        taxes=taxes_of(line),
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


def _tells_gross(refund: Node, back: Decimal) -> bool:
    """Tell whether a refund alone holds tax in its amounts: then they sum to the money without any tax on top."""
    return back == _stated(refund)[0]


def _negative(line: OrderLine) -> OrderLine:
    return msgspec.structs.replace(line, quantity=-line.quantity, amount=-line.amount)
