"""Orders, with every version that the shop sent and all that came of them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from common import clock
from common.admin import Fact, ReadingAdmin, colours, link, moment, mono, pretty_json, shown, state_filter, table
from invoicing.admin.asked import answers_table
from invoicing.admin.labels import ORDERS, SNAPSHOTS
from invoicing.admin.redacted import told
from invoicing.admin.related import chip, euros, invoice_table, process_table, processes_about
from invoicing.capture import content_of
from invoicing.models import Invoice, Order
from invoicing.values import OrderContent
from workflows.admin.explain import explain
from workflows.models import Process


@admin.register(Order)
class OrderAdmin(ReadingAdmin):
    when_empty = gettext_lazy("Los pedidos aparecen en cuanto una tienda los envía: dé de alta su conexión.")
    page_template = "admin/invoicing/order.html"
    list_display = ("number_shown", "state_label", "buyer", "total_shown", "connection", "invoices_shown", "received")
    list_display_links = ("number_shown",)
    list_select_related = ("connection",)
    list_filter = (state_filter(ORDERS), "connection__platform")
    search_fields = ("number", "=external_id", "buyer")
    search_help_text = gettext_lazy("Número del pedido, identidad en la tienda o comprador")
    date_hierarchy = "created_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return super().get_queryset(request).prefetch_related("invoices")

    @display(description=gettext_lazy("número"), ordering="number")
    def number_shown(self, order: Order) -> str:
        return str(order)

    @display(description=gettext_lazy("estado"), label=colours(ORDERS), ordering="state")
    def state_label(self, order: Order) -> tuple[str, Any]:
        return shown(ORDERS, order.state)

    @display(description=gettext_lazy("total"), ordering="total")
    def total_shown(self, order: Order) -> str:
        return euros(order.total)

    @display(description=gettext_lazy("facturas"))
    def invoices_shown(self, order: Order) -> str:
        return ", ".join(invoice.num_serie for invoice in order.invoices.all()) or "—"

    @display(description=gettext_lazy("recibido"), ordering="created_at")
    def received(self, order: Order) -> str:
        return moment(order.created_at)

    def page(self, request: HttpRequest, obj: Order) -> dict[str, Any]:
        invoices = list(Invoice.objects.filter(order=obj).select_related("document").order_by("id"))
        snapshots = list(
            obj.snapshots.select_related("delivery", "redaction").defer("delivery__body").order_by("-version")
        )
        tags = [
            f"order:{obj.pk}",
            *(f"{kind}:{invoice.pk}" for invoice in invoices for kind in ("invoice", "mail")),
            *(f"delivery:{snapshot.delivery_id}" for snapshot in snapshots),
        ]
        processes = processes_about(request, tags)
        content = content_of(obj)
        return {
            "heading": _("Pedido %(number)s") % {"number": obj},
            "state": ORDERS[obj.state],
            "attention": _attention(processes),
            "facts": _facts(obj, content),
            "lines": _lines(content) if content else None,
            "invoices": invoice_table(invoices),
            "processes": process_table(processes),
            "asked": answers_table(obj),
            "snapshots": [
                (snapshot, chip(SNAPSHOTS[snapshot.state]), told(snapshot) or pretty_json(snapshot.content))
                for snapshot in snapshots
            ],
            "forget": reverse("admin:invoicing_privacyrequest_ask") + f"?order={obj.pk}"
            if request.user.has_perm("invoicing.add_privacyrequest") and not obj.redacted_at
            else "",
            "kinds": {"order": _("pedido"), "refund": _("devolución")},
        }


def _attention(processes: list[Process]) -> list[dict[str, Any]]:
    """Return what a person must do for this order, each with its reason and the way there."""
    return [
        {"told": explain(process, now=clock.now()), "url": reverse("admin:workflows_process_change", args=[process.pk])}
        for process in processes
        if process.state in ("held", "failed")
    ]


def _facts(order: Order, content: OrderContent | None) -> list[Fact]:
    facts = [
        Fact(_("Conexión"), link(order.connection)),
        Fact(_("Comprador"), order.buyer or "—"),
        Fact(_("Total"), euros(order.total)),
        Fact(_("Recibido"), moment(order.created_at)),
        Fact(_("Identidad en la tienda"), mono(order.external_id)),
        *([Fact(_("Datos personales"), _("retirados el %(when)s") % {"when": moment(order.redacted_at)})]
          if order.redacted_at else []),
    ]  # fmt: skip
    if content is None:
        return facts
    buyer, address = content.buyer, content.buyer.address
    place = " ".join(part for part in (address.postal_code, address.city) if part)
    lines = [line for line in (*address.lines, place, address.province, address.country) if line]
    paid = moment(content.paid_at) if content.paid_at and content.paid else _("sí") if content.paid else _("no")
    if content.partially_paid:
        paid = _("en parte: %(amount)s") % {"amount": euros(content.advances)} if content.advances else _("en parte")
    return [
        *facts,
        Fact("NIF", buyer.tax_id or "—"),
        Fact(_("Correo"), buyer.email or "—"),
        Fact(_("Dirección"), ", ".join(lines) or "—"),
        Fact(_("Pagado"), paid),
    ]


def _lines(content: OrderContent) -> dict[str, Any]:
    price = _("Importe con impuestos") if content.prices_include_tax else _("Importe sin impuestos")
    return table(
        [_("Artículo"), "SKU", _("Cantidad"), price, _("Impuesto declarado")],
        [
            [
                line.description,
                line.sku or "—",
                f"{line.quantity.normalize():f}",
                euros(line.amount),
                ", ".join(f"{tax.rate.normalize():f} %" for tax in line.taxes) or "—",
            ]
            for line in content.lines
        ],
    )
