"""The invoice as one HTML document that needs nothing from outside (contents: RD 1619/2012, arts. 6, 7 and 15).

Django's template engine is used by itself: texts in, text out, everything escaped. No settings, no request, no query.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from django.template import Context, Engine
from django.utils.safestring import SafeString

from invoicing.pdf.formats import clean, day, euros, number, percent
from invoicing.values import PrintedInvoice, PrintedParty, TaxShare
from verifactu import qr
from verifactu.codes import CalificacionOperacion, Impuesto, OperacionExenta

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"
STYLESHEET = TEMPLATES / "invoice" / "invoice.css"

QR_SIDE = 35.0
"""Millimetres between the outer modules: 30 to 40 are allowed (AEAT, QR and verification service 0.5.0, section on
size), and the middle leaves room to printers that scale."""

ENGINE = Engine(dirs=[str(TEMPLATES)])
_TAX_NAMES: dict[str, str] = {
    Impuesto.IVA: "IVA",
    Impuesto.IPSI: "IPSI",
    Impuesto.IGIC: "IGIC",
    Impuesto.OTROS: "Impuesto",
}
_NOTHING = "\N{EN DASH}"
WATERMARKS = {"production": "", "test": "ENTORNO DE PRUEBAS", "simulator": "ENTORNO DE PRUEBAS"}


def page(printed: PrintedInvoice) -> str:
    """Return the whole document as HTML.

    :raises KeyError: for an unknown environment, which would print without watermark, and for an unknown tax or code.
    """
    tax_names = [_TAX_NAMES[share.impuesto] for share in printed.shares] or ["IVA"]
    values = {
        "title": clean(printed.title),
        "number": clean(printed.number),
        "issuer": _party(printed.issuer),
        "recipient": _party(printed.recipient) if printed.recipient else None,
        "facts": _facts(printed),
        "lines": _lines(printed),
        "discounts": any(line.discount for line in printed.lines),
        "shares": [_share(share) for share in printed.shares],
        "tax_name": tax_names[0] if len(set(tax_names)) == 1 else "impuestos",
        "base_total": euros(printed.total - printed.tax_total),
        "tax_total": euros(printed.tax_total),
        "total": euros(printed.total),
        # Two figures on purpose (AEAT, FAQ 20); they differ once withholdings and advances are known here.
        "due": euros(printed.total),
        "mentions": [clean(mention) for mention in printed.mentions],
        "qr": _symbol(printed.qr_url),
        # In the document's properties, where a restore finds out whose page it is (invoicing/evidence.py).
        "qr_url": printed.qr_url,
        "watermark": WATERMARKS[printed.environment],
    }
    context = Context(values, autoescape=True, use_l10n=False, use_tz=False)
    return ENGINE.get_template("invoice/invoice.html").render(context)


def _party(party: PrintedParty) -> dict[str, object]:
    return {
        "name": clean(party.name),
        "tax_id": clean(party.tax_id),
        "address": [clean(line) for line in party.address if line],
        "email": clean(party.email),
    }


def _facts(printed: PrintedInvoice) -> list[tuple[str, str]]:
    facts = [
        ("Serie", clean(printed.series)),
        ("Fecha de expedición", day(printed.issue_date)),
    ]
    if printed.operation_date and printed.operation_date != printed.issue_date:
        facts.append(("Fecha de operación", day(printed.operation_date)))
    if printed.order_number:
        facts.append(("Pedido", clean(printed.order_number)))
    return facts


def _lines(printed: PrintedInvoice) -> list[dict[str, str]]:
    untaxed = _untaxed(printed.shares)
    return [
        {
            "description": clean(line.description),
            "sku": clean(line.sku),
            "quantity": number(line.quantity, 0, 4),
            "unit_price": f"{number(line.unit_price, 2, 4)}\N{NO-BREAK SPACE}€",
            "discount": euros(-line.discount) if line.discount else "",
            "rate": percent(line.rate) if line.rate is not None else untaxed,
            "amount": euros(line.base),
        }
        for line in printed.lines
    ]


def _untaxed(shares: Sequence[TaxShare]) -> str:
    """Return the word that stands in the rate column of a line without rate."""
    exempt = any(share.exencion for share in shares)
    outside = any(share.calificacion in (CalificacionOperacion.N1, CalificacionOperacion.N2) for share in shares)
    if exempt == outside:
        return _NOTHING
    return "Exenta" if exempt else "No sujeta"


def _share(share: TaxShare) -> dict[str, str]:
    return {
        "name": share_name(share),
        "base": euros(share.base),
        "rate": percent(share.rate) if share.rate is not None else _NOTHING,
        "tax": euros(share.tax) if share.tax is not None else _NOTHING,
    }


def share_name(share: TaxShare) -> str:
    """Return what a share of the breakdown is called: `IVA 21 %`, or why it bears no tax."""
    if share.exencion:
        return OperacionExenta[share.exencion].nombre
    if share.calificacion == CalificacionOperacion.S2:
        return "Inversión del sujeto pasivo"
    if share.calificacion in (CalificacionOperacion.N1, CalificacionOperacion.N2):
        return CalificacionOperacion[share.calificacion].nombre
    tax = _TAX_NAMES[share.impuesto]
    return f"{tax} {percent(share.rate)}" if share.rate is not None else tax


def _symbol(url: str) -> SafeString:
    """Return the QR drawing, scaled so that the symbol inside its white border is `QR_SIDE` wide."""
    drawing = qr.svg(url)
    box = re.search(r'viewBox="0 0 (\d+) \1"', drawing)
    if box is None:
        raise ValueError("the drawing of the QR does not tell its size in modules")
    modules = int(box[1])
    side = f"{QR_SIDE * modules / (modules - 2 * qr.QUIET_ZONE):.3f}mm"
    return SafeString(drawing.replace("<svg ", f'<svg width="{side}" height="{side}" ', 1))
