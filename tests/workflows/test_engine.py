"""Trigger, admission, order and superseding."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from common import clock
from tests.workflows import bench
from tests.workflows.bench import Bread, drain, fetch, result, start, state
from tests.workflows.conftest import PassTime
from workflows import api, control, engine
from workflows.encoding import EncodingError
from workflows.errors import Superseded, WorkflowError
from workflows.models import Lane, Process, ProcessEvent
from workflows.rows import pump, sql


class TestTrigger:
    def test_runs_to_its_result(self) -> None:
        process = start(bench.bakery, Bread("one", 3))
        drain()
        assert (state(process), result(process)) == ("completed", "sold 6 baked")

    def test_refuses_a_payload_of_another_shape_and_creates_nothing(self) -> None:
        with pytest.raises(EncodingError):
            start(bench.bakery, bench.Answer("not bread"))  # type: ignore[arg-type]
        assert not Process.objects.exists()

    def test_rolled_back_leaves_neither_process_nor_job(self) -> None:
        with transaction.atomic():
            start(bench.bakery, Bread("one"))
            transaction.set_rollback(True)
        assert not Process.objects.exists()
        assert fetch() is None

    def test_answers_a_second_trigger_of_one_key_with_the_first_process(self) -> None:
        first = start(bench.in_order, Bread("one", 1))
        drain()
        again = engine.trigger(bench.in_order, Bread("one", 1), now=clock.now(), actor="test")
        assert again == (first, False)

    def test_makes_one_process_of_sixteen_racing_triggers(self) -> None:
        handles: list[engine.Handle] = []

        def race() -> None:
            handles.append(engine.trigger(bench.in_order, Bread("race", 1), now=clock.now(), actor="test"))
            connection.close()

        threads = [threading.Thread(target=race) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({handle.id for handle in handles}) == 1
        assert sum(handle.created for handle in handles) == 1

    def test_keeps_one_queued_process_of_a_once_key(self) -> None:
        first = start(bench.only_one_queued, Bread("one"))
        assert start(bench.only_one_queued, Bread("one")) == first
        drain()
        assert start(bench.only_one_queued, Bread("one")) != first

    def test_waits_until_not_before(self, pass_time: PassTime) -> None:
        process = start(bench.bakery, Bread("one"), not_before=clock.now() + timedelta(minutes=5))
        assert drain() == 0
        pass_time(timedelta(minutes=6))
        pump("bakery")
        drain()
        assert state(process) == "completed"


class TestTriggerWith:
    """A row and the process that is to work on it are written by one statement (the rows here are lanes)."""

    def started(self, key: str, workflow: api.Workflow = bench.bakery) -> bool:
        row = 'INSERT INTO workflows_lane (key, "limit", active, paused) VALUES (%s, %s, 0, false)'
        return engine.trigger_with(row, [key, 1], workflow, Bread(key), now=clock.now(), actor="test")

    def test_starts_a_process_with_a_new_row(self) -> None:
        assert self.started("one")
        process = Process.objects.get()
        assert ProcessEvent.objects.get(process=process, move="trigger").actor == "test"
        assert Lane.objects.filter(key="one").exists()
        drain()
        assert state(process.pk) == "completed"

    def test_does_neither_where_the_row_is_there(self) -> None:
        assert self.started("one")
        assert not self.started("one")
        assert (Process.objects.count(), Lane.objects.filter(key="one").count()) == (1, 1)

    def test_does_neither_when_its_transaction_does_not_hold(self) -> None:
        with transaction.atomic():
            self.started("one")
            transaction.set_rollback(True)
        assert (Process.objects.count(), Lane.objects.filter(key="one").count()) == (0, 0)

    @pytest.mark.parametrize("workflow", [bench.only_one_queued, bench.in_order, bench.newest_wins])
    def test_is_not_for_those_that_look_at_each_other(self, workflow: api.Workflow) -> None:
        with pytest.raises(WorkflowError, match="write the row first"):
            self.started("one", workflow)
        assert not Lane.objects.filter(key="one").exists()


class TestLane:
    def test_admits_no_more_than_its_limit(self) -> None:
        for n in range(12):
            start(bench.bakery, Bread("crowd", n))
        assert Process.objects.filter(admitted_at__isnull=False).count() == 5
        assert Lane.objects.get(key="bakery").active == 5

    def test_admits_the_next_when_one_ends(self) -> None:
        for n in range(12):
            start(bench.bakery, Bread("crowd", n))
        drain()
        assert Process.objects.filter(state="completed").count() == 12
        assert Lane.objects.get(key="bakery").active == 0

    def test_admits_nobody_while_paused(self) -> None:
        Lane.objects.create(key="bakery", limit=5, paused=True)
        process = start(bench.bakery, Bread("one"))
        assert drain() == 0
        Lane.objects.filter(key="bakery").update(paused=False)
        pump("bakery")
        drain()
        assert state(process) == "completed"

    def test_is_given_back_by_a_waiting_process(self) -> None:
        start(bench.waiting, Bread("one"))
        start(bench.waiting, Bread("two"))
        drain()
        assert Process.objects.filter(state="waiting").count() == 2
        assert Lane.objects.get(key="waiting").active == 0

    def test_is_changed_for_a_step_with_a_place_of_its_own_and_back(self) -> None:
        process = start(bench.elsewhere, Bread("one"))
        queues = []
        while job := fetch():
            queues.append(job.queue)
            job.run()
        assert queues == ["default", "oven", "default"]
        assert result(process) == "sold baked big"
        assert {lane.key: lane.active for lane in Lane.objects.all()} == {"home": 0, "oven": 0}


class TestOrder:
    def test_runs_processes_of_a_key_one_after_another(self) -> None:
        processes = [start(bench.in_order, Bread("one", n)) for n in range(4)]
        for n in range(4):
            assert [state(process) for process in processes] == ["completed"] * n + ["pending"] * (4 - n)
            job = fetch()
            assert job
            assert job.process == processes[n]
            assert fetch() is None
            job.run()

    def test_lets_keys_pass_each_other(self) -> None:
        start(bench.in_order, Bread("one", 1))
        start(bench.in_order, Bread("two", 1))
        assert fetch()
        assert fetch()

    def test_holds_those_behind_a_failure_until_a_person_resumes(self) -> None:
        first, second = start(bench.in_order, Bread("one", 1)), start(bench.in_order, Bread("one", 2))
        bench.faults.append(EncodingError("never to be tried again"))
        drain()
        assert (state(first), state(second)) == ("held", "pending")
        control.resume(first, now=clock.now(), actor="Ana", reason="seen to")
        drain()
        assert (state(first), state(second)) == ("completed", "completed")

    def test_lets_the_next_go_where_failures_are_skipped(self) -> None:
        first, second = start(bench.in_order_skipping, Bread("one", 1)), start(bench.in_order_skipping, Bread("one", 2))
        bench.faults.append(EncodingError("never to be tried again"))
        drain()
        assert (state(first), state(second)) == ("failed", "completed")

    def test_lets_the_next_go_when_one_is_cancelled(self) -> None:
        first, second = start(bench.in_order, Bread("one", 1)), start(bench.in_order, Bread("one", 2))
        control.cancel(first, now=clock.now(), actor="Ana", reason="not wanted")
        drain()
        assert (state(first), state(second)) == ("cancelled", "completed")
        event = ProcessEvent.objects.get(process=first, move="cancel")
        assert (event.actor, event.reason) == ("Ana", "not wanted")


class TestSuperseding:
    def test_cancels_a_held_one_and_names_the_new(self) -> None:
        old = start(bench.newest_wins, Bread("one", 1))
        drain()
        new = start(bench.newest_wins, Bread("one", 2))
        drain()
        assert (state(old), state(new)) == ("cancelled", "held")
        assert Process.objects.get(pk=old).superseded_by_id == new

    def test_refuses_a_late_answer_naming_the_new_process(self) -> None:
        old = start(bench.newest_wins, Bread("one", 1))
        drain()
        new = start(bench.newest_wins, Bread("one", 2))
        with pytest.raises(Superseded) as refused:
            control.resolve(old, bench.Answer("rye"), now=clock.now(), actor="Ana")
        assert refused.value.by == new

    def test_stops_one_in_the_middle_of_its_work_at_its_next_checkpoint(self) -> None:
        old = start(bench.settling, Bread("one", 1))
        job = fetch()
        assert job
        newer = threading.Event()

        def newer_one() -> None:
            start(bench.settling, Bread("one", 2))
            connection.close()

        def overtake(what: str) -> str:
            if not newer.is_set():
                newer.set()
                thread = threading.Thread(target=newer_one)
                thread.start()
                thread.join()
            return f"sold {what}"

        function, bench.sell.function = bench.sell.function, overtake
        try:
            job.run()
        finally:
            bench.sell.function = function
        assert state(old) == "cancelled"
        drain()
        assert [p.state for p in Process.objects.order_by("seq")] == ["cancelled", "completed"]

    def test_leaves_alone_one_that_has_passed_the_point_of_no_return(self) -> None:
        old = start(bench.settling, Bread("one", 1))
        drain()
        new = start(bench.settling, Bread("one", 2))
        drain()
        assert (state(old), state(new)) == ("completed", "completed")

    def test_puts_off_while_newer_ones_come_but_not_for_ever(self, pass_time: PassTime) -> None:
        last = start(bench.settling, Bread("one"), settle=timedelta(seconds=5))
        for n in range(1, 14):
            last = start(bench.settling, Bread("one", n), settle=timedelta(seconds=5))
            pump("workflow:settling")
            assert drain() == 0
            pass_time(timedelta(seconds=4))
        pass_time(timedelta(seconds=8))  # 60 s after the first
        pump("workflow:settling")
        drain()
        assert state(last) == "completed"
        assert Process.objects.filter(state="cancelled").count() == 13


def test_the_database_refuses_a_move_that_the_table_does_not_allow() -> None:
    process = start(bench.bakery, Bread("one"))
    drain()
    with pytest.raises(Exception, match="Invalid transition"):
        sql("UPDATE workflows_process SET state = 'pending' WHERE id = %s", [process])
