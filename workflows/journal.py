"""The Run: what a workflow function is given. Saved answer, or call and save; wait, hold, sleep.

The function runs again from the top each time its process is woken. A step that is in the journal answers from it;
the first one that is not is executed. Whoever cannot go on raises `Suspend` after its rows are committed.
"""

import hashlib
import logging
import time
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from typing import Any, NoReturn, TypeVar
from uuid import UUID

import msgspec
from django.db import InterfaceError, OperationalError, connection, transaction

from common import clock
from workflows.api import Place, Step, Workflow
from workflows.encoding import decode, digest, encode
from workflows.errors import Fenced, JournalMismatch, Suspend, WorkflowError
from workflows.rows import free_lanes, lock_order_key, promote, pump_after_commit, record, sql

log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE = (0.05, 0.2, 0.5, 1.0, 2.0)
"""Seconds between the tries of a transaction that PostgreSQL broke off; they spend no attempt."""

MAX_TRACEBACK = 8_000


class Saved(msgspec.Struct):
    """One row of the journal."""

    kind: str
    done: bool
    input_digest: str
    output: str | None
    failures: int
    cut_off: bool
    """An external step whose earlier try left neither result nor failure."""


class Claimed(msgspec.Struct):
    """The process as the worker that claimed it knows it."""

    id: UUID
    fence: int
    workflow: str
    version: int
    tenant: str
    order_key: str
    lane: str
    queue: str
    payload: str
    recoveries: int
    worker: str


class Run:
    """One execution of a workflow function by one worker, under one fence."""

    def __init__(self, process: Claimed, definition: Workflow, payload: Any) -> None:
        self.process = process
        self.definition = definition
        self.id = process.id
        home = definition.lane(payload)
        self._home = Place(home, definition.queue)
        self._counts: dict[str, int] = {}
        self._journal = {
            row[0]: Saved(*row[1:])
            for row in sql(
                """
                SELECT key, kind, done, input_digest, output, failures,
                       kind = 'external' AND NOT done AND finished_at IS NULL
                FROM workflows_step WHERE process_id = %s
                """,
                [process.id],
            )
        }

    # --- what an author calls ----------------------------------------------------------------------------------

    def step(self, step: Step[T], *args: Any, key: str | None = None) -> T:
        """Run `step` once and answer from the journal ever after.

        `key` names the iteration when looping over a collection; without it the second call of a step in one run is
        `name#2`. Arguments and result must be plain values of declared types.

        :raises JournalMismatch: when the journal holds this step with other arguments.
        """
        name = self._name(step.name, key)
        inputs = digest(encode(args))
        saved = self._journal.get(name)
        if saved and saved.input_digest != inputs:
            raise JournalMismatch(f"step {name} was run with other arguments; {JournalMismatch.__doc__}")
        if saved and saved.done:
            answer: T = decode(saved.output or "null", step.output)
            return answer
        self._stand_at(step, args)
        if step.external:
            return self._external(step, name, args, inputs, saved)
        return self._commit(step, name, inputs, lambda: step.function(*args), "atomic")

    def wait(self, name: str, answer: type[T], *, key: str) -> T:
        """Wait for the token `key` and return its answer as `answer` (a type); holds neither worker nor lane."""
        return self._await(self._name(name, None), answer, key, move="wait")

    def hold(self, code: str, data: Any, answer: type[T]) -> T:
        """Hold for a person, with a reason code and what that person must know; return the typed resolution."""
        name = self._name("hold", None)
        token = f"hold:{self.id}:{name}"
        question = {"kind": "question", "code": code, "data": msgspec.to_builtins(data), "token": token}
        return self._await(name, answer, token, move="hold", hold=question)

    def sleep_until(self, moment: datetime) -> None:
        """Sleep until `moment`; the first execution decides which moment that is."""
        name = self._name("sleep", None)
        saved = self._journal.get(name)
        if saved is None:
            saved = Saved("sleep", False, "", encode(moment), 0, False)
            self._transact(lambda: self._checkpoint(name, "sleep", "", saved.output or "", 0.0, done=False))
        due: datetime = decode(saved.output or "", datetime)
        if clock.now() >= due:
            return
        self._transact(lambda: self._park("wait", wake_at=due))
        raise Suspend

    # --- steps -------------------------------------------------------------------------------------------------

    def _external(self, step: Step[T], name: str, args: tuple[Any, ...], inputs: str, saved: Saved | None) -> T:
        """Commit the intent, call, then commit the result: the call is never inside a transaction."""
        call = step.interrupted if saved and saved.cut_off and step.interrupted else step.function
        self._transact(lambda: self._intend(name, inputs))
        started = time.monotonic()
        try:
            result = call(*args, idempotency_key=f"{self.id}:{name}")
        except Suspend:
            raise
        except Exception as error:  # noqa: BLE001 (whatever a step raises is written down, then tried again or shown)
            self._failed(step, name, inputs, error, started)
        keep = step.store

        def store() -> Any:
            return keep(*args, result) if keep else result

        return self._commit(step, name, inputs, store, "external", started)

    def _commit(
        self, step: Step[T], name: str, inputs: str, produce: Callable[[], Any], kind: str, started: float | None = None
    ) -> T:
        """Produce the output and write its checkpoint in one transaction, the fence check last."""
        started = time.monotonic() if started is None else started

        def work() -> T:
            text = encode(produce())
            value: T = decode(text, step.output)
            self._checkpoint(name, kind, inputs, text, started, done=True)
            return value

        try:
            return self._transact(work)
        except Suspend:
            raise
        except Exception as error:  # noqa: BLE001 (whatever a step raises is written down, then tried again or shown)
            self._failed(step, name, inputs, error, started)

    def _intend(self, name: str, inputs: str) -> None:
        self._guard()
        sql(
            """
            INSERT INTO workflows_step (process_id, key, kind, done, input_digest, failures, started_at)
            VALUES (%s, %s, 'external', false, %s, 0, %s)
            ON CONFLICT (process_id, key) DO UPDATE SET finished_at = NULL
            """,
            [self.id, name, inputs, clock.now()],
        )

    def _checkpoint(self, name: str, kind: str, inputs: str, output: str, started: float, *, done: bool) -> None:
        now = clock.now()
        elapsed = time.monotonic() - started if started else 0.0
        rows = sql(
            """
            WITH mine AS (
                SELECT id FROM workflows_process
                WHERE id = %s AND fence = %s AND state = 'processing' FOR NO KEY UPDATE
            ), step AS (
                INSERT INTO workflows_step
                    (process_id, key, kind, done, input_digest, output, failures, started_at, finished_at)
                SELECT id, %s, %s, %s, %s, %s, 0, %s, %s FROM mine
                ON CONFLICT (process_id, key) DO UPDATE
                    SET done = EXCLUDED.done, output = EXCLUDED.output, finished_at = EXCLUDED.finished_at
                RETURNING process_id
            )
            INSERT INTO workflows_attempt
                (process_id, step_key, fence, worker, started_at, milliseconds, error_class, message, traceback)
            SELECT process_id, %s, %s, %s, %s, %s, '', '', '' FROM step
            RETURNING process_id
            """,
            [
                self.id, self.process.fence,
                name, kind, done, inputs, output, now, now if done else None,
                name, self.process.fence, self.process.worker, now - timedelta(seconds=elapsed), int(elapsed * 1000),
            ],
        )  # fmt: skip
        if not rows:
            raise Fenced
        if self.process.recoveries:
            sql("UPDATE workflows_process SET recoveries = 0 WHERE id = %s", [self.id])
            self.process.recoveries = 0

    def _failed(self, step: Step[Any], name: str, inputs: str, error: Exception, started: float) -> NoReturn:
        """Write down the failed try and where the process goes from here; always raises Suspend."""
        elapsed = time.monotonic() - started

        def work() -> None:
            # Read the clock and the error inside: on a repeat they are written anew with the same meaning.
            now = clock.now()
            self._guard()
            failures = sql(
                """
                INSERT INTO workflows_step
                    (process_id, key, kind, done, input_digest, failures, started_at, finished_at)
                VALUES (%s, %s, %s, false, %s, 1, %s, %s)
                ON CONFLICT (process_id, key) DO UPDATE
                    SET failures = workflows_step.failures + 1, finished_at = EXCLUDED.finished_at
                RETURNING failures
                """,
                [self.id, name, "external" if step.external else "atomic", inputs, now, now],
            )[0][0]
            self._attempt(name, error, now - timedelta(seconds=elapsed), elapsed)
            pause = step.retry.wait(error, failures)
            if pause is None:
                self._give_up(name, error)
            else:
                self._park("retry", wake_at=now + pause, reason=f"{name}: {type(error).__name__}")

        log.warning("%s %s step %s failed: %s", self.process.workflow, self.id, name, type(error).__name__)
        self._transact(work)
        raise Suspend

    def broke(self, error: Exception) -> None:
        """Fail (or hold) the process because its own code, outside any step, raised `error`."""

        def work() -> None:
            self._guard()
            self._attempt("", error, clock.now(), 0.0)
            self._give_up("", error, hold=isinstance(error, JournalMismatch))

        self._transact(work)

    def _attempt(self, name: str, error: Exception, started_at: datetime, elapsed: float) -> None:
        trace = "".join(traceback.format_exception(error))[-MAX_TRACEBACK:]
        sql(
            """
            INSERT INTO workflows_attempt
                (process_id, step_key, fence, worker, started_at, milliseconds, error_class, message, traceback)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [
                self.id, name, self.process.fence, self.process.worker, started_at, int(elapsed * 1000),
                type(error).__name__, _printable(str(error)), _printable(trace),
            ],
        )  # fmt: skip

    def _give_up(self, name: str, error: Exception, *, hold: bool = False) -> None:
        told = {"step": name, "class": type(error).__name__, "message": _printable(str(error))}
        if hold or self.definition.on_failure == "hold":
            self._park("hold", error=told, hold=failure_hold(told), reason=name)
        else:
            self.end("fail", error=told, reason=f"{name}: {told['class']}")

    # --- leaving the worker ------------------------------------------------------------------------------------

    def end(self, move: str, *, result: str | None = None, error: Any = None, reason: str = "") -> None:
        """Write the last state, let the next of the order key go, free the lane; inside the caller's transaction."""
        now = clock.now()
        lock_order_key(self.process.order_key)
        self._leave(
            "state = %s, result = %s, error = %s, finished_at = %s, once_key = NULL",
            ["completed" if move == "complete" else "failed", result, _json(error), now],
        )
        record([(self.id, "processing")], move=move, at=now, actor=self.process.worker, reason=reason)
        promote(self.process.order_key)
        free_lanes([self.process.lane])

    def _park(
        self, move: str, *, wake_at: datetime | None = None, hold: Any = None, error: Any = None, reason: str = ""
    ) -> None:
        state = {"wait": "waiting", "retry": "retrying", "hold": "held"}[move]
        self._leave(
            "state = %s, wake_at = %s, hold = %s, error = coalesce(%s, error)",
            [state, wake_at, _json(hold), _json(error)],
        )
        record([(self.id, "processing")], move=move, at=clock.now(), actor=self.process.worker, reason=reason)
        free_lanes([self.process.lane])

    def _stand_at(self, step: Step[Any], args: tuple[Any, ...]) -> None:
        """Go to the step's own queue and lane, or back home, and be admitted there, unless already there."""
        lane = step.lane(*args) if step.lane else self._home.lane
        queue = step.queue or self._home.queue
        if (lane.key, queue) == (self.process.lane, self.process.queue):
            return

        def work() -> None:
            self._leave("state = 'pending', lane = %s, lane_limit = %s, queue = %s", [lane.key, lane.limit, queue])
            record(
                [(self.id, "processing")], move="move", at=clock.now(), actor=self.process.worker,
                reason=f"{step.name} in {queue}",
            )  # fmt: skip
            free_lanes([self.process.lane])
            pump_after_commit(lane.key)

        self._transact(work)
        raise Suspend

    def _await(self, name: str, answer: type[T], key: str, *, move: str, hold: Any = None) -> T:
        saved = self._journal.get(name)
        if saved and saved.done:
            known: T = decode(saved.output or "null", answer)
            return known

        def work() -> str | None:
            # The token before the process: completers lock in this order too, so an early answer is found here and
            # a late one finds us waiting.
            text, completed = sql(
                """
                INSERT INTO workflows_token (key, tenant, process_id, closed, actor, created_at)
                VALUES (%s, %s, %s, false, '', %s)
                ON CONFLICT (key) DO UPDATE SET process_id = EXCLUDED.process_id, tenant = EXCLUDED.tenant
                RETURNING answer, completed_at IS NOT NULL
                """,
                [key, self.process.tenant, self.id, clock.now()],
            )[0]
            if completed:
                decode(text, answer)
                self._checkpoint(name, "hold" if hold else "wait", "", text, 0.0, done=True)
                return str(text)
            self._park(move, hold=hold, reason=hold["code"] if hold else key)
            return None

        text = self._transact(work)
        if text is None:
            raise Suspend
        came: T = decode(text, answer)
        return came

    def _leave(self, changes: str, values: list[Any]) -> None:
        """Take the process off this worker by one conditional UPDATE.

        :raises Fenced: when it is not this worker's any more.
        """
        leave(self.process, changes, values)

    def _guard(self) -> None:
        if not sql(
            "SELECT 1 FROM workflows_process WHERE id = %s AND fence = %s AND state = 'processing' FOR NO KEY UPDATE",
            [self.id, self.process.fence],
        ):
            raise Fenced

    def _transact(self, work: Callable[[], T]) -> T:
        """Run `work` in a transaction, again on a new connection when PostgreSQL broke it off."""
        for pause in (*PATIENCE, None):
            try:
                with transaction.atomic():
                    return work()
            except (OperationalError, InterfaceError) as error:
                if pause is None or not broken_off(error):
                    raise
                log.warning("transaction broken off (%s), trying again", type(error).__name__)
                connection.close_if_unusable_or_obsolete()
                Event().wait(pause)
        raise WorkflowError("unreachable")

    def _name(self, name: str, key: str | None) -> str:
        if key is not None:
            name = f"{name}[{key}]"
            if name in self._counts:
                raise WorkflowError(f"step {name} was asked for twice in one run; give each its own key")
        count = self._counts[name] = self._counts.get(name, 0) + 1
        name = name if count == 1 else f"{name}#{count}"
        return name if len(name) <= 200 else f"{name[:130]}~{hashlib.sha256(name.encode()).hexdigest()}"


def leave(process: Claimed, changes: str, values: list[Any]) -> None:
    """Take a process off its worker by one conditional UPDATE.

    :raises Fenced: when it is not this worker's any more.
    """
    rows = sql(
        f"""
        UPDATE workflows_process
        SET {changes}, admitted_at = NULL, lease_until = NULL, job_id = NULL
        WHERE id = %s AND fence = %s AND state = 'processing' RETURNING id
        """,  # noqa: S608 (the changes are literals of this module)
        [*values, process.id, process.fence],
    )
    if not rows:
        raise Fenced


def set_aside(process: Claimed, error: Exception) -> None:
    """Hold a claimed process that this code cannot even begin, with the error shown."""
    told = {"step": "", "class": type(error).__name__, "message": _printable(str(error))}
    with transaction.atomic():
        leave(process, "state = 'held', hold = %s, error = %s", [_json(failure_hold(told)), _json(told)])
        record([(process.id, "processing")], move="hold", at=clock.now(), actor=process.worker, reason=str(error))
        free_lanes([process.lane])


def failure_hold(told: dict[str, str]) -> dict[str, Any]:
    """Return the hold of a process that waits for a person after its last failure."""
    return {"kind": "failure", "code": "failure", "data": told}


def broken_off(error: Exception) -> bool:
    """Tell whether PostgreSQL ended this transaction for a reason that repeating it may cure."""
    state = getattr(error.__cause__, "sqlstate", None)
    # No state: the connection itself went. 08 connection, 40 deadlock and serialisation, 55P03 lock timeout,
    # 57P01-03 the server is going down or coming up, 25P03 idle in transaction.
    return state is None or state[:2] in ("08", "40") or state in ("55P03", "57P01", "57P02", "57P03", "25P03")


def _json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _printable(text: str) -> str:
    return text.replace("\x00", "\\x00")
