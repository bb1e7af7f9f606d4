"""The row of a received or pulled body: stored once per identity, as it came."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from common.ids import uuid7
from common.ledger import ledger_insertion
from invoicing.models import Connection, Delivery
from invoicing.storefronts import Identity
from workflows.rows import sql

KEPT_HEADERS = (
    "content-type", "user-agent", "x-shopify-", "x-wc-webhook-", "x-adobe-", "webhook-", "encadena-",
)  # fmt: skip
NOT_KEPT = ("hmac", "signature")


class Received(NamedTuple):
    """The stored delivery; `new` is False when the same one was there already."""

    delivery_id: UUID
    new: bool


def made(
    connection: Connection, *, body: bytes, headers: Mapping[str, str], identity: Identity, now: datetime
) -> Delivery:
    """Return the delivery, not yet stored. Its unique key decides who was first, also between two requests at once."""
    return Delivery(
        id=uuid7(),
        company_id=connection.company_id,
        connection=connection,
        delivery_key=identity.delivery_key[:200],
        event_key=identity.event_key[:200],
        topic=identity.topic[:60],
        triggered_at=identity.triggered_at,
        received_at=now,
        headers=kept(headers),
        body=body,
        body_sha256=hashlib.sha256(body).hexdigest(),
    )


def store(delivery: Delivery) -> Received:
    """Store a delivery in the caller's transaction; the same one again changes nothing."""
    insert, values = ledger_insertion([delivery])
    if sql(f"{insert} ON CONFLICT DO NOTHING RETURNING id", values):
        return Received(delivery.pk, new=True)
    return there_already(delivery)


def there_already(delivery: Delivery) -> Received:
    """Return what was stored under this delivery's key before."""
    [[stored]] = sql(
        "SELECT id FROM invoicing_delivery WHERE connection_id = %s AND delivery_key = %s",
        [delivery.connection_id, delivery.delivery_key],
    )
    return Received(stored, new=False)


def kept(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers worth keeping: those of the platform, without its signature."""
    return {
        name: value
        for name, value in ((name.lower(), value) for name, value in headers.items())
        if name.startswith(KEPT_HEADERS) and not any(word in name for word in NOT_KEPT)
    }
