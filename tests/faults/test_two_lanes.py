"""Two lanes at once, from everywhere at once: no deadlock, and the limits of both are never exceeded."""

import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection, transaction

from common import clock
from tests.databases import Database
from tests.deadline import eventually
from tests.faults import labour
from tests.faults.gang import a_gang, deadlocks, limits_hold
from tests.faults.labour import Task
from workflows import control
from workflows.engine import trigger, trigger_many
from workflows.errors import WrongState
from workflows.models import Lane, Process
from workflows.rows import pump
from workflows.tick import tick

LANES = "xyz"
PATIENCE = 60.0


@pytest.mark.faults
@pytest.mark.parametrize("each", [40, 1000])
def test_under_load_that_crosses_nobody_locks_another_out(fresh_database: Database, tmp_path: Path, each: int) -> None:
    """Two workers execute while threads trigger one by one and many at once, cancel, admit and tick."""
    over, dice = threading.Event(), random.Random(each)
    pairs = [a + b for a in LANES for b in LANES if a != b]

    def one_by_one() -> None:
        for number in range(each):
            with transaction.atomic():
                for task in (Task(number, gang=pairs[number % 6]), Task(number, gang=pairs[-1 - number % 6], key="k")):
                    trigger(labour.crossing, task, now=clock.now(), actor="test")

    def many() -> None:
        for begin in range(0, each, 10):
            tasks = [Task(number, gang=pairs[number % 6], key=str(number % 3)) for number in range(begin, begin + 10)]
            trigger_many(labour.crossing, tasks, now=clock.now(), actor="test")

    def cancelling() -> None:
        while not over.wait(0.05):
            for process in Process.objects.filter(finished_at=None).order_by("?").values_list("pk", flat=True)[:2]:
                try:
                    control.cancel(process, now=clock.now(), actor="Ana", reason="not wanted")
                except WrongState:
                    continue  # it ended meanwhile

    def admitting() -> None:
        while not over.wait(0.01):
            pump(f"cross:{dice.choice(LANES)}")
            tick()

    with a_gang(fresh_database, tmp_path) as gang:
        gang.start("one", "two")
        errors: list[BaseException] = []
        ends = [in_thread(work, errors) for work in (one_by_one, many)]
        others = [in_thread(work, errors) for work in (cancelling, admitting)]
        try:
            eventually(lambda: limits_hold() and not any(t.is_alive() for t in ends), PATIENCE * max(1, each / 100))
        finally:
            over.set()
        for thread in others:
            thread.join(10)
        eventually(
            lambda: limits_hold() and not Process.objects.filter(finished_at=None), PATIENCE * max(1, each / 100)
        )
    assert errors == []
    assert set(Process.objects.values_list("state", flat=True)) == {"completed", "cancelled"}
    assert Process.objects.filter(state="completed").count() > each, "too many were cancelled to say anything"
    assert set(Lane.objects.values_list("active", flat=True)) == {0}
    assert deadlocks() == 0


def in_thread(work: Callable[[], None], errors: list[BaseException]) -> threading.Thread:
    """Do the work in a thread on a connection of its own, and keep what it raises."""

    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 (the test looks at it)
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread
