"""A signed webhook of our own shape: the body of `POST /api/v1/orders/`, for shops that can post and no more.

Headers: `Encadena-Signature: t=<seconds since 1970>,v1=<hex HMAC-SHA256 of "t.body">`, at most five minutes old, and,
where the shop can number its deliveries, `Encadena-Delivery: <the same whenever it tries again>`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from common import clock
from invoicing.storefronts import api
from invoicing.storefronts.contract import PULLED, Identity, ReaderSettings
from invoicing.storefronts.payload import header
from invoicing.storefronts.signatures import stamped
from invoicing.values import Reading

NAME = "generic"
TOPIC = "order"


def authentic(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], *, now: datetime | None = None) -> bool:
    """Tell whether one of `secrets` signed these raw bytes within the last five minutes."""
    return stamped(body, header(headers, "Encadena-Signature"), secrets, now=now or clock.now())


def identity(body: bytes, headers: Mapping[str, str]) -> Identity:
    """Return the delivery's identity: the shop's own number for it, else the body's digest."""
    digest = hashlib.sha256(body).hexdigest()
    given = header(headers, "Encadena-Delivery")
    return Identity(delivery_key=f"given:{given[:120]}" if given else f"body:{digest}", topic=TOPIC)


def ping(body: bytes, headers: Mapping[str, str]) -> bool:
    """Tell that there is no unsigned trial request."""
    return False


def read(body: bytes, topic: str, keys: ReaderSettings) -> Reading | None:
    """Return the order version in the body.

    :raises Unreadable: with the JSON pointer of what is wrong; an unknown field is wrong too.
    """
    if topic not in (TOPIC, PULLED):
        return None
    found = api.read(body, api.TOPIC, keys)
    content = found.content and msgspec.structs.replace(found.content, platform=NAME)
    return msgspec.structs.replace(found, content=content)
