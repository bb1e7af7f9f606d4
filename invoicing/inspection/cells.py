"""Values as cells of the evidence's CSV files, which are those of the house (invoicing/sheets.py)."""

from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias
from zoneinfo import ZoneInfo

from invoicing.sheets import amount, guarded

Value: TypeAlias = str | int | bool | Decimal | date | datetime | None


def cells(values: list[Value], zone: ZoneInfo) -> list[str]:
    """Return values as cells; moments in `zone`, to the second, with their offset."""
    return [_cell(value, zone) for value in values]


def _cell(value: Value, zone: ZoneInfo) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "S" if value else "N"
        case Decimal():
            return amount(value)
        case datetime():
            return value.astimezone(zone).isoformat(timespec="seconds")
        case date():
            return value.isoformat()
        case str():
            return guarded(value)
    return str(value)
