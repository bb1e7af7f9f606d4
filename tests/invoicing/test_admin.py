"""The reading room: orders, invoices, deliveries, records; what needs a person; holds resolved in a form."""

import hashlib
import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin as django_admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from common import clock
from common.admin import ReadingAdmin, change_url
from common.ids import uuid7
from config.demo.catalogue import PRODUCTS
from invoicing.documents import Documents
from invoicing.intake import receive
from invoicing.models import Company, Connection, Delivery, Document, Export, Invoice, Order, PrivacyRequest
from invoicing.storefronts import PLATFORMS
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import work_off
from tests.invoicing.troubles import leave_troubles
from tests.workflows import bench
from verifactu.models import Answer, Record, Submission
from verifactu.verdicts import Verdict
from workflows import tokens
from workflows.alerts import alert
from workflows.models import Process

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def company(fresh_database: Database) -> Company:
    return world.la_encina()


@pytest.fixture
def shop(company: Company) -> Connection:
    return world.shop(company)


@pytest.fixture
def admin(company: Company, client: Client) -> Client:
    """A superuser's browser."""
    client.force_login(User.objects.create_superuser("eva"))
    return client


def seen(admin: Client, address: str, status: int = 200, **data: Any) -> str:
    response = admin.get(address, data)
    assert response.status_code == status, response.content[:3000]
    return response.content.decode()


def sold(shop: Connection, **changes: Any) -> Invoice:
    """An order that has become an invoice."""
    world.arrive(shop, world.sale(**changes))
    work_off()
    return Invoice.objects.latest("id")


def held(shop: Connection, **changes: Any) -> Process:
    """An order too dear for a simplified invoice, without NIF."""
    dear = replace(PRODUCTS[0], price=Decimal("4840.00"))
    world.arrive(shop, world.sale(items=((dear, 1),), **changes))
    work_off()
    return Process.objects.filter(workflow="invoice-order", state="held").latest("seq")


def printed(invoice: Invoice, folder: Path, data: bytes = b"%PDF-1.7 la factura") -> bytes:
    """Bind bytes to an invoice as the renderer's step does."""
    stored = Documents(folder).store(data)
    Document(invoice=invoice, sha256=stored.sha256, size=stored.size, rendered_at=clock.now()).save()
    return data


class TestFinding:
    def test_an_order_by_its_number(self, admin: Client, shop: Connection) -> None:
        sold(shop, number=1501)
        sold(shop, number=1502)
        page = seen(admin, "/admin/invoicing/order/", q="1502")
        assert change_url(Order.objects.get(number="#1502")) in page
        assert change_url(Order.objects.get(number="#1501")) not in page

    @pytest.mark.parametrize("text", ["PF", "#1501", "B12345674", "soler"])
    def test_an_invoice_by_number_order_nif_and_customer(self, admin: Client, shop: Connection, text: str) -> None:
        wanted = sold(shop, buyer=world.SOLER, number=1501)
        other = sold(shop, number=1502)
        page = seen(admin, "/admin/invoicing/invoice/", q=text)
        assert change_url(wanted) in page
        assert change_url(other) not in page

    def test_processes_by_order_and_invoice_number(self, admin: Client, shop: Connection) -> None:
        invoice = sold(shop, number=1501)
        sold(shop, number=1502)
        for text in ("#1501", invoice.num_serie):
            page = seen(admin, "/admin/workflows/process/", q=text)
            assert "Completar una factura" in page
            assert "#1502" not in page

    @pytest.mark.parametrize(
        "model", ["invoicing/order", "invoicing/invoice", "invoicing/delivery", "verifactu/record", "workflows/process"]
    )
    def test_lists_ask_the_same_for_many_as_for_few(self, admin: Client, shop: Connection, model: str) -> None:
        address = f"/admin/{model}/"
        sold(shop, number=1501)
        seen(admin, address)
        with CaptureQueriesContext(connection) as few:
            seen(admin, address)
        for number in range(1502, 1508):
            sold(shop, number=number)
        with CaptureQueriesContext(connection) as many:
            seen(admin, address)
        assert len(many) == len(few)


class TestOrder:
    def test_shows_its_versions_invoices_and_processes(self, admin: Client, shop: Connection) -> None:
        sale = world.sale(number=1501)
        world.arrive(shop, sale)
        work_off()
        world.arrive(shop, sale, key="otra vez", topic="orders/updated")
        work_off()
        invoice, order = Invoice.objects.get(), Order.objects.get()
        page = seen(admin, change_url(order))
        assert change_url(invoice) in page
        for snapshot in order.snapshots.all():
            assert snapshot.content_hash in page
            assert change_url(snapshot.delivery) in page
        assert "atendida" in page
        assert "sin novedad" in page
        for process in Process.objects.exclude(workflow="submit-chain"):
            assert change_url(process) in page

    def test_a_held_one_says_why_and_leads_to_its_process(self, admin: Client, shop: Connection) -> None:
        process = held(shop)
        page = seen(admin, change_url(Order.objects.get()))
        assert "sin NIF del comprador" in page
        assert change_url(process) in page


class TestInvoice:
    def test_links_to_order_record_and_process(self, admin: Client, shop: Connection) -> None:
        invoice = sold(shop)
        page = seen(admin, change_url(invoice))
        assert "pendiente de Hacienda" in page
        process = Process.objects.get(workflow="complete-invoice")
        for row in (Order.objects.get(), invoice.record, process):
            assert change_url(row) in page

    def test_the_pdf_is_one_click_away(
        self, admin: Client, shop: Connection, tmp_path: Path, settings: Settings
    ) -> None:
        settings.DOCUMENTS_DIR = tmp_path
        invoice = sold(shop)
        address = reverse("admin:invoicing_invoice_pdf", args=[invoice.pk])
        assert address not in seen(admin, change_url(invoice))
        assert admin.get(address).status_code == 404
        data = printed(invoice, tmp_path)
        assert address in seen(admin, change_url(invoice))
        assert address in seen(admin, "/admin/invoicing/invoice/")
        response = admin.get(address)
        assert response.content == data
        assert response["Content-Type"] == "application/pdf"
        assert response["Content-Disposition"] == f'inline; filename="{invoice.num_serie}.pdf"'
        assert response["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in response["Cache-Control"]

    def test_the_pdf_wants_somebody_signed_in(self, shop: Connection, tmp_path: Path, settings: Settings) -> None:
        settings.DOCUMENTS_DIR = tmp_path
        invoice = sold(shop)
        printed(invoice, tmp_path)
        response = Client().get(reverse("admin:invoicing_invoice_pdf", args=[invoice.pk]))
        assert response.status_code == 302
        assert "/login/" in response["Location"]


class TestEvidence:
    def test_a_delivery_is_shown_and_downloaded_but_never_executed(self, admin: Client, shop: Connection) -> None:
        sold(shop, buyer=replace(world.LUCIA, first=SCRIPT))
        delivery = Delivery.objects.get()
        page = seen(admin, change_url(delivery))
        assert "&lt;script&gt;alert(1)" in page
        assert SCRIPT not in page
        response = admin.get(reverse("admin:invoicing_delivery_body", args=[delivery.pk]))
        assert response.content == bytes(delivery.body)
        assert response["Content-Disposition"].startswith("attachment;")
        assert response["Content-Type"] == "application/octet-stream"

    def test_amounts_of_a_delivery_are_shown_as_they_came(self, admin: Client, shop: Connection) -> None:
        sold(shop)
        body = bytes(Delivery.objects.get().body).replace(b'"4.95"', b"4.950")
        assert b"4.950" in body
        receive(
            shop, body=body, headers={}, identity=PLATFORMS["shopify"].identity(body, {
                "X-Shopify-Webhook-Id": "raw", "X-Shopify-Topic": "orders/updated"}), now=clock.now(),
        )  # fmt: skip
        assert "4.950" in seen(admin, change_url(Delivery.objects.latest("id")))

    def test_beside_the_aeats_words_stands_what_to_do(self, admin: Client, shop: Connection) -> None:
        invoice = sold(shop)
        Record.objects.filter(pk=invoice.record_id).update(state="in_flight")
        Record.objects.filter(pk=invoice.record_id).update(
            state="rejected", codigo_error="3004", descripcion_error="Ya dada de alta por formulario <b>"
        )
        for page in (seen(admin, change_url(invoice.record)), seen(admin, change_url(invoice))):
            assert "Ya dada de alta por formulario &lt;b&gt;" in page
            assert "no se puede tocar" in page

    def test_a_record_is_read_with_indentation_and_downloaded_as_sent(self, admin: Client, shop: Connection) -> None:
        record = sold(shop).record
        page = seen(admin, change_url(record))
        assert re.search(r"\n  &lt;\w+:IDVersion&gt;", page)
        assert record.huella in page
        response = admin.get(reverse("admin:verifactu_record_xml", args=[record.pk]))
        assert response.content.decode() == record.xml
        assert response["Content-Disposition"].startswith("attachment;")

    def test_a_chain_is_walked_by_links(self, admin: Client, shop: Connection) -> None:
        first, second = sold(shop, number=1501).record, sold(shop, number=1502).record
        assert change_url(second) in seen(admin, change_url(first))
        assert change_url(first) in seen(admin, change_url(second))

    def test_a_submission_shows_records_and_answers(self, admin: Client, shop: Connection) -> None:
        record = sold(shop).record
        submission = Submission.objects.get()
        answer = Answer(
            submission=submission, kind="submission", received_at=clock.now(), http_status=200, body=b"<a><b/></a>",
            csv="A-TEST", estado_envio="Correcto",
        )  # fmt: skip
        answer.save()
        Record.objects.filter(pk=record.pk).update(submission=submission)
        page = seen(admin, change_url(submission))
        assert change_url(record) in page
        assert change_url(answer) in page
        assert "&lt;b/&gt;" in seen(admin, change_url(answer))
        body = admin.get(reverse("admin:verifactu_answer_body", args=[answer.pk]))
        assert body.content == b"<a><b/></a>"

    def test_an_answer_that_is_no_xml_is_shown_escaped(self, admin: Client, shop: Connection) -> None:
        sold(shop)
        answer = Answer(
            submission=Submission.objects.get(), kind="submission", received_at=clock.now(), http_status=503,
            body=f"<html>{SCRIPT}&nbsp;".encode(),
        )  # fmt: skip
        answer.save()
        page = seen(admin, change_url(answer))
        assert SCRIPT not in page
        assert "alert(1)" in page


django_admin.autodiscover()
READING = [model for model, page in django_admin.site._registry.items() if isinstance(page, ReadingAdmin)]


class TestNothingIsEdited:
    def test_no_add_no_change_no_delete(self, admin: Client, shop: Connection, subtests: pytest.Subtests) -> None:
        sold(shop)
        submission = Submission.objects.get()
        Answer(submission=submission, kind="submission", received_at=clock.now(), body=b"x").save()
        alert("lane_paused", "x", "x", "", clock.now())
        leave_troubles(Invoice.objects.get(), reason="x")
        now = clock.now()
        PrivacyRequest(id=uuid7(), company=shop.company, kind="redact", asked_by="x", reason="x", received_at=now,
                       due_at=now).save()  # fmt: skip
        day = clock.now().date()
        Export(
            id=uuid7(), company=shop.company, requested_by="ana", first_date=day, last_date=day,
            environment="simulator", language="es", rows=1, csv_sha256="a" * 64, csv_size=1, xlsx_sha256="b" * 64,
            xlsx_size=1, created_at=clock.now(),
        ).save()  # fmt: skip
        for model in READING:
            with subtests.test(model=model.__name__):
                label = f"{model._meta.app_label}_{model._meta.model_name}"
                row: Any = model._default_manager.first()
                assert admin.post(change_url(row), {"state": "x"}).status_code == 405
                assert admin.get(reverse(f"admin:{label}_add")).status_code == 403
                assert admin.post(reverse(f"admin:{label}_add"), {"x": "y"}).status_code == 403
                assert admin.post(reverse(f"admin:{label}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
                chosen = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
                admin.post(reverse(f"admin:{label}_changelist"), chosen)
                assert model._default_manager.filter(pk=row.pk).exists()

    def test_the_ledger_is_among_them(self) -> None:
        assert set(READING) >= {Delivery, Order, Invoice, Record, Submission, Answer, Process}


class TestEverythingIsEscaped:
    def test_a_customer_with_a_script_for_a_name(self, admin: Client, shop: Connection) -> None:
        buyer = replace(world.SOLER, company=f"{SCRIPT} SL", street=f"Calle {SCRIPT}", city=SCRIPT)
        world.arrive(shop, world.sale(buyer=buyer, number=1501))
        held(shop, number=1502, buyer=replace(world.LUCIA, first=SCRIPT))
        Order.objects.update(number=SCRIPT)
        work_off()
        for model, page in django_admin.site._registry.items():
            if not isinstance(page, ReadingAdmin):
                continue
            address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            assert SCRIPT not in seen(admin, address), model
            for row in model._default_manager.all():
                assert SCRIPT not in seen(admin, change_url(row)), row
        assert SCRIPT not in seen(admin, "/admin/")


class TestFrontPage:
    def test_says_what_needs_a_person(self, admin: Client, shop: Connection) -> None:
        process = held(shop, number=1502)
        page = seen(admin, "/admin/")
        assert "Requiere atención" in page
        assert "#1502" in page
        assert "sin NIF del comprador" in page
        assert change_url(process) in page

    def test_says_that_nothing_does(self, admin: Client) -> None:
        assert "Nada espera a una persona" in seen(admin, "/admin/")

    def test_says_why_sending_fails_and_how_many_wait(self, admin: Client, shop: Connection) -> None:
        for number in (1501, 1502, 1503):
            sold(shop, number=number)
        submission = Submission.objects.first()
        assert submission
        assert submission.state == "not_delivered"
        page = seen(admin, "/admin/")
        assert submission.reason in page
        assert "sin enviar a la AEAT: 3, desde el" in page
        assert change_url(submission) in page

    def test_says_which_records_cannot_be_sent(self, admin: Client, shop: Connection) -> None:
        record = sold(shop).record
        Record.objects.filter(pk=record.pk).update(state="quarantined", reason="no valida")
        page = seen(admin, "/admin/")
        assert change_url(record) in page
        assert "no valida" in page

    def test_counts_the_day(self, admin: Client, shop: Connection) -> None:
        sold(shop, number=1501)
        sold(shop, number=1502)
        response = admin.get("/admin/")
        cards = {str(card["title"]): card["figure"] for card in response.context["cards"]}
        assert cards["Facturas de hoy"] == 2
        assert cards["Pendientes de Hacienda"] == "2"


class TestResolving:
    def answered(self, admin: Client, process: Process, **answer: str) -> Any:
        process.refresh_from_db(fields=["hold"])
        token = process.hold["token"]
        return admin.post(reverse("admin:workflows_process_resolve", args=[process.pk]), {"token": token, **answer})

    def test_offers_only_what_the_hold_allows(self, admin: Client, shop: Connection) -> None:
        page = seen(admin, reverse("admin:workflows_process_resolve", args=[held(shop).pk]))
        assert 'value="give_nif"' in page
        assert 'value="ignore"' in page
        assert 'value="issue_simplified"' not in page

    def test_the_nif_that_was_missing_is_on_the_invoice(self, admin: Client, shop: Connection) -> None:
        process = held(shop)
        response = self.answered(
            admin, process, action="give_nif", nif="b-12345674", name="Ferretería Soler SL",
            street="Calle Mayor 3", postal_code="28013", city="Madrid", province="Madrid",
        )  # fmt: skip
        assert response.status_code == 302
        work_off()
        invoice = Invoice.objects.get()
        assert (invoice.tipo, invoice.recipient_nif, invoice.recipient_name) == (
            "F1", "B12345674", "Ferretería Soler SL"
        )  # fmt: skip
        assert invoice.recipient_address[0] == "Calle Mayor 3"

    @pytest.mark.parametrize("nif", ["", "B12345679X", "12345678A"])
    def test_a_nif_that_is_none_is_refused_in_the_form(self, admin: Client, shop: Connection, nif: str) -> None:
        process = held(shop)
        response = self.answered(admin, process, action="give_nif", nif=nif)
        assert response.status_code == 200
        assert ("no es un NIF español válido" if nif else "Falta este dato.") in response.content.decode()
        process = Process.objects.get(pk=process.pk)
        assert process.state == "held"

    def test_a_refusal_is_in_the_language_of_the_page(self, admin: Client, shop: Connection) -> None:
        process = held(shop)
        admin.defaults["HTTP_ACCEPT_LANGUAGE"] = "en-GB,en"
        page = self.answered(admin, process, action="give_nif", nif="12345678A").content.decode()
        assert "“12345678A” is neither a valid Spanish NIF nor a VAT number." in page
        assert "no es un NIF" not in page

    def test_to_ignore_needs_a_reason_which_is_kept(self, admin: Client, shop: Connection) -> None:
        process = held(shop)
        assert self.answered(admin, process, action="ignore").status_code == 200
        assert self.answered(admin, process, action="ignore", reason="era una prueba").status_code == 302
        work_off()
        assert Order.objects.get().state == "ignored"
        process = Process.objects.get(pk=process.pk)
        assert process.state == "completed"
        assert "era una prueba" in seen(admin, change_url(process))

    def test_an_action_that_is_not_offered_is_refused(self, admin: Client, shop: Connection) -> None:
        process = held(shop)
        assert self.answered(admin, process, action="issue_simplified").status_code == 200
        assert not Invoice.objects.exists()

    def test_too_late_names_the_process_that_decides_now(self, admin: Client, shop: Connection) -> None:
        old = held(shop, number=1501)
        token = old.hold["token"]
        new = held(shop, number=1501, shipping=Decimal("9.95"), updated_at=clock.now())
        assert new.pk != old.pk
        response = admin.post(
            reverse("admin:workflows_process_resolve", args=[old.pk]),
            {"token": token, "action": "ignore", "reason": "x"},
        )
        assert response.status_code == 409
        assert change_url(new) in response.content.decode()

    def test_a_rejected_record_is_told_with_the_aeats_words(
        self, admin: Client, shop: Connection, tmp_path: Path, settings: Settings
    ) -> None:
        settings.DOCUMENTS_DIR = tmp_path
        world.arrive(shop, world.sale())
        while job := bench.fetch():
            job.run()
        invoice = Invoice.objects.get()
        process = Process.objects.get(workflow="complete-invoice")
        assert process.state == "waiting"
        assert "Espera a que la AEAT responda al registro" in seen(admin, change_url(process))
        verdict = Verdict(
            record_id=invoice.record_id, verdict="rejected", code="1100", description="Valor incorrecto", at=clock.now()
        )
        tokens.complete([(f"invoice:{invoice.pk}", verdict)], tenant=process.tenant, now=clock.now(), actor="aeat")
        work_off()
        page = seen(admin, change_url(process))
        assert "La AEAT rechazó el registro de la factura" in page
        assert "1100" in page
        assert "Valor incorrecto" in page
        assert "rechazada por Hacienda" in seen(admin, change_url(invoice))


def test_hash_of_a_delivery_is_the_one_of_its_bytes(admin: Client, shop: Connection) -> None:
    sold(shop)
    delivery = Delivery.objects.get()
    assert hashlib.sha256(bytes(delivery.body)).hexdigest() in seen(admin, change_url(delivery))
    assert json.loads(bytes(delivery.body))
