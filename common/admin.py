"""What the admin pages of all apps share: whose rows a person sees, what nobody may edit, and how a page reads.

ScopedAdmin    rows of the companies that the person works for; superusers see all
ReadingAdmin   a ledger: no form at all, a page of its own instead
HouseAdmin     what belongs to no company: superusers only
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.contrib import admin
from django.contrib.admin.utils import quote, unquote
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

MOST_TENANTS_IN_A_FILTER = 50


class Label(NamedTuple):
    """A state in plain words, and the colour by which unfold shows it: success, warning, danger, info or empty."""

    text: Any
    colour: str = ""


class Fact(NamedTuple):
    """One line of a page: what it is, and its value (escaped by the template unless it is a SafeString)."""

    name: Any
    value: Any


# --- whose rows ------------------------------------------------------------------------------------------------

_scope: Callable[[Any], Mapping[str, str]] | None = None
_name: Callable[[str], str] = str


def scope_by(tenants_of: Callable[[Any], Mapping[str, str]], name_of: Callable[[str], str] = str) -> None:
    """Register how a user's tenants are found, key -> name, and the name of one that is not among them because they
    are too many for a filter. Until then only superusers see anything.
    """
    global _scope, _name
    _scope, _name = tenants_of, name_of


def tenants(request: HttpRequest) -> Mapping[str, str]:
    """Return the tenants that the signed-in person works for, key -> name; asked once per request."""
    found: Mapping[str, str] | None = getattr(request, "_tenants", None)
    if found is None:
        found = _scope(request.user) if _scope else {}
        request._tenants = found  # type: ignore[attr-defined]
    return found


def scoped(request: HttpRequest, rows: models.QuerySet[Any], path: str) -> models.QuerySet[Any]:
    """Return those of `rows` whose tenant (looked up by `path`) is one of the person's; all for a superuser."""
    if getattr(request.user, "is_superuser", False):
        return rows
    return rows.filter(**{f"{path}__in": list(tenants(request))})


def tenant_column(request: HttpRequest) -> Callable[[Any], str]:
    """Return the column of a list that says whose each row is."""
    names = dict(tenants(request))

    @admin.display(description=_("empresa"))
    def whose(row: Any) -> str:
        key = str(row.tenant_key or "")
        if key and key not in names:
            names[key] = _name(key)
        return names.get(key, "—")

    return whose


class TenantFilter(admin.SimpleListFilter):
    """One company of those that the person sees: Django's own filter would name the others too."""

    title = _("empresa")
    parameter_name = "empresa"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(tenants(request).items())

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        path = getattr(self, "tenant_path", None)
        if self.value() in tenants(request) and path:
            return queryset.filter(**{path: self.value()})
        return queryset


class ScopedAdmin(ModelAdmin):
    """Rows of a tenant. `tenant_path` is the lookup from the row to the tenant's key."""

    tenant_path = "company"
    tells_tenant = True
    """Whether people of several companies need to be told whose a row of the list is."""
    show_full_result_count = False
    when_empty: Any = ""
    """How the first row of the list comes about, told while there is none."""
    list_per_page = 50
    list_filter_sheet = False
    compressed_fields = True

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows = scoped(request, super().get_queryset(request), self.tenant_path)
        return rows.annotate(tenant_key=models.F(self.tenant_path)) if self._of_several(request) else rows

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns: list[Any] = list(super().get_list_display(request))
        return [*columns, tenant_column(request)] if self._of_several(request) else columns

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Choose the company where there is only one to choose."""
        names = list(tenants(request))
        only = {"company": names[0]} if self.tenant_path == "company" and len(names) == 1 else {}
        return {**only, **super().get_changeform_initial_data(request)}

    def _of_several(self, request: HttpRequest) -> bool:
        """Tell whether the list needs a column of the company: nothing else in it says so."""
        return self.tells_tenant and "company" not in self.list_display and len(tenants(request)) > 1

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        filters = list(super().get_list_filter(request))
        if 1 < len(tenants(request)) <= MOST_TENANTS_IN_A_FILTER:
            filters.append(type("TenantFilter", (TenantFilter,), {"tenant_path": self.tenant_path}))
        return filters

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Have a list say in our words which of its items is wrong; Django says it in English."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, SimpleArrayField):
            field.error_messages["item_invalid"] = _("El %(nth)s.º no vale:")
        return field

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer, and accept, only related rows that the person sees."""
        related = self.admin_site._registry.get(db_field.related_model)
        if isinstance(related, ScopedAdmin) and "queryset" not in kwargs:
            kwargs["queryset"] = related.get_queryset(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class HouseAdmin(ModelAdmin):
    """Rows that belong to no tenant: superusers only."""

    show_full_result_count = False
    when_empty: Any = ""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and getattr(request.user, "is_superuser", False))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)


# --- what nobody edits -----------------------------------------------------------------------------------------


class ReadingAdmin(ScopedAdmin):
    """Rows that are read and never edited here. `page_template` shows one; `page` gives what it needs."""

    page_template = "admin/parts/page.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def page(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Return the context of the row's page."""
        raise NotImplementedError

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return self.not_there(request, object_id)
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        return self.answer(request, obj, self.page_template, self.page(request, obj))

    def not_there(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer for a row that does not exist, or not for this person: back to the front page, with a word."""
        response: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return response

    def answer(
        self, request: HttpRequest, obj: Any, template: str, context: dict[str, Any], status: int = 200
    ) -> TemplateResponse:
        """Return a page about `obj` in the admin's frame."""
        request.current_app = self.admin_site.name
        frame = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": obj,
            "title": str(obj),
            "media": self.media,
        }
        return TemplateResponse(request, template, {**frame, **context}, status=status)


# --- how it reads ----------------------------------------------------------------------------------------------


def state_filter(labels: Mapping[str, Label]) -> type:
    """Return a list filter by `state` that shows the states in plain words."""

    class StateFilter(admin.SimpleListFilter):
        title = _("estado")
        parameter_name = "state"

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
            return [(state, label.text) for state, label in labels.items()]

        def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
            return queryset.filter(state=self.value()) if self.value() in labels else queryset

    return StateFilter


def colours(labels: Mapping[str, Label]) -> dict[str, str]:
    """Return state -> colour, as unfold's `display(label=...)` takes it."""
    return {state: label.colour for state, label in labels.items()}


def shown(labels: Mapping[str, Label], state: str) -> tuple[str, Any]:
    """Return (state, words), as a column with `display(label=colours(...))` returns it."""
    return state, labels[state].text if state in labels else state


def change_url(row: Any) -> str:
    """Return the address of the row's own page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[quote(row.pk)])


def list_url(model: type[models.Model], **filters: Any) -> str:
    """Return the address of the model's list, filtered."""
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{address}?{query}" if query else address


def anchor(address: str, text: Any) -> SafeString:
    """Return a link with its text escaped."""
    return format_html('<a href="{}" class="text-link">{}</a>', address, text)


def link(row: Any, text: Any = None) -> SafeString | str:
    """Return a link to the row's page, or a dash where there is no row."""
    return anchor(change_url(row), row if text is None else text) if row else "—"


def mono(text: Any) -> SafeString:
    """Return a hash or an identifier, to be copied rather than read."""
    return format_html('<span class="enc-mono">{}</span>', text or "—")


def moment(instant: datetime | None) -> str:
    """Return an instant as a person reads it, in the house's time zone, to the second."""
    return date_format(localtime(instant), "d/m/Y H:i:s") if instant else "—"


def lasted(milliseconds: float) -> str:
    """Return a duration as a person reads it."""
    seconds = milliseconds / 1000
    if seconds < 1:
        return f"{milliseconds:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s".replace(".", ",")
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def pretty_json(text: str | bytes | memoryview) -> str:
    """Return JSON with indentation and every number as it came, or the text as it is when it is no JSON."""
    raw = text if isinstance(text, str) else bytes(text).decode("utf-8", "replace")
    try:
        return msgspec.json.format(raw, indent=2)
    except msgspec.DecodeError:
        return raw


def download(data: bytes, name: str, kind: str = "application/octet-stream") -> HttpResponse:
    """Return bytes that a browser saves and never executes."""
    return HttpResponse(
        data,
        content_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="{safe_name(name)}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )


def safe_name(name: str) -> str:
    """Return a file name without anything that a header or a file system could read otherwise."""
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_" for letter in name)


def table(headers: Iterable[Any], rows: Iterable[Iterable[Any]]) -> dict[str, Any]:
    """Return a table as unfold's component takes it; cells are escaped unless they are SafeStrings."""
    return {"headers": list(headers), "rows": [list(row) for row in rows]}
