"""The languages in which a customer may get an invoice and its letter."""

from collections.abc import Sequence

from babel import Locale

from invoicing.values import OrderContent

LANGUAGES = {"es": "español", "en": "English", "ca": "català", "fr": "français", "de": "Deutsch"}
"""ISO 639-1 -> the language's own name. The first is what everything falls back on."""
DEFAULT = "es"


def choose(content: OrderContent | None, default: str) -> str:
    """Return the language of a document: the buyer's where documents exist in it, else the company's, else Spanish."""
    return known(content.language if content else "") or known(default) or DEFAULT


def known(tag: str) -> str:
    """Return the language that a tag means, or nothing when it is none of ours.

    >>> known("ca-ES"), known("de_AT"), known("pt")
    ('ca', 'de', '')
    """
    code = tag.replace("_", "-").partition("-")[0].strip().lower()
    return code if code in LANGUAGES else ""


def country(code: str, language: str) -> str:
    """Return what a country (ISO 3166-1 alpha-2) is called, as Unicode's CLDR has it; the code where it has none.

    >>> country("DE", "ca"), country("ZZZ", "es")
    ('Alemanya', 'ZZZ')
    """
    return str(Locale(known(language) or DEFAULT).territories.get(code, code))


def address(lines: Sequence[str], language: str) -> tuple[str, ...]:
    """Return a kept address as it is read: its country, which is kept as a code and stands last, by its name."""
    return (*lines[:-1], *(country(line, language) for line in lines[-1:]))
