"""Start processes: trigger one or many, and what a newer process does to the ones before it.

The engine is four short transactions and no loop: `trigger` here, `admit` (rows.py, sql/admission_1.sql), `execute`
with its steps (execution.py, journal.py), and the finish of each (journal.py). `tick.py` is the net behind them.
"""

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import transaction

from common.ids import uuid7
from workflows.api import Step, Workflow, definition_of
from workflows.encoding import MAX_PAYLOAD, EncodingError, decode, encode
from workflows.errors import WorkflowError
from workflows.models import Process
from workflows.rows import (
    after_commit_once,
    free_lanes,
    lock_order_key,
    promote,
    pump_after_commit,
    record,
    sql,
    wake_parent,
)


class Handle(NamedTuple):
    """The process that a trigger started, or found."""

    id: UUID
    created: bool

    def state(self) -> str:
        """Return the state of the process now."""
        return str(Process.objects.values_list("state", flat=True).get(pk=self.id))

    def result(self) -> Any:
        """Return what the process returned, as its declared type.

        :raises WorkflowError: when it has not completed.
        """
        row = Process.objects.get(pk=self.id)
        if row.state != "completed":
            raise WorkflowError(f"{row} has no result: it is {row.state}")
        return decode(row.result or "null", definition_of(row.workflow, row.version).result_type)


class Parent(NamedTuple):
    """Whose children a trigger starts: the process, and its step that wants them."""

    id: UUID
    key: str


class New(msgspec.Struct):
    """A process to be inserted, as the statement reads it."""

    id: UUID
    tenant: str
    idempotency_key: str | None
    once_key: str | None
    order_key: str
    behind: bool
    lane: str
    lane_limit: int
    lane_rate: str
    resource: str
    resource_limit: int
    resource_rate: str
    queue: str
    payload: str
    tags: tuple[str, ...]
    wake_at: datetime | None = None
    settling_since: datetime | None = None
    child_number: int | None = None


def trigger(
    workflow: Workflow,
    payload: Any,
    *,
    now: datetime,
    actor: str,
    not_before: datetime | None = None,
    settle: timedelta = timedelta(0),
    priority: timedelta = timedelta(0),
    parent: Parent | None = None,
    idempotency_key: str | None = None,
) -> Handle:
    """Start a process of `workflow` in the caller's transaction.

    The payload is encoded and decoded as the declared type first: a bad one creates nothing. With `settle` the
    process waits that long, and each newer one that supersedes it (or finds it waiting under its `once_key`, and
    leaves it its own payload) begins the wait anew, up to `settle_max` in all. With `priority` it stands in its lane's
    queue as if it had been triggered so much earlier. `idempotency_key` takes the place of the workflow's own. Never
    writes a lane: admission follows after the commit.

    :raises EncodingError: when the payload does not fit the workflow's type.
    """
    new = _new(workflow, payload, idempotency_key)
    if new.once_key and not settle and (found := sql(*_waiting(workflow, new.once_key))):
        return Handle(found[0][0], created=False)
    plain = not (new.order_key or workflow.supersede_until or workflow.key_lasts)
    with nullcontext() if plain else transaction.atomic(savepoint=False):
        lock_order_key(new.order_key)
        if workflow.key_lasts:
            _forget_key(workflow, [new.idempotency_key], now)
        new.settling_since = now if settle else None
        if workflow.supersede_until:
            if new.idempotency_key and (existing := _existing(workflow, [new.idempotency_key])):
                return Handle(existing[new.idempotency_key], created=False)
            since = supersede(workflow, new.order_key, workflow.supersede_until, by=new.id, now=now, actor=actor)
            if settle and since:
                new.settling_since = since
        new.wake_at = not_before
        if new.settling_since:
            new.wake_at = max(min(now + settle, new.settling_since + workflow.settle_max), not_before or now)
        if parent:
            new.child_number = 0
        ids = _insert(workflow, [new], now=now, actor=actor, priority=priority, settle=settle, parent=parent)
        if new.id not in ids:
            if ids:
                return Handle(ids[0], created=False)
            assert new.idempotency_key  # noqa: S101 (the conflict that kept us from inserting)
            return Handle(_existing(workflow, [new.idempotency_key])[new.idempotency_key], created=False)
        pump_after_commit(new.lane)
    return Handle(new.id, created=True)


def trigger_with(
    insert: str, values: Sequence[Any], workflow: Workflow, payload: Any, *, now: datetime, actor: str
) -> bool:
    """Insert a row and start the process that is to work on it by one statement; return whether the row was new.

    Where it is there already neither is done.

    :param insert: an INSERT without a conflict clause.
    :raises EncodingError: when the payload does not fit the workflow's type.
    :raises WorkflowError: for a workflow whose processes wait for, replace or forget each other: that takes several.
    """
    new = _new(workflow, payload)
    if new.order_key or new.once_key or workflow.supersede_until or workflow.key_lasts:
        raise WorkflowError(f"workflow {workflow.name}: write the row first, then trigger")
    none = timedelta(0)
    made = _insert(workflow, [new], now=now, actor=actor, priority=none, parent=None, beside=(insert, values))
    if made:
        pump_after_commit(new.lane)
    return bool(made)


def trigger_many(
    workflow: Workflow,
    payloads: Iterable[Any],
    *,
    now: datetime,
    actor: str,
    priority: timedelta = timedelta(0),
    parent: Parent | None = None,
    first_number: int = 0,
) -> list[Handle]:
    """Start a process for each payload by one statement, in the caller's transaction; return them in that order.

    :raises EncodingError: when a payload does not fit; nothing is created then.
    :raises WorkflowError: when processes of this workflow supersede each other or share a `once_key`.
    """
    if workflow.supersede_until or workflow.once_key:
        raise WorkflowError(f"workflow {workflow.name}: trigger those that replace each other one by one")
    news = [_new(workflow, payload) for payload in payloads]
    if not news:
        return []
    seen: set[str] = set()
    for number, new in enumerate(news, first_number):
        new.behind = bool(new.order_key) and new.order_key in seen
        seen.add(new.order_key)
        new.child_number = number if parent else None
    keys = [new.idempotency_key for new in news if new.idempotency_key]
    with transaction.atomic(savepoint=False):
        for key in sorted(seen):
            lock_order_key(key)
        if workflow.key_lasts:
            _forget_key(workflow, keys, now)
        created = set(_insert(workflow, news, now=now, actor=actor, priority=priority, parent=parent))
        existing = _existing(workflow, keys) if len(created) < len(news) else {}
        for lane in {new.lane for new in news}:
            pump_after_commit(lane)
    return [
        Handle(new.id if new.id in created else existing[new.idempotency_key or ""], created=new.id in created)
        for new in news
    ]


def _new(workflow: Workflow, payload: Any, idempotency_key: str | None = None) -> New:
    text = encode(payload)
    if len(text) > MAX_PAYLOAD:
        raise EncodingError(f"a payload holds at most {MAX_PAYLOAD} characters: pass ids, not contents")
    payload = decode(text, workflow.payload_type)
    place = workflow.place(payload)
    return New(
        id=uuid7(),
        tenant=workflow.tenant(payload),
        idempotency_key=idempotency_key or (workflow.idempotency_key(payload) if workflow.idempotency_key else None),
        once_key=workflow.once_key(payload) if workflow.once_key else None,
        order_key=workflow.order_by(payload) if workflow.order_by else "",
        behind=False,
        lane=place.lane.key,
        lane_limit=place.lane.limit,
        lane_rate=place.lane.per_seconds,
        resource=place.resource.key,
        resource_limit=place.resource.limit,
        resource_rate=place.resource.per_seconds,
        queue=place.queue,
        payload=text,
        tags=workflow.tags(payload),
    )


def _insert(
    workflow: Workflow,
    news: Sequence[New],
    *,
    now: datetime,
    actor: str,
    priority: timedelta,
    settle: timedelta = timedelta(0),
    parent: Parent | None,
    beside: tuple[str, Sequence[Any]] = ("", ()),
) -> list[UUID]:
    """Insert processes with their first events; return the ids of what was inserted or, by once_key, found."""
    insert, values = beside
    more: list[Any]
    if insert:
        statement, more = f"WITH beside AS ({insert} ON CONFLICT DO NOTHING RETURNING true), {_INSERT_BESIDE}", []
    elif workflow.once_key:
        statement, more = (_INSERT_LATEST, [workflow.settle_max]) if settle else (_INSERT_ONCE, [])
    else:
        statement, more = _INSERT, []
    rows = sql(
        statement,
        [
            *values, msgspec.json.encode(news).decode(), workflow.name, workflow.version, now - priority,
            now + workflow.start_within if workflow.start_within else None,
            int(workflow.max_duration.total_seconds()) if workflow.max_duration else None,
            now + workflow.key_lasts if workflow.key_lasts else None,
            actor, now, parent.id if parent else None, parent.key if parent else "", *more,
            now, actor, now, actor,
        ],
    )  # fmt: skip
    return [process for (process,) in rows]


_INSERT_INTO = """
new AS (
    SELECT * FROM json_to_recordset(%s::json) AS n (
        id uuid, tenant text, idempotency_key text, once_key text, order_key text, behind boolean,
        lane text, lane_limit integer, lane_rate text, resource text, resource_limit integer, resource_rate text,
        queue text, payload text, tags text[], wake_at timestamptz, settling_since timestamptz, child_number integer
    )
), process AS (
    INSERT INTO workflows_process (
        id, workflow, version, state, tenant, idempotency_key, once_key, order_key, behind,
        lane, lane_limit, lane_rate, resource, resource_limit, resource_rate, queue, payload, tags, wake_at,
        settling_since, child_number, fence, worker, recoveries,
        priority_at, expires_at, max_seconds, key_expires_at, actor, created_at, parent_id, parent_key
    )
    SELECT id, %s, %s, 'pending', tenant, idempotency_key, once_key, order_key,
        behind OR order_key <> '' AND EXISTS (
            SELECT 1 FROM workflows_process o
            WHERE o.order_key = new.order_key AND o.order_key <> '' AND o.finished_at IS NULL
        ),
        lane, lane_limit, lane_rate, resource, resource_limit, resource_rate, queue, payload, tags, wake_at,
        settling_since, child_number, 0, '', 0,
        %s, %s, %s, %s, %s, %s, %s, %s
    FROM new """
_AND_TELL = """
    RETURNING id
), told AS (
    INSERT INTO workflows_processevent (process_id, at, actor, move, from_state, to_state, reason, seal)
    SELECT id, %s, %s, 'trigger', '', 'pending', '',
        workflows_seal(id, %s, %s, 'trigger', '', 'pending', '')
    FROM process WHERE id IN (SELECT id FROM new)
)
SELECT id FROM process
"""
_ONE_OF_A_KEY = "ON CONFLICT (workflow, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING"
_INSERT = f"WITH {_INSERT_INTO} {_ONE_OF_A_KEY} {_AND_TELL}"
_INSERT_BESIDE = f"{_INSERT_INTO} WHERE EXISTS (SELECT FROM beside) {_ONE_OF_A_KEY} {_AND_TELL}"
# The update locks the queued row, as `_waiting` does.
_INSERT_ONCE = f"""WITH {_INSERT_INTO} ON CONFLICT (workflow, once_key) WHERE once_key IS NOT NULL DO UPDATE
    SET priority_at = workflows_process.priority_at {_AND_TELL}"""  # noqa: S608 (literals of this module)
_INSERT_LATEST = f"""WITH {_INSERT_INTO} ON CONFLICT (workflow, once_key) WHERE once_key IS NOT NULL DO UPDATE
    SET payload = EXCLUDED.payload, wake_at = least(EXCLUDED.wake_at,
        coalesce(workflows_process.settling_since, workflows_process.created_at) + %s) {_AND_TELL}"""  # noqa: S608


def waiting(workflow: Workflow, payload: Any) -> tuple[str, list[Any]]:
    """Return the SELECT, with its values, of the queued process at which `trigger` would leave it: for more at once.

    It locks that process. Where it finds none, `trigger` is to be called.

    :raises WorkflowError: when the workflow has no `once_key`.
    """
    if not workflow.once_key:
        raise WorkflowError(f"workflow {workflow.name}: without a `once_key` every trigger makes a process")
    return _waiting(workflow, workflow.once_key(payload))


def _waiting(workflow: Workflow, once_key: str) -> tuple[str, list[Any]]:
    """Find the queued process of the key: the usual case, for which nothing need be made.

    Its row is locked: its worker cannot claim it before our transaction, whose rows it must see, is over.
    """
    return (
        "SELECT id FROM workflows_process WHERE workflow = %s AND once_key = %s FOR NO KEY UPDATE",
        [workflow.name, once_key],
    )


def supersede(
    workflow: Workflow, order_key: str, until: Step[Any], *, by: UUID, now: datetime, actor: str
) -> datetime | None:
    """Cancel every open process of the key that has no checkpoint of `until`; return since when they were settling.

    The order key's lock must be held. A processing one is cancelled too: its next checkpoint finds the state changed
    and commits nothing.
    """
    sql(
        """
        SELECT t.key FROM workflows_token t JOIN workflows_process p ON p.id = t.process_id
        WHERE p.order_key = %s AND p.order_key <> '' AND p.workflow = %s AND p.finished_at IS NULL
          AND t.completed_at IS NULL
        ORDER BY t.key FOR NO KEY UPDATE OF t
        """,
        [order_key, workflow.name],
    )
    candidates = sql(
        """
        SELECT id, state, settling_since, lane, resource, admitted_at IS NOT NULL FROM workflows_process
        WHERE order_key = %s AND order_key <> '' AND workflow = %s AND finished_at IS NULL
        ORDER BY id FOR NO KEY UPDATE
        """,
        [order_key, workflow.name],
    )
    if not candidates:
        return None
    passed = {
        row[0]
        for row in sql(
            "SELECT process_id FROM workflows_step WHERE process_id = ANY(%s) AND key = %s AND done",
            [[row[0] for row in candidates], until.name],
        )
    }
    beaten = [row for row in candidates if row[0] not in passed]
    close(beaten_ids := [row[0] for row in beaten], state="cancelled", now=now, superseded_by=by)
    record([(row[0], row[1]) for row in beaten], move="cancel", at=now, actor=actor, reason=f"superseded by {by}")
    free_lanes((row[3], row[4]) for row in beaten if row[5])
    if beaten_ids:
        for lane in promote(order_key):
            pump_after_commit(lane)
    return min((row[2] for row in beaten if row[2]), default=None)


def close(processes: list[UUID], *, state: str, now: datetime, superseded_by: UUID | None = None) -> None:
    """Write a terminal state on locked processes, close the tokens that they waited for, tell their parents."""
    if not processes:
        return
    parents = sql(
        """
        UPDATE workflows_process SET state = %s, finished_at = %s, superseded_by_id = %s, once_key = NULL,
            admitted_at = NULL, lease_until = NULL, wake_at = NULL, job_id = NULL, behind = false, awaits_children = ''
        WHERE id = ANY(%s) RETURNING parent_id
        """,
        [state, now, superseded_by, processes],
    )
    sql(
        "UPDATE workflows_token SET closed = true WHERE process_id = ANY(%s) AND completed_at IS NULL AND NOT closed",
        [processes],
    )
    for parent in {parent for (parent,) in parents if parent}:
        after_commit_once(wake_parent, parent)


def _forget_key(workflow: Workflow, keys: Sequence[str | None], now: datetime) -> None:
    """Take the keys whose time is over from processes that have ended."""
    sql(
        """
        UPDATE workflows_process SET idempotency_key = NULL
        WHERE workflow = %s AND idempotency_key = ANY(%s) AND key_expires_at <= %s AND finished_at IS NOT NULL
        """,
        [workflow.name, [key for key in keys if key], now],
    )


def _existing(workflow: Workflow, idempotency_keys: Sequence[str]) -> dict[str, UUID]:
    rows = sql(
        "SELECT idempotency_key, id FROM workflows_process WHERE workflow = %s AND idempotency_key = ANY(%s)",
        [workflow.name, list(idempotency_keys)],
    )
    return dict(rows)
