"""Modelos 303 and 390 as files: one row a box. A page adds up its boxes, the whole adds up its pages."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial

from invoicing.books import boxes, forms
from invoicing.books.boxes import Amount, Box
from invoicing.books.pages import Page, Whole
from invoicing.books.reading import Declared, Effect, effects, of_page
from invoicing.sheets import Column, amount, number_of

COLUMNS = (
    Column("Casilla", "Box", "text", 9),
    Column("Concepto", "What it is", "text", 68),
    Column("Importe", "Amount", "money", 16),
    Column("Fuente", "Source", "text", 20),
    Column("Sin confirmar", "Unconfirmed", "text", 60),
)
_LEFT_OUT = "Facturas que no suman"
_CONTROL = ("Control: suma de todas las bases", "Control: sum of all bases")
_NO_BOX = ("Sin casilla", "No box")
EXCHANGE, ANNULLED = "F3, canje: sus importes ya se declararon con las simplificadas", "anuladas"
BASES = "="
"""Under this mark a page tells the sum of its bases."""

Of = Callable[[Declared, Effect], Iterable[Amount]]


def lines(of: Of, page: Page) -> list[list[str]]:
    """Return the sums of a page: box, what it is where it is none, amount."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    invoices = of_page(page)
    for invoice in invoices:
        if not invoice.counts:
            sums["", f"{_LEFT_OUT}: {ANNULLED if invoice.annulled else EXCHANGE}"] += sum(
                (share.base for share in invoice.shares), Decimal(0)
            )
    counted = [invoice for invoice in invoices if invoice.counts]
    for invoice, effect in effects(page.company_id, page.environment, counted):
        sums[BASES, ""] += effect.share.base
        for box, value, name in of(invoice, effect):
            sums[box, name] += value
    return [[box, name, amount(value)] for (box, name), value in sorted(sums.items())]


def whole(
    form: tuple[Box, ...], totals: Mapping[str, Sequence[str]], whole: Whole, parts: Iterator[list[str]]
) -> Iterator[list[str]]:
    """Yield every box of the form, then what has none, then the sum of all bases, to compare with."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for number, name, value in parts:
        sums[number, name] += number_of(value)
    filled = boxes.with_totals({number: value for (number, name), value in sums.items() if not name}, totals)
    english = whole.language == "en"
    for box in form:
        shown = box.rate or amount(filled.get(box.number, Decimal(0)))
        yield [box.number, box.en if english else box.es, shown, box.source, box.unconfirmed]
    for (_, name), total in sorted(sums.items()):
        if name:
            words = name if name.startswith(_LEFT_OUT) else f"{_NO_BOX[english]}: {name}"
            yield [boxes.NO_BOX, words, amount(total), "", ""]
    yield [boxes.NO_BOX, _CONTROL[english], amount(sums[BASES, ""]), "", ""]


lines_303 = partial(lines, boxes.of_303)
lines_390 = partial(lines, boxes.of_390)
whole_303 = partial(whole, forms.BOXES_303, boxes.TOTAL_303)
whole_390 = partial(whole, forms.BOXES_390, boxes.TOTALS_390)
