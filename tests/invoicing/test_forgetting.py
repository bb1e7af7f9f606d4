"""What led to no invoice is redacted by its age: what goes, what stays, and that nothing else notices."""

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from common import clock
from common.admin import change_url
from config.postgres.owner import as_owner
from invoicing import answering
from invoicing.holds import Action, Resolution
from invoicing.models import (
    Company,
    Connection,
    CustomerAnswer,
    CustomerRequest,
    Delivery,
    Invoice,
    Order,
    PrivacyRequest,
    Redaction,
    Snapshot,
)  # fmt: skip
from invoicing.privacy import ageing
from invoicing.privacy.redacting import Outcome, Why, redact_order
from invoicing.standing import stand
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import ApiClient, caller, order, work_off
from tests.invoicing.forgetting import MARKS, findings, ordered, tables_with
from tests.workflows import bench
from workflows import control
from workflows.engine import trigger
from workflows.models import Process, Schedule
from workflows.testing import MovableClock

YEAR = timedelta(days=365)


@pytest.fixture
def pass_time(tmp_path: Path, fresh_database: Database) -> Iterator[MovableClock]:
    with MovableClock(tmp_path / "clock") as moved:
        yield moved


@pytest.fixture
def company(fresh_database: Database) -> Company:
    return world.la_encina()


@pytest.fixture
def shop(company: Company) -> Connection:
    return world.shop(company)


def forget(*options: str) -> Any:
    said = StringIO()
    call_command("forget", "--json", *options, stdout=said, stderr=StringIO())
    return json.loads(said.getvalue())


class TestByAge:
    def test_what_led_to_no_invoice_goes_when_the_companys_days_are_over_and_no_sooner(
        self, shop: Connection, pass_time: MovableClock
    ) -> None:
        unpaid = ordered(shop, 1, paid=False)
        pass_time(YEAR - timedelta(hours=1))
        assert forget() == {"orders": 0, "deliveries": 0, "dry_run": False}
        pass_time(timedelta(hours=2))
        assert forget("--dry-run") == {"orders": 1, "deliveries": 0, "dry_run": True}
        assert Snapshot.objects.get(order=unpaid).content
        assert forget() == {"orders": 1, "deliveries": 0, "dry_run": False}
        assert forget() == {"orders": 0, "deliveries": 0, "dry_run": False}
        assert tables_with(*MARKS) == {}

    def test_row_identity_and_hash_stay_and_the_redaction_says_when_who_and_why(
        self, shop: Connection, pass_time: MovableClock
    ) -> None:
        unpaid = ordered(shop, 1, paid=False)
        before, version = Delivery.objects.get(), Snapshot.objects.get()
        pass_time(YEAR + timedelta(days=1))
        forget()
        delivery, snapshot = Delivery.objects.get(), Snapshot.objects.get()
        assert (bytes(delivery.body), snapshot.content) == (b"", "")
        assert delivery.body_sha256 == hashlib.sha256(bytes(before.body)).hexdigest()
        assert snapshot.content_hash == hashlib.sha256(version.content.encode()).hexdigest()
        kept = ("delivery_key", "event_key", "topic", "received_at", "headers")
        assert [getattr(delivery, name) for name in kept] == [getattr(before, name) for name in kept]
        gone = delivery.redaction
        assert (gone.by, gone.reason) == ("encadena", "no llevó a ninguna factura en el plazo de la empresa")
        assert abs(gone.at - clock.now()) < timedelta(minutes=1)
        assert (gone.content_hash, gone.seal_before) == (before.body_sha256, before.seal)
        unpaid = Order.objects.get()
        assert (unpaid.number, unpaid.buyer) == ("#1", "")
        assert stand(unpaid).state == "explained"

    def test_the_ledger_still_holds(self, shop: Connection, pass_time: MovableClock) -> None:
        ordered(shop, 1, paid=False)
        ordered(shop, 2, paid=True)
        pass_time(YEAR + timedelta(days=1))
        forget()
        assert Redaction.objects.count() == 2
        assert findings() == []

    def test_an_invoiced_order_is_never_touched(self, shop: Connection, pass_time: MovableClock) -> None:
        ordered(shop, 2, paid=True)
        invoice = Invoice.objects.get()
        pass_time(20 * YEAR)
        assert forget()["orders"] == 0
        assert Snapshot.objects.get(pk=invoice.snapshot_id).content
        assert bytes(Delivery.objects.get().body)
        assert redact_order(invoice.order_id, why=Why("eva", "x"), now=clock.now()).outcome == Outcome.KEPT
        assert bytes(Delivery.objects.get().body)

    def test_a_company_may_never_forget_by_age(
        self, company: Company, shop: Connection, pass_time: MovableClock
    ) -> None:
        Company.objects.filter(pk=company.pk).update(forget_after_days=None)
        ordered(shop, 1, paid=False)
        pass_time(9 * YEAR)
        assert forget()["orders"] == 0

    def test_only_the_company_that_is_named(self, shop: Connection, pass_time: MovableClock) -> None:
        other = world.shop(world.la_encina(nif="A58818501", name="Otra SA"))
        mine, theirs = ordered(shop, 1, paid=False), ordered(other, 1, paid=False)
        pass_time(YEAR + timedelta(days=1))
        assert forget("--company", "A58818501")["orders"] == 1
        assert not Snapshot.objects.get(order=theirs).content
        assert Snapshot.objects.get(order=mine).content

    def test_what_the_shop_told_lately_keeps_all_of_it(self, shop: Connection, pass_time: MovableClock) -> None:
        unpaid = world.sale(number=1, paid=False)
        world.arrive(shop, unpaid, "orders/create")
        work_off()
        pass_time(YEAR - timedelta(days=1))
        world.arrive(shop, unpaid.at(60), "orders/updated")
        work_off()
        pass_time(timedelta(days=2))
        assert forget()["orders"] == 0
        pass_time(YEAR)
        assert forget()["orders"] == 1
        assert tables_with(*MARKS) == {}

    def test_an_order_that_a_person_has_still_to_decide_on_is_left(
        self, company: Company, pass_time: MovableClock
    ) -> None:
        client = caller(company)
        held = _held(client)
        pass_time(YEAR + timedelta(days=1))
        assert forget()["orders"] == 0
        control.cancel(held.pk, now=clock.now(), actor="eva", reason="no procede")
        assert forget()["orders"] == 1
        assert findings() == []

    def test_what_customers_were_asked_and_the_journal_go_with_it(
        self, company: Company, pass_time: MovableClock, client: Client
    ) -> None:
        held = _held(caller(company))
        asked = CustomerRequest(
            company=company, order=Order.objects.get(), process=held.pk, token="t", code="needs_nif",
            email="lucia.ferrer@example.com", language="es", asked_by="eva", asked_at=clock.now(),
            expires_at=clock.now(),
        )  # fmt: skip
        asked.save()
        CustomerAnswer(
            request=asked, nif="12345678Z", name="Lucía Ferrer", address=["Calle de la Palma 18"], language="es",
            answered_at=clock.now(), from_hash="",
        ).save()  # fmt: skip
        leave = Resolution(action=Action.IGNORE, name="Lucía Ferrer", reason="ya no la quiere")
        answering.resolve(held.pk, leave, now=clock.now(), actor="eva")
        work_off()
        assert {"invoicing_customeranswer", "workflows_step", "workflows_token"} <= set(tables_with("Lucía")["Lucía"])
        pass_time(YEAR + timedelta(days=1))
        forget()
        assert tables_with(*MARKS, "12345678Z") == {}
        assert findings() == []
        guessable = Redaction.objects.exclude(customer_request=None, customer_answer=None)
        assert set(guessable.values_list("seal_before", "content_hash")) == {("", "")}

    def test_a_delivery_that_told_of_no_order_goes_too(self, shop: Connection, pass_time: MovableClock) -> None:
        world.arrive(shop, world.sale(number=7), "customers/update")  # a topic that is nothing to us
        work_off()
        assert not Snapshot.objects.exists()
        pass_time(YEAR + timedelta(days=1))
        assert forget("--dry-run")["deliveries"] == 1
        assert forget()["deliveries"] == 1
        assert forget()["deliveries"] == 0
        assert tables_with(*MARKS) == {}
        assert findings() == []


class TestAfterwards:
    @pytest.fixture
    def gone(self, shop: Connection, pass_time: MovableClock) -> Order:
        order = ordered(shop, 1, paid=False, placed_at=clock.now().replace(microsecond=0))
        pass_time(YEAR + timedelta(days=1))
        forget()
        return order

    def test_the_same_delivery_again_is_still_known(self, shop: Connection, gone: Order) -> None:
        world.arrive(shop, world.sale(number=1, paid=False, placed_at=gone.platform_version), "orders/create",
                     Delivery.objects.get().delivery_key)  # fmt: skip
        work_off()
        assert Delivery.objects.count() == 1
        assert tables_with(*MARKS) == {}

    def test_equal_content_in_another_delivery_changes_nothing_and_goes_in_its_time(
        self, shop: Connection, gone: Order, pass_time: MovableClock
    ) -> None:
        world.arrive(shop, world.sale(number=1, paid=False, placed_at=gone.platform_version), "orders/create", "again")
        work_off()
        newest = Snapshot.objects.order_by("version").last()
        assert newest
        assert (newest.state, newest.content != "") == ("ignored", True)
        assert not Process.objects.filter(workflow="invoice-order").exists()
        pass_time(YEAR + timedelta(days=1))
        assert forget()["orders"] == 1
        assert tables_with(*MARKS) == {}

    def test_an_order_that_is_paid_after_all_is_invoiced(self, shop: Connection, gone: Order) -> None:
        paid = world.sale(number=1, placed_at=clock.now().replace(microsecond=0) - timedelta(minutes=1))
        world.arrive(shop, paid, "orders/paid")
        work_off()
        invoice = Invoice.objects.get()
        assert invoice.order_id == gone.pk
        assert Order.objects.get().redacted_at is None
        assert findings() == []

    def test_one_that_a_person_saw_to_outside_is_not_invoiced_by_itself(
        self, company: Company, pass_time: MovableClock
    ) -> None:
        client = caller(company)
        held = _held(client)
        leave = Resolution(action=Action.IGNORE, reason="se facturó aparte")
        answering.resolve(held.pk, leave, now=clock.now(), actor="eva")
        work_off()
        pass_time(YEAR + timedelta(days=1))
        assert forget()["orders"] == 1
        _held_again(client)
        process = Process.objects.filter(workflow="invoice-order").latest("seq")
        assert process.state == "held"
        assert "saw to this order outside" in (process.error or {})["message"]
        assert not Invoice.objects.exists()

    def test_reading_it_again_says_that_it_is_gone(self, gone: Order) -> None:
        capture = Process.objects.get(workflow="capture")
        again = control.replay(capture.pk, now=clock.now(), actor="eva", reason="ver")
        work_off()
        told = Process.objects.get(pk=again)
        assert told.state == "held"
        assert "is redacted" in told.error["message"]

    def test_the_pages_say_when_who_and_why(self, gone: Order, client: Client) -> None:
        client.force_login(User.objects.create_superuser("eva"))
        for row in (gone, Delivery.objects.get()):
            page = client.get(change_url(row)).content.decode()
            assert "no llevó a ninguna factura" in page
        delivery = Delivery.objects.get()
        assert client.get(f"/admin/invoicing/delivery/{delivery.pk}/body/").status_code == 404

    def test_an_api_order_is_known_by_its_hash(self, company: Company, pass_time: MovableClock) -> None:
        client = caller(company)
        body = order(id="web-1", paid=False)
        client.post("/api/v1/orders/", body, key="k")
        work_off()
        pass_time(YEAR + timedelta(days=1))
        assert forget()["orders"] == 1
        call_command("purge_answers", stdout=StringIO(), stderr=StringIO())
        assert client.post("/api/v1/orders/", body, key="k").status_code == 202
        pass_time(YEAR)
        call_command("purge_answers", stdout=StringIO(), stderr=StringIO())
        other = client.post("/api/v1/orders/", {**body, "number": "1002"}, key="k")
        assert other.status_code == 422
        assert Delivery.objects.count() == 1


class TestGuards:
    """The application role may write the columns, and the trigger lets it write nothing but a redaction."""

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE invoicing_delivery SET body = ''",
            "UPDATE invoicing_delivery SET body = 'otro'",
            "UPDATE invoicing_delivery SET seal = ''",
            "UPDATE invoicing_snapshot SET content = ''",
            "UPDATE invoicing_snapshot SET content = '{}', seal = repeat('0', 64)",
        ],
    )
    def test_nothing_goes_without_a_redaction_that_says_so(self, shop: Connection, statement: str) -> None:
        ordered(shop, 1, paid=False)
        with pytest.raises(DatabaseError, match="goes by a redaction"):
            connection.cursor().execute(statement)

    def test_not_even_with_one_from_under_an_invoice(self, shop: Connection) -> None:
        ordered(shop, 1, paid=True)
        for row, name, column in (
            (Snapshot.objects.get(), "snapshot", "content"), (Delivery.objects.get(), "delivery", "body"),
        ):  # fmt: skip
            Redaction(company_id=shop.company_id, seal_before=row.seal, seal_after="0" * 64, at=clock.now(), by="eva",
                      reason="x", **{name: row}).save()  # fmt: skip
            with pytest.raises(DatabaseError, match="not from under an invoice"), transaction.atomic():
                connection.cursor().execute(f"UPDATE invoicing_{name} SET {column} = '', seal = %s", ["0" * 64])

    def test_what_is_gone_does_not_come_back(self, shop: Connection, pass_time: MovableClock) -> None:
        ordered(shop, 1, paid=False)
        pass_time(YEAR + timedelta(days=1))
        forget()
        with pytest.raises(DatabaseError, match="goes by a redaction"):
            connection.cursor().execute("UPDATE invoicing_snapshot SET content = '{\"buyer\": {}}'")

    def test_rows_that_somebody_emptied_are_found(self, shop: Connection) -> None:
        ordered(shop, 1, paid=False)
        with as_owner(connection), connection.cursor() as cursor:
            for table, change in (("delivery", "body = ''"), ("snapshot", "content = ''")):
                cursor.execute(f"ALTER TABLE invoicing_{table} DISABLE TRIGGER USER")
                cursor.execute(f"UPDATE invoicing_{table} SET {change}")
                cursor.execute(f"ALTER TABLE invoicing_{table} ENABLE TRIGGER USER")
        told = [(found["invariant"], found["text"]) for found in findings()]
        assert ("I1", "its bytes are not those that were received") in told
        assert ("I1", "its content is gone and no redaction says so") in told

    def test_evidence_that_was_changed_is_not_wiped(self, shop: Connection, pass_time: MovableClock) -> None:
        order = ordered(shop, 1, paid=False)
        with as_owner(connection), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE invoicing_snapshot DISABLE TRIGGER USER")
            cursor.execute("UPDATE invoicing_snapshot SET content = replace(content, 'Lucía', 'Otra')")
            cursor.execute("ALTER TABLE invoicing_snapshot ENABLE TRIGGER USER")
        pass_time(YEAR + timedelta(days=1))
        assert forget()["orders"] == 0
        assert redact_order(order.pk, why=Why("eva", "x"), now=clock.now()).outcome == Outcome.ALTERED
        assert "Otra" in Snapshot.objects.get().content
        assert not Redaction.objects.exists()


class TestTheNight:
    def test_goes_batch_after_batch(
        self, shop: Connection, pass_time: MovableClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ageing, "ORDERS_AT_ONCE", 2)
        monkeypatch.setattr(ageing, "DELIVERIES_AT_ONCE", 3)
        for number in range(1, 6):
            ordered(shop, number, paid=False)
        ordered(shop, 6, paid=True)
        world.arrive(shop, world.sale(number=7), "customers/update")
        work_off()
        pass_time(YEAR + timedelta(days=1))
        handle = trigger(ageing.forget_old, ageing.ForgetOld(), now=clock.now(), actor="test")
        bench.drain()
        assert handle.state() == "completed"
        done: Any = handle.result()
        assert (done.orders, done.deliveries) == (5, 1)
        assert Process.objects.get(pk=handle.id).steps.count() >= 5

    def test_a_batch_that_dies_half_way_leaves_each_order_whole_or_gone(
        self, shop: Connection, pass_time: MovableClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in (1, 2, 3):
            ordered(shop, number, paid=False)
        pass_time(YEAR + timedelta(days=1))
        done: list[Any] = []

        def dying(order: Any, **how: Any) -> Any:
            if len(done) == 2:
                raise KeyboardInterrupt
            done.append(redact_order(order, **how))
            return done[-1]

        with monkeypatch.context() as patch:
            patch.setattr(ageing, "redact_order", dying)
            with pytest.raises(KeyboardInterrupt):
                forget()
        assert Order.objects.filter(redacted_at=None).count() == 1
        assert findings() == []
        assert forget()["orders"] == 1
        assert tables_with(*MARKS) == {}

    def test_a_worker_keeps_the_schedule(self, company: Company) -> None:
        from workflows.schedules import sync

        sync(now=clock.now())
        row = Schedule.objects.get(name="forget-old")
        assert (row.cron, row.zone, row.paused) == ("20 4 * * *", "Europe/Madrid", False)


class TestTheCommand:
    @pytest.mark.parametrize(
        "options",
        [
            ["--company", "B00000000"],
            ["--order", "#1"],
            ["--order", "#1", "--company", "{nif}"],
            ["--email", "a@example.com", "--reason", "x"],
            ["--reason", "x"],
            ["--hand-over"],
            ["--order", "#1", "--company", "{nif}", "--reason", "x", "--hand-over", "--dry-run"],
        ],
    )
    def test_wrong_arguments_are_a_usage_error(self, company: Company, options: list[str]) -> None:
        with pytest.raises(CommandError) as refused:
            forget(*(option.format(nif=company.taxpayer.nif) for option in options))
        assert refused.value.returncode == 2
        assert not PrivacyRequest.objects.exists()

    def test_by_hand_for_one_customer(self, company: Company, shop: Connection) -> None:
        ordered(shop, 1, paid=False)
        ordered(shop, 2, paid=True)
        ordered(shop, 3, paid=False, buyer=world.SOLER)
        asked = ["--company", company.taxpayer.nif, "--email", world.LUCIA.email.upper(), "--reason", "lo pidió"]
        assert forget(*asked, "--dry-run") == {"redacted": 1, "kept": 1, "waits": 0, "dry_run": True}
        assert (PrivacyRequest.objects.count(), Redaction.objects.count()) == (0, 0)
        told = forget(*asked)
        work_off()
        request = PrivacyRequest.objects.get(pk=told["request"])
        assert (request.state, request.figures["redacted"], request.figures["kept"]) == ("done", 1, 1)
        assert request.asked_by.startswith("cli:")
        assert request.subject == ""
        assert "Soler" in Snapshot.objects.get(order__number="#3").content

    def test_by_hand_for_one_order(self, company: Company, shop: Connection) -> None:
        for number in (1, 2):
            ordered(shop, number, paid=False)
        forget("--company", company.taxpayer.nif, "--order", "1", "--reason", "lo pidió")
        work_off()
        assert list(Order.objects.filter(redacted_at=None).values_list("number", flat=True)) == ["#2"]


def _held_again(client: ApiClient) -> None:
    """Send a later version of the order of `_held`, which could be invoiced."""
    assert client.post("/api/v1/orders/", order(id="dear")).status_code == 202
    work_off()


def _held(client: ApiClient) -> Process:
    dear = {"description": "Bicicleta", "quantity": "1", "unit_price": "4840.00", "amount": "4840.00", "tax_rate": "21"}
    buyer = {"name": "Lucía Ferrer", "email": "lucia.ferrer@example.com"}
    client.post("/api/v1/orders/", order(id="dear", lines=[dear], total="4840.00", buyer=buyer))
    work_off()
    return Process.objects.get(workflow="invoice-order", state="held")
