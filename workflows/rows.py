"""The small statements that every part of the engine shares: locks, events, lanes, promotion.

Lock order, everywhere: the application's rows, then advisory order key, token, process (by id), lane (by key).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from common import clock
from workflows.models import ProcessEvent
from workflows.states import MOVES, OPEN
from workflows.wakeups import defer


def sql(statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run one statement on Django's connection and return its rows, or an empty list when it has none."""
    with connection.cursor() as cursor:
        cursor.execute(statement, list(parameters))
        return list(cursor.fetchall()) if cursor.description else []


def lock_order_key(order_key: str) -> None:
    """Take the advisory lock of an order key until the transaction ends. The empty key needs none."""
    if order_key:
        sql("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"workflows:order:{order_key}"])


def record(
    moves: Iterable[tuple[UUID, str]], *, move: str, at: datetime, actor: str, reason: str = "", to: str | None = None
) -> None:
    """Append one ProcessEvent for each (process, state it came from)."""
    target = to or MOVES.target(move)
    ProcessEvent.objects.bulk_create(
        ProcessEvent(
            process_id=process, at=at, actor=actor, move=move, from_state=source, to_state=target, reason=reason
        )
        for process, source in moves
    )


def free_lanes(lanes: Iterable[str]) -> None:
    """Give back one place for each entry of `lanes` and fill them after the commit."""
    counted: dict[str, int] = {}
    for lane in lanes:
        counted[lane] = counted.get(lane, 0) + 1
    for lane in sorted(counted):
        sql("UPDATE workflows_lane SET active = greatest(active - %s, 0) WHERE key = %s", [counted[lane], lane])
        pump_after_commit(lane)


def promote(order_key: str) -> None:
    """Let the oldest open process of an order key go; its advisory lock must be held.

    A statement of its own, after the lock: what was triggered before it is visible then.
    """
    if not order_key:
        return
    rows = sql(
        """
        UPDATE workflows_process SET behind = false
        WHERE behind AND id = (
            SELECT id FROM workflows_process WHERE order_key = %s AND state = ANY(%s) ORDER BY seq LIMIT 1
        )
        RETURNING lane
        """,
        [order_key, list(OPEN)],
    )
    for (lane,) in rows:
        pump_after_commit(lane)


def pump_after_commit(lane: str) -> None:
    """Admit from `lane` once this transaction is committed, once per lane; the tick is the net behind it."""
    for entry in connection.run_on_commit:
        if isinstance(entry[1], partial) and entry[1].args == (lane,):
            return
    transaction.on_commit(partial(pump, lane), robust=True)


def pump(lane: str) -> int:
    """Admit as many processes as the lane has places, in one short transaction; return how many.

    The lane is locked first and the choice made in a second statement: one statement would choose from what was
    visible before the lock and admit twice (durable-execution.md section 5.4).
    """
    now = clock.now()
    with transaction.atomic():
        places = _lock_lane(lane)
        if places <= 0:
            return 0
        admitted = sql(
            """
            UPDATE workflows_process SET admitted_at = %s, wake_at = NULL, fence = fence + 1
            WHERE id IN (
                SELECT id FROM workflows_process
                WHERE lane = %s AND state = 'pending' AND NOT behind AND admitted_at IS NULL
                  AND (wake_at IS NULL OR wake_at <= %s)
                ORDER BY priority, seq LIMIT %s
                FOR NO KEY UPDATE SKIP LOCKED
            )
            RETURNING id, fence, queue
            """,
            [now, lane, now, places],
        )
        if admitted:
            wake_workers(admitted)
            sql("UPDATE workflows_lane SET active = active + %s WHERE key = %s", [len(admitted), lane])
        return len(admitted)


def wake_workers(admitted: Sequence[tuple[Any, ...]]) -> None:
    """Defer one job for each (process, fence, queue) and remember its id on the process."""
    jobs: list[tuple[UUID, int]] = []
    for queue in {str(row[2]) for row in admitted}:
        here = [(row[0], row[1]) for row in admitted if row[2] == queue]
        jobs += zip((process for process, _ in here), defer(queue, here), strict=True)
    sql(
        """
        UPDATE workflows_process AS p SET job_id = j.job
        FROM unnest(%s::uuid[], %s::bigint[]) AS j(process, job) WHERE p.id = j.process
        """,
        [[process for process, _ in jobs], [job for _, job in jobs]],
    )


def _lock_lane(lane: str) -> int:
    """Lock the lane's row, made by the first admission, and return its free places."""
    select = (
        'SELECT CASE WHEN paused THEN 0 ELSE "limit" - active END FROM workflows_lane WHERE key = %s FOR NO KEY UPDATE'
    )
    rows = sql(select, [lane])
    if not rows:
        sql(
            """
            INSERT INTO workflows_lane (key, "limit", active, paused)
            SELECT lane, lane_limit, 0, false FROM workflows_process
            WHERE lane = %s AND state = 'pending' LIMIT 1
            ON CONFLICT (key) DO NOTHING
            """,
            [lane],
        )
        rows = sql(select, [lane])
    return int(rows[0][0]) if rows else 0
