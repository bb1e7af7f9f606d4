"""What is done to a chain beside sending it: stopped, resumed, a record set aside, a record released. All of it kept.

Each act is one transaction with its row in ChainEvent: who, when, why.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from verifactu import sending_alerts
from verifactu.models import ChainEvent, Installation, Record
from verifactu.sending_alerts import tell
from verifactu.states import RECORD_MOVES

ITSELF = "encadena"
"""The actor of what this software does by itself."""
AEAT = "aeat"
_MOST_NAMED = 20


class NothingToDo(Exception):
    """It is not stopped or not set aside any more: somebody was first. Look at the page again."""


def stop(installation: Installation, reason: str, *, now: datetime) -> None:
    """Stop a chain because the AEAT has suspended the access; only a person sends it on."""
    if Installation.objects.filter(pk=installation.pk, stopped_at=None).update(stopped_at=now, stopped_reason=reason):
        ChainEvent(installation=installation, at=now, actor=AEAT, move="stop", reason=reason).save()
        tell(sending_alerts.STOPPED, installation, reason, now=now)


def resume(installation_id: UUID, *, actor: str, reason: str, now: datetime) -> None:
    """Send a stopped chain on.

    :raises NothingToDo: when it is not stopped.
    """
    with transaction.atomic():
        stopped = Installation.objects.filter(pk=installation_id, stopped_at__isnull=False)
        if not stopped.update(stopped_at=None, stopped_reason=""):
            raise NothingToDo(NothingToDo.__doc__)
        ChainEvent(installation_id=installation_id, at=now, actor=actor, move="resume", reason=reason).save()


def set_aside(
    installation: Installation, reasons: Mapping[UUID, str], *, now: datetime, actor: str = ITSELF,
    kind: str = sending_alerts.QUARANTINED,
) -> None:  # fmt: skip
    """Quarantine records, each with its reason, so that the rest goes on; tell a person once of all of them."""
    named = []
    for pk, reason in reasons.items():
        moved = Record.objects.filter(pk=pk, state__in=RECORD_MOVES.sources("quarantine"))
        if not moved.update(state=RECORD_MOVES.target("quarantine"), reason=reason[:2000]):
            continue
        ChainEvent(
            installation=installation, record_id=pk, at=now, actor=actor, move="quarantine", reason=reason
        ).save()
        named.append(f"{Record.objects.values_list('num_serie', flat=True).get(pk=pk)}: {reason}")
    if named:
        more = f"\n… ({len(named)})" if len(named) > _MOST_NAMED else ""
        tell(kind, installation, "\n".join(named[:_MOST_NAMED]) + more, now=now)


def release(record_ids: Sequence[UUID], *, actor: str, reason: str, now: datetime) -> None:
    """Let quarantined records be sent again, as they are.

    :raises NothingToDo: when one of them is not set aside.
    """
    with transaction.atomic():
        for record in Record.objects.filter(pk__in=record_ids).defer("xml").order_by("seq"):
            aside = Record.objects.filter(pk=record.pk, state="quarantined")
            if not aside.update(state=RECORD_MOVES.target("release"), reason=""):
                raise NothingToDo(NothingToDo.__doc__)
            ChainEvent(
                installation_id=record.installation_id,
                record=record,
                at=now,
                actor=actor,
                move="release",
                reason=reason,
            ).save()
