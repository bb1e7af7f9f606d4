"""Shopify's compliance topics: signed, answered 200, kept, handled, told of (shopify.dev, Privacy law compliance)."""

import json
import logging
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import Settings

from common import clock
from common.admin import change_url
from invoicing.models import (
    Company,
    Connection,
    Delivery,
    Invoice,
    Membership,
    Order,
    PrivacyItem,
    PrivacyRequest,
    Redaction,
    Snapshot,
)  # fmt: skip
from invoicing.storefronts.shopify_privacy import Asked, asked
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import work_off
from tests.invoicing.forgetting import ANOTHER, MARKS, attended, findings, ordered, tables_with, told
from workflows import control
from workflows.models import Alert, Process
from workflows.testing import MovableClock

CUSTOMER = {"id": 191167, "email": world.LUCIA.email, "phone": "555-625-1199"}


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


def redact(shop: Connection, *numbers: int, **how: Any) -> Any:
    orders = [6_120_000 + number for number in numbers]
    return told(shop, "customers/redact", {"customer": CUSTOMER, "orders_to_redact": orders}, **how)


def the_request() -> PrivacyRequest:
    return PrivacyRequest.objects.get()


class TestThePayload:
    @pytest.mark.parametrize("identity", [299938, "299938"])
    def test_names_orders_by_number_or_text(self, identity: Any) -> None:
        body = {"shop_domain": "A.myshopify.com", "customer": CUSTOMER, "orders_to_redact": [identity]}
        found = asked(json.dumps(body).encode(), "customers/redact")
        assert found == Asked(kind="redact", shop_domain="a.myshopify.com", email=world.LUCIA.email, orders=("299938",))

    def test_may_hold_an_address_and_nothing_else_of_the_customer(self) -> None:
        body = b'{"shop_domain": "a.myshopify.com", "customer": {"email": "a@example.com"}, "orders_requested": []}'
        found = asked(body, "customers/data_request")
        assert found is not None
        assert (found.kind, found.email, found.orders, found.reference) == ("export", "a@example.com", (), "")

    def test_of_a_shop_names_no_customer(self) -> None:
        found = asked(b'{"shop_id": 954889, "shop_domain": "a.myshopify.com"}', "shop/redact")
        assert found == Asked(kind="shop", shop_domain="a.myshopify.com")

    def test_any_other_topic_is_none(self) -> None:
        assert asked(b"{}", "orders/paid") is None


class TestAtTheDoor:
    @pytest.mark.parametrize("topic", ["customers/redact", "shop/redact", "customers/data_request"])
    def test_a_wrong_signature_is_401_and_nothing_is_kept(self, shop: Connection, topic: str) -> None:
        assert told(shop, topic, {}, secret="another").status_code == 401
        work_off()
        assert not Delivery.objects.exists()
        assert not PrivacyRequest.objects.exists()

    def test_is_answered_200_before_anything_is_done_and_once(self, shop: Connection) -> None:
        ordered(shop, 1, paid=False)
        assert redact(shop, 1).status_code == 200
        assert not PrivacyRequest.objects.exists()
        assert redact(shop, 1).json()["new"] is False
        work_off()
        assert redact(shop, 1).status_code == 200
        work_off()
        assert PrivacyRequest.objects.count() == 1

    def test_one_of_another_shop_is_held_and_does_nothing(self, shop: Connection) -> None:
        Connection.objects.filter(pk=shop.pk).update(shop_url="https://otra.myshopify.com")
        told(shop, "shop/redact", {})
        work_off()
        assert Process.objects.get(workflow="capture").state == "held"
        assert not PrivacyRequest.objects.exists()
        assert Connection.objects.get(pk=shop.pk).active


class TestForgettingACustomer:
    def test_what_led_to_no_invoice_goes_at_once(self, shop: Connection) -> None:
        ordered(shop, 1, paid=False)
        redact(shop, 1)
        work_off()
        request = the_request()
        assert (request.state, request.figures) == ("done", {"redacted": 1, "kept": 0, "waits": 0, "altered": 0})
        assert tables_with(*MARKS, "555-625-1199") == {}
        gone = Redaction.objects.get(snapshot__order__number="#1")
        assert (gone.by, gone.reason, gone.request_id) == ("Shopify", "customers/redact", request.pk)
        assert findings() == []

    def test_only_the_orders_that_are_named(self, shop: Connection) -> None:
        for number in (1, 2):
            ordered(shop, number, paid=False)
        redact(shop, 2)
        work_off()
        assert list(Order.objects.filter(redacted_at=None).values_list("number", flat=True)) == ["#1"]

    def test_an_invoice_and_what_it_rests_on_stay_and_the_request_says_until_when(self, shop: Connection) -> None:
        ordered(shop, 1, paid=True)
        invoice = Invoice.objects.get()
        redact(shop, 1)
        work_off()
        request, item = the_request(), PrivacyItem.objects.get()
        # Commerce Code art. 30: six years, counted whole.
        until = date(invoice.issue_date.year + 6, 12, 31)
        assert (item.outcome, item.kept_until) == ("kept", until)
        assert (request.state, request.figures["kept_until"]) == ("done", until.isoformat())
        assert Snapshot.objects.get(pk=invoice.snapshot_id).content
        assert bytes(Delivery.objects.get(snapshots__invoices=invoice).body)
        assert Invoice.objects.get().recipient_email == invoice.recipient_email
        assert findings() == []

    def test_longer_where_the_house_says_so(self, shop: Connection, settings: Settings) -> None:
        settings.FISCAL_YEARS = 10
        ordered(shop, 1, paid=True)
        redact(shop, 1)
        work_off()
        assert PrivacyItem.objects.get().kept_until == date(Invoice.objects.get().issue_date.year + 10, 12, 31)

    def test_versions_that_no_invoice_needs_go_all_the_same(self, shop: Connection) -> None:
        order = world.sale(number=1, paid=False)
        world.arrive(shop, order, "orders/create")
        work_off()
        world.arrive(shop, order.at(60, paid=True), "orders/paid")
        work_off()
        world.arrive(shop, order.at(60, paid=True), "orders/updated", "the same again")
        work_off()
        redact(shop, 1)
        work_off()
        left = {(row.version, row.redacted, row.delivery.redacted) for row in Snapshot.objects.all()}
        assert left == {(1, True, True), (2, False, False), (3, True, True)}
        assert findings() == []

    def test_and_what_changes_afterwards_is_still_corrected(self, shop: Connection) -> None:
        order = world.sale(number=1, paid=False)
        world.arrive(shop, order, "orders/create")
        work_off()
        world.arrive(shop, order.at(60, paid=True), "orders/paid")
        work_off()
        redact(shop, 1)
        work_off()
        world.arrive(shop, order.at(120, paid=True, discount_percent=10), "orders/updated")
        work_off()
        assert [invoice.tipo for invoice in Invoice.objects.order_by("pk")][1:] == ["R5"]
        assert findings() == []

    def test_an_order_to_be_decided_on_waits_for_that_and_then_goes(
        self, shop: Connection, pass_time: MovableClock
    ) -> None:
        Connection.objects.filter(pk=shop.pk).update(invoice_from=None)  # every order is held
        ordered(shop, 1, paid=True)
        held = Process.objects.get(workflow="invoice-order", state="held")
        redact(shop, 1)
        work_off()
        request = the_request()
        assert (request.state, request.figures["waits"], request.subject) == ("open", 1, "")
        control.cancel(held.pk, now=clock.now(), actor="eva", reason="no procede")
        pass_time(timedelta(days=1, minutes=1))
        attended()
        request = the_request()
        assert (request.state, request.figures["redacted"]) == ("done", 1)
        assert tables_with(*MARKS) == {}

    def test_staff_are_told_before_its_last_day(self, shop: Connection, pass_time: MovableClock) -> None:
        Connection.objects.filter(pk=shop.pk).update(invoice_from=None)
        ordered(shop, 1, paid=True)
        redact(shop, 1)
        work_off()
        for _day in range(24):
            pass_time(timedelta(days=1, minutes=1))
            attended()
        assert not Alert.objects.filter(kind="privacy_due").exists()
        for _day in range(3):
            pass_time(timedelta(days=1, minutes=1))
            attended()
        assert Alert.objects.filter(kind="privacy_due").count() == 1

    def test_a_delivery_that_told_of_no_order_goes_with_them(self, shop: Connection) -> None:
        world.arrive(shop, world.sale(number=9), "customers/update")
        world.arrive(shop, world.sale(number=9, buyer=ANOTHER), "customers/update", "nadia")
        work_off()
        redact(shop)
        work_off()
        assert tables_with(*MARKS) == {}
        assert bytes(Delivery.objects.get(delivery_key="nadia").body)

    def test_nothing_of_another_company_or_shop(self, shop: Connection) -> None:
        other = world.shop(world.la_encina(nif="A58818501", name="Otra SA"))
        mine, theirs = ordered(shop, 1, paid=False), ordered(other, 1, paid=False)
        redact(shop, 1)
        work_off()
        assert set(Order.objects.filter(redacted_at=None)) == {theirs}
        assert mine.pk != theirs.pk

    def test_the_log_names_nobody(self, shop: Connection, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.DEBUG, logger="invoicing"), caplog.at_level(logging.DEBUG, logger="workflows"):
            ordered(shop, 1, paid=False)
            redact(shop, 1)
            work_off()
        assert the_request().state == "done"
        assert not [mark for mark in MARKS if mark in caplog.text]


class TestForgettingAShop:
    def test_it_is_disconnected_and_all_of_it_goes_but_what_invoices_rest_on(self, shop: Connection) -> None:
        Connection.objects.filter(pk=shop.pk).update(pull=True)
        for number in (1, 2, 3):
            ordered(shop, number, paid=False)
        ordered(shop, 4, paid=True, buyer=ANOTHER)
        world.arrive(shop, world.sale(number=9), "customers/update")
        work_off()
        assert told(shop, "shop/redact", {}).status_code == 200
        work_off()
        left = Connection.objects.get(pk=shop.pk)
        assert (left.active, left.pull, left.credentials) == (False, False, "")
        request = the_request()
        assert (request.state, request.figures["redacted"], request.figures["kept"]) == ("done", 3, 1)
        assert tables_with(*MARKS) == {}
        assert "Nadia" in Snapshot.objects.get(order__number="#4").content
        assert findings() == []

    def test_sent_again_it_is_answered_200_although_the_shop_is_disconnected(self, shop: Connection) -> None:
        told(shop, "shop/redact", {})
        work_off()
        assert told(shop, "shop/redact", {}).json()["new"] is False
        assert told(shop, "customers/redact", {"customer": CUSTOMER, "orders_to_redact": []}).status_code == 200
        assert told(shop, "orders/paid", {}).status_code == 404


class TestHandingOver:
    @pytest.fixture
    def staff(self, company: Company, client: Client) -> Client:
        user = User.objects.create_user("ana", is_staff=True)
        user.user_permissions.add(*Permission.objects.all())
        Membership.objects.create(user=user, company=company)
        client.force_login(user)
        return client

    def request_data(self, shop: Connection) -> PrivacyRequest:
        ordered(shop, 1, paid=False)
        ordered(shop, 2, paid=True)
        ordered(shop, 3, paid=False, buyer=ANOTHER)
        payload = {"customer": CUSTOMER, "orders_requested": [6_120_001], "data_request": {"id": 9999}}
        assert told(shop, "customers/data_request", payload).status_code == 200
        work_off()
        return the_request()

    def test_everything_on_the_customer_is_in_one_file_and_nothing_on_others(
        self, shop: Connection, staff: Client
    ) -> None:
        request = self.request_data(shop)
        assert (request.state, request.reference, request.subject) == ("ready", "9999", "")
        response = staff.get(f"/admin/invoicing/privacyrequest/{request.pk}/held/")
        assert response["Content-Disposition"].startswith("attachment")
        held = json.loads(response.content)
        assert [order["number"] for order in held["orders"]] == ["#1", "#2"]
        version = held["orders"][0]["versions"][0]
        assert version["content"]["buyer"]["email"] == world.LUCIA.email
        assert json.loads(version["delivery"]["body"])["email"] == world.LUCIA.email
        assert held["orders"][1]["invoices"][0]["number"] == Invoice.objects.get().num_serie
        assert "Nadia" not in response.content.decode()

    def test_staff_are_told_and_say_when_it_is_done(self, shop: Connection, staff: Client) -> None:
        request = self.request_data(shop)
        alert = Alert.objects.get(kind="privacy_asked")
        assert (alert.tenant, alert.subject) == (str(shop.company_id), str(request.pk))
        assert not [mark for mark in MARKS if mark in alert.text]
        assert "Por entregar" in staff.get(change_url(request)).content.decode().replace("por entregar", "Por entregar")
        staff.post(f"/admin/invoicing/privacyrequest/{request.pk}/done/")
        request = the_request()
        assert (request.state, request.finished_by) == ("done", "ana")

    def test_the_delivery_that_asked_forgets_the_customer(self, shop: Connection) -> None:
        request = self.request_data(shop)
        assert request.delivery
        assert request.delivery.redacted
        assert findings() == []

    def test_whoever_may_only_look_takes_nothing_away(self, shop: Connection, company: Company, client: Client) -> None:
        request = self.request_data(shop)
        user = User.objects.create_user("leo", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="view_privacyrequest"))
        Membership.objects.create(user=user, company=company)
        client.force_login(user)
        assert client.get(change_url(request)).status_code == 200
        for page in ("held", "done"):
            assert client.post(f"/admin/invoicing/privacyrequest/{request.pk}/{page}/").status_code == 403
        assert client.get("/admin/invoicing/privacyrequest/ask/").status_code == 403

    def test_it_is_told_of_again_before_its_last_day(self, shop: Connection, pass_time: MovableClock) -> None:
        self.request_data(shop)
        pass_time(timedelta(days=25, minutes=1))
        attended()
        assert Alert.objects.filter(kind="privacy_due").count() == 1

    def test_by_hand_from_the_page_of_an_order(self, shop: Connection, staff: Client) -> None:
        order = ordered(shop, 1, paid=False)
        form = f"/admin/invoicing/privacyrequest/ask/?order={order.pk}"
        assert form in staff.get(change_url(order)).content.decode()
        assert order.external_id in staff.get(form).content.decode()
        given = {
            "company": shop.company_id,
            "kind": "redact",
            "order": order.external_id,
            "reason": "lo pidió por carta",
        }
        staff.post(form, given)
        work_off()
        assert tables_with(*MARKS) == {}
        page = staff.get(change_url(the_request())).content.decode()
        assert "lo pidió por carta" in page
        assert "retirado" in page
        assert form not in staff.get(change_url(order)).content.decode()

    def test_not_for_another_company(self, shop: Connection, client: Client) -> None:
        order = ordered(shop, 1, paid=False)
        user = User.objects.create_user("berta", is_staff=True)
        user.user_permissions.add(*Permission.objects.all())
        Membership.objects.create(user=user, company=world.la_encina(nif="A58818501", name="Otra SA"))
        client.force_login(user)
        given = {"company": shop.company_id, "kind": "redact", "order": order.external_id, "reason": "x"}
        assert client.post("/admin/invoicing/privacyrequest/ask/", given).status_code == 200
        page = client.get(f"/admin/invoicing/privacyrequest/ask/?order={order.pk}").content.decode()
        assert order.external_id not in page.replace(str(order.pk), "")
        assert not PrivacyRequest.objects.exists()

    def test_somebody_or_some_order_is_to_be_named(self, shop: Connection, staff: Client) -> None:
        page = staff.post(
            "/admin/invoicing/privacyrequest/ask/", {"company": shop.company_id, "kind": "redact", "reason": "x"}
        )
        assert "Diga un pedido o un correo." in page.content.decode()
