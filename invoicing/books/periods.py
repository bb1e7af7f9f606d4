"""Periods of declarations: a month, a quarter, a year. Pure."""

import re
from calendar import monthrange
from datetime import date

MONTH, QUARTER, YEAR = "month", "quarter", "year"
_NAME = re.compile(r"(\d{4})(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?")


def period(name: str) -> tuple[date, date]:
    """Return the first and the last day of a period: `2027-03`, `2027-Q1`, `2027`.

    :raises ValueError: for any other text.
    """
    found = _NAME.fullmatch(name)
    if not found or found[1] == "0000":
        raise ValueError(f"{name!r} is no period: write a month as 2027-03, a quarter as 2027-Q1, a year as 2027")
    year, quarter, month = int(found[1]), found[2], found[3]
    if month:
        return _months(year, int(month), int(month))
    if quarter:
        return _months(year, 3 * int(quarter) - 2, 3 * int(quarter))
    return _months(year, 1, 12)


def span(first: date, last: date) -> str:
    """Return which kind of period those days are, empty for none."""
    for kind in (MONTH, QUARTER, YEAR):
        if around(first, kind) == (first, last):
            return kind
    return ""


def around(day: date, kind: str) -> tuple[date, date]:
    """Return the month, quarter or year in which a day lies."""
    if kind == MONTH:
        return _months(day.year, day.month, day.month)
    if kind == QUARTER:
        quarter = (day.month + 2) // 3
        return _months(day.year, 3 * quarter - 2, 3 * quarter)
    return _months(day.year, 1, 12)


def name(first: date, kind: str) -> str:
    """Return the name that `period` reads: of the month, quarter or year that begins on a day."""
    if kind == MONTH:
        return f"{first:%Y-%m}"
    return f"{first.year}-Q{(first.month + 2) // 3}" if kind == QUARTER else f"{first.year}"


def aeat(day: date, kind: str) -> str:
    """Return the AEAT's code of the period in which a day lies: 03, 1T, 0A."""
    if kind == MONTH:
        return f"{day.month:02d}"
    return f"{(day.month + 2) // 3}T" if kind == QUARTER else "0A"


def _months(year: int, first: int, last: int) -> tuple[date, date]:
    return date(year, first, 1), date(year, last, monthrange(year, last)[1])
