"""An order is paid in parts: each has its invoice, the last is of the rest, and the AEAT has them all.

By hand: 121.00 at 21 % and 55.00 at 10 %. Of 50.00 received 34.38 and 15.62 (28.41 + 5.97, 14.20 + 1.42); 37.50 + 7.87
and 18.75 + 1.88 are left when 60.00 more (34.09 + 7.16, 17.05 + 1.70) came in between (test_advances.py).
"""

import json
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from common import clock
from config.demo.catalogue import Product
from config.demo.payloads import Sale, body
from invoicing.documents import Documents
from invoicing.holds import Action, Resolution
from invoicing.models import Document, Invoice
from invoicing.standing import stand
from invoicing.values import TaxShare
from tests.journeys.house import House, Shops
from tests.journeys.independent import text_of
from tests.world import LUCIA, SOLER, sale
from workflows import control
from workflows.encoding import decode

D = Decimal
ITEMS = ((Product("T", "Tetera", D("121.00"), D(21)), 1), (Product("L", "Libro de recetas", D("55.00"), D(10)), 1))


def a_shop(house: House) -> Shops:
    """Return a company whose Shopify shop has what it receives invoiced."""
    shops = house.company()
    connection = shops.connections["shopify"]
    connection.part_payments = "invoice"
    connection.save(update_fields=["part_payments"])
    return shops


def an_order(**changes: Any) -> Sale:
    return sale(SOLER, items=ITEMS, shipping=D("0.00"), **changes)


def told(order: Sale, received: str = "", **changes: Any) -> bytes:
    """Return what Shopify says of the order with so much received of it; with nothing said, paid."""
    document = json.loads(body(order))
    if received:
        outstanding = str(D(document["total_price"]) - D(received))
        document |= {"financial_status": "partially_paid", "total_outstanding": outstanding}
    return json.dumps(document | changes).encode()


def post(house: House, shops: Shops, order: Sale, data: bytes) -> None:
    house.post(shops["shopify"], order, "orders/updated", data=data)
    house.settled()


def rows(invoice: Invoice) -> list[tuple[Any, ...]]:
    return [(share.rate, share.base, share.tax) for share in decode(invoice.shares, tuple[TaxShare, ...])]


def printed(house: House, invoice: Invoice) -> str:
    document = Document.objects.get(invoice=invoice)
    return text_of(Documents(house.folder / "documents").read(document.sha256))


def test_each_part_has_its_invoice_and_the_last_one_names_them(house: House) -> None:
    shops, order = a_shop(house), an_order()
    post(house, shops, order, told(order, "50.00"))
    assert stand(shops.order(order)).state == "documented"
    post(house, shops, order.at(60), told(order.at(60), "110.00"))
    post(house, shops, order.at(120), told(order.at(120)))

    first, second, last = shops.invoices
    assert [(each.purpose, each.refund, each.tipo, each.total) for each in shops.invoices] == [
        ("advance", "1", "F1", D("50.00")), ("advance", "2", "F1", D("60.00")), ("sale", "", "F1", D("66.00")),
    ]  # fmt: skip
    assert rows(first) == [(D(21), D("28.41"), D("5.97")), (D(10), D("14.20"), D("1.42"))]
    assert rows(last) == [(D(21), D("37.50"), D("7.87")), (D(10), D("18.75"), D("1.88"))]
    assert [each.state for each in shops.invoices] == ["acknowledged"] * 3
    assert shops.states() == ["accepted"] * 3
    assert "Anticipo a cuenta del pedido" in printed(house, first)
    paper = printed(house, last)
    for advance in (first, second):
        assert f"Anticipo ya facturado: {advance.num_serie} de" in paper  # and on the next line the day
    assert paper.count(f"{first.issue_date:%d/%m/%Y}") == 5  # its own, and of two rows of two
    assert len(house.received(shops)) == 3


def test_told_in_the_wrong_order_and_twice_it_is_one_invoice_of_the_whole(house: House) -> None:
    shops, order = a_shop(house), an_order()
    whole, part = order.at(60), told(order, "50.00")
    post(house, shops, whole, told(whole))
    post(house, shops, order, part)
    house.post(shops["shopify"], order, "orders/updated", key="again", data=part)
    house.settled()
    assert [(each.purpose, each.total) for each in shops.invoices] == [("sale", D("176.00"))]


def test_the_same_part_twice_has_one_invoice(house: House) -> None:
    shops, order = a_shop(house), an_order()
    post(house, shops, order, told(order, "50.00"))
    later = order.at(30)
    house.post(shops["shopify"], later, "orders/updated", key="again", data=told(later, "50.00"))
    house.settled()
    assert [each.total for each in shops.invoices] == [D("50.00")]


@pytest.mark.parametrize("sequence", list(permutations(range(3))))
def test_in_any_order_the_documents_come_to_the_order(house: House, sequence: tuple[int, ...]) -> None:
    shops, order = a_shop(house), an_order()
    versions = [(order, told(order, "50.00")), (order.at(60), told(order.at(60), "110.00"))]
    versions.append((order.at(120), told(order.at(120))))
    for place in sequence:
        post(house, shops, *versions[place])
    assert sum(each.total for each in shops.invoices) == D("176.00")
    assert sum(each.tax_total for each in shops.invoices) == D("26.00")


def test_called_off_what_was_received_is_given_back(house: House) -> None:
    shops, order = a_shop(house), an_order()
    post(house, shops, order, told(order, "50.00"))
    later = order.at(60)
    post(house, shops, later, told(later, "50.00", cancelled_at=later.placed_at.isoformat()))
    advance, correction = shops.invoices
    assert (correction.tipo, correction.total, correction.purpose) == ("R1", D("-50.00"), "cancellation")
    assert [each.num_serie for each in correction.sealed_references] == [advance.num_serie]
    assert [each.state for each in shops.invoices] == ["rectified", "acknowledged"]
    assert shops.states() == ["accepted"] * 2


def test_a_payment_that_failed_after_all_is_for_a_person(house: House) -> None:
    shops, order = a_shop(house), an_order()
    post(house, shops, order, told(order, "50.00"))
    later = order.at(60)
    post(house, shops, later, told(later, financial_status="voided"))
    held = shops.held(order)
    assert held
    assert held.hold["code"] == "correction_needed"
    assert held.hold["data"]["data"]["changes"] == "la tienda dice cobrados 0.00 €, y los anticipos suman 50.00 €"


def test_a_guest_who_gives_a_nif_before_the_rest_has_the_advance_exchanged(house: House) -> None:
    shops, order = a_shop(house), sale(LUCIA, items=ITEMS, shipping=D("0.00"))
    post(house, shops, order, told(order, "50.00"))
    named = order.at(60, buyer=SOLER)
    post(house, shops, named, told(named))
    assert [(each.tipo, each.total) for each in shops.invoices] == [
        ("F2", D("50.00")), ("F3", D("50.00")), ("F1", D("126.00")),
    ]  # fmt: skip
    assert shops.states() == ["accepted"] * 3


def test_without_the_setting_it_waits_and_with_it_the_same_process_goes_on(house: House) -> None:
    shops, order = house.company(), an_order()
    post(house, shops, order, told(order, "50.00"))
    held = shops.held(order)
    assert held
    assert held.hold["code"] == "partial_payment"
    connection = shops.connections["shopify"]
    connection.part_payments = "invoice"
    connection.save(update_fields=["part_payments"])
    control.resolve(held.pk, Resolution(action=Action.DECIDE_AGAIN), now=clock.now(), actor="persona")
    house.settled()
    assert [each.total for each in shops.invoices] == [D("50.00")]
