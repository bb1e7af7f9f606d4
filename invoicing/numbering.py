"""The next number of a series, under its row lock.

A number is taken in the transaction that inserts its invoice and given back by its rollback: no gap, no twin.
"""

from datetime import date

from django.db.models import F

from invoicing.models import Company, Series

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
    series = _locked(company, environment, kind, day.year)
    if series is None:
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
        series = _locked(company, environment, kind, day.year)
        assert series is not None  # noqa: S101 (inserted above, or by the one who was first)
    number = series.next_number
    Series.objects.filter(pk=series.pk).update(next_number=F("next_number") + 1, last_date=day)
    return series, number


def text(series: Series, number: int) -> str:
    """Return NumSerieFactura: code, year and six digits, printable ASCII (verifactu.md 3)."""
    return f"{series.code}{series.year}-{number:06d}"


def kind_of(code: str, environment: str) -> Series.Kind | None:
    """Return the kind of the series that nobody named and that has this code; None when there is none."""
    return next((kind for (_, kind) in CODES if _code(environment, kind) == code), None)


def _locked(company: Company, environment: str, kind: str, year: int) -> Series | None:
    return (
        Series.objects.select_for_update(no_key=True)
        .filter(company=company, environment=environment, kind=kind, year=year)
        .first()
    )


def _code(environment: str, kind: Series.Kind) -> str:
    code = CODES["production", kind]
    return code if environment == "production" else f"P{code}"
