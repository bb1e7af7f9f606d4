"""`manage.py export_books`: what it starts, finds and refuses."""

import json
from contextlib import nullcontext
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from invoicing.models import Company, Export
from tests import world
from tests.databases import Database
from tests.invoicing.declared import declare, row
from tests.workflows import bench


@pytest.fixture
def company(fresh_database: Database, tmp_path: Path, settings: Settings) -> Company:
    settings.DOCUMENTS_DIR = tmp_path
    return world.la_encina()


def run(*arguments: str, code: int = 0) -> Any:
    said = StringIO()
    with pytest.raises(SystemExit) if code else nullcontext() as left:
        call_command("export_books", *arguments, "--json", stdout=said, stderr=StringIO())
    assert not code or left.value.code == code
    return json.loads(said.getvalue())


def test_a_quarter_of_the_303(company: Company) -> None:
    declare(company, "F1", date(2026, 1, 15), row("100", "21", "21"))
    arguments = ("--company", company.taxpayer.nif, "--kind", "303", "--period", "2026-Q1")
    started = run(*arguments)
    assert (started["kind"], started["created"], started["state"]) == ("303", True, "pending")
    assert run(*arguments, "--wait", "0.1", code=75)["process"] == started["process"]
    bench.drain()
    export = Export.objects.get()
    assert (str(export.pk), export.invoices, export.first_date, export.last_date) == (
        started["process"], 1, date(2026, 1, 1), date(2026, 3, 31),
    )  # fmt: skip
    # finished: the same words ask for a new one
    assert run(*arguments)["process"] != started["process"]


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (("--kind", "303", "--period", "2026-13"), "write a month as 2027-03"),
        (("--kind", "390", "--period", "2026-Q1"), "a year"),
        (("--kind", "303", "--period", "2026-Q1", "--email", "nobody"), "address is not one"),
    ],
)
def test_what_is_no_book_is_a_mistake_of_usage(company: Company, arguments: tuple[str, ...], remedy: str) -> None:
    with pytest.raises(CommandError, match=remedy) as refused:
        call_command("export_books", "--company", company.taxpayer.nif, *arguments, stdout=StringIO())
    assert refused.value.returncode == 2
