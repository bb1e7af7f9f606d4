"""A VAT number that staff type in *Rectificar* is asked of VIES as an order's is (fiscal-policy.md, Taxes)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client, override_settings
from django.urls import reverse

from common import clock
from common.ids import uuid7
from invoicing.by_staff import correction_of, rectify_recipient
from invoicing.holds import Action, Resolution
from invoicing.models import Company, Invoice, Membership, VatCheck
from invoicing.remedies import Situation
from invoicing.values import Address, Party
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import INVOICES, ORDERS, caller, order, work_off
from tests.invoicing.vies import Vies, a_vies, error, no, yes
from workflows.models import Process
from workflows.testing import Stuck, run_inline

WEBER = {"name": "Weber Handels GmbH", "address": "Lindenstraße 44\n50674 Köln\nDE"}
TYPED = {"action": "recipient_or_text", "tax_id": "DE 123 456 788", "reason": "Compró la filial alemana", **WEBER}
PERMISSIONS = ("view_invoice", "rectify_invoice", "view_process", "change_process")


@pytest.fixture
def commission() -> Iterator[Vies]:
    with a_vies() as running, override_settings(VIES_URL=running.url):
        yield running


@pytest.fixture
def company(fresh_database: Database) -> Company:
    return world.la_encina()


@pytest.fixture
def invoice(company: Company) -> Invoice:
    """A complete invoice of Soler's."""
    world.arrive(world.shop(company), world.sale(world.SOLER))
    work_off()
    return Invoice.objects.get()


@pytest.fixture
def staff(company: Company, client: Client) -> Client:
    user = User.objects.create_user("eva", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=PERMISSIONS))
    Membership.objects.create(user=user, company=company)
    client.force_login(user)
    return client


def rectify(staff: Client, invoice: Invoice, **changes: str) -> None:
    page = reverse("admin:invoicing_invoice_rectify", args=[invoice.pk])
    token = str(uuid7())
    for _ in range(2):  # pressed twice
        assert staff.post(page, {**TYPED, **changes, "token": token}).status_code == 302
    work_off()


def corrective(invoice: Invoice) -> Invoice:
    return Invoice.objects.exclude(pk=invoice.pk).get()


def held() -> Process:
    return Process.objects.get(state="held")


def resolve(staff: Client, **answer: str) -> Any:
    process = held()
    assert process.hold
    response = staff.post(
        reverse("admin:workflows_process_resolve", args=[process.pk]), {"token": process.hold["token"], **answer}
    )
    work_off()
    return response


def test_a_number_that_stands_is_issued_and_its_evidence_kept(
    commission: Vies, staff: Client, invoice: Invoice
) -> None:
    rectify(staff, invoice)
    made = corrective(invoice)
    assert (made.tipo, made.recipient_nif, made.recipient_id_type) == ("R4", "DE123456788", "02")
    assert (VatCheck.objects.get().outcome, len(commission.questions)) == ("valid", 1)
    rectify(staff, made, tax_id="DE123456788", name="Weber Handels AG")
    assert len(commission.questions) == 1  # it stood when the invoice before was issued
    assert Invoice.objects.latest("id").recipient_name == "Weber Handels AG"


def test_one_that_does_not_waits_for_a_person(commission: Vies, staff: Client, invoice: Invoice) -> None:
    commission.answers = [no(), yes("FR40303265045")]
    rectify(staff, invoice)
    assert Invoice.objects.count() == 1
    process = held()
    assert process.hold
    assert process.hold["code"] == "vat_number_invalid"
    assert "issue_simplified" not in process.hold["data"]["actions"]
    page = staff.get(reverse("admin:workflows_process_resolve", args=[process.pk])).content.decode()
    assert "VIES no da por válido el NIF-IVA DE123456788" in page
    assert "Dejarla como está" in page
    assert resolve(staff, action="give_nif", nif="FR 40 303265045").status_code == 302
    made = corrective(invoice)
    assert (made.tipo, made.recipient_nif) == ("R4", "FR40303265045")


def test_a_person_may_take_it_on_other_evidence_or_leave_the_invoice_as_it_is(
    commission: Vies, staff: Client, invoice: Invoice
) -> None:
    commission.answers = [no()]
    rectify(staff, invoice)
    assert resolve(staff, action="ignore", reason="Era el número de otro").status_code == 302
    assert Invoice.objects.count() == 1
    rectify(staff, invoice)
    assert resolve(staff, action="accept_vat_number", reason="Certificado de hoy").status_code == 302
    assert corrective(invoice).recipient_nif == "DE123456788"


def test_while_it_waits_the_order_goes_on(commission: Vies, company: Company) -> None:
    commission.answers = [no()]
    client = caller(company)
    address = {"lines": ["Plaza Mayor 1"], "postal_code": "28004", "city": "Madrid", "country": "ES"}
    soler = {"tax_id": "B12345674", "company": "Ferretería Soler SL", "address": address}
    assert client.post(ORDERS, order(buyer=soler)).status_code == 202
    work_off()
    [sold] = client.get(INVOICES).json()["data"]
    recipient = {**soler, "tax_id": "DE123456788", "company": "Weber Handels GmbH"}
    response = client.post(
        f"{INVOICES}{sold['id']}/rectify/",
        {"situation": "recipient_or_text", "reason": "Compró la filial", "recipient": recipient},
    )
    assert response.status_code == 202, response.content
    work_off()
    assert held().workflow == "rectify-recipient"
    later = (clock.now() + timedelta(seconds=5)).isoformat()
    assert client.post(ORDERS, order(buyer=soler, cancelled=True, updated_at=later)).status_code == 202
    work_off()
    assert Invoice.objects.get(purpose="cancellation").tipo == "R1"


@pytest.mark.faults
def test_a_service_that_is_silent_for_an_hour_is_for_a_person(
    commission: Vies, company: Company, invoice: Invoice
) -> None:
    commission.answers = [error("MS_UNAVAILABLE")]
    who = Party(name="Weber Handels GmbH", tax_id="DE123456788", address=Address(lines=("Lindenstraße 44",)))
    asked = correction_of(invoice, Situation.RECIPIENT_OR_TEXT, reason="r", request=uuid7(), recipient=who)
    with pytest.raises(Stuck):
        run_inline(rectify_recipient, asked)
    process = held()
    assert process.hold
    assert (process.hold["code"], VatCheck.objects.count()) == ("vat_service_down", 7)
    asked = correction_of(invoice, Situation.RECIPIENT_OR_TEXT, reason="r", request=uuid7(), recipient=who)
    answer = Resolution(action=Action.ACCEPT_VAT_NUMBER, reason="Certificado de hoy")
    assert run_inline(rectify_recipient, asked, holds=[answer])
