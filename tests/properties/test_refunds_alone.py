"""Several refunds that each came alone: all of them are corrected, although they decide on an older version's turn."""

from datetime import timedelta
from decimal import Decimal

from common import clock
from config.demo.catalogue import PRODUCTS
from invoicing.intake import receive
from invoicing.models import Connection, Invoice
from invoicing.storefronts import Identity
from tests.databases import Database
from tests.properties.life import Life
from tests.properties.shapes import Shape
from tests.properties.telling import Told, webhooks
from tests.shops_standin.joined import work
from tests.shops_standin.sold import GivenBack
from tests.world import la_encina, shop


def arrive(connection: Connection, told: Told) -> None:
    identity = Identity(delivery_key=told.key, topic=told.topic, triggered_at=told.triggered_at)
    receive(connection, body=told.body, headers={}, identity=identity, now=clock.now())


def test_each_is_corrected(fresh_database: Database) -> None:
    connection = shop(la_encina())
    placed = clock.now().replace(microsecond=0) - timedelta(hours=2)
    shape = Shape("shopify", pulls=False, net=False, assortment=PRODUCTS[:1])
    life = Life.placed(shape, 4001, (4,), Decimal("4.95"), placed)
    life.order.pay(20)

    def give_back(number: int) -> list[Told]:
        at = life.order.updated_at + timedelta(minutes=1)
        life.order.give_back(GivenBack(number, at, pieces=((0, 1),)))
        life.happened.append(str(number))
        return webhooks(life, "pieces")

    _, with_order = give_back(1)
    arrive(connection, with_order)
    work()
    alone = [give_back(number)[0] for number in (2, 3)]
    assert {told.topic for told in alone} == {"refunds/create"}
    for told in alone:
        arrive(connection, told)
    work()
    refunds = Invoice.objects.filter(purpose="refund").order_by("refund")
    assert [(invoice.refund, invoice.total) for invoice in refunds] == [
        (str(number), -PRODUCTS[0].price) for number in (1, 2, 3)
    ]  # fmt: skip
