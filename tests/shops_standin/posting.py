"""The webhooks of stand-in shops: signed as each platform signs, and a bad line on which some get lost.

Five in a hundred never arrive, ten in a hundred arrive twice, and no order is kept.
"""

import base64
import hashlib
import hmac
import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.shops_standin.server import Shop
from tests.shops_standin.shopify import shopify_order, shopify_refund
from tests.shops_standin.sold import GivenBack, Sold
from tests.shops_standin.stripe import stripe_credit_note, stripe_invoice, stripe_refund
from tests.shops_standin.woocommerce import woo_order

LOST, DOUBLED = 0.05, 0.10


@dataclass(frozen=True)
class Post:
    """One webhook: what it says, and the headers that are the same whenever it is sent."""

    platform: str
    topic: str
    body: bytes
    key: str
    at: datetime

    def headers(self, secret: str, now: datetime) -> dict[str, str]:
        """Return the headers of one sending, signed at `now` where the platform signs the time."""
        return {"Content-Type": "application/json", **_SIGNED[self.platform](self, secret, now)}


def told_of_order(shop: Shop, order: Sold, *, created: bool = False) -> list[Post]:
    """Return what the platform sends when an order is made, paid or otherwise changes, as it stands now."""
    at, number = order.updated_at, len(shop.requests)
    match shop.platform:
        case "shopify":
            topic = "orders/create" if created else "orders/paid" if not order.refunds else "orders/updated"
            return [_post(shop, topic, shopify_order(order), at)]
        case "woocommerce" if order.deleted:
            return [_post(shop, "order.deleted", {"id": order.sale.id}, at)]
        case "woocommerce":
            return [_post(shop, "order.created" if created else "order.updated", woo_order(order), at)]
        case "stripe":
            if not order.sale.paid or order.refunds:
                return []
            return [_event(shop, "invoice.paid", stripe_invoice(order), at)]
        case "bigcommerce":
            data = {"type": "order", "id": order.sale.id}
            scope = "store/order/archived" if order.deleted else "store/order/updated"
            body = {"producer": "stores/abc", "scope": scope, "data": data, "created_at": int(at.timestamp())}
            body["hash"] = hashlib.sha1(repr((body, number)).encode(), usedforsecurity=False).hexdigest()
            return [_post(shop, scope, body, at)]
        case _:  # a small module in the shop sends hints
            hint = {"hint": "order", "id": order.id, "at": at.isoformat()}
            return [_post(shop, "hint", hint, at)]


def told_of_refund(shop: Shop, order: Sold, refund: GivenBack) -> list[Post]:
    """Return what the platform sends when money goes back."""
    match shop.platform:
        case "shopify":
            alone = _post(shop, "refunds/create", shopify_refund(order, refund), refund.at)
            return [alone, *told_of_order(shop, order)]
        case "stripe":
            note = [_event(shop, "credit_note.created", stripe_credit_note(order, refund), refund.at)]
            money = [_event(shop, "refund.created", stripe_refund(order, refund), refund.at)]
            return [*(note if order.credit_notes else []), *money]
        case "prestashop":
            hint = {"hint": "order_slip", "id": str(refund.id), "at": refund.at.isoformat()}
            return [_post(shop, "hint", hint, refund.at)]
        case "magento":
            hint = {"hint": "creditmemo", "id": str(refund.id), "at": refund.at.isoformat()}
            return [_post(shop, "hint", hint, refund.at)]
    return told_of_order(shop, order)


def bad_line(posts: Iterable[Post], dice: random.Random) -> list[Post]:
    """Return what comes through: some lost, some doubled, all in another order."""
    through = [post for post in posts if dice.random() >= LOST]
    through += [post for post in through if dice.random() < DOUBLED]
    dice.shuffle(through)
    return through


def _post(shop: Shop, topic: str, content: dict[str, Any], at: datetime) -> Post:
    body = json.dumps(content, ensure_ascii=False).encode()
    digest = hashlib.sha256(body).hexdigest()
    return Post(shop.platform, topic, body, f"{topic}-{digest[:24]}", at)


def _event(shop: Shop, kind: str, about: dict[str, Any], at: datetime) -> Post:
    event = {
        "id": f"evt_{kind}_{about['id']}", "object": "event", "type": kind, "created": int(at.timestamp()),
        "livemode": True, "data": {"object": about},
    }  # fmt: skip
    return _post(shop, kind, event, at)


def _base64(body: bytes, secret: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def _stamped(body: bytes, secret: str, now: datetime) -> str:
    moment = int(now.timestamp())
    signed = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={signed}"


def _shopify(post: Post, secret: str, now: datetime) -> dict[str, str]:
    return {
        "X-Shopify-Topic": post.topic,
        "X-Shopify-Webhook-Id": post.key,
        "X-Shopify-Event-Id": f"event-{post.key}",
        "X-Shopify-Triggered-At": post.at.astimezone(UTC).isoformat(),
        "X-Shopify-Hmac-Sha256": _base64(post.body, secret),
    }


def _woocommerce(post: Post, secret: str, now: datetime) -> dict[str, str]:
    return {
        "X-WC-Webhook-Topic": post.topic,
        "X-WC-Webhook-Delivery-ID": hashlib.md5(post.key.encode(), usedforsecurity=False).hexdigest(),
        "X-WC-Webhook-Signature": _base64(post.body, secret),
    }


def _module(post: Post, secret: str, now: datetime) -> dict[str, str]:
    return {"Encadena-Signature": _stamped(post.body, secret, now)}


_SIGNED: dict[str, Callable[[Post, str, datetime], dict[str, str]]] = {
    "shopify": _shopify,
    "woocommerce": _woocommerce,
    "prestashop": _module,
    "magento": _module,
    "stripe": lambda post, secret, now: {"Stripe-Signature": _stamped(post.body, secret, now)},
    "bigcommerce": lambda post, secret, now: {"X-Encadena-Secret": secret},
}
