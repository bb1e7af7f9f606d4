"""Lanes: how many processes of a kind run at once."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from common import clock
from common.admin import HouseAdmin
from workflows.alerts import Kind, alert
from workflows.models import Lane
from workflows.rows import after_commit_once, pump_after_commit, pump_resource


@admin.register(Lane)
class LaneAdmin(HouseAdmin):
    list_display = ("name", "limit_shown", "active_shown", "paused_shown")
    list_filter = ("paused",)
    search_fields = ("key",)
    fields = ("name", "limit", "rate", "rate_seconds", "paused", "active_shown")
    readonly_fields = ("name", "active_shown")
    list_before_template = "admin/workflows/lanes.html"
    words: ClassVar[dict[str, dict[str, Any]]] = {
        "labels": {
            "limit": _("límite"),
            "rate": _("ritmo"),
            "rate_seconds": _("periodo (s)"),
            "paused": _("en pausa"),
        },
        "help_texts": {
            "limit": _("Cuántos procesos de este carril corren a la vez."),
            "rate": _("Cuántos pueden empezar en cada periodo; vacío, sin ritmo."),
            "rate_seconds": _("Segundos del periodo en que se reparte el ritmo."),
            "paused": _("En pausa no empieza ninguno más; los que corren terminan."),
        },
    }

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A lane is made by the first process that it admits."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **self.words, **kwargs)

    @display(description=_("carril"), ordering="key")
    def name(self, lane: Lane) -> str:
        return lane.key

    @display(description=_("límite"), ordering="limit")
    def limit_shown(self, lane: Lane) -> int:
        return lane.limit

    @display(description=_("ocupados"), ordering="active")
    def active_shown(self, lane: Lane) -> int:
        return lane.active

    @display(description=_("en pausa"), boolean=True, ordering="paused")
    def paused_shown(self, lane: Lane) -> bool:
        return lane.paused

    def save_model(self, request: HttpRequest, obj: Lane, form: Any, change: bool) -> None:
        """Write only what was asked: `active` is counted by the engine, which may be counting now."""
        with transaction.atomic():
            Lane.objects.filter(pk=obj.pk).update(
                limit=obj.limit, paused=obj.paused, rate=obj.rate, rate_seconds=obj.rate_seconds
            )
            if obj.paused and "paused" in form.changed_data:
                by = request.user.get_username()
                alert(Kind.LANE_PAUSED, obj.pk, f"paused by {by}: nothing more starts in it", "", clock.now())
            pump_after_commit(obj.pk)
            after_commit_once(pump_resource, obj.pk)
