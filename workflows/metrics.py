"""The engine's figures for Prometheus, read from PostgreSQL when they are asked for.

Every number is the database's, so any one process of the installation can be asked, and none has to remember anything.
What is counted over all time would mean to read all rows: ends and failures are those of the last hour.
"""

from collections.abc import Iterator
from datetime import timedelta

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from common import clock
from workflows import health
from workflows.rows import sql
from workflows.states import OPEN

WINDOW = timedelta(hours=1)
BREAKERS = {"closed": 0, "half_open": 1, "open": 2}


class ProcessCollector(Collector):
    """Processes, lanes, workers, tries, breakers."""

    def describe(self) -> list[Metric]:
        """Return nothing: a description must not cost a look into the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        now = clock.now()
        seen = health.health(now, window=WINDOW)
        yield from self._open(seen)
        yield from self._ended(seen)
        yield from self._tries(seen)
        yield from self._lanes(seen.lanes)
        yield from self._workers(seen.workers)
        if seen.breakers:
            states = GaugeMetricFamily(
                "workflows_breaker_state", "Circuit breaker: 0 closed, 1 half open, 2 open.", labels=["resource"]
            )
            for breaker in seen.breakers:
                states.add_metric([breaker.key], BREAKERS.get(breaker.state, 2))
            yield states

    def _open(self, seen: health.Health) -> Iterator[Metric]:
        count = GaugeMetricFamily(
            "workflows_processes", "Open processes, by workflow and state.", labels=["workflow", "state"]
        )
        age = GaugeMetricFamily(
            "workflows_oldest_seconds",
            "For how long the oldest open process has been in its state.",
            labels=["workflow", "state"],
        )
        by = {(it.workflow, it.state): it for it in seen.open}
        for workflow in sorted({it.workflow for it in seen.open}):
            for state in OPEN:
                found = by.get((workflow, state))
                count.add_metric([workflow, state], found.count if found else 0)
                age.add_metric([workflow, state], found.seconds(seen.now) if found else 0.0)
        yield from (count, age)
        oldest = seen.oldest_pending
        yield GaugeMetricFamily(
            "workflows_oldest_pending_seconds",
            "For how long the oldest process that might start has not been started.",
            value=oldest.seconds(seen.now) if oldest else 0.0,
        )

    def _ended(self, seen: health.Health) -> Iterator[Metric]:
        count = GaugeMetricFamily(
            "workflows_ended_last_hour", "Processes that ended in the last hour.", labels=["workflow", "state"]
        )
        retried = GaugeMetricFamily(
            "workflows_retried_last_hour", "Of these, those with a failed try.", labels=["workflow"]
        )
        quantiles = GaugeMetricFamily(
            "workflows_seconds_last_hour",
            "Of these, seconds from trigger to start (wait) and from start to end (duration).",
            labels=["workflow", "of", "quantile"],
        )
        for it in seen.ended:
            for state in ("completed", "failed", "cancelled", "expired"):
                count.add_metric([it.workflow, state], getattr(it, state))
            retried.add_metric([it.workflow], it.retried)
            for of, quantile, value in (
                ("duration", "0.5", it.duration_p50), ("duration", "0.95", it.duration_p95),
                ("wait", "0.5", it.wait_p50), ("wait", "0.95", it.wait_p95),
            ):  # fmt: skip
                if value is not None:
                    quantiles.add_metric([it.workflow, of, quantile], value)
        yield from (count, retried, quantiles)

    def _tries(self, seen: health.Health) -> Iterator[Metric]:
        # The newest number of the table is how many there have been, and stays when old rows are removed.
        tries = sql("SELECT coalesce(max(id), 0) FROM workflows_attempt")[0][0]
        yield CounterMetricFamily("workflows_attempts", "Tries of steps so far.", value=tries)
        failures = GaugeMetricFamily(
            "workflows_step_failures_last_hour", "Failed tries of steps in the last hour.", labels=["workflow", "step"]
        )
        rows = sql(
            """
            SELECT p.workflow, regexp_replace(a.step_key, '[#[~].*', ''), count(*)
            FROM workflows_attempt a JOIN workflows_process p ON p.id = a.process_id
            WHERE a.started_at >= %s AND a.error_class <> '' GROUP BY 1, 2 ORDER BY 1, 2
            """,
            [seen.since],
        )
        for workflow, step, count in rows:
            failures.add_metric([workflow, step], count)
        yield failures

    def _lanes(self, lanes: list[health.LaneUse]) -> Iterator[Metric]:
        for name, text in (
            ("active", "Processes admitted or running in the lane."), ("limit", "How many the lane admits at a time."),
            ("queued", "Processes that wait for a place in the lane."), ("paused", "1 while the lane admits nobody."),
        ):  # fmt: skip
            family = GaugeMetricFamily(f"workflows_lane_{name}", text, labels=["lane"])
            for lane in lanes:
                family.add_metric([lane.key], float(getattr(lane, name)))
            yield family

    def _workers(self, workers: list[health.WorkerSeen]) -> Iterator[Metric]:
        yield GaugeMetricFamily("workflows_workers", "Workers that are alive.", value=len(workers))
        slots = GaugeMetricFamily(
            "workflows_worker_slots", "Processes that it runs at a time.", labels=["worker", "queues"]
        )
        busy = GaugeMetricFamily("workflows_worker_busy", "Processes that it is running.", labels=["worker", "queues"])
        for worker in workers:
            labels = [worker.name, ",".join(worker.queues)]
            slots.add_metric(labels, worker.slots)
            busy.add_metric(labels, worker.busy)
        yield from (slots, busy)
