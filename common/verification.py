"""I8: every seal recomputes."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist
from django.db import models

from common.findings import Finding
from common.ledger import LedgerModel

T = TypeVar("T", bound=models.Model)

AT_ONCE = 500


def in_pages(
    rows: models.QuerySet[T], *, key: str = "pk", size: int = AT_ONCE, tell: Callable[[int], object] = lambda read: None
) -> Iterator[T]:
    """Yield rows in the order of a unique column, a page at a time: no more than that is in memory, nor locked.

    `tell` is told after each page how many were read.
    """
    after: Any = None
    read = 0
    while page := list((rows.filter(**{f"{key}__gt": after}) if read else rows).order_by(key)[:size]):
        yield from page
        read += len(page)
        after = getattr(page[-1], key)
        tell(read)


def broken_seals(
    rows: models.QuerySet[LedgerModel], tell: Callable[[int], object] = lambda read: None
) -> Iterator[Finding]:
    """Yield the rows of a ledger table whose seal is not the one that their frozen columns give."""
    for row in in_pages(rows, tell=tell):
        yield from broken_seal(row)


def broken_seal(row: LedgerModel) -> Iterator[Finding]:
    """Yield what is wrong with the seal of one row, if anything is."""
    try:
        seal = row.compute_seal()
    except ObjectDoesNotExist as error:
        seal = str(error)  # a row that the seal covers is gone
    if seal != row.seal:
        yield Finding("I8", f"{row._meta.label} {row.pk}", "the seal does not fit the row: it was changed")


def ledger_models() -> list[type[LedgerModel]]:
    """Return every ledger model of the installed apps."""
    return [model for model in apps.get_models() if issubclass(model, LedgerModel)]
