"""Whoever may do everything in the database, triggers off, still cannot change the ledger unseen (I1 to I8).

The ledger is made once. Each test changes it as the owner of the tables, in a transaction that is rolled back after
`verify_ledger` has looked at it.
"""

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import models, transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from common.ledger import LedgerModel
from common.verification import ledger_models
from invoicing.documents import Documents
from invoicing.models import Delivery, Document, Invoice, InvoiceLine, Snapshot
from tests.databases import Database, TestServer, pointed_at
from tests.workflows.bench import drain
from tests.world import SOLER, arrive, la_encina, sale, shop
from verifactu.huella import huella
from verifactu.models import Answer, Record, Submission
from verifactu.xml import read_registro
from workflows.models import ProcessEvent
from workflows.rows import sql

Findings = list[tuple[str, str, str]]


@pytest.fixture(scope="module")
def ledger(
    test_server: TestServer, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """Three complete invoices with their records and PDFs; nobody has sent them yet."""
    folder = tmp_path_factory.mktemp("ledger")
    database = test_server.clone()
    files = override_settings(DOCUMENTS_DIR=folder / "documents", EMAIL_FILE_PATH=folder / "mail", AEAT_ENDPOINT="")
    with django_db_blocker.unblock(), files:
        with pointed_at(database):
            connected = shop(la_encina())
            for number in (1, 2, 3):
                arrive(connected, sale(SOLER, number=number))
            drain()
            submission = Submission.objects.get()
            Answer.objects.create(
                submission=submission, kind="submission", received_at=datetime.now(UTC), body=b"<no/>", lines=[]
            )
            assert verify() == []
        as_owner = Database(database.name, database.owner_url, database.owner_url, database.data_dir)
        with pointed_at(as_owner):
            yield database
    test_server.drop(database)


@pytest.fixture
def unseen(ledger: Database, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Within the block nothing in the database objects, and afterwards nothing has happened."""
    with django_db_blocker.unblock(), transaction.atomic():
        for model in ledger_models():
            sql(f'ALTER TABLE "{model._meta.db_table}" DISABLE TRIGGER USER')
        yield
        transaction.set_rollback(True)


class TestTampering:
    def test_an_untouched_ledger_holds(self, unseen: None) -> None:
        assert verify() == []

    def test_a_changed_total_of_an_invoice(self, unseen: None) -> None:
        invoice = number(2)
        sql("UPDATE invoicing_invoice SET total = total + 1, base_total = base_total + 1 WHERE id = %s", [invoice.pk])
        assert_found(("I8", f"invoicing.Invoice {invoice.pk}", "changed"))
        assert_found(("I4", f"invoice {invoice.num_serie}", "record says something else"))

    def test_a_changed_text_of_a_record_that_the_huella_does_not_cover(self, unseen: None) -> None:
        record = number(2).record
        sql("UPDATE verifactu_record SET xml = replace(xml, 'Pedido', 'pedido') WHERE id = %s", [record.pk])
        assert_found(("I8", f"verifactu.Record {record.pk}", "changed"))

    def test_a_changed_total_in_the_text_of_a_record(self, unseen: None) -> None:
        record = number(2).record
        total = f"ImporteTotal>{record.importe_total}<"
        assert total in record.xml
        sql(
            "UPDATE verifactu_record SET xml = replace(xml, %s, 'ImporteTotal>1.00<') WHERE id = %s",
            [total, record.pk],
        )
        assert_found(("I4", f"nº 2 ({record.num_serie})", "huella does not recompute"))
        assert_found(("I4", f"nº 2 ({record.num_serie})", "total of the row differ"))

    def test_a_record_that_is_gone_from_the_middle_of_its_chain(self, unseen: None) -> None:
        invoice = number(2)
        sql("DELETE FROM verifactu_record WHERE id = %s", [invoice.record_id])
        assert_found(("I4", "nº 3", "nº 2 is missing before it"))
        assert_found(("I4", f"invoice {invoice.num_serie}", "no record"))
        assert_found(("I8", "nº 3", "chain of seals is broken"))

    def test_a_record_that_is_gone_from_the_end_of_its_chain(self, unseen: None) -> None:
        sql("DELETE FROM verifactu_record WHERE seq = 3")
        assert_found(("I4", "B12345674", "head is not the last record"))

    def test_a_gap_in_the_numbers(self, unseen: None) -> None:
        invoice = number(2)
        for table in ("invoicing_document", "invoicing_invoiceline"):
            sql(f"DELETE FROM {table} WHERE invoice_id = %s", [invoice.pk])
        sql("DELETE FROM invoicing_invoice WHERE id = %s", [invoice.pk])
        assert_found(("I3", "series", "nº 2 is missing before"))
        assert_found(("I2", "process", "does not exist"))

    def test_an_invoice_that_is_gone_from_the_end(self, unseen: None) -> None:
        invoice = number(3)
        for table in ("invoicing_document", "invoicing_invoiceline"):
            sql(f"DELETE FROM {table} WHERE invoice_id = %s", [invoice.pk])
        sql("DELETE FROM invoicing_invoice WHERE id = %s", [invoice.pk])
        assert_found(("I3", "series", "the next number is 4, not 3"))

    def test_a_number_that_would_be_given_again(self, unseen: None) -> None:
        sql("UPDATE invoicing_series SET next_number = 3 WHERE kind = 'complete'")
        assert_found(("I3", "series", f"{number(3).num_serie} is there, and its number is still to be given"))

    def test_a_line_that_is_gone(self, unseen: None) -> None:
        invoice = number(2)
        sql("DELETE FROM invoicing_invoiceline WHERE invoice_id = %s AND position = 1", [invoice.pk])
        assert_found(("I8", f"invoicing.Invoice {invoice.pk}", "changed"))

    def test_a_changed_byte_of_a_pdf(self, unseen: None) -> None:
        invoice = number(2)
        with bytes_of(invoice) as change:
            change(lambda pdf: pdf.replace(b"%PDF-1", b"%PDF-2", 1))
            assert_found(("I7", f"PDF of {invoice.num_serie}", "not the ones whose hash was recorded"))

    def test_a_pdf_that_is_gone(self, unseen: None) -> None:
        invoice = number(2)
        with bytes_of(invoice) as change:
            change(None)
            assert_found(("I7", f"PDF of {invoice.num_serie}", "missing"))

    def test_a_pdf_of_another_invoice_under_a_hash_that_fits(self, unseen: None) -> None:
        other = Document.objects.get(invoice=number(3))
        sql(
            "UPDATE invoicing_document SET sha256 = %s, size = %s WHERE invoice_id = %s",
            [other.sha256, other.size, number(2).pk],
        )
        assert_found(("I7", f"PDF of {number(2).num_serie}", "QR does not lead"), pdf=True)

    def test_a_changed_body_of_a_delivery(self, unseen: None) -> None:
        delivery = Delivery.objects.order_by("id")[1]
        sql(
            "UPDATE invoicing_delivery SET body = replace(convert_from(body, 'UTF8'), '64.90', '64.91')::bytea"
            " WHERE id = %s",
            [delivery.pk],
        )
        assert_found(("I1", f"delivery {delivery.pk}", "not those that were received"))

    def test_a_snapshot_that_is_gone(self, unseen: None) -> None:
        snapshot = number(2).snapshot
        sql("DELETE FROM invoicing_snapshot WHERE id = %s", [snapshot.pk])
        assert_found(("I1", f"delivery {snapshot.delivery_id}", "snapshot is missing"))

    def test_a_text_of_a_record_that_is_no_xml_any_more(self, unseen: None) -> None:
        record = number(2).record
        sql("UPDATE verifactu_record SET xml = 'gone' WHERE id = %s", [record.pk])
        assert_found(("I4", f"nº 2 ({record.num_serie})", "cannot be read"))

    def test_a_forger_who_makes_huella_and_seal_anew_for_one_record_breaks_the_next_link(self, unseen: None) -> None:
        record = number(2).record
        record.xml = record.xml.replace(f"ImporteTotal>{record.importe_total}<", "ImporteTotal>1.00<")
        record.importe_total = "1.00"
        reseal(record)
        assert_found(("I4", "nº 3", "not linked to the record before it"))


FROZEN = [
    (model, field)
    for model in (Delivery, Snapshot, Invoice, InvoiceLine, Document, Record, Answer, ProcessEvent)
    for field in model._meta.concrete_fields
    if field.name not in model.mutable and not field.primary_key
]


@pytest.mark.parametrize(("model", "field"), FROZEN, ids=[f"{model.__name__}-{field.name}" for model, field in FROZEN])
def test_no_frozen_column_changes_unseen(
    unseen: None, model: type[LedgerModel], field: "models.Field[Any, Any]"
) -> None:
    table = model._meta.db_table
    for (constraint,) in sql(
        "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'f')", [table]
    ):
        sql(f'ALTER TABLE "{table}" DROP CONSTRAINT "{constraint}"')
    row = model.objects.order_by("pk")[0]
    another = ANOTHER[kind(field)].format(column=field.column, room=getattr(field, "max_length", None) or 99)
    sql(f'UPDATE "{table}" SET "{field.column}" = {another} WHERE id = %s', [row.pk])
    assert_found(("I8", f"{model._meta.label} {row.pk}", "changed"))


ANOTHER = {
    "text": "left('x?', {room})",
    "flag": 'NOT "{column}"',
    "bytes": "'another'::bytea",
    "json": "'[\"another\"]'::jsonb",
    "number": "123",
    "moment": "'2001-02-03T04:05:06Z'",
    "day": "'2001-02-03'",
    "id": "'00000000-0000-7000-8000-000000000000'",
}
"""A value that no row of the ledger has, as SQL, by kind of column."""


def kind(field: "models.Field[Any, Any]") -> str:
    """Return which of `ANOTHER` fits a column."""
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    kinds: tuple[tuple[type[models.Field[Any, Any]], str], ...] = (
        (models.BooleanField, "flag"),
        (models.BinaryField, "bytes"),
        (models.JSONField, "json"),
        (models.DateTimeField, "moment"),
        (models.DateField, "day"),
        (models.UUIDField, "id"),
        (models.DecimalField, "number"),
        (models.IntegerField, "number"),
    )
    return next((name for cls, name in kinds if isinstance(target, cls)), "text")


def verify(*, pdf: bool = False) -> Findings:
    """Run `verify_ledger` and return what it found; it exits 3 exactly when that is something."""
    said = io.StringIO()
    options = ["--json", *(["--pdf"] if pdf else [])]
    code: object = 0
    try:
        call_command("verify_ledger", *options, stdout=said, stderr=io.StringIO())
    except SystemExit as left:
        code = left.code
    found = [(f["invariant"], f["subject"], f["text"]) for f in json.loads(said.getvalue())["findings"]]
    assert code == (3 if found else 0)
    return found


def assert_found(expected: tuple[str, str, str], *, pdf: bool = False) -> None:
    """Fail unless a finding is of this invariant, names this row, and says this."""
    found = verify(pdf=pdf)
    invariant, subject, text = expected
    assert any(one[0] == invariant and subject in one[1] and text in one[2] for one in found), found


def number(seq: int) -> Invoice:
    """Return the invoice whose record has this place in the chain."""
    return Invoice.objects.select_related("record", "snapshot").get(record__seq=seq)


class bytes_of:  # noqa: N801 (reads as a verb in a with)
    """Lend the file of an invoice's PDF, to be changed or (None) taken away, and put it back."""

    def __init__(self, invoice: Invoice) -> None:
        document = Document.objects.get(invoice=invoice)
        self.path: Path = Documents(settings.DOCUMENTS_DIR).path(document.sha256)

    def __enter__(self) -> Callable[[Callable[[bytes], bytes] | None], None]:
        self.before = self.path.read_bytes()
        return self._change

    def _change(self, how: Callable[[bytes], bytes] | None) -> None:
        self.path.unlink()
        if how:
            self.path.write_bytes(how(self.before))

    def __exit__(self, *exception: object) -> None:
        self.path.write_bytes(self.before)


def reseal(record: Record) -> None:
    """Write a record with the huella and the seal that its changed text asks for, as a forger would."""
    honest = record.huella
    record.huella = huella(read_registro(record.xml))
    record.xml = record.xml.replace(honest, record.huella)
    sql(
        "UPDATE verifactu_record SET xml = %s, importe_total = %s, huella = %s, seal = %s WHERE id = %s",
        [record.xml, record.importe_total, record.huella, record.compute_seal(), record.pk],
    )
