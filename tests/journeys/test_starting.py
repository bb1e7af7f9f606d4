"""Where a company begins: the cut-over, and the environment to which its chain is bound for ever."""

from datetime import timedelta

from common import clock
from invoicing.models import Invoice
from tests.journeys.house import House
from tests.world import sale


def test_an_order_from_before_the_cut_over_is_kept_and_never_invoiced(house: House) -> None:
    shops = house.company(invoice_from=clock.now())
    earlier = sale(number=1)  # placed a minute ago
    later = sale(number=2, placed_at=clock.now().replace(microsecond=0) + timedelta(seconds=1))
    for order in (earlier, later):
        house.post(shops["shopify"], order)
    house.settled()
    assert shops.order(earlier).state == "ignored"
    assert shops.order(earlier).current is not None
    assert [invoice.order_id for invoice in shops.invoices] == [shops.order(later).pk]


def test_a_shop_without_cut_over_holds_its_orders(house: House) -> None:
    shops = house.company()
    shop = shops.connections["shopify"]
    shop.invoice_from = None
    shop.save()
    order = sale()
    house.post(shops["shopify"], order)
    house.settled()
    process = shops.held(order)
    assert process
    assert process.hold["code"] == "not_live"


def test_a_chain_of_another_environment_neither_issues_nor_sends(house: House) -> None:
    shops = house.company(environment="test")
    order = sale()
    house.post(shops["shopify"], order)
    house.settled()
    [process] = shops.processes(order)
    assert (process.state, process.hold["kind"]) == ("held", "failure")
    assert "AEAT_ENVIRONMENT=simulator" in process.error["message"]
    assert not Invoice.objects.filter(company=shops.company).exists()
    assert house.received(shops) == []
