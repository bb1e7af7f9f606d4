"""Connections and API keys: what is secret is shown once, when it is made, and never again."""

import secrets
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)  # fmt: skip

from common import clock
from common.admin import ScopedAdmin, anchor, change_url, list_url, moment
from invoicing.api.keys import SCOPES, issue_key
from invoicing.models import ApiKey, Connection, Draft
from invoicing.storefronts import manual

SETTINGS = (
    "name", "invoice_from", "settle_seconds", "other_invoicing", "nif_keys", "marketplace_channels", "ask_customers",
    "active",
)  # fmt: skip
"""What may change of a connection. What it has received belongs to its company and was read as its platform's."""


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]
    """A connection whose secret is written and never read back."""

    new_secret = forms.CharField(
        label=gettext_lazy("Secreto nuevo"), required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy(
            "El que da la tienda (Shopify: «clave de firma de los webhooks»). El anterior sigue valiendo hasta que se "
            "retire. Vacío: no cambia."
        ),
    )  # fmt: skip
    generate_secret = forms.BooleanField(
        label=gettext_lazy("Generar un secreto"), required=False, widget=UnfoldBooleanWidget(),
        help_text=gettext_lazy("Se muestra una sola vez, al guardar, para copiarlo en la tienda (WooCommerce)."),
    )  # fmt: skip
    retire_previous = forms.BooleanField(
        label=gettext_lazy("Retirar el secreto anterior"), required=False, widget=UnfoldBooleanWidget(),
        help_text=gettext_lazy("Cuando la tienda ya firma con el nuevo."),
    )  # fmt: skip

    class Meta:
        model = Connection
        fields = ("company", "platform", *SETTINGS)
        widgets = {
            "nif_keys": UnfoldAdminTextareaWidget(attrs={"rows": 2}),
            "marketplace_channels": UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        }
        help_texts = {
            "invoice_from": gettext_lazy(
                "La fecha del cambio: los pedidos hechos antes se guardan y no se facturan nunca (ya los facturó su "
                "sistema anterior). Mientras esté vacío, los pedidos esperan retenidos."
            ),
            "nif_keys": gettext_lazy("Nombres de los campos en los que la tienda guarda el NIF, separados por comas."),
        }

    def clean(self) -> dict[str, Any] | None:
        """Refuse two secrets at once."""
        cleaned = super().clean() or {}
        if cleaned.get("new_secret") and cleaned.get("generate_secret"):
            self.add_error("generate_secret", _("O uno nuevo escrito, o uno generado."))
        return cleaned


@admin.register(Connection)
class ConnectionAdmin(ScopedAdmin):
    form = ConnectionForm
    list_display = ("name", "platform", "company", "active", "invoice_from", "rejected_deliveries", "last_rejected_at")
    list_select_related = ("company__taxpayer",)
    list_filter = ("platform", "active")
    search_fields = ("name", "company__taxpayer__name", "company__taxpayer__nif")
    fieldsets = (
        (None, {"fields": (("company", "platform"), ("name", "active"))}),
        (gettext_lazy("Facturación"), {"fields": ("invoice_from", ("settle_seconds", "other_invoicing"), "nif_keys",
                                                  "marketplace_channels", "ask_customers")}),
        (gettext_lazy("Webhooks"), {"fields": ("address", "secret_state", "new_secret",
                                               ("generate_secret", "retire_previous"), "rejected")}),
    )  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = ("company", "platform") if obj else ()
        return (*fixed, "address", "secret_state", "rejected")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Connection | None:
        found: Connection | None = super().get_object(request, object_id, from_field)
        if found:
            found.host = request.build_absolute_uri("/").rstrip("/")  # type: ignore[attr-defined]
        return found

    @display(description=gettext_lazy("dirección para la tienda"))
    def address(self, connection: Connection) -> Any:
        if connection._state.adding:
            return _("Se sabe al guardar.")
        if connection.platform == Connection.Platform.API:
            key = anchor(reverse("admin:invoicing_apikey_add"), _("cree una clave"))
            return format_html(_("Los pedidos llegan por la API: {}."), key)
        if connection.platform == manual.NAME:
            return anchor(list_url(Draft), _("Borradores"))
        address = connection.host + reverse("webhook", args=[connection.pk])  # type: ignore[attr-defined]
        return format_html("<code>{}</code>", address)

    @display(description=gettext_lazy("secretos guardados"))
    def secret_state(self, connection: Connection) -> str:
        if connection._state.adding:
            return _("Ninguno. Si no escribe uno, se genera.")
        now = _("hay uno en uso") if connection.secret else _("no hay ninguno: se rechaza todo lo que llegue")
        return _("%(now)s; el anterior aún vale") % {"now": now} if connection.previous_secret else str(now)

    @display(description=gettext_lazy("firmas rechazadas"))
    def rejected(self, connection: Connection) -> str:
        if not connection.rejected_deliveries:
            return _("ninguna")
        return _("%(n)s; la última, el %(at)s. Compruebe que el secreto es el de la tienda.") % {
            "n": connection.rejected_deliveries, "at": moment(connection.last_rejected_at),
        }  # fmt: skip

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:
        given = form.cleaned_data
        secret = given["new_secret"]
        needs_one = not change and not secret and obj.platform != Connection.Platform.API
        if given["generate_secret"] or needs_one:
            # Letters and digits: WooCommerce decodes entities in its own.
            secret = form.shown_once = secrets.token_hex(24)
        if secret:
            obj.previous_secret, obj.secret = obj.secret, secret
        if given["retire_previous"]:
            obj.previous_secret = ""
        if change:
            # The columns that intake counts in are left to it.
            obj.save(update_fields=[*SETTINGS, "secret", "previous_secret"])
        else:
            obj.save()
        request._shown_once = getattr(form, "shown_once", "")  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: Connection, post_url_continue: Any = None) -> HttpResponse:
        return self._once(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Connection) -> HttpResponse:
        return self._once(request, obj) or super().response_change(request, obj)

    def _once(self, request: HttpRequest, obj: Connection) -> HttpResponse | None:
        secret = getattr(request, "_shown_once", "")
        if not secret:
            return None
        return show_once(
            self, request, obj, secret,
            _("Secreto de %(name)s") % {"name": obj},
            _("Cópielo ahora en la tienda: no se vuelve a mostrar. El anterior sigue valiendo hasta que lo retire."),
        )  # fmt: skip


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """A key to make: where it belongs and what it may."""

    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Permisos"), widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=gettext_lazy("Enviar pedidos pide una conexión de la plataforma «API»."),
    )  # fmt: skip

    class Meta:
        model = ApiKey
        fields = ("connection", "name")
        widgets = {"name": UnfoldAdminTextInputWidget()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [(scope, str(said)) for scope, said in SCOPES.items()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any] | None:
        """Refuse what `issue_key` refuses, beside the field."""
        cleaned = super().clean() or {}
        connection = cleaned.get("connection")
        if connection and "orders:write" in cleaned.get("scopes", ()) and connection.platform != "api":
            self.add_error("scopes", _("Enviar pedidos pide una conexión de la plataforma «API»."))
        return cleaned


@admin.register(ApiKey)
class ApiKeyAdmin(ScopedAdmin):
    list_display = ("name", "prefix", "company", "connection", "state_label", "created_at", "last_used_at")
    list_select_related = ("company__taxpayer", "connection")
    search_fields = ("name", "prefix")
    actions = ("revoke",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A key is made or revoked; it does not change."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may revoke keys: the permission to change them."""
        return bool(request.user.has_perm("invoicing.change_apikey"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("connection", "name", "scopes")
        return ("name", "prefix", "company", "connection", "scopes", "created_at", "last_used_at", "revoked_at")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = ApiKeyForm
        return super().get_form(request, obj, change, **kwargs)

    @display(description=gettext_lazy("estado"), label={"active": "success", "revoked": "danger"})
    def state_label(self, key: ApiKey) -> tuple[str, Any]:
        return ("revoked", _("revocada")) if key.revoked_at else ("active", _("en uso"))

    @admin.action(description=gettext_lazy("Revocar las seleccionadas"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: Any) -> None:
        """Revoke keys for good; who uses one is refused from the next request on."""
        count = queryset.filter(revoked_at=None).update(revoked_at=clock.now())
        self.message_user(request, _("%(n)s claves revocadas.") % {"n": count})

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        connection = form.cleaned_data["connection"]
        key, plain = issue_key(
            company=connection.company, connection=connection, name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
        )  # fmt: skip
        obj.pk, obj.company, obj.prefix, obj.scopes = key.pk, key.company, key.prefix, key.scopes
        obj._state.adding = False
        request._shown_once = plain  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: Any = None) -> HttpResponse:
        return show_once(
            self, request, obj, request._shown_once,  # type: ignore[attr-defined]
            _("Clave %(name)s") % {"name": obj},
            _("Cópiela ahora: solo se guarda su huella y no se vuelve a mostrar. Se envía en la cabecera "
              "«Authorization: Bearer …»."),
        )  # fmt: skip


def show_once(page: Any, request: HttpRequest, obj: Any, secret: str, title: str, says: str) -> HttpResponse:
    """Return a page with a secret on it: in the answer itself, never in a cookie, a session or an address."""
    context = {
        **page.admin_site.each_context(request), "opts": page.opts, "original": obj, "title": title, "says": says,
        "secret": secret, "back": change_url(obj),
    }  # fmt: skip
    response = TemplateResponse(request, "admin/invoicing/once.html", context)
    response["Cache-Control"] = "no-store"
    return response
