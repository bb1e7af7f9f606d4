"""The books that can be exported: the list of invoices, the AEAT's register of them, and the figures of four returns.

A book is written page by page, each by a process of its own (invoicing/exports.py). Pages of a list are put one behind
the other; those of a return are sums, which `whole` adds up.
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

from invoicing.books import listing, oneshop, periods, recapitulative, register, returns
from invoicing.books.pages import INVOICES, Page, Whole
from invoicing.sheets import Column


class Book(NamedTuple):
    """One kind of export."""

    kind: str
    es: str
    en: str
    sheet: str
    columns: tuple[Column, ...]
    lines: Callable[[Page], list[list[str]]]
    """The lines of one page, or the sums of its invoices."""
    whole: Callable[[Whole, Iterator[list[str]]], Iterator[list[str]]] | None = None
    """The rows of the file, made of the pages' sums."""
    spans: tuple[str, ...] = ()
    """The periods it may be of; empty for any days."""
    by_tax_day: bool = True
    heads: Callable[[], list[list[str]]] | None = None
    """The header lines where they are fixed."""

    def header(self, language: str) -> list[list[str]]:
        """Return the header lines."""
        return self.heads() if self.heads else [[getattr(column, language) for column in self.columns]]

    def name(self, language: str) -> str:
        """Return what it is called."""
        return self.en if language == "en" else self.es


_FILED = (periods.MONTH, periods.QUARTER)

BOOKS = {
    book.kind: book
    for book in (
        Book(INVOICES, "Facturas", "Invoices", listing.SHEET, listing.COLUMNS, listing.lines, by_tax_day=False),
        Book("libro", "Libro registro de facturas expedidas", "Register of issued invoices", register.SHEET,
             register.COLUMNS, register.lines, heads=register.headers),
        Book("303", "Modelo 303", "Modelo 303", "303", returns.COLUMNS, returns.lines_303, returns.whole_303, _FILED),
        Book("349", "Modelo 349", "Modelo 349", "349", recapitulative.COLUMNS, recapitulative.lines,
             recapitulative.whole, _FILED),
        Book("369", "Modelo 369", "Modelo 369", "369", oneshop.COLUMNS, oneshop.lines, oneshop.whole,
             (periods.QUARTER,)),
        Book("390", "Modelo 390", "Modelo 390", "390", returns.COLUMNS, returns.lines_390, returns.whole_390,
             (periods.YEAR,)),
    )
}  # fmt: skip
"""By kind, in the order in which they are offered."""

_SPANS = {periods.MONTH: "a month (2027-03)", periods.QUARTER: "a quarter (2027-Q1)", periods.YEAR: "a year (2027)"}


def check(kind: str, first: date, last: date) -> None:
    """Make sure that there is such a book of those days.

    :raises ValueError: when there is not, with what to ask for instead.
    """
    if kind not in BOOKS:
        raise ValueError(f"unknown kind {kind!r}; there are {', '.join(BOOKS)}")
    if first > last:
        raise ValueError(f"the period ends ({last}) before it begins ({first})")
    spans = BOOKS[kind].spans
    if spans and periods.span(first, last) not in spans:
        raise ValueError(f"{kind} is of {' or '.join(_SPANS[span] for span in spans)}, not from {first} to {last}")
