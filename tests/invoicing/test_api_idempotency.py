"""One answer per Idempotency-Key, whatever comes twice, late, or at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

from common import clock
from invoicing.models import Delivery, IdempotencyKey, Order
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import ORDERS, ApiClient, caller, is_problem, order
from workflows.models import Process


@pytest.fixture
def client(fresh_database: Database) -> ApiClient:
    return caller(world.la_encina())


def test_the_key_is_required(client: ApiClient) -> None:
    response = client.raw.post(ORDERS, b"{}", content_type="application/json")
    is_problem(response, 400, "idempotency-key-missing")


@pytest.mark.parametrize("key", ["x" * 201, "a b", "ñ", "a\tb"])
def test_a_key_of_the_wrong_shape(client: ApiClient, key: str) -> None:
    is_problem(client.post(ORDERS, order(), key), 400, "idempotency-key-invalid")
    assert not Delivery.objects.exists()


def test_the_same_request_gets_the_same_answer(client: ApiClient) -> None:
    body = order()
    first, second = client.post(ORDERS, body, "k"), client.post(ORDERS, body, "k")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.content == second.content
    assert first["Location"] == second["Location"]
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert Delivery.objects.count() == Process.objects.count() == IdempotencyKey.objects.count() == 1


def test_another_body_under_the_same_key_is_refused(client: ApiClient) -> None:
    client.post(ORDERS, order(), "k")
    is_problem(client.post(ORDERS, order(total="99.00"), "k"), 422, "idempotency-key-reused")
    assert Delivery.objects.count() == 1


def test_another_address_under_the_same_key_is_refused(client: ApiClient) -> None:
    made = client.post(ORDERS, order(), "k").json()
    is_problem(client.post(f"{made['url']}resolution/", {}, "k"), 422, "idempotency-key-reused")


def test_another_connection_under_the_same_key_is_refused(client: ApiClient) -> None:
    body = order()
    other = caller(client.company, name="Otra caja")
    assert client.post(ORDERS, body, "k").status_code == 202
    is_problem(other.post(ORDERS, body, "k"), 422, "idempotency-key-reused")


def test_the_keys_of_two_companies_are_their_own(client: ApiClient) -> None:
    other = caller(world.la_encina(nif="B12345674", name="Otra SL"))
    body = order()
    mine, theirs = client.post(ORDERS, body, "k"), other.post(ORDERS, body, "k")
    assert (mine.status_code, theirs.status_code) == (202, 202)
    assert mine.json()["id"] != theirs.json()["id"]


def test_a_refusal_is_not_kept_so_that_the_key_serves_for_the_corrected_body(client: ApiClient) -> None:
    is_problem(client.post(ORDERS, order(total="mucho"), "k"), 400, "body-invalid")
    assert client.post(ORDERS, order(), "k").status_code == 202


def test_what_fails_on_our_side_is_not_kept(client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from invoicing.api import orders

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("broken")

    body = order()
    with monkeypatch.context() as patch:
        # The order's row and the delivery are written by then: all of it must go.
        patch.setattr(orders, "order_url", broken)
        is_problem(client.post(ORDERS, body, "k"), 500, "internal-error")
    assert not any(model.objects.exists() for model in (Delivery, Order, Process, IdempotencyKey))
    assert client.post(ORDERS, body, "k").status_code == 202


def test_a_delivery_outlives_its_kept_answer(client: ApiClient) -> None:
    body = order()
    first = client.post(ORDERS, body, "k")
    IdempotencyKey.objects.all().delete()
    is_problem(client.post(ORDERS, order(id="other"), "k"), 422, "idempotency-key-reused")
    again = client.post(ORDERS, body, "k")
    assert again.content == first.content
    assert Order.objects.count() == Delivery.objects.count() == 1


class TestAtOnce:
    def test_of_many_equal_requests_one_is_carried_out_and_all_get_its_answer(self, client: ApiClient) -> None:
        body, start = order(), threading.Barrier(8)

        def send(_: int) -> Any:
            start.wait(10)
            try:
                return client.post(ORDERS, body, "k")
            finally:
                connections.close_all()

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(send, range(8)))
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.content for answer in answers}) == 1
        assert sum("Idempotent-Replayed" not in answer for answer in answers) == 1
        assert Delivery.objects.count() == Order.objects.count() == IdempotencyKey.objects.count() == 1
        assert Process.objects.filter(workflow="capture").count() == 1

    def test_many_versions_of_one_order_under_keys_of_their_own_make_one_order(self, client: ApiClient) -> None:
        start = threading.Barrier(6)

        def send(number: int) -> Any:
            start.wait(10)
            try:
                return client.post(ORDERS, order(number=str(number)), f"k{number}")
            finally:
                connections.close_all()

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(send, range(6)))
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer["Location"] for answer in answers}) == 1
        assert Delivery.objects.count() == 6
        assert Order.objects.count() == 1

    def test_the_second_waits_for_the_first_and_is_told_to_come_back_when_that_takes_too_long(
        self, client: ApiClient, fresh_database: Database
    ) -> None:
        # A first request that does not end: a session of its own holds what every request of this key must take.
        with psycopg.connect(fresh_database.url) as first:
            first.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
                [f"invoicing:idempotency:{client.company.pk}:k"],
            )
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '50ms'")
            response = client.post(ORDERS, order(), "k")
            is_problem(response, 409, "request-in-flight")
            assert response["Retry-After"] == "1"
            assert client.post(ORDERS, order(id="web-2"), "another").status_code == 202
        assert client.post(ORDERS, order(), "k").status_code == 202

    def test_the_kept_answer_and_the_delivery_are_one_commit(
        self, client: ApiClient, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[tuple[int, int]] = []
        with psycopg.connect(fresh_database.url, autocommit=True) as outside:

            def look() -> None:
                counts = [
                    outside.execute(f"SELECT count(*) FROM {table}").fetchone()
                    for table in ("invoicing_delivery", "invoicing_idempotencykey")
                ]
                seen.append((counts[0][0], counts[1][0]))

            create = IdempotencyKey.objects.create

            def watched(**values: Any) -> Any:
                look()
                made = create(**values)
                look()
                return made

            monkeypatch.setattr(IdempotencyKey.objects, "create", watched)
            client.post(ORDERS, order(), "k")
            look()
        assert seen == [(0, 0), (0, 0), (1, 1)]


def test_the_kept_row_says_when(client: ApiClient) -> None:
    before = clock.now()
    client.post(ORDERS, order(), "k")
    assert before <= IdempotencyKey.objects.get().created_at <= clock.now()
