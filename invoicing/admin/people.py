"""Staff: who may sign in, and for which companies. Superusers only, or a person could widen the own access."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from common.admin import HouseAdmin
from invoicing.models import Membership

admin.site.unregister(User)
admin.site.unregister(Group)


class CompaniesInline(TabularInline):
    """The companies that a person works for."""

    model = Membership
    extra = 0
    autocomplete_fields = ("company",)
    verbose_name = _("empresa a la que tiene acceso")
    verbose_name_plural = _("empresas a las que tiene acceso")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_foreignkey(db_field, request, label=_("empresa"), **kwargs)


MEANINGFUL = {
    "view": ("order", "invoice", "export", "delivery", "company", "connection", "apikey", "series", "taxpayer",
             "installation", "record", "submission", "answer", "process", "discrepancy", "lockevent", "gap", "draft",
             "mailtemplate", "privacyrequest"),
    "add": ("connection", "apikey", "series", "export", "draft", "mailtemplate", "privacyrequest"),
    "delete": ("draft",),
    "issue": ("draft",),
    "change": ("company", "connection", "apikey", "taxpayer", "process", "installation", "record", "discrepancy",
               "draft", "mailtemplate", "privacyrequest"),
    "amend": ("invoice",),
    "annul": ("invoice",),
    "mail": ("invoice",),
}  # fmt: skip
"""The permissions that open something here. To change an API key is to revoke it, a process to press its buttons."""

WORDS = {
    "view": _("ver"), "add": _("crear"), "change": _("cambiar"), "amend": _("subsanar"), "annul": _("anular"),
    "delete": _("borrar"), "issue": _("expedir"),
    "mail": _("enviar por correo"),
}  # fmt: skip
ACTS = {
    "change_process": _("reanudar, resolver y cancelar"),
    "change_apikey": _("revocar"),
    "change_installation": _("reanudar el envío"),
    "change_record": _("enviar de nuevo lo apartado"),
    "change_privacyrequest": _("descargar lo que se guarda y darlo por entregado"),
    "change_discrepancy": _("aprobar reparaciones y descartar"),
}


class PermissionField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Permissions in words."""

    def label_from_instance(self, obj: Any) -> str:
        action = obj.codename.partition("_")[0]
        kind = obj.content_type.model_class()
        name = kind._meta.verbose_name_plural if kind else obj.content_type.model
        return f"{str(name).capitalize()}: {ACTS.get(obj.codename, WORDS.get(action, action))}"


def meaningful() -> Any:
    """Return those permissions, with their content types."""
    names = [f"{action}_{model}" for action, models in MEANINGFUL.items() for model in models]
    ours = Permission.objects.filter(content_type__app_label__in=("invoicing", "verifactu", "workflows"))
    return ours.filter(codename__in=names).select_related("content_type").order_by("content_type__model", "codename")


@admin.register(User)
class UserAdmin(HouseAdmin, DjangoUserAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = (CompaniesInline,)
    list_display = ("username", "first_name", "last_name", "is_staff", "is_superuser", "is_active", "last_login")

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, **kwargs, **_in_words(db_field))


@admin.register(Group)
class GroupAdmin(HouseAdmin, DjangoGroupAdmin):
    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, **kwargs, **_in_words(db_field))


def _in_words(db_field: Any) -> dict[str, Any]:
    if db_field.related_model is not Permission:
        return {}
    return {"form_class": PermissionField, "queryset": meaningful()}
