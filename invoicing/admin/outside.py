"""What others said: VIES of VAT numbers, the census of NIFs, the ECB of exchange rates. To read only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from common.admin import Fact, HouseAdmin, Label, ReadingAdmin, colours, moment, mono, shown
from invoicing.models import CensusCheck, ExchangeRate, VatCheck

OUTCOMES = {
    "valid": Label(gettext_lazy("válido"), "success"),
    "invalid": Label(gettext_lazy("no válido"), "danger"),
    "unavailable": Label(gettext_lazy("sin respuesta"), "warning"),
}

IN_CENSUS = {
    "identified": Label(gettext_lazy("identificado"), "success"),
    "similar": Label(gettext_lazy("no identificado, parecido"), "danger"),
    "not_identified": Label(gettext_lazy("no identificado"), "danger"),
    "deregistered": Label(gettext_lazy("identificado, de baja"), "warning"),
    "revoked": Label(gettext_lazy("identificado, NIF revocado"), "warning"),
    "unavailable": Label(gettext_lazy("sin respuesta"), "warning"),
}


class CheckAdmin(ReadingAdmin):
    """The answer of an authority about a number: what it came to, and what it said word for word."""

    labels: dict[str, Label]
    about: tuple[tuple[Any, str], ...]
    """What only this authority is told or tells: its name and where it stands."""
    list_select_related = ("company__taxpayer",)
    list_filter = ("outcome",)
    date_hierarchy = "at"

    @display(description=gettext_lazy("respuesta"), label=colours({**OUTCOMES, **IN_CENSUS}), ordering="outcome")
    def outcome_label(self, check: VatCheck | CensusCheck) -> tuple[str, Any]:
        return shown(self.labels, check.outcome)

    def page(self, request: HttpRequest, obj: VatCheck | CensusCheck) -> dict[str, Any]:
        return {
            "heading": getattr(obj, self.list_display[0]),
            "state": self.labels[obj.outcome],
            "facts": [
                *(Fact(name, getattr(obj, attribute) or "—") for name, attribute in self.about),
                Fact(_("Comprobado"), moment(obj.at)),
                Fact(_("En nombre de"), mono(obj.requester)),
                Fact(_("Detalle"), obj.detail or "—"),
                Fact(_("Respuesta literal"), format_html("<code>{}</code>", obj.raw) if obj.raw else "—"),
            ],
        }


@admin.register(VatCheck)
class VatCheckAdmin(CheckAdmin):
    labels = OUTCOMES
    when_empty = gettext_lazy(
        "Aquí queda cada respuesta de VIES, desde el primer comprador con NIF-IVA de otro Estado miembro."
    )
    list_display = ("number", "outcome_label", "company", "at", "request_identifier")
    search_fields = ("number", "request_identifier")
    about = ((gettext_lazy("Número de consulta"), "request_identifier"),)


@admin.register(CensusCheck)
class CensusCheckAdmin(CheckAdmin):
    labels = IN_CENSUS
    when_empty = gettext_lazy(
        "Aquí queda cada respuesta del censo de la AEAT, desde que una empresa pide comprobar NIF y nombre."
    )
    list_display = ("nif", "name", "outcome_label", "company", "at")
    search_fields = ("nif", "name")
    about = ((gettext_lazy("Nombre"), "name"), (gettext_lazy("Nombre en la respuesta"), "census_name"))


@admin.register(ExchangeRate)
class ExchangeRateAdmin(HouseAdmin):
    when_empty = gettext_lazy(
        "Los publica el BCE: se cargan cada día si está puesta ECB_RATES_URL, o con la orden load_exchange_rates."
    )
    list_display = ("currency", "day", "rate", "source", "loaded_at")
    list_filter = ("currency",)
    date_hierarchy = "day"
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rates are loaded from what the ECB publishes."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
