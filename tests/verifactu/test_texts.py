"""Values into the texts of a record; the patterns are those of the AEAT's schema."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from verifactu.records import fecha, fecha_hora_huso, importe, texto, tipo


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("121", "121.00"),
        ("121.1", "121.10"),
        ("-121.00", "-121.00"),
        ("+7", "7.00"),
        ("0", "0.00"),
        ("-0.00", "0.00"),  # never a minus before nothing
        ("1E+2", "100.00"),
        ("1.500", "1.50"),  # the same number
        ("999999999999.99", "999999999999.99"),
        ("-999999999999.99", "-999999999999.99"),
    ],
)
def test_importe_writes_two_decimals(value: str, text: str) -> None:
    assert importe(Decimal(value)) == text


@pytest.mark.parametrize("value", ["1000000000000", "-1000000000000", "0.001", "-0.005", "NaN", "Infinity", "1E+30"])
def test_importe_refuses_what_does_not_fit(value: str) -> None:
    with pytest.raises(ValueError, match=r"not an amount|more than"):
        importe(Decimal(value))


def test_tipo_writes_a_percentage() -> None:
    assert tipo(Decimal(21)) == "21.00"
    assert tipo(Decimal("5.2")) == "5.20"
    assert tipo(Decimal(0)) == "0.00"


@pytest.mark.parametrize("value", ["-1", "1000", "5.255", "NaN"])
def test_tipo_refuses_what_does_not_fit(value: str) -> None:
    with pytest.raises(ValueError, match=r"not an amount|more than|sign"):
        tipo(Decimal(value))


def test_fecha_is_day_month_year() -> None:
    assert fecha(date(2027, 1, 2)) == "02-01-2027"


def test_fecha_refuses_a_moment_whose_day_depends_on_a_zone() -> None:
    with pytest.raises(TypeError):
        fecha(datetime(2027, 1, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2027, 1, 2, 10, 15, tzinfo=ZoneInfo("Europe/Madrid")), "2027-01-02T10:15:00+01:00"),
        (datetime(2027, 7, 2, 10, 15, 59, 999_999, ZoneInfo("Atlantic/Canary")), "2027-07-02T10:15:59+01:00"),
        (datetime(2027, 1, 2, 10, 15, tzinfo=ZoneInfo("Atlantic/Canary")), "2027-01-02T10:15:00+00:00"),
        # The hour that the October night holds twice.
        (datetime(2026, 10, 25, 2, 30, fold=0, tzinfo=ZoneInfo("Europe/Madrid")), "2026-10-25T02:30:00+02:00"),
        (datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Madrid")), "2026-10-25T02:30:00+01:00"),
    ],
)
def test_fecha_hora_huso_keeps_the_zone_given(moment: datetime, text: str) -> None:
    assert fecha_hora_huso(moment) == text


@pytest.mark.parametrize(
    "moment",
    [datetime(2027, 1, 2), datetime(2027, 1, 2, tzinfo=timezone(timedelta(minutes=14, seconds=44)))],  # noqa: DTZ001
)
def test_fecha_hora_huso_refuses_a_moment_without_usable_offset(moment: datetime) -> None:
    with pytest.raises(ValueError, match=r"aware|whole minutes"):
        fecha_hora_huso(moment)


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("  Bar  Pepe \n", 120, "Bar  Pepe"),
        ("dos\r\nlíneas\ty tabulador", 120, "dos  líneas y tabulador"),
        ("\x00nulo\x0b\x1f\ufffe\ud800", 120, "nulo"),
        ("Jose\u0301", 4, "José"),  # composed first, so that the accent is not cut off
        ("abc def", 4, "abc"),  # no blank at the end of what was cut
        ("😀😀", 1, "😀"),
        ("   ", 5, ""),
    ],
)
def test_texto_fits_the_element(text: str, limit: int, expected: str) -> None:
    assert texto(text, limit) == expected
