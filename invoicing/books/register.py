"""Libro registro de facturas expedidas, in the columns of the AEAT's published format. One line a row of the breakdown.

"Formatos de los Libros Registro de IVA e IRPF" (V.18.02.2026) with its design LSI.xlsx, sheet EXPEDIDAS: 36 columns,
two header lines, data from the third. Columns, order and validations as three public projects copy them from LSI.xlsx;
the numbers in brackets are LSI's validations. The income-tax columns stay empty: this is the book of the IVA (12).

«unconfirmed», kept here and in the how-to:
- that the file is read from the third line on (an example file of the AEAT and two projects do so);
- series and number: both together are NumSerieFactura to the letter; the format gives each 20 characters;
- an annulled invoice: a line with zero amounts and ANULADA as external reference, since the format has no mark for it;
- the lines that a corrective invoice by substitution takes back (8): under the number and type of the invoice replaced.
"""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from invoicing.books import periods
from invoicing.books.pages import Page
from invoicing.books.reading import Declared, Effect, Share, effects, of_page
from invoicing.sheets import Column, amount, guarded

SHEET = "EXPEDIDAS"
ROOM = 20
"""Characters of a series, and of a number."""
CONSUMER = "VENTAS A CONSUMIDOR FINAL"
ANNULLED = "ANULADA"
_CASH = "Cobro (Operación Criterio de Caja de IVA y/o artículo 7.2.1º de Reglamento del IRPF)"


def _column(name: str, kind: str = "text", width: int = 12, group: str = "") -> Column:
    return Column(name, name, kind, width, group)


COLUMNS = (
    _column("Ejercicio", "year", 9, "Autoliquidación"),
    _column("Periodo", width=8, group="Autoliquidación"),
    _column("Código", width=8, group="Actividad"),
    _column("Tipo", width=6, group="Actividad"),
    _column("Grupo o Epígrafe del IAE", width=12, group="Actividad"),
    _column("Tipo de Factura", width=8),
    _column("Concepto de Ingreso", width=10),
    _column("Ingreso Computable", "plain"),
    _column("Fecha Expedición", "day"),
    _column("Fecha Operación", "day"),
    _column("Serie", width=14, group="Identificación de la Factura"),
    _column("Número", width=14, group="Identificación de la Factura"),
    _column("Número-Final", group="Identificación de la Factura"),
    _column("Tipo", width=6, group="NIF Destinatario"),
    _column("Código País", width=8, group="NIF Destinatario"),
    _column("Identificación", width=16, group="NIF Destinatario"),
    _column("Nombre Destinatario", width=32),
    _column("Clave de Operación", width=8),
    _column("Calificación de la Operación", width=10),
    _column("Operación Exenta", width=8),
    _column("Total Factura", "plain", 14),
    _column("Base Imponible", "plain", 14),
    _column("Tipo de IVA", "plain", 8),
    _column("Cuota IVA Repercutida", "plain"),
    _column("Tipo de Recargo Eq.", "plain", 8),
    _column("Cuota Recargo Eq.", "plain"),
    _column("Fecha", "day", group=_CASH),
    _column("Importe", "plain", group=_CASH),
    _column("Medio Utilizado", group=_CASH),
    _column("Identificación Medio Utilizado", group=_CASH),
    _column("Tipo Retención del IRPF", "plain"),
    _column("Importe Retenido del IRPF", "plain"),
    _column("Registro Acuerdo Facturación", width=14),
    _column("Situación", group="Inmueble"),
    _column("Referencia Catastral", group="Inmueble"),
    _column("Referencia Externa", width=16),
)


def headers() -> list[list[str]]:
    """Return the two lines of the format: groups (and columns of none), then the columns of the groups."""
    before = ["", *(column.group for column in COLUMNS[:-1])]
    groups = [
        (column.group if column.group != last else "") if column.group else column.es
        for column, last in zip(COLUMNS, before, strict=True)
    ]
    return [groups, [column.es if column.group else "" for column in COLUMNS]]


def lines(page: Page) -> list[list[str]]:
    """Return the lines of a page's invoices."""
    return lines_of(page.company_id, page.environment, of_page(page))


def lines_of(company_id: UUID, environment: str, invoices: Sequence[Declared]) -> list[list[str]]:
    """Return the lines of invoices; those of IGIC and IPSI are in no book of the IVA."""
    return [
        _line(invoice, effect)
        for invoice, effect in effects(company_id, environment, invoices)
        if effect.share.impuesto == "01"
    ]


def _line(invoice: Declared, effect: Effect) -> list[str]:
    of, share = effect
    if invoice.annulled:
        share = _nothing(share)
    day = invoice.tax_day
    series, number = split(of.num_serie)
    taxed = share.rate is not None
    return [
        str(day.year), periods.aeat(day, periods.QUARTER), "", "", "", of.tipo, "", "",
        _day(of.issued), _day(of.operation) if of.operation else "", guarded(series), guarded(number), "",
        of.id_type, of.country, guarded(of.identity), guarded(of.name if of.identity else CONSUMER)[:40],
        share.regimen, share.calificacion, share.exencion,
        amount(share.base + share.tax + share.surcharge), amount(share.base),
        amount(share.rate) if share.rate is not None else "", amount(share.tax) if taxed else "",
        amount(share.surcharge_rate) if share.surcharge_rate is not None else "",
        amount(share.surcharge) if share.surcharge_rate is not None else "",
        "", "", "", "", "", "", of.agreement, "", "", ANNULLED if invoice.annulled else "",
    ]  # fmt: skip


def split(num_serie: str) -> tuple[str, str]:
    """Return series and number, which together are NumSerieFactura: the number is the digits at its end, and what the
    series has no room for.

    >>> split("A2027-000012"), split("X")
    (('A2027-', '000012'), ('', 'X'))
    """
    found = re.search(r"\d{1,20}$", num_serie)
    at = min(found.start() if found else max(len(num_serie) - ROOM, 0), ROOM)
    return num_serie[:at], num_serie[at:]


def _nothing(share: Share) -> Share:
    zero = Decimal(0)
    return Share(
        impuesto=share.impuesto, regimen=share.regimen, calificacion=share.calificacion, exencion=share.exencion,
        rate=share.rate, base=zero,
    )  # fmt: skip


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"
