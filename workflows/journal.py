"""The Run: what a workflow function is given. Saved answer, or call and save; wait, hold, sleep, children.

The function runs again from the top each time its process is woken. A step that is in the journal answers from it;
the first one that is not is executed. Whoever cannot go on raises `Suspend` after its rows are committed.
"""

import hashlib
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta
from itertools import islice
from threading import Event
from typing import Any, TypeVar
from uuid import UUID, uuid4

import msgspec

from common import clock
from workflows import breaker, children, leases, tracing
from workflows.api import NO_LANE, Place, Step, Workflow
from workflows.encoding import EncodingError, decode, digest, encode
from workflows.engine import Parent
from workflows.errors import (
    DeadlineExceeded,
    JournalMismatch,
    StepTimeout,
    Suspend,
    TokenExpired,
    Unwound,
    WorkflowError,
)
from workflows.leaving import as_json
from workflows.recording import Recording
from workflows.repeating import transact
from workflows.rows import Claimed, sql, wake_parent

T = TypeVar("T")

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


class Run(Recording):
    """One execution of a workflow function by one worker, under one fence."""

    def __init__(self, process: Claimed, definition: Workflow, payload: Any) -> None:
        super().__init__(process, definition)
        self._home = definition.place(payload)
        self._counts: dict[str, int] = {}
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

    def sleep_until(self, moment: datetime) -> None:
        """Sleep until `moment`; the first execution decides which moment that is."""
        name = self._name("sleep", None)
        saved = self._journal.get(name)
        self._may_go_on(saved if saved and clock.now() >= _known(name, saved.output, datetime) else None)
        if saved is None:
            saved = Saved("sleep", False, "", encode(moment), 0, False)
            transact(lambda: self._checkpoint(name, "sleep", "", saved.output or "", 0.0, done=False))
        due: datetime = _known(name, saved.output, datetime)
        if clock.now() >= due:
            return
        transact(lambda: self._park("wait", wake_at=due))
        raise Suspend

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
            [as_json({"done": done, "total": total, "note": note}), self.id, self.process.fence],
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
            transact(lambda: self._checkpoint(name, "children", "", output, 0.0, done=True))
            return batch
        transact(lambda: self._park("wait", awaits_children=name, reason=f"{so_far.count} of {workflow.name}"))
        wake_parent(self.id)  # all may have ended before we began to wait
        raise Suspend

    # --- saved answer, or do and save --------------------------------------------------------------------------

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

    def _external(self, step: Step[T], name: str, args: tuple[Any, ...], inputs: str, saved: Saved | None) -> T:
        """Commit the intent, call, then commit the result: the call is never inside a transaction."""
        call = step.interrupted if saved and saved.cut_off and step.interrupted else step.function
        guard = step.breaker(*args) if step.breaker else None
        self._admit(guard)
        transact(lambda: self._intend(name, inputs))
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
            return transact(work)
        except Suspend:
            raise
        except Exception as error:  # noqa: BLE001 (whatever a step raises is written down, then tried again or shown)
            self._failed(step, name, inputs, error, started)

    def _admit(self, guard: breaker.Breaker | None) -> None:
        """Park the process, without spending an attempt, while the breaker of what it would call is open."""
        if guard is None:
            return
        until = transact(lambda: breaker.admit(guard, self.process, clock.now()), atomic=False)
        if until:
            transact(lambda: self._park("retry", wake_at=until, reason=f"breaker {guard.name} open"))
            raise Suspend

    def _report(self, guard: breaker.Breaker | None, error: Exception | None) -> None:
        """Tell the breaker how the call went, in a commit of its own: its row is everybody's, and held for a moment."""
        if guard:
            transact(lambda: breaker.report(guard, self.process, error, clock.now()), atomic=False)

    def _value(self, name: str, kind: type[T], make: Callable[[], T]) -> T:
        name = self._name(name, None)
        saved = self._journal.get(name)
        if saved is None:
            self._may_go_on(None)
            text = encode(make())
            transact(lambda: self._checkpoint(name, "value", "", text, 0.0, done=True))
        else:
            text = saved.output or "null"
        value: T = _known(name, text, kind)
        return value

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
            until = None if expires is None else now + expires
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
                [key, self.process.tenant, self.id, now, until, _type_name(answer), now],
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

        text = transact(work)
        if text is None:
            raise Suspend
        came: T = decode(text, answer)
        return came

    def _start_children(
        self, name: str, workflow: Workflow, chunk: list[Any], so_far: children.Started
    ) -> children.Started:
        def work() -> children.Started:
            started = children.start(
                workflow, chunk, parent=Parent(self.id, name), so_far=so_far, now=clock.now(), actor=self.process.worker
            )
            self._checkpoint(name, "children", "", encode(started), 0.0, done=False)
            return started

        return transact(work)

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
        transact(
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

    def _name(self, name: str, key: str | None) -> str:
        if key is not None:
            name = f"{name}[{key}]"
            if name in self._counts:
                raise WorkflowError(f"step {name} was asked for twice in one run; give each its own key")
        count = self._counts[name] = self._counts.get(name, 0) + 1
        name = name if count == 1 else f"{name}#{count}"
        return name if len(name) <= 200 else f"{name[:130]}~{hashlib.sha256(name.encode()).hexdigest()}"


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
