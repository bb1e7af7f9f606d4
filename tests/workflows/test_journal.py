"""Steps, retries, waits, holds and sleep."""

from datetime import timedelta

import pytest

from common import clock
from tests.workflows import bench
from tests.workflows.bench import Answer, Bread, drain, fetch, result, start, state
from tests.workflows.conftest import PassTime
from workflows import control, tokens
from workflows.errors import Abort, TokenClosed, Transient, WrongState
from workflows.models import Attempt, Process, Step
from workflows.rows import sql
from workflows.tick import tick


class TestAtomicStep:
    def test_commits_its_writes_with_its_checkpoint(self) -> None:
        process = start(bench.bakery, Bread("one"))
        drain()
        assert bench.kneaded() == 1
        assert Step.objects.get(process=process, key="knead").output == "2"

    def test_leaves_nothing_of_a_failed_try(self, pass_time: PassTime) -> None:
        process = start(bench.bakery, Bread("one"))
        bench.faults.append(RuntimeError("the dough fell"))
        drain()
        assert (state(process), bench.kneaded()) == ("retrying", 0)
        pass_time(timedelta(seconds=2))
        tick()
        drain()
        assert (state(process), bench.kneaded()) == ("completed", 1)

    def test_has_a_journal_row_for_each_turn_of_a_loop(self) -> None:
        process = start(bench.twice, Bread("one", 3))
        drain()
        assert result(process) == [0, 2, 4]
        assert sorted(Step.objects.values_list("key", flat=True)) == ["knead", "knead#2", "knead#3"]

    def test_holds_the_process_when_its_journal_answers_another_question(self) -> None:
        process = start(bench.newest_wins, Bread("one", 1))
        drain()
        sql(
            """INSERT INTO workflows_step (process_id, key, kind, done, input_digest, output, failures, started_at,
                finished_at) VALUES (%s, 'sell', 'atomic', true, 'another', '"sold"', 0, now(), now())""",
            [process],
        )
        control.resolve(process, Answer("rye"), now=clock.now(), actor="Ana")
        drain()
        row = Process.objects.get(pk=process)
        assert (row.state, bench.error_of(process)["class"]) == ("held", "JournalMismatch")


class TestExternalStep:
    def test_calls_outside_any_transaction_with_one_key_for_all_tries(self, pass_time: PassTime) -> None:
        process = start(bench.bakery, Bread("one"))
        drain()
        assert bench.effects == [f"bake {process}:bake"]

    def test_asks_about_a_call_that_was_cut_off_instead_of_repeating_it(self) -> None:
        process = start(bench.cautious, Bread("one"))
        job = fetch()
        assert job
        bench.faults.append(KeyboardInterrupt())  # type: ignore[arg-type]
        with pytest.raises(KeyboardInterrupt):
            job.run()  # the worker dies between intent and result
        sql("UPDATE workflows_process SET lease_until = now() - interval '1 s'")
        tick()
        drain()
        assert bench.effects == [f"bake once {process}:bake_once", f"look {process}:bake_once"]
        assert result(process) == "1 found baked"

    def test_calls_again_after_a_failure_that_was_written_down(self, pass_time: PassTime) -> None:
        process = start(bench.cautious, Bread("one"))
        bench.faults.append(Transient("oven cold", status=503))
        drain()
        pass_time(timedelta(seconds=3))
        tick()
        drain()
        assert bench.effects == [f"bake once {process}:bake_once"] * 2


class TestFailure:
    def test_keeps_each_attempt_with_its_error(self, pass_time: PassTime) -> None:
        process = start(bench.bakery, Bread("one"))
        bench.faults += [ValueError("first"), KeyError("second")]
        for _ in range(2):
            drain()
            pass_time(timedelta(seconds=5))
            tick()
        drain()
        attempts = Attempt.objects.filter(process=process, step_key="knead").order_by("id")
        assert [a.error_class for a in attempts] == ["ValueError", "KeyError", ""]
        assert "first" in attempts[0].traceback

    def test_ends_after_the_last_retry_with_the_error_shown(self, pass_time: PassTime) -> None:
        process = start(bench.bakery, Bread("one"))
        bench.faults += [RuntimeError(f"try {n}") for n in range(4)]
        for _ in range(4):
            drain()
            pass_time(timedelta(minutes=1))
            tick()
        row = Process.objects.get(pk=process)
        assert (row.state, bench.error_of(process)["message"]) == ("failed", "try 3")

    def test_does_not_try_again_after_abort(self) -> None:
        process = start(bench.bakery, Bread("one"))
        bench.faults.append(Abort("no flour in town"))
        drain()
        assert state(process) == "failed"

    def test_goes_on_under_the_same_process_when_resumed(self) -> None:
        process = start(bench.bakery, Bread("one"))
        bench.faults.append(Abort("no flour in town"))
        drain()
        control.resume(process, now=clock.now(), actor="Ana", reason="flour came")
        drain()
        assert state(process) == "completed"


class TestWait:
    def test_goes_on_with_the_answer(self) -> None:
        process = start(bench.waiting, Bread("one"))
        drain()
        assert state(process) == "waiting"
        tokens.answer("bell:one", Answer("ding"), tenant="", now=clock.now(), actor="bell")
        drain()
        assert result(process) == "sold ding"

    def test_finds_an_answer_that_came_first(self) -> None:
        tokens.answer("bell:one", Answer("early"), tenant="", now=clock.now(), actor="bell")
        process = start(bench.waiting, Bread("one"))
        drain()
        assert result(process) == "sold early"

    def test_takes_one_answer_only(self) -> None:
        tokens.answer("bell:one", Answer("first"), tenant="", now=clock.now(), actor="bell")
        with pytest.raises(TokenClosed):
            tokens.answer("bell:one", Answer("second"), tenant="", now=clock.now(), actor="bell")

    def test_wakes_many_at_once(self) -> None:
        processes = [start(bench.waiting, Bread(str(n))) for n in range(7)]
        drain()
        answers = [(f"bell:{n}", Answer("ding")) for n in range(7)]
        assert tokens.complete(answers, tenant="", now=clock.now(), actor="bell") == 7
        drain()
        assert {state(process) for process in processes} == {"completed"}


class TestHold:
    def test_leaves_by_its_typed_resolution_alone(self) -> None:
        process = start(bench.newest_wins, Bread("one"))
        drain()
        assert bench.hold_of(process)["code"] == "which_bread"
        with pytest.raises(WrongState):
            control.resume(process, now=clock.now(), actor="Ana", reason="hurry")
        control.resolve(process, Answer("rye"), now=clock.now(), actor="Ana")
        drain()
        assert result(process) == "sold rye"

    def test_cannot_be_answered_after_it_was_cancelled(self) -> None:
        process = start(bench.newest_wins, Bread("one"))
        drain()
        control.cancel(process, now=clock.now(), actor="Ana", reason="closed")
        with pytest.raises(WrongState):
            control.resolve(process, Answer("rye"), now=clock.now(), actor="Ana")


def test_sleep_holds_neither_worker_nor_lane_and_ends_in_time(pass_time: PassTime) -> None:
    process = start(bench.sleeping, Bread("one"))
    drain()
    pass_time(timedelta(minutes=59))
    tick()
    assert (state(process), drain()) == ("waiting", 0)
    pass_time(timedelta(minutes=2))
    tick()
    drain()
    assert result(process) == "awake"
