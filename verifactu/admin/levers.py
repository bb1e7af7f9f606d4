"""The buttons of chains: send a stopped one on, release a record set aside, confirm a new one in production."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from common import clock
from common.admin import change_url, link, moment, table
from verifactu import going_live, interventions
from verifactu.models import Installation, Record
from verifactu.submission import wake


class ReasonForm(forms.Form):
    """Why it is done: kept with who did it."""

    reason = forms.CharField(
        label=gettext_lazy("Motivo"),
        help_text=gettext_lazy("Qué se ha corregido o quién lo ha resuelto. Queda guardado con su nombre y la hora."),
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )


class ConfirmationForm(forms.Form):
    """The sentence that confirms, typed."""

    typed = forms.CharField(
        label=gettext_lazy("Escriba la frase"), max_length=300,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )  # fmt: skip


def confirm_production(page: Any, request: HttpRequest, installation: Installation) -> HttpResponse:
    """Ask for the sentence that names what production binds to, then let the installation issue."""
    form = ConfirmationForm(request.POST if request.method == "POST" else None)
    now = clock.now()
    sentence = going_live.sentence(installation, now=now)
    form.fields["typed"].help_text = _("Tal cual: %(sentence)s") % {"sentence": sentence}
    possible = installation.active and going_live.awaits(installation)
    if possible and request.method == "POST" and form.is_valid():
        try:
            actor = request.user.get_username()
            going_live.confirm(installation.pk, typed=form.cleaned_data["typed"], actor=actor, now=now)
        except going_live.WrongText as error:
            wrong = _("No se ha confirmado nada. La frase es: %(sentence)s") % {"sentence": error.expected}
            form.add_error("typed", wrong)
        except going_live.NothingToConfirm:
            possible = False
        else:
            page.message_user(request, _("Confirmado: lo que esperaba sigue ahora solo."))
            return HttpResponseRedirect(change_url(installation))
    if not possible:
        return _conflict(page, request, installation, _("Esta instalación no pide confirmación, o ya la tiene."))
    title = _("Confirmar el paso a producción")
    context = {"form": form, "title": title, "says": going_live.says(installation, now=now), "button": title,
               "button_variant": "primary", "back": change_url(installation), "about": []}  # fmt: skip
    answer: HttpResponse = page.answer(request, installation, "admin/workflows/confirm.html", context)
    return answer


def resume_sending(page: Any, request: HttpRequest, installation: Installation) -> HttpResponse:
    """Send a stopped chain on."""

    def act(reason: str) -> None:
        now = clock.now()
        interventions.resume(installation.pk, actor=request.user.get_username(), reason=reason, now=now)
        wake(installation.pk, now=now)

    return _ask(
        page, request, installation, act, possible=installation.stopped_at is not None,
        title=_("Reanudar el envío"),
        says=_("Todo lo que espera se envía, en orden y al ritmo de la AEAT. Hágalo solo cuando la AEAT haya levantado "
               "la suspensión del acceso: si no, rehusará otra vez y el envío se detendrá de nuevo."),
        done=_("El envío sigue."),
    )  # fmt: skip


def release_record(page: Any, request: HttpRequest, record: Record) -> HttpResponse:
    """Let a record that was set aside be sent again, as it is."""

    def act(reason: str) -> None:
        now = clock.now()
        interventions.release([record.pk], actor=request.user.get_username(), reason=reason, now=now)
        wake(record.installation_id, now=now)

    return _ask(
        page, request, record, act, possible=record.state == "quarantined",
        title=_("Enviar de nuevo el registro apartado"),
        says=_("El registro se envía otra vez tal como está: un registro no se cambia nunca. Hágalo cuando la causa "
               "esté corregida (este programa actualizado, el problema resuelto en la AEAT); si no, se apartará otra "
               "vez."),
        done=_("El registro espera su envío."),
    )  # fmt: skip


def events(rows: Any) -> dict[str, Any]:
    """Return what was done to a chain or a record, newest first, as a table."""
    return table(
        [_("Cuándo"), _("Quién"), _("Qué"), _("Registro"), _("Motivo")],
        [
            [moment(event.at), event.actor, event.get_move_display(), link(event.record, event.record.num_serie)
             if event.record else "—", event.reason[:300] or "—"]
            for event in rows.select_related("record")[:50]
        ],
    )  # fmt: skip


def pull(
    page: Any,
    request: HttpRequest,
    pk: UUID,
    lever: Callable[[Any, HttpRequest, Any], HttpResponse],
    permission: str = "change",
) -> HttpResponse:
    """Answer the address of a button for whoever has the permission for such rows, and sees this one."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    if not may(request, page.model, permission):
        raise PermissionDenied
    row = page.get_object(request, str(pk))
    if row is None:
        answer: HttpResponse = page.not_there(request, str(pk))
        return answer
    return lever(page, request, row)


def may(request: HttpRequest, model: Any, permission: str = "change") -> bool:
    """Tell whether the person may press the buttons of such a row."""
    meta = model._meta
    name = f"{meta.app_label}.{permission}_{meta.model_name}"
    return bool(getattr(request.user, "has_perm", lambda name: False)(name))


def _ask(
    page: Any, request: HttpRequest, row: Any, act: Callable[[str], None], *, possible: bool, title: str, says: str,
    done: str,
) -> HttpResponse:  # fmt: skip
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if possible and request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                act(form.cleaned_data["reason"])
        except interventions.NothingToDo:
            possible = False
        else:
            page.message_user(request, done)
            return HttpResponseRedirect(change_url(row))
    if not possible:
        return _conflict(page, request, row, _("Ya está hecho: no hay nada que reanudar."))
    context = {"form": form, "title": title, "says": says, "button": title, "button_variant": "primary",
               "back": change_url(row), "about": []}  # fmt: skip
    response: HttpResponse = page.answer(request, row, "admin/workflows/confirm.html", context)
    return response


def _conflict(page: Any, request: HttpRequest, row: Any, says: str) -> HttpResponse:
    already = {"says": says, "title": _("Ya no es posible")}
    response: HttpResponse = page.answer(request, row, "admin/verifactu/conflict.html", already, status=409)
    return response
