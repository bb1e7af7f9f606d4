"""Cells, lines and files that accountants open: one CSV and one XLSX with the same cells, equal cells in equal bytes.

The CSV is what a Spanish Excel opens by double click: UTF-8 with a byte order mark, semicolons, decimal commas, lines
that end in CRLF. No clock goes into either file, and neither is ever in memory as a whole.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

BOM = b"\xef\xbb\xbf"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A text that begins so may be run by the program that opens the file (OWASP, CSV Injection)."""
STYLES = {
    "text": None,
    "date": {"num_format": "dd/mm/yyyy"},
    "day": {"num_format": "dd/mm/yyyy"},
    "money": {"num_format": "#,##0.00"},
    "plain": {"num_format": "0.00"},
    "year": {"num_format": "0"},
}
"""What a column may hold. A `day` stands in the CSV as 03/02/2027, a `date` as 2027-02-03; `plain` is an amount without
thousands, as the AEAT's books ask; `year` a whole number."""


class Column(NamedTuple):
    """A column: its name in both languages, what kind of cell it holds, its width in the sheet, its group's name."""

    es: str
    en: str
    kind: str
    width: int
    group: str = ""


def guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe stands before what might be one.

    >>> guarded("=HYPERLINK(1)"), guarded("Soler SL")
    ("'=HYPERLINK(1)", 'Soler SL')
    """
    return f"'{text}" if text.startswith(FORMULA) else text


def amount(value: Decimal) -> str:
    """Return an amount with two decimals and a decimal comma: a number, negative ones too, and never guarded."""
    return f"{value:.2f}".replace(".", ",")


def number_of(text: str) -> Decimal:
    """Return the amount that `amount` wrote."""
    return Decimal(text.replace(",", "."))


def encoded(rows: Iterable[Sequence[str]]) -> bytes:
    """Return lines of the CSV, without byte order mark."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def read(lines: Iterable[str]) -> Iterator[list[str]]:
    """Yield the cells of such lines."""
    return csv.reader(lines, delimiter=";")


def write_sheet(
    rows: Iterator[list[str]],
    file: Path,
    folder: Path,
    first: date,
    *,
    columns: Sequence[Column],
    name: str,
    heads: int,
) -> int:
    """Write a workbook of one sheet, `heads` header lines first, and return how many rows stand under them.

    Rows leave memory as they come (they wait in `folder`), and the only date in it is that of the period.
    """
    from xlsxwriter import Workbook  # type: ignore[import-untyped] # noqa: PLC0415 (only who writes one needs it)

    book = Workbook(
        str(file),
        {
            "constant_memory": True,
            "tmpdir": str(folder),
            "strings_to_numbers": False,
            "strings_to_formulas": False,
            "strings_to_urls": False,
        },
    )
    book.set_properties({"created": datetime.combine(first, time(), UTC).replace(tzinfo=None)})
    styles = {kind: book.add_format(style) if style else None for kind, style in STYLES.items()}
    bold = book.add_format({"bold": True, "bottom": 1})
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(heads, 0)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width)
    for line in range(heads):
        for place, text in enumerate(next(rows)):
            sheet.write_string(line, place, text, bold)
    count = 0
    for count, cells in enumerate(rows, 1):
        for place, (column, text) in enumerate(zip(columns, cells, strict=True)):
            if text:
                _write(sheet, count + heads - 1, place, column.kind, text, styles[column.kind])
    sheet.autofilter(heads - 1, 0, count + heads - 1, len(columns) - 1)
    book.close()
    return count


def _write(sheet: object, row: int, place: int, kind: str, text: str, style: object) -> None:
    match kind:
        case "money" | "plain" | "year":
            sheet.write_number(row, place, float(number_of(text)), style)  # type: ignore[attr-defined]
        case "date":
            sheet.write_datetime(row, place, date.fromisoformat(text), style)  # type: ignore[attr-defined]
        case "day":
            sheet.write_datetime(row, place, datetime.strptime(text, "%d/%m/%Y").date(), style)  # type: ignore[attr-defined]  # noqa: DTZ007 (a day, of no zone)
        case _:
            sheet.write_string(row, place, text, style)  # type: ignore[attr-defined]
