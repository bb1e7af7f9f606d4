"""Whoever sends a chain and whoever issues on it: the sender never starts without the invoice that it was left to."""

from datetime import timedelta
from uuid import UUID

import psycopg
from django.db import transaction

from common import clock
from invoicing.capture import capture_delivery
from invoicing.deciding import decide_order
from invoicing.issuing import issue_document
from invoicing.models import Connection, Delivery
from tests.databases import Database
from tests.world import arrive, la_encina, sale, shop
from workflows.models import Process

SENDERS = Process.objects.filter(workflow="submit-chain").order_by("seq")


def test_one_that_waits_cannot_start_before_the_invoice_is_committed(fresh_database: Database) -> None:
    connected = shop(la_encina())
    issue(connected, 1501)
    waiting = SENDERS.get()
    assert may_be_claimed(fresh_database, waiting.pk)
    with transaction.atomic():
        issue(connected, 1502)
        assert not may_be_claimed(fresh_database, waiting.pk)
    assert may_be_claimed(fresh_database, waiting.pk)
    assert SENDERS.get() == waiting


def test_one_that_has_started_is_followed_by_another(fresh_database: Database) -> None:
    connected = shop(la_encina())
    issue(connected, 1501)
    started = SENDERS.get()
    # What claiming it does (workflows/sql/admission_1.sql), by a worker whose lease goes on.
    lease = {"worker": "another", "lease_until": clock.now() + timedelta(minutes=5)}
    SENDERS.update(state="processing", once_key=None, **lease)
    issue(connected, 1502)
    issue(connected, 1503)
    first, second = SENDERS
    assert (first, second.state) == (started, "pending")


def may_be_claimed(database: Database, process: UUID) -> bool:
    with psycopg.connect(database.url) as another:
        query = "SELECT FROM workflows_process WHERE id = %s FOR NO KEY UPDATE SKIP LOCKED"
        return bool(another.execute(query, [process]).fetchall())


def issue(connected: Connection, number: int) -> None:
    arrive(connected, sale(number=number))
    captured = capture_delivery(Delivery.objects.latest("id"), now=clock.now())
    assert captured
    with transaction.atomic():
        decided = decide_order(captured.order.pk, (), now=clock.now())
    issue_document(captured.order.pk, decided, now=clock.now)
