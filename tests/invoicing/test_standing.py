"""How an order stands, judged from rows: one document, one correction per refund, or the reason why not."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from common import clock
from invoicing.holds import Action, Resolution
from invoicing.models import Company, Connection, Invoice, Order, Settlement
from invoicing.standing import Standing, stand
from tests.databases import Database
from tests.shops_standin.joined import deliver, join, work
from tests.shops_standin.posting import told_of_order
from tests.shops_standin.server import StandIn
from tests.shops_standin.shopify import ShopifyShop
from tests.shops_standin.sold import GivenBack, Sold
from tests.workflows import bench
from tests.world import la_encina, sale
from workflows import control
from workflows.models import Process
from workflows.rows import sql


@pytest.fixture
def encina(fresh_database: Database) -> Company:
    return la_encina()


@pytest.fixture
def shop(encina: Company) -> Iterator[ShopifyShop]:
    with StandIn() as internet:
        yield internet.open(ShopifyShop())


@pytest.fixture
def connection(encina: Company, shop: ShopifyShop) -> Connection:
    return join(encina, shop, invoice_from=clock.now() - timedelta(days=1))


def arrives(connection: Connection, shop: ShopifyShop, order: Sold) -> None:
    shop.add([order])
    deliver(connection, *told_of_order(shop, order))


def a_sale(**changes: Any) -> Sold:
    placed = clock.now().replace(microsecond=0) - timedelta(hours=1)
    return Sold(sale(placed_at=placed, **changes), placed + timedelta(seconds=20))


def standing() -> Standing:
    return stand(Order.objects.select_related("current").get())


def test_from_its_arrival_to_its_correction(connection: Connection, shop: ShopifyShop) -> None:
    order = a_sale()
    arrives(connection, shop, order)
    job = bench.fetch()  # the capture alone
    assert job
    job.run()
    assert standing().state == "on_its_way"
    work()
    assert standing().state == "documented"
    order.give_back(GivenBack(7001, order.updated_at + timedelta(minutes=5), pieces=((1, 1),)))
    arrives(connection, shop, order)
    work()
    assert standing().state == "documented"
    assert [invoice.total for invoice in Invoice.objects.order_by("id")] == [order.total, Decimal("-8.75")]
    # A correction that is not there, whatever took it away.
    sql("UPDATE invoicing_invoice SET state = 'annulled' WHERE purpose = 'refund'")
    assert standing() == Standing(
        order=order.id, number=order.sale.number, state="missing", reason="refund 7001 of 8.75 has no correction"
    )
    # A person has corrected it elsewhere.
    Settlement(order=Order.objects.get(), version=2, refunds=["7001"], reason="a mano", at=clock.now()).save()
    assert standing().state == "documented"


def test_what_was_never_due_and_what_a_person_let_go(connection: Connection, shop: ShopifyShop) -> None:
    order = a_sale(paid=False)
    arrives(connection, shop, order)
    work()
    assert standing().state == "not_due"
    order.sale = sale(placed_at=order.sale.placed_at, taxed=False)
    order.updated_at += timedelta(minutes=1)
    arrives(connection, shop, order)
    work()
    assert (standing().state, standing().reason) == ("held", "untaxed_line")
    held = Process.objects.get(state="held")
    answer = Resolution(action=Action.IGNORE, reason="Lo factura la gestoría.")
    control.resolve(held.pk, answer, now=clock.now(), actor="ana")
    work()
    assert (standing().state, standing().reason) == ("explained", "ignore: Lo factura la gestoría.")
