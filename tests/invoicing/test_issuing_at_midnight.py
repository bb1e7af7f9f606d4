"""An instant belongs to two days for an hour or two: the issuer's date is what counts, and the AEAT's is not UTC's."""

from datetime import UTC, date, datetime

import pytest
from django.db import transaction

from common import clock
from invoicing.capture import capture_delivery
from invoicing.deciding import decide_order
from invoicing.issuing import issue_document
from invoicing.models import Delivery, Invoice
from tests.world import SOLER, arrive, la_encina, sale, shop


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2027, 1, 14, 23, 30, tzinfo=UTC), date(2027, 1, 15)),
        (datetime(2027, 7, 14, 22, 0, tzinfo=UTC), date(2027, 7, 15)),
        (datetime(2027, 12, 31, 22, 59, 59, tzinfo=UTC), date(2027, 12, 31)),
        (datetime(2027, 12, 31, 23, 0, 0, tzinfo=UTC), date(2028, 1, 1)),
    ],
)
def test_just_after_midnight_in_madrid_an_invoice_bears_the_new_day(moment: datetime, day: date) -> None:
    invoice = issued_at(moment)
    assert invoice.issue_date == day
    assert invoice.record.fecha_expedicion == day.strftime("%d-%m-%Y")


def issued_at(moment: datetime) -> Invoice:
    connected = shop(la_encina())
    arrive(connected, sale(SOLER))
    captured = capture_delivery(Delivery.objects.latest("id"), now=clock.now())
    assert captured
    with transaction.atomic():
        decided = decide_order(captured.order.pk, (), now=moment)
    return issue_document(captured.order.pk, decided, now=lambda: moment)
