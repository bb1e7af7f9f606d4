"""Figures and days as Spanish readers write them: 1.234,56 €, 14/10/2026."""

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

# Control characters, marks that turn the direction of writing, and halves of surrogate pairs: a name that holds them
# could show a reader something else than what was stored, or end a line where there is none.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


def euros(amount: Decimal) -> str:
    """Return an amount in euros to the cent, with its sign: `1.234,56 €`."""
    return f"{number(amount, 2, 2)}\N{NO-BREAK SPACE}€"


def number(value: Decimal, least: int = 0, most: int = 6) -> str:
    """Return `value` with `least` to `most` decimals, rounded half up: `1.234,5`.

    >>> number(Decimal("8.26446281"), 2, 4), number(Decimal("2.000"))
    ('8,2645', '2')
    """
    rounded = value.quantize(Decimal(1).scaleb(-most), ROUND_HALF_UP)
    whole, _, decimals = f"{abs(rounded):f}".partition(".")
    decimals = decimals.rstrip("0").ljust(least, "0")
    # U+2212, as wide as a plus: a hyphen before a figure is easily overlooked.
    sign = "\N{MINUS SIGN}" if rounded < 0 else ""
    grouped = f"{int(whole):,}".replace(",", ".")
    return f"{sign}{grouped},{decimals}" if decimals else f"{sign}{grouped}"


def percent(rate: Decimal) -> str:
    """Return a rate in percent: `5,2 %`."""
    return f"{number(rate)}\N{NO-BREAK SPACE}%"


def day(value: date) -> str:
    """Return a day as dd/mm/yyyy."""
    return f"{value:%d/%m/%Y}"


def clean(text: str) -> str:
    """Return `text` on one line, without characters that print nothing or turn the line around."""
    return _UNPRINTABLE.sub(" ", text).strip()
