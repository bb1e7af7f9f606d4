"""The printed invoice, and the printed report.

    sheet.py      the frozen values of an invoice -> the texts of its page, in its language (words.py, formats.py)
    compose.py    those texts on paper (pen.py, tables.py) -> PDF/A-3 (canvas.py, typeface.py, logo.py, writer.py)
    page.py       those texts as one HTML document, for letters that our fonts lack
    report.py     the figures of a day -> one HTML document
    renderer.py   the door: composes, or asks a child process for the PDF of an HTML document: `Renderer`
    child.py      the child: WeasyPrint, and as little else as possible

The template, its style sheet and the fonts are in templates/invoice; the report's template is in templates/report.
"""

from invoicing.pdf.renderer import (
    FontMissing,
    LibraryMissing,
    Renderer,
    RenderFailed,
    RenderTimeout,
    Unprintable,
    shared,
)

__all__ = ["FontMissing", "LibraryMissing", "RenderFailed", "RenderTimeout", "Renderer", "Unprintable", "shared"]
