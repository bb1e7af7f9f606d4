"""Schedules: when each runs next, what a person may set of it, and the button that runs it now."""

import re
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from common import clock
from common.admin import ScopedAdmin, change_url, link, mono, pretty_json
from workflows import cron, schedules
from workflows.admin.desks import desk
from workflows.admin.levers import ReasonForm
from workflows.admin.words import CATCH_UP
from workflows.encoding import EncodingError
from workflows.errors import WorkflowError
from workflows.models import Process, Schedule

SHOWN_RUNS = 5

HELP = {
    "cron": gettext_lazy("Minuto, hora, día, mes y día de la semana: «30 9 * * MON-FRI»."),
    "zone": gettext_lazy("Las horas son de esta zona: Europe/Madrid, Atlantic/Canary…"),
}


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a person may set. It is refused here, not at night."""

    class Meta:
        model = Schedule
        fields = ("cron", "zone", "catch_up", "paused")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "cron" in cleaned and "zone" in cleaned:
            try:
                cron.check(cleaned["cron"], cleaned["zone"])
            except cron.CronError as error:
                refused = {
                    "cron": _("No es una expresión cron que llegue a cumplirse. %(help)s"),
                    "zone": _("No es una zona horaria. %(help)s"),
                }[error.field]
                self.add_error(error.field, refused % {"help": HELP[error.field]})
        return cleaned


@admin.register(Schedule)
class ScheduleAdmin(ScopedAdmin):
    tenant_path = "tenant"
    form = ScheduleForm
    list_display = ("name_shown", "title", "when", "zone_shown", "next_run", "last_run", "paused_shown")
    list_filter = ("paused",)
    search_fields = ("name",)
    fields = (
        "name_shown", "title", "told_shown", "cron", "zone", "catch_up", "paused", "next_runs", "last_run",
        "payload_shown",
    )  # fmt: skip
    readonly_fields = ("name_shown", "title", "told_shown", "next_runs", "last_run", "payload_shown")
    actions_detail = ("run_now",)
    words: ClassVar[dict[str, dict[str, Any]]] = {
        "labels": {
            "cron": gettext_lazy("cron"),
            "zone": gettext_lazy("zona horaria"),
            "catch_up": gettext_lazy("si se pierden horas"),
            "paused": gettext_lazy("en pausa"),
        },
        "help_texts": {
            **HELP,
            "catch_up": gettext_lazy("Qué horas se recuperan cuando el servicio ha estado parado."),
            "paused": gettext_lazy("En pausa no empieza nada; lo que caiga en la pausa no se recupera."),
        },
    }

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A schedule is declared in code or made by the application: its payload is the application's."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **self.words, **kwargs)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "catch_up":
            kwargs["choices"] = list(CATCH_UP.items())
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    @display(description=gettext_lazy("horario"), ordering="name")
    def name_shown(self, schedule: Schedule) -> str:
        return schedule.name

    @display(description=gettext_lazy("qué hace"), ordering="workflow")
    def title(self, schedule: Schedule) -> Any:
        return desk(schedule.workflow).title

    @display(description=gettext_lazy("cuándo"))
    def when(self, schedule: Schedule) -> str:
        return in_words(schedule.cron)

    @display(description=gettext_lazy("zona horaria"), ordering="zone")
    def zone_shown(self, schedule: Schedule) -> str:
        return schedule.zone

    @display(description=gettext_lazy("próxima"), ordering="next_at")
    def next_run(self, schedule: Schedule) -> str:
        return "—" if schedule.paused else local(schedule.next_at, schedule.zone)

    @display(description=gettext_lazy("próximas"))
    def next_runs(self, schedule: Schedule) -> Any:
        return format_html_join(", ", "{}", ((run,) for run in runs(schedule)))

    @display(description=gettext_lazy("última"), ordering="last_slot")
    def last_run(self, schedule: Schedule) -> Any:
        if schedule.last_slot is None:
            return "—"
        key = schedules.idempotency_key(schedule.name, schedule.last_slot)
        process = Process.objects.filter(workflow=schedule.workflow, idempotency_key=key).first()
        text = local(schedule.last_slot, schedule.zone)
        return link(process, text) if process else text

    @display(description=gettext_lazy("en pausa"), boolean=True, ordering="paused")
    def paused_shown(self, schedule: Schedule) -> bool:
        return schedule.paused

    @display(description=gettext_lazy("por qué está en pausa"))
    def told_shown(self, schedule: Schedule) -> str:
        return schedule.told or "—"

    @display(description=gettext_lazy("datos"))
    def payload_shown(self, schedule: Schedule) -> Any:
        return mono(pretty_json(schedule.payload))

    def save_model(self, request: HttpRequest, obj: Schedule, form: Any, change: bool) -> None:
        """Write only what was asked: the tick may be moving the schedule on."""
        row = schedules.change(
            obj, expression=obj.cron, zone=obj.zone, catch_up=obj.catch_up, paused=obj.paused, now=clock.now()
        )
        if not row.paused:
            self.message_user(request, _("Próximas veces: %(runs)s.") % {"runs": ", ".join(runs(row))})

    @action(description=gettext_lazy("Ejecutar ahora"), permissions=["change"], url_path="run")
    def run_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then trigger the workflow for this moment; who and why stay in the process's history."""
        schedule = self.get_object(request, unquote(object_id))
        if schedule is None:
            missing: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return missing
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            actor, reason = request.user.get_username(), form.cleaned_data["reason"]
            try:
                handle = schedules.run_now(schedule, now=clock.now(), actor=actor, reason=reason)
            except (WorkflowError, EncodingError) as error:
                self.message_user(request, str(error), messages.ERROR)
                return HttpResponseRedirect(change_url(schedule))
            self.message_user(request, _("El proceso está en la cola."))
            return HttpResponseRedirect(change_url(Process.objects.get(pk=handle.id)))
        return TemplateResponse(request, "admin/workflows/confirm.html", {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": schedule,
            "title": _("Ejecutar ahora"),
            "says": _("Se crea un proceso como si fuera la hora, además de los que toquen."),
            "form": form,
            "button": _("Ejecutar ahora"),
            "button_variant": "primary",
            "back": change_url(schedule),
        })  # fmt: skip


def runs(schedule: Schedule) -> list[str]:
    """Return the next runs as a person reads them."""
    return [
        local(slot, schedule.zone)
        for slot in cron.upcoming(clock.now(), schedule.cron, schedule.zone, SHOWN_RUNS)
    ]  # fmt: skip


def local(instant: datetime, zone: str) -> str:
    """Return an instant in the hours of the schedule, which need not be the house's."""
    return date_format(localtime(instant, ZoneInfo(zone)), "d/m/Y H:i")


_EVERY = re.compile(r"(\*|\d+-59)/(?P<n>\d+)")
"""Every few minutes, from the first one or from another."""


def in_words(expression: str) -> str:
    """Return the common kinds of cron expression in words, and the others as they are."""
    minute, hour, day, month, weekday = expression.upper().split()
    if minute.isdigit() and hour.isdigit() and month == "*":
        time = f"{int(hour):02}:{int(minute):02}"
        match day, weekday:
            case "*", "*":
                return _("cada día a las %(time)s") % {"time": time}
            case "*", "MON-FRI" | "1-5":
                return _("de lunes a viernes a las %(time)s") % {"time": time}
            case "L", "*":
                return _("el último día de cada mes a las %(time)s") % {"time": time}
            case _, "*" if day.isdigit():
                return _("el día %(day)s de cada mes a las %(time)s") % {"day": day, "time": time}
    if (hour, day, month, weekday) == ("*", "*", "*", "*"):
        if minute.isdigit():
            return _("cada hora, en el minuto %(minute)s") % {"minute": minute}
        if every := _EVERY.fullmatch(minute):
            return _("cada %(n)s minutos") % {"n": every["n"]}
    return expression
