"""Workflows run inline to their end, and workers that die after a named step: the aids themselves, proven."""

from datetime import timedelta

import pytest
from django.db import transaction

from tests.workflows import bench
from tests.workflows.bench import Answer, Bread
from tests.workflows.conftest import PassTime
from workflows import api
from workflows.errors import Abort, ChildFailed, WorkflowError
from workflows.journal import Run
from workflows.models import Attempt, Process, ProcessEvent
from workflows.rows import sql
from workflows.testing import Crashed, Stuck, crash_after, run_inline, take_up_the_dead


@api.workflow("bakery-day", version=1, lane=lambda p: api.Lane("bakery-day", 1))
def day(run: Run, p: Bread) -> list[str]:
    """One child for each loaf, then a nap, then a person's word."""
    batch = run.batch(bench.bakery, [Bread(p.table, n) for n in range(1, p.loaves + 1)])
    run.sleep(timedelta(days=3))
    word = run.wait("closing", Answer, key=f"closing:{p.table}").word
    return [*batch.results(), word]


@api.workflow("patient", version=1)
def patient(run: Run, p: Bread) -> str:
    """Waits two days for a word and goes on without."""
    return run.wait("word", Answer, key=f"word:{p.table}", expires=timedelta(days=2), on_expiry=Answer("silence")).word


@api.workflow("slow-bakery", version=1, lane=lambda p: api.Lane("slow-bakery", 5, "1/h"))
def slow(run: Run, p: Bread) -> int:
    """One an hour."""
    return run.step(bench.knead, p.loaves)


class TestRunInline:
    def test_returns_the_result_as_its_type(self) -> None:
        assert run_inline(bench.bakery, Bread("one", 2)) == "sold 4 baked"
        assert bench.kneaded() == 1

    def test_follows_children_sleeps_and_waits(self) -> None:
        assert run_inline(day, Bread("one", 3), tokens={"closing:one": Answer("shut")}) == [
            "sold 2 baked", "sold 4 baked", "sold 6 baked", "shut",
        ]  # fmt: skip
        moves = list(
            ProcessEvent.objects.filter(process__workflow="bakery-day").order_by("id").values("move", "reason")
        )
        assert [one["reason"] for one in moves if one["move"] == "wake"] == ["children ended", "due", "token answered"]

    def test_answers_questions(self) -> None:
        assert run_inline(bench.newest_wins, Bread("one"), holds=[Answer("rye")]) == "sold rye"

    def test_retries_without_waiting(self) -> None:
        bench.faults += [OSError("cold oven"), OSError("still cold")]
        assert run_inline(bench.bakery, Bread("one")) == "sold 2 baked"
        assert Attempt.objects.filter(step_key="knead").exclude(error_class="").count() == 2

    def test_says_when_the_clock_stands_still(self) -> None:
        with pytest.raises(Stuck, match="pass_time does not move the clock"):
            run_inline(bench.sleeping, Bread("one"), pass_time=lambda by: None)

    def test_raises_what_failed_it(self) -> None:
        bench.faults.append(Abort("no flour"))
        with pytest.raises(Abort, match="no flour"):
            run_inline(bench.bakery, Bread("one"))
        assert Process.objects.get().state == "failed"

    def test_raises_what_it_is_held_with_after_a_failure(self) -> None:
        bench.faults.append(Abort("no flour"))
        with pytest.raises(Abort, match="no flour"):
            run_inline(bench.in_order, Bread("one"))

    def test_raises_of_a_child_what_its_parent_makes_of_it(self) -> None:
        bench.faults.append(Abort("no flour"))
        with pytest.raises(ChildFailed, match="no flour"):
            run_inline(day, Bread("one", 2))

    def test_moves_the_clock_that_it_is_given(self, pass_time: PassTime) -> None:
        passed: list[timedelta] = []

        def move(by: timedelta) -> None:
            passed.append(by)
            pass_time(by)

        assert run_inline(bench.sleeping, Bread("one"), pass_time=move) == "awake"
        assert timedelta(minutes=59) < sum(passed, timedelta()) < timedelta(minutes=61)

    def test_lets_a_wait_run_out(self) -> None:
        assert run_inline(patient, Bread("one")) == "silence"
        assert run_inline(patient, Bread("two"), tokens={"word:two": Answer("speak")}) == "speak"

    def test_goes_through_a_rate(self) -> None:
        assert [run_inline(slow, Bread("one", n)) for n in (1, 2)] == [2, 4]

    def test_says_what_is_missing(self) -> None:
        with pytest.raises(Stuck, match="bell:one: give its answer in tokens="):
            run_inline(bench.waiting, Bread("one"))
        with pytest.raises(Stuck, match="which_bread: give its answer in holds="):
            run_inline(bench.newest_wins, Bread("one"))

    def test_refuses_a_transaction_that_would_hide_its_commits(self) -> None:
        with transaction.atomic(), pytest.raises(WorkflowError, match="outside any transaction"):
            run_inline(bench.bakery, Bread("one"))
        assert Process.objects.count() == 0


class TestCrashAfter:
    def test_a_step_that_is_committed_is_not_done_again(self) -> None:
        with crash_after("knead"):
            assert run_inline(bench.bakery, Bread("one", 2)) == "sold 4 baked"
        assert bench.kneaded() == 1
        assert ProcessEvent.objects.filter(move="recover").count() == 1

    def test_an_external_step_is_called_once_when_its_result_was_kept(self) -> None:
        with crash_after("bake", times=1), crash_after("sell"):
            run_inline(bench.bakery, Bread("one", 2))
        assert [effect.partition(" ")[0] for effect in bench.effects] == ["bake"]

    def test_the_iterations_of_a_step_are_told_apart(self) -> None:
        with crash_after("knead#2"):
            assert run_inline(bench.twice, Bread("one", 3)) == [0, 2, 4]
        assert bench.kneaded() == 3

    def test_leaves_the_rows_of_a_dead_worker(self) -> None:
        process = bench.start(bench.bakery, Bread("one"))
        job = bench.fetch()
        assert job
        with crash_after("knead"), pytest.raises(Crashed):
            job.run()
        row = Process.objects.get(pk=process)
        assert (row.state, row.lease_until is not None, row.steps.get(key="knead").done) == ("processing", True, True)
        assert sql("SELECT active FROM workflows_lane WHERE key = 'bakery'")[0][0] == 1
        take_up_the_dead()
        bench.drain()
        assert bench.state(process) == "completed"

    def test_a_step_that_is_never_reached_is_told(self) -> None:
        with pytest.raises(AssertionError, match="frost was committed 0 times"), crash_after("frost"):
            run_inline(bench.bakery, Bread("one"))
