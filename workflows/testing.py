"""Testing aids: run a workflow to its end in this process, and let its worker die after a named step.

    result = run_inline(approve, Expense("train"), tokens={"approve:train": Decision(True)})

    with crash_after("pay"):
        run_inline(approve, Expense("train"), tokens={"approve:train": Decision(True)})

The rows are the real ones and the code is the engine's: trigger, admit, execute, tick. Only the hand that takes the
wake-ups is ours, instead of a worker's. What is committed is committed, so a test needs a database of its own
(`transaction=True`, or a clone).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self
from unittest.mock import patch
from uuid import UUID

from django.db import connection
from django.test import override_settings

from common import clock
from workflows import control, engine, tokens
from workflows.api import Workflow
from workflows.errors import WorkflowError
from workflows.execution import execute
from workflows.journal import Run
from workflows.models import Lane, Process, Token
from workflows.rows import sql
from workflows.states import OPEN
from workflows.tick import tick

ROUNDS = 10_000
"""Rounds of a run that does not come to an end."""
WORKER = "inline"


class Crashed(BaseException):
    """The worker died here. A BaseException: nothing of the engine writes anything after it, as after a kill."""


class Stuck(WorkflowError):
    """The process cannot come to its end by itself; the message says what it waits for."""


class MovableClock:
    """The house's clock with an offset that a test moves; in force inside `with`."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.passed = timedelta()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.passed = timedelta(seconds=(clock.now() - datetime.now(UTC)).total_seconds())
        self._write()
        self._stack.enter_context(override_settings(CLOCK_OFFSET_FILE=str(self.file)))
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def __call__(self, by: timedelta) -> None:
        """Let time pass."""
        self.passed += by
        self._write()

    def _write(self) -> None:
        self.file.write_text(str(self.passed.total_seconds()))


def run_inline(
    workflow: Workflow,
    payload: Any,
    *,
    tokens: Mapping[str, Any] | None = None,
    holds: Sequence[Any] = (),
    pass_time: Callable[[timedelta], None] | None = None,
    actor: str = "test",
) -> Any:
    """Run a process of `workflow`, its children too, to its end and return its result.

    `tokens` are the answers to its waits by key, `holds` those to its questions in the order of asking. Whoever sleeps,
    retries, or waits for an answer that is not among them is brought to its moment by `pass_time`; without one the time
    passes for this run only. A worker that dies inside (`crash_after`) is taken up again, as after its lease.

    :raises Exception: what failed it, as the step raised it.
    :raises Stuck: when it waits for something that never comes: an answer that is not given, a process in front.
    """
    if connection.in_atomic_block:
        raise WorkflowError("run_inline commits: run it outside any transaction, in a database of the test's own")
    with ExitStack() as stack:
        if pass_time is None:
            folder = stack.enter_context(TemporaryDirectory())
            pass_time = stack.enter_context(MovableClock(Path(folder) / "clock"))
        failures = stack.enter_context(_remembered())
        handle = engine.trigger(workflow, payload, now=clock.now(), actor=actor)
        family = _Family(handle.id, dict(tokens or {}), list(holds), failures, pass_time)
        family.run()
        return handle.result()


@contextmanager
def crash_after(step: str, *, times: int = 1) -> Iterator[None]:
    """Let the worker that commits the checkpoint of `step` die right then, so many times.

    `step` is the key in the journal: `pay`, `pay#2`, `pay[7]`. Inside `run_inline` the process is taken up again; any
    other caller of the engine gets `Crashed`, and the process stays with its dead worker until `take_up_the_dead`.

    :raises AssertionError: when that step was not committed so often inside the block.
    """
    left = times
    commit = Run._commit

    def dying(run: Run, what: Any, name: str, *rest: Any) -> Any:
        nonlocal left
        value = commit(run, what, name, *rest)
        if name == step and left:
            left -= 1
            raise Crashed(f"the worker died after {name}")
        return value

    with patch.object(Run, "_commit", dying):
        yield
    assert not left, f"{step} was committed {times - left} times, not {times}"  # noqa: S101 (a test's own finding)


def take_up_the_dead() -> None:
    """Let the leases of all who run now end, and the tick send their processes on: what ten seconds do to the dead."""
    sql("UPDATE workflows_process SET lease_until = now() - interval '1 second' WHERE state = 'processing'")
    tick()


class _Family:
    """A process with its children, and what the test answers them."""

    def __init__(
        self,
        root: UUID,
        answers: dict[str, Any],
        holds: list[Any],
        failures: Mapping[UUID, Exception],
        pass_time: Callable[[timedelta], None],
    ) -> None:
        self.root = root
        self.answers = answers
        self.holds = holds
        self.failures = failures
        self.pass_time = pass_time

    def run(self) -> None:
        """Do whatever can be done next until the root has completed."""
        for _ in range(ROUNDS):
            state = Process.objects.values_list("state", flat=True).get(pk=self.root)
            if state == "completed":
                return
            if state not in OPEN:
                raise self.failures.get(self.root) or Stuck(f"{self._told(self.root)} ended as {state}")
            if not (self._work() or self._answer() or self._let_time_pass()):
                raise Stuck("; ".join(self._told(process) for process in self._open()))
        raise Stuck(f"{self._told(self.root)} still runs after {ROUNDS} rounds")

    def _open(self) -> list[UUID]:
        rows = sql(
            """
            WITH RECURSIVE family AS (
                SELECT id FROM workflows_process WHERE id = %s
                UNION ALL
                SELECT c.id FROM workflows_process c JOIN family f ON c.parent_id = f.id
            )
            SELECT id FROM workflows_process JOIN family USING (id) WHERE state = ANY(%s) ORDER BY seq
            """,
            [self.root, list(OPEN)],
        )
        return [process for (process,) in rows]

    def _work(self) -> bool:
        """Run those that are admitted, as a worker does with its wake-ups."""
        admitted = sql(
            """
            SELECT id, fence, job_id FROM workflows_process
            WHERE id = ANY(%s) AND state = 'pending' AND admitted_at IS NOT NULL ORDER BY seq
            """,
            [self._open()],
        )
        for process, fence, job in admitted:
            sql("DELETE FROM procrastinate_jobs WHERE id = %s", [job])
            try:
                execute(process, fence, worker=WORKER)
            except Crashed:
                take_up_the_dead()
        return bool(admitted)

    def _answer(self) -> bool:
        """Give the next answer that the test has; raise what failed whoever is held after a failure."""
        for row in Process.objects.filter(pk__in=self._open(), state="held").order_by("seq"):
            if (row.hold or {}).get("kind") != "question":
                raise self.failures.get(row.pk) or Stuck(self._told(row.pk))
            if self.holds:
                control.resolve(row.pk, self.holds.pop(0), now=clock.now(), actor="test")
                return True
        waited = Token.objects.filter(process__in=self._open(), completed_at=None, closed=False, key__in=self.answers)
        for token in waited.order_by("key"):
            tokens.answer(token.key, self.answers[token.key], tenant=token.tenant, now=clock.now(), actor="test")
            return True
        return False

    def _let_time_pass(self) -> bool:
        """Go to the next moment at which something happens, and let the tick do it."""
        if not (moments := self._moments()):
            return False
        due = min(moments)
        if due > clock.now():
            self.pass_time(due - clock.now() + timedelta(milliseconds=1))
        if due > clock.now():
            raise Stuck(f"pass_time does not move the clock: {self._told(self.root)} until {due}")
        tick()
        return True

    def _moments(self) -> list[datetime]:
        processes = Process.objects.filter(pk__in=self._open())
        found = [*processes.exclude(wake_at=None).values_list("wake_at", flat=True)]
        found += processes.filter(state="waiting").exclude(deadline_at=None).values_list("deadline_at", flat=True)
        expiring = Token.objects.filter(process__in=processes, completed_at=None, closed=False)
        found += expiring.exclude(expires_at=None).values_list("expires_at", flat=True)
        queued = processes.filter(state="pending", behind=False, admitted_at=None)
        found += queued.exclude(expires_at=None).filter(started_at=None).values_list("expires_at", flat=True)
        lanes = {key for pair in queued.values_list("lane", "resource") for key in pair if key}
        for lane in Lane.objects.filter(pk__in=lanes, paused=False).exclude(rate=None):
            found.append(clock.now() + timedelta(seconds=lane.rate_seconds / (lane.rate or 1)))
        return [moment for moment in found if moment]

    @staticmethod
    def _told(process: UUID) -> str:
        row = Process.objects.get(pk=process)
        waits = row.tokens.filter(completed_at=None, closed=False).values_list("key", flat=True)
        if row.state == "held":
            why = f" with {(row.hold or {}).get('code')}: give its answer in holds="
        elif waits:
            why = f" for {', '.join(waits)}: give its answer in tokens="
        else:
            why = f" behind another of {row.order_key}" if row.behind else f" in lane {row.lane}"
        return f"{row.workflow} {row.pk} is {row.state}{why}"


@contextmanager
def _remembered() -> Iterator[dict[UUID, Exception]]:
    """Keep, by process, the error that it gave up with."""
    found: dict[UUID, Exception] = {}
    give_up = Run._give_up

    def remembering(run: Run, name: str, error: Exception, **options: Any) -> None:
        found[run.id] = error
        give_up(run, name, error, **options)

    with patch.object(Run, "_give_up", remembering):
        yield found
