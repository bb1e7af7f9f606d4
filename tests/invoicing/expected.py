"""The export as somebody else would make it: a query of their own, their own formatting, and readers of the files."""

import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import psycopg

HEADER = [
    "Número", "Serie", "Tipo", "Fecha de expedición", "Fecha de operación", "Cliente", "NIF", "Base imponible", "Cuota",
    "Total", "Desglose", "Pedido", "Estado", "CSV de la AEAT",
]  # fmt: skip
WORDS = {
    "acknowledged": "registrada", "issued": "pendiente de la AEAT", "rejected": "rechazada por la AEAT",
    "acknowledged_with_errors": "registrada con avisos", "rectified": "rectificada", "annulled": "anulada",
}  # fmt: skip
AMOUNTS = (7, 8, 9)
DATES = (3, 4)


def cells(database_url: str, nif: str, first: date, last: date) -> list[list[str]]:
    """Return the rows that the files must hold, under their header."""
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            """
            SELECT i.num_serie, concat(s.code, s.year), i.tipo, to_char(i.issue_date, 'YYYY-MM-DD'),
                   to_char(i.operation_date, 'YYYY-MM-DD'), i.recipient_name, i.recipient_nif,
                   i.base_total::text, i.tax_total::text, i.total::text, i.shares, o.number, i.state, r.csv
            FROM invoicing_company c
            JOIN verifactu_taxpayer t ON t.id = c.taxpayer_id AND t.nif = %s
            JOIN invoicing_invoice i ON i.company_id = c.id AND i.issue_date >= %s AND i.issue_date <= %s
            LEFT JOIN invoicing_order o ON o.id = i.order_id
            LEFT JOIN invoicing_series s ON s.id = i.series_id
            LEFT JOIN verifactu_record r ON r.id = i.record_id
            ORDER BY i.issue_date, i.series_id, i.number
            """,
            [nif, first, last],
        ).fetchall()
    return [HEADER, *(_row(row) for row in found)]


def as_csv(rows: list[list[str]]) -> bytes:
    """Return the rows as a Spanish Excel opens them."""
    out = io.StringIO()
    csv.writer(out, dialect="excel", delimiter=";").writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def read_xlsx(file: Path) -> list[list[str]]:
    """Return the cells of the only sheet, written as the CSV writes them."""
    book = openpyxl.load_workbook(file, read_only=True)
    (sheet,) = book.worksheets
    rows = [[_text(place, cell) for place, cell in enumerate(row)] for row in sheet.iter_rows(values_only=True)]
    book.close()
    return rows


def _row(row: tuple[Any, ...]) -> list[str]:
    texts = ["" if value is None else str(value) for value in row]
    texts[12] = WORDS[texts[12]]
    texts[10] = " | ".join(
        f"{share['rate']} %: {_comma(share['base'])} + {_comma(share['tax'])}"
        if share.get("rate")
        else f"{share['exencion']}: {_comma(share['base'])}"
        for share in json.loads(row[10])
    )
    for place in AMOUNTS:
        texts[place] = texts[place].replace(".", ",")
    return [
        f"'{text}" if place not in AMOUNTS and text[:1] in tuple("=+-@\t\r\n") else text
        for place, text in enumerate(texts)
    ]


def _comma(amount: str) -> str:
    return f"{Decimal(amount):.2f}".replace(".", ",")


def _text(place: int, cell: Any) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            assert place in DATES
            return cell.date().isoformat()
        case int() | float():
            assert place in AMOUNTS
            return f"{cell:.2f}".replace(".", ",")
    assert isinstance(cell, str)
    return cell
