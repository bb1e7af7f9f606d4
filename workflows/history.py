"""What a process was at any past moment, from its events alone.

ProcessEvent is append-only and sealed; the process's row only says how things stand now. Reading the events up to a
moment gives the state then, since when, under whom; reading all of them gives the row.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

import msgspec

from common.findings import Finding
from workflows.errors import WorkflowError
from workflows.models import ProcessEvent
from workflows.rows import sql
from workflows.states import MOVES, TERMINAL

BOOKKEEPING = ("rejob", "free_key")
"""Events that tell of something and leave the state as it is."""


class Told(msgspec.Struct, frozen=True):
    """One event, as the history reads it."""

    at: datetime
    move: str
    from_state: str
    to_state: str
    actor: str
    reason: str = ""


class Past(msgspec.Struct, frozen=True):
    """A process as it was at a moment."""

    state: str
    since: datetime
    """When it came into this state."""
    move: str
    """The move that brought it there, who made it, and why."""
    actor: str
    reason: str
    created_at: datetime
    started_at: datetime | None
    """When a worker first took it."""
    finished_at: datetime | None
    worker: str
    """Who ran it last."""
    runs: int
    """How often a worker took it."""


class IllegalHistory(WorkflowError):
    """The events of a process do not follow from one another; `manage.py verify_ledger` says what else is wrong."""


def events_of(process: UUID) -> list[Told]:
    """Return the events of a process in the order in which they were written."""
    rows = ProcessEvent.objects.filter(process_id=process).order_by("id")
    return [Told(*row) for row in rows.values_list("at", "move", "from_state", "to_state", "actor", "reason")]


def at(events: Iterable[Told], moment: datetime | None = None) -> Past | None:
    """Return what the events up to `moment` (all, without) make of the process; None when it did not exist yet.

    The order in which events were written decides, not their clocks: those of two machines may differ a little.

    :raises IllegalHistory: when an event does not begin where the one before it ended, or is no move there is.
    """
    events = list(events)
    known = max((n for n, event in enumerate(events, 1) if moment is None or event.at <= moment), default=0)
    past: Past | None = None
    for event in events[:known]:
        if wrong := fault(past.state if past else "", event):
            raise IllegalHistory(wrong)
        past = _after(past, event)
    return past


def fault(state: str, event: Told) -> str:
    """Return why `event` cannot follow on `state` ("" before the first), or nothing when it can."""
    step = f"{event.move} from {event.from_state or 'nothing'} to {event.to_state}"
    if event.from_state != state:
        return f"{step}, but the process was {state or 'not there'}"
    if event.move == "trigger":
        allowed = (state, event.to_state) == ("", "pending")
    elif event.move in BOOKKEEPING:
        allowed = event.to_state == state != ""
    else:
        allowed = MOVES.allows(event.move, state, event.to_state)
    return "" if allowed else f"{step} is no move of a process"


def illegal_histories() -> Iterator[Finding]:
    """Yield the processes whose events do not follow from one another, or do not lead to their row's state.

    Reads every event of every process, in one statement.
    """
    allowed = [("trigger", "", "pending"), *MOVES.triples()]
    rows = sql(
        """
        WITH story AS (
            SELECT process_id, id, move, from_state, to_state,
                lag(to_state, 1, '') OVER (PARTITION BY process_id ORDER BY id) AS before,
                row_number() OVER (PARTITION BY process_id ORDER BY id DESC) = 1 AS last
            FROM workflows_processevent
        )
        SELECT s.process_id, s.id, s.move, s.from_state, s.to_state, s.before, p.state
        FROM story s JOIN workflows_process p ON p.id = s.process_id
        WHERE s.from_state <> s.before OR s.last AND s.to_state <> p.state
           OR NOT (s.move, s.from_state, s.to_state) IN (
                SELECT * FROM unnest(%s::text[], %s::text[], %s::text[])
              ) AND NOT (s.move = ANY(%s) AND s.from_state = s.to_state)
        ORDER BY s.process_id, s.id
        """,
        [*([triple[n] for triple in allowed] for n in range(3)), list(BOOKKEEPING)],
    )
    for process, event, move, source, target, before, state in rows:
        told = f"event {event}: {move} from {source or 'nothing'} to {target}"
        wrong = f"after {before or 'nothing'}" if source != before else f"the row is {state}"
        yield Finding("I9", f"process {process}", f"{told}, {wrong}: its history does not hold together")


def _after(past: Past | None, event: Told) -> Past:
    if past is None:
        return Past(
            state=event.to_state, since=event.at, move=event.move, actor=event.actor, reason=event.reason,
            created_at=event.at, started_at=None, finished_at=None, worker="", runs=0,
        )  # fmt: skip
    if event.to_state == past.state and event.move in BOOKKEEPING:
        return past
    claimed = event.move == "claim"
    return msgspec.structs.replace(
        past,
        state=event.to_state,
        since=event.at,
        move=event.move,
        actor=event.actor,
        reason=event.reason,
        started_at=(past.started_at or event.at) if claimed else past.started_at,
        finished_at=event.at if event.to_state in TERMINAL else None,
        worker=event.actor if claimed else past.worker,
        runs=past.runs + claimed,
    )
