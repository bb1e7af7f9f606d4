"""Text for people in both languages of the product: Spanish, and English for whoever asks for it."""

from typing import NamedTuple

from django.utils.translation import get_language


def reading() -> str:
    """Return the language of whoever reads: `en`, or `es` for any other."""
    return "en" if (get_language() or "es").startswith("en") else "es"


class Words(NamedTuple):
    """One text in both languages; as text, that of whoever reads."""

    es: str = ""
    en: str = ""

    def __str__(self) -> str:
        return self.en if reading() == "en" else self.es


class ErrorInWords(ValueError):
    """What people are told; as text, in the language of whoever reads."""

    def __init__(self, es: str, en: str) -> None:
        super().__init__(es, en)
        self.words = Words(es, en)

    def __str__(self) -> str:
        return str(self.words)
