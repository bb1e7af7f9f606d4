"""Lanes: how many processes of a kind run at once."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from common.admin import HouseAdmin
from workflows.models import Lane
from workflows.rows import pump_after_commit


@admin.register(Lane)
class LaneAdmin(HouseAdmin):
    list_display = ("key", "limit", "active", "paused")
    list_filter = ("paused",)
    search_fields = ("key",)
    fields = ("key", "limit", "paused", "active")
    readonly_fields = ("key", "active")
    list_before_template = "admin/workflows/lanes.html"
    help_texts: ClassVar[dict[str, Any]] = {
        "limit": _("Cuántos procesos de este carril corren a la vez."),
        "paused": _("En pausa no empieza ninguno más; los que corren terminan."),
    }

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, help_texts=self.help_texts, **kwargs)

    def save_model(self, request: HttpRequest, obj: Lane, form: Any, change: bool) -> None:
        """Write only what was asked: `active` is counted by the engine, which may be counting now."""
        with transaction.atomic():
            Lane.objects.filter(pk=obj.pk).update(limit=obj.limit, paused=obj.paused)
            pump_after_commit(obj.pk)
