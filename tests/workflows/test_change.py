"""Code changes while processes are open: what began keeps its version, and a deploy that forgets one is refused."""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError, SystemCheckError

from common import clock
from config.examination import examine
from tests.workflows import bench
from tests.workflows.bench import Answer, Bread, drain, result, start, state
from workflows import api, control, tokens
from workflows.journal import Run
from workflows.models import Process
from workflows.rows import sql


def old_recipe(run: Run, p: Bread) -> str:
    """The recipe as it was."""
    run.step(bench.knead, p.loaves)
    answer = run.wait("bell", Answer, key=f"recipe:{p.table}:1")
    return f"old {answer.word}"


def new_recipe(run: Run, p: Bread) -> str:
    """The recipe as it is: another journal altogether."""
    answer = run.wait("bell", Answer, key=f"recipe:{p.table}:2")
    return f"new {answer.word}"


@pytest.fixture
def recipes() -> Iterator[None]:
    """Version 1 is in the code, and version 2 comes with a deploy later."""
    api.workflow("recipe", version=1)(old_recipe)
    yield
    for version in (1, 2):
        api.WORKFLOWS.pop(("recipe", version), None)


class TestAnOpenProcess:
    def test_runs_on_the_version_that_it_began_with_while_new_ones_start_on_the_newest(self, recipes: None) -> None:
        began = start(api.newest("recipe"), Bread("one"))
        drain()
        api.workflow("recipe", version=2)(new_recipe)
        later = start(api.newest("recipe"), Bread("one"))
        drain()
        versions = dict(Process.objects.values_list("id", "version"))
        assert (versions[began], versions[later]) == (1, 2)
        for number in (1, 2):
            tokens.answer(f"recipe:one:{number}", Answer("rye"), tenant="", now=clock.now(), actor="test")
        drain()
        assert (result(began), result(later)) == ("old rye", "new rye")


class TestADeployWithoutTheVersionOfAnOpenProcess:
    @pytest.fixture(autouse=True)
    def left_behind(self, recipes: None) -> None:
        """Two open processes of version 99, which no code here holds."""
        api.workflow("recipe", version=99)(old_recipe)
        for table in ("one", "two"):
            start(api.newest("recipe"), Bread(table))
        drain()
        del api.WORKFLOWS["recipe", 99]

    def test_is_refused_by_the_check_that_names_it(self) -> None:
        with pytest.raises(SystemCheckError) as refused:
            call_command("check", databases=["default"], stderr=StringIO())
        assert "(workflows.E001) 2 open processes of workflow recipe version 99" in str(refused.value)
        assert "Deploy code that still registers recipe version 99" in str(refused.value)

    def test_is_refused_by_migrate_before_it_changes_anything(self) -> None:
        with pytest.raises(SystemCheckError, match=r"workflows\.E001"):
            call_command("migrate", verbosity=0, interactive=False, skip_checks=False)

    def test_starts_no_worker(self) -> None:
        with pytest.raises(CommandError, match="recipe version 99"):
            call_command("worker")

    def test_is_told_by_doctor(self) -> None:
        [finding] = [finding for finding in examine(clock.now()) if finding.what == "workflows"]
        assert finding.verdict == "fail"
        assert "2 open processes of workflow recipe version 99" in finding.seen
        assert "replay" in finding.remedy

    def test_passes_once_they_have_ended(self) -> None:
        for process in Process.objects.values_list("pk", flat=True):
            control.cancel(process, now=clock.now(), actor="eva", reason="old recipe")
        call_command("check", databases=["default"], stdout=StringIO())
        [finding] = [finding for finding in examine(clock.now()) if finding.what == "workflows"]
        assert finding.verdict == "ok"

    def test_is_no_matter_of_a_check_that_may_not_ask_the_database(self) -> None:
        call_command("check", stdout=StringIO())


def test_a_process_whose_version_is_gone_is_held_and_not_lost(recipes: None) -> None:
    api.workflow("recipe", version=99)(old_recipe)
    process = start(api.newest("recipe"), Bread("one"))
    del api.WORKFLOWS["recipe", 99]
    drain()
    assert state(process) == "held"
    assert "version 99 is not in this code" in bench.error_of(process)["message"]


def test_a_worker_that_starts_forgets_those_that_are_long_gone() -> None:
    from workflows.pulse import forget_silent_workers

    sql(
        """
        INSERT INTO workflows_worker (name, queues, slots, started_at, seen_at) VALUES
            ('gone', '{default}', 4, now() - interval '9 days', now() - interval '25 hours'),
            ('quiet', '{default}', 4, now() - interval '9 days', now() - interval '23 hours')
        """
    )
    assert forget_silent_workers() == 1
    assert sql("SELECT name FROM workflows_worker") == [("quiet",)]
