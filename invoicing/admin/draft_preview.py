"""What a draft would become if it were issued now, as its page shows it."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from common import clock
from common.admin import Fact, table
from common.words import reading
from invoicing import drafting
from invoicing.admin.coding import classification
from invoicing.admin.labels import TIPOS
from invoicing.admin.related import euros, why
from invoicing.models import Draft, Series
from invoicing.pdf import formats
from invoicing.values import Priced

SERIES = {"F1": "complete", "F2": "simplified"}


def seen(draft: Draft) -> dict[str, Any]:
    """Return the preview's context."""
    now = clock.now()
    try:
        found = drafting.preview(draft, now=now)
    except drafting.NothingToIssue:
        return {"empty": True}
    decision = found.decision
    context: dict[str, Any] = {"mark": found.mark, "decision": decision, "buyer": found.content.buyer}
    if decision.hold:
        held, language = decision.hold, reading()
        return {
            **context, "held": held.sentence(language), "missing": held.missing_in(language),
            "total": euros(found.content.total),
        }  # fmt: skip
    if decision.document is None:
        return context
    wanted = decision.document
    named = Series.objects.filter(
        company_id=draft.company_id, environment=settings.AEAT_ENVIRONMENT, kind=SERIES.get(wanted.tipo, "")
    )
    series = named.filter(year=now.year).first()
    return {
        **context,
        "facts": [
            Fact(_("Documento"), TIPOS.get(wanted.tipo, wanted.tipo)),
            Fact(_("Serie"), str(series) if series else _("la que se abra al expedir")),
            Fact(_("Fecha de operación"), f"{wanted.operation_date:%d/%m/%Y}" if wanted.operation_date else "—"),
            Fact(_("Destinatario"), recipient_line(wanted.recipient)),
            Fact(_("Por qué"), why(wanted.note)),
        ],
        "lines": lines_table(wanted.priced),
        "shares": shares_table(wanted.priced),
        "tax_total": euros(wanted.priced.tax_total),
        "total": euros(wanted.priced.total),
    }


def recipient_line(party: Any) -> str:
    """Return whom a document is for."""
    return f"{party.company or party.name} · {party.tax_id}" if party else _("sin identificar")


def lines_table(priced: Priced) -> dict[str, Any]:
    """Return the lines of a document that is not issued yet."""
    language = reading()
    return table(
        [_("Descripción"), _("Cantidad"), _("Precio"), _("Descuento"), _("Tipo"), _("Base")],
        [
            [
                line.description, formats.number(line.quantity, language=language),
                formats.price(line.unit_price, language, 6),
                euros(line.discount) if line.discount else "—",
                formats.percent(line.rate, language) if line.rate is not None else "—", euros(line.base),
            ]
            for line in priced.lines
        ],
    )  # fmt: skip


def shares_table(priced: Priced) -> dict[str, Any]:
    """Return the taxes of a document that is not issued yet."""
    return table(
        [_("Calificación"), _("Tipo"), _("Base"), _("Cuota"), _("Recargo")],
        [
            [
                classification(share.exencion or share.calificacion),
                formats.percent(share.rate) if share.rate is not None else "—",
                euros(share.base), euros(share.tax),
                euros(share.surcharge),
            ]
            for share in priced.shares
        ],
    )  # fmt: skip
