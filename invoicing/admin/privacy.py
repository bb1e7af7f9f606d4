"""Requests of privacy: what was asked, what was done, why something stays; and one made by hand."""

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from common import clock
from common.admin import (
    Fact,
    Label,
    ReadingAdmin,
    change_url,
    colours,
    download,
    link,
    list_url,
    moment,
    scoped,
    shown,
    state_filter,
    table,
)  # fmt: skip
from invoicing.admin.related import process_table, processes_about
from invoicing.models import Company, Order, PrivacyRequest
from invoicing.privacy import alerts, held
from invoicing.privacy.asking import ask_by_hand, handed_over
from workflows.admin.words import ALERTS
from workflows.alerts import KINDS

ALERTS.update(
    {
        alerts.ASKED: Label(KINDS[alerts.ASKED], "warning"),
        alerts.DUE: Label(KINDS[alerts.DUE], "danger"),
    }
)

STATES = {
    "open": Label(gettext_lazy("en curso"), "info"),
    "ready": Label(gettext_lazy("por entregar"), "warning"),
    "done": Label(gettext_lazy("terminada"), "success"),
}
FIGURES = {
    "found": gettext_lazy("Hallados"),
    "redacted": gettext_lazy("Retirados"),
    "kept": gettext_lazy("Se conservan, con factura"),
    "waits": gettext_lazy("Esperan a que se decida su factura"),
    "altered": gettext_lazy("No son lo que se recibió"),
}
MOST_SHOWN = 500
"""Rows of a request that its page lists."""


class AskForm(forms.Form):
    """Whom, by address or by order, and why."""

    company = forms.ModelChoiceField(
        label=gettext_lazy("Empresa"), queryset=Company.objects.none(), widget=UnfoldAdminSelectWidget()
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Qué se pide"), widget=UnfoldAdminSelectWidget(),
        choices=[(kind, kind.label) for kind in (PrivacyRequest.Kind.REDACT, PrivacyRequest.Kind.EXPORT)],
    )  # fmt: skip
    order = forms.CharField(
        label=gettext_lazy("Pedido"), required=False, max_length=120, widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Su número, o su identidad en la tienda."),
    )  # fmt: skip
    email = forms.EmailField(
        label=gettext_lazy("Correo del cliente"), required=False, widget=UnfoldAdminEmailInputWidget(),
        help_text=gettext_lazy(
            "Se buscan todos los pedidos que lo llevan. Queda cifrado mientras se busca, y después se borra."
        ),
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("Motivo"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=gettext_lazy("Queda para siempre, con su nombre: sin datos del cliente."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Ask for a customer or an order."""
        cleaned = super().clean() or {}
        if not self.errors and not (cleaned.get("order") or cleaned.get("email")):
            self.add_error("order", _("Diga un pedido o un correo."))
        return cleaned


@admin.register(PrivacyRequest)
class PrivacyRequestAdmin(ReadingAdmin):
    when_empty = gettext_lazy(
        "Aquí llegan las peticiones de las tiendas (Shopify) y las que se hacen a mano, con lo que se hizo y por qué."
    )
    page_template = "admin/invoicing/privacy.html"
    actions_list = ("ask",)
    list_display = ("kind_shown", "state_label", "connection", "asked_by", "received", "due", "kept_shown")
    list_select_related = ("connection",)
    list_filter = (state_filter(STATES), "kind")
    search_fields = ("=reference", "reason")
    search_help_text = gettext_lazy("Referencia de la tienda o motivo")

    def has_ask_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may ask to forget somebody: the permission to add requests."""
        return bool(request.user.has_perm("invoicing.add_privacyrequest"))

    def has_hand_over_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may take away what is held: the permission to change requests."""
        return bool(request.user.has_perm("invoicing.change_privacyrequest"))

    @display(description=gettext_lazy("qué se pide"), ordering="kind")
    def kind_shown(self, row: PrivacyRequest) -> str:
        return str(row.get_kind_display())

    @display(description=gettext_lazy("estado"), label=colours(STATES), ordering="state")
    def state_label(self, row: PrivacyRequest) -> tuple[str, Any]:
        return shown(STATES, row.state)

    @display(description=gettext_lazy("recibida"), ordering="received_at")
    def received(self, row: PrivacyRequest) -> str:
        return moment(row.received_at)

    @display(description=gettext_lazy("hasta"), ordering="due_at")
    def due(self, row: PrivacyRequest) -> str:
        return moment(row.due_at)

    @display(description=gettext_lazy("se conserva"))
    def kept_shown(self, row: PrivacyRequest) -> str:
        return _until(row.figures.get("kept_until"))

    def page(self, request: HttpRequest, obj: PrivacyRequest) -> dict[str, Any]:
        items = obj.items.select_related("order", "delivery").defer("delivery__body").order_by("pk")[:MOST_SHOWN]
        return {
            "heading": capfirst(obj.get_kind_display()),
            "state": STATES[obj.state],
            "kept": _until(obj.figures.get("kept_until")) if obj.figures.get("kept") else "",
            "waits": obj.figures.get("waits"),
            "facts": [
                Fact(_("Conexión"), link(obj.connection)),
                Fact(_("Quién lo pide"), obj.asked_by),
                Fact(_("Motivo"), obj.reason),
                Fact(_("Referencia"), obj.reference or "—"),
                Fact(_("Entrega"), link(obj.delivery)),
                Fact(_("Recibida"), moment(obj.received_at)),
                Fact(_("Hasta"), moment(obj.due_at)),
                Fact(_("Terminada"), moment(obj.finished_at)),
                Fact(_("Quién la terminó"), obj.finished_by or "—"),
                *(Fact(words, obj.figures[name]) for name, words in FIGURES.items() if obj.figures.get(name)),
            ],
            "found": table(
                [_("Pedido"), _("Qué se hizo"), _("Se conserva"), _("Cuándo")],
                [
                    [link(item.order or item.delivery), item.get_outcome_display(), _until(item.kept_until),
                     moment(item.at)]
                    for item in items
                ],
            ),
            "processes": process_table(processes_about(request, [f"privacy:{obj.pk}"])),
            "buttons": self._buttons(obj) if self.has_hand_over_permission(request) else [],
        }  # fmt: skip

    def _buttons(self, row: PrivacyRequest) -> list[tuple[Any, str, str, str]]:
        if row.kind != PrivacyRequest.Kind.EXPORT or row.state == "open":
            return []
        taken = (_("Descargar lo que se guarda"), "download", "primary", "held")
        done = (_("Darlo por entregado"), "done", "default", "done")
        return [
            (text, icon, variant, reverse(f"admin:invoicing_privacyrequest_{name}", args=[row.pk]))
            for text, icon, variant, name in ((taken, done) if row.state == "ready" else (taken,))
        ]

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(f"<uuid:pk>/{name}/", self.admin_site.admin_view(view), name=f"invoicing_privacyrequest_{name}")
            for name, view in (("held", self.held), ("done", self.done))
        ]
        return [*own, *super().get_urls()]

    def held(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Download what is held on the customer, made now."""
        row = self._to_hand_over(request, pk)
        return download(held.document(row, now=clock.now()), f"datos-{row.pk}.json", "application/json")

    def done(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Ask once more, then note that it was handed over."""
        row = self._to_hand_over(request, pk)
        if request.method == "POST":
            if handed_over(row, by=request.user.get_username(), now=clock.now()):
                self.message_user(request, _("Queda como entregado."))
            return HttpResponseRedirect(change_url(row))
        context = {
            "title": _("Darlo por entregado"), "button": _("Darlo por entregado"), "button_variant": "primary",
            "says": _("Lo que se guarda del cliente se entregó a quien lo pidió, o a la tienda para que lo entregue."),
            "back": change_url(row), "form": forms.Form(),
        }  # fmt: skip
        return self.answer(request, row, "admin/workflows/confirm.html", context)

    def _to_hand_over(self, request: HttpRequest, pk: UUID) -> PrivacyRequest:
        row: PrivacyRequest | None = self.get_object(request, str(pk))
        if row is None or row.kind != PrivacyRequest.Kind.EXPORT or row.state == "open":
            raise Http404
        if not (self.has_view_permission(request, row) and self.has_hand_over_permission(request)):
            raise PermissionDenied
        return row

    @action(
        description=gettext_lazy("Nueva petición"),
        url_path="ask",
        permissions=["ask"],
        icon="add",
    )
    def ask(self, request: HttpRequest) -> HttpResponse:
        """Ask whom to forget, or whose data to hand over."""
        form = AskForm(request.POST if request.method == "POST" else None, initial=_asked_from(request))
        companies = scoped(request, Company.objects.select_related("taxpayer"), "pk")
        form.fields["company"].queryset = companies  # type: ignore[attr-defined]
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            row = ask_by_hand(
                given["company"], kind=given["kind"], orders=[given["order"]] if given["order"] else [],
                email=given["email"], asked_by=request.user.get_username(), reason=given["reason"], now=clock.now(),
            )  # fmt: skip
            self.message_user(request, _("La petición está en marcha."))
            may = self.has_view_permission(request, row)
            return HttpResponseRedirect(change_url(row) if may else reverse("admin:index"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Olvidar a un cliente, o entregar lo que se guarda de él"),
            "says": _("Lo que no llevó a ninguna factura se retira y no vuelve. Facturas, y aquello en que se apoyan, "
                      "se conservan por ley; la petición dirá qué y hasta cuándo."),
            "button": _("Pedirlo"), "button_variant": "primary",
            "form": form, "media": self.media + form.media, "back": list_url(PrivacyRequest),
        }  # fmt: skip
        return TemplateResponse(request, "admin/workflows/confirm.html", context)


def _asked_from(request: HttpRequest) -> dict[str, Any]:
    """Begin with the order from whose page the form was opened, and with the only company there is."""
    companies = list(scoped(request, Company.objects.all(), "pk").values_list("pk", flat=True)[:2])
    begun: dict[str, Any] = {"company": companies[0]} if len(companies) == 1 else {}
    try:
        order = scoped(request, Order.objects.all(), "company").get(pk=UUID(request.GET.get("order", "")))
    except (ValueError, Order.DoesNotExist):
        return begun
    return begun | {"company": order.company_id, "order": order.external_id}


def _until(day: date | str | None) -> str:
    if not day:
        return "—"
    found = date.fromisoformat(day) if isinstance(day, str) else day
    return _("al menos hasta el %(day)s") % {"day": date_format(found, "d/m/Y")}
