"""I9: no process is open without something that will move it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from common.findings import Finding
from workflows.rows import sql

GRACE = timedelta(seconds=60)
"""How long a lease may be over before it counts: a tick comes every second, if anyone is alive."""


def stuck_processes() -> Iterator[Finding]:
    """Yield the open processes without a live lease, a wake-up time, a token, a hold, a lane's queue, or a place
    behind one that has."""
    rows = sql(
        """
        SELECT p.id, p.workflow, p.state, CASE
            WHEN p.state = 'processing' AND p.lease_until < %s THEN 'its lease is over and nobody took it up'
            WHEN p.state = 'retrying' AND p.wake_at IS NULL THEN 'retrying without a time'
            WHEN p.state = 'held' AND p.hold IS NULL THEN 'held without a reason'
            WHEN p.awaits_children <> '' AND NOT EXISTS (
                SELECT 1 FROM workflows_process c WHERE c.parent_id = p.id AND c.finished_at IS NULL
            ) THEN 'waiting for children that have ended'
            WHEN p.state = 'waiting' AND p.wake_at IS NULL AND p.awaits_children = '' AND NOT EXISTS (
                SELECT 1 FROM workflows_token t
                WHERE t.process_id = p.id AND t.completed_at IS NULL AND NOT t.closed
            ) THEN 'waiting for nothing'
            WHEN p.behind AND NOT EXISTS (
                SELECT 1 FROM workflows_process o
                WHERE o.order_key = p.order_key AND o.order_key <> '' AND o.finished_at IS NULL AND o.seq < p.seq
            ) THEN 'behind nobody'
        END
        FROM workflows_process p WHERE p.finished_at IS NULL ORDER BY p.seq
        """,
        [datetime.now(UTC) - GRACE],
    )
    for process, workflow, state, wrong in rows:
        if wrong:
            yield Finding("I9", f"{workflow} {process}", f"{state}: {wrong}")
