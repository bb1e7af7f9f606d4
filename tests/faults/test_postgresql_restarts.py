"""PostgreSQL goes down at once, as in a crash, in the middle of work, and comes up again."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from django.core.management import call_command
from django.db import connections
from pytest_django import DjangoDbBlocker

from config.postgres.binaries import programs
from config.postgres.server import DATABASE, ensure
from tests.conftest import PrivateServer
from tests.databases import Database, pointed_at
from tests.faults.rush import Rush, a_morning, post_all
from tests.faults.test_a_rush_of_deliveries import everything_is_well
from tests.journeys.checks import assert_sound
from tests.journeys.house import House, open_house
from tests.world import sale


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose name is short enough for a socket."""
    made = Path(tempfile.mkdtemp(prefix="pg-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def house(
    private_server: PrivateServer, folder: Path, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[House]:
    """A house on a server that others run: under another name nobody takes it for the embedded one and starts it."""
    (folder / "s").symlink_to(private_server.place.socket)
    own, other = (quote(str(path), safe="") for path in (private_server.place.socket, folder / "s"))
    made = private_server.database
    database = Database(DATABASE, made.url.replace(own, other), made.owner_url.replace(own, other), made.data_dir)
    with django_db_blocker.unblock():
        with pointed_at(database):
            call_command("migrate", verbosity=0, interactive=False)
        with open_house(database, tmp_path / "house") as opened, opened.inside():
            yield opened


def stop_at_once(server: PrivateServer) -> None:
    """Stop it as a power cut would."""
    done = programs(server.place).run("pg_ctl", "stop", "-D", str(server.place.data), "-m", "immediate")
    assert done.returncode == 0, done.stderr


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
