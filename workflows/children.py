"""Children: a process for each of many payloads, and the parent that waits for them.

The parent's journal has one row for all of them; its output says how many were started, and `complete` once that was
all. Whether they have ended is asked of the children's own rows, by an index of the open ones: ten thousand of them
ending at once meet at no counter, and the parent holds neither worker nor memory meanwhile.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from workflows.api import Workflow, definition_of
from workflows.control import cancel_many
from workflows.encoding import decode
from workflows.engine import Parent, trigger_many
from workflows.errors import ChildFailed
from workflows.rows import sql

CHUNK = 1000
"""Children started in one commit."""
PAGE = 500
"""Results read at a time."""

Policy = Literal["raise", "collect", "stop"]


class Started(msgspec.Struct, frozen=True):
    """What the parent's journal says while they run; `on_failure` is read by workflows_ready_parents too."""

    count: int = 0
    on_failure: Policy = "raise"
    complete: bool = False


class Counts(msgspec.Struct, frozen=True):
    """How the children of one step ended."""

    total: int
    completed: int
    failed: int
    """Failed, cancelled or expired."""


class Ended(msgspec.Struct, frozen=True):
    """What the parent's journal says when they have ended, for a replay too: whose children they are."""

    parent: UUID
    counts: Counts


class Batch:
    """The children of one step, all ended; results are read page by page."""

    def __init__(self, parent: UUID, key: str, workflow: Workflow) -> None:
        self.parent = parent
        self.key = key
        self.workflow = workflow

    def counts(self) -> Counts:
        """Return how they ended."""
        rows = sql(
            """
            SELECT count(*), count(*) FILTER (WHERE state = 'completed'),
                   count(*) FILTER (WHERE state IN ('failed', 'cancelled', 'expired'))
            FROM workflows_process WHERE parent_id = %s AND parent_key = %s
            """,
            [self.parent, self.key],
        )
        return Counts(*rows[0])

    def results(self) -> Iterator[Any]:
        """Yield the result of each completed child, in the order of the payloads."""
        after = -1
        while page := sql(
            """
            SELECT child_number, version, result FROM workflows_process
            WHERE parent_id = %s AND parent_key = %s AND child_number > %s AND state = 'completed'
            ORDER BY child_number LIMIT %s
            """,
            [self.parent, self.key, after, PAGE],
        ):
            after = page[-1][0]
            for _, version, result in page:
                yield decode(result or "null", definition_of(self.workflow.name, version).result_type)

    def refuse_failures(self) -> None:
        """Do nothing when all completed.

        :raises ChildFailed: naming the first that did not.
        """
        rows = sql(
            """
            SELECT id, state, error->>'class', error->>'message' FROM workflows_process
            WHERE parent_id = %s AND parent_key = %s AND state IN ('failed', 'cancelled', 'expired')
            ORDER BY (state = 'failed') DESC, child_number LIMIT 1
            """,
            [self.parent, self.key],
        )
        for process, state, kind, message in rows:
            because = f": {kind}: {message}" if kind else ""
            raise ChildFailed(f"{self.workflow.name} {process} {state}{because}. {ChildFailed.__doc__}")


def start(
    workflow: Workflow, chunk: list[Any], *, parent: Parent, so_far: Started, now: datetime, actor: str
) -> Started:
    """Start up to `CHUNK` more children in the parent's transaction; fewer than that are the last."""
    trigger_many(workflow, chunk, now=now, actor=actor, parent=parent, first_number=so_far.count)
    return Started(so_far.count + len(chunk), so_far.on_failure, complete=len(chunk) < CHUNK)


def settle(parent: UUID, key: str, policy: Policy, *, now: datetime, actor: str) -> bool:
    """Tell whether the children of a step have ended; under `stop` a failure cancels those that have not."""
    still_open = [
        process
        for (process,) in sql(
            "SELECT id FROM workflows_process WHERE parent_id = %s AND parent_key = %s AND finished_at IS NULL",
            [parent, key],
        )
    ]
    if not still_open or policy != "stop":
        return not still_open
    failed = sql(
        "SELECT 1 FROM workflows_process WHERE parent_id = %s AND parent_key = %s AND state = 'failed' LIMIT 1",
        [parent, key],
    )
    if failed:
        cancel_many(still_open, now=now, actor=actor, reason="a sibling failed")
    return bool(failed)
