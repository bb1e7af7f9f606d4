"""The printed invoice, and the printed report.

    page.py       the frozen values of an invoice -> one HTML document, here, escaped, QR included
    report.py     the figures of a day -> one HTML document
    renderer.py   that document -> PDF, by asking a child process: `Renderer`
    child.py      the child: WeasyPrint, and as little else as possible
    formats.py    1.234,56 € and 14/10/2026

The template, its style sheet and its fonts are in templates/invoice; the report's template is in templates/report.
"""

from invoicing.pdf.renderer import LibraryMissing, Renderer, RenderFailed, RenderTimeout, Unprintable, shared

__all__ = ["LibraryMissing", "RenderFailed", "RenderTimeout", "Renderer", "Unprintable", "shared"]
