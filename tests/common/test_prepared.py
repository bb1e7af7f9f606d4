"""Statements of our own write and read what the ORM would."""

from datetime import timedelta

import pytest
from django.db import transaction

from common import clock
from common.ids import uuid7
from common.ledger import ledger_insertion
from common.prepared import Columns, insertion, insertion_of_many
from invoicing.capture import capture_delivery
from invoicing.deciding import decide_order
from invoicing.issuing import issue_document
from invoicing.models import Company, Delivery, Invoice, InvoiceLine, Order, Snapshot
from tests.world import SOLER, arrive, la_encina, sale, shop
from verifactu.models import Installation, Record, Taxpayer
from workflows.rows import sql

pytestmark = pytest.mark.django_db


def issued() -> Invoice:
    connected = shop(la_encina(certificate=b"p12", certificate_password="secreta"))
    arrive(connected, sale(SOLER))
    captured = capture_delivery(Delivery.objects.latest("id"), now=clock.now())
    assert captured
    with transaction.atomic():
        decided = decide_order(captured.order.pk, (), now=clock.now())
    return issue_document(captured.order.pk, decided, now=clock.now)


def test_what_is_issued_reads_back_as_it_was_sealed() -> None:
    made = issued()
    invoice = Invoice.objects.get()
    assert invoice == made
    assert (invoice.recipient_address, invoice.mentions) == (made.recipient_address, made.mentions)
    assert invoice.compute_seal() == invoice.seal == made.seal
    lines = list(InvoiceLine.objects.order_by("position"))
    assert [(line.description, line.base, line.quantity) for line in lines] == [
        (line.description, line.base, line.quantity) for line in made.new_lines or []
    ]
    assert all(line.compute_seal() == line.seal for line in lines)
    record = Record.objects.get()
    assert record.compute_seal() == record.seal
    head = Installation.objects.get()
    assert (head.head_seq, head.head_huella, head.head_seal) == (1, record.huella, record.seal)
    assert Order.objects.get().state == "invoiced"
    assert Snapshot.objects.get().state == "processed"


def test_a_row_is_loaded_with_its_columns_and_no_others() -> None:
    la_encina(certificate=b"p12", certificate_password="secreta")
    columns = Columns.of(Taxpayer, "t", "nif", "id")
    ((*values,),) = sql(f"SELECT {columns} FROM verifactu_taxpayer t")
    taxpayer = columns.load(values)
    assert taxpayer == Taxpayer.objects.get()
    assert taxpayer.get_deferred_fields() >= {"certificate", "certificate_password"}
    assert taxpayer.certificate_password == "secreta", "what was deferred is fetched as ever"


def test_fields_convert_on_the_way_out() -> None:
    company = la_encina(certificate=b"p12", certificate_password="secreta")
    columns = Columns.of(Taxpayer, "t", "id", "certificate_password")
    ((*values,),) = sql(f"SELECT {columns} FROM verifactu_taxpayer t WHERE id = %s", [company.taxpayer_id])
    assert columns.load(values).certificate_password == "secreta"


def test_one_row_and_many_are_written_alike() -> None:
    invoice = issued()
    template = InvoiceLine.objects.order_by("position")[0]
    for position, write in ((98, insertion), (99, insertion_of_many)):
        line = InvoiceLine(
            invoice=invoice, position=position, description="«Ñ» \"'\\ €", sku="", quantity=template.quantity,
            unit_price=template.unit_price, discount=template.discount, rate=None, base=template.base,
            gross=template.gross,
        )  # fmt: skip
        line.seal = line.compute_seal()
        sql(*write([line]))
        assert not line._state.adding
        stored = InvoiceLine.objects.get(position=position)
        assert stored.compute_seal() == stored.seal
        assert (stored.description, stored.rate) == ("«Ñ» \"'\\ €", None)


def test_what_json_does_not_carry_is_refused() -> None:
    company: Company = la_encina()
    delivery = Delivery(
        id=uuid7(), company=company, connection=shop(company), delivery_key="1", topic="t", received_at=clock.now(),
        triggered_at=clock.now() - timedelta(1), body=b"x", body_sha256="",
    )  # fmt: skip
    with pytest.raises(TypeError, match="statement of its own"):
        ledger_insertion([delivery], many=True)
