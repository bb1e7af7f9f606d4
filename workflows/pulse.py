"""The heartbeat of a worker: renews its leases, gives up calls that take too long, and takes its turn at the tick.

One thread and one connection for each, so that none waits for another.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Self

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from workflows import leases
from workflows.execution import WORKER
from workflows.rows import sql
from workflows.tick import tick

log = logging.getLogger(__name__)

TICK_EVERY = 1.0
FORGOTTEN_AFTER = timedelta(days=1)
"""A worker that was not seen for so long is not coming back: each has a name of its own."""


def forget_silent_workers() -> int:
    """Remove the rows of workers that are long gone; return how many. Done by each worker when it starts."""
    gone = datetime.now(UTC) - FORGOTTEN_AFTER
    return len(sql("DELETE FROM workflows_worker WHERE seen_at < %s RETURNING name", [gone]))


class Pulse:
    """Beats in the background while the `with` block runs. `slots`: how many processes this worker runs at a time."""

    def __init__(self, queues: Sequence[str] = (), slots: int = 0) -> None:
        self._queues = list(queues)
        self._slots = slots
        self._started_at = datetime.now(UTC)
        self._stop = threading.Event()
        beats = {"leases": (self._live, leases.RENEW_EVERY), "calls": (leases.overdue, leases.LOOK_EVERY),
                 "tick": (tick, TICK_EVERY)}  # fmt: skip
        self._threads = [
            threading.Thread(target=self._beat, args=beat, name=name, daemon=True) for name, beat in beats.items()
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=5)

    def _live(self) -> None:
        """Renew the leases and say that this worker is here, with so many places."""
        leases.renew()
        sql(
            """
            INSERT INTO workflows_worker (name, queues, slots, started_at, seen_at) VALUES (%s, %s, %s, %s, %s)
            ON CONFLICT (name) DO UPDATE SET seen_at = EXCLUDED.seen_at, slots = EXCLUDED.slots
            """,
            [WORKER, self._queues, self._slots, self._started_at, datetime.now(UTC)],
        )

    def _beat(self, work: Callable[[], object], every: float) -> None:
        try:
            wait = 0.0  # the first beat at once: a new worker is known before it works
            while not self._stop.wait(wait):
                wait = every
                close_old_connections()
                try:
                    work()
                except (DatabaseError, InterfaceError) as error:
                    # The database is away or broke us off; the next beat tries again on a new connection.
                    log.warning("%s: %s", threading.current_thread().name, type(error).__name__)
                    connection.close()
                except Exception:
                    # A defect in one beat must not leave this worker without the others.
                    log.exception("%s broke", threading.current_thread().name)
                    connection.close()
        finally:
            connection.close()
