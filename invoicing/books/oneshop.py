"""Modelo 369, Union scheme: by member state of consumption and rate, and corrections of earlier quarters apart.

Fields of the AEAT's design DR369 (sections 3 to 7): of a sale Código País EM de consumo, tipo, base, cuota; of a
correction Código País EM de consumo, ejercicio, periodo, cuota corregida. Corrections stand in a later return, by
member state and period corrected (Reglamento de Ejecución (UE) 282/2011, art. 61). «unconfirmed»: goods and services
are not told apart, because no invoice says which its rows are; the form does.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from invoicing.books import periods
from invoicing.books.pages import Page, Whole
from invoicing.books.reading import Declared, ForeignShare, of_numbers, of_page
from invoicing.sheets import Column, amount, number_of

COLUMNS = (
    Column("Registro", "Record", "text", 16),
    Column("Estado miembro de consumo", "Member state of consumption", "text", 14),
    Column("Tipo %", "Rate %", "money", 9),
    Column("Base imponible", "Taxable base", "money", 16),
    Column("Cuota", "Tax", "money", 16),
    Column("Ejercicio corregido", "Year corrected", "year", 12),
    Column("Periodo corregido", "Period corrected", "text", 12),
)
SALE, CORRECTION, TOTAL = ("Operaciones", "Operations"), ("Corrección", "Correction"), ("Total", "Total")


def lines(page: Page) -> list[list[str]]:
    """Return a page's sums: member state, rate, first day of the corrected quarter or nothing, base, tax."""
    invoices = [invoice for invoice in of_page(page) if invoice.counts and invoice.foreign]
    known = of_numbers(
        page.company_id, page.environment,
        (number for invoice in invoices if invoice.corrective for number, _ in invoice.rectifies),
    )  # fmt: skip
    sums: dict[tuple[str, Decimal, str], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for invoice in invoices:
        first = _corrected(invoice, known)
        quarter = "" if first in (None, page.first) else str(first)
        for sign, share in _changes(invoice, known):
            place = sums[share.country, share.rate, quarter]
            place[0] += sign * share.base
            place[1] += sign * share.tax
    return [
        [country, amount(rate), quarter, amount(base), amount(tax)]
        for (country, rate, quarter), (base, tax) in sorted(sums.items())
    ]


def _changes(invoice: Declared, known: dict[str, Declared]) -> Iterator[tuple[int, ForeignShare]]:
    """Yield what an invoice adds and, when it corrects by substitution, what it takes back."""
    for share in invoice.foreign:
        yield 1, share
    if invoice.replaced:
        for number, _ in invoice.rectifies:
            for share in known[number].foreign if number in known else ():
                yield -1, share


def _corrected(invoice: Declared, known: dict[str, Declared]) -> date | None:
    """Return the first day of the quarter that a corrective invoice corrects."""
    if not invoice.corrective or not invoice.rectifies:
        return None
    number, issued = invoice.rectifies[0]
    day = known[number].tax_day if number in known else issued
    return periods.around(day, periods.QUARTER)[0]


def whole(whole: Whole, parts: Iterator[list[str]]) -> Iterator[list[str]]:
    """Yield what was sold by member state and rate, corrections by member state and quarter, and the total of taxes."""
    english = whole.language == "en"
    sold: dict[tuple[str, Decimal], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    corrected: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for country, rate, quarter, base, tax in parts:
        if quarter:
            corrected[country, quarter] += number_of(tax)
            continue
        sums = sold[country, number_of(rate)]
        sums[0] += number_of(base)
        sums[1] += number_of(tax)
    for (country, percent), (base_sum, tax_sum) in sorted(sold.items()):
        yield [SALE[english], country, amount(percent), amount(base_sum), amount(tax_sum), "", ""]
    for (country, quarter), tax_sum in sorted(corrected.items()):
        first = date.fromisoformat(quarter)
        yield [
            CORRECTION[english],
            country,
            "",
            "",
            amount(tax_sum),
            str(first.year),
            periods.aeat(first, periods.QUARTER),
        ]
    base_sum = sum((base for base, _ in sold.values()), Decimal(0))
    tax_sum = sum((tax for _, tax in sold.values()), Decimal(0)) + sum(corrected.values(), Decimal(0))
    yield [TOTAL[english], "", "", amount(base_sum), amount(tax_sum), "", ""]
