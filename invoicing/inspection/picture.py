"""What is inside an export, as it was at one moment, however long the export takes.

Almost all of it is rows that never change: they are read page by page whenever their turn comes, each page a short
transaction. What may change while that goes on (the state of an invoice, a record's verdict, a submission's end, which
record counts, what has come since) is read once, in ONE short transaction that sees one moment (REPEATABLE READ), into
cursors WITH HOLD: at its end PostgreSQL writes their rows (ids and the changing columns, no texts) to a temporary file
of its own, and they are read from there for as long as the session lasts.

Weighed: one REPEATABLE READ transaction around everything needs neither, but it would stay open for as long as a disk
takes to read and a ZIP to be written, and the vacuum of the whole database, the queue's busy tables first, would wait
for it (our own `idle_in_transaction_session_timeout` of ten seconds says so too). Paging up to the chain's head, as it
was at the start, bounds which records are inside, but not what is said of them.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from django.db import connection, transaction
from psycopg.rows import class_row

from common import clock
from common.findings import Finding
from invoicing.books.reading import NEWEST, TAX_DAY
from invoicing.models import Company, Series
from invoicing.verification import gaps_in
from verifactu.models import Installation

PAGE = 200
"""Rows that are in memory at once."""
LONGEST = "10min"
"""How long a statement of the moment itself may take: it reads keys of every invoice and record of the period."""


class Scope(NamedTuple):
    """Of which company and environment, from which day of the issuer's calendar to which, both included."""

    company: Company
    environment: str
    first: date
    last: date

    @property
    def zone(self) -> ZoneInfo:
        """Where the issuer's days begin and end."""
        return ZoneInfo(self.company.zone)

    @property
    def start(self) -> datetime:
        """The instant at which the period begins."""
        return datetime.combine(self.first, time(), self.zone)

    @property
    def end(self) -> datetime:
        """The first instant after the period.

        :raises OverflowError: where the calendar ends.
        """
        return datetime.combine(self.last + timedelta(days=1), time(), self.zone)


class HeldInvoice(NamedTuple):
    """An invoice inside: issued in the period, or in its register by the day of its operation (`in_book`)."""

    id: UUID
    state: str
    record_id: UUID
    counts: UUID
    """The record that counts: the newest alta that was not turned down."""
    in_book: bool
    document_id: UUID | None
    named_by: list[str]
    """`rectifies R2027-000001`: what other invoices do to it."""


class HeldRecord(NamedTuple):
    """A record inside: made in the period (`in_period`), or of an invoice inside."""

    id: UUID
    installation_id: UUID
    seq: int
    in_period: bool
    state: str
    submission_id: UUID | None
    codigo_error: str
    descripcion_error: str
    csv: str
    verdict_at: datetime | None
    reason: str


class HeldSubmission(NamedTuple):
    """A submission that began in the period, or that took a record inside along."""

    id: UUID
    installation_id: UUID
    state: str
    first_seq: int
    size: int
    incidencia: bool
    started_at: datetime
    finished_at: datetime | None
    next_at: datetime | None
    failures: int
    reason: str
    answers: list[UUID]


class HeldVersion(NamedTuple):
    """A version of an order behind an invoice inside."""

    id: UUID


R = TypeVar("R")


class Held(Generic[R]):
    """Rows that the server holds for this session: counted, and read page by page as often as wanted."""

    def __init__(self, row: type[R], statement: str, parameters: dict[str, Any]) -> None:
        self._cursor = psycopg.ServerCursor(
            connection.connection, f"evidence_{row.__name__.lower()}", row_factory=class_row(row), scrollable=True,
            withhold=True,
        )  # fmt: skip
        self._cursor.execute(statement, parameters)

    def count(self) -> int:
        """Return how many there are."""
        self._cursor.scroll(0, mode="absolute")
        with connection.cursor() as cursor:
            cursor.execute(f"MOVE FORWARD ALL IN {self._cursor.name}")
            return int(cursor.rowcount)

    def pages(self) -> Iterator[list[R]]:
        """Yield the rows, `PAGE` at a time, from the first one on."""
        self._cursor.scroll(0, mode="absolute")
        while rows := self._cursor.fetchmany(PAGE):
            yield rows

    def close(self) -> None:
        """Have the server forget them."""
        self._cursor.close()


class Picture(NamedTuple):
    """What is inside, at the moment `taken_at`."""

    scope: Scope
    taken_at: datetime
    chains: dict[UUID, Installation]
    """The chains of the environment, the oldest first, each with its head at that moment."""
    series: list[Series]
    """Those of which there are invoices inside."""
    gaps: list[Finding]
    """What is wrong with their numbers."""
    invoices: Held[HeldInvoice]
    records: Held[HeldRecord]
    submissions: Held[HeldSubmission]
    versions: Held[HeldVersion] | None


_IN_BOOK = TAX_DAY.replace("%s AND %s", "%(first)s AND %(last)s")
_INSIDE = f"""
    invoicing_invoice i WHERE i.company_id = %(company)s AND i.environment = %(environment)s
    AND (i.issue_date BETWEEN %(first)s AND %(last)s OR {_IN_BOOK})
"""
_INVOICES = f"""
    SELECT i.id, i.state, i.record_id, coalesce(newest.id, i.record_id) AS counts,
           {_IN_BOOK} AS in_book, d.id AS document_id,
           ARRAY(SELECT f.relation || ' ' || n.num_serie FROM invoicing_invoicereference f
                 JOIN invoicing_invoice n ON n.id = f.document_id WHERE f.invoice_id = i.id ORDER BY n.id) AS named_by
    FROM (SELECT i.* FROM {_INSIDE}) i
    LEFT JOIN verifactu_record r ON r.id = i.record_id
    LEFT JOIN verifactu_installation own ON own.id = r.installation_id
    {NEWEST}
    LEFT JOIN invoicing_document d ON d.invoice_id = i.id
    ORDER BY i.issue_date, i.series_id, i.number
"""  # noqa: S608 (conditions of ours)
_RECORDS = f"""
    SELECT r.*, chain.created_at AS chain_from, r.generated_at >= %(start)s AND r.generated_at < %(end)s AS in_period
    FROM verifactu_record r JOIN verifactu_installation chain ON chain.id = r.installation_id
    WHERE chain.taxpayer_id = %(taxpayer)s AND chain.environment = %(environment)s AND (
        r.generated_at >= %(start)s AND r.generated_at < %(end)s
        OR r.id IN (SELECT i.record_id FROM {_INSIDE})
        OR (r.id_emisor, r.num_serie, r.fecha_expedicion) IN (
            SELECT i.issuer_nif, i.num_serie, to_char(i.issue_date, 'DD-MM-YYYY') FROM {_INSIDE}
        )
    )
"""  # noqa: S608 (conditions of ours)
_HELD_RECORDS = f"""
    SELECT id, installation_id, seq, in_period, state, submission_id, codigo_error, descripcion_error, csv, verdict_at,
           reason
    FROM ({_RECORDS}) inside ORDER BY chain_from, installation_id, seq
"""  # noqa: S608 (conditions of ours)
_SUBMISSIONS = f"""
    WITH inside AS MATERIALIZED (SELECT installation_id, seq, submission_id FROM ({_RECORDS}) records)
    SELECT s.id, s.installation_id, s.state, s.first_seq, s.count AS size, s.incidencia, s.started_at, s.finished_at,
           s.next_at, s.failures, s.reason,
           ARRAY(SELECT a.id FROM verifactu_answer a WHERE a.submission_id = s.id ORDER BY a.id) AS answers
    FROM verifactu_submission s JOIN verifactu_installation chain ON chain.id = s.installation_id
    WHERE chain.taxpayer_id = %(taxpayer)s AND chain.environment = %(environment)s AND (
        s.started_at >= %(start)s AND s.started_at < %(end)s
        OR s.id IN (SELECT submission_id FROM inside)
        OR s.id IN (
            SELECT tried.id FROM inside JOIN verifactu_submission tried
            ON tried.installation_id = inside.installation_id
            AND inside.seq >= tried.first_seq AND inside.seq < tried.first_seq + tried.count
        )
    )
    ORDER BY chain.created_at, s.installation_id, s.id
"""  # noqa: S608 (conditions of ours)
_VERSIONS = f"""
    SELECT v.id FROM invoicing_snapshot v WHERE v.order_id IN (SELECT i.order_id FROM {_INSIDE})
    ORDER BY v.order_id, v.version
"""  # noqa: S608 (conditions of ours)


@contextmanager
def picture(scope: Scope, *, orders: bool) -> Iterator[Picture]:
    """Take the picture, and lend it."""
    parameters = {
        "company": scope.company.pk, "taxpayer": scope.company.taxpayer_id, "environment": scope.environment,
        "first": scope.first, "last": scope.last, "start": scope.start, "end": scope.end,
    }  # fmt: skip
    with ExitStack() as stack:

        def held(row: type[R], statement: str) -> Held[R]:
            rows = Held(row, statement, parameters)
            stack.callback(rows.close)
            return rows

        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [LONGEST])
            taken_at = clock.now()
            chains = Installation.objects.filter(taxpayer=scope.company.taxpayer_id, environment=scope.environment)
            series = list(
                Series.objects.filter(
                    company=scope.company, environment=scope.environment,
                    invoices__issue_date__range=(scope.first, scope.last),
                ).distinct().order_by("pk")
            )  # fmt: skip
            taken = Picture(
                scope=scope,
                taken_at=taken_at,
                chains={chain.pk: chain for chain in chains.select_related("taxpayer").order_by("created_at", "pk")},
                series=series,
                gaps=[finding for each in series for finding in gaps_in(each)],
                invoices=held(HeldInvoice, _INVOICES),
                records=held(HeldRecord, _HELD_RECORDS),
                submissions=held(HeldSubmission, _SUBMISSIONS),
                versions=held(HeldVersion, _VERSIONS) if orders else None,
            )
        yield taken
