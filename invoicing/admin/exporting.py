"""The button of a company that asks for its invoices, its register or its figures as files."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget, UnfoldAdminSingleDateWidget

from common import clock
from common.admin import anchor, change_url, list_url
from invoicing.books import BOOKS, periods
from invoicing.books.pages import INVOICES
from invoicing.exports import OneADay, request_export
from invoicing.models import Company, Export
from workflows.models import Process

OFFERED = {periods.MONTH: 13, periods.QUARTER: 8, periods.YEAR: 3}
"""How many periods of each kind the form offers, the present one first."""

KINDS = {
    "facturas": gettext_lazy("Facturas, una por línea"),
    "libro": gettext_lazy("Libro registro de facturas expedidas (formato de la AEAT)"),
    "303": gettext_lazy("Cifras del modelo 303"),
    "349": gettext_lazy("Cifras del modelo 349"),
    "369": gettext_lazy("Cifras del modelo 369 (ventanilla única)"),
    "390": gettext_lazy("Cifras del modelo 390"),
}
SPANS = {
    periods.MONTH: gettext_lazy("un mes"),
    periods.QUARTER: gettext_lazy("un trimestre"),
    periods.YEAR: gettext_lazy("un año"),
}


class PeriodForm(forms.Form):
    """Which book, of which days, and who is told when it is ready."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Qué"), choices=KINDS, required=False, widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip
    period = forms.ChoiceField(
        label=gettext_lazy("Periodo"), required=False, widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy(
            "Los modelos 303 y 349 son de un mes o un trimestre, el 369 de un trimestre y el 390 de un año. La AEAT "
            "pide el libro registro desde el 1 de enero."
        ),
    )  # fmt: skip
    first = forms.DateField(label=gettext_lazy("Desde"), required=False, widget=UnfoldAdminSingleDateWidget())
    last = forms.DateField(
        label=gettext_lazy("Hasta"), required=False, widget=UnfoldAdminSingleDateWidget(),
        help_text=gettext_lazy(
            "Ambas incluidas, si no elige un periodo. De facturas, fechas de expedición; de lo demás, de la operación."
        ),
    )  # fmt: skip
    email = forms.EmailField(
        label=gettext_lazy("Avisar a"), required=False, widget=UnfoldAdminEmailInputWidget(),
        help_text=gettext_lazy("El correo lleva un enlace que pide iniciar sesión. Vacío: sin aviso."),
    )  # fmt: skip
    language = forms.ChoiceField(
        label=gettext_lazy("Idioma de los encabezados"), choices=[("es", "Español"), ("en", "English")],
        widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["period"]
        field.choices = [("", _("Las fechas de abajo")), *_offered(today)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Turn a period into its days; refuse one that ends before it begins, and one that a return is not of."""
        cleaned = super().clean() or {}
        kind = cleaned["kind"] = cleaned.get("kind") or INVOICES
        period = cleaned.pop("period", "")
        if period:
            cleaned["first"], cleaned["last"] = periods.period(period)
        first, last = cleaned.get("first"), cleaned.get("last")
        for name in ("first", "last"):
            if cleaned.get(name) is None and name not in self.errors:
                self.add_error(name, _("Elija un periodo, o las dos fechas."))
        if first and last:
            spans = BOOKS[kind].spans
            if first > last:
                self.add_error("last", _("El periodo termina antes de empezar."))
            elif spans and periods.span(first, last) not in spans:
                self.add_error("period", _("%(kind)s: elija %(spans)s.") % {
                    "kind": KINDS[kind], "spans": _(" o ").join(str(SPANS[span]) for span in spans),
                })  # fmt: skip
        return cleaned


def _offered(today: date) -> Iterator[tuple[str, str]]:
    """Yield the periods that a person may pick: name and words."""
    for span, count in OFFERED.items():
        first = periods.around(today, span)[0]
        for _count in range(count):
            yield periods.name(first, span), _words(first, span)
            first = periods.around(first - timedelta(days=1), span)[0]


def _words(first: date, span: str) -> str:
    if span == periods.MONTH:
        return date_format(first, "F Y")
    if span == periods.QUARTER:
        return _("Trimestre %(quarter)s de %(year)s") % {"quarter": (first.month + 2) // 3, "year": first.year}
    return _("Año %(year)s") % {"year": first.year}


def ask(page: Any, request: HttpRequest, company: Company) -> HttpResponse:
    """Show the form, or start what it asks for and lead to where it can be followed."""
    today = clock.now().astimezone(ZoneInfo(company.zone)).date()
    form = PeriodForm(
        request.POST if request.method == "POST" else None, initial=_last_month(request, company, today), today=today
    )
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


def _last_month(request: HttpRequest, company: Company, today: date) -> dict[str, Any]:
    """Return what is asked for most: the month that is over, for the one who asks."""
    last = today.replace(day=1) - timedelta(days=1)
    email = getattr(request.user, "email", "") or company.email
    return {"kind": INVOICES, "first": last.replace(day=1), "last": last, "email": email, "language": "es"}
