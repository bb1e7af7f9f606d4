"""What waits for a person, and for how long: the questions of held processes, oldest first, and their counts.

One statement over the open processes (index `process_open`); millions of ended ones cost nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from invoicing.holds import CATALOGUE, Hold
from workflows.rows import sql

OLD, STALE = timedelta(days=2), timedelta(days=7)
AGES = ("fresh", "old", "stale")
"""Up to two days, up to seven, more."""
PAGE = 50

Tenants = Collection[str] | None
"""Whose questions: these tenants' alone, or everybody's (None)."""


@dataclass(frozen=True)
class Wanted:
    """Which questions are asked for; what is empty leaves none out."""

    code: str = ""
    tenant: str = ""
    connection: UUID | None = None
    age: str = ""
    tokens: tuple[str, ...] | None = None
    """Those very questions alone."""


@dataclass(frozen=True)
class Question:
    """One question, and the order that it is about, where it is about one."""

    process: UUID
    tenant: str
    token: str
    held: Hold
    since: datetime
    order: UUID | None
    number: str
    buyer: str
    total: Any
    connection: str


@dataclass(frozen=True)
class ReasonCount:
    """How many questions there are of one reason, by age, and since when the oldest waits."""

    code: str
    by_age: dict[str, int]
    since: datetime

    @property
    def total(self) -> int:
        """How many in all."""
        return sum(self.by_age.values())


_HELD = """
    WITH held AS (
        SELECT p.id, p.tenant, p.hold, p.hold->>'code' AS code, coalesce(
            (SELECT min(e.at) FROM workflows_processevent e
             WHERE e.process_id = p.id AND e.move = 'hold' AND e.reason = p.hold->>'code'), p.created_at) AS since,
            coalesce(
                (SELECT substring(t FROM 7)::uuid FROM unnest(p.tags) t WHERE t LIKE 'order:%%' LIMIT 1),
                (SELECT i.order_id FROM invoicing_invoice i WHERE i.id =
                    (SELECT substring(t FROM 9)::uuid FROM unnest(p.tags) t WHERE t LIKE 'invoice:%%' LIMIT 1))
            ) AS order_id
        FROM workflows_process p
        WHERE p.state = 'held' AND p.hold->>'kind' = 'question'
          AND (%(all)s::bool OR p.tenant = ANY(%(tenants)s::text[]))
    ), wanted AS (
        SELECT h.*, o.external_id, o.number, o.buyer, o.total, c.name AS connection FROM held h
        LEFT JOIN invoicing_order o ON o.id = h.order_id LEFT JOIN invoicing_connection c ON c.id = o.connection_id
        WHERE (%(code)s::text = '' OR h.code = %(code)s::text)
          AND (%(tenant)s::text = '' OR h.tenant = %(tenant)s::text)
          AND (%(connection)s::uuid IS NULL OR o.connection_id = %(connection)s::uuid)
          AND (%(tokens)s::text[] IS NULL OR h.hold->>'token' = ANY(%(tokens)s::text[]))
          AND CASE %(age)s::text WHEN 'stale' THEN h.since < %(stale)s
                           WHEN 'old' THEN h.since < %(old)s AND h.since >= %(stale)s
                           WHEN 'fresh' THEN h.since >= %(old)s ELSE true END
    )
"""


def questions(tenants: Tenants, wanted: Wanted, *, now: datetime, offset: int = 0, limit: int = PAGE) -> list[Question]:
    """Return the questions that wait, the oldest first."""
    rows = sql(
        f"""{_HELD} SELECT id, tenant, hold, since, order_id, coalesce(nullif(number, ''), external_id, ''),
            coalesce(buyer, ''), total, coalesce(connection, '')
        FROM wanted ORDER BY since, id OFFSET %(offset)s LIMIT %(limit)s""",  # noqa: S608 (our own text)
        {**_arguments(tenants, wanted, now), "offset": offset, "limit": limit},
    )
    return [
        Question(process, tenant, hold["token"], msgspec.convert(hold["data"], Hold), since, *about)
        for process, tenant, hold, since, *about in ((*row[:2], _json(row[2]), *row[3:]) for row in rows)
        if hold["code"] in CATALOGUE
    ]


def counts(tenants: Tenants, wanted: Wanted, *, now: datetime) -> list[ReasonCount]:
    """Return how many questions there are by reason, that with the oldest first."""
    rows = sql(
        f"""{_HELD} SELECT code, count(*) FILTER (WHERE since >= %(old)s),
            count(*) FILTER (WHERE since < %(old)s AND since >= %(stale)s),
            count(*) FILTER (WHERE since < %(stale)s),
            min(since)
        FROM wanted GROUP BY code ORDER BY min(since), code""",  # noqa: S608 (our own text)
        _arguments(tenants, wanted, now),
    )
    return [
        ReasonCount(code, dict(zip(AGES, (fresh, old, stale), strict=True)), since)
        for code, fresh, old, stale, since in rows
        if code in CATALOGUE
    ]


def age_of(now: datetime, since: datetime) -> str:
    """Return which of AGES a question has reached."""
    waited = now - since
    return "stale" if waited > STALE else "old" if waited > OLD else "fresh"


def summed(found: Collection[ReasonCount]) -> dict[str, int]:
    """Return how many questions there are by age, of all reasons."""
    return {age: sum(count.by_age[age] for count in found) for age in AGES}


def _arguments(tenants: Tenants, wanted: Wanted, now: datetime) -> dict[str, Any]:
    return {
        "all": tenants is None, "tenants": list(tenants or ()), "code": wanted.code, "tenant": wanted.tenant,
        "connection": str(wanted.connection) if wanted.connection else None, "age": wanted.age,
        "tokens": None if wanted.tokens is None else list(wanted.tokens), "old": now - OLD, "stale": now - STALE,
    }  # fmt: skip


def _json(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(value) if isinstance(value, str | bytes) else value
    return found
