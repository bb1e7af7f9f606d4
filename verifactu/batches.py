"""Which records make the next submission: in order, sound, under one header, at most a thousand, fewer in a search."""

from datetime import datetime, timedelta
from uuid import UUID

from verifactu import interventions
from verifactu.models import Installation, Record, Submission
from verifactu.xml import wrong_fragments
from workflows.rows import sql

MAX_RECORDS = 1000
"""Records in one submission (verifactu.md 7.2)."""
LATE = timedelta(seconds=240)
"""Older than this at sending, a record travels with Incidencia=S (verifactu.md 5.4; measured_facts.json)."""


def next_batch(installation: Installation, last: Submission | None, *, now: datetime) -> list[Record]:
    """Return the first records that travel together; what is not sound is set aside on the way."""
    pending = Record.objects.filter(installation=installation, state="pending").order_by("seq")
    sound = _sound(installation, list(pending[: _limit(last)]), now=now)
    batch: list[Record] = []
    for record in sound:
        # Incidencia is the same for a whole submission.
        if batch and delayed(record, now) != delayed(batch[0], now):
            break
        batch.append(record)
    return batch


def delayed(record: Record, now: datetime) -> bool:
    """Tell whether an outage delayed the record: too old, or sent before without answer."""
    return record.submission_id is not None or now - record.generated_at > LATE


def thousand_wait(installation_id: UUID) -> bool:
    """Tell whether so many records wait that the AEAT's wait is over (verifactu.md 7.2)."""
    rows = sql(
        """
        SELECT 1 FROM verifactu_record
        WHERE installation_id = %s AND state = 'pending' ORDER BY seq OFFSET %s LIMIT 1
        """,
        [installation_id, MAX_RECORDS - 1],
    )
    return bool(rows)


def _limit(last: Submission | None) -> int:
    """Return how many may go: half of those among which one takes the others with it, until it is found."""
    suspects = last.suspects if last else 0
    return (suspects + 1) // 2 if suspects else MAX_RECORDS


def _sound(installation: Installation, records: list[Record], *, now: datetime) -> list[Record]:
    """Set aside what no longer validates alone, so that it does not take the batch with it (OCA 5142, 5143)."""
    found = wrong_fragments([record.xml for record in records])
    wrong = {records[place].pk: "; ".join(errors) for place, errors in found.items()}
    if wrong:
        interventions.set_aside(installation, wrong, now=now)
    return [record for record in records if record.pk not in wrong]
