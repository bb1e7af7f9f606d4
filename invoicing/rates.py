"""Rates by date, as tables with their source. Pure.

IVA: LIVA arts. 90 and 91 and the decrees that changed them for a while, as "Validaciones y errores" 1.2.2 lists them.
Recargo de equivalencia: LIVA art. 161 and the same decrees. IGIC: Ley 4/2012 arts. 51 to 61 (now Decreto Legislativo
1/2025). IPSI: Ley 8/1991 art. 18, which leaves the rate to each city between two ends. Other member states: the
Commission's list of rates («unconfirmed» where a parliament was faster than this table: a person may override).
"""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from verifactu.codes import Impuesto

ALWAYS = date.max
_2012 = date(2012, 9, 1)


class Rate(NamedTuple):
    """Percent, its first and its last day."""

    rate: Decimal
    first: date
    last: date = ALWAYS


class Pair(NamedTuple):
    """A rate and the recargo de equivalencia that goes with it, percent, with first and last day."""

    rate: Decimal
    surcharge: Decimal
    first: date
    last: date = ALWAYS


IVA: tuple[Rate, ...] = (
    Rate(Decimal(21), _2012),
    Rate(Decimal(10), _2012),
    Rate(Decimal(4), date(1995, 1, 1)),
    Rate(Decimal(5), date(2022, 7, 1), date(2024, 9, 30)),  # energy, then oils and pasta
    Rate(Decimal(0), date(2023, 1, 1), date(2024, 9, 30)),  # basic foods
    Rate(Decimal(2), date(2024, 10, 1), date(2024, 12, 31)),  # basic foods, last quarter
    Rate(Decimal("7.5"), date(2024, 10, 1), date(2024, 12, 31)),  # oils and pasta, last quarter
)
SURCHARGES: tuple[Pair, ...] = (
    Pair(Decimal(21), Decimal("5.2"), _2012),
    Pair(Decimal(21), Decimal("1.75"), _2012),  # tobacco
    Pair(Decimal(10), Decimal("1.4"), _2012),
    Pair(Decimal(4), Decimal("0.5"), date(1995, 1, 1)),
    Pair(Decimal(5), Decimal("0.5"), date(2022, 7, 1), date(2022, 12, 31)),
    Pair(Decimal(5), Decimal("0.62"), date(2023, 1, 1), date(2024, 9, 30)),
    Pair(Decimal(2), Decimal("0.26"), date(2024, 10, 1), date(2024, 12, 31)),
    Pair(Decimal("7.5"), Decimal(1), date(2024, 10, 1), date(2024, 12, 31)),
)
IGIC: tuple[Rate, ...] = tuple(
    Rate(Decimal(rate), date(2020, 1, 1)) for rate in ("0", "3", "5", "7", "9.5", "15", "20", "35")
)
"""Its nought is a rate of its own (tipo cero), unlike that of the IVA today."""
IPSI_ENDS = (Decimal("0.5"), Decimal(10))

_EU: dict[str, str] = {
    "AT": "20 13 10", "BE": "21 12 6", "BG": "20 9", "CY": "19 9 5 3", "CZ": "21 12", "DE": "19 7", "DK": "25",
    "EE": "24 13 9", "FI": "25.5 14 13.5 10", "FR": "20 10 5.5 2.1", "GR": "24 13 6", "HR": "25 13 5", "HU": "27 18 5",
    "IE": "23 13.5 9 4.8", "IT": "22 10 5 4", "LT": "21 12 9 5", "LU": "17 14 8 3", "LV": "21 12 5", "MT": "18 12 7 5",
    "NL": "21 9", "PL": "23 8 5", "PT": "23 22 16 13 12 9 6 5 4", "RO": "21 19 11 9 5", "SE": "25 12 6",
    "SI": "22 9.5 5", "SK": "23 19 5",
}  # fmt: skip
EU: dict[str, frozenset[Decimal]] = {
    country: frozenset(Decimal(rate) for rate in rates.split()) for country, rates in _EU.items()
}
"""Country -> the rates that a consumer there may be charged, since 2025. Portugal's with those of its islands."""


def charged_rate(rate: Decimal, on: date, impuesto: str = Impuesto.IVA.value) -> bool:
    """Tell whether `rate` (percent) was a rate of that tax on that day."""
    if impuesto == Impuesto.IPSI:
        return IPSI_ENDS[0] <= rate <= IPSI_ENDS[1]
    table = IGIC if impuesto == Impuesto.IGIC else IVA
    return any(rate == known.rate and known.first <= on <= known.last for known in table)


def charged_pair(rates: set[Decimal], on: date) -> tuple[Decimal, Decimal] | None:
    """Return (rate, surcharge) when these two percentages were a rate and its recargo on that day."""
    for pair in SURCHARGES:
        if rates == {pair.rate, pair.surcharge} and pair.first <= on <= pair.last:
            return pair.rate, pair.surcharge
    return None


def charged_abroad(rate: Decimal, country: str) -> bool:
    """Tell whether another member state knows that rate."""
    return rate in EU.get(country, frozenset())
