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
from invoicing.values import Exchange, OrderContent, Party, Priced, Refund, Wanted
from tests.invoicing.orders import KOELN, TODAY, decided, line, order

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
