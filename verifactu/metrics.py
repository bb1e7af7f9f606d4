"""What the AEAT still owes an answer to, which certificates end, and how the clocks agree: for Prometheus."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from common import clock
from workflows.rows import sql


class RecordCollector(Collector):
    """The records without a final verdict: how many, and for how long the oldest has been one."""

    def describe(self) -> list[Metric]:
        """Return nothing: a description must not cost a look into the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        now = clock.now()
        count = GaugeMetricFamily(
            "verifactu_records_open", "Records without the AEAT's final verdict, by state.", labels=["state"]
        )
        age = GaugeMetricFamily(
            "verifactu_records_oldest_seconds", "Age of the oldest of them, from its making.", labels=["state"]
        )
        # Each branch by the partial index of its states: those with a verdict, the many, are not read.
        rows = sql(
            """
            SELECT 'pending', count(*), min(generated_at) FROM verifactu_record WHERE state = 'pending'
            UNION ALL
            SELECT state, count(*), min(generated_at) FROM verifactu_record
            WHERE state IN ('in_flight', 'unknown', 'quarantined') GROUP BY state
            """
        )
        found = {state: (number, oldest) for state, number, oldest in rows}
        for state in ("pending", "in_flight", "unknown", "quarantined"):
            number, oldest = found.get(state, (0, None))
            count.add_metric([state], number)
            age.add_metric([state], max((now - oldest).total_seconds(), 0.0) if oldest else 0.0)
        yield from (count, age)


class HouseCollector(Collector):
    """What ends or drifts: the days that each certificate has left, and the clock against the AEAT's."""

    def describe(self) -> list[Metric]:
        """Return nothing: a description must not cost a look into the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        now = clock.now()
        days = GaugeMetricFamily(
            "verifactu_certificate_days",
            "Days until the certificate ends; negative once over.",
            labels=["nif"],
        )
        for nif, until in sql(
            "SELECT nif, certificate_until FROM verifactu_taxpayer WHERE certificate_until IS NOT NULL ORDER BY nif"
        ):
            days.add_metric([nif], (until - now).total_seconds() / 86400)
        drift = GaugeMetricFamily(
            "verifactu_clock_drift_seconds", "Our clock less the AEAT's, at its last answer.", labels=["endpoint"]
        )
        age = GaugeMetricFamily("verifactu_clock_read_seconds", "Seconds since that answer.", labels=["endpoint"])
        for endpoint, seconds, read_at in sql("SELECT endpoint, drift, read_at FROM verifactu_serviceclock ORDER BY 1"):
            drift.add_metric([endpoint], seconds)
            age.add_metric([endpoint], max((now - read_at).total_seconds(), 0.0))
        broken = GaugeMetricFamily("verifactu_chains_broken", "Chains found broken and not yet found whole again.")
        broken.add_metric([], sql("SELECT count(*) FROM verifactu_chainproblem")[0][0])
        yield from (days, drift, age, broken)
