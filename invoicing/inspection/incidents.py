"""`incidencias.csv`: what was done to the chains in the period, by whom and why; numbers that are missing with reason.

An outage itself, its length and its cause are in `envios.csv`; here is what people and this software did about it.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.db.models import F, Q

from invoicing.inspection.archive import Archive
from invoicing.inspection.picture import Picture
from invoicing.models import Gap
from verifactu.models import ChainEvent, Discrepancy, LockEvent, ProductionConfirmation

HEADER = ("Momento", "Instalación o serie", "Qué", "Quién", "Motivo", "Detalle")


class Incident(NamedTuple):
    """Something that was done, or found."""

    at: datetime
    where: str
    what: str
    who: str
    why: str
    detail: str = ""


def write(archive: Archive, taken: Picture) -> int:
    """Write what there is, in order of time, and return how many they are."""
    found = sorted(incident for incident in _all(taken) if incident.at <= taken.taken_at)
    with archive.table("incidencias.csv", HEADER) as table:
        for incident in found:
            table.row(*incident)
    return len(found)


def _all(taken: Picture) -> Iterator[Incident]:
    period = (taken.scope.start, taken.scope.end)
    number = {chain.pk: chain.numero for chain in taken.chains.values()}
    for event in ChainEvent.objects.filter(installation__in=number, at__range=period).annotate(seq=F("record__seq")):
        detail = f"registro nº {event.seq}" if event.seq else ""
        yield Incident(event.at, number[event.installation_id], event.get_move_display(), event.actor, event.reason,
                       detail)  # fmt: skip
    for lock in LockEvent.objects.filter(installation__in=number, at__range=period):
        yield Incident(lock.at, number[lock.installation_id], f"instalación {lock.get_move_display()}", lock.actor,
                       lock.reason)  # fmt: skip
    for confirmed in ProductionConfirmation.objects.filter(installation__in=number, at__range=period):
        yield Incident(confirmed.at, number[confirmed.installation_id], "paso a producción confirmado", confirmed.actor,
                       "", confirmed.typed)  # fmt: skip
    noticed = Q(found_at__range=period) | Q(decided_at__range=period)
    for each in Discrepancy.objects.filter(noticed, installation__in=number):
        what = f"diferencia con la AEAT: {each.get_kind_display()}"
        yield Incident(each.decided_at or each.found_at, number[each.installation_id], what, each.decided_by,
                       each.reason, f"{each.num_serie} de {each.fecha_expedicion}, hallada {each.found_at.date()}, "
                       f"{_STATES[each.state]}")  # fmt: skip
    for gap in Gap.objects.filter(series__in=taken.series).select_related("series"):
        known = "; ".join(f"{number} ({where})" for number, where in sorted(gap.known_from.items()))
        yield Incident(gap.at, str(gap.series), f"números {gap.first_number} a {gap.last_number} sin factura aquí",
                       gap.actor, gap.reason, known)  # fmt: skip


_STATES = {
    "open": "sin decidir",
    "approved": "reparación aprobada",
    "done": "reparada",
    "dismissed": "se deja así",
    "gone": "desapareció sola",
}
