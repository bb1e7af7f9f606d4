"""Read a delivery into an immutable version of its order, under the order's lock."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import QuerySet

from common.ids import uuid7
from invoicing import policy
from invoicing.models import Connection, Delivery, Order, Snapshot
from invoicing.pulling import can_pull
from invoicing.storefronts import PLATFORMS, PULLED, ReaderSettings
from invoicing.values import Hint, OrderContent, Reading, Refund
from workflows.encoding import decode, encode
from workflows.models import Process
from workflows.rows import sql


class NeedsPulling(Exception):
    """The delivery only names the order: give the connection its API credentials and switch on asking the shop."""


class Forgotten(Exception):
    """What was held of this order is redacted: nothing can be read or decided until the shop sends it again."""


@dataclass(frozen=True, kw_only=True)
class CapturedVersion:
    """What became of a delivery: the snapshot, and whether it asks for a decision on an invoice.

    `version` is the one to decide on. With `fetch` the shop is to be asked; without a snapshot it was only a hint.
    """

    snapshot: Snapshot | None = None
    order: Order | None = None
    matters: bool = False
    version: int = 0
    fetch: Hint | None = None


def capture_delivery(delivery: Delivery, *, now: datetime) -> CapturedVersion | None:
    """Read the stored bytes and keep the version that they hold; None when they hold nothing for us.

    A stale version and one with equal content are kept as evidence (state ignored) and change nothing else.

    Where the shop has more to say than a delivery and may be asked, the decision waits for what it says: a version
    with `fetch` starts none, the pulled one that follows does.

    :raises Unreadable: when the bytes are not what the platform documents.
    :raises NeedsPulling: when they only name the order, and the shop may not be asked.
    :raises Forgotten: when the bytes are redacted.
    """
    if delivery.redacted:
        raise Forgotten(Forgotten.__doc__)
    connection = delivery.connection
    pulled, may_ask = delivery.topic == PULLED, can_pull(connection)
    reading = PLATFORMS[connection.platform].read(
        bytes(delivery.body),
        delivery.topic,
        reader_settings(connection, delivery.received_at),
    )
    if reading is None:
        return None
    reading = whole(reading) if pulled else reading
    fetch = reading.fetch if may_ask and not pulled else None
    if reading.content is None and reading.refund is None:
        if fetch is None:
            raise NeedsPulling(NeedsPulling.__doc__)
        return CapturedVersion(fetch=fetch)
    with transaction.atomic():
        order = lock_order(delivery, reading, now=now)
        existing = Snapshot.objects.filter(delivery=delivery).first()
        if existing:
            return CapturedVersion(snapshot=existing, order=order, fetch=fetch)
        tied = may_ask and not pulled and _tied(order, reading, delivery)
        captured = _keep(order, delivery, reading, now=now)
        if fetch:
            return replace(captured, matters=False, fetch=fetch)
        if tied and captured.matters:
            return replace(captured, fetch=Hint(kind="order", external_id=reading.external_id))
        if pulled and not captured.matters and (undecided := _undecided(order)):
            return replace(captured, matters=True, version=undecided)
        return captured


def reader_settings(connection: Connection, received_at: datetime | None) -> ReaderSettings:
    """Return how a connection wants its orders read."""
    return ReaderSettings(nif_keys=tuple(connection.nif_keys), received_at=received_at)


def whole(reading: Reading) -> Reading:
    """Return what a shop said when it was asked: it knows no more of its refunds than that."""
    if reading.content is None:
        return reading
    refunds = tuple(msgspec.structs.replace(refund, detailed=True) for refund in reading.content.refunds)
    return msgspec.structs.replace(reading, content=msgspec.structs.replace(reading.content, refunds=refunds))


def lock_order(delivery: Delivery, reading: Reading, *, now: datetime) -> Order:
    """Return the order's row, made if need be, locked until the transaction ends."""
    sql(
        """
        INSERT INTO invoicing_order
            (id, company_id, connection_id, external_id, number, state, buyer, last_version, created_at)
        VALUES (%s, %s, %s, %s, '', 'open', '', 0, %s)
        ON CONFLICT (connection_id, external_id) DO NOTHING
        """,
        [uuid7(), delivery.company_id, delivery.connection_id, reading.external_id, now],
    )
    return Order.objects.select_for_update(no_key=True).get(
        connection_id=delivery.connection_id, external_id=reading.external_id
    )


def content_of(order: Order) -> OrderContent | None:
    """Return the order as it stands: its newest version and every refund that came on its own.

    None where there is no version, and where it is redacted.
    """
    if order.current is None or order.current.redacted:
        return None
    if order.last_version == 1:  # as most are when they are invoiced: there is nothing beside it
        content: OrderContent = decode(order.current.content, OrderContent)
        return content
    return merged(order.current, order.snapshots.filter(kind="refund").exclude(state="ignored"))


def merged(version: Snapshot, refunds: QuerySet[Snapshot]) -> OrderContent:
    """Return the content of an order's version together with refunds that it does not mention itself."""
    content: OrderContent = decode(version.content, OrderContent)
    held = refunds.exclude(content="").order_by("version")
    return with_refunds(content, [decode(snapshot.content, Refund) for snapshot in held])


def with_refunds(content: OrderContent, alone: Iterable[Refund]) -> OrderContent:
    """Return the content with the refunds that came on their own and that it does not mention itself.

    Of one that was told several times the last telling counts.
    """
    known = {refund.external_id for refund in content.refunds}
    added = tuple({refund.external_id: refund for refund in alone if refund.external_id not in known}.values())
    return msgspec.structs.replace(content, refunds=content.refunds + added) if added else content


def hash_of(content: OrderContent) -> str:
    """Return the hash by which equal content is known (`Snapshot.content_hash`)."""
    return hashlib.sha256(encode(content).encode()).hexdigest()


def _keep(order: Order, delivery: Delivery, reading: Reading, *, now: datetime) -> CapturedVersion:
    content = encode(reading.content or reading.refund)
    content_hash = hashlib.sha256(content.encode()).hexdigest()
    older = _older(order, reading, delivery)
    news = _is_news(order, reading, content_hash, older=older)
    snapshot = Snapshot(
        id=uuid7(),
        order=order,
        delivery=delivery,
        version=order.last_version + 1,
        kind="order" if reading.content else "refund",
        platform_version=reading.updated_at,
        content=content,
        content_hash=content_hash,
        captured_at=now,
        state="captured" if news else "ignored",
    )
    snapshot.save()
    order.last_version = snapshot.version
    if reading.content and not older:
        order.platform_version = reading.updated_at
        order.triggered_at = delivery.triggered_at
    if news and reading.content:
        order.current = snapshot
    if news and reading.content and not reading.content.deleted:  # a deletion names the order's id and nothing else
        order.number = reading.content.number[:120]
        order.buyer = (reading.content.buyer.company or reading.content.buyer.name)[:160]
        order.total = reading.content.total
    order.redacted_at = None  # the shop told of it again, and what it told is here
    order.save(
        update_fields=[
            "last_version", "platform_version", "triggered_at", "current", "number", "buyer", "total", "redacted_at",
        ]
    )  # fmt: skip
    view = content_of(order)
    invoiced = order.invoices.filter(purpose__in=("sale", "advance")).exists()
    matters = news and view is not None and policy.matters(view, invoiced=invoiced)
    return CapturedVersion(snapshot=snapshot, order=order, matters=matters, version=snapshot.version)


def still_waiting(delivery_id: UUID) -> tuple[Order, int] | None:
    """Return the order of a pulled delivery and its version that still waits for a decision, None when none does.

    The same was pulled before; what was read since then waited for it in vain. Locks the order.
    """
    snapshot = Snapshot.objects.filter(delivery=delivery_id).first()
    if snapshot is None:
        return None  # it is being read, and says itself what is to be decided
    order = (
        Order.objects.select_for_update(no_key=True, of=("self",)).select_related("current").get(pk=snapshot.order_id)
    )
    version = _undecided(order)
    return (order, version) if version else None


def _undecided(order: Order) -> int:
    """Return the newest version that matters and that nobody has begun to decide on, 0 when there is none.

    It waited for what the shop says of it, and the shop said nothing new.
    """
    newest = order.snapshots.exclude(state="ignored").order_by("-version").first()
    if newest is None or newest.state != "captured":
        return 0
    key = f"order:{order.pk}:v{newest.version}"
    if Process.objects.filter(workflow="invoice-order", idempotency_key=key).exists():
        return 0
    view = content_of(order)
    invoiced = order.invoices.filter(purpose__in=("sale", "advance")).exists()
    return newest.version if view is not None and policy.matters(view, invoiced=invoiced) else 0


def _is_news(order: Order, reading: Reading, content_hash: str, *, older: bool) -> bool:
    """Tell whether this version changes what we know of the order."""
    if reading.content is None:
        return not order.snapshots.filter(kind="refund", content_hash=content_hash).exists()
    return not older and (order.current is None or order.current.content_hash != content_hash)


def _tied(order: Order, reading: Reading, delivery: Delivery) -> bool:
    """Tell whether only arrival ranks this version against the one before; then the shop is asked which one holds."""
    if reading.content is None or reading.updated_at != order.platform_version:
        return False
    return order.triggered_at is None or delivery.triggered_at in (None, order.triggered_at)


def _older(order: Order, reading: Reading, delivery: Delivery) -> bool:
    """Rank by the platform's own version; where that is equal, by its trigger time; else by arrival."""
    if order.platform_version is None or reading.updated_at > order.platform_version:
        return False
    if reading.updated_at < order.platform_version:
        return True
    if order.triggered_at is None or delivery.triggered_at is None:
        return False
    return delivery.triggered_at < order.triggered_at
