"""What a Shopify order holds: its lines as they were ordered, and amounts in the shop's own money."""

from decimal import Decimal

from invoicing.storefronts.payload import Node, plain
from invoicing.values import DeclaredTax, LineKind, OrderLine

NOTHING = Decimal(0)


def lines_of(order: Node) -> list[OrderLine]:
    """Return the lines as they were ordered, with everything else that the total holds."""
    lines = [_line(line) for line in order["line_items"]]
    lines += [_shipping(line) for line in order["shipping_lines"] if not line["is_removed"].flag()]
    # A tip is a line of its own in some versions and only a sum in others; the total holds it in both.
    if not any(line["tip"] for line in order["line_items"]):
        lines += extra("Propina", LineKind.TIP, money_or_none(order, "total_tip_received"))
    lines += extra("Derechos de importación", LineKind.FEE, extra_money(order, "original_total_duties_set"))
    lines += extra("Cargos adicionales", LineKind.FEE, extra_money(order, "original_total_additional_fees_set"))
    return lines


def money(node: Node, name: str) -> Decimal:
    """Return an amount in the shop's money: that of the `…_set` where there is one."""
    shop = node[f"{name}_set"]["shop_money"]
    return shop["amount"].amount() if shop else node[name].amount()


def _line(line: Node) -> OrderLine:
    quantity, price = line["quantity"].amount(), money(line, "price")
    discount = _discount(line)
    return OrderLine(
        kind=kind_of(line),
        description=line["name"].text() or line["title"].text(),
        quantity=quantity,
        unit_price=price,
        discount=discount,
        amount=price * quantity - discount,
        taxes=taxes_of(line),
        sku=line["sku"].text(),
        external_id=line["id"].text(),
    )


def kind_of(line: Node) -> LineKind:
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
        taxes=taxes_of(line),
        external_id=line["id"].text(),
    )


def extra(description: str, kind: LineKind, amount: Decimal) -> list[OrderLine]:
    """Return what the total holds and no line says; it has no tax lines, so a person will look at it."""
    if not amount:
        return []
    return [OrderLine(kind=kind, description=description, quantity=Decimal(1), unit_price=amount, amount=amount)]


def _discount(line: Node) -> Decimal:
    """Sum the allocations; `total_discount` counts only where there are none (the two repeat each other)."""
    allocations = [money(allocation, "amount") for allocation in line["discount_allocations"]]
    return sum(allocations, NOTHING) if allocations else line["total_discount"].amount(NOTHING)


def taxes_of(line: Node) -> tuple[DeclaredTax, ...]:
    return tuple(
        DeclaredTax(rate=plain(tax["rate"].amount() * 100), amount=money(tax, "price"), title=tax["title"].text())
        for tax in line["tax_lines"]
    )


def money_or_none(node: Node, name: str) -> Decimal:
    """Return an amount that may be missing."""
    return money(node, name) if node[name] or node[f"{name}_set"]["shop_money"] else NOTHING


def extra_money(node: Node, name: str) -> Decimal:
    return node[name]["shop_money"]["amount"].amount(NOTHING)
