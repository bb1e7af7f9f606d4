"""What a person may do with a process: resolve, resume, cancel, replay, free its key. Each with actor and reason."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from common.ids import uuid7
from workflows import tokens
from workflows.api import newest
from workflows.encoding import decode
from workflows.engine import close
from workflows.errors import Superseded, TokenClosed, WorkflowError, WrongState
from workflows.models import Process
from workflows.rows import free_lanes, lock_order_key, promote, pump_after_commit, record, sql
from workflows.states import MOVES, OPEN, TERMINAL


def resolve(process: UUID, resolution: Any, *, now: datetime, actor: str, reason: str = "", token: str = "") -> None:
    """Answer the question that the process is held with; the same process goes on.

    With `token` the answer is meant for that question alone, and for no other that the process may have come to since.

    :raises EncodingError: when the answer is not of the type that the question asks for.
    :raises Superseded: when a newer process took its place; the error names it.
    :raises WrongState: when it is not held for an answer.
    """
    row = Process.objects.get(pk=process)
    if row.superseded_by_id:
        raise Superseded("resolve", row.superseded_by_id)
    if row.state != "held" or not row.hold or row.hold["kind"] != "question":
        raise WrongState("resolve", row.state)
    if token and row.hold["token"] != token:
        raise WrongState("resolve", "held with another question")
    try:
        tokens.answer(row.hold["token"], resolution, tenant=row.tenant, now=now, actor=actor, reason=reason)
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
        if row.state == "failed" and row.steps.filter(key__startswith="undo:").exists():
            raise WrongState("resume", "failed and its steps are taken back: replay it instead")
        sql("UPDATE workflows_step SET failures = 0 WHERE process_id = %s AND NOT done", [process])
        sql(
            """
            UPDATE workflows_process SET state = 'pending', hold = NULL, error = NULL, finished_at = NULL,
                wake_at = NULL, recoveries = 0, deadline_at = NULL, behind = order_key <> '' AND EXISTS (
                    SELECT 1 FROM workflows_process o
                    WHERE o.order_key = workflows_process.order_key AND o.id <> workflows_process.id
                      AND o.order_key <> '' AND o.finished_at IS NULL AND NOT o.behind
                )
            WHERE id = %s
            """,
            [process],
        )
        record([(process, row.state)], move="resume", at=now, actor=actor, reason=reason)
        pump_after_commit(row.lane)


def cancel(process: UUID, *, now: datetime, actor: str, reason: str) -> None:
    """Stop a process and its children for good; one that is being executed stops at its next checkpoint.

    :raises WrongState: when it has ended already.
    """
    with transaction.atomic():
        row = _lock(process)
        if row.state not in OPEN:
            raise WrongState("cancel", row.state)
        _stop([row], now=now, actor=actor, reason=reason)
    cancel_many(_open_children([process]), now=now, actor=actor, reason=f"its parent was cancelled: {reason}")


def cancel_many(processes: Sequence[UUID], *, now: datetime, actor: str, reason: str) -> int:
    """Stop those of the processes that are still open, and their children; return how many, each in its own commit."""
    stopped = 0
    for process in processes:
        try:
            cancel(process, now=now, actor=actor, reason=reason)
            stopped += 1
        except WrongState:
            continue  # it ended meanwhile
    return stopped


def replay(process: UUID, *, now: datetime, actor: str, reason: str, from_step: str | None = None) -> UUID:
    """Start a new process with the payload of an ended one, on the newest version of its workflow; return its id.

    With `from_step` it takes over the journal before that step, and everything from there on is done again. It has no
    idempotency key: the ended one keeps its own.

    :raises WrongState: when the process has not ended.
    :raises WorkflowError: when the journal does not hold that step, or the code not that version.
    """
    with transaction.atomic():
        row = _lock(process)
        if row.state not in TERMINAL:
            raise WrongState("replay", row.state)
        workflow = newest(row.workflow)
        payload = decode(row.payload, workflow.payload_type)
        place = workflow.place(payload)
        steps: list[tuple[Any, ...]] = []
        if from_step:
            steps = sql("SELECT id FROM workflows_step WHERE process_id = %s AND key = %s", [process, from_step])
            if not steps:
                raise WorkflowError(f"{row} has no step {from_step}; its journal names those that it has")
        copy = uuid7()
        sql(
            """
            INSERT INTO workflows_process (
                id, workflow, version, state, tenant, order_key, behind, lane, lane_limit, lane_rate, resource,
                resource_limit, resource_rate, queue, priority_at, fence, worker, recoveries, payload, tags, actor,
                created_at, forked_from_id, max_seconds
            )
            SELECT %s, workflow, %s, 'pending', tenant, order_key,
                order_key <> '' AND EXISTS (
                    SELECT 1 FROM workflows_process o
                    WHERE o.order_key = p.order_key AND o.order_key <> '' AND o.finished_at IS NULL
                ),
                %s, %s, %s, %s, %s, %s, %s, %s, 1, '', 0, payload, tags, %s, %s, id, max_seconds
            FROM workflows_process p WHERE id = %s
            """,
            [
                copy, workflow.version, place.lane.key, place.lane.limit, place.lane.per_seconds,
                place.resource.key, place.resource.limit, place.resource.per_seconds, place.queue, now, actor, now,
                process,
            ],
        )  # fmt: skip
        if steps:
            sql(
                """
                INSERT INTO workflows_step
                    (process_id, key, kind, done, input_digest, output, failures, started_at, finished_at)
                SELECT %s, key, kind, done, input_digest, output, 0, started_at, finished_at
                FROM workflows_step WHERE process_id = %s AND done AND id < %s AND key NOT LIKE 'undo:%%' ORDER BY id
                """,
                [copy, process, steps[0][0]],
            )
        told = f"replay of {process}" + (f" from {from_step}" if from_step else "")
        record([(copy, "")], move="trigger", to="pending", at=now, actor=actor, reason=f"{told}: {reason}")
        pump_after_commit(place.lane.key)
        return copy


def free_key(process: UUID, *, now: datetime, actor: str, reason: str) -> None:
    """Take the idempotency key from a process that has ended, so that the same can be triggered anew; it is audited.

    :raises WrongState: when it has not ended.
    """
    with transaction.atomic():
        row = _lock(process)
        if row.state not in TERMINAL:
            raise WrongState("free the key", row.state)
        sql("UPDATE workflows_process SET idempotency_key = NULL WHERE id = %s", [process])
        told = f"key {row.idempotency_key}: {reason}"
        record([(process, row.state)], move="free_key", to=row.state, at=now, actor=actor, reason=told)


class Bulk(NamedTuple):
    """What became of many: how many did, and why the others did not."""

    done: int
    refused: dict[UUID, str]


def in_bulk(processes: Iterable[UUID], verb: Callable[[UUID], object]) -> Bulk:
    """Do the same with many processes, each in a commit of its own; one that may not is told and stops nobody."""
    done, refused = 0, {}
    for process in processes:
        try:
            verb(process)
            done += 1
        except WorkflowError as error:
            refused[process] = str(error)
    return Bulk(done, refused)


def _stop(rows: list[Process], *, now: datetime, actor: str, reason: str) -> None:
    close([row.pk for row in rows], state="cancelled", now=now)
    record([(row.pk, row.state) for row in rows], move="cancel", at=now, actor=actor, reason=reason)
    for row in rows:
        for lane in promote(row.order_key):
            pump_after_commit(lane)
    free_lanes((row.lane, row.resource) for row in rows if row.admitted_at)


def _open_children(parents: Sequence[UUID]) -> list[UUID]:
    rows = sql(
        "SELECT id FROM workflows_process WHERE parent_id = ANY(%s) AND finished_at IS NULL ORDER BY id",
        [list(parents)],
    )
    return [process for (process,) in rows]


def _lock(process: UUID) -> Process:
    """Lock order key, open tokens and process, in this order, and return the row as it is then."""
    lock_order_key(Process.objects.values_list("order_key", flat=True).get(pk=process))
    sql(
        "SELECT 1 FROM workflows_token WHERE process_id = %s AND completed_at IS NULL ORDER BY key FOR NO KEY UPDATE",
        [process],
    )
    return Process.objects.select_for_update(no_key=True).get(pk=process)
