"""Values into the texts of a record: each returns what the schema asks for, or refuses."""

import unicodedata
from datetime import date, datetime
from decimal import Decimal

_CENT = Decimal("0.01")


def importe(amount: Decimal) -> str:
    """Return an amount of euros as the record writes it: dot, two decimals, no plus, never -0.00.

    Source: ImporteSgn12.2Type; verifactu.md 5.1 (the literal that travels is the literal that is hashed).
    :raises ValueError: for more than 12 digits before the dot, a value finer than a cent, NaN or infinity.
    """
    return _decimals(amount, digits=12)


def tipo(rate: Decimal) -> str:
    """Return a percentage as the record writes it: `21.00`.

    Source: Tipo2.2Type, which knows no sign.
    :raises ValueError: for a negative rate, more than 3 digits before the dot, more than 2 decimals, NaN or infinity.
    """
    text = _decimals(rate, digits=3)
    if rate < 0:
        raise ValueError(f"a rate has no sign: {rate}")
    return text


def fecha(day: date) -> str:
    """Return dd-mm-yyyy.

    :raises TypeError: for a datetime, because its day depends on a zone that only the caller knows.
    """
    if isinstance(day, datetime):
        raise TypeError("a date is needed, not a datetime: take its date in the issuer's zone")
    return f"{day.day:02d}-{day.month:02d}-{day.year:04d}"


def fecha_hora_huso(moment: datetime) -> str:
    """Return YYYY-MM-DDThh:mm:ss±hh:mm in the zone that the moment carries; parts of a second are cut off.

    Source: verifactu.md 5.4 (fractions, and offsets in any other form, are answered with 1244).
    :raises ValueError: for a naive moment, or one whose offset is not whole minutes (zones before about 1940).
    """
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError("an aware datetime is needed: the record states its offset")
    if offset.total_seconds() % 60:
        raise ValueError(f"the offset {offset} is not whole minutes")
    return moment.isoformat(timespec="seconds")


def texto(text: str, limit: int) -> str:
    """Return free text fit for an element of at most `limit` characters.

    Composed (NFC), without characters that XML 1.0 forbids, each tab or line end turned into a space, trimmed (the AEAT
    trims, stores and answers the trimmed value), cut, and trimmed again when the cut leaves a space at the end.
    """
    clean = "".join(_character(c) for c in unicodedata.normalize("NFC", text))
    return clean.strip()[:limit].rstrip()


def _decimals(value: Decimal, *, digits: int) -> str:
    if not value.is_finite():
        raise ValueError(f"not an amount: {value}")
    if abs(value) >= 10**digits:
        raise ValueError(f"more than {digits} digits before the dot: {value}")
    rounded = value.quantize(_CENT)
    if rounded != value:
        raise ValueError(f"more than two decimals: {value}")
    return format(abs(rounded) if rounded == 0 else rounded, "f")


def _character(c: str) -> str:
    if c in "\t\n\r\x85\u2028\u2029":
        return " "
    legal = " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c >= "\U00010000"
    # U+007F to U+009F are legal but discouraged by XML 1.0, and never part of a name.
    return c if legal and not "\x7f" <= c <= "\x9f" else ""
