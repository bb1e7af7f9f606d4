"""What is tricky in Magento: net rows before discounts, products of parts, two currencies, vouchers, hints."""

# mypy: disable-error-code="comparison-overlap"
# 21 is Decimal("21"): whole amounts and rates are written as what they are.

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from invoicing.storefronts import PLATFORMS, ReaderSettings, Unreadable
from invoicing.values import Hint, LineKind, OrderContent
from tests.invoicing.bundles import content, creditmemo, magento, reading, sample

reader = PLATFORMS["magento"]


def read(document: dict[str, Any], **settings: Any) -> OrderContent:
    return content("magento", document, **settings)


def item(**changes: Any) -> dict[str, Any]:
    """One article at 121.00 gross, 21 %, without discount."""
    return {
        "item_id": 50, "order_id": 312, "sku": "SILLA", "name": "Silla", "product_type": "simple", "qty_ordered": 1,
        "price": 100, "price_incl_tax": 121, "original_price": 121, "base_row_total": 100, "row_total": 100,
        "tax_percent": 21, "base_tax_amount": 21, "base_discount_amount": 0, "is_virtual": 0,
        "base_discount_tax_compensation_amount": 0,
    } | changes  # fmt: skip


def order_of(*items: dict[str, Any], total: float, **order: Any) -> dict[str, Any]:
    """An order of these items alone, without shipping."""
    changes: dict[str, Any] = {
        "items": list(items), "base_grand_total": total, "grand_total": total, "base_total_paid": total,
        "total_paid": total, "base_shipping_amount": 0, "base_shipping_tax_amount": 0, "extension_attributes": {},
    } | order  # fmt: skip
    return magento(**changes)


class TestMoney:
    def test_what_was_paid_for_a_row_is_row_and_tax_and_compensation_less_discount(self) -> None:
        found = read(magento())
        # 20.00 + 3.78 + 0.42 - 2.42; 5.00 + 0.45 + 0.05 - 0.55; 6.00 + 0.22 + 0.02 - 0.62; 5.00 + 1.05
        assert [line.amount for line in found.lines] == [Decimal(x) for x in ("21.78", "4.95", "5.62", "6.05")]
        assert [[tax.rate for tax in line.taxes] for line in found.lines] == [[21], [10], [4], [21]]
        assert (found.prices_include_tax, found.total, found.total_tax) == (True, Decimal("38.40"), Decimal("5.50"))
        coffee = found.lines[0]
        assert (coffee.unit_price, coffee.discount, coffee.quantity) == (Decimal("12.10"), Decimal("2.42"), 2)

    def test_lines_of_a_net_catalogue_stay_net(self) -> None:
        net = item(original_price=100, base_discount_amount=10, base_tax_amount="18.90")
        found = read(order_of(net, total=108.90, base_shipping_amount=5, base_shipping_tax_amount=1.05))
        assert not found.prices_include_tax
        assert [line.amount for line in found.lines] == [Decimal(90), Decimal(5)]
        assert found.lines[0].unit_price == 100

    def test_is_the_base_currencys_not_the_buyers(self) -> None:
        document = magento(order_currency_code="USD", grand_total=44.50, total_paid=44.50, base_to_order_rate=1.1589)
        for line in document["order"]["items"]:
            line |= {"row_total": line["row_total"] * 2, "tax_amount": 99}
        found = read(document)
        assert (found.currency, found.total, found.lines[0].amount) == ("EUR", Decimal("38.40"), Decimal("21.78"))

    def test_another_currency_without_a_base_amount_is_told(self) -> None:
        document = magento(order_currency_code="USD", base_grand_total=None)
        with pytest.raises(Unreadable) as caught:
            read(document)
        assert caught.value.pointer == "/base_grand_total"

    def test_numbers_keep_their_digits(self) -> None:
        body = json.dumps(magento()).replace('"base_grand_total": 38.4,', '"base_grand_total": 38.4000,')
        found = reader.read(body.encode(), "pulled", ReaderSettings())
        assert found is not None
        assert str(found.content.total) == "38.40"

    def test_a_configurable_product_counts_once(self) -> None:
        parent = item(product_type="configurable")
        child = item(item_id=51, parent_item_id=50, price=0, base_row_total=0, row_total=0, base_tax_amount=0)
        assert [line.external_id for line in read(order_of(parent, child, total=121)).lines] == ["50"]

    def test_a_bundle_counts_by_the_parts_that_bear_the_money(self) -> None:
        parent = item(product_type="bundle", base_tax_amount=0)
        table = item(item_id=51, parent_item_id=50, base_row_total=60, base_tax_amount="12.60", name="Mesa")
        book = item(item_id=52, parent_item_id=50, base_row_total=40, base_tax_amount="1.60", tax_percent=4)
        found = read(order_of(parent, table, book, total=114.20))
        assert [(line.external_id, line.amount, line.taxes[0].rate) for line in found.lines] == [
            ("51", Decimal("72.60"), 21), ("52", Decimal("41.60"), 4),
        ]  # fmt: skip
        assert sum(line.amount for line in found.lines) == found.total

    def test_a_surcharge_is_a_second_tax_of_the_item(self) -> None:
        taxes = [{"type": "product", "item_id": 50, "applied_taxes": [
            {"percent": 21, "base_amount": 21, "amount": 21, "title": "IVA"},
            {"percent": 5.2, "base_amount": 5.2, "amount": 5.2, "title": "Recargo"}]}]  # fmt: skip
        found = read(
            order_of(
                item(base_tax_amount=26.2, price_incl_tax=126.2, tax_percent=26.2), total=126.2,
                extension_attributes={"item_applied_taxes": taxes},
            )
        )  # fmt: skip
        assert [(tax.rate, tax.amount) for tax in found.lines[0].taxes] == [
            (21, Decimal(21)), (Decimal("5.2"), Decimal("5.2")),
        ]  # fmt: skip

    def test_without_taxes_per_item_its_percentage_counts(self) -> None:
        found = read(order_of(item(), total=127.05, base_shipping_amount=5, base_shipping_tax_amount=1.05))
        assert [line.taxes[0].rate for line in found.lines] == [21, 21]

    def test_vouchers_pay_and_take_nothing_off(self) -> None:
        extra = {"base_gift_cards_amount": 20, "base_customer_balance_amount": 1}
        found = read(order_of(item(), total=100, extension_attributes=extra))
        assert found.total == sum(line.amount for line in found.lines) == 121

    def test_gift_wrapping_is_a_line(self) -> None:
        extra = {"gw_base_price": 2, "gw_base_tax_amount": 0.42, "item_applied_taxes": [
            {"type": "quote_gw", "applied_taxes": [{"percent": 21, "base_amount": 0.42}]}]}  # fmt: skip
        wrapping = read(order_of(item(), total=123.42, extension_attributes=extra)).lines[-1]
        assert (wrapping.kind, wrapping.amount, wrapping.taxes[0].rate) == (LineKind.FEE, Decimal("2.42"), 21)

    @pytest.mark.parametrize(
        ("kind", "virtual", "expected"),
        [("giftcard", 1, LineKind.GIFT_CARD), ("downloadable", 1, LineKind.SERVICE), ("virtual", 1, LineKind.SERVICE),
         ("simple", 0, LineKind.GOODS), ("bundle", 1, LineKind.SERVICE)],
    )  # fmt: skip
    def test_kinds(self, kind: str, virtual: int, expected: LineKind) -> None:
        assert read(order_of(item(product_type=kind, is_virtual=virtual), total=121)).lines[0].kind == expected

    def test_an_untaxed_order_has_no_taxes(self) -> None:
        found = read(order_of(item(base_tax_amount=0, tax_percent=0), total=100, base_shipping_amount=5))
        assert [line.taxes for line in found.lines] == [(), ()]


class TestState:
    @pytest.mark.parametrize(
        ("state", "received", "paid", "partly", "cancelled"),
        [
            ("new", None, False, False, False), ("pending_payment", None, False, False, False),
            ("payment_review", 38.4, False, False, False), ("processing", 38.4, True, False, False),
            ("processing", 10, False, True, False), ("complete", 38.4, True, False, False),
            ("closed", 38.4, True, False, False), ("holded", 38.4, True, False, False),
            ("canceled", None, False, False, True),
        ],
    )  # fmt: skip
    def test_paid_is_what_was_received(
        self, state: str, received: float | None, paid: bool, partly: bool, cancelled: bool
    ) -> None:
        found = read(magento(state=state, base_total_paid=received, total_paid=received))
        assert (found.paid, found.partially_paid, found.cancelled) == (paid, partly, cancelled)
        assert found.advances == (Decimal(10) if partly else 0)

    def test_a_part_that_was_cancelled_shows_in_the_current_total(self) -> None:
        found = read(magento(base_total_paid=26.29, base_total_canceled=12.11))
        assert (found.paid, found.total, found.current_total) == (True, Decimal("38.40"), Decimal("26.29"))

    def test_times_are_utc(self) -> None:
        found = reading("magento", magento())
        assert found.updated_at == datetime(2026, 10, 22, 9, 10, 14, tzinfo=UTC)
        assert found.content is not None
        assert found.content.placed_at == found.content.paid_at == datetime(2026, 10, 22, 9, 10, 11, tzinfo=UTC)

    def test_paid_when_magento_invoiced_where_that_was_read(self) -> None:
        document = magento(updated_at="2026-10-24 09:00:00")
        assert read(document).paid_at is None
        invoices = [{"created_at": "2026-10-23 07:00:00"}]
        assert read(document | {"invoices": invoices}).paid_at == datetime(2026, 10, 23, 7, tzinfo=UTC)

    def test_so_it_is_of_a_part(self) -> None:
        part = magento(updated_at="2026-10-24 09:00:00", base_total_paid=10, total_paid=10)
        found = read(part | {"invoices": [{"created_at": "2026-10-23 07:00:00"}]})
        assert (found.partially_paid, found.paid_at) == (True, datetime(2026, 10, 23, 7, tzinfo=UTC))

    def test_shipped_when_its_history_notes_the_last_shipment(self) -> None:
        history = [{"entity_name": "shipment", "created_at": f"2026-10-2{day} 08:00:00"} for day in (4, 3)]
        history.append({"entity_name": "invoice", "created_at": "2026-10-26 08:00:00"})
        assert read(magento(status_histories=history)).shipped_at is None
        sent = read(magento(status_histories=history, state="complete"))
        assert sent.shipped_at == datetime(2026, 10, 24, 8, tzinfo=UTC)


class TestBuyer:
    def test_is_the_company_with_its_vat_id(self) -> None:
        found = read(magento()).buyer
        assert (found.tax_id, found.company, found.name) == ("B12345674", "Cafés Prieto SL", "Óscar Prieto")
        assert found.address.lines == ("Rúa do Franco 10", "Baixo")

    def test_taxvat_of_the_customer_where_the_address_has_none(self) -> None:
        document = magento(customer_taxvat="12345678z")
        document["order"]["billing_address"]["vat_id"] = None
        assert read(document).buyer.tax_id == "12345678Z"

    def test_the_customers_name_where_the_address_has_none(self) -> None:
        document = magento(customer_firstname="Nuria", customer_lastname="Prieto Lago")
        assert read(document).buyer.name == "Óscar Prieto"
        document["order"]["billing_address"] |= {"firstname": None, "lastname": ""}
        assert read(document).buyer.name == "Nuria Prieto Lago"

    def test_a_configured_attribute_comes_first(self) -> None:
        document = magento()
        document["order"]["billing_address"]["custom_attributes"] = [{"attribute_code": "dni", "value": "12345678Z"}]
        assert read(document, nif_keys=("dni",)).buyer.tax_id == "12345678Z"

    def test_goods_go_where_the_shipping_says(self) -> None:
        document = magento()
        address = document["order"]["extension_attributes"]["shipping_assignments"][0]["shipping"]["address"]
        address |= {"region": "Las Palmas", "region_code": "Las Palmas", "postcode": "35002"}
        found = read(document)
        assert (found.ship_to.postal_code, found.ship_to.province) == ("35002", "Las Palmas")
        assert found.buyer.address.postal_code == "15702"


class TestCreditMemos:
    def test_say_what_they_are_for(self) -> None:
        found = reading("magento", magento() | {"creditmemos": [creditmemo()]})
        assert found.updated_at == datetime(2026, 10, 25, 8, tzinfo=UTC)
        assert found.content is not None
        (refund,) = found.content.refunds
        assert (refund.external_id, refund.total, refund.reason) == ("9", Decimal("-10.89"), "Paquete abierto")
        (line,) = refund.lines
        # 10.00 + 1.89 + 0.21 - 1.21
        assert (line.external_id, line.quantity, line.amount) == ("41", -1, Decimal("-10.89"))
        assert [(tax.rate, tax.amount) for tax in line.taxes] == [(21, Decimal("-1.89"))]

    def test_adjustments_are_money_alone(self) -> None:
        memo = creditmemo(base_grand_total=12.89, adjustment_positive=2, base_adjustment_positive=2)
        (refund,) = read(magento() | {"creditmemos": [memo]}).refunds
        assert (refund.total, sum(line.amount for line in refund.lines)) == (Decimal("-12.89"), Decimal("-10.89"))

    def test_shipping_goes_back_as_a_line(self) -> None:
        memo = creditmemo(base_grand_total=6.05, items=[], base_shipping_amount=5, base_shipping_tax_amount=1.05)
        (refund,) = read(magento() | {"creditmemos": [memo]}).refunds
        (line,) = refund.lines
        assert (line.kind, line.amount, line.taxes[0].rate) == (LineKind.SHIPPING, Decimal("-6.05"), 21)

    def test_a_cancelled_one_is_none(self) -> None:
        assert read(magento() | {"creditmemos": [creditmemo(state=3)]}).refunds == ()


class TestAlone:
    def test_an_order_is_whole(self) -> None:
        found = reading("magento", sample("magento", "01"), "order")
        assert found.content == read(magento())
        assert found.fetch is None

    def test_an_order_with_money_back_asks_for_the_credit_memos(self) -> None:
        found = reading("magento", sample("magento", "01") | {"base_total_refunded": 10.89}, "order")
        assert found.fetch == Hint(kind="order", external_id="312")

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("com.adobe.commerce.observer.sales_order_save_commit_after", {"entity_id": "312"}),
            ("com.adobe.commerce.plugin.magento.sales.api.order_repository.save", {"entity_id": 312}),
            ("com.adobe.commerce.observer.sales_order_creditmemo_save_after", {"entity_id": "9", "order_id": "312"}),
            ("com.adobe.commerce.observer.sales_order_invoice_pay", {"entity_id": "8", "order_id": "312"}),
        ],
    )
    def test_an_event_is_a_hint(self, kind: str, value: dict[str, Any]) -> None:
        event = sample("magento", "03") | {"type": kind}
        event["data"]["value"] = value
        found = reading("magento", event, kind)
        assert (found.external_id, found.content) == ("312", None)
        assert found.fetch == Hint(kind="order", external_id="312")
        assert found.updated_at == datetime(2026, 10, 22, 9, 10, 15, 220000, tzinfo=UTC)

    def test_an_event_of_something_else_is_nothing_for_us(self) -> None:
        event = sample("magento", "03") | {"type": "com.adobe.commerce.observer.catalog_product_save_commit_after"}
        assert reader.read(json.dumps(event).encode(), event["type"], ReaderSettings()) is None

    def test_an_event_without_its_order_says_what_to_subscribe_to(self) -> None:
        event = sample("magento", "03")
        del event["data"]["value"]["entity_id"]
        with pytest.raises(Unreadable, match="add this field to the subscription") as caught:
            reader.read(json.dumps(event).encode(), event["type"], ReaderSettings())
        assert caught.value.pointer == "/data/value/entity_id"

    def test_a_modules_hint(self) -> None:
        found = reading("magento", {"hint": "creditmemo", "id": 9, "order": 312, "at": "2026-10-25T08:00:01Z"}, "hint")
        assert (found.external_id, found.fetch) == ("312", Hint(kind="creditmemo", external_id="9"))
