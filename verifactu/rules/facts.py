"""Reading a record's texts without ever raising: what is no number or day is None, and no rule about it applies."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from verifactu.codes import Impuesto
from verifactu.records import DetalleDesglose, RegistroAlta

TOLERANCE = Decimal("10.00")
"""Euros by which the AEAT lets sums and products differ (VAL 1.2.2, Desglose, CuotaTotal, ImporteTotal)."""

COMPLETE = frozenset({"F1", "F3", "R1", "R2", "R3", "R4"})
"""The kinds of invoice that name their recipient."""

_AMOUNT = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{0,2})?")
_DAY = re.compile(r"([0-9]{2})-([0-9]{2})-([0-9]{4})")


def amount(text: str) -> Decimal | None:
    """Return an amount or a rate as a number."""
    return Decimal(text) if _AMOUNT.fullmatch(text) else None


def zero_if_absent(text: str) -> Decimal:
    """Return an amount as a number, zero when it is absent or none."""
    return amount(text) or Decimal(0)


def day(text: str) -> date | None:
    """Return dd-mm-yyyy as a date; None for a day that no calendar has."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        return None


def years_before(moment: date, years: int) -> date:
    """Return the same day `years` earlier; 29 February becomes 28."""
    try:
        return moment.replace(year=moment.year - years)
    except ValueError:
        return moment.replace(year=moment.year - years, day=28)


def reference_date(r: RegistroAlta) -> date | None:
    """Return the date by which rates are judged: of the operation, else of issue."""
    return day(r.FechaOperacion) or day(r.IDFactura.FechaExpedicionFactura)


def tax(line: DetalleDesglose) -> str:
    """Return the tax of a line; absent means IVA."""
    return line.Impuesto or Impuesto.IVA


def is_iva(line: DetalleDesglose) -> bool:
    """Return whether the line is of IVA."""
    return tax(line) == Impuesto.IVA


def is_iva_or_igic(line: DetalleDesglose) -> bool:
    """Return whether the line is of IVA or IGIC."""
    return tax(line) in (Impuesto.IVA, Impuesto.IGIC)


def lines(r: RegistroAlta) -> Iterator[tuple[DetalleDesglose, str]]:
    """Yield every breakdown line with the path of its element, counted from 1 as in XPath."""
    for number, line in enumerate(r.Desglose, start=1):
        yield line, f"Desglose/DetalleDesglose[{number}]"
