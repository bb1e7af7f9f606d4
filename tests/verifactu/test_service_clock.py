"""The AEAT's clock against ours: kept for everybody to see, told in time, and again only once it was right between."""

from datetime import timedelta
from email.utils import format_datetime

import pytest
from django.test import Client as Browser

from common import clock
from tests.databases import Database
from verifactu.drift import Reading
from verifactu.models import ServiceClock
from verifactu.service_clock import compare
from workflows.models import Alert

ENDPOINT = "https://www1.agenciatributaria.gob.es/wlpl/TIKE-CONT/ws/SistemaFacturacion/VerifactuSOAP"


@pytest.fixture(autouse=True)
def database(fresh_database: Database) -> Database:
    return fresh_database


def answer(ahead: float) -> None:
    """Have the AEAT answer while our clock is so many seconds ahead of its."""
    now = clock.now().replace(microsecond=0)
    compare(Reading(ENDPOINT, now, now, format_datetime(now - timedelta(seconds=ahead), usegmt=True)))


def told() -> list[str]:
    return [alert.text for alert in Alert.objects.filter(kind="clock").order_by("id")]


@pytest.mark.parametrize(("ahead", "level"), [(0, ""), (59, ""), (60, "warn"), (119, "warn"), (120, "alarm")])
@pytest.mark.parametrize("sign", [1, -1])
def test_its_levels(ahead: float, level: str, sign: int) -> None:
    answer(sign * ahead)
    row = ServiceClock.objects.get(endpoint=ENDPOINT)
    assert (abs(row.drift), row.told) == (ahead, level)
    assert len(told()) == (level == "alarm")  # well before the AEAT's margin of 240 s


def test_the_alarm_is_told_once_until_it_is_over() -> None:
    for ahead in (130, 150, 130):
        answer(ahead)
    assert len(told()) == 1
    assert "adelantado 130 s" in told()[0]
    assert "timedatectl" in told()[0]
    answer(0)
    answer(-125)
    assert len(told()) == 2
    assert "atrasado 125 s" in told()[1]


def test_an_answer_without_time_leaves_the_last_reading() -> None:
    answer(70)
    now = clock.now()
    compare(Reading(ENDPOINT, now, now))
    assert ServiceClock.objects.get().drift == 70


def test_is_a_metric(client: Browser) -> None:
    answer(-70)
    page = client.get("/metrics").content.decode()
    assert f'verifactu_clock_drift_seconds{{endpoint="{ENDPOINT}"}} -70.0' in page
