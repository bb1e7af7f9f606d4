"""What a PrestaShop order holds, and what its slips gave back. Every line is stated gross."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from decimal import ROUND_HALF_UP, Decimal

from invoicing.storefronts.contract import Unreadable
from invoicing.storefronts.parts import portions, ratio
from invoicing.storefronts.payload import CENT, Node, plain
from invoicing.values import DeclaredTax, LineKind, OrderLine, Refund

SHIPPING = "shipping"
"""Our name for the shipping, which has no id in PrestaShop."""
HUNDRED = Decimal(100)
NOTHING = Decimal(0)


def line_of(detail: Node, rates: dict[str, Decimal], references: Mapping[str, str], *, virtual: bool) -> OrderLine:
    gross, net = detail["total_price_tax_incl"].amount(), detail["total_price_tax_excl"].amount()
    digital = virtual or detail["download_hash"].text() not in ("", "0")
    return OrderLine(
        kind=LineKind.SERVICE if digital else LineKind.GOODS,
        description=detail["product_name"].text(),
        quantity=detail["product_quantity"].amount(),
        unit_price=detail["unit_price_tax_incl"].amount(),
        amount=gross,
        taxes=_declared(_applied(detail, rates), gross - net),
        sku=detail["product_reference"].text() or references.get(detail["id"].text(), ""),
        external_id=detail["id"].key(),
    )


def _applied(detail: Node, rates: dict[str, Decimal]) -> list[Decimal]:
    """Return the rates of a detail: several are IVA and its surcharge."""
    found = []
    for tax in detail["associations"]["taxes"]:
        key = tax["id"].text()
        if key in ("", "0"):
            continue
        if key not in rates:
            raise Unreadable("the bundle has no tax with this id", tax["id"].pointer)
        found.append(rates[key])
    return found


def _declared(rates: Sequence[Decimal], tax: Decimal) -> tuple[DeclaredTax, ...]:
    """Return the taxes of a line; of several PrestaShop does not say how much each is."""
    if not tax:
        return ()
    return tuple(DeclaredTax(rate=rate, amount=tax if len(rates) == 1 else None) for rate in rates)


def shipping_of(order: Node, free: Decimal, lines: list[OrderLine]) -> list[OrderLine]:
    gross, net = order["total_shipping_tax_incl"].amount(NOTHING), order["total_shipping_tax_excl"].amount(NOTHING)
    if not gross:
        return []
    rate = plain(order["carrier_tax_rate"].amount(NOTHING))
    # The carrier's rate is a sum where a surcharge is charged: 26.2 is the 21 + 5.2 of the goods.
    pairs = {sum(pair, NOTHING): pair for line in lines if len(pair := [tax.rate for tax in line.taxes]) > 1}
    return [
        OrderLine(
            kind=LineKind.SHIPPING,
            description="Transporte",
            quantity=Decimal(1),
            unit_price=gross,
            discount=free,
            amount=gross - free,
            taxes=_declared(pairs.get(rate, [rate]) if rate else [], ratio((gross - net) * (gross - free), gross)),
            external_id=SHIPPING,
        )
    ]


def wrapping_of(order: Node, rates: dict[str, Decimal]) -> list[OrderLine]:
    """Return the gift wrapping; its rate is the shop's only one that leads from net to gross."""
    gross, net = order["total_wrapping_tax_incl"].amount(NOTHING), order["total_wrapping_tax_excl"].amount(NOTHING)
    if not gross:
        return []
    fitting = (
        {rate for rate in rates.values() if abs(net * (1 + rate / HUNDRED) - gross) < CENT} if gross != net else ()
    )
    return [
        OrderLine(
            kind=LineKind.FEE,
            description="Envoltorio para regalo",
            quantity=Decimal(1),
            unit_price=gross,
            amount=gross,
            taxes=_declared(sorted(fitting), gross - net) if len(fitting) == 1 else (),
            external_id="wrapping",
        )
    ]


def slip_of(slip: Node, taxed: Mapping[str, OrderLine], order: Node | None, zone: tzinfo) -> Refund:
    """Read a slip. `amount` tells what was given back: by choice with or without tax, before or after the voucher."""
    products, shipping = slip["total_products_tax_incl"].amount(), slip["total_shipping_tax_incl"].amount(NOTHING)
    amount = slip["amount"].amount(products)
    back = products if amount == slip["total_products_tax_excl"].amount() else amount
    details = list(slip["associations"]["order_slip_details"])
    each = [detail["amount_tax_incl"].amount() for detail in details]
    if details and 0 < back < sum(each, NOTHING):
        each = portions(back.quantize(CENT, ROUND_HALF_UP), each)
    lines = [_slip_line(detail, given, taxed) for detail, given in zip(details, each, strict=True)]
    if shipping:
        lines.append(_slip_shipping(shipping, taxed))
    return Refund(
        external_id=slip["id"].key(),
        total=-(back + shipping),
        created_at=slip["date_add"].local(zone),
        lines=tuple(lines),
        detailed=order is not None,
    )


def _slip_line(detail: Node, given: Decimal, taxed: Mapping[str, OrderLine]) -> OrderLine:
    key, quantity = detail["id_order_detail"].key(), detail["product_quantity"].amount(NOTHING)
    sold = taxed.get(key)
    tax = detail["amount_tax_incl"].amount() - detail["amount_tax_excl"].amount()
    tax = ratio(tax * given, detail["amount_tax_incl"].amount())
    return OrderLine(
        kind=sold.kind if sold else LineKind.GOODS,
        description=sold.description if sold else "",
        quantity=-quantity,
        unit_price=ratio(given, quantity),
        amount=-given,
        taxes=_declared([each.rate for each in sold.taxes] if sold else [], -tax),
        sku=sold.sku if sold else "",
        external_id=key,
    )


def _slip_shipping(shipping: Decimal, taxed: Mapping[str, OrderLine]) -> OrderLine:
    sold = taxed.get(SHIPPING)
    return OrderLine(
        kind=LineKind.SHIPPING,
        description=sold.description if sold else "Transporte",
        quantity=Decimal(-1),
        unit_price=shipping,
        amount=-shipping,
        taxes=tuple(DeclaredTax(rate=tax.rate) for tax in sold.taxes) if sold else (),
        external_id=SHIPPING,
    )
