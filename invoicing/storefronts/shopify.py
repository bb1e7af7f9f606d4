"""Shopify: orders and refunds as its webhooks send them (Admin REST shapes; the digest is storefronts/webhooks.md).

`taxes_included` says whether prices hold the tax. Amounts are taken in the shop's own money, never in what the buyer
saw. The unprefixed figures are the order as it was placed; `current_…` ones change with edits and refunds.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from invoicing import nif
from invoicing.storefronts.contract import Identity, ReaderSettings
from invoicing.storefronts.payload import Node, header, load, named, plain
from invoicing.storefronts.signatures import signed
from invoicing.values import Address, DeclaredTax, LineKind, OrderContent, OrderLine, Party, Reading, Refund

NAME = "shopify"
ORDER_TOPICS = ("orders/create", "orders/updated", "orders/paid", "orders/cancelled", "orders/edited")
REFUND_TOPIC = "refunds/create"
PAID = ("paid", "partially_refunded", "refunded")
MONEY_BACK = ("success", "pending")
AT_CHECKOUT = timedelta(hours=1)
"""How long after an order was placed a payment still counts as made then (Shopify does not send the payment's date)."""
NOTHING = Decimal(0)


def authentic(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
    """Tell whether one of `secrets` signed these raw bytes, in constant time."""
    return signed(body, header(headers, "X-Shopify-Hmac-Sha256"), secrets)


def identity(body: bytes, headers: Mapping[str, str]) -> Identity:
    """Return the delivery's identity: Webhook-Id, which stays the same when Shopify tries again."""
    moment = Node(header(headers, "X-Shopify-Triggered-At") or None, "X-Shopify-Triggered-At")
    digest = hashlib.sha256(body).hexdigest()
    topic = header(headers, "X-Shopify-Topic")
    return Identity(
        delivery_key=header(headers, "X-Shopify-Webhook-Id") or f"{topic}:{digest}",
        event_key=header(headers, "X-Shopify-Event-Id"),
        topic=topic,
        triggered_at=moment.moment_or_none(),
    )


def ping(body: bytes, headers: Mapping[str, str]) -> bool:
    """Tell that Shopify has no unsigned trial request."""
    return False


def read(body: bytes, topic: str, keys: ReaderSettings) -> Reading | None:
    """Return the order version or the refund in the body; None for other topics.

    orders/edited usually carries the edit alone; the whole order follows in orders/updated, so that is None too.

    :raises Unreadable: when the body is not what Shopify documents.
    """
    if topic == REFUND_TOPIC:
        refund = load(body)
        return Reading(
            external_id=refund["order_id"].key(),
            updated_at=refund["processed_at"].moment() or refund["created_at"].known_moment(),
            refund=_refund(refund),
        )
    if topic not in ORDER_TOPICS:
        return None
    order = load(body)
    if order["order_edit"]:
        return None
    return Reading(
        external_id=order["id"].key(),
        updated_at=order["updated_at"].known_moment(),
        content=_content(order, topic, keys),
    )


def _content(order: Node, topic: str, keys: ReaderSettings) -> OrderContent:
    total = order["total_price_set"]["shop_money"]
    status = order["financial_status"].text()
    notes = [(note["name"].scalar(), note["value"].scalar()) for note in order["note_attributes"]]
    return OrderContent(
        platform=NAME,
        external_id=order["id"].key(),
        number=order["name"].text() or order["id"].key(),
        currency=(total["currency_code"] if total else order["currency"]).text().upper(),
        prices_include_tax=order["taxes_included"].flag(),
        total=_money(order, "total_price"),
        total_tax=_money(order, "total_tax"),
        current_total=order["current_total_price"].amount() if order["current_total_price"] else None,
        paid=status in PAID,
        paid_at=_paid_at(order, topic) if status in PAID else None,
        partially_paid=status == "partially_paid",
        cancelled=bool(order["cancelled_at"]),
        test=order["test"].flag(),
        placed_at=_placed_at(order),
        buyer=_buyer(order, notes, keys),
        ship_to=_address(order["shipping_address"]),
        lines=tuple(_lines(order)),
        refunds=tuple(_refund(refund) for refund in order["refunds"]),
        sales_channel=order["source_name"].text(),
        invoiced_elsewhere=named(notes, keys.invoice_number_keys),
    )


def _placed_at(order: Node) -> datetime:
    """An order imported from another shop is created now and was processed then: the earlier one counts."""
    return order["processed_at"].moment() or order["created_at"].known_moment()


def _paid_at(order: Node, topic: str) -> datetime | None:
    """Return when it was paid as far as the body tells: at checkout, or when Shopify announces the payment."""
    placed, updated = _placed_at(order), order["updated_at"].known_moment()
    if updated - placed <= AT_CHECKOUT:
        return placed
    return updated if topic == "orders/paid" else None


def _buyer(order: Node, notes: list[tuple[str, str]], keys: ReaderSettings) -> Party:
    billing, customer = order["billing_address"], order["customer"]
    company = billing["company"].text()
    given = named(notes, keys.nif_keys)
    if not given and nif.judge(nif.normalise(company)) == nif.Verdict.VALID:
        given, company = company, ""  # shops without a field for it tell buyers to write the NIF there
    return Party(
        name=_person(billing) or _person(customer) or _person(order["shipping_address"]),
        company=named(notes, keys.name_keys) or company,
        tax_id=nif.normalise(given),
        tax_id_as_given=given,
        email=order["email"].text() or order["contact_email"].text(),
        address=_address(billing),
    )


def _person(node: Node) -> str:
    return node["name"].text() or f"{node['first_name'].text()} {node['last_name'].text()}".strip()


def _address(address: Node) -> Address:
    return Address(
        lines=tuple(line for line in (address["address1"].text(), address["address2"].text()) if line),
        postal_code=address["zip"].text(),
        city=address["city"].text(),
        province=address["province"].text(),
        province_code=address["province_code"].text().upper(),
        country=address["country_code"].text().upper(),
    )


def _lines(order: Node) -> list[OrderLine]:
    lines = [_line(line) for line in order["line_items"]]
    lines += [_shipping(line) for line in order["shipping_lines"] if not line["is_removed"].flag()]
    # A tip is a line of its own in some versions and only a sum in others; the total holds it in both.
    if not any(line["tip"] for line in order["line_items"]):
        lines += _extra("Propina", order["total_tip_received"].amount(NOTHING))
    lines += _extra("Derechos de importación", _extra_money(order, "original_total_duties_set"))
    lines += _extra("Cargos adicionales", _extra_money(order, "original_total_additional_fees_set"))
    return lines


def _line(line: Node) -> OrderLine:
    quantity, price = line["quantity"].amount(), _money(line, "price")
    discount = _discount(line)
    shipped = line["requires_shipping"].flag() if line["requires_shipping"] else True
    kind = LineKind.GOODS if shipped else LineKind.SERVICE
    return OrderLine(
        kind=LineKind.GIFT_CARD if line["gift_card"].flag() else kind,
        description=line["name"].text() or line["title"].text(),
        quantity=quantity,
        unit_price=price,
        discount=discount,
        amount=price * quantity - discount,
        taxes=_taxes(line),
        sku=line["sku"].text(),
        external_id=line["id"].text(),
    )


def _shipping(line: Node) -> OrderLine:
    price, discount = _money(line, "price"), _discount(line)
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


def _extra(description: str, amount: Decimal) -> list[OrderLine]:
    """Return what the total holds and no line says; it has no tax lines, so a person will look at it."""
    if not amount:
        return []
    return [
        OrderLine(kind=LineKind.FEE, description=description, quantity=Decimal(1), unit_price=amount, amount=amount)
    ]


def _discount(line: Node) -> Decimal:
    """Sum the allocations; `total_discount` counts only where there are none (the two repeat each other)."""
    allocations = [_money(allocation, "amount") for allocation in line["discount_allocations"]]
    return sum(allocations, NOTHING) if allocations else line["total_discount"].amount(NOTHING)


def _taxes(line: Node) -> tuple[DeclaredTax, ...]:
    return tuple(
        DeclaredTax(rate=plain(tax["rate"].amount() * 100), amount=_money(tax, "price"), title=tax["title"].text())
        for tax in line["tax_lines"]
    )


def _refund(refund: Node) -> Refund:
    """Read a refund on its own or inside an order: the same id in both, by which twins are known."""
    back = [
        _money(payment, "amount")
        for payment in refund["transactions"]
        if payment["kind"].text() == "refund" and payment["status"].text() in MONEY_BACK
    ]
    return Refund(
        external_id=refund["id"].key(),
        total=-sum(back, NOTHING),
        created_at=refund["created_at"].moment(),
        reason=refund["note"].text(),
    )


def _money(node: Node, name: str) -> Decimal:
    """Return an amount in the shop's money: that of the `…_set` where there is one."""
    shop = node[f"{name}_set"]["shop_money"]
    return shop["amount"].amount() if shop else node[name].amount()


def _extra_money(order: Node, name: str) -> Decimal:
    return order[name]["shop_money"]["amount"].amount(NOTHING)
