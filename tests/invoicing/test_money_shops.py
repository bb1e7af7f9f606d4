"""What shops do with money beside prices: discounts on the whole order, vouchers, tips, other currencies, other taxes.

Expected figures are worked by hand in the comments, or come from ../shared/storefronts/scenarios.json.
"""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from invoicing.holds import Unpriceable
from invoicing.money import Vat, price
from invoicing.taxes import TaxPolicy
from invoicing.values import DeclaredTax, Exchange, LineKind, OrderContent, OrderLine, Priced
from tests.invoicing.orders import KOELN, TODAY, decided, line, order

DOLLARS = Exchange(currency="USD", rate=Decimal("1.0800"), day=TODAY, source="BCE", total=Decimal(0))
OSS = TaxPolicy(oss_from=date(2026, 1, 1))


def priced(content: OrderContent, **changes: Any) -> Priced:
    return price(content, on=TODAY, **changes)


def rows(found: Priced) -> list[tuple[str, str, str]]:
    return [(str(share.rate), str(share.base), str(share.tax)) for share in found.shares]


def rules(found: Priced) -> list[str]:
    return [each.rule for each in found.reasons]


def held(content: OrderContent, **changes: Any) -> str:
    with pytest.raises(Unpriceable) as caught:
        priced(content, **changes)
    return caught.value.hold.code


def shipping(amount: str, rate: str | None = "21", **changes: Any) -> OrderLine:
    return line(amount, rate, kind=LineKind.SHIPPING, description="Envío", **changes)


def pair(amount: str, rate: str, surcharge: str, **changes: Any) -> OrderLine:
    taxes = (DeclaredTax(rate=Decimal(rate)), DeclaredTax(rate=Decimal(surcharge)))
    return line(amount, taxes=taxes, **changes)


class TestADiscountOnTheOrder:
    def test_of_prestashop_is_spread_over_the_goods(self) -> None:
        # scenarios.json, prestashop/01: 50.00 at 21, 10.00 at 10, 4.50 at 4, shipping 5.95 at 21, 6.45 off, 64.00 paid
        goods = (line("50.00", "21"), line("10.00", "10"), line("4.50", "4"))
        content = order(*goods, shipping("5.95"), discount=Decimal("6.450000"), total="64.000000")
        found = priced(content)
        assert rows(found) == [("21", "42.11", "8.84"), ("10", "8.18", "0.82"), ("4", "3.89", "0.16")]
        assert (found.total, found.tax_total, found.rounding) == (Decimal("64.00"), Decimal("9.82"), Decimal(0))
        assert [each.gross for each in found.lines] == [
            Decimal("45.00"), Decimal("9.00"), Decimal("4.05"), Decimal("5.95"),
        ]  # fmt: skip
        assert "discount_spread" in rules(found)

    def test_goes_by_largest_remainder(self) -> None:
        # 1.00 over three of 10.00: 0.33 each, the cent that is left to the first; two rates of one base differ by it
        content = order(line("10.00"), line("10.00", "10"), line("10.00", "4"), discount=Decimal(1), total="29.00")
        assert [each.gross for each in priced(content).lines] == [Decimal("9.66"), Decimal("9.67"), Decimal("9.67")]

    def test_of_net_prices_is_net(self) -> None:
        # 100.00 + 100.00 less 20.00, each 10.00: 90.00 at 21 is 18.90, 90.00 at 10 is 9.00
        content = order(
            line("100.00"), line("100.00", "10"), discount=Decimal(20), total="207.90", prices_include_tax=False
        )
        assert rows(priced(content)) == [("21", "90.00", "18.90"), ("10", "90.00", "9.00")]

    def test_reads_on_each_line_from_unit_price_to_base(self) -> None:
        for each in priced(order(line("50.00"), line("10.00", "10"), discount=Decimal(6), total="54.00")).lines:
            assert each.discount > 0
            assert abs(each.quantity * each.unit_price - each.discount - each.base) < Decimal("0.005")

    @pytest.mark.parametrize("discount", ["10.01", "-1.00"])
    def test_larger_than_the_goods_is_held(self, discount: str) -> None:
        content = order(line("10.00"), shipping("5.00"), discount=Decimal(discount), total="4.99")
        assert held(content) == "discount_exceeds_goods"


class TestHowShopsRound:
    def test_by_the_unit(self) -> None:
        # 100 x 0.145 net at 21: a unit is 0.17545 -> 0.18, paid 18.00; on the total 14.50 + 3.05 = 17.55
        hundred = line("14.50", quantity=Decimal(100), unit_price=Decimal("0.145"))
        found = priced(order(hundred, total="18.00", prices_include_tax=False))
        assert rows(found) == [("21", "14.95", "3.05")]
        assert (found.rounding, found.rounding_mode, found.total) == (Decimal("0.45"), "item", Decimal("18.00"))
        assert "rounding" in rules(found)

    def test_by_the_line(self) -> None:
        # three lines of 0.50 net at 21: 0.605 -> 0.61 each, paid 1.83; on the total 1.50 + 0.32 = 1.82
        found = priced(order(*[line("0.50")] * 3, total="1.83", prices_include_tax=False))
        assert (found.rounding, found.rounding_mode) == (Decimal("0.01"), "line")

    def test_by_the_total_leaves_nothing(self) -> None:
        found = priced(order(*[line("0.50")] * 3, total="1.82", prices_include_tax=False))
        assert (found.rounding, found.rounding_mode) == (Decimal(0), "")

    def test_what_no_way_of_rounding_explains_is_a_cent_a_line_at_most(self) -> None:
        found = priced(order(line("10.00"), line("90.00", "10"), total="100.01"))
        assert (found.rounding, found.rounding_mode) == (Decimal("0.01"), "cents")
        hundred = line("14.50", quantity=Decimal(100), unit_price=Decimal("0.145"))
        assert held(order(hundred, total="17.90", prices_include_tax=False)) == "totals_do_not_add_up"


class TestGiftCards:
    def test_that_are_sold_are_left_out_and_the_rest_is_invoiced(self) -> None:
        card = line("50.00", None, kind=LineKind.GIFT_CARD, description="Tarjeta regalo")
        found = priced(order(line("12.10"), card))
        assert (rows(found), found.total) == ([("21", "10.00", "2.10")], Decimal("12.10"))
        assert [each.description for each in found.lines] == ["Taza"]
        assert "gift_card_sold" in rules(found)

    def test_alone_ask_for_no_invoice(self) -> None:
        card = line("50.00", None, kind=LineKind.GIFT_CARD)
        found = decided(order(card, shipping("0.00", None)))
        assert (found.action, "tarjetas regalo" in found.note) == ("nothing", True)

    def test_as_payment_do_not_lower_the_base(self) -> None:
        paid_with = line("-10.00", None, kind=LineKind.GIFT_CARD, description="Tarjeta regalo")
        found = priced(order(line("12.10"), paid_with, total="2.10"))
        assert (rows(found), found.total) == ([("21", "10.00", "2.10")], Decimal("12.10"))
        assert "gift_card_paid" in rules(found)

    def test_of_a_single_purpose_are_taxed_when_sold(self) -> None:
        # Directive 2006/112 art. 30b.1
        assert rows(priced(order(line("12.10", kind=LineKind.GIFT_CARD)))) == [("21", "10.00", "2.10")]


class TestUntaxedExtras:
    GOODS = TaxPolicy(untaxed_shipping="goods", untaxed_tips="goods")

    def test_are_held_by_default(self) -> None:
        assert held(order(line("12.10"), shipping("5.00", None))) == "untaxed_line"
        assert held(order(line("12.10"), line("2.00", None, kind=LineKind.TIP))) == "untaxed_tip"

    def test_may_follow_the_goods_inside_their_amount(self) -> None:
        # 3.00 of shipping over 20.00 at 21 and 10.00 at 4: 2.00 and 1.00
        # 22.00: tax 3.8182; 11.00: tax 0.4231
        content = order(line("20.00"), line("10.00", "4"), shipping("3.00", None))
        found = priced(content, taxes=self.GOODS)
        assert rows(found) == [("21", "18.18", "3.82"), ("4", "10.58", "0.42")]
        assert found.total == Decimal("33.00")
        assert [(each.description, each.rate, each.gross) for each in found.lines[2:]] == [
            ("Envío", Decimal(21), Decimal("2.00")),
            ("Envío", Decimal(4), Decimal("1.00")),
        ]
        assert "shipping_follows" in rules(found)

    def test_of_net_prices_too_without_moving_the_total(self) -> None:
        # 100.00 net at 21 and 4.84 of untaxed shipping: 121.00 + 4.84 paid; the shipping holds 0.84
        content = order(line("100.00"), shipping("4.84", None), total="125.84", prices_include_tax=False)
        found = priced(content, taxes=self.GOODS)
        assert (rows(found), found.rounding) == ([("21", "104.00", "21.84")], Decimal(0))

    def test_tips_may_be_not_subject(self) -> None:
        tip = line("2.00", None, kind=LineKind.TIP, description="Propina")
        found = priced(order(line("12.10"), tip), taxes=TaxPolicy(untaxed_tips="not_subject"))
        assert [(s.calificacion, s.base, s.tax) for s in found.shares] == [
            ("S1", Decimal("10.00"), Decimal("2.10")),
            ("N1", Decimal("2.00"), None),
        ]
        assert found.total == Decimal("14.10")


class TestOtherCurrencies:
    def test_become_euros_at_the_rate_of_the_day(self) -> None:
        # 79.00 / 1.08 = 73.148 -> 73.15; tax 73.15 x 21/121 = 12.6955
        found = priced(order(line("79.00"), currency="USD"), quote=DOLLARS)
        assert (rows(found), found.total) == ([("21", "60.45", "12.70")], Decimal("73.15"))
        assert found.exchange == Exchange(
            currency="USD", rate=Decimal("1.08"), day=TODAY, source="BCE", total=Decimal("79.00")
        )
        assert "exchange" in rules(found)

    def test_sum_to_the_converted_total(self) -> None:
        # 3 x 10.00 / 1.08 = 9.259 each: 9.26 + 9.26 + 9.26 = 27.78 by rate, and 30.00 / 1.08 = 27.78
        content = order(line("10.00"), line("10.00", "10"), line("10.00", "4"), currency="USD")
        found = priced(content, quote=DOLLARS)
        assert sum(share.base + (share.tax or 0) for share in found.shares) == found.total == Decimal("27.78")
        assert sum(each.gross for each in found.lines) == found.total

    def test_a_cent_of_the_conversion_is_named(self) -> None:
        # 1.00 / 1.5 = 0.67 three times is 2.01, and 3.00 / 1.5 is 2.00
        quote = Exchange(currency="USD", rate=Decimal("1.5"), day=TODAY, source="BCE", total=Decimal(0))
        content = order(line("1.00"), line("1.00", "10"), line("1.00", "4"), currency="USD")
        found = priced(content, quote=quote)
        assert (found.rounding, found.rounding_mode, found.total) == (Decimal("-0.01"), "currency", Decimal("2.00"))

    def test_without_a_rate_are_held(self) -> None:
        assert held(order(line("79.00"), currency="USD")) == "foreign_currency"
        pounds = Exchange(currency="GBP", rate=Decimal("0.85"), day=TODAY, source="BCE", total=Decimal(0))
        assert held(order(line("79.00"), currency="USD"), quote=pounds) == "foreign_currency"

    def test_declared_taxes_are_compared_in_euros(self) -> None:
        wrong = order(line("121.00", declared="10.00"), currency="USD")
        assert held(wrong, quote=DOLLARS) == "tax_does_not_match_rate"
        right = order(line("121.00", declared="21.00"), currency="USD")
        assert priced(right, quote=DOLLARS).total == Decimal("112.04")  # 112.037


class TestOss:
    def test_the_invoices_total_is_without_the_tax_of_there(self) -> None:
        # 119.00 at 19: 19.00; 21.40 at 7: 1.40
        content = order(line("119.00", "19", declared="19.00"), line("21.40", "7"), ship_to=KOELN)
        found = priced(content, taxes=OSS)
        (row,) = found.shares
        assert (row.clave_regimen, row.calificacion, row.rate, row.tax) == ("17", "N2", None, None)
        assert (row.base, found.total, found.tax_total) == (Decimal("120.00"), Decimal("120.00"), Decimal(0))
        assert (found.foreign_tax, found.paid) == (Decimal("20.40"), Decimal("140.40"))
        assert [(each.country, each.rate, each.base, each.tax) for each in found.foreign] == [
            ("DE", Decimal(19), Decimal("100.00"), Decimal("19.00")),
            ("DE", Decimal(7), Decimal("20.00"), Decimal("1.40")),
        ]
        assert found.mentions == ("oss",)
        assert sum(each.gross for each in found.lines) == Decimal("140.40")
        assert sum(each.base for each in found.lines) == Decimal("120.00")

    def test_of_net_prices_too(self) -> None:
        content = order(line("100.00", "19"), total="119.00", prices_include_tax=False, ship_to=KOELN)
        found = priced(content, taxes=OSS)
        assert (found.total, found.foreign_tax) == (Decimal("100.00"), Decimal("19.00"))

    def test_a_foreign_tax_that_is_not_its_rates_is_held(self) -> None:
        content = order(line("119.00", "19", declared="25.00"), ship_to=KOELN)
        assert held(content, taxes=OSS) == "tax_does_not_match_rate"


class TestSurcharge:
    def test_is_inside_a_gross_price_with_its_rate(self) -> None:
        # 126.20 = 100.00 + 21.00 + 5.20
        found = priced(order(pair("126.20", "21", "5.2")))
        (row,) = found.shares
        assert (row.base, row.tax, row.surcharge) == (Decimal("100.00"), Decimal("21.00"), Decimal("5.20"))
        assert (row.rate, row.surcharge_rate, found.tax_total) == (Decimal(21), Decimal("5.2"), Decimal("26.20"))

    def test_is_added_to_a_net_one(self) -> None:
        # 50.00 at 10 and 1.4: 5.00 + 0.70
        found = priced(order(pair("50.00", "10", "1.4"), total="55.70", prices_include_tax=False))
        assert [(s.base, s.tax, s.surcharge) for s in found.shares] == [
            (Decimal("50.00"), Decimal("5.00"), Decimal("0.70"))
        ]
        assert [each.gross for each in found.lines] == [Decimal("55.70")]

    def test_is_compared_with_what_the_shop_says(self) -> None:
        taxes = (DeclaredTax(rate=Decimal(21), amount=Decimal(21)), DeclaredTax(rate=Decimal("5.2"), amount=Decimal(9)))
        assert held(order(line("126.20", taxes=taxes))) == "tax_does_not_match_rate"


class TestSecondHandGoods:
    USED = TaxPolicy(used_goods=("REBU",))

    def test_are_declared_whole_beside_others(self) -> None:
        content = order(line("500.00", sku="REBU-1", description="Cámara"), line("12.10"))
        found = priced(content, taxes=self.USED)
        assert [(s.clave_regimen, s.rate, s.base, s.tax) for s in found.shares] == [
            ("01", 21, Decimal("10.00"), Decimal("2.10")),
            ("03", None, Decimal("500.00"), None),
        ]
        assert (found.total, found.mentions) == (Decimal("512.10"), ("used_goods",))
        assert next((each.rate, each.base, each.gross) for each in found.lines) == (
            None, Decimal("500.00"), Decimal("500.00"),
        )  # fmt: skip

    def test_at_net_prices_are_what_was_paid(self) -> None:
        # the shop added 21 % to 100.00: 121.00 were paid, and that is the price
        content = order(line("100.00", sku="REBU-1"), total="121.00", prices_include_tax=False)
        (row,) = priced(content, taxes=self.USED).shares
        assert (row.base, row.tax) == (Decimal("121.00"), None)


class TestBesideTheTotal:
    def test_a_withholding_lowers_what_is_paid_and_not_the_total(self) -> None:
        # FAQ 20: 1000 + 210, 15 % of IRPF kept back, 30 laid out
        content = order(line("1210.00", kind=LineKind.SERVICE), withholding=Decimal("150.00"), outlays=Decimal("30.00"))
        found = priced(content)
        assert (found.total, found.payable) == (Decimal("1210.00"), Decimal("1090.00"))
        assert {"withholding", "outlays"} <= set(rules(found))

    def test_what_was_received_before_lowers_what_is_left_to_pay(self) -> None:
        found = priced(order(line("121.00"), advances=Decimal("50.00")))
        assert (found.total, found.payable) == (Decimal("121.00"), Decimal("71.00"))
        assert "advances" in rules(found)


class TestChosen:
    def test_a_rate_is_inside_the_amount_at_net_prices_too(self) -> None:
        # 121.00 were paid and no tax charged: the price holds it
        content = order(line("121.00", None), prices_include_tax=False)
        assert rows(priced(content, chosen="S1:21")) == [("21", "100.00", "21.00")]

    def test_joins_the_lines_that_were_taxed_at_it(self) -> None:
        found = priced(order(line("12.10", declared="2.10"), line("24.20", None)), chosen="S1:21")
        assert rows(found) == [("21", "30.00", "6.30")]
        assert {"domestic", "chosen"} <= set(rules(found))

    def test_reverse_charge_has_rate_and_tax_nought(self) -> None:
        assert rows(priced(order(line("100.00", None)), chosen="S2")) == [("0", "100.00", "0.00")]


class TestAnIntraCommunitySupply:
    def test_says_on_whose_word(self) -> None:
        found = priced(order(line("544.60", None), ship_to=KOELN), vat=Vat("DE123456788", "VIES 2026-11-02"))
        (reason,) = [each for each in found.reasons if each.rule == "intra_eu"]
        assert (reason.facts["vat"], reason.facts["evidence"]) == ("DE123456788", "VIES 2026-11-02")
        assert found.mentions == ("intra_eu",)
