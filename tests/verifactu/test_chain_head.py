"""Before each record its predecessor is looked at: what does not fit is told, and invoicing goes on."""

from datetime import datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from common import clock
from tests.journeys.chains import MADRID, append
from tests.world import la_encina
from verifactu.models import Installation, Record
from workflows.models import Alert, Process

pytestmark = pytest.mark.django_db


@pytest.fixture
def shops() -> Any:
    """A company with two records in its chain."""
    made: Any = SimpleNamespace(company=la_encina())
    append(made, 2)
    return made


def chain_of(shops: Any) -> Any:
    return Installation.objects.filter(taxpayer=shops.company.taxpayer)


def told() -> list[str]:
    return list(Alert.objects.filter(kind="chain_head").values_list("text", flat=True))


def test_a_whole_chain_is_not_told(shops: Any) -> None:
    append(shops, 3, first=2)
    assert told() == []


@pytest.mark.parametrize("change", [{"head_huella": "0" * 64}, {"head_seal": "0" * 64}])
def test_a_head_that_is_not_the_last_record_is_told_once_and_stops_nobody(shops: Any, change: dict[str, str]) -> None:
    chain_of(shops).update(**change)
    append(shops, 2, first=2)
    assert Record.objects.count() == 4
    assert len(told()) == 1
    assert "verify_ledger" in told()[0]
    assert Alert.objects.get(kind="chain_head").tenant == shops.company.tenant


def test_a_last_record_that_is_missing_is_told(shops: Any) -> None:
    chain_of(shops).update(head_seq=7)
    append(shops, 1, first=2)
    assert len(told()) == 1


def test_a_stopped_chain_is_issued_on_and_wakes_nobody(shops: Any) -> None:
    chain_of(shops).update(stopped_at=clock.now(), stopped_reason="4141")
    before = Process.objects.filter(workflow="submit-chain").count()
    append(shops, 1, first=2)
    assert (Record.objects.count(), Process.objects.filter(workflow="submit-chain").count()) == (3, before)


def test_a_record_made_after_midnight_in_madrid_is_of_today(shops: Any, settings: Any, tmp_path: Any) -> None:
    """In UTC it is still the day before, by which its date would lie in the future (1112)."""
    file = tmp_path / "clock"
    now = clock.now()
    midnight = datetime.combine(now.astimezone(MADRID).date() + timedelta(days=1), time(0, 20), MADRID)
    file.write_text(str((midnight - now).total_seconds()))
    settings.CLOCK_OFFSET_FILE = str(file)
    append(shops, 1, first=2)
    made = Record.objects.get(seq=3)
    assert made.fecha_expedicion == f"{midnight:%d-%m-%Y}"
    assert made.generated_at.date() < midnight.date()
