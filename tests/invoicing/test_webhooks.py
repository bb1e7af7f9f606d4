"""The door of the shops: who is let in, what is kept, and what the shop is told."""

import base64
import hashlib
import hmac
import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings as live_settings
from django.db import connection, connections
from django.test import Client
from django.test.client import FakePayload
from pytest_django import DjangoDbBlocker, Settings

from invoicing.models import Connection, Delivery
from tests import world
from tests.databases import Database, pointed_at
from workflows.models import Process

BODY = json.dumps({"id": 820982911946154508, "note": "cañas y €", "total_price": "25.50"}).encode()
MIB = 1024 * 1024

NOWHERE = Database(
    "gone", "postgresql://encadena_app@127.0.0.1:1/gone", "postgresql://encadena_owner@127.0.0.1:1/gone",
    live_settings.DATA_DIR,
)  # fmt: skip
"""An address at which no database listens."""


def signature(secret: str, body: bytes) -> str:
    """Sign as both platforms document: HMAC-SHA256 over the raw body, in base64."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def shopify(secret: str, body: bytes = BODY, **changes: str) -> dict[str, str]:
    return {
        "X-Shopify-Topic": "orders/paid",
        "X-Shopify-Hmac-Sha256": signature(secret, body),
        "X-Shopify-Shop-Domain": "tienda-ejemplo.myshopify.com",
        "X-Shopify-Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        "X-Shopify-Event-Id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
        "X-Shopify-Triggered-At": "2026-10-14T16:22:11.201Z",
        **changes,
    }


def woocommerce(secret: str, body: bytes = BODY, **changes: str) -> dict[str, str]:
    return {
        "X-WC-Webhook-Topic": "order.updated",
        "X-WC-Webhook-Signature": signature(secret, body),
        "X-WC-Webhook-Delivery-ID": "5d41402abc4b2a76b9719d911017c592",
        **changes,
    }


HEADERS = {"shopify": shopify, "woocommerce": woocommerce}


def path(shop: Connection) -> str:
    return f"/webhooks/{shop.pk}/"


def post(shop: Connection, headers: dict[str, str], body: bytes = BODY, **extra: Any) -> Any:
    return Client().post(path(shop), body, content_type="application/json", headers=headers, **extra)


def rejected(shop: Connection) -> int:
    return Connection.objects.get(pk=shop.pk).rejected_deliveries


def nothing_kept() -> bool:
    return not Delivery.objects.exists() and not Process.objects.exists()


@pytest.mark.django_db
class TestSignature:
    @pytest.fixture(params=["shopify", "woocommerce"])
    def shop(self, request: pytest.FixtureRequest) -> Connection:
        return world.shop(world.la_encina(), request.param)

    def headers(self, shop: Connection, secret: str, body: bytes = BODY, **changes: str) -> dict[str, str]:
        return HEADERS[shop.platform](secret, body, **changes)

    def test_a_signed_delivery_is_kept_byte_for_byte_and_read_later(self, shop: Connection) -> None:
        response = post(shop, self.headers(shop, shop.secret))
        assert response.status_code == 200
        assert response.json()["new"] is True
        delivery = Delivery.objects.get()
        assert bytes(delivery.body) == BODY
        assert delivery.body_sha256 == hashlib.sha256(BODY).hexdigest()
        assert (delivery.company_id, delivery.connection_id) == (shop.company_id, shop.pk)
        assert Process.objects.get().workflow == "capture"
        assert rejected(shop) == 0

    def test_the_signature_itself_is_not_kept(self, shop: Connection) -> None:
        headers = self.headers(shop, shop.secret)
        post(shop, headers, Authorization="Bearer of something", Cookie="session=1")
        kept = Delivery.objects.get().headers
        assert signature(shop.secret, BODY) not in json.dumps(kept)
        assert {"authorization", "cookie"}.isdisjoint(kept)
        topic = "x-shopify-topic" if shop.platform == "shopify" else "x-wc-webhook-topic"
        assert kept[topic] in ("orders/paid", "order.updated")

    @pytest.mark.parametrize(
        "given",
        [
            None,
            "",
            "AAAA",
            "not base64 at all ñ",
            signature("another secret", BODY),
            signature("", BODY),
        ],
    )
    def test_a_wrong_one_is_counted_and_nothing_is_kept(
        self, shop: Connection, given: str | None, caplog: pytest.LogCaptureFixture
    ) -> None:
        name = "X-Shopify-Hmac-Sha256" if shop.platform == "shopify" else "X-WC-Webhook-Signature"
        headers = self.headers(shop, shop.secret)
        headers.pop(name)
        if given is not None:
            headers[name] = given
        with caplog.at_level(logging.DEBUG):
            response = post(shop, headers)
        assert response.status_code == 401
        assert nothing_kept()
        assert rejected(shop) == 1
        assert Connection.objects.get(pk=shop.pk).last_rejected_at is not None
        # Hash and size are told, the body and the secret are not.
        assert hashlib.sha256(BODY).hexdigest() in caplog.text
        assert str(len(BODY)) in caplog.text
        assert "cañas" not in caplog.text
        assert shop.secret not in caplog.text
        assert shop.secret.encode() not in response.content

    def test_one_changed_byte_is_a_wrong_signature(self, shop: Connection) -> None:
        assert post(shop, self.headers(shop, shop.secret), BODY.replace(b"25.50", b"25.51")).status_code == 401
        assert nothing_kept()

    def test_the_secret_of_another_shop_does_not_sign(self, shop: Connection) -> None:
        other = world.shop(world.la_encina(nif="B12345674", name="Otra SL"), shop.platform)
        assert post(shop, self.headers(shop, other.secret)).status_code == 401
        assert (rejected(shop), rejected(other)) == (1, 0)

    def test_both_secrets_sign_while_one_replaces_the_other(self, shop: Connection) -> None:
        old = shop.secret
        shop.secret, shop.previous_secret = "b" * 48, old
        shop.save()
        assert post(shop, self.headers(shop, old)).status_code == 200
        body = BODY.replace(b"25.50", b"26.50")
        later = self.headers(shop, "b" * 48, body, **{"X-Shopify-Webhook-Id": "another"})
        assert post(shop, later, body).status_code == 200
        shop.previous_secret = ""
        shop.save()
        assert post(shop, self.headers(shop, old)).status_code == 401

    def test_a_shop_without_a_secret_lets_nobody_in(self, shop: Connection) -> None:
        shop.secret = ""
        shop.save()
        assert post(shop, self.headers(shop, "")).status_code == 401


@pytest.mark.django_db
class TestDoor:
    @pytest.fixture
    def shop(self) -> Connection:
        return world.shop(world.la_encina(), "shopify")

    def test_the_trial_request_of_woocommerce_is_answered_200_and_forgotten(self) -> None:
        shop = world.shop(world.la_encina(), "woocommerce")
        response = Client().post(path(shop), b"webhook_id=12", content_type="application/x-www-form-urlencoded")
        assert response.status_code == 200
        assert nothing_kept()
        assert rejected(shop) == 0

    def test_what_only_begins_like_it_is_a_delivery_without_signature(self) -> None:
        shop = world.shop(world.la_encina(), "woocommerce")
        body = b"webhook_id=12&status=processing"
        response = Client().post(path(shop), body, content_type="application/x-www-form-urlencoded")
        assert response.status_code == 401

    @pytest.mark.parametrize("body", [b"webhook_id=12", b"webhook_id="])
    def test_shopify_has_no_trial_request(self, shop: Connection, body: bytes) -> None:
        response = Client().post(path(shop), body, content_type="application/x-www-form-urlencoded")
        assert response.status_code == 401

    def test_an_unknown_connection(self) -> None:
        assert Client().post(f"/webhooks/{uuid4()}/", BODY, content_type="application/json").status_code == 404

    def test_a_connection_that_is_switched_off(self, shop: Connection) -> None:
        shop.active = False
        shop.save()
        assert post(shop, shopify(shop.secret)).status_code == 404
        assert nothing_kept()

    def test_the_connection_of_an_api_client_has_no_webhook(self) -> None:
        client = world.shop(world.la_encina(), "api")
        assert post(client, shopify(client.secret)).status_code == 404

    def test_no_identity_of_a_connection(self) -> None:
        assert Client().post("/webhooks/1/", BODY, content_type="application/json").status_code == 404

    @pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
    def test_only_post(self, shop: Connection, method: str) -> None:
        response = getattr(Client(), method)(path(shop))
        assert response.status_code == 405
        assert response["Allow"] == "POST"

    def test_a_cookie_or_a_token_of_csrf_is_not_asked_for(self, shop: Connection) -> None:
        response = Client(enforce_csrf_checks=True).post(
            path(shop), BODY, content_type="application/json", headers=shopify(shop.secret)
        )
        assert response.status_code == 200

    def test_up_to_one_mebibyte_is_taken(self, shop: Connection) -> None:
        body = b" " * MIB
        assert post(shop, shopify(shop.secret, body), body).status_code == 200

    def test_more_is_refused_unread(self, shop: Connection) -> None:
        body = b" " * (MIB + 1)
        assert post(shop, shopify(shop.secret, body), body).status_code == 413
        assert nothing_kept()
        # Not a forgery: nobody looked at its signature.
        assert rejected(shop) == 0

    def test_a_body_without_its_length_is_not_taken_however_large(self, shop: Connection) -> None:
        body = b" " * (3 * MIB)
        payload = FakePayload(body)
        chunked: dict[str, Any] = {"wsgi.input": payload, "CONTENT_TYPE": "application/json"}
        headers = {**shopify(shop.secret, body), "Transfer-Encoding": "chunked"}
        response = Client().generic("POST", path(shop), headers=headers, **chunked)
        assert response.status_code == 411
        assert nothing_kept()
        assert len(payload.read()) == len(body)  # not one byte of it was read

    def test_djangos_own_limit_answers_as_a_refusal_too(self, shop: Connection, settings: Settings) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
        assert post(shop, shopify(shop.secret)).status_code == 413
        assert nothing_kept()


@pytest.mark.django_db
class TestSameAgain:
    def test_shopify_tries_again_under_the_same_identity(self) -> None:
        shop = world.shop(world.la_encina(), "shopify")
        first, second = (post(shop, shopify(shop.secret)) for _ in range(2))
        assert (first.status_code, second.status_code) == (200, 200)
        assert (first.json()["new"], second.json()["new"]) == (True, False)
        assert first.json()["delivery"] == second.json()["delivery"]
        assert Delivery.objects.count() == Process.objects.count() == 1

    def test_two_topics_of_one_event_are_two_deliveries(self) -> None:
        shop = world.shop(world.la_encina(), "shopify")
        post(shop, shopify(shop.secret))
        post(shop, {**shopify(shop.secret), "X-Shopify-Topic": "orders/updated", "X-Shopify-Webhook-Id": "other"})
        assert Delivery.objects.count() == 2
        assert Delivery.objects.values("event_key").distinct().count() == 1

    def test_two_woocommerce_deliveries_of_one_second_share_their_identity_and_are_told_apart(self) -> None:
        shop = world.shop(world.la_encina(), "woocommerce")
        other = BODY.replace(b"25.50", b"26.50")
        for body in (BODY, other, BODY):
            assert post(shop, woocommerce(shop.secret, body), body).status_code == 200
        assert Delivery.objects.count() == 2

    def test_the_same_identity_at_two_shops_is_two_deliveries(self) -> None:
        company = world.la_encina()
        one = world.shop(company, "shopify")
        two = world.shop(world.la_encina(nif="B12345674", name="Otra SL"), "shopify")
        for shop in (one, two):
            assert post(shop, shopify(shop.secret)).json()["new"] is True
        assert Delivery.objects.count() == 2


class TestCommit:
    """2xx means that it is kept; anything else, that the shop will send it again."""

    @pytest.fixture
    def shop(self, fresh_database: Database) -> Connection:
        return world.shop(world.la_encina(), "shopify")

    def test_after_200_every_session_sees_it(self, shop: Connection, fresh_database: Database) -> None:
        delivery = post(shop, shopify(shop.secret)).json()["delivery"]
        with psycopg.connect(fresh_database.url) as outside:
            rows = outside.execute(
                "SELECT d.id::text, p.workflow, count(j.id) FROM invoicing_delivery d"
                " JOIN workflows_process p ON p.idempotency_key = 'delivery:' || d.id"
                " LEFT JOIN procrastinate_jobs j ON j.id = p.job_id GROUP BY 1, 2"
            ).fetchall()
        assert rows == [(delivery, "capture", 1)]

    def test_of_the_same_delivery_many_times_at_once_one_is_new(self, shop: Connection) -> None:
        start = threading.Barrier(8)

        def send(_: int) -> Any:
            start.wait(10)
            try:
                return post(shop, shopify(shop.secret))
            finally:
                connections.close_all()

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(send, range(8)))
        assert {answer.status_code for answer in answers} == {200}
        assert sum(answer.json()["new"] for answer in answers) == 1
        assert Delivery.objects.count() == Process.objects.count() == 1

    def test_forgeries_at_once_are_all_counted(self, shop: Connection) -> None:
        def send(_: int) -> int:
            try:
                return int(post(shop, shopify("wrong")).status_code)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(send, range(12))) == {401}
        assert rejected(shop) == 12

    def test_when_it_cannot_be_written_the_shop_is_asked_to_come_back_and_nothing_is_kept(
        self, shop: Connection, fresh_database: Database
    ) -> None:
        with psycopg.connect(fresh_database.url) as blocker:
            blocker.execute("LOCK TABLE workflows_process IN SHARE MODE")  # the delivery is written, its process not
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '50ms'")
            response = post(shop, shopify(shop.secret))
            assert response.status_code == 503
            assert int(response["Retry-After"]) > 0
            assert not Delivery.objects.exists()
        assert post(shop, shopify(shop.secret)).json()["new"] is True


def test_without_a_database_the_shop_is_asked_to_come_back(django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock(), pointed_at(NOWHERE):
        response = Client().post(f"/webhooks/{uuid4()}/", BODY, content_type="application/json")
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert b"127.0.0.1" not in response.content
