"""Series: opened by themselves on first use; here a company that moves says where its numbers go on."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from common.admin import ScopedAdmin, colours, shown
from invoicing.admin.labels import ENVIRONMENTS
from invoicing.models import Series

CODE = re.compile(r"[A-Z]{1,10}")
"""Capitals only: a code that ended in a digit could write another series' number."""


class SeriesForm(forms.ModelForm):  # type: ignore[type-arg]
    """A series that begins where the numbers of another system end."""

    class Meta:
        model = Series
        fields = ("company", "kind", "code", "year", "first_number")
        help_texts = {
            "code": gettext_lazy("Solo mayúsculas; el número queda, por ejemplo, F2027-000124."),
            "first_number": gettext_lazy("El que sigue al último que expidió su sistema anterior."),
        }

    def clean_code(self) -> str:
        """Return the code, of the form that keeps series and environments apart."""
        code = str(self.cleaned_data["code"]).upper()
        real = settings.AEAT_ENVIRONMENT == "production"
        if not CODE.fullmatch(code):
            raise forms.ValidationError(_("De una a diez letras mayúsculas, sin tildes."))
        if real == code.startswith("P"):
            raise forms.ValidationError(
                _("Las series que empiezan por P son las de pruebas: elija otra.") if real
                else _("Fuera de producción, la serie empieza por P.")
            )  # fmt: skip
        return code


@admin.register(Series)
class SeriesAdmin(ScopedAdmin):
    form = SeriesForm
    list_display = ("__str__", "kind", "company", "environment_label", "first_number", "next_number", "last_date")
    list_select_related = ("company__taxpayer",)
    list_filter = ("kind",)
    search_fields = ("code",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A series is opened and then only counted; the numbers of one that was used are the AEAT's business too."""
        return False

    @display(description=gettext_lazy("entorno"), label=colours(ENVIRONMENTS))
    def environment_label(self, series: Series) -> tuple[str, Any]:
        return shown(ENVIRONMENTS, series.environment)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None:
            kwargs["form"] = forms.ModelForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("company", "kind", "code", "year", "first_number")
        return ("company", "environment", "kind", "code", "year", "first_number", "next_number", "last_date")

    def save_model(self, request: HttpRequest, obj: Series, form: Any, change: bool) -> None:
        obj.environment = settings.AEAT_ENVIRONMENT
        obj.next_number = obj.first_number
        obj.save(force_insert=True)
