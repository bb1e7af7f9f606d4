"""Magento Open Source and Adobe Commerce: orders as `/V1/orders` gives them, and Adobe's events as hints.

Open Source is polled, or a module posts signed hints (contract.HINT, kinds `order` and `creditmemo`, header
Encadena-Signature). Adobe Commerce sends CloudEvents of the fields chosen there: only a hint too. The bundle is

    {"pulled": "magento", "order": {/V1/orders/<id>}, "creditmemos": [/V1/creditmemos…]}

and, where the client reads them too, "invoices": [/V1/invoices…] for the moment of payment.

Lines and credit memos are the reader's other half, storefronts/magento_lines.py.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from common import clock
from invoicing import nif
from invoicing.storefronts import adobe
from invoicing.storefronts.contract import HINT, PULLED, Identity, ReaderSettings, Unreadable
from invoicing.storefronts.magento_lines import NOTHING, lines_of, memo_of, money, net_prices
from invoicing.storefronts.parts import bundle, hint
from invoicing.storefronts.payload import Node, header, load, named
from invoicing.storefronts.signatures import shown, stamped
from invoicing.values import Address, Hint, OrderContent, Party, Reading

NAME = "magento"
HINTS = ("order", "creditmemo")
ORDER_TOPIC = "order"
UNPAID = ("new", "pending_payment", "payment_review")
SENT = ("complete", "closed")
"""States of an order of which nothing is left to send."""
MEMO_CANCELLED = "3"
AT_CHECKOUT = timedelta(hours=1)
VOUCHERS = ("gift_cards_amount", "customer_balance_amount", "reward_currency_amount")
"""What Adobe Commerce takes off the grand total although it is a way to pay, not a discount."""


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
    untold = bool(money(order, "total_refunded", NOTHING)) and not found["creditmemos"]
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
    to_pay, received = money(order, "grand_total"), money(order, "total_paid", NOTHING)
    cancelled_part = NOTHING if state == "canceled" else money(order, "total_canceled", NOTHING)
    total = to_pay + sum((money(extra, name, NOTHING) or money(order, name, NOTHING) for name in VOUCHERS), NOTHING)
    paid = state not in UNPAID and received + cancelled_part >= to_pay and (state != "canceled" or received > 0)
    partially = not paid and state != "canceled" and 0 < received < to_pay
    gross = not net_prices(order)
    shipping = next(iter(extra["shipping_assignments"]), Node(None))["shipping"]["address"]
    lines = tuple(lines_of(order, gross=gross))
    sold = {line.external_id: line for line in lines}
    return OrderContent(
        platform=NAME,
        external_id=order["entity_id"].key(),
        number=order["increment_id"].text() or order["entity_id"].key(),
        currency=(base or shown_in).upper(),
        prices_include_tax=gross,
        total=total,
        total_tax=money(order, "tax_amount"),
        current_total=total - cancelled_part if cancelled_part else None,
        paid=paid,
        paid_at=_paid_at(order, invoices) if paid or partially else None,
        partially_paid=partially,
        advances=received if partially else NOTHING,
        cancelled=state == "canceled",
        placed_at=order["created_at"].known_moment(utc=True),
        buyer=_buyer(order, keys),
        ship_to=_address(shipping),
        lines=lines,
        shipped_at=_shipped_at(order) if state in SENT else None,
        refunds=tuple(memo_of(memo, sold, gross=gross) for memo in memos),
        sales_channel=order["payment"]["method"].text(),
    )


def _paid_at(order: Node, invoices: Node) -> datetime | None:
    moments = [moment for invoice in invoices if (moment := invoice["created_at"].moment(utc=True))]
    if moments:
        return max(moments)
    placed = order["created_at"].known_moment(utc=True)
    return placed if order["updated_at"].known_moment(utc=True) - placed <= AT_CHECKOUT else None


def _shipped_at(order: Node) -> datetime | None:
    """Return when the last shipment was noted in the order's history: shipments are resources of their own."""
    notes = [note for note in order["status_histories"] if note["entity_name"].text() == "shipment"]
    return max((moment for note in notes if (moment := note["created_at"].moment(utc=True))), default=None)


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
