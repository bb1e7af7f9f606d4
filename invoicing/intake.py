"""Keep what a shop or client sent, and start to read it, in one commit.

The raw bytes are the evidence: they are stored as they came and interpreted later, by the `capture` process.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from common.ledger import ledger_insertion
from invoicing.deliveries import Received, made, there_already
from invoicing.flows import Capture, capture
from invoicing.models import Connection, Delivery
from invoicing.storefronts import Identity
from workflows.engine import trigger_many, trigger_with


def receive(
    connection: Connection, *, body: bytes, headers: Mapping[str, str], identity: Identity, now: datetime
) -> Received:
    """Store the delivery and trigger `capture`; the same delivery again changes nothing."""
    delivery = made(connection, body=body, headers=headers, identity=identity, now=now)
    work = Capture(connection.company_id, delivery.pk)
    if trigger_with(*ledger_insertion([delivery]), capture, work, now=now, actor=connection.platform):
        return Received(delivery.pk, new=True)
    return there_already(delivery)


def receive_many(deliveries: Sequence[Delivery], *, now: datetime, actor: str) -> int:
    """Store deliveries that are `made` and trigger `capture` for each, all or none; return how many were new."""
    with transaction.atomic():
        # In the order of their keys: of two who bring the same ones at once, one waits for the other and not both.
        Delivery.objects.bulk_create(sorted(deliveries, key=lambda each: each.delivery_key), ignore_conflicts=True)
        stored = set(Delivery.objects.filter(pk__in=[each.pk for each in deliveries]).values_list("pk", flat=True))
        new = [Capture(each.company_id, each.pk) for each in deliveries if each.pk in stored]
        trigger_many(capture, new, now=now, actor=actor)
    return len(new)


def refuse(connection: Connection, *, now: datetime) -> None:
    """Count a delivery whose signature is wrong; its body is not kept."""
    Connection.objects.filter(pk=connection.pk).update(
        rejected_deliveries=F("rejected_deliveries") + 1, last_rejected_at=now
    )
