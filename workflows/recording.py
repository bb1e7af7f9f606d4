"""What one execution of a process writes down: checkpoints, tries, failures, and where the process goes from here.

Every write compares the fence: whoever lost the lease writes nothing.
"""

import logging
import time
import traceback
from datetime import datetime, timedelta
from typing import Any, NoReturn

from common import clock
from workflows import alerts
from workflows.api import Step, Workflow
from workflows.errors import Fenced, JournalMismatch, Suspend
from workflows.leaving import as_json, failure_hold, leave, printable
from workflows.repeating import transact
from workflows.rows import Claimed, lock_order_key, promote, sql

log = logging.getLogger(__name__)

MAX_TRACEBACK = 8_000


class Recording:
    """The rows of one process, as the worker that holds its lease may write them."""

    def __init__(self, process: Claimed, definition: Workflow) -> None:
        self.process = process
        self.definition = definition
        self.id = process.id
        self.vacated: list[str] = []
        """The lanes to be filled when the process has left: its own, and those of whom it let go."""
        self._undo: list[tuple[Step[Any], str, tuple[Any, ...]]] = []

    # --- checkpoints and tries ---------------------------------------------------------------------------------

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
        transact(work)
        raise Suspend

    def broke(self, error: Exception) -> None:
        """Fail (or hold) the process because its own code, outside any step, raised `error`."""

        def work() -> None:
            lock_order_key(self.process.order_key)
            self._guard()
            self._attempt("", error, clock.now(), 0.0)
            self._give_up("", error, hold=isinstance(error, JournalMismatch))

        transact(work)

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
                type(error).__name__, printable(str(error)), printable(trace),
            ],
        )  # fmt: skip

    def _give_up(self, name: str, error: Exception, *, hold: bool = False) -> None:
        told = {"step": name, "class": type(error).__name__, "message": printable(str(error))}
        hold = hold or self.definition.on_failure == "hold" or name.startswith("undo:")
        alerts.process_stopped(self.process, told, held=hold, now=clock.now())
        if hold:
            self._park("hold", error=told, hold=failure_hold(told), reason=name)
        elif self._undo:
            self._park("unwind", error=told, reason=f"{name}: {told['class']}")
        else:
            self.end("fail", error=told, reason=f"{name}: {told['class']}")

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
            self._leave(move, changes, [state, result, as_json(error), now], reason, at=now)
            self.vacated += promote(self.process.order_key)

        transact(work, atomic=bool(self.process.order_key))

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
            [state, wake_at, as_json(hold), as_json(error), awaits_children, move == "unwind"],
            reason,
        )

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
