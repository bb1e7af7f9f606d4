"""`manage.py processes`: find, act on one or on many, and tell each refusal."""

import getpass
import io
import json
import os
import pty
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command

from tests.workflows import bench
from tests.workflows.bench import Bread, drain, start, state
from tests.workflows.conftest import PassTime
from workflows.errors import Abort
from workflows.models import Process, ProcessEvent
from workflows.testing import Crashed, crash_after, take_up_the_dead

OK, ERROR, USAGE, PARTIAL = 0, 1, 2, 4


def processes(*words: Any) -> tuple[dict[str, Any], int]:
    """Run the command with --json; return its document and its exit code."""
    out = io.StringIO()
    code = OK
    try:
        call_command("processes", *map(str, words), "--json", stdout=out)
    except SystemExit as left:
        code = int(left.code or 0)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found, code


def failed(table: str = "seven") -> UUID:
    bench.faults.append(Abort("no flour"))
    process = start(bench.bakery, Bread(table))
    drain()
    return process


def done(table: str = "seven") -> UUID:
    process = start(bench.bakery, Bread(table))
    drain()
    return process


def shown(*words: Any) -> list[str]:
    return [one["id"] for one in processes("list", *words)[0]["processes"]]


class TestList:
    def test_narrows_by_each_filter_newest_first(self, pass_time: PassTime) -> None:
        old, asking = failed(), start(bench.newest_wins, Bread("one"))
        drain()
        Process.objects.filter(pk=asking).update(tags=["table:one"], tenant="encina")
        pass_time(timedelta(days=8))
        young = done()
        assert shown() == [str(young), str(asking), str(old)]
        assert shown("--workflow", "newest") == shown("--tag", "table:one") == shown("--company", "encina")
        assert shown("--tag", "table:one") == [str(asking)]
        assert shown("--state", "failed") == [str(old)]
        assert shown("--older-than", "7d") == [str(asking), str(old)]
        assert shown("--older-than", "9d") == []
        assert shown("--limit", 1) == [str(young)]

    def test_an_age_that_is_none_is_refused(self) -> None:
        with pytest.raises(CommandError, match="write it as 45s, 30m, 12h or 7d"):
            call_command("processes", "list", "--older-than", "soon")


class TestShow:
    def test_tells_steps_tries_and_history(self) -> None:
        process = failed()
        found, code = processes("show", "--id", process)
        (told,) = found["processes"]
        assert code == OK
        assert (told["state"], told["error"]["message"]) == ("failed", "no flour")
        assert [(one["key"], one["done"], one["attempts"][0]["error"]) for one in told["steps"]] == [
            ("knead", False, "Abort"),
        ]  # fmt: skip
        assert [one["move"] for one in told["history"]] == ["trigger", "claim", "fail"]

    def test_reads_as_lines_too(self) -> None:
        process = failed()
        out = io.StringIO()
        call_command("processes", "show", "--id", str(process), stdout=out)
        assert f"{process}  failed  bakery version 1" in out.getvalue()
        assert "Abort: no flour" in out.getvalue()

    def test_what_does_not_exist_is_an_error(self) -> None:
        assert processes("show", "--id", uuid4())[1] == ERROR
        assert processes("show", "--id", uuid4(), "--id", done())[1] == PARTIAL


class TestAct:
    @pytest.mark.parametrize(
        ("verb", "make", "after"),
        [
            ("resume", failed, "pending"),
            ("cancel", lambda: start(bench.bakery, Bread("one")), "cancelled"),
            ("replay", failed, "failed"),
            ("free-key", done, "completed"),
        ],
    )
    def test_keeps_who_and_why(self, verb: str, make: Callable[[], UUID], after: str) -> None:
        process = make()
        found, code = processes(verb, "--id", process, "--reason", "it was a drill")
        assert (code, state(process), found["refused"]) == (OK, after, {})
        about = found["done"][0].get("new", process)
        event = ProcessEvent.objects.filter(process=about).latest("id")
        assert event.actor == f"cli:{getpass.getuser()}"
        assert "it was a drill" in event.reason

    def test_replay_is_a_new_process_that_takes_over_the_journal_before_the_step(self) -> None:
        process = done()
        (made,) = processes("replay", "--id", process, "--reason", "burnt", "--from-step", "bake")[0]["done"]
        drain()
        copy = Process.objects.get(pk=made["new"])
        assert (copy.forked_from_id, copy.state) == (process, "completed")
        assert (bench.kneaded(), len(bench.effects)) == (1, 2)

    def test_a_freed_key_can_be_used_again(self) -> None:
        first = start(bench.in_order, Bread("one"))
        drain()
        assert start(bench.in_order, Bread("one")) == first
        processes("free-key", "--id", first, "--reason", "the order came twice")
        assert start(bench.in_order, Bread("one")) != first

    def test_by_filter_takes_only_what_the_verb_is_meant_for(self) -> None:
        broken, asking, ended = failed(), start(bench.newest_wins, Bread("one")), done()
        drain()
        assert processes("resume", "--older-than", "0s")[0]["meant"] == [str(broken)]
        assert (state(broken), state(asking), state(ended)) == ("pending", "held", "completed")

    def test_some_refused_is_partial_and_each_is_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        ended, open_one, nobody = done("two"), start(bench.bakery, Bread("one")), uuid4()
        found, code = processes(
            "cancel", "--id", open_one, "--id", ended, "--id", nobody, "--reason", "closing down"
        )  # fmt: skip
        told = capsys.readouterr().err
        assert (code, state(open_one), state(ended)) == (PARTIAL, "cancelled", "completed")
        assert found["refused"][str(ended)] == "cannot cancel: the process is completed"
        assert found["refused"][str(nobody)] == "there is no such process"
        assert f"{ended}: cannot cancel" in told
        assert f"{nobody}: there is no such process" in told

    def test_all_refused_is_an_error(self) -> None:
        assert processes("cancel", "--id", done(), "--reason", "late")[1] == ERROR

    def test_a_dry_run_changes_nothing(self) -> None:
        process = failed()
        found, code = processes("resume", "--state", "failed", "--dry-run")
        assert (code, found["meant"], state(process)) == (OK, [str(process)], "failed")

    def test_limit_takes_the_oldest(self) -> None:
        first, second = failed(), failed()
        processes("resume", "--state", "failed", "--limit", 1)
        assert (state(first), state(second)) == ("pending", "failed")

    @pytest.mark.parametrize(
        "words",
        [
            ("cancel", "--state", "held"),
            ("replay", "--state", "failed", "--reason", " "),
            ("free-key", "--workflow", "bakery"),
            ("resume",),
            ("cancel", "--reason", "all of them"),
            ("resume", "--state", "failed", "--from-step", "bake"),
            ("show",),
        ],
    )
    def test_what_is_not_said_is_not_done(self, words: tuple[str, ...]) -> None:
        process = failed()
        with pytest.raises(CommandError) as refused:
            call_command("processes", *words)
        assert refused.value.returncode == USAGE
        assert state(process) == "failed"

    def test_what_a_dead_worker_left_can_be_cancelled(self) -> None:
        process = start(bench.bakery, Bread("one"))
        job = bench.fetch()
        assert job
        with crash_after("knead"), pytest.raises(Crashed):
            job.run()
        assert processes("cancel", "--state", "processing", "--reason", "its worker is gone")[1] == OK
        take_up_the_dead()
        drain()
        assert (state(process), bench.kneaded(), bench.effects) == ("cancelled", 1, [])

    def test_a_person_at_a_terminal_sees_how_far_it_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for n in range(3):
            start(bench.newest_wins, Bread(str(n)))
        screen, terminal = pty.openpty()
        with os.fdopen(terminal, "w") as stderr:
            monkeypatch.setattr(sys, "stderr", stderr)
            call_command("processes", "cancel", "--workflow", "newest", "--reason", "closing", stdout=io.StringIO())
            monkeypatch.undo()
            seen = os.read(screen, 100_000).decode()
        os.close(screen)
        assert "cancel" in seen
        assert "100%" in seen

    def test_nobody_at_a_terminal_is_spared_the_bar(self, capsys: pytest.CaptureFixture[str]) -> None:
        for n in range(3):
            start(bench.newest_wins, Bread(str(n)))
        call_command("processes", "cancel", "--workflow", "newest", "--reason", "closing")
        assert capsys.readouterr() == ("cancel: 3 done, 0 refused\n", "")
