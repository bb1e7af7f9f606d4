"""Every worker and PostgreSQL itself go down and come up again: what waits goes on waiting, what works is done once."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, connections, transaction
from pytest_django import Settings

from common import clock
from config.postgres.server import ensure
from config.supervisor import Supervisor
from tests.conftest import PrivateServer
from tests.databases import Database
from tests.deadline import eventually, throughout
from tests.faults import labour
from tests.faults.conftest import stop_at_once
from tests.faults.gang import Gang, a_gang, effects
from tests.faults.labour import Task
from workflows import tokens
from workflows.engine import Handle, trigger
from workflows.models import Lane, Process, ProcessEvent
from workflows.rows import sql

RECOVERED = 60.0
"""Seconds for all that PostgreSQL interrupted: workers come back or are started again, leases run out."""
MANY = 120


@pytest.fixture
def gang(database_of_others: Database, tmp_path: Path, settings: Settings) -> Iterator[Gang]:
    """Workers on the private server, which follow a clock that the test moves; none of them started."""
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    with a_gang(database_of_others, tmp_path, CLOCK_OFFSET_FILE=settings.CLOCK_OFFSET_FILE) as gang:
        yield gang


@pytest.mark.faults
def test_three_days_of_waiting_for_a_person_outlive_every_worker_and_postgresql(
    gang: Gang, private_server: PrivateServer, tmp_path: Path
) -> None:
    gang.start("one")
    process = trigger(labour.asking, Task(1, key="k"), now=clock.now(), actor="test")
    behind = trigger(labour.asking, Task(2, key="k"), now=clock.now(), actor="test")
    eventually(lambda: process.state() == "waiting", message="It does not wait")
    holds_nothing(process)
    other = trigger(labour.asking, Task(3, key="other"), now=clock.now(), actor="test")
    eventually(lambda: other.state() == "waiting", message="The one place of its lane is taken")

    gang.kill("one")
    stop_at_once(private_server)
    (tmp_path / "clock").write_text(str(timedelta(days=3).total_seconds()))
    ensure(private_server.home)
    connections.close_all()
    gang.start("two", "three")
    throughout(lambda: process.state() == "waiting", 2.0, message="It does not wait any more")
    holds_nothing(process)

    tokens.answer("word:1", "yes", tenant="", now=clock.now(), actor="Ana", reason="after three days")
    eventually(lambda: process.state() == "completed", message="It did not go on")
    assert process.result() == "yes"
    assert effects()[:3] == [(1, "dig"), (3, "dig"), (1, "fill")]
    eventually(lambda: behind.state() == "waiting", message="The next of its key did not begin")
    times = dict(ProcessEvent.objects.filter(process=process.id).values_list("move", "at"))
    assert times["complete"] - times["wait"] > timedelta(days=3)


@pytest.mark.faults
@pytest.mark.parametrize("round_number", range(5))
def test_an_immediate_restart_under_load_loses_and_doubles_nothing(
    gang: Gang, private_server: PrivateServer, round_number: int
) -> None:
    with Supervisor(gang.children("one", "two"), log_dir=gang.folder):
        taken = triggered_while_it_goes_down(private_server)
        assert len(taken) > MANY * 0.9
        eventually(ended, RECOVERED, message="Not all have ended")
    processes = dict(Process.objects.values_list("pk", "payload"))
    assert set(taken) <= set(processes), "one that was taken is lost"
    assert set(Process.objects.values_list("state", flat=True)) == {"completed"}
    assert set(Counter(effects()).values()) == {1}
    assert len(effects()) == 2 * len(processes)
    keys = {(line.number, line.idempotency_key) for line in gang.lines()}
    assert len(keys) == len(processes), "a call was made under two keys"
    assert set(Lane.objects.values_list("active", flat=True)) == {0}


def triggered_while_it_goes_down(server: PrivateServer) -> list[UUID]:
    """Trigger one process after another, with two restarts in between; return those whose trigger was committed."""
    taken = []
    for number in range(MANY):
        if number in (MANY // 3, MANY // 2):
            stop_at_once(server)
            ensure(server.home)
        task = Task(number, gang=str(number % 4), key=str(number % 10))
        try:
            with transaction.atomic():
                handle = trigger(labour.labour, task, now=clock.now(), actor="test")
        except DatabaseError:
            connection.close()  # refused, or not known whether: its row will tell
            continue
        taken.append(handle.id)
    return taken


def holds_nothing(process: Handle) -> None:
    """Look that a process that waits has neither worker, lane nor job, and no worker's session is in a transaction."""
    row = Process.objects.get(pk=process.id)
    assert (row.admitted_at, row.lease_until, row.job_id) == (None, None, None)
    assert Lane.objects.get(key="asking").active == 0
    # Its worker takes the job away after the process has left it.
    eventually(lambda: not sql("SELECT id FROM procrastinate_jobs"), message="A job is left")


def ended() -> bool:
    """Tell whether nothing is open; not while PostgreSQL is still coming up."""
    try:
        return not Process.objects.filter(finished_at=None).exists()
    except DatabaseError:
        connection.close()
        return False
