"""The demonstration: a whole installation of its own, two shops and an API client, and what became of it all."""

import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from common import clock
from config import house
from config.demo import report
from config.demo.catalogue import COMPANY
from config.demo.certificate import certificate
from config.demo.databases import open_database
from config.demo.orders import morning
from config.demo.post import Door, post_all
from config.ready import await_simulator, await_web
from config.supervisor import Supervisor
from invoicing.api.keys import issue_key
from invoicing.companies import connect, open_company
from invoicing.models import Company

PATIENCE = 120.0
"""Seconds without any progress after which the demonstration ends as it stands."""
CLIENTS = 8


@dataclass
class Demo:
    """One demonstration."""

    orders: int
    console: Console
    seed: int

    def __post_init__(self) -> None:
        self.tag = secrets.token_hex(2)
        self.folder = settings.DATA_DIR / "demo" / f"{clock.now():%Y%m%d-%H%M%S}-{self.tag}"
        self.folder.mkdir(parents=True)
        self.password = secrets.token_urlsafe(9)
        self.seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[Supervisor]:
        """Start database, simulator, web and workers; stop all of them at the end."""
        env = open_database(self.tag, now=clock.now()) | {
            "DATA_DIR": str(settings.DATA_DIR),
            "FILES_DIR": str(self.folder),
            "SECRET_KEY": settings.SECRET_KEY,
            "FIELD_KEYS": ",".join(settings.FIELD_KEYS),
        }
        logs = self.folder / "logs"
        with ExitStack() as stack:
            if not settings.AEAT_ENDPOINT:
                ready = self.folder / "simulator.json"
                stack.enter_context(
                    Supervisor([house.simulator(self.folder / "simulator", ready, wait=1, env=env)], log_dir=logs)
                )
                addresses = await_simulator(ready)
                env |= {"AEAT_ENDPOINT": addresses["endpoint"], "AEAT_CA_FILE": addresses["ca_file"]}
            self.doors = self._open()
            port = house.free_port()
            self.admin_url = f"http://127.0.0.1:{port}/admin/"
            base = f"http://127.0.0.1:{port}"
            env["PUBLIC_URL"] = base
            self.doors = {name: Door(f"{base}{door.url}", door.secret) for name, door in self.doors.items()}
            processes = stack.enter_context(Supervisor([house.web(port, env), *house.workers(env)], log_dir=logs))
            await_web(f"{base}/readyz")
            yield processes

    def play(self) -> None:
        """Post the morning's deliveries and watch until nothing moves by itself any more."""
        began = time.monotonic()
        groups = morning(self.orders, now=clock.now(), seed=self.seed)
        with self._progress() as progress:
            posted = progress.add_task("pedidos enviados", total=self.orders)
            issued = progress.add_task("facturas emitidas", total=self.orders)
            accepted = progress.add_task("aceptadas por la AEAT", total=self.orders)
            posting = threading.Thread(
                target=lambda: self._post(groups, lambda: progress.advance(posted)), name="posting"
            )
            self._failure: Exception | None = None
            posting.start()
            self._watch(posting, lambda now: self._show(progress, issued, accepted, now))
            posting.join()
        self.seconds = time.monotonic() - began
        if self._failure:
            raise self._failure

    def document(self) -> dict[str, Any]:
        """Return the figures of this run (design.md section 6)."""
        explained = report.explained()
        return {
            **report.counts(),
            "held": sum(order["state"] == "held" for order in explained),
            "failed": sum(order["state"] == "failed" for order in explained),
            "explained": explained,
            "seconds": round(self.seconds, 1),
            "admin_url": self.admin_url,
            **report.write_files(self.folder),
        }

    def tell(self, document: dict[str, Any]) -> None:
        """Show a person the table, where to look, and how to get in."""
        table = Table("pedido", "tienda", "factura", "tipo", "total", "AEAT", "CSV", title="Las últimas facturas")
        for row in report.invoices(15):
            table.add_row(*(str(cell) for cell in row))
        self.console.print(table)
        if document["explained"]:
            held = Table("pedido", "estado", "motivo", title="Sin factura aceptada, y por qué")
            for order in document["explained"]:
                held.add_row(order["order"], order["state"], order["reason"])
            self.console.print(held)
        self.console.print(
            f"{document['orders']} pedidos, {document['invoices']} facturas, {document['accepted']} aceptadas por la "
            f"AEAT en {document['seconds']} s; {document['held']} esperan a una persona, {document['failed']} fallaron."
        )
        self.console.print(f"Administración  {self.admin_url}  usuario admin, contraseña {self.password}")
        self.console.print(f"PDF             {document['pdf_dir']}")
        self.console.print(f"Registros       {document['records_dir']}")

    # --- parts -------------------------------------------------------------------------------------------------

    def _open(self) -> dict[str, Door]:
        """Make the company with its two shops and its API client; return where each one's deliveries go."""
        now = clock.now()
        data, password = certificate(self.folder / "simulator")
        company: Company = open_company(**COMPANY, certificate=data, certificate_password=password, now=now)
        get_user_model().objects.create_superuser("admin", "", self.password)
        since = now - timedelta(days=1)
        doors = {}
        for platform in ("shopify", "woocommerce"):
            shop = connect(company, platform=platform, name=f"Tienda {platform}", invoice_from=since)
            doors[platform] = Door(f"/webhooks/{shop.pk}/", shop.secret)
        client = connect(company, platform="api", name="Caja", invoice_from=since, settle_seconds=0)
        _, key = issue_key(company=company, connection=client, name="caja", scopes=["orders:write", "orders:read"])
        doors["api"] = Door("/api/v1/orders/", key)
        return doors

    def _post(self, groups: list[list[Any]], each: Any) -> None:
        try:
            post_all(groups, self.doors, clients=CLIENTS, each=each)
        except Exception as error:  # noqa: BLE001 (raised again in the main thread, by play)
            self._failure = error

    def _watch(self, posting: threading.Thread, show: Any) -> None:
        last, changed = None, time.monotonic()
        while time.monotonic() - changed < PATIENCE:
            now = report.counts()
            show(now)
            open_processes = report.unsettled()
            if (now, open_processes) != last:
                last, changed = (now, open_processes), time.monotonic()
            if not posting.is_alive() and not open_processes:
                return
            threading.Event().wait(0.25)

    def _show(self, progress: Progress, issued: Any, accepted: Any, now: dict[str, int]) -> None:
        progress.update(issued, completed=now["invoices"])
        progress.update(accepted, completed=now["accepted"])

    def _progress(self) -> Progress:
        return Progress(
            TextColumn("{task.description:>22}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=self.console, disable=not self.console.is_terminal,
        )  # fmt: skip


def seed() -> int:
    """Return the seed of the dice: DEMO_SEED, or one that is never the same."""
    return int(os.environ.get("DEMO_SEED", secrets.randbelow(1 << 31)))
