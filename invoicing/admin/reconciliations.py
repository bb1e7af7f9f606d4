"""Comparisons with the shops: what each came to, and the orders that remained without what they ask for."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from common.admin import Fact, Label, ReadingAdmin, colours, link, moment, table
from invoicing import shop_alerts
from invoicing.admin.shop_state import told
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


def outcome(row: Reconciliation) -> str:
    """Return which of the outcomes it was."""
    return "remains" if row.remained else "trouble" if row.trouble else "whole"


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
        identities = [remain["order"] for remain in obj.remains]
        rows = Order.objects.filter(connection=obj.connection_id, external_id__in=identities)
        orders = {order.external_id: order for order in rows}
        return {
            "heading": str(obj.connection),
            "state": OUTCOMES[outcome(obj)],
            "facts": [
                Fact(_("Conexión"), link(obj.connection)),
                Fact(_("Desde"), moment(obj.since)),
                Fact(_("Hasta"), moment(obj.until)),
                Fact(_("Terminada"), moment(obj.finished_at)),
                Fact(_("Resultado"), told(obj)),
                Fact(_("En curso"), obj.on_its_way),
            ],
            "remains": table(
                [_("Pedido"), _("Motivo")],
                [
                    [
                        link(orders[remain["order"]]) if remain["order"] in orders else remain["order"],
                        remain["reason"],
                    ]
                    for remain in obj.remains
                ],
            ),
        }
