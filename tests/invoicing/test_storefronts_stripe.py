"""What is tricky in Stripe: smallest units, two shapes of tax, why there is none, refunds that name no order."""

# mypy: disable-error-code="comparison-overlap"
# 21 is Decimal("21"): whole amounts and rates are written as what they are.

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from invoicing.storefronts import PLATFORMS, ReaderSettings, Unreadable
from invoicing.storefronts.stripe_taxes import rate_between
from invoicing.values import Hint, LineKind, OrderContent, Reading
from tests.invoicing.bundles import content, reading, sample, session_line, stripe_invoice, stripe_session

reader = PLATFORMS["stripe"]


def event(kind: str, about: dict[str, Any], **members: Any) -> Reading | None:
    document = {"id": "evt_1", "object": "event", "created": 1793000014, "type": kind, "livemode": True,
                "data": {"object": about}} | members  # fmt: skip
    return reader.read(json.dumps(document).encode(), kind, ReaderSettings())


def invoice(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = sample("stripe", "01")["data"]["object"]
    return found | changes


def read(document: dict[str, Any], **settings: Any) -> OrderContent:
    return content("stripe", document, **settings)


def lines(*found: dict[str, Any]) -> dict[str, Any]:
    return {"object": "list", "data": list(found), "has_more": False}


def line(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = sample("stripe", "01")["data"]["object"]["lines"]["data"][0]
    return found | changes


def tax(amount: int, taxable: int, reason: str = "standard_rated", behavior: str = "exclusive") -> dict[str, Any]:
    return {"amount": amount, "taxable_amount": taxable, "tax_behavior": behavior, "taxability_reason": reason,
            "tax_rate_details": {"tax_rate": "txr_1"}, "type": "tax_rate_details"}  # fmt: skip


def before_basil() -> dict[str, Any]:
    """The same invoice as versions before 2025-03-31 write it."""
    found = invoice(paid=True, charge="ch_1", payment_intent="pi_1", tax=926,
                    total_tax_amounts=[{"amount": 926, "inclusive": False, "tax_rate": "txr_1ES21"}])  # fmt: skip
    found["lines"] = lines(
        line(tax_amounts=[{"amount": 926, "inclusive": False, "tax_rate": "txr_1ES21", "taxable_amount": 4410,
                           "taxability_reason": "standard_rated"}],
             tax_rates=[], price={"unit_amount": 4900})
    )  # fmt: skip
    for gone in ("total_taxes", "parent"):
        del found[gone]
    for gone in ("taxes", "pricing", "parent"):
        del found["lines"]["data"][0][gone]
    return found


class TestInvoice:
    def test_since_basil(self) -> None:
        found = event("invoice.paid", invoice())
        assert found is not None
        assert found.updated_at == datetime(2026, 10, 26, 7, 33, 34, tzinfo=UTC)
        order = found.content
        assert order is not None
        assert found.external_id == order.external_id == "in_1SExample0001"
        assert (order.total, order.total_tax, order.prices_include_tax) == (Decimal("53.36"), Decimal("9.26"), False)
        assert order.paid_at == datetime(2026, 10, 26, 7, 33, 33, tzinfo=UTC)
        (sold,) = order.lines
        assert (sold.kind, sold.amount, sold.discount, sold.unit_price) == (
            LineKind.SERVICE, Decimal("44.10"), Decimal("4.90"), Decimal(49),
        )  # fmt: skip
        assert [(each.rate, each.amount) for each in sold.taxes] == [(21, Decimal("9.26"))]

    def test_before_basil_reads_the_same(self) -> None:
        old, new = event("invoice.paid", before_basil()), event("invoice.paid", invoice())
        assert old is not None
        assert new is not None
        assert old.content == new.content

    def test_the_bundle_reads_the_same(self) -> None:
        found = reading("stripe", stripe_invoice())
        assert found.updated_at == datetime(2026, 10, 28, 10, tzinfo=UTC)
        told = event("invoice.paid", invoice())
        assert told is not None
        assert found.content == told.content

    def test_a_bundle_without_its_moment_counts_from_its_arrival(self) -> None:
        document = stripe_invoice() | {"pulled_at": None}
        arrived = datetime(2026, 11, 1, tzinfo=UTC)
        assert reading("stripe", document, received_at=arrived).updated_at == arrived
        with pytest.raises(Unreadable):
            reading("stripe", document)

    def test_cut_lines_are_fetched(self) -> None:
        found = event("invoice.paid", invoice(lines=lines(line()) | {"has_more": True}))
        assert found is not None
        assert (found.external_id, found.content) == ("in_1SExample0001", None)
        assert found.fetch == Hint(kind="invoice", external_id="in_1SExample0001")

    def test_inclusive_prices_stay_gross(self) -> None:
        found = read(stripe_invoice(total=12100) | {"lines": [
            line(amount=12100, discount_amounts=[], taxes=[tax(2100, 10000, behavior="inclusive")])]})  # fmt: skip
        assert (found.prices_include_tax, found.lines[0].amount) == (True, Decimal(121))

    def test_a_mixture_is_stated_gross(self) -> None:
        found = read(stripe_invoice(total=24200) | {"lines": [
            line(amount=12100, discount_amounts=[], taxes=[tax(2100, 10000, behavior="inclusive")]),
            line(id="il_2", amount=10000, discount_amounts=[], taxes=[tax(2100, 10000)])]})  # fmt: skip
        assert [each.amount for each in found.lines] == [Decimal(121), Decimal(121)]

    def test_percentages_are_taken_where_they_are_told(self) -> None:
        taxed = line(taxes=[tax(926, 4410)])
        document = stripe_invoice() | {"lines": [taxed], "tax_rates": [
            {"id": "txr_1", "percentage": 21.0, "display_name": "IVA", "inclusive": False}]}  # fmt: skip
        (found,) = read(document).lines[0].taxes
        assert (found.rate, found.title) == (21, "IVA")
        taxed["taxes"][0]["tax_rate_details"] = {"tax_rate": {"id": "txr_1", "percentage": 10.0}}
        assert read(document).lines[0].taxes[0].rate == 10

    def test_a_surcharge_is_a_second_tax(self) -> None:
        found = read(stripe_invoice() | {"lines": [line(taxes=[tax(926, 4410), tax(229, 4410)])]})
        assert [each.rate for each in found.lines[0].taxes] == [21, Decimal("5.2")]

    @pytest.mark.parametrize(
        "reason", ["reverse_charge", "customer_exempt", "not_collecting", "zero_rated", "product_exempt"]
    )
    def test_no_tax_has_a_reason(self, reason: str) -> None:
        found = read(stripe_invoice(total=4410) | {"lines": [line(taxes=[tax(0, 4410, reason)])]})
        assert (found.lines[0].taxes, found.lines[0].untaxed_because) == ((), reason)

    @pytest.mark.parametrize(
        ("exempt", "reason"), [("reverse", "reverse_charge"), ("exempt", "customer_exempt"), ("none", "")]
    )
    def test_or_the_customer_has(self, exempt: str, reason: str) -> None:
        found = read(stripe_invoice(customer_tax_exempt=exempt) | {"lines": [line(taxes=[])]})
        assert found.lines[0].untaxed_because == reason

    def test_shipping_is_a_line_and_makes_goods_of_the_others(self) -> None:
        cost = {"amount_subtotal": 500, "amount_tax": 105, "amount_total": 605, "taxes": []}
        found = read(stripe_invoice(shipping_cost=cost, total=5941))
        assert [(each.kind, each.amount) for each in found.lines] == [
            (LineKind.GOODS, Decimal("44.10")), (LineKind.SHIPPING, Decimal(5)),
        ]  # fmt: skip
        assert found.lines[1].taxes[0].rate == 21

    def test_a_credit_for_time_not_used_is_negative(self) -> None:
        back = line(id="il_2", amount=-1000, discount_amounts=[], quantity=1, taxes=[tax(-210, -1000)])
        found = read(stripe_invoice(total=4126) | {"lines": [line(), back]}).lines[1]
        assert (found.amount, found.taxes[0].rate, found.taxes[0].amount) == (-10, 21, Decimal("-2.10"))

    @pytest.mark.parametrize(
        ("status", "paid", "partly", "cancelled"),
        [("paid", True, False, False), ("open", False, True, False), ("draft", False, False, False),
         ("void", False, False, True), ("uncollectible", False, False, True)],
    )  # fmt: skip
    def test_states(self, status: str, paid: bool, partly: bool, cancelled: bool) -> None:
        found = read(stripe_invoice(status=status))
        assert (found.paid, found.partially_paid, found.cancelled) == (paid, partly, cancelled)
        assert (found.paid_at is not None) is paid

    def test_an_open_one_says_what_was_received(self) -> None:
        assert read(stripe_invoice(status="open", amount_paid=2000)).advances == 20
        assert read(stripe_invoice(status="paid")).advances == 0

    def test_its_own_number_is_only_a_reference(self) -> None:
        found = read(stripe_invoice())
        assert found.invoiced_elsewhere == found.number == "8F2C1A7B-0007"

    def test_of_a_trial_is_a_test(self) -> None:
        assert read(stripe_invoice(livemode=False)).test
        assert not read(stripe_invoice()).test


class TestBuyer:
    @pytest.mark.parametrize(
        ("ids", "expected"),
        [
            ([("eu_vat", "ESB12345674"), ("es_cif", "B12345674")], "B12345674"),
            ([("us_ein", "12-3456789"), ("eu_vat", "DE123456788")], "DE123456788"),
            ([("gb_vat", "GB123456789")], "GB123456789"),
        ],
    )
    def test_gives_the_spanish_number_then_that_of_the_union(self, ids: list[tuple[str, str]], expected: str) -> None:
        given = [{"type": kind, "value": value} for kind, value in ids]
        assert read(stripe_invoice(customer_tax_ids=given)).buyer.tax_id == expected

    def test_or_writes_it_where_the_seller_asks(self) -> None:
        asked = {"customer_tax_ids": [], "custom_fields": [{"name": "NIF", "value": "12345678z"}]}
        found = read(stripe_invoice(**asked)).buyer
        assert (found.tax_id, found.name, found.company) == ("12345678Z", "Cliente Industrial SL", "")
        assert (
            read(stripe_invoice(customer_tax_ids=[], metadata={"billing_cif": "B12345674"})).buyer.tax_id == "B12345674"
        )

    def test_of_an_entity_is_the_company(self) -> None:
        found = read(stripe_invoice()).buyer
        assert (found.company, found.name) == ("Cliente Industrial SL", "")

    @pytest.mark.parametrize(
        ("state", "code", "name"), [("BI", "BI", ""), ("tf", "TF", ""), ("Las Palmas", "", "Las Palmas")]
    )
    def test_a_province_is_a_code_or_a_name(self, state: str, code: str, name: str) -> None:
        address = {"country": "ES", "postal_code": "35002", "state": state, "line1": "Triana 1"}
        found = read(stripe_invoice(customer_address=address)).buyer.address
        assert (found.province_code, found.province) == (code, name)


class TestUnits:
    @pytest.mark.parametrize(
        ("currency", "expected"),
        [("eur", "53.36"), ("usd", "53.36"), ("jpy", "5336"), ("krw", "5336"), ("kwd", "5.336"), ("isk", "53.36")],
    )
    def test_are_the_currencys_smallest(self, currency: str, expected: str) -> None:
        found = read(stripe_invoice(currency=currency))
        assert (found.total, found.currency) == (Decimal(expected), currency.upper())

    def test_are_whole(self) -> None:
        with pytest.raises(Unreadable) as caught:
            read(stripe_invoice(total=53.36))
        assert caught.value.pointer == "/invoice/total"


class TestRateBetween:
    @pytest.mark.parametrize(
        ("tax", "taxable", "rate"),
        [("9.26", "44.10", "21"), ("0.01", "0.05", "21"), ("0.10", "1.00", "10"), ("2.29", "44.10", "5.2"),
         ("7.98", "42.00", "19"), ("33.30", "100.00", "33.3"), ("1.00", "0", "100")],
    )  # fmt: skip
    def test_is_a_usual_one_or_what_division_gives(self, tax: str, taxable: str, rate: str) -> None:
        assert rate_between(Decimal(tax), Decimal(taxable)) == Decimal(rate)


class TestRatesThatNoEventNames:
    """A consumer of another member state is charged the rates of there: 20 and 5.5 in France, 19 and 7 in Germany."""

    @staticmethod
    def told(country: str, *taxes: dict[str, Any]) -> Reading:
        sold = [line(amount=each["amount"] + each["taxable_amount"], discount_amounts=[], taxes=[each])
                for each in taxes]  # fmt: skip
        total = sum(each["amount"] for each in sold)
        found = event("invoice.paid", invoice(
            total=total, lines=lines(*sold), customer_shipping=None,
            customer_address={"country": country, "postal_code": "50674", "city": "Köln", "line1": "Lindenstraße 44"},
        ))  # fmt: skip
        assert found is not None
        assert found.content is not None
        return found

    @pytest.mark.parametrize(
        ("country", "cents", "taxable", "rate"),
        [("DE", 193, 1017, "19"), ("DE", 79, 1131, "7"), ("FR", 202, 1008, "20"), ("FR", 63, 1147, "5.5"),
         ("ES", 210, 1000, "21")],
    )  # fmt: skip
    def test_follow_from_the_tax_and_the_country(self, country: str, cents: int, taxable: int, rate: str) -> None:
        found = self.told(country, tax(cents, taxable, behavior="inclusive"))
        assert found.content is not None
        assert [each.rate for each in found.content.lines[0].taxes] == [Decimal(rate)]
        assert found.fetch is None

    @pytest.mark.parametrize(("country", "cents", "taxable"), [("FR", 13, 63), ("ES", 1, 10), ("DE", 4, 21)])
    def test_are_to_be_fetched_where_a_few_cents_may_be_of_several(
        self, country: str, cents: int, taxable: int
    ) -> None:
        """0.76 with 0.13 of tax may bear 20 or 21 %, 0.11 with a cent 7 to 15 %, 0.25 with 0.04 19 or 20 %."""
        found = self.told(country, tax(cents, taxable, behavior="inclusive"))
        assert found.fetch == Hint(kind="invoice", external_id="in_1SExample0001")


class TestSession:
    def test_is_fetched_because_its_lines_are_not_there(self) -> None:
        told = sample("stripe", "04")
        found = reading("stripe", told, "checkout.session.completed")
        assert (found.external_id, found.content) == ("cs_live_a1Example", None)
        assert found.fetch == Hint(kind="checkout.session", external_id="cs_live_a1Example")
        assert reading("stripe", told, "checkout.session.async_payment_succeeded").fetch == found.fetch

    @pytest.mark.parametrize("changes", [{"invoice": "in_1"}, {"mode": "setup"}, {"mode": "subscription"}])
    def test_that_makes_an_invoice_or_sells_nothing_is_nothing_for_us(self, changes: dict[str, Any]) -> None:
        assert event("checkout.session.completed", sample("stripe", "04")["data"]["object"] | changes) is None

    def test_without_tax_holds_its_price_as_it_was_paid(self) -> None:
        found = read(stripe_session())
        assert (found.total, found.currency, found.prices_include_tax, found.total_tax) == (79, "USD", True, 0)
        assert (found.paid, found.number, found.language) == (True, "carrito-5521", "es")
        assert (found.lines[0].amount, found.lines[0].taxes, found.buyer.name) == (79, (), "Alex Romero")

    @pytest.mark.parametrize("status", ["unpaid", "paid", "no_payment_required"])
    def test_is_paid_when_its_payment_is(self, status: str) -> None:
        assert read(stripe_session(payment_status=status)).paid is (status != "unpaid")

    def test_net_prices_stay_net(self) -> None:
        taxed = session_line(amount_subtotal=10000, amount_tax=2100, amount_total=12100, taxes=[
            {"amount": 2100, "rate": {"id": "txr_1", "percentage": 21.0, "inclusive": False}}])  # fmt: skip
        sums = {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 2100}
        found = read(stripe_session(taxed, amount_total=12100, total_details=sums, currency="eur"))
        assert (found.prices_include_tax, found.lines[0].amount, found.lines[0].taxes[0].rate) == (False, 100, 21)

    def test_gross_prices_stay_gross(self) -> None:
        taxed = session_line(
            amount_subtotal=12100, amount_discount=1210, amount_tax=1890, amount_total=10890, taxes=None
        )
        sums = {"amount_discount": 1210, "amount_shipping": 0, "amount_tax": 1890}
        found = read(stripe_session(taxed, amount_total=10890, total_details=sums, currency="eur"))
        assert (found.prices_include_tax, found.lines[0].amount, found.lines[0].taxes[0].rate) == (
            True, Decimal("108.90"), 21,
        )  # fmt: skip
        assert (found.lines[0].discount, found.lines[0].unit_price) == (Decimal("12.10"), Decimal(121))

    def test_the_nif_is_in_the_sellers_field(self) -> None:
        asked = sample("stripe", "04")["data"]["object"]["custom_fields"]
        asked[0]["text"]["value"] = "12.345.678-Z"
        assert read(stripe_session(custom_fields=asked)).buyer.tax_id == "12345678Z"

    def test_shipping_and_where_it_goes(self) -> None:
        where = {"shipping_details": {"address": {"country": "ES", "postal_code": "38001", "state": "TF"}}}
        cost = {"amount_subtotal": 500, "amount_tax": 0, "amount_total": 500}
        found = read(stripe_session(collected_information=where, shipping_cost=cost, amount_total=8400))
        assert [each.kind for each in found.lines] == [LineKind.GOODS, LineKind.SHIPPING]
        assert (found.ship_to.postal_code, found.ship_to.province_code) == ("38001", "TF")


NOTE: dict[str, Any] = {
    "id": "cn_1", "object": "credit_note", "invoice": "in_1SExample0001", "currency": "eur", "created": 1793200000,
    "total": 2668, "status": "issued", "reason": "order_change", "memo": "Medio mes", "refunds": [], "refund": None,
    "lines": {"has_more": False, "data": [
        {"id": "cnli_1", "amount": 2205, "quantity": 1, "description": "Plan", "invoice_line_item": "il_1SExample01",
         "discount_amounts": [], "taxes": [tax(463, 2205)], "type": "invoice_line_item"}]},
}  # fmt: skip
REFUND: dict[str, Any] = {
    "id": "re_1", "object": "refund", "amount": 2668, "currency": "eur", "status": "succeeded", "created": 1793199999,
    "charge": "ch_3SExample01", "payment_intent": "pi_3SExample01", "reason": "requested_by_customer",
}  # fmt: skip


class TestCreditNote:
    def test_is_a_refund_that_says_what_for(self) -> None:
        found = event("credit_note.created", NOTE)
        assert found is not None
        assert (found.external_id, found.fetch) == ("in_1SExample0001", None)
        refund = found.refund
        assert refund is not None
        assert (refund.external_id, refund.total, refund.reason) == ("cn_1", Decimal("-26.68"), "Medio mes")
        (back,) = refund.lines
        assert (back.external_id, back.quantity, back.amount) == ("il_1SExample01", -1, Decimal("-22.05"))
        assert [(each.rate, each.amount) for each in back.taxes] == [(21, Decimal("-4.63"))]

    def test_before_basil_reads_the_same(self) -> None:
        old = json.loads(json.dumps(NOTE))
        row = old["lines"]["data"][0]
        row["tax_amounts"] = [{"amount": 463, "inclusive": False, "tax_rate": "txr_1", "taxable_amount": 2205}]
        del row["taxes"]
        assert event("credit_note.created", old) == event("credit_note.created", NOTE)

    def test_gives_shipping_back_as_a_line(self) -> None:
        cost = {"amount_subtotal": 500, "amount_tax": 105, "amount_total": 605}
        found = event("credit_note.created", NOTE | {"total": 3273, "shipping_cost": cost})
        assert found is not None
        assert found.refund is not None
        shipping = found.refund.lines[1]
        assert (shipping.kind, shipping.quantity, shipping.amount) == (LineKind.SHIPPING, -1, -5)
        assert [(each.rate, each.amount) for each in shipping.taxes] == [(21, Decimal("-1.05"))]

    @pytest.mark.parametrize("changes", [{"status": "void"}, {"lines": {"has_more": True, "data": []}}])
    def test_that_was_cut_or_withdrawn_is_fetched(self, changes: dict[str, Any]) -> None:
        found = event("credit_note.created", NOTE | changes)
        assert found is not None
        assert (found.refund, found.fetch) == (None, Hint(kind="invoice", external_id="in_1SExample0001"))

    @pytest.mark.parametrize(
        "link", [{"refunds": [{"refund": "re_1", "amount_refunded": 2668}]}, {"refund": "re_1"},
                 {"refunds": [{"refund": REFUND}]}],
    )  # fmt: skip
    def test_and_the_refund_that_it_explains_are_one(self, link: dict[str, Any]) -> None:
        document = stripe_invoice() | {"credit_notes": [NOTE | link], "refunds": [REFUND]}
        (refund,) = read(document).refunds
        assert (refund.external_id, refund.total, len(refund.lines)) == ("re_1", Decimal("-26.68"), 1)
        alone = event("credit_note.created", NOTE | link)
        assert alone is not None
        assert alone.refund is not None
        assert alone.refund.external_id == "re_1"

    def test_withdrawn_is_none(self) -> None:
        assert read(stripe_invoice() | {"credit_notes": [NOTE | {"status": "void"}]}).refunds == ()


class TestRefund:
    def test_of_a_charge_asks_for_its_payment(self) -> None:
        found = reading("stripe", sample("stripe", "03"), "charge.refunded")
        assert (found.external_id, found.content, found.refund) == ("", None, None)
        assert found.fetch == Hint(kind="payment_intent", external_id="pi_3SExample01")

    def test_of_a_charge_that_knows_its_invoice_asks_for_that(self) -> None:
        charge = sample("stripe", "03")["data"]["object"] | {"invoice": "in_1SExample0001"}
        found = event("charge.refunded", charge)
        assert found is not None
        assert (found.external_id, found.fetch) == (
            "in_1SExample0001", Hint(kind="invoice", external_id="in_1SExample0001"),
        )  # fmt: skip

    def test_that_adds_nothing_to_what_went_back_is_no_news(self) -> None:
        told = sample("stripe", "03")
        told["data"]["previous_attributes"] = {"amount_refunded": 2668, "receipt_url": None}
        assert reader.read(json.dumps(told).encode(), "charge.refunded", ReaderSettings()) is None

    @pytest.mark.parametrize("kind", ["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"])
    def test_on_its_own_asks_for_its_payment(self, kind: str) -> None:
        found = event(kind, REFUND)
        assert found is not None
        assert (found.external_id, found.fetch) == ("", Hint(kind="payment_intent", external_id="pi_3SExample01"))
        found = event(kind, REFUND | {"payment_intent": None})
        assert found is not None
        assert found.fetch == Hint(kind="charge", external_id="ch_3SExample01")

    def test_in_the_bundle_is_money_alone(self) -> None:
        (refund,) = read(stripe_invoice() | {"refunds": [REFUND]}).refunds
        assert (refund.external_id, refund.total, refund.lines) == ("re_1", Decimal("-26.68"), ())

    @pytest.mark.parametrize("status", ["failed", "canceled", "requires_action"])
    def test_that_did_not_happen_is_none(self, status: str) -> None:
        assert read(stripe_invoice() | {"refunds": [REFUND | {"status": status}]}).refunds == ()


@pytest.mark.parametrize("kind", ["charge.dispute.created", "customer.created", "invoice.created", "", "payout.paid"])
def test_other_events_are_nothing_for_us(kind: str) -> None:
    assert reader.read(b"not even JSON", kind, ReaderSettings()) is None
