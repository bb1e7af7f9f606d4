"""Connections: their secrets are shown once, when they are made, and their credentials never."""

import json
import secrets
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)  # fmt: skip

from common import clock
from common.admin import ScopedAdmin, anchor, change_url, list_url, moment
from common.words import reading
from invoicing.admin.once import show_once
from invoicing.admin.shop_state import failures, last_comparison, last_delivery
from invoicing.admin.shop_texts import CREDENTIALS, WHERE_FROM, WHERE_THE_NIF_IS
from invoicing.companies import other_invoicing_of
from invoicing.models import Connection, Draft
from invoicing.places import SEATS, TAXES
from invoicing.probing import probe
from invoicing.shops import keep_schedules
from invoicing.storefronts import manual
from invoicing.storefronts.clients import CLIENTS, ShopRefused, checked_address, read_credentials
from invoicing.treatments import REGIMES, codes, named

SETTINGS = (
    "name", "invoice_from", "settle_seconds", "other_invoicing", "nif_keys", "marketplace_channels", "active",
    "trigger", "part_payments", "zero_totals", "shop_url", "pull", "untaxed_default", "untaxed_words",
    "untaxed_shipping", "untaxed_tips", "ask_customers",
)  # fmt: skip
"""What may change of a connection. What it has received belongs to its company and was read as its platform's."""


def untaxed_choices() -> list[tuple[str, Any]]:
    """Return what may be chosen for what comes untaxed, of every tax, in words."""
    found = dict.fromkeys(code for tax in REGIMES for code in codes(tax))
    return [("", gettext_lazy("retener y preguntar")), *((code, in_words(code)) for code in found)]


def in_words(code: str) -> str:
    """Return a treatment in the language of the page."""
    return named(code, reading())


HELD = ("untaxed_shipping", "untaxed_tips", "part_payments")
"""What is held unless somebody says otherwise."""


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

    credentials: dict[str, str] | None = None
    """Those to be kept, after cleaning; None leaves them."""
    untaxed_default = forms.ChoiceField(
        label=gettext_lazy("Lo que llega sin impuesto y sin causa conocida"), required=False, choices=untaxed_choices,
        widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy(
            "Lo que no lleva impuesto nunca se da por 0 %. Vacío: el pedido se retiene y alguien dice qué es. «Dentro "
            "del importe» es para quien nunca configuró impuestos en la tienda: el precio ya los lleva."
        ),
    )  # fmt: skip

    class Meta:
        model = Connection
        fields = ("company", "platform", *SETTINGS)
        widgets = {
            "untaxed_words": UnfoldAdminTextareaWidget(attrs={"rows": 2}),
            "nif_keys": UnfoldAdminTextareaWidget(attrs={"rows": 2}),
            "marketplace_channels": UnfoldAdminTextareaWidget(attrs={"rows": 2}),
            "shop_url": UnfoldAdminTextInputWidget(attrs={"placeholder": "https://tienda.example"}),
        }
        help_texts = {
            "invoice_from": gettext_lazy(
                "La fecha del cambio: los pedidos hechos antes se guardan y no se facturan nunca (ya los facturó su "
                "sistema anterior). Mientras esté vacío, los pedidos esperan retenidos."
            ),
            "part_payments": gettext_lazy(
                "El IVA de un anticipo se devenga al cobrarlo (art. 75.Dos LIVA). «Facturar lo cobrado»: cada cobro "
                "que la tienda diga lleva su factura, y la última es de lo que queda. Si la tienda no dice cuánto se "
                "cobró, o si la entrega está exenta porque los bienes salen, el pedido se retiene. Vale para lo que se "
                "factura al pagarse."
            ),
            "nif_keys": gettext_lazy("Nombres de los campos en los que la tienda guarda el NIF, separados por comas."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in HELD:
            self.fields[name].required = False
        if self.instance._state.adding:
            field: Any = self.fields["other_invoicing"]
            known = [each for each in field.choices if each[0]]
            field.required, field.initial = False, ""
            field.choices = [("", gettext_lazy("según la plataforma")), *known]
            field.help_text = gettext_lazy(
                "Según la plataforma: se retienen. En Stripe se facturan, porque todas sus facturas llevan un número."
            )

    def clean(self) -> dict[str, Any] | None:
        """Refuse two secrets at once, and treatments that the company's tax does not know."""
        cleaned = super().clean() or {}
        for name in HELD:
            cleaned[name] = cleaned.get(name) or "hold"
        if self.instance._state.adding and not cleaned.get("other_invoicing"):
            cleaned["other_invoicing"] = other_invoicing_of(cleaned.get("platform") or "")
        company = cleaned.get("company") or (self.instance.company if self.instance.company_id else None)
        allowed = codes(TAXES[SEATS[company.territory]]) if company else ()
        if cleaned.get("untaxed_default") and cleaned["untaxed_default"] not in allowed:
            self.add_error("untaxed_default", _("No es del impuesto de esta empresa."))
        for pair in cleaned.get("untaxed_words") or ():
            word, equals, code = pair.partition("=")
            if not (word.strip() and equals and code.strip() in allowed):
                self.add_error("untaxed_words", _("«%(pair)s» no es palabra=código; códigos: %(codes)s.") % {
                    "pair": pair, "codes": ", ".join(allowed),
                })  # fmt: skip
        if cleaned.get("new_secret") and cleaned.get("generate_secret"):
            self.add_error("generate_secret", _("O uno nuevo escrito, o uno generado."))
        if not self.instance._state.adding:
            self._clean_shop(cleaned)
        elif cleaned.get("pull"):
            self.add_error("pull", _("Guarde primero la conexión; después se le dan sus credenciales."))
        return cleaned

    def _clean_shop(self, cleaned: dict[str, Any]) -> None:
        """Refuse an address or credentials by which nobody can be asked; an empty credential stays as it was."""
        module = CLIENTS.get(self.instance.platform)
        if module is None:
            return
        given = {name: cleaned[f"credential_{name}"].strip() for name in module.CREDENTIALS}
        self.credentials = read_credentials(self.instance.credentials) | {k: v for k, v in given.items() if v}
        if not cleaned.get("pull") and not cleaned.get("shop_url"):
            return
        plain = settings.AEAT_ENVIRONMENT != "production"
        try:
            cleaned["shop_url"] = checked_address(cleaned.get("shop_url") or module.ADDRESS, plain_http=plain)
        except ShopRefused:
            self.add_error("shop_url", _("La dirección de la tienda debe ser como https://tienda.example."))
        missing = [str(CREDENTIALS[name]) for name in module.CREDENTIALS if not self.credentials.get(name)]
        if cleaned.get("pull") and missing:
            self.add_error("pull", _("Faltan credenciales: %(names)s.") % {"names": ", ".join(missing)})


UNSIGNED = (Connection.Platform.API, manual.NAME)
"""Nothing signed comes from these: a secret would be of no use."""

READ = (
    "address", "secret_state", "rejected", "delivered", "failed", "where_the_nif_is", "where_from", "compared",
    "probe_link",
)  # fmt: skip
"""What the page tells and nobody types."""


def _credential(name: str, kept: bool) -> forms.CharField:
    return forms.CharField(
        label=CREDENTIALS[name], required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Ya está guardado. Vacío: no cambia.") if kept else gettext_lazy("Aún sin guardar."),
    )  # fmt: skip


@admin.register(Connection)
class ConnectionAdmin(ScopedAdmin):
    form = ConnectionForm
    list_display = ("name", "platform", "company", "active", "invoice_from", "rejected_deliveries", "last_rejected_at")
    list_select_related = ("company__taxpayer",)
    list_filter = ("platform", "active")
    search_fields = ("name", "company__taxpayer__name", "company__taxpayer__nif")
    fieldsets = (
        (None, {"fields": (("company", "platform"), ("name", "active"))}),
        (gettext_lazy("Facturación"), {"fields": ("invoice_from", ("trigger", "settle_seconds"), "part_payments",
                                                  ("other_invoicing", "zero_totals"), "nif_keys", "where_the_nif_is",
                                                  "marketplace_channels", "ask_customers")}),
        (gettext_lazy("Lo que no lleva impuesto"), {"fields": ("untaxed_default", "untaxed_words",
                                                               ("untaxed_shipping", "untaxed_tips"))}),
        (gettext_lazy("Webhooks"), {"fields": ("address", "secret_state", "new_secret",
                                               ("generate_secret", "retire_previous"), "rejected", "delivered",
                                               "failed")}),
    )  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = ("company", "platform") if obj else ()
        return (*fixed, *READ)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        shown = list(super().get_fieldsets(request, obj))
        if obj is not None and obj.platform in UNSIGNED:
            shown[-1] = (gettext_lazy("Lo que llega"), {"fields": ("address", "delivered", "failed")})
        if obj is None or obj.platform not in CLIENTS:
            return shown
        keys = tuple(f"credential_{name}" for name in CLIENTS[obj.platform].CREDENTIALS)
        fields = ("where_from", "shop_url", *keys, "pull", "compared", "probe_link")
        return [*shown, (gettext_lazy("API de la tienda"), {"fields": fields})]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Add the credentials of the connection's platform, which are written and never read back."""
        if obj is not None and obj.platform in CLIENTS:
            kept = read_credentials(obj.credentials)
            fields = {
                f"credential_{name}": _credential(name, name in kept) for name in CLIENTS[obj.platform].CREDENTIALS
            }
            kwargs["form"] = type("ShopForm", (ConnectionForm,), fields)
        return super().get_form(request, obj, change, **kwargs)

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

    @display(description=gettext_lazy("dónde está el NIF"))
    def where_the_nif_is(self, connection: Connection) -> Any:
        return WHERE_THE_NIF_IS.get(connection.platform, "—")

    @display(description=gettext_lazy("de dónde salen"))
    def where_from(self, connection: Connection) -> Any:
        return WHERE_FROM.get(connection.platform, "—")

    @display(description=gettext_lazy("última entrega"))
    def delivered(self, connection: Connection) -> Any:
        return "—" if connection._state.adding else last_delivery(connection)

    @display(description=gettext_lazy("entregas sin leer"))
    def failed(self, connection: Connection) -> Any:
        return "—" if connection._state.adding else failures(connection)

    @display(description=gettext_lazy("última comprobación"))
    def compared(self, connection: Connection) -> Any:
        return last_comparison(connection)

    @display(description=gettext_lazy("prueba"))
    def probe_link(self, connection: Connection) -> Any:
        address = reverse("admin:invoicing_connection_probe", args=[connection.pk])
        return anchor(address, _("Probar la dirección y las credenciales guardadas"))

    def get_urls(self) -> list[URLPattern]:
        own = path("<uuid:pk>/probe/", self.admin_site.admin_view(self.probe), name="invoicing_connection_probe")
        return [own, *super().get_urls()]

    def probe(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Try the shop's API: on POST alone, outside any transaction, and only for who may change the connection."""
        connection = self.get_object(request, str(pk))
        if connection is None or connection.platform not in CLIENTS:
            raise Http404
        if not self.has_change_permission(request, connection):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "original": connection,
            "title": _("Probar %(name)s") % {"name": connection}, "back": change_url(connection),
            "outcome": probe(connection) if request.method == "POST" else None,
        }  # fmt: skip
        return TemplateResponse(request, "admin/invoicing/probe.html", context)

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
            if form.credentials is not None:
                obj.credentials = json.dumps(form.credentials) if form.credentials else ""
            # The columns that intake counts in are left to it.
            obj.save(update_fields=[*SETTINGS, "secret", "previous_secret", "credentials"])
        else:
            obj.save()
        keep_schedules(obj, now=clock.now())
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
