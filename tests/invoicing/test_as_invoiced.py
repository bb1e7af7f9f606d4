"""Refunds of sales in another currency, under OSS and to other member states come back in the invoice's own terms."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from invoicing.issued import Issued, IssuedDocument
from invoicing.money import Vat, price
from invoicing.policy import Decision
from invoicing.recipients import identified
from invoicing.taxes import TaxPolicy
from invoicing.values import Exchange, OrderContent, OrderLine, Party, Priced, Refund, Wanted
from tests.invoicing.orders import KOELN, LUCIA, TODAY, decided, line, order

D = Decimal
DOLLARS = Exchange(currency="USD", rate=D("1.08"), day=TODAY, source="BCE", total=D(0))
OSS = TaxPolicy(oss_from=date(2026, 1, 1))
WEBER = Party(name="Weber Handels GmbH", company="Weber Handels GmbH", tax_id="DE123456788", address=KOELN)


def sold(content: OrderContent, priced: Priced, recipient: Party | None = None) -> Issued:
    """The invoice of the sale, as its rows give it back."""
    sale = IssuedDocument(
        id=UUID(int=7),
        purpose="sale",
        tipo="F1" if recipient else "F2",
        nif="B12345674",
        num_serie="S2026-000001",
        issue_date=TODAY,
        shares=priced.shares,
        mentions=priced.mentions,
        recipient=recipient,
        exchange=priced.exchange,
        foreign=priced.foreign,
    )
    return Issued(documents=(sale,), settled=content, versions=(1,))


def as_issued(made: Wanted, number: int) -> IssuedDocument:
    """A document that was decided on, once it is issued."""
    return IssuedDocument(
        id=UUID(int=number), purpose=made.purpose, key=made.key, tipo=made.tipo, method=made.method, nif="B12345674",
        num_serie=f"R2026-{number}", issue_date=TODAY, shares=made.priced.shares, mentions=made.priced.mentions,
        recipient=made.recipient, rectifies=made.rectifies, substitutes=made.substitutes, foreign=made.priced.foreign,
    )  # fmt: skip


def refunded(content: OrderContent, issued: Issued, *totals: str, **changes: Any) -> Decision:
    refunds = tuple(
        Refund(external_id=f"R{n}", total=D(total), created_at=datetime(2026, 11, n, tzinfo=UTC))
        for n, total in enumerate(totals, 1)
    )
    return decided(msgspec.structs.replace(content, refunds=refunds), issued=issued, version=2, **changes)


def document(found: Decision) -> Wanted:
    assert found.document is not None, found
    return found.document


class TestDollars:
    CONTENT = order(line("79.00"), currency="USD")
    SALE = sold(CONTENT, price(CONTENT, on=TODAY, quote=DOLLARS))

    def test_come_back_at_the_rate_of_the_sale(self) -> None:
        # 39.50 / 1.08 = 36.574; the tax in 36.57 is 6.3469
        made = document(refunded(self.CONTENT, self.SALE, "-39.50"))
        assert [(s.rate, s.base, s.tax) for s in made.priced.shares] == [(D(21), D("-30.22"), D("-6.35"))]

    def test_all_of_them_are_all_of_the_invoice(self) -> None:
        made = document(refunded(self.CONTENT, self.SALE, "-79.00"))
        assert made.priced.total == D("-73.15")
        assert [(s.base, s.tax) for s in made.priced.shares] == [(D("-60.45"), D("-12.70"))]


class TestOss:
    CONTENT = order(line("119.00", "19"), ship_to=KOELN)
    SALE = sold(CONTENT, price(CONTENT, on=TODAY, taxes=OSS))

    def test_only_the_invoices_part_is_rectified_and_the_tax_stands_beside_it(self) -> None:
        made = document(refunded(self.CONTENT, self.SALE, "-59.50", taxes=OSS))
        assert [(s.clave_regimen, s.calificacion, s.base, s.tax) for s in made.priced.shares] == [
            ("17", "N2", D("-50.00"), None)
        ]
        assert (made.tipo, made.priced.total, made.priced.foreign_tax) == ("R5", D("-50.00"), D("-9.50"))
        assert made.priced.paid == D("-59.50")
        assert [(each.country, each.rate, each.base, each.tax) for each in made.priced.foreign] == [
            ("DE", D(19), D("-50.00"), D("-9.50"))
        ]

    def test_a_cent_that_cannot_be_halved_is_in_one_of_both(self) -> None:
        # 33.33 x 100 / 119 = 28.008
        made = document(refunded(self.CONTENT, self.SALE, "-33.33", taxes=OSS))
        assert (made.priced.total, made.priced.foreign_tax) == (D("-28.01"), D("-5.32"))

    def test_a_cancelled_order_gives_all_of_it_back(self) -> None:
        content = msgspec.structs.replace(self.CONTENT, cancelled=True)
        made = document(refunded(content, self.SALE, taxes=OSS))
        assert (made.priced.total, made.priced.foreign_tax) == (D("-100.00"), D("-19.00"))


class TestOssAtSeveralRates:
    """A machine at Germany's 19 % (100.00 + 19.00) and a book at its 7 % (50.00 + 3.50); our invoice: 150.00, N2."""

    MACHINE, BOOK = line("119.00", "19"), line("53.50", "7", description="Libro")
    CONTENT = order(MACHINE, BOOK, ship_to=KOELN)
    SALE = sold(CONTENT, price(CONTENT, on=TODAY, taxes=OSS))

    def back(self, amount: str, of: OrderLine | None = None, key: str = "R1", on: int = 5) -> Refund:
        lines = () if of is None else (msgspec.structs.replace(of, amount=D(amount), quantity=D(-1)),)
        return Refund(external_id=key, total=D(amount), created_at=datetime(2026, 11, on, tzinfo=UTC), lines=lines)

    def corrected(self, *refunds: Refund, issued: Issued | None = None, **changes: Any) -> Wanted:
        content = msgspec.structs.replace(self.CONTENT, refunds=refunds, **changes)
        return document(decided(content, issued=issued or self.SALE, version=2, taxes=OSS))

    def abroad(self, made: Wanted) -> list[tuple[str, Decimal, Decimal, Decimal]]:
        return [(each.country, each.rate, each.base, each.tax) for each in made.priced.foreign]

    def test_what_lines_name_goes_back_at_their_own_rate(self) -> None:
        made = self.corrected(self.back("-53.50", self.BOOK))
        assert self.abroad(made) == [("DE", D(7), D("-50.00"), D("-3.50"))]
        assert [(s.clave_regimen, s.calificacion, s.base) for s in made.priced.shares] == [("17", "N2", D("-50.00"))]
        assert (made.priced.total, made.priced.paid) == (D("-50.00"), D("-53.50"))
        assert [(each.description, each.base, each.gross) for each in made.priced.lines] == [
            ("Libro", D("-50.00"), D("-53.50"))
        ]
        assert "en proporción" not in made.note

    def test_so_do_net_prices(self) -> None:
        net = order(
            line("100.00", "19"), line("50.00", "7"), total="172.50", prices_include_tax=False, ship_to=KOELN
        )  # fmt: skip
        sale = sold(net, price(net, on=TODAY, taxes=OSS))
        named = (msgspec.structs.replace(net.lines[1], amount=D("-50.00"), quantity=D(-1)),)
        refund = Refund(external_id="R1", total=D("-53.50"), created_at=datetime(2026, 11, 5, tzinfo=UTC), lines=named)
        content = msgspec.structs.replace(net, refunds=(refund,))
        made = document(decided(content, issued=sale, version=2, taxes=OSS))
        assert self.abroad(made) == [("DE", D(7), D("-50.00"), D("-3.50"))]

    def test_money_alone_goes_back_from_both(self) -> None:
        # a tenth of 172.50: 11.90 and 5.35
        made = self.corrected(self.back("-17.25"))
        assert self.abroad(made) == [("DE", D(19), D("-10.00"), D("-1.90")), ("DE", D(7), D("-5.00"), D("-0.35"))]
        assert made.priced.total == D("-15.00")
        assert "en proporción" in made.note

    def test_the_last_refund_takes_what_is_left_of_each(self) -> None:
        first = self.corrected(self.back("-17.25"))
        kept = msgspec.structs.replace(
            self.SALE,
            documents=(*self.SALE.documents, as_issued(first, 8)),
            settled=msgspec.structs.replace(self.CONTENT, refunds=(self.back("-17.25"),)),
            versions=(1, 2),
        )
        made = self.corrected(self.back("-17.25"), self.back("-155.25", key="R2", on=6), issued=kept)
        assert self.abroad(made) == [("DE", D(19), D("-90.00"), D("-17.10")), ("DE", D(7), D("-45.00"), D("-3.15"))]
        assert made.priced.paid == D("-155.25")

    def test_goods_that_were_added_bear_theirs(self) -> None:
        more = (self.MACHINE, self.BOOK, line("10.70", "7", description="Cuaderno"))
        made = self.corrected(lines=more, total=D("183.20"))
        assert (made.purpose, made.priced.total, self.abroad(made)) == (
            "addition", D("10.00"), [("DE", D(7), D("10.00"), D("0.70"))]
        )  # fmt: skip

    def test_goods_that_went_take_theirs(self) -> None:
        made = self.corrected(lines=(self.MACHINE,), total=D("119.00"))
        assert (made.purpose, self.abroad(made)) == ("edit", [("DE", D(7), D("-50.00"), D("-3.50"))])

    def test_an_exchange_says_them_again(self) -> None:
        made = self.corrected(buyer=msgspec.structs.replace(LUCIA, tax_id="12345678Z", address=KOELN))
        assert (made.tipo, made.priced.total, made.priced.paid) == ("F3", D("150.00"), D("172.50"))


class TestAnotherMemberState:
    CONTENT = order(line("544.60", None), buyer=WEBER)
    SALE = sold(CONTENT, price(CONTENT, on=TODAY, vat=Vat("DE123456788", "VIES")), identified(WEBER))

    def test_is_rectified_exempt_to_the_same_number_without_asking_again(self) -> None:
        made = document(refunded(self.CONTENT, self.SALE, "-44.60"))
        assert (made.tipo, [(s.exencion, s.base) for s in made.priced.shares]) == ("R1", [("E5", D("-44.60"))])
        assert made.recipient is not None
        assert (made.recipient.tax_id, made.recipient.id_type) == ("DE123456788", "02")

    def test_another_number_is_asked_about_first(self) -> None:
        other = msgspec.structs.replace(WEBER, tax_id="DE999999990")
        found = decided(msgspec.structs.replace(self.CONTENT, buyer=other), issued=self.SALE, version=2)
        assert (found.action, found.check) == ("check", "DE999999990")
