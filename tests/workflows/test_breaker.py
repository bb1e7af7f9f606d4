"""The circuit breaker: five failures in a row close the way for everybody, one probe opens it again."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
import requests
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import clock
from tests.workflows import bench
from tests.workflows.bench import Bread, drain, fetch, state
from tests.workflows.conftest import PassTime
from workflows import api, breaker, leases
from workflows.breaker import Breaker, outage
from workflows.errors import Abort, StepTimeout, Transient
from workflows.execution import claim
from workflows.journal import Run
from workflows.models import Alert, Attempt, Process, ProcessEvent
from workflows.models import Breaker as Row
from workflows.retry import Retry
from workflows.rows import sql
from workflows.tick import tick

PATIENT = Retry(retries=20, first=1, cap=1)
MINUTE = timedelta(seconds=60)


class BadCertificate(OSError):
    """One caller's own fault."""


@api.step.external(
    retry=PATIENT,
    timeout=timedelta(seconds=30),
    breaker=lambda table: Breaker("mill", counts=lambda error: outage(error) and not isinstance(error, BadCertificate)),
)
def order_flour(table: str, *, idempotency_key: str) -> str:
    """Call the mill."""
    bench.effects.append(table)
    if bench.faults:
        raise bench.faults.pop(0)
    return "flour"


@api.workflow("milling", version=1, lane=lambda p: api.Lane("milling", 50))
def milling(run: Run, p: Bread) -> str:
    """One call to the mill."""
    return run.step(order_flour, p.table)


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """A worker that has just started."""
    breaker._whole.clear()
    yield
    breaker._whole.clear()


def call(table: str = "one") -> UUID:
    """Start a process that calls the mill, and run what is there to run."""
    process = bench.start(milling, Bread(table))
    drain()
    return process


def fail(times: int, error: Exception | None = None) -> None:
    """Have so many processes call a mill that does not answer."""
    for n in range(times):
        bench.faults.append(error or ConnectionError("no route to the mill"))
        call(f"failing {n}")


def row() -> Row:
    return Row.objects.get(pk="mill")


def alerts() -> list[str]:
    return list(Alert.objects.order_by("id").values_list("kind", flat=True))


def attempts(process: UUID) -> int:
    return Attempt.objects.filter(process=process).count()


def wake_up() -> int:
    """Let the tick send on what is due, and run it."""
    tick()
    return drain()


class TestClosed:
    def test_opens_after_five_failures_in_a_row_for_sixty_seconds(self) -> None:
        fail(4)
        assert (row().state, row().failures) == ("closed", 4)
        assert not alerts()
        before = clock.now()
        fail(1)
        opened = row()
        assert opened.state == "open"
        assert opened.opened_until is not None
        assert before + MINUTE <= opened.opened_until <= clock.now() + MINUTE
        assert opened.last_error == "ConnectionError: no route to the mill"
        assert alerts() == ["breaker_opened"]

    def test_an_answer_in_between_begins_the_count_anew(self) -> None:
        fail(4)
        call()
        assert row().failures == 0
        fail(4)
        assert row().state == "closed"

    def test_writes_nothing_and_reads_once_while_all_is_well(self) -> None:
        with CaptureQueriesContext(connection) as first:
            call("one")
        assert not Row.objects.exists()
        assert not any("workflows_breaker" in query["sql"] for query in first)  # nothing by the ORM
        before = statements_on_breaker()
        breaker._whole.clear()
        call("two")
        assert statements_on_breaker() - before == 1
        call("three")
        assert statements_on_breaker() - before == 1

    def test_counts_for_all_workers(self) -> None:
        for _ in range(5):
            breaker._whole.clear()  # each as if in another process
            fail(1)
        assert row().state == "open"

    @pytest.mark.parametrize(
        "error",
        [
            Transient("too many requests", status=429),
            Transient("unknown customer", status=404),
            Abort("the order makes no sense"),
            ValueError("a bug"),
            BadCertificate("certificate revoked"),
            requests.exceptions.InvalidURL("no host"),
        ],
    )
    def test_does_not_count_what_is_no_outage(self, error: Exception) -> None:
        fail(6, error)
        assert not Row.objects.filter(failures__gt=0).exists()


def statements_on_breaker() -> int:
    """How often PostgreSQL looked into the table (its own counters, of this session too)."""
    sql("SELECT pg_stat_force_next_flush()")
    sql("SELECT pg_stat_clear_snapshot()")
    rows = sql(
        "SELECT coalesce(seq_scan, 0) + coalesce(idx_scan, 0) FROM pg_stat_user_tables "
        "WHERE relname = 'workflows_breaker'"
    )
    return int(rows[0][0])


class TestOpen:
    def test_parks_without_spending_an_attempt_or_calling(self) -> None:
        fail(5)
        called = len(bench.effects)
        process = call("patient")
        assert len(bench.effects) == called
        assert (state(process), attempts(process)) == ("retrying", 0)
        event = ProcessEvent.objects.get(process=process, move="retry")
        assert event.reason == "breaker mill open"
        wake_at = Process.objects.get(pk=process).wake_at
        opened_until = row().opened_until
        assert wake_at
        assert opened_until
        assert opened_until < wake_at <= opened_until + MINUTE / 4

    def test_takes_no_other_resource_with_it(self) -> None:
        fail(5)
        process = bench.start(bench.bakery, Bread("one"))
        drain()
        assert state(process) == "completed"

    def test_is_not_closed_by_a_call_that_began_before(self) -> None:
        late = claimed()
        fail(5)
        breaker.report(Breaker("mill"), late, None, clock.now())
        assert (row().state, row().failures) == ("open", 5)

    def test_is_not_prolonged_by_a_failure_of_a_call_that_began_before(self) -> None:
        late = claimed()
        fail(5)
        until = row().opened_until
        breaker.report(Breaker("mill"), late, OSError("late"), clock.now() + timedelta(seconds=30))
        assert row().opened_until == until


def claimed(table: str = "late") -> Any:
    """A process that a worker has taken, and not yet worked on."""
    bench.start(milling, Bread(table))
    job = fetch()
    assert job
    process = claim(job.process, job.fence, worker="bench")
    assert process
    return process


class TestProbe:
    def test_is_let_through_after_a_minute_and_closes_it(self, pass_time: PassTime) -> None:
        fail(5)
        process = call("patient")
        pass_time(timedelta(seconds=76))
        wake_up()
        assert state(process) == "completed"
        closed = row()
        assert (closed.state, closed.failures, closed.probe, closed.opened_until) == ("closed", 0, "", None)
        assert alerts() == ["breaker_opened", "breaker_closed"]

    def test_that_fails_opens_it_for_another_minute_without_another_alert(self, pass_time: PassTime) -> None:
        fail(5)
        pass_time(timedelta(seconds=61))
        before = clock.now()
        fail(1)
        opened = row()
        assert opened.state == "open"
        assert opened.opened_until
        assert opened.opened_until >= before + MINUTE
        assert alerts() == ["breaker_opened"]
        called = len(bench.effects)
        call("refused")
        assert len(bench.effects) == called

    def test_is_one_of_all_who_come_at_once(self, pass_time: PassTime) -> None:
        fail(5)
        processes = [claimed(f"racing {n}") for n in range(8)]
        pass_time(timedelta(seconds=61))
        start = threading.Barrier(8)
        answers: list[object] = []

        def race(process: Any) -> None:
            start.wait()
            answers.append(breaker.admit(Breaker("mill"), process, clock.now()))
            connection.close()

        threads = [threading.Thread(target=race, args=[process]) for process in processes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers.count(None) == 1
        assert row().state == "half_open"
        assert row().probe in {f"{process.id}/{process.fence}" for process in processes}

    def test_whose_worker_dies_is_followed_by_another_after_a_minute(self, pass_time: PassTime) -> None:
        fail(5)
        pass_time(timedelta(seconds=61))
        assert breaker.admit(Breaker("mill"), claimed("dying"), clock.now()) is None
        waiting = call("waiting")
        assert (state(waiting), row().state) == ("retrying", "half_open")
        pass_time(timedelta(seconds=76))
        wake_up()
        assert state(waiting) == "completed"
        assert row().state == "closed"

    def test_that_was_given_up_for_dead_decides_nothing_any_more(self, pass_time: PassTime) -> None:
        fail(5)
        pass_time(timedelta(seconds=61))
        dead = claimed("dead")
        breaker.admit(Breaker("mill"), dead, clock.now())
        pass_time(timedelta(seconds=61))
        assert breaker.admit(Breaker("mill"), claimed("next"), clock.now()) is None
        breaker.report(Breaker("mill"), dead, None, clock.now())
        assert row().state == "half_open"

    def test_that_is_answered_with_a_refusal_closes_it(self, pass_time: PassTime) -> None:
        fail(5)
        pass_time(timedelta(seconds=61))
        fail(1, Transient("unknown customer", status=404))
        assert row().state == "closed"

    @pytest.mark.parametrize("error", [Abort("no such order"), BadCertificate("revoked")])
    def test_that_learns_nothing_leaves_its_place_to_the_next(self, pass_time: PassTime, error: Exception) -> None:
        fail(5)
        pass_time(timedelta(seconds=61))
        fail(1, error)
        assert row().state == "open"
        assert state(call("next")) == "completed"
        assert row().state == "closed"

    def test_lets_the_many_who_waited_go_on(self, pass_time: PassTime) -> None:
        fail(5)
        waiting = [call(f"waiting {n}") for n in range(6)]
        for _ in range(4):
            pass_time(timedelta(seconds=40))
            while wake_up():
                pass
        assert {state(process) for process in waiting} == {"completed"}
        assert all(attempts(process) == 1 for process in waiting)


class TestTimeout:
    def test_counts_once_and_the_late_answer_does_not_undo_it(self) -> None:
        process = bench.start(milling, Bread("slow"))
        job = fetch()
        assert job

        def slow(table: str, *, idempotency_key: str) -> str:
            with leases._lock:
                leases._calls[process] = leases._calls[process]._replace(until=0.0)

            def look() -> None:
                leases.overdue()
                connection.close()

            beat = threading.Thread(target=look)
            beat.start()
            beat.join()
            return "flour, at last"

        function, order_flour.function = order_flour.function, slow
        try:
            job.run()
        finally:
            order_flour.function = function
        assert state(process) == "retrying"
        assert row().failures == 1
        assert row().last_error.startswith("StepTimeout")


def http_error(status: int) -> requests.HTTPError:
    answer = requests.Response()
    answer.status_code = status
    return requests.HTTPError(response=answer)


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (requests.ConnectionError(), True),
        (requests.ConnectTimeout(), True),
        (requests.ReadTimeout(), True),
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (StepTimeout(), True),
        (Transient("no answer"), True),
        (Transient("broken", status=503), True),
        (http_error(500), True),
        (http_error(502), True),
        (http_error(400), False),
        (http_error(429), False),
        (Transient("not now", status=429), False),
        (Transient("no", status=403), False),
        (requests.exceptions.MissingSchema(), False),
        (msgspec.ValidationError("no number"), False),
        (Abort("no"), False),
        (KeyError("bug"), False),
    ],
)
def test_outage(error: Exception, is_one: bool) -> None:
    assert outage(error) is is_one


def test_the_database_refuses_a_move_that_the_table_does_not_allow() -> None:
    Row.objects.create(key="mill", changed_at=clock.now())
    with pytest.raises(Exception, match="Invalid transition"):
        sql("UPDATE workflows_breaker SET state = 'half_open', opened_until = now() WHERE key = 'mill'")
