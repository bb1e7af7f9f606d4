"""The sheet as one HTML document that needs nothing from outside, for names in letters that our fonts do not have.

Django's template engine is used by itself: texts in, text out, everything escaped. No settings, no request, no query.
"""

import re
from pathlib import Path

from django.template import Context, Engine
from django.utils.safestring import SafeString

from invoicing.pdf import logo
from invoicing.pdf.compose import QR_SIDE
from invoicing.pdf.sheet import Sheet, sheet
from invoicing.pdf.tables import line_columns
from invoicing.pdf.typeface import faces
from invoicing.pdf.words import QR_ABOVE, QR_BELOW, word
from invoicing.values import PrintedInvoice
from verifactu import qr

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"
STYLESHEET = TEMPLATES / "invoice" / "invoice.css"
ENGINE = Engine(dirs=[str(TEMPLATES)])
WATERMARKS = {"production": "", "test": word("test", "es"), "simulator": word("test", "es")}


def page(printed: PrintedInvoice) -> str:
    """Return the invoice as HTML; raises what `sheet` raises."""
    return html(sheet(printed))


def html(sheet: Sheet) -> str:
    """Return the whole document."""
    data = sheet.letterhead.logo
    values = {
        "sheet": sheet,
        "accent": sheet.letterhead.accent,
        # Only a drawing of ours stands inside the page: it may ask for no file, and a picture would be one.
        "logo": _to_the_left(data) if data and logo.is_drawing(data) else "",
        "columns": _columns(sheet),
        "qr": _symbol(sheet.qr_url),
        "qr_above": QR_ABOVE,
        "qr_below": QR_BELOW,
        "page_words": sheet.page_of.split("{}"),
    }
    context = Context(values, autoescape=True, use_l10n=False, use_tz=False)
    return ENGINE.get_template("invoice/invoice.html").render(context)


def _columns(sheet: Sheet) -> list[str]:
    columns = line_columns(faces()[0], sheet)
    return [f"width:{column.width:.3f}mm" if column.width else "" for column in columns]


def _to_the_left(drawing: bytes) -> SafeString:
    return SafeString(drawing.decode().replace("<svg ", '<svg preserveAspectRatio="xMinYMin meet" ', 1))


def _symbol(url: str) -> SafeString:
    """Return the QR drawing, scaled so that the symbol inside its white border is `QR_SIDE` wide."""
    drawing = qr.svg(url)
    box = re.search(r'viewBox="0 0 (\d+) \1"', drawing)
    if box is None:
        raise ValueError("the drawing of the QR does not tell its size in modules")
    modules = int(box[1])
    side = f"{QR_SIDE * modules / (modules - 2 * qr.QUIET_ZONE):.3f}mm"
    return SafeString(drawing.replace("<svg ", f'<svg width="{side}" height="{side}" ', 1))
