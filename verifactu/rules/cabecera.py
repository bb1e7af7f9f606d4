"""The header of a submission to the VERI*FACTU door (VAL 1.2.2; verifactu.md 4.1). Rules yield (code, element)."""

from collections.abc import Iterator
from datetime import date

from verifactu.records import Cabecera, PersonaFisicaJuridica
from verifactu.rules.facts import day
from verifactu.rules.nif import nif_problem

WHOLE_YEARS_FROM = 2027
"""From then on the VERI*FACTU mode ends with a year."""


def people(c: Cabecera, today: date) -> Iterator[tuple[str, str]]:
    """4116, 4117, 1282: taxpayer and representative have a well-formed NIF and a name."""
    yield from _person(c.ObligadoEmision, "Cabecera/ObligadoEmision", "4116")
    if c.Representante:
        yield from _person(c.Representante, "Cabecera/Representante", "4117")


def end_of_mode(c: Cabecera, today: date) -> Iterator[tuple[str, str]]:
    """4120: the mode ends this year or ended the last, from 2027 on with a 31 December."""
    text = c.RemisionVoluntaria.FechaFinVeriFactu if c.RemisionVoluntaria else ""
    if not text:
        return
    end = day(text)
    whole = end is not None and (today.year < WHOLE_YEARS_FROM or (end.month, end.day) == (12, 31))
    if end is None or not whole or end.year not in (today.year, today.year - 1):
        yield "4120", "Cabecera/RemisionVoluntaria/FechaFinVeriFactu"


def door(c: Cabecera, today: date) -> Iterator[tuple[str, str]]:
    """4126: the answer to a requirement goes by another door."""
    if c.RemisionRequerimiento:
        yield "4126", "Cabecera/RemisionRequerimiento"


def _person(who: PersonaFisicaJuridica, field: str, code: str) -> Iterator[tuple[str, str]]:
    if nif_problem(who.NIF) in ("malformed", "letter"):
        yield code, f"{field}/NIF"
    if not who.NombreRazon.strip():
        yield "1282", f"{field}/NombreRazon"


RULES = (people, end_of_mode, door)
