"""Schedules: fired once for each slot, made good after a stop as they say, kept in step with the code."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.db import connection, transaction

from common import clock
from tests.workflows import bench
from workflows import api, schedules
from workflows.cron import CronError
from workflows.encoding import EncodingError, decode
from workflows.errors import WorkflowError
from workflows.journal import Run
from workflows.models import Alert, Process, ProcessEvent, Schedule
from workflows.rows import sql
from workflows.schedules import fire_due, keep, sync
from workflows.tick import tick


class Shift(msgspec.Struct, frozen=True):
    """A shift at the bakery: of which oven, beginning when."""

    oven: str
    slot: datetime


@api.workflow("scheduled-shift", version=1, idempotency_key=lambda p: f"oven:{p.oven}", tags=lambda p: (p.oven,))
def shift(run: Run, p: Shift) -> str:
    """Says when it began, in its own hours."""
    return f"{p.slot:%d %H:%M}"


def awkward_lane(p: Shift) -> api.Lane:
    """A lane that an author got wrong."""
    raise KeyError(p.oven)


@api.workflow("scheduled-awkward", version=1, lane=awkward_lane)
def awkward(run: Run, p: Shift) -> None:
    """Cannot be triggered."""


@pytest.fixture(autouse=True)
def declared() -> Iterator[None]:
    """Nothing but what the test declares."""
    before = dict(schedules.DECLARED)
    schedules.DECLARED.clear()
    yield
    schedules.DECLARED.clear()
    schedules.DECLARED.update(before)


def at(text: str) -> datetime:
    """An instant written in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def daily(name: str = "morning", now: str = "2027-01-10 12:00", **changes: Any) -> Schedule:
    """Every day at nine in Madrid: 08:00 UTC in January."""
    given: dict[str, Any] = {"cron": "0 9 * * *", "zone": "Europe/Madrid", "now": at(now), **changes}
    return keep(name, shift, {"oven": "one"}, **given)


def slots() -> list[str]:
    """For which moments processes were made, in the order of their making, in UTC."""
    payloads = Process.objects.order_by("seq").values_list("payload", flat=True)
    return [f"{decode(payload, Shift).slot.astimezone(UTC):%m-%d %H:%M}" for payload in payloads]


class TestFiring:
    def test_fires_when_it_is_time_and_not_before(self) -> None:
        daily()
        assert fire_due(at("2027-01-11 07:59:59"), limit=10) == 0
        assert fire_due(at("2027-01-11 08:00:00"), limit=10) == 1
        assert fire_due(at("2027-01-11 08:00:01"), limit=10) == 0
        assert slots() == ["01-11 08:00"]
        row = Schedule.objects.get()
        assert (row.last_slot, row.next_at) == (at("2027-01-11 08:00"), at("2027-01-12 08:00"))
        assert not Alert.objects.exists()

    def test_tells_the_process_its_slot_in_the_hours_of_the_zone(self) -> None:
        daily()
        fire_due(at("2027-01-11 08:00:01"), limit=10)
        bench.drain()
        process = Process.objects.get()
        assert bench.result(process.pk) == "11 09:00"
        assert (process.actor, process.tags) == ("schedule:morning", ["one"])

    def test_has_a_key_for_each_slot_whatever_the_workflows_own_key_is(self) -> None:
        daily()
        for day in (11, 12, 13):
            fire_due(at(f"2027-01-{day} 08:00:01"), limit=10)
        assert list(Process.objects.order_by("seq").values_list("idempotency_key", flat=True)) == [
            f"schedule:morning:2027-01-{day}T08:00:00+00:00" for day in (11, 12, 13)
        ]

    def test_never_makes_two_for_one_slot_even_when_the_row_forgets(self) -> None:
        daily()
        fire_due(at("2027-01-11 08:00:01"), limit=10)
        Schedule.objects.update(next_at=at("2027-01-11 08:00"), last_slot=None)  # as a restored backup might say
        assert fire_due(at("2027-01-11 08:00:02"), limit=10) == 0
        assert len(slots()) == 1

    def test_fires_a_job_of_the_october_night_once(self) -> None:
        daily(cron="30 2 * * *", now="2026-10-24 12:00")
        for minute in range(0, 24 * 60, 10):
            fire_due(at("2026-10-24 20:00") + timedelta(minutes=minute), limit=10)
        assert slots() == ["10-25 00:30"]

    def test_fires_a_job_of_the_march_night_once(self) -> None:
        daily(cron="30 2 * * *", now="2026-03-28 12:00")
        for minute in range(0, 24 * 60, 10):
            fire_due(at("2026-03-28 20:00") + timedelta(minutes=minute), limit=10)
        assert slots() == ["03-29 01:00"]

    def test_fires_once_for_ticks_at_the_same_time(self) -> None:
        daily()
        start = threading.Barrier(8)
        fired: list[int] = []

        def race() -> None:
            start.wait()
            fired.append(fire_due(at("2027-01-11 08:00:01"), limit=10))
            connection.close()

        threads = [threading.Thread(target=race) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(fired) == 1
        assert len(slots()) == 1

    def test_leaves_a_schedule_that_another_session_holds_and_fires_the_others(self) -> None:
        daily("held")
        daily("free")
        held, done = threading.Event(), threading.Event()

        def hold() -> None:
            with transaction.atomic():
                sql("SELECT 1 FROM workflows_schedule WHERE name = 'held' FOR UPDATE")
                held.set()
                done.wait(10)
            connection.close()

        thread = threading.Thread(target=hold)
        thread.start()
        held.wait(10)
        fired = fire_due(at("2027-01-11 08:00:01"), limit=10)
        done.set()
        thread.join()
        assert fired == 1
        assert fire_due(at("2027-01-11 08:00:02"), limit=10) == 1

    def test_is_a_part_of_the_tick(self, pass_time: Any) -> None:
        now = clock.now()
        keep("soon", shift, {"oven": "one"}, cron="* * * * *", zone="UTC", now=now)
        pass_time(timedelta(minutes=1))
        assert tick()["fire_schedules"] == 1


class TestCatchUp:
    """Three days stopped: due on the 11th, 12th and 13th, looked at in the afternoon of the 13th."""

    BACK = "2027-01-13 15:00"

    @pytest.mark.parametrize(
        ("catch_up", "made"),
        [("all", ["01-11 08:00", "01-12 08:00", "01-13 08:00"]), ("last", ["01-13 08:00"]), ("none", [])],
    )
    def test_makes_good_what_it_says(self, catch_up: Any, made: list[str]) -> None:
        daily(catch_up=catch_up)
        assert fire_due(at(self.BACK), limit=10) == len(made)
        assert slots() == made
        assert Schedule.objects.get().next_at == at("2027-01-14 08:00")
        alert = Alert.objects.get()
        assert (alert.kind, alert.subject) == ("schedule_missed", "morning")
        assert f"{len(made)} of the slots from 2027-01-11 08:00" in alert.text

    def test_none_fires_a_slot_of_this_minute(self) -> None:
        daily(catch_up="none")
        assert fire_due(at("2027-01-13 08:01:00"), limit=10) == 1
        assert slots() == ["01-13 08:00"]

    def test_none_leaves_a_slot_that_is_older(self) -> None:
        daily(catch_up="none")
        assert fire_due(at("2027-01-13 08:01:01"), limit=10) == 0

    def test_all_is_bounded_and_told(self) -> None:
        daily(cron="* * * * *", catch_up="all")
        assert fire_due(at("2027-01-13 12:00"), limit=10) == schedules.MOST_CAUGHT_UP == 100
        assert slots()[0] == "01-13 10:21"  # the hundredth minute before noon, noon counted
        assert slots()[-1] == "01-13 12:00"
        assert "the others were skipped" in Alert.objects.get().text

    def test_does_not_make_good_a_pause(self) -> None:
        row = daily(catch_up="all")
        set_: dict[str, Any] = {"expression": row.cron, "zone": row.zone, "catch_up": "all"}
        schedules.change(row, **set_, paused=True, now=at("2027-01-10 12:00"))
        assert fire_due(at(self.BACK), limit=10) == 0
        schedules.change(row, **set_, paused=False, now=at(self.BACK))
        assert fire_due(at(self.BACK), limit=10) == 0
        assert fire_due(at("2027-01-14 08:00:01"), limit=10) == 1


class TestEditing:
    def test_an_edited_cron_takes_effect(self) -> None:
        daily()
        daily(cron="0 7 * * *", now="2027-01-10 20:00")
        assert fire_due(at("2027-01-11 06:00:01"), limit=10) == 1
        assert fire_due(at("2027-01-11 08:00:01"), limit=10) == 0

    def test_an_edited_zone_takes_effect(self) -> None:
        daily()
        daily(zone="Atlantic/Canary")
        assert fire_due(at("2027-01-11 08:00:01"), limit=10) == 0
        assert fire_due(at("2027-01-11 09:00:01"), limit=10) == 1

    def test_kept_again_as_it_was_loses_nothing_that_is_due(self) -> None:
        daily()
        daily(now="2027-01-11 10:00")
        assert fire_due(at("2027-01-11 10:00:01"), limit=10) == 1

    @pytest.mark.parametrize(
        "wrong", [{"cron": "0 25 * * *"}, {"zone": "Madrid"}, {"catch_up": "some"}, {"name": ""}, {"name": "x" * 101}]
    )
    def test_refuses_what_is_no_schedule_and_writes_nothing(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(WorkflowError):
            daily(**wrong)
        assert not Schedule.objects.exists()

    def test_refuses_a_payload_that_does_not_fit_and_writes_nothing(self) -> None:
        with pytest.raises(EncodingError):
            keep("bad", shift, {"stove": "one"}, cron="0 9 * * *", zone="UTC", now=clock.now())
        assert not Schedule.objects.exists()

    def test_a_refused_edit_leaves_it_as_it_was(self) -> None:
        row = daily()
        with pytest.raises(CronError):
            schedules.change(row, expression="x", zone="UTC", catch_up="all", paused=True, now=clock.now())
        row.refresh_from_db()
        assert (row.cron, row.zone, row.paused) == ("0 9 * * *", "Europe/Madrid", False)


class TestTrouble:
    def test_pauses_with_the_reason_what_cannot_be_triggered_and_goes_on(self) -> None:
        keep("broken", awkward, {"oven": "three"}, cron="0 9 * * *", zone="Europe/Madrid", now=at("2027-01-10 12:00"))
        daily()
        assert fire_due(at("2027-01-11 08:00:01"), limit=10) == 1
        broken = Schedule.objects.get(name="broken")
        assert (broken.paused, broken.last_slot) == (True, None)
        assert "KeyError" in broken.told
        alert = Alert.objects.get()
        assert (alert.kind, alert.subject) == ("schedule_paused", "broken")

    def test_leaves_to_other_workers_what_this_code_does_not_know(self) -> None:
        daily()
        Schedule.objects.update(workflow="of-tomorrow")
        assert fire_due(at("2027-01-11 08:00:01"), limit=10) == 0
        Schedule.objects.update(workflow="scheduled-shift")
        assert fire_due(at("2027-01-11 08:00:02"), limit=10) == 1


class TestDeclaration:
    NOW = "2027-01-10 12:00"

    def declare(self, **changes: Any) -> None:
        schedules.DECLARED.clear()
        given: dict[str, Any] = {"cron": "0 9 * * *", "zone": "Europe/Madrid", **changes}
        schedules.schedule("declared", shift, {"oven": "one"}, **given)

    def test_becomes_a_row(self) -> None:
        self.declare(catch_up="all")
        assert sync(at(self.NOW)) == 1
        assert sync(at(self.NOW)) == 0
        row = Schedule.objects.get()
        assert (row.declared, row.catch_up, row.next_at) == (True, "all", at("2027-01-11 08:00"))

    def test_changed_in_the_code_changes_the_row(self) -> None:
        self.declare()
        sync(at(self.NOW))
        self.declare(cron="0 7 * * *")
        sync(at(self.NOW))
        assert Schedule.objects.get().next_at == at("2027-01-11 06:00")

    def test_unchanged_in_the_code_leaves_a_persons_edit(self) -> None:
        self.declare()
        sync(at(self.NOW))
        edit: dict[str, Any] = {"expression": "0 7 * * *", "zone": "UTC", "catch_up": "none", "paused": True}
        schedules.change(Schedule.objects.get(), **edit, now=at(self.NOW))
        sync(at(self.NOW))
        row = Schedule.objects.get()
        assert (row.cron, row.zone, row.catch_up, row.paused) == ("0 7 * * *", "UTC", "none", True)

    def test_removed_from_the_code_is_paused_and_told_and_comes_back_with_it(self) -> None:
        self.declare()
        sync(at(self.NOW))
        schedules.DECLARED.clear()
        sync(at(self.NOW))
        row = Schedule.objects.get()
        assert (row.paused, row.told) == (True, "no longer declared in the code")
        assert Alert.objects.get().kind == "schedule_paused"
        self.declare()
        sync(at("2027-01-15 12:00"))
        row.refresh_from_db()
        assert (row.paused, row.told, row.next_at) == (False, "", at("2027-01-16 08:00"))

    def test_leaves_rows_that_nobody_declared(self) -> None:
        daily("by-the-application")
        sync(at(self.NOW))
        assert not Schedule.objects.get().paused

    def test_is_refused_at_import_when_it_is_wrong_or_twice_there(self) -> None:
        with pytest.raises(CronError):
            self.declare(cron="0 25 * * *")
        self.declare()
        with pytest.raises(WorkflowError, match="twice"):
            schedules.schedule("declared", shift, {"oven": "two"}, cron="0 9 * * *", zone="UTC")

    def test_written_by_two_workers_at_once_is_one_row(self) -> None:
        self.declare()
        start = threading.Barrier(6)
        failed: list[BaseException] = []

        def work() -> None:
            start.wait()
            try:
                sync(at(self.NOW))
            except BaseException as error:
                failed.append(error)
                raise
            finally:
                connection.close()

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed
        assert Schedule.objects.count() == 1


def test_run_now_is_beside_the_series_and_keeps_who_and_why() -> None:
    row = daily()
    handle = schedules.run_now(row, now=at("2027-01-10 20:00"), actor="Ana", reason="the oven was cold")
    assert slots() == ["01-10 20:00"]
    event = ProcessEvent.objects.get(process=handle.id, move="run_now")
    assert (event.actor, event.reason) == ("Ana", "the oven was cold")
    assert fire_due(at("2027-01-11 08:00:01"), limit=10) == 1
