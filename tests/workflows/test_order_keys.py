"""Of one order key never two at a time, and always the next once one has ended, however and wherever it did."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction

from common import clock
from tests.deadline import eventually, throughout
from tests.workflows.bench import Answer, Bread, drain, fetch, only_one_queued, state
from tests.workflows.conftest import PassTime
from workflows import api, control, engine
from workflows.errors import Abort
from workflows.journal import Run
from workflows.models import Lane, Process
from workflows.tick import tick

FAILING, QUEUED, WAITING, ASLEEP, HELD = -1, 10, 11, 12, 13
"""What a breakfast is told by its loaves: to fail, or where to be when it happens."""


@api.step
def slice_bread(loaves: int) -> int:
    """Do what may fail."""
    if loaves < 0:
        raise Abort("no such loaf")
    return loaves


@api.workflow(
    "breakfast", version=1, lane=lambda p: api.Lane("breakfast", 5), order_by=lambda p: f"breakfast:{p.table}",
    start_within=timedelta(minutes=5), max_duration=timedelta(hours=2),
)  # fmt: skip
def breakfast(run: Run, p: Bread) -> int:
    """Wait, sleep or be held as it is told by how many loaves, then slice."""
    if p.loaves == WAITING:
        run.wait("guest", Answer, key=f"guest:{run.id}")
    if p.loaves == ASLEEP:
        run.sleep(timedelta(hours=1))
    if p.loaves == HELD:
        run.hold("which", p, Answer)
    return run.step(slice_bread, p.loaves)


@api.workflow(
    "brunch", version=1, lane=lambda p: api.Lane("breakfast", 5), order_by=lambda p: f"brunch:{p.table}",
    supersede_until=slice_bread,
)  # fmt: skip
def brunch(run: Run, p: Bread) -> int:
    """The same, and a newer one takes its place."""
    return int(breakfast.function(run, p))


def start(workflow: api.Workflow, loaves: int, table: str = "one") -> UUID:
    return engine.trigger(workflow, Bread(table, loaves), now=clock.now(), actor="test").id


def admitted(*processes: UUID) -> list[UUID]:
    """Return which of the processes (of all without any) are admitted, in order."""
    rows = Process.objects.filter(admitted_at__isnull=False).order_by("seq").values_list("pk", flat=True)
    return [process for process in rows if not processes or process in processes]


def order_of_work() -> list[UUID]:
    """Run jobs until none is left, never two of them there; return whose they were."""
    order = []
    while job := fetch():
        assert fetch() is None
        order.append(job.process)
        job.run()
    return order


def ended(*processes: UUID) -> None:
    """Let everything run and look that these completed and nothing is left in their lane."""
    drain()
    assert [state(process) for process in processes] == ["completed"] * len(processes)
    assert Lane.objects.get(key="breakfast").active == 0


def threaded(work: Callable[[], object]) -> None:
    """Do the work in a thread, and so on a connection, of its own."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


@contextmanager
def first_uncommitted(
    workflow: api.Workflow = breakfast, *, rolled_back: bool = False
) -> Iterator[tuple[Callable[[], None], list[UUID]]]:
    """Have a process triggered (or found) in a transaction that is still open; lend what ends it, and its id."""
    triggered, finish = threading.Event(), threading.Event()
    processes: list[UUID] = []

    def work() -> None:
        try:
            with transaction.atomic():
                processes.append(start(workflow, 1))
                triggered.set()
                finish.wait(10)
                transaction.set_rollback(rolled_back)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()

    def end() -> None:
        finish.set()
        thread.join(10)

    try:
        assert triggered.wait(10)
        yield end, processes
    finally:
        end()


@contextmanager
def another(work: Callable[[], UUID]) -> Iterator[list[UUID]]:
    """Trigger in a thread of its own; lend the list that gets the id when it returns."""
    done: list[UUID] = []

    def run() -> None:
        try:
            done.append(work())
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield done
    finally:
        thread.join(10)


class TestTwoTriggersOfAKey:
    def test_the_first_of_them_uncommitted_are_admitted_one_after_the_other(self) -> None:
        with first_uncommitted() as (commit, processes), another(lambda: start(breakfast, 2)) as second:
            throughout(lambda: not second and not admitted(), 0.5, message="The second did not wait")
            commit()
            eventually(lambda: second)
        assert admitted() == processes
        tick()
        assert admitted() == processes
        assert order_of_work() == [*processes, *second]

    def test_many_at_once_the_first_uncommitted(self) -> None:
        def many() -> UUID:
            payloads = [Bread("one", n) for n in range(3)]
            return engine.trigger_many(breakfast, payloads, now=clock.now(), actor="test")[0].id

        with first_uncommitted() as (commit, processes), another(many) as second:
            throughout(lambda: not second and not admitted(), 0.5, message="The second did not wait")
            commit()
            eventually(lambda: second)
        assert admitted() == processes
        assert len(order_of_work()) == 4

    def test_the_first_rolled_back_leave_the_second_alone(self) -> None:
        with first_uncommitted(rolled_back=True) as (finish, _), another(lambda: start(breakfast, 2)) as second:
            finish()
            eventually(lambda: second)
        assert admitted() == second
        assert order_of_work() == second


class TestOneThatIsFoundWaiting:
    """`once_key`: what was written before a trigger that added nothing is seen by the process that it found."""

    def test_does_not_start_before_that_trigger_is_committed(self) -> None:
        queued = start(only_one_queued, 0)
        job = fetch()
        assert job

        def work() -> UUID:
            job.run()
            return job.process

        with first_uncommitted(only_one_queued) as (commit, found):
            assert found == [queued]
            with another(work) as worked:
                throughout(lambda: not worked, 0.5, message="It did not wait")
                commit()
                eventually(lambda: worked)
        ended_alone = Process.objects.get()
        assert (ended_alone.pk, ended_alone.state) == (queued, "completed")


class TestTheNextGoes:
    @pytest.mark.parametrize("where", [QUEUED, WAITING, ASLEEP, HELD])
    def test_when_one_is_cancelled(self, where: int) -> None:
        first, second, third = (start(breakfast, loaves) for loaves in (where, 1, 2))
        if where != QUEUED:
            drain()
        assert admitted(second) == []
        control.cancel(first, now=clock.now(), actor="Ana", reason="not wanted")
        assert admitted(second) == [second]
        ended(second, third)

    def test_when_one_is_cancelled_in_the_middle_of_its_work(self) -> None:
        first, second, third = (start(breakfast, loaves) for loaves in (0, 1, 2))
        job = fetch()
        assert job

        def cancel_it(loaves: int) -> int:
            slice_bread.function = plain
            threaded(lambda: control.cancel(first, now=clock.now(), actor="Ana", reason="not wanted"))
            return loaves

        plain, slice_bread.function = slice_bread.function, cancel_it
        job.run()
        assert state(first) == "cancelled"
        ended(second, third)

    @pytest.mark.parametrize("where", [QUEUED, WAITING, ASLEEP, HELD])
    def test_when_one_is_superseded(self, where: int) -> None:
        first = start(brunch, where)
        if where != QUEUED:
            drain()
        second = start(brunch, 1)
        assert (state(first), admitted(second)) == ("cancelled", [second])
        third = start(brunch, 2)
        assert state(second) == "cancelled"
        ended(third)

    def test_when_one_expires_unstarted(self, pass_time: PassTime) -> None:
        Lane.objects.create(key="breakfast", limit=5, paused=True)
        first = start(breakfast, 0)
        pass_time(timedelta(minutes=4))
        second = start(breakfast, 1)
        pass_time(timedelta(minutes=2))
        Lane.objects.update(paused=False)
        tick()
        assert (state(first), admitted(second)) == ("expired", [second])
        ended(second)

    def test_when_one_that_was_admitted_expires(self, pass_time: PassTime) -> None:
        first = start(breakfast, 0)
        pass_time(timedelta(minutes=4))
        second = start(breakfast, 1)
        pass_time(timedelta(minutes=2))
        tick()
        assert (state(first), admitted(second)) == ("expired", [second])
        late = fetch()
        assert late
        assert not late.run(), "the wake-up of the expired one must do nothing"
        ended(second)

    @pytest.mark.parametrize("where", [FAILING, WAITING, ASLEEP])
    def test_when_one_fails(self, where: int, pass_time: PassTime) -> None:
        first = start(breakfast, where)
        drain()
        second, third = start(breakfast, 1), start(breakfast, 2)
        if where != FAILING:
            assert admitted(second) == []
            Process.objects.filter(pk__in=(second, third)).update(expires_at=None)
            pass_time(timedelta(hours=3))  # the first one's own time is over
            tick()
            drain()
        assert state(first) == "failed"
        ended(second, third)
