"""What a person decides about a difference with the AEAT: have it repaired, or leave it as it is. Never by itself.

resend  every accepted record of the invoice waits to be sent again, unchanged and in order
adopt   our record takes the AEAT's verdict; the row of the difference keeps the evidence
look    nothing can be done here: the person finds out and dismisses it with the reason
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from verifactu.models import Discrepancy, Record
from verifactu.states import DISCREPANCY_MOVES, RECORD_MOVES
from verifactu.submission import wake


class NothingToApprove(Exception):
    """This difference has no repair that could be approved, or was decided before; look at it again."""


def approve(discrepancy_id: UUID, *, actor: str, reason: str, now: datetime) -> Discrepancy:
    """Carry out the proposed repair, with who approved it and why, in one transaction.

    :raises NothingToApprove: when it is not open, has no repair, or its record moved on since it was found.
    """
    with transaction.atomic():
        row = _locked(discrepancy_id)
        if row.state != "open" or row.record is None:
            raise NothingToApprove(NothingToApprove.__doc__)
        match row.proposal:
            case Discrepancy.Proposal.RESEND:
                done = _resend(row, row.record, now)
            case Discrepancy.Proposal.ADOPT:
                done = _adopt(row, row.record, now)
            case _:
                done = False
        if not done:
            raise NothingToApprove(NothingToApprove.__doc__)
        _decide(row, "approve", actor=actor, reason=reason, now=now)
    return row


def dismiss(discrepancy_id: UUID, *, actor: str, reason: str, now: datetime) -> Discrepancy:
    """Leave a difference as it is, with who and why; as long as it stays the same it is not told again.

    :raises NothingToApprove: when it is neither open nor approved.
    """
    with transaction.atomic():
        row = _locked(discrepancy_id)
        if row.state not in DISCREPANCY_MOVES.sources("dismiss"):
            raise NothingToApprove(NothingToApprove.__doc__)
        _decide(row, "dismiss", actor=actor, reason=reason, now=now)
    return row


def _locked(discrepancy_id: UUID) -> Discrepancy:
    rows = Discrepancy.objects.select_for_update(no_key=True, of=("self",)).select_related("record", "installation")
    found: Discrepancy = rows.get(pk=discrepancy_id)
    return found


def _resend(row: Discrepancy, record: Record, now: datetime) -> bool:
    """Send the accepted records of the invoice again; false when the last one is not what it was."""
    if record.state not in RECORD_MOVES.sources("resend"):
        return False
    records = Record.objects.filter(
        installation=row.installation_id, num_serie=row.num_serie, fecha_expedicion=row.fecha_expedicion,
        state__in=RECORD_MOVES.sources("resend"),
    )  # fmt: skip
    records.update(state=RECORD_MOVES.target("resend"))
    wake(row.installation_id, now=now)
    return True


def _adopt(row: Discrepancy, record: Record, now: datetime) -> bool:
    """Give our record the AEAT's verdict; false when it has another state than when it was compared."""
    move = "adopt_with_errors" if row.theirs["estado"] == "AceptadoConErrores" else "adopt_accepted"
    target = RECORD_MOVES.target(move)
    # The same state with another code is no move, and just as much a verdict to take over.
    if record.state != row.ours["state"] or record.state not in (*RECORD_MOVES.sources(move), target):
        return False
    return bool(
        Record.objects.filter(pk=record.pk, state=record.state).update(
            state=target,
            codigo_error=row.theirs["code"],
            descripcion_error=row.theirs["text"],
            verdict_at=now,
            reason=f"reconcile_aeat: {row.pk}",
        )
    )


def _decide(row: Discrepancy, move: str, *, actor: str, reason: str, now: datetime) -> None:
    Discrepancy.objects.filter(pk=row.pk, state__in=DISCREPANCY_MOVES.sources(move)).update(
        state=DISCREPANCY_MOVES.target(move), decided_by=actor, decided_at=now, reason=reason
    )
