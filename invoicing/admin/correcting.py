"""The two buttons of an invoice that make another record of it: correct its coding (or reactivate it), and annul it.

Each asks once more, with a reason that stays in the history of the process that it starts; what may not be done now is
told in the form, by trying it and taking it back.
"""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldBooleanSwitchWidget

from common import clock
from common.admin import change_url, link, moment, mono, table
from common.ids import uuid7
from common.words import Words, reading
from invoicing.acknowledging import InvoiceRef, refusal, send_amended, send_annulled
from invoicing.admin.coding import FIELDS, CodingFields
from invoicing.admin.related import chip
from invoicing.corrections import start_annulment, start_subsanacion
from invoicing.models import Invoice
from invoicing.remedies import Situation, remedy
from verifactu.admin.words import RECORDS
from verifactu.models import Record
from verifactu.records import RegistroAlta
from verifactu.xml import read_registro
from workflows.engine import Handle
from workflows.models import Process

AMEND, ANNUL, RECTIFY = "invoicing.amend_invoice", "invoicing.annul_invoice", "invoicing.rectify_invoice"


def reason_field(help_text: Any) -> dict[str, Any]:
    """Return what the field of a reason is made of."""
    return {
        "label": gettext_lazy("Motivo"), "max_length": 500, "widget": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        "help_text": help_text,
    }  # fmt: skip


_REASON = reason_field(gettext_lazy("Queda en la historia del proceso, con su nombre y la hora."))


class AmendForm(CodingFields):
    """What the record should have said, and why."""

    reason = forms.CharField(**_REASON)
    field_order = (*FIELDS, "reason")


class AnnulForm(forms.Form):
    """Why the invoice should not exist."""

    nothing_behind = forms.BooleanField(
        label=gettext_lazy("No hubo operación ni cobro: era una prueba, una duplicada o algo que no llegó a existir"),
        widget=UnfoldBooleanSwitchWidget(),
    )
    reason = forms.CharField(**_REASON)


def buttons(request: HttpRequest, invoice: Invoice) -> list[tuple[Any, str, str]]:
    """Return (name, icon, address) of what this person may do with this invoice."""
    found = []
    if request.user.has_perm(RECTIFY) and invoice.state != "annulled":
        found.append((_("Rectificar"), "contract_edit", reverse("admin:invoicing_invoice_rectify", args=[invoice.pk])))
    if request.user.has_perm(AMEND):
        name = _("Reactivar") if invoice.state == "annulled" else _("Subsanar")
        found.append((name, "edit_document", reverse("admin:invoicing_invoice_amend", args=[invoice.pk])))
    if request.user.has_perm(ANNUL) and invoice.state not in ("annulled", "rectified"):
        found.append((_("Anular"), "block", reverse("admin:invoicing_invoice_annul", args=[invoice.pk])))
    return found


def amend(page: Any, request: HttpRequest, invoice: Invoice) -> HttpResponse:
    """Ask for the coding, then start the subsanación."""
    if not request.user.has_perm(AMEND):
        raise PermissionDenied
    back = invoice.state == "annulled"
    form = AmendForm(request.POST if request.method == "POST" else None)
    ref = InvoiceRef(invoice.company_id, invoice.pk)
    if request.method == "POST" and form.is_valid():
        coding, reason = form.coding(), form.cleaned_data["reason"]
        return _start(
            page, request, invoice, form,
            attempt=lambda: send_amended(ref, coding, reactivate=back),
            start=lambda once: start_subsanacion(
                invoice, coding, reason=reason, request=once, actor=actor(request), now=clock.now(), reactivate=back
            ),
            **_amending(back),
        )  # fmt: skip
    return ask(page, request, invoice, form, **_amending(back))


def annul(page: Any, request: HttpRequest, invoice: Invoice) -> HttpResponse:
    """Ask why, then start the annulment."""
    if not request.user.has_perm(ANNUL):
        raise PermissionDenied
    form = AnnulForm(request.POST if request.method == "POST" else None)
    ref = InvoiceRef(invoice.company_id, invoice.pk)
    said = {
        "title": _("Anular la factura"), "button": _("Anular"), "button_variant": "danger",
        "says": _remedy(Situation.SHOULD_NOT_EXIST, invoice) + " " + _remedy(Situation.REAL_OPERATION, invoice),
    }  # fmt: skip
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        return _start(
            page, request, invoice, form,
            attempt=lambda: send_annulled(ref),
            start=lambda once: start_annulment(
                invoice, reason=reason, request=once, actor=actor(request), now=clock.now()
            ),
            **said,
        )  # fmt: skip
    return ask(page, request, invoice, form, **said)


def history_table(records: Iterable[Record]) -> dict[str, Any]:
    """Return the table of an invoice's records: what each said of itself, and what the AEAT said of it."""
    return table(
        [_("Nº"), _("Operación"), _("Dice"), _("Generado"), _("Estado"), _("La AEAT dice"), "CSV"],
        [_record_row(record) for record in records],
    )


def _record_row(record: Record) -> list[Any]:
    registro = read_registro(record.xml)
    first = "Subsanacion" if isinstance(registro, RegistroAlta) else "SinRegistroPrevio"
    said = [f"{name}={value}" for name in (first, "RechazoPrevio") if (value := getattr(registro, name))]
    answered = f"{record.codigo_error} {record.descripcion_error or record.reason}".strip()
    return [
        link(record, record.seq), record.get_operation_display(), " ".join(said) or "—", moment(record.generated_at),
        chip(RECORDS[record.state]), answered or "—", mono(record.csv),
    ]  # fmt: skip


def _amending(back: bool) -> dict[str, Any]:
    if back:
        says = _("La factura está anulada. Reactivarla es registrarla otra vez, entera, con los mismos datos o con la "
                 "codificación corregida; hágalo solo si es la misma factura.")  # fmt: skip
        return {"title": _("Reactivar la factura"), "button": _("Reactivar"), "says": says}
    says = _("Se registra otra vez la factura entera con la codificación corregida. Lo que muestra la propia factura "
             "no cambia: si eso está mal, hace falta una rectificativa. Vacío, se queda como está.")  # fmt: skip
    return {"title": _("Subsanar el registro"), "button": _("Subsanar"), "says": says}


def _start(
    page: Any,
    request: HttpRequest,
    invoice: Invoice,
    form: Any,
    *,
    attempt: Callable[[], Record],
    start: Callable[[UUID], Handle],
    **said: Any,
) -> HttpResponse:
    """Start the process, unless trying it now shows that nothing may be sent."""
    asking = once(request)
    if not Process.objects.filter(idempotency_key__in=[f"subsanar:{asking}", f"annul:{asking}"]).exists() and (
        why := refusal(attempt, reading())
    ):
        form.add_error(None, why)
        return ask(page, request, invoice, form, **said)
    process = Process.objects.get(pk=start(asking).id)
    page.message_user(request, _("En marcha: el registro se envía a la AEAT y la factura mostrará lo que responda."))
    return HttpResponseRedirect(change_url(process if request.user.has_perm("workflows.view_process") else invoice))


def ask(page: Any, request: HttpRequest, invoice: Invoice, form: Any, **said: Any) -> TemplateResponse:
    """Return the page that asks."""
    context = {
        "form": form, "button_variant": "primary", "token": once(request), "back": change_url(invoice),
        "about": [(_("Factura"), invoice.num_serie, change_url(invoice))],
    }  # fmt: skip
    answer: TemplateResponse = page.answer(request, invoice, "admin/workflows/confirm.html", {**context, **said})
    return answer


def once(request: HttpRequest) -> UUID:
    """Return what makes this asking one, however often the button is pressed."""
    try:
        return UUID(request.POST.get("token", ""))
    except ValueError:
        return uuid7()


def _remedy(situation: Situation, invoice: Invoice) -> str:
    found = remedy(situation, invoice.tipo)
    return str(Words(found.es, found.en))


def actor(request: HttpRequest) -> str:
    """Return who asks, as the history of a process names them."""
    return str(request.user.get_username())
