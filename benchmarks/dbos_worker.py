"""The other worker: one process of DBOS with the same three steps, until it is stopped.

    python -m benchmarks.dbos_worker SYSTEM_DATABASE_URL POLLING_SECONDS WORKER_CONCURRENCY

Set up as DBOS's documentation advises for a server: `DBOS(config=...)`, a queue registered after launch with a limit of
its own per worker, workflows enqueued from elsewhere by `DBOSClient`. Its own pool sizes, log to stderr from WARNING.
"""

import sys
import threading

from dbos import DBOS

from config.supervisor import hold_lifeline

QUEUE = "benchmark"
WORKFLOW = "three_steps"
VERSION = "benchmark"


@DBOS.step()
def first(number: int) -> int:
    """Do nothing and have it recorded."""
    return number + 1


@DBOS.step()
def second(number: int) -> int:
    """Do nothing and have it recorded."""
    return number + 1


@DBOS.step()
def third(number: int) -> int:
    """Do nothing and have it recorded."""
    return number + 1


@DBOS.workflow(name=WORKFLOW)
def three_steps(number: int) -> int:
    """Take three steps."""
    return third(second(first(number)))


def main() -> None:
    """Work until the supervisor ends this process."""
    hold_lifeline()
    url, polling, concurrency = sys.argv[1:]
    DBOS(
        config={
            "name": "benchmark",
            "system_database_url": url,
            "application_version": VERSION,
            "log_level": "WARNING",
        }
    )
    DBOS.launch()
    DBOS.register_queue(
        QUEUE,
        worker_concurrency=int(concurrency),
        polling_interval_sec=float(polling),
        on_conflict="always_update",
    )
    threading.Event().wait()


if __name__ == "__main__":
    main()
