"""A company's invoices of a period as one CSV and one XLSX file, made page by page: what is in them, to the byte.

The CSV is what a Spanish Excel opens by double click: UTF-8 with a byte order mark, semicolons, decimal commas, dates
as 2027-02-03, lines that end in CRLF. Both files hold the same cells in the same order, and equal invoices make equal
bytes: no clock goes into them. Neither is ever in memory as a whole.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import astuple

from invoicing.documents import Documents, StoredDocument
from invoicing.pdf.formats import number
from invoicing.values import TaxShare
from workflows.encoding import decode
from workflows.errors import Abort
from workflows.rows import sql

PAGE = 1000
"""Invoices that one child process writes."""
MOST_ROWS = 1_048_575
"""Rows of a sheet beside its header (Excel's own limit)."""
LANGUAGES = ("es", "en")

BOM = b"\xef\xbb\xbf"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A text that begins so may be run by the program that opens the file (OWASP, CSV Injection)."""


class Empty(Abort):
    """There is nothing to export: no invoice was issued in that period."""


class PagesGone(Abort):
    """The pages of this export were cleared away by a later one; ask for a new export."""


class Key(msgspec.Struct, frozen=True):
    """The place of an invoice in the order of the export: by date, then by series and number."""

    date: date
    series: UUID
    number: int


class Plan(msgspec.Struct, frozen=True):
    """What is to be exported: how many invoices, and the last one of each page."""

    environment: str
    rows: int
    ends: tuple[Key, ...]


class Page(msgspec.Struct, frozen=True):
    """The invoices after one key up to another, both of one company and environment."""

    company_id: UUID
    environment: str
    after: Key
    upto: Key
    language: str


class Part(msgspec.Struct, frozen=True):
    """A page as it was written: the hash of its lines, and how many."""

    sha256: str
    rows: int


class Files(msgspec.Struct, frozen=True):
    """The finished files."""

    csv: StoredDocument
    xlsx: StoredDocument
    rows: int


class Column(NamedTuple):
    """A column: its name in both languages, what kind of cell it holds, its width in the sheet."""

    es: str
    en: str
    kind: str
    width: int


COLUMNS = (
    Column("Número", "Number", "text", 18),
    Column("Serie", "Series", "text", 10),
    Column("Tipo", "Type", "text", 6),
    Column("Fecha de expedición", "Issued on", "date", 12),
    Column("Fecha de operación", "Operation date", "date", 12),
    Column("Cliente", "Customer", "text", 32),
    Column("NIF", "Tax id", "text", 14),
    Column("Base imponible", "Taxable base", "money", 14),
    Column("Cuota", "Tax", "money", 12),
    Column("Total", "Total", "money", 14),
    Column("Desglose", "Breakdown", "text", 36),
    Column("Pedido", "Order", "text", 16),
    Column("Estado", "State", "text", 26),
    Column("CSV de la AEAT", "AEAT's CSV", "text", 24),
)

STATES = {
    "issued": ("pendiente de la AEAT", "awaiting the AEAT"),
    "acknowledged": ("registrada", "registered"),
    "acknowledged_with_errors": ("registrada con avisos", "registered with remarks"),
    "rejected": ("rechazada por la AEAT", "rejected by the AEAT"),
    "rectified": ("rectificada", "rectified"),
    "annulled": ("anulada", "annulled"),
}


def plan(company_id: UUID, environment: str, first: date, last: date, *, size: int = PAGE) -> Plan:
    """Count the invoices of the period and find where each page ends (one pass over an index).

    :raises Empty: when there is none.
    :raises Abort: when they are more than a sheet takes.
    """
    found = sql(
        """
        SELECT total, issue_date, series_id, number FROM (
            SELECT issue_date, series_id, number, count(*) OVER () AS total,
                   row_number() OVER (ORDER BY issue_date, series_id, number) AS place
            FROM invoicing_invoice
            WHERE company_id = %s AND environment = %s AND issue_date BETWEEN %s AND %s
        ) AS numbered WHERE place %% %s = 0 OR place = total ORDER BY place
        """,
        [company_id, environment, first, last, size],
    )
    if not found:
        raise Empty(
            f"No hay ninguna factura expedida entre el {first:%d/%m/%Y} y el {last:%d/%m/%Y}; elija otro periodo. "
            "(There is no invoice issued in that period.)"
        )
    rows = int(found[0][0])
    if rows > MOST_ROWS:
        raise Abort(
            f"Son {rows} facturas y una hoja admite {MOST_ROWS}; elija un periodo más corto. "
            "(More invoices than a sheet takes: choose a shorter period.)"
        )
    return Plan(environment, rows, tuple(Key(*place) for _, *place in found))


def pages(company_id: UUID, first: date, plan: Plan, language: str) -> Iterator[Page]:
    """Yield the pages of a plan in order."""
    after = Key(first, UUID(int=0), 0)
    for end in plan.ends:
        yield Page(company_id, plan.environment, after, end, language)
        after = end


def write_page(page: Page, parts: Documents) -> Part:
    """Write the lines of a page, without header, under their hash (one query)."""
    rows = lines(page)
    return Part(parts.store(_encoded(rows)).sha256, len(rows))


def lines(page: Page) -> list[list[str]]:
    """Return the cells of a page's invoices as the CSV has them."""
    found = sql(
        """
        SELECT i.num_serie, s.code || s.year, i.tipo, i.issue_date, i.operation_date, i.recipient_name,
               i.recipient_nif, i.base_total, i.tax_total, i.total, i.shares, coalesce(o.number, ''), i.state, r.csv
        FROM invoicing_invoice i
        JOIN invoicing_series s ON s.id = i.series_id
        JOIN verifactu_record r ON r.id = i.record_id
        LEFT JOIN invoicing_order o ON o.id = i.order_id
        WHERE i.company_id = %s AND i.environment = %s
          AND (i.issue_date, i.series_id, i.number) > (%s, %s, %s)
          AND (i.issue_date, i.series_id, i.number) <= (%s, %s, %s)
        ORDER BY i.issue_date, i.series_id, i.number
        """,
        [page.company_id, page.environment, *astuple(page.after), *astuple(page.upto)],
    )
    spanish = 0 if page.language == "es" else 1
    return [
        [
            *(guarded(text) for text in row[:3]),
            *(day.isoformat() if day else "" for day in row[3:5]),
            *(guarded(text) for text in row[5:7]),
            *(amount(value) for value in row[7:10]),
            guarded(breakdown(row[10])),
            guarded(row[11]),
            STATES[row[12]][spanish],
            guarded(row[13]),
        ]
        for row in found
    ]


def assemble(
    parts: Sequence[Part], *, first: date, language: str, workshop: Path, pieces: Documents, root: Path
) -> Files:
    """Put the pages together under one header, one page in memory at a time, and take both files in.

    `workshop` is a folder for half-made files, on the file system of `root`.

    :raises PagesGone: when a page is not there any more.
    """
    csv_file, xlsx_file = workshop / "invoices.csv", workshop / "invoices.xlsx"
    with csv_file.open("wb") as out:
        out.write(BOM)
        out.write(_encoded([[getattr(column, language) for column in COLUMNS]]))
        for part in parts:
            try:
                out.write(pieces.read(part.sha256))
            except FileNotFoundError as error:
                raise PagesGone(PagesGone.__doc__) from error
    with csv_file.open(encoding="utf-8-sig", newline="") as lines:
        rows = _write_sheet(csv.reader(lines, delimiter=";"), xlsx_file, workshop, first)
    if rows != sum(part.rows for part in parts):
        raise Abort(f"the files hold {rows} invoices, the pages another number")
    return Files(Documents(root, "csv").adopt(csv_file), Documents(root, "xlsx").adopt(xlsx_file), rows)


def guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe stands before what might be one.

    >>> guarded("=HYPERLINK(1)"), guarded("Soler SL")
    ("'=HYPERLINK(1)", 'Soler SL')
    """
    return f"'{text}" if text.startswith(FORMULA) else text


def amount(value: Decimal) -> str:
    """Return an amount with two decimals and a decimal comma: a number, negative ones too, and never guarded."""
    return f"{value:.2f}".replace(".", ",")


def breakdown(shares: str) -> str:
    """Return the shares of an invoice in one cell: `21 %: 24,00 + 5,04 | 4 %: 4,00 + 0,16`, exempt ones by code."""
    return " | ".join(
        f"{number(share.rate)} %: {amount(share.base)} + {amount(share.tax or Decimal(0))}"
        if share.rate is not None
        else f"{share.exencion or share.calificacion}: {amount(share.base)}"
        for share in decode(shares, tuple[TaxShare, ...])
    )


def _write_sheet(rows: Iterator[list[str]], file: Path, folder: Path, first: date) -> int:
    """Write a workbook of one sheet, header first, and return how many rows stand under it.

    Rows leave memory as they come (they wait in `folder`), and the only date in it is that of the period.
    """
    from xlsxwriter import Workbook  # type: ignore[import-untyped] # noqa: PLC0415 (only the child that writes needs it)

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
    styles = {
        "text": None,
        "date": book.add_format({"num_format": "dd/mm/yyyy"}),
        "money": book.add_format({"num_format": "#,##0.00"}),
    }
    bold = book.add_format({"bold": True, "bottom": 1})
    sheet = book.add_worksheet("Facturas")
    sheet.freeze_panes(1, 0)
    for place, (column, name) in enumerate(zip(COLUMNS, next(rows), strict=True)):
        sheet.set_column(place, place, column.width)
        sheet.write_string(0, place, name, bold)
    count = 0
    for count, cells in enumerate(rows, 1):
        for place, (column, text) in enumerate(zip(COLUMNS, cells, strict=True)):
            style = styles[column.kind]
            if not text:
                continue
            if column.kind == "money":
                sheet.write_number(count, place, float(Decimal(text.replace(",", "."))), style)
            elif column.kind == "date":
                sheet.write_datetime(count, place, date.fromisoformat(text), style)
            else:
                sheet.write_string(count, place, text, style)
    sheet.autofilter(0, 0, count, len(COLUMNS) - 1)
    book.close()
    return count


def _encoded(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
