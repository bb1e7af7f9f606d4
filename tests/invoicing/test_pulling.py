"""Deliveries that say less than the shop knows: the shop is asked, and only then is anything decided."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from common import clock
from invoicing.flows import take_pulled
from invoicing.models import Connection, Delivery, Invoice, Order, Snapshot
from invoicing.storefronts import PULLED
from invoicing.values import OrderContent
from tests.databases import Database
from tests.shops_standin.bigcommerce import BigCommerceShop
from tests.shops_standin.joined import deliver, join, work
from tests.shops_standin.posting import Post, told_of_order, told_of_refund
from tests.shops_standin.server import Faults, Shop, StandIn
from tests.shops_standin.shopify import ShopifyShop
from tests.shops_standin.sold import GivenBack, Sold
from tests.shops_standin.woocommerce import WooShop, woo_order
from tests.workflows import bench
from tests.world import la_encina, sale
from workflows import control
from workflows.encoding import decode
from workflows.models import Process


@pytest.fixture
def internet(fresh_database: Database) -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


def started() -> datetime:
    return clock.now().replace(microsecond=0) - timedelta(hours=2)


def joined(shop: Shop, *, pull: bool = True) -> Connection:
    return join(la_encina(), shop, invoice_from=started() - timedelta(days=1), pull=pull)


def a_sale(number: int = 1501) -> Sold:
    order = Sold(sale(number=number, placed_at=started(), paid=False), started())
    order.pay(20)
    return order


def pulled() -> int:
    return int(Delivery.objects.filter(topic=PULLED).count())


def decided() -> list[int]:
    """The versions on which a decision was begun; not the further documents of the same one."""
    rows = Process.objects.filter(workflow="invoice-order").order_by("seq")
    payloads = [json.loads(row.payload) for row in rows]
    return [int(payload["version"]) for payload in payloads if not payload.get("turn")]


def captures(state: str) -> list[Process]:
    return list(Process.objects.filter(workflow="capture", state=state))


def test_a_refund_that_is_only_mentioned_is_fetched_before_anything_is_decided(internet: StandIn) -> None:
    shop = internet.open(WooShop())
    connection = joined(shop)
    order = a_sale()
    order.give_back(GivenBack(7001, order.updated_at + timedelta(hours=1), pieces=((1, 1),)))
    shop.add([order])
    (post,) = told_of_order(shop, order)
    deliver(connection, post)
    work()
    first, second = Snapshot.objects.order_by("version")
    told: OrderContent = decode(first.content, OrderContent)
    whole: OrderContent = decode(second.content, OrderContent)
    assert [refund.detailed for refund in told.refunds] == [False]
    assert [refund.detailed for refund in whole.refunds] == [True]
    assert whole.refunds[0].lines
    assert decided() == [2], "the half of it was decided on"


def test_where_the_shop_may_not_be_asked_what_it_said_counts(internet: StandIn) -> None:
    shop = internet.open(WooShop())
    connection = joined(shop, pull=False)
    order = a_sale()
    order.give_back(GivenBack(7001, order.updated_at + timedelta(hours=1), pieces=((1, 1),)))
    shop.add([order])
    deliver(connection, *told_of_order(shop, order))
    work()
    assert (pulled(), decided(), shop.requests) == (0, [1], [])


def test_a_hint_brings_the_order_and_its_invoice(internet: StandIn) -> None:
    shop = internet.open(BigCommerceShop())
    connection = joined(shop)
    order = a_sale()
    shop.add([order])
    for _ in range(2):  # two hints of one state are one delivery
        deliver(connection, *told_of_order(shop, order))
        work()
        shop.requests.append("")  # another hash
    assert Delivery.objects.count() == 3
    assert pulled() == 1
    invoice = Invoice.objects.get()
    assert (invoice.total, invoice.order and invoice.order.external_id) == (order.total, order.id)


def test_a_hint_of_a_shop_that_may_not_be_asked_waits_for_its_credentials(internet: StandIn) -> None:
    shop = internet.open(BigCommerceShop())
    connection = joined(shop, pull=False)
    order = a_sale()
    shop.add([order])
    deliver(connection, *told_of_order(shop, order))
    work()
    (held,) = captures("held")
    assert "credentials" in bench.error_of(held.pk)["message"]
    Connection.objects.filter(pk=connection.pk).update(pull=True)
    control.resume(held.pk, now=clock.now(), actor="ana", reason="con credenciales")
    work()
    assert Invoice.objects.get().total == order.total


def test_credentials_that_are_refused_hold_the_delivery_with_the_reason(internet: StandIn) -> None:
    shop = internet.open(WooShop())
    connection = joined(shop)
    order = a_sale()
    order.give_back(GivenBack(7001, order.updated_at + timedelta(hours=1), pieces=((1, 1),)))
    shop.add([order])
    good = connection.credentials
    connection.credentials = json.dumps({"consumer_key": "ck_9", "consumer_secret": "w0rd-s3cr3t"})
    connection.save()
    deliver(connection, *told_of_order(shop, order))
    work()
    (held,) = captures("held")
    said = json.dumps(bench.error_of(held.pk))
    assert "401" in said
    assert "w0rd" not in said
    assert Order.objects.get().state == "open"
    assert decided() == []
    connection.credentials = good
    connection.save()
    control.resume(held.pk, now=clock.now(), actor="ana", reason="con credenciales")
    work()
    assert decided() == [2]


def test_a_shop_that_does_not_answer_is_asked_again_later(internet: StandIn) -> None:
    shop = internet.open(BigCommerceShop(faults=Faults(throttled=1.0, retry_after="90")))
    connection = joined(shop)
    order = a_sale()
    shop.add([order])
    deliver(connection, *told_of_order(shop, order))
    work()
    (waiting,) = captures("retrying")
    assert waiting.wake_at
    assert timedelta(seconds=80) < waiting.wake_at - clock.now() <= timedelta(seconds=90), "not what the shop asked for"
    assert len(shop.requests) == 1


def test_what_the_shop_has_nothing_to_add_to_is_decided_on(internet: StandIn) -> None:
    """The API may lag behind the webhook: what it says is older, and the version that waited for it goes on."""
    shop = internet.open(WooShop())
    connection = joined(shop)
    order = a_sale()
    shop.add([order])
    order.give_back(GivenBack(7001, order.updated_at + timedelta(hours=1), pieces=((1, 1),)))
    (post,) = told_of_order(shop, order)
    order.refunds.clear()
    order.pay(20)  # as it was
    deliver(connection, post)
    work()
    assert [snapshot.state for snapshot in Snapshot.objects.order_by("version")][1] == "ignored"
    assert decided() == [1]


def test_two_versions_of_one_second_are_ranked_by_asking_the_shop(internet: StandIn) -> None:
    """WooCommerce's versions are seconds. The later of the two came first; arrival would take the other."""
    shop = internet.open(WooShop())
    connection = joined(shop)
    order = a_sale()
    shop.add([order])
    (later,) = told_of_order(shop, order)
    earlier = json.loads(later.body)
    earlier["billing"]["address_1"] = "Dirección anterior 1"
    deliver(connection, later)
    work()
    deliver(connection, Post("woocommerce", "order.updated", json.dumps(earlier).encode(), "earlier", later.at))
    work()
    current = Order.objects.get().current
    assert current is not None
    content: OrderContent = decode(current.content, OrderContent)
    assert content.buyer.address.lines[0] == order.sale.buyer.street
    assert pulled() == 1


def test_what_the_shop_says_now_outranks_what_it_said_then(internet: StandIn) -> None:
    """Content A, then B, then A again in the same second: the third is kept although its bytes came before."""
    shop = internet.open(WooShop())
    connection = joined(shop)
    a = woo_order(a_sale())
    b = json.loads(json.dumps(a))
    b["billing"]["address_1"] = "Otra calle 2"

    def say(order: dict[str, object]) -> bool:
        bundle = json.dumps({"pulled": "woocommerce", "order": order, "refunds": []}).encode()
        new = take_pulled(connection, bundle, now=clock.now()).new
        work()
        return new

    assert [say(a), say(a), say(b), say(a), say(a)] == [True, False, True, True, False]
    order = Order.objects.get()
    assert order.current is not None
    assert decode(order.current.content, OrderContent).buyer.address.lines[0] == a["billing"]["address_1"]


def test_a_refund_alone_is_read_with_its_order(internet: StandIn) -> None:
    """refunds/create before any version of the order: the whole order is fetched where the refund is not plain."""
    shop = internet.open(ShopifyShop())
    connection = joined(shop)
    order = a_sale()
    refund = GivenBack(7001, order.updated_at + timedelta(hours=1), shipping=True)
    order.give_back(refund)
    shop.add([order])
    alone = told_of_refund(shop, order, refund)[0]
    deliver(connection, alone)
    work()
    row = Order.objects.get()
    assert row.current is not None, "only the refund is known"
    assert row.total == order.total
