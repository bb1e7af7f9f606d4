"""How the processes fare: what ended in a window and how, what is open now, and what there is to run it on.

Statements that read what the answer is about and nothing else: the ended of the window by `process_ended`, the open
by `process_open`, the failed tries by `attempt_failed`. Millions of rows outside the window cost nothing.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from django.apps import apps
from django.db.models import F

from workflows.rows import sql
from workflows.states import IS_OPEN

DAY = timedelta(days=1)
ALIVE = timedelta(seconds=15)
"""A worker that was seen so recently is alive; it says so every three seconds."""
MOST_LANES = 200


class Ended(msgspec.Struct, frozen=True):
    """How the processes of one workflow ended in the window. Durations in seconds, none where nothing ended."""

    workflow: str
    completed: int
    failed: int
    cancelled: int
    expired: int
    retried: int
    """Ended processes of which a try of some step had failed in the window."""
    duration_p50: float | None
    """From the first start to the end, whatever it waited for in between."""
    duration_p95: float | None
    wait_p50: float | None
    """From the trigger to the first start."""
    wait_p95: float | None

    @property
    def ended(self) -> int:
        """How many ended."""
        return self.completed + self.failed + self.cancelled + self.expired

    @property
    def success_rate(self) -> float | None:
        """The share that completed; what was cancelled was no longer wanted and does not count."""
        tried = self.completed + self.failed + self.expired
        return self.completed / tried if tried else None

    @property
    def retry_rate(self) -> float | None:
        """The share of the ended of which a try had failed."""
        return self.retried / self.ended if self.ended else None


class Standing(msgspec.Struct, frozen=True):
    """The open processes of one workflow in one state."""

    workflow: str
    state: str
    count: int
    since: datetime
    """Since when the one that has been longest in this state is in it; a pending one from when it might start."""

    def seconds(self, now: datetime) -> float:
        """Return for how long that has been so."""
        return max((now - self.since).total_seconds(), 0.0)


class LaneUse(msgspec.Struct, frozen=True):
    """A lane that has work, or is paused."""

    key: str
    active: int
    limit: int
    paused: bool
    queued: int


class WorkerSeen(msgspec.Struct, frozen=True):
    """A worker that is alive."""

    name: str
    queues: list[str]
    slots: int
    busy: int
    """How many processes it is running."""
    started_at: datetime


class BreakerState(msgspec.Struct, frozen=True):
    """The circuit breaker of one resource."""

    key: str
    state: str
    failures: int
    opened_until: datetime | None


class Health(msgspec.Struct, frozen=True):
    """Everything at once."""

    since: datetime
    now: datetime
    ended: list[Ended]
    open: list[Standing]
    lanes: list[LaneUse]
    workers: list[WorkerSeen]
    breakers: list[BreakerState]

    @property
    def oldest_pending(self) -> Standing | None:
        """The workflow of which a process has been able to start for the longest, and has not."""
        return min((it for it in self.open if it.state == "pending"), key=lambda it: it.since, default=None)


def health(now: datetime, *, window: timedelta = DAY, tenants: Sequence[str] | None = None) -> Health:
    """Return how things stand, and how what ended in the `window` before `now` ended.

    With `tenants` only their processes count, and what belongs to no tenant (lanes, workers, breakers) is left out.
    """
    since = now - window
    house = tenants is None
    return Health(
        since=since,
        now=now,
        ended=ended(since, tenants),
        open=standing(now, tenants),
        lanes=lanes() if house else [],
        workers=workers() if house else [],
        breakers=breakers() if house else [],
    )


def ended(since: datetime, tenants: Sequence[str] | None = None) -> list[Ended]:
    """Return how the processes that ended since then ended, by workflow."""
    rows = sql(
        f"""
        WITH RECURSIVE named AS (
            SELECT min(workflow) AS name FROM workflows_process WHERE finished_at IS NOT NULL
            UNION ALL
            SELECT (
                SELECT min(workflow) FROM workflows_process WHERE finished_at IS NOT NULL AND workflow > named.name
            ) FROM named WHERE named.name IS NOT NULL
        ), ended AS (
            SELECT id, workflow, state, extract(epoch FROM finished_at - started_at)::float AS duration,
                extract(epoch FROM started_at - created_at)::float AS wait
            FROM named JOIN workflows_process ON workflow = named.name
            WHERE finished_at >= %s AND {_OF_TENANTS}
        ), retried AS (
            SELECT DISTINCT process_id FROM workflows_attempt WHERE started_at >= %s AND error_class <> ''
        )
        SELECT workflow, count(*) FILTER (WHERE state = 'completed'), count(*) FILTER (WHERE state = 'failed'),
            count(*) FILTER (WHERE state = 'cancelled'), count(*) FILTER (WHERE state = 'expired'),
            count(process_id),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY duration),
            percentile_cont(0.95) WITHIN GROUP (ORDER BY duration),
            percentile_cont(0.5) WITHIN GROUP (ORDER BY wait),
            percentile_cont(0.95) WITHIN GROUP (ORDER BY wait)
        FROM ended LEFT JOIN retried ON process_id = id GROUP BY workflow ORDER BY workflow
        """,  # noqa: S608 (literals of this module)
        [since, *_only(tenants), since],
    )
    return [Ended(*row) for row in rows]


def standing(now: datetime, tenants: Sequence[str] | None = None) -> list[Standing]:
    """Return the open processes by workflow and state. What is to begin later has not begun to wait.

    Costs a look at the last move of each open process.
    """
    rows = sql(
        f"""
        SELECT p.workflow, p.state, count(*), min(least(greatest(
            e.at, CASE WHEN p.state = 'pending' THEN p.wake_at END
        ), %s))
        FROM workflows_process p CROSS JOIN LATERAL (
            SELECT at FROM workflows_processevent
            WHERE process_id = p.id AND move <> 'rejob' ORDER BY id DESC LIMIT 1
        ) e
        WHERE {IS_OPEN} AND {_OF_TENANTS} GROUP BY p.workflow, p.state ORDER BY p.workflow, p.state
        """,  # noqa: S608 (literals of this module)
        [now, *_only(tenants)],
    )
    return [Standing(*row) for row in rows]


def lanes() -> list[LaneUse]:
    """Return the lanes that have work or are paused, the fullest first, and no more than a page of them."""
    rows = sql(
        """
        SELECT l.key, l.active, l."limit", l.paused, coalesce(q.n, 0) FROM workflows_lane l LEFT JOIN (
            SELECT lane, count(*) AS n FROM workflows_process
            WHERE state = 'pending' AND NOT behind AND admitted_at IS NULL GROUP BY lane
        ) q ON q.lane = l.key
        WHERE l.active > 0 OR l.paused OR q.n > 0
        ORDER BY l.paused DESC, l.active::float / greatest(l."limit", 1) DESC, q.n DESC NULLS LAST, l.key LIMIT %s
        """,
        [MOST_LANES],
    )
    return [LaneUse(*row) for row in rows]


def workers() -> list[WorkerSeen]:
    """Return the workers that are alive. By real time, as their beats are."""
    rows = sql(
        """
        SELECT w.name, w.queues, w.slots, coalesce(b.n, 0), w.started_at FROM workflows_worker w LEFT JOIN (
            SELECT worker, count(*) AS n FROM workflows_process WHERE state = 'processing' GROUP BY worker
        ) b ON b.worker = w.name
        WHERE w.seen_at > %s ORDER BY w.name
        """,
        [datetime.now(UTC) - ALIVE],
    )
    return [WorkerSeen(*row) for row in rows]


def breakers() -> list[BreakerState]:
    """Return the circuit breakers, the open ones first, where this engine has any."""
    # The one place that asks for the model: with it the rows are there, without it there is nothing to tell.
    models = [model for model in apps.get_app_config("workflows").get_models() if model.__name__ == "Breaker"]
    if not models:
        return []
    rows: Any = models[0]._default_manager.order_by(F("opened_until").desc(nulls_last=True), "pk")
    return [BreakerState(row.key, row.state, row.failures, row.opened_until) for row in rows]


_OF_TENANTS = "(%s::text[] IS NULL OR tenant = ANY(%s::text[]))"


def _only(tenants: Sequence[str] | None) -> list[list[str] | None]:
    return [list(tenants) if tenants is not None else None] * 2
