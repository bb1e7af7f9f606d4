"""Two tenants on the workers of a house: one with 20,000 processes queued, and one whose processes come now and then.

And how fast that queue drains, against as many processes of fifty tenants. Both queues are there from the beginning;
the lanes of whoever is not measured are paused, and of each window the processes that completed in it count.
"""

import random
import time

from django.db import transaction

from benchmarks.database import a_database
from benchmarks.harness import Figure, at_most, compare, percentile, scaled, tell
from benchmarks.worker import workers_of_the_house
from benchmarks.workflows import Errand, await_completed, start_for_tenant, three_steps_of_a_tenant
from common import clock
from tests.deadline import eventually
from workflows import engine
from workflows.models import Lane
from workflows.rows import sql

QUEUED = 20_000
AT_ONCE = 1_000
TENANTS = 50
ONE, MANY = ["tenant:one"], [f"tenant:{number}" for number in range(TENANTS)]
PAUSES = (0.05, 0.3)
"""Seconds between two processes of the small tenant, drawn anew each time."""
SETTLING, WINDOW = 2.0, 5.0
"""Seconds after lanes were opened until the tick has seen them and the workers are at it, and seconds that count."""


def measure(scale: float) -> list[Figure]:
    """Return `small_tenant_p95_ms` and `one_tenant_drain_vs_many`."""
    queued, singles = scaled(QUEUED, scale, least=AT_ONCE), scaled(100, scale)
    with a_database() as database:
        Lane.objects.bulk_create(Lane(key=key, limit=5, paused=True) for key in [*ONE, *MANY])
        queue(queued, tenants=1)
        queue(queued, tenants=TENANTS)
        sql("ANALYZE workflows_process")
        with workers_of_the_house(database):
            await_completed([start_for_tenant(Errand(0, "small"))])
            open_only(ONE)
            eventually(lambda: completed(ONE), message="The queue of one tenant did not move")
            waits = small_tenant(singles)
            drain = compare(
                "one_tenant_drain_vs_many",
                ours=lambda: drained(ONE, other=MANY),
                other=lambda: drained(MANY, other=ONE),
                other_is=f"as many processes of {TENANTS} tenants, each with a lane of its own",
                unit="per second",
                at_least=0.7,
                rounds=3,
            )
        left = waiting(ONE)
    tell(f"fairness: small tenant p50 {percentile(waits, 50):.0f} ms, p99 {percentile(waits, 99):.0f} ms; {left} left")
    if not left:
        raise AssertionError("the queue of one tenant ran dry while it was measured")
    return [at_most("small_tenant_p95_ms", percentile(waits, 95), 300, "ms"), drain]


def queue(count: int, *, tenants: int) -> None:
    """Queue so many processes, one of each tenant after the other."""
    names = ["one"] if tenants == 1 else [str(number) for number in range(tenants)]
    for begin in range(0, count, AT_ONCE):
        errands = [Errand(number, names[number % tenants]) for number in range(begin, min(begin + AT_ONCE, count))]
        with transaction.atomic():
            engine.trigger_many(three_steps_of_a_tenant, errands, now=clock.now(), actor="benchmark")


def small_tenant(count: int) -> list[float]:
    """Return the milliseconds that each of so many single processes took, from before its trigger to completed."""
    dice = random.Random(7)  # noqa: S311 (pauses, not a secret)
    waits = []
    for number in range(count):
        time.sleep(dice.uniform(*PAUSES))
        began = time.perf_counter()
        await_completed([start_for_tenant(Errand(number, "small"))])
        waits.append((time.perf_counter() - began) * 1000)
    return waits


def drained(lanes: list[str], *, other: list[str]) -> float:
    """Return how many processes of these lanes complete a second while the others are paused."""
    open_only(lanes, other)
    time.sleep(SETTLING)
    before, began = completed(lanes), time.perf_counter()
    time.sleep(WINDOW)
    return (completed(lanes) - before) / (time.perf_counter() - began)


def open_only(lanes: list[str], other: list[str] | None = None) -> None:
    """Open these lanes and pause the others."""
    Lane.objects.filter(key__in=other or []).update(paused=True)
    Lane.objects.filter(key__in=lanes).update(paused=False)


def completed(lanes: list[str]) -> int:
    """Return how many processes of these lanes have completed."""
    count = "SELECT count(*) FROM workflows_process WHERE lane = ANY(%s) AND state = 'completed'"
    return int(sql(count, [lanes])[0][0])


def waiting(lanes: list[str]) -> int:
    """Return how many processes of these lanes are still queued."""
    count = "SELECT count(*) FROM workflows_process WHERE lane = ANY(%s) AND state = 'pending'"
    return int(sql(count, [lanes])[0][0])
