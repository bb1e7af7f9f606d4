"""Exporting in the admin: the button, what it refuses, the files."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from common import clock
from invoicing.models import Company, Export, Membership
from tests import world
from tests.databases import Database
from tests.invoicing import expected
from tests.invoicing.many import many_invoices
from tests.workflows import bench
from workflows.models import Process

PERIOD = {"first": "01/10/2026", "last": "31/10/2026", "email": "ana@encina.example", "language": "es"}


@pytest.fixture
def company(fresh_database: Database, tmp_path: Path, settings: Settings) -> Company:
    settings.DOCUMENTS_DIR = tmp_path
    company = world.la_encina()
    many_invoices(company, 10, first=date(2026, 10, 1))
    return company


def staff(company: Company, *permissions: str) -> Client:
    user = User.objects.create_user("ana", email="ana@encina.example", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    Membership.objects.create(user=user, company=company)
    client = Client(headers={"Accept-Language": "es"})
    client.force_login(user)
    return client


def button(company: Company) -> str:
    return reverse("admin:invoicing_company_ask_for_export", args=[company.pk])


def test_the_button_leads_to_the_files(company: Company, fresh_database: Database) -> None:
    client = staff(company, "view_company", "add_export", "view_export", "view_process")
    page = client.get(reverse("admin:invoicing_company_change", args=[company.pk])).content.decode()
    assert "Exportar facturas" in page
    form = client.get(button(company)).content.decode()
    assert 'value="ana@encina.example"' in form
    started = client.post(button(company), PERIOD)
    process = Process.objects.get(workflow="export-invoices")
    assert started["Location"] == reverse("admin:workflows_process_change", args=[process.pk])
    assert process.actor == "ana"
    job = bench.fetch()
    assert job
    job.run()
    waiting = client.get(started["Location"]).content.decode()
    assert "lleva 0 de 1" in waiting
    bench.drain()
    export = Export.objects.get()
    read = client.get(reverse("admin:invoicing_export_change", args=[export.pk])).content.decode()
    assert "Descargar CSV" in read
    assert "Descargar XLSX" in read
    got: Any = client.get(reverse("admin:invoicing_export_csv", args=[export.pk]))
    wanted = expected.cells(fresh_database.url, company.taxpayer.nif, date(2026, 10, 1), date(2026, 10, 31))
    assert b"".join(got.streaming_content) == expected.as_csv(wanted)
    assert got["X-Content-Type-Options"] == "nosniff"
    assert "attachment" in got["Content-Disposition"]


def test_asked_twice_it_is_the_same_and_another_period_is_refused(company: Company) -> None:
    client = staff(company, "view_company", "add_export", "view_process")
    client.post(button(company), PERIOD)
    assert "Ya la había pedido hoy" in client.post(button(company), PERIOD, follow=True).content.decode()
    other = client.post(button(company), {**PERIOD, "last": "30/10/2026"}).content.decode()
    assert "Hoy ya pidió las del 01/10/2026 al 31/10/2026" in other
    assert Process.objects.filter(workflow="export-invoices").count() == 1


def test_a_period_that_ends_before_it_begins_is_refused(company: Company) -> None:
    client = staff(company, "view_company", "add_export")
    page = client.post(button(company), {**PERIOD, "last": "30/09/2026"}).content.decode()
    assert "El periodo termina antes de empezar." in page
    assert not Process.objects.exists()


def test_seeing_a_company_is_not_enough_to_take_its_invoices(company: Company) -> None:
    client = staff(company, "view_company", "view_invoice")
    page = client.get(reverse("admin:invoicing_company_change", args=[company.pk])).content.decode()
    assert "Exportar facturas" not in page
    assert client.post(button(company), PERIOD).status_code == 403
    assert not Process.objects.exists()


def test_without_the_permission_to_see_exports_there_is_no_file(company: Company) -> None:
    client = staff(company, "view_company", "add_export")
    client.post(button(company), PERIOD)
    bench.drain()
    export = Export.objects.get()
    assert client.get(reverse("admin:invoicing_export_csv", args=[export.pk])).status_code == 404
    assert client.get(reverse("admin:invoicing_export_change", args=[export.pk])).status_code == 403


def test_a_return_is_picked_by_kind_and_period(company: Company) -> None:
    client = staff(company, "view_company", "add_export", "view_export", "view_process")
    page = client.get(button(company)).content.decode()
    year, quarter = clock.now().year, (clock.now().month + 2) // 3
    for value, words in (
        ("libro", "Libro registro de facturas expedidas (formato de la AEAT)"), ("303", "Cifras del modelo 303"),
        ("390", "Cifras del modelo 390"), (f"{year}-Q{quarter}", f"Trimestre {quarter} de {year}"),
        (f"{year}", f"Año {year}"),
    ):  # fmt: skip
        assert re.search(rf'<option value="{value}"[^>]*>\s*{re.escape(words)}', page), words
    before = year - 1  # nothing was invoiced then
    client.post(button(company), {**PERIOD, "kind": "390", "period": str(before)})
    bench.drain()
    export = Export.objects.get()
    assert (export.kind, export.first_date, export.last_date) == ("390", date(before, 1, 1), date(before, 12, 31))
    read = client.get(reverse("admin:invoicing_export_change", args=[export.pk])).content.decode()
    assert f"Modelo 390 del 01/01/{before} al 31/12/{before}" in read
    assert "Modelo 390" in client.get(reverse("admin:invoicing_export_changelist")).content.decode()


def test_a_return_of_the_wrong_period_is_refused_with_the_right_one(company: Company) -> None:
    client = staff(company, "view_company", "add_export")
    page = client.post(button(company), {**PERIOD, "kind": "303", "period": str(clock.now().year)}).content.decode()
    assert "Cifras del modelo 303: elija un mes o un trimestre." in page
    page = client.post(button(company), {"kind": "303", "email": "", "language": "es"}).content.decode()
    assert "Elija un periodo, o las dos fechas." in page
    assert not Process.objects.exists()
