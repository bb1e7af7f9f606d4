"""The languages in which a customer may get an invoice and its letter."""

from typing import Protocol

LANGUAGES = {"es": "español", "en": "English", "ca": "català", "fr": "français", "de": "Deutsch"}
"""ISO 639-1 -> the language's own name. The first is what everything falls back on."""
DEFAULT = "es"


class Speaks(Protocol):
    """An order version, as far as its buyer's language is known."""

    @property
    def language(self) -> str: ...


class House(Protocol):
    """A company, with the language that its customers get when theirs is unknown."""

    @property
    def language(self) -> str: ...


def choose(content: Speaks | None, company: House) -> str:
    """Return the language of a document: the buyer's, else the company's, else Spanish.

    >>> from types import SimpleNamespace as Some
    >>> choose(Some(language="fr-CA"), Some(language="en")), choose(Some(language="pt"), Some(language="en"))
    ('fr', 'en')
    """
    return known(content.language if content else "") or known(company.language) or DEFAULT


def known(tag: str) -> str:
    """Return the language that a tag (`ca`, `ca-ES`, `de_AT`) means, or nothing when it is none of ours."""
    code = tag.replace("_", "-").partition("-")[0].strip().lower()
    return code if code in LANGUAGES else ""
