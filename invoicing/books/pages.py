"""Pages of a company's invoices: where each ends, and how it travels to the process that writes it."""

from datetime import date
from uuid import UUID

import msgspec

INVOICES = "facturas"


class Key(msgspec.Struct, frozen=True):
    """The place of an invoice in the order of the export: by date, then by series and number."""

    date: date
    series: UUID
    number: int


class Plan(msgspec.Struct, frozen=True):
    """What is to be exported: how many invoices, the last one of each page, and the day of issue of the first."""

    environment: str
    rows: int
    ends: tuple[Key, ...]
    start: date | None = None


class Page(msgspec.Struct, frozen=True):
    """The invoices after one key up to another, both of one company and environment, for a book of a period."""

    company_id: UUID
    environment: str
    after: Key
    upto: Key
    language: str
    first: date
    last: date
    kind: str = INVOICES


class Whole(msgspec.Struct, frozen=True):
    """All that a book is about."""

    company_id: UUID
    environment: str
    first: date
    last: date
    language: str
    kind: str
