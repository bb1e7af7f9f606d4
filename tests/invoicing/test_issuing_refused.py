"""What may not be issued spends no number: a record that breaks a rule, and a clock that stands behind the chain."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction

from common import clock
from invoicing.capture import capture_delivery
from invoicing.deciding import decide_order
from invoicing.issuing import issue_document
from invoicing.models import Delivery, Invoice
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import ORDERS, caller, order, work_off
from verifactu.chain import ClockBehind
from verifactu.models import Record
from workflows.models import Process


def test_a_record_that_breaks_a_rule_is_held_with_the_aeats_code_and_spends_no_number(fresh_database: Database) -> None:
    """1134: the operation is more than twenty years old (verifactu.md 4, FechaOperacion)."""
    client = caller(world.la_encina())
    client.connection.invoice_from = clock.now() - timedelta(days=40 * 365)
    client.connection.save()
    long_ago = (clock.now() - timedelta(days=25 * 365)).isoformat()
    course = {"description": "Curso", "unit_price": "80.00", "amount": "80.00", "untaxed_because": "E1"}
    body = order(id="antiguo", placed_at=long_ago, paid_at=long_ago, lines=[course], total="80.00")
    assert client.post(ORDERS, body).status_code == 202
    work_off()
    process = Process.objects.get(workflow="invoice-order")
    assert process.state == "held"
    assert process.error
    assert "1134" in process.error["message"]
    assert (Invoice.objects.count(), Record.objects.count()) == (0, 0)
    assert client.post(ORDERS, order(id="de hoy")).status_code == 202
    work_off()
    invoice = Invoice.objects.get()
    assert (invoice.number, invoice.record.seq) == (1, 1)


@pytest.mark.django_db
class TestAClockBehindTheChain:
    def issued_at(self, moment: datetime, number: int) -> Invoice:
        connected = self.company.connections.first() or world.shop(self.company)
        world.arrive(connected, world.sale(number=number))
        captured = capture_delivery(Delivery.objects.latest("id"), now=clock.now())
        assert captured
        with transaction.atomic():
            decided = decide_order(captured.order.pk, (), now=moment)
        return issue_document(captured.order.pk, decided, now=lambda: moment)

    @pytest.fixture(autouse=True)
    def open(self) -> None:
        self.company = world.la_encina()

    def test_takes_the_last_stamp_up_to_a_minute(self) -> None:
        now = clock.now().replace(microsecond=0)
        first = self.issued_at(now, 1501)
        second = self.issued_at(now - timedelta(seconds=60), 1502)
        assert (first.issued_at, second.issued_at) == (now, now)
        assert second.number == first.number + 1

    def test_issues_nothing_beyond(self) -> None:
        now = clock.now().replace(microsecond=0)
        first = self.issued_at(now, 1501)
        with pytest.raises(ClockBehind):
            self.issued_at(now - timedelta(seconds=61), 1502)
        assert Invoice.objects.get() == first
        third = self.issued_at(now, 1503)
        assert third.number == first.number + 1
