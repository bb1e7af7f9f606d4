"""No row of a company can be reached with another company's key: every address of the API is walked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import URLPattern, reverse
from pytest_django import Settings

from common import clock
from invoicing.api import ids, urls
from invoicing.api.base import ApiView
from invoicing.models import Delivery, Endpoint, Event, Export, Invoice, Order
from invoicing.outgoing.endpoints import open_endpoint
from invoicing.outgoing.happening import Kind
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import (
    EXPORTS,
    INVOICES,
    ORDERS,
    PROCESSES,
    ApiClient,
    caller,
    is_problem,
    order,
    work_off,
)
from workflows.models import Process, Token

PUBLIC = {"schema", "docs", "unknown"}
"""Addresses that hold no row of anybody."""

LISTS = {"orders", "invoices", "processes", "webhooks", "events"}

OWN = {"status"}
"""Addresses that tell of the key's own company."""

ASKED = {"exports", "process-answers"}
"""Addresses that only take requests."""

KINDS = {
    "order": ids.ORDER, "resolution": ids.ORDER, "invoice": ids.INVOICE, "pdf": ids.INVOICE,
    "amend": ids.INVOICE, "annul": ids.INVOICE, "rectify": ids.INVOICE, "process": ids.PROCESS,
    "process-resume": ids.PROCESS, "process-cancel": ids.PROCESS, "process-replay": ids.PROCESS,
    "process-answer": ids.PROCESS, "token-answer": "token",
    "webhook": ids.ENDPOINT, "webhook-secret": ids.ENDPOINT, "webhook-test": ids.ENDPOINT,
    "webhook-resend": ids.ENDPOINT, "event": ids.EVENT,
    "export": ids.EXPORT, "export-csv": ids.EXPORT, "export-xlsx": ids.EXPORT,
}  # fmt: skip
"""Which row the identifier in an address names."""

BODIES: dict[str, Any] = {
    "process-resume": {"reason": "no es mío"}, "process-cancel": {"reason": "no es mío"},
    "process-replay": {"reason": "no es mío"}, "process-answer": {"answer": {"action": "decide_again"}},
    "token-answer": {"answer": "no es mío"}, "amend": {"reason": "no es mío"}, "annul": {"reason": "no es mío"},
    "webhook": {"name": "mío"}, "webhook-secret": {}, "webhook-test": {}, "webhook-resend": {},
    "rectify": {"situation": "rebate", "reason": "no es mío"},
}  # fmt: skip
"""What its owner could send there."""


@pytest.fixture
def theirs(fresh_database: Database, tmp_path: Path, settings: Settings) -> ApiClient:
    """Another company, with an invoice, a held order and one that is not read yet."""
    settings.DOCUMENTS_DIR = tmp_path
    other = caller(world.la_encina())
    # A private address, so that nothing is sent.
    open_endpoint(other.company, url="https://127.0.0.1/", kinds=list(Kind), name="ERP", now=clock.now())
    other.post(ORDERS, order(id="sold"))
    other.post(ORDERS, order(id="held", total="4840.00", lines=[
        {"description": "Bicicleta", "unit_price": "4840.00", "amount": "4840.00", "tax_rate": "21"}]))  # fmt: skip
    work_off()
    today = clock.now().astimezone(ZoneInfo("Europe/Madrid")).date().isoformat()
    other.post(EXPORTS, {"from": today, "to": today})
    work_off()
    other.post(ORDERS, order(id="new"))
    assert Export.objects.count() == 1
    assert (Order.objects.count(), Invoice.objects.count()) == (3, 1)
    waits = {"tenant": other.company.tenant, "answer_type": "builtins:str", "created_at": clock.now()}
    Token.objects.create(key="approve:theirs", process=Process.objects.earliest("pk"), **waits)
    return other


@pytest.fixture
def mine(theirs: ApiClient) -> ApiClient:
    return caller(world.la_encina(nif="B12345674", name="Otra SL"))


def addresses() -> Iterator[tuple[str, URLPattern]]:
    for pattern in urls.urlpatterns:
        yield str(pattern.name), pattern


def methods(pattern: URLPattern) -> list[str]:
    view: type[ApiView] = pattern.callback.cls  # type: ignore[attr-defined]
    return [method for method in ("get", "head", "post") if hasattr(view, "get" if method == "head" else method)]


def rows_of(kind: str, company: Any) -> dict[str, Any]:
    """What an address may name, and the row behind it."""
    if kind == "token":
        return {row.pk: row for row in Token.objects.filter(tenant=company.tenant)}
    if kind == ids.PROCESS:
        return {ids.text(kind, row.pk): row for row in Process.objects.filter(tenant=company.tenant)}
    model: Any = {ids.ORDER: Order, ids.INVOICE: Invoice, ids.EXPORT: Export, ids.ENDPOINT: Endpoint, ids.EVENT: Event}[
        kind
    ]
    return {ids.text(kind, row.pk): row for row in model.objects.filter(company=company)}


def everything(company_id: Any) -> list[str]:
    rows = [
        *((ids.ORDER, row.pk) for row in Order.objects.filter(company=company_id)),
        *((ids.INVOICE, row.pk) for row in Invoice.objects.filter(company=company_id)),
        *((ids.DELIVERY, row.pk) for row in Delivery.objects.filter(company=company_id)),
        *((ids.ENDPOINT, row.pk) for row in Endpoint.objects.filter(company=company_id)),
        *((ids.EVENT, row.pk) for row in Event.objects.filter(company=company_id)),
        *((ids.EXPORT, row.pk) for row in Export.objects.filter(company=company_id)),
        *((ids.PROCESS, row.pk) for row in Process.objects.filter(tenant=str(company_id))),
    ]
    assert len(rows) > 8
    return [ids.text(kind, pk) for kind, pk in rows]


def test_every_address_is_known_to_this_test() -> None:
    assert {name for name, _ in addresses()} == PUBLIC | LISTS | OWN | ASKED | set(KINDS)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_another_companys_row_does_not_exist(mine: ApiClient, theirs: ApiClient, name: str) -> None:
    pattern = dict(addresses())[name]
    before = list(Process.objects.order_by("pk").values())
    found = rows_of(KINDS[name], theirs.company)
    assert found
    for identifier in found:
        path = reverse(f"api:{name}", args=[identifier])
        process = ids.text(ids.PROCESS, Process.objects.filter(workflow="invoice-order").latest("pk").pk)
        for method in methods(pattern):
            if method == "post":
                resolution = {"process": process, "action": "ignore", "reason": "no es mío"}
                response = mine.post(path, BODIES.get(name, resolution))
            else:
                response = getattr(mine.raw, method)(path)
            assert response.status_code == 404, (method, path)
            if method != "head":
                is_problem(response, 404, "not-found")
    assert list(Process.objects.order_by("pk").values()) == before
    assert not Token.objects.exclude(completed_at=None).exists()


@pytest.mark.parametrize("name", sorted(LISTS))
def test_lists_hold_nothing_of_another_company(mine: ApiClient, theirs: ApiClient, name: str) -> None:
    response = mine.get(reverse(f"api:{name}"))
    assert response.json()["data"] == []
    for identifier in everything(theirs.company.pk):
        assert identifier not in response.content.decode()
    assert theirs.get(reverse(f"api:{name}")).json()["data"] != []


def test_another_companys_identifiers_as_parameters_find_nothing(mine: ApiClient, theirs: ApiClient) -> None:
    for row in Order.objects.filter(company=theirs.company):
        found = mine.get(INVOICES, order=ids.text(ids.ORDER, row.pk))
        assert found.json()["data"] == []
        assert mine.get(ORDERS, external_id=row.external_id, cursor=ids.text(ids.ORDER, row.pk)).json()["data"] == []
        assert mine.get(PROCESSES, order=ids.text(ids.ORDER, row.pk)).json()["data"] == []
        assert mine.get(PROCESSES, tag=f"order:{row.pk}").json()["data"] == []


def test_another_companys_process_cannot_be_answered_through_an_order_of_mine(
    mine: ApiClient, theirs: ApiClient
) -> None:
    own = mine.post(ORDERS, order(id="held")).json()
    held = Process.objects.get(workflow="invoice-order", state="held")
    assert held.tenant == theirs.company.tenant
    answer = {"process": ids.text(ids.PROCESS, held.pk), "action": "ignore", "reason": "no es mío"}
    is_problem(mine.post(f"{own['url']}resolution/", answer), 404, "not-found")
    assert Process.objects.get(pk=held.pk).state == "held"


def test_the_same_identity_at_two_companies_is_two_orders(mine: ApiClient, theirs: ApiClient) -> None:
    receipt = mine.post(ORDERS, order(id="sold")).json()
    assert receipt["id"] not in everything(theirs.company.pk)
    work_off()
    assert len(mine.get(ORDERS).json()["data"]) == 1
    assert len(theirs.get(ORDERS).json()["data"]) == 3
