"""The rules of the Cabecera: who sends, for whom, and by which door (verifactu.md 4.1, 1.6)."""

import re
from datetime import datetime

from verifactu.records import Cabecera
from verifactu.simulator.census import Census, well_formed
from verifactu.simulator.messages import Refused

_YEAR_END = re.compile(r"31-12-(\d{4})")


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
    if presenter != obligado:
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
    """Refuse an end of the VERI*FACTU mode that is not that of this year or the last."""
    end = _YEAR_END.fullmatch(text)
    if end is None or int(end[1]) not in (today.year, today.year - 1):
        raise Refused("4120", text)
