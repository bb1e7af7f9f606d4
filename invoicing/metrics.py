"""What waits for a person, for Prometheus."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from common import clock
from invoicing.waiting import AGES, Wanted, counts


class HoldCollector(Collector):
    """The questions of held orders and invoices: how many by reason and age, and the age of the oldest."""

    def describe(self) -> list[Metric]:
        """Return nothing: a description must not cost a look into the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        now = clock.now()
        held = GaugeMetricFamily(
            "invoicing_held",
            "Questions that wait for a person, by reason and age: fresh (2 days), old (7), stale (more).",
            labels=["code", "age"],
        )
        oldest = GaugeMetricFamily("invoicing_held_oldest_seconds", "Age of the oldest of them.", labels=["code"])
        for count in counts(None, Wanted(), now=now):
            for age in AGES:
                held.add_metric([count.code, age], count.by_age[age])
            oldest.add_metric([count.code], max((now - count.since).total_seconds(), 0.0))
        yield from (held, oldest)
