"""The buttons of a process: resume, cancel, resolve, free its key. Each asks once more and is harmless twice.

Two more have files of their own: replaying.py and answering.py.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from common import clock
from common.admin import anchor, change_url, link
from workflows import control
from workflows.admin.desks import desk, question, subjects
from workflows.admin.shapes import AnswerForm
from workflows.admin.words import RESUMABLE, STATES
from workflows.errors import Superseded, WrongState
from workflows.models import Process
from workflows.states import OPEN, TERMINAL


class ReasonForm(forms.Form):
    """Why the process is stopped: kept in its history."""

    reason = forms.CharField(
        label=gettext_lazy("Motivo"),
        help_text=gettext_lazy("Queda en la historia del proceso, con su nombre y la hora."),
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )


class NoteForm(forms.Form):
    """What was put right before the process goes on."""

    reason = forms.CharField(
        label=gettext_lazy("Nota"),
        help_text=gettext_lazy("Opcional: qué se ha corregido. Queda en la historia del proceso."),
        max_length=500,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
    )


def resume(page: Any, request: HttpRequest, process: Process) -> HttpResponse:
    """Send a failed process on."""
    form = NoteForm(posted(request))
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        return act(
            page, request, process, _("El proceso sigue: está en la cola."),
            lambda pk, actor: control.resume(pk, now=clock.now(), actor=actor, reason=reason),
        )  # fmt: skip
    if not resumable(process):
        return conflict(page, request, process)
    return confirm(
        page, request, process, form,
        title=_("Reanudar el proceso"),
        says=_("El proceso vuelve a la cola y sigue desde el paso que falló, con los reintentos contados de nuevo. "
               "Los pasos ya hechos no se repiten."),
        button=_("Reanudar"),
    )  # fmt: skip


def cancel(page: Any, request: HttpRequest, process: Process) -> HttpResponse:
    """Stop a process for good."""
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        return act(
            page, request, process, _("El proceso está cancelado."),
            lambda pk, actor: control.cancel(pk, now=clock.now(), actor=actor, reason=reason),
        )  # fmt: skip
    if process.state not in OPEN:
        return conflict(page, request, process)
    return confirm(
        page, request, process, form,
        title=_("Cancelar el proceso"),
        says=_("El proceso se detiene para siempre y no se puede reanudar. Lo que ya hizo, hecho está: una factura "
               "expedida sigue expedida."),
        button=_("Cancelar el proceso"), button_variant="danger",
    )  # fmt: skip


def resolve(page: Any, request: HttpRequest, process: Process) -> HttpResponse:
    """Answer the question that a process is held with."""
    hold = process.hold or {}
    make = desk(process.workflow).resolution_form or AnswerForm
    if process.state != "held" or hold.get("kind") != "question":
        return conflict(page, request, process)
    if request.method == "POST" and request.POST.get("token") != hold["token"]:
        return conflict(page, request, process, _("La pregunta ha cambiado desde que abrió el formulario."))
    form: Any = make(posted(request), hold=hold)
    if request.method == "POST" and form.is_valid():
        answer = form.resolution()
        why = getattr(form, "cleaned_data", {}).get("reason") or ""
        give = desk(process.workflow).resolve
        try:
            return act(
                page, request, process, getattr(form, "done", "") or _("Respuesta guardada: el proceso sigue."),
                lambda pk, actor: give(pk, answer, now=clock.now(), actor=actor, reason=why, token=hold["token"]),
            )  # fmt: skip
        except ValueError as error:  # what the application refuses once it looks at more than the form
            form.add_error(None, str(error))
    asked = question(process)
    asked = replace(asked, known=(*asked.known, *desk(process.workflow).known(process)))
    return confirm(
        page, request, process, form,
        title=_("Resolver"), asked=asked, token=hold["token"], button=_("Guardar y seguir"),
    )  # fmt: skip


def free_key(page: Any, request: HttpRequest, process: Process) -> HttpResponse:
    """Take the idempotency key from an ended process."""
    if not request.user.is_superuser:
        raise PermissionDenied
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        return act(
            page, request, process, _("La clave está libre."),
            lambda pk, actor: control.free_key(pk, now=clock.now(), actor=actor, reason=reason),
        )  # fmt: skip
    if not has_free_key(process):
        return conflict(page, request, process)
    return confirm(
        page, request, process, form,
        title=_("Liberar la clave"),
        says=_("Este proceso deja de guardar su clave «%(key)s». Si se pide lo mismo otra vez, empezará un proceso "
               "nuevo y puede hacerse dos veces lo que no se debe repetir.") % {"key": process.idempotency_key},
        button=_("Liberar la clave"), button_variant="danger",
    )  # fmt: skip


def has_free_key(process: Process) -> bool:
    """Tell whether a process has ended and still keeps its key."""
    return process.state in TERMINAL and process.idempotency_key is not None


def resumable(process: Process) -> bool:
    """Tell whether a process leaves where it stands by `resume`."""
    return process.state == "failed" or (process.state == "held" and (process.hold or {}).get("kind") in RESUMABLE)


LEVERS: dict[str, Callable[[Any, HttpRequest, Process], HttpResponse]] = {
    "resume": resume, "cancel": cancel, "resolve": resolve, "free_key": free_key,
}  # fmt: skip
BUTTONS = {
    "resume": (gettext_lazy("Reanudar"), "play_arrow", "primary"),
    "resolve": (gettext_lazy("Resolver"), "edit_note", "primary"),
    "cancel": (gettext_lazy("Cancelar"), "cancel", "default"),
    "free_key": (gettext_lazy("Liberar la clave"), "key_off", "default"),
}


def conflict(page: Any, request: HttpRequest, process: Process, says: Any = "") -> HttpResponse:
    """Return 409: the process is not where this button would be of use, and where it is now."""
    process = Process.objects.select_related("superseded_by").get(pk=process.pk)
    state = STATES[process.state].text
    says = says or _("El proceso está «%(state)s»: ahora no se puede hacer eso.") % {"state": state}
    if process.superseded_by_id:
        says = format_html(
            _("Llegó una versión más nueva y este proceso quedó cancelado. Lo que busca se decide ahora en {}."),
            link(process.superseded_by),
        )
    context = {"says": says, "title": _("Ya no es posible")}
    response: HttpResponse = page.answer(request, process, "admin/workflows/conflict.html", context, status=409)
    return response


def act(
    page: Any, request: HttpRequest, process: Process, done: str, move: Callable[[UUID, str], None]
) -> HttpResponse:
    """Make the move and return to the process; when somebody was first, say so."""
    try:
        move(process.pk, request.user.get_username())
    except Superseded as error:
        newer = Process.objects.get(pk=str(error.by))
        return conflict(page, request, process, format_html(_("Lo sustituye {}."), anchor(change_url(newer), newer)))
    except WrongState:
        return conflict(page, request, process)
    page.message_user(request, done)
    return HttpResponseRedirect(change_url(process))


def confirm(page: Any, request: HttpRequest, process: Process, form: Any, **context: Any) -> HttpResponse:
    """Return the page that asks once more."""
    about = [(it.name, it.text, reverse(it.url_name, args=[it.id])) for it in subjects([process])[process.pk]]
    context = {"form": form, "button_variant": "primary", "about": about, **context}
    response: HttpResponse = page.answer(request, process, "admin/workflows/confirm.html", context)
    return response


def posted(request: HttpRequest) -> Any:
    """Return what a form is bound to: also a POST that brings nothing is one."""
    return request.POST if request.method == "POST" else None
