"""What is tricky in Shopify's deliveries. Signatures were made with the openssl command, not with our code."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from invoicing.storefronts import PLATFORMS, ReaderSettings, Unreadable
from invoicing.values import LineKind, OrderContent
from tests.invoicing.orders import payload

shopify = PLATFORMS["shopify"]

BODY = b'{"id":820982911946154508,"note":"caf\xc3\xa9"}\n'
SECRET, PREVIOUS = "hush-2026", "hush-2025"
# printf '{"id":820982911946154508,"note":"café"}\n' | openssl dgst -sha256 -hmac hush-2026 -binary | base64
SIGNATURE = "A6jL3V8dVRuePPdgmva1/Fyw2x1PqIFd4aRsNVx9Fbk="
SIGNATURE_BY_PREVIOUS = "LF/0uUT0H8P6HsPXBVXJqH35t386be6vRuASxs4hkys="


def body(name: str, **changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(payload("shopify", name))
    return document | changes


def read(document: dict[str, Any], topic: str = "orders/paid", **settings: Any) -> OrderContent:
    found = shopify.read(json.dumps(document).encode(), topic, ReaderSettings(**settings))
    assert found is not None
    assert found.content is not None
    return found.content


class TestSignature:
    @pytest.mark.parametrize("signature", [SIGNATURE, SIGNATURE_BY_PREVIOUS])
    def test_current_and_previous_secret_count(self, signature: str) -> None:
        assert shopify.authentic(BODY, {"x-shopify-hmac-sha256": signature}, [SECRET, PREVIOUS])

    def test_a_retired_secret_does_not(self) -> None:
        assert not shopify.authentic(BODY, {"X-Shopify-Hmac-Sha256": SIGNATURE_BY_PREVIOUS}, [SECRET])

    def test_one_changed_byte_does_not(self) -> None:
        assert not shopify.authentic(BODY.replace(b"8", b"9", 1), {"X-Shopify-Hmac-Sha256": SIGNATURE}, [SECRET])

    def test_the_trailing_newline_is_part_of_the_body(self) -> None:
        assert not shopify.authentic(BODY.rstrip(), {"X-Shopify-Hmac-Sha256": SIGNATURE}, [SECRET])

    @pytest.mark.parametrize("signature", ["", "ñ", SIGNATURE.lower(), SIGNATURE[:-2], "\udce9"])
    def test_other_signatures_do_not(self, signature: str) -> None:
        assert not shopify.authentic(BODY, {"X-Shopify-Hmac-Sha256": signature}, [SECRET])

    def test_an_empty_secret_signs_nothing(self) -> None:
        # openssl dgst -sha256 -mac HMAC -macopt hexkey:00 (HMAC pads a key with zeros, so this is the empty key's)
        assert not shopify.authentic(
            BODY, {"X-Shopify-Hmac-Sha256": "GJjVlfT8gvrGxTflMv096jP18z8BroA7mvtdWtRRFdI="}, [""]
        )
        assert not shopify.authentic(BODY, {}, [])


class TestIdentity:
    HEADERS = {
        "x-shopify-topic": "orders/paid",
        "X-SHOPIFY-WEBHOOK-ID": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        "X-Shopify-Event-Id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
        "X-Shopify-Triggered-At": "2026-10-14T16:22:11.201Z",
    }

    def test_is_the_webhook_id_with_the_event_beside_it(self) -> None:
        found = shopify.identity(BODY, self.HEADERS)
        assert found.delivery_key == "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"
        assert found.event_key == "98880550-7158-44d4-b7cd-2c97c8a091b5"
        assert found.topic == "orders/paid"
        assert found.triggered_at == datetime(2026, 10, 14, 16, 22, 11, 201000, tzinfo=UTC)

    @pytest.mark.parametrize("moment", ["", "yesterday", "2026-10-14T16:22:11", "9999-12-31T23:59:59-23:00"])
    def test_a_strange_trigger_time_is_only_missing(self, moment: str) -> None:
        found = shopify.identity(BODY, self.HEADERS | {"X-Shopify-Triggered-At": moment})
        assert found.triggered_at is None

    def test_without_id_the_body_is_its_own(self) -> None:
        one, other = shopify.identity(BODY, {}), shopify.identity(BODY + b" ", {})
        assert one.delivery_key != other.delivery_key
        assert one == shopify.identity(BODY, {})

    def test_has_no_ping(self) -> None:
        assert not shopify.ping(b"webhook_id=12", {})


class TestTopics:
    @pytest.mark.parametrize(
        "topic", ["customers/redact", "shop/redact", "customers/data_request", "app/uninstalled", "products/create", ""]
    )
    def test_without_an_order_are_nothing_for_us(self, topic: str) -> None:
        assert shopify.read(b"{}", topic, ReaderSettings()) is None

    def test_an_edit_alone_waits_for_the_order(self) -> None:
        edit = b'{"order_edit":{"id":1,"order_id":6120001000001,"line_items":{"additions":[],"removals":[]}}}'
        assert shopify.read(edit, "orders/edited", ReaderSettings()) is None


class TestMoney:
    def test_is_the_shops_not_the_buyers(self) -> None:
        document = body("10")
        document["total_price_set"]["presentment_money"] = {"amount": "912.40", "currency_code": "USD"}
        document["line_items"][0]["price_set"]["presentment_money"] = {"amount": "878.00", "currency_code": "USD"}
        found = read(document)
        assert (found.total, found.currency, found.lines[0].amount) == (Decimal("778.00"), "EUR", Decimal("749.00"))

    def test_of_a_shop_in_dollars_is_dollars(self) -> None:
        document = body("10")
        document["total_price_set"]["shop_money"]["currency_code"] = "USD"
        assert read(document).currency == "USD"

    def test_discounts_are_the_allocations(self) -> None:
        (shirts, cheese, bread, mug, shipping) = read(body("02")).lines
        assert (shirts.unit_price, shirts.discount, shirts.amount) == (
            Decimal("3.27"),
            Decimal("0.98"),
            Decimal("8.83"),
        )
        assert [cheese.amount, bread.amount, mug.amount] == [Decimal("4.01"), Decimal("4.23"), Decimal("3.48")]
        assert (shipping.kind, shipping.amount) == (LineKind.SHIPPING, Decimal("4.95"))

    def test_shipping_has_discounts_of_its_own(self) -> None:
        document = body("02")
        document["shipping_lines"][0]["discount_allocations"] = [{"amount": "4.95"}]
        assert read(document).lines[-1].amount == 0

    def test_a_line_discount_without_allocation_counts_once(self) -> None:
        document = body("10")
        document["line_items"][0] |= {"total_discount": "49.00", "discount_allocations": []}
        assert read(document).lines[0].amount == Decimal("700.00")
        document["line_items"][0] |= {"discount_allocations": [{"amount": "49.00"}]}
        assert read(document).lines[0].amount == Decimal("700.00")

    def test_a_rate_written_as_a_number_stays_exact(self) -> None:
        document = body("10")
        document["line_items"][0]["tax_lines"][0]["rate"] = 0.075
        assert read(document).lines[0].taxes[0].rate == Decimal("7.5")

    def test_a_tip_in_the_total_becomes_a_line_without_tax(self) -> None:
        found = read(body("10", total_tip_received="3.00"))
        assert (found.lines[-1].description, found.lines[-1].amount) == ("Propina", Decimal(3))
        assert not found.lines[-1].taxes

    def test_a_tip_that_is_a_line_already_is_not_added(self) -> None:
        document = body("10", total_tip_received="3.00")
        document["line_items"].append({"id": 9, "name": "Tip", "price": "3.00", "quantity": 1, "tip": {"gateway": "x"}})
        assert [line.description for line in read(document).lines].count("Propina") == 0

    def test_removed_shipping_is_gone(self) -> None:
        document = body("10")
        document["shipping_lines"][0]["is_removed"] = True
        assert len(read(document).lines) == 1


class TestBuyer:
    @pytest.mark.parametrize("key", ["NIF/CIF", "nif_cif", "Nif Cif", "NÍF/CIF"])
    def test_nif_key_is_found_whatever_its_writing(self, key: str) -> None:
        document = body("10", note_attributes=[{"name": key, "value": "12345678-z"}])
        assert read(document, nif_keys=("nif/cif",)).buyer.tax_id == "12345678Z"

    def test_the_first_configured_key_with_a_value_wins(self) -> None:
        notes = [{"name": "dni", "value": ""}, {"name": "cif", "value": "B12345674"}, {"name": "nif", "value": "X"}]
        assert read(body("10", note_attributes=notes), nif_keys=("dni", "cif", "nif")).buyer.tax_id == "B12345674"

    def test_a_valid_nif_in_the_company_field_is_one(self) -> None:
        document = body("10")
        document["billing_address"]["company"] = "B-12345674"
        found = read(document).buyer
        assert (found.tax_id, found.company) == ("B12345674", "")

    def test_note_values_that_are_no_text_are_passed_over(self) -> None:
        notes = [{"name": "nif", "value": {"a": 1}}, {"name": "cif", "value": None}, {"name": None, "value": "x"}]
        assert read(body("10", note_attributes=notes)).buyer.tax_id == ""

    def test_a_counter_sale_has_no_addresses(self) -> None:
        document = body("10", billing_address=None, shipping_address=None, customer=None)
        found = read(document)
        assert (found.buyer.name, found.buyer.address.country, found.ship_to.country) == ("", "", "")


class TestState:
    @pytest.mark.parametrize(
        ("status", "paid", "partly"),
        [
            ("pending", False, False), ("authorized", False, False), ("voided", False, False),
            ("expired", False, False),
            ("partially_paid", False, True), ("paid", True, False), ("partially_refunded", True, False),
            ("refunded", True, False), (None, False, False),
        ],
    )  # fmt: skip
    def test_financial_status(self, status: str | None, paid: bool, partly: bool) -> None:
        found = read(body("10", financial_status=status))
        assert (found.paid, found.partially_paid) == (paid, partly)

    @pytest.mark.parametrize(
        ("changes", "received"),
        [
            ({"total_outstanding": "100.00"}, "149.00"),
            # edited meanwhile: what is outstanding is outstanding of what it costs now
            ({"total_outstanding": "100.00", "current_total_price": "120.00"}, "20.00"),
            ({"total_outstanding": None}, "0"),
        ],
    )  # fmt: skip
    def test_paid_in_part_says_how_much_was_received(self, changes: dict[str, Any], received: str) -> None:
        total = {
            "total_price": "249.00",
            "total_price_set": None,
            "current_total_price": None,
            "current_total_price_set": None,
        }
        document = body("10", financial_status="partially_paid", **(total | changes))
        assert read(document).advances == Decimal(received)
        assert read(document | {"financial_status": "paid"}).advances == 0

    def test_once_money_went_back_of_a_part_it_is_not_known_how_much_had_been_received(self) -> None:
        [refund] = [json.loads(payload("shopify", "11"))]
        document = body("10", financial_status="partially_paid", total_outstanding="100.00", refunds=[refund])
        found = read(document)
        assert (found.partially_paid, found.advances, bool(found.refunds)) == (True, Decimal(0), True)

    def test_a_deposit_at_checkout_was_received_when_it_was_placed(self) -> None:
        document = body("10", financial_status="partially_paid", total_outstanding="100.00")
        assert read(document).paid_at == read(document).placed_at
        late = body("10", financial_status="partially_paid", updated_at="2026-10-21T09:00:00+02:00")
        assert read(late, "orders/updated").paid_at is None

    def test_test_orders_gift_cards_and_channel(self) -> None:
        document = body("10", test=True, source_name="pos")
        document["line_items"][0]["gift_card"] = True
        found = read(document)
        assert (found.test, found.sales_channel, found.lines[0].kind) == (True, "pos", LineKind.GIFT_CARD)

    def test_what_needs_no_shipping_is_a_service(self) -> None:
        document = body("10")
        document["line_items"][0]["requires_shipping"] = False
        assert read(document).lines[0].kind == LineKind.SERVICE

    def test_an_imported_order_was_placed_when_it_was_processed(self) -> None:
        found = read(body("10", processed_at="2025-03-01T10:00:00+01:00"))
        assert found.placed_at == datetime(2025, 3, 1, 9, tzinfo=UTC)

    def test_paid_at_checkout_is_paid_when_placed(self) -> None:
        assert read(body("02")).paid_at == datetime(2026, 10, 14, 16, 22, 7, tzinfo=UTC)

    def test_paid_days_later_is_paid_when_announced(self) -> None:
        late = body("10", updated_at="2026-10-21T09:00:00+02:00")
        assert read(late, "orders/paid").paid_at == datetime(2026, 10, 21, 7, tzinfo=UTC)
        assert read(late, "orders/updated").paid_at is None

    def test_a_return_without_money_is_worth_nothing(self) -> None:
        payments = [
            {"kind": "refund", "status": "failure", "amount": "3.00"},
            {"kind": "void", "status": "success", "amount": "3.00"},
        ]
        refund = {"id": 5, "order_id": 6, "created_at": "2026-10-20T10:00:00Z", "transactions": payments}
        found = shopify.read(json.dumps(refund).encode(), "refunds/create", ReaderSettings())
        assert found is not None
        assert found.refund is not None
        assert found.refund.total == 0


class TestBrokenBodies:
    @pytest.mark.parametrize(
        ("path", "value", "pointer"),
        [
            (["id"], None, "/id"),
            (["id"], "x" * 121, "/id"),
            (["updated_at"], "soon", "/updated_at"),
            (["updated_at"], "2026-10-18T10:00:00", "/updated_at"),
            (["updated_at"], 5, "/updated_at"),
            (["created_at"], None, None),
            (["total_price_set", "shop_money", "amount"], "7,50", "/total_price_set/shop_money/amount"),
            (["total_price_set", "shop_money", "amount"], "1e3", "/total_price_set/shop_money/amount"),
            (["total_price_set", "shop_money", "amount"], "-Infinity", "/total_price_set/shop_money/amount"),
            (["total_price_set", "shop_money", "amount"], "9" * 11, "/total_price_set/shop_money/amount"),
            (["total_price_set"], "7.50", "/total_price_set"),
            (["line_items"], {"0": {}}, "/line_items"),
            (["line_items", 0], "Mesa", "/line_items/0"),
            (["line_items", 0, "quantity"], True, "/line_items/0/quantity"),
            (["line_items", 0, "quantity"], None, "/line_items/0/quantity"),
            (["line_items", 0, "tax_lines", 0, "rate"], [], "/line_items/0/tax_lines/0/rate"),
            (["line_items", 0, "gift_card"], "yes", "/line_items/0/gift_card"),
            (["billing_address", "zip"], ["28004"], "/billing_address/zip"),
            (["note_attributes"], [3], "/note_attributes/0"),
        ],
    )
    def test_name_the_place(self, path: list[str | int], value: Any, pointer: str | None) -> None:
        document: Any = body("10")
        place = document
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        if pointer is None:
            assert read(document).number
            return
        with pytest.raises(Unreadable) as caught:
            read(document)
        assert caught.value.pointer == pointer

    def test_every_missing_member_is_told_or_harmless(self) -> None:
        for name in body("04"):
            document = body("04")
            del document[name]
            try:
                read(document)
            except Unreadable as error:
                assert error.pointer.startswith("/")  # noqa: PT017 (either outcome is right)

    def test_every_member_of_another_kind_is_told_or_harmless(self) -> None:
        for name in body("04"):
            for value in (1, "x", True, [], {}, [1], {"a": 1}, 1.5):
                try:
                    read(body("04") | {name: value})
                except Unreadable as error:
                    assert error.pointer.startswith("/")  # noqa: PT017 (either outcome is right)
