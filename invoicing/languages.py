"""The languages in which a customer may get an invoice and its letter."""

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
