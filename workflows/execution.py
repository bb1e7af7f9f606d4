"""Execute one admitted process: claim, run the function, finish. The only thing a job does."""

import logging
import os
import socket
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction

from common import clock
from workflows import leases
from workflows.api import definition_of
from workflows.encoding import EncodingError, decode, encode
from workflows.errors import Fenced, Suspend, WorkflowError
from workflows.journal import Claimed, Run, set_aside
from workflows.rows import record, sql

log = logging.getLogger(__name__)

WORKER = f"{socket.gethostname()}:{os.getpid()}"


def execute(process: UUID, fence: int, *, worker: str = "") -> bool:
    """Run the process if (process, fence) is still what was admitted; return whether it was.

    Harmless when run twice or late: the claim is a conditional UPDATE, and whoever loses it does nothing.
    """
    claimed = claim(process, fence, worker=worker or WORKER)
    if claimed is None:
        return False
    with leases.held(claimed.id, claimed.fence):
        try:
            _run(claimed)
        except Fenced:
            log.info("process %s belongs to another worker now", claimed.id)
        except Suspend:
            pass
        except (OperationalError, InterfaceError):
            # Nothing can be written; the lease runs out and the tick of whoever is alive takes it up again.
            log.exception("process %s left to recovery: no database", claimed.id)
    return True


def claim(process: UUID, fence: int, *, worker: str) -> Claimed | None:
    """Take the lease of an admitted process, or return None when someone else was first."""
    now = clock.now()
    with transaction.atomic():
        rows = sql(
            """
            UPDATE workflows_process
            SET state = 'processing', lease_until = %s, worker = %s, once_key = NULL,
                started_at = coalesce(started_at, %s)
            WHERE id = %s AND fence = %s AND state = 'pending' AND admitted_at IS NOT NULL
            RETURNING id, fence, workflow, version, tenant, order_key, lane, queue, payload, recoveries, worker
            """,
            [leases.until(), worker, now, process, fence],
        )
        if not rows:
            return None
        record([(process, "pending")], move="claim", at=now, actor=worker)
    return Claimed(*rows[0])


def _run(claimed: Claimed) -> None:
    try:
        definition = definition_of(claimed.workflow, claimed.version)
        payload = decode(claimed.payload, definition.payload_type)
    except (WorkflowError, EncodingError) as error:
        # Code and row do not fit (an old deploy, a new one): a person decides, and nothing is lost.
        log.warning("%s %s cannot run here: %s", claimed.workflow, claimed.id, error)
        set_aside(claimed, error)
        return
    run = Run(claimed, definition, payload)
    try:
        result = encode(definition.function(run, payload))
        decode(result, definition.result_type)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("%s %s broke outside its steps", claimed.workflow, claimed.id)
        run.broke(error)
        return
    with transaction.atomic():
        run.end("complete", result=result)
