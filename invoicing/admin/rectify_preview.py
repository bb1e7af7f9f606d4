"""What a correction would issue if it were issued now, as the person sees it before the button is pressed."""

import hashlib
from typing import Any

from django.utils.translation import gettext as _

from common.admin import Fact
from common.words import reading
from invoicing.admin.draft_preview import lines_table, recipient_line, shares_table
from invoicing.admin.labels import TIPOS
from invoicing.admin.related import euros
from invoicing.balance import Amounts, Kind
from invoicing.by_staff import Correction, next_of
from invoicing.causes import CAUSES
from invoicing.issued import Issued
from invoicing.remedies import remedy


def seen(correction: Correction, issued: Issued) -> dict[str, Any]:
    """Return the preview's context: the document that comes first, and whether another follows it.

    :raises CannotRectify: when the correction does not fit what stands now.
    """
    wanted = next_of(correction, issued)
    if wanted is None:  # made already, by this very asking
        return {}
    found = remedy(correction.situation, issued.last.tipo)
    language = reading()
    cause = CAUSES[wanted.cause][language] if wanted.cause else ""
    named = ", ".join(each.num_serie for each in (*wanted.rectifies, *wanted.substitutes))
    return {
        "facts": [
            Fact(_("Documento"), TIPOS.get(wanted.tipo, wanted.tipo)),
            Fact(_("Se refiere a"), named or "—"),
            Fact(_("Destinatario"), recipient_line(wanted.recipient)),
            Fact(_("Causa impresa"), " · ".join(filter(None, (cause, wanted.note_for_buyer))) or "—"),
            Fact(_("Por qué"), f"{found.en if language == 'en' else found.es} [{found.source}]"),
        ],
        "more": len(found.invoices) > 1,
        "lines": lines_table(wanted.priced),
        "shares": shares_table(wanted.priced),
        "tax_total": euros(wanted.priced.tax_total),
        "total": euros(wanted.priced.total),
    }


def mark(stand: list[tuple[Kind, Amounts]]) -> str:
    """Return what names the rows that stand: another one, and the rows that were filled in may be others."""
    return hashlib.sha256(repr(stand).encode()).hexdigest()[:32]
