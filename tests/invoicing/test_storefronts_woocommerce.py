"""What is tricky in WooCommerce's deliveries. Signatures were made with the openssl command, not with our code."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from invoicing.storefronts import PLATFORMS, ReaderSettings, Unreadable
from invoicing.values import LineKind, OrderContent
from tests.invoicing.orders import payload

woocommerce = PLATFORMS["woocommerce"]

BODY = b'{"id":7001,"status":"processing"}'
# printf '{"id":7001,"status":"processing"}' | openssl dgst -sha256 -hmac 'wcTrial7' -binary | base64
SIGNATURE = "ZHAQXNBOilKpsD2Iqd/5OyotF7uQ/+ymI0CJaJpNieM="
# the same with the key 'a&b<c' (the decoded form of what the admin screen shows as a&amp;b&lt;c)
SIGNATURE_BY_DECODED = "tCB50o4O0ndbqqQWWgez0TDliZogiK24Optsii7C48o="
ARRIVED = datetime(2026, 10, 25, 12, 0, tzinfo=UTC)


def body(name: str, **changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(payload("woocommerce", name))
    return document | changes


def read(document: dict[str, Any], topic: str = "order.updated", **settings: Any) -> OrderContent:
    found = woocommerce.read(json.dumps(document).encode(), topic, ReaderSettings(**settings))
    assert found is not None
    assert found.content is not None
    return found.content


class TestSignature:
    def test_of_the_secret(self) -> None:
        assert woocommerce.authentic(BODY, {"x-wc-webhook-signature": SIGNATURE}, ["wcTrial7"])
        assert woocommerce.authentic(BODY, {"X-WC-Webhook-Signature": SIGNATURE}, ["newer", "wcTrial7"])
        assert not woocommerce.authentic(BODY, {"X-WC-Webhook-Signature": SIGNATURE}, ["newer"])

    def test_is_over_the_trimmed_body(self) -> None:
        assert woocommerce.authentic(b"\n " + BODY + b"\r\n\0", {"X-WC-Webhook-Signature": SIGNATURE}, ["wcTrial7"])
        assert not woocommerce.authentic(BODY[:-1] + b" }", {"X-WC-Webhook-Signature": SIGNATURE}, ["wcTrial7"])

    @pytest.mark.parametrize("secret", ["a&amp;b&lt;c", "a&b<c"])
    def test_entities_in_the_secret_are_decoded(self, secret: str) -> None:
        assert woocommerce.authentic(BODY, {"X-WC-Webhook-Signature": SIGNATURE_BY_DECODED}, [secret])

    @pytest.mark.parametrize("secrets", [[], [""]])
    def test_nothing_without_a_secret(self, secrets: list[str]) -> None:
        assert not woocommerce.authentic(BODY, {"X-WC-Webhook-Signature": SIGNATURE}, secrets)
        assert not woocommerce.authentic(BODY, {}, secrets)


class TestIdentity:
    HEADERS = {"X-WC-Webhook-Delivery-ID": "5d41402abc4b2a76b9719d911017c592", "x-wc-webhook-topic": "order.updated"}

    def test_joins_delivery_id_and_digest(self) -> None:
        found = woocommerce.identity(BODY, self.HEADERS)
        # printf '{"id":7001,"status":"processing"}' | sha256sum
        assert (
            found.delivery_key
            == "5d41402abc4b2a76b9719d911017c592:75b9015a5b1ff65563ea720c82c2a419f832644a823196c8f721ce5c206a10b7"
        )
        assert (found.topic, found.triggered_at) == ("order.updated", None)

    def test_two_bodies_of_one_second_are_two_deliveries(self) -> None:
        one, other = woocommerce.identity(BODY, self.HEADERS), woocommerce.identity(BODY + b" ", self.HEADERS)
        assert one.delivery_key != other.delivery_key


class TestPing:
    @pytest.mark.parametrize("form", [b"webhook_id=12", b"webhook_id=12\n"])
    def test_is_the_form_without_signature(self, form: bytes) -> None:
        assert woocommerce.ping(form, {"Content-Type": "application/x-www-form-urlencoded"})

    @pytest.mark.parametrize("form", [b"", b"webhook_id=", b"webhook_id=12&x=1", b"webhook_id=12a", BODY])
    def test_is_nothing_else(self, form: bytes) -> None:
        assert not woocommerce.ping(form, {})

    def test_is_never_signed(self) -> None:
        assert not woocommerce.ping(b"webhook_id=12", {"x-wc-webhook-signature": SIGNATURE})


class TestMoney:
    def test_net_lines_of_inclusive_prices_become_gross(self) -> None:
        found = read(body("02"))
        assert found.prices_include_tax
        assert [line.amount for line in found.lines] == [Decimal(x) for x in ("31.72", "16.11", "5.67", "5.95")]
        wine = found.lines[0]
        # (29.13 + 6.12) / 3 before the coupon of 2.92 + 0.61
        assert (wine.unit_price, wine.discount) == (Decimal("11.75"), Decimal("3.53"))

    def test_net_lines_of_exclusive_prices_stay_net(self) -> None:
        found = read(body("05"))
        assert not found.prices_include_tax
        assert [line.amount for line in found.lines] == [Decimal("240.00")]

    def test_rates_are_joined_by_id(self) -> None:
        assert [[tax.rate for tax in line.taxes] for line in read(body("02")).lines] == [[21], [4], [10], [21]]

    def test_a_rate_of_another_line_is_no_tax(self) -> None:
        document = body("02")
        document["line_items"][0]["taxes"].append({"id": 3, "total": "", "subtotal": ""})
        assert [tax.rate for tax in read(document).lines[0].taxes] == [21]

    def test_a_rate_that_the_order_lacks_is_told(self) -> None:
        document = body("02")
        document["line_items"][0]["taxes"][0]["id"] = 9
        with pytest.raises(Unreadable) as caught:
            read(document)
        assert caught.value.pointer == "/line_items/0/taxes/0/id"

    def test_a_payment_discount_is_a_negative_fee(self) -> None:
        fee = {"id": 1, "name": "Descuento por transferencia", "total": "-2.00", "total_tax": "-0.42",
               "taxes": [{"id": 1, "total": "-0.42"}]}  # fmt: skip
        found = read(body("02", fee_lines=[fee])).lines[-1]
        assert (found.kind, found.amount, found.taxes[0].rate) == (LineKind.FEE, Decimal("-2.42"), Decimal(21))

    def test_a_surcharge_is_a_second_tax_of_the_line(self) -> None:
        document = body("05")
        document["tax_lines"].append({"rate_id": 7, "label": "Recargo", "rate_percent": 5.2})
        document["line_items"][0]["taxes"].append({"id": 7, "total": "12.48"})
        assert [tax.rate for tax in read(document).lines[0].taxes] == [21, Decimal("5.2")]

    def test_a_cart_without_shipping_holds_services(self) -> None:
        assert read(body("05")).lines[0].kind == LineKind.SERVICE
        assert read(body("02")).lines[0].kind == LineKind.GOODS


class TestState:
    @pytest.mark.parametrize(
        ("status", "date_paid", "paid", "cancelled"),
        [
            ("pending", None, False, False),
            ("on-hold", None, False, False),
            ("on-hold", "2026-10-20T06:00:10", False, False),
            ("failed", None, False, False),
            ("processing", None, False, False),  # cash on delivery
            ("processing", "2026-10-20T06:00:10", True, False),
            ("completed", "2026-10-20T06:00:10", True, False),
            ("refunded", "2026-10-20T06:00:10", True, False),
            ("cancelled", "2026-10-20T06:00:10", True, True),
            ("cancelled", None, False, True),
            ("checkout-draft", None, False, False),
        ],
    )
    def test_status_and_date_paid(self, status: str, date_paid: str | None, paid: bool, cancelled: bool) -> None:
        found = read(body("02", status=status, date_paid_gmt=date_paid))
        assert (found.paid, found.cancelled) == (paid, cancelled)
        assert (found.paid_at is not None) is paid

    def test_a_deposit_is_paid_in_part(self) -> None:
        assert read(body("02", status="partially-paid")).partially_paid

    def test_its_number_may_be_a_plugins(self) -> None:
        assert read(body("02", number="W-2026-77")).number == "W-2026-77"
        assert read(body("02", number="")).number == "7001"

    def test_dates_are_the_gmt_twins(self) -> None:
        found = woocommerce.read(payload("woocommerce", "02"), "order.updated", ReaderSettings())
        assert found is not None
        assert found.content is not None
        assert found.updated_at == datetime(2026, 10, 19, 17, 3, 2, tzinfo=UTC)
        assert found.content.paid_at == datetime(2026, 10, 19, 17, 3, 2, tzinfo=UTC)
        assert found.content.placed_at == datetime(2026, 10, 19, 17, 2, 11, tzinfo=UTC)

    def test_trial_payments_are_test_orders(self) -> None:
        assert read(body("02", meta_data=[{"key": "_wcpay_mode", "value": "test"}])).test
        assert not read(body("02", meta_data=[{"key": "_wcpay_mode", "value": "prod"}])).test

    @pytest.mark.parametrize("key", ["_wcpdf_invoice_number", "_wpo_wcpdf_invoice_number"])
    def test_another_systems_number_is_kept(self, key: str) -> None:
        assert read(body("02", meta_data=[{"key": key, "value": 42}])).invoiced_elsewhere == "42"

    @pytest.mark.parametrize("key", ["_billing_nif", "billing_nif", "_billing_NIF"])
    def test_nif_in_meta(self, key: str) -> None:
        found = read(body("02", meta_data=[{"key": key, "value": " 12.345.678-z"}]), nif_keys=("_billing_nif",))
        assert found.buyer.tax_id == "12345678Z"

    def test_nif_in_the_billing_address(self) -> None:
        document = body("02")
        document["billing"]["nif"] = "12345678Z"
        assert read(document).buyer.tax_id == "12345678Z"

    def test_meta_that_is_no_text_is_passed_over(self) -> None:
        meta = [{"key": "_billing_nif", "value": {"a": [1]}}, {"key": "other", "value": [1, 2]}, {"key": "x"}]
        assert read(body("02", meta_data=meta)).buyer.tax_id == ""


class TestTopics:
    def test_a_restored_order_is_an_order(self) -> None:
        assert read(body("02"), "order.restored").paid

    @pytest.mark.parametrize("topic", ["product.updated", "customer.created", "coupon.deleted", "action.x", ""])
    def test_without_an_order_are_nothing_for_us(self, topic: str) -> None:
        assert woocommerce.read(b"not even JSON", topic, ReaderSettings()) is None

    def test_a_deletion_knows_only_which_order_and_when_it_came(self) -> None:
        found = woocommerce.read(b'{"id":7001}', "order.deleted", ReaderSettings(received_at=ARRIVED))
        assert found is not None
        assert found.content is not None
        assert (found.external_id, found.updated_at, found.content.deleted) == ("7001", ARRIVED, True)
        assert not found.content.paid

    def test_a_deletion_without_date_of_arrival_is_refused(self) -> None:
        with pytest.raises(Unreadable):
            woocommerce.read(b'{"id":7001}', "order.deleted", ReaderSettings())


class TestBrokenBodies:
    @pytest.mark.parametrize(
        ("path", "value", "pointer"),
        [
            (["id"], None, "/id"),
            (["total"], "59,45", "/total"),
            (["total"], None, "/total"),
            (["date_modified_gmt"], None, "/date_modified_gmt"),
            (["date_created_gmt"], "0000-00-00T00:00:00", "/date_created_gmt"),
            (["billing"], 5, "/billing"),
            (["billing"], "Sevilla", "/billing"),
            (["line_items", 0, "total"], "", "/line_items/0/total"),
            (["line_items", 0, "taxes"], {}, "/line_items/0/taxes"),
            (["tax_lines", 0, "rate_percent"], "21 %", "/tax_lines/0/rate_percent"),
            (["prices_include_tax"], "yes", "/prices_include_tax"),
            (["refunds"], [{"total": "-1.00"}], "/refunds/0/id"),
        ],
    )
    def test_name_the_place(self, path: list[str | int], value: Any, pointer: str) -> None:
        document: Any = body("02")
        place = document
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        with pytest.raises(Unreadable) as caught:
            read(document)
        assert caught.value.pointer == pointer

    def test_every_member_of_another_kind_is_told_or_harmless(self) -> None:
        for name in body("02"):
            for value in (1, "x", True, [], {}, [1], {"a": 1}, 1.5, None):
                try:
                    read(body("02") | {name: value})
                except Unreadable as error:
                    assert error.pointer.startswith("/")  # noqa: PT017 (either outcome is right)
