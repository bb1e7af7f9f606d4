"""A worker is killed by -9 at a point of its work; others finish it. One invoice, one record, accepted once."""

from pathlib import Path

import pytest

from config.demo.catalogue import PRODUCTS
from tests.journeys.house import House, Shops
from tests.world import LUCIA, SOLER, sale
from verifactu.models import Submission

RECOVERY = 45.0
"""Seconds for a lease to run out, a worker to come back, and the rest of the work; the lease takes ten of them."""

ATOMIC = ("uncommitted", "unpumped", "committed")
CALL = ("intended", "called", "uncommitted", "committed")
LEAVING = ("uncommitted", "unpumped")

OF_AN_ORDER = [
    f"{workflow}.{step}.{moment}"
    for workflow, steps in {
        "capture": {"start": ("committed",), "take_in": ATOMIC, "end": LEAVING},
        "invoice-order": {"start": ("committed",), "decide": ATOMIC, "issue": ATOMIC, "end": LEAVING},
        "complete-invoice": {
            "start": ("committed",), "render_pdf": CALL, "start_mail": ATOMIC, "wait": LEAVING,
            "announce": ATOMIC, "end": LEAVING,
        },
        "mail-invoice": {"start": ("committed",), "send_mail": CALL, "end": LEAVING},
        "submit-chain": {
            "start": ("committed",), "claim": ATOMIC, "send": CALL, "wake_next": ATOMIC, "end": LEAVING,
        },
    }.items()
    for step, moments in steps.items()
    for moment in moments
]  # fmt: skip
"""Every boundary that an ordinary order passes."""

OF_A_LOST_ANSWER = [f"submit-chain.ask.{moment}" for moment in CALL]
OF_AN_UNPAID_ORDER = [f"invoice-order.leave.{moment}" for moment in ATOMIC]
OF_A_HOLD = [f"invoice-order.hold.{moment}" for moment in LEAVING]


@pytest.mark.faults
def test_three_workers_die_at_the_three_worst_moments(house: House, points: Path) -> None:
    """After the number was given, between the AEAT's answer and our knowing it, and with a PDF nobody knows of."""
    deaths = ["invoice-order.issue.unpumped", "submit-chain.send.called", "complete-invoice.render_pdf.called"]
    shops = house.company()
    die_at(points, *deaths)
    house.post(shops["shopify"], sale(SOLER))
    finished(house, shops, points)


@pytest.mark.faults
@pytest.mark.parametrize("point", OF_AN_ORDER)
def test_death_on_the_way_of_an_order(house: House, points: Path, point: str) -> None:
    shops = house.company()
    if ".wait." in point:
        # Its answer must not be there before anybody waits for it: the AEAT asks for five seconds, twice.
        house.simulator.fail("http_503", 2, operation="submission")
    die_at(points, point)
    house.post(shops["shopify"], sale(SOLER))
    finished(house, shops, points, letters=2 if point in TELLING_TWICE else 1)


TELLING_TWICE = ("mail-invoice.send_mail.called", "mail-invoice.send_mail.uncommitted")
"""Between the other side's acceptance and our commit: the one place where a letter may go again, under one id."""


@pytest.mark.faults
@pytest.mark.parametrize("point", OF_A_LOST_ANSWER)
def test_death_while_the_aeat_is_asked(house: House, points: Path, point: str) -> None:
    shops = house.company()
    house.simulator.fail("cut_answer", operation="submission")
    die_at(points, point)
    house.post(shops["shopify"], sale(SOLER))
    finished(house, shops, points)
    assert Submission.objects.filter(installation=shops.installation).count() == 1


@pytest.mark.faults
@pytest.mark.parametrize("point", OF_AN_UNPAID_ORDER)
def test_death_while_it_is_noted_that_nothing_is_to_be_issued(house: House, points: Path, point: str) -> None:
    shops = house.company()
    order = sale()
    house.post(shops["shopify"], order)
    house.settled()
    die_at(points, point)
    house.post(shops["shopify"], order.at(30, number="#1501 bis"), "orders/updated")
    finished(house, shops, points)


@pytest.mark.faults
@pytest.mark.parametrize("point", OF_A_HOLD)
def test_death_while_a_person_is_called(house: House, points: Path, point: str) -> None:
    shops = house.company()
    order = sale(LUCIA, items=((PRODUCTS[2], 40),))
    die_at(points, point)
    house.post(shops["shopify"], order)
    finished(house, shops, points, invoices=0)
    assert shops.held(order)


def die_at(points: Path, *deaths: str) -> None:
    """Order one death at each point."""
    for death in deaths:
        (points / death).touch()


def finished(house: House, shops: Shops, points: Path, *, invoices: int = 1, letters: int = 1) -> None:
    """Wait until everybody who was to die has died and the others have done the work; look at what came of it."""
    try:
        house.until(lambda: not list(points.iterdir()), RECOVERY, "Nobody died")
    finally:
        for left in points.iterdir():
            left.unlink()
    house.settled(RECOVERY)
    assert [invoice.state for invoice in shops.invoices] == ["acknowledged"] * invoices
    assert [record["state"] for record in house.received(shops)] == ["Correcto"] * invoices
    for invoice in shops.invoices:
        assert 1 <= len(house.letters(invoice)) <= letters
