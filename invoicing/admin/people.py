"""Staff: who may sign in, and for which companies. Superusers only, or a person could widen the own access."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
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


@admin.register(User)
class UserAdmin(HouseAdmin, DjangoUserAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = (CompaniesInline,)
    list_display = ("username", "first_name", "last_name", "is_staff", "is_superuser", "is_active", "last_login")

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()


@admin.register(Group)
class GroupAdmin(HouseAdmin, DjangoGroupAdmin):
    pass
