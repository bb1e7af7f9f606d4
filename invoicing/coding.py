"""What a person changes when only the coding of a record was wrong: nothing of it stands on the invoice. Pure."""

from dataclasses import replace

import msgspec

from common.words import ErrorInWords
from verifactu.records import DetalleDesglose, IDOtro, PersonaFisicaJuridica, RegistroAlta, texto


class LineCoding(msgspec.Struct, frozen=True, kw_only=True):
    """The coding of one line of the breakdown, from 1; position 0 is every line. Empty text leaves what there is."""

    position: int = 0
    clave_regimen: str = ""
    calificacion: str = ""
    """Or `exencion`: one takes the place of the other."""
    exencion: str = ""


class Coding(msgspec.Struct, frozen=True, kw_only=True):
    """A corrected coding; empty text leaves what there is, and an empty coding sends the same data again."""

    description: str = ""
    lines: tuple[LineCoding, ...] = ()
    id_type: str = ""
    """How the recipient is identified from now on: `nif`, or an IDType (07: a NIF that is not in the census)."""
    country: str = ""
    """CodigoPais of that identification; with 07 it is ES."""


class CodingRefused(ErrorInWords):
    """This coding does not fit the record."""


def recoded(registro: RegistroAlta, coding: Coding) -> RegistroAlta:
    """Return the record with the new coding.

    :raises CodingRefused: for a line that the record lacks, two answers to one question, or no recipient to identify.
    """
    lines = list(registro.Desglose)
    for change in coding.lines:
        if not 0 <= change.position <= len(lines):
            raise CodingRefused(
                f"El desglose tiene {len(lines)} líneas; no hay una nº {change.position}.",
                f"The breakdown has {len(lines)} lines; there is none with the number {change.position}.",
            )
        if change.calificacion and change.exencion:
            raise CodingRefused(
                "Una línea lleva calificación o causa de exención, no las dos.",
                "A line has a qualification or a reason of exemption, not both.",
            )
        for index in range(len(lines)) if change.position == 0 else [change.position - 1]:
            lines[index] = _line(lines[index], change)
    return replace(
        registro,
        DescripcionOperacion=texto(coding.description, 500) or registro.DescripcionOperacion,
        Desglose=tuple(lines),
        Destinatarios=tuple(_identified(who, coding) for who in _recipients(registro, coding)),
    )


def _line(line: DetalleDesglose, change: LineCoding) -> DetalleDesglose:
    line = replace(line, ClaveRegimen=change.clave_regimen or line.ClaveRegimen)
    if not (change.calificacion or change.exencion):
        return line
    return replace(line, CalificacionOperacion=change.calificacion, OperacionExenta=change.exencion)


def _recipients(registro: RegistroAlta, coding: Coding) -> tuple[PersonaFisicaJuridica, ...]:
    if coding.id_type and len(registro.Destinatarios) != 1:
        raise CodingRefused(
            "El registro no tiene un destinatario, y solo uno, que identificar de otro modo.",
            "The record does not have one recipient, and only one, to identify in another way.",
        )
    return registro.Destinatarios


def _identified(who: PersonaFisicaJuridica, coding: Coding) -> PersonaFisicaJuridica:
    if not coding.id_type:
        return who
    identity = who.IDOtro.ID if who.IDOtro else who.NIF
    if coding.id_type == "nif":
        return replace(who, NIF=identity, IDOtro=None)
    country = "ES" if coding.id_type == "07" else coding.country
    return replace(who, NIF="", IDOtro=IDOtro(CodigoPais=country, IDType=coding.id_type, ID=identity))
