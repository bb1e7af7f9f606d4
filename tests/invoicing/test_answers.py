"""What each action asks for: declared once, and complete."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from invoicing.admin.fields import needed
from invoicing.admin.resolving import ResolutionForm
from invoicing.answers import ASKS, Shape, in_common, outline
from invoicing.api.resolution import ResolutionBody, resolution_of
from invoicing.holds import CATALOGUE, WITH_REASON, Action, Hold, Original, Resolution, hold
from invoicing.holds_page import page

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "holds.md"


def question(held: Hold) -> dict[str, Any]:
    return {"kind": "question", "code": held.code, "data": msgspec.to_builtins(held), "token": "hold:x"}


@pytest.mark.parametrize("action", Action)
class TestEveryAction:
    def test_says_what_it_asks_for(self, action: Action) -> None:
        ask = ASKS[action]
        assert ask.label.es
        assert ask.label.en
        assert ask.use.es.endswith(".")
        assert ask.use.en.endswith(".")

    def test_its_fields_are_those_of_a_resolution(self, action: Action) -> None:
        names = {field.name for field in ASKS[action].fields}
        assert names <= set(Resolution.__struct_fields__)
        assert ("reason" in names) == (action in WITH_REASON)

    def test_its_form_shows_its_fields(self, action: Action) -> None:
        form = ResolutionForm(hold=question(Hold(code="nif_required", actions=(action,))))
        shown = [actions for actions, fields in form.groups() if fields]
        assert shown == ([[action.value]] if ASKS[action].fields else [])

    def test_its_form_asks_for_what_it_needs(self, action: Action) -> None:
        form = ResolutionForm({"action": action.value}, hold=question(Hold(code="nif_required", actions=(action,))))
        assert set(form.errors) == set(needed(ASKS[action].fields))

    def test_the_api_takes_its_fields(self, action: Action) -> None:
        for field in ASKS[action].fields:
            if field.shape != Shape.CODING:
                assert field.name in ResolutionBody.__struct_fields__


class TestAGroup:
    def test_is_one_struct_of_several_fields(self) -> None:
        held = Hold(code="nif_required", actions=(Action.NAME_ORIGINAL,))
        typed = {"action": "name_original", "original_number": "A-7", "original_date": "31/12/2025"}
        form = ResolutionForm(typed, hold=question(held))
        assert form.is_valid(), form.errors
        assert form.resolution().original == Original(number="A-7", date=date(2025, 12, 31), simplified=False)
        half = ResolutionForm({**typed, "original_number": " "}, hold=question(held))
        assert set(half.errors) == {"original_number"}

    def test_comes_by_api_as_an_object(self) -> None:
        body = {"process": "prc_1", "action": "name_original",
                "original": {"number": "A-7", "date": "2025-12-31", "simplified": True}}  # fmt: skip
        answer = resolution_of(msgspec.convert(body, ResolutionBody))
        assert answer.original == Original(number="A-7", date=date(2025, 12, 31), simplified=True)


class TestTheBody:
    def test_becomes_the_resolution_that_it_says(self) -> None:
        address = {"lines": ["Calle Mayor 3"], "postal_code": "46001", "city": "València", "country": "ES"}
        body = {"process": "prc_1", "action": "give_nif", "nif": "B12345674", "name": "Soler SL", "address": address}
        answer = resolution_of(msgspec.convert(body, ResolutionBody))
        assert (answer.action, answer.nif, answer.name, answer.reason) == (
            Action.GIVE_NIF, "B12345674", "Soler SL", "",
        )  # fmt: skip
        assert answer.address
        assert (answer.address.lines, answer.address.city) == (("Calle Mayor 3",), "València")


class TestInCommon:
    def test_is_what_one_answer_may_do_for_all(self) -> None:
        dear, wrong = hold("nif_required", total="500", limit="400"), hold("nif_invalid", tax_id="NA")
        assert in_common([dear, dear]) == [Action.ASK_CUSTOMER, Action.DECIDE_AGAIN, Action.IGNORE]
        assert Action.ISSUE_SIMPLIFIED in in_common([wrong])
        assert Action.ISSUE_SIMPLIFIED not in in_common([dear, wrong])

    def test_is_never_what_belongs_to_one_buyer_or_ends_an_invoice(self) -> None:
        each = [action for action in Action if not ASKS[action].in_bulk]
        assert {Action.GIVE_NIF, Action.ANNUL, Action.RESEND_CORRECTED} <= set(each)

    def test_of_nothing_is_nothing(self) -> None:
        assert in_common([]) == []


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_reason_without_its_facts_is_still_a_sentence(code: str) -> None:
    for language in ("es", "en"):
        text = outline(code, language)
        assert "{" not in text
        assert text.endswith((".", "…"))


def test_the_reference_is_the_catalogues() -> None:
    assert PAGE.read_text() == page(), "python -m invoicing.holds_page > docs/reference/holds.md"
