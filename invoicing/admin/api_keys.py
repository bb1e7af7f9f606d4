"""API keys: made, shown once, revoked; they never change."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from common import clock
from common.admin import ScopedAdmin
from invoicing.admin.once import show_once
from invoicing.api.keys import SCOPES, issue_key
from invoicing.models import ApiKey


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """A key to make: where it belongs and what it may."""

    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Permisos"), widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=gettext_lazy("Enviar pedidos pide una conexión de la plataforma «API»."),
    )  # fmt: skip

    class Meta:
        model = ApiKey
        fields = ("connection", "name")
        widgets = {"name": UnfoldAdminTextInputWidget()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [(scope, str(said)) for scope, said in SCOPES.items()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any] | None:
        """Refuse what `issue_key` refuses, beside the field."""
        cleaned = super().clean() or {}
        connection = cleaned.get("connection")
        if connection and "orders:write" in cleaned.get("scopes", ()) and connection.platform != "api":
            self.add_error("scopes", _("Enviar pedidos pide una conexión de la plataforma «API»."))
        return cleaned


@admin.register(ApiKey)
class ApiKeyAdmin(ScopedAdmin):
    list_display = ("name", "prefix", "company", "connection", "state_label", "created_at", "last_used_at")
    list_select_related = ("company__taxpayer", "connection")
    search_fields = ("name", "prefix")
    actions = ("revoke",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A key is made or revoked; it does not change."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may revoke keys: the permission to change them."""
        return bool(request.user.has_perm("invoicing.change_apikey"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("connection", "name", "scopes")
        return ("name", "prefix", "company", "connection", "scopes", "created_at", "last_used_at", "revoked_at")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = ApiKeyForm
        return super().get_form(request, obj, change, **kwargs)

    @display(description=gettext_lazy("estado"), label={"active": "success", "revoked": "danger"})
    def state_label(self, key: ApiKey) -> tuple[str, Any]:
        return ("revoked", _("revocada")) if key.revoked_at else ("active", _("en uso"))

    @admin.action(description=gettext_lazy("Revocar las seleccionadas"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: Any) -> None:
        """Revoke keys for good; who uses one is refused from the next request on."""
        count = queryset.filter(revoked_at=None).update(revoked_at=clock.now())
        self.message_user(request, _("%(n)s claves revocadas.") % {"n": count})

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        connection = form.cleaned_data["connection"]
        key, plain = issue_key(
            company=connection.company, connection=connection, name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
        )  # fmt: skip
        obj.pk, obj.company, obj.prefix, obj.scopes = key.pk, key.company, key.prefix, key.scopes
        obj._state.adding = False
        request._shown_once = plain  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: Any = None) -> HttpResponse:
        return show_once(
            self, request, obj, request._shown_once,  # type: ignore[attr-defined]
            _("Clave %(name)s") % {"name": obj},
            _("Cópiela ahora: solo se guarda su huella y no se vuelve a mostrar. Se envía en la cabecera "
              "«Authorization: Bearer …»."),
        )  # fmt: skip
