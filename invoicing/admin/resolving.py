"""The desk of `invoice-order` and `complete-invoice`: holds in words, and the form that answers them."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from django import forms
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)  # fmt: skip

from invoicing.acknowledging import ABOUT_A_RECORD
from invoicing.admin.coding import FIELDS, CodingFields
from invoicing.admin.connections import in_words
from invoicing.holds import CATALOGUE, WITH_REASON, Action, Hold, Resolution, ResolutionRefused, accept, choices
from invoicing.values import Address
from workflows.admin.desks import Question

ACTIONS = {
    Action.GIVE_NIF: gettext_lazy("Dar el NIF del comprador (y su nombre y dirección, si faltan)"),
    Action.ISSUE_SIMPLIFIED: gettext_lazy("Expedir una factura simplificada, sin NIF"),
    Action.ISSUE_ANYWAY: gettext_lazy("Expedir de todos modos"),
    Action.DECIDE_AGAIN: gettext_lazy("Volver a decidir: la causa ya está corregida"),
    Action.IGNORE: gettext_lazy("No facturar este pedido"),
    Action.CORRECTED_BY_HAND: gettext_lazy("Ya está corregido a mano, fuera de aquí"),
    Action.RESEND_CORRECTED: gettext_lazy("Registrar la factura de nuevo, con la codificación que diga abajo"),
    Action.ANNUL: gettext_lazy("Anular la factura: no hubo operación ni cobro"),
    Action.CHOOSE_REGIME: gettext_lazy("Decir qué es lo que no lleva impuesto"),
    Action.ACCEPT_VAT_NUMBER: gettext_lazy("Dar por bueno el NIF-IVA sin VIES, con otra prueba"),
}
LEFT = gettext_lazy("Dejarla como está")
"""What `ignore` means once the invoice is issued."""

KNOWN = {
    "total": gettext_lazy("Total"),
    "limit": gettext_lazy("Límite"),
    "tax_id": gettext_lazy("NIF que dio"),
    "fields": gettext_lazy("Falta"),
    "invoice": gettext_lazy("Factura"),
    "changes": gettext_lazy("Cambios"),
    "number": gettext_lazy("Número del otro sistema"),
    "line": gettext_lazy("Línea"),
    "rate": gettext_lazy("Tipo (%)"),
    "currency": gettext_lazy("Moneda"),
    "country": gettext_lazy("País"),
    "at": gettext_lazy("Comprobado"),
    "detail": gettext_lazy("Lo que contestó"),
    "refused": gettext_lazy("La respuesta anterior no valió"),
    "code": gettext_lazy("Código de la AEAT"),
    "text": gettext_lazy("Lo que dice la AEAT"),
}
"""Facts of a hold worth a line of their own."""


def hold_of(hold: Mapping[str, Any]) -> Hold:
    """Return the Hold that a process is held with."""
    return msgspec.convert(hold["data"], Hold)


def ask(hold: Mapping[str, Any]) -> Question:
    """Return a hold in words."""
    if hold.get("code") not in CATALOGUE:
        return Question(title=hold.get("code", ""))
    held = hold_of(hold)
    english = (get_language() or "es").startswith("en")
    sentence = held.sentence("en" if english else "es")
    return Question(
        title=sentence,
        text=sentence,
        known=tuple((name, held.data[key]) for key, name in KNOWN.items() if held.data.get(key)),
        advice=_("Falta: %(missing)s") % {"missing": held.missing},
    )


class ResolutionForm(CodingFields):
    """What a person decides about a held order: only what its hold allows, and what that needs."""

    action = forms.ChoiceField(
        label=gettext_lazy("Qué hacer"),
        widget=UnfoldAdminRadioSelectWidget(radio_style=2, attrs={"x-model": "action"}),
    )
    nif = forms.CharField(
        label="NIF", required=False, max_length=20, widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Del comprador: DNI, NIE o NIF de la entidad."),
    )  # fmt: skip
    name = forms.CharField(
        label=gettext_lazy("Nombre o razón social"), required=False, max_length=120,
        widget=UnfoldAdminTextInputWidget(), help_text=gettext_lazy("Vacío: el que trae el pedido."),
    )  # fmt: skip
    street = forms.CharField(
        label=gettext_lazy("Dirección"), required=False, max_length=200, widget=UnfoldAdminTextInputWidget(),
        help_text=gettext_lazy("Vacía: la que trae el pedido."),
    )  # fmt: skip
    postal_code = forms.CharField(
        label=gettext_lazy("Código postal"), required=False, max_length=10, widget=UnfoldAdminTextInputWidget()
    )
    city = forms.CharField(
        label=gettext_lazy("Población"), required=False, max_length=80, widget=UnfoldAdminTextInputWidget()
    )
    province = forms.CharField(
        label=gettext_lazy("Provincia"), required=False, max_length=60, widget=UnfoldAdminTextInputWidget()
    )
    treatment = forms.ChoiceField(
        label=gettext_lazy("Qué es"), required=False, widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy("Vale para todas las líneas del pedido que llegaron sin impuesto."),
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("Motivo"), required=False, max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy("Queda guardado con la decisión."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, hold: Mapping[str, Any]) -> None:
        self.held = hold_of(hold)
        super().__init__(data, initial={"action": self.held.actions[0], "nif": self.held.data.get("tax_id", "")})
        issued = self.held.code in ABOUT_A_RECORD
        self.fields["action"].choices = [  # type: ignore[attr-defined]
            (action.value, LEFT if issued and action == Action.IGNORE else ACTIONS[action])
            for action in self.held.actions
        ]

        self.fields["treatment"].choices = [  # type: ignore[attr-defined]
            ("", "—"), *((code, in_words(code)) for code in choices(self.held))
        ]  # fmt: skip

    def groups(self) -> Iterable[tuple[list[str], list[Any]]]:
        """Return the fields beside `action`: (the actions that need them, the fields)."""
        if Action.GIVE_NIF in self.held.actions:
            buyer = ("nif", "name", "street", "postal_code", "city", "province")
            yield [Action.GIVE_NIF.value], [self[name] for name in buyer]
        if Action.RESEND_CORRECTED in self.held.actions:
            yield [Action.RESEND_CORRECTED.value], [self[name] for name in FIELDS]
        if Action.CHOOSE_REGIME in self.held.actions:
            yield [Action.CHOOSE_REGIME.value], [self["treatment"]]
        if needing := [action.value for action in self.held.actions if action in WITH_REASON]:
            yield needing, [self["reason"]]

    def clean(self) -> dict[str, Any] | None:
        """Refuse what the hold refuses, in its words."""
        cleaned = super().clean() or {}
        if "action" in cleaned:
            if cleaned.get("street") and not (cleaned.get("city") or cleaned.get("postal_code")):
                self.add_error("city", _("La dirección va con código postal y población."))
            try:
                accept(self.held, self.resolution())
            except ResolutionRefused as error:
                action = Action(cleaned["action"])
                field = "nif" if action == Action.GIVE_NIF else "reason" if action in WITH_REASON else "action"
                self.add_error(field, str(error))
        return cleaned

    def resolution(self) -> Resolution:
        """Return the answer, with nothing in it that its action does not ask for."""
        given = self.cleaned_data
        action = Action(given["action"])
        if action == Action.RESEND_CORRECTED:
            return Resolution(action=action, reason=given.get("reason", ""), coding=self.coding())
        if action == Action.CHOOSE_REGIME:
            return Resolution(action=action, reason=given.get("reason", ""), treatment=given.get("treatment", ""))
        if action != Action.GIVE_NIF:
            return Resolution(action=action, reason=given.get("reason", "") if action in WITH_REASON else "")
        return Resolution(
            action=action, nif=given.get("nif", ""), name=given.get("name", "").strip(), address=_address(given)
        )


def _address(given: Mapping[str, str]) -> Address | None:
    """Return the typed address, or None when none was typed; buyers of other countries have holds of their own."""
    if not given.get("street"):
        return None
    return Address(
        lines=(given["street"].strip(),),
        postal_code=given.get("postal_code", "").strip(),
        city=given.get("city", "").strip(),
        province=given.get("province", "").strip(),
        country="ES",
    )
