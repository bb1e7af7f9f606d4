"""Remove what has ended and need not be kept: the processes whose workflow says how long (`keep=`), whole.

A process that must stay, stays: one without `keep`, one whose idempotency key still holds (the same would be done
again), one that another row points to, and a child that its parent may ask for again. Children go before parents.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import pgtrigger
from django.db import connection, transaction

from workflows.api import WORKFLOWS
from workflows.rows import sql

BATCH = 500
"""Processes removed in one transaction."""
ANY_OTHER = -1
"""In place of a version: those that are not in this code any more."""


class Candidate(NamedTuple):
    """A process that may go."""

    finished_at: datetime
    id: UUID
    workflow: str


def keeps() -> dict[tuple[str, int], timedelta]:
    """Return (workflow, version) -> how long its ended processes are kept, for those that are not kept for ever.

    A version that is no longer in the code is kept as long as the most careful of its workflow's versions says.
    """
    found: dict[tuple[str, int], timedelta] = {}
    for name in {name for name, _ in WORKFLOWS}:
        declared = {version: it.keep for (known, version), it in WORKFLOWS.items() if known == name}
        found |= {(name, version): keep for version, keep in declared.items() if keep is not None}
        if None not in declared.values():
            found[name, ANY_OTHER] = max(keep for keep in declared.values() if keep is not None)
    return found


def removable(now: datetime) -> dict[str, int]:
    """Return workflow -> how many of its processes could go now, those that hold each other included."""
    counts: dict[str, int] = {}
    for candidate in _candidates(now, on_its_own=False):
        counts[candidate.workflow] = counts.get(candidate.workflow, 0) + 1
    return dict(sorted(counts.items()))


def purge(now: datetime) -> Iterator[dict[str, int]]:
    """Remove what may go, and yield after each batch workflow -> how many went with it.

    Needs the rights of the tables' owner: the application may not delete events.
    """
    while True:
        removed = 0
        batch: list[Candidate] = []
        for candidate in _candidates(now, on_its_own=True):
            batch.append(candidate)
            if len(batch) == BATCH:
                yield (gone := _remove(batch, now))
                removed += sum(gone.values())
                batch = []
        if batch:
            yield (gone := _remove(batch, now))
            removed += sum(gone.values())
        if not removed:  # a pass frees those that the removed pointed to; after one that frees none all is done
            return


def _candidates(now: datetime, *, on_its_own: bool) -> Iterator[Candidate]:
    """Walk over what is due, the oldest of each workflow first; with `on_its_own` what nothing holds back.

    Workflow by workflow, so that those of the others, which are kept, are not even read.
    """
    keeping = keeps()
    held = _UNHELD if on_its_own else "true"
    for name in sorted({name for name, _ in keeping}):
        latest = now - min(keep for (known, _), keep in keeping.items() if known == name)
        after: tuple[datetime | None, UUID | None] = (None, None)
        while page := sql(
            f"""
            WITH {_POLICY}
            SELECT p.finished_at, p.id, p.workflow FROM workflows_process p
            WHERE p.workflow = %s AND p.finished_at < %s AND {_due("p")}
              AND (p.idempotency_key IS NULL OR p.key_expires_at <= %s) AND {held}
              AND (%s::timestamptz IS NULL OR (p.finished_at, p.id) > (%s::timestamptz, %s::uuid))
            ORDER BY p.finished_at, p.id LIMIT %s
            """,  # noqa: S608 (literals of this module)
            [*_policy(now), name, latest, now, after[0], *after, BATCH],
        ):
            yield from (Candidate(*row) for row in page)
            after = (page[-1][0], page[-1][1])


def _remove(batch: list[Candidate], now: datetime) -> dict[str, int]:
    """Remove those of the batch that are still as they were found, in one transaction."""
    with transaction.atomic():
        rows = sql(
            f"""
            WITH {_POLICY}
            SELECT p.id, p.workflow FROM workflows_process p
            WHERE p.id = ANY(%s) AND {_due("p")} AND {_UNHELD} ORDER BY p.id FOR UPDATE OF p SKIP LOCKED
            """,  # noqa: S608 (literals of this module)
            [*_policy(now), [candidate.id for candidate in batch]],
        )
        ids = [process for process, _ in rows]
        for table in ("workflows_token", "workflows_attempt", "workflows_step"):
            sql(f"DELETE FROM {table} WHERE process_id = ANY(%s)", [ids])  # noqa: S608 (a literal of this function)
        # The ledger's guard is lifted for this statement of this session; every other keeps meeting it.
        with pgtrigger.ignore("workflows.ProcessEvent:no_delete"), connection.cursor() as cursor:
            cursor.execute("DELETE FROM workflows_processevent WHERE process_id = ANY(%s)", [ids])
        sql("DELETE FROM workflows_process WHERE id = ANY(%s)", [ids])
    counts: dict[str, int] = {}
    for _, workflow in rows:
        counts[workflow] = counts.get(workflow, 0) + 1
    return counts


_POLICY = "policy (workflow, version, before) AS (SELECT * FROM unnest(%s::text[], %s::int[], %s::timestamptz[]))"


def _policy(now: datetime) -> list[list[object]]:
    """Return the three columns of the policy: before which end a process of (workflow, version) may go.

    A version that is in the code and kept for ever is named too, with no such moment.
    """
    known = keeps()
    rows: list[tuple[str, int, datetime | None]] = [
        (*key, now - known[key] if key in known else None) for key in sorted({*WORKFLOWS, *known})
    ]
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], []]


def _due(alias: str) -> str:
    """Return the condition that a process has ended so long ago that it may go."""
    return f"""({alias}.finished_at IS NOT NULL AND {alias}.finished_at < coalesce(
        (SELECT coalesce(before, '-infinity') FROM policy
         WHERE policy.workflow = {alias}.workflow AND policy.version = {alias}.version),
        (SELECT before FROM policy WHERE policy.workflow = {alias}.workflow AND policy.version = {ANY_OTHER})
    ))"""  # noqa: S608 (literals of this module)


# A failed parent may be resumed, and asks its children again, until it goes itself.
_UNHELD = f"""
    NOT EXISTS (SELECT 1 FROM workflows_process c WHERE c.parent_id = p.id)
    AND NOT EXISTS (SELECT 1 FROM workflows_process s WHERE s.superseded_by_id = p.id)
    AND NOT EXISTS (SELECT 1 FROM workflows_process f WHERE f.forked_from_id = p.id)
    AND (p.parent_id IS NULL OR EXISTS (
        SELECT 1 FROM workflows_process o WHERE o.id = p.parent_id
          AND (o.state IN ('completed', 'cancelled', 'expired') OR o.state = 'failed' AND {_due("o")})
    ))
"""  # noqa: S608 (literals of this module)
