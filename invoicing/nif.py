"""The buyer's tax number: made uniform, then judged (verifactu.md 4.6 and 4.8).

Only the AEAT's census knows whether a NIF exists; here its shape and its control character are looked at.
"""

import re
import unicodedata
from enum import StrEnum

from stdnum.es import cif, dni, nie

LENGTH = 9
LABEL = re.compile(r"(?:NIFIVA|NIF|CIF|DNI|NIE|VAT)(?=(?:ES)?[A-Z0-9]{9}$)")
SHORT_DNI = re.compile(r"[0-9]{5,7}[A-Z]")
ENTITY = re.compile(r"[ABCDEFGHJNPQRSUVW][0-9]{7}[0-9A-J]")
NATURAL_PERSON = re.compile(r"[0-9KLMXYZ]")
LETTERED_BODY = re.compile(r"[KLM][0-9A-Z]{7}[A-Z]")
PLACEHOLDER = re.compile(r"[A-Z]?0+[0-9A-Z]?|99999999R")
"""Zeros, and the number on the certificates that the FNMT issues for trials."""

EU_VAT = {
    "DE": r"\d{9}", "AT": r"\w{9}", "BE": r"\d{10}", "BG": r"\d{9,10}", "CY": r"\w{9}", "CZ": r"\d{8,10}",
    "DK": r"\d{8}", "EE": r"\d{9}", "EL": r"\d{9}", "FI": r"\d{8}", "FR": r"\w{11}", "HR": r"\d{11}",
    "HU": r"\d{8}", "IE": r"\w{8,9}", "IT": r"\d{11}", "LT": r"\d{9}|\d{12}", "LU": r"\d{8}", "LV": r"\d{11}",
    "MT": r"\d{8}", "NL": r"\w{12}", "PL": r"\d{10}", "PT": r"\d{9}", "RO": r"[1-9]\d{1,9}", "SE": r"\d{12}",
    "SI": r"\d{8}", "SK": r"\d{10}", "XI": r"\w{5}|\w{9}|\w{12}",
}  # fmt: skip
"""Prefix -> body of a VAT number of each member state and Northern Ireland (verifactu.md 4.6)."""
EU_COUNTRIES = (frozenset(EU_VAT) - {"EL", "XI"}) | {"GR"}
"""ISO codes of the other member states (Greece is GR there)."""


class Verdict(StrEnum):
    """What can be said of a Spanish NIF without asking the census.

    valid: shape and control are right (for K, L and M with letters inside, only the shape can be judged).
    bad_control_of_entity: an entity's NIF whose control is wrong; no official text publishes that rule, so it warns.
    malformed: anything else, and the placeholders that people type.
    """

    VALID = "valid"
    BAD_CONTROL_OF_ENTITY = "bad_control_of_entity"
    MALFORMED = "malformed"


def normalise(text: str) -> str:
    """Return the number in capitals without punctuation, label, ES prefix, and with a DNI's leading zeros.

    >>> normalise("ES B-12.345.674 ")
    'B12345674'
    >>> normalise("DNI: 1234567-l")
    '01234567L'
    """
    wide = unicodedata.normalize("NFKC", text).upper()
    bare = LABEL.sub("", "".join(letter for letter in wide if letter.isascii() and letter.isalnum()), count=1)
    bare = bare.removeprefix("ES")
    return bare.zfill(LENGTH) if SHORT_DNI.fullmatch(bare) else bare


def judge(nif: str) -> Verdict:
    """Judge a normalised number as a Spanish NIF."""
    if len(nif) != LENGTH or not nif.isascii() or PLACEHOLDER.fullmatch(nif):
        return Verdict.MALFORMED
    if ENTITY.fullmatch(nif):
        return Verdict.VALID if cif.is_valid(nif) else Verdict.BAD_CONTROL_OF_ENTITY
    if nif[0] in "KLM":
        return _judge_klm(nif)
    right = nie.is_valid(nif) if nif[0] in "XYZ" else dni.is_valid(nif)
    return Verdict.VALID if right else Verdict.MALFORMED


def placeholder(text: str) -> bool:
    """Tell whether a normalised number is what people type when they must type something."""
    return len(text) < 4 or bool(PLACEHOLDER.fullmatch(text))


def natural_person(nif: str) -> bool:
    """Tell whether a normalised NIF is of a kind given to natural persons."""
    return bool(NATURAL_PERSON.match(nif))


def eu_vat_number(text: str) -> bool:
    """Tell whether a normalised number has the shape of a VAT number of another member state."""
    body = EU_VAT.get(text[:2])
    return bool(body and text.isascii() and re.fullmatch(body, text[2:]))


def _judge_klm(nif: str) -> Verdict:
    """The letter follows the DNI's rule when the body is numeric; for other bodies none is published."""
    if nif[1:-1].isdigit():
        return Verdict.VALID if dni.calc_check_digit(nif[1:-1]) == nif[-1] else Verdict.MALFORMED
    return Verdict.VALID if LETTERED_BODY.fullmatch(nif) else Verdict.MALFORMED
