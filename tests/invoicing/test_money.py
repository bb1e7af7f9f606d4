"""The money policy as tables, and hundreds of random orders that must add up.

Expected figures are worked by hand in the comments, or recomputed here with fractions, never with our own code.
"""

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest

from invoicing import mentions
from invoicing.holds import Unpriceable
from invoicing.money import cents, price, spread, tax_inside
from invoicing.values import DeclaredTax, LineKind, OrderContent, Priced
from tests.invoicing.orders import LAS_PALMAS, NAYRA, TODAY, line, order


def priced(content: OrderContent, **changes: Any) -> Priced:
    return price(content, on=TODAY, **changes)


def rows(content: OrderContent) -> list[tuple[str, str, str]]:
    return [(str(share.rate), str(share.base), str(share.tax)) for share in priced(content).shares]


def held(content: OrderContent, **changes: Any) -> tuple[str, dict[str, str]]:
    with pytest.raises(Unpriceable) as caught:
        priced(content, **changes)
    return caught.value.hold.code, caught.value.hold.data


def half_up(exact: Fraction) -> Fraction:
    """Cents, half away from zero, in exact arithmetic."""
    sign = -1 if exact < 0 else 1
    return Fraction(sign * ((abs(exact) * 100 + Fraction(1, 2)) // 1), 100)


class TestRounding:
    @pytest.mark.parametrize(
        ("amount", "rounded"),
        [
            ("2.675", "2.68"),
            ("-2.675", "-2.68"),
            ("0.005", "0.01"),
            ("0.00499", "0.00"),
            ("1", "1.00"),
            ("-0.004", "0"),
        ],
    )
    def test_half_goes_up_away_from_zero(self, amount: str, rounded: str) -> None:
        assert cents(Decimal(amount)) == Decimal(rounded)

    @pytest.mark.parametrize(
        ("gross", "rate", "tax"),
        [
            ("121.00", "21", "21.00"),
            ("17.26", "21", "3.00"),  # 2.99554 -> 3.00, where two lines give 2.99
            ("0.01", "21", "0.00"),
            ("0.03", "21", "0.01"),  # 0.00521
            ("105.00", "5", "5.00"),
            ("10.75", "7.5", "0.75"),
            ("-7.89", "21", "-1.37"),  # 1.36934
            ("0.23", "4", "0.01"),  # 0.00885
        ],
    )
    def test_tax_inside_a_gross_amount(self, gross: str, rate: str, tax: str) -> None:
        assert tax_inside(Decimal(gross), Decimal(rate)) == Decimal(tax)


class TestSpread:
    @pytest.mark.parametrize(
        ("total", "exact", "parts"),
        [
            ("10.00", ["3.3333", "3.3333", "3.3334"], ["3.33", "3.33", "3.34"]),
            ("0.02", ["0.005", "0.005", "0.01"], ["0.01", "0.00", "0.01"]),  # equal remainders: the first of the larger
            ("10.01", ["4.00", "6.00"], ["4.00", "6.01"]),  # a settled cent goes to the largest
            ("9.99", ["4.00", "6.00"], ["4.00", "5.99"]),
            ("8.00", ["10.005", "-2.005"], ["10.01", "-2.01"]),
            ("5.00", ["5.00"], ["5.00"]),
        ],
    )
    def test_cents_by_largest_remainder(self, total: str, exact: list[str], parts: list[str]) -> None:
        found = spread(Decimal(total), [Decimal(x) for x in exact])
        assert sum(found) == Decimal(total)
        assert all(abs(part - Decimal(x)) <= Decimal("0.01") for part, x in zip(found, exact, strict=True))
        assert list(map(str, found)) == parts


class TestInclusivePrices:
    def test_one_rounding_per_rate(self) -> None:
        # 8.83 + 3.48 + 4.95 = 17.26 at 21 %: 3.00 (by line 1.53 + 0.60 + 0.86 = 2.99)
        content = order(line("8.83"), line("3.48"), line("4.95"), line("4.01", "10"), line("4.23", "4"))
        assert rows(content) == [("21", "14.26", "3.00"), ("10", "3.65", "0.36"), ("4", "4.07", "0.16")]

    def test_printed_lines_sum_to_the_breakdown(self) -> None:
        found = priced(order(*[line("0.99")] * 7))
        # 6.93 x 21 / 121 = 1.2027; base 5.73, and 7 x round(0.818) would be 5.74
        assert [(share.base, share.tax) for share in found.shares] == [(Decimal("5.73"), Decimal("1.20"))]
        assert sum(each.base for each in found.lines) == Decimal("5.73")
        assert sum(each.gross for each in found.lines) == Decimal("6.93")

    def test_a_discounted_line_reads_from_unit_price_to_base(self) -> None:
        shirts = line("8.83", quantity=Decimal(3), unit_price=Decimal("3.27"), discount=Decimal("0.98"))
        (found,) = priced(order(shirts)).lines
        assert found.unit_price == Decimal("2.702479")  # 3.27 / 1.21
        assert cents(found.quantity * found.unit_price) - found.discount == found.base

    def test_a_cent_left_over_goes_to_the_largest_base_and_is_named(self) -> None:
        found = priced(order(line("10.00"), line("90.00", "10"), total="100.01"))
        assert found.rounding == Decimal("0.01")
        # 10.00: tax 1.74, base 8.26; 90.00: tax 8.18, base 81.82 + 0.01
        assert [(share.base, share.tax) for share in found.shares] == [
            (Decimal("8.26"), Decimal("1.74")),
            (Decimal("81.83"), Decimal("8.18")),
        ]
        assert sum(each.gross for each in found.lines) == Decimal("100.01")

    def test_a_negative_fee_lowers_its_rate(self) -> None:
        fee = line("-2.42", kind=LineKind.FEE, description="Descuento por transferencia")
        # 121.00 - 2.42 = 118.58: tax 20.58
        assert rows(order(line("121.00"), fee)) == [("21", "98.00", "20.58")]

    def test_what_is_free_is_printed_and_not_declared(self) -> None:
        free = line("0.00", None, kind=LineKind.SHIPPING, description="Gratis")
        given = line("0.00", "10", unit_price=Decimal("11.00"), discount=Decimal("11.00"), declared="0.00")
        found = priced(order(line("12.10"), free, given))
        assert len(found.shares) == 1
        assert [(each.rate, each.base) for each in found.lines] == [(21, Decimal("10.00")), (None, 0), (10, 0)]
        assert (found.lines[2].unit_price, found.lines[2].discount) == (Decimal(10), Decimal(10))

    def test_the_input_is_not_altered(self) -> None:
        content = order(line("8.83"), line("4.01", "10"))
        before = msgspec.json.encode(content)
        priced(content)
        assert msgspec.json.encode(content) == before


class TestExclusivePrices:
    def test_base_is_the_shops_and_tax_is_on_it(self) -> None:
        content = order(line("259.80"), line("86.75"), line("12.00"), total="433.85", prices_include_tax=False)
        assert rows(content) == [("21", "358.55", "75.30")]  # 75.2955

    def test_the_cent_of_a_shop_that_rounds_by_line_goes_to_the_largest_base(self) -> None:
        # three lines of 0.50 at 21 %: by line 3 x 0.11 = 0.33, paid 1.83; on the total 0.315 -> 0.32
        content = order(*[line("0.50")] * 3, total="1.83", prices_include_tax=False)
        found = priced(content)
        assert rows(content) == [("21", "1.51", "0.32")]
        assert (found.rounding, found.total) == (Decimal("0.01"), Decimal("1.83"))
        assert sum(each.gross for each in found.lines) == Decimal("1.83")

    def test_unit_prices_stay_as_the_shop_wrote_them(self) -> None:
        content = order(line("129.90", quantity=Decimal(1)), total="157.18", prices_include_tax=False)
        assert priced(content).lines[0].unit_price == Decimal("129.90")


class TestTotalsThatDoNotAddUp:
    @pytest.mark.parametrize("total", ["100.03", "99.97", "150.00", "1.00"])
    def test_are_held_beyond_a_cent_a_line(self, total: str) -> None:
        code, data = held(order(line("10.00"), line("90.00", "10"), total=total))
        assert (code, data["limit"], data["lines"]) == ("totals_do_not_add_up", "0.02", "100.00")

    def test_a_total_with_thousandths_is_held(self) -> None:
        assert held(order(line("10.00"), total="10.004"))[0] == "totals_do_not_add_up"

    def test_free_lines_alone_do_not_make_a_total(self) -> None:
        assert held(order(line("0.00"), total="0.01"))[0] == "totals_do_not_add_up"
        assert held(order(lines=(), total="5.00"))[0] == "totals_do_not_add_up"

    def test_a_tax_that_is_not_its_rates_is_held(self) -> None:
        code, data = held(order(line("121.00", declared="0.00")))
        assert (code, data) == ("tax_does_not_match_rate", {"declared": "0.00", "rate": "21", "computed": "21.00"})

    @pytest.mark.parametrize(
        ("declared", "fits"), [("20.97", False), ("20.98", True), ("21.02", True), ("21.03", False)]
    )
    def test_a_cent_a_unit_and_one_for_the_rate_may_differ(self, declared: str, fits: bool) -> None:
        content = order(line("121.00", declared=declared))
        if fits:
            assert rows(content) == [("21", "100.00", "21.00")]
        else:
            assert held(content)[0] == "tax_does_not_match_rate"

    def test_unless_a_person_accepts_ours(self) -> None:
        content = order(line("121.00", declared="0.00"), total_tax=Decimal("0.00"))
        found = priced(content, accepted={"tax_does_not_match_rate"})
        assert (found.tax_total, found.platform_tax) == (Decimal("21.00"), Decimal("0.00"))

    def test_a_shop_may_round_every_unit(self) -> None:
        # 100 at 0.14: 0.02 of tax each, 2.00; on the total 2.43
        hundred = line("14.00", declared="2.00", quantity=Decimal(100), unit_price=Decimal("0.14"))
        assert rows(order(hundred)) == [("21", "11.57", "2.43")]


class TestWhatIsNotPriced:
    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (order(currency="USD"), "foreign_currency"),
            (order(currency=""), "foreign_currency"),
            (order(line("0.00")), "zero_total"),
            (order(line("-5.00")), "zero_total"),
            (order(line("50.00", None, kind=LineKind.GIFT_CARD)), "zero_total"),
        ],
    )
    def test_is_held(self, content: OrderContent, code: str) -> None:
        assert held(content)[0] == code


class TestExports:
    def test_have_a_base_alone_and_say_why(self) -> None:
        content = order(line("24.00", None), line("8.00", None, kind=LineKind.SHIPPING), buyer=NAYRA)
        found = priced(content)
        (share,) = found.shares
        assert (share.exencion, share.clave_regimen, share.calificacion) == ("E2", "02", "")
        assert (share.base, share.rate, share.tax, found.tax_total) == (Decimal("32.00"), None, None, Decimal(0))
        (key,) = found.mentions
        mention = mentions.mention(key)
        assert "Canarias" in mention
        assert "art. 21 de la Ley 37/1992" in mention

    def test_of_a_tax_exclusive_shop_are_the_same(self) -> None:
        content = order(line("24.00", None), prices_include_tax=False, ship_to=LAS_PALMAS)
        assert priced(content).total == Decimal("24.00")

    def test_domestic_sales_have_no_mention(self) -> None:
        assert priced(order()).mentions == ()


def random_order(dice: random.Random, *, inclusive: bool) -> OrderContent:
    """An order as an honest shop makes it: taxes rounded by line, sometimes paid with a cent more or less."""
    lines, total = [], Fraction(0)
    for _ in range(dice.randint(1, 25)):
        rate = dice.choice((21, 21, 10, 4))
        quantity = dice.choice((1, 1, 2, 3, 12))
        unit = Decimal(dice.randint(1, 40_000)) / 100
        discount = Decimal(dice.randint(0, int(unit * 40))) / 100 if dice.random() < 0.3 else Decimal(0)
        kind = dice.choice((LineKind.GOODS, LineKind.GOODS, LineKind.SERVICE, LineKind.SHIPPING))
        amount = unit * quantity - discount
        if dice.random() < 0.05:
            amount = -min(amount, Decimal("0.50"))
            kind = LineKind.FEE
        exact = Fraction(amount) * rate / ((100 + rate) if inclusive else 100)
        tax = half_up(exact)
        total += Fraction(amount) + (0 if inclusive else tax)
        lines.append(
            line(
                str(amount),
                None,
                kind=kind,
                quantity=Decimal(quantity),
                unit_price=unit,
                discount=discount,
                taxes=(DeclaredTax(rate=Decimal(rate), amount=Decimal(int(tax * 100)) / 100),),
            )
        )
    return order(*lines, total=str(Decimal(int(total * 100)) / 100), prices_include_tax=inclusive)


class TestRandomOrders:
    @pytest.mark.parametrize("inclusive", [True, False])
    def test_add_up_to_what_was_paid(self, inclusive: bool) -> None:
        dice = random.Random(20261014)
        for _ in range(400):
            content = random_order(dice, inclusive=inclusive)
            if content.total <= 0:
                continue
            found = priced(content)
            assert found.total == content.total
            assert sum(share.base + (share.tax or 0) for share in found.shares) == content.total
            assert sum(share.tax or 0 for share in found.shares) == found.tax_total
            assert sum(each.gross for each in found.lines) == content.total
            assert sum(each.base for each in found.lines) == content.total - found.tax_total
            assert abs(found.rounding) <= Decimal("0.01") * len(content.lines)
            for share in found.shares:
                own = [each for each in found.lines if each.rate == share.rate]
                assert sum(each.base for each in own) == share.base
                assert share.rate is not None
                assert share.tax is not None
                gross = sum(Fraction(each.amount) for each in content.lines if each.taxes[0].rate == share.rate)
                divisor = 100 + Fraction(share.rate) if inclusive else 100
                assert Fraction(share.tax) == half_up(gross * Fraction(share.rate) / divisor)
                # what the AEAT recomputes (1142): the tax on the base, within ten euros; ours within two cents a line
                assert abs(share.base * share.rate / 100 - share.tax) <= Decimal("0.02") * len(content.lines)

    def test_inclusive_orders_leave_nothing_over(self) -> None:
        dice = random.Random(7)
        assert all(
            priced(content).rounding == 0
            for content in (random_order(dice, inclusive=True) for _ in range(100))
            if content.total > 0
        )

    def test_two_cents_a_line_too_much_never_pass(self) -> None:
        dice = random.Random(8)
        for _ in range(100):
            content = random_order(dice, inclusive=True)
            wrong = content.total + Decimal("0.02") * len(content.lines)
            if content.total > 0:
                assert held(msgspec.structs.replace(content, total=wrong))[0] == "totals_do_not_add_up"
