"""Years of ended processes and a few hundred open ones, to see what a statement costs when the tables have grown."""

from datetime import timedelta

from django.db import connection

from common import clock
from config.postgres.owner import as_owner
from tests.workflows import bench
from tests.workflows.bench import Bread, fetch, start
from workflows import api, engine
from workflows.execution import claim
from workflows.journal import Run
from workflows.rows import sql

TABLES = ("process", "step", "attempt", "processevent", "token", "lane")
CHUNK = 50_000
"""Inserted by one statement: the sessions of the application have a time limit for each."""


@api.workflow(
    "crowd-shared", version=1, lane=lambda p: api.Lane("crowd", 5), resource=lambda p: api.Lane("shared", 2),
    start_within=timedelta(days=2), max_duration=timedelta(hours=1),
)  # fmt: skip
def shared(run: Run, p: Bread) -> str:
    """Uses what all share, in time."""
    key = f"crowd:{p.table}:{p.loaves}"
    return run.wait("bell", bench.Answer, key=key, expires=timedelta(days=1), on_expiry=bench.Answer("none")).word


@api.workflow("crowd-parent", version=1)
def parent(run: Run, p: Bread) -> int:
    """Has children that wait."""
    return run.batch(shared, [Bread(f"{p.table}-{p.loaves}", n) for n in range(2)]).counts().total


def fill(ended: int) -> None:
    """Insert so many ended processes of the last years, each with a step, a try, two events and an answered token."""
    for first in range(1, ended + 1, CHUNK):
        for statement in _ENDED:
            sql(statement + _PAST, [first, min(first + CHUNK - 1, ended)])


def open_some(count: int = 40) -> None:
    """Bring processes into every open state, as an application and its workers do."""
    now = clock.now()
    for workflow in (bench.waiting, bench.sleeping, shared):
        engine.trigger_many(workflow, [Bread("open", n) for n in range(count)], now=now, actor="crowd")
    for number in range(count // 8):
        start(parent, Bread("parent", number))
        start(bench.newest_wins, Bread(f"hold-{number}", number))
    for number in range(count // 4):
        start(bench.in_order, Bread(f"order-{number % 3}", number))
    for _ in range(count):
        if job := fetch():
            job.run()
    for _ in range(4):  # and some die
        if job := fetch():
            claim(job.process, job.fence, worker="dead")
    sql("UPDATE workflows_process SET lease_until = now() - interval '1 s' WHERE state = 'processing'")
    engine.trigger_many(bench.bakery, [Bread("open", n) for n in range(count)], now=now, actor="crowd")


def leave_alone() -> None:
    """Have PostgreSQL's own upkeep leave the tables to us: it would come in the middle, and no owner can end it."""
    with as_owner(connection):
        for table in TABLES:
            sql(f"ALTER TABLE workflows_{table} SET (autovacuum_enabled = off)")


def analyze() -> None:
    """Have PostgreSQL look at the tables and tidy them up, as it does by itself after a while."""
    with as_owner(connection):
        for table in TABLES:
            sql(f"VACUUM (ANALYZE) workflows_{table}")


_ID = "('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
_PAST = f"""
    FROM (
        SELECT {_ID} AS id, n, made, made + interval '1 s' AS began, made + interval '3 s' AS ended FROM (
            SELECT n, now() - interval '1 h' - n * interval '2 min' AS made FROM generate_series(%s::int, %s::int) AS n
        ) AS numbered
    ) AS past
"""
_ENDED = (
    """
    INSERT INTO workflows_process (
        id, workflow, version, state, tenant, idempotency_key, order_key, behind, lane, lane_limit, queue, priority_at,
        fence, worker, recoveries, payload, result, tags, actor, created_at, started_at, finished_at
    )
    SELECT id, (ARRAY['crowd-one', 'crowd-two', 'bakery', 'queue'])[1 + mod(n, 4)], 1,
        (ARRAY['completed', 'completed', 'completed', 'failed', 'cancelled'])[1 + mod(n, 5)], 'tenant-' || mod(n, 50),
        'crowd:' || n, CASE mod(n, 4) WHEN 3 THEN 'crowd:' || n / 8 ELSE '' END, false, 'lane-' || mod(n, 50), 5,
        'default', made, 1, 'crowd', 0, '{"table":"crowd","loaves":1}', '"baked"', ARRAY['order:' || n], 'crowd',
        made, began, ended
    """,
    """
    INSERT INTO workflows_step
        (process_id, key, kind, done, input_digest, output, failures, started_at, finished_at)
    SELECT id, 'knead', 'atomic', true, '', '1', 0, began, ended
    """,
    """
    INSERT INTO workflows_attempt
        (process_id, step_key, fence, worker, started_at, milliseconds, error_class, message, traceback)
    SELECT id, 'knead', 1, 'crowd', began, 7, CASE mod(n, 50) WHEN 0 THEN 'OSError' ELSE '' END, '', ''
    """,
    """
    INSERT INTO workflows_processevent (process_id, at, actor, move, from_state, to_state, reason, seal)
    SELECT id, made, 'crowd', 'trigger', '', 'pending', '', ''
    """,
    """
    INSERT INTO workflows_processevent (process_id, at, actor, move, from_state, to_state, reason, seal)
    SELECT id, ended, 'crowd', 'complete', 'processing', 'completed', '', ''
    """,
    """
    INSERT INTO workflows_token (key, tenant, process_id, answer, closed, actor, created_at, completed_at)
    SELECT 'crowd:' || n, 'tenant-' || mod(n, 50), id, '1', false, 'crowd', began, ended
    """,
)
