"""Every refusal is a problem document, whoever refuses: our views, the framework, or the database."""

import json
import logging
from typing import Any

import pytest
from django.conf import settings as live_settings
from django.db import connection
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from invoicing.api.orders import Orders
from tests import world
from tests.databases import Database, pointed_at
from tests.invoicing.api_client import INVOICES, ORDERS, caller, is_problem, order

NOWHERE = Database(
    "gone", "postgresql://encadena_app@127.0.0.1:1/gone", "postgresql://encadena_owner@127.0.0.1:1/gone",
    live_settings.DATA_DIR,
)  # fmt: skip
"""An address at which no database listens."""

KEY = "enc_sabcdefgh_" + "A" * 43 + "5d2e9a31"


@pytest.mark.django_db
class TestRefusals:
    @pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v2/orders/", "/api/v1/nothing/", "/api/v1/orders"])
    @pytest.mark.parametrize("method", ["get", "post", "put", "delete", "options"])
    def test_an_unknown_address(self, path: str, method: str) -> None:
        client = caller(world.la_encina())
        is_problem(getattr(client.raw, method)(path), 404, "not-found")

    @pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
    @pytest.mark.parametrize("path", [ORDERS, INVOICES])
    def test_a_method_that_an_address_does_not_have(self, path: str, method: str) -> None:
        response = getattr(caller(world.la_encina()).raw, method)(path)
        is_problem(response, 405, "method-not-allowed")
        assert "GET" in response["Allow"]
        assert "DELETE" not in response["Allow"]

    @pytest.mark.parametrize(
        "content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "", "application/jsonx"]
    )
    def test_a_body_that_is_not_json(self, content_type: str) -> None:
        client = caller(world.la_encina())
        response = client.raw.post(ORDERS, b"{}", content_type=content_type, headers={"Idempotency-Key": "k"})
        is_problem(response, 415, "media-type-unsupported")

    @pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
    def test_json_however_it_is_spelt(self, content_type: str) -> None:
        client = caller(world.la_encina())
        body = json.dumps(order()).encode()
        response = client.raw.post(ORDERS, body, content_type=content_type, headers={"Idempotency-Key": "k"})
        assert response.status_code == 202, response.content

    @pytest.mark.parametrize(
        "body",
        [
            b" ",
            b"{",
            b"[]",
            b"null",
            b'{"id": "a"',
            b'{"id": "a", "total": NaN}',
            b"\x00",
            b'{"id": "a\x00"}',
            b'{"id": "a\\u0000"}',
            b'{"id": "a\\ud800"}',
            b'{"id": "\xff"}',
            b"[" * 100_000,
            b'{"id": ' + b"9" * 5000 + b"}",
        ],
        ids=repr,
    )
    def test_a_body_that_is_no_order(self, body: bytes) -> None:
        told = is_problem(caller(world.la_encina()).post(ORDERS, body), 400, "body-invalid")
        assert told["errors"][0]["detail"]

    def test_no_body_at_all(self) -> None:
        client = caller(world.la_encina())
        response = client.raw.generic(
            "POST", ORDERS, CONTENT_TYPE="application/json", CONTENT_LENGTH="0", headers={"Idempotency-Key": "k"}
        )
        is_problem(response, 400, "body-invalid")

    def test_a_wrong_field_is_pointed_to(self) -> None:
        body = order(lines=[*order()["lines"], {"description": "x", "unit_price": "1", "amount": "dos"}])
        told = is_problem(caller(world.la_encina()).post(ORDERS, body), 400, "body-invalid")
        assert [error["pointer"] for error in told["errors"]] == ["/lines/1/amount"]

    def test_a_body_too_large(self, settings: Settings) -> None:
        client = caller(world.la_encina())
        is_problem(client.post(ORDERS, b" " * (1024 * 1024 + 1)), 413, "body-too-large")
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
        is_problem(client.post(ORDERS, b" " * 101), 413, "body-too-large")

    def test_a_body_without_its_length(self) -> None:
        client = caller(world.la_encina())
        response = client.raw.generic(
            "POST", ORDERS, CONTENT_TYPE="application/json",
            headers={"Idempotency-Key": "k", "Transfer-Encoding": "chunked"},
        )  # fmt: skip
        is_problem(response, 411, "length-required")

    def test_spanish_unless_english_is_asked_for(self) -> None:
        def told(**headers: str) -> Any:
            return Client(headers=headers).get(ORDERS).json()

        assert told()["title"] == told(**{"Accept-Language": "fr"})["title"] == "Falta la clave"
        english = told(**{"Accept-Language": "en-GB,en;q=0.9"})
        assert english["title"] == "The key is missing"
        assert english["code"] == "key-missing"

    def test_the_type_leads_to_what_explains_it(self) -> None:
        told = Client().get(ORDERS).json()
        page, _, anchor = told["type"].removeprefix("http://testserver").partition("#")
        assert anchor == told["code"]
        assert f'id="{anchor}"' in Client().get(page).content.decode()

    def test_the_instance_leaves_the_query_out(self) -> None:
        assert Client().get(ORDERS, {"number": "secreto"}).json()["instance"] == ORDERS

    def test_what_the_client_accepts_makes_no_difference(self) -> None:
        client = caller(world.la_encina())
        response = client.raw.get(ORDERS, headers={"Accept": "text/html"})
        assert response.status_code == 200
        assert response["Content-Type"] == "application/json"

    def test_an_error_of_ours_tells_no_trace(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(*args: object) -> None:
            raise RuntimeError("the password is swordfish")

        client = caller(world.la_encina())
        monkeypatch.setattr(Orders, "get", broken)
        with caplog.at_level(logging.ERROR):
            response = client.get(ORDERS)
        is_problem(response, 500, "internal-error")
        assert b"swordfish" not in response.content
        assert "swordfish" in caplog.text  # our log has it whole

    def test_a_statement_that_the_database_breaks_off(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def slow(*args: object) -> None:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = '20ms'")
                cursor.execute("SELECT pg_sleep(5)")

        client = caller(world.la_encina())
        monkeypatch.setattr(Orders, "get", slow)
        response = client.get(ORDERS)
        is_problem(response, 503, "try-later")
        assert int(response["Retry-After"]) > 0


def test_without_a_database_the_client_is_asked_to_come_back(django_db_blocker: DjangoDbBlocker) -> None:
    from zlib import crc32

    plain = KEY[:-8] + f"{crc32(KEY[:-8].encode()):08x}"
    with django_db_blocker.unblock(), pointed_at(NOWHERE):
        response = Client(headers={"Authorization": f"Bearer {plain}"}).get(ORDERS)
    is_problem(response, 503, "try-later")
    assert response["Retry-After"] == "30"


@pytest.mark.django_db
class TestParameters:
    @pytest.mark.parametrize(
        ("path", "parameters"),
        [
            (ORDERS, {"states": "held"}),
            (ORDERS, {"state": "sleeping"}),
            (ORDERS, {"updated_since": "yesterday"}),
            (ORDERS, {"updated_since": "2027-01-01T00:00:00"}),
            (ORDERS, {"updated_since": "2027-13-41T00:00:00Z"}),
            (ORDERS, {"limit": "0"}),
            (ORDERS, {"limit": "101"}),
            (ORDERS, {"limit": "9" * 5000}),
            (ORDERS, {"limit": "²"}),
            (ORDERS, {"cursor": "x"}),
            (ORDERS, {"cursor": "inv_01h455vb4pex5vsknk084sn02q"}),
            (ORDERS, {"number": "1\x00"}),
            (ORDERS, {"number": ["1", "2"]}),
            (INVOICES, {"order": "1"}),
            (INVOICES, {"issued_from": "2027-02-30"}),
            (INVOICES, {"issued_to": "mañana"}),
        ],
    )
    def test_a_parameter_that_cannot_be_read_is_named(self, path: str, parameters: dict[str, Any]) -> None:
        client = caller(world.la_encina())
        told = is_problem(client.raw.get(path, parameters), 400, "parameter-invalid")
        assert [error["parameter"] for error in told["errors"]] == list(parameters)

    def test_all_mistakes_are_told_together(self) -> None:
        told = caller(world.la_encina()).get(ORDERS, state="x", limit="y", colour="z").json()
        assert {error["parameter"] for error in told["errors"]} == {"state", "limit", "colour"}
