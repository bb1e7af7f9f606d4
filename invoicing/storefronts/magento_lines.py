"""What a Magento order holds, and what its credit memos gave back.

`row_total` is net and before discounts; row_total + tax + discount_tax_compensation - discount is what the buyer paid.
Where the catalogue's prices are net, lines stay net. Amounts are those of the base currency, never what the buyer saw.
"""

from collections.abc import Mapping
from decimal import Decimal

from invoicing.storefronts.parts import ratio
from invoicing.storefronts.payload import Node, plain, tidy
from invoicing.values import DeclaredTax, LineKind, OrderLine, Refund

SHIPPING = "shipping"
"""Our name for the shipping, which has no id in Magento."""
WRAPPINGS = (("gw_base", "quote_gw"), ("gw_items_base", "item_gw"), ("gw_card_base", "printed_card_gw"))
"""Prefix of the gift wrapping's amounts, and the type of its applied taxes."""
NOTHING = Decimal(0)


def net_prices(order: Node) -> bool:
    """Tell whether the catalogue's prices hold no tax: it shows in how they relate, and discounts hide no tax then."""
    taxed = [item for item in order["items"] if money(item, "tax_amount", NOTHING)]
    return bool(taxed) and all(
        item["original_price"].amount(NOTHING) == item["price"].amount(NOTHING) != NOTHING
        and item["price"].amount(NOTHING) != item["price_incl_tax"].amount(NOTHING)
        and not item["discount_tax_compensation_amount"].amount(NOTHING)
        for item in taxed
    )


def lines_of(order: Node, *, gross: bool) -> list[OrderLine]:
    """Return what was sold. A product of parts counts once: by its parts where they bear the money, else as a whole."""
    applied = _applied(order["extension_attributes"]["item_applied_taxes"])
    bearing = {item["parent_item_id"].text() for item in order["items"] if money(item, "row_total", NOTHING)}
    lines = []
    for item in order["items"]:
        key, parent = item["item_id"].key(), item["parent_item_id"].text()
        if key in bearing or (parent and parent not in bearing):
            continue
        lines.append(_item(item, applied.get(key) or applied.get(parent, []), gross=gross))
    lines += _shipping(order, applied.get(SHIPPING, []), gross=gross)
    extra = order["extension_attributes"]
    for prefix, kind in WRAPPINGS:
        price, tax = (extra[f"{prefix}_{rest}"].amount(NOTHING) for rest in ("price", "tax_amount"))
        lines += _wrapping(kind, price, tax, applied.get(kind, []), gross=gross)
    return lines


def _item(item: Node, rates: list[DeclaredTax], *, gross: bool) -> OrderLine:
    quantity, amount, tax = (
        item["qty_ordered"].amount(),
        _paid_for(item, gross=gross),
        money(item, "tax_amount", NOTHING),
    )
    before = amount + money(item, "discount_amount", NOTHING)
    if not rates and tax:
        rates = [DeclaredTax(rate=plain(item["tax_percent"].amount()), amount=tax)]
    return OrderLine(
        kind=_kind(item),
        description=item["name"].text(),
        quantity=quantity,
        unit_price=ratio(before, quantity),
        discount=before - amount,
        amount=amount,
        taxes=tuple(rates) if tax else (),
        sku=item["sku"].text(),
        external_id=item["item_id"].key(),
    )


def _kind(item: Node) -> LineKind:
    match item["product_type"].text():
        case "giftcard":
            return LineKind.GIFT_CARD
        case "virtual" | "downloadable":
            return LineKind.SERVICE
        case _:
            return LineKind.SERVICE if item["is_virtual"].switch() else LineKind.GOODS


def _paid_for(row: Node, *, gross: bool) -> Decimal:
    """Return what the buyer paid for a row of an order or a credit memo, without its tax where prices are net."""
    before = money(row, "row_total", NOTHING) - money(row, "discount_amount", NOTHING)
    if not gross:
        return before
    return before + money(row, "tax_amount", NOTHING) + money(row, "discount_tax_compensation_amount", NOTHING)


def _shipping(order: Node, rates: list[DeclaredTax], *, gross: bool) -> list[OrderLine]:
    price, tax = money(order, "shipping_amount", NOTHING), money(order, "shipping_tax_amount", NOTHING)
    discount = money(order, "shipping_discount_amount", NOTHING)
    hidden = money(order, "shipping_discount_tax_compensation_amount", NOTHING)
    hidden = order["base_shipping_discount_tax_compensation_amnt"].amount(hidden)
    before = price + tax + hidden if gross else price
    if not price:
        return []
    if not rates and tax:  # older versions do not say the rate; the tax on net and discounted shipping tells it
        rates = [DeclaredTax(rate=plain(ratio(tax * 100, price - discount + hidden, 0)), amount=tax)]
    return [
        OrderLine(
            kind=LineKind.SHIPPING,
            description=order["shipping_description"].text() or "Transporte",
            quantity=Decimal(1),
            unit_price=before,
            discount=discount,
            amount=before - discount,
            taxes=tuple(rates) if tax else (),
            external_id=SHIPPING,
        )
    ]


def _wrapping(key: str, price: Decimal, tax: Decimal, rates: list[DeclaredTax], *, gross: bool) -> list[OrderLine]:
    if not price:
        return []
    amount = price + tax if gross else price
    return [
        OrderLine(
            kind=LineKind.FEE,
            description="Envoltorio para regalo",
            quantity=Decimal(1),
            unit_price=amount,
            amount=amount,
            taxes=tuple(rates) if tax else (),
            external_id=key,
        )
    ]


def _applied(rows: Node) -> dict[str, list[DeclaredTax]]:
    """Return the taxes by item; by type where they belong to no item (shipping, wrapping)."""
    found: dict[str, list[DeclaredTax]] = {}
    for row in rows:
        taxes = [
            DeclaredTax(rate=plain(tax["percent"].amount()), amount=money(tax, "amount"), title=tax["title"].text())
            for tax in row["applied_taxes"]
        ]
        found.setdefault(row["item_id"].text() or row["type"].text(), []).extend(taxes)
    return found


def memo_of(memo: Node, sold: Mapping[str, OrderLine], *, gross: bool) -> Refund:
    """Read a credit memo. Its adjustments have no tax of their own: they are money alone."""
    lines = []
    for item in memo["items"]:
        line, amount = sold.get(item["order_item_id"].text()), _paid_for(item, gross=gross)
        if line and amount:
            lines.append(_back(line, item["qty"].amount(NOTHING), amount, money(item, "tax_amount", NOTHING)))
    shipping, tax = money(memo, "shipping_amount", NOTHING), money(memo, "shipping_tax_amount", NOTHING)
    if shipping and SHIPPING in sold:
        lines.append(_back(sold[SHIPPING], Decimal(1), shipping + tax if gross else shipping, tax))
    return Refund(
        external_id=memo["entity_id"].key(),
        total=-money(memo, "grand_total"),
        created_at=memo["created_at"].moment(utc=True),
        reason=next((note for each in memo["comments"] if (note := each["comment"].text())), ""),
        lines=tuple(lines),
    )


def _back(line: OrderLine, quantity: Decimal, amount: Decimal, tax: Decimal) -> OrderLine:
    """Return the line with what went back of it."""
    taxes = tuple(DeclaredTax(rate=each.rate, title=each.title) for each in line.taxes)
    if len(taxes) == 1:
        taxes = (DeclaredTax(rate=taxes[0].rate, title=taxes[0].title, amount=-tax),)
    return OrderLine(
        kind=line.kind,
        description=line.description,
        quantity=-quantity,
        unit_price=ratio(amount, quantity),
        amount=-amount,
        taxes=taxes,
        sku=line.sku,
        external_id=line.external_id,
    )


def money(node: Node, name: str, default: Decimal | None = None) -> Decimal:
    """Return an amount in the shop's base currency; only an order in that currency may lack it."""
    found = node[f"base_{name}"].amount() if node[f"base_{name}"] else node[name].amount(default)
    return tidy(found)
