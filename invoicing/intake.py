"""Keep what a shop or client sent, and start to read it, by one statement.

The raw bytes are the evidence: they are stored as they came and interpreted later, by the `capture` process.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import F

from common.ledger import ledger_insertion
from invoicing.deliveries import Received, made, there_already
from invoicing.flows import Capture, capture
from invoicing.models import Connection
from invoicing.storefronts import Identity
from workflows.engine import trigger_with


def receive(
    connection: Connection, *, body: bytes, headers: Mapping[str, str], identity: Identity, now: datetime
) -> Received:
    """Store the delivery and trigger `capture`; the same delivery again changes nothing."""
    delivery = made(connection, body=body, headers=headers, identity=identity, now=now)
    work = Capture(connection.company_id, delivery.pk)
    if trigger_with(*ledger_insertion([delivery]), capture, work, now=now, actor=connection.platform):
        return Received(delivery.pk, new=True)
    return there_already(delivery)


def refuse(connection: Connection, *, now: datetime) -> None:
    """Count a delivery whose signature is wrong; its body is not kept."""
    Connection.objects.filter(pk=connection.pk).update(
        rejected_deliveries=F("rejected_deliveries") + 1, last_rejected_at=now
    )
