"""The Run: what a workflow function is given. Saved answer, or call and save; wait, hold, sleep, children.

The function runs again from the top each time its process is woken. A step that is in the journal answers from it;
the first one that is not is executed. Whoever cannot go on raises `Suspend` after its rows are committed.
"""

import hashlib
import logging
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta
from itertools import islice
from threading import Event
from typing import Any, NoReturn, TypeVar
from uuid import UUID, uuid4

import msgspec
from django.db import InterfaceError, OperationalError, connection, transaction

from common import clock
from workflows import alerts, breaker, children, leases, tracing
from workflows.api import NO_LANE, Place, Step, Workflow
from workflows.encoding import EncodingError, decode, digest, encode
from workflows.engine import Parent
from workflows.errors import (
    DeadlineExceeded,
    Fenced,
    JournalMismatch,
    StepTimeout,
    Suspend,
    TokenExpired,
    Unwound,
    WorkflowError,
)
from workflows.rows import Claimed, free_lanes, lock_order_key, promote, sql, wake_parent

log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE = (0.05, 0.2, 0.5, 1.0, 2.0)
"""Seconds between the tries of a transaction that PostgreSQL broke off; they spend no attempt."""

REPEATABLE = ("complete", "move")
"""Ways of leaving that need not be on disk at once: lost in a crash of the server, the journal brings them again."""

MAX_TRACEBACK = 8_000
PROGRESS_EVERY = 1.0
"""Seconds between two writes of a process's progress."""

_NOTHING: Any = object()


class Saved(msgspec.Struct):
    """One row of the journal."""

    kind: str
    done: bool
    input_digest: str
    output: str | None
    failures: int
    cut_off: bool
    """An external step whose earlier try left neither result nor failure."""


class Run:
    """One execution of a workflow function by one worker, under one fence."""

    def __init__(self, process: Claimed, definition: Workflow, payload: Any) -> None:
        self.process = process
        self.definition = definition
        self.id = process.id
        self.vacated: list[str] = []
        """The lanes to be filled when the process has left: its own, and those of whom it let go."""
        self._home = definition.place(payload)
        self._counts: dict[str, int] = {}
        self._undo: list[tuple[Step[Any], str, tuple[Any, ...]]] = []
        self._progress_at = 0.0
        self._journal: dict[str, Saved] = {}
        if process.fence > 1:  # the first claim of all finds no journal
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
        result = self._step(step, name, args)
        if step.undo:
            self._undo.append((step.undo, f"undo:{name}", (*args, result)))
        return result

    def wait(
        self,
        name: str,
        answer: type[T],
        *,
        key: str,
        expires: timedelta | None = None,
        on_expiry: T = _NOTHING,
    ) -> T:
        """Wait for the token `key` and return its answer as `answer` (a type); holds neither worker nor lane.

        With `expires` the wait ends so long after it began: with the answer `on_expiry` where there is one.

        :raises TokenExpired: when nobody answered in time and there is no `on_expiry`.
        """
        return self._await(
            self._name(name, None), answer, key, move="wait", expires=expires, on_expiry=on_expiry
        )  # fmt: skip

    def hold(self, code: str, data: Any, answer: type[T]) -> T:
        """Hold for a person, with a reason code and what that person must know; return the typed resolution."""
        name = self._name("hold", None)
        token = f"hold:{self.id}:{name}"
        question = {"kind": "question", "code": code, "data": msgspec.to_builtins(data), "token": token}
        return self._await(name, answer, token, move="hold", hold=question)

    def sleep(self, duration: timedelta) -> None:
        """Sleep so long; holds neither worker nor lane."""
        self.sleep_until(clock.now() + duration)

    def now(self) -> datetime:
        """Return the moment at which the process first asked here, the same on every run."""
        return self._value("now", datetime, clock.now)

    def uuid(self) -> UUID:
        """Return a random UUID, the same on every run."""
        return self._value("uuid", UUID, uuid4)

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Show how far the process is; written at most once a second, and never part of its outcome."""
        if done < total and time.monotonic() - self._progress_at < PROGRESS_EVERY:
            return
        self._progress_at = time.monotonic()
        sql(
            "UPDATE workflows_process SET progress = %s WHERE id = %s AND fence = %s AND state = 'processing'",
            [_json({"done": done, "total": total, "note": note}), self.id, self.process.fence],
        )

    def child(self, workflow: Workflow, payload: Any, *, key: str | None = None) -> Any:
        """Run a process of `workflow` as a child and return its result; holds neither worker nor lane meanwhile.

        :raises ChildFailed: when it ended without one.
        """
        batch = self.batch(workflow, [payload], key=key)
        return next(batch.results())

    def batch(
        self,
        workflow: Workflow,
        payloads: Iterable[Any],
        *,
        key: str | None = None,
        on_failure: children.Policy = "raise",
    ) -> children.Batch:
        """Run a child process for each payload and return when all have ended; holds neither worker nor lane.

        `payloads` may be any iterable, also a generator over more than fits into memory; it must bring the same on
        every run until all are started. A child that fails fails the parent when all have ended (`raise`), at once,
        and its open siblings are cancelled (`stop`), or is only counted (`collect`).

        :raises ChildFailed: as `on_failure` says.
        """
        name = self._name(workflow.name, key)
        batch = children.Batch(self.id, name, workflow)
        saved = self._journal.get(name)
        if saved and saved.done:
            ended: children.Ended = _known(name, saved.output, children.Ended)
            return children.Batch(ended.parent, name, workflow)
        self._may_go_on(saved)
        so_far: children.Started = children.Started(on_failure=on_failure)
        if saved:
            so_far = _known(name, saved.output, children.Started)
        if not so_far.complete:
            waiting = islice(payloads, so_far.count, None)
            while not so_far.complete:
                so_far = self._start_children(name, workflow, list(islice(waiting, children.CHUNK)), so_far)
        elif children.settle(self.id, name, on_failure, now=clock.now(), actor=self.process.worker):
            if on_failure != "collect":
                batch.refuse_failures()
            output = encode(children.Ended(self.id, batch.counts()))
            self._transact(lambda: self._checkpoint(name, "children", "", output, 0.0, done=True))
            return batch
        self._transact(lambda: self._park("wait", awaits_children=name, reason=f"{so_far.count} of {workflow.name}"))
        wake_parent(self.id)  # all may have ended before we began to wait
        raise Suspend

    def sleep_until(self, moment: datetime) -> None:
        """Sleep until `moment`; the first execution decides which moment that is."""
        name = self._name("sleep", None)
        saved = self._journal.get(name)
        self._may_go_on(saved if saved and clock.now() >= _known(name, saved.output, datetime) else None)
        if saved is None:
            saved = Saved("sleep", False, "", encode(moment), 0, False)
            self._transact(lambda: self._checkpoint(name, "sleep", "", saved.output or "", 0.0, done=False))
        due: datetime = _known(name, saved.output, datetime)
        if clock.now() >= due:
            return
        self._transact(lambda: self._park("wait", wake_at=due))
        raise Suspend

    # --- steps -------------------------------------------------------------------------------------------------

    def _step(self, step: Step[T], name: str, args: tuple[Any, ...]) -> T:
        inputs = digest(encode(args))
        saved = self._journal.get(name)
        if saved and saved.input_digest != inputs:
            raise JournalMismatch(f"step {name} was run with other arguments. {JournalMismatch.__doc__}")
        if saved and saved.done:
            answer: T = _known(name, saved.output, step.output)
            return answer
        self._may_go_on(saved)
        self._stand_at(step, args)
        with tracing.step(self, name):
            if step.external:
                return self._external(step, name, args, inputs, saved)
            return self._commit(step, name, inputs, lambda: step.function(*args), "atomic")

    def _may_go_on(self, saved: Saved | None) -> None:
        """Refuse what is not in the journal while the process takes its steps back, or after its time is over."""
        if self.process.unwinding and not (saved and saved.done):
            raise Unwound
        if self.process.deadline_at and clock.now() > self.process.deadline_at:
            raise DeadlineExceeded(f"it was to end by {self.process.deadline_at:%Y-%m-%d %H:%M:%S} UTC")

    def unwind(self) -> None:
        """Take back what was done, last step first; inside the run of a process that has failed."""
        self.process.unwinding, self.process.deadline_at = False, None
        for step, name, args in reversed(self._undo):
            self._step(step, name, args)

    def _value(self, name: str, kind: type[T], make: Callable[[], T]) -> T:
        name = self._name(name, None)
        saved = self._journal.get(name)
        if saved is None:
            self._may_go_on(None)
            text = encode(make())
            self._transact(lambda: self._checkpoint(name, "value", "", text, 0.0, done=True))
        else:
            text = saved.output or "null"
        value: T = _known(name, text, kind)
        return value

    def _external(self, step: Step[T], name: str, args: tuple[Any, ...], inputs: str, saved: Saved | None) -> T:
        """Commit the intent, call, then commit the result: the call is never inside a transaction."""
        call = step.interrupted if saved and saved.cut_off and step.interrupted else step.function
        guard = step.breaker(*args) if step.breaker else None
        self._admit(guard)
        self._transact(lambda: self._intend(name, inputs))
        started = time.monotonic()
        gave_up = Event()

        def too_long() -> None:
            took = StepTimeout(f"{name} took longer than {step.timeout}")
            gave_up.set()
            self._report(guard, took)
            with suppress(Suspend):  # its rows say where it goes; the call, when it comes back, finds itself fenced
                self._failed(step, name, inputs, took, started)

        try:
            with leases.deadline(self.id, step.timeout, too_long) if step.timeout else nullcontext():
                result = call(*args, idempotency_key=f"{self.id}:{name}")
        except Suspend:
            raise
        except Exception as error:  # noqa: BLE001 (whatever a step raises is written down, then tried again or shown)
            self._report(None if gave_up.is_set() else guard, error)
            self._failed(step, name, inputs, error, started)
        self._report(None if gave_up.is_set() else guard, None)
        keep = step.store

        def store() -> Any:
            return keep(*args, result) if keep else result

        return self._commit(step, name, inputs, store, "external", started)

    def _admit(self, guard: breaker.Breaker | None) -> None:
        """Park the process, without spending an attempt, while the breaker of what it would call is open."""
        if guard is None:
            return
        until = self._transact(lambda: breaker.admit(guard, self.process, clock.now()), atomic=False)
        if until:
            self._transact(lambda: self._park("retry", wake_at=until, reason=f"breaker {guard.name} open"))
            raise Suspend

    def _report(self, guard: breaker.Breaker | None, error: Exception | None) -> None:
        """Tell the breaker how the call went, in a commit of its own: its row is everybody's, and held for a moment."""
        if guard:
            self._transact(lambda: breaker.report(guard, self.process, error, clock.now()), atomic=False)

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
            lock_order_key(self.process.order_key)  # before the process: the last failure lets the next of the key go
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
            lock_order_key(self.process.order_key)
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
        hold = hold or self.definition.on_failure == "hold" or name.startswith("undo:")
        alerts.process_stopped(self.process, told, held=hold, now=clock.now())
        if hold:
            self._park("hold", error=told, hold=failure_hold(told), reason=name)
        elif self._undo:
            self._park("unwind", error=told, reason=f"{name}: {told['class']}")
        else:
            self.end("fail", error=told, reason=f"{name}: {told['class']}")

    def _start_children(
        self, name: str, workflow: Workflow, chunk: list[Any], so_far: children.Started
    ) -> children.Started:
        def work() -> children.Started:
            started = children.start(
                workflow, chunk, parent=Parent(self.id, name), so_far=so_far, now=clock.now(), actor=self.process.worker
            )
            self._checkpoint(name, "children", "", encode(started), 0.0, done=False)
            return started

        return self._transact(work)

    # --- leaving the worker ------------------------------------------------------------------------------------

    def end(self, move: str, *, result: str | None = None, error: Any = None, reason: str = "") -> None:
        """Write the last state, let the next of the order key go, free the lane; one commit, the caller's if any."""
        state = "completed" if move == "complete" else "failed"
        changes = (
            "state = %s, result = %s, error = coalesce(%s, error), finished_at = %s, once_key = NULL, unwinding = false"
        )

        def work() -> None:
            lock_order_key(self.process.order_key)
            now = clock.now()
            self._leave(move, changes, [state, result, _json(error), now], reason, at=now)
            self.vacated += promote(self.process.order_key)

        self._transact(work, atomic=bool(self.process.order_key))

    def _park(
        self,
        move: str,
        *,
        wake_at: datetime | None = None,
        hold: Any = None,
        error: Any = None,
        awaits_children: str = "",
        reason: str = "",
    ) -> None:
        state = {"wait": "waiting", "retry": "retrying", "hold": "held", "unwind": "pending"}[move]
        self._leave(
            move,
            "state = %s, wake_at = %s, hold = %s, error = coalesce(%s, error), awaits_children = %s, "
            "unwinding = unwinding OR %s",
            [state, wake_at, _json(hold), _json(error), awaits_children, move == "unwind"],
            reason,
        )

    def _stand_at(self, step: Step[Any], args: tuple[Any, ...]) -> None:
        """Go to the step's own queue, lane and resource, or back home, and be admitted there, unless already there."""
        place = Place(
            step.lane(*args) if step.lane else self._home.lane,
            step.resource(*args) if step.resource else NO_LANE if step.lane else self._home.resource,
            step.queue or self._home.queue,
        )
        if (place.lane.key, place.resource.key, place.queue) == (
            self.process.lane, self.process.resource, self.process.queue,
        ):  # fmt: skip
            return
        self._transact(
            lambda: self._leave(
                "move",
                """
                state = 'pending', lane = %s, lane_limit = %s, lane_rate = %s,
                resource = %s, resource_limit = %s, resource_rate = %s, queue = %s
                """,
                [
                    place.lane.key, place.lane.limit, place.lane.per_seconds,
                    place.resource.key, place.resource.limit, place.resource.per_seconds, place.queue,
                ],
                f"{step.name} in {place.queue}",
            )
        )  # fmt: skip
        self.vacated.append(place.lane.key)
        raise Suspend

    def _await(
        self,
        name: str,
        answer: type[T],
        key: str,
        *,
        move: str,
        hold: Any = None,
        expires: timedelta | None = None,
        on_expiry: Any = _NOTHING,
    ) -> T:
        saved = self._journal.get(name)
        if saved and saved.done:
            known: T = _known(name, saved.output, answer)
            return known
        self._may_go_on(None)
        kind = "hold" if hold else "wait"

        def work() -> str | None:
            # The token before the process: completers lock in this order too, so an early answer is found here and
            # a late one finds us waiting.
            now = clock.now()
            text, completed, expired = sql(
                """
                INSERT INTO workflows_token
                    (key, tenant, process_id, closed, actor, created_at, expires_at, answer_type)
                VALUES (%s, %s, %s, false, '', %s, %s, %s)
                ON CONFLICT (key) DO UPDATE SET
                    process_id = EXCLUDED.process_id, tenant = EXCLUDED.tenant, answer_type = EXCLUDED.answer_type,
                    expires_at = CASE WHEN workflows_token.process_id IS NULL
                                      THEN EXCLUDED.expires_at ELSE workflows_token.expires_at END
                RETURNING answer, completed_at IS NOT NULL, expires_at <= %s
                """,
                [key, self.process.tenant, self.id, now, now + expires if expires else None, _type_name(answer), now],
            )[0]
            if completed:
                decode(text, answer)
            elif not expired:
                self._park(move, hold=hold, reason=hold["code"] if hold else key)
                return None
            elif on_expiry is _NOTHING:
                raise TokenExpired(f"nobody answered {key} in time")
            else:
                text = encode(on_expiry)
                sql("UPDATE workflows_token SET closed = true WHERE key = %s", [key])
            self._checkpoint(name, kind, "", text, 0.0, done=True)
            return str(text)

        text = self._transact(work)
        if text is None:
            raise Suspend
        came: T = decode(text, answer)
        return came

    def _leave(self, move: str, changes: str, values: list[Any], reason: str, *, at: datetime | None = None) -> None:
        """Take the process off this worker, tell of the move and give back its places: one statement where it can be.

        :raises Fenced: when it is not this worker's any more.
        """
        leave(self.process, move, changes, values, reason, at=at)
        self.vacated.append(self.process.lane)

    def _guard(self) -> None:
        if not sql(
            "SELECT 1 FROM workflows_process WHERE id = %s AND fence = %s AND state = 'processing' FOR NO KEY UPDATE",
            [self.id, self.process.fence],
        ):
            raise Fenced

    def _transact(self, work: Callable[[], T], *, atomic: bool = True) -> T:
        """Run `work` in a transaction, again on a new connection when PostgreSQL broke it off.

        `atomic=False` for a single statement, which is a transaction by itself.
        """
        if connection.in_atomic_block:
            return work()  # a part of somebody's transaction: they begin again
        for pause in (*PATIENCE, None):
            try:
                with transaction.atomic() if atomic else nullcontext():
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
    told = {"step": "", "class": type(error).__name__, "message": _printable(str(error))}
    with transaction.atomic():
        leave(
            process, "hold", "state = 'held', hold = %s, error = %s", [_json(failure_hold(told)), _json(told)],
            str(error),
        )  # fmt: skip
        alerts.process_stopped(process, told, held=True, now=clock.now())


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


def _known(name: str, text: str | None, kind: Any) -> Any:
    """Return what the journal holds under `name` as the type that the code expects of it now.

    :raises JournalMismatch: when it is of another type.
    """
    try:
        return decode(text or "null", kind)
    except EncodingError as error:
        raise JournalMismatch(f"what step {name} once answered is no {kind}. {JournalMismatch.__doc__}") from error


def _type_name(kind: Any) -> str:
    """Return `module:name` of a class, by which a completer can check an answer; nothing for other types."""
    return f"{kind.__module__}:{kind.__qualname__}"[:200] if isinstance(kind, type) else ""
