"""What every test may ask for. All of them run as the application role, which can neither truncate nor migrate.

django_db          a transaction that is rolled back, in a database that this process made once
fresh_database     a database of the test's own: real commits, threads, other processes
database_url       the address of that database
private_server     a PostgreSQL of the test's own, to be stopped, killed or filled
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest
from django.test import TestCase, TransactionTestCase
from pytest_django import DjangoDbBlocker
from xdist.scheduler import LoadScopeScheduling

from config.postgres.place import Place
from config.postgres.server import APP_ROLE, DATABASE, OWNER_ROLE, ensure, release, stop
from config.postgres.urls import embedded_home, embedded_url
from tests.databases import Database, TestServer, pointed_at

# The same examples in every run, and none kept in the project; tests marked faults draw new ones.
hypothesis.settings.register_profile("encadena", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("encadena")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse what would need the owner's rights during a test, and say what to use."""
    marker = item.get_closest_marker("django_db")
    wanted = set(getattr(item, "fixturenames", ()))
    kind = getattr(item, "cls", None)
    commits = (
        (marker is not None and any([*marker.args[:2], marker.kwargs.get("transaction")]))
        or bool(wanted & {"transactional_db", "live_server", "django_db_reset_sequences"})
        or (kind is not None and issubclass(kind, TransactionTestCase) and not issubclass(kind, TestCase))
    )
    if commits:
        pytest.fail(
            "Tests run as the application role, which cannot truncate. For real commits use the fixture "
            "fresh_database instead of django_db(transaction=True).",
            pytrace=False,
        )
    if "fresh_database" in wanted and (marker is not None or "db" in wanted):
        pytest.fail("fresh_database opens the database by itself: drop django_db from this test.", pytrace=False)


class OneHouseEach(LoadScopeScheduling):
    """Keeps the tests of one running house in one process: starting the house costs more than most of them."""

    def _split_scope(self, nodeid: str) -> str:
        folder = nodeid.removeprefix("tests/").partition("/")[0]
        return folder if folder in ("browser", "faults", "journeys") else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> OneHouseEach:
    """Deal the tests out one by one, but for those of a house."""
    return OneHouseEach(config, log)


@pytest.fixture(scope="session")
def test_server(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[TestServer]:
    """The server with this run's template on it; what is left of the run's databases goes at its end."""
    with django_db_blocker.unblock():
        server = TestServer()
    yield server
    with django_db_blocker.unblock():
        server.close()


@pytest.fixture(scope="session")
def django_db_setup(test_server: TestServer) -> Iterator[None]:
    """Replace pytest-django's own: one clone for all the tests of this process that roll back."""
    with pointed_at(test_server.clone()):
        yield


@pytest.fixture
def fresh_database(test_server: TestServer, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """A migrated, empty database of the test's own, with Django's default connection pointed to it.

    A subprocess works on it with `env={**os.environ, **fresh_database.env}`.
    """
    database = test_server.lend()
    with django_db_blocker.unblock(), pointed_at(database):
        yield database
    test_server.take_back(database)


@pytest.fixture
def database_url(fresh_database: Database) -> str:
    """The address of the test's own database, as the application role."""
    return fresh_database.url


@dataclass(frozen=True)
class PrivateServer:
    """A PostgreSQL of the test's own, empty but for roles and database."""

    data_dir: Path

    @property
    def home(self) -> Path:
        return embedded_home(self.data_dir)

    @property
    def place(self) -> Place:
        return Place(self.home)

    @property
    def postmaster(self) -> int:
        """The pid of the running server."""
        return int(self.place.pid_file.read_text().split()[0])

    @property
    def database(self) -> Database:
        """Its database, for `pointed_at`; `migrate` makes the tables."""
        app, owner = embedded_url(self.data_dir, APP_ROLE), embedded_url(self.data_dir, OWNER_ROLE)
        return Database(DATABASE, app, owner, self.data_dir)


@pytest.fixture
def private_server(tmp_path: Path) -> Iterator[PrivateServer]:
    """A running PostgreSQL in the test's own folder, by the same manager as the product's."""
    server = PrivateServer(tmp_path)
    ensure(server.home)
    yield server
    stop(server.home)
    release(server.home)
