"""What a person may do with a process: resolve its hold, resume it, cancel it. Each with actor and reason."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from workflows import tokens
from workflows.engine import close
from workflows.errors import Superseded, TokenClosed, WrongState
from workflows.models import Process
from workflows.rows import free_lanes, lock_order_key, promote, pump_after_commit, record, sql
from workflows.states import MOVES, OPEN


def resolve(process: UUID, resolution: Any, *, now: datetime, actor: str) -> None:
    """Answer the question that the process is held with; the same process goes on.

    :raises Superseded: when a newer process took its place; the error names it.
    :raises WrongState: when it is not held for an answer.
    """
    row = Process.objects.get(pk=process)
    if row.superseded_by_id:
        raise Superseded("resolve", row.superseded_by_id)
    if row.state != "held" or not row.hold or row.hold["kind"] != "question":
        raise WrongState("resolve", row.state)
    try:
        tokens.answer(row.hold["token"], resolution, tenant=row.tenant, now=now, actor=actor)
    except TokenClosed:
        row = Process.objects.get(pk=process)
        if row.superseded_by_id:
            raise Superseded("resolve", row.superseded_by_id) from None
        raise WrongState("resolve", row.state) from None


def resume(process: UUID, *, now: datetime, actor: str, reason: str) -> None:
    """Send a process on after its last failure, with the tries of its open steps counted anew.

    :raises WrongState: when it is not failed, nor held after a failure (a question leaves only by `resolve`).
    """
    with transaction.atomic():
        row = _lock(process)
        if row.state not in MOVES.sources("resume") or (row.hold or {}).get("kind") == "question":
            raise WrongState("resume", row.state)
        sql("UPDATE workflows_step SET failures = 0 WHERE process_id = %s AND NOT done", [process])
        sql(
            """
            UPDATE workflows_process SET state = 'pending', hold = NULL, error = NULL, finished_at = NULL,
                wake_at = NULL, recoveries = 0, behind = order_key <> '' AND EXISTS (
                    SELECT 1 FROM workflows_process o
                    WHERE o.order_key = workflows_process.order_key AND o.id <> workflows_process.id
                      AND o.state = ANY(%s) AND NOT o.behind
                )
            WHERE id = %s
            """,
            [list(OPEN), process],
        )
        record([(process, row.state)], move="resume", at=now, actor=actor, reason=reason)
        pump_after_commit(row.lane)


def cancel(process: UUID, *, now: datetime, actor: str, reason: str) -> None:
    """Stop a process for good; one that is being executed stops at its next checkpoint, which it cannot write.

    :raises WrongState: when it has ended already.
    """
    with transaction.atomic():
        row = _lock(process)
        if row.state not in OPEN:
            raise WrongState("cancel", row.state)
        close([process], state="cancelled", now=now)
        record([(process, row.state)], move="cancel", at=now, actor=actor, reason=reason)
        promote(row.order_key)
        if row.admitted_at:
            free_lanes([row.lane])


def _lock(process: UUID) -> Process:
    """Lock order key, open tokens and process, in this order, and return the row as it is then."""
    lock_order_key(Process.objects.values_list("order_key", flat=True).get(pk=process))
    sql(
        "SELECT 1 FROM workflows_token WHERE process_id = %s AND completed_at IS NULL ORDER BY key FOR NO KEY UPDATE",
        [process],
    )
    return Process.objects.select_for_update(no_key=True).get(pk=process)
