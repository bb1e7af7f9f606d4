"""Amounts are read as they were meant, or not at all."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from invoicing.admin.amounts import AmountField

READ = [  # language, typed, meant; None where nobody can know
    ("es", "10,50", "10.50"),
    ("es", "10.50", "10.50"),
    ("es", " 1234,5 € ", "1234.5"),
    ("es", "-3", "-3"),
    ("es", "7,273", "7.273"),  # a unit price without tax
    ("es", "0.826", "0.826"),
    ("es", "1.234", None),  # thousands here, decimals in English
    ("es", "-12.345.678", None),
    ("es", "1.234,50", None),
    ("en", "10,50", "10.50"),
    ("en", "7.273", "7.273"),
    ("en", "1,234", None),
    ("en", "1,234.50", None),
    ("es", "diez", None),
]


@pytest.mark.parametrize(("language", "typed", "meant"), READ)
def test_is_read_as_it_was_meant(language: str, typed: str, meant: str | None) -> None:
    field = AmountField(max_digits=14, decimal_places=4)
    with translation.override(language):
        if meant is None:
            with pytest.raises(ValidationError):
                field.clean(typed)
        else:
            assert field.clean(typed) == Decimal(meant)


@pytest.mark.parametrize(
    ("language", "stored", "shown"),
    [("es", "10.500000", "10,5"), ("en", "10.500000", "10.5"), ("es", "100.0000", "100"), ("es", "100", "100")],
)
def test_what_is_stored_is_shown_as_it_may_be_typed(language: str, stored: str, shown: str) -> None:
    with translation.override(language):
        assert AmountField().prepare_value(Decimal(stored)) == shown


def test_what_was_typed_stays() -> None:
    assert AmountField().prepare_value("1.234") == "1.234"
