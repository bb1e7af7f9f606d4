"""Orders paid in parts, document by document: LIVA art. 75.Dos, RD 1619/2012 arts. 4 and 6, fiscal-policy.md.

By hand, of 121.00 at 21 % and 55.00 at 10 %, 176.00 in all (100.00 + 21.00 and 50.00 + 5.00):
50.00 received is 34.375 and 15.625, so 34.38 and 15.62 (as near one as the other: the larger takes the cent), with
5.97 and 1.42 of tax inside; 60.00 more is 41.25 and 18.75, with 7.16 and 1.70.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from invoicing.balance import balance, negative
from invoicing.correctives import difference
from invoicing.holds import Action, Resolution
from invoicing.issued import ByHand, Issued
from invoicing.policy import Decision, Known
from invoicing.printable import per_kind
from invoicing.recipients import VatAnswer
from invoicing.taxes import TaxPolicy
from invoicing.values import DeclaredTax, Exchange, LineKind, OrderContent
from tests.invoicing.orders import (
    KOELN,
    LIVE,
    LUCIA,
    MADRID,
    NAYRA,
    PAID_AT,
    SOLER,
    TODAY,
    decided,
    invoiced,
    line,
    order,
)
from tests.invoicing.test_rectifying import Books, back, refund, rows

D = Decimal
IN_PARTS = msgspec.structs.replace(LIVE, part_payments="invoice")
TWO = (line("121.00", "21", external_id="T"), line("55.00", "10", external_id="L"))
ORDER = order(*TWO, buyer=SOLER)
FIRST = [(D(21), D("28.41"), D("5.97")), (D(10), D("14.20"), D("1.42"))]
SECOND = [(D(21), D("34.09"), D("7.16")), (D(10), D("17.05"), D("1.70"))]
REST = [(D(21), D("37.50"), D("7.87")), (D(10), D("18.75"), D("1.88"))]
WHOLE = {D(21): (D("100.00"), D("21.00")), D(10): (D("50.00"), D("5.00"))}


def partly(content: OrderContent, received: str, **changes: Any) -> OrderContent:
    values = {"paid": False, "paid_at": None, "partially_paid": True, "advances": D(received)}
    return msgspec.structs.replace(content, **values | changes)


@dataclass
class Parts(Books):
    """The books of an order of a shop that has what it receives invoiced."""

    rules: dict[str, Any]

    def decide(self, version: int = 99) -> Decision:
        return decided(self.content, issued=self.issued, version=version, **{"connection": IN_PARTS} | self.rules)

    def receives(self, amount: str, **changes: Any) -> "Parts":
        self.becomes(paid=False, paid_at=None, partially_paid=True, advances=D(amount), **changes)
        return self

    def is_paid(self, **changes: Any) -> "Parts":
        self.becomes(paid=True, paid_at=PAID_AT, partially_paid=False, advances=D(0), **changes)
        return self

    def held(self, **changes: Any) -> str:
        self.content = msgspec.structs.replace(self.content, **changes)
        held = self.decide().hold
        assert held, self.decide()
        return held.code


def parts(content: OrderContent = ORDER, **rules: Any) -> Parts:
    return Parts(content, Issued(), [], rules)


class TestWhatIsReceived:
    def test_has_an_invoice_spread_over_the_rates_of_the_order(self) -> None:
        [made] = parts().receives("50.00").made
        assert (made.purpose, made.key, made.tipo, made.method, made.recipient) == ("advance", "1", "F1", "", SOLER)
        assert rows(made) == FIRST
        assert (made.priced.total, made.priced.tax_total) == (D("50.00"), D("7.39"))
        assert [(each.description, each.base, each.gross) for each in made.priced.lines] == [
            ("Anticipo a cuenta del pedido #1501", D("28.41"), D("34.38")),
            ("Anticipo a cuenta del pedido #1501", D("14.20"), D("15.62")),
        ]

    def test_each_further_part_has_another(self) -> None:
        found = parts().receives("50.00").receives("110.00")
        assert [(made.purpose, made.key) for made in found.made] == [("advance", "1"), ("advance", "2")]
        assert rows(found.made[1]) == SECOND

    def test_the_last_payment_has_the_sales_invoice_of_what_is_left_of_each_rate(self) -> None:
        found = parts().receives("50.00").receives("110.00").is_paid()
        made = found.made[-1]
        assert (made.purpose, made.key, made.tipo) == ("sale", "", "F1")
        assert rows(made) == REST
        assert (made.priced.total, made.priced.tax_total) == (D("66.00"), D("9.75"))
        assert found.net == WHOLE

    def test_which_names_what_was_deducted(self) -> None:
        made = parts().receives("50.00").is_paid().made[-1]
        assert [(each.description, each.rate, each.base, each.gross) for each in made.priced.lines] == [
            ("Taza", D(21), D("100.00"), D("121.00")), ("Taza", D(10), D("50.00"), D("55.00")),
            ("Anticipo ya facturado: X-1 de 02/11/2026", D(21), D("-28.41"), D("-34.38")),
            ("Anticipo ya facturado: X-1 de 02/11/2026", D(10), D("-14.20"), D("-15.62")),
        ]  # fmt: skip
        assert made.priced.payable == D("126.00")

    def test_and_not_a_second_time_where_the_shop_goes_on_telling_what_was_received(self) -> None:
        made = parts().receives("50.00").becomes(paid=True, partially_paid=False).made[-1]
        assert (made.priced.total, made.priced.payable) == (D("126.00"), D("126.00"))

    @pytest.mark.parametrize(
        ("language", "advance", "deducted"),
        [
            ("en", "Advance payment for order #1501", "Advance payment already invoiced: X-1 of 2 Nov 2026"),
            ("ca", "Bestreta a compte de la comanda #1501", "Bestreta ja facturada: X-1 de 02/11/2026"),
            ("fr", "Acompte sur la commande #1501", "Acompte déjà facturé : X-1 du 02/11/2026"),
            ("de", "Anzahlung auf die Bestellung #1501", "Bereits berechnete Anzahlung: X-1 vom 02.11.2026"),
        ],
    )
    def test_in_the_buyers_language(self, language: str, advance: str, deducted: str) -> None:
        one = order(line("121.00"), buyer=SOLER, language=language)
        first, last = parts(one).receives("50.00").is_paid().made
        assert first.priced.lines[0].description == advance
        assert last.priced.lines[-1].description == deducted

    def test_is_of_the_day_on_which_it_was_received(self) -> None:
        received = datetime(2026, 10, 30, 23, 30, tzinfo=UTC)  # the 31st in Madrid
        found = decided(partly(ORDER, "50.00", paid_at=received), connection=IN_PARTS).document
        assert found
        assert found.operation_date == date(2026, 10, 31)

    def test_and_the_rest_of_the_day_of_the_last_payment(self) -> None:
        assert parts().receives("50.00").is_paid().made[-1].operation_date == PAID_AT.date()

    def test_the_same_once_more_asks_for_nothing(self) -> None:
        assert len(parts().receives("50.00").receives("50.00").made) == 1

    def test_told_late_behind_the_full_payment_it_is_no_advance_any_more(self) -> None:
        sold = invoiced(ORDER, "F1")
        assert decided(partly(ORDER, "50.00"), connection=IN_PARTS, issued=sold, version=2).action == "nothing"

    def test_paid_at_once_it_is_one_invoice(self) -> None:
        [made] = parts().is_paid().made
        assert (made.purpose, made.priced.total, len(made.priced.lines)) == ("sale", D("176.00"), 2)

    def test_parts_of_a_cent_that_a_shop_tells_are_rounded(self) -> None:
        [made] = parts().receives("50.004").receives("50.0000").made
        assert rows(made) == FIRST

    def test_the_cents_of_many_parts_never_add_up_to_more_than_the_order(self) -> None:
        # 0.61 at 21 % holds 0.11 (0.1059): nine times that is 0.99; the whole, 5.51, holds 0.96
        found = parts(order(line("5.51"), buyer=SOLER))
        for number in range(1, 10):
            found.receives(str(number * D("0.61")))
        found.is_paid()
        assert sum(made.priced.total for made in found.made) == D("5.51")
        assert found.net == {D(21): (D("4.55"), D("0.96"))}
        for made in found.made:
            assert all(share.base >= 0 and share.tax is not None and share.tax >= 0 for share in made.priced.shares)

    def test_with_a_surcharge(self) -> None:
        taxed = msgspec.structs.replace(line("126.20"), taxes=(DeclaredTax(rate=D(21)), DeclaredTax(rate=D("5.2"))))
        first, last = parts(order(taxed, buyer=SOLER)).receives("63.10").is_paid().made
        # half of 100.00 + 21.00 + 5.20
        for made in (first, last):
            [share] = made.priced.shares
            assert (share.base, share.tax, share.surcharge) == (D("50.00"), D("10.50"), D("2.60"))

    def test_under_oss_the_foreign_tax_is_spread_too(self) -> None:
        abroad = order(line("119.00", "19"), ship_to=KOELN)
        first, last = parts(abroad, taxes=TaxPolicy(oss_from=TODAY)).receives("59.50").is_paid().made
        for made in (first, last):
            assert (made.priced.total, made.priced.foreign_tax) == (D("50.00"), D("9.50"))
            [foreign] = made.priced.foreign
            assert (foreign.country, foreign.rate, foreign.base, foreign.tax) == ("DE", D(19), D("50.00"), D("9.50"))

    def test_at_prices_without_tax(self) -> None:
        # 3 x 3.33 = 9.99 net: 2.10 of tax, 12.09 paid; half is 6.05 with 1.05 inside, and 6.04 left
        net = order(line("9.99", quantity=D(3), unit_price=D("3.33")), prices_include_tax=False, total="12.09",
                    buyer=SOLER)  # fmt: skip
        first, last = parts(net).receives("6.05").is_paid().made
        assert (rows(first), rows(last)) == ([(D(21), D("5.00"), D("1.05"))], [(D(21), D("4.99"), D("1.05"))])


class TestTheLimitOfASimplifiedInvoice:
    def test_counts_the_operation_and_not_the_part(self) -> None:
        found = parts(partly(order(line("500.00")), "50.00"))
        assert found.held() == "nif_required"

    def test_within_it_both_are_simplified(self) -> None:
        found = parts(order(*TWO)).receives("50.00").is_paid()
        assert [(made.tipo, made.recipient) for made in found.made] == [("F2", None), ("F2", None)]


class TestWhatHasNoInvoiceInAdvance:
    def test_unless_the_connection_says_so(self) -> None:
        assert parts(partly(ORDER, "50.00"), connection=LIVE).held() == "partial_payment"

    def test_what_the_shop_does_not_say_the_amount_of(self) -> None:
        assert parts(partly(ORDER, "0")).held() == "partial_payment"

    def test_goods_for_another_member_state(self) -> None:
        weber = msgspec.structs.replace(LUCIA, company="Weber GmbH", tax_id="DE123456788", address=KOELN)
        valid = VatAnswer(number="DE123456788", outcome="valid", at=PAID_AT)
        sold = partly(order(line("100.00", None), buyer=weber), "50.00")
        found = parts(sold, known=Known(vat={"DE123456788": valid}))
        assert found.held() == "advance_exempt"
        assert [made.priced.total for made in found.is_paid().made] == [D("100.00")]

    def test_exports(self) -> None:
        assert parts(partly(order(line("100.00", None), buyer=NAYRA), "50.00")).held() == "advance_exempt"

    @pytest.mark.parametrize(
        "changes",
        [
            {"shipped_at": PAID_AT},
            {"delivered_at": PAID_AT},
            {"withholding": D("15.00")},
            {"outlays": D("10.00")},
            {"lines": (*TWO, line("20.00", None, kind=LineKind.GIFT_CARD)), "total": D("196.00")},
        ],
    )
    def test_where_it_is_not_clear_what_was_paid_for(self, changes: dict[str, Any]) -> None:
        assert parts(partly(ORDER, "50.00", **changes)).held() == "advance_unclear"

    def test_another_currency(self) -> None:
        quote = Exchange(currency="USD", rate=D("1.10"), day=TODAY, source="BCE", total=D(0))
        found = parts(partly(ORDER, "50.00", currency="USD"), known=Known(quote=quote))
        assert found.held() == "advance_unclear"

    def test_an_order_that_is_invoiced_when_it_is_sent(self) -> None:
        sent = msgspec.structs.replace(IN_PARTS, trigger="shipped")
        assert decided(partly(ORDER, "50.00"), connection=sent).note == "Sin enviar."
        whole = decided(partly(ORDER, "50.00", shipped_at=PAID_AT), connection=sent).document
        assert whole
        assert (whole.purpose, whole.priced.total, whole.priced.payable) == ("sale", D("176.00"), D("126.00"))


class TestCorrections:
    def test_a_cancelled_order_gives_back_what_was_received(self) -> None:
        found = parts().receives("50.00").receives("110.00").becomes(cancelled=True)
        made = found.made[-1]
        assert (made.purpose, made.tipo, made.cause, made.priced.total) == (
            "cancellation", "R1", "cancellation", D("-110.00")
        )  # fmt: skip
        assert [each.num_serie for each in made.rectifies] == ["X-1", "X-2"]
        assert found.net == {}

    def test_of_a_simplified_one_by_an_r5(self) -> None:
        found = parts(order(*TWO)).receives("50.00").becomes(cancelled=True)
        assert [(made.tipo, made.priced.total) for made in found.made] == [("F2", D("50.00")), ("R5", D("-50.00"))]

    def test_cancelled_and_refunded_at_once_it_is_corrected_once(self) -> None:
        found = parts().receives("50.00").becomes(cancelled=True, refunds=(refund("-50.00"),))
        assert [(made.purpose, made.priced.total) for made in found.made[1:]] == [("refund", D("-50.00"))]
        assert found.net == {}

    def test_a_part_that_went_back_is_corrected_and_the_rest_is_invoiced_whole(self) -> None:
        found = parts().receives("50.00").receives("50.00", refunds=(refund("-17.60"),))
        # 17.60 is a tenth of the order: 12.10 and 5.50
        made = found.made[-1]
        assert (made.purpose, made.key, made.tipo) == ("refund", "R1", "R1")
        assert rows(made) == [(D(21), D("-10.00"), D("-2.10")), (D(10), D("-5.00"), D("-0.50"))]
        found.is_paid()
        assert found.made[-1].priced.total == D("126.00")
        assert found.net == {D(21): (D("90.00"), D("18.90")), D(10): (D("45.00"), D("4.50"))}

    def test_of_the_rates_of_the_whole_order_and_not_of_the_cents_of_its_part(self) -> None:
        # 0.50 of 176.00 is 0.34375 and 0.15625; of the advance's own 0.69 and 0.31 it would be 0.345 and 0.155
        found = parts().receives("1.00").receives("1.00", refunds=(refund("-0.50"),))
        assert rows(found.made[-1]) == [(D(21), D("-0.28"), D("-0.06")), (D(10), D("-0.15"), D("-0.01"))]
        assert found.is_paid().net == parts().is_paid().becomes(refunds=(refund("-0.50"),)).net

    def test_known_before_the_advance_it_comes_to_the_same(self) -> None:
        found = parts().receives("50.00", refunds=(refund("-17.60"),))
        assert [(made.purpose, made.priced.total) for made in found.made] == [
            ("advance", D("50.00")), ("refund", D("-17.60")),
        ]  # fmt: skip

    def test_all_of_it_went_back(self) -> None:
        found = parts().receives("50.00").receives("50.00", refunds=(refund("-50.00"),))
        assert found.net == {}

    def test_goods_of_a_rate_that_holds_less_in_advance_are_for_a_person(self) -> None:
        found = parts().receives("50.00")
        given_back = (refund("-55.00", "R1", back(TWO[1], "-55.00")),)
        assert found.held(refunds=given_back) == "refund_exceeds"
        found.is_paid(refunds=given_back)
        assert found.net == {D(21): (D("100.00"), D("21.00"))}

    def test_after_the_rest_refunds_correct_all_of_them(self) -> None:
        found = parts().receives("50.00").is_paid().becomes(refunds=(refund("-176.00", on=6),))
        made = found.made[-1]
        assert (made.tipo, made.priced.total, [each.num_serie for each in made.rectifies]) == (
            "R1", D("-176.00"), ["X-1", "X-2"],
        )  # fmt: skip
        assert found.net == {}

    def test_goods_that_were_added_since_are_in_the_rest(self) -> None:
        found = parts().receives("50.00").is_paid(lines=(*TWO, line("10.40", "4")), total=D("186.40"))
        assert found.net == WHOLE | {D(4): (D("10.00"), D("0.40"))}
        assert len(found.made) == 2

    def test_and_those_added_after_it_have_an_invoice_of_their_own(self) -> None:
        found = parts().receives("50.00").is_paid().becomes(lines=(*TWO, line("10.40", "4")), total=D("186.40"))
        assert (found.made[-1].purpose, rows(found.made[-1])) == ("addition", [(D(4), D("10.00"), D("0.40"))])

    def test_goods_that_are_gone_leave_more_in_advance_than_there_is(self) -> None:
        found = parts().receives("50.00")
        held = found.held(paid=True, partially_paid=False, advances=D(0), lines=TWO[:1], total=D("121.00"))
        assert held == "advance_exceeds"

    def test_an_edit_that_the_lines_do_not_show_is_asked_about(self) -> None:
        paid = {"paid": True, "partially_paid": False, "advances": D(0), "current_total": D("150.00")}
        found = parts().receives("50.00")
        assert found.held(**paid) == "edited_before_issue"
        anyway = Resolution(action=Action.ISSUE_ANYWAY)
        made = decided(found.content, connection=IN_PARTS, issued=found.issued, version=3, resolution=anyway).document
        assert made
        assert made.priced.total == D("126.00")

    def test_until_a_person_has_rectified_the_advance(self) -> None:
        found = parts().receives("50.00")
        found.content = msgspec.structs.replace(ORDER, lines=TWO[:1], total=D("121.00"))
        last = found.issued.last
        # what the advance has at 10 % goes back: 14.20 + 1.42
        less = balance([share for share in last.shares if share.rate == D(10)])
        rectified = difference(
            found.issued, negative(less), per_kind(negative(less), "amount", language="es"), tipo="R1",
            purpose="amount", key="staff", cause="amount", note="",
        )  # fmt: skip
        found._keep(rectified, 2)
        found.is_paid(lines=TWO[:1], total=D("121.00"))
        assert rows(found.made[-1]) == [(D(21), D("71.59"), D("15.03"))]  # 100.00 - 28.41, 21.00 - 5.97
        assert found.net == {D(21): WHOLE[D(21)]}

    def test_what_was_received_is_all_that_is_left_of_it(self) -> None:
        one = order(line("121.00"), buyer=SOLER)
        found = parts(one).receives("60.50").is_paid(lines=(line("60.50"),), total=D("60.50"))
        assert [made.purpose for made in found.made] == ["advance"]
        found.becomes(refunds=(refund("-12.10", on=6),))
        assert rows(found.made[-1]) == [(D(21), D("-10.00"), D("-2.10"))]

    def test_less_received_than_before_is_for_a_person(self) -> None:
        assert parts().receives("50.00").held(advances=D("20.00")) == "correction_needed"

    def test_unless_all_of_it_went_back(self) -> None:
        found = parts().receives("50.00", refunds=(refund("-50.00"),))
        found.becomes(partially_paid=False, advances=D(0))
        assert len(found.made) == 2
        assert found.net == {}

    def test_not_paid_at_all_any_more_too(self) -> None:
        assert parts().receives("50.00").held(partially_paid=False, advances=D(0)) == "correction_needed"

    def test_sent_before_it_is_paid_is_for_a_person(self) -> None:
        assert parts().receives("50.00").held(advances=D("60.00"), shipped_at=PAID_AT) == "advance_unclear"

    def test_a_deleted_order_too(self) -> None:
        assert parts().receives("50.00").held(deleted=True) == "correction_needed"

    def test_an_annulled_advance_is_not_issued_again_by_itself(self) -> None:
        found = parts().receives("50.00").receives("110.00")
        found.issued = msgspec.structs.replace(
            found.issued, annulled=("X-1",), documents=found.issued.documents[1:], versions=(2,)
        )
        assert found.held() == "invoice_annulled"


class TestAnotherBuyer:
    def test_who_gives_a_nif_has_the_advance_exchanged_first(self) -> None:
        found = parts(order(*TWO)).receives("50.00").is_paid(buyer=SOLER)
        assert [(made.purpose, made.tipo, made.priced.total) for made in found.made] == [
            ("advance", "F2", D("50.00")), ("exchange", "F3", D("50.00")), ("sale", "F1", D("126.00")),
        ]  # fmt: skip
        assert found.made[-1].priced.lines[-1].description.startswith("Anticipo ya facturado: X-2 de")
        assert found.net == WHOLE

    def test_whose_data_were_others_has_it_rectified_first(self) -> None:
        moved = msgspec.structs.replace(SOLER, address=msgspec.structs.replace(MADRID, lines=("Plaza Mayor 1",)))
        found = parts().receives("50.00").is_paid(buyer=moved)
        assert [(made.purpose, made.tipo, made.recipient) for made in found.made] == [
            ("advance", "F1", SOLER), ("recipient", "R4", moved), ("sale", "F1", moved),
        ]  # fmt: skip
        assert found.net == WHOLE


class TestWhatAPersonSettled:
    def settled(self) -> Parts:
        found = parts().receives("50.00")
        by_hand = ByHand(version=2, content=partly(ORDER, "50.00", shipped_at=PAID_AT))
        found.issued = msgspec.structs.replace(found.issued, by_hand=by_hand)
        return found

    def test_is_asked_about_before_more_is_invoiced(self) -> None:
        paid = {"paid": True, "partially_paid": False, "advances": D(0)}
        found = self.settled()
        assert found.held(**paid) == "advance_settled"
        anyway = Resolution(action=Action.ISSUE_ANYWAY)
        made = decided(found.content, connection=IN_PARTS, issued=found.issued, version=3, resolution=anyway).document
        assert made
        assert made.priced.total == D("126.00")

    def test_an_edit_behind_the_rest_is_compared_with_the_documents(self) -> None:
        found = self.settled()
        by_hand, found.issued = found.issued.by_hand, msgspec.structs.replace(found.issued, by_hand=None)
        found.is_paid()
        versions = (1, 3)
        found.issued = msgspec.structs.replace(found.issued, by_hand=by_hand, versions=versions)
        found.content = msgspec.structs.replace(found.content, lines=(*TWO, line("10.40", "4")), total=D("186.40"))
        made = found.decide().document
        assert made
        assert (made.purpose, rows(made)) == ("addition", [(D(4), D("10.00"), D("0.40"))])


def test_any_number_of_parts_comes_to_the_order_paid_at_once() -> None:
    three = order(line("30.25"), line("11.07", "10"), line("5.23", "4"), buyer=SOLER)
    whole = parts(three).is_paid().net
    for step in (D("0.01"), D("0.37"), D("9.31"), D("15.51")):
        found, received = parts(three), D(0)
        while (received := received + step) < three.total and len(found.made) < 40:
            found.receives(str(received))
        found.is_paid()
        assert found.net == whole
        amounts = [made.priced.paid for made in found.made]
        assert all(amount == step for amount in amounts[:-1])
        assert sum(amounts) == three.total
