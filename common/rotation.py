"""Every secret in the database: under which of FIELD_KEYS it was written, and all of them under the newest.

A value is replaced only while it is still the one that was read: whoever stores another meanwhile has written it under
the newest key already. So this runs beside everything else, and again after it was killed.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias

from django.apps import apps
from django.core.checks import CheckMessage, Error
from django.db import DEFAULT_DB_ALIAS, connection, models, transaction

from common.secrets import EncryptedBytesField, EncryptedField, Under, renewed, under

Column: TypeAlias = "models.Field[Any, Any]"
PAGE = 200
"""Rows read at a time, and written in one commit."""


class Stored(NamedTuple):
    """A secret as it lies in the database."""

    column: "Column"
    row: Any
    text: str
    under: Under

    @property
    def name(self) -> str:
        """What the secret is of, for a person to find it: table, column and the row's key; never the secret."""
        return f"{self.column.model._meta.db_table}.{self.column.column} {self.row}"


def columns() -> list["Column"]:
    """Return the columns that hold secrets."""
    return [
        field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, (EncryptedField, EncryptedBytesField))
    ]


def pages(column: "Column") -> Iterator[list[Stored]]:
    """Yield the secrets of a column that holds any, page by page in the order of its rows."""
    table, key, name = _quoted(column)
    after: list[Any] = []
    while True:
        wanted = f"{name} <> ''" + (f" AND {key} > %s" if after else "")
        found = _rows(
            f"SELECT {key}, {name} FROM {table} WHERE {wanted} ORDER BY {key} LIMIT {PAGE}",  # noqa: S608 (our models')
            after,
        )
        if not found:
            return
        yield [Stored(column, row, text, under(text)) for row, text in found]
        after = [found[-1][0]]


def renew(secrets: Iterable[Stored]) -> int:
    """Write secrets under the newest key, in one commit, and return how many were still as they had been read."""
    with transaction.atomic():
        return sum(_replace(secret, renewed(secret.text)) for secret in secrets)


def discard(secrets: Iterable[Stored]) -> int:
    """Empty secrets that nobody can read any more, in one commit, and return how many were still there."""
    with transaction.atomic():
        return sum(_replace(secret, "") for secret in secrets)


def unreadable(databases: Iterable[str] | None = (DEFAULT_DB_ALIAS,), **options: Any) -> list[CheckMessage]:
    """Return E001 when there are secrets that no present key reads: asked by `migrate`, each worker and `doctor`.

    Asks nothing where the check may not use the database, or where there are no tables yet.
    """
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    lost = [
        secret.name
        for column in columns()
        if column.column in _columns_of(column.model._meta.db_table)
        for page in pages(column)
        for secret in page
        if secret.under is Under.NONE
    ]
    if not lost:
        return []
    return [
        Error(
            f"{len(lost)} stored secrets cannot be read with the present FIELD_KEYS (one of them: {lost[0]}).",
            hint=(
                "Put the key that wrote them back into FIELD_KEYS, after the newest, and run manage.py "
                "rotate_field_keys before it is taken away. If it is lost for good: manage.py rotate_field_keys "
                "--discard-unreadable, then enter those certificates and secrets again."
            ),
            id="common.E001",
        )
    ]


def _replace(secret: Stored, text: str) -> int:
    table, key, name = _quoted(secret.column)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {name} = %s WHERE {key} = %s AND {name} = %s",  # noqa: S608 (names of our models)
            [text, secret.row, secret.text],
        )
        return int(cursor.rowcount)


def _rows(statement: str, parameters: list[Any]) -> list[tuple[Any, str]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _columns_of(table: str) -> set[str]:
    """Return the columns of a table, none where it is not there: before the first migration, and between two."""
    found = _rows(
        "SELECT column_name, '' FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND table_name = %s",
        [table],
    )
    return {name for name, _ in found}


def _quoted(column: "Column") -> tuple[str, str, str]:
    meta = column.model._meta
    quote = connection.ops.quote_name
    return quote(meta.db_table), quote(str(meta.pk.column)), quote(str(column.column))
