"""`reconcile_orders`, and the same by the clock: what a shop sold beside what is invoiced here.

The shops are stand-ins over HTTP; what they sold is their own truth.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as database

from common import clock
from invoicing import comparing
from invoicing.models import Company, Connection, Delivery, Invoice, Order, Reconciliation
from invoicing.privacy.asking import ask_by_hand
from invoicing.shops import keep_schedules
from tests.databases import Database
from tests.shops_standin.bigcommerce import BigCommerceShop
from tests.shops_standin.joined import deliver, join, work
from tests.shops_standin.posting import told_of_order
from tests.shops_standin.server import Faults, Reply, Shop, StandIn
from tests.shops_standin.shopify import ShopifyShop
from tests.shops_standin.sold import Sold
from tests.shops_standin.stripe import StripeShop
from tests.shops_standin.woocommerce import WooShop
from tests.terminal import Said, manage
from tests.workflows import bench
from tests.world import la_encina, sale
from workflows import control
from workflows.models import Alert, Process, Schedule
from workflows.schedules import run_now
from workflows.testing import MovableClock
from workflows.tick import tick


@pytest.fixture
def internet(fresh_database: Database) -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


@pytest.fixture
def encina(internet: StandIn) -> Company:
    return la_encina()


def start() -> datetime:
    return clock.now().replace(microsecond=0) - timedelta(hours=3)


def stocked(shop: Shop, count: int, *, paid: bool = True) -> Shop:
    """A shop that sold `count` orders, a minute apart."""
    for number in range(1, count + 1):
        placed = start() + timedelta(minutes=number)
        order = Sold(sale(number=number, placed_at=placed, paid=False), placed)
        if paid:
            order.pay(20)
        shop.add([order])
    return shop


def reconcile(*arguments: str) -> Said:
    return manage("reconcile_orders", "--json", *arguments)


def of(said: Said) -> dict[str, Any]:
    """What was said of the only shop."""
    (found,) = said.json["connections"]
    return dict(found)


def test_what_no_webhook_told_is_pulled_and_invoiced(internet: StandIn, encina: Company) -> None:
    shop = stocked(internet.open(ShopifyShop()), 5)
    connection = join(encina, shop, invoice_from=start())
    deliver(connection, *told_of_order(shop, shop.orders[str(6_120_001)]))
    work()
    said = reconcile()
    assert said.code == 0, said
    assert (of(said)["seen"], of(said)["pulled"], of(said)["documented"], of(said)["on_its_way"]) == (5, 4, 1, 4)
    # What an earlier look pulled and nobody has read yet is on its way, not missing.
    said = reconcile("--since", start().isoformat())
    assert (said.code, of(said)["pulled"], of(said)["on_its_way"], of(said)["remains"]) == (0, 0, 4, [])
    work()
    said = reconcile("--since", start().isoformat())
    assert (said.code, of(said)["pulled"], of(said)["documented"]) == (0, 0, 5)
    assert sorted(Invoice.objects.values_list("total", flat=True)) == sorted(
        order.total for order in shop.orders.values()
    )
    assert Delivery.objects.count() == 5, "what was here was pulled again"


def test_dry_run_says_what_is_missing_and_touches_nothing(internet: StandIn, encina: Company) -> None:
    join(encina, stocked(internet.open(WooShop()), 3), invoice_from=start())
    said = reconcile("--dry-run")
    assert said.code == 3
    assert len(of(said)["remains"]) == of(said)["pulled"] == 3
    assert not Delivery.objects.exists()
    assert not Reconciliation.objects.exists()
    assert Connection.objects.get().pulled_until is None


def test_orders_with_a_reason_are_no_difference(internet: StandIn, encina: Company) -> None:
    """Unpaid, from before the cut-over, and waiting for a person: each is explained."""
    shop = stocked(internet.open(ShopifyShop()), 3)
    placed = start() - timedelta(hours=4)
    early = Sold(sale(number=900, placed_at=placed), start() + timedelta(minutes=9))
    shop.orders["6120001"] = unpaid = stocked(ShopifyShop(), 1, paid=False).orders["6120001"]
    held = shop.orders["6120003"]
    held.sale = sale(number=3, placed_at=held.sale.placed_at, taxed=False)
    shop.add([early, unpaid])
    join(encina, shop, invoice_from=start())
    assert reconcile().code == 0
    work()
    said = reconcile("--since", start().isoformat())
    assert said.code == 0, said
    assert (of(said)["documented"], of(said)["explained"], of(said)["on_its_way"]) == (1, 2, 0)
    assert [(one["order"], one["reason"]) for one in of(said)["held"]] == [("6120003", "untaxed_line")]


def test_an_order_that_cannot_be_read_remains(internet: StandIn, encina: Company) -> None:
    class Odd(ShopifyShop):
        def answer(self, path: str, query: Any) -> Reply:
            found = super().answer(path, query)
            for order in (found.content or {}).get("orders", []):
                if order["id"] == 6_120_002:
                    order["total_tax"] = "mucho"
            return found

    join(encina, stocked(internet.open(Odd()), 3), invoice_from=start())
    reconcile()
    work()
    said = reconcile("--since", start().isoformat())
    assert said.code == 3
    (one,) = of(said)["remains"]
    assert one["order"] == "6120002"
    assert [row.remained for row in Reconciliation.objects.all()] == [1, 0]
    told = Alert.objects.filter(kind="shop_differs")
    assert told.count() == 1
    reconcile("--since", start().isoformat())
    assert told.count() == 1, "the same is told again and again"
    plain = manage("reconcile_orders", "--since", start().isoformat())
    assert plain.code == 3
    assert "2 with their documents" in plain.stdout
    assert "remains: 6120002" in plain.stdout


def test_a_newer_version_that_cannot_be_read_remains(internet: StandIn, encina: Company) -> None:
    """The version that is here has its invoice; what the shop says since then is not known."""

    class Odd(WooShop):
        def answer(self, path: str, query: Any) -> Reply:
            found = super().answer(path, query)
            for order in found.content or []:
                order["total"] = "mucho"
            return found

    shop = stocked(internet.open(Odd()), 1)
    connection = join(encina, shop, invoice_from=start())
    deliver(connection, *told_of_order(shop, shop.orders["6120001"]))
    work()
    shop.orders["6120001"].updated_at += timedelta(minutes=5)
    reconcile("--since", start().isoformat())
    work()
    said = reconcile("--since", start().isoformat())
    assert said.code == 3
    (one,) = of(said)["remains"]
    assert (one["order"], "/order/total" in one["reason"]) == ("6120001", True), one


def test_a_platform_that_tells_no_versions_is_not_taken_for_changed(internet: StandIn, encina: Company) -> None:
    """Stripe does not say when an invoice changed; what a webhook told is compared with what the shop has."""
    shop = stocked(internet.open(StripeShop()), 2)
    connection = join(encina, shop, invoice_from=start())
    for order in shop.orders.values():
        deliver(connection, *told_of_order(shop, order))
    work()
    said = reconcile("--dry-run")
    assert (said.code, of(said)["pulled"], of(said)["documented"]) == (0, 0, 2), said.stdout


def test_an_order_whose_decision_somebody_cancelled_remains(internet: StandIn, encina: Company) -> None:
    shop = stocked(internet.open(ShopifyShop()), 1)
    connection = join(encina, shop, invoice_from=start())
    deliver(connection, *told_of_order(shop, shop.orders["6120001"]))
    job = bench.fetch()
    assert job
    job.run()
    database.cursor().execute("DELETE FROM procrastinate_jobs")
    process = Process.objects.get(workflow="invoice-order")
    control.cancel(process.pk, now=clock.now(), actor="ana", reason="por error")
    said = reconcile()
    assert (said.code, of(said)["remains"][0]["reason"]) == (3, "nobody has decided on its newest version")


@pytest.mark.parametrize(
    ("faults", "credentials", "code"),
    [(Faults(broken=1.0), {}, 75), (Faults(), {"access_token": "otro"}, 75)],
    ids=["shop down", "credentials refused"],
)
def test_a_shop_that_cannot_be_asked(
    internet: StandIn, encina: Company, monkeypatch: pytest.MonkeyPatch, faults: Faults, credentials: Any, code: int
) -> None:
    monkeypatch.setattr("invoicing.storefronts.clients.http.FIRST_WAIT", 0.01)
    bad = join(encina, stocked(internet.open(ShopifyShop(faults=faults)), 1), invoice_from=start())
    if credentials:
        bad.credentials = json.dumps(credentials)
        bad.save()
    assert reconcile().code == code
    join(encina, stocked(internet.open(WooShop()), 1), invoice_from=start())
    said = reconcile()
    assert said.code == 4
    assert [one["connection"] for one in said.json["failed"]] == [bad.name]
    bad.refresh_from_db()
    assert bad.pulled_until is None, "what was not asked counts as asked"
    assert said.stderr or said.json


def test_refused_credentials_are_told_once(internet: StandIn, encina: Company) -> None:
    bad = join(encina, stocked(internet.open(ShopifyShop()), 1), invoice_from=start())
    bad.credentials = json.dumps({"access_token": "otro"})
    bad.save()
    for _ in range(2):
        reconcile()
    assert Alert.objects.filter(kind="shop_refuses").count() == 1
    assert ["401" in row.trouble for row in Reconciliation.objects.all()] == [True, True]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--connection", "Nadie"), ("--company", "B00000000"), ("--since", "ayer"),
        ("--since", "2027-02-01", "--until", "2027-01-01"),
    ],
)  # fmt: skip
def test_usage(internet: StandIn, encina: Company, arguments: tuple[str, ...]) -> None:
    join(encina, internet.open(ShopifyShop()), invoice_from=start())
    assert reconcile(*arguments).code == 2


def test_one_shop_by_name_or_id_also_when_it_is_not_asked_by_the_clock(internet: StandIn, encina: Company) -> None:
    one = join(encina, stocked(internet.open(ShopifyShop()), 2), invoice_from=start(), pull=False)
    other = join(encina, stocked(internet.open(WooShop()), 2), invoice_from=start())
    assert [shop["id"] for shop in reconcile().json["connections"]] == [str(other.pk)]
    for named in (one.name, str(one.pk)):
        assert [shop["id"] for shop in reconcile("--connection", named).json["connections"]] == [str(one.pk)]


def test_windows_overlap_and_never_leave_a_gap(internet: StandIn, encina: Company) -> None:
    shop = internet.open(ShopifyShop())
    connection = join(encina, shop, invoice_from=start())
    now = clock.now()
    first = comparing.window_of(connection, now=now)
    assert (first.since, first.until) == (connection.invoice_from, now)
    connection.invoice_from = now - timedelta(days=90)
    assert comparing.window_of(connection, now=now).since == now - timedelta(days=7)
    connection.pulled_until = now - timedelta(days=2)
    assert comparing.window_of(connection, now=now).since == now - timedelta(days=2, minutes=15)
    connection.save()
    # A look at a later day moves no cursor: the day before it has not been looked at.
    manage("reconcile_orders", "--since", (now - timedelta(days=1)).isoformat())
    connection.refresh_from_db()
    assert connection.pulled_until == now - timedelta(days=2)
    manage("reconcile_orders")
    connection.refresh_from_db()
    assert connection.pulled_until is not None
    assert connection.pulled_until >= now


def test_days_are_listed_one_by_one() -> None:
    since = datetime.fromisoformat("2026-11-01T10:00:00+00:00")
    window = comparing.Window(since, since + timedelta(days=2, hours=3))
    parts = list(comparing.slices(window))
    assert parts[0].since == window.since
    assert parts[-1].until == window.until
    assert all(before.until == after.since for before, after in pairwise(parts))
    assert len(parts) == 3


# --- by the clock ----------------------------------------------------------------------------------------------


def test_a_shop_that_may_be_asked_is_asked_by_the_clock(internet: StandIn, encina: Company, tmp_path: Path) -> None:
    shop = stocked(internet.open(ShopifyShop()), 4)
    connection = join(encina, shop, invoice_from=start())
    keep_schedules(connection, now=clock.now())
    schedule = Schedule.objects.get(name=f"pull-orders:{connection.pk}")
    assert Schedule.objects.filter(name=f"reconcile-orders:{connection.pk}", paused=False).exists()
    run_now(schedule, now=clock.now(), actor="ana", reason="a ver")
    run_now(schedule, now=clock.now() + timedelta(seconds=1), actor="ana", reason="otra vez")
    work()
    process = Process.objects.filter(workflow="reconcile-orders").order_by("seq")[0]
    assert process.state == "waiting", "it waits until what it pulled has been invoiced"
    with MovableClock(tmp_path / "clock") as pass_time:
        pass_time(timedelta(seconds=21))
        tick()
        work()
    process = Process.objects.get(pk=process.pk)
    assert process.state == "completed", bench.error_of(process.pk)
    assert json.loads(process.result or "") == {"seen": 4, "pulled": 4, "remained": 0, "trouble": ""}
    row = Reconciliation.objects.order_by("id").first()
    assert row
    assert (row.seen, row.pulled, row.remained, row.on_its_way) == (4, 4, 0, 0)
    assert Invoice.objects.count() == Order.objects.filter(state="invoiced").count() == 4
    connection.pull = False
    connection.save()
    keep_schedules(connection, now=clock.now() + timedelta(minutes=1))
    assert set(Schedule.objects.filter(name__endswith=str(connection.pk)).values_list("paused", flat=True)) == {True}


def test_what_was_redacted_is_explained_and_not_fetched_again(internet: StandIn, encina: Company) -> None:
    shop = stocked(internet.open(BigCommerceShop()), 1, paid=False)  # it lists orders and gives each by itself
    join(encina, shop, invoice_from=start())
    reconcile()
    work()
    shop.requests.clear()
    (number,) = Order.objects.values_list("number", flat=True)
    ask_by_hand(encina, kind="redact", orders=[number], asked_by="eva", reason="lo pidió", now=clock.now())
    work()
    assert Order.objects.get().redacted_at
    said = reconcile("--since", start().isoformat())
    assert (said.code, of(said)["pulled"], of(said)["explained"], of(said)["remains"]) == (0, 0, 1, [])
    assert not [asked for asked in shop.requests if f"orders/{Order.objects.get().external_id}" in asked]
    assert [bytes(delivery.body) for delivery in Delivery.objects.all()] == [b""]
