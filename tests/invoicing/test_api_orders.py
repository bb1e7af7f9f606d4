"""Orders over the API: sent, followed from the first moment, listed, held and resolved."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from common import clock
from invoicing.models import Delivery, Invoice, Order
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import ORDERS, ApiClient, caller, is_problem, order, work_off
from workflows import control
from workflows.models import Process

DEAR = {
    "lines": [{"description": "Bicicleta", "unit_price": "4840.00", "amount": "4840.00", "tax_rate": "21"}],
    "total": "4840.00",
}
"""More than any simplified invoice may be: without NIF, it holds."""


@pytest.fixture
def client(fresh_database: Database) -> ApiClient:
    return caller(world.la_encina())


def sent(client: ApiClient, **changes: Any) -> Any:
    response = client.post(ORDERS, order(**changes))
    assert response.status_code == 202, response.content
    return response


def shown(client: ApiClient, response: Any) -> dict[str, Any]:
    answer = client.get(response["Location"])
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


class TestSending:
    def test_it_is_kept_as_it_came(self, client: ApiClient) -> None:
        body = """ {"id": "raw", "placed_at": "2026-11-24T10:00:00+01:00", "updated_at": "2026-11-24T10:00:00Z",
            "prices_include_tax": true, "paid": false, "total": 1.10,
            "lines": [{"description": "ca\\u00f1a €", "unit_price": 1.10, "amount": "1.10"}]}\n""".encode()
        response = client.post(ORDERS, body)
        assert response.status_code == 202, response.content
        delivery = Delivery.objects.get()
        assert bytes(delivery.body) == body
        assert delivery.connection_id == client.connection.pk
        assert client.plain not in str(delivery.headers)

    def test_location_answers_at_once_and_for_ever(self, client: ApiClient) -> None:
        response = sent(client)
        receipt = response.json()
        assert response["Location"] == receipt["url"] == f"{ORDERS}{receipt['id']}/"
        assert receipt["status"] == "queued"
        before = shown(client, response)
        assert (before["state"], before["version"], before["invoices"]) == ("open", 0, [])
        work_off()
        after = shown(client, response)
        assert (after["state"], after["version"], after["id"]) == ("invoiced", 1, receipt["id"])
        assert after["number"] == "1001"
        assert after["total"] == "24.20"

    def test_it_becomes_one_invoice_of_what_was_paid(self, client: ApiClient) -> None:
        sent(client)
        work_off()
        invoice = Invoice.objects.get()
        assert (invoice.tipo, invoice.total, invoice.tax_total) == ("F2", Decimal("24.20"), Decimal("4.20"))

    def test_the_next_version_is_the_same_order(self, client: ApiClient) -> None:
        first = sent(client, paid=False)
        work_off()
        assert shown(client, first)["invoices"] == []
        second = sent(client, updated_at=(clock.now() + timedelta(seconds=1)).isoformat())
        assert second["Location"] == first["Location"]
        work_off()
        assert shown(client, first)["version"] == 2
        assert len(shown(client, first)["invoices"]) == 1

    def test_equal_content_under_another_key_changes_nothing(self, client: ApiClient) -> None:
        body = order()
        client.post(ORDERS, body)
        work_off()
        client.post(ORDERS, body)
        work_off()
        assert Invoice.objects.count() == 1
        assert Order.objects.count() == 1

    @pytest.mark.parametrize("external_id", ["a/b", "#1 ñ", "..", "%2F", "x" * 120])
    def test_any_identity_of_the_clients_can_be_followed(self, client: ApiClient, external_id: str) -> None:
        response = sent(client, id=external_id)
        assert shown(client, response)["external_id"] == external_id
        found = client.get(ORDERS, external_id=external_id).json()["data"]
        assert [one["external_id"] for one in found] == [external_id]

    def test_a_refused_body_leaves_nothing(self, client: ApiClient) -> None:
        is_problem(client.post(ORDERS, order(total="mucho")), 400, "body-invalid")
        assert not Delivery.objects.exists()
        assert not Order.objects.exists()
        assert not Process.objects.exists()

    def test_a_shops_key_cannot_send(self, client: ApiClient) -> None:
        key = client.key
        key.connection = world.shop(client.company, "shopify")
        key.save()
        is_problem(client.post(ORDERS, order()), 403, "connection-not-api")


class TestListing:
    def test_newest_first_and_page_by_page_while_more_arrive(self, client: ApiClient) -> None:
        for number in range(5):
            sent(client, id=f"o{number}")
        page = client.get(ORDERS, limit="2").json()
        seen = [one["external_id"] for one in page["data"]]
        sent(client, id="late")
        while page["has_more"]:
            page = client.raw.get(page["next"]).json()
            seen += [one["external_id"] for one in page["data"]]
        assert seen == ["o4", "o3", "o2", "o1", "o0"]
        assert page["next"] is None

    def test_the_filters_stay_on_the_next_page(self, client: ApiClient) -> None:
        for number in range(3):
            sent(client, id=f"a{number}")
        work_off()
        sent(client, id="b", paid=False)
        page = client.get(ORDERS, state="invoiced", limit="2").json()
        rest = client.raw.get(page["next"]).json()
        assert [one["external_id"] for one in page["data"] + rest["data"]] == ["a2", "a1", "a0"]

    def test_by_number_and_state(self, client: ApiClient) -> None:
        sent(client, id="a", number="7")
        sent(client, id="b", number="8", **DEAR)
        work_off()

        def found(**parameters: str) -> list[str]:
            return [one["external_id"] for one in client.get(ORDERS, **parameters).json()["data"]]

        assert found(number="7") == ["a"]
        assert found(number="") == []
        assert found(state="held") == ["b"]
        assert found(state="held", number="7") == []

    def test_updated_since_sees_each_kind_of_news(self, client: ApiClient, settings: Any, tmp_path: Any) -> None:
        offset = tmp_path / "offset"
        settings.CLOCK_OFFSET_FILE = str(offset)
        start = clock.now()

        def at(minutes: int) -> str:
            return (start + timedelta(minutes=minutes)).isoformat()

        def found(minutes: int) -> list[str]:
            return [one["external_id"] for one in client.get(ORDERS, updated_since=at(minutes)).json()["data"]]

        def after(minutes: int) -> None:
            offset.write_text(str(minutes * 60))

        sent(client, id="held", **DEAR)
        sent(client, id="sold")
        assert found(-1) == ["sold", "held"]
        assert found(5) == []
        after(10)
        work_off()
        assert found(5) == ["sold", "held"]
        assert found(15) == []
        after(20)
        resolve(client, "held", action="decide_again")
        work_off()
        assert found(15) == ["held"]
        Invoice.objects.get().record.__class__.objects.update(verdict_at=start + timedelta(minutes=30))
        assert found(25) == ["sold"]

    def test_a_plus_sign_that_became_a_space(self, client: ApiClient) -> None:
        sent(client)
        response = client.raw.get(f"{ORDERS}?updated_since=2020-01-01T00:00:00+01:00")
        assert len(response.json()["data"]) == 1

    def test_a_page_costs_as_many_queries_as_an_order(
        self, client: ApiClient, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(12):
            sent(client, id=f"o{number}", **(DEAR if number % 2 else {}))
        work_off()
        with django_assert_max_num_queries(5):
            assert len(client.get(ORDERS).json()["data"]) == 12

    def test_moments_have_an_offset_of_the_companys_zone(self, client: ApiClient) -> None:
        found = shown(client, sent(client))
        assert found["received_at"].endswith(("+01:00", "+02:00"))


def resolve(client: ApiClient, external_id: str, key: str = "", process: str = "", **answer: Any) -> Any:
    """Answer the hold of an order, as its resource shows it."""
    (found,) = client.get(ORDERS, external_id=external_id).json()["data"]
    process = process or found["hold"]["process"]
    return client.post(f"{found['url']}resolution/", {"process": process, **answer}, key)


class TestHolds:
    @pytest.fixture
    def held(self, client: ApiClient) -> Any:
        response = sent(client, **DEAR)
        work_off()
        return response

    def test_the_order_says_why_it_waits_and_what_may_be_done(self, client: ApiClient, held: Any) -> None:
        found = shown(client, held)
        hold = found["hold"]
        assert found["state"] == "held"
        assert (hold["kind"], hold["code"], hold["version"]) == ("question", "nif_required", 1)
        assert "4.840,00" in hold["message"]
        assert "NIF del comprador" in hold["message"]
        assert set(hold["actions"]) == {"give_nif", "ask_customer", "decide_again", "ignore"}
        assert clock.now() - timedelta(minutes=1) < datetime.fromisoformat(hold["since"]) <= clock.now()
        english = client.raw.get(held["Location"], headers={"Accept-Language": "en"}).json()
        assert "without the buyer's NIF" in english["hold"]["message"]

    def test_the_nif_is_given_and_the_invoice_is_issued(self, client: ApiClient, held: Any) -> None:
        address = {"lines": ["Calle Mayor 3"], "postal_code": "46001", "city": "València", "country": "ES"}
        response = resolve(
            client, "web-1", action="give_nif", nif="b-12345674", name="Ferretería Soler SL", address=address
        )
        assert response.status_code == 202, response.content
        assert response["Location"] == held["Location"]
        work_off()
        found = shown(client, held)
        assert (found["state"], found["hold"]) == ("invoiced", None)
        invoice = Invoice.objects.get()
        assert (invoice.tipo, invoice.recipient_nif) == ("F1", "B12345674")

    def test_the_answer_stands_under_the_keys_name(self, client: ApiClient, held: Any) -> None:
        resolve(client, "web-1", action="ignore", reason="regalo")
        work_off()
        assert shown(client, held)["state"] == "ignored"
        process = Process.objects.get(workflow="invoice-order")
        assert process.events.get(move="resolve").actor == f"api:{client.key.prefix}"

    @pytest.mark.parametrize(
        "answer",
        [
            {"action": "issue_simplified"},  # not one of this hold's
            {"action": "ignore"},  # without reason
            {"action": "give_nif", "nif": "B1234"},
        ],
    )
    def test_an_answer_that_does_not_fit_is_refused_and_the_hold_stays(
        self, client: ApiClient, held: Any, answer: dict[str, str]
    ) -> None:
        is_problem(resolve(client, "web-1", **answer), 422, "resolution-refused")
        assert shown(client, held)["state"] == "held"

    def test_the_question_and_a_refusal_are_told_in_the_language_asked_for(self, client: ApiClient, held: Any) -> None:
        def told(language: str) -> tuple[str, str]:
            client.raw.defaults["HTTP_ACCEPT_LANGUAGE"] = language
            refused = is_problem(resolve(client, "web-1", action="ignore"), 422, "resolution-refused")
            return shown(client, held)["hold"]["missing"], refused["detail"]

        spanish, english = told("es"), told("en")
        assert (spanish[1], english[1]) == ("Falta el motivo.", "The reason is missing.")
        assert (spanish[0], english[0]) == (
            "El NIF, nombre y dirección del comprador.",
            "The buyer's NIF, name and address.",
        )

    @pytest.mark.parametrize(
        ("answer", "pointer"),
        [
            ({}, ""),
            ({"action": "burn"}, "/action"),
            ({"action": "ignore", "colour": "red"}, ""),
            ({"action": "ignore", "address": {"lines": [3]}}, "/address/lines/0"),
            ({"action": "ignore", "reason": "x" * 501}, "/reason"),
        ],
    )
    def test_a_body_that_is_no_answer(self, client: ApiClient, held: Any, answer: dict[str, Any], pointer: str) -> None:
        told = is_problem(resolve(client, "web-1", **answer), 400, "body-invalid")
        assert told["errors"][0]["pointer"] == pointer

    def test_a_newer_version_takes_its_place_and_is_named(self, client: ApiClient, held: Any) -> None:
        old = shown(client, held)["hold"]["process"]
        for minute in (1, 2):
            sent(client, **DEAR, number=f"v{minute}",
                 updated_at=(clock.now() + timedelta(minutes=minute)).isoformat())  # fmt: skip
            work_off()
        told = is_problem(
            resolve(client, "web-1", process=old, action="ignore", reason="tarde"), 409, "hold-superseded"
        )
        hold = shown(client, held)["hold"]
        assert (told["superseded_by"], told["version"]) == (hold["process"], 3)
        assert hold["version"] == 3

    def test_an_answered_hold_is_not_answered_again(self, client: ApiClient, held: Any) -> None:
        process = shown(client, held)["hold"]["process"]
        resolve(client, "web-1", action="ignore", reason="regalo")
        told = is_problem(
            resolve(client, "web-1", process=process, action="ignore", reason="otra vez"), 409, "not-held"
        )
        assert told["process_state"] == "pending"

    def test_the_same_answer_repeated_under_its_key_is_told_again(self, client: ApiClient, held: Any) -> None:
        process = shown(client, held)["hold"]["process"]
        answers = [
            resolve(client, "web-1", key="once", process=process, action="ignore", reason="regalo") for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [202, 202]
        assert answers[0].content == answers[1].content
        assert answers[1]["Idempotent-Replayed"] == "true"

    @pytest.mark.parametrize("process", ["prc_01h455vb4pex5vsknk084sn02q", "x", "ord_01h455vb4pex5vsknk084sn02q"])
    def test_a_process_that_is_not_of_this_order(self, client: ApiClient, held: Any, process: str) -> None:
        is_problem(resolve(client, "web-1", process=process, action="decide_again"), 404, "not-found")

    def test_the_process_of_another_order(self, client: ApiClient, held: Any) -> None:
        other = sent(client, **DEAR, id="web-2")
        work_off()
        process = shown(client, other)["hold"]["process"]
        is_problem(resolve(client, "web-1", process=process, action="decide_again"), 404, "not-found")

    def test_a_failure_is_told_without_its_insides_and_waits_for_staff(self, client: ApiClient) -> None:
        response = sent(client, id="web-9")
        client.company.taxpayer.installations.update(active=False)
        work_off()
        hold = shown(client, response)["hold"]
        assert (hold["kind"], hold["code"], hold["actions"]) == ("failure", "failure", [])
        is_problem(resolve(client, "web-9", action="ignore", reason="no se puede"), 409, "not-held")

    def test_an_order_whose_process_was_cancelled_has_no_hold(self, client: ApiClient, held: Any) -> None:
        process = Process.objects.get(workflow="invoice-order")
        control.cancel(process.pk, now=clock.now(), actor="staff", reason="prueba")
        assert shown(client, held)["hold"] is None
