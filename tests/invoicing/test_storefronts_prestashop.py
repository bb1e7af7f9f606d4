"""What is tricky in PrestaShop's resources: rates in three places, a discount of the order, times of the shop."""

# mypy: disable-error-code="comparison-overlap"
# 21 is Decimal("21"): whole amounts and rates are written as what they are.

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from invoicing.storefronts import PLATFORMS, ReaderSettings, Unreadable
from invoicing.values import Hint, LineKind, OrderContent
from tests.invoicing.bundles import content, prestashop, reading, sample, slip
from tests.invoicing.orders import PAYLOADS

reader = PLATFORMS["prestashop"]


def bundle(**members: Any) -> dict[str, Any]:
    return prestashop() | members


def read(document: dict[str, Any], **settings: Any) -> OrderContent:
    return content("prestashop", document, **settings)


def raw(name: str, topic: str = "order") -> Any:
    (file,) = PAYLOADS.glob(f"prestashop/{name}")
    return reader.read(file.read_bytes(), topic, ReaderSettings())


class TestMoney:
    def test_lines_are_gross_with_the_rate_that_the_details_lead_to(self) -> None:
        found = read(bundle())
        assert found.prices_include_tax
        assert [(line.description, line.amount, [tax.rate for tax in line.taxes]) for line in found.lines] == [
            ("Mochila 20L", Decimal("50.00"), [21]),
            ("Miel de romero", Decimal("10.00"), [10]),
            ("Huevos camperos docena", Decimal("4.50"), [4]),
            ("Transporte", Decimal("5.95"), [21]),
        ]
        assert found.lines[0].sku == "MOCH-20"

    def test_the_cart_rule_is_the_orders_and_no_lines(self) -> None:
        found = read(bundle())
        assert (found.discount, found.total, found.total_tax) == (Decimal("6.45"), Decimal(64), Decimal("9.82"))
        assert sum(line.amount for line in found.lines) - found.discount == found.total

    def test_no_line_tells_a_tax_from_before_the_cart_rule(self) -> None:
        """8.68 of 50.00 is not the tax of what was paid for the line; without a cart rule it is."""
        assert [tax.amount for line in read(bundle()).lines[:3] for tax in line.taxes] == [None, None, None]
        whole = read(prestashop(total_discounts_tax_incl="0", total_paid_tax_incl="70.45", total_paid_tax_excl="59.65"))
        assert whole.lines[0].taxes[0].amount == Decimal("8.677686")
        assert whole.lines[-1].taxes[0].amount == Decimal("1.032645")

    def test_what_a_cart_rule_takes_off_the_shipping_is_the_shippings(self) -> None:
        rules = [{"id": "1", "value": "6.450000", "free_shipping": "0"},
                 {"id": "2", "value": "5.950000", "free_shipping": "1"}]  # fmt: skip
        document = bundle(cart_rules=rules)
        document["order"] |= {"total_discounts_tax_incl": "12.400000", "total_paid_tax_incl": "58.050000",
                              "total_paid_tax_excl": "49.266132"}  # fmt: skip
        found = read(document)
        shipping = found.lines[-1]
        assert (found.discount, shipping.discount, shipping.amount) == (Decimal("6.45"), Decimal("5.95"), 0)
        assert sum(line.amount for line in found.lines) - found.discount == found.total

    def test_a_surcharge_is_a_second_tax_and_the_carriers_rate_is_their_sum(self) -> None:
        document = bundle()
        document["details"][0] |= {"total_price_tax_incl": "52.148760"}
        document["details"][0]["associations"]["taxes"].append({"id": "7"})
        document["order"] |= {"carrier_tax_rate": "26.200", "total_shipping_tax_incl": "6.205702"}
        found = read(document)
        assert [tax.rate for tax in found.lines[0].taxes] == [21, Decimal("5.2")]
        assert [tax.rate for tax in found.lines[-1].taxes] == [21, Decimal("5.2")]
        assert [tax.amount for tax in found.lines[0].taxes] == [None, None]

    def test_gift_wrapping_is_taxed_at_the_only_rate_that_fits(self) -> None:
        document = bundle()
        document["order"] |= {"total_wrapping_tax_incl": "2.420000", "total_wrapping_tax_excl": "2.000000"}
        wrapping = read(document).lines[-1]
        assert (wrapping.kind, wrapping.amount, wrapping.taxes[0].rate) == (LineKind.FEE, Decimal("2.42"), 21)
        document["order"] |= {"total_wrapping_tax_incl": "2.000000"}
        assert read(document).lines[-1].taxes == ()

    def test_an_export_has_no_tax(self) -> None:
        document = bundle()
        for detail in document["details"]:
            detail |= {"total_price_tax_incl": detail["total_price_tax_excl"], "associations": {}}
        document["order"] |= {"total_shipping_tax_incl": "4.917355", "carrier_tax_rate": "0.000"}
        assert all(line.taxes == () for line in read(document).lines)

    def test_a_tax_that_the_bundle_lacks_is_told(self) -> None:
        with pytest.raises(Unreadable) as caught:
            read(bundle(taxes=[]))
        assert caught.value.pointer == "/details/0/associations/taxes/0/id"

    def test_an_order_in_dollars_stays_in_dollars(self) -> None:
        assert read(bundle(currency={"id": "2", "iso_code": "USD"})).currency == "USD"

    def test_what_is_downloaded_is_a_service(self) -> None:
        document = bundle()
        document["details"][1]["download_hash"] = "9a0364b9e99bb480dd25e1f0284c8555"
        assert [line.kind for line in read(document).lines][:2] == [LineKind.GOODS, LineKind.SERVICE]
        assert read(prestashop(id_carrier="0")).lines[0].kind == LineKind.SERVICE


class TestState:
    @pytest.mark.parametrize(
        ("state", "valid", "received", "paid", "partly", "cancelled"),
        [
            ("2", "1", "64.000000", True, False, False),
            ("10", "0", "0.000000", False, False, False),  # waits for the transfer
            ("10", "0", "20.000000", False, True, False),
            ("6", "0", "0.000000", False, False, True),
            ("6", "0", "64.000000", True, False, True),  # paid, then cancelled
            ("99", "1", "64.000000", True, False, False),  # a state that the bundle lacks: `valid` says it
            ("99", "0", "0.000000", False, False, False),
        ],
    )
    def test_is_read_through_the_shops_own_states(
        self, state: str, valid: str, received: str, paid: bool, partly: bool, cancelled: bool
    ) -> None:
        found = read(prestashop(current_state=state, valid=valid, total_paid_real=received))
        assert (found.paid, found.partially_paid, found.cancelled) == (paid, partly, cancelled)
        assert found.advances == (Decimal(20) if partly else 0)
        assert (found.paid_at is None) is not (paid or partly)

    def test_times_are_the_shops(self) -> None:
        found = read(bundle())
        assert found.placed_at == datetime(2026, 10, 21, 16, 5, 33, tzinfo=UTC)
        canary = read(bundle(timezone="Atlantic/Canary"))
        assert canary.placed_at == datetime(2026, 10, 21, 17, 5, 33, tzinfo=UTC)
        for zone in ("Europe/Narnia", "../etc/passwd", "a\u0000b", "/"):
            with pytest.raises(Unreadable):
                read(bundle(timezone=zone))

    def test_the_last_payment_is_when_it_was_paid(self) -> None:
        payments = [{"date_add": "2026-10-23 09:00:00"}, {"date_add": "2026-10-22 09:00:00"}]
        assert read(bundle(payments=payments)).paid_at == datetime(2026, 10, 23, 7, tzinfo=UTC)
        assert read(prestashop(date_upd="2026-10-22 18:06:02")).paid_at is None

    def test_so_it_is_of_one_in_part(self) -> None:
        part = prestashop(current_state="10", valid="0", total_paid_real="20.000000", date_upd="2026-10-22 18:06:02")
        found = read(part | {"payments": [{"date_add": "2026-10-22 09:00:00"}]})
        assert (found.partially_paid, found.paid_at) == (True, datetime(2026, 10, 22, 7, tzinfo=UTC))

    def test_shipped_when_its_state_says_so(self) -> None:
        sent = read(prestashop(current_state="4", delivery_date="2026-10-22 08:00:00"))
        assert sent.shipped_at == datetime(2026, 10, 22, 6, tzinfo=UTC)
        assert read(prestashop(delivery_date="2026-10-22 08:00:00")).shipped_at is None
        assert read(prestashop(current_state="4")).shipped_at is None

    def test_an_invoice_number_of_the_shops_own_is_told(self) -> None:
        assert read(bundle()).invoiced_elsewhere == ""
        assert read(prestashop(invoice_number="512")).invoiced_elsewhere == "512"

    def test_orders_of_one_cart_share_their_number_and_not_their_identity(self) -> None:
        one, other = read(bundle()), read(prestashop(id="1002"))
        assert one.number == other.number == "XKBKNABJK"
        assert one.external_id != other.external_id

    def test_channel_and_language(self) -> None:
        found = read(bundle(language={"id": "1", "iso_code": "ca"}))
        assert (found.sales_channel, found.language) == ("redsys", "ca")


class TestBuyer:
    def test_a_person_gives_the_dni(self) -> None:
        found = read(bundle()).buyer
        assert (found.tax_id, found.tax_id_as_given, found.name) == ("12345678Z", "12345678-z", "Beatriz Ortega Sanz")
        assert (found.address.province, found.address.province_code, found.address.country) == (
            "Valladolid", "ES-VA", "ES",
        )  # fmt: skip

    def test_a_company_gives_the_vat_number_before_the_dni_of_its_buyer(self) -> None:
        document = bundle()
        document["addresses"][0] |= {"company": "Apícola Sanz SL", "vat_number": "ES B-12345674"}
        found = read(document).buyer
        assert (found.tax_id, found.company) == ("B12345674", "Apícola Sanz SL")

    def test_a_configured_field_comes_before_both(self) -> None:
        document = bundle()
        document["customer"]["nif_fiscal"] = "B12345674"
        assert read(document, nif_keys=("nif_fiscal",)).buyer.tax_id == "B12345674"

    def test_invoice_and_delivery_may_differ(self) -> None:
        document = prestashop(id_address_delivery="56")
        document["addresses"].append({"id": "56", "id_country": "6", "id_state": "341", "postcode": "35002"})
        document["states_geo"].append({"id": "341", "name": "Las Palmas", "iso_code": "ES-GC"})
        found = read(document)
        assert (found.ship_to.postal_code, found.ship_to.province_code) == ("35002", "ES-GC")
        assert found.buyer.address.postal_code == "47006"

    def test_an_address_that_is_gone_is_empty(self) -> None:
        found = read(bundle(addresses=[], states_geo=[]))
        assert (found.buyer.name, found.buyer.address.country) == ("Beatriz Ortega Sanz", "")


class TestSlips:
    def test_say_what_they_are_for(self) -> None:
        found = reading("prestashop", bundle(slips=[slip()]))
        assert found.updated_at == datetime(2026, 10, 25, 11, tzinfo=UTC)  # the slip's, not the order's
        assert found.content is not None
        (refund,) = found.content.refunds
        assert (refund.external_id, refund.total, refund.detailed) == ("77", Decimal("-22.50"), True)
        (line,) = refund.lines
        assert (line.external_id, line.quantity, line.amount) == ("3001", -1, Decimal("-22.50"))
        assert [(tax.rate, tax.amount) for tax in line.taxes] == [(21, Decimal("-3.904959"))]

    def test_before_or_after_the_voucher_the_money_counts(self) -> None:
        """The merchant chose «without the voucher's share»: 22.50 of the 25.00 that the details say."""
        details = slip()["associations"]
        details["order_slip_details"][0] |= {"amount_tax_incl": "25.000000", "amount_tax_excl": "20.661157"}
        after = slip(total_products_tax_incl="25.000000", total_products_tax_excl="20.661157", associations=details)
        (refund,) = read(bundle(slips=[after])).refunds
        assert (refund.total, refund.lines[0].amount) == (Decimal("-22.50"), Decimal("-22.50"))

    def test_an_amount_without_tax_is_the_one_with_it(self) -> None:
        """Shops that show net prices write the net amount."""
        (refund,) = read(bundle(slips=[slip(amount="18.595041")])).refunds
        assert refund.total == Decimal("-22.50")

    def test_shipping_goes_back_as_a_line(self) -> None:
        back = slip(total_shipping_tax_incl="5.950000", total_shipping_tax_excl="4.917355")
        (refund,) = read(bundle(slips=[back])).refunds
        shipping = refund.lines[-1]
        assert (refund.total, shipping.kind, shipping.amount) == (
            Decimal("-28.45"),
            LineKind.SHIPPING,
            Decimal("-5.95"),
        )
        assert (shipping.external_id, shipping.taxes[0].rate) == ("shipping", 21)
        free = bundle(slips=[back])
        free["order"] |= {"total_shipping_tax_incl": "0.000000", "total_shipping_tax_excl": "0.000000"}
        assert read(free).refunds[0].lines[-1].taxes == ()

    def test_an_amount_alone_has_no_lines(self) -> None:
        (refund,) = read(bundle(slips=[slip(associations={}, amount="5.000000")])).refunds
        assert (refund.total, refund.lines, refund.detailed) == (Decimal("-5.00"), (), True)


class TestAlone:
    """A resource on its own lacks the rates: it says which order to fetch."""

    @pytest.mark.parametrize("name", ["01_order_1001.json", "01_order_1001.xml"])
    def test_an_order(self, name: str) -> None:
        found = raw(name)
        assert (found.external_id, found.content, found.fetch) == ("1001", None, Hint(kind="order", external_id="1001"))
        assert found.updated_at == datetime(2026, 10, 21, 16, 6, 2, tzinfo=UTC)

    def test_a_slip(self) -> None:
        found = raw("05_order_slip_77.xml")
        assert (found.external_id, found.fetch) == ("1001", Hint(kind="order", external_id="1001"))
        assert (found.refund.external_id, found.refund.total, found.refund.detailed) == ("77", Decimal("-22.50"), False)

    def test_xml_and_json_are_one(self) -> None:
        from invoicing.storefronts.xml import load_xml

        (file,) = PAYLOADS.glob("prestashop/01_order_1001.xml")
        assert load_xml(file.read_bytes()).value == sample("prestashop", "01_order_1001")

    @pytest.mark.parametrize("name", ["02_order_details_1001.json", "03_taxes.json", "04_address_55_with_dni.json"])
    def test_anything_else_is_nothing_for_us(self, name: str) -> None:
        assert raw(name) is None

    def test_a_modules_hint(self) -> None:
        body = {"hint": "order_slip", "id": "77", "order": "1001", "at": "2026-10-25T11:00:02Z"}
        found = reading("prestashop", body, "hint")
        assert (found.external_id, found.fetch) == ("1001", Hint(kind="order_slip", external_id="77"))
        assert reading("prestashop", body | {"hint": "order", "id": "1001"}, "hint").external_id == "1001"
        assert reader.read(json.dumps(body | {"hint": "carrier"}).encode(), "hint", ReaderSettings()) is None


class TestHostileXml:
    @pytest.mark.parametrize(
        "body",
        [
            b"<", b"<prestashop>", b"<html/>", b"<a xmlns='x'/>", b"<prestashop/>\xff",
            b'<!DOCTYPE prestashop [<!ENTITY a "x">]><prestashop><order><id>&a;</id></order></prestashop>',
            b'<!DOCTYPE prestashop SYSTEM "file:///etc/passwd"><prestashop><order/></prestashop>',
            (b'<!DOCTYPE p [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
             b"<prestashop><order><id>&b;</id></order></prestashop>"),
            b"<prestashop>" + b"<order>" * 30 + b"</order>" * 30 + b"</prestashop>",
            b"<prestashop>" + b"<order>" * 100_000,
            b"<prestashop><order><id>1</id></order></prestashop>",
            b'<?xml version="1.0" encoding="utf-7"?><prestashop><order><id>1</id></order></prestashop>',
        ],
    )  # fmt: skip
    def test_is_unreadable(self, body: bytes) -> None:
        with pytest.raises(Unreadable) as caught:
            reader.read(body, "order", ReaderSettings())
        str(caught.value).encode()

    def test_comments_and_instructions_are_passed_over(self) -> None:
        body = (
            b"<prestashop><?php x?><!-- y --><order><id>1<!-- z --></id>"
            b"<date_upd>2026-10-21 18:06:02</date_upd></order></prestashop>"
        )
        found = reader.read(body, "order", ReaderSettings())
        assert found is not None
        assert found.external_id == "1"


@pytest.mark.parametrize(
    ("path", "value", "pointer"),
    [
        (["pulled"], "magento", "/pulled"),
        (["order"], None, "/order/date_upd"),
        (["order", "date_upd"], "0000-00-00 00:00:00", "/order/date_upd"),
        (["order", "date_add"], "yesterday", "/order/date_add"),
        (["order", "total_paid_tax_incl"], "64,00", "/order/total_paid_tax_incl"),
        (["order", "valid"], "yes", "/order/valid"),
        (["details", 0, "total_price_tax_excl"], None, "/details/0/total_price_tax_excl"),
        (["details"], {}, "/details"),
        (["slips"], [{"id": "1"}], "/slips/0/date_upd"),
        (["customer"], [], "/customer"),
    ],
)
def test_wrong_places_are_named(path: list[Any], value: Any, pointer: str) -> None:
    document: Any = bundle()
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(Unreadable) as caught:
        read(document)
    assert caught.value.pointer == pointer
