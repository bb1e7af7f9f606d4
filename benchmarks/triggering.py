"""What it costs to start processes, one or a thousand, against a row of one's own and bare Procrastinate jobs.

One: `trigger` in `atomic`, with the admission that follows its commit, which defers the job. The other: a row by the
ORM and `task.defer` in one `atomic`, as Procrastinate's documentation of its Django connector shows. A worker with
places for all is known, so that each process is admitted and gets its job at once; nobody works meanwhile, and at the
end there is one row and one job for every start.

A thousand: `trigger_many` in `atomic`, and the admission of the first of them; the others stand in their lane's queue.
The other: `batch_defer`, which is all their jobs and nothing else.
"""

from datetime import timedelta
from itertools import count

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.types import JSONDict

from benchmarks.bare.received import Received
from benchmarks.database import a_database
from benchmarks.harness import ROUNDS, Figure, compare, per_second, scaled
from benchmarks.workflows import Work, start, three_steps
from common import clock
from workflows import engine
from workflows.models import Worker
from workflows.rows import sql

_numbers = count()


@app.task(name="benchmarks.nothing", queue="benchmarks")
def nothing(received: str) -> None:
    """Do nothing; nobody runs it."""


def measure(scale: float) -> list[Figure]:
    """Return `trigger_vs_create_and_defer` and `trigger_many_vs_batch_defer`, in starts per second."""
    return [one_by_one(scaled(150, scale)), many_at_once(scaled(1000, scale))]


def one_by_one(each: int) -> Figure:
    """Compare single starts, each in a transaction of its own."""

    def trigger_all() -> None:
        for _ in range(each):
            start(Work(next(_numbers)))

    def create_and_defer_all() -> None:
        for _ in range(each):
            with transaction.atomic():
                row = Received.objects.create(received_at=clock.now(), body=b'{"number":1}')
                nothing.defer(received=str(row.pk))

    with a_database():
        a_large_worker(each * (ROUNDS + 1))
        figure = compare(
            "trigger_vs_create_and_defer",
            ours=lambda: per_second(each, trigger_all),
            other=lambda: per_second(each, create_and_defer_all),
            other_is="ORM create and procrastinate defer in one atomic",
            unit="per second",
            at_least=0.5,
        )
        check_each_has_its_job(each * (ROUNDS + 1))
    return figure


def many_at_once(each: int) -> Figure:
    """Compare starts that come together, in one transaction."""

    def trigger_many() -> None:
        with transaction.atomic():
            engine.trigger_many(
                three_steps, [Work(next(_numbers)) for _ in range(each)], now=clock.now(), actor="benchmark"
            )

    def batch_defer() -> None:
        with transaction.atomic():
            jobs: list[JSONDict] = [{"received": str(next(_numbers))} for _ in range(each)]
            nothing.batch_defer(*jobs)

    with a_database():
        figure = compare(
            "trigger_many_vs_batch_defer",
            ours=lambda: per_second(each, trigger_many),
            other=lambda: per_second(each, batch_defer),
            other_is=f"procrastinate batch_defer of {each} jobs",
            unit="per second",
            at_least=0.33,
        )
        started = sql("SELECT count(*) FROM workflows_process p JOIN workflows_processevent e ON e.process_id = p.id")
        if started != [(each * (ROUNDS + 1),)]:
            raise AssertionError(f"{started[0][0]} processes were told of, not {each * (ROUNDS + 1)}")
    return figure


def a_large_worker(slots: int) -> None:
    """Make known a worker with so many places: what is admitted and not begun is held to three for each."""
    now = clock.now()
    Worker.objects.create(
        name="benchmark", queues=["default"], slots=slots, started_at=now, seen_at=now + timedelta(hours=1)
    )


def check_each_has_its_job(starts: int) -> None:
    """Refuse a figure of something else than what is said.

    :raises AssertionError: when there is not one row and one job for every start, on either side.
    """
    ours = sql("SELECT count(*) FROM workflows_process p JOIN procrastinate_jobs j ON j.id = p.job_id")[0][0]
    other = sql("SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'benchmarks'")[0][0]
    rows = Received.objects.count()
    if (ours, other, rows) != (starts, starts, starts):
        raise AssertionError(f"{starts} starts each, but {ours} jobs of ours, {other} of the other, {rows} rows")
