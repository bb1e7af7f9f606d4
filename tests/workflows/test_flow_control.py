"""Lanes with rates and resources, priorities, time limits, keys that end, triggers that are put off."""

from datetime import timedelta

import pytest

from common import clock
from tests.workflows import bench, feast
from tests.workflows.bench import Bread, drain, fetch, result, state
from tests.workflows.conftest import PassTime
from tests.workflows.feast import Dish
from workflows import api, control, engine
from workflows.encoding import EncodingError
from workflows.errors import WorkflowError
from workflows.models import Lane, Process, ProcessEvent, Worker
from workflows.rows import pump, sql
from workflows.tick import tick


def start(workflow: api.Workflow, payload: object, **options: object) -> engine.Handle:
    return engine.trigger(workflow, payload, now=clock.now(), actor="test", **options)  # type: ignore[arg-type]


def admitted(workflow: str) -> int:
    return Process.objects.filter(workflow=workflow, admitted_at__isnull=False).count()


class TestResource:
    def test_is_shared_by_many_lanes_and_never_overfull(self) -> None:
        for n in range(6):
            start(feast.shared_oven, Dish(f"soup {n}"))
        assert admitted("shared-oven") == 2
        assert Lane.objects.get(key="one-oven").active == 2
        most = 0
        while job := fetch():
            most = max(most, Lane.objects.get(key="one-oven").active)
            job.run()
        assert Process.objects.filter(state="completed").count() == 6
        assert most == 2
        assert Lane.objects.filter(active__gt=0).count() == 0

    def test_that_is_full_is_passed_over_and_blocks_nobody(self) -> None:
        for n in range(30):
            start(feast.either_oven, Dish("busy"), priority=timedelta(hours=1) if n else timedelta(0))
        start(feast.either_oven, Dish("free"))
        rows = Process.objects.filter(admitted_at__isnull=False).values_list("resource", flat=True)
        assert sorted(rows) == ["oven:busy", "oven:free"]

    def test_that_is_paused_stops_those_who_want_it(self) -> None:
        Lane.objects.create(key="one-oven", limit=2, paused=True)
        start(feast.shared_oven, Dish("soup"))
        assert drain() == 0
        Lane.objects.filter(key="one-oven").update(paused=False)
        tick()
        drain()
        assert Process.objects.get().state == "completed"

    def test_counter_that_drifted_is_set_right(self) -> None:
        start(feast.shared_oven, Dish("soup"))
        Lane.objects.filter(key="one-oven").update(active=2)
        tick()
        assert Lane.objects.get(key="one-oven").active == 1


class TestRate:
    def test_admits_no_more_in_a_period_and_fills_evenly(self, pass_time: PassTime) -> None:
        for n in range(9):
            start(feast.slowly, Dish(str(n)))
        assert drain() == 3
        pass_time(timedelta(seconds=20))
        tick()
        assert drain() == 1
        pass_time(timedelta(minutes=10))  # the bucket holds three, however long nothing came
        tick()
        assert drain() == 3

    def test_is_edited_while_it_runs(self, pass_time: PassTime) -> None:
        for n in range(9):
            start(feast.slowly, Dish(str(n)))
        drain()
        Lane.objects.update(rate=None)
        tick()
        assert drain() == 6

    @pytest.mark.parametrize("text", ["3", "x/min", "0/s", "3/fortnight", "-1/s"])
    def test_that_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(WorkflowError, match="is no rate"):
            api.Lane("lane", 1, rate=text).per_seconds  # noqa: B018


class TestPriority:
    def test_goes_before_what_was_triggered_up_to_so_much_earlier(self, pass_time: PassTime) -> None:
        Lane.objects.create(key="bakery", limit=1, paused=True)
        old = start(bench.bakery, Bread("old")).id
        pass_time(timedelta(minutes=10))
        plain = start(bench.bakery, Bread("plain")).id
        urgent = start(bench.bakery, Bread("urgent"), priority=timedelta(minutes=5)).id
        Lane.objects.update(paused=False)
        tick()
        order = []
        while job := fetch():
            order.append(job.process)
            job.run()
        assert order == [old, urgent, plain], "five minutes do not outrun one that has waited ten"


class TestAFullHouse:
    def test_admits_near_three_for_each_place_of_living_workers_and_one_of_every_lane(self) -> None:
        sql("""INSERT INTO workflows_worker (name, queues, slots, started_at, seen_at)
               VALUES ('w', '{default}', 8, now(), now())""")
        Lane.objects.create(key="bakery", limit=1000)
        engine.trigger_many(bench.bakery, [Bread(str(n)) for n in range(60)], now=clock.now(), actor="test")
        pump("bakery")
        assert admitted("bakery") == 24
        start(feast.either_oven, Dish("late"))
        assert admitted("either-oven") == 1
        assert drain() == 61

    def test_counts_only_workers_that_beat(self) -> None:
        sql("""INSERT INTO workflows_worker (name, queues, slots, started_at, seen_at)
               VALUES ('dead', '{default}', 800, now(), now() - interval '1 minute')""")
        assert Worker.objects.count() == 1
        Lane.objects.create(key="bakery", limit=1000)
        engine.trigger_many(bench.bakery, [Bread(str(n)) for n in range(60)], now=clock.now(), actor="test")
        assert admitted("bakery") == 16


class TestStartWithin:
    def test_expires_what_was_not_started_and_lets_the_next_of_its_key_go(self, pass_time: PassTime) -> None:
        Lane.objects.create(key="fresh", limit=1, paused=True)
        first = start(feast.fresh, Dish("fish"))
        pass_time(timedelta(minutes=3))
        second = start(feast.fresh, Dish("fish"))
        pass_time(timedelta(minutes=3))
        tick()
        assert (first.state(), second.state()) == ("expired", "pending")
        Lane.objects.update(paused=False)
        tick()
        drain()
        assert second.state() == "completed"
        assert ProcessEvent.objects.get(process=first.id, move="expire").reason == "not started in time"

    def test_leaves_alone_what_was_started(self, pass_time: PassTime) -> None:
        done = start(feast.fresh, Dish("fish"))
        drain()
        pass_time(timedelta(hours=1))
        tick()
        assert done.state() == "completed"


class TestMaxDuration:
    def test_fails_what_waits_too_long_and_resuming_gives_the_time_anew(self, pass_time: PassTime) -> None:
        process = start(feast.in_time, Dish("soup"))
        drain()
        pass_time(timedelta(minutes=59))
        tick()
        assert (process.state(), drain()) == ("waiting", 0)
        pass_time(timedelta(minutes=2))
        tick()
        drain()
        assert (process.state(), bench.error_of(process.id)["class"]) == ("failed", "DeadlineExceeded")
        control.resume(process.id, now=clock.now(), actor="Ana", reason="they are on the way")
        drain()
        assert process.state() == "waiting"


class TestKey:
    def test_that_lasts_a_day_gives_the_same_process_and_its_result_until_then(self, pass_time: PassTime) -> None:
        first = start(feast.daily, Dish("bread"))
        drain()
        pass_time(timedelta(hours=23))
        again = start(feast.daily, Dish("bread"))
        assert (again.id, again.created, again.result()) == (first.id, False, "bread cooked")
        pass_time(timedelta(hours=2))
        assert start(feast.daily, Dish("bread")).id != first.id

    def test_of_an_open_process_holds_however_old_it_is(self, pass_time: PassTime) -> None:
        Lane.objects.create(key="workflow:daily", limit=1, paused=True)
        first = start(feast.daily, Dish("bread"))
        pass_time(timedelta(days=3))
        assert start(feast.daily, Dish("bread")).id == first.id

    def test_is_freed_by_a_person_with_a_reason(self) -> None:
        first = start(bench.in_order, Bread("one", 1)).id
        drain()
        control.free_key(first, now=clock.now(), actor="Ana", reason="to be done anew")
        second = start(bench.in_order, Bread("one", 1)).id
        assert second != first
        event = ProcessEvent.objects.get(process=first, move="free_key")
        assert (event.actor, event.reason) == ("Ana", "key one:1: to be done anew")


class TestSettlingUnderAOnceKey:
    def test_waits_for_the_last_and_takes_its_payload(self, pass_time: PassTime) -> None:
        first = start(feast.latest, Dish("v1"), settle=timedelta(seconds=5))
        pass_time(timedelta(seconds=4))
        second = start(feast.latest, Dish("v2"), settle=timedelta(seconds=5))
        assert (second.id, second.created) == (first.id, False)
        pass_time(timedelta(seconds=3))
        tick()
        assert drain() == 0
        pass_time(timedelta(seconds=3))
        tick()
        drain()
        assert result(first.id) == "v2 cooked"

    def test_is_not_put_off_for_ever(self, pass_time: PassTime) -> None:
        first = start(feast.latest, Dish("v0"), settle=timedelta(seconds=5))
        for n in range(1, 9):
            pass_time(timedelta(seconds=4))
            tick()
            drain()
            if first.state() == "pending":
                start(feast.latest, Dish(f"v{n}"), settle=timedelta(seconds=5))
        assert (first.state(), result(first.id)) == ("completed", "v7 cooked")


class TestMany:
    def test_are_started_in_the_order_of_their_payloads(self) -> None:
        handles = engine.trigger_many(bench.bakery, [Bread(str(n)) for n in range(5)], now=clock.now(), actor="t")
        assert [p.payload for p in Process.objects.order_by("seq")] == [
            f'{{"table":"{n}","loaves":1}}' for n in range(5)
        ]
        drain()
        assert {handle.state() for handle in handles} == {"completed"}

    def test_of_one_order_key_run_one_after_another(self) -> None:
        handles = engine.trigger_many(bench.in_order, [Bread("one", n) for n in range(4)], now=clock.now(), actor="t")
        for handle in handles:
            job = fetch()
            assert job
            assert job.process == handle.id
            assert fetch() is None
            job.run()

    def test_find_those_that_are_there_already(self) -> None:
        first = start(bench.in_order, Bread("one", 1))
        payloads = [Bread("one", 1), Bread("one", 2), Bread("one", 2)]
        found = engine.trigger_many(bench.in_order, payloads, now=clock.now(), actor="t")
        assert [handle.created for handle in found] == [False, True, False]
        assert found[0].id == first.id
        assert found[1].id == found[2].id

    def test_create_nothing_when_one_payload_is_bad(self) -> None:
        with pytest.raises(EncodingError):
            engine.trigger_many(bench.bakery, [Bread("one"), bench.Answer("no")], now=clock.now(), actor="t")
        assert not Process.objects.exists()

    def test_that_replace_each_other_are_refused(self) -> None:
        with pytest.raises(WorkflowError, match="one by one"):
            engine.trigger_many(bench.newest_wins, [Bread("one")], now=clock.now(), actor="t")


def test_a_payload_carries_ids_and_not_contents() -> None:
    with pytest.raises(EncodingError, match="pass ids"):
        start(bench.bakery, Bread("x" * 300_000))


def test_every_event_that_the_database_sealed_is_sealed_as_the_ledger_seals() -> None:
    start(bench.in_order, Bread("ñ: 'quoted' \\ and\nlines", 1))
    start(bench.newest_wins, Bread("one", 1))
    drain()
    assert ProcessEvent.objects.count() >= 6
    for event in ProcessEvent.objects.all():
        assert event.seal == event.compute_seal(), event


def test_state_of_a_wake_up_is_the_same_whoever_defers_it() -> None:
    """The admission defers by Procrastinate's own SQL function; the tick by its JobManager. Their rows are equal."""
    process = start(bench.bakery, Bread("one")).id
    columns = "queue_name, task_name, priority, lock, queueing_lock, args->>'process', status, scheduled_at, attempts"
    first = sql(f"SELECT {columns} FROM procrastinate_jobs")
    sql("DELETE FROM procrastinate_jobs")
    tick()
    assert sql(f"SELECT {columns} FROM procrastinate_jobs") == first
    assert state(process) == "pending"
