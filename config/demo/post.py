"""Post deliveries as the platforms do: signed, over HTTP, several at a time."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import requests

from config.demo.orders import Post
from config.demo.payloads import body


@dataclass(frozen=True)
class Door:
    """Where one platform's deliveries go, and what signs them: a secret, or an API key."""

    url: str
    secret: str


class NotReceived(Exception):
    """A delivery was not answered 2xx; the message says how."""


def post_all(groups: Iterable[list[Post]], doors: dict[str, Door], *, clients: int, each: Callable[[], None]) -> int:
    """Post every delivery and return how many; those of one order one after another, orders side by side.

    :raises NotReceived: when one is not taken.
    """
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=clients))

    def post_group(group: list[Post]) -> int:
        for post in group:
            deliver(session, post, doors[post.sale.platform])
        each()
        return len(group)

    with ThreadPoolExecutor(clients) as pool:
        return sum(pool.map(post_group, groups))


def deliver(session: requests.Session, post: Post, door: Door) -> None:
    """Post one delivery.

    :raises NotReceived: when it is not answered 2xx.
    """
    data = body(post.sale)
    headers = {"Content-Type": "application/json", **HEADERS[post.sale.platform](post, data, door.secret)}
    answer = session.post(door.url, data=data, headers=headers, timeout=30)
    if not answer.ok:
        raise NotReceived(f"{post.topic} {post.sale.number}: {answer.status_code} {answer.text[:300]}")


def _signature(data: bytes, secret: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), data, hashlib.sha256).digest()).decode()


def _shopify(post: Post, data: bytes, secret: str) -> dict[str, str]:
    return {
        "X-Shopify-Topic": post.topic,
        "X-Shopify-Webhook-Id": post.key,
        "X-Shopify-Event-Id": f"event-{post.key}",
        "X-Shopify-Triggered-At": (post.sale.updated_at or post.sale.placed_at).isoformat(),
        "X-Shopify-Hmac-Sha256": _signature(data, secret),
    }


def _woocommerce(post: Post, data: bytes, secret: str) -> dict[str, str]:
    return {
        "X-WC-Webhook-Topic": post.topic,
        "X-WC-Webhook-Delivery-ID": hashlib.md5(post.key.encode(), usedforsecurity=False).hexdigest(),
        "X-WC-Webhook-Signature": _signature(data, secret),
    }


def _api(post: Post, data: bytes, secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}", "Idempotency-Key": post.key}


HEADERS = {"shopify": _shopify, "woocommerce": _woocommerce, "api": _api}
