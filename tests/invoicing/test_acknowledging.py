"""A record followed to its verdict: what a dead worker and an older program leave behind."""

import json
from pathlib import Path

import pytest
from pytest_django import Settings

from common import clock
from common.ids import uuid7
from invoicing.acknowledging import InvoiceRef
from invoicing.coding import Coding
from invoicing.corrections import Annul, Subsanar, annul_invoice, subsanar
from invoicing.holds import Action, Resolution
from invoicing.models import Invoice
from tests import world
from tests.databases import Database
from tests.workflows import bench
from verifactu.models import Record
from verifactu.verdicts import Verdict
from workflows import control, tokens
from workflows.models import Process
from workflows.rows import sql
from workflows.testing import Stuck, crash_after, run_inline


@pytest.fixture
def invoice(fresh_database: Database, tmp_path: Path, settings: Settings) -> Invoice:
    """An invoice with its PDF, whose record waits to be sent."""
    settings.DOCUMENTS_DIR = tmp_path
    world.arrive(world.shop(world.la_encina()), world.sale())
    work()
    return Invoice.objects.get()


def work() -> None:
    while job := bench.fetch():
        job.run()


def answered(invoice: Invoice, state: str, code: str = "") -> None:
    """Have the AEAT answer the invoice's first record."""
    Record.objects.filter(pk=invoice.record_id).update(state="in_flight")
    Record.objects.filter(pk=invoice.record_id).update(state=state, codigo_error=code)
    verdict = Verdict(record_id=invoice.record_id, verdict=state, code=code, at=clock.now())
    tenant = invoice.company.tenant
    tokens.complete([(f"invoice:{invoice.pk}", verdict)], tenant=tenant, now=clock.now(), actor="aeat")
    work()


def test_a_worker_that_dies_after_the_record_makes_no_second_one(invoice: Invoice) -> None:
    answered(invoice, "accepted")
    ref = InvoiceRef(invoice.company_id, invoice.pk)
    asked = Subsanar(invoice=ref, coding=Coding(), reason="r", request=uuid7())
    with crash_after("send_correction"), pytest.raises(Stuck):
        run_inline(subsanar, asked)
    assert Record.objects.count() == 2


def test_a_refusal_survives_its_worker_too(invoice: Invoice) -> None:
    ref = InvoiceRef(invoice.company_id, invoice.pk)  # the first record still waits
    left = Resolution(action=Action.IGNORE, reason="ya se verá")
    with crash_after("send_annulment"):
        outcome = run_inline(annul_invoice, Annul(invoice=ref, reason="r", request=uuid7()), holds=[left])
    assert outcome.verdict == ""
    assert Record.objects.count() == 1


def test_a_question_that_an_older_program_asked_leads_to_a_correction(invoice: Invoice) -> None:
    answered(invoice, "rejected", "1110")
    process = Process.objects.get(workflow="complete-invoice")
    assert (process.state, process.hold["code"]) == ("held", "aeat_rejected")
    old = json.dumps({"invoice_id": str(invoice.pk), "verdict": "rejected"})
    sql("UPDATE workflows_step SET output = %s WHERE process_id = %s AND key = 'announce'", [old, process.pk])
    control.resolve(process.pk, Resolution(action=Action.RESEND_CORRECTED, reason="r"), now=clock.now(), actor="eva")
    work()
    _, second = Record.objects.order_by("seq")
    assert second.answer_token == f"invoice:{invoice.pk}:{second.pk}"
    assert Process.objects.get(pk=process.pk).state == "waiting"
