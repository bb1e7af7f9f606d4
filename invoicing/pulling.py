"""Ask a shop, and keep what it says as a delivery like any other.

The key of a pulled delivery is the hash of its content, so that the same content twice is one. What a shop says now
outranks what it said then: where the same content had come before and another one since, it is kept again.
"""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from invoicing.deliveries import Received, made, store
from invoicing.models import Connection, Snapshot
from invoicing.storefronts import PULLED, Identity
from invoicing.storefronts.clients import CLIENTS, Client, ShopRefused, read_credentials
from workflows.breaker import Breaker
from workflows.retry import Retry

RETRY = Retry(retries=30, first=30, cap=3600)
"""For about a day; a shop may be down for a night."""


def can_pull(connection: Connection) -> bool:
    """Tell whether this shop may be asked: switched on, and of a platform with an API that we know."""
    return connection.active and connection.pull and connection.platform in CLIENTS


def client_of(connection: Connection, **bounds: Any) -> Client:
    """Return the client of a shop; `bounds` are those of `Client`: timeout, tries.

    :raises ShopRefused: when its platform has none, or its address or credentials are of no use.
    """
    if connection.platform not in CLIENTS:
        raise ShopRefused(f"{connection.get_platform_display()} has no API to pull from", code="address")
    return Client(
        connection.platform,
        connection.shop_url,
        read_credentials(connection.credentials),
        zone=connection.company.zone,
        plain_http=settings.AEAT_ENVIRONMENT != "production",
        **bounds,
    )


def breaker_of(connection_id: UUID) -> Breaker:
    """Return the breaker of a shop: one that does not answer keeps nobody's worker."""
    return Breaker(f"shop:{connection_id}")


def keep(connection: Connection, bundle: bytes, *, now: datetime) -> Received:
    """Store a bundle as a delivery, in the caller's transaction; the same content as before changes nothing."""
    key = f"{PULLED}:{hashlib.sha256(bundle).hexdigest()}"
    if outranked := _outranked(connection, key):
        key = f"{key}:after:{outranked}"
    identity = Identity(delivery_key=key, topic=PULLED)
    return store(made(connection, body=bundle, headers={}, identity=identity, now=now))


def _outranked(connection: Connection, key: str) -> int:
    """Return the order's last version when this content came before and is not what the order is now; else 0."""
    before = (
        Snapshot.objects.filter(delivery__connection=connection, delivery__delivery_key=key, kind="order")
        .select_related("order__current")
        .first()
    )
    if before is None or before.order.current is None:
        return 0
    order = before.order
    newer = order.current.version > before.version and order.current.content_hash != before.content_hash
    return int(order.last_version) if newer else 0
