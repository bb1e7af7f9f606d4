"""Start a process: trigger, and what a newer process does to the ones before it.

The engine is four short transactions and no loop: `trigger` here, `pump` (rows.py), `execute` with its steps
(execution.py, journal.py), and the finish of each (execution.py). `tick.py` is the net behind all of them.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from common.ids import uuid7
from workflows.api import Step, Workflow
from workflows.encoding import decode, encode
from workflows.rows import free_lanes, lock_order_key, promote, pump_after_commit, record, sql
from workflows.states import OPEN


class Handle(NamedTuple):
    """The process that a trigger started, or found."""

    id: UUID
    created: bool


def trigger(
    workflow: Workflow,
    payload: Any,
    *,
    now: datetime,
    actor: str,
    not_before: datetime | None = None,
    settle: timedelta = timedelta(0),
    priority: int = 0,
) -> Handle:
    """Start a process of `workflow` in the caller's transaction.

    The payload is encoded and decoded as the declared type first: a bad one creates nothing. With `settle` the
    process waits that long, and each newer one that supersedes it begins the wait anew, up to `settle_max` in all.
    Never writes a lane: admission follows after the commit.

    :raises EncodingError: when the payload does not fit the workflow's type.
    """
    text = encode(payload)
    payload = decode(text, workflow.payload_type)
    order_key = workflow.order_by(payload) if workflow.order_by else ""
    idempotency_key = workflow.idempotency_key(payload) if workflow.idempotency_key else None
    once_key = workflow.once_key(payload) if workflow.once_key else None
    lane = workflow.lane(payload)
    process = uuid7()
    with transaction.atomic():
        lock_order_key(order_key)
        if idempotency_key and (existing := _existing(workflow, idempotency_key)):
            return Handle(existing, created=False)
        settling_since = now if settle else None
        if workflow.supersede_until:
            since = supersede(workflow, order_key, workflow.supersede_until, by=process, now=now, actor=actor)
            settling_since = since if settle and since else settling_since
        wake_at = not_before
        if settling_since:
            wake_at = max(min(now + settle, settling_since + workflow.settle_max), not_before or now)
        rows = sql(
            f"""
            INSERT INTO workflows_process (
                id, workflow, version, state, tenant, idempotency_key, once_key, order_key, behind, lane, lane_limit,
                queue, priority, fence, worker, wake_at, settling_since, recoveries, payload, tags, actor, created_at
            ) VALUES (
                %s, %s, %s, 'pending', %s, %s, %s, %s,
                %s <> '' AND EXISTS (SELECT 1 FROM workflows_process WHERE order_key = %s AND state = ANY(%s)),
                %s, %s, %s, %s, 0, '', %s, %s, 0, %s, %s, %s, %s
            )
            ON CONFLICT {_ON_CONFLICT_ONCE if once_key else "(workflow, idempotency_key) DO NOTHING"}
            RETURNING id
            """,  # noqa: S608 (both endings are literals of this module)
            [
                process, workflow.name, workflow.version, workflow.tenant(payload), idempotency_key, once_key,
                order_key, order_key, order_key, list(OPEN), lane.key, lane.limit, workflow.queue, priority,
                wake_at, settling_since, text, list(workflow.tags(payload)), actor, now,
            ],
        )  # fmt: skip
        found: UUID | None = rows[0][0] if rows else _existing(workflow, idempotency_key or "")
        if found != process:
            assert found is not None  # noqa: S101 (the conflict that kept us from inserting)
            return Handle(found, created=False)
        record([(process, "")], move="trigger", to="pending", at=now, actor=actor)
        pump_after_commit(lane.key)
        return Handle(process, created=True)


# The update locks the queued row: its worker cannot claim it before our transaction, whose rows it must see, is over.
_ON_CONFLICT_ONCE = "(workflow, once_key) DO UPDATE SET priority = workflows_process.priority"


def supersede(
    workflow: Workflow, order_key: str, until: Step[Any], *, by: UUID, now: datetime, actor: str
) -> datetime | None:
    """Cancel every open process of the key that has no checkpoint of `until`; return since when they were settling.

    The order key's lock must be held. A processing one is cancelled too: its next checkpoint finds the state changed
    and commits nothing.
    """
    sql(
        """
        SELECT t.key FROM workflows_token t JOIN workflows_process p ON p.id = t.process_id
        WHERE p.order_key = %s AND p.workflow = %s AND p.state = ANY(%s) AND t.completed_at IS NULL
        ORDER BY t.key FOR NO KEY UPDATE OF t
        """,
        [order_key, workflow.name, list(OPEN)],
    )
    candidates = sql(
        """
        SELECT id, state, settling_since, lane, admitted_at IS NOT NULL FROM workflows_process
        WHERE order_key = %s AND workflow = %s AND state = ANY(%s) ORDER BY id FOR NO KEY UPDATE
        """,
        [order_key, workflow.name, list(OPEN)],
    )
    passed = {
        row[0]
        for row in sql(
            "SELECT process_id FROM workflows_step WHERE process_id = ANY(%s) AND key = %s AND done",
            [[row[0] for row in candidates], until.name],
        )
    }
    beaten = [row for row in candidates if row[0] not in passed]
    close(beaten_ids := [row[0] for row in beaten], state="cancelled", now=now, superseded_by=by)
    record([(row[0], row[1]) for row in beaten], move="cancel", at=now, actor=actor, reason=f"superseded by {by}")
    free_lanes(row[3] for row in beaten if row[4])
    if beaten_ids:
        promote(order_key)
    return min((row[2] for row in beaten if row[2]), default=None)


def close(processes: list[UUID], *, state: str, now: datetime, superseded_by: UUID | None = None) -> None:
    """Write a terminal state on locked processes and close the tokens that they waited for."""
    if not processes:
        return
    sql(
        """
        UPDATE workflows_process SET state = %s, finished_at = %s, superseded_by_id = %s, once_key = NULL,
            admitted_at = NULL, lease_until = NULL, wake_at = NULL, job_id = NULL, behind = false
        WHERE id = ANY(%s)
        """,
        [state, now, superseded_by, processes],
    )
    sql(
        "UPDATE workflows_token SET closed = true WHERE process_id = ANY(%s) AND completed_at IS NULL AND NOT closed",
        [processes],
    )


def _existing(workflow: Workflow, idempotency_key: str) -> UUID | None:
    rows = sql(
        "SELECT id FROM workflows_process WHERE workflow = %s AND idempotency_key = %s",
        [workflow.name, idempotency_key],
    )
    return rows[0][0] if rows else None
