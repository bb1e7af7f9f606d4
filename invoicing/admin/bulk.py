"""One answer to many holds: which, what and why; then what became of each."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminRadioSelectWidget

from common import clock
from common.admin import anchor, change_url, tenants
from invoicing.admin.fields import AnswerFields
from invoicing.admin.resolving import called
from invoicing.answering import MOST, Outcome, resolve_many, successor
from invoicing.answers import in_common, outline
from invoicing.holds import Action, choices
from invoicing.waiting import Question, Wanted, questions
from workflows.admin.words import STATES
from workflows.errors import WrongState
from workflows.models import Process


class BulkForm(AnswerFields):
    """One answer to several holds: only what all of them allow."""

    action = forms.ChoiceField(
        label=gettext_lazy("Qué hacer con todos"),
        widget=UnfoldAdminRadioSelectWidget(radio_style=2, attrs={"x-model": "action"}),
    )

    def __init__(self, data: Any, *, chosen: list[Question]) -> None:
        held = [question.held for question in chosen]
        actions = in_common(held)
        super().__init__(data, initial={"action": actions[0] if actions else ""})
        self.add_fields(actions)
        self.fields.pop("email", None)  # one address is not all customers'
        self.asked.pop("email", None)
        if "treatment" in self.fields:
            may = set.intersection(*(set(choices(one)) for one in held))
            field: Any = self.fields["treatment"]
            field.choices = [("", "—"), *(each for each in field.choices if each[0] in may)]
        self.fields["action"].choices = [(action.value, called(action, held[0])) for action in actions]  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Told:
    """What became of one answer, in words."""

    name: str
    url: str
    done: bool
    why: Any


def choice(question: Question) -> str:
    """Return the value by which a list's box names a question: its process and its own token."""
    return f"{question.process}|{question.token}"


def answer(request: HttpRequest) -> HttpResponse:
    """Ask for one answer to the chosen questions, or give it."""
    picked = _picked(request)
    if not picked:
        return _ask(request, [], None, [])
    chosen = questions(
        whose(request), Wanted(tokens=tuple(token for _process, token in picked)), now=clock.now(), limit=MOST
    )
    confirmed = request.POST.get("confirm") == "yes"
    form = BulkForm(request.POST if confirmed else None, chosen=chosen) if chosen else None
    if confirmed and form is not None and form.is_valid():
        given = form.resolution()
        # Those that went meanwhile are answered too, in vain: who chose them is told why.
        outcomes = resolve_many(_mine(request, picked), given, now=clock.now(), actor=request.user.get_username())
        return _tell(request, outcomes, chosen, given.action)
    return _ask(request, chosen, form, picked)


def _ask(
    request: HttpRequest, chosen: list[Question], form: BulkForm | None, picked: list[tuple[UUID, str]]
) -> HttpResponse:
    by_code: dict[str, list[Question]] = {}
    for question in chosen:
        by_code.setdefault(question.held.code, []).append(question)
    return TemplateResponse(request, "admin/invoicing/holds_bulk.html", {
        **frame(request),
        "title": _("Responder a varios"),
        "groups": [(outline(code), code, found) for code, found in by_code.items()],
        "count": len(chosen),
        "gone": len(picked) - len(chosen),
        "form": form,
        "possible": bool(form and form.fields["action"].choices),  # type: ignore[attr-defined]
        "chosen": [choice(question) for question in chosen],
        "back": reverse("holds"),
    })  # fmt: skip


def _tell(request: HttpRequest, outcomes: list[Outcome], chosen: list[Question], action: Action) -> HttpResponse:
    names = {question.process: question.number or str(question.process)[:8] for question in chosen}
    rows = Process.objects.in_bulk([outcome.process for outcome in outcomes])
    told = [
        Told(
            name=names.get(outcome.process, str(outcome.process)[:8]),
            url=change_url(rows[outcome.process]),
            done=outcome.refused is None,
            why=_why(outcome.refused, rows[outcome.process], action),
        )
        for outcome in outcomes
        if outcome.process in rows
    ]
    done = sum(one.done for one in told)
    return TemplateResponse(request, "admin/invoicing/holds_told.html", {
        **frame(request),
        "title": _("Qué ha sido de cada uno"),
        "told": sorted(told, key=lambda one: one.done),  # what needs a look first
        "done": done,
        "refused": len(told) - done,
        "back": reverse("holds"),
    })  # fmt: skip


def _why(error: Exception | None, process: Process, action: Action) -> Any:
    """Return in words what became of an answer."""
    if error is None:
        return _("Se escribe al cliente.") if action == Action.ASK_CUSTOMER else _("Respondido: sigue.")
    if newer := successor(error):
        return format_html(
            _("Llegó una versión más nueva del pedido; lo que busca se decide ahora en {}."),
            anchor(change_url(newer), str(newer.pk)[:8]),
        )
    if isinstance(error, WrongState):
        if process.state == "held":
            return _("Su pregunta ha cambiado desde que la eligió.")
        return _("Ya no espera respuesta: está «%(state)s».") % {"state": STATES[process.state].text}
    return str(error)


def _picked(request: HttpRequest) -> list[tuple[UUID, str]]:
    """Return the chosen (process, token), each once; what is no such pair is left out."""
    found: dict[str, tuple[UUID, str]] = {}
    for value in request.POST.getlist("chosen")[:MOST]:
        identity, _bar, token = value.partition("|")
        try:
            found[value] = (UUID(identity), token[:200].replace("\x00", ""))
        except ValueError:
            continue  # not from our page
    return list(found.values())


def _mine(request: HttpRequest, picked: list[tuple[UUID, str]]) -> list[tuple[UUID, str]]:
    """Return those of the chosen whose company the person works for."""
    rows = Process.objects.filter(pk__in=[process for process, _token in picked])
    mine = whose(request)
    if mine is not None:
        rows = rows.filter(tenant__in=mine)
    visible = set(rows.values_list("pk", flat=True))
    return [(process, token) for process, token in picked if process in visible]


def whose(request: HttpRequest) -> list[str] | None:
    """Return the tenants whose questions the person sees; None for all."""
    return None if getattr(request.user, "is_superuser", False) else list(tenants(request))


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return what every page of the admin is given. No `opts`: the frame would call the page that of the orders."""
    return {**admin.site.each_context(request), "content_title": _("Retenidos")}
