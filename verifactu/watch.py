"""What is looked at by the clock: certificates before they end, the ends of the chains, this version's declaration.

Every hour, by a durable schedule. A certificate's end is told once at each threshold: the alert of it is the memory.
"""

from datetime import datetime, timedelta

import msgspec

from common import clock
from verifactu import alarms
from verifactu.chain_ends import broken_ends, remember
from verifactu.declaration import keep_declaration
from verifactu.fitness import threshold
from verifactu.models import Taxpayer
from workflows.alerts import alert
from workflows.api import step, workflow
from workflows.journal import Run
from workflows.models import Alert
from workflows.schedules import schedule

EVERY_HOUR = "5 * * * *"


class Look(msgspec.Struct, frozen=True):
    """One round."""


@step
def look_at_certificates() -> int:
    """Tell what ends soon; return how many were told."""
    now = clock.now()
    # Stored before their facts were kept, or with the wrong password, which may have been put right since.
    for taxpayer in Taxpayer.objects.exclude(certificate="").filter(certificate_sha256=""):
        taxpayer.save(update_fields=["certificate"])
    told = 0
    for taxpayer in Taxpayer.objects.filter(certificate_until__isnull=False).order_by("pk").iterator():
        told += _tell(taxpayer, now)
    return told


def _tell(taxpayer: Taxpayer, now: datetime) -> bool:
    until = taxpayer.certificate_until
    due = threshold(until, now) if until else None
    if until is None or due is None:
        return False
    subject = f"{taxpayer.nif} {taxpayer.certificate_sha256[:12]}: {due} d"
    if Alert.objects.filter(tenant=taxpayer.tenant, kind=alarms.CERTIFICATE, subject=subject).exists():
        return False
    when = f"{until:%d/%m/%Y}"
    text = (
        f"El certificado de {taxpayer} caducó el {when}: los registros se guardan y no se envían hasta que suba otro."
        if due == 0
        else f"El certificado de {taxpayer} caduca el {when}, en {due} días o menos. Renuévelo y suba el nuevo en la "
        "página del obligado tributario: se usa al momento, sin reiniciar nada."
    )
    alert(alarms.CERTIFICATE, subject, text, taxpayer.tenant, now)
    return True


@step
def look_at_chains() -> int:
    """Look at the end of every chain; return how many are broken there."""
    now, ends = clock.now(), broken_ends()
    for installation, finding in ends.items():
        if finding:
            remember(installation, [finding], now=now, whole=False)
    return sum(finding is not None for finding in ends.values())


@step
def keep_this_declaration() -> bool:
    """Keep the declaration of this version, once; return whether it was new."""
    return keep_declaration(now=clock.now())


@workflow("aeat-watch", version=1, order_by=lambda p: "aeat-watch", on_failure="skip", keep=timedelta(days=30))
def aeat_watch(run: Run, p: Look) -> int:
    """Look at everything once."""
    told = run.step(look_at_certificates)
    broken = run.step(look_at_chains)
    run.step(keep_this_declaration)
    return told + broken


schedule("aeat-watch", aeat_watch, Look(), cron=EVERY_HOUR, zone="Europe/Madrid", catch_up="last")
