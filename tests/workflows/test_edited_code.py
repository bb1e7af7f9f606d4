"""A workflow is edited while a process of it waits: what no longer fits the journal is held, and says what to do."""

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest

from common import clock
from tests.workflows.bench import Answer, Bread, drain, error_of, hold_of, state
from workflows import api, control, engine, tokens
from workflows.journal import Run
from workflows.models import Process

made: list[str] = []
"""What the steps did, in order."""


@api.step
def weigh(grams: int) -> int:
    """The step whose answer is in the journal when the code is edited."""
    made.append(f"weigh {grams}")
    return grams


@api.step
def wrap(what: str) -> str:
    """What comes after the wait."""
    made.append(f"wrap {what}")
    return f"wrapped {what}"


def as_it_was(run: Run, p: Bread) -> str:
    """Weigh, wait, wrap."""
    grams = run.step(weigh, p.loaves * 500)
    word = run.wait("word", Answer, key=f"word:{p.table}").word
    return run.step(wrap, f"{word} {grams}")


def other_arguments(run: Run, p: Bread) -> str:
    """Weigh something else."""
    grams = run.step(weigh, p.loaves * 750)
    word = run.wait("word", Answer, key=f"word:{p.table}").word
    return run.step(wrap, f"{word} {grams}")


@api.step
def weigh_in_words(grams: int) -> list[str]:
    """The same step with another type of answer."""
    made.append(f"weigh {grams} in words")
    return [str(grams)]


weigh_in_words.name = weigh.name


def other_answer(run: Run, p: Bread) -> str:
    """Take the old answer for what it is not."""
    grams = run.step(weigh_in_words, p.loaves * 500)
    word = run.wait("word", Answer, key=f"word:{p.table}").word
    return run.step(wrap, f"{word} {grams[0]}")


@pytest.fixture
def waiting() -> Iterator[UUID]:
    """A process that waits for a word, begun by the code as it was."""
    made.clear()
    deploy(as_it_was)
    process = engine.trigger(api.WORKFLOWS["edited", 1], Bread("one", 2), now=clock.now(), actor="test").id
    drain()
    assert (state(process), made) == ("waiting", ["weigh 1000"])
    yield process
    for version in (1, 2):
        api.WORKFLOWS.pop(("edited", version), None)


def deploy(function: Callable[[Run, Bread], str], version: int = 1) -> None:
    """Replace the code of the workflow, as a deploy does."""
    api.WORKFLOWS.pop(("edited", version), None)
    api.workflow("edited", version=version)(function)


def answered(process: UUID) -> None:
    """Give the word that the process waits for, and let it run."""
    tokens.answer("word:one", Answer("rye"), tenant="", now=clock.now(), actor="Ana")
    drain()


@pytest.mark.parametrize("edited", [other_arguments, other_answer])
def test_a_step_that_no_longer_fits_its_journal_holds_the_process_and_runs_nothing(
    waiting: UUID, edited: Callable[[Run, Bread], str]
) -> None:
    deploy(edited)
    answered(waiting)
    assert state(waiting) == "held"
    assert hold_of(waiting)["kind"] == "failure"
    message = error_of(waiting)["message"]
    assert "weigh" in message
    assert "Put the old step back and resume" in message
    assert "register the changed function as a new version and replay" in message
    assert made == ["weigh 1000"]


def test_the_old_code_put_back_it_goes_on_where_it_was(waiting: UUID) -> None:
    deploy(other_arguments)
    answered(waiting)
    deploy(as_it_was)
    control.resume(waiting, now=clock.now(), actor="Ana", reason="the old step is back")
    drain()
    assert (state(waiting), made) == ("completed", ["weigh 1000", "wrap rye 1000"])


def test_as_a_new_version_it_is_replayed_and_the_old_process_keeps_its_own(waiting: UUID) -> None:
    deploy(other_arguments)
    answered(waiting)
    deploy(as_it_was)
    deploy(other_arguments, version=2)
    control.cancel(waiting, now=clock.now(), actor="Ana", reason="replayed on version 2")
    copy = control.replay(waiting, now=clock.now(), actor="Ana", reason="the code was edited")
    drain()
    row = Process.objects.get(pk=copy)
    assert (row.version, row.forked_from_id, row.state) == (2, waiting, "completed")
    assert made == ["weigh 1000", "weigh 1500", "wrap rye 1500"]
