"""Once a second: wake the due, take up what died, repair what drifted. The net behind every other transaction.

Every worker runs it, under one advisory lock: whoever gets the lock does the round, the others pass.
"""

import json
import logging
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction

from common import clock
from workflows import alerts, schedules, tokens
from workflows.control import cancel_many
from workflows.engine import close
from workflows.models import Process
from workflows.rows import (
    free_lanes,
    lock_order_key,
    promote,
    pump,
    pump_after_commit,
    record,
    sql,
    wake_parents,
    wake_workers,
)

log = logging.getLogger(__name__)

MAX_RECOVERIES = 10
BATCH = 500
SILENT_WORKER = "10 seconds"
"""A Procrastinate worker without heartbeat for so long is dead; ours beat every three seconds."""

ACTOR = "tick"


def tick() -> dict[str, int]:
    """Do one round, each part in a short transaction of its own; return what was done, empty when another ticks."""
    done: dict[str, int] = {}
    for part in PARTS:
        with transaction.atomic():
            if not sql("SELECT pg_try_advisory_xact_lock(hashtextextended('workflows:tick', 0))")[0][0]:
                return {}
            if count := part():
                done[part.__name__.strip("_")] = count
    if orphans := _orphans():
        done["orphans"] = cancel_many(orphans, now=clock.now(), actor=ACTOR, reason="its parent was cancelled")
    for lane in _lanes_with_work():
        if count := pump(lane):
            done["admitted"] = done.get("admitted", 0) + count
    return done


def _wake_due() -> int:
    """waiting (asleep) and retrying whose moment has come."""
    now = clock.now()
    rows = sql(
        """
        WITH due AS (
            SELECT id, state FROM workflows_process
            WHERE wake_at <= %s AND state IN ('waiting', 'retrying') ORDER BY id LIMIT %s
            FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE workflows_process p SET state = 'pending', wake_at = NULL
        FROM due WHERE p.id = due.id RETURNING p.id, due.state
        """,
        [now, BATCH],
    )
    record(rows, move="wake", at=now, actor=ACTOR, reason="due")
    return len(rows)


def _recover_expired() -> int:
    """Take up the processes whose worker stopped renewing its lease; hold what killed its worker again and again."""
    now = clock.now()
    expired = Process.objects.select_for_update(no_key=True, skip_locked=True).filter(
        state="processing", lease_until__lt=datetime.now(UTC)
    )
    rows = list(expired.order_by("id")[:BATCH])
    for row in rows:
        poison = row.recoveries + 1 >= MAX_RECOVERIES
        hold = {"kind": "poison", "code": "poison", "data": {"recoveries": row.recoveries + 1, "worker": row.worker}}
        sql(
            """
            UPDATE workflows_process SET state = %s, hold = %s, recoveries = recoveries + 1,
                admitted_at = NULL, lease_until = NULL, job_id = NULL
            WHERE id = %s
            """,
            ["held" if poison else "pending", json.dumps(hold) if poison else None, row.pk],
        )
        log.warning("recovering %s %s from %s (%s)", row.workflow, row.pk, row.worker, row.recoveries + 1)
        move = "hold" if poison else "recover"
        record([(row.pk, "processing")], move=move, at=now, actor=ACTOR, reason=f"lease of {row.worker} ran out")
        if poison:
            alerts.alert(
                alerts.Kind.PROCESS_HELD, row.workflow,
                f"process {row.pk} is held as poison: {row.recoveries + 1} workers in a row died of it", row.tenant,
                now, process=row.pk,
            )  # fmt: skip
    free_lanes((row.lane, row.resource) for row in rows)
    return len(rows)


def _expire_unstarted() -> int:
    """Let go what was to be started by now and has not been."""
    now = clock.now()
    keys = sql(
        """
        SELECT id, order_key FROM workflows_process
        WHERE state = 'pending' AND expires_at <= %s AND started_at IS NULL ORDER BY order_key, id LIMIT %s
        """,
        [now, BATCH],
    )
    for key in sorted({key for _, key in keys}):
        lock_order_key(key)
    rows = sql(
        """
        SELECT id, lane, resource, admitted_at IS NOT NULL, order_key FROM workflows_process
        WHERE id = ANY(%s) AND state = 'pending' AND started_at IS NULL
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
        """,
        [[process for process, _ in keys]],
    )
    close([row[0] for row in rows], state="expired", now=now)
    record([(row[0], "pending") for row in rows], move="expire", at=now, actor=ACTOR, reason="not started in time")
    free_lanes((row[1], row[2]) for row in rows if row[3])
    for key in {row[4] for row in rows}:
        for lane in promote(key):
            pump_after_commit(lane)
    return len(rows)


def _wake_past_deadline() -> int:
    """Have what sleeps, waits or retries beyond its maximum duration find out."""
    now = clock.now()
    rows = sql(
        """
        WITH late AS (
            SELECT id, state FROM workflows_process
            WHERE deadline_at < %s AND state IN ('waiting', 'retrying') ORDER BY id LIMIT %s
            FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE workflows_process p SET state = 'pending', wake_at = NULL, awaits_children = ''
        FROM late WHERE p.id = late.id RETURNING p.id, late.state
        """,
        [now, BATCH],
    )
    record(rows, move="wake", at=now, actor=ACTOR, reason="its time is over")
    return len(rows)


def _expire_tokens() -> int:
    """Let those who waited for an answer that did not come go on without."""
    return tokens.expire_due(now=clock.now(), limit=BATCH)


def _fire_schedules() -> int:
    """Trigger what the clock asks for."""
    return schedules.fire_due(clock.now(), limit=schedules.PER_TICK)


def _wake_parents() -> int:
    """Send on the parents whose children have ended while nobody looked."""
    waiting = sql("SELECT id FROM workflows_process WHERE state = 'waiting' AND awaits_children <> '' ORDER BY id")
    return wake_parents([parent for (parent,) in waiting], now=clock.now()) if waiting else 0


def _orphans() -> list[UUID]:
    """Return the open children of cancelled parents: whoever cancelled them died in between."""
    rows = sql(
        """
        SELECT c.id FROM workflows_process c JOIN workflows_process p ON p.id = c.parent_id
        WHERE c.parent_id IS NOT NULL AND c.finished_at IS NULL AND p.state = 'cancelled' ORDER BY c.id LIMIT %s
        """,
        [BATCH],
    )
    return [process for (process,) in rows]


def _replace_lost_jobs() -> int:
    """Give an admitted process a new fence and job when its job is gone, finished, or under a dead worker."""
    rows = sql(
        """
        UPDATE workflows_process p SET fence = p.fence + 1 WHERE p.id IN (
            SELECT q.id FROM workflows_process q
            LEFT JOIN procrastinate_jobs j ON j.id = q.job_id
            LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
            WHERE q.state = 'pending' AND q.admitted_at IS NOT NULL
              AND (
                j.id IS NULL OR j.status NOT IN ('todo', 'doing')
                OR (j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - %s::interval))
              )
            ORDER BY q.id LIMIT %s FOR NO KEY UPDATE OF q SKIP LOCKED
        )
        RETURNING p.id, p.fence, p.queue
        """,
        [SILENT_WORKER, BATCH],
    )
    if rows:
        record(
            [(row[0], "pending") for row in rows], move="rejob", to="pending", at=clock.now(), actor=ACTOR,
            reason="its job was lost",
        )  # fmt: skip
        wake_workers(rows)
    return len(rows)


def _drop_stale_jobs() -> int:
    """Delete jobs that nobody will finish: `doing` under a dead worker while the process has moved on."""
    return len(
        sql(
            """
            DELETE FROM procrastinate_jobs j USING workflows_process p
            WHERE j.status = 'doing' AND p.id = (j.args->>'process')::uuid
              AND (j.id IS DISTINCT FROM p.job_id)
              AND NOT EXISTS (
                SELECT 1 FROM procrastinate_workers w
                WHERE w.id = j.worker_id AND w.last_heartbeat >= now() - %s::interval
              )
            RETURNING j.id
            """,
            [SILENT_WORKER],
        )
    )


def _repair_lanes() -> int:
    """Make each lane's counter say what the rows say; a drift is a defect somewhere and is told."""
    counted = """
        SELECT key, count(*) AS n FROM (
            SELECT lane AS key FROM workflows_process
            WHERE state IN ('pending', 'processing') AND admitted_at IS NOT NULL
            UNION ALL
            SELECT resource FROM workflows_process
            WHERE state IN ('pending', 'processing') AND admitted_at IS NOT NULL AND resource <> ''
        ) AS taken GROUP BY key
    """
    drifted = f"""
        SELECT l.key, l.active, coalesce(c.n, 0) FROM workflows_lane l LEFT JOIN ({counted}) c ON c.key = l.key
        WHERE l.active <> coalesce(c.n, 0)
    """  # noqa: S608 (literals of this function)
    keys = sorted(key for key, _, _ in sql(drifted))
    if not keys:
        return 0
    sql("SELECT 1 FROM workflows_lane WHERE key = ANY(%s) ORDER BY key FOR NO KEY UPDATE", [keys])
    repaired = 0
    for key, active, actual in sql(drifted):
        # Counted anew under the lane's lock: the first look may have caught an admission half seen.
        if key in keys:
            sql("UPDATE workflows_lane SET active = %s WHERE key = %s", [actual, key])
            repaired += 1
            log.warning("lane %s counted %s, its rows say %s: repaired", key, active, actual)
    return repaired


def _promote_stranded() -> int:
    """Let go whoever is marked behind with nobody in front."""
    return len(
        sql(
            """
            UPDATE workflows_process p SET behind = false
            WHERE p.behind AND p.state = 'pending' AND NOT EXISTS (
                SELECT 1 FROM workflows_process o
                WHERE o.order_key = p.order_key AND o.order_key <> '' AND o.finished_at IS NULL AND o.seq < p.seq
            )
            RETURNING p.id
            """
        )
    )


def _lanes_with_work() -> list[str]:
    return [
        row[0]
        for row in sql(
            """
            SELECT DISTINCT p.lane FROM workflows_process p LEFT JOIN workflows_lane l ON l.key = p.lane
            WHERE p.state = 'pending' AND NOT p.behind AND p.admitted_at IS NULL
              AND (p.wake_at IS NULL OR p.wake_at <= %s)
              AND (l.key IS NULL OR workflows_lane_places(l, %s) > 0)
            """,
            [clock.now(), clock.now()],
        )
    ]


PARTS = (
    _wake_due, _expire_unstarted, _wake_past_deadline, _expire_tokens, _fire_schedules, _wake_parents, _recover_expired,
    _replace_lost_jobs, _drop_stale_jobs, _repair_lanes, _promote_stranded,
)  # fmt: skip
