"""Deliveries: what the shops sent, byte for byte."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from common.admin import Fact, ReadingAdmin, download, link, moment, mono, pretty_json, table
from invoicing.admin.redacted import told
from invoicing.admin.related import process_table, processes_about
from invoicing.models import Delivery

LONGEST = 32
"""Letters of an identity in the list: some shops' are two hashes, whose page has them whole."""


@admin.register(Delivery)
class DeliveryAdmin(ReadingAdmin):
    page_template = "admin/invoicing/delivery.html"
    when_empty = gettext_lazy(
        "Lo que envían las tiendas llega aquí tal cual: ponga en la suya la dirección y el secreto de su conexión."
    )
    list_display = ("topic", "connection", "identity", "received", "triggered")
    list_select_related = ("connection",)
    list_filter = ("connection__platform",)
    search_fields = ("=delivery_key", "=event_key", "=body_sha256")
    search_help_text = gettext_lazy("Identidad de la entrega o del suceso, o SHA-256 del cuerpo")
    date_hierarchy = "received_at"

    def get_queryset(self, request: HttpRequest) -> Any:
        # A list of bodies of a megabyte each helps nobody.
        return super().get_queryset(request).defer("body")

    @display(description=gettext_lazy("identidad de la entrega"), ordering="delivery_key")
    def identity(self, delivery: Delivery) -> str:
        return Truncator(delivery.delivery_key).chars(LONGEST)

    @display(description=gettext_lazy("recibida"), ordering="received_at")
    def received(self, delivery: Delivery) -> str:
        return moment(delivery.received_at)

    @display(description=gettext_lazy("disparada"), ordering="triggered_at")
    def triggered(self, delivery: Delivery) -> str:
        return moment(delivery.triggered_at)

    def page(self, request: HttpRequest, obj: Delivery) -> dict[str, Any]:
        snapshot = obj.snapshots.select_related("order").first()
        gone = told(obj)
        return {
            "heading": f"{obj.connection.get_platform_display()} · {obj.topic}",
            "facts": [
                Fact(_("Conexión"), link(obj.connection)),
                Fact(_("Pedido"), link(snapshot.order) if snapshot else "—"),
                Fact(_("Versión"), snapshot.version if snapshot else "—"),
                Fact(_("Recibida"), moment(obj.received_at)),
                Fact(_("Disparada"), moment(obj.triggered_at)),
                Fact(_("Identidad de la entrega"), mono(obj.delivery_key)),
                Fact(_("Identidad del suceso"), mono(obj.event_key)),
                Fact(_("SHA-256 del cuerpo"), mono(obj.body_sha256)),
                Fact(_("Tamaño"), f"{len(bytes(obj.body))} bytes"),
                *([Fact(_("Datos personales"), gone)] if gone else []),
            ],
            "processes": process_table(processes_about(request, [f"delivery:{obj.pk}"])),
            "headers": table([_("Cabecera"), _("Valor")], [(mono(k), mono(v)) for k, v in sorted(obj.headers.items())]),
            "body": gone or pretty_json(obj.body),
            "download": "" if gone else reverse("admin:invoicing_delivery_body", args=[obj.pk]),
        }

    def get_urls(self) -> list[URLPattern]:
        own = path("<uuid:pk>/body/", self.admin_site.admin_view(self.body), name="invoicing_delivery_body")
        return [own, *super().get_urls()]

    def body(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Download the bytes as they came; never shown as what they claim to be."""
        delivery = self.get_object(request, str(pk))
        if delivery is None or delivery.redacted or not self.has_view_permission(request, delivery):
            raise Http404
        return download(bytes(delivery.body), f"{delivery.topic}-{delivery.pk}.bin")
