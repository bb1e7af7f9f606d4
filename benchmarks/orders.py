"""Orders through the whole house: how many a second become invoices, PDFs, and acknowledged invoices.

Everything that `demo` starts, on a database of its own, with the stand-in AEAT as a process that asks for 1 s between
submissions. Orders are paid Shopify orders of companies with a NIF, one delivery each, posted by eight clients at once
to a shop that does not settle. The clock runs from the first post until the last one is seen in the database; all of it
shares the machine, clients and AEAT included.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from django.conf import settings

from benchmarks.clients import post_all
from benchmarks.database import a_database
from benchmarks.harness import Figure, reported, scaled, tell
from benchmarks.intake import delivery
from config import house
from config.demo.report import ACCEPTED
from config.ready import await_simulator, await_web
from config.supervisor import Supervisor
from invoicing.models import Company, Connection
from tests.databases import Database
from tests.world import la_encina, shop
from verifactu.simulator.authority import Authority
from workflows.rows import sql

ORDERS = 200
WARM = 8
"""Orders before the clock starts, by which every worker and renderer has begun."""
CLIENTS = 8
PATIENCE = 100.0
"""Seconds for all of them; a machine that needs longer is told so."""
LOOK_EVERY = 0.1

REACHED = """
SELECT (SELECT count(*) FROM invoicing_invoice), (SELECT count(*) FROM invoicing_document),
       (SELECT count(*) FROM invoicing_invoice WHERE state = ANY(%s))
"""
STAGES = ("issued", "with_pdf", "acknowledged")


def measure(scale: float) -> list[Figure]:
    """Return `orders_per_second_issued`, `..._with_pdf` and `..._acknowledged`."""
    orders = scaled(ORDERS, scale)
    with TemporaryDirectory() as folder, a_database() as database:
        company = sending_company(Path(folder))
        connected = shop(company)
        with running_house(database, Path(folder)) as running:
            run(running.url, connected, range(WARM))
            reached = run(running.url, connected, range(WARM, WARM + orders))
    aims = dict(zip(STAGES, ("60", "12", "12"), strict=True))
    return [
        reported(f"orders_per_second_{stage}", orders / reached[stage], "per second", aims[stage]) for stage in STAGES
    ]


def run(url: str, connected: Connection, numbers: range) -> dict[str, float]:
    """Post the orders of these numbers and return the seconds until all, those before them too, had reached each stage.

    :raises TimeoutError: when that takes longer than `PATIENCE`, with how far they came.
    """
    door = f"{url}/webhooks/{connected.pk}/"
    deliveries = [delivery(door, connected.secret, number) for number in numbers]
    began = time.monotonic()
    load = post_all(door, deliveries, clients=CLIENTS)
    tell(f"orders: {len(numbers)} posted at {load.per_second:.0f} per second")
    seconds: dict[str, float] = {}
    while len(seconds) < len(STAGES):
        counts = dict(zip(STAGES, sql(REACHED, [list(ACCEPTED)])[0], strict=True))
        now = time.monotonic() - began
        for stage in STAGES:
            if counts[stage] >= numbers.stop and stage not in seconds:
                seconds[stage] = now
                tell(f"orders: {len(numbers)} {stage} after {now:.1f} s")
        if now > PATIENCE:
            raise TimeoutError(f"after {PATIENCE:.0f} s, of {numbers.stop} orders: {counts}")
        time.sleep(LOOK_EVERY)
    return seconds


def sending_company(folder: Path) -> Company:
    """Open a company whose certificate the stand-in AEAT of this folder trusts."""
    data = Authority(folder / "aeat").client_certificate("B12345674", "Almacenes La Encina SL", password="encina")  # noqa: S106 (of this run alone)
    return la_encina(certificate=data, certificate_password="encina")  # noqa: S106


class House(NamedTuple):
    """A running house: where its web server is, and its web server and workers."""

    url: str
    supervisor: Supervisor


@contextmanager
def running_house(database: Database, folder: Path) -> Iterator[House]:
    """Start simulator, web and workers as `demo` does."""
    env = {
        **database.env,
        "FILES_DIR": str(folder),
        "SECRET_KEY": settings.SECRET_KEY,
        "FIELD_KEYS": ",".join(settings.FIELD_KEYS),
        "AEAT_ENVIRONMENT": "simulator",
        "EMAIL_URL": "",
    }
    ready = folder / "aeat.json"
    with Supervisor([house.simulator(folder / "aeat", ready, wait=1, env=env)], log_dir=folder / "logs"):
        addresses = await_simulator(ready)
        env |= {"AEAT_ENDPOINT": addresses["endpoint"], "AEAT_CA_FILE": addresses["ca_file"]}
        port = house.free_port()
        with Supervisor([house.web(port, env), *house.workers(env)], log_dir=folder / "logs") as supervisor:
            await_web(f"http://127.0.0.1:{port}/readyz")
            yield House(f"http://127.0.0.1:{port}", supervisor)
