"""Documents of orders that change faster than they are judged, and of refunds told piece by piece."""

from decimal import Decimal

import msgspec

from invoicing.capture import with_refunds
from invoicing.values import OrderContent
from tests.invoicing.orders import LIVE, MADRID, SOLER, decided, invoiced, line
from tests.invoicing.test_rectifying import SOLD, Books, back, books, refund, rows

D = Decimal
MOVED = msgspec.structs.replace(SOLER, address=msgspec.structs.replace(MADRID, lines=("Calle Mayor 1",)))


class TestOvertaken:
    """A newer version comes before the last one has all its documents."""

    REFUNDED = msgspec.structs.replace(SOLD, refunds=(refund("-2.31"),))
    OTHER = msgspec.structs.replace(SOLD, lines=(SOLD.lines[0], line("2.08", "4")), total=D("14.18"))

    def overtaken(self, before: OrderContent) -> Books:
        """One document was made from a version that was not looked at again."""
        found = books(SOLD)
        found.content = before
        first = found.decide(2).document
        assert first
        found._keep(first, 2)
        found.issued = msgspec.structs.replace(found.issued, unsettled=(before,))
        return found

    def test_an_edit_right_behind_the_invoice_is_seen(self) -> None:
        sale = msgspec.structs.replace(invoiced(self.REFUNDED, "F1"), settled=None, unsettled=(self.REFUNDED,))
        found = Books(self.REFUNDED, sale, []).becomes(lines=SOLD.lines[:1], total=D("12.10"), refunds=())
        assert [(made.purpose, rows(made)) for made in found.made] == [("edit", [(D(10), D("-10.00"), D("-1.00"))])]

    def test_half_an_edit_is_finished(self) -> None:
        found = self.overtaken(self.OTHER).becomes()
        assert [made.purpose for made in found.made] == ["edit", "addition"]
        assert found.net == {D(21): (D("10.00"), D("2.10")), D(4): (D("2.00"), D("0.08"))}

    def test_or_taken_back(self) -> None:
        found = self.overtaken(self.OTHER)
        found.becomes(lines=SOLD.lines, total=SOLD.total)
        assert [(made.purpose, made.priced.total) for made in found.made] == [
            ("edit", D("-11.00")), ("addition", D("11.00")),
        ]  # fmt: skip
        assert found.net == {D(21): (D("10.00"), D("2.10")), D(10): (D("10.00"), D("1.00"))}

    def test_so_is_a_recipient(self) -> None:
        moved = msgspec.structs.replace(SOLD, buyer=MOVED)
        found = self.overtaken(moved).becomes(buyer=SOLER)
        assert [(made.purpose, made.recipient) for made in found.made] == [
            ("recipient", MOVED), ("recipient", SOLER),
        ]  # fmt: skip

    def test_a_refund_taken_back_half_way_is_for_a_person(self) -> None:
        found = self.overtaken(self.REFUNDED)
        found.content = SOLD
        held = found.decide().hold
        assert held
        assert held.data["changes"] == "se anuló la devolución R1"


class TestAsking:
    """Refunds of which the shop has more to say than the delivery that told of them."""

    UNTOLD = msgspec.structs.replace(SOLD, refunds=(msgspec.structs.replace(refund("-6.05"), detailed=False),))
    ASKS = msgspec.structs.replace(LIVE, asks=True)

    def test_wait_for_it_where_the_shop_is_asked(self) -> None:
        found = decided(self.UNTOLD, issued=invoiced(SOLD, "F1"), connection=self.ASKS)
        assert found.action == "nothing"

    def test_and_are_spread_where_nobody_can_be_asked(self) -> None:
        found = decided(self.UNTOLD, issued=invoiced(SOLD, "F1")).document
        assert found
        assert len(found.priced.shares) == 2

    def test_then_go_back_at_the_rate_of_their_lines(self) -> None:
        told = msgspec.structs.replace(SOLD, refunds=(refund("-6.05", "R1", back(SOLD.lines[0], "-6.05")),))
        found = decided(told, issued=invoiced(SOLD, "F1"), connection=self.ASKS).document
        assert found
        assert rows(found) == [(D(21), D("-5.00"), D("-1.05"))]


class TestRefundsOfWhatIsNotInvoicedYet:
    def test_what_was_added_is_invoiced_first(self) -> None:
        more = (*SOLD.lines, line("5.20", "4"))
        found = books(SOLD).becomes(lines=more, total=D("28.30"), refunds=(refund("-28.30"),))
        assert [(made.purpose, made.priced.total) for made in found.made] == [
            ("addition", D("5.20")), ("refund", D("-28.30")),
        ]  # fmt: skip
        assert found.net == {}

    def test_a_cancelled_order_stands_for_nothing_whatever_went_back(self) -> None:
        found = books(SOLD).becomes(cancelled=True, refunds=(refund("-30.00"),))
        assert [(made.purpose, made.priced.total) for made in found.made] == [("cancellation", D("-23.10"))]


def test_a_refund_told_twice_on_its_own_counts_once() -> None:
    again = msgspec.structs.replace(refund("-2.31"), reason="Llegó roto")
    assert with_refunds(SOLD, [refund("-2.31"), again, refund("-1.10", "R2")]).refunds == (again, refund("-1.10", "R2"))
