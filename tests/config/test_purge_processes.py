"""Ended processes go when their workflow says so; what must stay stays, and the application itself removes nothing."""

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pgtrigger
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from pytest_django import Settings

from common import clock
from config.postgres.owner import as_owner
from tests.databases import Database
from tests.workflows import bench
from tests.workflows.bench import Answer, Bread, drain, start
from workflows import api, control, tokens
from workflows.errors import Abort
from workflows.journal import Run
from workflows.models import Attempt, Process, ProcessEvent, Step, Token
from workflows.rows import sql

MONTH = timedelta(days=30)


@api.workflow("purge-bell", version=1, keep=MONTH)
def bell(run: Run, p: Bread) -> str:
    """Waits, takes a step, ends."""
    run.wait("bell", Answer, key=f"purge:{p.table}:{p.loaves}")
    return run.step(bench.sell, p.table)


@api.workflow("purge-plain", version=1, keep=MONTH)
def plain(run: Run, p: Bread) -> int:
    """One step."""
    return run.step(bench.knead, p.loaves)


@api.workflow("purge-keyed", version=1, keep=MONTH, idempotency_key=lambda p: p.table, key_lasts=2 * MONTH)
def keyed(run: Run, p: Bread) -> int:
    """One step, and a key that lasts longer than the process need be kept."""
    return run.step(bench.knead, p.loaves)


@api.workflow("purge-parent", version=1, keep=MONTH)
def parent(run: Run, p: Bread) -> int:
    """Has two children that need not be kept, then a step that may fail."""
    run.batch(plain, [Bread(p.table, 1), Bread(p.table, 2)])
    return run.step(fallible, 3)


@api.step
def fallible(loaves: int) -> int:
    """Fail while told to."""
    if broken:
        raise Abort("no flour")
    return loaves


@api.workflow("purge-legal-child", version=1, keep=MONTH)
def with_legal_child(run: Run, p: Bread) -> int:
    """Has a child that is kept for ever."""
    run.child(bench.bakery, p)
    return 1


broken: list[str] = []


@pytest.fixture(autouse=True)
def months(fresh_database: Database, tmp_path: Path, settings: Settings) -> Iterator[None]:
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    yield
    broken.clear()


def pass_days(days: float) -> None:
    """Move the clock to so many days after the test began."""
    from django.conf import settings

    Path(settings.CLOCK_OFFSET_FILE).write_text(str(days * 86400))


def purge(*options: str) -> dict[str, Any]:
    out = StringIO()
    call_command("purge_processes", "--json", *options, stdout=out, stderr=StringIO())
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def put_off(workflow: str, *, days: int) -> None:
    """Have the processes of a workflow ended so much later."""
    sql(
        "UPDATE workflows_process SET finished_at = finished_at + %s WHERE workflow = %s",
        [timedelta(days=days), workflow],
    )


def left() -> set[UUID]:
    return set(Process.objects.values_list("pk", flat=True))


class TestAnEndedProcess:
    def test_goes_with_everything_of_it_once_its_time_is_over(self) -> None:
        gone, stays = start(bell, Bread("one", 1)), start(bell, Bread("one", 2))
        drain()
        for loaves in (1, 2):
            tokens.answer(f"purge:one:{loaves}", Answer("rye"), tenant="", now=clock.now(), actor="eva")
        drain()
        pass_days(1)
        later = start(bell, Bread("two"))
        sql("UPDATE workflows_process SET finished_at = finished_at + interval '1 day' WHERE id = %s", [stays])
        pass_days(30.5)
        assert purge() == {"removed": {"purge-bell": 1}, "left": {}, "dry_run": False, "workflows": names()}
        assert left() == {stays, later}
        for rows in (Step, Attempt, Token, ProcessEvent):
            assert not rows.objects.filter(process=gone).exists()
            assert rows.objects.filter(process=stays).exists()

    def test_stays_on_a_dry_run_that_counts_it(self) -> None:
        start(plain, Bread("one"))
        drain()
        pass_days(31)
        assert purge("--dry-run")["removed"] == {"purge-plain": 1}
        assert len(left()) == 1

    def test_of_a_workflow_without_keep_stays_for_ever(self) -> None:
        start(bench.bakery, Bread("one"))
        drain()
        pass_days(36500)
        assert purge()["removed"] == {}
        assert len(left()) == 1

    def test_stays_while_its_key_holds(self) -> None:
        start(keyed, Bread("one"))
        drain()
        pass_days(59)
        assert purge()["removed"] == {}
        pass_days(61)
        assert purge()["removed"] == {"purge-keyed": 1}

    def test_of_a_version_that_is_gone_follows_the_most_careful_of_its_workflow(self) -> None:
        api.workflow("purge-plain", version=2, keep=2 * MONTH)(plain.function)
        api.workflow("purge-plain", version=3)(plain.function)
        try:
            start(plain, Bread("one"))
            drain()
            sql("UPDATE workflows_process SET version = 99")
            pass_days(300)
            assert purge()["removed"] == {}
            del api.WORKFLOWS["purge-plain", 3]
            pass_days(59)
            assert purge()["removed"] == {}
            pass_days(61)
            assert purge()["removed"] == {"purge-plain": 1}
        finally:
            api.WORKFLOWS.pop(("purge-plain", 2), None)
            api.WORKFLOWS.pop(("purge-plain", 3), None)

    def test_that_is_still_open_stays(self) -> None:
        start(bell, Bread("one"))
        drain()
        pass_days(3650)
        assert purge()["removed"] == {}


class TestAFamily:
    def test_goes_children_first(self) -> None:
        start(parent, Bread("one"))
        drain()
        pass_days(31)
        assert purge()["removed"] == {"purge-plain": 2, "purge-parent": 1}
        assert left() == set()

    def test_stays_while_the_parent_may_be_resumed(self) -> None:
        broken.append("flour")
        start(parent, Bread("one"))
        drain()
        sql(
            "UPDATE workflows_process SET finished_at = finished_at + interval '9 days' WHERE workflow = 'purge-parent'"
        )
        pass_days(31)
        assert purge()["removed"] == {}
        broken.clear()
        control.resume(Process.objects.get(workflow="purge-parent").pk, now=clock.now(), actor="eva", reason="flour")
        drain()
        assert Process.objects.get(workflow="purge-parent").state == "completed"

    def test_goes_as_a_whole_when_the_failed_parent_goes(self) -> None:
        broken.append("flour")
        start(parent, Bread("one"))
        drain()
        pass_days(31)
        assert purge()["removed"] == {"purge-plain": 2, "purge-parent": 1}

    def test_stays_where_a_child_is_kept_for_ever(self) -> None:
        start(with_legal_child, Bread("one"))
        drain()
        pass_days(31)
        answer = purge()
        assert (answer["removed"], answer["left"]) == ({}, {"purge-legal-child": 1})
        assert len(left()) == 2

    def test_of_a_replay_goes_the_copy_first(self) -> None:
        first = start(plain, Bread("one"))
        drain()
        control.replay(first, now=clock.now(), actor="eva", reason="anew")
        drain()
        pass_days(31)
        assert purge()["removed"] == {"purge-plain": 2}


class TestTheGuard:
    def test_keeps_the_application_from_removing_events(self) -> None:
        start(plain, Bread("one"))
        drain()
        with pytest.raises(DatabaseError, match="permission denied"):
            sql("DELETE FROM workflows_processevent")
        with (
            pgtrigger.ignore("workflows.ProcessEvent:no_delete"),
            pytest.raises(DatabaseError, match="permission denied"),
            connection.cursor() as cursor,
        ):
            cursor.execute("DELETE FROM workflows_processevent")

    def test_keeps_the_owner_too_before_and_after(self) -> None:
        start(plain, Bread("one"))
        start(bench.bakery, Bread("one"))
        drain()
        pass_days(31)
        assert purge()["removed"] == {"purge-plain": 1}
        with as_owner(connection), pytest.raises(DatabaseError, match="Cannot delete rows"):
            sql("DELETE FROM workflows_processevent")


def names() -> list[str]:
    """The workflows that say how long their processes are kept."""
    return sorted({name for (name, _), workflow in api.WORKFLOWS.items() if workflow.keep})


def test_nothing_legal_may_go() -> None:
    legal = {"capture", "invoice-order", "complete-invoice", "submit-chain"}
    assert legal <= {name for name, _ in api.WORKFLOWS}
    assert not legal & set(names())
