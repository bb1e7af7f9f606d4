"""The catalogue of holds is whole: every code that the code uses is in it, and every sentence finds its facts."""

import re
from pathlib import Path
from string import Formatter

import pytest

from invoicing import (
    advances,
    cases,
    census,
    choosing,
    elsewhere,
    holds,
    money,
    places,
    policy,
    preparing,
    recipients,
    rectifying,
    settling,
    taxes,
)
from invoicing.holds import CATALOGUE, Action, Resolution, ResolutionRefused, accept, hold

USED = re.compile(r"""(?:Unpriceable|hold)\(\s*"(\w+)"(?:,\s*(.*?))?\)\s*(?:\n|$)""", re.DOTALL)
RAISED_ELSEWHERE = {
    "aeat_rejected", "aeat_reproach", "annulment_rejected", "annulment_reproach", "correction_refused",
}  # fmt: skip
"""By what waits for the AEAT's answer (invoicing/acknowledging.py), whose facts are the verdict's code and text."""


MODULES = (
    advances,
    cases,
    census,
    choosing,
    elsewhere,
    money,
    places,
    policy,
    preparing,
    recipients,
    rectifying,
    settling,
    taxes,
)


def sources() -> str:
    return "".join(Path(str(module.__file__)).read_text() for module in MODULES)


class TestCatalogue:
    def test_holds_every_code_that_is_used_and_no_other(self) -> None:
        used = {code for code, _ in USED.findall(sources())}
        assert used | RAISED_ELSEWHERE == set(CATALOGUE)

    @pytest.mark.parametrize("code", CATALOGUE)
    def test_every_fact_of_a_sentence_is_given_wherever_it_is_raised(self, code: str) -> None:
        reason = CATALOGUE[code]
        texts = (reason.es, reason.en, reason.missing)
        wanted = {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}
        for used, arguments in USED.findall(sources()):
            if used == code:
                assert wanted <= set(re.findall(r"(\w+)=", arguments or "")) - {"without"}

    @pytest.mark.parametrize("code", CATALOGUE)
    def test_every_hold_can_end(self, code: str) -> None:
        assert Action.IGNORE in CATALOGUE[code].actions

    @pytest.mark.parametrize("code", CATALOGUE)
    def test_every_sentence_is_one(self, code: str) -> None:
        reason = CATALOGUE[code]
        for text in (reason.es, reason.en, reason.missing, reason.missing_en):
            assert text.endswith(".")
            assert text[0].isupper() or text[0] in "«{“"
        assert reason.es != reason.en
        assert reason.missing != reason.missing_en

    def test_an_unknown_code_is_our_mistake(self) -> None:
        with pytest.raises(KeyError):
            hold("no_such_code")


class TestHold:
    def test_says_why_in_both_languages_with_its_facts(self) -> None:
        held = hold("nif_required", total="500.00", limit=400)
        assert held.sentence() == "Son 500,00\xa0€ sin NIF del comprador; una simplificada llega a 400\xa0€."
        assert held.sentence("en") == "€500.00 without the buyer's NIF; a simplified invoice reaches €400."
        assert held.missing == "El NIF, nombre y dirección del comprador."
        assert held.missing_in("en") == "The buyer's NIF, name and address."

    def test_amounts_are_written_as_readers_of_the_language_write_them(self) -> None:
        held = hold("nif_required", total="1234567.80", limit=3000)
        assert held.sentence().startswith("Son 1.234.567,80\xa0€ ")
        assert held.sentence("en").startswith("€1,234,567.80 ")
        assert hold("nif_required", total="mucho", limit="").sentence().startswith("Son mucho € ")

    def test_braces_in_a_fact_are_text(self) -> None:
        assert "{x}" in hold("untaxed_line", line="{x}").sentence()

    def test_a_fact_that_an_older_version_did_not_store_shows_as_unknown(self) -> None:
        assert "?" in holds.Hold(code="nif_required", actions=()).sentence()

    def test_a_fact_that_is_words_is_told_in_both_languages_where_it_has_both(self) -> None:
        told = hold("correction_refused", refused="no cabe", refused_en="it does not fit")
        assert "(no cabe)" in told.sentence("es")
        assert "(it does not fit)" in told.sentence("en")
        assert "(no cabe)" in hold("correction_refused", refused="no cabe", refused_en="").sentence("en")

    def test_actions_that_are_not_legal_here_are_left_out(self) -> None:
        held = hold("nif_invalid", without=(Action.ISSUE_SIMPLIFIED,), tax_id="NA")
        assert Action.ISSUE_SIMPLIFIED not in held.actions
        assert Action.GIVE_NIF in held.actions


class TestAccept:
    HELD = hold("nif_required", total="500.00", limit=400)

    @pytest.mark.parametrize(
        "answer",
        [
            Resolution(action=Action.GIVE_NIF, nif="es-12345678z"),
            Resolution(action=Action.GIVE_NIF, nif="B12345678"),  # an entity's control only warns
            Resolution(action=Action.IGNORE, reason="Regalo"),
            Resolution(action=Action.DECIDE_AGAIN),
        ],
    )
    def test_takes_what_fits(self, answer: Resolution) -> None:
        accept(self.HELD, answer)

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            (Resolution(action=Action.ISSUE_ANYWAY), "issue_anyway"),
            (Resolution(action=Action.IGNORE), "motivo"),
            (Resolution(action=Action.IGNORE, reason=" \n"), "motivo"),
            (Resolution(action=Action.GIVE_NIF), "NIF"),
            (Resolution(action=Action.GIVE_NIF, nif="12345678A"), "12345678A"),
        ],
    )
    def test_says_what_does_not(self, answer: Resolution, told: str) -> None:
        with pytest.raises(ResolutionRefused, match=told):
            accept(self.HELD, answer)
