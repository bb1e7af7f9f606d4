"""How a row whose personal data is gone says so."""

from django.core.exceptions import ObjectDoesNotExist
from django.utils.translation import gettext as _

from common.admin import moment
from invoicing.models import Delivery, Snapshot


def told(row: Delivery | Snapshot) -> str:
    """Return when, by whom and why the row was redacted; empty where it was not."""
    if not row.redacted:
        return ""
    try:
        gone = row.redaction
    except ObjectDoesNotExist:
        return _("Vacío, y sin que conste por qué: ejecute verify_ledger.")
    return _("Retirados el %(when)s por %(who)s: %(why)s") % {
        "when": moment(gone.at), "who": gone.by, "why": gone.reason,
    }  # fmt: skip
