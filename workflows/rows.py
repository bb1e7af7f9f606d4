"""The small statements that every part of the engine shares: locks, events, lanes, promotion.

Lock order, everywhere: the application's rows, then advisory order key, token, process (by id), lane (by key).
"""

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import psycopg
from django.db import connection, transaction

from common import clock
from workflows.states import MOVES
from workflows.wakeups import TASK, defer


def sql(statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    """Run one statement on Django's connection and return its rows, or an empty list when it has none.

    Outside `atomic` it is a transaction of its own. The values are bound by the server and the plan is kept for the
    session: Django's cursor would write them into the text and have each parsed and planned anew.
    """
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    named = isinstance(parameters, Mapping)
    kind, text = (psycopg.Cursor, statement.encode()) if named else (psycopg.RawCursor, _numbered(statement))
    with connection.wrap_database_errors, kind(connection.connection) as cursor:
        cursor.execute(text, parameters, prepare=True)
        # Not cursor.description, which makes an object for each column to answer the same question.
        return cursor.fetchall() if cursor.pgresult and cursor.pgresult.nfields else []


@lru_cache(maxsize=1024)
def _numbered(statement: str) -> bytes:
    """Return a statement with its places numbered, as the server wants them.

    psycopg does it too, but anew at every call for a statement of more than fifty places: those that issue have more.
    """
    numbers = itertools.count(1)
    return re.sub("%([%s])", lambda place: "%" if place[1] == "%" else f"${next(numbers)}", statement).encode()


class Claimed(msgspec.Struct):
    """The process as the worker that claimed it knows it (workflows_claimed in sql/admission_1.sql)."""

    id: UUID
    fence: int
    workflow: str
    version: int
    tenant: str
    order_key: str
    lane: str
    resource: str
    queue: str
    payload: str
    recoveries: int
    worker: str
    deadline_at: datetime | None
    unwinding: bool
    parent_id: UUID | None


class Keeper(NamedTuple):
    """A worker with nothing to do but one job on its hands: what it may keep of an admission."""

    queues: list[str]
    job: int
    worker: str
    lease_until: datetime


def lock_order_key(order_key: str) -> None:
    """Take the advisory lock of an order key until the transaction ends. The empty key needs none."""
    if order_key:
        sql("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"workflows:order:{order_key}"])


def record(
    moves: Iterable[tuple[UUID, str]], *, move: str, at: datetime, actor: str, reason: str = "", to: str | None = None
) -> None:
    """Append one ProcessEvent for each (process, state it came from)."""
    moves = list(moves)
    if moves:
        sql(
            """
            SELECT workflows_record(m.process, %s, %s, %s, m.source, %s, %s)
            FROM unnest(%s::uuid[], %s::text[]) WITH ORDINALITY AS m (process, source, place) ORDER BY m.place
            """,
            [
                at, actor, move, to or MOVES.target(move), reason,
                [process for process, _ in moves], [source for _, source in moves],
            ],
        )  # fmt: skip


def free_lanes(places: Iterable[tuple[str, str]]) -> None:
    """Give back the places of processes, each (lane, resource), and fill them after the commit."""
    lanes: dict[str, int] = {}
    resources: dict[str, int] = {}
    for lane, resource in places:
        lanes[lane] = lanes.get(lane, 0) + 1
        if resource:
            resources[resource] = resources.get(resource, 0) + 1
    for key, count in sorted([*lanes.items(), *resources.items()]):
        sql("UPDATE workflows_lane SET active = greatest(active - %s, 0) WHERE key = %s", [count, key])
    for lane in lanes:
        pump_after_commit(lane)
    for resource in resources:
        after_commit_once(pump_resource, resource)


def promote(order_key: str) -> list[str]:
    """Let the oldest open process of an order key go, and return its lane; the key's advisory lock must be held.

    A statement of its own, after the lock: what was triggered before it is visible then.
    """
    if not order_key:
        return []
    rows = sql(
        """
        UPDATE workflows_process SET behind = false
        WHERE behind AND id = (
            SELECT id FROM workflows_process
            WHERE order_key = %s AND order_key <> '' AND finished_at IS NULL ORDER BY seq LIMIT 1
        )
        RETURNING lane
        """,
        [order_key],
    )
    return [lane for (lane,) in rows]


def pump_after_commit(lane: str) -> None:
    """Admit from `lane` once this transaction is committed; the tick is the net behind it."""
    after_commit_once(pump, lane)


def after_commit_once(work: Callable[[Any], object], subject: Any) -> None:
    """Do `work(subject)` once this transaction is committed, however often it is asked for."""
    asked = (work, subject)
    if any(getattr(entry[1], "asked", None) == asked for entry in connection.run_on_commit):
        return

    # A function, not a partial: Django names what failed after a commit, and a partial has no name.
    def later() -> None:
        work(subject)

    later.asked = asked  # type: ignore[attr-defined]
    transaction.on_commit(later, robust=True)


def pump(lane: str) -> int:
    """Admit as many processes as the lane has places, in one short transaction; return how many."""
    return admit(lane)[0]


def pump_resource(resource: str) -> int:
    """Admit from every lane whose queue holds a process that wants a place of this resource; return how many."""
    lanes = sql(
        """
        SELECT DISTINCT lane FROM workflows_process
        WHERE state = 'pending' AND NOT behind AND admitted_at IS NULL AND resource = %s ORDER BY lane
        """,
        [resource],
    )
    return sum(pump(lane) for (lane,) in lanes)


def admit(lane: str, keeper: Keeper | None = None) -> tuple[int, Claimed | None]:
    """Admit from a lane; return how many, and what was kept.

    :param keeper: gets the first process of its queues at once, without a wake-up.
    """
    kept = (keeper.queues, keeper.job, keeper.worker, keeper.lease_until) if keeper else (None, None, None, None)
    rows = sql(
        "SELECT admitted, (kept).* FROM workflows_pump(%s, %s, %s, %s::text[], %s, %s, %s, %s)",
        [lane, clock.now(), TASK, *kept, not connection.in_atomic_block],
    )
    admitted, *claimed = rows[0]
    return admitted, Claimed(*claimed) if claimed[0] else None


def wake_parent(parent: UUID) -> int:
    """Send a parent on whose awaited children have all ended, or one failed where that is to stop them; return 1 then.

    A transaction of its own, after that of the child: the last two to end would each see the other still open.
    """
    return wake_parents([parent], now=clock.now())


def wake_parents(parents: Sequence[UUID], *, now: datetime) -> int:
    """Send on those of the waiting parents that may go; return how many."""
    rows = sql(
        """
        WITH ready AS (
            SELECT p.id FROM workflows_process p
            WHERE p.id = ANY(%s) AND p.state = 'waiting' AND p.awaits_children <> ''
              AND (NOT EXISTS (
                    SELECT 1 FROM workflows_process c
                    WHERE c.parent_id = p.id AND c.parent_key = p.awaits_children AND c.finished_at IS NULL
                ) OR EXISTS (
                    SELECT 1 FROM workflows_step s JOIN workflows_process c
                        ON c.parent_id = s.process_id AND c.parent_key = s.key AND c.state = 'failed'
                    WHERE s.process_id = p.id AND s.key = p.awaits_children
                      AND s.output::json->>'on_failure' = 'stop'
                ))
            ORDER BY p.id FOR NO KEY UPDATE
        ), woken AS (
            UPDATE workflows_process p SET state = 'pending', awaits_children = ''
            FROM ready WHERE p.id = ready.id RETURNING p.id, p.lane
        )
        SELECT lane, workflows_record(id, %s, 'engine', 'wake', 'waiting', 'pending', 'children ended') FROM woken
        """,
        [list(parents), now],
    )
    for lane in {lane for lane, _ in rows}:
        pump_after_commit(lane)
    return len(rows)


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
