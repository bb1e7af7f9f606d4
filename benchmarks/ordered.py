"""How fast the processes of one order key follow each other: each may begin only when the one before has ended."""

from statistics import median

from django.db import transaction

from benchmarks.database import a_database
from benchmarks.harness import Figure, at_least, per_second, scaled, tell
from benchmarks.worker import a_worker
from benchmarks.workflows import Work, await_completed, start

ROUNDS = 3


def measure(scale: float) -> list[Figure]:
    """Return `ordered_per_second` of a workflow of three steps, one worker process, all queued at once."""
    each = scaled(60, scale)

    def run_all() -> None:
        with transaction.atomic():
            processes = [start(Work(number, key="one after another")) for number in range(each)]
        await_completed(processes)

    rates = []
    with a_database() as database, a_worker(database):
        await_completed([start(Work(0))])
        for _ in range(ROUNDS):
            rates.append(per_second(each, run_all))
            tell(f"ordered: {rates[-1]:.1f} per second")
    return [at_least("ordered_per_second", median(rates), 15, "per second")]
