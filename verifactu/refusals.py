"""A submission turned down as a whole: who is to blame, and what a person can do (verifactu.md 7.3, 12.1). Pure.

Only where one record may be to blame are records looked at one by one; everything else keeps them all, unchanged.
"""

from enum import StrEnum

from verifactu.client import Refused
from verifactu.errors import SUSPENDED, technical


class Cause(StrEnum):
    """Whose fault a refusal is."""

    SUSPENDED = "suspended"
    """The AEAT has suspended the access: nothing may be sent."""
    RECORD = "record"
    """Perhaps a single record, which takes the others with it."""
    TECHNICAL = "technical"
    """The AEAT's own trouble: the same goes again later."""
    CERTIFICATE = "certificate"
    HEADER = "header"
    SERVICE = "service"
    """The address, the service or this software."""


_RECORD = frozenset({"4102", "4103", "4106", "4107", "4109", "4119", "4136", "4137", "3502", "3503"})
_CERTIFICATE = frozenset({"4112", "4132", "4140"})
_HEADER = frozenset(
    {"4104", "4105", "4115", "4116", "4117", *map(str, range(4120, 4128)), "4129", "4130", "4131", "4133"}
)

_REMEDIES = {
    Cause.SUSPENDED: "No se envía nada más. Escriba a verifactu@correo.aeat.es y, cuando la AEAT lo resuelva, pulse "
    "«Reanudar el envío» en la página de la instalación.",
    Cause.RECORD: "Se busca el registro que lo causa para apartarlo; los demás se envían.",
    Cause.TECHNICAL: "Es un problema de la AEAT: se envía de nuevo más tarde, sin cambios.",
    Cause.CERTIFICATE: "Suba en la página del obligado un certificado vigente, suyo o de quien pueda actuar por él "
    "(representante, apoderado, colaborador social). Los registros esperan y se envían solos.",
    Cause.HEADER: "Compruebe el NIF y el nombre del obligado tal como constan en el censo de la AEAT. Los registros "
    "esperan y se envían solos.",
    Cause.SERVICE: "Compruebe la dirección del servicio (AEAT_ENDPOINT) y la versión de este programa. Los registros "
    "esperan y se envían solos, al menos cada hora.",
}


def cause(refused: Refused) -> Cause:
    """Return whose fault it is."""
    if refused.code == SUSPENDED:
        return Cause.SUSPENDED
    if refused.kind == "certificate" or refused.code in _CERTIFICATE:
        return Cause.CERTIFICATE
    if refused.code in _RECORD:
        return Cause.RECORD
    if technical(refused.code):
        return Cause.TECHNICAL
    if refused.code in _HEADER:
        return Cause.HEADER
    return Cause.SERVICE


def remedy(found: Cause) -> str:
    """Return what a person can do about it, in Spanish."""
    return _REMEDIES[found]
