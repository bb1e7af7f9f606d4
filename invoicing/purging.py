"""Answers kept by Idempotency-Key go when nobody can still mean to repeat the request: every night, and by command."""

from datetime import datetime, timedelta

import msgspec
from django.conf import settings
from django.db import transaction

from common import clock
from invoicing.models import IdempotencyKey
from workflows.api import step, workflow
from workflows.journal import Run
from workflows.retry import Retry
from workflows.rows import sql
from workflows.schedules import schedule

BATCH = 5000
"""Answers removed in one transaction."""
EVERY_NIGHT = "45 3 * * *"
KEPT = timedelta(days=30)
"""How long a night's process is kept."""


class PurgeAnswers(msgspec.Struct, frozen=True):
    """The answers whose time is over by now."""


def until(now: datetime) -> datetime:
    """Return the moment before which an answer may go."""
    return now - timedelta(days=settings.IDEMPOTENCY_DAYS)


def due(now: datetime) -> int:
    """Return how many may go."""
    return int(IdempotencyKey.objects.filter(created_at__lt=until(now)).count())


def remove(now: datetime) -> int:
    """Remove the oldest ones that may go, at most a batch; return how many went.

    Rows were numbered as they came, so the first numbers are the oldest: nothing else is read.
    """
    with transaction.atomic():
        removed = sql(
            """
            DELETE FROM invoicing_idempotencykey WHERE created_at < %s AND id IN (
                SELECT id FROM invoicing_idempotencykey ORDER BY id LIMIT %s
            ) RETURNING 1
            """,
            [until(now), BATCH],
        )
    return len(removed)


@step(retry=Retry(retries=5, first=5, cap=600))
def remove_answers() -> int:
    """Remove a batch."""
    return remove(clock.now())


@workflow("purge-answers", version=1, keep=KEPT)
def purge_answers(run: Run, p: PurgeAnswers) -> int:
    """Remove batch after batch, until one is not full."""
    removed = gone = run.step(remove_answers)
    while gone == BATCH:
        gone = run.step(remove_answers)
        removed += gone
    return removed


schedule("purge-answers", purge_answers, PurgeAnswers(), cron=EVERY_NIGHT, zone="Europe/Madrid", catch_up="last")
