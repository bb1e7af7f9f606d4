"""How far our clock is from the AEAT's, as its answers show it (verifactu.md 5.4)."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from verifactu.drift import Reading

ASKED = datetime(2027, 1, 2, 9, 15, 0, tzinfo=UTC)
ANSWERED = ASKED + timedelta(seconds=10)


def reading(date: datetime | None = None, presented: str = "") -> Reading:
    return Reading("https://aeat", ASKED, ANSWERED, format_datetime(date, usegmt=True) if date else "", presented)


@pytest.mark.parametrize(
    ("theirs", "drift"),
    [
        (ASKED + timedelta(seconds=4), 0),  # while we waited: it fits
        (ASKED - timedelta(seconds=1), 0),  # cut to the second
        (ASKED - timedelta(seconds=90), 90),  # ours is ahead
        (ANSWERED + timedelta(seconds=130), -130),  # ours is behind
    ],
)
def test_a_stamp_outside_the_time_of_the_exchange_is_drift(theirs: datetime, drift: float) -> None:
    assert reading(theirs).drift == drift


def test_a_slow_answer_is_no_drift() -> None:
    slow = Reading("https://aeat", ASKED, ASKED + timedelta(seconds=60), format_datetime(ASKED, usegmt=True))
    assert slow.drift == 0


def test_the_stamp_of_the_presentation_counts_with_its_offset() -> None:
    assert reading(presented="2027-01-02T10:13:00+01:00").drift == 120


def test_the_worse_of_the_two_counts() -> None:
    assert reading(ASKED, "2027-01-02T10:13:00+01:00").drift == 120
    assert reading(ANSWERED + timedelta(seconds=200), "2027-01-02T10:13:00+01:00").drift == -200


@pytest.mark.parametrize(("date", "presented"), [("", ""), ("yesterday", ""), ("", "2027-01-02T10:13:00"), ("", "x")])
def test_what_tells_no_time_tells_no_drift(date: str, presented: str) -> None:
    assert Reading("https://aeat", ASKED, ANSWERED, date, presented).drift is None
