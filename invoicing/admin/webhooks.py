"""Endpoints: where a company's own systems are told what happens; their secret is shown when it is made."""

from functools import partial
from typing import Any

import msgspec
from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
    UnfoldBooleanWidget,
)

from common import clock
from common.admin import (
    Fact,
    Label,
    ReadingAdmin,
    ScopedAdmin,
    anchor,
    colours,
    link,
    list_url,
    moment,
    pretty_json,
    shown,
    state_filter,
)
from common.words import ErrorInWords
from invoicing.admin.once import show_once
from invoicing.models import Endpoint, Notification
from invoicing.outgoing import endpoints
from invoicing.outgoing.endpoints import Known
from invoicing.outgoing.happening import KINDS, TRIAL, Kind
from invoicing.outgoing.posting import BadAddress, check

STATES = {
    "waiting": Label(gettext_lazy("enviándose"), "info"),
    "delivered": Label(gettext_lazy("aceptado"), "success"),
    "failed": Label(gettext_lazy("no aceptado"), "danger"),
}


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]
    """An endpoint; a new secret is asked for, never typed."""

    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("De qué se avisa"), widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        initial=list(Kind), choices=lambda: [(str(kind), f"{said} ({kind})") for kind, said in KINDS.items()],
    )  # fmt: skip
    new_secret = forms.BooleanField(
        label=gettext_lazy("Cambiar el secreto"), required=False, widget=UnfoldBooleanWidget(),
        help_text=gettext_lazy("Se muestra al guardar; durante un día se firma también con el anterior."),
    )  # fmt: skip

    class Meta:
        model = Endpoint
        fields = ("company", "name", "url", "kinds", "active")
        widgets = {
            "name": UnfoldAdminTextInputWidget(),
            "url": UnfoldAdminTextInputWidget(attrs={"placeholder": "https://erp.example.com/encadena"}),
            "active": UnfoldBooleanSwitchWidget(),
        }

    def clean_url(self) -> str:
        """Return the address, when it may be posted to."""
        url = str(self.cleaned_data["url"]).strip()
        try:
            check(url)
        except BadAddress as error:
            raise forms.ValidationError(str(error)) from None
        company = self.cleaned_data.get("company") if self.instance._state.adding else self.instance.company
        others = Endpoint.objects.filter(company=company, url=url).exclude(pk=self.instance.pk)
        if others.exists():
            raise forms.ValidationError(str(Known.WORDS))
        return url


@admin.register(Endpoint)
class EndpointAdmin(ScopedAdmin):
    form = EndpointForm
    when_empty = gettext_lazy(
        "Aquí se dice a qué direcciones se avisa, con peticiones firmadas, de facturas y de pedidos retenidos."
    )
    list_display = ("name", "url", "company", "active", "failing_since", "accepted_at")
    list_select_related = ("company__taxpayer",)
    list_filter = ("active",)
    search_fields = ("name", "url")
    actions = ("try_out", "resend")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("company", "name", "url", "kinds")
        return ("company", "name", "url", "kinds", "active", "off_reason", "failing_since", "accepted_at", "sent",
                "new_secret")  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        read = ("off_reason", "failing_since", "accepted_at", "sent")
        return ("company", *read) if obj else read

    @display(description=gettext_lazy("lo enviado"))
    def sent(self, endpoint: Endpoint) -> Any:
        failed = endpoint.notifications.filter(state="failed").count()
        every = anchor(list_url(Notification, endpoint__id__exact=endpoint.pk), _("Ver los envíos"))
        return format_html(_("{}; no aceptados: {}"), every, failed)

    def save_model(self, request: HttpRequest, obj: Endpoint, form: Any, change: bool) -> None:
        given, now = form.cleaned_data, clock.now()
        kinds = [Kind(kind) for kind in given["kinds"]]
        if not change:
            made = endpoints.open_endpoint(given["company"], url=given["url"], kinds=kinds, name=given["name"], now=now)
            obj.pk, obj._state.adding = made.pk, False
            request._shown_once = made.secret  # type: ignore[attr-defined]
            return
        endpoint = Endpoint.objects.get(pk=obj.pk)
        endpoints.change(endpoint, name=given["name"], url=given["url"], kinds=kinds, active=given["active"])
        if given["new_secret"]:
            request._shown_once = endpoints.change_secret(endpoint, now=now)  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: Endpoint, post_url_continue: Any = None) -> HttpResponse:
        return self._once(request, obj)

    def response_change(self, request: HttpRequest, obj: Endpoint) -> HttpResponse:
        return self._once(request, obj) if hasattr(request, "_shown_once") else super().response_change(request, obj)

    def _once(self, request: HttpRequest, obj: Endpoint) -> HttpResponse:
        return show_once(
            self, request, obj, request._shown_once,  # type: ignore[attr-defined]
            _("Secreto de %(name)s") % {"name": obj},
            _("Cópielo en el otro sistema: con él comprueba la firma de cada aviso (Standard Webhooks)."),
        )  # fmt: skip

    @admin.action(description=gettext_lazy("Enviar un aviso de prueba"), permissions=["change"])
    def try_out(self, request: HttpRequest, queryset: Any) -> None:
        """Send a ping to the chosen endpoints."""
        for endpoint in queryset:
            self._tell(request, endpoint, partial(endpoints.try_out, endpoint, now=clock.now()),
                       _("%(name)s: se envía; su respuesta aparece en los envíos."))  # fmt: skip

    @admin.action(description=gettext_lazy("Enviar de nuevo lo no aceptado"), permissions=["change"])
    def resend(self, request: HttpRequest, queryset: Any) -> None:
        """Send anew what the chosen endpoints did not take."""
        actor = f"user:{request.user}"
        for endpoint in queryset:
            self._tell(request, endpoint, partial(endpoints.resend, endpoint, now=clock.now(), actor=actor),
                       _("%(name)s: se envía de nuevo lo no aceptado."))  # fmt: skip

    def _tell(self, request: HttpRequest, endpoint: Endpoint, work: Any, done: str) -> None:
        try:
            with transaction.atomic():
                work()
        except ErrorInWords as error:
            self.message_user(request, f"{endpoint}: {error}", messages.ERROR)
        else:
            self.message_user(request, done % {"name": endpoint})


@admin.register(Notification)
class NotificationAdmin(ReadingAdmin):
    tenant_path = "event__company"
    page_template = "admin/invoicing/notification.html"
    list_display = ("kind", "about", "endpoint", "state_label", "tries", "detail", "happened")
    list_select_related = ("event", "endpoint")
    list_filter = (state_filter(STATES),)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup == "endpoint__id__exact" or super().lookup_allowed(lookup, value, request)

    @display(description=gettext_lazy("suceso"), ordering="event__kind")
    def kind(self, row: Notification) -> str:
        return in_words(row.event.kind)

    @display(description=gettext_lazy("de"))
    def about(self, row: Notification) -> str:
        return str(msgspec.json.decode(row.event.body)["data"].get("number", "—"))

    @display(description=gettext_lazy("estado"), label=colours(STATES), ordering="state")
    def state_label(self, row: Notification) -> tuple[str, Any]:
        return shown(STATES, row.state)

    @display(description=gettext_lazy("ocurrió"), ordering="event__at")
    def happened(self, row: Notification) -> str:
        return moment(row.event.at)

    def page(self, request: HttpRequest, obj: Notification) -> dict[str, Any]:
        return {
            "heading": in_words(obj.event.kind),
            "state": STATES[obj.state],
            "facts": [
                Fact(_("Destino"), link(obj.endpoint)),
                Fact(_("Ocurrió"), moment(obj.event.at)),
                Fact(_("Intentos"), obj.tries),
                Fact(_("Último intento"), moment(obj.tried_at)),
                Fact(_("Respuesta"), obj.detail or "—"),
            ],
            "body": pretty_json(obj.event.body),
        }


def in_words(kind: str) -> str:
    """Return a kind of event as staff reads it."""
    return _("prueba") if kind == TRIAL else str(KINDS[Kind(kind)])
