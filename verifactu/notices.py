"""What people must be told as long as it lasts (Orden HAC/1177/2024, art. 16.4; verifactu.md 7.3, first row).

Records that wait after a technical failure, with their number, since when and why; chains found broken; records set
aside; certificates that end, ended or are missing; a clock that drifts. Read from the rows of now: a notice goes when
its cause does. The admin, the API and `doctor` show the same.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import BooleanField, ExpressionWrapper, Q

from verifactu.drift import WARN
from verifactu.fitness import WARN_BEFORE
from verifactu.models import ChainProblem, Installation, ServiceClock, Taxpayer
from workflows.rows import sql

STALLED = timedelta(minutes=4)
"""Nobody has tried for so long, and nothing asked for the wait: the workers are down, or an earlier process is held."""
CLOCK_IS_OLD = timedelta(days=1)

Tenants = Collection[str] | None
"""Whose notices are asked for: these tenants' alone, or everybody's (None)."""


@dataclass(frozen=True)
class Waiting:
    """Records of one chain that wait after a failure."""

    installation: UUID
    taxpayer: str
    nif: str
    count: int
    since: datetime
    reason: str
    """The reason of the last attempt; empty when there was none, because nobody tried."""
    failures: int
    next_at: datetime | None
    submission: UUID | None


@dataclass(frozen=True)
class Amiss:
    """Something else that a taxpayer's people must know of: `kind` says what, the rest are its facts."""

    kind: str
    """`unconfirmed`, `broken`, `quarantined`, `certificate`, `no_certificate` or `clock`."""
    taxpayer: str
    nif: str = ""
    count: int = 0
    at: datetime | None = None
    text: str = ""
    row: Any = None
    """What to look at: an installation's or taxpayer's id."""


_WAITING = """
    WITH open AS (
        SELECT installation_id, generated_at FROM verifactu_record WHERE state = 'pending'
        UNION ALL
        SELECT installation_id, generated_at FROM verifactu_record WHERE state IN ('in_flight', 'unknown')
    ), chain AS (
        SELECT installation_id, count(*) AS waiting, min(generated_at) AS since FROM open GROUP BY installation_id
    )
    SELECT i.id, t.name, t.nif, chain.waiting, chain.since, last.reason, last.state, last.failures, last.next_at,
           last.id
    FROM chain
    JOIN verifactu_installation i ON i.id = chain.installation_id AND i.environment = %s
    JOIN verifactu_taxpayer t ON t.id = i.taxpayer_id AND (%s OR t.tenant = ANY(%s))
    LEFT JOIN LATERAL (
        SELECT id, state, reason, failures, next_at, coalesce(finished_at, started_at) AS touched
        FROM verifactu_submission WHERE installation_id = i.id ORDER BY id DESC LIMIT 1
    ) last ON true
    WHERE last.failures > 0 OR last.state = 'unknown'
       OR chain.since < %s AND coalesce(greatest(last.touched, last.next_at) < %s, true)
    ORDER BY chain.since
"""
"""Both branches by the partial indexes of their states; the last submission of those chains alone."""


def waiting(tenants: Tenants, *, now: datetime) -> list[Waiting]:
    """Return the chains whose records wait after a technical failure, or with nobody trying; the oldest first."""
    stalled = now - STALLED
    rows = sql(_WAITING, [settings.AEAT_ENVIRONMENT, tenants is None, list(tenants or ()), stalled, stalled])
    return [
        Waiting(
            installation=chain,
            taxpayer=name,
            nif=nif,
            count=count,
            since=since,
            reason=reason or ("sin respuesta" if state == "unknown" else ""),
            failures=failures or 0,
            next_at=next_at,
            submission=submission,
        )
        for chain, name, nif, count, since, reason, state, failures, next_at, submission in rows
    ]


def amiss(tenants: Tenants, *, now: datetime) -> list[Amiss]:
    """Return everything else that people must be told, the gravest first."""
    return [
        *_unconfirmed(tenants),
        *_broken(tenants),
        *_quarantined(tenants),
        *_certificates(tenants, now),
        *_clocks(now),
    ]


def served(tenants: Tenants) -> tuple[int, Taxpayer | None]:
    """Return how many taxpayers a person operates, and which when it is one."""
    found = list(_of(Taxpayer.objects.only("name", "nif", "tenant"), "tenant", tenants)[:2])
    if len(found) < 2:
        return len(found), found[0] if found else None
    return _of(Taxpayer.objects.all(), "tenant", tenants).count(), None


def serves_several() -> bool:
    """Return whether this system serves more than one taxpayer, whoever asks (Orden, art. 2.d)."""
    return Taxpayer.objects.all()[:2].count() > 1


def unconfirmed() -> Any:
    """Return the active installations in production on which nothing is issued until a person confirms them."""
    if settings.AEAT_ENVIRONMENT != "production":
        return Installation.objects.none()
    waits = Installation.objects.filter(environment="production", active=True, head_seq=0, confirmed_at=None)
    return waits.select_related("taxpayer").order_by("created_at")


def _unconfirmed(tenants: Tenants) -> list[Amiss]:
    return [
        Amiss("unconfirmed", str(it.taxpayer), it.taxpayer.nif, at=it.created_at, text=it.numero, row=it)
        for it in _of(unconfirmed(), "taxpayer__tenant", tenants)
    ]


def _broken(tenants: Tenants) -> list[Amiss]:
    problems = ChainProblem.objects.select_related("installation__taxpayer").order_by("found_at")
    return [
        Amiss("broken", str(it.installation.taxpayer), it.installation.taxpayer.nif, at=it.found_at,
              text=f"{it.subject}: {it.text}", row=it.installation)
        for it in _of(problems, "installation__taxpayer__tenant", tenants)
    ]  # fmt: skip


def _quarantined(tenants: Tenants) -> list[Amiss]:
    rows = sql(
        """
        SELECT r.installation_id, count(*), min(r.generated_at), min(r.reason) FROM verifactu_record r
        JOIN verifactu_installation i ON i.id = r.installation_id
        JOIN verifactu_taxpayer t ON t.id = i.taxpayer_id AND (%s OR t.tenant = ANY(%s))
        WHERE r.state = 'quarantined' GROUP BY r.installation_id ORDER BY 3
        """,
        [tenants is None, list(tenants or ())],
    )
    chains = Installation.objects.select_related("taxpayer").in_bulk([row[0] for row in rows])
    return [
        Amiss("quarantined", str(it.taxpayer), it.taxpayer.nif, count, since, reason, it)
        for it, count, since, reason in ((chains[row[0]], *row[1:]) for row in rows)
    ]


def _certificates(tenants: Tenants, now: datetime) -> list[Amiss]:
    sends = Q(installations__environment=settings.AEAT_ENVIRONMENT, installations__active=True)
    soon = Q(certificate_until__lte=now + timedelta(days=WARN_BEFORE[0]))
    # What a certificate said of itself outlives one that was emptied because no key reads it any more.
    missing = ExpressionWrapper(Q(certificate=""), BooleanField())
    rows = Taxpayer.objects.annotate(missing=missing).defer("certificate", "certificate_password")
    rows = rows.filter(sends, soon | Q(missing=True))
    found = []
    for taxpayer in _of(rows.order_by("certificate_until", "name").distinct(), "tenant", tenants):
        kind, until = ("no_certificate", None) if taxpayer.missing else ("certificate", taxpayer.certificate_until)
        found.append(Amiss(kind, str(taxpayer), taxpayer.nif, at=until, row=taxpayer))
    return found


def _clocks(now: datetime) -> list[Amiss]:
    clocks = ServiceClock.objects.exclude(told="").filter(read_at__gte=now - CLOCK_IS_OLD)
    return [
        Amiss("clock", "", count=round(it.drift), at=it.read_at, text=it.endpoint, row=it)
        for it in clocks
        if abs(it.drift) >= WARN
    ]


def _of(rows: Any, path: str, tenants: Tenants) -> Any:
    return rows if tenants is None else rows.filter(**{f"{path}__in": list(tenants)})
