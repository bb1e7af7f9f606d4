"""The fields of a hold's answer as a form: made from what its actions declare (invoicing/answers.py)."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from invoicing.admin.coding import FIELDS as CODING_FIELDS
from invoicing.admin.coding import CodingFields
from invoicing.answers import ASKS, Field, Shape, fields_of
from invoicing.holds import Action, Resolution
from invoicing.values import Address

STREET = ("street", "postal_code", "city", "province")


class AnswerFields(CodingFields):
    """The fields that some actions take. Subclasses add `action` and say which actions there are."""

    def add_fields(self, actions: Iterable[Action]) -> None:
        """Add the fields that the actions take."""
        self.asked = fields_of(actions)
        for field, _takers in self.asked.values():
            self.fields.update(_form_fields(field))

    def groups(self) -> Iterable[tuple[list[str], list[Any]]]:
        """Return the fields beside `action`: (the actions that need them, the fields)."""
        grouped: dict[tuple[str, ...], list[Any]] = {}
        for field, takers in self.asked.values():
            group = grouped.setdefault(tuple(action.value for action in takers), [])
            group += [self[name] for name in names_of(field)]
        for takers_named, fields in grouped.items():
            yield list(takers_named), fields

    def clean(self) -> dict[str, Any] | None:
        """Refuse half an address, and the lack of what the chosen action needs."""
        cleaned = super().clean() or {}
        if cleaned.get("street") and not (cleaned.get("city") or cleaned.get("postal_code")):
            self.add_error("city", _("La dirección va con código postal y población."))
        action = cleaned.get("action")
        for name in needed(ASKS[Action(action)].fields) if action else ():
            if not str(cleaned.get(name) or "").strip() and name not in self.errors:
                self.add_error(name, _("Falta este dato."))
        return cleaned

    def resolution(self) -> Resolution:
        """Return the answer, with nothing in it that its action does not ask for."""
        given = self.cleaned_data
        action = Action(given["action"])
        values: dict[str, Any] = {"action": action}
        for field in ASKS[action].fields:
            value = self._value(field, given)
            if value not in (None, ""):
                values[field.name] = value
        return msgspec.convert(values, Resolution)

    def _value(self, field: Field, given: Mapping[str, Any], prefix: str = "") -> Any:
        name = prefix + field.name
        match field.shape:
            case Shape.GROUP:
                parts = {part.name: self._value(part, given, f"{name}_") for part in field.parts}
                return {part: value for part, value in parts.items() if value not in (None, "")}
            case Shape.YES:
                return bool(given.get(name))
            case Shape.ADDRESS:
                return _address(given)
            case Shape.CODING:
                return self.coding()
            case Shape.DATE:
                return given.get(name)
        return str(given.get(name) or "").strip()


def names_of(field: Field) -> tuple[str, ...]:
    """Return the form's fields that make one field of a resolution, the first of them the one to complain at."""
    if field.shape == Shape.ADDRESS:
        return STREET
    if field.shape == Shape.GROUP:
        return tuple(f"{field.name}_{part.name}" for part in field.parts)
    return CODING_FIELDS if field.shape == Shape.CODING else (field.name,)


def needed(fields: Iterable[Field]) -> list[str]:
    """Return the form's fields that must not be empty."""
    found = []
    for field in fields:
        if field.shape == Shape.GROUP:
            found += [f"{field.name}_{part.name}" for part in field.parts if part.required]
        elif field.required:
            found.append(field.name)
    return found


def _form_fields(field: Field, prefix: str = "") -> dict[str, forms.Field]:
    name = prefix + field.name
    told: dict[str, Any] = {"label": str(field.label), "help_text": str(field.help), "required": False}
    text = UnfoldAdminTextInputWidget
    match field.shape:
        case Shape.CODING:
            return {}  # they are there already
        case Shape.GROUP:
            parts: dict[str, forms.Field] = {}
            for part in field.parts:
                parts |= _form_fields(part, f"{name}_")
            return parts
        case Shape.YES:
            return {name: forms.BooleanField(**told, widget=UnfoldBooleanWidget())}
        case Shape.ADDRESS:
            return {
                "street": forms.CharField(**told, max_length=200, widget=text()),
                "postal_code": _line(gettext_lazy("Código postal"), 10),
                "city": _line(gettext_lazy("Población"), 80),
                "province": _line(gettext_lazy("Provincia"), 60),
            }
        case Shape.TEXT:
            widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})
            return {name: forms.CharField(**told, max_length=field.limit, widget=widget)}
        case Shape.EMAIL:
            email = UnfoldAdminEmailInputWidget()
            return {name: forms.EmailField(**told, max_length=field.limit, widget=email)}
        case Shape.DATE:
            return {name: forms.DateField(**told, widget=UnfoldAdminSingleDateWidget())}
        case Shape.CHOICE:
            choices = [("", "—"), *((value, str(said)) for value, said in field.choices)]
            return {name: forms.ChoiceField(**told, choices=choices, widget=UnfoldAdminSelectWidget())}
    return {name: forms.CharField(**told, max_length=field.limit, widget=text())}


def _line(label: Any, limit: int) -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=limit, widget=UnfoldAdminTextInputWidget())


def _address(given: Mapping[str, Any]) -> Address | None:
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
