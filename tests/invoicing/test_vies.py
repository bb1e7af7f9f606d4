"""VIES is asked before a company of another member state is invoiced; every answer is kept, and silence is not a no."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import override_settings
from pytest_django import Settings

from common import clock
from invoicing import vies
from invoicing.capture import capture_delivery
from invoicing.companies import connect
from invoicing.flows import InvoiceOrder, invoice_order
from invoicing.holds import Action, Resolution
from invoicing.intake import receive
from invoicing.models import Company, Delivery, Invoice, VatCheck
from invoicing.storefronts import PLATFORMS
from tests.databases import Database
from tests.invoicing.api_client import work_off
from tests.invoicing.orders import payload
from tests.invoicing.vies import Vies, a_vies, error, no, yes
from tests.world import la_encina
from workflows import control
from workflows.engine import trigger
from workflows.models import Process
from workflows.testing import Stuck, crash_after, run_inline

NUMBER, OURS = "DE123456788", "ESB12345674"


@pytest.fixture
def commission() -> Iterator[Vies]:
    with a_vies() as running, override_settings(VIES_URL=running.url):
        yield running


class TestTheQuestion:
    def test_names_both_numbers_and_brings_the_consultation_number(self, commission: Vies) -> None:
        answer = vies.ask(commission.url, NUMBER, OURS)
        assert (answer.outcome, answer.request_identifier) == ("valid", "WAPIAAAAYx2lKDh8")
        assert json.loads(answer.raw)["valid"] is True
        assert commission.paths == ["/rest-api/check-vat-number"]
        assert commission.questions == [
            {
                "countryCode": "DE",
                "vatNumber": "123456788",
                "requesterMemberStateCode": "ES",
                "requesterNumber": "B12345674",
            }
        ]

    @pytest.mark.parametrize(
        ("told", "outcome"),
        [
            (no(), "invalid"),
            (error("INVALID_INPUT"), "invalid"),
            (error("MS_UNAVAILABLE"), "unavailable"),
            (error("MS_UNAVAILABLE", 500), "unavailable"),
            (error("MS_MAX_CONCURRENT_REQ"), "unavailable"),
            (error("GLOBAL_MAX_CONCURRENT_REQ"), "unavailable"),
            (error("INVALID_REQUESTER_INFO"), "unavailable"),
            (error("SOMETHING_NEW"), "unavailable"),
            ((503, b"<html>Service Unavailable</html>"), "unavailable"),
            ((200, b""), "unavailable"),
            ((200, b"[]"), "unavailable"),
            ((200, b'{"valid": "true"}'), "unavailable"),
            ((200, b'{"valid": false, "userError": "MS_UNAVAILABLE"}'), "unavailable"),
            ((500, yes()[1]), "unavailable"),
            (yes("DE999999999"), "unavailable"),  # an answer to another question
        ],
    )
    def test_only_a_clear_answer_is_one(self, commission: Vies, told: tuple[int, bytes], outcome: str) -> None:
        commission.answers = [told]
        assert vies.ask(commission.url, NUMBER, OURS).outcome == outcome

    def test_nobody_there_is_no_answer(self) -> None:
        with a_vies() as gone:
            pass
        answer = vies.ask(gone.url, NUMBER, OURS)
        assert (answer.outcome, answer.detail) == ("unavailable", "ConnectionError")


def an_order() -> tuple[Company, InvoiceOrder]:
    """An order of a German company (scenario shopify/05), captured."""
    company = la_encina(nif="B12345674")
    connected = connect(
        company, platform="shopify", name="Tienda", invoice_from=datetime(2026, 1, 1, tzinfo=UTC), settle_seconds=0
    )
    body, headers = payload("shopify", "05"), {"X-Shopify-Topic": "orders/paid", "X-Shopify-Webhook-Id": "w1"}
    identity = PLATFORMS["shopify"].identity(body, headers)
    receive(connected, body=body, headers=headers, identity=identity, now=clock.now())
    captured = capture_delivery(Delivery.objects.latest("id"), now=clock.now())
    assert captured
    return company, InvoiceOrder(company.pk, captured.order.pk, captured.snapshot.version)


def holds() -> list[str]:
    return [process.hold["code"] for process in Process.objects.filter(workflow="invoice-order") if process.hold]


@pytest.mark.usefixtures("fresh_database")
class TestTheOrder:
    def test_is_exempt_when_the_number_stands_and_the_evidence_is_kept(self, commission: Vies) -> None:
        company, order = an_order()
        assert run_inline(invoice_order, order)
        invoice = Invoice.objects.get()
        assert (invoice.tipo, invoice.recipient_nif, invoice.recipient_id_type) == ("F1", NUMBER, "02")
        assert "<sum1:OperacionExenta>E5" in invoice.record.xml
        assert invoice.issuer_nif == "B12345674"  # both numbers are on the invoice
        check = VatCheck.objects.get()
        assert (check.company, check.number, check.requester, check.outcome) == (company, NUMBER, OURS, "valid")
        assert check.request_identifier == "WAPIAAAAYx2lKDh8"
        assert json.loads(check.raw)["countryCode"] == "DE"
        assert check.seal == check.compute_seal()

    @pytest.mark.faults
    def test_asks_once_when_the_worker_dies_right_after(self, commission: Vies) -> None:
        _, order = an_order()
        with crash_after("check_vat"):
            assert run_inline(invoice_order, order)
        assert (len(commission.questions), VatCheck.objects.count(), Invoice.objects.count()) == (1, 1, 1)

    @pytest.mark.faults
    def test_goes_on_when_the_service_is_back_within_the_hour(self, commission: Vies) -> None:
        commission.answers = [error("MS_UNAVAILABLE"), (503, b"down"), yes()]
        _, order = an_order()
        assert run_inline(invoice_order, order)
        assert list(VatCheck.objects.order_by("id").values_list("outcome", flat=True)) == [
            "unavailable", "unavailable", "valid",
        ]  # fmt: skip

    @pytest.mark.faults
    def test_is_held_after_an_hour_of_silence(self, commission: Vies) -> None:
        commission.answers = [error("MS_UNAVAILABLE")]
        _, order = an_order()
        with pytest.raises(Stuck):
            run_inline(invoice_order, order)
        assert holds() == ["vat_service_down"]
        checks = list(VatCheck.objects.order_by("id"))
        assert len(checks) == 7
        assert 3600 <= (checks[-1].at - checks[0].at).total_seconds() < 3700
        assert Invoice.objects.count() == 0

    def test_may_be_taken_by_a_person_with_a_reason(self, commission: Vies) -> None:
        commission.answers = [no()]
        _, order = an_order()
        answer = Resolution(action=Action.ACCEPT_VAT_NUMBER, reason="Certificado del Finanzamt de hoy.")
        assert run_inline(invoice_order, order, holds=[answer])
        assert "<sum1:OperacionExenta>E5" in Invoice.objects.get().record.xml

    def test_may_be_taken_days_after_vies_said_no(self, commission: Vies, settings: Settings, tmp_path: Path) -> None:
        """VIES is asked again by then, and the person's answer is not lost over it."""
        commission.answers = [no()]
        settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
        _, order = an_order()
        trigger(invoice_order, order, now=clock.now(), actor="capture")
        work_off()
        held = Process.objects.get(workflow="invoice-order", state="held")
        Path(settings.CLOCK_OFFSET_FILE).write_text(str(timedelta(days=3).total_seconds()))
        answer = Resolution(action=Action.ACCEPT_VAT_NUMBER, reason="Certificado del Finanzamt.")
        control.resolve(held.pk, answer, now=clock.now(), actor="eva")
        work_off()
        assert Process.objects.get(pk=held.pk).state == "completed"
        assert (Invoice.objects.count(), len(commission.questions)) == (1, 2)

    def test_is_held_at_once_when_the_number_does_not_stand(self, commission: Vies) -> None:
        commission.answers = [no()]
        _, order = an_order()
        with pytest.raises(Stuck):
            run_inline(invoice_order, order)
        assert (holds(), len(commission.questions)) == (["vat_number_invalid"], 1)

    def test_asks_about_the_number_that_a_person_gives_instead(self, commission: Vies) -> None:
        commission.answers = [no(), yes("FR40303265045")]
        _, order = an_order()
        answer = Resolution(action=Action.GIVE_NIF, nif="FR 40 303265045")
        assert run_inline(invoice_order, order, holds=[answer])
        assert Invoice.objects.get().recipient_nif == "FR40303265045"
        assert [question["vatNumber"] for question in commission.questions] == ["123456788", "40303265045"]

    def test_is_held_at_once_where_nobody_may_be_asked(self) -> None:
        _, order = an_order()
        with override_settings(VIES_URL=""), pytest.raises(Stuck):
            run_inline(invoice_order, order)
        assert (holds(), VatCheck.objects.count()) == (["vat_service_down"], 1)


def test_the_evidence_cannot_be_changed(fresh_database: Database) -> None:
    company, _ = an_order()
    made = VatCheck(company=company, number=NUMBER, requester=OURS, outcome="invalid", at=clock.now())
    made.save()
    changes: dict[str, Any] = {"outcome": "valid"}
    with pytest.raises(DatabaseError):
        VatCheck.objects.filter(pk=made.pk).update(**changes)
