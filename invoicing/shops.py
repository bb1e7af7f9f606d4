"""Compare with the shops by the clock: every ten minutes what changed since, every night the week.

The ten minutes are the poller: what a shop's webhooks lost, or what a shop without webhooks never sent, comes in by it.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from common import clock
from invoicing import comparing
from invoicing.comparing import Looked, Window
from invoicing.models import Connection
from invoicing.pulling import RETRY, breaker_of, can_pull
from workflows import schedules
from workflows.api import Lane, step, workflow
from workflows.journal import Run
from workflows.models import Schedule

WEEK = timedelta(days=7)
PATIENCE = timedelta(seconds=20)
ROUNDS = 15
"""How often, and how many times, it is looked whether what was pulled has been read and decided."""


class ReconcileOrders(msgspec.Struct, frozen=True):
    """A shop to be compared: `back` says how far (seconds) from now, 0 from where the last window ended."""

    company_id: UUID
    connection_id: UUID
    back: int = 0
    slot: datetime | None = None


class Came(msgspec.Struct, frozen=True):
    """What a comparison came to."""

    seen: int
    pulled: int
    remained: int
    trouble: str = ""


@step
def open_window(connection_id: UUID, back: int) -> Window | None:
    """Return the window, None when the shop is not to be asked any more."""
    connection = Connection.objects.get(pk=connection_id)
    now = clock.now()
    if not can_pull(connection):
        return None
    return comparing.window_of(connection, since=now - timedelta(seconds=back) if back else None, now=now)


@step.external(retry=RETRY, breaker=lambda connection_id, window: breaker_of(connection_id))
def look(connection_id: UUID, window: Window, *, idempotency_key: str) -> Looked:
    """List and pull one part of the window; doing it again finds what was pulled already."""
    connection = Connection.objects.select_related("company__taxpayer").get(pk=connection_id)
    return comparing.look(connection, window, now=clock.now)


@step
def on_its_way(connection_id: UUID, window: Window, looked: tuple[Looked, ...], since: datetime) -> int:
    """Return how many orders still move by themselves."""
    connection = Connection.objects.select_related("company__taxpayer").get(pk=connection_id)
    return comparing.judge(connection, window, looked, since=since).on_its_way


@step
def conclude(connection_id: UUID, window: Window, looked: tuple[Looked, ...], since: datetime) -> Came:
    """Judge, and keep what came of it."""
    connection = Connection.objects.select_related("company__taxpayer").get(pk=connection_id)
    report = comparing.judge(connection, window, looked, since=since)
    comparing.record(connection, report, now=clock.now())
    return Came(report.seen, report.pulled, len(report.remains), report.trouble)


@workflow(
    "reconcile-orders",
    version=1,
    tenant=lambda p: str(p.company_id),
    lane=lambda p: Lane(f"shops:{p.company_id}", 2),
    order_by=lambda p: f"reconcile-orders:{p.connection_id}",
    once_key=lambda p: f"reconcile-orders:{p.connection_id}:{p.back}",
    on_failure="skip",  # the next slot looks from where the last good one ended
    keep=timedelta(days=30),
    tags=lambda p: (f"connection:{p.connection_id}",),
)
def reconcile_orders(run: Run, p: ReconcileOrders) -> Came | None:
    """Look at the shop part by part, wait until what was pulled has gone its way, and conclude."""
    window = run.step(open_window, p.connection_id, p.back)
    if window is None:
        return None
    since = run.now()
    looked: list[Looked] = []
    for part in comparing.slices(window):
        looked.append(run.step(look, p.connection_id, part, key=f"look:{part.since.isoformat()}"))
        if looked[-1].trouble:
            break
    for _ in range(ROUNDS):
        if not run.step(on_its_way, p.connection_id, window, tuple(looked), since):
            break
        run.sleep(PATIENCE)
    return run.step(conclude, p.connection_id, window, tuple(looked), since)


def keep_schedules(connection: Connection, *, now: datetime) -> None:
    """Keep the schedules of a shop that may be asked, in its company's hours, and pause those of one that may not."""
    minute = connection.pk.int % 10  # shops do not all come at once
    plans = (
        (f"pull-orders:{connection.pk}", f"{minute}-59/10 * * * *", timedelta(0)),
        (f"reconcile-orders:{connection.pk}", f"{minute + 20} 4 * * *", WEEK),
    )
    asked = can_pull(connection)
    for name, cron, back in plans:
        if asked:
            schedules.keep(
                name,
                reconcile_orders,
                ReconcileOrders(connection.company_id, connection.pk, back=int(back.total_seconds())),
                cron=cron,
                zone=connection.company.zone,
                catch_up="last",
                tenant=connection.company.tenant,
                now=now,
            )
        row = Schedule.objects.filter(pk=name).first()
        if row is not None and row.paused == asked:
            schedules.change(row, expression=row.cron, zone=row.zone, catch_up=row.catch_up, paused=not asked, now=now)
