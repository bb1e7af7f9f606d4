"""No row of a company can be reached by a member of staff of another: every address of the admin is walked."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin as django_admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, reverse
from lxml import html
from pytest_django import Settings

from common import clock
from common.admin import HouseAdmin, ScopedAdmin, change_url, list_url
from common.ids import uuid7
from config.demo.catalogue import PRODUCTS
from invoicing.api.keys import issue_key
from invoicing.companies import connect
from invoicing.documents import Documents
from invoicing.models import (
    ApiKey,
    Company,
    Connection,
    Document,
    Draft,
    Export,
    Invoice,
    MailTemplate,
    Membership,
    PrivacyRequest,
)  # fmt: skip
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import work_off
from tests.invoicing.troubles import leave_troubles
from verifactu.models import Answer, Submission
from workflows.alerts import alert
from workflows.models import Process, Schedule

THEIRS = "Secretos y Compañía SL"
MARKS = (THEIRS, "A58818501", "#9001", "#9002", "Cliente Oculta")
"""What stands only in rows of the other company."""


@pytest.fixture
def theirs(fresh_database: Database, tmp_path: Path, settings: Settings) -> Company:
    """Another company with a row of every kind."""
    settings.DOCUMENTS_DIR = tmp_path
    company = world.la_encina(nif="A58818501", name=THEIRS)
    shop = world.shop(company)
    buyer = replace(world.LUCIA, first="Cliente", last="Oculta")
    world.arrive(shop, world.sale(number=9001, buyer=buyer))
    dear = replace(PRODUCTS[0], price=Decimal("4840.00"))
    world.arrive(shop, world.sale(number=9002, buyer=buyer, items=((dear, 1),)))
    work_off()
    invoice = Invoice.objects.get()
    stored = Documents(tmp_path).store(b"%PDF-1.7 Cliente Oculta")
    Document(invoice=invoice, sha256=stored.sha256, size=stored.size, rendered_at=clock.now()).save()
    answer = {"kind": "submission", "received_at": clock.now(), "body": b"<a>Cliente Oculta</a>"}
    Answer(submission=Submission.objects.get(), **answer).save()
    taken = Documents(tmp_path, "csv").store(b"Cliente Oculta")
    Export(id=uuid7(), company=company, requested_by="ana", first_date=clock.now().date(), last_date=clock.now().date(),
           environment="simulator", language="es", rows=1, csv_sha256=taken.sha256, csv_size=taken.size,
           xlsx_sha256=taken.sha256, xlsx_size=taken.size, created_at=clock.now()).save()  # fmt: skip
    words = {"subject": "Cliente Oculta", "body": "Cliente Oculta"}
    MailTemplate(company=company, kind="invoice", language="es", **words).save()
    api = connect(company, platform="api", name="Caja oculta", invoice_from=None)
    issue_key(company=company, connection=api, name="oculta", scopes=["orders:read"])
    Membership.objects.create(user=User.objects.create_user("ana", is_staff=True), company=company)
    alert("process_held", "invoice-order", "Cliente Oculta no contesta", company.tenant, clock.now())
    leave_troubles(invoice, reason="Cliente Oculta")
    PrivacyRequest(
        id=uuid7(), company=company, kind="export", asked_by="Cliente Oculta", reason="Cliente Oculta", state="ready",
        received_at=clock.now(), due_at=clock.now(),
    ).save()  # fmt: skip
    Draft.objects.create(company=company, reference="#9001", buyer_name="Cliente Oculta", created_at=clock.now(),
                         updated_at=clock.now())  # fmt: skip
    Schedule(
        name="Cliente Oculta", workflow="invoice-order", payload="{}", cron="0 9 * * *", zone="Europe/Madrid",
        tenant=company.tenant, next_at=clock.now() + timedelta(days=1),
    ).save()  # fmt: skip
    return company


@pytest.fixture
def staff(theirs: Company, client: Client) -> Client:
    """Somebody with every permission there is, who works for a company of her own."""
    mine = world.la_encina()
    user = User.objects.create_user("berta", is_staff=True)
    user.user_permissions.add(*Permission.objects.all())
    Membership.objects.create(user=user, company=mine)
    client.force_login(user)
    return client


def models() -> list[type[Any]]:
    django_admin.autodiscover()
    return sorted((model for model in django_admin.site._registry), key=lambda model: model._meta.label)


def scoped_models() -> list[type[Any]]:
    return [model for model in models() if isinstance(django_admin.site._registry[model], ScopedAdmin)]


def rows_of_theirs(model: type[Any]) -> list[Any]:
    page: Any = django_admin.site._registry[model]
    theirs = Company.objects.get(taxpayer__name=THEIRS).tenant
    return list(model._default_manager.filter(**{page.tenant_path: theirs}))


def addresses(model: type[Any]) -> Iterator[tuple[str, URLPattern]]:
    """Every address of the model's pages that names one row."""
    for pattern in django_admin.site._registry[model].get_urls():
        if pattern.pattern.converters and pattern.name:
            yield pattern.name, pattern


def hides(response: Any) -> None:
    assert response.status_code != 500
    shown = response.content.decode("utf-8", "replace") if not response.streaming else ""
    for mark in MARKS:
        assert mark not in shown


def test_every_page_is_of_a_tenant_or_of_the_house() -> None:
    for model in models():
        assert isinstance(django_admin.site._registry[model], ScopedAdmin | HouseAdmin), model


def test_another_companys_row_does_not_exist(staff: Client, subtests: pytest.Subtests) -> None:
    for model in scoped_models():
        rows = rows_of_theirs(model)
        assert rows, model
        for row in rows:
            before = model._default_manager.filter(pk=row.pk).values().get()
            walked = list(addresses(model))
            assert len(walked) >= 3  # change, history, delete
            for name, pattern in walked:
                (argument,) = pattern.pattern.converters
                address = reverse(f"admin:{name}", kwargs={argument: row.pk})
                with subtests.test(address=address):
                    refuses(staff.get(address), row)
                    refuses(staff.post(address, {"reason": "x", "post": "yes", "action": "ignore"}), row)
            assert model._default_manager.filter(pk=row.pk).values().get() == before


def refuses(response: Any, row: Any) -> None:
    assert response.status_code in (302, 403, 404, 405)
    if response.status_code == 302:
        assert response["Location"] in ("/admin/", change_url(row))
    hides(response)


def test_lists_searches_and_filters_hold_nothing_of_another_company(staff: Client, subtests: pytest.Subtests) -> None:
    theirs = Company.objects.get(taxpayer__name=THEIRS)
    queries: tuple[dict[str, str], ...] = (
        {}, {"q": "90"}, {"q": "Secretos"}, {"q": "9001"}, {"empresa": theirs.tenant}, {"state": "held"},
    )  # fmt: skip
    for model in scoped_models():
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        identities = [str(row.pk) for row in rows_of_theirs(model)]
        for query in queries:
            with subtests.test(address=address, query=query):
                response = staff.get(address, query, follow=True)
                assert response.status_code == 200
                hides(response)
                # What is asked for by its id stands in the address of the page.
                shown = response.content.decode().replace(f"empresa={theirs.tenant}", "")
                assert not [identity for identity in identities if identity in shown]


def test_the_walk_can_find_something(theirs: Company, client: Client) -> None:
    """The same pages do show the rows to whoever works for their company."""
    user = User.objects.get(username="ana")
    user.user_permissions.add(*Permission.objects.all())
    client.force_login(user)
    for model in scoped_models():
        for row in rows_of_theirs(model):
            if model is Process and not row.tenant:
                continue
            assert client.get(change_url(row)).status_code == 200, row
    page = client.get("/admin/").content.decode()
    assert "#9002" in page


def test_the_front_page_is_ones_own(staff: Client) -> None:
    hides(response := staff.get("/admin/"))
    cards = {str(card["title"]): str(card["figure"]) for card in response.context["cards"]}
    assert set(cards.values()) == {"0"}


def test_the_house_is_for_superusers(staff: Client) -> None:
    for model in models():
        if isinstance(django_admin.site._registry[model], HouseAdmin):
            address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            assert staff.get(address).status_code == 403


def test_nothing_is_made_for_another_company(staff: Client, theirs: Company) -> None:
    hides(staff.get("/admin/invoicing/connection/add/"))
    before = Connection.objects.count()
    staff.post("/admin/invoicing/connection/add/", {
        "company": theirs.pk, "platform": "shopify", "name": "Puerta trasera", "settle_seconds": 5, "active": "on",
        "other_invoicing": "hold", "nif_keys": "nif",
    })  # fmt: skip
    assert Connection.objects.count() == before
    connection = Connection.objects.get(name="Caja oculta")
    hides(staff.get("/admin/invoicing/apikey/add/"))
    staff.post("/admin/invoicing/apikey/add/", {
        "connection": connection.pk, "name": "trasera", "scopes": ["orders:read"],
    })  # fmt: skip
    assert not ApiKey.objects.filter(name="trasera").exists()


def test_bulk_actions_reach_only_ones_own(staff: Client, theirs: Company) -> None:
    process = Process.objects.get(state="held")
    key = ApiKey.objects.get()
    staff.post("/admin/workflows/process/", {
        "action": "resume_selected", "confirm": "yes", "_selected_action": [str(process.pk)],
    })  # fmt: skip
    staff.post("/admin/invoicing/apikey/", {"action": "revoke", "_selected_action": [str(key.pk)]})
    assert Process.objects.get(pk=process.pk).state == "held"
    assert ApiKey.objects.get().revoked_at is None


def test_nobody_signed_in_sees_nothing(theirs: Company) -> None:
    for model in models():
        stranger = Client()
        row = model._default_manager.first()
        label = f"{model._meta.app_label}_{model._meta.model_name}"
        for address in (reverse(f"admin:{label}_changelist"), *([change_url(row)] if row else [])):
            response = stranger.get(address)
            assert response.status_code == 302
            assert response["Location"].startswith("/admin/login/")


def test_without_a_company_nothing_is_seen(theirs: Company, client: Client) -> None:
    user = User.objects.create_user("nadie", is_staff=True)
    user.user_permissions.add(*Permission.objects.all())
    client.force_login(user)
    for model in scoped_models():
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        hides(client.get(address))


def whose(page: str) -> list[str]:
    """Return what the list says of each row's company: the cells under the heading «empresa»."""
    found = html.fromstring(page)
    headings = [" ".join(cell.text_content().split()).lower() for cell in found.xpath("//table//thead//th")]
    places = [place for place, heading in enumerate(headings) if heading.split()[:1] == ["empresa"]]
    assert len(places) <= 1
    rows = found.xpath("//table//tbody//tr[td]")
    return [" ".join(row.xpath("./td|./th")[places[0]].text_content().split()) for row in rows] if places else []


def test_people_of_several_companies_are_told_whose_each_row_is(theirs: Company, client: Client) -> None:
    mine = world.la_encina()
    world.arrive(world.shop(mine), world.sale(number=1))
    work_off()
    user = User.objects.create_user("eva", is_staff=True)
    user.user_permissions.add(*Permission.objects.all())
    client.force_login(user)
    for company in (mine, theirs):
        Membership.objects.create(user=user, company=company)
    names = {str(mine.taxpayer.name), THEIRS}
    told = 0
    for model in scoped_models():
        page: Any = django_admin.site._registry[model]
        if page.tells_tenant and rows_of_theirs(model):
            cells = whose(client.get(list_url(model)).content.decode())
            assert any(THEIRS in cell for cell in cells), model
            assert all(any(name in cell for name in names) or cell == "—" for cell in cells), (model, cells)
            told += 1
    assert told > 10


def test_people_of_one_company_are_not_told_what_they_know(staff: Client) -> None:
    mine = Company.objects.exclude(taxpayer__name=THEIRS).get()
    world.arrive(world.shop(mine), world.sale(number=1))
    work_off()
    for name in ("invoicing.invoice", "invoicing.order", "workflows.process", "verifactu.record"):
        page = staff.get(reverse(f"admin:{name.replace('.', '_')}_changelist")).content.decode()
        assert "<tbody" in page
        assert whose(page) == []


def test_a_list_of_fifty_rows_asks_no_more_for_the_company(theirs: Company, client: Client) -> None:
    world.la_encina()
    client.force_login(User.objects.create_superuser("root"))
    for n in range(20):
        alert("process_held", "invoice-order", f"Aviso {n}", theirs.tenant, clock.now())
    with CaptureQueriesContext(connection) as before:
        client.get(reverse("admin:workflows_alert_changelist"))
    for n in range(20, 40):
        alert("process_held", "invoice-order", f"Aviso {n}", theirs.tenant, clock.now())
    with CaptureQueriesContext(connection) as after:
        client.get(reverse("admin:workflows_alert_changelist"))
    assert len(after) == len(before)
