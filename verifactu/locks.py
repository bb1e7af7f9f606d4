"""When a chain is closed: after a restore, until it was compared with the AEAT (docs/decisions/0011).

A chain is closed when a person or a worker closed it (`Installation.locked_at`), or when it is plain that the database
went back in time:

- it lives elsewhere than it did (another cluster, database or table: a dump was restored). The place is kept in the
  database, so that a dump brings the old one along;
- the witness outside the database saw records that the database does not have (any other way of going back).

Closed, nothing is issued on it and nothing of it is sent. `reconcile_aeat --after-restore` opens it.
"""

from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from common import clock
from verifactu import reconciling_alerts, witness
from verifactu.models import Installation, LockEvent
from workflows import alerts
from workflows.errors import Abort
from workflows.rows import sql

REMEDY = "manage.py reconcile_aeat --after-restore"

_PLACES = """
    (SELECT {system} || '/' || d.oid || '/' || 'verifactu_record'::regclass::oid::text
     FROM pg_database d {join} WHERE d.datname = current_database()),
    (SELECT place FROM verifactu_whereabouts)
"""


class Where(NamedTuple):
    """Where the database lives, and where it lived when it was last whole (nothing before the first time)."""

    here: str
    before: str | None

    @property
    def moved(self) -> bool:
        """Whether these are two places; of each part of a place, what could not be asked for tells nothing."""
        if self.before is None:
            return False
        pairs = zip(self.before.split("/"), self.here.split("/"), strict=True)
        return not all(a == b or "?" in (a, b) for a, b in pairs)


class ChainLocked(Abort):
    """Nothing is issued or sent on this chain until `reconcile_aeat --after-restore` has compared it."""


def why_closed(installation: Installation, where: Where | None = None) -> str:
    """Return why nothing may be issued on the chain nor sent; empty when it is open (one query, one small file).

    The first time it notes where the database lives.

    :param where: what `places` told, for whoever read them with something else already.
    """
    if installation.locked_at:
        return installation.lock_reason
    where = where or _where()
    if where.before is None:
        settle_down(now=clock.now())
    elif where.moved:
        return "la base de datos se ha restaurado en otro lugar"
    if seen := more_than_here(installation):
        return (
            f"salió de aquí el registro nº {seen.seq} ({seen.num_serie}) y no está en la base de datos: "
            "se ha restaurado una copia anterior"
        )
    return ""


def more_than_here(installation: Installation) -> witness.Seen | None:
    """Return the furthest record that left the house, if the database does not have it; None otherwise."""
    seen = witness.read(installation.pk)
    if seen is None or seen.seq < installation.head_seq:
        return None
    # Asked after the witness was: what leaves is committed before, so a head that is read now is never behind it.
    seq, huella = Installation.objects.values_list("head_seq", "head_huella").get(pk=installation.pk)
    return seen if seq < seen.seq or (seq == seen.seq and huella != seen.huella) else None


def refuse_if_closed(installation: Installation, where: Where) -> None:
    """Pass when the chain is open.

    :raises ChainLocked: when it is not; the message says why, and the remedy.
    """
    if reason := why_closed(installation, where):
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
        "INSERT INTO verifactu_whereabouts (id, place, noted_at) VALUES (1, %s, %s)"
        " ON CONFLICT (id) DO UPDATE SET place = EXCLUDED.place, noted_at = EXCLUDED.noted_at",
        [_where().here, now],
    )


def moved() -> bool:
    """Tell whether the database lives elsewhere than it did when it was last whole."""
    return _where().moved


@cache
def places() -> str:
    """Return the two columns of a `Where`, as a SELECT lists them.

    Where the application may not ask for the system identifier, the two object ids have to do.
    """
    may_ask = sql("SELECT has_function_privilege('pg_control_system()', 'EXECUTE')")[0][0]
    if may_ask:
        return _PLACES.format(system="s.system_identifier", join="CROSS JOIN pg_control_system() s")
    return _PLACES.format(system="'?'", join="")


def _where() -> Where:
    return Where(*sql(f"SELECT {places()}")[0])
