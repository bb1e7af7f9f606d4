"""The button of a company that asks for its invoices as files."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget, UnfoldAdminSingleDateWidget

from common import clock
from common.admin import anchor, change_url, list_url
from invoicing.exports import OneADay, request_export
from invoicing.models import Company, Export
from workflows.models import Process


class PeriodForm(forms.Form):
    """Which invoices, and who is told when they are ready."""

    first = forms.DateField(label=gettext_lazy("Desde"), widget=UnfoldAdminSingleDateWidget())
    last = forms.DateField(
        label=gettext_lazy("Hasta"), widget=UnfoldAdminSingleDateWidget(),
        help_text=gettext_lazy("Fechas de expedición, ambas incluidas."),
    )  # fmt: skip
    email = forms.EmailField(
        label=gettext_lazy("Avisar a"), required=False, widget=UnfoldAdminEmailInputWidget(),
        help_text=gettext_lazy("El correo lleva un enlace que pide iniciar sesión. Vacío: sin aviso."),
    )  # fmt: skip
    language = forms.ChoiceField(
        label=gettext_lazy("Idioma de los encabezados"), choices=[("es", "Español"), ("en", "English")],
        widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it begins."""
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and first > last:
            self.add_error("last", _("El periodo termina antes de empezar."))
        return cleaned


def ask(page: Any, request: HttpRequest, company: Company) -> HttpResponse:
    """Show the form, or start what it asks for and lead to where it can be followed."""
    form = PeriodForm(request.POST if request.method == "POST" else None, initial=_last_month(request, company))
    if request.method == "POST" and form.is_valid():
        try:
            handle = request_export(
                company,
                requested_by=request.user.get_username(),
                now=clock.now(),
                **form.cleaned_data,
            )
        except OneADay as error:
            form.add_error(None, _already(request, error))
        else:
            process = Process.objects.get(pk=handle.id)
            said = _("La exportación está en marcha.") if handle.created else _("Ya la había pedido hoy: es esta.")
            page.message_user(request, said)
            may = request.user.has_perm("workflows.view_process")
            return HttpResponseRedirect(change_url(process) if may else list_url(Export))
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "original": company,
        "title": _("Exportar facturas"),
        "heading": _("Exportar facturas de %(company)s") % {"company": company},
        "media": page.media + form.media,
        "form": form,
        "back": change_url(company),
    }
    return TemplateResponse(request, "admin/invoicing/ask_for_export.html", context)


def _already(request: HttpRequest, error: OneADay) -> Any:
    said = _("Hoy ya pidió las del %(first)s al %(last)s, y cada persona puede pedir una exportación al día.") % {
        "first": f"{error.first:%d/%m/%Y}", "last": f"{error.last:%d/%m/%Y}",
    }  # fmt: skip
    if not request.user.has_perm("workflows.view_process"):
        return said
    return format_html("{} {}", said, anchor(change_url(Process.objects.get(pk=error.process)), _("Ver esa")))


def _last_month(request: HttpRequest, company: Company) -> dict[str, Any]:
    """Return what is asked for most: the month that is over, for the one who asks."""
    today = clock.now().astimezone(ZoneInfo(company.zone)).date()
    last = today.replace(day=1) - timedelta(days=1)
    email = getattr(request.user, "email", "") or company.email
    return {"first": last.replace(day=1), "last": last, "email": email, "language": "es"}
