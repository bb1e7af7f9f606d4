"""An invoice's letters on its page: what came back, what to do about it, and sending it to another address."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminEmailInputWidget

from common import clock
from common.admin import change_url, moment, table
from invoicing.acknowledging import InvoiceRef
from invoicing.admin.correcting import actor, ask, once
from invoicing.flows import DocumentRef, MailInvoice, mail_invoice
from invoicing.models import Bounce, Invoice
from workflows.engine import trigger

MAIL = "invoicing.mail_invoice"

_REMEDIES = (
    ("5.1.", gettext_lazy("La dirección no existe: pida otra al cliente y envíela con «Enviar por correo».")),
    ("5.2.2", gettext_lazy("Su buzón está lleno: avísele por otro medio y envíela de nuevo más tarde.")),
    ("5.2.", gettext_lazy("Su buzón no admite correo: pida otra dirección al cliente.")),
    ("5.3.4", gettext_lazy("La carta le pesa demasiado a su servidor: entregue el PDF por otro medio.")),
    ("5.4.", gettext_lazy("No se encuentra su servidor: compruebe lo que va detrás de la arroba.")),
    ("5.7.", gettext_lazy("Su servidor la rechaza: revise SPF, DKIM y DMARC del dominio desde el que se envía.")),
    ("4.", gettext_lazy("Aún no es definitivo: el servidor de correo lo sigue intentando.")),
)
"""Beginning of the code (RFC 3463) -> what to do."""


class AgainForm(forms.Form):
    """Where to."""

    to = forms.EmailField(label=gettext_lazy("Dirección"), max_length=254, widget=UnfoldAdminEmailInputWidget())


def remedy_of(bounce: Bounce) -> Any:
    """Return what a person can do about it."""
    if bounce.action == Bounce.Action.DELAYED:
        return _REMEDIES[-1][1]
    found = (text for beginning, text in _REMEDIES if bounce.status.startswith(beginning))
    return next(found, _("Lea lo que dice el servidor; envíela de nuevo o a otra dirección."))


def bounce_table(invoice: Invoice) -> dict[str, Any] | None:
    """Return the table of what came back; None when nothing did."""
    bounces = list(invoice.bounces.all()[:20])
    if not bounces:
        return None
    return table(
        [_("Recibido"), _("Destinatario"), _("Qué pasó"), _("Código"), _("El servidor dice"), _("Qué hacer")],
        [
            [
                moment(bounce.received_at), bounce.recipient or "—", bounce.get_action_display(), bounce.status or "—",
                bounce.diagnostic or "—", remedy_of(bounce),
            ]
            for bounce in bounces
        ],
    )  # fmt: skip


def send_again(page: Any, request: HttpRequest, invoice: Invoice) -> HttpResponse:
    """Ask for the address, then have the stored PDF mailed there."""
    if not request.user.has_perm(MAIL) or not hasattr(invoice, "document"):
        raise PermissionDenied
    token = once(request)
    first = {"to": invoice.recipient_email}
    form = AgainForm(request.POST if request.method == "POST" else None, initial=first)
    if request.method == "POST" and form.is_valid():
        document = invoice.document
        trigger(
            mail_invoice,
            MailInvoice(
                InvoiceRef(invoice.company_id, invoice.pk),
                DocumentRef(document.pk, document.sha256),
                to=form.cleaned_data["to"],
                request=str(token),
            ),
            now=clock.now(),
            actor=actor(request),
        )
        page.message_user(request, _("En marcha: el correo sale enseguida."))
        return HttpResponseRedirect(change_url(invoice))
    return ask(
        page, request, invoice, form, title=_("Enviar la factura por correo"), button=_("Enviar"), token=token,
        says=_("Sale la misma carta, con el mismo PDF. La dirección que figura en la factura no cambia."),
    )  # fmt: skip
