"""From its events alone, what a process was at any moment; and events that cannot be are impossible, or found."""

import json
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import ProgrammingError

from common import clock
from tests.workflows import bench
from tests.workflows.bench import Bread, drain, fetch, start
from tests.workflows.conftest import PassTime
from workflows import api, control, history, tokens
from workflows.errors import Abort, WorkflowError
from workflows.execution import claim
from workflows.history import IllegalHistory, Told
from workflows.journal import Run
from workflows.models import Process, ProcessEvent
from workflows.rows import sql
from workflows.states import MOVES, STATES
from workflows.tick import tick

ROUNDS = 60


@api.step
def unsell(loaves: int, sold: str) -> str:
    """Take the bread back."""
    return f"took back {sold}"


@api.step(undo=unsell)
def sell_with_return(loaves: int) -> str:
    """Sell what may be taken back."""
    return f"sold {loaves}"


@api.workflow("history-unwinding", version=1)
def unwinding(run: Run, p: Bread) -> str:
    """Sells, then fails, and takes the bread back."""
    run.step(sell_with_return, p.loaves)
    return run.step(bench.sell, str(run.step(bench.knead, p.loaves)))


@api.workflow("history-parent", version=1)
def parent(run: Run, p: Bread) -> int:
    """Has each loaf kneaded by a child."""
    return run.batch(bench.twice, [Bread(p.table, n) for n in range(p.loaves)], on_failure="collect").counts().total


@api.workflow("history-in-time", version=1, start_within=timedelta(minutes=5), lane=lambda p: api.Lane("narrow", 1))
def in_time(run: Run, p: Bread) -> int:
    """Is not wanted later than in five minutes."""
    return run.step(bench.knead, p.loaves)


WORKFLOWS = (
    bench.bakery, bench.in_order, bench.in_order_skipping, bench.newest_wins, bench.waiting, bench.sleeping,
    bench.elsewhere, bench.cautious, unwinding, parent, in_time,
)  # fmt: skip


class Chaos:
    """Everything that happens to processes, in an order that a die decides; after each thing, what the rows say."""

    def __init__(self, seed: int, pass_time: PassTime) -> None:
        self.dice = random.Random(seed)
        self.pass_time = pass_time
        self.number = 0
        self.seen: list[tuple[datetime, dict[UUID, str]]] = []

    def run(self) -> None:
        """Do many things, then let everything come to rest."""
        things: tuple[Callable[[], object], ...] = (
            self.trigger, self.trigger, self.work, self.work, self.work, self.work_badly, self.die, self.wait, tick,
            self.answer, self.resolve, self.resume, self.cancel, self.replay, self.free_key,
        )  # fmt: skip
        for thing in things[:1] * 4:
            self.do(thing)
        for _ in range(ROUNDS):
            self.do(self.dice.choice(things))
        for _ in range(4):
            self.do(self.wait)
            self.do(tick)
            self.do(drain)
        bench.faults.clear()

    def do(self, thing: Callable[[], object]) -> None:
        """Do one thing; whoever finds a process in another state than it takes is refused, and that is all."""
        with suppress(WorkflowError):
            thing()
        self.seen.append((clock.now(), dict(Process.objects.values_list("id", "state"))))

    def one(self, *states: str) -> UUID:
        """Any process in one of the states."""
        found = list(Process.objects.filter(state__in=states or STATES).order_by("seq").values_list("pk", flat=True))
        if not found:
            raise WorkflowError("none")
        return self.dice.choice(found)

    def trigger(self) -> None:
        self.number += 1
        table = self.dice.choice(("one", "two"))
        start(self.dice.choice(WORKFLOWS), Bread(table, self.number % 4))

    def work(self) -> None:
        if job := fetch():
            job.run()

    def work_badly(self) -> None:
        bench.faults.append(self.dice.choice((Abort("no flour"), OSError("cold"))))
        self.work()
        bench.faults.clear()

    def die(self) -> None:
        if job := fetch():
            claim(job.process, job.fence, worker="dies")
            sql("UPDATE workflows_process SET lease_until = now() - interval '1 s' WHERE state = 'processing'")

    def wait(self) -> None:
        self.pass_time(timedelta(minutes=self.dice.choice((1, 10, 120))))

    def answer(self) -> None:
        table = self.dice.choice(("one", "two"))
        tokens.answer(f"bell:{table}", bench.Answer("rye"), tenant="", now=clock.now(), actor="eva")

    def resolve(self) -> None:
        control.resolve(self.one("held"), bench.Answer("rye"), now=clock.now(), actor="eva")

    def resume(self) -> None:
        control.resume(self.one("held", "failed"), now=clock.now(), actor="eva", reason="again")

    def cancel(self) -> None:
        control.cancel(self.one(), now=clock.now(), actor="eva", reason="enough")

    def replay(self) -> None:
        control.replay(self.one("completed", "failed", "cancelled"), now=clock.now(), actor="eva", reason="anew")

    def free_key(self) -> None:
        control.free_key(self.one("completed", "failed"), now=clock.now(), actor="eva", reason="anew")


@pytest.fixture
def chaos(pass_time: PassTime) -> Callable[[int], Chaos]:
    """Return what makes a chaos from a seed."""
    return lambda seed: Chaos(seed, pass_time)


class TestTheRebuiltState:
    moves: set[str] = set()
    """Every move that the seeds have brought about."""

    @pytest.mark.parametrize("seed", range(6))
    def test_is_the_rows_at_every_moment(self, seed: int, chaos: Callable[[int], Chaos]) -> None:
        (told := chaos(seed)).run()
        stories = {process: history.events_of(process) for process in Process.objects.values_list("pk", flat=True)}
        for row in Process.objects.all():
            past = history.at(stories[row.pk])
            assert past
            assert (past.state, past.created_at, past.started_at) == (row.state, row.created_at, row.started_at)
            assert row.state != "processing" or past.worker == row.worker
            assert (past.finished_at is None) == (row.finished_at is None)
        for moment, rows in told.seen:
            rebuilt = {process: history.at(story, moment) for process, story in stories.items()}
            assert {process: past.state for process, past in rebuilt.items() if past} == rows
        assert list(history.illegal_histories()) == []
        self.moves |= {event.move for story in stories.values() for event in story}

    def test_has_been_through_every_move_there_is(self, chaos: Callable[[int], Chaos]) -> None:
        seed = 100
        while missing := {name for name, _, _ in MOVES.triples()} - self.moves:
            assert seed < 110, f"nothing brings about {missing}"
            chaos(seed := seed + 1).run()
            self.moves |= set(ProcessEvent.objects.values_list("move", flat=True))

    def test_is_each_events_at_its_moment(self) -> None:
        process = start(bench.elsewhere, Bread("one"))
        drain()
        story = history.events_of(process)
        assert [event.move for event in story] == ["trigger", "claim", "move", "claim", "move", "claim", "complete"]
        for event in story:
            past = history.at(story, event.at)
            assert past
            assert (past.state, past.since) == (event.to_state, event.at)
        first = story[0].at - timedelta(microseconds=1)
        assert history.at(story, first) is None


class TestAnIllegalSequence:
    at = datetime.fromisoformat("2027-01-01T00:00:00+00:00")

    @pytest.mark.parametrize(
        ("moves", "why"),
        [
            # the first is always the trigger
            ([("claim", "pending", "processing")], "but the process was not there"),
            # a gap
            ([("trigger", "", "pending"), ("complete", "processing", "completed")], "but the process was pending"),
            # a move that the table does not know
            ([("trigger", "", "pending"), ("complete", "pending", "completed")], "is no move of a process"),
            # a move by another's name
            ([("trigger", "", "pending"), ("wake", "pending", "processing")], "is no move of a process"),
            # begun twice
            ([("trigger", "", "pending"), ("trigger", "pending", "pending")], "is no move of a process"),
        ],
    )
    def test_is_refused(self, moves: list[tuple[str, str, str]], why: str) -> None:
        with pytest.raises(IllegalHistory, match=why):
            history.at([Told(self.at, *move, actor="x") for move in moves])

    def test_of_the_row_itself_is_refused_by_postgresql(self) -> None:
        process = start(bench.bakery, Bread("one"))
        with pytest.raises(ProgrammingError, match="Invalid transition"):
            sql("UPDATE workflows_process SET state = 'completed' WHERE id = %s", [process])

    def test_slipped_in_beside_the_engine_is_found(self) -> None:
        process = start(bench.bakery, Bread("one"))
        whole = start(bench.bakery, Bread("two"))
        sql("SELECT workflows_record(%s, now(), 'x', 'complete', 'processing', 'completed', '')", [process])
        [finding] = history.illegal_histories()
        assert str(process) in finding.subject
        assert str(whole) not in finding.subject

    def test_with_a_gap_is_found_though_it_ends_where_the_row_is(self) -> None:
        process = start(bench.bakery, Bread("one"))
        sql("SELECT workflows_record(%s, now(), 'x', 'resume', 'failed', 'pending', '')", [process])
        [finding] = history.illegal_histories()
        assert "resume from failed to pending, after pending" in finding.text

    def test_in_which_row_and_events_part_is_found(self) -> None:
        process = start(bench.bakery, Bread("one"))
        sql("SELECT workflows_record(%s, now(), 'x', 'claim', 'pending', 'processing', '')", [process])
        [finding] = history.illegal_histories()
        assert "claim from pending to processing, the row is pending" in finding.text


class TestTheCommand:
    def test_tells_what_a_process_was(self, pass_time: PassTime) -> None:
        process = start(bench.waiting, Bread("one"))
        drain()
        before = clock.now()
        pass_time(timedelta(days=2))
        tokens.answer("bell:one", bench.Answer("rye"), tenant="", now=clock.now(), actor="eva", reason="ready")
        drain()
        out = StringIO()
        call_command("process_history", str(process), "--at", before.isoformat(), "--json", stdout=out)
        then = json.loads(out.getvalue())
        assert (then["was"]["state"], then["was"]["worker"], len(then["events"])) == ("waiting", "bench", 3)
        out = StringIO()
        call_command("process_history", str(process), stdout=out)
        assert out.getvalue().splitlines()[-1].startswith("now: completed since")
        assert "token answered" in out.getvalue()

    def test_tells_that_it_did_not_exist_yet(self) -> None:
        process = start(bench.bakery, Bread("one"))
        out = StringIO()
        call_command("process_history", str(process), "--at", "2020-01-01T00:00", stdout=out)
        assert "did not exist yet" in out.getvalue()
