"""What a client's system is told of orders and invoices, until it takes it; from the order to the signed request."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import Settings

from common import clock
from invoicing.models import Company, Endpoint, Event, Invoice, Notification, Order
from invoicing.outgoing.endpoints import open_endpoint, resend
from invoicing.outgoing.happening import Kind
from tests import world
from tests.databases import Database
from tests.invoicing.aeat import pass_time
from tests.invoicing.api_client import ApiClient, caller, order
from tests.invoicing.listening import Listener, listening
from tests.workflows import bench
from verifactu.models import Record
from verifactu.verdicts import Verdict
from workflows import control, tokens
from workflows.models import Alert, Breaker, Process
from workflows.tick import tick


@pytest.fixture
def folder(fresh_database: Database, settings: Settings, tmp_path: Path) -> Path:
    settings.DOCUMENTS_DIR = tmp_path / "documents"
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    return tmp_path


@pytest.fixture
def erp(settings: Settings) -> Iterator[Listener]:
    settings.WEBHOOK_PRIVATE_HOSTS = ["127.0.0.1"]
    with listening() as running:
        yield running


@pytest.fixture
def company(folder: Path) -> Company:
    return world.la_encina()


def told_of(company: Company, listener: Listener, *kinds: Kind) -> Endpoint:
    return open_endpoint(company, url=listener.url, kinds=kinds or tuple(Kind), name="ERP", now=clock.now())


def sell(company: Company, **changes: Any) -> ApiClient:
    """Have an order come by API and all be done that can be done without the AEAT."""
    shop = caller(company)
    shop.post("/api/v1/orders/", order(**changes))
    bench.drain()
    return shop


def answer(company: Company, verdict: str, code: str = "") -> None:
    """Have the AEAT's verdict on the only record come, as the sender brings it."""
    record = Record.objects.get()
    Record.objects.filter(pk=record.pk).update(state="in_flight")
    Record.objects.filter(pk=record.pk).update(state=verdict, codigo_error=code, csv="A-7F3K29QWERTY12")
    told = Verdict(record_id=record.pk, verdict=verdict, code=code, at=clock.now())
    tokens.complete([(record.answer_token, told)], tenant=company.tenant, now=clock.now(), actor="aeat")
    bench.drain()


def later(folder: Path, by: timedelta) -> None:
    pass_time(folder, by)
    tick()
    bench.drain()


def test_an_invoice_is_told_once_it_can_be_fetched(company: Company, erp: Listener) -> None:
    endpoint = told_of(company, erp)
    shop = sell(company)
    (came,) = erp.came
    assert came.signed_by(endpoint.secret)
    told, invoice, sold = came.told, Invoice.objects.get(), Order.objects.get()
    assert told["id"] == came.headers["webhook-id"]
    assert (told["type"], told["environment"]) == ("invoice.issued", "simulator")
    data = told["data"]
    assert (data["number"], data["tipo"], data["state"], data["corrects"]) == (invoice.num_serie, "F2", "issued", [])
    assert (data["order"]["external_id"], data["order"]["number"]) == ("web-1", "1001")
    assert data["aeat"] == {"state": "pending", "code": "", "csv": ""}
    # What it names can be asked for, there and then.
    assert shop.get(data["links"]["self"]).json()["id"] == data["id"]
    assert shop.get(data["links"]["pdf"]).status_code == 200
    assert shop.get(data["order"]["links"]["self"]).json()["id"] == data["order"]["id"]
    assert data["links"]["self"] == reverse("api:invoice", args=[data["id"]])
    assert sold.buyer not in came.body.decode()  # nothing of any person
    assert Notification.objects.get().state == "delivered"


@pytest.mark.parametrize(
    ("verdict", "code", "kind", "state"),
    [
        ("accepted", "", "invoice.acknowledged", "acknowledged"),
        ("accepted_with_errors", "2004", "invoice.acknowledged_with_errors", "acknowledged_with_errors"),
        ("rejected", "1110", "invoice.rejected", "rejected"),
    ],
)
def test_what_the_aeat_says_is_told(
    company: Company, erp: Listener, verdict: str, code: str, kind: str, state: str
) -> None:
    told_of(company, erp)
    sell(company)
    answer(company, verdict, code)
    told = erp.came[-1].told
    assert told["type"] == kind
    assert told["data"]["state"] == state
    assert told["data"]["aeat"] == {"state": verdict, "code": code, "csv": "A-7F3K29QWERTY12"}
    assert len(erp.came) == 2


def test_an_order_that_waits_for_a_person_is_told(company: Company, erp: Listener) -> None:
    told_of(company, erp, Kind.HELD)
    sell(company, total="4840.00", lines=[
        {"description": "Bicicleta", "unit_price": "4840.00", "amount": "4840.00", "tax_rate": "21"}])  # fmt: skip
    (came,) = erp.came
    assert came.told["type"] == "order.held"
    assert came.told["data"]["hold"] == {"code": "nif_required"}
    assert came.told["data"]["external_id"] == "web-1"


def test_only_who_wants_a_kind_is_told_of_it(company: Company, erp: Listener) -> None:
    told_of(company, erp, Kind.REJECTED)
    sell(company)
    assert erp.came == []
    assert Event.objects.count() == 0


def test_nobody_is_told_of_another_company(company: Company, erp: Listener) -> None:
    told_of(world.la_encina(nif="B12345674", name="Otra SL"), erp)
    sell(company)
    assert erp.came == []


def test_what_is_done_again_is_told_once(company: Company, erp: Listener) -> None:
    told_of(company, erp, Kind.ISSUED, Kind.ACKNOWLEDGED)
    sell(company)
    answer(company, "accepted")
    done = Process.objects.get(workflow="complete-invoice")
    assert done.state == "completed"
    again = control.replay(done.pk, now=clock.now(), actor="test", reason="otra vez", from_step="start_mail")
    bench.drain()
    assert Process.objects.get(pk=again).steps.filter(key="start_mail", done=True).exists()
    assert [came.told["type"] for came in erp.came] == ["invoice.issued", "invoice.acknowledged"]


class TestWhoDoesNotTakeIt:
    def test_is_asked_again_until_it_does(self, company: Company, erp: Listener, folder: Path) -> None:
        erp.says = [500, 404, 204]
        told_of(company, erp)
        sell(company)
        later(folder, timedelta(seconds=6))
        assert Notification.objects.get().state == "waiting"
        later(folder, timedelta(seconds=30))
        row = Notification.objects.get()
        assert (row.state, row.tries, row.status) == ("delivered", 3, 204)
        assert len({came.headers["webhook-id"] for came in erp.came}) == 1
        assert len({came.body for came in erp.came}) == 1
        assert Endpoint.objects.get().failing_since is None

    def test_has_its_wish_to_wait_granted(self, company: Company, erp: Listener, folder: Path) -> None:
        erp.says, erp.headers = [429, 204], {"Retry-After": "3600"}
        told_of(company, erp)
        sell(company)
        later(folder, timedelta(minutes=30))
        assert len(erp.came) == 1
        later(folder, timedelta(minutes=31))
        assert len(erp.came) == 2

    def test_and_says_that_it_is_gone_is_switched_off_at_once(self, company: Company, erp: Listener) -> None:
        erp.says = [410]
        told_of(company, erp)
        sell(company)
        endpoint = Endpoint.objects.get()
        assert (endpoint.active, endpoint.off_reason) == (False, "HTTP 410")
        assert Notification.objects.get().state == "failed"
        alert = Alert.objects.get(kind="webhook_off")
        assert (alert.subject, alert.tenant) == ("ERP", company.tenant)

    def test_for_three_days_is_switched_off_and_can_be_told_all_of_it_later(
        self, company: Company, erp: Listener, folder: Path
    ) -> None:
        erp.says = [500]
        endpoint = told_of(company, erp, Kind.ISSUED)
        sell(company, id="web-1", number="1")
        sell(company, id="web-2", number="2")
        for _ in range(40):
            later(folder, timedelta(hours=2, minutes=10))
        endpoint.refresh_from_db()
        assert not endpoint.active
        assert {row.state for row in Notification.objects.all()} == {"failed"}
        assert list(Alert.objects.filter(kind__in=("webhook_off", "breaker_opened", "breaker_closed"))
                    .values_list("kind", flat=True)) == ["webhook_off"]  # fmt: skip
        sell(company, id="web-3", number="3")  # while it is off: listed, not tried
        assert Notification.objects.latest("pk").detail == "switched off"
        asked = len(erp.came)
        assert asked < 2 * 20  # the breaker has one of them ask for both

        erp.says = [204]
        shop = caller(company)
        where = f"/api/v1/webhooks/{shop.get('/api/v1/webhooks/').json()['data'][0]['id']}/"
        assert shop.post(f"{where}resend/", {}).status_code == 409
        assert shop.post(where, {"active": True}).json()["off_reason"] == ""
        assert shop.post(f"{where}resend/", {}).json() == {"resent": 3}
        for _ in range(3):
            later(folder, timedelta(minutes=10))
        assert {row.state for row in Notification.objects.all()} == {"delivered"}
        numbers = [came.told["data"]["order"]["number"] for came in erp.came[asked:]]
        assert sorted(numbers) == ["1", "2", "3"]
        assert set(Process.objects.filter(workflow="send-event").values_list("state", flat=True)) == {"completed"}

    def test_is_left_alone_for_a_while_after_five_failures(self, company: Company, erp: Listener, folder: Path) -> None:
        erp.says = [503]
        told_of(company, erp, Kind.ISSUED)
        for number in range(8):
            sell(company, id=f"web-{number}", number=str(number))
        assert len(erp.came) == 5
        assert Breaker.objects.get().state == "open"
        later(folder, timedelta(minutes=8))
        assert len(erp.came) == 6  # the probe
        assert Endpoint.objects.get().failing_since


def test_a_changed_secret_signs_beside_the_one_before_for_a_day(company: Company, erp: Listener, folder: Path) -> None:
    before = told_of(company, erp, Kind.ISSUED).secret
    shop = caller(company)
    where = f"/api/v1/webhooks/{shop.get('/api/v1/webhooks/').json()['data'][0]['id']}/secret/"
    assert shop.get(where).json() == {"secret": before, "previous_until": None}
    assert "secret" not in shop.post(where, {}).json()
    after = shop.get(where).json()["secret"]
    assert after != before
    sell(company, id="web-1")
    assert erp.came[0].signed_by(before)
    assert erp.came[0].signed_by(after)
    pass_time(folder, timedelta(hours=25))
    # The reference implementation looks at the machine's own clock: one signature is left, so compare their number.
    sell(company, id="web-2")
    assert len(erp.came[1].headers["webhook-signature"].split()) == 1


def test_resending_takes_only_what_failed(company: Company, erp: Listener) -> None:
    endpoint = told_of(company, erp, Kind.ISSUED)
    sell(company)
    assert resend(endpoint, now=clock.now(), actor="test") == 0
    assert json.loads(erp.came[0].body)["type"] == "invoice.issued"
