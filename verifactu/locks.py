"""When a chain is closed: after a restore, until it was compared with the AEAT (docs/decisions/0011).

A chain is closed when a person or a worker closed it (`Installation.locked_at`), or when it is plain that the database
went back in time:

- it lives elsewhere than it did (another cluster, database or table: a dump was restored). The place is kept in the
  database, so that a dump brings the old one along;
- the witness outside the database saw records that the database does not have (any other way of going back).

Closed, nothing is issued on it and nothing of it is sent. `reconcile_aeat --after-restore` opens it.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from common import clock
from verifactu import reconciling_alerts, witness
from verifactu.models import Installation
from verifactu.reconciled import LockEvent
from workflows import alerts
from workflows.errors import Abort
from workflows.rows import sql

REMEDY = "manage.py reconcile_aeat --after-restore"

_PLACE = """
SELECT s.system_identifier || '/' || d.oid || '/' || 'verifactu_record'::regclass::oid::text,
       (SELECT place FROM verifactu_whereabouts)
FROM pg_control_system() s, pg_database d WHERE d.datname = current_database()
"""


class ChainLocked(Abort):
    """Nothing is issued or sent on this chain until manage.py reconcile_aeat --after-restore has compared it."""


def why_closed(installation: Installation) -> str:
    """Return why nothing may be issued on the chain nor sent; empty when it is open (one query, one small file).

    The first time it notes where the database lives.
    """
    if installation.locked_at:
        return installation.lock_reason
    here, before = sql(_PLACE)[0]
    if before is None:
        settle_down(now=clock.now())
    elif here != before:
        return "la base de datos se ha restaurado en otro lugar"
    seen = witness.read(installation.pk)
    if seen is None:
        return ""
    if seen.seq > installation.head_seq:
        return (
            f"salió de aquí el registro nº {seen.seq} y la base de datos acaba en el nº {installation.head_seq}: "
            "se ha restaurado una copia anterior"
        )
    if seen.seq == installation.head_seq and seen.huella != installation.head_huella:
        return f"el registro nº {seen.seq} que salió de aquí no es el que hay en la base de datos"
    return ""


def refuse_if_closed(installation: Installation) -> None:
    """Pass when the chain is open.

    :raises ChainLocked: when it is not; the message says why, and the remedy.
    """
    if reason := why_closed(installation):
        raise ChainLocked(f"{installation}: {reason}. {REMEDY}")


def is_closed(installation_id: UUID, *, now: datetime) -> bool:
    """Tell whether the chain is closed, and close it for all to see when it is only plain that it must be."""
    installation = Installation.objects.select_related("taxpayer").get(pk=installation_id)
    reason = why_closed(installation)
    if reason and not installation.locked_at:
        close(installation, reason=reason, actor="verifactu", now=now)
    return bool(reason)


def close(installation: Installation, *, reason: str, actor: str, now: datetime) -> bool:
    """Close a chain, with an event and an alert; return whether it was open."""
    with transaction.atomic():
        closed = Installation.objects.filter(pk=installation.pk, locked_at=None).update(
            locked_at=now, lock_reason=reason
        )
        if closed:
            LockEvent(installation=installation, move="locked", at=now, actor=actor, reason=reason).save()
            alerts.alert(
                reconciling_alerts.LOCKED, str(installation), f"{reason}. {REMEDY}", installation.taxpayer.tenant, now
            )
    return bool(closed)


def open_again(
    installation: Installation, *, reason: str, actor: str, facts: dict[str, Any], now: datetime, move: str = "unlocked"
) -> None:
    """Open a chain that was compared, in the caller's transaction; the witness is set to its head."""
    Installation.objects.filter(pk=installation.pk).update(locked_at=None, lock_reason="")
    LockEvent(installation=installation, move=move, at=now, actor=actor, reason=reason, facts=facts).save()
    head = witness.Seen(installation.head_seq, installation.head_huella, installation.head_num_serie)
    witness.correct(installation.pk, head)


def settle_down(*, now: datetime) -> None:
    """Note that the database is whole where it lives now."""
    sql(
        """
        INSERT INTO verifactu_whereabouts (id, place, noted_at)
        SELECT 1, s.system_identifier || '/' || d.oid || '/' || 'verifactu_record'::regclass::oid::text, %s
        FROM pg_control_system() s, pg_database d WHERE d.datname = current_database()
        ON CONFLICT (id) DO UPDATE SET place = EXCLUDED.place, noted_at = EXCLUDED.noted_at
        """,
        [now],
    )


def moved() -> bool:
    """Tell whether the database lives elsewhere than it did when it was last whole."""
    here, before = sql(_PLACE)[0]
    return before is not None and here != before
