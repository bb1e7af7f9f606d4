"""An order's life told in any order, twice, late, and judged in between, ends like the same life told as it happened.

What the comparison leaves out, and why: tests/properties/story.py.
"""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.properties.book import Book
from tests.properties.life import Dice, Life, lives
from tests.properties.story import Story
from tests.properties.telling import Told, asked


class AnySequence(RuleBasedStateMachine):
    """One order: it lives, it is told, it is judged. What must hold of its documents, the book checks at each."""

    story: Story

    @initialize(life=lives(), data=st.data(), paid=st.sampled_from((True, True, True, False)))
    def place(self, life: Life, data: Any, paid: bool) -> None:
        self.story, self.book = Story(life), Book(life.shape.pulls, life.shape.parts)
        self.way, self.arrived, self.judged = self.story.tells("placed"), list[Told](), False
        if paid:
            self.way += self.story.happens("pay", Dice(data), 20)

    @rule(data=st.data(), after=st.sampled_from((0, 1, 1, 40, 4000)))
    def live(self, data: Any, after: int) -> None:
        self.way += self.story.goes_on(Dice(data), after)

    @rule(data=st.data(), after=st.sampled_from((1, 40)), turns=st.sampled_from((0, 1, 1, 2, 9)))
    def live_and_be_heard(self, data: Any, after: int, turns: int) -> None:
        """Something happens, all that is on the way arrives, and some of what it asks for is issued."""
        self.live(data, after)
        while self.way:
            self._arrive(self.way.pop(0))
        for _ in range(turns):
            self.judge_half_way()

    @precondition(lambda self: self.way)
    @rule(data=st.data())
    def deliver(self, data: Any) -> None:
        """Any of those on the way arrives."""
        self._arrive(self.way.pop(data.draw(st.integers(0, len(self.way) - 1))))

    @precondition(lambda self: self.way)
    @rule()
    def lose(self) -> None:
        """The shop gives up on a delivery."""
        self.way.pop(0)

    @precondition(lambda self: self.arrived)
    @rule(data=st.data())
    def deliver_again(self, data: Any) -> None:
        """One that came before comes again, under another name, so that nothing keeps it out."""
        self.book.captures(data.draw(st.sampled_from(self.arrived)))

    @rule()
    def judge(self) -> None:
        """All that is asked for is issued."""
        self.book.settles()
        self.judged = True

    @rule()
    def judge_half_way(self) -> None:
        """One document, and something may come before the next."""
        self.book.turn()
        self.judged = True

    def teardown(self) -> None:
        if not hasattr(self, "story"):
            return
        while self.way:
            self._arrive(self.way.pop())
        self.book.captures(self.story.at_last())
        self.book.settles()
        self.story.compare(self.book)
        if not self.judged:
            assert self.book.documents == self.story.orderly(judging=False).documents, self.story.life

    def _arrive(self, told: Told) -> None:
        self.arrived.append(told)
        if self.book.captures(told):
            life = self.story.life
            self.way.append(asked(life, life.order.updated_at + timedelta(seconds=len(self.arrived))))


def run(examples: int, steps: int, **more: Any) -> None:
    run_state_machine_as_test(
        AnySequence,
        settings=settings(max_examples=examples, stateful_step_count=steps,
                          suppress_health_check=list(HealthCheck), **more),
    )  # fmt: skip


def test_any_sequence_ends_like_the_orderly_one() -> None:
    run(45, 14)


@pytest.mark.faults
@pytest.mark.timeout(1200)
def test_many_longer_ones_do_too() -> None:
    run(2000, 30, derandomize=False)
