"""What shops really do: the same order told three times within a second, late, twice, or in the wrong order."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from config.demo.payloads import Sale
from invoicing.documents import Documents
from invoicing.models import Delivery, Document, Snapshot
from tests.journeys.house import House, Shops
from tests.journeys.independent import text_of
from tests.world import SOLER, sale
from workflows.models import Process

FORMER, LAST = "Calle Primera 1", "Avenida Última 99"
SETTLING = timedelta(seconds=5)
"""What the product waits by default; the clock is moved over it."""

Told = list[tuple[Sale, str]]


def told_in_words(order: Sale, paid_last: bool) -> Told:
    """Return created, address changed and paid as three versions with their topics; or paid before the change."""
    former = replace(order.buyer, street=FORMER)
    created = order.at(0, paid=False, buyer=former)
    second, third = (order.at(1, paid=False), order.at(2)) if paid_last else (order.at(1, buyer=former), order.at(2))
    topics = {
        "shopify": ("orders/create", "orders/updated", "orders/paid")
        if paid_last
        else ("orders/create", "orders/paid", "orders/updated"),
        "woocommerce": ("order.created", "order.updated", "order.updated"),
    }
    return list(zip((created, second, third), topics[order.platform], strict=True))


@pytest.mark.parametrize("platform", ["shopify", "woocommerce"])
@pytest.mark.parametrize("paid_last", [True, False], ids=["paid at last", "address changed at last"])
def test_three_versions_within_a_second_in_any_order_are_one_invoice_with_the_last_address(
    house: House, platform: str, paid_last: bool
) -> None:
    shops = house.company(settle_seconds=int(SETTLING.total_seconds()))
    buyer = replace(SOLER, street=LAST)
    orders = []
    for number, places in enumerate(permutations(range(3))):
        order = sale(buyer, platform=platform, number=number)
        told = told_in_words(order, paid_last)
        for place in places:
            version, topic = told[place]
            assert house.post(shops[platform], version, topic).status_code == 200
        orders.append(order)
    read_everything(house, shops, deliveries=18)
    assert shops.invoices == []

    house.pass_time(SETTLING)
    house.settled()

    invoices = {invoice.order_id: invoice for invoice in shops.invoices}
    assert len(invoices) == len(shops.invoices) == 6
    for order in orders:
        invoice = invoices[shops.order(order).pk]
        assert invoice.tipo == "F1"
        assert LAST in invoice.recipient_address
        pdf = Documents(house.folder / "documents").read(Document.objects.get(invoice=invoice).sha256)
        assert LAST in text_of(pdf)
        assert FORMER not in text_of(pdf)


def test_settling_ends_after_a_minute_however_often_the_order_changes(house: House) -> None:
    shops = house.company(settle_seconds=50)
    order = sale(SOLER)
    for seconds in range(3):
        version = order.at(seconds, buyer=replace(SOLER, street=f"Calle {seconds}"))
        house.post(shops["shopify"], version, "orders/updated")
        read_everything(house, shops, deliveries=seconds + 1)
        if seconds < 2:
            house.pass_time(timedelta(seconds=25))
    # Fifty seconds have passed; the last change asked for fifty more and gets the ten that are left of a minute.
    assert shops.invoices == []
    house.pass_time(timedelta(seconds=11))
    house.settled()
    [invoice] = shops.invoices
    assert "Calle 2" in invoice.recipient_address


def test_the_same_delivery_again_is_answered_and_changes_nothing(house: House) -> None:
    shops = house.company()
    order = sale()
    first = house.post(shops["shopify"], order, key="one")
    again = house.post(shops["shopify"], order, key="one")
    assert [first.json()["new"], again.json()["new"]] == [True, False]
    assert first.json()["delivery"] == again.json()["delivery"]
    house.settled()
    assert house.post(shops["shopify"], order, key="one").json()["new"] is False
    house.settled()
    assert Delivery.objects.filter(company=shops.company).count() == 1
    assert len(shops.invoices) == 1


def test_equal_content_under_another_delivery_is_evidence_and_nothing_more(house: House) -> None:
    shops = house.company()
    order = sale()
    house.post(shops["shopify"], order, key="one")
    house.settled()
    house.post(shops["shopify"], order, "orders/updated", key="two")
    house.settled()
    assert states_of_snapshots(shops, order) == ["processed", "ignored"]
    assert len(shops.processes(order)) == len(shops.invoices) == 1


def test_a_stale_version_is_evidence_and_nothing_more(house: House) -> None:
    shops = house.company()
    order = sale(SOLER)
    house.post(shops["shopify"], order.at(20))
    house.settled()
    house.post(shops["shopify"], order.at(5, buyer=replace(SOLER, street=FORMER)), "orders/updated")
    house.settled()
    assert states_of_snapshots(shops, order) == ["processed", "ignored"]
    assert len(shops.processes(order)) == len(shops.invoices) == 1
    assert shops.order(order).state == "invoiced"


def read_everything(house: House, shops: Shops, deliveries: int) -> None:
    """Wait until every delivery of a company has been read."""
    captures = Process.objects.filter(workflow="capture", tenant=shops.company.tenant, state="completed")
    house.until(lambda: captures.count() == deliveries, message=f"{deliveries} deliveries were not read")


def states_of_snapshots(shops: Shops, order: Sale) -> list[str]:
    """Return the states of an order's versions, oldest first."""
    snapshots = Snapshot.objects.filter(order=shops.order(order))
    return list(snapshots.order_by("version").values_list("state", flat=True))
