"""Magento Open Source and Adobe Commerce: orders as `/V1/orders` gives them, and Adobe's events as hints.

Open Source is polled, or a module posts signed hints (contract.HINT, kinds `order` and `creditmemo`, header
Encadena-Signature). Adobe Commerce sends CloudEvents of the fields chosen there: only a hint too. The bundle is

    {"pulled": "magento", "order": {/V1/orders/<id>}, "creditmemos": [/V1/creditmemos…]}

and, where the client reads them too, "invoices": [/V1/invoices…] for the moment of payment.

`row_total` is net and before discounts; row_total + tax + discount_tax_compensation - discount is what the buyer paid.
Where the catalogue's prices are net, lines stay net. Amounts are those of the base currency, never what the buyer saw.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from common import clock
from invoicing import nif
from invoicing.storefronts import adobe
from invoicing.storefronts.contract import HINT, PULLED, Identity, ReaderSettings, Unreadable
from invoicing.storefronts.payload import Node, bundle, header, hint, load, named, plain, ratio, tidy
from invoicing.storefronts.signatures import shown, stamped
from invoicing.values import Address, DeclaredTax, Hint, LineKind, OrderContent, OrderLine, Party, Reading, Refund

NAME = "magento"
HINTS = ("order", "creditmemo")
ORDER_TOPIC = "order"
UNPAID = ("new", "pending_payment", "payment_review")
MEMO_CANCELLED = "3"
AT_CHECKOUT = timedelta(hours=1)
SHIPPING = "shipping"
"""Our name for the shipping, which has no id in Magento."""
VOUCHERS = ("gift_cards_amount", "customer_balance_amount", "reward_currency_amount")
"""What Adobe Commerce takes off the grand total although it is a way to pay, not a discount."""
WRAPPINGS = (("gw_base", "quote_gw"), ("gw_items_base", "item_gw"), ("gw_card_base", "printed_card_gw"))
"""Prefix of the gift wrapping's amounts, and the type of its applied taxes."""
NOTHING = Decimal(0)


def authentic(
    body: bytes,
    headers: Mapping[str, str],
    secrets: Sequence[str],
    *,
    now: datetime | None = None,
    fetcher: adobe.Fetcher = adobe.fetch_key,
) -> bool:
    """Tell whether Adobe signed this event for one of `secrets`, or the shop's module a hint with one of them.

    For Adobe's events the secret is the client id of the project there: Adobe signs for everyone with the same keys,
    and only `recipient_client_id` says for whom.

    :raises CannotJudge: when Adobe's public key is out of reach.
    """
    pairs = [
        (header(headers, f"x-adobe-digital-signature-{n}"), header(headers, f"x-adobe-public-key{n}-path"))
        for n in (1, 2)
    ]
    if not any(signature for signature, _ in pairs):
        return stamped(body, header(headers, "Encadena-Signature"), secrets, now=now or clock.now())
    try:
        recipient = load(body)["recipient_client_id"].scalar()
    except Unreadable:
        return False
    # The recipient first: whoever does not know it cannot make us fetch keys.
    return shown(recipient, secrets) and adobe.signed(body, pairs, fetcher=fetcher)


def identity(body: bytes, headers: Mapping[str, str]) -> Identity:
    """Return the delivery's identity: the event's id, which stays the same when Adobe tries again; else the digest."""
    try:
        event = load(body)
        if event["specversion"]:
            return Identity(
                delivery_key=event["id"].key(),
                event_key=event["event_id"].scalar(),
                topic=event["type"].text(),
                triggered_at=event["time"].moment_or_none(),
            )
    except Unreadable:
        pass  # read says what is wrong with it, from the stored bytes
    return Identity(delivery_key=f"body:{hashlib.sha256(body).hexdigest()}", topic=HINT)


def ping(body: bytes, headers: Mapping[str, str]) -> bool:
    """Tell that there is no unsigned trial post; Adobe's is a GET whose `challenge` the view sends back."""
    return False


def read(body: bytes, topic: str, keys: ReaderSettings) -> Reading | None:
    """Return what a bundle, an order, an event or a hint says; None for events of other things.

    :raises Unreadable: when the body is not what Magento documents, and for an event without the id of its order.
    """
    if topic == PULLED:
        found = bundle(body, NAME)
        return _reading(found["order"], found, keys)
    if topic == HINT:
        return hint(body, HINTS)
    found = load(body)
    if topic == ORDER_TOPIC:
        return _reading(found, Node(None), keys)
    return _event(found) if found["specversion"] else None


def _event(event: Node) -> Reading | None:
    kind, value = event["type"].text(), event["data"]["value"]
    if any(word in kind for word in ("creditmemo", "invoice", "shipment")):
        order = value["order_id"]
    elif "order" in kind:
        order = value["entity_id"]
    else:
        return None
    if not order:
        raise Unreadable("the event does not name its order: add this field to the subscription", order.pointer)
    return Reading(
        external_id=order.key(),
        updated_at=event["time"].known_moment(),
        fetch=Hint(kind="order", external_id=order.key()),
    )


def _reading(order: Node, found: Node, keys: ReaderSettings) -> Reading:
    memos = [memo for memo in found["creditmemos"] if memo["state"].text() != MEMO_CANCELLED]
    versions = [order["updated_at"].known_moment(utc=True)]
    versions += [moment for memo in memos if (moment := memo["updated_at"].moment(utc=True))]
    content = _content(order, memos, found["invoices"], keys)
    untold = bool(_money(order, "total_refunded", NOTHING)) and not found["creditmemos"]
    return Reading(
        external_id=content.external_id,
        updated_at=max(versions),
        content=content,
        fetch=Hint(kind="order", external_id=content.external_id) if untold else None,
    )


def _content(order: Node, memos: list[Node], invoices: Node, keys: ReaderSettings) -> OrderContent:
    extra, state = order["extension_attributes"], order["state"].text()
    base, shown_in = order["base_currency_code"].text(), order["order_currency_code"].text()
    if base != shown_in and not order["base_grand_total"]:
        raise Unreadable("an order in another currency without the amount in the shop's own", "/base_grand_total")
    to_pay, received = _money(order, "grand_total"), _money(order, "total_paid", NOTHING)
    cancelled_part = NOTHING if state == "canceled" else _money(order, "total_canceled", NOTHING)
    total = to_pay + sum((_money(extra, name, NOTHING) or _money(order, name, NOTHING) for name in VOUCHERS), NOTHING)
    paid = state not in UNPAID and received + cancelled_part >= to_pay and (state != "canceled" or received > 0)
    gross = not _net_prices(order)
    shipping = next(iter(extra["shipping_assignments"]), Node(None))["shipping"]["address"]
    lines = tuple(_lines(order, gross=gross))
    sold = {line.external_id: line for line in lines}
    return OrderContent(
        platform=NAME,
        external_id=order["entity_id"].key(),
        number=order["increment_id"].text() or order["entity_id"].key(),
        currency=(base or shown_in).upper(),
        prices_include_tax=gross,
        total=total,
        total_tax=_money(order, "tax_amount"),
        current_total=total - cancelled_part if cancelled_part else None,
        paid=paid,
        paid_at=_paid_at(order, invoices) if paid else None,
        partially_paid=not paid and state != "canceled" and 0 < received < to_pay,
        cancelled=state == "canceled",
        placed_at=order["created_at"].known_moment(utc=True),
        buyer=_buyer(order, keys),
        ship_to=_address(shipping),
        lines=lines,
        refunds=tuple(_memo(memo, sold, gross=gross) for memo in memos),
        sales_channel=order["payment"]["method"].text(),
    )


def _paid_at(order: Node, invoices: Node) -> datetime | None:
    moments = [moment for invoice in invoices if (moment := invoice["created_at"].moment(utc=True))]
    if moments:
        return max(moments)
    placed = order["created_at"].known_moment(utc=True)
    return placed if order["updated_at"].known_moment(utc=True) - placed <= AT_CHECKOUT else None


def _net_prices(order: Node) -> bool:
    """Tell whether the catalogue's prices hold no tax: it shows in how they relate, and discounts hide no tax then."""
    taxed = [item for item in order["items"] if _money(item, "tax_amount", NOTHING)]
    return bool(taxed) and all(
        item["original_price"].amount(NOTHING) == item["price"].amount(NOTHING) != NOTHING
        and item["price"].amount(NOTHING) != item["price_incl_tax"].amount(NOTHING)
        and not item["discount_tax_compensation_amount"].amount(NOTHING)
        for item in taxed
    )


def _lines(order: Node, *, gross: bool) -> list[OrderLine]:
    """Return what was sold. A product of parts counts once: by its parts where they bear the money, else as a whole."""
    applied = _applied(order["extension_attributes"]["item_applied_taxes"])
    bearing = {item["parent_item_id"].text() for item in order["items"] if _money(item, "row_total", NOTHING)}
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
        _money(item, "tax_amount", NOTHING),
    )
    before = amount + _money(item, "discount_amount", NOTHING)
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
    before = _money(row, "row_total", NOTHING) - _money(row, "discount_amount", NOTHING)
    if not gross:
        return before
    return before + _money(row, "tax_amount", NOTHING) + _money(row, "discount_tax_compensation_amount", NOTHING)


def _shipping(order: Node, rates: list[DeclaredTax], *, gross: bool) -> list[OrderLine]:
    price, tax = _money(order, "shipping_amount", NOTHING), _money(order, "shipping_tax_amount", NOTHING)
    discount = _money(order, "shipping_discount_amount", NOTHING)
    hidden = _money(order, "shipping_discount_tax_compensation_amount", NOTHING)
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
            DeclaredTax(rate=plain(tax["percent"].amount()), amount=_money(tax, "amount"), title=tax["title"].text())
            for tax in row["applied_taxes"]
        ]
        found.setdefault(row["item_id"].text() or row["type"].text(), []).extend(taxes)
    return found


def _memo(memo: Node, sold: Mapping[str, OrderLine], *, gross: bool) -> Refund:
    """Read a credit memo. Its adjustments have no tax of their own: they are money alone."""
    lines = []
    for item in memo["items"]:
        line, amount = sold.get(item["order_item_id"].text()), _paid_for(item, gross=gross)
        if line and amount:
            lines.append(_back(line, item["qty"].amount(NOTHING), amount, _money(item, "tax_amount", NOTHING)))
    shipping, tax = _money(memo, "shipping_amount", NOTHING), _money(memo, "shipping_tax_amount", NOTHING)
    if shipping and SHIPPING in sold:
        lines.append(_back(sold[SHIPPING], Decimal(1), shipping + tax if gross else shipping, tax))
    return Refund(
        external_id=memo["entity_id"].key(),
        total=-_money(memo, "grand_total"),
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


def _buyer(order: Node, keys: ReaderSettings) -> Party:
    billing = order["billing_address"]
    company = billing["company"].text()
    attributes = [
        (each["attribute_code"].scalar(), each["value"].scalar())
        for node in (order, billing)
        for each in node["custom_attributes"]
    ]
    extra = order["extension_attributes"]
    attributes += [(key, extra[key].scalar()) for key in extra.members()]
    given = named(attributes, keys.nif_keys) or billing["vat_id"].text() or order["customer_taxvat"].text()
    if not given and nif.judge(nif.normalise(company)) == nif.Verdict.VALID:
        given, company = company, ""
    first, last = (billing[key].text() or order[f"customer_{key}"].text() for key in ("firstname", "lastname"))
    return Party(
        name=f"{first} {last}".strip(),
        company=named(attributes, keys.name_keys) or company,
        tax_id=nif.normalise(given),
        tax_id_as_given=given,
        email=order["customer_email"].text() or billing["email"].text(),
        address=_address(billing),
    )


def _address(address: Node) -> Address:
    return Address(
        lines=tuple(text for line in address["street"] if (text := line.text())),
        postal_code=address["postcode"].text(),
        city=address["city"].text(),
        province=address["region"].text(),
        province_code=address["region_code"].text().upper(),
        country=address["country_id"].text().upper(),
    )


def _money(node: Node, name: str, default: Decimal | None = None) -> Decimal:
    """Return an amount in the shop's base currency; only an order in that currency may lack it."""
    found = node[f"base_{name}"].amount() if node[f"base_{name}"] else node[name].amount(default)
    return tidy(found)
