"""Whether a certificate will do: its days, whose it is, and at which of the AEAT's hosts it may knock."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.verifactu.door import PASSWORD, Authority
from tests.verifactu.test_certificates import PERSON, REPRESENTATIVE, SEAL
from verifactu.certificates import Certificate
from verifactu.fitness import Trouble, host_kind, threshold, troubles

PATH = "/wlpl/TIKE-CONT/ws/SistemaFacturacion/VerifactuSOAP"
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def found(
    authority: Authority,
    subject: dict[object, str] = REPRESENTATIVE,  # type: ignore[assignment]
    *,
    days: tuple[float, float] = (-1, 365),
    nif: str = "A58818501",
    own: bool = True,
    endpoint: str = "",
) -> list[Trouble]:
    certificate = Certificate.from_pkcs12(authority.p12(subject, days=days), PASSWORD)  # type: ignore[arg-type]
    return troubles(certificate, nif=nif, acts_for_itself=own, endpoint=endpoint, now=NOW)


def test_nothing_speaks_against_one_that_is_its_own_and_lasts(authority: Authority) -> None:
    assert found(authority) == []


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((-400, -1), [Trouble.EXPIRED]),
        ((1, 400), [Trouble.NOT_YET_VALID]),
        ((-1, 59), [Trouble.EXPIRING]),
        ((-1, 61), []),
    ],
)
def test_its_days(authority: Authority, days: tuple[float, float], expected: list[Trouble]) -> None:
    assert found(authority, days=days) == expected


def test_of_somebody_else_unless_that_was_declared(authority: Authority) -> None:
    assert found(authority, nif="B12345674") == [Trouble.OTHER_NIF]
    assert found(authority, nif="B12345674", own=False) == []


@pytest.mark.parametrize(
    ("subject", "host", "expected"),
    [
        # verifactu.md 7.1: www1 and prewww1 for persons and representatives, www10 and prewww10 for seals
        (SEAL, "www1.agenciatributaria.gob.es", [Trouble.SEAL_AT_PERSONAL_HOST]),
        (SEAL, "prewww1.aeat.es", [Trouble.SEAL_AT_PERSONAL_HOST]),
        (SEAL, "www10.agenciatributaria.gob.es", []),
        (SEAL, "prewww10.aeat.es", []),
        (REPRESENTATIVE, "www10.agenciatributaria.gob.es", [Trouble.PERSON_AT_SEAL_HOST]),
        (REPRESENTATIVE, "prewww10.aeat.es", [Trouble.PERSON_AT_SEAL_HOST]),
        (REPRESENTATIVE, "www1.agenciatributaria.gob.es", []),
        (PERSON, "prewww1.aeat.es", [Trouble.OTHER_NIF]),
        (SEAL, "localhost:8443", []),
    ],
)
def test_each_kind_has_its_host(
    authority: Authority, subject: dict[object, str], host: str, expected: list[Trouble]
) -> None:
    assert found(authority, subject, endpoint=f"https://{host}{PATH}") == expected


def test_a_host_of_anybody_else_takes_what_it_takes() -> None:
    assert host_kind("https://127.0.0.1:9999/x") == ""
    assert host_kind("") == ""


@pytest.mark.parametrize(
    ("left", "due"),
    [
        (timedelta(days=61), None),
        (timedelta(days=60), 60),
        (timedelta(days=31), 60),
        (timedelta(days=30), 30),
        (timedelta(days=15), 15),
        (timedelta(days=8), 15),
        (timedelta(days=7), 7),
        (timedelta(days=1), 1),
        (timedelta(hours=1), 1),
        (timedelta(0), 0),
        (timedelta(days=-9), 0),
    ],
)
def test_which_warning_is_due(left: timedelta, due: int | None) -> None:
    assert threshold(NOW + left, NOW) == due
