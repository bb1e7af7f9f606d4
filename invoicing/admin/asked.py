"""What customers were asked and what they answered, for the pages of holds and orders."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from common import clock
from common.admin import moment, mono, table
from invoicing.customers.page import NAMED
from invoicing.models import CustomerAnswer, CustomerRequest, Order
from workflows.models import Process


def known(process: Process) -> tuple[tuple[Any, Any], ...]:
    """Return what a held process's customer was asked, as facts of its page."""
    token = (process.hold or {}).get("token")
    if not token:
        return ()
    requests = CustomerRequest.objects.filter(token=token).order_by("asked_at")
    return tuple((_("Preguntado al cliente"), told(request)) for request in requests)


def told(request: CustomerRequest) -> str:
    """Return in a sentence when and where a customer was asked."""
    facts = {
        "at": moment(request.asked_at), "email": request.email, "language": NAMED[request.language],
        "until": moment(request.expires_at),
    }  # fmt: skip
    if request.expires_at <= clock.now():
        return _("el %(at)s, a %(email)s (%(language)s); el enlace caducó el %(until)s") % facts
    return _("el %(at)s, a %(email)s (%(language)s); puede responder hasta el %(until)s") % facts


def latest(tokens: Iterable[str]) -> dict[str, CustomerRequest]:
    """Return token -> the last letter about that question (one query)."""
    return {it.token: it for it in CustomerRequest.objects.filter(token__in=list(tokens)).order_by("asked_at")}


def answers_table(order: Order) -> dict[str, Any]:
    """Return the table of an order's letters and answers."""
    requests = order.customer_requests.select_related("answer").order_by("-asked_at")
    nobody = ["—"] * 5
    return table(
        [_("Preguntado"), _("Correo"), _("Quién preguntó"), _("Respondido"), "NIF", _("Nombre"), _("Dirección"),
         _("Huella del remitente")],
        [
            [
                moment(request.asked_at), request.email, request.asked_by,
                *(_cells(request.answer) if hasattr(request, "answer") else nobody),
            ]
            for request in requests
        ],
    )  # fmt: skip


def _cells(answer: CustomerAnswer) -> list[Any]:
    place = ", ".join(filter(None, answer.address)) or "—"
    return [moment(answer.answered_at), answer.nif, answer.name, place, mono(answer.from_hash[:12])]
