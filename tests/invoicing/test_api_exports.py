"""Exports over the API: asked for once, followed, fetched."""

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from pytest_django import Settings

from invoicing.models import Export
from tests import world
from tests.databases import Database
from tests.invoicing import expected
from tests.invoicing.api_client import EXPORTS, ApiClient, caller, is_problem, work_off
from tests.invoicing.many import many_invoices
from workflows.models import Process

OCTOBER = {"from": "2026-10-01", "to": "2026-10-31"}


@pytest.fixture
def client(fresh_database: Database, tmp_path: Path, settings: Settings) -> ApiClient:
    settings.DOCUMENTS_DIR = tmp_path
    client = caller(world.la_encina())
    many_invoices(client.company, 25, first=date(2026, 10, 1))
    return client


def bytes_of(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_from_the_request_to_the_bytes(client: ApiClient, fresh_database: Database, tmp_path: Path) -> None:
    receipt = client.post(EXPORTS, OCTOBER)
    assert receipt.status_code == 202
    told = receipt.json()
    assert receipt["Location"] == told["url"]
    assert (told["state"], told["from"], told["to"], told["csv"]) == ("queued", "2026-10-01", "2026-10-31", None)
    work_off()
    done = client.get(told["url"]).json()
    assert (done["state"], done["pages_done"], done["pages"], done["invoices"]) == ("completed", 1, 1, 25)
    wanted = expected.cells(fresh_database.url, client.company.taxpayer.nif, date(2026, 10, 1), date(2026, 10, 31))
    response = client.get(done["csv"]["url"])
    data = bytes_of(response)
    assert data == expected.as_csv(wanted)
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (done["csv"]["sha256"], done["csv"]["size"])
    assert response["ETag"] == f'"{done["csv"]["sha256"]}"'
    assert response["Content-Disposition"] == 'attachment; filename="facturas-2026-10-01-2026-10-31-simulator.csv"'
    sheet = tmp_path / "sheet.xlsx"
    sheet.write_bytes(bytes_of(client.get(done["xlsx"]["url"])))
    assert expected.read_xlsx(sheet) == wanted
    assert [letter.to for letter in mail.outbox] == [[client.company.email]]


def test_asked_again_today_it_is_the_same(client: ApiClient) -> None:
    first = client.post(EXPORTS, OCTOBER, key="a").json()
    assert client.post(EXPORTS, OCTOBER, key="a")["Idempotent-Replayed"] == "true"
    assert client.post(EXPORTS, OCTOBER, key="b").json()["id"] == first["id"]
    work_off()
    assert client.post(EXPORTS, OCTOBER, key="c").json()["state"] == "completed"
    assert Export.objects.count() == 1


def test_another_period_today_is_refused_with_the_address_of_todays(client: ApiClient) -> None:
    first = client.post(EXPORTS, OCTOBER).json()
    told = is_problem(client.post(EXPORTS, {**OCTOBER, "to": "2026-10-30"}), 409, "export-of-today")
    assert told["url"] == first["url"]


def test_another_key_of_the_company_has_a_day_of_its_own(client: ApiClient) -> None:
    first = client.post(EXPORTS, OCTOBER).json()
    assert caller(client.company).post(EXPORTS, OCTOBER).json()["id"] != first["id"]


def test_nothing_to_export_is_told_where_it_is_followed(client: ApiClient) -> None:
    url = client.post(EXPORTS, {"from": "2020-01-01", "to": "2020-01-31"}).json()["url"]
    work_off()
    told = client.get(url).json()
    assert told["state"] == "failed"
    assert "No hay ninguna factura" in told["error"]
    is_problem(client.get(f"{url}csv/"), 404, "not-found")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"from": "ayer"}, "/from"),
        ({"to": "2026-09-30"}, "/to"),
        ({"language": "fr"}, "/language"),
        ({"email": "a@b.example, c@d.example"}, "/email"),
        ({"mail": "a@b.example"}, ""),
    ],
)
def test_what_is_wrong_is_pointed_to(client: ApiClient, change: dict[str, str], pointer: str) -> None:
    told = is_problem(client.post(EXPORTS, {**OCTOBER, **change}), 400, "body-invalid")
    assert [error["pointer"] for error in told["errors"]] == [pointer]
    assert not Process.objects.filter(workflow="export-invoices").exists()


def test_it_asks_for_the_scope_to_read_invoices(client: ApiClient) -> None:
    other = caller(client.company, "orders:read")
    assert is_problem(other.post(EXPORTS, OCTOBER), 403, "scope-missing")["scope"] == "invoices:read"


def test_nobody_is_told_when_the_address_is_empty(client: ApiClient) -> None:
    client.post(EXPORTS, {**OCTOBER, "email": ""})
    work_off()
    assert (Export.objects.count(), mail.outbox) == (1, [])


def test_a_return_of_a_quarter(client: ApiClient) -> None:
    told = client.post(EXPORTS, {"kind": "303", "period": "2026-Q4"}).json()
    assert (told["kind"], told["from"], told["to"]) == ("303", "2026-10-01", "2026-12-31")
    # beside the day's export of invoices, and another return
    assert client.post(EXPORTS, OCTOBER, key="b").json()["kind"] == "facturas"
    assert client.post(EXPORTS, {"kind": "303", "period": "2026-10"}, key="c").json()["id"] != told["id"]


def test_its_files_are_called_after_it(client: ApiClient) -> None:
    url = client.post(EXPORTS, {"kind": "303", "period": "2025-Q4"}).json()["url"]
    work_off()
    done = client.get(url).json()
    assert (done["state"], done["invoices"]) == ("completed", 0)
    response = client.get(done["csv"]["url"])
    assert response["Content-Disposition"] == (
        'attachment; filename="modelo-303-2025-10-01-2025-12-31-simulator.csv"'
    )  # fmt: skip
    assert bytes_of(response).startswith("\ufeffCasilla;Concepto;Importe".encode())


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "347", "period": "2026"}, "/kind"),
        ({"kind": "303", "period": "2026"}, "/period"),
        ({"kind": "303", "period": "4T"}, "/period"),
        ({"kind": "390", "from": "2026-01-01", "to": "2026-03-31"}, "/to"),
        ({"period": "2026-Q1", "from": "2026-01-01"}, "/period"),
        ({"from": "2026-01-01"}, "/to"),
        ({"to": "2026-01-01"}, "/from"),
        ({}, "/from"),
    ],
)
def test_a_period_that_is_none_is_pointed_to(client: ApiClient, body: dict[str, str], pointer: str) -> None:
    told = is_problem(client.post(EXPORTS, body), 400, "body-invalid")
    assert [error["pointer"] for error in told["errors"]] == [pointer]
    assert not Process.objects.filter(workflow="export-invoices").exists()
