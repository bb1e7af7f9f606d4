"""The next number of a series, under its row lock.

A number is taken in the transaction that inserts its invoice and given back by its rollback: no gap, no twin.
"""

from datetime import date

from invoicing.models import Company, Series
from workflows.rows import sql

CODES = {
    ("production", Series.Kind.COMPLETE): "F",
    ("production", Series.Kind.SIMPLIFIED): "S",
    ("production", Series.Kind.CORRECTIVE): "R",
    ("production", Series.Kind.EXCHANGE): "C",
}
"""The code of a series that nobody named; outside production it is told by a prefix (`PF`, `PS`…)."""


def take(*, company: Company, environment: str, kind: Series.Kind, day: date) -> tuple[Series, int]:
    """Lock the series of `kind` for the year of `day`, opened on its first use, and return it with its next number.

    A new year goes on with the code of the year before.
    """
    taken = _take(company, environment, kind, day)
    if taken is None:
        before = (
            Series.objects.filter(company=company, environment=environment, kind=kind, year__lt=day.year)
            .order_by("-year")
            .first()
        )
        code = before.code if before else _code(environment, kind)
        Series.objects.bulk_create(
            [Series(company=company, environment=environment, kind=kind, code=code, year=day.year)],
            ignore_conflicts=True,
        )
        taken = _take(company, environment, kind, day)
        assert taken is not None  # noqa: S101 (inserted above, or by the one who was first)
    return taken


def text(series: Series, number: int) -> str:
    """Return NumSerieFactura: code, year and six digits, printable ASCII (verifactu.md 3)."""
    return f"{series.code}{series.year}-{number:06d}"


def kind_of(code: str, environment: str) -> Series.Kind | None:
    """Return the kind of the series that nobody named and that has this code; None when there is none."""
    return next((kind for (_, kind) in CODES if _code(environment, kind) == code), None)


def _take(company: Company, environment: str, kind: str, day: date) -> tuple[Series, int] | None:
    """Lock the series by counting it up; None where there is none yet."""
    rows = sql(
        """
        UPDATE invoicing_series SET next_number = next_number + 1, last_date = %s
        WHERE company_id = %s AND environment = %s AND kind = %s AND year = %s
        RETURNING id, code, first_number, next_number
        """,
        [day, company.pk, environment, kind, day.year],
    )
    if not rows:
        return None
    id, code, first, following = rows[0]
    series = Series(
        id=id, company=company, environment=environment, kind=kind, code=code, year=day.year, first_number=first,
        next_number=following, last_date=day,
    )  # fmt: skip
    series._state.adding = False
    return series, following - 1


def _code(environment: str, kind: Series.Kind) -> str:
    code = CODES["production", kind]
    return code if environment == "production" else f"P{code}"
