"""Sentences of ours with the facts of a case in them."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

_FIELDS = {"nombre": "name", "dirección": "address"}
_AMOUNT = re.compile(r"\{(\w+)\} €")
"""A fact that is an amount, where a sentence has it."""


def filled(sentence: str, data: Mapping[str, str], language: str) -> str:
    """Return a sentence with the facts in it, amounts as readers of the language write them.

    >>> filled("Son {total} €.", {"total": "3564.95"}, "es")
    'Son 3.564,95\\xa0€.'
    """
    data = {**data, **{name: fact_in(name, data, language) for name in data}}
    amounts = {name: _amount(data[name], language) for name in _AMOUNT.findall(sentence) if name in data}
    return _AMOUNT.sub(lambda found: found[0] if found[1] not in amounts else f"{{{found[1]}}}", sentence).format_map(
        _Facts({**data, **amounts})
    )


def fact_in(name: str, data: Mapping[str, str], language: str) -> str:
    """Return a fact in Spanish or in English for "en".

    What a buyer has not given is kept in Spanish; another fact that is words is kept twice, as `name` and `name_en`.
    """
    value = data[name]
    if language != "en":
        return value
    if name == "fields":
        return ", ".join(_FIELDS.get(field, field) for field in value.split(", "))
    return data.get(f"{name}_en") or value


def _amount(text: str, language: str) -> str:
    try:
        grouped = f"{Decimal(text):,f}"
    except InvalidOperation:
        return f"{text} €"
    if language == "en":
        return f"€{grouped}"
    return grouped.translate(str.maketrans(",.", ".,")) + "\N{NO-BREAK SPACE}€"


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"
