"""The plain list of invoices, one line each."""

from decimal import Decimal

from msgspec.structs import astuple, replace

from invoicing.books.pages import Page
from invoicing.books.reading import NEWEST
from invoicing.pdf.formats import number
from invoicing.sheets import Column, amount, guarded
from invoicing.values import TaxShare
from verifactu.records import RegistroAlta
from verifactu.xml import read_registro
from workflows.encoding import decode
from workflows.rows import sql

SHEET = "Facturas"

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


def lines(page: Page) -> list[list[str]]:
    """Return the cells of a page's invoices as the CSV has them (one query)."""
    found = sql(
        f"""
        SELECT i.num_serie, s.code || s.year, i.tipo, i.issue_date, i.operation_date, i.recipient_name,
               i.recipient_nif, i.base_total, i.tax_total, i.total, i.shares, coalesce(o.number, ''), i.state, r.csv,
               CASE WHEN newest.id <> r.id THEN newest.xml END
        FROM invoicing_invoice i
        JOIN invoicing_series s ON s.id = i.series_id
        JOIN verifactu_record r ON r.id = i.record_id
        JOIN verifactu_installation own ON own.id = r.installation_id
        LEFT JOIN invoicing_order o ON o.id = i.order_id
        {NEWEST}
        WHERE i.company_id = %s AND i.environment = %s
          AND (i.issue_date, i.series_id, i.number) > (%s, %s, %s)
          AND (i.issue_date, i.series_id, i.number) <= (%s, %s, %s)
        ORDER BY i.issue_date, i.series_id, i.number
        """,  # noqa: S608 (a condition of this package)
        [page.company_id, page.environment, *astuple(page.after), *astuple(page.upto)],
    )
    spanish = 0 if page.language == "es" else 1
    return [
        [
            *(guarded(text) for text in row[:3]),
            *(day.isoformat() if day else "" for day in row[3:5]),
            *(guarded(text) for text in row[5:7]),
            *(amount(value) for value in row[7:10]),
            guarded(breakdown(row[10], row[14])),
            guarded(row[11]),
            STATES[row[12]][spanish],
            guarded(row[13]),
        ]
        for row in found
    ]


def breakdown(shares: str, corrected: str | None = None) -> str:
    """Return the shares of an invoice in one cell: `21 %: 24,00 + 5,04 | 4 %: 4,00 + 0,16`, exempt ones by code.

    A surcharge stands behind the tax. `corrected` is the record (XML) that corrected the coding of the one issued.
    """
    return " | ".join(_words(share) for share in _coded(decode(shares, tuple[TaxShare, ...]), corrected))


def _words(share: TaxShare) -> str:
    if share.rate is None:
        return f"{share.exencion or share.calificacion}: {amount(share.base)}"
    tax = f"{number(share.rate)} %: {amount(share.base)} + {amount(share.tax or Decimal(0))}"
    return f"{tax} + {amount(share.surcharge)}" if share.surcharge is not None else tax


def _coded(shares: tuple[TaxShare, ...], corrected: str | None) -> tuple[TaxShare, ...]:
    """Return the shares with the codes of a record, whose rows stand in the same order."""
    if corrected is None:
        return shares
    registro = read_registro(corrected)
    if not isinstance(registro, RegistroAlta):
        raise TypeError(f"{registro.IDFactura} is corrected by no alta")
    return tuple(
        replace(
            share,
            clave_regimen=line.ClaveRegimen,
            calificacion=line.CalificacionOperacion,
            exencion=line.OperacionExenta,
        )
        for share, line in zip(shares, registro.Desglose, strict=True)
    )
