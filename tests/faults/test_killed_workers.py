"""kill -9 at random moments: atomic effects exactly once, one key for each call, order and limits kept, all end."""

import random
import time
from collections import Counter
from itertools import groupby, pairwise
from pathlib import Path
from uuid import UUID

import pytest
from django.db import transaction

from common import clock
from tests.databases import Database
from tests.deadline import eventually
from tests.faults import labour
from tests.faults.gang import Gang, a_gang, deadlocks, effects, limits_hold
from tests.faults.labour import HANDS, TOOLS, Task
from workflows.engine import trigger
from workflows.models import Lane, Process, ProcessEvent
from workflows.rows import sql

EACH = 40
GANGS, KEYS = 4, 10
HEALED = 60.0
"""Seconds after the last kill in which all have ended: a lease, a start, and the rest of the work."""
LONGEST = 1.5
"""Seconds of work before somebody dies, at most."""


@pytest.mark.faults
@pytest.mark.parametrize("rounds", [5, 100])
def test_forty_processes_a_round_and_a_worker_killed_in_each(
    fresh_database: Database, tmp_path: Path, rounds: int
) -> None:
    dice, processes = random.Random(rounds), dict[int, UUID]()
    with a_gang(fresh_database, tmp_path) as gang:
        gang.start("one", "two")
        for number in range(rounds):
            processes |= forty(number)
            moment = time.monotonic() + dice.uniform(0, LONGEST)
            while time.monotonic() < moment:
                limits_hold()
            name = dice.choice(["one", "two"])
            gang.kill(name)
            gang.start(name, wait=False)
            eventually(lambda: limits_hold() and half_ended(), HEALED, message="Nobody works")
        eventually(lambda: limits_hold() and all_ended(processes), HEALED, message="Not all have ended")
        eventually(lambda: not sql("SELECT id FROM procrastinate_jobs"), HEALED, message="Jobs are left")
    assert set(Process.objects.values_list("state", flat=True)) == {"completed"}
    # Who dies between admission and claim leaves a job to be replaced, not a lease.
    taken_up = ProcessEvent.objects.filter(move__in=("recover", "rejob")).values("at").distinct().count()
    assert taken_up >= rounds // 4, "too few died at work"
    assert_exactly_once(gang, processes)
    assert_in_order(gang, processes)
    assert_within_limits(gang)
    assert set(Lane.objects.values_list("active", flat=True)) == {0}
    assert deadlocks() == 0


def forty(round_number: int) -> dict[int, UUID]:
    """Trigger the processes of a round, each in a transaction of its own; return them by number."""
    made = {}
    for number in range(round_number * EACH, (round_number + 1) * EACH):
        with transaction.atomic():
            task = Task(number, gang=str(number % GANGS), key=str(number % KEYS))
            made[number] = trigger(labour.labour, task, now=clock.now(), actor="test").id
    return made


def half_ended() -> bool:
    """Tell whether no more than half a round is open."""
    return Process.objects.filter(finished_at=None).count() <= EACH // 2


def all_ended(processes: dict[int, UUID]) -> bool:
    """Tell whether each of them has ended."""
    return Process.objects.exclude(finished_at=None).count() == len(processes)


def assert_exactly_once(gang: Gang, processes: dict[int, UUID]) -> None:
    """Each atomic effect is there once; each call has the one key of its step, however often it was made."""
    assert Counter(effects()) == {(number, step): 1 for number in processes for step in ("dig", "fill")}
    keys = {number: set[str]() for number in processes}
    for line in gang.lines():
        keys[line.number].add(line.idempotency_key)
    assert keys == {number: {f"{process}:telephone"} for number, process in processes.items()}


def assert_in_order(gang: Gang, processes: dict[int, UUID]) -> None:
    """Nothing of a process was done before all of the one before it in its key was."""
    for done in ([number for number, _ in effects()], [line.number for line in gang.lines()]):
        for _, numbers in groupby(sorted(processes, key=lambda n: (n % KEYS, n)), key=lambda n: n % KEYS):
            for before, after in pairwise(numbers):
                last = len(done) - 1 - done[::-1].index(before)
                assert last < done.index(after), f"{after} began before {before} had ended"


def assert_within_limits(gang: Gang) -> None:
    """No more calls at a time than hands in a gang and tools in all; a call ends with its worker at the latest."""
    moves: list[tuple[int, int, str]] = []
    open_calls: dict[tuple[int, int], labour.Line] = {}
    for line in gang.lines():
        call = (line.number, line.pid)
        moves.append((line.at, 1 if line.what == "begin" else -1, line.gang))
        if line.what == "begin":
            open_calls[call] = line
        else:
            del open_calls[call]
    moves += [(gang.killed[pid], -1, line.gang) for (_, pid), line in open_calls.items()]
    at_work = Counter[str]()
    for _, change, of_gang in sorted(moves):
        at_work[of_gang] += change
        assert at_work[of_gang] <= HANDS
        assert at_work.total() <= TOOLS
