"""I8: every seal recomputes."""

from collections.abc import Iterator

from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist
from django.db import models

from common.findings import Finding
from common.ledger import LedgerModel


def broken_seals(rows: models.QuerySet[LedgerModel]) -> Iterator[Finding]:
    """Yield the rows of a ledger table whose seal is not the one that their frozen columns give."""
    for row in rows.order_by("pk").iterator(chunk_size=500):
        try:
            seal = row.compute_seal()
        except ObjectDoesNotExist as error:
            seal = str(error)  # a row that the seal covers is gone
        if seal != row.seal:
            yield Finding("I8", f"{row._meta.label} {row.pk}", "the seal does not fit the row: it was changed")


def ledger_models() -> list[type[LedgerModel]]:
    """Return every ledger model of the installed apps."""
    return [model for model in apps.get_models() if issubclass(model, LedgerModel)]
