"""The desk of `invoice-order` and `complete-invoice`: holds in words, and the form that answers them."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminRadioSelectWidget

from common.words import reading
from invoicing.acknowledging import ABOUT_A_RECORD
from invoicing.admin.fields import AnswerFields, names_of
from invoicing.admin.related import euros
from invoicing.answers import ASKS
from invoicing.holds import CATALOGUE, Action, Hold, ResolutionRefused, accept, choices
from invoicing.sentences import fact_in
from workflows.admin.desks import Question

LEFT = gettext_lazy("Dejarla como está")
"""What `ignore` means once the invoice is issued."""

KNOWN = {
    "total": gettext_lazy("Total"),
    "limit": gettext_lazy("Límite"),
    "tax_id": gettext_lazy("NIF que dio"),
    "name": gettext_lazy("Nombre"),
    "census": gettext_lazy("Nombre en el censo"),
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
AMOUNTS = ("total", "limit")


def hold_of(hold: Mapping[str, Any]) -> Hold:
    """Return the Hold that a process is held with."""
    return msgspec.convert(hold["data"], Hold)


def ask(hold: Mapping[str, Any]) -> Question:
    """Return a hold in words."""
    if hold.get("code") not in CATALOGUE:
        return Question(title=hold.get("code", ""))
    held = hold_of(hold)
    language = reading()
    sentence = held.sentence(language)
    return Question(
        title=sentence,
        text=sentence,
        known=tuple((name, _fact(key, held.data)) for key, name in KNOWN.items() if held.data.get(key)),
        advice=_("Falta: %(missing)s") % {"missing": held.missing_in(language)},
    )


def _fact(name: str, data: Mapping[str, str]) -> str:
    value = fact_in(name, data, reading())
    try:
        return euros(Decimal(value)) if name in AMOUNTS else value
    except InvalidOperation:
        return value


class ResolutionForm(AnswerFields):
    """What a person decides about a held order: only what its hold allows, and what that needs."""

    action = forms.ChoiceField(
        label=gettext_lazy("Qué hacer"),
        widget=UnfoldAdminRadioSelectWidget(radio_style=2, attrs={"x-model": "action"}),
    )

    def __init__(self, data: Any = None, *, hold: Mapping[str, Any]) -> None:
        self.held = hold_of(hold)
        super().__init__(data, initial={"action": self.held.actions[0], "nif": self.held.data.get("tax_id", "")})
        self.add_fields(self.held.actions)
        if "treatment" in self.fields:
            field: Any = self.fields["treatment"]
            field.choices = [("", "—"), *(each for each in field.choices if each[0] in choices(self.held))]
        self.fields["action"].choices = [  # type: ignore[attr-defined]
            (action.value, called(action, self.held)) for action in self.held.actions
        ]

    @property
    def done(self) -> str:
        """What is said when the answer is taken; empty for what is said of all."""
        asked = self.cleaned_data.get("action") == Action.ASK_CUSTOMER
        return _("Se escribe al cliente; el pedido sigue retenido hasta que responda.") if asked else ""

    def clean(self) -> dict[str, Any] | None:
        """Refuse what the hold refuses, in its words."""
        cleaned = super().clean() or {}
        if "action" in cleaned and not self.errors:
            try:
                accept(self.held, self.resolution())
            except ResolutionRefused as error:
                fields = ASKS[Action(cleaned["action"])].fields
                self.add_error(names_of(fields[0])[0] if fields else "action", str(error))
        return cleaned


def called(action: Action, held: Hold) -> Any:
    """Return what an action is called for this hold."""
    if action == Action.IGNORE and (held.code in ABOUT_A_RECORD or held.data.get("invoice")):
        return LEFT
    return str(ASKS[action].label)
