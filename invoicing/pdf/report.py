"""The figures of a day as one HTML document, printed with the invoice's style sheet and fonts."""

from collections.abc import Mapping
from decimal import Decimal

from django.template import Context

from invoicing.figures import DayFigures, Sums
from invoicing.pdf.formats import clean, day, euros
from invoicing.pdf.page import ENGINE, WATERMARKS
from invoicing.pdf.statements import share_name
from invoicing.values import TaxShare

WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
TYPES = {
    "F1": "Facturas completas",
    "F2": "Facturas simplificadas",
    "F3": "En sustitución de simplificadas",
    "R1": "Rectificativas (art. 80.1, 80.2)",
    "R2": "Rectificativas (concurso)",
    "R3": "Rectificativas (impago)",
    "R4": "Rectificativas (otras)",
    "R5": "Rectificativas de simplificadas",
}
VERDICTS: Mapping[str, tuple[str, bool]] = {
    "accepted": ("Aceptadas", False),
    "accepted_with_errors": ("Aceptadas con avisos", True),
    "rejected": ("Rechazadas", True),
    "pending": ("Por enviar", False),
    "in_flight": ("Enviadas, sin respuesta aún", False),
    "unknown": ("En duda: se pregunta a la AEAT", True),
    "quarantined": ("Apartadas: no se pueden enviar así", True),
}
"""States of a record in words, and whether they want somebody's attention."""


def report_page(figures: DayFigures) -> str:
    """Return the whole document as HTML.

    :raises KeyError: for an unknown environment, state or type, which would print without its meaning.
    """
    values = {
        "company": clean(figures.company),
        "nif": clean(figures.nif),
        "day": day(figures.day),
        "weekday": WEEKDAYS[figures.day.weekday()].capitalize(),
        "figures": [
            ("Documentos", figures.sums.count),
            ("Base imponible", euros(figures.sums.base)),
            ("Cuota", euros(figures.sums.tax)),
            ("Total", euros(figures.sums.total)),
        ],
        "rates": [_share(share) for share in figures.shares],
        "types": [{"name": TYPES[tipo], **_row(sums)} for tipo, sums in figures.types.items()],
        "verdicts": [
            (words, figures.verdicts[state], alert)
            for state, (words, alert) in VERDICTS.items()
            if state in figures.verdicts
        ],
        "annulled": figures.annulled,
        "held": figures.held,
        "held_text": _held(figures.held),
        "at": f"{figures.at:%H:%M del %d/%m/%Y}",
        "watermark": WATERMARKS[figures.environment],
    }
    return ENGINE.get_template("report/report.html").render(Context(values, use_l10n=False, use_tz=False))


def _row(sums: Sums) -> dict[str, object]:
    return {"count": sums.count, "base": euros(sums.base), "tax": euros(sums.tax), "total": euros(sums.total)}


def _share(share: TaxShare) -> dict[str, object]:
    tax = share.tax or Decimal(0)
    return {"name": share_name(share), "base": euros(share.base), "tax": euros(tax), "total": euros(share.base + tax)}


def _held(count: int) -> str:
    if not count:
        return "Ningún pedido espera a una persona."
    return f"{count} pedido{'s' if count > 1 else ''} espera{'n' if count > 1 else ''} a una persona."
