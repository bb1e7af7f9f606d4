"""The button by which a person answers what a process waits for, in the place of whoever was to answer."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from common import clock
from common.admin import moment, mono
from workflows import tokens
from workflows.admin.desks import Question, desk
from workflows.admin.levers import act, confirm, conflict, posted
from workflows.admin.shapes import AnswerForm
from workflows.errors import TokenClosed, WrongState
from workflows.models import Process, Token


def answer(page: Any, request: HttpRequest, process: Process) -> HttpResponse:
    """Answer the first open wait of a process, or the one that the form was opened for."""
    wanted = request.POST.get("token") or request.GET.get("token")
    token = waits(process).filter(**{"pk": wanted} if wanted else {}).first()
    if token is None or not answerable(process):
        return conflict(page, request, process)
    form = AnswerForm(posted(request), hold={"token": token.key})
    if request.method == "POST" and form.is_valid():
        value, reason = form.resolution(), form.cleaned_data["reason"]

        def complete(pk: Any, actor: str) -> None:
            try:
                tokens.answer(token.key, value, tenant=token.tenant, now=clock.now(), actor=actor, reason=reason)
            except TokenClosed as error:
                raise WrongState("answer", process.state) from error

        return act(page, request, process, _("Respuesta guardada: el proceso sigue."), complete)
    until = token.expires_at
    return confirm(
        page, request, process, form,
        title=_("Responder a mano"),
        asked=Question(
            title=format_html(_("El proceso espera {}."), mono(token.key)),
            advice=_("Lo que escriba vale como si hubiera respondido quien debía, y no se puede cambiar después."),
            known=((_("Puede llegar hasta el"), moment(until)),) if until else (),
        ),
        token=token.key, button=_("Guardar y seguir"),
    )  # fmt: skip


def answerable(process: Process) -> bool:
    """Tell whether a person may answer in the place of what the process waits for."""
    return process.state == "waiting" and desk(process.workflow).answer_by_hand


def waits(process: Process) -> Any:
    """Return the open tokens of a process, in the order of waiting."""
    found = Token.objects.filter(process=process, completed_at=None, closed=False)
    return found.order_by("created_at", "key")
