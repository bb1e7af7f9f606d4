"""`doctor` on the real command: one cause after another, each told with its remedy, on one screen."""

import secrets
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from pytest_django import Settings

from common import clock
from config.demo.catalogue import COMPANY, cif
from config.management.commands.doctor import Command
from invoicing.models import Company
from invoicing.outgoing.endpoints import open_endpoint
from invoicing.outgoing.happening import Kind
from invoicing.outgoing.sending import switch_off
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import work_off
from tests.terminal import manage
from tests.verifactu.door import Authority, door, saying
from verifactu.models import Installation
from verifactu.simulator import Simulator

NIF = COMPANY["nif"]
PASSWORD = secrets.token_hex(8)


@pytest.fixture(scope="module")
def aeat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A stand-in AEAT with a door for persons and one for seals."""
    with Simulator(tmp_path_factory.mktemp("aeat"), wait=0, now=clock.now) as simulator:
        yield simulator


@pytest.fixture(autouse=True)
def house(fresh_database: Database, settings: Settings, aeat: Simulator, tmp_path: Path) -> Settings:
    """An installation that points at it."""
    settings.AEAT_ENDPOINT, settings.AEAT_CA_FILE = aeat.endpoint, str(aeat.ca_file)
    settings.DOCUMENTS_DIR = tmp_path / "documents"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    return settings


@cache  # a key takes its time
def certificate(aeat: Simulator, nif: str = NIF, **changes: Any) -> bytes:
    return aeat.authority.client_certificate(nif, COMPANY["name"], password=PASSWORD, **changes)


def company(p12: bytes, **changes: Any) -> Company:
    return world.la_encina(certificate=p12, certificate_password=PASSWORD, **changes)


class Said:
    """What `doctor` said: the screen as a person sees it, 80 columns wide, and the findings."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setenv("LINES", "24")
        said = manage("doctor", "--quick", "--json")
        self.code, self.findings = said.code, said.json["findings"]
        self.screen = "\n".join(Command().lines({"findings": self.findings}))

    def of(self, what: str) -> dict[str, str]:
        """Return the one finding of that name that is not ok, which the screen shows with its remedy."""
        (found,) = [it for it in self.findings if it["what"].startswith(what) and it["verdict"] != "ok"]
        lines = self.screen.splitlines()
        assert len(lines) <= 23  # the prompt takes one
        assert max(map(len, lines)) <= 80
        screen = "".join(self.screen.split())
        assert "".join(f"{found['what']}: {found['seen']} → {found['remedy']}".split()) in screen
        assert PASSWORD not in self.screen
        return found


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call the doctor."""
    return lambda: Said(monkeypatch)


def test_prints_what_it_found(aeat: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    company(certificate(aeat))
    said = manage("doctor", "--quick")
    code, screen = said.code, said.stdout
    assert code == 0
    assert screen.startswith("✓ environment: AEAT_ENVIRONMENT=simulator\n")
    assert "PDF" not in screen


def test_finds_nothing_wrong_where_nothing_is(aeat: Simulator, doctor: Any) -> None:
    company(certificate(aeat))
    said = doctor()
    assert said.code == 0
    wrong = {finding["what"] for finding in said.findings if finding["verdict"] != "ok"}
    assert wrong <= {"workers", "roles"}
    assert "clock: agrees with the AEAT's" in said.screen


class TestCertificate:
    def test_none(self, doctor: Any) -> None:
        world.la_encina()
        found = doctor().of("certificate")
        assert (found["verdict"], found["seen"]) == ("fail", "none")
        assert "upload the .p12" in found["remedy"]

    def test_wrong_password(self, aeat: Simulator, doctor: Any) -> None:
        world.la_encina(certificate=certificate(aeat), certificate_password="otra")
        said = doctor()
        assert said.code == 1
        found = said.of("certificate")
        assert found["seen"] == "the .p12 file does not open"
        assert "wrong password" in found["remedy"]

    def test_no_pkcs12(self, aeat: Simulator, doctor: Any) -> None:
        company(certificate(aeat)[:500])
        assert "with its private key" in doctor().of("certificate")["remedy"]

    def test_expired(self, aeat: Simulator, doctor: Any) -> None:
        ends = datetime.now(UTC) - timedelta(days=2)
        company(certificate(aeat, begins=ends - timedelta(days=365), ends=ends))
        said = doctor()
        assert said.of("certificate")["seen"] == f"expired on {ends:%Y-%m-%d}"
        # the AEAT says the same in its own way, and both are told
        assert "CERTIFICATE_EXPIRED" in said.of("aeat")["seen"]

    def test_expiring(self, aeat: Simulator, doctor: Any) -> None:
        company(certificate(aeat, ends=datetime.now(UTC) + timedelta(days=7, hours=1)))
        said = doctor()
        assert said.code == 0
        found = said.of("certificate")
        assert (found["verdict"], found["seen"].split(",")[0]) == ("warn", "expires in 7 days")

    def test_not_yet_valid(self, aeat: Simulator, doctor: Any) -> None:
        begins = datetime.now(UTC) + timedelta(days=3)
        company(certificate(aeat, begins=begins))
        found = doctor().of("certificate")
        assert found["seen"] == f"valid only from {begins:%Y-%m-%d} on"
        assert "clock" in found["remedy"]

    def test_of_somebody_else(self, aeat: Simulator, doctor: Any) -> None:
        company(certificate(aeat, "89890002E"))
        found = doctor().of("certificate")
        assert found["seen"].startswith("it acts for 89890002E")
        assert "4112" in found["seen"]
        assert "colaborador social" in found["remedy"]

    def test_of_somebody_else_who_was_declared(self, aeat: Simulator, doctor: Any) -> None:
        company(certificate(aeat, "89890002E"), acts_as="collaborator")
        assert doctor().code == 0

    @pytest.mark.parametrize("seal", [True, False])
    def test_of_the_wrong_kind_for_the_aeats_host(
        self, aeat: Simulator, house: Settings, doctor: Any, seal: bool
    ) -> None:
        host = "prewww1" if seal else "prewww10"
        house.AEAT_ENDPOINT = f"https://{host}.aeat.es/wlpl/TIKE-CONT/ws/SistemaFacturacion/VerifactuSOAP"
        company(certificate(aeat, seal=seal))
        found = doctor().of("certificate")
        expected = ("a seal", "persons") if seal else ("a person's", "seals")
        assert found["seen"] == f"{expected[0]}, and AEAT_ENDPOINT is the address of {expected[1]}"
        assert found["remedy"].startswith("leave AEAT_ENDPOINT empty")

    @pytest.mark.parametrize("seal", [True, False])
    def test_of_the_wrong_kind_for_a_host_that_turns_it_away(
        self, aeat: Simulator, house: Settings, doctor: Any, seal: bool
    ) -> None:
        house.AEAT_ENDPOINT = aeat.endpoint if seal else aeat.seal_endpoint
        company(certificate(aeat, seal=seal))
        found = doctor().of("aeat")
        assert "HTTP 403" in found["seen"]
        assert "www1 for persons, www10 for seals" in found["remedy"]

    @pytest.mark.parametrize("seal", [True, False])
    def test_of_the_right_kind(self, aeat: Simulator, house: Settings, doctor: Any, seal: bool) -> None:
        house.AEAT_ENDPOINT = aeat.seal_endpoint if seal else aeat.endpoint
        company(certificate(aeat, seal=seal))
        assert doctor().code == 0


class TestAddress:
    def test_that_has_no_name(self, aeat: Simulator, house: Settings, doctor: Any) -> None:
        house.AEAT_ENDPOINT = "https://aeat.invalid/VerifactuSOAP"  # RFC 6761: never resolves
        company(certificate(aeat))
        found = doctor().of("aeat")
        assert found["seen"] == "the name of aeat.invalid:443 is not found"
        assert "DNS" in found["remedy"]

    def test_where_nobody_listens(self, aeat: Simulator, house: Settings, doctor: Any) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            house.AEAT_ENDPOINT = f"https://127.0.0.1:{port}/VerifactuSOAP"
            company(certificate(aeat))
            found = doctor().of("aeat")
        assert found["seen"] == f"nobody listens at 127.0.0.1:{port}"
        assert "aeat_simulator" in found["remedy"]

    def test_that_does_not_answer(
        self, aeat: Simulator, house: Settings, doctor: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("verifactu.probe.TIMEOUT", (0.5, 0.5))
        with socket.create_server(("127.0.0.1", 0)) as silent:
            house.AEAT_ENDPOINT = f"https://127.0.0.1:{silent.getsockname()[1]}/VerifactuSOAP"
            company(certificate(aeat))
            found = doctor().of("aeat")
        assert "does not answer in time" in found["seen"]
        assert "firewall" in found["remedy"]

    def test_of_an_authority_that_is_not_trusted(
        self, aeat: Simulator, house: Settings, doctor: Any, tmp_path: Path
    ) -> None:
        house.AEAT_CA_FILE = str(tmp_path / "ca.pem")
        (tmp_path / "ca.pem").write_bytes(Authority().pem())
        company(certificate(aeat))
        found = doctor().of("aeat")
        assert "not trusted here" in found["seen"]
        assert "AEAT_CA_FILE" in found["remedy"]

    def test_that_does_not_know_our_authority(self, house: Settings, doctor: Any, tmp_path: Path) -> None:
        theirs = Authority("la suya")
        house.AEAT_CA_FILE = str(tmp_path / "ca.pem")
        (tmp_path / "ca.pem").write_bytes(theirs.pem())
        with door(theirs, tmp_path, saying(b"")) as here, Simulator(tmp_path / "otra") as other:
            house.AEAT_ENDPOINT = here.url
            company(certificate(other))
            found = doctor().of("aeat")
        assert "refuses the certificate" in found["seen"]
        assert "upload another" in found["remedy"]

    def test_without_the_file_of_its_authority(self, aeat: Simulator, house: Settings, doctor: Any) -> None:
        house.AEAT_CA_FILE = "/nowhere/ca.pem"
        company(certificate(aeat))
        assert doctor().of("aeat")["seen"] == "AEAT_CA_FILE /nowhere/ca.pem: No such file or directory"

    def test_where_something_else_is(self, aeat: Simulator, house: Settings, doctor: Any) -> None:
        house.AEAT_ENDPOINT = f"{aeat.endpoint}/x"
        company(certificate(aeat))
        assert "has nothing at" in doctor().of("aeat")["seen"]


@pytest.mark.parametrize(("ahead", "verdict"), [(90, "warn"), (-90, "warn"), (150, "fail"), (-150, "fail")])
def test_a_clock_that_drifts(house: Settings, doctor: Any, tmp_path: Path, ahead: float, verdict: str) -> None:
    def theirs() -> datetime:
        return clock.now() - timedelta(seconds=ahead)

    with Simulator(tmp_path / "aeat", now=theirs) as other:
        house.AEAT_ENDPOINT, house.AEAT_CA_FILE = other.endpoint, str(other.ca_file)
        company(certificate(other))
        found = doctor().of("clock")
    side = "ahead of" if ahead > 0 else "behind"
    assert found["verdict"] == verdict
    assert f"s {side} the AEAT's, whose margin is 240 s" in found["seen"]
    seconds = float(found["seen"].split()[2])
    assert abs(seconds - abs(ahead)) <= 2
    assert "set this machine's clock" in found["remedy"]


class TestChains:
    @pytest.fixture
    def sold(self, aeat: Simulator) -> Company:
        """Two orders invoiced, and sent."""
        nif = cif("B", secrets.randbelow(9_000_000) + 1_000_000)  # the stand-in AEAT keeps what earlier tests sent
        one = company(certificate(aeat, nif), nif=nif)
        shop = world.shop(one)
        for number in (1501, 1502):
            world.arrive(shop, world.sale(number=number))
            work_off()
        return one

    def test_a_backlog_with_its_reason(self, house: Settings, doctor: Any, aeat: Simulator) -> None:
        house.AEAT_ENDPOINT = "https://127.0.0.1:1/VerifactuSOAP"
        shop = world.shop(company(certificate(aeat)))
        for number in (1501, 1502):
            world.arrive(shop, world.sale(number=number))
            work_off()
        house.AEAT_ENDPOINT = aeat.endpoint
        found = doctor().of("backlog")
        assert found["seen"].startswith(f"{NIF}: 2 records wait since ")
        assert found["seen"].endswith("No se pudo conectar con la AEAT (connection)")
        assert "at least once an hour" in found["remedy"]

    def test_a_backlog_that_nobody_works_off(
        self, house: Settings, doctor: Any, aeat: Simulator, fresh_database: Database
    ) -> None:
        shop = world.shop(company(certificate(aeat)))
        house.AEAT_ENDPOINT = ""
        world.arrive(shop, world.sale())
        work_off()
        Path(house.CLOCK_OFFSET_FILE).write_text("600")
        house.AEAT_ENDPOINT = aeat.endpoint
        assert "1 records wait" in doctor().of("backlog")["seen"]

    def test_a_broken_link(self, sold: Company, doctor: Any) -> None:
        Installation.objects.filter(taxpayer=sold.taxpayer).update(head_huella="0" * 64)
        said = doctor()
        assert said.code == 1
        found = said.of("chain")
        assert sold.taxpayer.nif in found["seen"]
        assert "the head says" in found["seen"]
        assert "manage.py verify_ledger" in found["remedy"]

    def test_none(self, sold: Company, doctor: Any) -> None:
        said = doctor()
        assert said.code == 0
        assert "backlog: every record has its answer" in said.screen


def test_a_chain_that_names_another_producer(aeat: Simulator, house: Settings, doctor: Any) -> None:
    company(certificate(aeat))
    house.PRODUCER_NAME = "Otra SL"
    found = doctor().of(COMPANY["name"])
    assert "Otra SL" in found["seen"]
    assert "PRODUCER_" in found["remedy"]


def test_many_wrong_at_once_leave_the_screen_readable(aeat: Simulator, doctor: Any) -> None:
    for number in range(12):
        world.la_encina(nif=f"B1234567{number % 10}" if number < 10 else f"B7654321{number % 10}")
    said = doctor()
    assert len(said.screen.splitlines()) <= 40
    assert "more are wrong: manage.py doctor --json has them all" in said.screen
    assert sum(it["seen"] == "none" for it in said.findings) == 12


def test_a_system_that_takes_no_more_events(aeat: Simulator, doctor: Any) -> None:
    opened = company(certificate(aeat))
    endpoint = open_endpoint(opened, url="https://erp.example.com/", kinds=[Kind.ISSUED], name="ERP", now=clock.now())
    with transaction.atomic():
        switch_off(endpoint, "HTTP 410", now=clock.now())
    found = doctor().of("events")
    assert found["verdict"] == "warn"
    assert "ERP is switched off (HTTP 410)" in found["seen"]
