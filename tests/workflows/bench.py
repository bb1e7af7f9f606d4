"""A small workbench: workflows that every engine test knows, and a hand that does what a worker does."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from common import clock
from workflows import api, engine
from workflows.execution import execute
from workflows.journal import Run
from workflows.models import Process
from workflows.retry import Retry
from workflows.rows import sql

effects: list[str] = []
"""What the external steps did, in order: the world outside the database."""

faults: list[Exception] = []
"""Raised by the next tries of a step, first first."""


class Bread(msgspec.Struct, frozen=True):
    """An order at the bakery."""

    table: str
    loaves: int = 1


class Answer(msgspec.Struct, frozen=True):
    """What a person says."""

    word: str


@api.step
def knead(loaves: int) -> int:
    """Write an effect into the database, in the step's own transaction."""
    sql("INSERT INTO django_session (session_key, session_data, expire_date) VALUES (%s, '', now())",
        [f"knead-{Process.objects.count()}-{Session.next()}"])  # fmt: skip
    if faults:
        raise faults.pop(0)
    return loaves * 2


@api.step.external(retry=Retry(retries=3, first=1))
def bake(loaves: int, *, idempotency_key: str) -> str:
    """Act on the outside."""
    effects.append(f"bake {idempotency_key}")
    if faults:
        raise faults.pop(0)
    return f"{loaves} baked"


def look_into_the_oven(loaves: int, *, idempotency_key: str) -> str:
    """Find out what became of a call that was cut off."""
    effects.append(f"look {idempotency_key}")
    return f"{loaves} found baked"


@api.step.external(interrupted=look_into_the_oven)
def bake_once(loaves: int, *, idempotency_key: str) -> str:
    """Act on the outside in a way that must not be repeated blindly."""
    effects.append(f"bake once {idempotency_key}")
    if faults:
        raise faults.pop(0)
    return f"{loaves} baked"


@api.step.external(queue="oven", lane=lambda loaves: api.Lane("oven", 1))
def bake_in_the_big_oven(loaves: int, *, idempotency_key: str) -> str:
    """A step with a place of its own."""
    effects.append("big oven")
    return "baked big"


@api.step
def sell(what: str) -> str:
    """The point of no return."""
    return f"sold {what}"


@api.workflow("bakery", version=1, lane=lambda p: api.Lane("bakery", 5))
def bakery(run: Run, p: Bread) -> str:
    """Two steps and a sale."""
    return run.step(sell, run.step(bake, run.step(knead, p.loaves)))


@api.workflow(
    "queue", version=1, lane=lambda p: api.Lane("bakery", 5), order_by=lambda p: f"table:{p.table}",
    on_failure="hold", idempotency_key=lambda p: f"{p.table}:{p.loaves}",
)  # fmt: skip
def in_order(run: Run, p: Bread) -> int:
    """One after another at each table; a failure holds those behind."""
    return run.step(knead, p.loaves)


@api.workflow("skipping", version=1, order_by=lambda p: f"skip:{p.table}", on_failure="skip")
def in_order_skipping(run: Run, p: Bread) -> int:
    """One after another; a failure lets the next go."""
    return run.step(knead, p.loaves)


@api.workflow(
    "newest", version=1, lane=lambda p: api.Lane("newest", 5), order_by=lambda p: f"new:{p.table}",
    supersede_until=sell, idempotency_key=lambda p: f"{p.table}:{p.loaves}",
)  # fmt: skip
def newest_wins(run: Run, p: Bread) -> str:
    """Asks a person, then sells; a newer one takes its place until it has sold."""
    answer = run.hold("which_bread", p, Answer)
    return run.step(sell, answer.word)


@api.workflow("settling", version=1, order_by=lambda p: f"settle:{p.table}", supersede_until=sell)
def settling(run: Run, p: Bread) -> str:
    """Put off a little by each newer one."""
    return run.step(sell, str(p.loaves))


@api.workflow("waiting", version=1, lane=lambda p: api.Lane("waiting", 1))
def waiting(run: Run, p: Bread) -> str:
    """Waits for the oven's bell."""
    return run.step(sell, run.wait("bell", Answer, key=f"bell:{p.table}").word)


@api.workflow("sleeping", version=1)
def sleeping(run: Run, p: Bread) -> str:
    """Sleeps an hour."""
    run.sleep_until(clock.now() + timedelta(hours=1))
    return "awake"


@api.workflow("once", version=1, order_by=lambda p: f"once:{p.table}", once_key=lambda p: f"once:{p.table}")
def only_one_queued(run: Run, p: Bread) -> int:
    """At most one of these waits to be started."""
    return run.step(knead, p.loaves)


@api.workflow("cautious", version=1)
def cautious(run: Run, p: Bread) -> str:
    """Calls something that must not be called twice blindly."""
    return run.step(bake_once, p.loaves)


@api.workflow("elsewhere", version=1, lane=lambda p: api.Lane("home", 5))
def elsewhere(run: Run, p: Bread) -> str:
    """Goes to the big oven for one step and comes home for the next."""
    return run.step(sell, run.step(bake_in_the_big_oven, p.loaves))


@api.workflow("twice", version=1)
def twice(run: Run, p: Bread) -> list[int]:
    """Runs one step in a loop."""
    return [run.step(knead, n) for n in range(p.loaves)]


class Session:
    """Keys for the effect rows."""

    count = 0

    @classmethod
    def next(cls) -> int:
        cls.count += 1
        return cls.count


def start(workflow: api.Workflow, payload: Bread, **options: object) -> UUID:
    """Trigger as an application would, outside any transaction of ours."""
    return engine.trigger(workflow, payload, now=clock.now(), actor="test", **options).id  # type: ignore[arg-type]


@dataclass
class Job:
    """A wake-up as a worker fetches it."""

    process: UUID
    fence: int
    queue: str

    def run(self) -> bool:
        """Do with it what the worker does."""
        return execute(self.process, self.fence, worker="bench")


def fetch() -> Job | None:
    """Take the oldest job off the queue."""
    rows = sql(
        """
        DELETE FROM procrastinate_jobs WHERE id = (
            SELECT id FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id LIMIT 1
        ) RETURNING args->>'process', (args->>'fence')::int, queue_name
        """
    )
    return Job(UUID(rows[0][0]), rows[0][1], rows[0][2]) if rows else None


def drain() -> int:
    """Run jobs until none is left; return how many ran."""
    ran = 0
    while job := fetch():
        job.run()
        ran += 1
    return ran


def state(process: UUID) -> str:
    """Return the state of a process."""
    return str(Process.objects.values_list("state", flat=True).get(pk=process))


def result(process: UUID) -> object:
    """Return what the process returned."""
    text = Process.objects.values_list("result", flat=True).get(pk=process)
    return msgspec.json.decode(text) if text else None


def kneaded() -> int:
    """Return how many effects of `knead` were committed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_session WHERE session_key LIKE 'knead-%%'")
        return int(cursor.fetchone()[0])


def hold_of(process: UUID) -> dict[str, Any]:
    """Return why the process is held."""
    return Process.objects.values_list("hold", flat=True).get(pk=process) or {}


def error_of(process: UUID) -> dict[str, Any]:
    """Return the error that the process shows."""
    return Process.objects.values_list("error", flat=True).get(pk=process) or {}
