"""A company with a chain, and the stand-in AEAT over TLS: invoices are issued and sent in this process, one by one.

with an_aeat(tmp_path) as aeat:
    aeat.issue(3)
    aeat.send()
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from django.db import transaction
from django.test import override_settings

from common import clock
from invoicing.capture import capture_delivery
from invoicing.deciding import decide_order
from invoicing.issuing import issue_document
from invoicing.models import Company, Connection, Delivery, Invoice
from tests.simulator import sender
from tests.terminal import Said, manage
from tests.workflows import bench
from tests.world import SOLER, arrive, la_encina, sale, shop
from verifactu.models import Installation, Record
from verifactu.simulator import Simulator
from workflows.models import Process

_numbers = count(3000)


@dataclass
class Aeat:
    """The company and its AEAT."""

    folder: Path
    simulator: Simulator
    company: Company
    shop: Connection
    others: int = field(default=0)

    @property
    def chain(self) -> Installation:
        """The chain that issuing appends to."""
        return Installation.objects.select_related("taxpayer").get(taxpayer=self.company.taxpayer_id, active=True)

    def issue(self, how_many: int = 1, **order: Any) -> list[Invoice]:
        """Have orders of Soler arrive and issue them; nothing is sent."""
        made = []
        for _ in range(how_many):
            arrive(self.shop, sale(SOLER, number=next(_numbers), **order))
            captured = capture_delivery(Delivery.objects.latest("id"), now=clock.now())
            assert captured
            assert captured.order
            with transaction.atomic():
                decided = decide_order(captured.order.pk, (), now=clock.now())
            made.append(issue_document(captured.order.pk, decided, now=clock.now))
        return made

    def send(self) -> None:
        """Do what waits in the queue: the submissions."""
        bench.drain()

    def states(self) -> list[str]:
        """Return the states of the company's records, in the order of their chains."""
        rows = Record.objects.filter(installation__taxpayer=self.company.taxpayer_id)
        return list(rows.order_by("installation__created_at", "seq").values_list("state", flat=True))

    def somebody_else_sends(self, *, number: str = "", flags: str = "", fecha: str = "") -> str:
        """Have another program send an alta under our NIF and installation; return its huella."""
        self.others += 1
        chain = sender.Chain(clock.now, nif=self.company.taxpayer.nif, installation=self.chain.numero)  # type: ignore[arg-type]
        message = chain.submission(chain.alta(number or f"AJENA-{self.others}", flags=flags, fecha=fecha))
        nif = self.company.taxpayer.nif
        p12 = self.simulator.authority.client_certificate(nif, "OTRO PROGRAMA", password="otro")
        client = sender.Client(self.simulator.endpoint, self.simulator.ca_file, p12, "otro", folder=self.folder)
        answer = client.post(message)
        assert answer.verdicts[0][0] in ("Correcto", "AceptadoConErrores"), answer.body
        return chain.made[-1]

    def in_its_ledger(self, statement: str, *values: str) -> None:
        """Change what the AEAT holds, behind its back."""
        with sqlite3.connect(self.simulator.directory / "ledger.sqlite3", timeout=10) as ledger:
            assert ledger.execute(statement, values).rowcount > 0
        ledger.close()

    def reconcile(self, *arguments: str) -> Said:
        """Run `reconcile_aeat` on this company, with --json."""
        return manage("reconcile_aeat", "--company", self.company.taxpayer.nif, "--json", *arguments)


@contextmanager
def an_aeat(folder: Path, *, page_size: int = 2) -> Iterator[Aeat]:
    """Open a company and start the stand-in AEAT, which asks for no pause and shows few invoices a page."""
    with (
        Simulator(folder / "aeat", wait=0, page_size=page_size, now=clock.now) as simulator,
        override_settings(
            AEAT_ENDPOINT=simulator.endpoint,
            AEAT_CA_FILE=str(simulator.ca_file),
            DOCUMENTS_DIR=folder / "documents",
            EMAIL_FILE_PATH=folder / "mail",
            CLOCK_OFFSET_FILE=str(folder / "clock"),
            # Those that `tests.simulator.sender` sends under.
            PRODUCER_NIF=sender.PRODUCER,
            SYSTEM_ID="P1",
        ),
    ):
        nif = "B12345674"
        certificate = simulator.authority.client_certificate(nif, "Almacenes La Encina SL", password="encina")
        company = la_encina(nif=nif, certificate=certificate, certificate_password="encina")
        yield Aeat(folder, simulator, company, shop(company))


def pass_time(folder: Path, by: timedelta) -> None:
    """Move the clock of this process on."""
    file = folder / "clock"
    before = float(file.read_text()) if file.exists() else 0.0
    file.write_text(str(before + by.total_seconds()))


def held_by(workflow: str) -> list[Process]:
    """Return the held processes of a workflow."""
    return list(Process.objects.filter(workflow=workflow, state="held").order_by("seq"))
