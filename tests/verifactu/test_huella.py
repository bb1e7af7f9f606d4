"""The AEAT's published vectors (document of the huella 0.1.2, 6.1 and 6.2), and a peer's for the anulación."""

from dataclasses import replace

from tests.verifactu.examples import ALTA, ANULACION
from verifactu.huella import canonical, huella, sealed
from verifactu.records import IDFactura, IDFacturaAnulada, PrimerRegistro, RegistroAnterior

FIRST = "3C464DAF61ACB827C65FDA19F352A4E3BDC2C640E9E9FC4CC058073F38F12F60"
SECOND = "F7B94CFD8924EDFF273501B01EE5153E4CE8F259766F88CF6ACB8935802A2B97"

FIRST_ALTA = replace(
    ALTA,
    IDFactura=IDFactura(
        IDEmisorFactura="89890001K", NumSerieFactura="12345678/G33", FechaExpedicionFactura="01-01-2024"
    ),
    TipoFactura="F1",
    CuotaTotal="12.35",
    ImporteTotal="123.45",
    Encadenamiento=PrimerRegistro(),
    FechaHoraHusoGenRegistro="2024-01-01T19:20:30+01:00",
    Huella="",
)
SECOND_ALTA = replace(
    FIRST_ALTA,
    IDFactura=replace(FIRST_ALTA.IDFactura, NumSerieFactura="12345679/G34"),
    Encadenamiento=RegistroAnterior(
        IDEmisorFactura="89890001K",
        NumSerieFactura="12345678/G33",
        FechaExpedicionFactura="01-01-2024",
        Huella=FIRST,
    ),
    FechaHoraHusoGenRegistro="2024-01-01T19:20:35+01:00",
)


def test_first_alta_of_the_official_document() -> None:
    assert canonical(FIRST_ALTA) == (
        "IDEmisorFactura=89890001K&NumSerieFactura=12345678/G33&FechaExpedicionFactura=01-01-2024&TipoFactura=F1"
        "&CuotaTotal=12.35&ImporteTotal=123.45&Huella=&FechaHoraHusoGenRegistro=2024-01-01T19:20:30+01:00"
    )
    assert huella(FIRST_ALTA) == FIRST


def test_second_alta_of_the_official_document() -> None:
    assert canonical(SECOND_ALTA) == (
        "IDEmisorFactura=89890001K&NumSerieFactura=12345679/G34&FechaExpedicionFactura=01-01-2024&TipoFactura=F1"
        "&CuotaTotal=12.35&ImporteTotal=123.45"
        "&Huella=3C464DAF61ACB827C65FDA19F352A4E3BDC2C640E9E9FC4CC058073F38F12F60"
        "&FechaHoraHusoGenRegistro=2024-01-01T19:20:35+01:00"
    )
    assert huella(SECOND_ALTA) == SECOND


def test_anulacion_as_another_implementation_computes_it() -> None:
    # josemmo/Verifactu-PHP
    anulacion = replace(
        ANULACION,
        IDFactura=IDFacturaAnulada(
            IDEmisorFacturaAnulada="A00000000",
            NumSerieFacturaAnulada="12345679/G34",
            FechaExpedicionFacturaAnulada="01-01-2024",
        ),
        Encadenamiento=RegistroAnterior(
            IDEmisorFactura="A00000000",
            NumSerieFactura="12345679/G34",
            FechaExpedicionFactura="01-01-2024",
            Huella=SECOND,
        ),
        FechaHoraHusoGenRegistro="2024-01-01T19:20:40+01:00",
    )
    assert canonical(anulacion) == (
        "IDEmisorFacturaAnulada=A00000000&NumSerieFacturaAnulada=12345679/G34&FechaExpedicionFacturaAnulada=01-01-2024"
        "&Huella=F7B94CFD8924EDFF273501B01EE5153E4CE8F259766F88CF6ACB8935802A2B97"
        "&FechaHoraHusoGenRegistro=2024-01-01T19:20:40+01:00"
    )
    assert huella(anulacion) == "5DCAFD630E24AA03BCE2D3E6F595BAE802555F4604AF830F0340F3338B4935F6"


def test_the_own_huella_plays_no_part() -> None:
    assert huella(sealed(FIRST_ALTA)) == FIRST


def test_sealed_fills_in_nothing_but_the_huella() -> None:
    assert sealed(FIRST_ALTA) == replace(FIRST_ALTA, Huella=FIRST)


def test_outer_blanks_are_trimmed_as_java_does_and_inner_ones_stay() -> None:
    padded = replace(FIRST_ALTA, IDFactura=replace(FIRST_ALTA.IDFactura, NumSerieFactura="\t12345678/G33 \n"))
    spaced = replace(FIRST_ALTA, IDFactura=replace(FIRST_ALTA.IDFactura, NumSerieFactura="A  1\u00a0"))
    assert huella(padded) == FIRST
    # Java's trim knows nothing beyond U+0020: a no-break space is part of the value.
    assert "NumSerieFactura=A  1\u00a0&" in canonical(spaced)


def test_the_literal_is_hashed_not_the_number() -> None:
    assert huella(replace(FIRST_ALTA, CuotaTotal="12.350")) != FIRST
    assert huella(replace(FIRST_ALTA, ImporteTotal="+123.45")) != FIRST
