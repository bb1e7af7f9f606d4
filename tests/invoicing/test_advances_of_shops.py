"""What each platform tells of an order that is paid in part, and the invoice that it asks for.

By hand, of the samples: what was received by the rates of the order, largest remainder; the tax inside it half up.
Shopify, 17.26 at 21 %, 4.01 at 10 % and 4.23 at 4 %, 25.50: of 10.00 6.7686, 1.5725 and 1.6588.
Magento, 27.83, 4.95 and 5.62, 38.40: of 10.00 7.2474, 1.2891 and 1.4635.
PrestaShop, less a tenth of the goods 50.95, 9.00 and 4.05, 64.00: of 20.00 15.9219, 2.8125 and 1.2656.
Stripe, 44.10 and 21 %, 53.36: of 20.00 all.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from invoicing.issued import Issued
from invoicing.storefronts import Unreadable
from invoicing.values import OrderContent
from tests.invoicing.bundles import content, magento, prestashop, sample, stripe_invoice
from tests.invoicing.orders import LIVE, decided
from tests.invoicing.test_advances import Parts
from tests.invoicing.test_rectifying import rows

D = Decimal
IN_PARTS = msgspec.structs.replace(LIVE, part_payments="invoice", other_invoicing="reference_only")


def shopify(**order: Any) -> OrderContent:
    document = sample("shopify", "02") | {"financial_status": "partially_paid", "total_outstanding": "15.50"}
    return content("shopify", document | order, "orders/updated")


def own(platform: str = "generic", **order: Any) -> OrderContent:
    lines = [
        {"description": "Tetera", "unit_price": "121.00", "amount": "121.00", "tax_rate": "21"},
        {"description": "Libro", "unit_price": "55.00", "amount": "55.00", "tax_rate": "10"},
    ]
    document = {
        "id": "A-1", "placed_at": "2026-11-02T09:00:00Z", "updated_at": "2026-11-02T09:00:00Z", "lines": lines,
        "prices_include_tax": True, "paid": False, "advances": "50.00", "paid_at": "2026-11-01T23:30:00Z",
        "total": "176.00",
    }  # fmt: skip
    return content(platform, document | order, "order")


TOLD: dict[str, tuple[OrderContent, list[tuple[str, str, str]], date | None]] = {
    "shopify": (shopify(), [("21", "5.60", "1.17"), ("10", "1.43", "0.14"), ("4", "1.60", "0.06")], date(2026, 10, 14)),
    "magento": (
        content(
            "magento",
            magento(base_total_paid=10, total_paid=10) | {"invoices": [{"created_at": "2026-10-23 07:00:00"}]},
        ),
        [("21", "5.99", "1.26"), ("10", "1.17", "0.12"), ("4", "1.40", "0.06")],
        date(2026, 10, 23),
    ),
    "prestashop": (
        content(
            "prestashop",
            prestashop(current_state="10", valid="0", total_paid_real="20.000000")
            | {"payments": [{"date_add": "2026-10-22 09:00:00"}]},
        ),
        [("21", "13.16", "2.76"), ("10", "2.55", "0.26"), ("4", "1.22", "0.05")],
        date(2026, 10, 22),
    ),
    "stripe": (content("stripe", stripe_invoice(status="open", amount_paid=2000)), [("21", "16.53", "3.47")], None),
    "generic": (own(), [("21", "28.41", "5.97"), ("10", "14.20", "1.42")], date(2026, 11, 2)),
    "api": (own("api"), [("21", "28.41", "5.97"), ("10", "14.20", "1.42")], date(2026, 11, 2)),
}


@pytest.mark.parametrize("platform", TOLD)
def test_what_was_received_is_invoiced(platform: str) -> None:
    told, expected, on = TOLD[platform]
    assert told.partially_paid
    made = decided(told, connection=IN_PARTS).document
    assert made
    assert rows(made) == [(D(rate), D(base), D(tax)) for rate, base, tax in expected]
    assert made.priced.total == told.advances
    assert made.operation_date == on


@pytest.mark.parametrize("platform", TOLD)
def test_and_waits_where_the_connection_does_not_say_so(platform: str) -> None:
    held = decided(TOLD[platform][0], connection=msgspec.structs.replace(IN_PARTS, part_payments="hold")).hold
    assert held
    assert held.code == "partial_payment"


def test_the_rest_is_what_the_sample_paid_at_once_comes_to_less_that() -> None:
    found = Parts(shopify(), Issued(), [], {"connection": IN_PARTS})
    found.becomes()
    found.becomes(**msgspec.structs.asdict(content("shopify", sample("shopify", "02"), "orders/paid")))
    # storefronts/scenarios.json: 14.26 + 3.00, 3.65 + 0.36, 4.07 + 0.16
    assert rows(found.made[-1]) == [
        (D(21), D("8.66"), D("1.83")), (D(10), D("2.22"), D("0.22")), (D(4), D("2.47"), D("0.10")),
    ]  # fmt: skip
    assert found.made[-1].priced.total == D("15.50")


def test_woocommerce_tells_no_amount_and_waits() -> None:
    told = content("woocommerce", sample("woocommerce", "02") | {"status": "partially-paid"}, "order.updated")
    assert (told.partially_paid, told.advances) == (True, D(0))
    held = decided(told, connection=IN_PARTS).hold
    assert held
    assert held.code == "partial_payment"


class TestOurOwnBody:
    def test_says_it_by_what_was_received_of_an_order_that_is_not_paid(self) -> None:
        assert (own().partially_paid, own().paid_at) == (True, datetime(2026, 11, 1, 23, 30, tzinfo=UTC))
        assert not own(advances="0").partially_paid
        assert not own(advances="176.00").partially_paid  # all of it: then `paid` says so
        assert not own(paid=True).partially_paid

    def test_more_than_the_total_is_refused(self) -> None:
        with pytest.raises(Unreadable) as caught:
            own(advances="176.01")
        assert caught.value.pointer == "/advances"

    def test_unpaid_it_has_no_day_of_payment(self) -> None:
        assert own(advances="0").paid_at is None
