"""The verdict on one record: one code, as the AEAT gives it, and what rejects comes before what only reproaches."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from verifactu import rules
from verifactu.records import RegistroAlta
from verifactu.simulator import lifecycle, links
from verifactu.simulator.census import Census
from verifactu.simulator.fingerprint import fingerprint
from verifactu.simulator.messages import Received
from verifactu.simulator.texts import TEXTS
from verifactu.simulator.world import Held, Verdict, World

CLOCK_MARGIN = timedelta(seconds=240)
"""Measured: further from the AEAT's clock, either way, is answered with 2004 (measured_facts.json)."""

# The table of rules is shared with the sender; these are answered here by code that the sender does not have.
_OUR_OWN = frozenset({"1108", "1153", "1161", "1244", "1262", "1291", "1292", "2000", "2002", "2003", "2007", "2008"})

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges the records of one submission: its sender's words, and the moment it arrived (in Madrid's zone)."""

    obligado: str
    incidencia: bool
    now: datetime
    census: Census

    def verdict(self, record: Received, world: World) -> Verdict:
        """Return what becomes of the record, given everything received before it."""
        violations = rules.check(record.registro, today=self.now.date())
        findings = [(each.code, f"{each.field}: {each.es}") for each in violations if each.code not in _OUR_OWN]
        shape = next(self._broken(record), "")
        rejected = (shape, TEXTS[shape]) if shape else next((f for f in findings if not _tolerated(f[0])), None)
        if rejected:
            return Verdict("Incorrecto", *rejected)
        held = world.held(record)
        if code := lifecycle.objection(record.registro, held.state if held else ""):
            return Verdict("Incorrecto", code, TEXTS[code], _duplicate(held) if code == "3000" else None)
        reproach = next(self._reproaches(record, world), "")
        tolerated = (reproach, TEXTS[reproach]) if reproach else next(iter(findings), None) or self._later(record)
        return Verdict("AceptadoConErrores", *tolerated) if tolerated else Verdict("Correcto")

    def _broken(self, record: Received) -> Iterator[str]:
        """Yield what makes a record impossible to take at all."""
        registro = record.registro
        if record.identity.emisor != self.obligado:
            yield "1108"
        if _moment(registro.FechaHoraHusoGenRegistro) is None:
            yield "1244"
        if len(registro.Huella) != 64:
            yield "1262"
        if not _alphanumeric(registro.Huella):
            yield "1292"
        before = getattr(registro.Encadenamiento, "Huella", "0")
        if not _alphanumeric(before):
            yield "1291"

    def _reproaches(self, record: Received, world: World) -> Iterator[str]:
        """Yield what is stored and must be looked at, the sender's arithmetic first."""
        if fingerprint(record.registro) != record.registro.Huella:
            yield "2000"
        place = world.place(record)
        if code := links.objection(record, before=place.before, first=place.before is None):
            yield code
        made = _moment(record.registro.FechaHoraHusoGenRegistro)
        # Two projects report that Incidencia=S suppresses 2004; no document says so (fiscal-policy, "The AEAT").
        if made and not self.incidencia and abs(self.now - made) > CLOCK_MARGIN:
            yield "2004"

    def _later(self, record: Received) -> tuple[str, str] | None:
        """Return what costs a reproach only when nothing else does: an unknown recipient, a regime that IPSI lacks."""
        registro = record.registro
        if not isinstance(registro, RegistroAlta):
            return None
        if any(who.NIF and not self.census.knows(who.NIF) for who in registro.Destinatarios):
            return "2001", TEXTS["2001"]
        doubts = rules.warnings(registro, today=self.now.date())
        return next(((each.code, f"{each.field}: {each.es}") for each in doubts if each.code == "2009"), None)


def _duplicate(held: Held | None) -> Held | None:
    """Return what RegistroDuplicado tells: an error only for a record that was stored with one."""
    if held is None or held.state == "AceptadaConErrores":
        return held
    return Held(held.state, held.peticion)


def _tolerated(code: str) -> bool:
    """Tell whether a code is stored with a reproach: section three of the official list is all of 2xxx."""
    return code.startswith("2")


def _alphanumeric(text: str) -> bool:
    return text.isascii() and (text == "" or text.isalnum())


def _moment(text: str) -> datetime | None:
    """Return the moment of a stamp; None for one that the AEAT does not take (1244)."""
    if _STAMP.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
