"""Shopify's compliance topics: who is to be forgotten, or asks what is held on them.

Source: shopify.dev, Privacy law compliance. They are signed like any webhook, to be answered 200, and to be done within
30 days unless the law wants the data kept.
An identity may come as a number or as text, and a customer with an e-mail address alone.
"""

from collections.abc import Mapping

import msgspec

from invoicing.storefronts.payload import Node, header, load

KINDS = {"customers/redact": "redact", "shop/redact": "shop", "customers/data_request": "export"}
"""Topic -> kind of `PrivacyRequest`."""
ORDERS = {"redact": "orders_to_redact", "export": "orders_requested"}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a shop asks: for whom, and about which of its orders."""

    kind: str
    shop_domain: str
    email: str = ""
    orders: tuple[str, ...] = ()
    reference: str = ""


def concerns(headers: Mapping[str, str]) -> bool:
    """Tell whether a request is of these topics."""
    return header(headers, "X-Shopify-Topic") in KINDS


def asked(body: bytes, topic: str) -> Asked | None:
    """Return what is asked, None for any other topic.

    :raises Unreadable: when the body is not what Shopify documents.
    """
    kind = KINDS.get(topic)
    if kind is None:
        return None
    found = load(body)
    named = found[ORDERS[kind]] if kind in ORDERS else Node([])
    reference = found["data_request"]["id"]
    return Asked(
        kind=kind,
        shop_domain=found["shop_domain"].text().lower(),
        email=found["customer"]["email"].text(),
        orders=tuple(order.key() for order in named),
        reference=reference.key() if reference else "",
    )
