"""Keep how far our clock is from the AEAT's, and tell it before its margin of 240 s is used up."""

import logging

from django.db import DatabaseError, transaction

from verifactu import alarms
from verifactu.drift import ALARM, MARGIN, WARN, Reading
from verifactu.models import ServiceClock
from workflows.alerts import alert

log = logging.getLogger(__name__)


def compare(reading: Reading) -> None:
    """Keep what an answer shows of the AEAT's clock; an alert when the drift becomes an alarm, one until it is over.

    Called between a request and what is made of its answer: whatever goes wrong here is logged, and the answer counts.
    """
    drift = reading.drift
    if drift is None:
        return
    try:
        with transaction.atomic():
            _keep(reading, drift)
    except DatabaseError:
        log.exception("the drift of the clock (%+.0f s) could not be stored", drift)


def level(drift: float) -> str:
    """Return how bad a drift is: empty, `warn` or `alarm`."""
    return "alarm" if abs(drift) >= ALARM else "warn" if abs(drift) >= WARN else ""


def _keep(reading: Reading, drift: float) -> None:
    now, new = reading.answered_at, level(drift)
    fresh = {"drift": drift, "read_at": now, "told": new}
    # Not waited for: another answer is writing its own reading this very moment, which is as good.
    before = ServiceClock.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=reading.endpoint).first()
    if before is None:
        row, created = ServiceClock.objects.get_or_create(endpoint=reading.endpoint, defaults=fresh)
        if not created:
            return
        told = ""
    else:
        row, told = before, before.told
        row.drift, row.read_at, row.told = drift, now, new
        row.save(update_fields=["drift", "read_at", "told"])
    if new == told:
        return
    if new:
        log.warning("our clock is %+.0f s from that of %s", drift, reading.endpoint)
    if new == "alarm":
        alert(alarms.CLOCK, reading.endpoint[:200], words(row), "", now)


def words(clock: ServiceClock) -> str:
    """Return what a drift means and what to do, in Spanish."""
    side = "adelantado" if clock.drift > 0 else "atrasado"
    return (
        f"El reloj de esta máquina va {side} {abs(clock.drift):.0f} s respecto al de la AEAT. A partir de {MARGIN} s "
        "la AEAT acepta los registros con el error 2004. Ponga en hora la máquina: timedatectl set-ntp true."
    )
