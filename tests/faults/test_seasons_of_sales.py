"""A season of sales on every platform at once, told over a bad line to real doors and real workers.

The stand-in loses 5 % of its webhooks, doubles 10 %, shuffles all of every shop; its APIs limit, break and cut. After
`reconcile_orders --wait` the books are exact: every paid order one document, every refund one correction, the totals
those that the stand-in sold and gave back. Then workers are killed while it is asked, and it is so again.
"""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests

from common import clock
from invoicing.models import Connection
from tests.faults.rush import killing
from tests.journeys.house import House, Shops
from tests.shops_standin.books import assert_exact
from tests.shops_standin.joined import join
from tests.shops_standin.platforms import SHOPS
from tests.shops_standin.posting import Post, bad_line
from tests.shops_standin.season import season
from tests.shops_standin.server import Faults, Shop, StandIn
from tests.terminal import manage

FAULTS = Faults(throttled=0.03, broken=0.03, cut=0.03)
ORDERS, FEW = 25, 10
"""Of each platform."""
PATIENCE = 300.0


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_all_platforms_over_a_bad_line(house: House) -> None:
    with StandIn() as internet:
        shops = house.company()
        joined = seasons(internet, shops, ORDERS, seed=21)
        tell(house, joined)
        reconcile(shops)
        everything_is_exact(house, shops, joined)


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_workers_die_while_the_shops_are_asked(house: House) -> None:
    with StandIn() as internet:
        shops = house.company()
        joined = seasons(internet, shops, FEW, seed=22)
        with killing(house, every=3.0, seed=22):
            tell(house, joined)
            manage("reconcile_orders", "--json", "--company", shops.company.taxpayer.nif)
        reconcile(shops)
        everything_is_exact(house, shops, joined)


def seasons(internet: StandIn, shops: Shops, count: int, *, seed: int) -> list[tuple[Shop, Connection, list[Post]]]:
    """Open a shop of each platform, have its season, and return what came through of its webhooks."""
    start = clock.now().replace(microsecond=0) - timedelta(hours=5)
    joined = []
    for number, kind in enumerate(SHOPS.values()):
        shop = internet.open(kind(faults=FAULTS, seed=seed + number))
        connection = join(shops.company, shop, invoice_from=start - timedelta(minutes=1))
        posts = season(shop, count, first=4001 + 100 * number, start=start, seed=seed + number)
        joined.append((shop, connection, bad_line(posts, random.Random(seed + number))))
    return joined


def tell(house: House, joined: list[tuple[Shop, Connection, list[Post]]]) -> None:
    """Post every webhook that came through, those of all shops side by side."""
    posts = [(connection, post) for _, connection, through in joined for post in through]
    session = requests.Session()

    def send(each: tuple[Connection, Post]) -> int:
        connection, post = each
        answer = session.post(
            f"{house.url}/webhooks/{connection.pk}/", data=post.body,
            headers=post.headers(connection.secret, clock.now()), timeout=30,
        )  # fmt: skip
        return answer.status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, posts)) == {200}


def reconcile(shops: Shops) -> Any:
    """Ask all shops, wait until what was pulled is done, and ask again: nothing may remain."""
    only = ("--json", "--company", shops.company.taxpayer.nif)
    manage("reconcile_orders", *only, "--wait", str(PATIENCE))
    since = (clock.now() - timedelta(hours=6)).isoformat()
    said = manage("reconcile_orders", *only, "--since", since, "--wait", str(PATIENCE))
    assert said.code == 0, json.dumps(json.loads(said.stdout), indent=1)
    return said.json


def everything_is_exact(house: House, shops: Shops, joined: list[tuple[Shop, Connection, list[Post]]]) -> None:
    """Wait for rest, and hold each shop's books against what it sold."""
    house.settled(PATIENCE)
    for shop, connection, _ in joined:
        assert_exact(shop, connection)
    assert {invoice.state for invoice in shops.invoices} <= {"acknowledged", "rectified"}
