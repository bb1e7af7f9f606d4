"""The judgement of NIFs. Numbers come from the Interior ministry's rule worked by hand, public companies and
python-stdnum's published examples, not from our own code."""

import pytest

from invoicing.nif import Verdict, eu_vat_number, judge, natural_person, normalise


class TestNormalise:
    @pytest.mark.parametrize(
        ("typed", "clean"),
        [
            ("ES B-12.345.674 ", "B12345674"),
            ("b98765431", "B98765431"),
            ("12345678-z", "12345678Z"),
            ("1234567l", "01234567L"),  # a DNI's leading zero, often left out
            ("NIF: 12345678Z", "12345678Z"),
            ("CIF ESA58818501", "A58818501"),
            ("x-5253868-r", "X5253868R"),
            ("\uff11\uff12345678\uff3a", "12345678Z"),  # wide digits of an Asian keyboard
            ("DE 123 456 788", "DE123456788"),  # other countries keep their prefix
            ("-", ""),
            ("", ""),
            ("ñ", ""),
        ],
    )
    def test_leaves_capitals_and_digits(self, typed: str, clean: str) -> None:
        assert normalise(typed) == clean


class TestJudge:
    @pytest.mark.parametrize(
        "nif",
        [
            "12345678Z",  # 12345678 mod 23 = 14: Z
            "00000001R",  # 1 mod 23 = 1: R
            "54362315K",  # stdnum.es.dni
            "X5253868R",  # stdnum.es.nie
            "M1234567L",  # stdnum.es.nif
            "K1234567L",
            "B64717838",  # stdnum.es.nif
            "A58818501",
            "Q2826000H",  # the AEAT's own
            "S2800568D",  # a public body: letter control
            "LA23456BC",  # K, L and M with letters inside: no published rule
        ],
    )
    def test_valid(self, nif: str) -> None:
        assert judge(nif) == Verdict.VALID

    @pytest.mark.parametrize("nif", ["B64717839", "B12345678", "A58818502"])
    def test_wrong_control_of_an_entity_only_warns(self, nif: str) -> None:
        assert judge(nif) == Verdict.BAD_CONTROL_OF_ENTITY

    @pytest.mark.parametrize(
        "nif",
        [
            "12345678A",  # wrong letter
            "X5253868A",
            "K1234567A",
            "1234567L",  # eight characters
            "123456789",
            "",
            "NA",
            "PENDIENTE",
            "DE1234567",
            "00000000T",  # right letter, but nobody's
            "X0000000T",
            "B00000000",
            "A0000000J",
            "99999999R",  # the FNMT's trial certificates
            "\u0661\u0662345678Z",  # digits, but not ours
        ],
    )
    def test_malformed(self, nif: str) -> None:
        assert judge(nif) == Verdict.MALFORMED


class TestKind:
    @pytest.mark.parametrize(("nif", "person"), [("12345678Z", True), ("X5253868R", True), ("B12345674", False)])
    def test_persons_are_told_from_entities(self, nif: str, person: bool) -> None:
        assert natural_person(nif) is person

    @pytest.mark.parametrize(
        ("text", "is_one"),
        [
            ("DE123456788", True),
            ("FRK7399859412", True),
            ("EL094259216", True),
            ("GR094259216", False),  # Greece's prefix is EL
            ("ROO123", False),
            ("RO0123", False),  # no leading zero
            ("B12345674", False),
            ("ESB12345674", False),
            ("US123456789", False),
        ],
    )
    def test_vat_numbers_of_other_states(self, text: str, is_one: bool) -> None:
        assert eu_vat_number(text) is is_one
