"""Modelo 349, sales: operators by VAT number and key (E goods, S services), and corrections of earlier periods apart.

Fields of the type 2 records of Orden EHA/769/2010 (operators; rectifications with ejercicio, periodo, base rectificada
and base declarada anteriormente) and the AEAT's manual, chapter 9: a correction stands in the period in which it was
notified, and says the base of the earlier period as it is now and as it was declared. One that corrects the same period
is simply in its sum.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from invoicing.books import periods
from invoicing.books.pages import Page, Whole
from invoicing.books.reading import Declared, Effect, effects, of_numbers, of_page, of_recipient
from invoicing.books.treatments import operation_key
from invoicing.sheets import Column, amount, guarded, number_of

COLUMNS = (
    Column("Registro", "Record", "text", 16),
    Column("NIF-IVA del operador", "Operator's VAT number", "text", 20),
    Column("Nombre o razón social", "Name", "text", 36),
    Column("Clave", "Key", "text", 7),
    Column("Base imponible", "Taxable base", "money", 16),
    Column("Ejercicio rectificado", "Year corrected", "year", 12),
    Column("Periodo rectificado", "Period corrected", "text", 12),
    Column("Base rectificada", "Base corrected", "money", 16),
    Column("Base declarada anteriormente", "Base declared before", "money", 16),
)
OPERATOR, CORRECTION, SUMMARY = ("Operador", "Operator"), ("Rectificación", "Correction"), ("Resumen", "Summary")


class Operation(NamedTuple):
    """What is added to one operator's sums; `period` is the first day of an earlier one that it corrects."""

    identity: str
    name: str
    key: str
    period: date | None
    base: Decimal


def lines(page: Page) -> list[list[str]]:
    """Return a page's sums: VAT number, name, key, first day of the corrected period or nothing, base."""
    span = periods.span(page.first, page.last)
    sums: dict[tuple[str, str, str], tuple[str, Decimal]] = {}
    for identity, name, key, period, base in operations(page.company_id, page.environment, of_page(page), span):
        place = identity, key, "" if period in (None, page.first) else str(period)
        sums[place] = name, sums.get(place, ("", Decimal(0)))[1] + base
    return [
        [identity, guarded(name), key, period, amount(base)] for (identity, key, period), (name, base) in sums.items()
    ]


def operations(company_id: UUID, environment: str, invoices: Iterable[Declared], span: str) -> Iterator[Operation]:
    """Yield the operations of invoices; a corrective one's belong to the period of the invoice that it corrects."""
    counted = [invoice for invoice in invoices if invoice.counts]
    known = of_numbers(
        company_id,
        environment,
        (number for invoice in counted if invoice.corrective for number, _ in invoice.rectifies),
    )
    for invoice, effect in effects(company_id, environment, counted):
        if key := operation_key(effect):
            yield Operation(
                effect.of.identity, effect.of.name, key, _corrected(invoice, effect, known, span), effect.share.base
            )


def _corrected(invoice: Declared, effect: Effect, known: dict[str, Declared], span: str) -> date | None:
    """Return the first day of the period that a corrective invoice corrects: of what it takes back, else of the first
    that it names; one that names none corrects its own.
    """
    if not invoice.corrective:
        return None
    day = effect.of.tax_day
    if effect.of is invoice and invoice.rectifies:
        number, issued = invoice.rectifies[0]
        day = known[number].tax_day if number in known else issued
    return periods.around(day, span)[0]


def whole(whole: Whole, parts: Iterator[list[str]]) -> Iterator[list[str]]:
    """Yield operators, then corrections, then the form's summary."""
    english = whole.language == "en"
    operators: dict[tuple[str, str], tuple[str, Decimal]] = {}
    corrections: dict[tuple[str, str, str], tuple[str, Decimal]] = {}
    for identity, name, key, period, value in parts:
        if period:
            before = corrections.get((identity, key, period), ("", Decimal(0)))[1]
            corrections[identity, key, period] = name, before + number_of(value)
        else:
            before = operators.get((identity, key), ("", Decimal(0)))[1]
            operators[identity, key] = name, before + number_of(value)
    for (identity, key), (name, base) in sorted(operators.items()):
        yield [OPERATOR[english], identity, name, key, amount(base), "", "", "", ""]
    span = periods.span(whole.first, whole.last)
    corrected = Decimal(0)
    for (identity, key, period), (name, change) in sorted(corrections.items()):
        first = date.fromisoformat(period)
        before = declared_before(whole, identity, key, first, span)
        corrected += before + change
        yield [CORRECTION[english], identity, name, key, "", str(first.year), periods.aeat(first, span),
               amount(before + change), amount(before)]  # fmt: skip
    total = sum((base for _, base in operators.values()), Decimal(0))
    yield [SUMMARY[english], str(len(operators)), "", "", amount(total), "", "", "", ""]
    yield [SUMMARY[english], str(len(corrections)), "", "", "", "", "", amount(corrected), ""]


def declared_before(whole: Whole, identity: str, key: str, first: date, span: str) -> Decimal:
    """Return an operator's base of an earlier period as it stood before this one: its sales, and corrections since."""
    last = periods.around(first, span)[1]
    invoices = [
        invoice
        for invoice in of_recipient(
            whole.company_id, whole.environment, identity, first, whole.last + timedelta(days=1)
        )
        if (invoice.issued < whole.first if invoice.corrective else first <= invoice.tax_day <= last)
    ]
    sums: dict[tuple[str, str, date | None], Decimal] = defaultdict(Decimal)
    for operation in operations(whole.company_id, whole.environment, invoices, span):
        period = operation.period or first
        sums[operation.identity, operation.key, period] += operation.base
    return sums[identity, key, first]
