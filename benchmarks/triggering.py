"""What it costs to start a process, against a row of the application's own and a bare Procrastinate job.

Ours: `trigger` in `atomic`, with the admission that follows its commit, which defers the job. The other: a row by the
ORM and `task.defer` in one `atomic`, as Procrastinate's documentation of its Django connector shows. Nobody works
meanwhile; at the end of each there is one row and one job for every start.
"""

from itertools import count

from django.db import transaction
from procrastinate.contrib.django import app

from benchmarks.bare.received import Received
from benchmarks.database import a_database
from benchmarks.harness import Figure, compare, per_second, scaled
from benchmarks.workflows import Work, start
from common import clock
from workflows.rows import sql

_numbers = count()


@app.task(name="benchmarks.nothing", queue="benchmarks")
def nothing(received: str) -> None:
    """Do nothing; nobody runs it."""


def measure(scale: float) -> list[Figure]:
    """Return `trigger_vs_create_and_defer`, in starts per second."""
    each = scaled(150, scale)

    def trigger_all() -> None:
        for _ in range(each):
            start(Work(next(_numbers)))

    def create_and_defer_all() -> None:
        for _ in range(each):
            with transaction.atomic():
                row = Received.objects.create(received_at=clock.now(), body=b'{"number":1}')
                nothing.defer(received=str(row.pk))

    with a_database():
        sql(
            "INSERT INTO workflows_worker (name, queues, slots, started_at, seen_at) VALUES (%s, %s, 100000000, now(), now() + interval '1 hour')",
            ["many", ["default"]],
        )
        return [
            compare(
                "trigger_vs_create_and_defer",
                ours=lambda: per_second(each, trigger_all),
                other=lambda: per_second(each, create_and_defer_all),
                other_is="ORM create and procrastinate defer in one atomic",
                unit="per second",
                at_least=0.5,
            )
        ]
