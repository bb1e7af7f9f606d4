"""A difference with the AEAT in the admin: what is shown, who may decide, and that the reason stays."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from common.admin import change_url
from invoicing.models import Invoice, Membership
from tests.databases import Database
from tests.invoicing.aeat import Aeat, an_aeat
from verifactu.models import Discrepancy, Record


@pytest.fixture
def aeat(fresh_database: Database, tmp_path: Path) -> Iterator[Aeat]:
    with an_aeat(tmp_path) as running:
        yield running


def staff(aeat: Aeat, *permissions: str) -> Client:
    user = User.objects.create_user("ana", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    Membership.objects.create(user=user, company=aeat.company)
    client = Client(headers={"Accept-Language": "es"})
    client.force_login(user)
    return client


def test_a_repair_is_shown_approved_with_a_reason_and_carried_out(aeat: Aeat) -> None:
    invoice = aeat.issue(2)[0]
    aeat.send()
    aeat.in_its_ledger("DELETE FROM invoice WHERE numero = ?", invoice.num_serie)
    assert aeat.reconcile().code == 3
    row = Discrepancy.objects.get()
    client = staff(aeat, "view_discrepancy", "change_discrepancy")
    page = client.get(change_url(row)).content.decode()
    assert "aquí y no en la AEAT" in page
    assert "enviar otra vez los registros" in page
    address = reverse("admin:verifactu_discrepancy_approve", args=[row.pk])
    assert address in page

    asked = client.get(address).content.decode()
    assert "No se genera ni se cambia ningún registro" in asked
    assert client.post(address, {"reason": ""}).status_code == 200
    assert aeat.states() == ["accepted", "accepted"]
    done = client.post(address, {"reason": "<b>la AEAT lo perdió</b>"}, follow=True)
    assert done.redirect_chain == [(change_url(row), 302)]
    assert "&lt;b&gt;la AEAT lo perdió" in done.content.decode()
    assert Record.objects.get(pk=invoice.record_id).state == "pending"
    # A second press changes nothing and says so.
    again = client.post(address, {"reason": "otra vez"}, follow=True).content.decode()
    assert "ya está decidida" in again
    decided = Discrepancy.objects.get()
    assert (decided.state, decided.decided_by, decided.reason) == ("approved", "ana", "<b>la AEAT lo perdió</b>")
    aeat.send()
    assert aeat.reconcile().code == 0
    assert "reparada" in client.get(reverse("admin:verifactu_discrepancy_changelist")).content.decode()


def test_who_may_only_look_has_no_buttons_and_cannot_press_them(aeat: Aeat) -> None:
    aeat.issue()
    aeat.send()
    aeat.somebody_else_sends()
    aeat.reconcile()
    row = Discrepancy.objects.get()
    client = staff(aeat, "view_discrepancy")
    address = reverse("admin:verifactu_discrepancy_dismiss", args=[row.pk])
    assert address not in client.get(change_url(row)).content.decode()
    assert client.get(address).status_code == 403
    assert client.post(address, {"reason": "x"}).status_code == 403
    assert Discrepancy.objects.get().state == "open"
    assert Invoice.objects.count() == 1
