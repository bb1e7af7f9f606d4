"""Cancel or replay many processes at once: the selected ones, or all that the list's filters find."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common import clock
from workflows import control
from workflows.admin.desks import desk
from workflows.admin.levers import ReasonForm
from workflows.admin.words import STATES
from workflows.models import Process
from workflows.selection import verb_of
from workflows.states import OPEN, TERMINAL

MOST = 500
"""In one request, the oldest first; who wants more presses again, or uses the command."""
MOST_REFUSALS = 5

MAY = {"cancel": Q(state__in=OPEN), "replay": Q(state__in=TERMINAL)}


def bulk(page: Any, request: HttpRequest, queryset: QuerySet[Process], verb: str) -> HttpResponse | None:
    """Ask with counts and a reason, then do it, each in a commit of its own.

    What the filters find may grow between question and answer: only what was there when it was asked is meant.
    """
    confirmed = request.POST.get("confirm") == "yes"
    newest = request.POST.get("newest", "")
    meant = queryset.order_by().filter(MAY[verb])
    if confirmed and newest.isdecimal():
        meant = meant.filter(seq__lte=int(newest))
    form = ReasonForm(request.POST if confirmed else None)
    if not (confirmed and newest.isdecimal() and form.is_valid()):
        return _ask(page, request, queryset, meant, verb, form)
    act = verb_of(verb, actor=request.user.get_username(), reason=form.cleaned_data["reason"])

    def one(process: UUID) -> None:
        act(process, clock.now())

    ids: list[UUID] = list(meant.order_by("seq").values_list("pk", flat=True)[: MOST + 1])
    done = control.in_bulk(ids[:MOST], one)
    page.message_user(request, _done(verb, done.done), messages.SUCCESS if done.done else messages.WARNING)
    for process, why in list(done.refused.items())[:MOST_REFUSALS]:
        page.message_user(request, f"{process}: {why}", messages.WARNING)
    if len(done.refused) > MOST_REFUSALS:
        more = _("Y %(n)s rechazados más.") % {"n": len(done.refused) - MOST_REFUSALS}
        page.message_user(request, more, messages.WARNING)
    if len(ids) > MOST:
        page.message_user(request, _("Quedan más: repita la acción."), messages.WARNING)
    return None


def _ask(
    page: Any, request: HttpRequest, chosen: QuerySet[Process], meant: QuerySet[Process], verb: str, form: ReasonForm
) -> HttpResponse:
    kinds = meant.values_list("workflow", "state").annotate(n=Count("pk")).order_by("workflow", "state")
    counted = [(desk(workflow).title, STATES[state].text, n) for workflow, state, n in kinds]
    total = sum(n for _title, _state, n in counted)
    across = request.POST.get("select_across") == "1"
    return TemplateResponse(request, "admin/workflows/bulk.html", {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": _("Cancelar procesos") if verb == "cancel" else _("Repetir procesos"),
        "says": _consequences(verb, total),
        "counted": counted,
        "total": total,
        "left_alone": chosen.order_by().count() - total,
        "most": MOST if total > MOST else 0,
        "across": across,
        "selected": [] if across else request.POST.getlist("_selected_action"),
        "newest": str(meant.aggregate(seq=Max("seq"))["seq"] or 0),
        "action": f"{verb}_selected",
        "button": _("Cancelar los procesos") if verb == "cancel" else _("Repetir los procesos"),
        "form": form,
    })  # fmt: skip


def _consequences(verb: str, total: int) -> str:
    if not total:
        return _("Con ninguno de los elegidos se puede hacer eso.")
    if verb == "cancel":
        return ngettext(
            "Se cancela %(n)s proceso, con los que haya iniciado: se detiene para siempre. Lo hecho, hecho está.",
            "Se cancelan %(n)s procesos, con los que hayan iniciado: se detienen para siempre. Lo hecho, hecho está.",
            total,
        ) % {"n": total}
    return ngettext(
        "Se repite %(n)s proceso desde el principio: lo que hizo, un correo incluso, puede hacerse otra vez.",
        "Se repiten %(n)s procesos desde el principio: lo que hicieron, un correo incluso, puede hacerse otra vez.",
        total,
    ) % {"n": total}


def _done(verb: str, n: int) -> str:
    return (_("%(n)s procesos cancelados.") if verb == "cancel" else _("%(n)s procesos repetidos.")) % {"n": n}
