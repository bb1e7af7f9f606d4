"""Whatever corrects or repeats an invoice under OSS says both: the invoice's part, and the tax of the other state.

Claire in Paris buys a blanket at 20 % (100.00 + 20.00), a book at 5.5 % (10.00 + 0.55): 130.55 in all, of which 110.00
are the invoice's. Rates: the Commission's list; figures: gross x 100 / (100 + rate).
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import msgspec

from invoicing.acknowledging import InvoiceRef
from invoicing.by_staff import Correction, Reduction, next_of, rows_that_stand
from invoicing.issued import Issued, IssuedDocument
from invoicing.money import price
from invoicing.policy import Decision
from invoicing.remedies import Situation
from invoicing.taxes import TaxPolicy
from invoicing.values import Address, OrderContent, Party, Refund, Wanted
from tests.invoicing.orders import TODAY, decided, line, order

D = Decimal
OSS = TaxPolicy(oss_from=date(2026, 1, 1))
PARIS = Address(lines=("Rue des Lilas 5",), postal_code="75011", city="Paris", country="FR")
CLAIRE = Party(name="Claire Moreau", address=PARIS)
WITH_NIF = msgspec.structs.replace(CLAIRE, tax_id="12345678Z")
BLANKET = line("120.00", "20", description="Manta", external_id="1")
BOOK = line("10.55", "5.5", description="Libro", external_id="2")
ORDER = order(BLANKET, BOOK, buyer=CLAIRE)


def invoiced(content: OrderContent = ORDER, tipo: str = "F2") -> Issued:
    priced = price(content, on=TODAY, taxes=OSS)
    sale = IssuedDocument(
        id=UUID(int=7), purpose="sale", tipo=tipo, nif="B12345674", num_serie="S2026-000001", issue_date=TODAY,
        shares=priced.shares, mentions=priced.mentions, foreign=priced.foreign,
        recipient=None if tipo == "F2" else content.buyer,
    )  # fmt: skip
    return Issued(documents=(sale,), settled=content, versions=(1,))


def asked(content: OrderContent, issued: Issued) -> Decision:
    return decided(content, issued=issued, version=2, taxes=OSS)


def document(found: Decision) -> Wanted:
    assert found.document is not None, found
    return found.document


def foreign(made: Wanted) -> list[tuple[str, Decimal, Decimal, Decimal]]:
    return [(each.country, each.rate, each.base, each.tax) for each in made.priced.foreign]


def refund(*names: str) -> Refund:
    lines = {"blanket": BLANKET, "book": BOOK}
    back = tuple(
        msgspec.structs.replace(each, quantity=-each.quantity, amount=-each.amount) for each in map(lines.get, names)
        if each
    )  # fmt: skip
    total = sum((each.amount for each in back), D(0))
    return Refund(external_id="+".join(names), total=total, lines=back, created_at=datetime(2026, 11, 3, tzinfo=UTC))


def test_a_book_goes_back_at_the_rate_of_books() -> None:
    made = document(asked(msgspec.structs.replace(ORDER, refunds=(refund("book"),)), invoiced()))
    assert [(share.clave_regimen, share.calificacion, share.base) for share in made.priced.shares] == [
        ("17", "N2", D("-10.00"))
    ]
    assert foreign(made) == [("FR", D("5.5"), D("-10.00"), D("-0.55"))]
    assert (made.priced.total, made.priced.paid) == (D("-10.00"), D("-10.55"))
    assert [(each.description, each.base, each.gross) for each in made.priced.lines] == [
        ("Libro", D("-10.00"), D("-10.55"))
    ]


def test_what_is_added_bears_the_tax_of_there() -> None:
    more = order(BLANKET, BOOK, line("24.00", "20", description="Cojín", external_id="3"), buyer=CLAIRE)
    made = document(asked(more, invoiced()))
    assert (made.purpose, made.priced.total, made.priced.foreign_tax) == ("addition", D("20.00"), D("4.00"))
    assert foreign(made) == [("FR", D(20), D("20.00"), D("4.00"))]
    assert [(each.description, each.base, each.gross) for each in made.priced.lines] == [
        ("Cojín", D("20.00"), D("24.00"))
    ]


def test_what_is_no_longer_sold_gives_it_back() -> None:
    made = document(asked(order(BLANKET, buyer=CLAIRE), invoiced()))
    assert (made.purpose, made.priced.total) == ("edit", D("-10.00"))
    assert foreign(made) == [("FR", D("5.5"), D("-10.00"), D("-0.55"))]


def test_an_exchange_says_it_again() -> None:
    made = document(asked(msgspec.structs.replace(ORDER, buyer=WITH_NIF), invoiced()))
    assert (made.tipo, made.purpose, made.priced.total, made.priced.paid) == (
        "F3", "exchange", D("110.00"), D("130.55"),
    )  # fmt: skip
    assert foreign(made) == [("FR", D(20), D("100.00"), D("20.00")), ("FR", D("5.5"), D("10.00"), D("0.55"))]


def test_a_substitution_says_it_again_so_that_form_369_loses_nothing() -> None:
    content = msgspec.structs.replace(ORDER, buyer=WITH_NIF)
    moved = msgspec.structs.replace(WITH_NIF, address=msgspec.structs.replace(PARIS, lines=("Rue Neuve 2",)))
    made = document(asked(msgspec.structs.replace(content, buyer=moved), invoiced(content, "F1")))
    assert (made.tipo, made.method, made.priced.foreign_tax) == ("R4", "S", D("20.55"))


def test_staff_correct_one_rate_by_what_the_buyer_pays() -> None:
    issued = invoiced()
    rows = [(kind.country, kind.charged, amounts.gross) for kind, amounts in rows_that_stand(issued)]
    assert rows == [("FR", D(20), D("120.00")), ("FR", D("5.5"), D("10.55"))]
    made = next_of(
        Correction(
            invoice=InvoiceRef(UUID(int=1), UUID(int=7)), order_id=UUID(int=2), request=uuid4(),
            situation=Situation.RETURN_OR_DISCOUNT, reason="Tara", reductions=(Reduction(row=0, gross=D("12.00")),),
        ),
        issued,
    )  # fmt: skip
    assert made is not None
    assert (made.tipo, made.priced.total, made.priced.paid) == ("R5", D("-10.00"), D("-12.00"))
    assert foreign(made) == [("FR", D(20), D("-10.00"), D("-2.00"))]
