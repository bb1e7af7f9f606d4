"""A season of sales on every platform, told over a bad line: after `reconcile_orders` the books are exact.

The stand-in loses 5 % of its webhooks, doubles 10 %, shuffles all; its API limits, breaks and cuts. What was sold and
given back is the stand-in's own account.
"""

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest

from common import clock
from tests.databases import Database
from tests.shops_standin.books import assert_exact
from tests.shops_standin.joined import deliver, join, work
from tests.shops_standin.platforms import SHOPS
from tests.shops_standin.posting import bad_line
from tests.shops_standin.season import season
from tests.shops_standin.server import Faults, StandIn
from tests.terminal import manage
from tests.world import la_encina

FAULTS = Faults(throttled=0.03, broken=0.03, cut=0.03)


@pytest.fixture
def internet(fresh_database: Database) -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


LONG = [pytest.param(platform, 40, marks=pytest.mark.faults) for platform in SHOPS]


@pytest.mark.parametrize(("platform", "count"), [("shopify", 5), ("prestashop", 4), *LONG])
def test_after_reconciling_the_books_are_exact(
    internet: StandIn, platform: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("invoicing.storefronts.clients.http.FIRST_WAIT", 0.01)
    shop = internet.open(SHOPS[platform](faults=FAULTS, seed=11))
    start = clock.now().replace(microsecond=0) - timedelta(hours=5)
    connection = join(la_encina(), shop, invoice_from=start)
    posts = season(shop, count, first=4001, start=start, seed=5)
    for post in bad_line(posts, random.Random(7)):
        deliver(connection, post)
        work()
    manage("reconcile_orders", "--json")
    work()
    said = manage("reconcile_orders", "--json", "--since", start.isoformat())
    assert said.code == 0, said.stdout
    assert_exact(shop, connection)
