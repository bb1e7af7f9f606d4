"""Lists: newest first, a page at a time, from where the last page ended; and the parameters that narrow them.

Never by offset: pages stay whole while rows are added, and the thousandth costs what the first does.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_date, parse_datetime
from rest_framework.request import Request

from common.words import Words
from invoicing.api import ids
from invoicing.api.problems import Problem

DEFAULT_LIMIT = 50
MAX_LIMIT = 100

Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item")
Filter = Callable[[str], Q]
"""Turns the text of a parameter into a condition, or raises BadValue."""


class BadValue(ValueError):
    """The text of a parameter cannot be read; the message, in both languages, says what it should be."""

    def __init__(self, expected: Words) -> None:
        super().__init__(expected.en)
        self.expected = expected


class Page(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """One page of a list. `next` is the address of the following page, null on the last."""

    data: list[Item]
    has_more: bool
    next: str | None


def page(
    request: Request,
    rows: "QuerySet[Row]",
    kind: str,
    filters: Mapping[str, Filter],
    show: Callable[[Sequence[Row]], list[Item]],
) -> Page[Item]:
    """Return the page that the request asks for, each row as `show` puts it.

    :raises Problem: `parameter-invalid`, naming each parameter that is unknown, repeated or unreadable.
    """
    found: dict[str, Any] = {"limit": DEFAULT_LIMIT, "cursor": None}
    readers: dict[str, Callable[[str], Any]] = {"limit": _limit, "cursor": identifier(kind), **filters}
    errors = []
    for name, values in request.query_params.lists():
        try:
            if name not in readers:
                raise BadValue(
                    Words(f"no existe; hay {', '.join(readers)}", f"unknown; there are {', '.join(readers)}")
                )
            if len(values) != 1 or "\x00" in values[0]:
                raise BadValue(
                    Words("va una sola vez y sin caracteres nulos", "stands once and has no null characters")
                )
            found[name] = readers[name](values[0])
        except BadValue as error:
            errors.append({"parameter": name, "detail": str(error.expected)})
    if errors:
        raise Problem("parameter-invalid", errors=errors)
    for name in filters:
        rows = rows.filter(found.get(name, Q()))
    if found["cursor"]:
        rows = rows.filter(pk__lt=found["cursor"])
    limit = found["limit"]
    # One row more than asked tells whether there is another page.
    taken = list(rows.order_by("-pk")[: limit + 1])
    more = len(taken) > limit
    taken = taken[:limit]
    return Page(data=show(taken), has_more=more, next=_next(request, ids.text(kind, taken[-1].pk)) if more else None)


# --- readers of parameters -----------------------------------------------------------------------------------------


def equal(column: str) -> Filter:
    """Return the filter for rows whose column is the text."""
    return lambda text: Q(**{column: text})


def among(column: str, values: Sequence[str]) -> Filter:
    """Return the filter for rows whose column is one of a few values."""

    def read(text: str) -> Q:
        if text not in values:
            raise BadValue(Words(f"es uno de {', '.join(values)}", f"is one of {', '.join(values)}"))
        return Q(**{column: text})

    return read


def related(column: str, kind: str) -> Filter:
    """Return the filter for rows that point to the row with an identifier."""
    read = identifier(kind)
    return lambda text: Q(**{column: read(text)})


def on_day(column: str) -> Filter:
    """Return the filter that compares a column (with its lookup) with a day."""
    return lambda text: Q(**{column: day(text)})


def identifier(kind: str) -> Callable[[str], UUID]:
    """Return the reader of identifiers of a kind."""

    def read(text: str) -> UUID:
        try:
            return ids.uuid(kind, text)
        except ids.NotAnId as error:
            raise BadValue(Words(f"es un identificador {kind}_…", f"is an identifier {kind}_…")) from error

    return read


def day(text: str) -> date:
    """Return the day that YYYY-MM-DD names."""
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    if found is None:
        raise BadValue(Words("es un día, AAAA-MM-DD", "is a day, YYYY-MM-DD"))
    return found


def moment(text: str) -> datetime:
    """Return the instant that an RFC 3339 text names; a plus sign that an address turned into a space is restored."""
    try:
        found = parse_datetime(re.sub(r" (?=\d\d:?\d\d$)", "+", text))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise BadValue(
            Words("es un instante con su huso, 2027-01-31T10:00:00+01:00", "is an instant with its offset, "
                 "2027-01-31T10:00:00+01:00")
        )  # fmt: skip
    return found


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_LIMIT):
        raise BadValue(Words(f"es un número de 1 a {MAX_LIMIT}", f"is a number from 1 to {MAX_LIMIT}"))
    return int(text)


def _next(request: Request, last: str) -> str:
    query = request.query_params.copy()
    query["cursor"] = last
    return str(request.build_absolute_uri(f"{request.path}?{query.urlencode()}"))
