"""Rows that are written once: the guard in Python, the trigger behind it, and the seal that proves both.

A ledger model names in `mutable` the few columns that may change (a state, a later verdict). Four guards keep the
rest: `save` writes nothing else, the application role has no UPDATE privilege on other columns and no DELETE at all
(`common.grants`), the triggers below refuse it even to the owner, and `seal` shows afterwards that nobody did. One
transition is open beside them, and only once a row: personal data of some tables into nothing (`redactable`).
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

import pgtrigger
from django.apps import apps
from django.db import models

from common.prepared import insertion, insertion_of_many


class LedgerError(Exception):
    """A ledger row is written once; write a new row that corrects it instead."""


class FrozenColumns(pgtrigger.ReadOnly):
    """Refuse an UPDATE that changes any column outside the model's `mutable`."""

    def get_condition(self, model: Any) -> Any:
        # Migrations ask with a historical model, which has the fields but not the class attribute.
        now: Any = apps.get_model(model._meta.label)
        self.exclude = [*now.mutable, *now.redactable] or None
        return super().get_condition(model)  # type: ignore[no-untyped-call]


def ledger_insertion(rows: "Sequence[LedgerModel]", *, many: bool = False) -> tuple[str, list[Any]]:
    """Seal new rows of one model and return the INSERT that writes them, for a statement that does more besides."""
    for row in rows:
        row.seal = row.seal or row.compute_seal()
    return insertion(rows) if len(rows) == 1 and not many else insertion_of_many(rows)


class LedgerManager(models.Manager):  # type: ignore[type-arg]
    """Seals rows that are inserted in bulk, as `save` does for one."""

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        rows = list(objs)
        for row in rows:
            row.seal = row.compute_seal()
        return super().bulk_create(rows, *args, **kwargs)


class LedgerModel(models.Model):
    """A row that is inserted, sealed and from then on only read, but for the columns named in `mutable`."""

    mutable: ClassVar[tuple[str, ...]] = ()
    added: ClassVar[tuple[str, ...]] = ()
    """Columns that came after rows had been sealed: a seal covers them where they hold more than their default."""
    redactable: ClassVar[tuple[str, ...]] = ()
    """Columns of personal data, and `seal` with them: a redaction empties them once and seals the row anew. `save` does
    not write them; the model adds a trigger that refuses every change of theirs but that one."""

    seal = models.CharField(max_length=64, editable=False)

    objects: ClassVar[Any] = LedgerManager()

    class Meta:
        abstract = True
        triggers: ClassVar = [
            FrozenColumns(name="frozen_columns"),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="no_truncate",
                level=pgtrigger.Statement,
                operation=pgtrigger.Truncate,
                when=pgtrigger.Before,
                func="RAISE EXCEPTION 'a ledger table is never truncated';",
            ),
        ]

    def save(self, **kwargs: Any) -> None:
        """Insert the sealed row, or write its mutable columns.

        :raises LedgerError: when `update_fields` names a frozen column.
        """
        if self._state.adding:
            self.seal = self.compute_seal()
            super().save(**{**kwargs, "force_insert": True})
            return
        fields = kwargs.pop("update_fields", None)
        fields = set(self.mutable if fields is None else fields)
        if not fields or fields - set(self.mutable):
            raise LedgerError(
                f"{self._meta.label}: {', '.join(sorted(fields - set(self.mutable))) or 'nothing'} "
                "may not change; write a correcting row"
            )
        super().save(update_fields=fields, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse.

        :raises LedgerError: always.
        """
        raise LedgerError(f"{self._meta.label} rows are kept; write a correcting row")

    @classmethod
    def to_be_verified(cls) -> Any:
        """Return all rows with what their seals cover, so that verifying many asks for none of it one by one."""
        return cls.objects.all()

    def compute_seal(self) -> str:
        """Return the SHA-256 (hex) of the frozen columns and of `sealed_with()`, one `name=value` a line."""
        frozen = ((field, name, added, getattr(self, name)) for field, name, added in _frozen(type(self)))
        lines = [
            f"{name}={value if type(value) is str else canonical(field, value)}"
            for field, name, added, value in frozen
            if not added or value != field.get_default()
        ]
        return hashlib.sha256("\n".join([*lines, *self.sealed_with()]).encode()).hexdigest()

    def sealed_with(self) -> list[str]:
        """Return what else the seal covers (the seals of an invoice's lines, of the record before)."""
        return []


@cache
def _frozen(model: type[LedgerModel]) -> tuple[tuple[Any, str, bool], ...]:
    """Return each field that a seal covers, what it is called on a row, and whether it came later."""
    return tuple(
        (field, field.attname, field.name in model.added)
        for field in model._meta.concrete_fields
        if field.name not in model.mutable and field.name != "seal" and not isinstance(field, models.AutoField)
    )


def canonical(field: Any, value: Any) -> str:
    """Return `value` as the one text that it has before and after a round trip through PostgreSQL."""
    match value:
        case None:
            return ""
        case bool() | UUID():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case Decimal() if isinstance(field, models.DecimalField):
            return f"{value:.{field.decimal_places}f}"
        case bytes() | memoryview():
            return hashlib.sha256(value).hexdigest()
        case dict() | list() | tuple():
            return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return str(value)
