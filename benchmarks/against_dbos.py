"""Three steps from trigger to completed, against DBOS and its queue, both triggering while they execute.

Each side has one producer, this process, which starts the processes one by one, each in a transaction of its own, and
one worker process beside it, started for each round, so that nobody polls while the other is measured. The clock runs
from before the first start until the last is seen completed. History and attempts are on, as they always are here. The
other polls its queue at each of `POLLING` for a round beforehand, and keeps the interval that was fastest.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import psycopg
from dbos import DBOSClient

from benchmarks import dbos_worker as there
from benchmarks.database import a_database, an_empty_database
from benchmarks.harness import Figure, compare, per_second, scaled, tell
from benchmarks.worker import a_worker
from benchmarks.workflows import NOW_AND_THEN, PATIENCE, Work, await_completed, start
from config.house import PYTHON
from config.supervisor import Child, Supervisor
from tests.databases import Database

POLLING = (0.02, 0.05, 0.1)
CONCURRENCY = 50
"""Workflows at a time of the other's worker; with 4 and 8 it measured slower, with 16 the same."""

WARM = 20
"""Processes before the clock starts, by which worker and connections are warm."""


class Producer:
    """Starts workflows of the other from outside its process, as its DBOSClient is there for."""

    def __init__(self, url: str) -> None:
        self.client = DBOSClient(system_database_url=url)
        self.session = psycopg.connect(url, autocommit=True)

    def run(self, count: int) -> None:
        """Start so many and return once all of them are seen done.

        :raises TimeoutError: after a minute.
        """
        started = [
            self.client.enqueue(
                {"workflow_name": there.WORKFLOW, "queue_name": there.QUEUE, "app_version": there.VERSION}, number
            ).workflow_id
            for number in range(count)
        ]
        unfinished = "SELECT count(*) FROM dbos.workflow_status WHERE workflow_uuid = ANY(%s) AND status <> 'SUCCESS'"
        deadline = monotonic() + PATIENCE
        while (self.session.execute(unfinished, [started]).fetchone() or (0,))[0]:
            if monotonic() > deadline:
                raise TimeoutError(f"DBOS did not complete {count} workflows")
            sleep(NOW_AND_THEN)

    def close(self) -> None:
        """Let go of its connections."""
        self.session.close()
        self.client.destroy()


@contextmanager
def their_worker(url: str, polling: float) -> Iterator[Producer]:
    """Run one worker process of the other, and lend who starts workflows for it."""
    argv = [PYTHON, "-m", "benchmarks.dbos_worker", url, str(polling), str(CONCURRENCY)]
    with TemporaryDirectory() as logs, Supervisor([Child("dbos", argv)], log_dir=Path(logs)):
        _await_queue(url)
        producer = Producer(url)
        try:
            yield producer
        finally:
            producer.close()


def measure(scale: float) -> list[Figure]:
    """Return `three_steps_vs_dbos`, in processes per second."""
    each = scaled(300, scale)
    with a_database() as database, an_empty_database() as empty:
        polling = fastest_polling(empty.owner_url, each)
        return [
            compare(
                "three_steps_vs_dbos",
                ours=lambda: ours(database, each),
                other=lambda: theirs(empty.owner_url, polling, each),
                other_is=f"DBOS 3.4, three steps from its queue, polling every {polling:g} s",
                unit="per second",
                at_least=1,
            )
        ]


def ours(database: Database, count: int) -> float:
    """Return how many processes a second a worker of ours completes while we trigger them."""

    def run(number: int) -> None:
        await_completed([start(Work(n)) for n in range(number)], every=NOW_AND_THEN)

    with a_worker(database):
        run(WARM)
        return per_second(count, lambda: run(count))


def theirs(url: str, polling: float, count: int) -> float:
    """Return how many workflows a second a worker of theirs completes while we enqueue them."""
    with their_worker(url, polling) as producer:
        producer.run(WARM)
        return per_second(count, lambda: producer.run(count))


def fastest_polling(url: str, count: int) -> float:
    """Return the interval at which the other does best."""
    rates = {}
    for polling in POLLING:
        rates[polling] = theirs(url, polling, count)
        tell(f"three_steps_vs_dbos: polling every {polling:g} s {rates[polling]:.4g} per second")
    return max(rates, key=lambda polling: rates[polling])


def _await_queue(url: str) -> None:
    """Wait until its worker has made its tables and registered its queue."""
    deadline = monotonic() + PATIENCE
    with psycopg.connect(url, autocommit=True) as session:
        while monotonic() < deadline:
            there_is = session.execute("SELECT to_regclass('dbos.queues')").fetchone()
            if there_is and there_is[0]:
                found = session.execute("SELECT 1 FROM dbos.queues WHERE name = %s", [there.QUEUE]).fetchone()
                if found:
                    return
            sleep(NOW_AND_THEN)
    raise TimeoutError("the worker of DBOS did not start")
