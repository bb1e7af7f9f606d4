"""Once a second: wake the due, take up what died, repair what drifted. The net behind every other transaction.

Every worker runs it, under one advisory lock: whoever gets the lock does the round, the others pass.
"""

import json
import logging
from datetime import UTC, datetime

from django.db import transaction

from common import clock
from workflows.models import Process
from workflows.rows import free_lanes, pump, record, sql, wake_workers
from workflows.states import OPEN

log = logging.getLogger(__name__)

MAX_RECOVERIES = 10
BATCH = 500
SILENT_WORKER = "10 seconds"
"""A Procrastinate worker without heartbeat for so long is dead; ours beat every three seconds."""

ACTOR = "tick"


def tick() -> dict[str, int]:
    """Do one round, each part in a short transaction of its own; return what was done, empty when another ticks."""
    done: dict[str, int] = {}
    for part in (_wake_due, _recover_expired, _replace_lost_jobs, _drop_stale_jobs, _repair_lanes, _promote_stranded):
        with transaction.atomic():
            if not sql("SELECT pg_try_advisory_xact_lock(hashtextextended('workflows:tick', 0))")[0][0]:
                return {}
            if count := part():
                done[part.__name__.strip("_")] = count
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
    free_lanes(row.lane for row in rows)
    return len(rows)


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
    rows = sql(
        """
        SELECT l.key, l.active FROM workflows_lane l
        WHERE l.active <> (SELECT count(*) FROM workflows_process p
                           WHERE p.lane = l.key AND p.state IN ('pending', 'processing')
                             AND p.admitted_at IS NOT NULL)
        ORDER BY l.key FOR NO KEY UPDATE SKIP LOCKED
        """
    )
    repaired = 0
    for key, counted in rows:
        # Counted anew under the lane's lock: the first look may have caught an admission half seen.
        actual = sql(
            """
            UPDATE workflows_lane l SET active = a.n FROM (
                SELECT count(*) AS n FROM workflows_process
                WHERE lane = %s AND state IN ('pending', 'processing') AND admitted_at IS NOT NULL
            ) a
            WHERE l.key = %s AND l.active <> a.n RETURNING a.n
            """,
            [key, key],
        )
        if actual:
            repaired += 1
            log.warning("lane %s counted %s, its rows say %s: repaired", key, counted, actual[0][0])
    return repaired


def _promote_stranded() -> int:
    """Let go whoever is marked behind with nobody in front."""
    return len(
        sql(
            """
            UPDATE workflows_process p SET behind = false
            WHERE p.behind AND p.state = 'pending' AND NOT EXISTS (
                SELECT 1 FROM workflows_process o
                WHERE o.order_key = p.order_key AND o.state = ANY(%s) AND o.seq < p.seq
            )
            RETURNING p.id
            """,
            [list(OPEN)],
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
              AND (l.key IS NULL OR (NOT l.paused AND l.active < l."limit"))
            """,
            [clock.now()],
        )
    ]
