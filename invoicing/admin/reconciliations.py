"""Comparisons with the shops: what each came to, and the orders that remained without what they ask for."""

import re
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from common.admin import Fact, Label, ReadingAdmin, anchor, colours, link, moment, table
from invoicing import shop_alerts
from invoicing.admin.related import euros
from invoicing.admin.shop_state import told
from invoicing.answers import outline
from invoicing.holds import CATALOGUE
from invoicing.models import Order, Reconciliation
from workflows import alerts
from workflows.admin.words import ALERTS

ALERTS.update(
    {
        shop_alerts.REMAINS: Label(alerts.KINDS[shop_alerts.REMAINS], "warning"),
        shop_alerts.UNASKABLE: Label(alerts.KINDS[shop_alerts.UNASKABLE], "danger"),
    }
)

OUTCOMES = {
    "whole": Label(gettext_lazy("todo está"), "success"),
    "remains": Label(gettext_lazy("queda algo"), "danger"),
    "trouble": Label(gettext_lazy("no se pudo preguntar"), "warning"),
}


def _remedy(row: Reconciliation) -> list[Fact]:
    """Return where to go for what a person has to do: decide on what is held, put right why nobody could ask."""
    if not row.trouble:
        waiting = anchor(f"{reverse('holds')}?connection={row.connection_id}", _("Atender los retenidos"))
        return [Fact(_("Qué hacer"), waiting)] if row.held else []
    address = reverse("admin:invoicing_connection_probe", args=[row.connection_id])
    return [Fact(_("Qué hacer"), anchor(address, _("Probar la dirección y las credenciales guardadas")))]


def outcome(row: Reconciliation) -> str:
    """Return which of the outcomes it was."""
    return "remains" if row.remained else "trouble" if row.trouble else "whole"


_WORDS = (
    (re.compile("not here"), gettext_lazy("La tienda lo tiene y aquí no está.")),
    (re.compile("no version of it was read"), gettext_lazy("No se pudo leer ninguna versión suya.")),
    (
        re.compile("nobody has decided on its newest version"),
        gettext_lazy("Nadie ha decidido sobre su última versión."),
    ),
    (re.compile(r"(?P<n>\d+) invoices of the sale"), gettext_lazy("La venta tiene %(n)s facturas.")),
    (
        re.compile(r"refund (?P<refund>\S+) of (?P<amount>[\d.]+) has no correction"),
        gettext_lazy("La devolución %(refund)s de %(amount)s no tiene rectificativa."),
    ),
    (
        re.compile(r"refund (?P<refund>\S+) of (?P<amount>[\d.]+) has (?P<n>\d+) corrections"),
        gettext_lazy("La devolución %(refund)s de %(amount)s tiene %(n)s rectificativas."),
    ),
)
"""What `standing` says of an order, for those who read the report."""


def in_words(reason: str) -> str:
    """Return why an order remained, in the language of the page; what a shop or an error said stays as it was."""
    if reason in CATALOGUE:
        return outline(reason)
    return " ".join(_said(part) for part in reason.split("; "))


def _said(part: str) -> str:
    for pattern, words in _WORDS:
        if found := pattern.fullmatch(part):
            facts = found.groupdict()
            if "amount" in facts:
                facts["amount"] = euros(Decimal(facts["amount"]))
            return str(words) % facts
    return part


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadingAdmin):
    page_template = "admin/invoicing/reconciliation.html"
    when_empty = gettext_lazy(
        "Cada noche se compara con las tiendas que dejan preguntar («Preguntar a la tienda», en su conexión); también "
        "con la orden reconcile_orders."
    )
    list_display = ("finished", "connection", "outcome_label", "seen", "pulled", "held", "remained")
    list_select_related = ("connection",)
    list_filter = (("connection", admin.RelatedOnlyFieldListFilter),)

    @display(description=gettext_lazy("terminada"), ordering="finished_at")
    def finished(self, row: Reconciliation) -> str:
        return moment(row.finished_at)

    @display(description=gettext_lazy("resultado"), label=colours(OUTCOMES))
    def outcome_label(self, row: Reconciliation) -> tuple[str, Any]:
        return outcome(row), OUTCOMES[outcome(row)].text

    def page(self, request: HttpRequest, obj: Reconciliation) -> dict[str, Any]:
        obj.called = f"{obj.connection}, {moment(obj.finished_at)}"  # type: ignore[attr-defined]
        identities = [remain["order"] for remain in obj.remains]
        rows = Order.objects.filter(connection=obj.connection_id, external_id__in=identities)
        orders = {order.external_id: order for order in rows}
        return {
            "heading": str(obj.connection),
            "state": OUTCOMES[outcome(obj)],
            "everything": outcome(obj) == "whole" and not obj.held,
            "title": obj.called,  # type: ignore[attr-defined]
            "facts": [
                Fact(_("Conexión"), link(obj.connection)),
                Fact(_("Desde"), moment(obj.since)),
                Fact(_("Hasta"), moment(obj.until)),
                Fact(_("Terminada"), moment(obj.finished_at)),
                Fact(_("Resultado"), told(obj)),
                Fact(_("En curso"), obj.on_its_way),
                *_remedy(obj),
            ],
            "remains": table(
                [_("Pedido"), _("Motivo")],
                [
                    [
                        link(orders[remain["order"]]) if remain["order"] in orders else remain["order"],
                        in_words(remain["reason"]),
                    ]
                    for remain in obj.remains
                ],
            ),
        }
