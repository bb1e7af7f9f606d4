"""An export whose worker is killed by -9 again and again: one file, right to the byte, one letter, flat memory."""

import email
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings

from common import clock
from config import house as parts
from config.supervisor import Supervisor
from invoicing.documents import Documents
from invoicing.exporting import PAGE
from invoicing.exports import ExportInvoices, Progress, export_invoices, progress
from invoicing.models import Company, Export
from tests import world
from tests.databases import Database
from tests.deadline import eventually
from tests.invoicing import declared, expected
from tests.invoicing.many import many_invoices
from workflows.engine import Handle, trigger
from workflows.models import ProcessEvent

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
RECOVERY = 60.0
"""Seconds for a lease to run out, a worker to come back, and the next page; the lease takes ten of them."""
FLAT = 30 * 1024
"""KiB above what the worker weighs after its first page: for every page after it, and the making of both files."""


@dataclass
class Workshop:
    """One worker under the supervisor, and what its processes weighed."""

    supervisor: Supervisor
    folder: Path
    weights: list[int] = field(default_factory=list)
    """Resident KiB of whichever worker process there was, since the first page."""
    killed: set[int] = field(default_factory=set)

    def kill(self, within: float) -> None:
        """Kill the worker that runs now, at a random moment of so many seconds."""
        pid = eventually(lambda: {self.supervisor.pids().get("worker")} - {None} - self.killed, RECOVERY).pop()
        assert pid
        time.sleep(random.uniform(0, within))
        assert not Export.objects.exists(), "there was nothing left to disturb"
        os.kill(pid, signal.SIGKILL)
        self.killed.add(pid)

    def weigh(self) -> None:
        """Look at the running worker once."""
        pid = self.supervisor.pids().get("worker")
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:  # killed this moment
            return
        self.weights += [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")]

    def letters(self) -> list[bytes]:
        return [file.read_bytes() for file in sorted((self.folder / "mail").glob("*.eml"))]


@pytest.fixture
def workshop(fresh_database: Database, tmp_path: Path) -> Iterator[Workshop]:
    env = {
        **fresh_database.env,
        "FILES_DIR": str(tmp_path),
        "SECRET_KEY": settings.SECRET_KEY,
        "FIELD_KEYS": ",".join(settings.FIELD_KEYS),
        "EMAIL_URL": "",
    }
    supervisor = Supervisor([parts.worker("worker", "default", 4, env)], log_dir=tmp_path / "logs")
    with supervisor, override_settings(DOCUMENTS_DIR=tmp_path / "documents"):
        yield Workshop(supervisor, tmp_path)


def ask(company: Company, size: int) -> Handle:
    wanted = ExportInvoices(company.pk, "ana", LAST, FIRST, LAST, "ana@encina.example", "es", size)
    return trigger(export_invoices, wanted, now=clock.now(), actor="ana")


def killed_at(workshop: Workshop, export: Handle, moments: list[int], within: float) -> None:
    """Kill the worker each time so many pages are written, and a moment more."""
    for pages in moments:
        eventually(lambda pages=pages: progress(export.id).done >= pages, RECOVERY, 0.01, f"{pages} pages")  # type: ignore[misc]
        workshop.kill(within)


def right(workshop: Workshop, export: Handle, company: Company, database: Database, count: int) -> None:
    """One file of each kind, equal to what another query finds, one letter, one row, nothing left over."""
    assert export.state() == "completed"
    row = Export.objects.get()
    assert (row.pk, row.rows) == (export.id, count)
    wanted = expected.cells(database.url, company.taxpayer.nif, FIRST, LAST)
    assert len(wanted) == count + 1
    documents = workshop.folder / "documents"
    assert Documents(documents, "csv").path(row.csv_sha256).read_bytes() == expected.as_csv(wanted)
    assert expected.read_xlsx(Documents(documents, "xlsx").path(row.xlsx_sha256)) == wanted
    files = [path for path in documents.rglob("*") if path.is_file()]
    assert sorted(path.suffix for path in files) == [".csv", ".xlsx"]
    (letter,) = workshop.letters()
    assert email.message_from_bytes(letter)["Message-ID"] == f"<export.{export.id}@localhost>"


@pytest.mark.faults
def test_a_worker_dies_between_two_pages(workshop: Workshop, fresh_database: Database) -> None:
    company = world.la_encina()
    many_invoices(company, 300, first=FIRST)
    export = ask(company, 50)
    killed_at(workshop, export, [random.randint(1, 4)], 0)
    eventually(lambda: export.state() not in ("pending", "processing", "waiting", "retrying"), RECOVERY, 0.1)
    right(workshop, export, company, fresh_database, 300)
    assert progress(export.id) == Progress(6, 6)


@pytest.mark.faults
@pytest.mark.timeout(1200)
def test_fifty_thousand_invoices_and_five_deaths(workshop: Workshop, fresh_database: Database) -> None:
    company = world.la_encina()
    many_invoices(company, 50_000, first=FIRST)
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            workshop.weigh()

    export = ask(company, PAGE)
    eventually(lambda: progress(export.id).done, RECOVERY, 0.01)
    workshop.weigh()
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        killed_at(workshop, export, sorted(random.sample(range(2, 48), 4)), 0.5)
        eventually(lambda: progress(export.id) == Progress(50, 50), 2 * RECOVERY, 0.01)
        workshop.kill(0.5)  # in the making of the files
        eventually(lambda: export.state() not in ("pending", "processing", "waiting", "retrying"), 4 * RECOVERY, 0.1)
    finally:
        over.set()
        watcher.join()
    right(workshop, export, company, fresh_database, 50_000)
    assert len(workshop.killed) == 5
    assert ProcessEvent.objects.filter(move__in=("recover", "rejob")).exists()
    first, heaviest = workshop.weights[0], max(workshop.weights)
    assert heaviest - first < FLAT, f"{first} KiB after the first page, {heaviest} KiB at most"


@pytest.mark.faults
@pytest.mark.timeout(1200)
def test_the_return_and_the_register_of_twenty_thousand_invoices(workshop: Workshop, fresh_database: Database) -> None:
    company = world.la_encina()
    declared.many(company, 20_000, first=FIRST)
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            workshop.weigh()

    def book(kind: str) -> Handle:
        wanted = ExportInvoices(company.pk, "ana", LAST, FIRST, LAST, "", "es", PAGE, kind)
        return trigger(export_invoices, wanted, now=clock.now(), actor="ana")

    annual = book("390")
    eventually(lambda: progress(annual.id).done, RECOVERY, 0.01)
    workshop.weigh()
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        killed_at(workshop, annual, [5, 12], 0.5)
        eventually(lambda: annual.state() == "completed", 4 * RECOVERY, 0.1)
        register = book("libro")
        eventually(lambda: register.state() == "completed", 4 * RECOVERY, 0.1)
    finally:
        over.set()
        watcher.join()
    documents = workshop.folder / "documents"
    sums, lines = (Export.objects.get(pk=each.id) for each in (annual, register))
    text = Documents(documents, "csv").path(sums.csv_sha256).read_text("utf-8-sig")
    boxes = {cells[0]: cells[2] for cells in (line.split(";") for line in text.splitlines())}
    # 20,000 times 100 at 21 % and 50 at 10 %
    assert [boxes[box] for box in ("05", "06", "03", "04", "108")] == [
        "2000000,00", "420000,00", "1000000,00", "100000,00", "3000000,00",
    ]  # fmt: skip
    assert (sums.invoices, lines.invoices, lines.rows) == (20_000, 20_000, 40_000)
    first, heaviest = workshop.weights[0], max(workshop.weights)
    assert heaviest - first < FLAT, f"{first} KiB after the first page, {heaviest} KiB at most"
