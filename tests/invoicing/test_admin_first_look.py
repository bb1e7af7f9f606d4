"""What somebody meets who opens the admin for the first time: empty lists that lead on, and forms without a riddle."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from common import clock
from invoicing.admin.reconciliations import in_words
from invoicing.companies import connect
from invoicing.models import Company, Connection, Delivery, Draft, Export, Reconciliation
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


def test_the_front_page_says_where_to_begin(admin: Client, company: Company) -> None:
    page = admin.get("/admin/").content.decode()
    assert "de dónde llegan los pedidos" in page
    assert reverse("admin:invoicing_connection_add") in page
    world.shop(company)
    assert "de dónde llegan los pedidos" not in admin.get("/admin/").content.decode()
    assert "Empiece por la empresa" not in page


def test_an_empty_house_begins_with_the_company(fresh_database: Database, client: Client) -> None:
    client.force_login(User.objects.create_superuser("eva"))
    page = client.get("/admin/").content.decode()
    assert "Empiece por la empresa que factura" in page
    assert reverse("admin:invoicing_company_add") in page


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


def test_a_draft_is_saved_as_often_as_one_likes(admin: Client, company: Company) -> None:
    """Nobody touched the empty line at the end: it is none."""
    line = {"lines-0-description": "Pintar", "lines-0-kind": "goods", "lines-0-quantity": "2",
            "lines-0-unit_price": "1234,5", "lines-0-discount": "0", "lines-0-tax": "21"}  # fmt: skip
    untouched = {"lines-1-kind": "goods", "lines-1-quantity": "1", "lines-1-discount": "0", "lines-1-tax": "21"}
    sent = {"company": str(company.pk), "language": "es", "country": "ES", "buyer_name": "Lucía Ferrer",
            "lines-TOTAL_FORMS": "2", "lines-INITIAL_FORMS": "0", **line, **untouched}  # fmt: skip
    assert admin.post("/admin/invoicing/draft/add/", sent).status_code == 302
    draft = Draft.objects.get()
    kept = draft.lines.get()
    assert (kept.quantity, kept.unit_price) == (Decimal(2), Decimal("1234.5"))
    own = {"lines-0-id": str(kept.pk), "lines-0-draft": str(draft.pk), "lines-INITIAL_FORMS": "1"}
    sent |= {**own, "buyer_name": "Lucía Ferrer Ocaña"}
    again = admin.post(f"/admin/invoicing/draft/{draft.pk}/change/", sent)
    assert again.status_code == 302, again.context["errors"]
    assert (Draft.objects.get().buyer_name, draft.lines.count()) == ("Lucía Ferrer Ocaña", 1)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("nif_required", "sin NIF del comprador"),
        ("not here", "La tienda lo tiene y aquí no está."),
        (
            "refund R-1 of 12.10 has no correction; refund R-2 of 1234.00 has 2 corrections",
            "R-1 de 12,10\xa0€ no tiene rectificativa. La devolución R-2 de 1.234,00\xa0€ tiene 2 rectificativas.",
        ),
        ("tienda.example: HTTP 500", "tienda.example: HTTP 500"),
    ],
)
def test_a_report_says_in_words_what_remained(reason: str, told: str) -> None:
    assert told in in_words(reason)


def test_a_list_says_in_our_words_which_of_its_items_is_wrong(admin: Client, company: Company) -> None:
    address = reverse("admin:invoicing_company_change", args=[company.pk])
    page = admin.post(address, {"report_recipients": "eva@example.com, nadie"}).content.decode()
    assert "El 2.º no vale:" in page


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
