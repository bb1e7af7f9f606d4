"""What somebody meets who opens the admin for the first time: empty lists that lead on, and forms without a riddle."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from common import clock
from invoicing.companies import connect
from invoicing.models import Company, Connection, Delivery, Export, Reconciliation
from tests import world
from tests.databases import Database
from workflows.admin.desks import desk
from workflows.api import WORKFLOWS

APPS = ("config", "invoicing", "verifactu", "workflows")
EMPTY = {
    Export: "con el botón «Exportar facturas»",
    Reconciliation: "la orden reconcile_orders",
    Delivery: "la dirección y el secreto de su conexión",
}


@pytest.fixture
def company(fresh_database: Database) -> Company:
    return world.la_encina()


@pytest.fixture
def admin(company: Company, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("eva"))
    return client


@pytest.mark.parametrize("model", EMPTY)
def test_an_empty_list_says_how_it_fills(admin: Client, model: type) -> None:
    address = reverse(f"admin:invoicing_{model._meta.model_name}_changelist")  # type: ignore[attr-defined]
    page = admin.get(address).content.decode()
    assert EMPTY[model] in page
    assert "Quitar los filtros" not in page  # none is set


def test_a_list_that_filters_emptied_says_so(admin: Client) -> None:
    page = admin.get("/admin/invoicing/connection/", {"q": "nada"}).content.decode()
    assert "No hay nada con estos filtros." in page
    assert "Quitar los filtros" in page


def test_the_only_company_is_chosen(admin: Client, company: Company) -> None:
    for model in ("draft", "connection", "mailtemplate", "series"):
        form = admin.get(f"/admin/invoicing/{model}/add/").context["adminform"].form
        assert form["company"].value() == str(company.pk), model


def test_a_new_line_costs_nothing_off_and_counts_one(admin: Client) -> None:
    page = admin.get("/admin/invoicing/draft/add/")
    line = page.context["inline_admin_formsets"][0].formset.forms[0]
    assert [line[name].value() for name in ("quantity", "unit_price", "discount")] == ["1", None, "0"]


def test_an_api_connection_asks_for_no_secret(admin: Client, company: Company) -> None:
    till = connect(company, platform="api", name="Caja", invoice_from=clock.now())
    address = reverse("admin:invoicing_connection_change", args=[till.pk])
    page = admin.get(address).content.decode()
    assert "cree una clave" in page
    assert "Secreto nuevo" not in page
    form = admin.get(address).context["adminform"].form
    sent = {name: form[name].value() for name in form.fields if name != "invoice_from"}
    sent = {name: value for name, value in sent.items() if value is not None and value is not False} | {
        "name": "Caja de la tienda"
    }
    assert admin.post(address, sent).status_code == 302
    kept = Connection.objects.get(pk=till.pk)
    assert (kept.name, kept.secret) == ("Caja de la tienda", till.secret)


def test_every_workflow_has_words() -> None:
    ours = {name for (name, _version), known in WORKFLOWS.items() if known.function.__module__.split(".")[0] in APPS}
    assert len(ours) > 10
    assert {name for name in ours if desk(name).title == name} == set()
