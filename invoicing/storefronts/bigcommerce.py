"""BigCommerce: webhooks that name an order and no more, and the bundle that the client composes.

    {"pulled": "bigcommerce", "order": {/v2/orders/<id>}, "products": [/v2/orders/<id>/products],
     "shipping_addresses": […/shipping_addresses], "taxes": […/taxes], "coupons": […/coupons],
     "refunds": [/v3/orders/<id>/payment_actions/refunds]}

A delivery is authentic by the Standard Webhooks signature under the app's client secret, or by the header
`X-Encadena-Secret` that was set when the webhook was made; guides disagree on whether every store signs.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime

from common import clock
from invoicing import nif
from invoicing.storefronts.contract import PULLED, Identity, ReaderSettings, Unreadable
from invoicing.storefronts.parts import bundle, portions, ratio, undiscounted
from invoicing.storefronts.payload import Node, header, instant, load, named, plain
from invoicing.storefronts.signatures import shown, standard
from invoicing.values import Address, DeclaredTax, Hint, LineKind, OrderContent, OrderLine, Party, Reading, Refund

NAME = "bigcommerce"
SCOPE = "store/order/"
PAID = frozenset(("2", "3", "4", "8", "9", "10", "11", "14"))
"""status_id of what is shipped (2, 3, 8, 9, 10, 11) or refunded (4, 14): paid, unless payment_status says otherwise."""
CANCELLED = "5"
NOT_PAID = ("authorized", "void", "pending", "declined", "held for review", "partially captured")
TEST_GATEWAY = "test payment gateway"
AT_CHECKOUT = timedelta(hours=1)
SHIPPING, HANDLING, WRAPPING = "shipping", "handling", "wrapping"
"""Our names for what has no id in BigCommerce; in `taxes` they are line_item_type."""
PARTS = {"SHIPPING": SHIPPING, "HANDLING": HANDLING, "GIFT_WRAPPING": WRAPPING}
NOTHING = Decimal(0)


def authentic(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], *, now: datetime | None = None) -> bool:
    """Tell whether one of `secrets` came along in our own header, or signed these raw bytes within five minutes."""
    return shown(header(headers, "X-Encadena-Secret"), secrets) or standard(
        body,
        message=header(headers, "webhook-id"),
        moment=header(headers, "webhook-timestamp"),
        signature=header(headers, "webhook-signature"),
        secrets=secrets,
        now=now or clock.now(),
    )


def identity(body: bytes, headers: Mapping[str, str]) -> Identity:
    """Return the delivery's identity: the `hash` in its body, which is the same whenever BigCommerce tries again."""
    try:
        event = load(body)
        return Identity(
            delivery_key=event["hash"].key(), topic=event["scope"].text(), triggered_at=event["created_at"].epoch()
        )
    except Unreadable:  # read says what is wrong with it, from the stored bytes
        return Identity(delivery_key=f"body:{hashlib.sha256(body).hexdigest()}", topic=SCOPE)


def ping(body: bytes, headers: Mapping[str, str]) -> bool:
    """Tell that BigCommerce has no unsigned trial request."""
    return False


def read(body: bytes, topic: str, keys: ReaderSettings) -> Reading | None:
    """Return the order in a bundle, or which one to fetch; None for other scopes.

    :raises Unreadable: when the body is not what BigCommerce documents.
    """
    if topic == PULLED:
        found = bundle(body, NAME)
        content = _content(found, keys)
        return Reading(external_id=content.external_id, updated_at=_version(found), content=content)
    if not topic.startswith(SCOPE):
        return None
    event = load(body)
    data, changed = event["data"], event["created_at"].epoch()
    key = (data["order_id"] or data["id"]).key()  # a transaction or a shipment has an id of its own
    if changed is None:
        raise Unreadable("a date is missing", "/created_at")
    return Reading(external_id=key, updated_at=changed, fetch=Hint(kind="order", external_id=key))


def _version(found: Node) -> datetime:
    refunds = (refund["created"].moment() for refund in found["refunds"])
    return max([_moment(found["order"]["date_modified"]), *(moment for moment in refunds if moment)])


def _content(found: Node, keys: ReaderSettings) -> OrderContent:
    order = found["order"]
    gross = order["is_tax_inclusive_pricing"].flag() if order["is_tax_inclusive_pricing"] else True
    status, payment = order["status_id"].text(), order["payment_status"].text().casefold()
    taxes = _taxes(found["taxes"])
    lines = [_line(line, taxes, gross=gross) for line in _sold(found["products"])]
    if discount := _order_discount(order, found["products"]):
        lines = [undiscounted(line) for line in lines]
    for name, label, kind in (
        (SHIPPING, "Transporte", LineKind.SHIPPING),
        (HANDLING, "Manipulación", LineKind.FEE),
        (WRAPPING, "Envoltorio para regalo", LineKind.FEE),
    ):
        lines += _part(order, name, label, kind, taxes, gross=gross)
    paid = status in PAID and payment not in NOT_PAID
    paid = paid or (status == CANCELLED and payment in ("captured", "paid", "refunded", "partially refunded"))
    shipped = order["date_shipped"]
    return OrderContent(
        platform=NAME,
        external_id=order["id"].key(),
        number=order["id"].key(),
        currency=(order["currency_code"] or order["default_currency_code"]).text().upper(),
        prices_include_tax=gross,
        total=_total(order, lines, discount),
        total_tax=order["total_tax"].amount(),
        paid=paid,
        paid_at=_paid_at(order) if paid else None,
        cancelled=status == CANCELLED,
        deleted=order["is_deleted"].flag(),
        test=order["payment_method"].text().casefold() == TEST_GATEWAY,
        placed_at=_moment(order["date_created"]),
        buyer=_buyer(order, keys),
        ship_to=_destination(found["shipping_addresses"]),
        lines=tuple(lines),
        refunds=tuple(_refund(refund, {line.external_id: line for line in lines}) for refund in found["refunds"]),
        discount=discount,
        shipped_at=_moment(shipped) if shipped.text() else None,
        language=order["customer_locale"].text()[:2].lower(),
        sales_channel=order["order_source"].text(),
    )


def _total(order: Node, lines: Sequence[OrderLine], discount: Decimal) -> Decimal:
    """Return what the order cost: a gift certificate or store credit is a way to pay and lowers no price."""
    stated = order["total_inc_tax"].amount()
    vouchers = order["store_credit_amount"].amount(NOTHING) + order["gift_certificate_amount"].amount(NOTHING)
    tax = NOTHING if order["is_tax_inclusive_pricing"].value is not False else order["total_tax"].amount()
    sold = sum((line.amount for line in lines), NOTHING) - discount + tax
    return stated + vouchers if vouchers and stated + vouchers == sold else stated


def _paid_at(order: Node) -> datetime | None:
    placed = _moment(order["date_created"])
    return placed if _moment(order["date_modified"]) - placed <= AT_CHECKOUT else None


def _sold(products: Node) -> list[Node]:
    """Return the lines that bear the money: the parts of a bundle are in the line they belong to."""
    return [line for line in products if line["parent_order_product_id"].text() in ("", "0") or _cost(line, gross=True)]


def _cost(line: Node, *, gross: bool) -> Decimal:
    return line["total_inc_tax" if gross else "total_ex_tax"].amount(NOTHING)


def _line(line: Node, taxes: Mapping[str, list[DeclaredTax]], *, gross: bool) -> OrderLine:
    """Read a line; its total is before the discounts that are listed with it."""
    quantity, before, tax = line["quantity"].amount(), _cost(line, gross=gross), line["total_tax"].amount(NOTHING)
    discounted = line["discounted_total_inc_tax" if gross else "discounted_total_ex_tax"].amount(before)
    after = discounted if discounted != before else before - _applied(line)
    kind = LineKind.SERVICE if line["type"].text() == "digital" else LineKind.GOODS
    key = line["id"].key()
    return OrderLine(
        kind=LineKind.GIFT_CARD if line["type"].text() == "giftcertificate" else kind,
        description=line["name"].text(),
        quantity=quantity,
        unit_price=ratio(before, quantity),
        discount=before - after,
        amount=after,
        taxes=tuple(taxes.get(key, ())) if tax or taxes.get(key) else (),
        sku=line["sku"].text(),
        external_id=key,
    )


def _applied(line: Node) -> Decimal:
    return sum((each["amount"].amount(NOTHING) for each in line["applied_discounts"]), NOTHING)


def _order_discount(order: Node, products: Node) -> Decimal:
    """Return what was taken off the order as a whole: its discounts less those that stand with lines."""
    whole = order["discount_amount"].amount(NOTHING) + order["coupon_discount"].amount(NOTHING)
    return max(whole - sum((_applied(line) for line in products), NOTHING), NOTHING)


def _part(
    order: Node, name: str, label: str, kind: LineKind, taxes: Mapping[str, list[DeclaredTax]], *, gross: bool
) -> list[OrderLine]:
    amount = order[f"{name}_cost_{'inc' if gross else 'ex'}_tax"].amount(NOTHING)
    if not amount:
        return []
    return [
        OrderLine(
            kind=kind,
            description=label,
            quantity=Decimal(1),
            unit_price=amount,
            amount=amount,
            taxes=tuple(taxes.get(name, ())),
            external_id=name,
        )
    ]


def _taxes(rows: Node) -> dict[str, list[DeclaredTax]]:
    """Return the taxes that were charged, by line; by line_item_type where there is no line."""
    found: dict[str, list[DeclaredTax]] = {}
    for row in rows:
        rate, kind = plain(row["rate"].amount()), row["line_item_type"].text()
        key = row["order_product_id"].text() if kind in ("", "item") else kind
        if rate:
            declared = DeclaredTax(rate=rate, amount=row["line_amount"].amount(), title=row["name"].text())
            found.setdefault(key, []).append(declared)
    return found


def _refund(refund: Node, sold: Mapping[str, OrderLine]) -> Refund:
    """Read a refund; what it gives for the order as a whole, or for the tax alone, is money without a line."""
    payments = [payment for payment in refund["payments"] if not payment["is_declined"].flag()]
    total = sum((payment["amount"].amount() for payment in payments), NOTHING)
    if not payments and not list(refund["payments"]):
        total = refund["total_amount"].amount()
    lines: list[OrderLine] = []
    for item in refund["items"]:
        kind = item["item_type"].text().upper()
        line = sold.get(item["item_id"].text() if kind == "PRODUCT" else PARTS.get(kind, ""))
        if line and line.amount:
            lines.append(_back(line, item))
    return Refund(
        external_id=refund["id"].key(),
        total=-total,
        created_at=refund["created"].moment(),
        reason=refund["reason"].text(),
        lines=tuple(lines) if total else (),
    )


def _back(line: OrderLine, item: Node) -> OrderLine:
    """Return the line with what went back of it: the amount asked for, else its pieces' share."""
    quantity = item["quantity"].amount(Decimal(1)) if item["item_type"].text().upper() == "PRODUCT" else Decimal(1)
    whole = min(quantity, line.quantity), max(line.quantity - quantity, NOTHING)
    share = portions(line.amount, whole)[0] if line.quantity > quantity else line.amount
    amount = item["requested_amount"].amount(share)
    return OrderLine(
        kind=line.kind,
        description=line.description,
        quantity=-quantity,
        unit_price=ratio(amount, quantity),
        amount=-amount,
        taxes=tuple(DeclaredTax(rate=tax.rate, title=tax.title) for tax in line.taxes),
        sku=line.sku,
        external_id=line.external_id,
    )


def _buyer(order: Node, keys: ReaderSettings) -> Party:
    billing = order["billing_address"]
    company = billing["company"].text()
    asked = [
        (each["name"].scalar(), each["value"].scalar()) for node in (billing, order) for each in node["form_fields"]
    ]
    given = named(asked, keys.nif_keys)
    if not given and nif.judge(nif.normalise(company)) == nif.Verdict.VALID:
        given, company = company, ""
    return Party(
        name=f"{billing['first_name'].text()} {billing['last_name'].text()}".strip(),
        company=named(asked, keys.name_keys) or company,
        tax_id=nif.normalise(given),
        tax_id_as_given=given,
        email=billing["email"].text(),
        address=_address(billing),
    )


def _destination(addresses: Node) -> Address:
    """Return where it goes. An order may go to several places; then its tax may differ from line to line.

    :raises Unreadable: when they lie in different provinces or countries.
    """
    found = [_address(each) for each in addresses]
    if len({(each.country, each.postal_code[:2]) for each in found}) > 1:
        raise Unreadable("goods of one order go to several provinces: make its invoices by hand", addresses.pointer)
    return found[0] if found else Address()


def _address(address: Node) -> Address:
    return Address(
        lines=tuple(line for line in (address["street_1"].text(), address["street_2"].text()) if line),
        postal_code=address["zip"].text(),
        city=address["city"].text(),
        province=address["state"].text(),
        country=address["country_iso2"].text().upper(),
    )


def _moment(node: Node) -> datetime:
    """Read a date as mail writes it (Tue, 20 Oct 2026 10:00:00 +0000), which is how the v2 API does."""
    try:
        found = parsedate_to_datetime(node.text())
    except (TypeError, ValueError):
        raise Unreadable("a date (RFC 2822) was expected", node.pointer) from None
    return instant(found if found.tzinfo else found.replace(tzinfo=UTC), node.pointer)
