"""How long a process takes that comes to an idle house: from before its trigger until it is seen completed."""

import random
import time

from benchmarks.database import a_database
from benchmarks.harness import Figure, at_most, percentile, scaled, tell
from benchmarks.worker import a_worker
from benchmarks.workflows import Work, await_completed, start

PAUSES = (0.05, 0.2)
"""Seconds between two processes, drawn anew each time, so that they fall in step with nothing."""


def measure(scale: float) -> list[Figure]:
    """Return `idle_p95_ms` of a workflow of three steps, one worker process of four places."""
    dice = random.Random(7)  # noqa: S311 (pauses, not a secret)
    waits = []
    with a_database() as database, a_worker(database):
        await_completed([start(Work(0))])
        for number in range(scaled(100, scale)):
            time.sleep(dice.uniform(*PAUSES))
            began = time.perf_counter()
            await_completed([start(Work(number))])
            waits.append((time.perf_counter() - began) * 1000)
    tell(f"idle: p50 {percentile(waits, 50):.0f} ms, p99 {percentile(waits, 99):.0f} ms, n={len(waits)}")
    return [at_most("idle_p95_ms", percentile(waits, 95), 150, "ms")]
