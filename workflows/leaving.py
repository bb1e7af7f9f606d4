"""How a process leaves its worker: one conditional UPDATE, the event of the move, and its places given back."""

from contextlib import nullcontext
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction

from common import clock
from workflows import alerts
from workflows.errors import Fenced
from workflows.rows import Claimed, free_lanes, sql

REPEATABLE = ("complete", "move")
"""Ways of leaving that need not be on disk at once: lost in a crash of the server, the journal brings them again."""


def leave(
    process: Claimed, move: str, changes: str, values: list[Any], reason: str, *, at: datetime | None = None
) -> None:
    """Take a process off its worker by one conditional UPDATE, tell of the move, and give back its places.

    :raises Fenced: when it is not this worker's any more.
    """
    # Two lanes are freed in the order of their keys, as everybody locks them; one can go with the process itself.
    one_lane = not process.resource
    with nullcontext() if one_lane else transaction.atomic(savepoint=False):
        rows = sql(
            f"""
            WITH gone AS (
                UPDATE workflows_process
                SET {changes}, admitted_at = NULL, lease_until = NULL, job_id = NULL
                WHERE id = %s AND fence = %s AND state = 'processing' RETURNING id, state
            ), freed AS (
                UPDATE workflows_lane SET active = greatest(active - 1, 0)
                WHERE %s AND key = %s AND EXISTS (SELECT FROM gone)
            )
            SELECT workflows_record(id, %s, %s, %s, 'processing', state, %s),
                CASE WHEN %s THEN set_config('synchronous_commit', 'off', true) END
            FROM gone
            """,  # noqa: S608 (the changes are literals of this module)
            [
                *values, process.id, process.fence, one_lane, process.lane,
                at or clock.now(), process.worker, move, reason, move in REPEATABLE,
            ],
        )  # fmt: skip
        if not rows:
            raise Fenced
        if not one_lane:
            free_lanes([(process.lane, process.resource)])


def set_aside(process: Claimed, error: Exception) -> None:
    """Hold a claimed process that this code cannot even begin, with the error shown."""
    told = {"step": "", "class": type(error).__name__, "message": printable(str(error))}
    with transaction.atomic():
        leave(
            process, "hold", "state = 'held', hold = %s, error = %s", [as_json(failure_hold(told)), as_json(told)],
            str(error),
        )  # fmt: skip
        alerts.process_stopped(process, told, held=True, now=clock.now())


def failure_hold(told: dict[str, str]) -> dict[str, Any]:
    """Return the hold of a process that waits for a person after its last failure."""
    return {"kind": "failure", "code": "failure", "data": told}


def as_json(value: Any) -> str | None:
    """Return the text of a JSON column, or None for none."""
    return None if value is None else msgspec.json.encode(value).decode()


def printable(text: str) -> str:
    """Return the text with what PostgreSQL cannot hold written out."""
    return text.replace("\x00", "\\x00")
