"""The moments of a cron expression, held against the calendar of the zones and against another implementation."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter  # type: ignore[import-untyped]

from workflows.cron import CronError, check, newest, upcoming

MADRID = "Europe/Madrid"
CANARY = "Atlantic/Canary"


def at(text: str) -> datetime:
    """An instant written in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def moments(cron: str, zone: str, after: str, count: int) -> list[str]:
    return [f"{slot:%Y-%m-%d %H:%M}" for slot in upcoming(at(after), cron, zone, count)]


# Directive 2000/84/EC: clocks change at 01:00 UTC on the last Sunday of March and of October; in 2026 these are
# 29 March (Madrid 02:00 -> 03:00) and 25 October (Madrid 03:00 -> 02:00). All expectations are in UTC.


class TestSpringNight:
    def test_runs_a_job_of_the_hour_that_is_left_out_once_right_after_the_gap(self) -> None:
        assert moments("30 2 * * *", MADRID, "2026-03-27 12:00", 4) == [
            "2026-03-28 01:30",  # 02:30 CET
            "2026-03-29 01:00",  # there is no 02:30: 03:00 CEST
            "2026-03-30 00:30",  # 02:30 CEST
            "2026-03-31 00:30",
        ]

    def test_runs_an_hourly_job_every_real_hour(self) -> None:
        assert moments("0 * * * *", MADRID, "2026-03-28 23:30", 4) == [
            "2026-03-29 00:00", "2026-03-29 01:00", "2026-03-29 02:00", "2026-03-29 03:00",
        ]  # fmt: skip

    def test_moves_nine_oclock_by_an_hour_in_utc(self) -> None:
        assert moments("0 9 * * *", MADRID, "2026-03-28 00:00", 2) == ["2026-03-28 08:00", "2026-03-29 07:00"]

    def test_on_the_canaries_leaves_out_one_oclock(self) -> None:
        assert moments("30 1 * * *", CANARY, "2026-03-27 12:00", 3) == [
            "2026-03-28 01:30",  # 01:30 WET
            "2026-03-29 01:00",  # 02:00 WEST
            "2026-03-30 00:30",  # 01:30 WEST
        ]


class TestAutumnNight:
    def test_runs_a_job_of_the_hour_that_comes_twice_once(self) -> None:
        assert moments("30 2 * * *", MADRID, "2026-10-23 12:00", 4) == [
            "2026-10-24 00:30",  # 02:30 CEST
            "2026-10-25 00:30",  # its first coming, CEST
            "2026-10-26 01:30",  # 02:30 CET
            "2026-10-27 01:30",
        ]

    @pytest.mark.parametrize("minute", range(0, 60, 10))
    def test_runs_it_once_whenever_in_that_night_one_asks(self, minute: int) -> None:
        # 02:00 to 02:59 CET, the second coming: the day's job has run.
        assert moments("30 2 * * *", MADRID, f"2026-10-25 01:{minute:02}", 1) == ["2026-10-26 01:30"]

    def test_runs_an_hourly_job_every_real_hour(self) -> None:
        assert moments("0 * * * *", MADRID, "2026-10-24 23:30", 4) == [
            "2026-10-25 00:00", "2026-10-25 01:00", "2026-10-25 02:00", "2026-10-25 03:00",
        ]  # fmt: skip

    def test_finds_the_newest_from_within_the_second_coming(self) -> None:
        found, complete = newest(at("2026-10-20 00:00"), at("2026-10-25 01:10"), "30 2 * * *", MADRID, 1)
        assert (found, complete) == ([at("2026-10-25 00:30")], False)


class TestCalendar:
    def test_last_day_of_every_month(self) -> None:
        assert moments("0 12 L * *", "UTC", "2028-01-01 00:00", 4) == [
            "2028-01-31 12:00", "2028-02-29 12:00", "2028-03-31 12:00", "2028-04-30 12:00",
        ]  # fmt: skip

    def test_the_thirty_first_passes_over_months_without_one(self) -> None:
        assert moments("0 9 31 * *", MADRID, "2027-01-01 00:00", 4) == [
            "2027-01-31 08:00", "2027-03-31 07:00", "2027-05-31 07:00", "2027-07-31 07:00",
        ]  # fmt: skip

    def test_midnight_of_the_first_in_madrid_is_the_day_before_in_utc(self) -> None:
        assert moments("0 0 1 * *", MADRID, "2026-12-15 00:00", 2) == ["2026-12-31 23:00", "2027-01-31 23:00"]

    @pytest.mark.parametrize(
        "cron", ["*/7 3-5 * * *", "15 10 1,15 * *", "0 22 * * MON-FRI", "5 4 29 2 *", "0 0 * 12 0"]
    )
    @pytest.mark.parametrize("zone", ["UTC", MADRID, CANARY])
    def test_agrees_with_croniter_in_winter(self, cron: str, zone: str) -> None:
        begin = datetime(2027, 11, 2, 12, 0, tzinfo=ZoneInfo(zone))
        other = croniter(cron, begin)
        expected = [other.get_next(datetime).astimezone(UTC) for _ in range(20)]
        ours = upcoming(begin, cron, zone, 20)
        before_spring = [slot for slot in expected if slot < at("2028-03-26 00:00")]
        assert ours[: len(before_spring)] == before_spring


class TestNewest:
    def test_counts_both_ends(self) -> None:
        begin, end = at("2027-01-10 09:00"), at("2027-01-12 09:00")
        found, complete = newest(begin, end, "0 9 * * *", "UTC", 10)
        assert found == [begin, at("2027-01-11 09:00"), end]
        assert complete

    def test_keeps_the_newest_and_says_that_there_were_more(self) -> None:
        end = at("2027-01-12 09:00")
        found, complete = newest(at("2020-01-01 00:00"), end, "* * * * *", "UTC", 3)
        assert found == [end - timedelta(minutes=n) for n in (2, 1, 0)]
        assert not complete

    def test_finds_what_is_rare(self) -> None:
        found, complete = newest(at("2026-01-01 00:00"), at("2027-03-01 00:00"), "0 0 1 1 *", "UTC", 5)
        assert found == [at("2026-01-01 00:00"), at("2027-01-01 00:00")]
        assert complete


class TestRefusal:
    @pytest.mark.parametrize(
        ("cron", "zone", "field", "says"),
        [
            ("61 * * * *", MADRID, "cron", "bad minute"),
            ("* * * *", MADRID, "cron", "five fields"),
            ("0 0 9 * * *", MADRID, "cron", "five fields"),  # seconds: the tick has none to give
            ("0 0 31 2 *", MADRID, "cron", "bad day-of-month"),
            ("0 0 */20 * 1L", "UTC", "cron", "no moment in the next 50 years"),
            ("0 9 * * *", "Europe/Madird", "zone", "no time zone"),
            ("0 9 * * *", "", "zone", "no time zone"),
            ("0 9 * * *", "../etc/passwd", "zone", "no time zone"),
        ],
    )
    def test_names_the_field_and_the_remedy(self, cron: str, zone: str, field: str, says: str) -> None:
        with pytest.raises(CronError, match=says) as refused:
            check(cron, zone)
        assert refused.value.field == field
