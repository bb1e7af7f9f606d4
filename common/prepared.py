"""Models through statements of our own: for the few transactions whose cost is the number and the making of statements.

The ORM compiles each query anew, and its cursor has each planned anew. Where an invoice is issued that is most of the
time, so there the statements are written out, prepared once a session (`workflows.rows.sql`), and the rows become
instances here: what a field does to a value on its way in and out, it does here too.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, models


class Columns(NamedTuple):
    """Some columns of a model, for a SELECT and for the rows that it returns."""

    model: type[models.Model]
    alias: str
    fields: tuple[Any, ...]

    @classmethod
    def of(cls, model: type[models.Model], alias: str, *names: str) -> "Columns":
        """Name the columns that are wanted; the others are deferred, as by `only`."""
        # In the model's own order, which is that in which Django takes the values of an instance.
        return cls(model, alias, tuple(field for field in model._meta.concrete_fields if field.name in names))

    def __str__(self) -> str:
        """The columns as a SELECT lists them."""
        return ", ".join(f'{self.alias}."{field.column}"' for field in self.fields)

    def load(self, values: Sequence[Any]) -> Any:
        """Return the instance that a row stands for."""
        names = [field.attname for field in self.fields]
        return self.model.from_db(DEFAULT_DB_ALIAS, names, list(map(_loaded, self.fields, values)))


def insertion(rows: Sequence[models.Model]) -> tuple[str, list[Any]]:
    """Return the INSERT of rows of one model that are complete as they are, keys from the database apart."""
    head, places, fields = _insertion(type(rows[0]))
    values = _saved(rows, fields)
    _written(rows)
    return f"{head} VALUES {', '.join([places] * len(rows))}", values


def insertion_of_many(rows: Sequence[models.Model]) -> tuple[str, list[Any]]:
    """Return the INSERT of rows of one model as one value, so that the statement is the same for any number of them.

    :raises TypeError: for a column that JSON text does not carry as it is (JSON itself, bytes).
    """
    model, (_, _, fields) = type(rows[0]), _insertion(type(rows[0]))
    columns = ", ".join(f'"{field.column}"' for field in fields)
    saved = iter(_saved(rows, fields))
    values = [{field.column: next(saved) for field in fields} for _ in rows]
    _written(rows)
    table = model._meta.db_table
    return (
        f'INSERT INTO "{table}" ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::"{table}", %s)',  # noqa: S608 (the model's own names)
        [json.dumps(values, default=_text)],
    )


@cache
def _insertion(model: type[models.Model]) -> tuple[str, str, tuple[Any, ...]]:
    fields = tuple(field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField))
    columns = ", ".join(f'"{field.column}"' for field in fields)
    head = f'INSERT INTO "{model._meta.db_table}" ({columns})'
    return head, f"({', '.join(['%s'] * len(fields))})", fields


_AS_THEY_ARE = {
    models.CharField: str,
    models.TextField: str,
    models.UUIDField: UUID,
    models.DateTimeField: datetime,
    models.DateField: date,
    models.DecimalField: Decimal,
    models.BooleanField: bool,
}
"""Fields that give the driver a value of this type as it is: the way through `get_db_prep_save` ends there too."""


def _saved(rows: Sequence[models.Model], fields: Sequence[Any]) -> list[Any]:
    """Return the values of rows, field by field, as the driver takes them."""
    backend: Any = connections[DEFAULT_DB_ALIAS]  # itself: the proxy looks it up for every attribute
    saved = []
    for row in rows:
        for field in fields:
            value = getattr(row, field.attname)
            as_it_is = value is None or type(value) is _AS_THEY_ARE.get(type(field))
            saved.append(value if as_it_is else field.get_db_prep_save(value, backend))
    return saved


def _written(rows: Sequence[models.Model]) -> None:
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def _text(value: Any) -> str:
    if isinstance(value, Decimal | UUID | date):
        return str(value)
    raise TypeError(f"{type(value).__name__} is written by a statement of its own")


def _loaded(field: Any, value: Any) -> Any:
    convert = getattr(field, "from_db_value", None)
    return convert(value, None, connection) if convert else value
