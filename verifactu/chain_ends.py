"""A cheap look at the end of every chain: is the head the last record, and is that one linked to the one before?

`verify_ledger` recomputes whole chains; this reads two rows of each and is made often. What either finds is kept
until `verify_ledger` finds nothing; it is shown wherever people look, told once, and stops no invoicing (FAQ 15).
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from common.findings import Finding
from verifactu import alarms
from verifactu.models import ChainProblem, Installation
from workflows.alerts import alert
from workflows.rows import sql

_ENDS = """
    SELECT i.id, i.numero, t.nif, i.head_seq, l.seq, l.num_serie,
           i.head_huella IS DISTINCT FROM coalesce(l.huella, '') OR i.head_seal IS DISTINCT FROM coalesce(l.seal, '')
               OR i.head_seq IS DISTINCT FROM coalesce(l.seq, 0),
           l.seq > 1 AND (p.seq IS NULL OR p.huella <> l.huella_anterior OR p.seal <> l.previous_seal)
    FROM verifactu_installation i
    JOIN verifactu_taxpayer t ON t.id = i.taxpayer_id
    LEFT JOIN LATERAL (
        SELECT seq, num_serie, huella, huella_anterior, seal, previous_seal FROM verifactu_record
        WHERE installation_id = i.id ORDER BY seq DESC LIMIT 1
    ) l ON true
    LEFT JOIN verifactu_record p ON p.installation_id = i.id AND p.seq = l.seq - 1
    WHERE i.active
    ORDER BY t.nif, i.numero
"""


def broken_ends() -> dict[UUID, Finding | None]:
    """Return each active chain's id with what is wrong at its end, or None; one statement, two rows of each chain."""
    found: dict[UUID, Finding | None] = {}
    for chain, numero, nif, head_seq, seq, num_serie, headless, unlinked in sql(_ENDS):
        subject = f"{nif} {numero} nº {seq or 0} ({num_serie or '—'})"
        found[chain] = None
        if unlinked:
            found[chain] = Finding("I4", subject, "it is not linked to the record before it")
        elif headless:
            found[chain] = Finding("I4", subject, f"the last record, and the head says nº {head_seq} or another huella")
    return found


def remember(installation: UUID, findings: Iterable[Finding], *, now: datetime, whole: bool) -> None:
    """Keep what a look at a chain found, and tell it when it is new.

    :param whole: whether all of the chain was looked at, so that finding nothing is the end of an earlier problem.
    """
    first = next(iter(findings), None)
    with transaction.atomic():
        if first is None:
            if whole:
                ChainProblem.objects.filter(pk=installation).delete()
            return
        _, created = ChainProblem.objects.get_or_create(
            installation_id=installation, defaults={"found_at": now, "subject": first.subject[:200], "text": first.text}
        )
        if created:
            tenant = Installation.objects.values_list("taxpayer__tenant", flat=True).get(pk=installation)
            text = f"{first.text}. Invoicing goes on; run manage.py verify_ledger and see what changed the rows."
            alert(alarms.CHAIN, first.subject[:200], text, tenant, now)
