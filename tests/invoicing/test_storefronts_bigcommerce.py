"""What is tricky in BigCommerce: a webhook that only names, discounts in two places, dates as mail writes them."""

# mypy: disable-error-code="comparison-overlap"
# 21 is Decimal("21"): whole amounts and rates are written as what they are.

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from invoicing.storefronts import PLATFORMS, ReaderSettings, Unreadable
from invoicing.values import Hint, LineKind, OrderContent
from tests.invoicing.bundles import BIGCOMMERCE_ADDRESS, bigcommerce, bigcommerce_refund, content, reading, sample

reader = PLATFORMS["bigcommerce"]


def read(document: dict[str, Any], **settings: Any) -> OrderContent:
    return content("bigcommerce", document, **settings)


class TestHints:
    @pytest.mark.parametrize(
        ("scope", "data"),
        [
            ("store/order/created", {"type": "order", "id": 250}),
            ("store/order/updated", {"type": "order", "id": 250}),
            ("store/order/statusUpdated", {"type": "order", "id": 250}),
            ("store/order/refund/created", {"type": "order", "id": 250, "refund": {"refund_id": 3}}),
            ("store/order/transaction/created", {"type": "order", "transaction_id": 9, "order_id": 250}),
        ],
    )
    def test_name_the_order(self, scope: str, data: dict[str, Any]) -> None:
        event = sample("bigcommerce", "01") | {"scope": scope, "data": data}
        found = reading("bigcommerce", event, scope)
        assert (found.external_id, found.content) == ("250", None)
        assert found.fetch == Hint(kind="order", external_id="250")
        assert found.updated_at == datetime(2026, 10, 30, 22, 40, tzinfo=UTC)

    @pytest.mark.parametrize("scope", ["store/product/updated", "store/customer/created", "", "store/orders"])
    def test_of_other_things_are_nothing_for_us(self, scope: str) -> None:
        assert reader.read(b"{}", scope, ReaderSettings()) is None

    @pytest.mark.parametrize("created", [None, "soon", -1, 10**12, 1.5])
    def test_need_their_moment(self, created: Any) -> None:
        event = sample("bigcommerce", "01") | {"created_at": created}
        with pytest.raises(Unreadable):
            reader.read(json.dumps(event).encode(), event["scope"], ReaderSettings())


class TestMoney:
    def test_lines_are_gross_after_their_discounts(self) -> None:
        found = read(bigcommerce())
        assert [(line.description, line.amount, line.taxes[0].rate) for line in found.lines] == [
            ("Jarrón", Decimal("43.56"), 21), ("Recetario", Decimal("20.80"), 4), ("Transporte", Decimal("6.05"), 21),
        ]  # fmt: skip
        assert (found.total, found.total_tax, found.discount) == (Decimal("70.41"), Decimal("9.41"), 0)
        assert sum(line.amount for line in found.lines) == found.total
        vase = found.lines[0]
        assert (vase.unit_price, vase.discount, vase.quantity) == (Decimal("24.20"), Decimal("4.84"), 2)

    def test_a_discount_that_stands_with_no_line_is_the_orders(self) -> None:
        found = read(bigcommerce(discount_amount="3.0000", total_inc_tax="67.4100"))
        assert found.discount == Decimal(3)
        assert sum(line.amount for line in found.lines) - found.discount == found.total

    def test_newer_stores_say_the_discounted_total(self) -> None:
        document = bigcommerce()
        document["products"][0] |= {"discounted_total_inc_tax": "43.5600"}
        assert read(document).lines[0].amount == Decimal("43.56")

    def test_net_stores_stay_net(self) -> None:
        document = bigcommerce(is_tax_inclusive_pricing=False, coupon_discount="0")
        document["products"][0]["applied_discounts"] = []
        found = read(document)
        assert not found.prices_include_tax
        assert [line.amount for line in found.lines] == [Decimal(40), Decimal(20), Decimal(5)]

    def test_a_gift_certificate_pays_and_takes_nothing_off(self) -> None:
        found = read(bigcommerce(gift_certificate_amount="10.0000", total_inc_tax="60.4100"))
        assert found.total == Decimal("70.41")
        assert read(bigcommerce(gift_certificate_amount="10.0000")).total == Decimal("70.41")

    def test_handling_and_wrapping_are_lines(self) -> None:
        document = bigcommerce(handling_cost_inc_tax="1.2100", wrapping_cost_inc_tax="2.4200", total_inc_tax="74.0400")
        document["taxes"] += [
            {"rate": "21.0000", "line_amount": "0.2100", "line_item_type": "handling", "name": "IVA"},
            {"rate": "21.0000", "line_amount": "0.4200", "line_item_type": "wrapping", "name": "IVA"},
        ]
        found = read(document)
        assert [(line.kind, line.amount, line.taxes[0].rate) for line in found.lines[-2:]] == [
            (LineKind.FEE, Decimal("1.21"), 21), (LineKind.FEE, Decimal("2.42"), 21),
        ]  # fmt: skip

    def test_a_surcharge_is_a_second_tax(self) -> None:
        document = bigcommerce()
        document["taxes"].append({"order_product_id": 11, "rate": "5.2000", "line_amount": "1.87", "name": "Recargo",
                                  "line_item_type": "item", "priority": 2})  # fmt: skip
        assert [tax.rate for tax in read(document).lines[0].taxes] == [21, Decimal("5.2")]

    def test_an_untaxed_order_has_no_taxes(self) -> None:
        document = bigcommerce(total_tax="0.0000")
        for tax in document["taxes"]:
            tax |= {"rate": "0.0000", "line_amount": "0.0000"}
        assert all(line.taxes == () for line in read(document).lines)

    def test_the_parts_of_a_bundle_are_in_its_line(self) -> None:
        document = bigcommerce()
        document["products"].append({"id": 13, "parent_order_product_id": 11, "quantity": 2, "total_inc_tax": "0"})
        assert len(read(document).lines) == 3

    @pytest.mark.parametrize(
        ("kind", "expected"),
        [("physical", LineKind.GOODS), ("digital", LineKind.SERVICE), ("giftcertificate", LineKind.GIFT_CARD)],
    )
    def test_kinds(self, kind: str, expected: LineKind) -> None:
        document = bigcommerce()
        document["products"][0]["type"] = kind
        assert read(document).lines[0].kind == expected


class TestState:
    @pytest.mark.parametrize(
        ("status", "payment", "paid", "cancelled"),
        [
            (0, "", False, False), (1, "", False, False), (7, "", False, False), (12, "", False, False),
            (11, "", True, False), (11, "captured", True, False), (11, "authorized", False, False),
            (2, "captured", True, False), (10, "paid", True, False), (4, "refunded", True, False),
            (14, "partially refunded", True, False), (5, "", False, True), (5, "captured", True, True),
            (6, "declined", False, False),
        ],
    )  # fmt: skip
    def test_status_and_payment(self, status: int, payment: str, paid: bool, cancelled: bool) -> None:
        found = read(bigcommerce(status_id=status, payment_status=payment))
        assert (found.paid, found.cancelled) == (paid, cancelled)

    def test_dates_are_written_as_in_mail(self) -> None:
        found = reading("bigcommerce", bigcommerce(date_shipped="Mon, 02 Nov 2026 08:00:00 +0000"))
        assert found.updated_at == datetime(2026, 10, 30, 22, 40, tzinfo=UTC)
        assert found.content is not None
        assert found.content.placed_at == found.content.paid_at == datetime(2026, 10, 30, 22, tzinfo=UTC)
        assert found.content.shipped_at == datetime(2026, 11, 2, 8, tzinfo=UTC)

    @pytest.mark.parametrize("date", [None, "", "2026-10-30", "Fri, 99 Oct 2026 22:00:00 +0000", 5])
    def test_other_dates_are_told(self, date: Any) -> None:
        with pytest.raises(Unreadable) as caught:
            read(bigcommerce(date_created=date))
        assert caught.value.pointer == "/order/date_created"

    def test_trial_orders_language_and_channel(self) -> None:
        found = read(bigcommerce(payment_method="Test Payment Gateway", customer_locale="ca-ES", order_source="amazon"))
        assert (found.test, found.language, found.sales_channel) == (True, "ca", "amazon")


class TestBuyer:
    def test_gives_the_nif_in_a_field_of_the_form(self) -> None:
        form = [{"name": "Newsletter", "value": True}, {"name": "NIF/CIF", "value": "12.345.678-z"}]
        found = read(bigcommerce(billing_address=BIGCOMMERCE_ADDRESS | {"form_fields": form})).buyer
        assert (found.tax_id, found.name) == ("12345678Z", "Irene Vidal Roca")

    def test_or_in_the_companys(self) -> None:
        found = read(bigcommerce(billing_address=BIGCOMMERCE_ADDRESS | {"company": "B12345674"})).buyer
        assert (found.tax_id, found.company) == ("B12345674", "")

    def test_goods_for_several_provinces_are_no_one_invoice(self) -> None:
        document = bigcommerce()
        document["shipping_addresses"].append(BIGCOMMERCE_ADDRESS | {"zip": "35002", "state": "Las Palmas"})
        with pytest.raises(Unreadable, match="by hand"):
            read(document)
        document["shipping_addresses"][1] |= {"zip": "08201"}
        assert read(document).ship_to.postal_code == "08004"


class TestRefunds:
    def test_say_what_they_are_for(self) -> None:
        document = bigcommerce()
        document["refunds"] = [bigcommerce_refund(
            {"item_type": "PRODUCT", "item_id": 11, "quantity": 1, "requested_amount": None},
            {"item_type": "SHIPPING", "item_id": 5, "quantity": 1, "requested_amount": 6.05}, total=27.83)]  # fmt: skip
        found = reading("bigcommerce", document)
        assert found.updated_at == datetime(2026, 11, 3, 9, tzinfo=UTC)
        assert found.content is not None
        (refund,) = found.content.refunds
        assert (refund.external_id, refund.total, refund.reason) == ("3", Decimal("-27.83"), "Llegó roto")
        # one of two vases for which 43.56 was paid, and the shipping
        assert [(line.external_id, line.quantity, line.amount, line.taxes[0].rate) for line in refund.lines] == [
            ("11", -1, Decimal("-21.78"), 21), ("shipping", -1, Decimal("-6.05"), 21),
        ]  # fmt: skip

    def test_for_the_order_as_a_whole_are_money_alone(self) -> None:
        document = bigcommerce()
        document["refunds"] = [
            bigcommerce_refund({"item_type": "ORDER", "item_id": 250, "requested_amount": 5}, total=5)
        ]
        (refund,) = read(document).refunds
        assert (refund.total, refund.lines) == (Decimal(-5), ())

    def test_that_the_bank_declined_are_no_money(self) -> None:
        document = bigcommerce()
        item = {"item_type": "PRODUCT", "item_id": 12, "quantity": 1}
        declined = [{"id": 1, "amount": 20.8, "is_declined": True}]
        document["refunds"] = [bigcommerce_refund(item, total=20.8, payments=declined)]
        (refund,) = read(document).refunds
        assert (refund.total, refund.lines) == (0, ())
