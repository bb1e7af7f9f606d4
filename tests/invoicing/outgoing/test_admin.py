"""Endpoints in the admin: made, tried, changed and told anew by a person."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from common.admin import change_url
from invoicing.models import Company, Endpoint, Notification
from tests import world
from tests.databases import Database
from tests.invoicing.listening import Listener, listening
from tests.workflows import bench

LIST = "/admin/invoicing/endpoint/"
ADD = f"{LIST}add/"


@pytest.fixture
def company(fresh_database: Database) -> Company:
    return world.la_encina()


@pytest.fixture
def erp(settings: Settings, tmp_path: Path) -> Iterator[Listener]:
    settings.WEBHOOK_PRIVATE_HOSTS = ["127.0.0.1"]
    with listening() as running:
        yield running


@pytest.fixture
def admin(company: Company, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("ana"))
    return client


def add(admin: Client, company: Company, url: str, **changes: object) -> str:
    form = {"company": company.pk, "name": "ERP", "url": url, "kinds": ["invoice.issued", "order.held"], **changes}
    return admin.post(ADD, form).content.decode()


def act(admin: Client, action: str) -> str:
    chosen = {"action": action, "_selected_action": [str(Endpoint.objects.get().pk)]}
    return admin.post(LIST, chosen, follow=True).content.decode()


def test_one_is_made_and_its_secret_shown(admin: Client, company: Company, erp: Listener) -> None:
    page = add(admin, company, erp.url)
    endpoint = Endpoint.objects.get()
    assert endpoint.secret in page
    assert endpoint.kinds == ["invoice.issued", "order.held"]
    assert endpoint.secret not in admin.get(change_url(endpoint)).content.decode()


@pytest.mark.parametrize("url", ["http://erp.example.com/", "https://user:secreto@erp.example.com/", "erp.example.com"])
def test_an_address_that_may_not_be_told_is_refused_beside_its_field(admin: Client, company: Company, url: str) -> None:
    assert "Escriba la dirección entera" in add(admin, company, url)
    assert not Endpoint.objects.exists()


def test_the_same_address_is_refused_twice_and_on_change(admin: Client, company: Company, erp: Listener) -> None:
    add(admin, company, erp.url)
    assert "ya avisa a esta dirección" in add(admin, company, erp.url)
    add(admin, company, f"{erp.url}/otra")
    second = Endpoint.objects.get(url=f"{erp.url}/otra")
    changed = {"name": "ERP", "url": erp.url, "kinds": ["order.held"], "active": "on"}
    assert "ya avisa a esta dirección" in admin.post(change_url(second), changed).content.decode()


def test_a_trial_event_is_sent_and_listed(admin: Client, company: Company, erp: Listener) -> None:
    add(admin, company, erp.url)
    assert "se envía; su respuesta aparece en los envíos" in act(admin, "try_out")
    bench.drain()
    (came,) = erp.came
    assert came.told["type"] == "ping"
    assert came.signed_by(Endpoint.objects.get().secret)
    page = admin.get(change_url(Notification.objects.get())).content.decode()
    assert came.told["id"] in page
    assert "HTTP 204" in page
    listed = admin.get(reverse("admin:invoicing_notification_changelist"), {
        "endpoint__id__exact": str(Endpoint.objects.get().pk)}).content.decode()  # fmt: skip
    assert "prueba" in listed


def test_a_secret_is_changed_and_shown(admin: Client, company: Company, erp: Listener) -> None:
    add(admin, company, erp.url)
    before = Endpoint.objects.get().secret
    form = {"name": "Almacén", "url": erp.url, "kinds": ["order.held"], "active": "on", "new_secret": "on"}
    page = admin.post(change_url(Endpoint.objects.get()), form).content.decode()
    endpoint = Endpoint.objects.get()
    assert endpoint.secret in page
    assert (endpoint.name, endpoint.kinds, endpoint.previous_secret) == ("Almacén", ["order.held"], before)


def test_one_that_is_switched_off_is_told_nothing_until_it_is_on(
    admin: Client, company: Company, erp: Listener
) -> None:
    erp.says = [410, 204]
    add(admin, company, erp.url)
    act(admin, "try_out")
    bench.drain()
    assert "Está apagado" in act(admin, "try_out")
    assert "Está apagado" in act(admin, "resend")
    form = {"name": "ERP", "url": erp.url, "kinds": ["order.held"], "active": "on"}
    assert "HTTP 410" in admin.get(change_url(Endpoint.objects.get())).content.decode()
    admin.post(change_url(Endpoint.objects.get()), form)
    assert "se envía de nuevo lo no aceptado" in act(admin, "resend")
    bench.drain()
    assert [came.headers["webhook-id"] for came in erp.came] == [erp.came[0].headers["webhook-id"]] * 2
    assert Notification.objects.get().state == "delivered"
