"""What every record carries: its stamp, its system, its link and its huella (VAL 1.2.2; verifactu.md 1.5, 3.3, 5)."""

import re
from collections.abc import Iterator
from datetime import datetime

from verifactu.codes import IDType
from verifactu.huella import huella
from verifactu.records import RegistroAlta, RegistroAnterior, RegistroAnulacion
from verifactu.rules.facts import day
from verifactu.rules.people import nif_findings

Registro = RegistroAlta | RegistroAnulacion

_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})")
_SYSTEM_ID = re.compile("[A-Z0-9]{2}")
_HUELLA = re.compile("[0-9A-F]{64}")


def stamp(r: Registro) -> Iterator[tuple[str, str]]:
    """1244: seconds and an offset, no fractions. Z is taken by the AEAT; ours is never written so."""
    text = r.FechaHoraHusoGenRegistro
    try:
        right = bool(_STAMP.fullmatch(text)) and datetime.fromisoformat(text) is not None
    except ValueError:
        right = False
    if not right:
        yield "1244", "FechaHoraHusoGenRegistro"


def system(r: Registro) -> Iterator[tuple[str, str]]:
    """1223, 1176, 1221, 1232, 1220, 1177: a system has one producer, a name, and a code of two capitals or digits."""
    s = r.SistemaInformatico
    if bool(s.NIF) == (s.IDOtro is not None):
        yield "1223", "SistemaInformatico"
    if s.NIF:
        yield from nif_findings(s.NIF, "SistemaInformatico/NIF", "1176")
    if s.IDOtro and s.IDOtro.IDType == IDType.NO_CENSADO:
        yield "1221", "SistemaInformatico/IDOtro/IDType"
    elif s.IDOtro and s.IDOtro.CodigoPais == "ES" and s.IDOtro.IDType != IDType.PASAPORTE:
        yield "1232", "SistemaInformatico/IDOtro/IDType"
    if not s.NombreSistemaInformatico.strip():
        yield "1220", "SistemaInformatico/NombreSistemaInformatico"
    if not _SYSTEM_ID.fullmatch(s.IdSistemaInformatico):
        yield "1177", "SistemaInformatico/IdSistemaInformatico"
    if not s.NumeroInstalacion.strip():
        yield "1179", "SistemaInformatico/NumeroInstalacion"


def link(r: Registro) -> Iterator[tuple[str, str]]:
    """1269, 1175, 1174, 1291, 2002, 2003, 2008: the record before is named whole, and is another one."""
    before, field = r.Encadenamiento, "Encadenamiento/RegistroAnterior"
    if not isinstance(before, RegistroAnterior):
        return
    if not before.IDEmisorFactura.strip() or not before.Huella.strip():
        yield "1269", field
        return
    if not before.NumSerieFactura.strip():
        yield "1175", f"{field}/NumSerieFactura"
    if day(before.FechaExpedicionFactura) is None:
        yield "1174", f"{field}/FechaExpedicionFactura"
    if not before.Huella.isalnum():
        yield "1291", f"{field}/Huella"
    elif len(before.Huella) != 64:
        yield "2002", f"{field}/Huella"
    elif not _HUELLA.fullmatch(before.Huella):
        yield "2003", f"{field}/Huella"
    elif before.Huella == r.Huella:
        yield "2008", f"{field}/Huella"


def own_huella(r: Registro) -> Iterator[tuple[str, str]]:
    """1262, 1292, 2000: 64 digits and letters, and those of this record."""
    if len(r.Huella) != 64:
        yield "1262", "Huella"
    elif not r.Huella.isalnum():
        yield "1292", "Huella"
    elif r.Huella != huella(r):
        yield "2000", "Huella"


RULES = (stamp, system, link, own_huella)
