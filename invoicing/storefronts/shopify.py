"""Shopify: orders and refunds as its webhooks send them (Admin REST shapes; the digest is storefronts/webhooks.md).

`taxes_included` says whether prices hold the tax. Amounts are taken in the shop's own money, never in what the buyer
saw. The unprefixed figures are the order as it was placed; `current_…` ones change with edits and refunds. The bundle
that the client composes is `{"pulled": "shopify", "order": {…}}`: an order embeds its refunds. Its lines, refunds and
edits are read beside this module: shopify_lines.py, shopify_refunds.py, shopify_edits.py.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from invoicing import nif
from invoicing.storefronts.contract import PULLED, Identity, ReaderSettings
from invoicing.storefronts.parts import bundle
from invoicing.storefronts.payload import Node, header, load, named
from invoicing.storefronts.shopify_edits import Sold, as_sold
from invoicing.storefronts.shopify_lines import NOTHING, money
from invoicing.storefronts.shopify_refunds import refund_of
from invoicing.storefronts.signatures import signed
from invoicing.values import Address, Hint, OrderContent, Party, Reading

NAME = "shopify"
ORDER_TOPICS = ("orders/create", "orders/updated", "orders/paid", "orders/cancelled", "orders/edited")
REFUND_TOPIC = "refunds/create"
PAID = ("paid", "partially_refunded", "refunded")
AT_CHECKOUT = timedelta(hours=1)
"""How long after an order was placed a payment still counts as made then (Shopify does not send the payment's date)."""


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

    A refund on its own need not say how much of its shipping was tax; then the order is to be fetched. orders/edited
    usually carries the edit alone; the whole order follows in orders/updated, so that is None too.

    :raises Unreadable: when the body is not what Shopify documents.
    """
    if topic == REFUND_TOPIC:
        return _refund_alone(load(body))
    if topic not in (*ORDER_TOPICS, PULLED):
        return None
    order = bundle(body, NAME)["order"] if topic == PULLED else load(body)
    if order["order_edit"]:
        return None
    return Reading(
        external_id=order["id"].key(),
        updated_at=order["updated_at"].known_moment(),
        content=_content(order, topic, keys),
    )


def _refund_alone(found: Node) -> Reading:
    order, refund = found["order_id"].key(), refund_of(found, {}, gross=None)
    return Reading(
        external_id=order,
        updated_at=found["processed_at"].moment() or found["created_at"].known_moment(),
        refund=refund,
        fetch=None if refund.detailed else Hint(kind="order", external_id=order),
    )


def _received(order: Node, sold: Sold) -> Decimal:
    """Return what was paid so far of an order that is paid in part; nothing where that is not clear.

    Once money went back, what is outstanding does not tell how much had been received before.
    """
    if not order["total_outstanding"] or any(refund.total for refund in sold.refunds):
        return NOTHING
    asked = money(order, "current_total_price" if order["current_total_price"] else "total_price")
    return max(asked - order["total_outstanding"].amount(), NOTHING)


def _content(order: Node, topic: str, keys: ReaderSettings) -> OrderContent:
    total = order["total_price_set"]["shop_money"]
    sold = as_sold(order)
    status = order["financial_status"].text()
    partly = status == "partially_paid"
    notes = [(note["name"].scalar(), note["value"].scalar()) for note in order["note_attributes"]]
    return OrderContent(
        platform=NAME,
        external_id=order["id"].key(),
        number=order["name"].text() or order["id"].key(),
        currency=(total["currency_code"] if total else order["currency"]).text().upper(),
        prices_include_tax=order["taxes_included"].flag(),
        total=sold.total,
        total_tax=sold.total_tax,
        current_total=money(order, "current_total_price") if order["current_total_price"] else None,
        paid=status in PAID,
        paid_at=_paid_at(order, topic) if partly or status in PAID else None,
        partially_paid=partly,
        advances=_received(order, sold) if partly else NOTHING,
        cancelled=bool(order["cancelled_at"]),
        test=order["test"].flag(),
        placed_at=_placed_at(order),
        buyer=_buyer(order, notes, keys),
        ship_to=_address(order["shipping_address"]),
        lines=sold.lines,
        refunds=sold.refunds,
        shipped_at=_shipped_at(order),
        delivered_at=_delivered_at(order),
        language=order["customer_locale"].text()[:2].lower(),
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


def _shipped_at(order: Node) -> datetime | None:
    """Return when the last parcel left, once nothing is left to send."""
    if order["fulfillment_status"].text() != "fulfilled":
        return None
    sent = [parcel["created_at"].moment() for parcel in order["fulfillments"] if _counts(parcel)]
    return max((moment for moment in sent if moment), default=None)


def _delivered_at(order: Node) -> datetime | None:
    """Return when the last parcel arrived, once nothing is left to send and the carrier has said so of each."""
    parcels = [parcel for parcel in order["fulfillments"] if _counts(parcel)]
    if order["fulfillment_status"].text() != "fulfilled":
        return None
    if any(parcel["shipment_status"].text() != "delivered" for parcel in parcels):
        return None
    return max((moment for parcel in parcels if (moment := parcel["updated_at"].moment())), default=None)


def _counts(parcel: Node) -> bool:
    return parcel["status"].text() in ("", "success", "open", "pending")
