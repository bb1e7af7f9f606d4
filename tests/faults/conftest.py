"""One running house for the faults, whose workers can be told where to die; and a PostgreSQL that can be stopped."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.management import call_command
from pytest_django import DjangoDbBlocker

from config.house import PYTHON
from config.postgres.binaries import programs
from config.postgres.server import DATABASE
from config.supervisor import Child
from tests.conftest import PrivateServer
from tests.databases import Database, TestServer, pointed_at
from tests.journeys.checks import assert_sound
from tests.journeys.house import House, open_house


def mortal_workers(env: Mapping[str, str]) -> list[Child]:
    """Return three workers for everything and two renderers, each of which dies where it is told."""
    program = [PYTHON, "-m", "tests.faults.crashing_worker", "worker"]
    return [
        *(Child(f"worker-{n}", [*program, "--queues", "default", "--concurrency", "4"], env) for n in (1, 2, 3)),
        *(Child(f"pdf-{n}", [*program, "--queues", "pdf", "--concurrency", "1"], env) for n in (1, 2)),
    ]


@pytest.fixture(scope="package")
def running_house(
    test_server: TestServer, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """The processes, started with the first fault."""
    database, folder = test_server.clone(), tmp_path_factory.mktemp("house")
    points = folder / "points"
    points.mkdir()
    with (
        django_db_blocker.unblock(),
        open_house(database, folder, workers=mortal_workers, CRASH_POINTS=str(points)) as house,
    ):
        yield house
    test_server.drop(database)


@pytest.fixture
def house(running_house: House, django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    """The running house. When it is healed, what must always be true is looked at."""
    with django_db_blocker.unblock(), running_house.inside():
        running_house.opened.clear()
        yield running_house
        running_house.simulator.heal()
        running_house.settled()
        assert_sound(running_house)


@pytest.fixture
def points(house: House) -> Path:
    """The folder in which a death is ordered by a file."""
    return house.folder / "points"


@pytest.fixture
def database_of_others(private_server: PrivateServer, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """A migrated database on a private server that nobody starts again by connecting to it; Django points there.

    Under another name nobody takes the server for the embedded one; the name is short enough for a socket.
    """
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    (folder / "s").symlink_to(private_server.place.socket)
    own, other = (quote(str(path), safe="") for path in (private_server.place.socket, folder / "s"))
    made = private_server.database
    database = Database(DATABASE, made.url.replace(own, other), made.owner_url.replace(own, other), made.data_dir)
    with django_db_blocker.unblock(), pointed_at(database):
        call_command("migrate", verbosity=0, interactive=False)
        yield database
    shutil.rmtree(folder)


def stop_at_once(server: PrivateServer) -> None:
    """Stop it as a power cut would."""
    done = programs(server.place).run("pg_ctl", "stop", "-D", str(server.place.data), "-m", "immediate")
    assert done.returncode == 0, done.stderr
