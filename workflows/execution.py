"""Execute admitted processes: claim, run the function, finish. The only thing a job does."""

import logging
import os
import socket
import time
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from common import clock
from workflows import leases, tracing
from workflows.api import definition_of
from workflows.encoding import EncodingError, decode, encode
from workflows.errors import Fenced, JournalMismatch, Suspend, Unwound, WorkflowError
from workflows.journal import Run
from workflows.leaving import set_aside
from workflows.rows import Claimed, Keeper, admit, pump_resource, sql, wake_parent

log = logging.getLogger(__name__)

WORKER = f"{socket.gethostname()}:{os.getpid()}"
ON_ONE_JOB = 0.25
"""Seconds for which a worker goes on with what follows in its lane under one job; then others have their turn."""


def execute(process: UUID, fence: int, *, worker: str = "", job: int | None = None) -> bool:
    """Run the process if (process, fence) is still what was admitted; return whether it was.

    Harmless when run twice or late: the claim is a conditional UPDATE, and whoever loses it does nothing. With `job`
    (the wake-up's id) the worker goes on, for a moment, with the next of the lane that it has just freed: that one
    needs no wake-up of its own.
    """
    claimed = claim(process, fence, worker=worker or WORKER)
    if claimed is None:
        return False
    until = time.monotonic() + ON_ONE_JOB
    while claimed is not None:
        vacated = _execute(claimed)
        goes_on = job is not None and time.monotonic() < until
        keeper = Keeper([claimed.queue], job or 0, claimed.worker, leases.until()) if goes_on else None
        claimed = _follow(claimed, vacated, keeper)
    return True


def claim(process: UUID, fence: int, *, worker: str) -> Claimed | None:
    """Take the lease of an admitted process, or return None when someone else was first."""
    rows = sql(
        "SELECT * FROM workflows_claim(%s, %s, %s, %s, %s, %s)",
        [process, fence, clock.now(), worker, leases.until(), not connection.in_atomic_block],
    )
    return Claimed(*rows[0]) if rows else None


def _follow(left: Claimed, vacated: list[str], keeper: Keeper | None) -> Claimed | None:
    """Fill what a process left behind; return the next for this worker, if it may keep one.

    A worker that dies in here leaves it to the tick.
    """
    kept: Claimed | None = None
    try:
        for lane in dict.fromkeys(vacated):
            _, found = admit(lane, None if kept else keeper)
            kept = kept or found
        if left.resource:
            pump_resource(left.resource)
        if left.parent_id:
            wake_parent(left.parent_id)
    except (OperationalError, InterfaceError):
        log.exception("lanes of %s left to the tick: no database", left.id)
    return kept


def _execute(claimed: Claimed) -> list[str]:
    """Run one claimed process until it leaves this worker; return the lanes that are to be filled then."""
    with tracing.process(claimed), leases.held(claimed.id, claimed.fence):
        try:
            return _run(claimed)
        except Fenced:
            log.info("process %s belongs to another worker now", claimed.id)
        except (OperationalError, InterfaceError):
            # Nothing can be written; the lease runs out and the tick of whoever is alive takes it up again.
            log.exception("process %s left to recovery: no database", claimed.id)
    return []


def _run(claimed: Claimed) -> list[str]:
    try:
        definition = definition_of(claimed.workflow, claimed.version)
        payload = decode(claimed.payload, definition.payload_type)
    except (WorkflowError, EncodingError) as error:
        # Code and row do not fit (an old deploy, a new one): a person decides, and nothing is lost.
        log.warning("%s %s cannot run here: %s", claimed.workflow, claimed.id, error)
        set_aside(claimed, error)
        return [claimed.lane]
    run = Run(claimed, definition, payload)
    try:
        _call(run, payload)
    except Fenced:
        raise
    except Suspend:
        pass
    return run.vacated


def _call(run: Run, payload: object) -> None:
    unwinding = run.process.unwinding
    result = ""
    try:
        result = encode(run.definition.function(run, payload))
        decode(result, run.definition.result_type)
    except Unwound:
        pass
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        if not unwinding or isinstance(error, JournalMismatch):
            log.warning("%s %s broke outside its steps", run.definition.name, run.id, exc_info=error)
            run.broke(error)
            return
    if unwinding:
        run.unwind()
        run.end("fail", reason="its steps are taken back")
    else:
        run.end("complete", result=result)
