"""Take the personal data of an order out of the rows that keep it, where no invoice rests on them.

1. The order's lock, as capture and issue take it: nothing is issued from what goes meanwhile.
2. What has an invoice, or may still get one, is left; the outcome says which.
3. Each row is held against its seal and hash before it is emptied: evidence that somebody changed is not wiped.
4. A `Redaction` says when, by whom and why; the row is sealed anew. Identity and content hash stay, so that a late
   repetition is still known as one.
"""

import hashlib
import logging
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from common.ids import uuid7
from common.ledger import LedgerModel
from invoicing.models import (
    CustomerAnswer,
    CustomerRequest,
    Delivery,
    Draft,
    Invoice,
    Order,
    PrivacyItem,
    Redaction,
    Snapshot,
)  # fmt: skip
from workflows.forgetting import empty_journals
from workflows.models import Process
from workflows.states import OPEN

log = logging.getLogger(__name__)

Outcome = PrivacyItem.Outcome
UNDECIDED = (*OPEN, "failed")
"""States of a process that may still lead to an invoice: a person can send a failed one on."""
EMPTY: dict[str, Any] = {"body": b"", "content": "", "email": "", "nif": "", "name": "", "address": []}
"""What a column holds once it is redacted."""
NAMED = {
    Delivery: "delivery", Snapshot: "snapshot", CustomerRequest: "customer_request", CustomerAnswer: "customer_answer",
}  # fmt: skip
BUYER_OF_A_DRAFT = ("buyer_name", "buyer_nif", "buyer_email", "street", "postal_code", "city", "province", "notes")


class Altered(Exception):
    """This row is not what was received: `verify_ledger` says more. It is evidence and stays as it is."""


class Why(NamedTuple):
    """Who redacts, and for what reason; the request that asked for it, if one did."""

    by: str
    reason: str
    request_id: UUID | None = None


class Done(NamedTuple):
    """What became of an order: its outcome, the rows that were emptied, until when its invoices are kept at least."""

    outcome: Outcome
    rows: int = 0
    kept_until: date | None = None


def redact_order(order_id: UUID, *, why: Why, now: datetime, spare_versions: bool = False) -> Done:
    """Redact an order that led to no invoice, under its lock, in a transaction (or savepoint) of its own.

    :param spare_versions: of an invoiced one, redact the versions that nothing rests on (a person asked for it).
    """
    try:
        with transaction.atomic():
            order = Order.objects.select_for_update(no_key=True).get(pk=order_id)
            if undecided(order):
                return Done(Outcome.WAITS)
            invoices = Invoice.objects.filter(order=order)
            last = max(invoices.values_list("issue_date", flat=True), default=None)
            if last:
                rows = sum(_versions(_spare(order), why, now)) if spare_versions else 0
                return Done(Outcome.KEPT, rows, kept_until(last))
            return Done(Outcome.REDACTED, _whole(order, why, now))
    except Altered:
        log.exception("order %s is not redacted", order_id)
        return Done(Outcome.ALTERED)


def redact_delivery(delivery_id: UUID, *, why: Why, now: datetime) -> Outcome:
    """Redact a delivery that led to no version of any order, in a transaction (or savepoint) of its own."""
    try:
        with transaction.atomic():
            delivery = Delivery.objects.get(pk=delivery_id)
            tag = f"delivery:{delivery_id}"
            if _runs([tag]):
                return Outcome.WAITS
            _row(delivery, why, now, company_id=delivery.company_id)
            empty_journals([tag])
    except Altered:
        log.exception("delivery %s is not redacted", delivery_id)
        return Outcome.ALTERED
    return Outcome.REDACTED


def undecided(order: Order) -> bool:
    """Tell whether a process may still lead to an invoice of the order, or to another version of it."""
    deliveries = order.snapshots.values_list("delivery_id", flat=True)
    return _runs([f"order:{order.pk}", *(f"delivery:{each}" for each in deliveries)])


def _runs(tags: list[str]) -> bool:
    # The index is of processes with tags, which the planner must be told.
    open_ones = Process.objects.filter(tags__overlap=tags, state__in=UNDECIDED).exclude(tags=[])
    return bool(open_ones.exists())


def kept_until(issued: date) -> date:
    """Return the last day until which an invoice of that day is kept at least: whole years after its own."""
    return date(issued.year + settings.FISCAL_YEARS, 12, 31)


def _whole(order: Order, why: Why, now: datetime) -> int:
    """Empty everything that is held of an order without invoice; return how many rows."""
    deliveries = [f"delivery:{each}" for each in order.snapshots.values_list("delivery_id", flat=True)]
    rows = sum(_versions(list(order.snapshots.select_related("delivery")), why, now))
    for asked in CustomerRequest.objects.filter(order=order).select_related("answer"):
        answer = getattr(asked, "answer", None)
        for row in (asked, answer):
            rows += _row(row, why, now, company_id=order.company_id) if row else 0
    Draft.objects.filter(delivery__snapshots__order=order).update(**dict.fromkeys(BUYER_OF_A_DRAFT, ""))
    empty_journals([f"order:{order.pk}", *deliveries])
    Order.objects.filter(pk=order.pk).update(buyer="", redacted_at=now)
    return rows


def _spare(order: Order) -> list[Snapshot]:
    """Return the versions of an invoiced order that nothing rests on and no later comparison reads.

    Stale and equal ones; and those before the settled one, unless a person saw to a change outside: what the order was
    then is what later changes are measured against.
    """
    settled = order.snapshots.filter(state="processed", kind="order").order_by("-version").first()
    unread = Q(state="ignored")
    if settled and not order.settlements.exists():
        unread |= Q(kind="order", version__lt=settled.version)
    rows = order.snapshots.filter(unread, invoices=None).select_related("delivery")
    return [row for row in rows if row.pk != order.current_id]


def _versions(snapshots: list[Snapshot], why: Why, now: datetime) -> Iterator[int]:
    for snapshot in snapshots:
        company_id = snapshot.delivery.company_id
        yield _row(snapshot, why, now, company_id=company_id) + _row(snapshot.delivery, why, now, company_id=company_id)


def _row(row: Any, why: Why, now: datetime, *, company_id: UUID) -> int:
    """Empty one row; 0 when it is empty already.

    :raises Altered: when it is not what its seal and hash say.
    """
    columns = [name for name in row.redactable if name != "seal"]
    if all(_nothing(getattr(row, name)) for name in columns):
        return 0
    content_hash = _checked(row)
    before = row.seal
    for name in columns:
        setattr(row, name, EMPTY[name])
    after = row.compute_seal()
    Redaction(
        id=uuid7(),
        company_id=company_id,
        content_hash=content_hash,
        seal_before=before if content_hash else "",
        seal_after=after,
        at=now,
        by=why.by[:150],
        reason=why.reason[:300],
        request_id=why.request_id,
        **{f"{NAMED[type(row)]}_id": row.pk},
    ).save()
    emptied = {name: EMPTY[name] for name in columns}
    if type(row).objects.filter(pk=row.pk, seal=before).update(**emptied, seal=after) != 1:
        raise Altered(f"{row._meta.label} {row.pk}: {Altered.__doc__}")
    row.seal = after
    return 1


def _checked(row: LedgerModel) -> str:
    """Return the hash of the content that goes, where the row keeps one.

    :raises Altered: when it is not what its seal and hash say.
    """
    kept, content = "", b""
    if isinstance(row, Delivery):
        kept, content = row.body_sha256, bytes(row.body)
    elif isinstance(row, Snapshot):
        kept, content = row.content_hash, row.content.encode()
    if row.compute_seal() != row.seal or (kept and hashlib.sha256(content).hexdigest() != kept):
        raise Altered(f"{row._meta.label} {row.pk}: {Altered.__doc__}")
    return kept


def _nothing(value: Any) -> bool:
    return not bytes(value) if isinstance(value, memoryview) else not value
