"""One running house for all journeys of a test process; each test opens companies of its own in it."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.databases import TestServer
from tests.journeys.checks import assert_sound
from tests.journeys.house import House, open_house


@pytest.fixture(scope="package")
def running_house(
    test_server: TestServer, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """The processes, started with the first journey."""
    database = test_server.clone()
    with django_db_blocker.unblock(), open_house(database, tmp_path_factory.mktemp("house")) as house:
        yield house
    test_server.drop(database)


@pytest.fixture
def house(running_house: House, django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    """The running house. When the story is over, what must always be true is looked at."""
    with django_db_blocker.unblock(), running_house.inside():
        running_house.opened.clear()
        yield running_house
        running_house.simulator.heal()
        running_house.settled()
        assert_sound(running_house)
