"""The button by which an ended process is done again, whole or from one of its steps."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from common import clock
from common.admin import change_url, link
from workflows.admin.desks import step_title
from workflows.admin.levers import ReasonForm, confirm, conflict, posted
from workflows.errors import WorkflowError, WrongState
from workflows.models import Process
from workflows.selection import verb_of
from workflows.states import TERMINAL


class ReplayForm(ReasonForm):
    """From where, and why."""

    from_step = forms.ChoiceField(
        label=gettext_lazy("Desde dónde"), required=False, widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy("Lo hecho antes de ese paso se toma como está; de ahí en adelante se hace otra vez."),
    )  # fmt: skip
    field_order = ("from_step", "reason")

    def __init__(self, data: Any = None, *, process: Process) -> None:
        super().__init__(data)
        keys = process.steps.exclude(key__startswith="undo:").order_by("id").values_list("key", flat=True)
        self.fields["from_step"].choices = [  # type: ignore[attr-defined]
            ("", _("Desde el principio")),
            *((key, f"{step_title(process.workflow, key)} · {key}") for key in keys),
        ]


def replay(page: Any, request: HttpRequest, process: Process) -> HttpResponse:
    """Start a new process with the payload of an ended one."""
    if process.state not in TERMINAL:
        return conflict(page, request, process)
    form = ReplayForm(posted(request), process=process)
    if request.method == "POST" and form.is_valid():
        again = verb_of(
            "replay", actor=request.user.get_username(), reason=form.cleaned_data["reason"],
            from_step=form.cleaned_data["from_step"] or None,
        )  # fmt: skip
        try:
            copy = Process.objects.get(pk=str(again(process.pk, clock.now())))
        except WrongState:
            return conflict(page, request, process)
        except WorkflowError as error:
            form.add_error(None, str(error))
        else:
            said = format_html(_("Este es el proceso nuevo; repite {}."), link(process))
            page.message_user(request, said, messages.SUCCESS)
            return HttpResponseRedirect(change_url(copy))
    return confirm(
        page, request, process, form,
        title=_("Repetir el proceso"),
        says=_("Empieza un proceso nuevo con el mismo encargo y el programa de ahora; este se queda como está. Lo que "
               "hagan los pasos que se repiten se hace otra vez: un correo puede salir de nuevo. El proceso nuevo no "
               "tiene clave de idempotencia."),
        button=_("Repetir"), button_variant="danger",
    )  # fmt: skip
