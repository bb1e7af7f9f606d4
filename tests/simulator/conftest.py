"""A running simulator whose clock the test moves, and a company that may enter it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.simulator.sender import COMPANY, Chain, Client, Clock
from verifactu.simulator import Simulator
from verifactu.simulator.authority import Authority

PASSWORD = "contraseña"


@pytest.fixture
def clock() -> Clock:
    """A morning in winter, in Madrid an hour later."""
    return Clock(datetime(2026, 2, 3, 9, 15, 30, 250_000, tzinfo=UTC))


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Authority, str], bytes]:
    """Client certificates, made once for each authority and NIF: a key takes its time."""
    made: dict[tuple[bytes, str], bytes] = {}

    def certificate(authority: Authority, nif: str) -> bytes:
        key = authority.ca_file.read_bytes(), nif
        if key not in made:
            made[key] = authority.client_certificate(nif, "TIENDA DE PRUEBAS SL", password=PASSWORD)
        return made[key]

    return certificate


@pytest.fixture(scope="session")
def authority_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority that all simulators of this run share."""
    folder = tmp_path_factory.mktemp("authority")
    Authority(folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path, authority_folder: Path) -> Path:
    """A simulator's folder with the shared authority and an empty ledger."""
    made = tmp_path / "simulator"
    made.mkdir(mode=0o700)
    (made / "authority.pem").write_bytes((authority_folder / "authority.pem").read_bytes())
    return made


@pytest.fixture
def simulator(folder: Path, clock: Clock) -> Iterator[Simulator]:
    """A simulator that asks for 60 seconds and shows two records a page."""
    with Simulator(folder, now=clock, page_size=2) as running:
        yield running


@pytest.fixture
def client_of(tmp_path: Path, certificates: Callable[[Authority, str], bytes]) -> Callable[[Simulator, str], Client]:
    """Makes clients: of a simulator, for a NIF."""

    def make(simulator: Simulator, nif: str = COMPANY) -> Client:
        p12 = certificates(simulator.authority, nif)
        return Client(simulator.endpoint, simulator.ca_file, p12, PASSWORD, folder=tmp_path)

    return make


@pytest.fixture
def client(simulator: Simulator, client_of: Callable[[Simulator, str], Client]) -> Client:
    """The company's client."""
    return client_of(simulator, COMPANY)


@pytest.fixture
def chain(clock: Clock) -> Chain:
    """The company's chain, at its beginning."""
    return Chain(clock)
