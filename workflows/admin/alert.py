"""Alerts and breakers, to read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from common.admin import Fact, HouseAdmin, Label, ReadingAdmin, colours, link, moment, shown, state_filter
from workflows import alerts
from workflows.admin.words import ALERTS, BREAKERS
from workflows.models import Alert, Breaker, Process


class KindFilter(admin.SimpleListFilter):
    """The kinds in words."""

    title = gettext_lazy("tipo")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(alerts.KINDS.items())

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(kind=self.value()) if self.value() in alerts.KINDS else queryset


class _Colours(dict[str, str]):
    """The colour of each kind of alert: a warning, where an app says nothing else."""

    def __missing__(self, kind: str) -> str:
        return ALERTS[kind].colour if kind in ALERTS else "warning"


@admin.register(Alert)
class AlertAdmin(ReadingAdmin):
    tenant_path = "tenant"
    list_display = ("kind_label", "subject_shown", "text_shown", "at_shown")
    list_display_links = ("subject_shown",)
    list_filter = (KindFilter,)
    search_fields = ("subject",)

    @display(description=gettext_lazy("tipo"), label=_Colours(colours(ALERTS)))
    def kind_label(self, alert: Alert) -> tuple[str, Any]:
        return alert.kind, alerts.KINDS.get(alert.kind, alert.kind)

    @display(description=gettext_lazy("de qué"))
    def subject_shown(self, alert: Alert) -> str:
        return alert.subject

    @display(description=gettext_lazy("qué ha pasado"))
    def text_shown(self, alert: Alert) -> str:
        return alert.text if len(alert.text) <= 160 else f"{alert.text[:160]}…"

    @display(description=gettext_lazy("cuándo"), ordering="id")
    def at_shown(self, alert: Alert) -> str:
        return moment(alert.at)

    def page(self, request: HttpRequest, obj: Alert) -> dict[str, Any]:
        process = Process.objects.filter(pk=obj.process).first() if obj.process else None
        return {
            "heading": obj.subject,
            "state": ALERTS.get(obj.kind) or Label(alerts.KINDS.get(obj.kind, obj.kind), "warning"),
            "facts": [
                Fact(_("Cuándo"), moment(obj.at)),
                Fact(_("Qué ha pasado"), obj.text),
                Fact(_("Proceso"), link(process)),
            ],
        }


@admin.register(Breaker)
class BreakerAdmin(HouseAdmin):
    list_display = ("key_shown", "state_label", "failures_shown", "until_shown", "error_shown")
    list_filter = (state_filter(BREAKERS),)
    search_fields = ("key",)
    fields = ("key_shown", "state_label", "failures_shown", "until_shown", "changed_shown", "error_shown")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=gettext_lazy("recurso"), ordering="key")
    def key_shown(self, breaker: Breaker) -> str:
        return breaker.key

    @display(description=gettext_lazy("estado"), label=colours(BREAKERS), ordering="state")
    def state_label(self, breaker: Breaker) -> tuple[str, Any]:
        return shown(BREAKERS, breaker.state)

    @display(description=gettext_lazy("fallos seguidos"), ordering="failures")
    def failures_shown(self, breaker: Breaker) -> int:
        return breaker.failures

    @display(description=gettext_lazy("hasta"), ordering="opened_until")
    def until_shown(self, breaker: Breaker) -> str:
        return moment(breaker.opened_until)

    @display(description=gettext_lazy("desde"), ordering="changed_at")
    def changed_shown(self, breaker: Breaker) -> str:
        return moment(breaker.changed_at)

    @display(description=gettext_lazy("último error"))
    def error_shown(self, breaker: Breaker) -> str:
        return breaker.last_error or "—"
