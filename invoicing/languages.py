"""Which language a document for a buyer is written in."""

from invoicing.values import OrderContent

LANGUAGES = ("es", "en", "ca", "fr", "de")


def choose(content: OrderContent, default: str) -> str:
    """Return the buyer's language where documents exist in it, else the company's."""
    return content.language if content.language in LANGUAGES else default
