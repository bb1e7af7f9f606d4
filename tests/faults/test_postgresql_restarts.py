"""PostgreSQL goes down at once, as in a crash, in the middle of work, and comes up again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from django.db import connections

from config.postgres.server import ensure
from tests.conftest import PrivateServer
from tests.databases import Database
from tests.faults.conftest import stop_at_once
from tests.faults.rush import Rush, a_morning, post_all
from tests.faults.test_a_rush_of_deliveries import everything_is_well
from tests.journeys.checks import assert_sound
from tests.journeys.house import House, open_house
from tests.world import sale


@pytest.fixture
def house(database_of_others: Database, tmp_path: Path) -> Iterator[House]:
    """A house on a server that others run."""
    with open_house(database_of_others, tmp_path / "house") as opened, opened.inside():
        yield opened


@pytest.mark.faults
def test_an_immediate_restart_in_the_middle_of_work(house: House, private_server: PrivateServer) -> None:
    shops, rush = house.company(), a_morning(40, seed=7)
    third = len(rush.posts) // 3
    post_all(house, shops, Rush(rush.posts[:third], 0, 0), clients=8)
    stop_at_once(private_server)

    order = sale()
    refused = house.try_post(shops["shopify"], order)
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    refused = house.try_post(shops["api"], sale(platform="api"))
    assert refused.status_code == 503
    assert requests.get(f"{house.url}/healthz", timeout=5).status_code == 200
    assert requests.get(f"{house.url}/readyz", timeout=5).status_code == 503

    ensure(private_server.home)
    connections.close_all()
    post_all(house, shops, Rush(rush.posts[third : 2 * third], 0, 0), clients=8)
    # Down and up between two requests: whoever works finds its connection broken.
    stop_at_once(private_server)
    ensure(private_server.home)
    connections.close_all()
    post_all(house, shops, Rush(rush.posts[2 * third :], 0, 0), clients=8)
    everything_is_well(house, shops, rush)
    assert_sound(house)
