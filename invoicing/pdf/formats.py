"""Figures and days as readers of each language write them: 1.234,56 € and 14/10/2026; €1,234.56 and 14 Oct 2026."""

import re
import unicodedata
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

# Control characters, marks that turn the direction of writing, halves of surrogate pairs, and what is no character:
# a name that holds them could show a reader something else than what was stored, end a line where there is none, or
# make the metadata no XML.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
# Where a browser might break a word; on paper a hyphen that nobody wrote.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
# The blank that breaks no line stays.
_BLANKS = re.compile("[ \u1680\u2000-\u200a\u205f\u3000]+")

_NARROW = "\N{NARROW NO-BREAK SPACE}"
_SEPARATORS = {"es": (".", ","), "ca": (".", ","), "de": (".", ","), "fr": (_NARROW, ","), "en": (",", ".")}
"""Language -> what stands between thousands, and before the decimals (Unicode CLDR)."""
# Months in English, for 10/11/2026 means two days to its readers.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def euros(amount: Decimal, language: str = "es") -> str:
    """Return an amount in euros to the cent, with its sign: `1.234,56 €`."""
    return price(amount, language, 2)


def price(amount: Decimal, language: str = "es", most: int = 4) -> str:
    """Return an amount in euros with two to `most` decimals.

    >>> price(Decimal("7.272727"), "en"), price(Decimal(1234), "fr", 2)
    ('€7.2727', '1\\u202f234,00\\xa0€')
    """
    text = number(abs(amount), 2, most, language)
    sign = "\N{MINUS SIGN}" if amount.quantize(Decimal(1).scaleb(-most), ROUND_HALF_UP) < 0 else ""
    return f"{sign}€{text}" if language == "en" else f"{sign}{text}\N{NO-BREAK SPACE}€"


def number(value: Decimal, least: int = 0, most: int = 6, language: str = "es") -> str:
    """Return `value` with `least` to `most` decimals, rounded half up: `1.234,5`.

    >>> number(Decimal("8.26446281"), 2, 4), number(Decimal("2.000"))
    ('8,2645', '2')
    """
    thousands, comma = _SEPARATORS[language]
    rounded = value.quantize(Decimal(1).scaleb(-most), ROUND_HALF_UP)
    whole, _, decimals = f"{abs(rounded):f}".partition(".")
    decimals = decimals.rstrip("0").ljust(least, "0")
    # U+2212, as wide as a plus: a hyphen before a figure is easily overlooked.
    sign = "\N{MINUS SIGN}" if rounded < 0 else ""
    grouped = f"{int(whole):,}".replace(",", thousands)
    return f"{sign}{grouped}{comma}{decimals}" if decimals else f"{sign}{grouped}"


def percent(rate: Decimal, language: str = "es") -> str:
    """Return a rate in percent: `5,2 %`."""
    return f"{number(rate, language=language)}{'' if language == 'en' else chr(0xA0)}%"


def day(value: date, language: str = "es") -> str:
    """Return a day: dd/mm/yyyy, 14.10.2026 in German, 14 Oct 2026 in English."""
    if language == "en":
        return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
    return f"{value:%d.%m.%Y}" if language == "de" else f"{value:%d/%m/%Y}"


def clean(text: str) -> str:
    """Return `text` on one line, composed (NFC), without characters that print nothing or turn the line around."""
    visible = _INVISIBLE.sub("", _UNPRINTABLE.sub(" ", text))
    return unicodedata.normalize("NFC", _BLANKS.sub(" ", visible)).strip()
