"""The schedule that comes with a company brings a report that knows its day."""

import json
from datetime import datetime, timedelta

import pytest

from common import clock
from tests.world import la_encina
from workflows import schedules
from workflows.models import Process, Schedule

pytestmark = pytest.mark.django_db


def test_is_of_the_day_before_its_slot() -> None:
    la_encina()
    due = Schedule.objects.get(workflow="daily-sales-report").next_at
    schedules.fire_due(due + timedelta(seconds=1), limit=10)
    told = json.loads(Process.objects.get(workflow="daily-sales-report").payload)
    assert datetime.fromisoformat(told["slot"]) == due
    assert due > clock.now()
