"""Processes: a list to find them, a page that says why one is where it is, and its buttons."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.views import ChangeList

from common import clock
from common.admin import (
    Fact,
    ReadingAdmin,
    anchor,
    colours,
    link,
    moment,
    mono,
    pretty_json,
    shown,
    state_filter,
    table,
)
from workflows import control
from workflows.admin import levers
from workflows.admin.answering import answer
from workflows.admin.bulk import bulk
from workflows.admin.desks import DESKS, desk, subjects, tags_for
from workflows.admin.explain import explain, short_reason, took
from workflows.admin.family import children, origins, progress
from workflows.admin.health import health_page
from workflows.admin.replaying import replay
from workflows.admin.timeline import timeline
from workflows.admin.words import ACTORS, CODES, MOVES, REASONS, STATES
from workflows.errors import WrongState
from workflows.models import Process

MOST_EVENTS = 200
LEVERS = {**levers.LEVERS, "replay": replay, "answer": answer}
BUTTONS = {
    **levers.BUTTONS,
    "replay": (gettext_lazy("Repetir"), "replay", "default"),
    "answer": (gettext_lazy("Responder"), "edit_note", "primary"),
}


class WorkflowFilter(admin.SimpleListFilter):
    """The workflows in words."""

    title = gettext_lazy("qué hace")
    parameter_name = "workflow"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, known.title) for name, known in DESKS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Process]) -> QuerySet[Process]:
        return queryset.filter(workflow=self.value()) if self.value() else queryset


class ParentFilter(admin.SimpleListFilter):
    """The children of one process: where a link of its page leads, and offered nowhere else."""

    title = gettext_lazy("hijos de")
    parameter_name = "parent"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        asked = request.GET.get(self.parameter_name, "")
        return [(asked, asked[:8])] if asked else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Process]) -> QuerySet[Process]:
        try:
            return queryset.filter(parent=UUID(self.value() or "")) if self.value() else queryset
        except ValueError:
            return queryset.none()


class ProcessList(ChangeList):
    """Names what the processes of a page are about, in one query per kind of subject."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: list[Any] = list(self.result_list)
        about = subjects(self.result_list)
        for process in self.result_list:
            process.about = about[process.pk]


@admin.register(Process)
class ProcessAdmin(ReadingAdmin):
    tenant_path = "tenant"
    page_template = "admin/workflows/process.html"
    list_display = ("state_label", "title", "about", "reason", "created", "finished")
    list_display_links = ("title",)
    list_filter = (state_filter(STATES), WorkflowFilter, ParentFilter)
    list_per_page = 50
    search_fields = ("id",)
    search_help_text = gettext_lazy("Número de pedido o de factura, identificador o etiqueta del proceso")
    actions = ("resume_selected", "cancel_selected", "replay_selected")
    date_hierarchy = "created_at"

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may press the buttons: the permission to change processes."""
        return bool(request.user.has_perm("workflows.change_process"))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ProcessList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Process]:
        return super().get_queryset(request).select_related("superseded_by", "parent", "forked_from")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Process], search_term: str
    ) -> tuple[QuerySet[Process], bool]:
        """Find by id, by tag, or by what the application knows under that name."""
        text = search_term.strip()
        if not text:
            return queryset, False
        try:
            return queryset.filter(pk=UUID(text)), False
        except ValueError:
            return queryset.filter(tags__overlap=[text, *tags_for(text)]), False

    @display(description=gettext_lazy("estado"), label=colours(STATES), ordering="state")
    def state_label(self, process: Process) -> tuple[str, Any]:
        return shown(STATES, process.state)

    @display(description=gettext_lazy("qué hace"), ordering="workflow")
    def title(self, process: Process) -> Any:
        return desk(process.workflow).title

    @display(description=gettext_lazy("sobre"))
    def about(self, process: Process) -> Any:
        links = [(it.name, anchor(reverse(it.url_name, args=[it.id]), it.text)) for it in process.about]  # type: ignore[attr-defined]
        return format_html_join(", ", "{} {}", links) if links else "—"

    @display(description=gettext_lazy("motivo"))
    def reason(self, process: Process) -> str:
        return short_reason(process) or "—"

    @display(description=gettext_lazy("creado"), ordering="seq")
    def created(self, process: Process) -> str:
        return moment(process.created_at)

    @display(description=gettext_lazy("terminado"), ordering="finished_at")
    def finished(self, process: Process) -> str:
        return moment(process.finished_at)

    # --- one process -------------------------------------------------------------------------------------------

    def answer(
        self, request: HttpRequest, obj: Process | None, template: str, context: dict[str, Any], status: int = 200
    ) -> TemplateResponse:
        """Return a page; one about a process goes by what that does, for its own name is a code and an id."""
        if obj is not None:
            obj.called = desk(obj.workflow).title  # type: ignore[attr-defined]
            context = {"title": obj.called, **context}  # type: ignore[attr-defined]
        return super().answer(request, obj, template, context, status)

    def page(self, request: HttpRequest, obj: Process) -> dict[str, Any]:
        now = clock.now()
        told = explain(obj, now=now)
        may = self.has_act_permission(request)
        return {
            "heading": desk(obj.workflow).title,
            "state": STATES[obj.state],
            "about": [(it.name, it.text, reverse(it.url_name, args=[it.id])) for it in subjects([obj])[obj.pk]],
            "told": told,
            "buttons": [
                (*BUTTONS[name], reverse(f"admin:workflows_process_{name}", args=[obj.pk]))
                for name in (self._levers(request, obj, told.levers) if may else ())
            ],
            "progress": progress(obj),
            "children": children(obj),
            "details": self._facts(obj, now),
            "entries": timeline(obj),
            "events": table(
                [_("Cuándo"), _("Qué pasó"), _("Quién"), _("Motivo")],
                [
                    [moment(event.at), MOVES.get(event.move, event.move), _who(event.actor), _why(event.reason)]
                    for event in obj.events.order_by("-id")[:MOST_EVENTS]
                ],
            ),
            "payload": pretty_json(obj.payload),
            "result": pretty_json(obj.result) if obj.result else "",
        }

    def _levers(self, request: HttpRequest, obj: Process, offered: tuple[str, ...]) -> tuple[str, ...]:
        """Add what is a superuser's alone."""
        return (*offered, "free_key") if request.user.is_superuser and levers.has_free_key(obj) else offered

    def _facts(self, obj: Process, now: Any) -> list[Fact]:
        return [
            Fact(_("Creado"), moment(obj.created_at)),
            Fact(_("Empezado"), moment(obj.started_at)),
            Fact(_("Terminado"), moment(obj.finished_at)),
            Fact(_("Tiempo en total"), took(obj, now)),
            Fact(_("Por encargo de"), _who(obj.actor)),
            *origins(obj),
            Fact(_("Carril y cola"), f"{obj.lane} · {obj.queue}"),
            Fact(_("Trabajador"), obj.worker or "—"),
            Fact(_("Recuperaciones"), obj.recoveries),
            Fact(_("Identificador"), mono(obj.pk)),
        ]

    # --- buttons -----------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                f"<uuid:pk>/{name}/",
                self.admin_site.admin_view(partial(self._pull, name)),
                name=f"workflows_process_{name}",
            )
            for name in LEVERS
        ]
        health = path("health/", self.admin_site.admin_view(self._health), name="workflows_process_health")
        return [health, *own, *super().get_urls()]

    def _health(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return health_page(self, request)

    def _pull(self, name: str, request: HttpRequest, pk: UUID) -> HttpResponse:
        if not self.has_act_permission(request):
            raise PermissionDenied
        process = self.get_object(request, unquote(str(pk)))
        if process is None:
            return self.not_there(request, str(pk))
        return LEVERS[name](self, request, process)

    @admin.action(description=gettext_lazy("Reanudar seleccionados"), permissions=["act"])
    def resume_selected(self, request: HttpRequest, queryset: QuerySet[Process]) -> HttpResponse | None:
        """Resume what failed among the selected; a question leaves only by its answer."""
        chosen = list(queryset)
        ready = [process for process in chosen if levers.resumable(process)]
        if request.POST.get("confirm") != "yes":
            return TemplateResponse(request, "admin/workflows/resume_selected.html", {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Reanudar procesos"),
                "ready": [(link(process), desk(process.workflow).title, short_reason(process)) for process in ready],
                "left_alone": len(chosen) - len(ready),
                "selected": [str(process.pk) for process in ready],
            })  # fmt: skip
        done = 0
        for process in ready:
            try:
                control.resume(process.pk, now=clock.now(), actor=request.user.get_username(), reason="admin")
                done += 1
            except WrongState:
                continue  # someone was first: that is what the person wanted
        self.message_user(request, _("%(n)s procesos reanudados.") % {"n": done}, messages.SUCCESS)
        return None

    @admin.action(description=gettext_lazy("Cancelar seleccionados"), permissions=["act"])
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[Process]) -> HttpResponse | None:
        """Stop those that are still open."""
        return bulk(self, request, queryset, "cancel")

    @admin.action(description=gettext_lazy("Repetir seleccionados"), permissions=["act"])
    def replay_selected(self, request: HttpRequest, queryset: QuerySet[Process]) -> HttpResponse | None:
        """Do those that have ended again."""
        return bulk(self, request, queryset, "replay")


def _who(actor: str) -> Any:
    """Return a workflow by what it does, the others by their names."""
    return DESKS[actor].title if actor in DESKS else ACTORS.get(actor) or mono(actor)


def _why(reason: str) -> Any:
    """Return why a process moved: what the engine and holds write, in words."""
    return REASONS.get(reason) or CODES.get(reason) or reason or "—"
