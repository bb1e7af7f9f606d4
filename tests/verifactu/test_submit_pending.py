"""`manage.py submit_pending`: whose sender it wakes, and what it says."""

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from common import clock
from tests.journeys.chains import append
from tests.world import la_encina
from verifactu.models import Installation
from workflows.models import Process

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    said, code = io.StringIO(), 0
    try:
        call_command("submit_pending", "--json", *arguments, stdout=said, stderr=io.StringIO())
    except SystemExit as left:
        code = int(left.code or 0)
    return code, json.loads(said.getvalue())


def wakes() -> int:
    return Process.objects.filter(workflow="submit-chain", state="pending").count()


@pytest.fixture
def chain() -> Installation:
    """A chain with three records, whose wake-up got lost."""
    company = la_encina()
    append(SimpleNamespace(company=company), 3)  # type: ignore[arg-type]
    Process.objects.filter(workflow="submit-chain").update(state="cancelled", finished_at=clock.now(), once_key=None)
    return Installation.objects.get(taxpayer=company.taxpayer)


def test_wakes_what_waits(chain: Installation) -> None:
    code, answer = run()
    assert (code, answer[0]["waiting"], answer[0]["woken"], wakes()) == (0, 3, True, 1)
    assert answer[0]["installation"] == chain.numero


def test_a_dry_run_wakes_nobody(chain: Installation) -> None:
    code, answer = run("--dry-run")
    assert (code, answer[0]["waiting"], answer[0]["woken"], wakes()) == (0, 3, False, 0)


def test_a_stopped_chain_stays_stopped(chain: Installation) -> None:
    Installation.objects.filter(pk=chain.pk).update(stopped_at=clock.now(), stopped_reason="4141")
    code, answer = run()
    assert (code, answer[0]["stopped"], answer[0]["woken"], wakes()) == (4, "4141", False, 0)


def test_another_companys_is_left_alone(chain: Installation) -> None:
    other = la_encina(nif="B99999997")
    assert run("--company", other.taxpayer.nif) == (0, [])
    assert wakes() == 0


def test_an_unknown_company_is_told(chain: Installation) -> None:
    with pytest.raises(CommandError, match="no company with NIF"):
        run("--company", "B00000000")
