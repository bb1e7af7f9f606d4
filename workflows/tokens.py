"""Complete what processes wait for."""

from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import transaction

from workflows.encoding import EncodingError, decode, encode
from workflows.errors import TokenClosed
from workflows.rows import pump_after_commit, record, sql


def complete(answers: Sequence[tuple[str, Any]], *, tenant: str, now: datetime, actor: str, reason: str = "") -> int:
    """Answer many tokens at once, in the caller's transaction, and wake whoever waits; return how many were open.

    A token that nobody waits for yet is written too: the waiter will find its answer. One that is answered or
    closed already keeps what it has.
    """
    if not answers:
        return 0
    answers = sorted(answers, key=lambda pair: pair[0])  # one lock order for all completers
    with transaction.atomic():
        rows = sql(
            """
            INSERT INTO workflows_token (key, tenant, answer, closed, actor, reason, created_at, completed_at)
            SELECT a.key, %s, a.answer, false, %s, %s, %s, %s FROM unnest(%s::text[], %s::text[]) AS a(key, answer)
            ON CONFLICT (key) DO UPDATE SET
                answer = EXCLUDED.answer, actor = EXCLUDED.actor, reason = EXCLUDED.reason,
                completed_at = EXCLUDED.completed_at
            WHERE workflows_token.completed_at IS NULL AND NOT workflows_token.closed
            RETURNING process_id
            """,
            [tenant, actor, reason, now, now, [key for key, _ in answers], [encode(answer) for _, answer in answers]],
        )
        wake([row[0] for row in rows if row[0]], now=now, actor=actor, reason="token answered")
        return len(rows)


def answer(key: str, value: Any, *, tenant: str, now: datetime, actor: str, reason: str = "") -> None:
    """Answer one token.

    :raises EncodingError: when somebody waits for an answer of another type.
    :raises TokenClosed: when it has its answer already, or can have none any more.
    """
    for (expected,) in sql("SELECT answer_type FROM workflows_token WHERE key = %s AND answer_type <> ''", [key]):
        decode(encode(value), type_named(expected))
    if not complete([(key, value)], tenant=tenant, now=now, actor=actor, reason=reason):
        raise TokenClosed(TokenClosed.__doc__)


def type_named(name: str) -> Any:
    """Return the type that a token expects, from its `module:name`.

    :raises EncodingError: when this code does not hold it any more.
    """
    module, _, path = name.partition(":")
    try:
        return attrgetter(path)(import_module(module))
    except (ImportError, AttributeError) as error:
        raise EncodingError(f"the type {name} is not in this code") from error


def expire_due(*, now: datetime, limit: int) -> int:
    """Close the tokens whose time is over and wake who waited, to go on without; return how many."""
    rows = sql(
        """
        UPDATE workflows_token SET closed = true WHERE key IN (
            SELECT key FROM workflows_token
            WHERE completed_at IS NULL AND NOT closed AND expires_at <= %s AND process_id IS NOT NULL
            ORDER BY key LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
        )
        RETURNING process_id
        """,
        [now, limit],
    )
    wake([process for (process,) in rows], now=now, actor="tick", reason="nobody answered in time")
    return len(rows)


def wake(processes: Sequence[UUID], *, now: datetime, actor: str, reason: str) -> None:
    """Send parked processes (waiting, or held for an answer) on their way, in the caller's transaction."""
    if not processes:
        return
    rows = sql(
        """
        WITH parked AS (
            SELECT id, state FROM workflows_process
            WHERE id = ANY(%s) AND state IN ('waiting', 'held') ORDER BY id FOR NO KEY UPDATE
        )
        UPDATE workflows_process p SET state = 'pending', wake_at = NULL, hold = NULL
        FROM parked WHERE p.id = parked.id RETURNING p.id, parked.state, p.lane
        """,
        [list(processes)],
    )
    record([row[:2] for row in rows if row[1] == "waiting"], move="wake", at=now, actor=actor, reason=reason)
    record([row[:2] for row in rows if row[1] == "held"], move="resolve", at=now, actor=actor, reason=reason)
    for lane in {row[2] for row in rows}:
        pump_after_commit(lane)
