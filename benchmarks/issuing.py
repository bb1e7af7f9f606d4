"""What it costs to issue, one taxpayer and one session, against the same rows written by bare SQL.

Ours: `issue_document` of decisions taken beforehand: order, head and series locked, number, invoice with lines, record
made, validated, hashed and sealed, head advanced, submission woken. The other: psycopg alone, on the same tables with
their triggers and keys, writing rows of the same size: counter, head locked, invoice, lines, record, head. It computes
one hash to have a chain, and judges nothing.
"""

import hashlib
from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import UUID

import psycopg
from django.db import transaction
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from benchmarks.database import a_database
from benchmarks.harness import Figure, Side, compare, per_second, scaled
from common import clock
from common.ids import uuid7
from config.demo.catalogue import cif
from invoicing.capture import capture_delivery
from invoicing.deciding import Decided, decide_order
from invoicing.issuing import issue_document
from invoicing.models import Company, Connection, Delivery, Invoice
from tests.world import SOLER, arrive, la_encina, sale, shop

Row = dict[str, Any]
_numbers = count(1)


def measure(scale: float) -> list[Figure]:
    """Return `issue_vs_bare_sql`, in invoices per second."""
    each = scaled(40, scale)
    with a_database() as database:
        company = la_encina()
        connected = shop(company)
        model = issue_one(connected)
        bare_shop = shop(la_encina(nif=cif("B", 2_000_000)))
        with psycopg.connect(database.url, autocommit=True) as session:
            bare = Bare(session, model, bare_shop.company)
            return [
                compare(
                    "issue_vs_bare_sql",
                    ours=issuing(decided_orders(connected), each),
                    other=bare_issuing(bare, decided_orders(bare_shop), each),
                    other_is="psycopg writing the same rows into the same tables",
                    unit="per second",
                    at_least=0.33,
                )
            ]


def issuing(orders: Iterator[tuple[UUID, Decided]], each: int) -> Side:
    """Return a round of ours; the orders are captured and decided before its clock starts."""

    def side() -> float:
        ready = [next(orders) for _ in range(each)]

        def issue_all() -> None:
            for order, decided in ready:
                issue_document(order, decided, now=clock.now)

        return per_second(each, issue_all)

    return side


def bare_issuing(bare: "Bare", orders: Iterator[tuple[UUID, Decided]], each: int) -> Side:
    """Return a round of the other side, on orders that are ready in the same way."""

    def side() -> float:
        ready = [next(orders)[0] for _ in range(each)]

        def issue_all() -> None:
            for order in ready:
                bare.issue(order)

        return per_second(each, issue_all)

    return side


def decided_orders(connected: Connection) -> Iterator[tuple[UUID, Decided]]:
    """Make order after order, captured and decided."""
    for number in _numbers:
        arrive(connected, sale(SOLER, number=number))
        captured = capture_delivery(Delivery.objects.latest("id"), now=clock.now())
        assert captured and captured.order  # noqa: S101, PT018 (a paid order is a version)
        with transaction.atomic():
            decided = decide_order(captured.order.pk, (), now=clock.now())
        yield captured.order.pk, decided


def issue_one(connected: Connection) -> Invoice:
    """Return an invoice of ours, the model of the rows that the other side writes."""
    order, decided = next(decided_orders(connected))
    return issue_document(order, decided, now=clock.now)


class Bare:
    """Writes what an issued invoice consists of, with nothing around it."""

    def __init__(self, session: psycopg.Connection[Any], model: Invoice, company: Company) -> None:
        self._session = session
        self._company = company.pk
        self._invoice = self._read("invoicing_invoice", "id", model.pk)[0] | {"company_id": company.pk}
        self._lines = self._read("invoicing_invoiceline", "invoice_id", model.pk)
        for line in self._lines:
            del line["id"]
        self._record = self._read("verifactu_record", "id", model.record_id)[0]
        series = self._read("invoicing_series", "id", model.series_id)[0]
        series |= {"id": uuid7(), "company_id": company.pk, "next_number": 1}
        self._session.execute(*self._insert("invoicing_series", series))
        self._series = series["id"]
        chain = "SELECT i.id FROM verifactu_installation i JOIN invoicing_company c USING (taxpayer_id) WHERE c.id = %s"
        self._chain = session.execute(chain, [company.pk]).fetchall()[0][0]

    def issue(self, order: UUID) -> None:
        """Take the number, lock the head, write invoice, lines, record and the new head in one transaction."""
        execute = self._session.execute
        with self._session.transaction():
            counted = execute(
                "UPDATE invoicing_series SET next_number = next_number + 1 WHERE id = %s RETURNING next_number - 1",
                [self._series],
            )
            [number] = counted.fetchall()[0]
            head = execute(
                "SELECT head_seq, head_huella FROM verifactu_installation WHERE id = %s FOR NO KEY UPDATE",
                [self._chain],
            )
            [seq, before] = head.fetchall()[0]
            huella = hashlib.sha256(f"{number}{before}{self._record['xml']}".encode()).hexdigest().upper()
            num_serie, record = f"PF2027-{number:06d}", uuid7()
            invoice = self._invoice | {
                "id": uuid7(), "order_id": order, "snapshot_id": None, "series_id": self._series, "number": number,
                "num_serie": num_serie, "record_id": record,
            }  # fmt: skip
            execute(*self._insert("invoicing_invoice", invoice))
            lines = [line | {"invoice_id": invoice["id"]} for line in self._lines]
            execute(*self._insert("invoicing_invoiceline", *lines))
            values = self._record | {
                "id": record, "installation_id": self._chain, "seq": seq + 1, "num_serie": num_serie,
                "huella": huella, "huella_anterior": before,
            }  # fmt: skip
            execute(*self._insert("verifactu_record", values))
            execute(
                "UPDATE verifactu_installation SET head_seq = %s, head_huella = %s, head_num_serie = %s WHERE id = %s",
                [seq + 1, huella, num_serie, self._chain],
            )

    def _read(self, table: str, key: str, value: UUID) -> list[Row]:
        query = sql.SQL("SELECT * FROM {} WHERE {} = %s ORDER BY 1").format(sql.Identifier(table), sql.Identifier(key))
        with self._session.cursor(row_factory=dict_row) as cursor:
            return [_jsonable(row) for row in cursor.execute(query, [value])]

    def _insert(self, table: str, *rows: Row) -> tuple[str, list[Any]]:
        places = ", ".join(f"({', '.join(['%s'] * len(row))})" for row in rows)
        statement = f"INSERT INTO {table} ({', '.join(map(_quoted, rows[0]))}) VALUES {places}"  # noqa: S608 (our own names)
        return statement, [value for row in rows for value in row.values()]


def _quoted(name: str) -> str:
    return f'"{name}"'


def _jsonable(row: Row) -> Row:
    """Return the row with its JSON columns wrapped, so that they can be written again."""
    return {name: Jsonb(value) if isinstance(value, dict | list) else value for name, value in row.items()}
