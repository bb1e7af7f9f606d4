"""How a shop is doing, for its connection's page: last delivery, what failed, the last comparison."""

from typing import Any
from uuid import UUID

from django.utils.html import format_html
from django.utils.translation import gettext as _

from common.admin import anchor, change_url, list_url, moment
from invoicing.models import Connection, Delivery, Reconciliation
from workflows.models import Process

MOST_COUNTED = 200


def last_delivery(connection: Connection) -> Any:
    """Return when something last came from the shop, with the way there."""
    last = Delivery.objects.filter(connection=connection).defer("body").order_by("-id").first()
    if last is None:
        return _("Todavía ninguna.")
    return format_html("{} · {}", anchor(change_url(last), last.topic), moment(last.received_at))


def failures(connection: Connection) -> Any:
    """Return the deliveries of the shop that nobody could read or complete."""
    stuck = Process.objects.filter(workflow="capture", state="held", tenant=connection.company.tenant)
    keys = {}
    for process in stuck.order_by("-seq")[:MOST_COUNTED]:
        keys[UUID(str(process.idempotency_key).removeprefix("delivery:"))] = process
    ours = set(Delivery.objects.filter(connection=connection, pk__in=keys).values_list("pk", flat=True))
    found = [process for delivery, process in keys.items() if delivery in ours]
    if not found:
        return _("Ninguna.")
    error = (found[0].error or {}).get("message", "")
    return format_html(
        "{} · {}: {}", len(found), anchor(change_url(found[0]), _("la última")), str(error)[:300]
    )  # fmt: skip


def last_comparison(connection: Connection) -> Any:
    """Return what the last comparison with the shop came to, with the way to all of them."""
    last = connection.reconciliations.first()
    if last is None:
        return _("Todavía ninguna.")
    all_of_them = anchor(list_url(Reconciliation, connection__id__exact=connection.pk), _("todas"))
    return format_html("{} · {} ({})", anchor(change_url(last), moment(last.finished_at)), told(last), all_of_them)


def told(row: Reconciliation) -> str:
    """Return the outcome of a comparison in a line."""
    if row.trouble:
        return str(_("no se pudo preguntar: %(why)s") % {"why": row.trouble})
    figures = {"seen": row.seen, "pulled": row.pulled, "held": row.held, "remained": row.remained}
    return str(
        _("%(seen)s pedidos, %(pulled)s traídos, %(held)s retenidos, %(remained)s sin explicar") % figures
    )  # fmt: skip
