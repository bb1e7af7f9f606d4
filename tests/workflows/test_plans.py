"""What the engine does costs the same when years of processes lie behind it: no deed of it reads a whole table.

PostgreSQL counts the sequential scans of each table, whoever makes them: a statement of ours, one inside a function,
or a check of its own. The tables are large enough for a plan without index to be a mistake, and every deed is done
often enough for the server to have chosen between its plans for a kept statement.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction

from common import clock
from tests.workflows import bench, crowd
from tests.workflows.bench import Answer, Bread, fetch, start
from tests.workflows.conftest import PassTime
from workflows import control, tick, tokens
from workflows.checks import orphaned
from workflows.health import health
from workflows.models import Process
from workflows.rows import admit, pump_resource, sql, wake_parents
from workflows.upkeep import removable

ENDED = 60_000
OFTEN = 7
"""PostgreSQL makes up its mind about a kept statement at the sixth time."""


def read_whole() -> dict[str, int]:
    """Return table -> how often it has been read from end to end; of the tables that grow."""
    sql("SELECT pg_stat_force_next_flush()")
    return dict(
        sql(
            """
            SELECT relname::text, seq_scan FROM pg_stat_user_tables WHERE relname IN (
                'workflows_process', 'workflows_step', 'workflows_attempt', 'workflows_processevent', 'workflows_token'
            )
            """
        )
    )


def assert_none_read_whole(name: str, deed: Callable[[], object]) -> None:
    before = read_whole()
    for _ in range(OFTEN):
        deed()
    after = read_whole()
    read = {table: count - before[table] for table, count in after.items() if count > before[table]}
    assert not read, f"{name} reads whole tables: {read}"


@pytest.mark.faults
def test_no_deed_of_the_engine_reads_a_whole_table(pass_time: PassTime) -> None:
    crowd.leave_alone()
    crowd.fill(ENDED)
    crowd.open_some()
    crowd.analyze()
    open_ones = list(Process.objects.filter(state="waiting").values_list("pk", flat=True)[:20])
    asleep = iter(open_ones)
    numbers = iter(range(1000, 10_000))

    for part in tick.PARTS:
        assert_none_read_whole(f"tick{part.__name__}", transaction.atomic(part))
    assert_none_read_whole("tick", tick.tick)
    assert_none_read_whole("admit", lambda: admit("bakery"))
    assert_none_read_whole("pump_resource", lambda: pump_resource("shared"))
    assert_none_read_whole("wake_parents", lambda: wake_parents(open_ones, now=clock.now()))
    assert_none_read_whole("trigger", lambda: start(bench.bakery, Bread("later", next(numbers))))
    assert_none_read_whole("trigger in order", lambda: start(bench.in_order, Bread("later", next(numbers))))
    assert_none_read_whole("trigger that supersedes", lambda: start(bench.newest_wins, Bread("new", next(numbers))))
    assert_none_read_whole("trigger of one that is", lambda: start(bench.in_order, Bread("order-1", 1)))
    assert_none_read_whole("a worker", _work)
    assert_none_read_whole("cancel", lambda: control.cancel(next(asleep), now=clock.now(), actor="eva", reason=""))
    assert_none_read_whole(
        "answer", lambda: tokens.complete([("bell:open", Answer("rye"))], tenant="", now=clock.now(), actor="eva")
    )
    pass_time(timedelta(days=3))
    assert_none_read_whole("tick when much is due", tick.tick)
    assert_none_read_whole("health", lambda: health(clock.now(), window=timedelta(days=4)))
    assert_none_read_whole("health of a tenant", lambda: health(clock.now(), tenants=["tenant-1"]))
    assert_none_read_whole("purge_processes", lambda: removable(clock.now()))
    assert_none_read_whole("check", orphaned)


def _work() -> None:
    for _ in range(3):
        if job := fetch():
            job.run()
