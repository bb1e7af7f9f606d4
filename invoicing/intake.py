"""Keep what a shop or client sent, and start to read it, in one transaction.

The raw bytes are the evidence: they are stored as they came and interpreted later, by the `capture` process.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F

from invoicing.deliveries import Received, store
from invoicing.flows import Capture, capture
from invoicing.models import Connection
from invoicing.storefronts import Identity
from workflows.engine import trigger


def receive(
    connection: Connection, *, body: bytes, headers: Mapping[str, str], identity: Identity, now: datetime
) -> Received:
    """Store the delivery and trigger `capture`; the same delivery again changes nothing."""
    with transaction.atomic():
        received = store(connection, body=body, headers=headers, identity=identity, now=now)
        if received.new:
            trigger(capture, Capture(connection.company_id, received.delivery_id), now=now, actor=connection.platform)
    return received


def refuse(connection: Connection, *, now: datetime) -> None:
    """Count a delivery whose signature is wrong; its body is not kept."""
    Connection.objects.filter(pk=connection.pk).update(
        rejected_deliveries=F("rejected_deliveries") + 1, last_rejected_at=now
    )
