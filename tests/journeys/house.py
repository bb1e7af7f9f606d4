"""A whole installation for the tests: database, stand-in AEAT, web server and workers, all real, with doors to post at.

    with open_house(database, folder) as house:
        encina = house.company()
        house.post(encina["shopify"], sale(), "orders/paid")
        house.settled()

Web and workers are processes of their own under the product's supervisor; the stand-in AEAT listens in threads of this
process, so that a test can stop it, start it again and look into its ledger. All of them follow one clock, which
`pass_time` moves.
"""

import io
import json
import os
import secrets
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

from common import clock
from config import house as parts
from config.demo.catalogue import cif
from config.demo.orders import Post
from config.demo.payloads import Sale, body
from config.demo.post import HEADERS, Door
from config.ready import await_web
from config.supervisor import Child, Supervisor
from invoicing.api.keys import issue_key
from invoicing.companies import connect
from invoicing.models import Company, Connection, Invoice, Order
from tests.databases import Database, pointed_at
from tests.deadline import eventually
from tests.world import la_encina
from verifactu.models import Installation, Record
from verifactu.simulator import Simulator
from workflows.models import Process
from workflows.rows import sql

PATIENCE = 60.0
"""Seconds for anything that does not have to outlive a dead worker's lease; far more than it takes."""

MOVING = ("pending", "processing", "waiting", "retrying")
TOPICS = {"shopify": "orders/paid", "woocommerce": "order.updated", "api": "order"}

Processes = Callable[[Mapping[str, str]], Sequence[Child]]


@dataclass
class Shops:
    """A company of the test's own, its chain, and one connection of each platform with the door to it."""

    company: Company
    connections: dict[str, Connection]
    doors: dict[str, Door]

    def __getitem__(self, platform: str) -> Door:
        return self.doors[platform]

    @property
    def installation(self) -> Installation:
        return Installation.objects.get(taxpayer=self.company.taxpayer, active=True)

    @property
    def invoices(self) -> list[Invoice]:
        """Its invoices in the order of their records."""
        return list(Invoice.objects.filter(company=self.company).select_related("record").order_by("record__seq"))

    @property
    def records(self) -> list[Record]:
        """The records of all its chains, each in order."""
        found = Record.objects.filter(installation__taxpayer=self.company.taxpayer)
        return list(found.order_by("installation__created_at", "seq"))

    def states(self) -> list[str]:
        """Return the states of its records in order."""
        return [record.state for record in self.records]

    def processes(self, sale: Sale) -> list[Process]:
        """Return the processes that decided on an order, oldest first."""
        return list(Process.objects.filter(order_key=f"order:{self.order(sale).pk}").order_by("seq"))

    def order(self, sale: Sale) -> Order:
        """Return the order that a sale became."""
        return Order.objects.get(connection=self.connections[sale.platform], external_id=str(sale.id))

    def held(self, sale: Sale) -> Process | None:
        """Return the process of an order that waits for a person's answer, if one does."""
        return next((process for process in reversed(self.processes(sale)) if process.state == "held"), None)


@dataclass
class House:
    """The running installation."""

    database: Database
    folder: Path
    url: str
    env: dict[str, str]
    simulator: Simulator
    supervisor: Supervisor
    wait: int
    opened: list[Shops] = field(default_factory=list)
    _passed: timedelta = timedelta()
    _session: requests.Session = field(default_factory=requests.Session)

    # --- doing -------------------------------------------------------------------------------------------------

    def company(
        self, *, settle_seconds: int = 0, invoice_from: datetime | None = None, environment: str = "simulator"
    ) -> Shops:
        """Open a company with a NIF, a certificate and a chain of its own, and a shop on each platform."""
        nif = cif("B", secrets.randbelow(9_000_000) + 1_000_000)
        certificate = self.simulator.authority.client_certificate(nif, "Almacenes La Encina SL", password="encina")
        with override_settings(AEAT_ENVIRONMENT=environment):
            company = la_encina(nif=nif, certificate=certificate, certificate_password="encina")
        connections, doors = {}, {}
        for platform in ("shopify", "woocommerce", "api"):
            connections[platform] = made = connect(
                company,
                platform=platform,
                name=f"Tienda {platform}",
                invoice_from=invoice_from or clock.now() - timedelta(days=1),
                settle_seconds=settle_seconds,
            )
            doors[platform] = Door(f"{self.url}/webhooks/{made.pk}/", made.secret)
        _, key = issue_key(
            company=company, connection=connections["api"], name="caja", scopes=["orders:write", "orders:read"]
        )
        doors["api"] = Door(f"{self.url}/api/v1/orders/", key)
        self.opened.append(Shops(company, connections, doors))
        return self.opened[-1]

    def post(
        self, door: Door, sale: Sale, topic: str = "", key: str = "", data: bytes | None = None
    ) -> requests.Response:
        """Post one signed delivery of a sale (or `data` in its name), which must be taken; return the answer."""
        answer = self.try_post(door, sale, topic, key, data)
        assert answer.ok, f"{answer.status_code} {answer.text}"
        return answer

    def try_post(
        self, door: Door, sale: Sale, topic: str = "", key: str = "", data: bytes | None = None
    ) -> requests.Response:
        """Post one signed delivery and return the answer, whatever it is."""
        topic = topic or TOPICS[sale.platform]
        data = data or body(sale)
        version = sale.updated_at or sale.placed_at
        post = Post(sale, topic, key or f"{sale.id}-{topic}-{version.isoformat()}-{sale.paid}")
        headers = {"Content-Type": "application/json", **HEADERS[sale.platform](post, data, door.secret)}
        return self._session.post(door.url, data=data, headers=headers, timeout=30)

    def api(self, shops: Shops, path: str, content: dict[str, Any] | None = None, key: str = "") -> requests.Response:
        """Ask the REST API as the company's client; with `content` it is a POST."""
        headers = {"Authorization": f"Bearer {shops['api'].secret}"}
        if content is None:
            return self._session.get(f"{self.url}{path}", headers=headers, timeout=30)
        headers["Idempotency-Key"] = key or secrets.token_hex(8)
        return self._session.post(f"{self.url}{path}", headers=headers, json=content, timeout=30)

    def kill(self, name: str) -> int:
        """Kill -9 the child of that name and return its pid; the supervisor starts another."""
        pid = eventually(lambda: self.supervisor.pids().get(name), PATIENCE, message=f"{name} does not run")
        assert pid
        os.kill(pid, signal.SIGKILL)
        return pid

    def kill_worker(self, name: str = "worker-1") -> int:
        """Kill -9 a worker."""
        return self.kill(name)

    def pass_time(self, by: timedelta) -> None:
        """Move the clock of every process on."""
        self._passed += by
        moved = self.folder / "clock.new"
        moved.write_text(str(self._passed.total_seconds()))
        moved.rename(self.folder / "clock")

    @contextmanager
    def aeat_away(self) -> Iterator[None]:
        """Have nobody listen at the AEAT's address during the block; afterwards it is back with its ledger."""
        self.simulator.stop()
        try:
            yield
        finally:
            self.start_aeat()

    @contextmanager
    def census(self, *nifs: str) -> Iterator[None]:
        """Have the AEAT know only these NIFs during the block."""
        file = self.folder / "census"
        file.write_text("\n".join(nifs))
        self.simulator.stop()
        self.start_aeat(census=file)
        try:
            yield
        finally:
            self.simulator.stop()
            self.start_aeat()

    @contextmanager
    def waiting(self, seconds: int) -> Iterator[None]:
        """Have the AEAT ask for another pace during the block."""
        self.simulator.stop()
        self.start_aeat(wait=seconds)
        try:
            yield
        finally:
            self.simulator.stop()
            self.start_aeat()

    def start_aeat(self, *, census: Path | None = None, wait: int | None = None) -> None:
        """Start the AEAT again where it was, after `simulator.stop()`."""
        port = urlsplit(self.env["AEAT_ENDPOINT"]).port
        wait = self.wait if wait is None else wait
        self.simulator = a_simulator(self.folder, wait, port=port or 0, census=census)
        self.simulator.start()

    # --- waiting and looking -----------------------------------------------------------------------------------

    def until(self, condition: Callable[[], Any], seconds: float = PATIENCE, message: str = "") -> Any:
        """Wait until `condition` is true and return its value; tell what is open when it does not come true."""
        try:
            return eventually(condition, seconds, every=0.1, message=message)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.open_processes()}\nlogs: {self.folder / 'logs'}") from None

    def settled(self, seconds: float = PATIENCE) -> None:
        """Wait until no process moves by itself any more: everything ended, or waits for a person."""
        self.until(lambda: not self.moving(), seconds, "The house did not come to rest")

    def moving(self) -> int:
        """Return how many processes may still move by themselves."""
        return int(
            sql("SELECT count(*) FROM workflows_process WHERE state = ANY(%s) AND NOT behind", [list(MOVING)])[0][0]
        )

    def open_processes(self) -> str:
        """Return a line for each process that has not ended."""
        rows = Process.objects.filter(state__in=(*MOVING, "held")).order_by("seq")
        return "\n".join(
            f"{row.seq} {row.workflow} {row.state} behind={row.behind} lane={row.lane} wake_at={row.wake_at} "
            f"lease_until={row.lease_until} job={row.job_id} worker={row.worker} hold={row.hold} error={row.error}"
            for row in rows[:20]
        )

    def verify(self) -> list[dict[str, str]]:
        """Run `verify_ledger`; return what it found, which is nothing exactly when it exits 0."""
        said = io.StringIO()
        code = 0
        try:
            call_command("verify_ledger", "--json", stdout=said, stderr=io.StringIO())
        except SystemExit as left:
            code = int(left.code or 0)
        findings: list[dict[str, str]] = json.loads(said.getvalue())["findings"]
        assert code == (3 if findings else 0)
        return findings

    def received(self, shops: Shops) -> list[dict[str, Any]]:
        """Return what the AEAT has of a company's chains, in the order of arrival."""
        numbers = set(Installation.objects.filter(taxpayer=shops.company.taxpayer).values_list("numero", flat=True))
        return [record for record in self.simulator.report()["records"] if record["installation"] in numbers]

    def requests_received(self, shops: Shops) -> list[dict[str, Any]]:
        """Return the submissions that the AEAT stored for a company: count, Incidencia, when, and the request."""
        rows = self.simulator.ledger.select(
            "SELECT id, records, incidencia, received_at, too_early, request FROM submission"
            " WHERE obligado = ? ORDER BY id",
            [shops.company.taxpayer.nif],
        )
        return [dict(row) for row in rows]

    def letters(self, invoice: Invoice) -> list[Path]:
        """Return the letters written for an invoice, found by the invoice's id in the Message-ID."""
        return sorted((self.folder / "mail").glob(f"*{invoice.pk}*.eml"))

    @contextmanager
    def inside(self) -> Iterator["House"]:
        """Point this process at the house: its database, files, clock and AEAT."""
        with (
            pointed_at(self.database),
            override_settings(
                FILES_DIR=self.folder,
                DOCUMENTS_DIR=self.folder / "documents",
                EMAIL_FILE_PATH=self.folder / "mail",
                CLOCK_OFFSET_FILE=self.env["CLOCK_OFFSET_FILE"],
                AEAT_ENDPOINT=self.env["AEAT_ENDPOINT"],
                AEAT_CA_FILE=self.env["AEAT_CA_FILE"],
            ),
        ):
            yield self

    def close(self) -> None:
        """Stop what this object itself started."""
        self._session.close()
        self.simulator.stop()


@contextmanager
def open_house(
    database: Database, folder: Path, *, wait: int = 1, workers: Processes | None = None, **env: str
) -> Iterator[House]:
    """Start the installation on `database`, with its files in `folder`; stop all of it at the end.

    :param wait: seconds that the AEAT asks for between two submissions.
    :param workers: what to start as workers, by default what the product starts.
    :param env: added to the environment of web and workers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        simulator = a_simulator(folder, wait)
        simulator.start()
        port = parts.free_port()
        environment = {
            **database.env,
            "FILES_DIR": str(folder),
            "SECRET_KEY": settings.SECRET_KEY,
            "FIELD_KEYS": ",".join(settings.FIELD_KEYS),
            "AEAT_ENVIRONMENT": "simulator",
            "AEAT_ENDPOINT": simulator.endpoint,
            "AEAT_CA_FILE": str(simulator.ca_file),
            "CLOCK_OFFSET_FILE": str(folder / "clock"),
            "EMAIL_URL": "",
            **env,
        }
        children = [parts.web(port, environment), *(workers or parts.workers)(environment)]
        supervisor = Supervisor(children, log_dir=folder / "logs")
        house = House(database, folder, f"http://127.0.0.1:{port}", environment, simulator, supervisor, wait)
        stack.callback(house.close)
        stack.enter_context(supervisor)
        await_web(f"{house.url}/readyz")
        yield house


def a_simulator(folder: Path, wait: int, *, port: int = 0, census: Path | None = None) -> Simulator:
    """Return a stand-in AEAT, not yet started, with its ledger in the house's folder and on the house's clock."""
    powers = folder / "powers"  # who may act for whom: empty but where a test writes into it
    powers.touch()
    return Simulator(folder / "aeat", port=port, wait=wait, enforce=True, now=clock.now, census=census, powers=powers)
