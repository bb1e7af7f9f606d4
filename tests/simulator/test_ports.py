"""Each certificate has its own door: persons and representatives at one, seals at another (verifactu.md 7.1)."""

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.simulator.conftest import PASSWORD
from tests.simulator.sender import COMPANY, Chain, Client
from verifactu.simulator import Simulator


@pytest.fixture(scope="module")
def certificates_by_kind() -> dict[str, bytes]:
    """Filled by the first test that needs them: a key takes its time."""
    return {}


@pytest.fixture
def at(simulator: Simulator, tmp_path: Path, certificates_by_kind: dict[str, bytes]) -> Callable[[str, str], Client]:
    """Makes a client: of the door of that name, with a certificate of that kind."""

    def make(door: str, kind: str) -> Client:
        if kind not in certificates_by_kind:
            certificates_by_kind[kind] = simulator.authority.client_certificate(
                COMPANY, "TIENDA DE PRUEBAS SL", seal=kind == "seal", password=PASSWORD
            )
        endpoint = {"personal": simulator.endpoint, "seal": simulator.seal_endpoint}[door]
        return Client(endpoint, simulator.ca_file, certificates_by_kind[kind], PASSWORD, folder=tmp_path)

    return make


@pytest.mark.parametrize("kind", ["personal", "seal"])
def test_each_kind_is_served_at_its_own(at: Callable[[str, str], Client], chain: Chain, kind: str) -> None:
    assert at(kind, kind).post(chain.submission(chain.alta("A-1"))).verdicts == [("Correcto", "")]


@pytest.mark.parametrize(("door", "kind"), [("personal", "seal"), ("seal", "personal")])
def test_the_other_is_turned_away_with_a_page(
    at: Callable[[str, str], Client], simulator: Simulator, chain: Chain, door: str, kind: str
) -> None:
    answer = at(door, kind).post(chain.submission(chain.alta("A-1")))
    assert answer.status == HTTPStatus.FORBIDDEN
    assert answer.headers.get_content_type() == "text/html"
    assert simulator.report()["submissions"] == 0
    # On the same connection too, and for a query as for a submission.
    assert at(door, kind).post(chain.query()).status == HTTPStatus.FORBIDDEN


def test_both_doors_have_one_ledger(at: Callable[[str, str], Client], chain: Chain) -> None:
    assert at("seal", "seal").post(chain.submission(chain.alta("A-1"))).verdicts == [("Correcto", "")]
    assert at("personal", "personal").post(chain.query()).texts("NumSerieFactura") == ["A-1"]
