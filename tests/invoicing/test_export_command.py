"""`manage.py export_invoices`: what it starts, finds, waits for and refuses."""

import json
import threading
from contextlib import nullcontext
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from pytest_django import Settings

from invoicing.models import Company, Export
from tests import world
from tests.databases import Database
from tests.invoicing.many import many_invoices
from tests.workflows import bench


@pytest.fixture
def company(fresh_database: Database, tmp_path: Path, settings: Settings) -> Company:
    settings.DOCUMENTS_DIR = tmp_path
    return world.la_encina()


def run(*arguments: str, code: int = 0) -> Any:
    said = StringIO()
    with pytest.raises(SystemExit) if code else nullcontext() as left:
        call_command("export_invoices", *arguments, "--json", stdout=said, stderr=StringIO())
    assert not code or left.value.code == code
    return json.loads(said.getvalue())


def test_it_starts_tells_and_finds_again(company: Company) -> None:
    many_invoices(company, 3, first=date(2026, 10, 1))
    arguments = ("--company", company.taxpayer.nif, "--from", "2026-10-01", "--to", "2026-10-31")
    started = run(*arguments)
    assert (started["created"], started["state"], started["rows"]) == (True, "pending", None)
    assert run(*arguments, "--wait", "0.1", code=75)["created"] is False
    bench.drain()
    done = run(*arguments)
    assert (done["process"], done["state"], done["rows"]) == (started["process"], "completed", 3)
    assert done["csv"] == Export.objects.get().csv_sha256


def test_an_empty_period_is_exit_1_with_the_reason(company: Company) -> None:
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            bench.drain()
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        told = run("--company", company.taxpayer.nif, "--from", "2026-10-01", "--to", "2026-10-31",
                        "--wait", "30", code=1)  # fmt: skip
    finally:
        over.set()
        worker.join()
    assert (told["state"], told["rows"]) == ("failed", None)
    assert "No hay ninguna factura" in told["error"]


@pytest.mark.parametrize("wrong", [
    ("--company", "B00000000", "--from", "2026-10-01", "--to", "2026-10-31"),
    ("--company", "B12345674", "--from", "2026-10-31", "--to", "2026-10-01"),
])  # fmt: skip
def test_mistakes_are_usage(company: Company, wrong: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("export_invoices", *wrong, stdout=StringIO())
    assert refused.value.returncode == 2
