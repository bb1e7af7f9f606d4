"""The buttons of an invoice that make another record of it, and the history of its records."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from common import clock
from common.admin import change_url
from common.ids import uuid7
from invoicing.models import Company, Invoice, Membership
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import work_off
from tests.workflows import bench
from verifactu.models import Record
from verifactu.verdicts import Verdict
from verifactu.xml import read_registro
from workflows import tokens
from workflows.models import Process, ProcessEvent

SCRIPT = "<script>alert(1)</script>"
READS = ("view_invoice", "view_process", "change_process")
AMEND = {"clave_regimen": "07", "reason": "criterio de caja"}
ANNUL = {"nothing_behind": "on", "reason": "era una prueba"}


@pytest.fixture
def company(fresh_database: Database) -> Company:
    return world.la_encina()


@pytest.fixture
def invoice(company: Company) -> Invoice:
    """A complete invoice that the AEAT has acknowledged."""
    world.arrive(world.shop(company), world.sale(world.SOLER))
    work_off()
    made = Invoice.objects.get()
    answered(made.record, "accepted")
    Invoice.objects.filter(pk=made.pk).update(state="acknowledged")
    return Invoice.objects.get(pk=made.pk)


@pytest.fixture
def staff(company: Company, client: Client) -> Client:
    """Somebody of the company who may correct and annul."""
    return signed_in(
        client,
        company,
        "view_invoice",
        "amend_invoice",
        "annul_invoice",
        "rectify_invoice",
        "view_process",
        "change_process",
    )


def signed_in(client: Client, company: Company, *permissions: str) -> Client:
    user = User.objects.create_user("eva", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    Membership.objects.create(user=user, company=company)
    client.force_login(user)
    return client


def answered(record: Record, state: str, code: str = "", text: str = "") -> None:
    """Have the record sent and answered, as the sender writes it."""
    rows = Record.objects.filter(pk=record.pk)
    rows.exclude(state="in_flight").update(state="in_flight")
    rows.update(state=state, codigo_error=code, descripcion_error=text)


def address(invoice: Invoice, verb: str) -> str:
    return reverse(f"admin:invoicing_invoice_{verb}", args=[invoice.pk])


def records() -> list[Record]:
    return list(Record.objects.order_by("seq"))


class TestButtons:
    def test_are_there_for_whoever_may_press_them(self, staff: Client, invoice: Invoice) -> None:
        page = staff.get(change_url(invoice)).content.decode()
        assert address(invoice, "amend") in page
        assert address(invoice, "annul") in page

    def test_a_reader_neither_sees_them_nor_gets_through(
        self, company: Company, client: Client, invoice: Invoice
    ) -> None:
        reader = signed_in(client, company, *READS)
        page = reader.get(change_url(invoice)).content.decode()
        for verb, body in (("amend", AMEND), ("annul", ANNUL)):
            assert address(invoice, verb) not in page
            assert reader.get(address(invoice, verb)).status_code == 403
            assert reader.post(address(invoice, verb), body).status_code == 403
        assert len(records()) == 1

    def test_an_annulled_invoice_can_only_come_back(self, staff: Client, invoice: Invoice) -> None:
        Invoice.objects.filter(pk=invoice.pk).update(state="annulled")
        page = staff.get(change_url(invoice)).content.decode()
        assert "Reactivar" in page
        assert address(invoice, "annul") not in page


class TestAmending:
    def test_starts_a_process_that_records_the_invoice_again(self, staff: Client, invoice: Invoice) -> None:
        response = staff.post(address(invoice, "amend"), AMEND)
        process = Process.objects.get(workflow="subsanar")
        assert (response.status_code, response["Location"]) == (302, change_url(process))
        event = ProcessEvent.objects.get(process=process, move="trigger")
        assert event.actor == "eva"
        work_off()
        _, second = records()
        registro: Any = read_registro(second.xml)
        assert (registro.Subsanacion, {line.ClaveRegimen for line in registro.Desglose}) == ("S", {"07"})
        assert "criterio de caja" in process.payload

    def test_says_in_the_form_what_the_record_cannot_be(self, staff: Client, invoice: Invoice) -> None:
        page = staff.post(address(invoice, "amend"), {"classification": "E1", "reason": "exenta"})
        assert page.status_code == 200
        assert "1238" in page.content.decode()
        assert not Process.objects.filter(workflow="subsanar").exists()
        assert len(records()) == 1

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ({"clave_regimen": "07"}, "reason"),
            ({"line": "2", "reason": "x"}, "línea"),
            ({"country": "FR", "reason": "x"}, "destinatario"),
            ({"line": "9", "clave_regimen": "07", "reason": "x"}, "no hay una nº 9"),
        ],
    )
    def test_asks_for_what_is_missing(self, staff: Client, invoice: Invoice, body: dict[str, str], told: str) -> None:
        page = staff.post(address(invoice, "amend"), body)
        assert page.status_code == 200
        assert told in page.content.decode()
        assert not Process.objects.filter(workflow="subsanar").exists()

    def test_pressed_twice_is_one(self, staff: Client, invoice: Invoice) -> None:
        token = str(staff.get(address(invoice, "amend")).context["token"])
        for _ in range(2):
            assert staff.post(address(invoice, "amend"), {**AMEND, "token": token}).status_code == 302
        work_off()
        assert Process.objects.filter(workflow="subsanar").count() == 1
        assert staff.post(address(invoice, "amend"), {**AMEND, "token": token}).status_code == 302
        assert len(records()) == 2

    def test_waits_for_the_verdict_on_the_record_before(self, staff: Client, invoice: Invoice) -> None:
        staff.post(address(invoice, "amend"), AMEND)
        work_off()
        page = staff.post(address(invoice, "amend"), AMEND).content.decode()
        assert "aún espera la respuesta de la AEAT" in page
        assert Process.objects.filter(workflow="subsanar").count() == 1


class TestAnnulling:
    def test_starts_a_process_that_annuls(self, staff: Client, invoice: Invoice) -> None:
        staff.post(address(invoice, "annul"), ANNUL)
        work_off()
        assert [record.operation for record in records()] == ["Alta", "Anulacion"]
        assert "era una prueba" in Process.objects.get(workflow="annul-invoice").payload

    @pytest.mark.parametrize("missing", ANNUL)
    def test_asks_for_the_reason_and_that_nothing_is_behind_it(
        self, staff: Client, invoice: Invoice, missing: str
    ) -> None:
        body = {name: value for name, value in ANNUL.items() if name != missing}
        assert staff.post(address(invoice, "annul"), body).status_code == 200
        assert not Process.objects.filter(workflow="annul-invoice").exists()

    def test_a_rectified_invoice_had_its_operation(self, staff: Client, invoice: Invoice) -> None:
        Invoice.objects.filter(pk=invoice.pk).update(state="rectified")
        page = staff.post(address(invoice, "annul"), ANNUL)
        assert "su operación existió" in page.content.decode()
        assert len(records()) == 1


class TestHistory:
    def test_shows_each_record_with_its_flags_and_verdict(self, staff: Client, invoice: Invoice) -> None:
        staff.post(address(invoice, "amend"), AMEND)
        work_off()
        answered(records()[1], "rejected", "1110", SCRIPT)
        staff.post(address(invoice, "amend"), AMEND)
        work_off()
        page = staff.get(change_url(invoice)).content.decode()
        assert "Subsanacion=S RechazoPrevio=S" in page
        assert "1110" in page
        assert SCRIPT not in page
        for record in records():
            assert change_url(record) in page


class TestAHold:
    @pytest.fixture
    def process(self, company: Company, staff: Client, invoice: Invoice) -> Process:
        """A correction that the AEAT has rejected."""
        staff.post(address(invoice, "amend"), AMEND)
        work_off()
        second = records()[1]
        answered(second, "rejected", "1110", "no censado")
        verdict = Verdict(
            record_id=second.pk, verdict="rejected", code="1110", description="no censado", at=clock.now()
        )
        tokens.complete([(second.answer_token, verdict)], tenant=company.tenant, now=clock.now(), actor="aeat")
        work_off()
        return Process.objects.get(workflow="subsanar")

    def resolve(self, staff: Client, process: Process, **answer: str) -> Any:
        assert process.hold
        return staff.post(
            reverse("admin:workflows_process_resolve", args=[process.pk]), {"token": process.hold["token"], **answer}
        )

    def test_is_told_with_what_may_be_done(self, staff: Client, process: Process) -> None:
        page = staff.get(reverse("admin:workflows_process_resolve", args=[process.pk])).content.decode()
        assert "La AEAT rechazó el registro de la factura: 1110 no censado." in page
        assert "Dejarla como está" in page
        assert "No facturar" not in page
        for name in ("resend_corrected", "annul", "corrected_by_hand", 'name="clave_regimen"'):
            assert name in page

    def test_is_answered_with_another_coding(self, staff: Client, process: Process) -> None:
        answer = {"action": "resend_corrected", "description": "Venta", "reason": "otra descripción"}
        assert self.resolve(staff, process, **answer).status_code == 302
        work_off()
        third: Any = read_registro(records()[2].xml)
        assert (third.RechazoPrevio, third.DescripcionOperacion) == ("S", "Venta")

    def test_wants_a_reason(self, staff: Client, process: Process) -> None:
        for action in ("resend_corrected", "annul"):
            assert self.resolve(staff, process, action=action).status_code == 200
        assert Process.objects.get(pk=process.pk).state == "held"


def test_two_askings_have_two_tokens(staff: Client, invoice: Invoice) -> None:
    first, second = (staff.get(address(invoice, "annul")).context["token"] for _ in range(2))
    assert first != second
    assert bench.fetch() is None
    assert staff.get(reverse("admin:invoicing_invoice_annul", args=[uuid7()])).status_code == 404


RECTIFY = {"action": "return_or_discount", "row_0": "1.21", "reason": "llegó rayada"}


def test_an_invoice_is_rectified_from_its_page(staff: Client, invoice: Invoice) -> None:
    page = reverse("admin:invoicing_invoice_rectify", args=[invoice.pk])
    assert page in staff.get(change_url(invoice)).content.decode()
    shown = staff.get(page).content.decode()
    assert 'value="exchange_wrong"' not in shown  # it does not arise for a complete invoice
    token = str(uuid7())
    for _ in range(2):  # pressed twice
        assert staff.post(page, {**RECTIFY, "token": token, "step": "issue"}).status_code == 302
    work_off()
    made = Invoice.objects.exclude(pk=invoice.pk).get()
    assert (made.tipo, str(made.total)) == ("R1", "-1.21")
    assert made.num_serie in staff.get(change_url(invoice)).content.decode()
    assert "llegó rayada" in staff.get(change_url(made)).content.decode()


def test_what_would_be_issued_is_shown_first(staff: Client, invoice: Invoice) -> None:
    page = reverse("admin:invoicing_invoice_rectify", args=[invoice.pk])
    typed = {**RECTIFY, "row_0": "1,21", "reason": f"llegó\r\nrayada {SCRIPT}"}
    shown = staff.post(page, typed)
    told = shown.content.decode()
    # 1.21 with 21 % in it
    for text in ("Esto es lo que se expediría ahora.", invoice.num_serie, "1,00\xa0€", "0,21\xa0€", "1,21\xa0€"):
        assert text in told
    assert SCRIPT not in told
    assert not Process.objects.filter(workflow="rectify-invoice").exists()

    given = dict(shown.context["given"])
    again = staff.post(page, {**given, "step": "change"})
    assert {name: again.context["form"][name].value() for name in typed} == typed
    assert staff.post(page, {**given, "step": "issue"}).status_code == 302
    work_off()
    assert str(Invoice.objects.exclude(pk=invoice.pk).get().total) == "-1.21"

    # Rows are counted from the first: by now row 0 may be another rate.
    late = staff.post(page, {**given, "token": str(uuid7()), "step": "issue"})
    assert "Entretanto ha cambiado lo que queda" in late.content.decode()
    assert Invoice.objects.count() == 2


def test_a_correction_of_two_documents_says_so(company: Company, staff: Client) -> None:
    world.arrive(world.shop(company), world.sale())
    work_off()
    who = {"tax_id": "12345678Z", "name": "Ana Ruiz", "reason": "era ella"}
    page = reverse("admin:invoicing_invoice_rectify", args=[Invoice.objects.get().pk])
    told = staff.post(page, {**who, "action": "complete_one_asked_for"}).content.decode()
    assert "Ana Ruiz · 12345678Z" in told
    assert "Son dos documentos" not in told
    staff.post(page, {**who, "action": "complete_one_asked_for", "step": "issue"})
    work_off()
    page = reverse("admin:invoicing_invoice_rectify", args=[Invoice.objects.get(tipo="F3").pk])
    assert "Son dos documentos" in staff.post(page, {**who, "action": "exchange_wrong"}).content.decode()


def test_the_process_goes_by_what_it_does(staff: Client, invoice: Invoice) -> None:
    page = reverse("admin:invoicing_invoice_rectify", args=[invoice.pk])
    process = staff.post(page, {**RECTIFY, "step": "issue"})["Location"]
    told = staff.get(process).content.decode()
    assert "Rectificar una factura | Encadena</title>" in told
    assert "rectify-invoice 0" not in told


def test_more_than_stands_is_refused_in_the_form(staff: Client, invoice: Invoice) -> None:
    page = reverse("admin:invoicing_invoice_rectify", args=[invoice.pk])
    told = staff.post(page, {**RECTIFY, "row_0": "99999.00", "reason": SCRIPT})
    assert told.status_code == 200
    assert "no supera a su original" in told.content.decode()
    assert SCRIPT not in told.content.decode()
    assert Invoice.objects.count() == 1


def test_whoever_may_not_rectify_does_not(company: Company, invoice: Invoice, client: Client) -> None:
    reader = signed_in(client, company, *READS)
    assert reader.get(reverse("admin:invoicing_invoice_rectify", args=[invoice.pk])).status_code == 403
