"""Steps that are taken back, answers that never came, values that stay the same, calls that take too long."""

import threading
from datetime import timedelta

import pytest

from common import clock
from tests.workflows import bench, feast
from tests.workflows.bench import Answer, Bread, drain, effects, error_of, fetch, hold_of, result, state
from tests.workflows.conftest import PassTime
from tests.workflows.feast import Dish, Feast
from tests.workflows.test_flow_control import start
from workflows import api, control, leases, tokens
from workflows.encoding import EncodingError
from workflows.errors import Abort, TokenClosed, WrongState
from workflows.journal import Run
from workflows.models import Attempt, Process, Step, Token
from workflows.tick import tick


class TestUndo:
    def test_takes_back_what_was_done_last_first_with_arguments_and_result(self) -> None:
        process = start(feast.dinner, Feast("dish", 3))
        drain()
        assert effects == [
            "serve dish 0", "serve dish 1", "serve dish 2",
            "clear plate of dish 2", "clear plate of dish 1", "clear plate of dish 0",
        ]  # fmt: skip
        assert (process.state(), error_of(process.id)["message"]) == ("failed", "no money")

    def test_goes_on_where_it_was_after_a_failure_of_its_own(self, pass_time: PassTime) -> None:
        process = start(feast.dinner, Feast("dish", 2))
        bench.faults.append(RuntimeError("butter fingers"))
        drain()
        assert process.state() == "retrying"
        pass_time(timedelta(minutes=1))
        tick()
        drain()
        assert effects[2:] == ["clear plate of dish 1", "clear plate of dish 1", "clear plate of dish 0"]
        assert process.state() == "failed"

    def test_that_fails_for_good_waits_for_a_person(self) -> None:
        process = start(feast.dinner, Feast("dish", 2))
        bench.faults.append(Abort("the plate is glued"))
        drain()
        assert (process.state(), hold_of(process.id)["kind"]) == ("held", "failure")
        control.resume(process.id, now=clock.now(), actor="Ana", reason="unglued")
        drain()
        assert process.state() == "failed"
        assert effects[-1] == "clear plate of dish 0"

    def test_is_final_a_resume_would_stand_on_nothing(self) -> None:
        process = start(feast.dinner, Feast("dish", 1))
        drain()
        with pytest.raises(WrongState, match="replay it instead"):
            control.resume(process.id, now=clock.now(), actor="Ana", reason="hurry")


class TestReplay:
    def test_starts_anew_and_says_of_what(self) -> None:
        first = start(bench.bakery, Bread("one", 3))
        drain()
        copy = control.replay(first.id, now=clock.now(), actor="Ana", reason="once more")
        drain()
        row = Process.objects.get(pk=copy)
        assert (row.state, row.forked_from_id, result(copy)) == ("completed", first.id, "sold 6 baked")
        event = row.events.get(move="trigger")
        assert (event.actor, event.reason) == ("Ana", f"replay of {first.id}: once more")
        assert len(effects) == 2

    def test_from_a_step_keeps_the_journal_before_it(self) -> None:
        first = start(bench.bakery, Bread("one", 3))
        drain()
        copy = control.replay(first.id, now=clock.now(), actor="Ana", reason="sell again", from_step="sell")
        drain()
        assert state(copy) == "completed"
        assert (len(effects), bench.kneaded()) == (1, 1), "neither kneaded nor baked again"
        assert list(Attempt.objects.filter(process=copy).values_list("step_key", flat=True)) == ["sell"]

    def test_waits_behind_an_open_process_of_its_order_key(self) -> None:
        first = start(bench.in_order, Bread("one", 1))
        drain()
        second = start(bench.in_order, Bread("one", 2))
        copy = control.replay(first.id, now=clock.now(), actor="Ana", reason="again")
        job = fetch()
        assert job
        assert job.process == second.id
        assert fetch() is None
        job.run()
        drain()
        assert state(copy) == "completed"

    def test_is_for_what_has_ended(self) -> None:
        process = start(bench.waiting, Bread("one"))
        drain()
        with pytest.raises(WrongState):
            control.replay(process.id, now=clock.now(), actor="Ana", reason="again")


class TestExpiry:
    def test_answers_for_who_was_silent(self, pass_time: PassTime) -> None:
        process = start(feast.rsvp, Dish("soup"))
        drain()
        pass_time(timedelta(hours=23))
        tick()
        assert process.state() == "waiting"
        pass_time(timedelta(hours=2))
        tick()
        drain()
        assert process.result() == "no"

    def test_of_no_time_at_all_takes_what_is_there_and_waits_for_nobody(self) -> None:
        silent, early = start(feast.hasty_rsvp, Dish("soup")), start(feast.hasty_rsvp, Dish("stew"))
        tokens.answer("rsvp:stew", Answer("yes"), tenant="", now=clock.now(), actor="guest")
        drain()
        assert (silent.result(), early.result()) == ("no", "yes")

    def test_without_a_consequence_needs_a_person(self, pass_time: PassTime) -> None:
        process = start(feast.strict_rsvp, Dish("soup"))
        drain()
        pass_time(timedelta(hours=25))
        tick()
        drain()
        assert (process.state(), error_of(process.id)["class"]) == ("held", "TokenExpired")

    def test_refuses_what_comes_later(self, pass_time: PassTime) -> None:
        start(feast.rsvp, Dish("soup"))
        drain()
        pass_time(timedelta(hours=25))
        tick()
        with pytest.raises(TokenClosed):
            tokens.answer("rsvp:soup", Answer("yes"), tenant="", now=clock.now(), actor="guest")

    def test_is_not_reached_by_an_answer_in_time(self, pass_time: PassTime) -> None:
        process = start(feast.rsvp, Dish("soup"))
        drain()
        tokens.answer("rsvp:soup", Answer("yes"), tenant="", now=clock.now(), actor="guest", reason="hungry")
        pass_time(timedelta(hours=25))
        tick()
        drain()
        assert process.result() == "yes"
        token = Token.objects.get(pk="rsvp:soup")
        assert (token.actor, token.reason) == ("guest", "hungry")


def test_an_answer_of_another_type_is_refused_before_it_counts() -> None:
    process = start(bench.waiting, Bread("one"))
    drain()
    with pytest.raises(EncodingError):
        tokens.answer("bell:one", {"ring": 3}, tenant="", now=clock.now(), actor="bell")
    assert process.state() == "waiting"
    tokens.answer("bell:one", {"word": "ding"}, tenant="", now=clock.now(), actor="bell")
    drain()
    assert process.result() == "sold ding"


def test_the_time_and_names_that_a_process_asked_for_stay_the_same(pass_time: PassTime) -> None:
    process = start(feast.sealed, Dish("letter"))
    drain()
    journal = dict(Step.objects.filter(process=process.id).values_list("key", "output"))
    pass_time(timedelta(days=2))
    tokens.answer("seal:letter", Answer("open"), tenant="", now=clock.now(), actor="Ana")
    drain()
    told = process.result()
    assert f'"{told.at.isoformat()}"'.replace("+00:00", "Z") == journal["now"].replace("+00:00", "Z")
    assert told.id != told.other
    assert clock.now() - told.at > timedelta(days=2)


def test_progress_is_shown_and_the_last_of_it_stays() -> None:
    process = start(feast.telling, Feast("dish", 40))
    drain()
    assert Process.objects.get(pk=process.id).progress == {"done": 40, "total": 40, "note": "dish 40"}


def test_a_call_that_takes_too_long_is_given_up_and_what_it_brings_is_dropped(pass_time: PassTime) -> None:
    came_back = threading.Event()

    @api.step.external(timeout=timedelta(milliseconds=50))
    def nap(name: str, *, idempotency_key: str) -> str:
        effects.append(f"nap {idempotency_key}")
        if len(effects) == 1:
            leases_looked.wait(10)
            came_back.set()
        return "rested"

    @api.workflow("napping", version=1)
    def napping(run: Run, p: Dish) -> str:
        return run.step(nap, p.name)

    leases_looked = threading.Event()

    def look() -> None:
        from django.db import connection

        while not leases.overdue():
            pass
        leases_looked.set()
        connection.close()

    try:
        process = start(napping, Dish("siesta"))
        watch = threading.Thread(target=look)
        watch.start()
        drain()
        watch.join()
        assert came_back.is_set()
        assert process.state() == "retrying"
        assert Attempt.objects.get(process=process.id).error_class == "StepTimeout"
        assert not Step.objects.filter(process=process.id, done=True).exists()
        pass_time(timedelta(seconds=5))
        tick()
        drain()
        assert process.result() == "rested"
        assert effects == [f"nap {process.id}:nap"] * 2
    finally:
        del api.WORKFLOWS["napping", 1]
