"""Answers kept by Idempotency-Key: how long, and what their going changes for whoever repeats a request."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from common import clock
from invoicing import purging
from invoicing.models import Delivery, IdempotencyKey, Invoice
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import ORDERS, ApiClient, caller, order, work_off
from tests.workflows import bench
from workflows.engine import trigger


@pytest.fixture
def client(fresh_database: Database, tmp_path: Path, settings: Settings) -> ApiClient:
    settings.DOCUMENTS_DIR = tmp_path
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    return caller(world.la_encina())


@pytest.fixture
def pass_time(tmp_path: Path) -> Callable[[timedelta], None]:
    def move(by: timedelta) -> None:
        (tmp_path / "clock").write_text(str(by.total_seconds()))

    return move


def purge(*options: str) -> Any:
    said = StringIO()
    call_command("purge_answers", "--json", *options, stdout=said, stderr=StringIO())
    return json.loads(said.getvalue())


def test_an_answer_goes_when_its_days_are_over_and_no_sooner(
    client: ApiClient, settings: Settings, pass_time: Callable[[timedelta], None]
) -> None:
    settings.IDEMPOTENCY_DAYS = 90
    client.post(ORDERS, order(id="old"), key="old")
    pass_time(timedelta(days=60))
    client.post(ORDERS, order(id="new"), key="new")
    pass_time(timedelta(days=89, hours=23))
    assert purge() == {"removed": 0, "days": 90, "dry_run": False}
    pass_time(timedelta(days=90, minutes=1))
    assert purge("--dry-run")["removed"] == 1
    assert IdempotencyKey.objects.count() == 2
    assert purge()["removed"] == 1
    assert [row.key for row in IdempotencyKey.objects.all()] == ["new"]


def test_a_night_removes_batch_after_batch(
    client: ApiClient, pass_time: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "BATCH", 2)
    for n in range(5):
        client.post(ORDERS, order(id=f"o{n}"), key=f"k{n}")
    pass_time(timedelta(days=91))
    client.post(ORDERS, order(id="now"), key="now")
    handle = trigger(purging.purge_answers, purging.PurgeAnswers(), now=clock.now(), actor="test")
    bench.drain()
    assert (handle.state(), handle.result()) == ("completed", 5)
    assert [row.key for row in IdempotencyKey.objects.all()] == ["now"]


def test_the_same_request_after_its_answer_is_gone_issues_nothing_twice(
    client: ApiClient, pass_time: Callable[[timedelta], None]
) -> None:
    body = order(id="web-1")
    client.post(ORDERS, body, key="k")
    work_off()
    assert Invoice.objects.count() == 1
    pass_time(timedelta(days=91))
    purge()
    again = client.post(ORDERS, body, key="k")
    work_off()
    assert again.status_code == 202
    assert "Idempotent-Replayed" not in again
    assert (Invoice.objects.count(), Delivery.objects.count()) == (1, 1)


def test_a_worker_that_starts_keeps_the_schedule(client: ApiClient) -> None:
    from workflows.models import Schedule
    from workflows.schedules import sync

    sync(now=clock.now())
    row = Schedule.objects.get(name="purge-answers")
    assert (row.cron, row.zone, row.paused) == ("45 3 * * *", "Europe/Madrid", False)
