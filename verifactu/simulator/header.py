"""The rules of the Cabecera: who sends, for whom, and by which door (verifactu.md 4.1, 1.6)."""

from datetime import datetime

from verifactu.records import Cabecera
from verifactu.simulator.census import Census, well_formed
from verifactu.simulator.messages import Refused

_WHOLE_YEARS_FROM = 2027


def check(cabecera: Cabecera, *, presenter: str, census: Census, today: datetime) -> None:
    """Pass the header of a submission to the VERI*FACTU door.

    :param presenter: the NIF in whose name the certificate acts.
    :raises Refused: with the code of the first rule that it breaks.
    """
    obligado = cabecera.ObligadoEmision.NIF
    if not well_formed(obligado):
        raise Refused("4116", obligado)
    if not census.knows(obligado):
        raise Refused("4104", obligado)
    if not census.lets(presenter, obligado):
        raise Refused("4112", f"NIF {presenter}")
    if cabecera.Representante:
        representante = cabecera.Representante.NIF
        if not well_formed(representante):
            raise Refused("4117", representante)
        if not census.knows(representante):
            raise Refused("4105", representante)
    if cabecera.RemisionRequerimiento:
        raise Refused("4126")
    if cabecera.RemisionVoluntaria and cabecera.RemisionVoluntaria.FechaFinVeriFactu:
        _check_end(cabecera.RemisionVoluntaria.FechaFinVeriFactu, today)


def _check_end(text: str, today: datetime) -> None:
    """Refuse an end of the VERI*FACTU mode outside this year and the last; from 2027 on it is a 31 December."""
    whole_year = text.startswith("31-12-") or today.year < _WHOLE_YEARS_FROM
    if not whole_year or int(text[6:]) not in (today.year, today.year - 1):
        raise Refused("4120", text)
