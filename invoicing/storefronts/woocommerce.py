"""WooCommerce: orders as its webhooks send them (REST v3 shapes; the digest is storefronts/webhooks.md).

Line totals are net even when `prices_include_tax` is true. Then the reader states every line gross, as `total` plus
`total_tax`, which is exactly what the buyer paid for it; where prices are net, lines stay net.

A webhook tells of a refund only how much it was. The bundle that the client composes has them whole:

    {"pulled": "woocommerce", "order": {/orders/<id>}, "refunds": [/orders/<id>/refunds…]}
"""

import hashlib
import html
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from invoicing import nif
from invoicing.storefronts.contract import PULLED, Identity, ReaderSettings, Unreadable
from invoicing.storefronts.parts import bundle, ratio
from invoicing.storefronts.payload import Node, header, load, named, plain
from invoicing.storefronts.signatures import signed
from invoicing.values import Address, DeclaredTax, Hint, LineKind, OrderContent, OrderLine, Party, Reading, Refund

NAME = "woocommerce"
ORDER_TOPICS = ("order.created", "order.updated", "order.restored")
DELETED_TOPIC = "order.deleted"
PAID = ("processing", "completed", "refunded", "cancelled")
"""States that mean paid once there is a payment date; a cancelled order with one was paid before."""
PARTIALLY_PAID = ("partially-paid", "partial-payment")
"""States of the deposit plugins."""
PING = re.compile(rb"webhook_id=[0-9]{1,20}")
TRIMMED = b" \t\n\r\0\x0b"
"""What PHP's trim() takes off before WooCommerce signs."""
TIPS = ("tip", "tips", "propina", "propinas")
"""Names of fees that are tips."""
LANGUAGE_KEYS = ("wpml_language", "_polylang_lang", "trp_language")
"""Where the translation plugins keep the buyer's language."""
NOTHING = Decimal(0)


def authentic(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> bool:
    """Tell whether one of `secrets` signed the trimmed body, in constant time.

    WooCommerce decodes HTML entities in a secret before it signs, so a secret counts as shown and as decoded.
    """
    both = [form for secret in secrets for form in (secret, html.unescape(secret))]
    return signed(body.strip(TRIMMED), header(headers, "X-WC-Webhook-Signature"), both)


def identity(body: bytes, headers: Mapping[str, str]) -> Identity:
    """Return the delivery's identity: Delivery-ID and the body's digest.

    Two deliveries of one webhook in the same second share their Delivery-ID; the digest tells them apart.
    """
    digest = hashlib.sha256(body).hexdigest()
    return Identity(
        delivery_key=f"{header(headers, 'X-WC-Webhook-Delivery-ID')[:120]}:{digest}",
        topic=header(headers, "X-WC-Webhook-Topic"),
    )


def ping(body: bytes, headers: Mapping[str, str]) -> bool:
    """Tell whether this is the form post without signature that WooCommerce makes when a webhook is saved."""
    return not header(headers, "X-WC-Webhook-Signature") and bool(PING.fullmatch(body.strip(TRIMMED)))


def read(body: bytes, topic: str, keys: ReaderSettings) -> Reading | None:
    """Return the order version in the body; None for other topics. A deletion tells only which order.

    :raises Unreadable: when the body is not what WooCommerce documents, and for a deletion without
        `keys.received_at`, because its body carries no date.
    """
    if topic == DELETED_TOPIC:
        return _deletion(load(body), keys)
    if topic == PULLED:
        found = bundle(body, NAME)
        return _order(found["order"], found["refunds"], keys)
    return _order(load(body), Node(None), keys) if topic in ORDER_TOPICS else None


def _order(order: Node, refunds: Node, keys: ReaderSettings) -> Reading:
    content = _content(order, refunds, keys)
    told = all(refund.detailed for refund in content.refunds)
    return Reading(
        external_id=content.external_id,
        updated_at=order["date_modified_gmt"].known_moment(utc=True),
        content=content,
        fetch=None if told else Hint(kind="order", external_id=content.external_id),
    )


def _deletion(order: Node, keys: ReaderSettings) -> Reading:
    if keys.received_at is None:
        raise Unreadable("a deletion carries no date and the time of its arrival was not given")
    content = OrderContent(
        platform=NAME,
        external_id=order["id"].key(),
        number=order["id"].key(),
        currency="",
        prices_include_tax=False,
        total=NOTHING,
        total_tax=None,
        paid=False,
        deleted=True,
        placed_at=keys.received_at,
        buyer=Party(),
        lines=(),
    )
    return Reading(external_id=content.external_id, updated_at=keys.received_at, content=content)


def _content(order: Node, refunds: Node, keys: ReaderSettings) -> OrderContent:
    status = order["status"].text()
    paid_at = order["date_paid_gmt"].moment(utc=True)
    paid = paid_at is not None and status in PAID
    meta = [(item["key"].scalar(), item["value"].scalar()) for item in order["meta_data"]]
    return OrderContent(
        platform=NAME,
        external_id=order["id"].key(),
        number=order["number"].text() or order["id"].key(),
        currency=order["currency"].text().upper(),
        prices_include_tax=order["prices_include_tax"].flag(),
        total=order["total"].amount(),
        total_tax=order["total_tax"].amount(),
        paid=paid,
        paid_at=paid_at if paid else None,
        partially_paid=status in PARTIALLY_PAID,
        cancelled=status == "cancelled",
        deleted=status == "trash",
        test=named(meta, ("_wcpay_mode",)) == "test",
        placed_at=order["date_created_gmt"].known_moment(utc=True),
        buyer=_buyer(order["billing"], meta, keys),
        ship_to=_address(order["shipping"]),
        lines=tuple(_lines(order)),
        refunds=tuple(_refunds(order, refunds)),
        shipped_at=order["date_completed_gmt"].moment(utc=True) if status == "completed" else None,
        language=named(meta, LANGUAGE_KEYS)[:2].lower(),
        sales_channel=order["created_via"].text(),
        invoiced_elsewhere=named(meta, keys.invoice_number_keys),
    )


def _buyer(billing: Node, meta: list[tuple[str, str]], keys: ReaderSettings) -> Party:
    company = billing["company"].text()
    own = [(key, billing[key].scalar()) for key in billing.value or ()]  # some plugins write into the address itself
    given = named([*meta, *own], keys.nif_keys)
    if not given and nif.judge(nif.normalise(company)) == nif.Verdict.VALID:
        given, company = company, ""
    return Party(
        name=f"{billing['first_name'].text()} {billing['last_name'].text()}".strip(),
        company=named(meta, keys.name_keys) or company,
        tax_id=nif.normalise(given),
        tax_id_as_given=given,
        email=billing["email"].text(),
        address=_address(billing),
    )


def _address(address: Node) -> Address:
    """Read an address; WooCommerce's `state` of a Spanish one is the province's code."""
    return Address(
        lines=tuple(line for line in (address["address_1"].text(), address["address_2"].text()) if line),
        postal_code=address["postcode"].text(),
        city=address["city"].text(),
        province_code=address["state"].text().upper(),
        country=address["country"].text().upper(),
    )


def _lines(order: Node) -> list[OrderLine]:
    rates = _rates(order)
    gross = order["prices_include_tax"].flag()
    # The order does not say which products are shipped; a cart of downloads alone has no shipping line.
    kind = LineKind.GOODS if order["shipping_lines"].value else LineKind.SERVICE
    return [
        *(_line(line, kind, rates, gross=gross) for line in order["line_items"]),
        *(_line(line, LineKind.SHIPPING, rates, gross=gross) for line in order["shipping_lines"]),
        *(_line(line, _fee(line), rates, gross=gross) for line in order["fee_lines"]),
    ]


def _fee(line: Node) -> LineKind:
    return LineKind.TIP if line["name"].text().casefold() in TIPS else LineKind.FEE


def _line(line: Node, kind: LineKind, rates: dict[str, tuple[Decimal, str]], *, gross: bool) -> OrderLine:
    quantity = line["quantity"].amount(Decimal(1))
    paid = line["total"].amount()
    # Shipping and fees have no `subtotal`: coupons do not touch them.
    before = line["subtotal"].amount(paid)
    if gross:
        before += line["subtotal_tax"].amount(line["total_tax"].amount())
        paid += line["total_tax"].amount()
    return OrderLine(
        kind=kind,
        description=line["name"].text() or line["method_title"].text(),
        quantity=quantity,
        unit_price=ratio(before, quantity),
        discount=before - paid,
        amount=paid,
        taxes=_taxes(line, rates),
        sku=line["sku"].text(),
        external_id=line["id"].text(),
    )


def _taxes(line: Node, rates: dict[str, tuple[Decimal, str]]) -> tuple[DeclaredTax, ...]:
    """Join the line's taxes to the order's rates by id; a row with an empty total is a rate of another line."""
    taxes = []
    for tax in line["taxes"]:
        if tax["total"].text() == "":
            continue
        if tax["id"].text() not in rates:
            raise Unreadable("the order has no tax line with this rate_id", tax["id"].pointer)
        rate, title = rates[tax["id"].text()]
        taxes.append(DeclaredTax(rate=rate, amount=tax["total"].amount(), title=title))
    return tuple(taxes)


def _rates(order: Node) -> dict[str, tuple[Decimal, str]]:
    """Return percentage and label of each rate by its id."""
    return {
        tax["rate_id"].key(): (plain(tax["rate_percent"].amount()), tax["label"].text())
        for tax in order["tax_lines"]
        if tax["rate_percent"]
    }


def _refunds(order: Node, whole: Node) -> list[Refund]:
    """Return every refund that the order names, whole where it was fetched: the order alone tells id, reason, total."""
    fetched = {refund["id"].key(): refund for refund in whole}
    lines = {line.external_id: line for line in _lines(order)} if fetched else {}
    named_here = [refund["id"].key() for refund in order["refunds"]]
    found = []
    for refund in order["refunds"]:
        key = refund["id"].key()
        if key in fetched:
            found.append(_whole_refund(fetched[key], order, lines))
        else:
            total = -abs(refund["total"].amount(NOTHING))
            found.append(Refund(external_id=key, total=total, reason=refund["reason"].text(), detailed=False))
    return found + [_whole_refund(fetched[key], order, lines) for key in fetched if key not in named_here]


def _whole_refund(refund: Node, order: Node, sold: Mapping[str, OrderLine]) -> Refund:
    """Read a refund resource: quantities and totals are negative, and one of an amount alone has no lines."""
    rates, gross = _rates(order), order["prices_include_tax"].flag()
    rows = [
        row
        for part in ("line_items", "shipping_lines", "fee_lines")
        for row in refund[part]
        if row["total"].amount(NOTHING)
    ]
    return Refund(
        external_id=refund["id"].key(),
        total=-abs(refund["amount"].amount()),
        created_at=refund["date_created_gmt"].moment(utc=True),
        reason=refund["reason"].text(),
        lines=tuple(_refund_line(row, sold, rates, gross=gross) for row in rows),
    )


def _refund_line(
    row: Node, sold: Mapping[str, OrderLine], rates: dict[str, tuple[Decimal, str]], *, gross: bool
) -> OrderLine:
    meta = [(item["key"].scalar(), item["value"].scalar()) for item in row["meta_data"]]
    key = named(meta, ("_refunded_item_id",))
    before = sold.get(key)
    amount = row["total"].amount() + (row["total_tax"].amount(NOTHING) if gross else NOTHING)
    quantity = -abs(row["quantity"].amount(NOTHING)) or Decimal(-1)  # money off a line comes with quantity 0
    return OrderLine(
        kind=before.kind if before else LineKind.GOODS,
        description=row["name"].text() or row["method_title"].text() or (before.description if before else ""),
        quantity=quantity,
        unit_price=ratio(amount, quantity),
        amount=amount,
        taxes=tuple(tax for tax in _taxes(row, rates) if tax.amount),
        sku=row["sku"].text(),
        external_id=key,
    )
