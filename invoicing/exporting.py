"""A book of a company's invoices as one CSV and one XLSX file, made page by page (invoicing/books, invoicing/sheets).

Equal invoices make equal bytes: no clock goes into the files. Neither is ever in memory as a whole.
"""

import io
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import chain
from pathlib import Path
from uuid import UUID

import msgspec

from invoicing import sheets
from invoicing.books import BOOKS, Book
from invoicing.books.pages import INVOICES, Key, Page, Plan, Whole
from invoicing.books.reading import TAX_DAY
from invoicing.documents import Documents, StoredDocument
from workflows.errors import Abort
from workflows.rows import sql

PAGE = 1000
"""Invoices that one child process writes."""
MOST_ROWS = 1_048_575
"""Rows of a sheet beside its header (Excel's own limit)."""
LANGUAGES = ("es", "en")


class Empty(Abort):
    """There is nothing to export: no invoice was issued in that period."""


class PagesGone(Abort):
    """The pages of this export were cleared away by a later one; ask for a new export."""


class Part(msgspec.Struct, frozen=True):
    """A page as it was written: the hash of its lines, and how many."""

    sha256: str
    rows: int


class Files(msgspec.Struct, frozen=True):
    """The finished files."""

    csv: StoredDocument
    xlsx: StoredDocument
    rows: int


def plan(
    company_id: UUID, environment: str, first: date, last: date, *, size: int = PAGE, kind: str = INVOICES
) -> Plan:
    """Count the invoices of the period and find where each page ends (one pass over an index).

    :raises Empty: when there is none; a return says zero then.
    :raises Abort: when they are more than a sheet takes.
    """
    book = BOOKS[kind]
    days = [first, last] * (3 if book.by_tax_day else 1)
    found = sql(
        f"""
        SELECT total, start, issue_date, series_id, number FROM (
            SELECT i.issue_date, i.series_id, i.number, count(*) OVER () AS total, min(i.issue_date) OVER () AS start,
                   row_number() OVER (ORDER BY i.issue_date, i.series_id, i.number) AS place
            FROM invoicing_invoice i
            WHERE i.company_id = %s AND i.environment = %s
              AND {TAX_DAY if book.by_tax_day else "i.issue_date BETWEEN %s AND %s"}
        ) AS numbered WHERE place %% %s = 0 OR place = total ORDER BY place
        """,  # noqa: S608 (conditions of ours)
        [company_id, environment, *days, size],
    )
    if not found and not book.whole:
        raise Empty(
            f"No hay ninguna factura expedida entre el {first:%d/%m/%Y} y el {last:%d/%m/%Y}; elija otro periodo. "
            "(There is no invoice issued in that period.)"
        )
    rows = int(found[0][0]) if found else 0
    if rows > MOST_ROWS and not book.whole:
        raise Abort(
            f"Son {rows} facturas y una hoja admite {MOST_ROWS}; elija un periodo más corto. "
            "(More invoices than a sheet takes: choose a shorter period.)"
        )
    return Plan(environment, rows, tuple(Key(*place) for _, _, *place in found), found[0][1] if found else None)


def pages(company_id: UUID, first: date, last: date, plan: Plan, language: str, kind: str = INVOICES) -> Iterator[Page]:
    """Yield the pages of a plan in order."""
    after = Key(plan.start or first, UUID(int=0), 0)
    for end in plan.ends:
        yield Page(company_id, plan.environment, after, end, language, first, last, kind)
        after = end


def write_page(page: Page, parts: Documents) -> Part:
    """Write the lines of a page, without header, under their hash."""
    rows = BOOKS[page.kind].lines(page)
    return Part(parts.store(sheets.encoded(rows)).sha256, len(rows))


def assemble(parts: Sequence[Part], *, whole: Whole, workshop: Path, pieces: Documents, root: Path) -> Files:
    """Make both files of the pages, one page in memory at a time, and take them in.

    `workshop` is a folder for half-made files, on the file system of `root`.

    :raises PagesGone: when a page is not there any more.
    """
    book = BOOKS[whole.kind]
    header = book.header(whole.language)
    csv_file, xlsx_file = workshop / "book.csv", workshop / "book.xlsx"
    with csv_file.open("wb") as out:
        out.write(sheets.BOM)
        out.write(sheets.encoded(header))
        for lines in _lines(book, whole, (_piece(part, pieces) for part in parts)):
            out.write(lines)
    with csv_file.open(encoding="utf-8-sig", newline="") as written:
        rows = sheets.write_sheet(
            sheets.read(written), xlsx_file, workshop, whole.first,
            columns=book.columns, name=book.sheet, heads=len(header),
        )  # fmt: skip
    if not book.whole and rows != sum(part.rows for part in parts):
        raise Abort(f"the files hold {rows} lines, the pages another number")
    if rows + len(header) > MOST_ROWS + 1:
        raise Abort(
            f"Son {rows} líneas y una hoja admite {MOST_ROWS}; elija un periodo más corto. "
            "(More lines than a sheet takes: choose a shorter period.)"
        )
    return Files(Documents(root, "csv").adopt(csv_file), Documents(root, "xlsx").adopt(xlsx_file), rows)


def _lines(book: Book, whole: Whole, pages: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the lines of the file: the pages as they are, or what they add up to."""
    if not book.whole:
        yield from pages
        return
    cells = chain.from_iterable(sheets.read(io.StringIO(page.decode(), newline="")) for page in pages)
    yield sheets.encoded(book.whole(whole, cells))


def _piece(part: Part, pieces: Documents) -> bytes:
    try:
        return pieces.read(part.sha256)
    except FileNotFoundError as error:
        raise PagesGone(PagesGone.__doc__) from error
