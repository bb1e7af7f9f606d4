"""A worker stands still longer than it may, as on a machine that was suspended, and goes on: it writes nothing."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from common import clock
from tests.databases import Database
from tests.deadline import eventually, throughout
from tests.faults import labour
from tests.faults.gang import Gang, a_gang, effects, lease_passes
from tests.faults.labour import Line, Task
from tests.journeys.house import House
from tests.world import SOLER, sale
from workflows.api import Workflow
from workflows.engine import trigger
from workflows.models import Attempt
from workflows.rows import sql

TAKEN_UP = 40.0
"""Seconds for another worker to take up what was frozen: a lease takes ten of them."""
AFTERWARDS = 1.5
"""Seconds for which somebody who goes on would have time to write."""


@pytest.fixture
def gang(fresh_database: Database, tmp_path: Path) -> Iterator[Gang]:
    """Workers of the engine, none of them started."""
    with a_gang(fresh_database, tmp_path) as gang:
        yield gang


@pytest.mark.faults
@pytest.mark.parametrize("work", [labour.pondering, labour.digging], ids=["in a call", "in a transaction"])
@pytest.mark.parametrize("lease", ["is moved into the past", "runs out by itself"])
def test_frozen_beyond_its_lease_and_continued_it_writes_nothing(gang: Gang, work: Workflow, lease: str) -> None:
    gang.start("first")
    process = trigger(work, Task(1), now=clock.now(), actor="test")
    eventually(lambda: of(gang, "begin"), message="Nobody began")
    frozen = gang.freeze("first")
    if lease == "is moved into the past":
        lease_passes(frozen)
    gang.start("second")
    eventually(lambda: len(of(gang, "begin")) == 2, TAKEN_UP, message="Nobody took it up")
    gang.let_go(1)
    eventually(lambda: process.state() == "completed", message="The second did not end it")
    before = everything_of(process.id)

    gang.thaw("first")
    eventually(lambda: frozen in [line.pid for line in of(gang, "end")], message="It did not go on")
    throughout(lambda: everything_of(process.id) == before, AFTERWARDS, message="It wrote")

    assert process.result().endswith(f"by {gang.running['second'].pid}")
    assert len({line.idempotency_key for line in gang.lines()}) == 1
    assert [number for number, _ in effects()] == [1] * (2 if work is labour.digging else 1)


@pytest.mark.faults
def test_a_call_that_hangs_is_given_up_and_its_late_result_dropped(gang: Gang) -> None:
    gang.start("first", "second")
    process = trigger(labour.hurrying, Task(1), now=clock.now(), actor="test")
    eventually(lambda: process.state() == "retrying", message="Nobody gave it up")
    assert not of(gang, "end"), "the call came back by itself"
    gang.let_go(1)
    eventually(lambda: process.state() == "completed", message="Nobody tried again")
    eventually(lambda: len(of(gang, "end")) == 2, message="The first call did not come back")
    tries = list(Attempt.objects.filter(process=process.id).order_by("id").values_list("step_key", "error_class"))
    assert tries == [("ponder_briefly", "StepTimeout"), ("ponder_briefly", ""), ("fill", "")]
    before = everything_of(process.id)
    throughout(lambda: everything_of(process.id) == before, AFTERWARDS, message="The late one wrote")
    assert {line.idempotency_key for line in gang.lines()} == {f"{process.id}:ponder_briefly"}
    assert effects() == [(1, "fill")]


@pytest.mark.faults
def test_frozen_while_it_issues_the_other_orders_of_that_company_go_on(house: House, points: Path) -> None:
    """The number is drawn and its series locked, the invoice written, nothing committed: there the worker stops."""
    shops, others = house.company(), 3
    (points / "invoice-order.issue.uncommitted.freeze").touch()
    told = points / "invoice-order.issue.uncommitted.frozen"
    house.post(shops["shopify"], sale(SOLER))
    pid = int(house.until(lambda: told.exists() and told.read_text(), message="Nobody froze"))
    try:
        for number in range(others):
            house.post(shops["shopify"], sale(SOLER, number=1502 + number))
        # PostgreSQL ends what does nothing inside a transaction for 10 s (config/postgres/urls.py).
        house.until(lambda: len(shops.invoices) == others, 30, "The others had to wait")
    finally:
        os.kill(pid, signal.SIGCONT)
        told.unlink()
    house.settled(TAKEN_UP)
    assert [invoice.state for invoice in shops.invoices] == ["acknowledged"] * (others + 1)


def of(gang: Gang, what: str) -> list[Line]:
    """Return the lines of one kind."""
    return [line for line in gang.lines() if line.what == what]


def everything_of(process: UUID) -> list[object]:
    """Return all that engine and steps have written for a process."""
    tables = ("workflows_processevent", "workflows_step", "workflows_attempt")
    rows = [sql(f"SELECT * FROM {table} WHERE process_id = %s ORDER BY id", [process]) for table in tables]
    return [*rows, sql("SELECT * FROM workflows_process WHERE id = %s", [process]), effects()]
