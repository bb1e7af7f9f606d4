"""An answer written by hand: JSON, begun from the shape of the type that a process waits for."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from workflows.encoding import EncodingError, decode
from workflows.models import Token
from workflows.tokens import type_named

DEEPEST = 6
"""Levels of a type that are written out; one that holds itself would have no end."""


class AnswerForm(forms.Form):
    """The answer to a token as JSON, of the type that is waited for. Made with `hold`, which names the token."""

    answer = forms.CharField(
        label=gettext_lazy("Respuesta (JSON)"),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 8, "spellcheck": "false", "class": "enc-mono"}),
    )
    reason = forms.CharField(
        label=gettext_lazy("Motivo"),
        help_text=gettext_lazy("Queda en la historia del proceso, con su nombre y la hora."),
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )

    def __init__(self, data: Any = None, *, hold: Mapping[str, Any]) -> None:
        self.kind = expected(hold["token"])
        begun = json.dumps(skeleton(self.kind), ensure_ascii=False, indent=2)
        super().__init__(data, initial={"answer": begun})
        self.fields["answer"].help_text = _("Se espera: %(kind)s.") % {"kind": told(self.kind)}

    def clean_answer(self) -> Any:
        """Return the answer as its type."""
        try:
            return decode(self.cleaned_data["answer"], self.kind)
        except (EncodingError, msgspec.DecodeError) as error:
            raise forms.ValidationError(str(error)) from error

    def resolution(self) -> Any:
        """Return the answer."""
        return self.cleaned_data["answer"]


def expected(key: str) -> Any:
    """Return the type that is waited for at a token; anything where the type has no name, or this code not it."""
    name = Token.objects.filter(pk=key).values_list("answer_type", flat=True).first()
    try:
        return type_named(name) if name else Any
    except EncodingError:
        return Any


def told(kind: Any) -> str:
    """Return a type in a few words, with its fields."""
    if kind is Any:
        return _("cualquier valor")
    fields = getattr(kind, "__struct_fields__", None) or getattr(kind, "__dataclass_fields__", ())
    name = getattr(kind, "__name__", str(kind))
    return f"{name} ({', '.join(fields)})" if fields else name


def skeleton(kind: Any) -> Any:
    """Return a value in the shape of a type, to be filled in by a person; null where nothing can be said."""
    if kind is Any:
        return None
    try:
        schema = msgspec.json.schema(kind)
    except TypeError:
        return None
    return _filled(schema, schema.get("$defs", {}), 0)


def _filled(schema: Mapping[str, Any], named: Mapping[str, Any], depth: int) -> Any:
    if "default" in schema:
        return schema["default"]
    if "const" in schema or "enum" in schema:
        return schema.get("const", next(iter(schema.get("enum", ())), None))
    if depth > DEEPEST:
        return None
    if "$ref" in schema:
        return _filled(named[schema["$ref"].rpartition("/")[2]], named, depth + 1)
    if options := schema.get("anyOf"):
        return None if {"type": "null"} in options else _filled(options[0], named, depth + 1)
    match schema.get("type"):
        case "object":
            return {name: _filled(part, named, depth + 1) for name, part in schema.get("properties", {}).items()}
        case "array":
            return [_filled(part, named, depth + 1) for part in schema.get("prefixItems", ())]
        case "string":
            return ""
        case "boolean":
            return False
        case "integer" | "number":
            return 0
    return None
