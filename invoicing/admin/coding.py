"""The fields by which a person corrects the coding of a record: shared by the page that asks and by the holds."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from invoicing.coding import Coding, LineCoding
from verifactu import codes

AS_IT_IS = ("", gettext_lazy("Como está"))
QUALIFICATIONS = [(each.value, f"{each.value} · {each.nombre}") for each in codes.CalificacionOperacion]
EXEMPTIONS = [(each.value, f"{each.value} · {each.nombre}") for each in codes.OperacionExenta]
REGIMES = [(each.value, f"{each.value} · {each.nombre}") for each in codes.ClaveRegimenIVA]
IDENTIFICATIONS = [
    ("nif", "NIF"),
    *((each.value, f"{each.value} · {each.nombre}") for each in codes.IDType),
]
_REGIMES: dict[str, type[codes.ClaveRegimenIVA | codes.ClaveRegimenIGIC | codes.ClaveRegimenIPSI]] = {
    codes.Impuesto.IVA: codes.ClaveRegimenIVA,
    codes.Impuesto.IGIC: codes.ClaveRegimenIGIC,
    codes.Impuesto.IPSI: codes.ClaveRegimenIPSI,
}
FIELDS = ("clave_regimen", "classification", "line", "description", "id_type", "country")


def regime(impuesto: str, code: str) -> str:
    """Return a ClaveRegimen with the AEAT's words for it, which are others for each tax."""
    known = {each.value: each.nombre for each in _REGIMES.get(impuesto, ())}
    return f"{code} · {known[code]}" if code in known else code


def classification(code: str) -> str:
    """Return a qualification or a cause of exemption with the AEAT's words for it."""
    return dict([*QUALIFICATIONS, *EXEMPTIONS]).get(code, code)


class CodingFields(forms.Form):
    """What may be corrected without another invoice; what is left empty stays as it is."""

    clave_regimen = forms.ChoiceField(
        label="ClaveRegimen", required=False, choices=[AS_IT_IS, *REGIMES], widget=UnfoldAdminSelectWidget()
    )
    classification = forms.ChoiceField(
        label=gettext_lazy("Calificación o causa de exención"), required=False,
        choices=[AS_IT_IS, *QUALIFICATIONS, *EXEMPTIONS], widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy("Solo si no cambia los importes: un impuesto cobrado de más o de menos se rectifica."),
    )  # fmt: skip
    line = forms.IntegerField(
        label=gettext_lazy("Línea del desglose"), required=False, min_value=1, max_value=12,
        widget=UnfoldAdminIntegerFieldWidget(), help_text=gettext_lazy("Vacía: todas las líneas."),
    )  # fmt: skip
    description = forms.CharField(
        label="DescripcionOperacion", required=False, max_length=500, widget=UnfoldAdminTextInputWidget()
    )
    id_type = forms.ChoiceField(
        label=gettext_lazy("Cómo se identifica al destinatario"), required=False,
        choices=[AS_IT_IS, *IDENTIFICATIONS], widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy("El número es el de la factura. Si es otro, haga una rectificativa."),
    )  # fmt: skip
    country = forms.CharField(
        label="CodigoPais", required=False, max_length=2, widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Dos letras, con los tipos 03 a 06."),
    )  # fmt: skip

    def clean_country(self) -> str:
        """Return the country in capitals."""
        return str(self.cleaned_data["country"]).strip().upper()

    def clean(self) -> dict[str, Any] | None:
        """Refuse a line for which nothing is said, and a country of no identification."""
        cleaned = super().clean() or {}
        if cleaned.get("line") and not (cleaned.get("clave_regimen") or cleaned.get("classification")):
            self.add_error("line", _("Diga qué cambia en esa línea."))
        if cleaned.get("country") and not cleaned.get("id_type"):
            self.add_error("country", _("Diga también cómo se identifica al destinatario."))
        return cleaned

    def coding(self) -> Coding:
        """Return the coding that the fields ask for."""
        given = self.cleaned_data
        kind = given.get("classification", "")
        exempt = kind in dict(EXEMPTIONS)
        line = LineCoding(
            position=given.get("line") or 0,
            clave_regimen=given.get("clave_regimen", ""),
            calificacion="" if exempt else kind,
            exencion=kind if exempt else "",
        )
        return Coding(
            description=given.get("description", "").strip(),
            lines=(line,) if line.clave_regimen or kind else (),
            id_type=given.get("id_type", ""),
            country=given.get("country", ""),
        )
