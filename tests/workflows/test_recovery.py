"""What died is taken up, once, and whoever lost its lease writes nothing."""

from tests.workflows import bench
from tests.workflows.bench import Bread, drain, fetch, start, state
from workflows.execution import claim
from workflows.models import Lane, Process, ProcessEvent, Step
from workflows.rows import sql
from workflows.tick import MAX_RECOVERIES, tick


def _expire() -> None:
    sql("UPDATE workflows_process SET lease_until = now() - interval '1 s' WHERE state = 'processing'")


class TestLease:
    def test_that_ran_out_is_taken_up_by_another_worker(self) -> None:
        process = start(bench.bakery, Bread("one"))
        job = fetch()
        assert job
        assert claim(job.process, job.fence, worker="dead")
        _expire()
        tick()
        drain()
        assert state(process) == "completed"
        assert Lane.objects.get(key="bakery").active == 0

    def test_that_still_runs_is_left_alone(self) -> None:
        process = start(bench.bakery, Bread("one"))
        job = fetch()
        assert job
        assert claim(job.process, job.fence, worker="alive")
        tick()
        assert (state(process), fetch()) == ("processing", None)

    def test_lost_lets_a_zombie_write_nothing(self) -> None:
        start(bench.bakery, Bread("one"))
        job = fetch()
        assert job
        function = bench.knead.function

        def slow(loaves: int) -> int:
            bench.knead.function = function
            _expire()
            tick()
            second = fetch()
            assert second
            assert second.fence > job.fence
            return function(loaves)

        bench.knead.function = slow
        job.run()
        assert (bench.kneaded(), Step.objects.count()) == (0, 0)

    def test_expiring_again_and_again_holds_the_process_as_poison(self) -> None:
        poison, other = start(bench.bakery, Bread("one")), start(bench.bakery, Bread("two"))
        for _ in range(MAX_RECOVERIES):
            while job := fetch():
                if job.process == poison:
                    claim(job.process, job.fence, worker="dies")
                else:
                    job.run()
            _expire()
            tick()
        row = Process.objects.get(pk=poison)
        assert (row.state, bench.hold_of(poison)["kind"], state(other)) == ("held", "poison", "completed")


class TestJob:
    def test_that_is_gone_is_replaced_under_a_new_fence(self) -> None:
        process = start(bench.bakery, Bread("one"))
        lost = fetch()
        assert lost
        tick()
        found = fetch()
        assert found
        assert (found.process, found.fence) == (process, lost.fence + 1)
        assert not lost.run(), "the old wake-up must do nothing"
        found.run()
        assert state(process) == "completed"

    def test_under_a_dead_worker_is_replaced_and_removed(self) -> None:
        process = start(bench.bakery, Bread("one"))
        worker = sql(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute') RETURNING id"
        )
        sql("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", [worker[0][0]])
        tick()
        drain()
        assert state(process) == "completed"
        assert sql("SELECT count(*) FROM procrastinate_jobs")[0][0] == 0

    def test_under_a_live_worker_is_left_alone_however_old(self) -> None:
        start(bench.bakery, Bread("one"))
        worker = sql("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()) RETURNING id")
        sql("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", [worker[0][0]])
        sql("UPDATE workflows_process SET admitted_at = now() - interval '1 day'")
        tick()
        assert fetch() is None


class TestRepair:
    def test_sets_a_drifted_lane_right(self) -> None:
        start(bench.bakery, Bread("one"))
        Lane.objects.update(active=5)
        tick()
        assert Lane.objects.get(key="bakery").active == 1

    def test_lets_go_whoever_is_behind_nobody(self) -> None:
        process = start(bench.in_order, Bread("one", 1))
        fetch()
        sql("UPDATE workflows_process SET behind = true, admitted_at = NULL, job_id = NULL")
        sql("UPDATE workflows_lane SET active = 0")
        tick()
        drain()
        assert state(process) == "completed"


def test_every_move_leaves_an_event() -> None:
    process = start(bench.bakery, Bread("one"))
    drain()
    events = ProcessEvent.objects.filter(process=process).order_by("id").values_list("move", "from_state", "to_state")
    assert list(events) == [
        ("trigger", "", "pending"),
        ("claim", "pending", "processing"),
        ("complete", "processing", "completed"),
    ]
