"""What a person decided for an order counts until what they were asked about is another thing.

Figures: an exempt line is its amount (verifactu.md 4.4, E1 without rate or tax); 12.10 at 21 % is 10.00 + 2.10.
"""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from invoicing.holds import Action, Hold, Resolution
from invoicing.issued import Issued, IssuedDocument
from invoicing.policy import Decision
from invoicing.remembering import Kept
from invoicing.values import OrderContent, Wanted
from tests.invoicing.orders import KOELN, LUCIA, NAYRA, SOLER, TODAY, decided, line, order

D = Decimal
EXEMPT = Resolution(action=Action.CHOOSE_REGIME, treatment="E1", reason="Cursos de la academia (art. 20.Uno.9 LIVA)")
ANYWAY = Resolution(action=Action.ISSUE_ANYWAY)
COURSE = line("80.00", None, description="Curso de cerámica")
CUP = line("12.10")
SOLD = order(COURSE, CUP)


class Book:
    """An order with its documents and what people said for it, decided on as the product does."""

    def __init__(self, content: OrderContent, *answers: Resolution) -> None:
        self.content = content
        self.issued: Issued | None = None
        self.kept: tuple[Kept, ...] = ()
        self.made = self.issue(*answers)

    def decide(self, *answers: Resolution) -> Decision:
        version = 2 if self.issued else 1
        return decided(self.content, issued=self.issued, resolution=answers, version=version, kept=self.kept)

    def issue(self, *answers: Resolution) -> Wanted:
        found = self.decide(*answers)
        assert found.document, found.hold
        document = IssuedDocument(
            id=None, purpose=found.document.purpose, key=found.document.key, tipo=found.document.tipo,
            nif="B12345674", num_serie="S-1", issue_date=TODAY, shares=found.document.priced.shares,
            mentions=found.document.priced.mentions, recipient=found.document.recipient,
            foreign=found.document.priced.foreign,
        )  # fmt: skip
        before = self.issued or Issued()
        self.issued = Issued(
            documents=(*before.documents, document), settled=self.content, versions=(*before.versions, 1)
        )
        self.kept += msgspec.json.decode(msgspec.json.encode(found.kept), type=tuple[Kept, ...])
        return found.document

    def becomes(self, **changes: Any) -> "Book":
        self.content = msgspec.structs.replace(self.content, **changes)
        return self

    @property
    def asked(self) -> Hold:
        found = self.decide().hold
        assert found
        return found


def rows(document: Wanted) -> list[tuple[Any, ...]]:
    return [(share.exencion, share.rate, share.base, share.tax) for share in document.priced.shares]


def with_lines(*lines: Any) -> dict[str, Any]:
    return {"lines": lines, "total": sum((each.amount for each in lines), D(0))}


class TestARegimeThatAPersonChose:
    def test_holds_for_more_of_the_same(self) -> None:
        two = msgspec.structs.replace(COURSE, quantity=D(2), amount=D("160.00"))
        made = Book(SOLD, EXEMPT).becomes(**with_lines(two, CUP)).issue()
        assert (made.purpose, rows(made)) == ("addition", [("E1", None, D("80.00"), None)])

    def test_and_for_less_of_it(self) -> None:
        book = Book(order(msgspec.structs.replace(COURSE, quantity=D(2), amount=D("160.00")), CUP), EXEMPT)
        made = book.becomes(**with_lines(COURSE, CUP)).issue()
        assert (made.purpose, rows(made)) == ("edit", [("E1", None, D("-80.00"), None)])

    def test_when_only_other_goods_change(self) -> None:
        made = Book(SOLD, EXEMPT).becomes(**with_lines(COURSE, CUP, line("24.20", description="Jarra"))).issue()
        assert rows(made) == [("", D(21), D("20.00"), D("4.20"))]

    def test_what_came_untaxed_later_is_asked_about_and_what_was_chosen_stays(self) -> None:
        book = Book(SOLD, EXEMPT).becomes(**with_lines(COURSE, CUP, line("30.00", None, description="Donativo")))
        assert (book.asked.code, book.asked.data["line"]) == ("untaxed_line", "Donativo")
        assert Action.CORRECTED_BY_HAND in book.asked.actions
        made = book.issue(Resolution(action=Action.CHOOSE_REGIME, treatment="N1", reason="Sin contraprestación"))
        assert [(share.exencion, share.calificacion, share.base) for share in made.priced.shares] == [
            ("", "N1", D("30.00"))
        ]
        more = line("15.00", None, description="Donativo")
        made = book.becomes(**with_lines(COURSE, CUP, line("30.00", None, description="Donativo"), more)).issue()
        assert [(share.calificacion, share.base) for share in made.priced.shares] == [("N1", D("15.00"))]

    def test_the_same_goods_going_elsewhere_are_another_question(self) -> None:
        book = Book(SOLD, EXEMPT).becomes(ship_to=KOELN)
        assert (book.asked.code, book.asked.data["line"]) == ("untaxed_line", "Curso de cerámica")

    def test_the_explanation_says_that_a_person_chose(self) -> None:
        two = msgspec.structs.replace(COURSE, quantity=D(2), amount=D("160.00"))
        book = Book(SOLD, EXEMPT)
        book.issued = None
        made = book.becomes(**with_lines(two, CUP)).issue()
        assert {"chosen"} <= {reason.rule for reason in made.priced.reasons}


class TestBeforeTheInvoice:
    """The shop changes an order whose hold a person had begun to answer."""

    def test_what_was_answered_is_not_asked_again(self) -> None:
        dear = order(COURSE, line("500.00"))
        first = decided(dear, resolution=EXEMPT)
        assert first.hold
        later = msgspec.structs.replace(dear, **with_lines(COURSE, line("499.00")))
        found = decided(later, kept=first.kept)
        assert found.hold
        assert found.hold.code == "nif_required"

    @pytest.mark.parametrize("total", ["500.00", "300.00"])
    def test_a_nif_that_was_given_stays_with_its_buyer(self, total: str) -> None:
        given = Resolution(action=Action.GIVE_NIF, nif="B12345674", name="Ferretería Soler SL")
        kept = decided(order(line("450.00")), resolution=given).kept
        found = decided(order(line(total)), kept=kept)
        assert found.document
        assert found.document.recipient
        assert (found.document.tipo, found.document.recipient.tax_id) == ("F1", "B12345674")

    def test_and_not_with_another_one(self) -> None:
        given = Resolution(action=Action.GIVE_NIF, nif="12345678Z")
        found = decided(order(line("450.00")), resolution=given)
        other = msgspec.structs.replace(LUCIA, name="Berta Soler")
        again = decided(order(line("450.00"), buyer=other), kept=found.kept)
        assert again.hold
        assert again.hold.code == "nif_required"

    def test_an_override_of_figures_counts_for_those_figures(self) -> None:
        wrong = order(line("121.00", declared="25.00"))
        kept = decided(wrong, resolution=ANYWAY).kept
        assert decided(msgspec.structs.replace(wrong, number="#1501-B"), kept=kept).document
        other = decided(order(line("121.00", declared="26.00")), kept=kept)
        assert other.hold
        assert other.hold.code == "tax_does_not_match_rate"

    def test_an_override_of_goods_does_not_cover_others(self) -> None:
        content = order(line("12.10"), buyer=NAYRA)
        kept = decided(content, resolution=ANYWAY).kept
        assert decided(content, kept=kept).document
        found = decided(order(line("12.10"), line("24.20", description="Jarra"), buyer=NAYRA), kept=kept).hold
        assert found
        assert (found.code, found.data["line"]) == ("tax_charged_on_export", "Jarra")

    def test_an_answer_that_is_no_longer_legal_is_not_given(self) -> None:
        wrong = msgspec.structs.replace(SOLER, tax_id="NA", tax_id_as_given="NA")
        simplified = Resolution(action=Action.ISSUE_SIMPLIFIED)
        kept = decided(order(line("300.00"), buyer=wrong), resolution=simplified).kept
        assert decided(order(line("310.00"), buyer=wrong), kept=kept).document
        found = decided(order(line("500.00"), buyer=wrong), kept=kept).hold
        assert found
        assert found.code == "nif_invalid"

    def test_what_ends_a_question_is_no_answer_to_the_next(self) -> None:
        found = decided(order(total="0"), resolution=Resolution(action=Action.IGNORE, reason="Regalo"))
        assert (found.action, found.kept) == ("nothing", ())
