"""Amounts as people type them: with the comma or the point of their language, and never misread."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextInputWidget

from common.words import Words

_THOUSANDS = r"-?[1-9]\d{0,2}(\%s\d{3})+"
"""What would be thousands in one language and decimals in the other."""


class AmountField(forms.DecimalField):
    """A number in a text box: a box of type number takes `10,50` for 1050 in a browser of another language."""

    def __init__(self, *, style: str = "", **kwargs: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off"} | ({"style": style} if style else {})
        super().__init__(widget=UnfoldAdminTextInputWidget(attrs=attrs), **kwargs)

    def to_python(self, value: Any) -> Any:
        """Take a comma or a point before the decimals, and refuse what could be thousands.

        :raises ValidationError: for that, and for what is no number.
        """
        if value is None or isinstance(value, Decimal):
            return super().to_python(value)
        text = str(value).replace("\N{NO-BREAK SPACE}", " ").strip().removesuffix("€").strip()
        if ("," in text and "." in text) or re.fullmatch(_THOUSANDS % str(Words(".", ",")), text):
            raise ValidationError(_("No se sabe si son miles o decimales: escriba los miles sin separador."))
        return super().to_python(text.replace(",", "."))

    def prepare_value(self, value: Any) -> Any:
        """Return a stored number as readers of the language write it; what was typed stays as it was typed."""
        if not isinstance(value, Decimal):
            return value
        text = f"{value:f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return text.replace(".", str(Words(",", ".")))
