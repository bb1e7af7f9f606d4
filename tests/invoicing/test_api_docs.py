"""The document and its page: open, whole, in two languages, from nowhere else; and true."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from django.test import Client
from django.urls import reverse

from invoicing.api import examples, urls
from invoicing.api.base import ApiView
from invoicing.api.exports import ExportBody, ExportResource
from invoicing.api.orders import AcceptedOrder
from invoicing.api.paging import Page
from invoicing.api.problems import KINDS
from invoicing.api.process_resources import ProcessResource, WholeProcessResource
from invoicing.api.processes import ActedResource, AnswerBody, ReasonBody, ReplayBody
from invoicing.api.resolution import ResolutionBody
from invoicing.api.resources import InvoiceResource, OrderResource
from invoicing.api.schema import Example
from invoicing.holds import CATALOGUE
from invoicing.storefronts import api
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import ORDERS, caller, work_off


def document(language: str = "es") -> dict[str, Any]:
    response = Client().get("/api/schema/", headers={"Accept-Language": language})
    assert response.status_code == 200
    found: dict[str, Any] = json.loads(response.content)
    return found


def page(language: str = "es") -> str:
    response = Client().get("/api/docs/", headers={"Accept-Language": language})
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/html")
    return response.content.decode()


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method, path): operation
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    }


def test_every_address_and_method_is_described() -> None:
    served = set()
    for pattern in urls.urlpatterns:
        view = getattr(pattern.callback, "cls", None)
        if view and issubclass(view, ApiView) and pattern.name != "unknown":
            names = {name: name.upper() for name in pattern.pattern.converters}
            path = reverse(f"api:{pattern.name}", kwargs=names)
            for name, letters in names.items():
                path = path.replace(letters, f"{{{name}}}")
            served |= {(method, path) for method in ("get", "post") if hasattr(view, method)}
    assert set(operations()) == served


def test_it_is_openapi_3_1_and_every_reference_leads_somewhere() -> None:
    found = document()
    assert found["openapi"].startswith("3.1")
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(found)))
    assert references
    assert references <= set(found["components"]["schemas"])


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_field_is_explained(language: str) -> None:
    for name, component in document(language)["components"]["schemas"].items():
        for field, described in component.get("properties", {}).items():
            assert described.get("description"), f"{name}.{field}"


def test_english_is_english() -> None:
    spanish, english = document("es"), document("en")
    assert spanish["paths"]["/api/v1/orders/"]["post"]["summary"] == "Enviar un pedido"
    assert english["paths"]["/api/v1/orders/"]["post"]["summary"] == "Send an order"
    assert "Send orders" in page("en")
    assert "Envíe pedidos" in page("es")


def test_every_operation_asks_for_a_key_and_a_body_is_required() -> None:
    for (method, _), operation in operations().items():
        assert operation["security"] == [{"apiKey": []}]
        if method == "post":
            assert operation["requestBody"]["required"] is True
            assert any(one["name"] == "Idempotency-Key" and one["required"] for one in operation["parameters"])
    assert document()["components"]["securitySchemes"]["apiKey"]["scheme"] == "bearer"


def test_every_refusal_is_documented_with_an_example() -> None:
    told = {
        code
        for operation in operations().values()
        for response in operation["responses"].values()
        for content in [response["content"].get("application/problem+json")]
        if content
        for code in response["description"].split(" · ")
        if content["examples"]
    }
    # These three come from what stands before or beside the operations.
    assert set(KINDS) - told == {"method-not-allowed", "request-invalid", "forbidden"}
    for code in KINDS:
        assert f'id="{code}"' in page()


def test_send_tells_where_to_follow_the_order() -> None:
    headers = operations()["post", ORDERS]["responses"]["202"]["headers"]
    assert {"Location", "Idempotent-Replayed"} <= set(headers)


class Assets(HTMLParser):
    """Collects what a browser would fetch for a page."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "img", "iframe", "object", "embed", "source"):
            self.fetched.append(tag)


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_page_fetches_nothing_and_its_links_lead_into_itself(language: str) -> None:
    html = page(language)
    assets = Assets()
    assets.feed(html)
    assert assets.fetched == []
    assert "@import" not in html
    assert "url(" not in html
    anchors = set(re.findall(r'href="#([^"]+)"', html))
    assert anchors <= set(re.findall(r'id="([^"]+)"', html))
    for operation in operations().values():
        assert operation["operationId"] in anchors


@pytest.mark.parametrize("path", ["/api/schema/", "/api/docs/"])
def test_they_are_read_only(path: str) -> None:
    assert Client().post(path).status_code == 405


class TestExamples:
    """An example that the API refuses is worse than none."""

    def test_every_body_to_send_is_taken(self, fresh_database: Database) -> None:
        client = caller(world.la_encina())
        for example in examples.SENT:
            response = client.post(ORDERS, example.value)
            assert response.status_code == 202, (example.name, response.content)
            work_off()
        states = {one["external_id"]: one["state"] for one in client.get(ORDERS).json()["data"]}
        assert states == {"web-10432": "corrected", "web-10433": "invoiced"}

    @pytest.mark.parametrize("example", examples.SENT, ids=lambda example: example.name)
    def test_bodies_fit_their_type(self, example: Example) -> None:
        msgspec.convert(example.value, api.OrderBody)

    @pytest.mark.parametrize("example", examples.EXPORT_WANTED, ids=lambda example: example.name)
    def test_an_export_asked_for_can_be_read(self, example: Example) -> None:
        msgspec.convert(example.value, ExportBody)

    @pytest.mark.parametrize("example", examples.RESOLUTIONS, ids=lambda example: example.name)
    def test_answers_to_holds_fit_their_type(self, example: Example) -> None:
        msgspec.convert(example.value, ResolutionBody)

    @pytest.mark.parametrize(
        ("sent", "kind"),
        [(examples.REASONS, ReasonBody), (examples.REPLAYS, ReplayBody), (examples.ANSWERS, AnswerBody)],
    )
    def test_what_is_sent_to_processes_fits_its_type(self, sent: tuple[Example, ...], kind: Any) -> None:
        for example in sent:
            msgspec.json.decode(json.dumps(example.value), type=kind)

    @pytest.mark.parametrize(
        ("shown", "kind"),
        [
            (examples.ACCEPTED, AcceptedOrder),
            (examples.ORDER, OrderResource),
            (examples.ORDERS, Page[OrderResource]),
            (examples.INVOICE, InvoiceResource),
            (examples.INVOICES, Page[InvoiceResource]),
            (examples.PROCESS, WholeProcessResource),
            (examples.PROCESSES, Page[ProcessResource]),
            (examples.ACTED, ActedResource),
            (examples.EXPORT_REQUESTED, ExportResource),
            (examples.EXPORT, ExportResource),
        ],
    )
    def test_answers_fit_their_type_and_lack_nothing(self, shown: tuple[Example, ...], kind: Any) -> None:
        for example in shown:
            assert msgspec.to_builtins(msgspec.convert(example.value, kind)) == example.value

    def test_the_hold_in_the_example_is_one_of_the_catalogue(self) -> None:
        (held,) = [example.value["hold"] for example in examples.ORDER if example.value["hold"]]
        reason = CATALOGUE[held["code"]]
        assert held["missing"] == reason.missing
        assert held["actions"] == [str(action) for action in reason.actions]
