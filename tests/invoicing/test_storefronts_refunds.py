"""What went back, and what edits changed, as Shopify and WooCommerce tell it. Figures worked out by hand."""

# mypy: disable-error-code="comparison-overlap"
# 21 is Decimal("21"): whole amounts and rates are written as what they are.

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from invoicing.values import Hint, LineKind, OrderContent, Reading, Refund
from tests.invoicing.bundles import content, reading, sample

MONEY = {"currency_code": "EUR"}


def both(amount: str, buyers: str | None = None, currency: str = "EUR") -> dict[str, Any]:
    """A `…_set`: the shop's money and the buyer's."""
    return {
        "shop_money": MONEY | {"amount": amount},
        "presentment_money": {"amount": buyers or amount, "currency_code": currency},
    }


def article(key: int, price: str, quantity: int, rate: str | None = "0.21", tax: str = "0.00", **changes: Any) -> Any:
    taxes = [] if rate is None else [{"rate": rate, "price": tax, "title": "ES IVA"}]
    return {
        "id": key,
        "name": f"Artículo {key}",
        "price": price,
        "quantity": quantity,
        "current_quantity": quantity,
        "requires_shipping": True,
        "tax_lines": taxes,
        "discount_allocations": [],
    } | changes


def back(key: int, quantity: int, subtotal: str, tax: str = "0.00") -> dict[str, Any]:
    return {
        "id": key * 10,
        "line_item_id": key,
        "quantity": quantity,
        "subtotal": float(subtotal),
        "subtotal_set": both(subtotal),
        "total_tax": float(tax),
        "total_tax_set": both(tax),
    }


def refund(key: int, money: str, *items: dict[str, Any], adjustments: list[Any] | None = None, **more: Any) -> Any:
    payments = [{"kind": "refund", "status": "success", "amount": money, "currency": "EUR"}] if Decimal(money) else []
    return {
        "id": key,
        "order_id": 500,
        "created_at": "2026-11-03T10:00:00+01:00",
        "note": None,
        "refund_line_items": list(items),
        "order_adjustments": adjustments or [],
        "transactions": payments,
    } | more


def adjustment(amount: str, tax: str = "0.00", kind: str = "shipping_refund") -> dict[str, Any]:
    return {"id": 1, "amount": amount, "tax_amount": tax, "kind": kind}


SHIPPING = {
    "id": 90,
    "title": "24h",
    "price": "6.05",
    "tax_lines": [{"rate": 0.21, "price": "1.05", "title": "IVA"}],
    "discount_allocations": [],
}


def order(*items: Any, total: str, current: str | None = None, gross: bool = True, **changes: Any) -> dict[str, Any]:
    """A paid order of a shop in euros."""
    return {
        "id": 500,
        "name": "#1600",
        "created_at": "2026-11-02T10:00:00+01:00",
        "updated_at": "2026-11-03T10:00:00+01:00",
        "currency": "EUR",
        "taxes_included": gross,
        "total_price": total,
        "total_tax": "0.00",
        "refunds": [],
        "current_total_price": total if current is None else current,
        "financial_status": "paid",
        "line_items": list(items),
        "shipping_lines": [],
        "note_attributes": [],
    } | changes


def read(document: dict[str, Any]) -> OrderContent:
    return content("shopify", document, "orders/updated")


def alone(document: dict[str, Any]) -> Reading:
    return reading("shopify", document, "refunds/create")


def figures(found: Refund) -> list[tuple[str, Decimal, Decimal, list[tuple[Decimal, Decimal | None]]]]:
    return [
        (line.external_id, line.quantity, line.amount, [(tax.rate, tax.amount) for tax in line.taxes])
        for line in found.lines
    ]


class TestShopifyRefund:
    def test_of_the_samples_with_shipping(self) -> None:
        """Scenario shopify/11: 2.94 for one of three shirts and 4.95 of shipping, both at 21 %."""
        found = alone(sample("shopify", "12"))
        assert found.refund is not None
        assert (found.refund.total, found.refund.detailed, found.fetch) == (Decimal("-7.89"), True, None)
        assert figures(found.refund) == [
            ("6120001000038", -1, Decimal("-2.94"), [(21, Decimal("-0.51"))]),
            ("6120001000482", -1, Decimal("-4.95"), [(21, Decimal("-0.86"))]),
        ]

    def test_that_does_not_name_the_rates_is_to_be_fetched(self) -> None:
        """Older versions leave out the line that a refund line is of."""
        found = alone(sample("shopify", "11"))
        assert found.refund is not None
        assert (found.refund.total, [line.amount for line in found.refund.lines]) == (
            Decimal("-7.89"),
            [Decimal("-2.94"), Decimal("-4.95")],
        )
        assert not found.refund.detailed
        assert found.fetch == Hint(kind="order", external_id="6120001000001")

    def test_of_a_cancelled_net_order_with_shipping_as_an_adjustment(self) -> None:
        """Scenario shopify/13: 259.80 + 86.75 + 12.00 net, 75.30 of tax, 433.85 in all."""
        (found,) = content("shopify", sample("shopify", "13"), "orders/cancelled").refunds
        assert (found.total, found.detailed) == (Decimal("-433.85"), True)
        assert figures(found) == [
            ("6120001000630", -2, Decimal("-259.80"), [(21, Decimal("-54.56"))]),
            ("6120001000741", -5, Decimal("-86.75"), [(21, Decimal("-18.22"))]),
            ("6120001000852", -1, Decimal("-12.00"), [(21, Decimal("-2.52"))]),
        ]
        assert (
            sum(line.amount for line in found.lines)
            + sum(tax.amount or 0 for line in found.lines for tax in line.taxes)
            == found.total
        )

    def test_shipping_as_an_adjustment_is_gross_where_prices_are(self) -> None:
        """Shopify writes the adjustment net, 5.00, and its tax, 1.05, beside it."""
        document = order(
            article(1, "12.10", 2, tax="4.20"),
            total="30.25",
            current="12.10",
            shipping_lines=[SHIPPING],
            refunds=[refund(7, "18.15", back(1, 1, "12.10", "2.10"), adjustments=[adjustment("-5.00", "-1.05")])],
        )
        (found,) = read(document).refunds
        assert figures(found) == [
            ("1", -1, Decimal("-12.10"), [(21, Decimal("-2.10"))]),
            ("90", -1, Decimal("-6.05"), [(21, Decimal("-1.05"))]),
        ]

    @pytest.mark.parametrize(("money", "shipping"), [("18.15", "-6.05"), ("19.20", "-5.00")])
    def test_alone_its_sum_tells_whether_it_is_gross(self, money: str, shipping: str) -> None:
        """12.10 + 5.00 + 1.05 is 18.15; with 2.10 of tax on top of 12.10 it would be 20.25, so 19.20 is neither."""
        told = refund(7, money, back(1, 1, "12.10", "2.10"), adjustments=[adjustment("-5.00", "-1.05")])
        found = alone(told)
        assert found.refund is not None
        assert found.refund.lines[1].amount == Decimal(shipping)
        # Which shipping line it is only the order says.
        assert not found.refund.detailed
        assert found.fetch == Hint(kind="order", external_id="500")

    def test_of_shipping_that_the_order_no_longer_has_is_all_that_is_known(self) -> None:
        document = order(
            article(1, "12.10", 1), total="18.15", current="12.10",
            refunds=[refund(7, "6.05", adjustments=[adjustment("-5.00", "-1.05")])],
        )  # fmt: skip
        (found,) = read(document).refunds
        assert (found.lines[0].amount, found.lines[0].taxes, found.detailed) == (Decimal("-6.05"), (), True)

    def test_of_money_alone_is_no_line(self) -> None:
        document = order(
            article(1, "12.10", 1),
            total="12.10",
            current="7.10",
            refunds=[refund(7, "5.00", adjustments=[adjustment("-5.00", kind="refund_discrepancy")])],
        )
        (found,) = read(document).refunds
        assert (found.total, found.lines, found.detailed) == (-5, (), True)

    def test_goods_back_for_nothing_are_worth_nothing(self) -> None:
        document = order(
            article(1, "12.10", 2, current_quantity=1),
            total="24.20",
            refunds=[
                refund(
                    7, "0", back(1, 1, "12.10", "2.10"), adjustments=[adjustment("12.10", kind="refund_discrepancy")]
                )
            ],
        )
        found = read(document)
        assert figures(found.refunds[0]) == [("1", -1, 0, [])]
        # The current total says that nothing was taken off: the goods were sold and paid.
        assert (found.total, found.lines[0].quantity) == (Decimal("24.20"), 2)

    def test_of_two_taxes_the_split_is_not_told(self) -> None:
        two = [{"rate": 0.21, "price": "2.10"}, {"rate": 0.052, "price": "0.52"}]
        document = order(
            article(1, "12.62", 1) | {"tax_lines": two},
            total="12.62",
            current="0.00",
            refunds=[refund(7, "12.62", back(1, 1, "12.62", "2.62"))],
        )
        assert figures(read(document).refunds[0]) == [
            ("1", -1, Decimal("-12.62"), [(21, None), (Decimal("5.2"), None)])
        ]

    def test_in_the_buyers_currency_is_counted_in_the_shops(self) -> None:
        item = back(1, 1, "12.10", "2.10") | {"subtotal_set": both("12.10", "14.52", "USD")}
        told = refund(7, "14.52", item)
        told["transactions"][0]["currency"] = "USD"
        document = order(article(1, "12.10", 1), total="12.10", current="0.00", refunds=[told])
        assert [each.total for each in (read(document).refunds[0], alone(told).refund) if each] == [
            Decimal("-12.10"),
            Decimal("-12.10"),
        ]

    def test_is_the_same_twin_alone_and_inside(self) -> None:
        told = refund(7, "12.10", back(1, 1, "12.10", "2.10") | {"line_item": article(1, "12.10", 2, tax="4.20")})
        inside = read(order(article(1, "12.10", 2, tax="4.20"), total="24.20", current="12.10", refunds=[told])).refunds
        assert (alone(told).refund,) == inside

    @pytest.mark.parametrize("embedded", [True, False])
    def test_in_the_buyers_currency_is_to_the_cent_what_its_lines_say_in_the_shops(self, embedded: bool) -> None:
        """At 1.0837 dollars: 0.37 are 0.40 and 30.00 are 32.51; 32.91 x 0.37 / 0.40 would be 30.44."""
        free, cheap = back(1, 1, "0.00"), back(2, 1, "0.37", "0.06")
        dear = adjustment("-30.00", kind="refund_discrepancy") | {"amount_set": both("-30.00", "-32.51", "USD")}
        free["subtotal_set"], cheap["subtotal_set"] = both("0.00", "0.00", "USD"), both("0.37", "0.40", "USD")
        paid = [{"kind": "refund", "status": "success", "amount": "32.91", "currency": "USD"}]
        found = refund(7, "0", free, cheap, adjustments=[dear], transactions=paid)
        if embedded:
            document = order(
                article(1, "0.00", 1), article(2, "0.37", 1), article(3, "40.00", 1), total="40.37",
                total_price_set=both("40.37", "43.75", "USD"), refunds=[found],
            )  # fmt: skip
            assert read(document).refunds[0].total == Decimal("-30.37")
        else:
            told = alone(found).refund
            assert told is not None
            assert told.total == Decimal("-30.37")


class TestShopifyEdit:
    def test_pieces_taken_out_before_paying_were_not_sold(self) -> None:
        """3 x 12.10 placed, one taken out: 24.20 sold."""
        found = read(order(article(1, "12.10", 3, tax="6.30", current_quantity=2), total="36.30", current="24.20"))
        assert (found.total, found.current_total, found.total_tax) == (
            Decimal("24.20"),
            Decimal("24.20"),
            Decimal("4.20"),
        )
        (line,) = found.lines
        assert (line.quantity, line.amount, line.discount, line.taxes[0].amount) == (
            2,
            Decimal("24.20"),
            0,
            Decimal("4.20"),
        )

    def test_a_line_taken_out_whole_is_gone(self) -> None:
        """Shopify keeps the record of the edit as a refund without money."""
        document = order(
            article(1, "12.10", 1, tax="2.10"),
            article(2, "6.05", 2, tax="2.10", current_quantity=0),
            total="24.20",
            current="12.10",
            refunds=[refund(8, "0", back(2, 2, "12.10", "2.10"))],
        )
        found = read(document)
        assert ([line.external_id for line in found.lines], found.total) == (["1"], Decimal("12.10"))

    def test_in_a_net_order_the_tax_goes_too(self) -> None:
        document = order(
            article(1, "10.00", 3, tax="6.30", current_quantity=2), total="36.30", current="24.20", gross=False
        )
        found = read(document)
        assert (found.total, found.lines[0].amount, found.lines[0].taxes[0].amount) == (
            Decimal("24.20"),
            20,
            Decimal("4.20"),
        )

    def test_a_discount_goes_with_its_pieces(self) -> None:
        document = order(
            article(1, "12.10", 3, tax="5.67", current_quantity=2, discount_allocations=[{"amount": "3.63"}]),
            total="32.67",
            current="21.78",
        )
        (line,) = read(document).lines
        assert (line.amount, line.discount) == (Decimal("21.78"), Decimal("2.42"))

    def test_and_paid_back_later_changes_nothing_more(self) -> None:
        """The money for the piece that was taken out goes back as a refund of no line: the sale stays 24.20."""
        before = order(
            article(1, "12.10", 3, tax="6.30", current_quantity=2),
            total="36.30",
            current="24.20",
            refunds=[refund(8, "0", back(1, 1, "12.10", "2.10"))],
        )
        after = before | {"refunds": [*before["refunds"], refund(9, "12.10")]}
        one, other = read(before), read(after)
        assert (one.total, one.lines) == (other.total, other.lines) == (Decimal("24.20"), one.lines)
        assert [each.total for each in other.refunds] == [0, 0]

    def test_beside_a_true_refund(self) -> None:
        """Of five pieces two were edited out, and one was returned for its money: 36.30 sold, 12.10 back."""
        document = order(
            article(1, "12.10", 5, tax="10.50", current_quantity=2),
            total="60.50",
            current="24.20",
            refunds=[refund(8, "12.10", back(1, 1, "12.10", "2.10"))],
        )
        found = read(document)
        assert (found.total, found.lines[0].quantity, found.refunds[0].total) == (
            Decimal("36.30"),
            3,
            Decimal("-12.10"),
        )

    def test_what_was_added_was_sold(self) -> None:
        """A version that leaves total_price as it was placed: lines and current total agree on 24.20."""
        added = order(
            article(1, "12.10", 1, tax="2.10"), article(2, "12.10", 1, tax="2.10"), total="12.10", current="24.20"
        )
        found = read(added)
        assert (found.total, found.total_tax, len(found.lines)) == (Decimal("24.20"), Decimal("4.20"), 2)

    @pytest.mark.parametrize("current", ["20.00", "24.19"])
    def test_that_does_not_add_up_is_left_to_a_person(self, current: str) -> None:
        found = read(order(article(1, "12.10", 3, current_quantity=2), total="36.30", current=current))
        assert (found.total, found.current_total, found.lines[0].quantity) == (Decimal("36.30"), Decimal(current), 3)

    def test_of_a_cancelled_order_is_its_cancellation(self) -> None:
        found = read(
            order(
                article(1, "12.10", 3, current_quantity=0),
                total="36.30",
                current="0.00",
                cancelled_at="2026-11-03T10:00:00+01:00",
            )
        )
        assert (found.total, found.cancelled) == (Decimal("36.30"), True)

    def test_a_refund_is_no_edit(self) -> None:
        document = order(
            article(1, "12.10", 2, current_quantity=1),
            total="24.20",
            current="12.10",
            refunds=[refund(7, "12.10", back(1, 1, "12.10", "2.10"))],
        )
        found = read(document)
        assert (found.total, found.lines[0].quantity) == (Decimal("24.20"), 2)


class TestShopifyOrder:
    def test_the_bundle_is_the_order(self) -> None:
        document = sample("shopify", "02")
        pulled = reading("shopify", {"pulled": "shopify", "order": document})
        assert pulled.content is not None
        # only orders/paid tells when; this order was paid at checkout, which every topic tells
        assert pulled == reading("shopify", document, "orders/paid")

    def test_tips_are_tips(self) -> None:
        tip = article(3, "2.00", 1, rate=None, tip={"payment_gateway": "x"})
        assert read(order(article(1, "12.10", 1), tip, total="14.10")).lines[1].kind == LineKind.TIP
        told = read(order(article(1, "12.10", 1), total="14.10", total_tip_received="2.00"))
        assert (told.lines[1].kind, told.lines[1].amount) == (LineKind.TIP, 2)

    def test_shipped_and_delivered_when_every_parcel_is(self) -> None:
        parcels = [
            {
                "status": "success",
                "created_at": f"2026-11-0{day}T10:00:00Z",
                "shipment_status": "delivered",
                "updated_at": f"2026-11-0{day + 2}T10:00:00Z",
            }
            for day in (3, 4)
        ]
        sent = order(article(1, "12.10", 1), total="12.10", fulfillment_status="fulfilled", fulfillments=parcels)
        found = read(sent)
        assert found.shipped_at == datetime(2026, 11, 4, 10, tzinfo=UTC)
        assert found.delivered_at == datetime(2026, 11, 6, 10, tzinfo=UTC)
        parcels[0]["shipment_status"] = "in_transit"
        assert (read(sent).shipped_at is None, read(sent).delivered_at) == (False, None)
        assert read(sent | {"fulfillment_status": "partial"}).shipped_at is None

    @pytest.mark.parametrize(("locale", "language"), [("es-ES", "es"), ("ca", "ca"), (None, "")])
    def test_language(self, locale: str | None, language: str) -> None:
        assert read(order(article(1, "12.10", 1), total="12.10", customer_locale=locale)).language == language


class TestWooCommerceRefund:
    def test_in_a_webhook_is_only_a_sum_to_fetch(self) -> None:
        found = reading("woocommerce", sample("woocommerce", "03"), "order.updated")
        assert found.content is not None
        (told,) = found.content.refunds
        assert (told.external_id, told.total, told.lines, told.detailed) == ("7055", Decimal("-10.58"), (), False)
        assert found.fetch == Hint(kind="order", external_id="7001")

    def test_in_the_bundle_says_what_it_was_for(self) -> None:
        """Scenario woocommerce/03: -8.74 net and -1.84 of tax; gross here, because prices include tax."""
        found = reading("woocommerce", self.bundle(sample("woocommerce", "04")))
        assert found.fetch is None
        assert found.content is not None
        (told,) = found.content.refunds
        assert (told.total, told.detailed, told.reason) == (Decimal("-10.58"), True, "Botella rota")
        assert told.created_at == datetime(2026, 10, 22, 8, 11, 58, tzinfo=UTC)
        assert figures(told) == [("5101", -1, Decimal("-10.58"), [(21, Decimal("-1.84"))])]
        assert (told.lines[0].sku, told.lines[0].unit_price) == ("VINO-CRZ", Decimal("10.58"))

    def test_is_net_where_prices_are(self) -> None:
        bundle = self.bundle(sample("woocommerce", "04"))
        bundle["order"]["prices_include_tax"] = False
        assert figures(content("woocommerce", bundle).refunds[0])[0][2] == Decimal("-8.74")

    def test_gives_shipping_and_fees_back_as_lines(self) -> None:
        told = sample("woocommerce", "04") | {"amount": "16.53"}
        told["shipping_lines"] = [
            {
                "id": 1,
                "method_title": "Envío 24h",
                "total": "-4.92",
                "total_tax": "-1.03",
                "taxes": [{"id": 1, "total": "-1.03"}],
                "meta_data": [{"key": "_refunded_item_id", "value": "5107"}],
            }
        ]
        (found,) = content("woocommerce", self.bundle(told)).refunds
        shipping = found.lines[1]
        assert (shipping.kind, shipping.external_id, shipping.amount) == (LineKind.SHIPPING, "5107", Decimal("-5.95"))

    def test_of_an_amount_alone_has_no_lines(self) -> None:
        (found,) = content("woocommerce", self.bundle(sample("woocommerce", "04") | {"line_items": []})).refunds
        assert (found.total, found.lines, found.detailed) == (Decimal("-10.58"), (), True)

    def test_off_a_line_without_pieces_is_one_of_it(self) -> None:
        told = sample("woocommerce", "04")
        told["line_items"][0] |= {"quantity": 0}
        assert content("woocommerce", self.bundle(told)).refunds[0].lines[0].quantity == -1

    def test_that_was_not_fetched_stays_to_fetch(self) -> None:
        bundle = self.bundle()
        assert reading("woocommerce", bundle).fetch == Hint(kind="order", external_id="7001")

    def test_that_only_the_refunds_know_counts(self) -> None:
        bundle = self.bundle(sample("woocommerce", "04"))
        bundle["order"]["refunds"] = []
        assert [each.external_id for each in content("woocommerce", bundle).refunds] == ["7055"]

    def test_completed_is_shipped_and_a_tip_is_a_tip(self) -> None:
        document = sample("woocommerce", "02") | {
            "status": "completed",
            "date_completed_gmt": "2026-10-21T08:00:00",
            "meta_data": [{"key": "wpml_language", "value": "ca"}],
            "fee_lines": [{"id": 1, "name": "Propina", "total": "2.00", "total_tax": "0.00", "taxes": []}],
        }
        found = content("woocommerce", document, "order.updated")
        assert (found.shipped_at, found.language) == (datetime(2026, 10, 21, 8, tzinfo=UTC), "ca")
        assert found.lines[-1].kind == LineKind.TIP

    def bundle(self, *refunds: dict[str, Any]) -> dict[str, Any]:
        return {"pulled": "woocommerce", "order": sample("woocommerce", "03"), "refunds": list(refunds)}
