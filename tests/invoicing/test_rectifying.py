"""What an invoiced order asks for: fiscal-policy.md, Corrections, and verifactu.md 8.2, document by document.

Figures: a corrective document by differences holds the tax of its own gross, round half up (fiscal-policy.md, Taxes);
together with what it corrects nothing is left of a rate that was given back whole.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import permutations
from typing import Any
from uuid import UUID

import msgspec
import pytest

from invoicing.balance import balance, plus
from invoicing.holds import Action, Original, Resolution
from invoicing.issued import ByHand, Issued, IssuedDocument
from invoicing.policy import Decision
from invoicing.values import OrderContent, OrderLine, Refund, Wanted
from tests.invoicing.orders import LUCIA, MADRID, NAYRA, SOLER, TODAY, decided, invoiced, line, order

D = Decimal
NIF = "B12345674"


def day(number: int) -> datetime:
    return datetime(2026, 11, number, 12, tzinfo=UTC)


def refund(total: str, identity: str = "R1", *lines: OrderLine, on: int = 5) -> Refund:
    return Refund(external_id=identity, total=D(total), created_at=day(on), lines=lines)


def back(of: OrderLine, amount: str, quantity: str = "-1") -> OrderLine:
    return msgspec.structs.replace(of, amount=D(amount), quantity=D(quantity))


def rows(document: Wanted) -> list[tuple[Any, ...]]:
    return [(share.rate, share.base, share.tax) for share in document.priced.shares]


@dataclass
class Books:
    """The documents of one order, issued one after another as the product does: decide, issue, decide again."""

    content: OrderContent
    issued: Issued
    made: list[Wanted]

    def becomes(self, **changes: Any) -> "Books":
        """The order changes; every document that it asks for is issued."""
        self.content = msgspec.structs.replace(self.content, **changes)
        version = max(self.issued.versions, default=0) + 1
        while (found := self.decide(version)).document:
            self._keep(found.document, version)
        assert found.action == "nothing", found.hold
        self.issued = msgspec.structs.replace(self.issued, settled=self.content, unsettled=())
        return self

    def decide(self, version: int = 99) -> Decision:
        return decided(self.content, issued=self.issued, version=version)

    def _keep(self, wanted: Wanted, version: int) -> None:
        self.made.append(wanted)
        number = len(self.made)
        self.issued = msgspec.structs.replace(
            self.issued,
            documents=(
                *self.issued.documents,
                IssuedDocument(
                    id=UUID(int=100 + number), purpose=wanted.purpose, key=wanted.key, tipo=wanted.tipo,
                    method=wanted.method, nif=NIF, num_serie=f"X-{number}", issue_date=TODAY,
                    shares=wanted.priced.shares, mentions=wanted.priced.mentions, recipient=wanted.recipient,
                    foreign=wanted.priced.foreign, rectifies=wanted.rectifies,
                    substitutes=wanted.substitutes,
                ),
            ),
            versions=(*self.issued.versions, version),
        )  # fmt: skip

    @property
    def net(self) -> dict[Any, tuple[Decimal, Decimal]]:
        """What stands, by rate."""
        sums = plus(*(balance(document.shares) for document in self.issued.in_force))
        return {kind.rate: (amounts.base, amounts.tax) for kind, amounts in sums.items()}


def books(content: OrderContent, tipo: str = "F1") -> Books:
    return Books(content, invoiced(content, tipo), [])


SOLD = order(line("12.10"), line("11.00", "10"), buyer=SOLER)
"""10.00 + 2.10 at 21 % and 10.00 + 1.00 at 10 %."""


class TestRefunds:
    def test_of_a_complete_invoice_an_r1_by_differences_that_names_it(self) -> None:
        [made] = books(SOLD).becomes(refunds=(refund("-6.05", "R1", back(SOLD.lines[0], "-6.05")),)).made
        assert (made.tipo, made.method, made.cause) == ("R1", "I", "return")
        assert [(each.num_serie, each.nif, each.issue_date) for each in made.rectifies] == [
            ("F2026-000001", NIF, TODAY)
        ]
        assert rows(made) == [(D(21), D("-5.00"), D("-1.05"))]
        assert (made.priced.total, made.recipient) == (D("-6.05"), SOLER)
        [printed] = made.priced.lines
        assert (printed.quantity, printed.base, printed.gross) == (D(-1), D("-5.00"), D("-6.05"))

    def test_of_a_simplified_one_an_r5_without_recipient(self) -> None:
        content = order(line("25.41"))
        [made] = books(content, "F2").becomes(refunds=(refund("-10.58"),)).made
        assert (made.tipo, made.recipient) == ("R5", None)
        assert rows(made) == [(D(21), D("-8.74"), D("-1.84"))]  # storefronts/scenarios.json, woocommerce 03

    def test_money_alone_goes_back_from_every_rate(self) -> None:
        [made] = books(SOLD).becomes(refunds=(refund("-2.31"),)).made
        # 2.31 x 12.10 / 23.10 = 1.21 and 1.10
        assert rows(made) == [(D(21), D("-1.00"), D("-0.21")), (D(10), D("-1.00"), D("-0.10"))]
        assert "en proporción" in made.note

    def test_the_last_refund_takes_what_is_left_of_each_rate(self) -> None:
        three = order(line("9.99"), line("3.33", "10"), line("1.11", "4"), buyer=SOLER)
        found = books(three)
        for number, part in enumerate(("-4.81", "-4.81", "-4.81"), 1):
            found.becomes(refunds=(*found.content.refunds, refund(part, f"R{number}")))
        assert [made.tipo for made in found.made] == ["R1"] * 3
        assert sum(made.priced.total for made in found.made) == D("-14.43")
        assert found.net == {}

    def test_more_than_is_left_is_for_a_person(self) -> None:
        found = books(SOLD).becomes(refunds=(refund("-20.00"),))
        found.content = msgspec.structs.replace(SOLD, refunds=(refund("-20.00"), refund("-5.00", "R2")))
        held = found.decide().hold
        assert held
        assert (held.code, held.data["left"]) == ("refund_exceeds", "3.10")

    def test_a_refund_known_before_the_invoice_leads_to_the_same_documents(self) -> None:
        given_back = msgspec.structs.replace(SOLD, refunds=(refund("-2.31"),))
        sale = decided(given_back)
        assert sale.document
        assert (sale.document.tipo, sale.document.priced.total, sale.more) == ("F1", D("23.10"), True)

    @pytest.mark.parametrize("sequence", list(permutations(range(3))))
    def test_what_stands_does_not_depend_on_the_order_of_arrival(self, sequence: tuple[int, ...]) -> None:
        three = order(line("30.25"), line("11.00", "10"), line("5.20", "4"), buyer=SOLER)
        parts = (
            refund("-7.77", "A", on=3),
            refund("-11.00", "B", back(three.lines[1], "-11.00"), on=4),
            refund("-9.13", "C", on=6),
        )
        orderly, shuffled = books(three), books(three)
        for part in parts:
            orderly.becomes(refunds=(*orderly.content.refunds, part))
        for place in sequence:
            shuffled.becomes(refunds=(*shuffled.content.refunds, parts[place]))
        assert shuffled.net == orderly.net
        assert sum((base + tax for base, tax in shuffled.net.values()), D(0)) == three.total - D("27.90")

    def test_a_refund_taken_back_is_for_a_person(self) -> None:
        found = books(SOLD).becomes(refunds=(refund("-2.31"),))
        found.content = SOLD
        held = found.decide().hold
        assert held
        assert held.data["changes"] == "se anuló la devolución R1"

    def test_what_a_person_settled_is_not_asked_again(self) -> None:
        refunded = msgspec.structs.replace(SOLD, refunds=(refund("-2.31"),))
        by_hand = ByHand(version=2, content=refunded, refunds=("R1",))
        settled = msgspec.structs.replace(invoiced(SOLD, "F1"), settled=refunded, by_hand=by_hand)
        assert decided(refunded, issued=settled, version=2).action == "nothing"
        later = msgspec.structs.replace(refunded, refunds=(*refunded.refunds, refund("-1.10", "R2")))
        found = decided(later, issued=settled, version=3).document
        assert found
        assert (found.key, found.priced.total) == ("R2", D("-1.10"))

    def test_at_prices_without_tax_the_lines_are_net(self) -> None:
        content = order(line("358.55"), prices_include_tax=False, total="433.85", buyer=SOLER)
        part = refund("-121.00", "R1", back(content.lines[0], "-100.00"))
        [made] = books(content).becomes(refunds=(part,)).made
        assert rows(made) == [(D(21), D("-100.00"), D("-21.00"))]

    def test_what_was_settled_before_the_sale_is_in_its_invoice(self) -> None:
        by_hand = ByHand(version=1, content=msgspec.structs.replace(SOLD, paid=False))
        sold = msgspec.structs.replace(invoiced(SOLD, "F1"), by_hand=by_hand, versions=(2,))
        more = msgspec.structs.replace(SOLD, lines=(*SOLD.lines, line("4.84")), total=D("27.94"))
        found = decided(more, issued=sold, version=3).document
        assert found
        assert (found.purpose, rows(found)) == ("addition", [(D(21), D("4.00"), D("0.84"))])


class TestCancellation:
    def test_takes_all_back_whatever_money_went_back(self) -> None:
        found = books(SOLD).becomes(refunds=(refund("-6.05", "R1", back(SOLD.lines[0], "-6.05")),))
        found.becomes(cancelled=True)
        assert [(made.purpose, made.tipo, made.priced.total) for made in found.made] == [
            ("refund", "R1", D("-6.05")), ("cancellation", "R1", D("-17.05")),
        ]  # fmt: skip
        assert found.net == {}

    def test_refunds_of_it_that_come_later_add_nothing(self) -> None:
        found = books(SOLD).becomes(cancelled=True).becomes(refunds=(refund("-23.10"),))
        assert len(found.made) == 1

    def test_with_its_refund_in_one_delivery_it_is_corrected_once(self) -> None:
        found = books(SOLD).becomes(cancelled=True, refunds=(refund("-23.10"),))
        assert [(made.purpose, made.priced.total) for made in found.made] == [("refund", D("-23.10"))]

    def test_an_order_that_comes_back_to_life_is_for_a_person(self) -> None:
        found = books(SOLD).becomes(cancelled=True)
        found.content = SOLD
        assert found.decide().action == "hold"

    def test_before_the_invoice_there_is_nothing_to_correct(self) -> None:
        assert decided(msgspec.structs.replace(SOLD, cancelled=True)).action == "nothing"


class TestEdits:
    def test_less_is_rectified(self) -> None:
        found = books(SOLD).becomes(lines=SOLD.lines[:1], total=D("12.10"))
        [made] = found.made
        assert (made.purpose, made.tipo, made.method, made.cause) == ("edit", "R1", "I", "edit")
        assert rows(made) == [(D(10), D("-10.00"), D("-1.00"))]
        assert made.priced.lines[0].description == SOLD.lines[1].description

    def test_more_is_a_further_invoice(self) -> None:
        added = line("4.84")
        found = books(SOLD).becomes(lines=(*SOLD.lines, added), total=D("27.94"))
        [made] = found.made
        assert (made.purpose, made.tipo, made.method, made.recipient) == ("addition", "F1", "", SOLER)
        assert rows(made) == [(D(21), D("4.00"), D("0.84"))]

    def test_other_goods_are_both(self) -> None:
        found = books(SOLD).becomes(lines=(SOLD.lines[0], line("2.08", "4")), total=D("14.18"))
        assert [(made.purpose, rows(made)) for made in found.made] == [
            ("edit", [(D(10), D("-10.00"), D("-1.00"))]),
            ("addition", [(D(4), D("2.00"), D("0.08"))]),
        ]
        assert found.net == {D(21): (D("10.00"), D("2.10")), D(4): (D("2.00"), D("0.08"))}

    def test_a_further_invoice_above_the_limit_waits_for_the_nif(self) -> None:
        content = order(line("12.10"))
        found = books(content, "F2")
        found.content = msgspec.structs.replace(content, lines=(*content.lines, line("500.00")), total=D("512.10"))
        held = found.decide().hold
        assert held
        assert held.code == "nif_required"

    def test_too_high_a_rate_is_rectified_by_differences(self) -> None:
        found = books(order(line("12.10"), line("12.10"), buyer=SOLER))
        found.becomes(lines=(found.content.lines[0], line("12.10", "10")))
        [made] = found.made
        assert (made.tipo, made.cause) == ("R1", "amount")
        # 12.10 at 21 % less, 12.10 at 10 % more: 11.00 + 1.10
        assert rows(made) == [(D(21), D("-10.00"), D("-2.10")), (D(10), D("11.00"), D("1.10"))]

    def test_a_higher_one_is_barred_for_a_consumer(self) -> None:
        content = order(line("11.00", "10"))
        found = books(content, "F2")
        found.content = msgspec.structs.replace(content, lines=(line("11.00", "21"),))
        held = found.decide().hold
        assert held
        assert held.code == "tax_increase_barred"

    def test_goods_that_were_given_back_are_not_taken_back_again(self) -> None:
        found = books(SOLD).becomes(refunds=(refund("-11.00", "R1", back(SOLD.lines[1], "-11.00")),))
        found.content = msgspec.structs.replace(found.content, lines=SOLD.lines[:1], total=D("12.10"))
        assert found.decide().action == "hold"


class TestRecipients:
    MOVED = msgspec.structs.replace(SOLER, address=msgspec.structs.replace(MADRID, lines=("Calle Mayor 1",)))

    def test_other_data_an_r4_by_substitution_of_equal_amounts(self) -> None:
        found = books(SOLD).becomes(buyer=self.MOVED)
        [made] = found.made
        assert (made.tipo, made.method, made.recipient) == ("R4", "S", self.MOVED)
        assert made.replaced
        assert (made.replaced.base, made.replaced.tax) == (D("20.00"), D("3.10"))
        assert made.priced.total == D("23.10")
        assert found.net == {D(21): (D("10.00"), D("2.10")), D(10): (D("10.00"), D("1.00"))}

    def test_behind_refunds_it_substitutes_what_is_left_and_they_go_on(self) -> None:
        found = books(SOLD).becomes(refunds=(refund("-11.00", "R1", back(SOLD.lines[1], "-11.00")),))
        found.becomes(buyer=self.MOVED)
        assert [each.num_serie for each in found.made[-1].rectifies] == ["F2026-000001", "X-1"]
        found.becomes(refunds=(*found.content.refunds, refund("-12.10", "R2")))
        last = found.made[-1]
        assert (last.tipo, last.recipient, [each.num_serie for each in last.rectifies]) == ("R1", self.MOVED, ["X-2"])
        assert found.net == {}

    def test_a_nif_for_a_simplified_one_is_an_exchange(self) -> None:
        content = order(line("12.10"))
        found = books(content, "F2").becomes(buyer=msgspec.structs.replace(LUCIA, tax_id="12345678Z"))
        [made] = found.made
        assert (made.tipo, made.method, made.purpose) == ("F3", "", "exchange")
        assert [each.num_serie for each in made.substitutes] == ["S2026-000001"]
        assert found.net == {D(21): (D("10.00"), D("2.10"))}  # not twice

    def test_after_an_exchange_the_exchange_is_corrected(self) -> None:
        content = order(line("12.10"))
        found = books(content, "F2").becomes(buyer=msgspec.structs.replace(LUCIA, tax_id="12345678Z"))
        found.becomes(refunds=(refund("-6.05"),))
        made = found.made[-1]
        assert (made.tipo, [each.num_serie for each in made.rectifies]) == ("R1", ["X-1"])

    def test_wrong_data_on_an_exchange_its_negative_and_a_new_one(self) -> None:
        content = order(line("12.10"))
        lucia = msgspec.structs.replace(LUCIA, tax_id="12345678Z")
        found = books(content, "F2").becomes(buyer=lucia)
        found.becomes(buyer=msgspec.structs.replace(lucia, name="Lucía Ferrer O."))
        assert [(made.tipo, made.priced.total) for made in found.made[1:]] == [("F3", D("-12.10")), ("F3", D("12.10"))]
        assert all([each.num_serie for each in made.substitutes] == ["S2026-000001"] for made in found.made)
        assert found.net == {D(21): (D("10.00"), D("2.10"))}

    def test_a_wrong_nif_waits(self) -> None:
        found = books(SOLD)
        found.content = msgspec.structs.replace(SOLD, buyer=msgspec.structs.replace(SOLER, tax_id="B1234567Z"))
        held = found.decide().hold
        assert held
        assert held.code == "nif_invalid"


class TestElsewhere:
    """Orders from before this connection invoices (LIVE: from 1 October 2026)."""

    BEFORE = order(line("12.10"), buyer=SOLER, placed_at=datetime(2026, 9, 1, tzinfo=UTC), refunds=(refund("-12.10"),))
    NAMED = Resolution(action=Action.NAME_ORIGINAL, original=Original(number="2026/77", date=date(2026, 9, 1)))

    def test_the_invoice_must_be_named(self) -> None:
        held = decided(self.BEFORE).hold
        assert held
        assert (held.code, held.data["refunded"]) == ("original_elsewhere", "12.10")

    def test_and_is_then_rectified(self) -> None:
        made = decided(self.BEFORE, resolution=self.NAMED).document
        assert made
        assert (made.tipo, rows(made)) == ("R1", [(D(21), D("-10.00"), D("-2.10"))])
        assert [(each.invoice_id, each.num_serie, each.issue_date) for each in made.rectifies] == [
            (None, "2026/77", date(2026, 9, 1))
        ]

    def test_a_second_refund_knows_it(self) -> None:
        half = msgspec.structs.replace(self.BEFORE, refunds=(refund("-6.05"),))
        first = decided(half, resolution=self.NAMED).document
        assert first
        known = Books(half, Issued(), [])
        known._keep(first, 1)
        known.becomes(refunds=(refund("-6.05"), refund("-6.05", "R2")))
        assert [made.priced.total for made in known.made] == [D("-6.05"), D("-6.05")]
        assert known.made[1].rectifies == first.rectifies

    def test_refunds_from_before_are_not_ours(self) -> None:
        old = msgspec.structs.replace(
            self.BEFORE,
            refunds=(msgspec.structs.replace(refund("-12.10"), created_at=datetime(2026, 9, 20, tzinfo=UTC)),),
        )
        assert decided(old).action == "nothing"


def test_after_an_annulment_another_invoice_needs_a_person() -> None:
    issued = Issued(annulled=("F2026-000001",))
    held = decided(SOLD, issued=issued).hold
    assert held
    assert held.code == "invoice_annulled"
    again = decided(SOLD, issued=issued, resolution=Resolution(action=Action.ISSUE_ANYWAY)).document
    assert again
    assert again.tipo == "F1"


def test_a_company_may_give_qualified_simplified_invoices() -> None:
    from tests.invoicing.orders import SHOP

    company = msgspec.structs.replace(SHOP, qualified_simplified=True)
    made = decided(SOLD, company=company).document
    assert made
    assert (made.tipo, made.qualified, made.recipient) == ("F1", True, SOLER)
    large = decided(order(line("500.00"), buyer=SOLER), company=company).document
    assert large
    assert not large.qualified


def test_exports_are_corrected_as_exports() -> None:
    content = order(line("24.00", None), buyer=NAYRA)
    [made] = books(content, "F2").becomes(refunds=(refund("-12.00"),)).made
    [share] = made.priced.shares
    assert (share.exencion, share.clave_regimen, share.base, share.tax) == ("E2", "02", D("-12.00"), None)
    assert made.priced.mentions
