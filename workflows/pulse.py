"""The heartbeat of a worker: renews its leases, and takes its turn at the tick. Two threads, one connection each."""

import logging
import threading
from collections.abc import Callable
from typing import Self

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from workflows import leases
from workflows.tick import tick

log = logging.getLogger(__name__)

TICK_EVERY = 1.0


class Pulse:
    """Renews and ticks in the background while the `with` block runs."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._beat, args=(leases.renew, leases.RENEW_EVERY), name="leases", daemon=True),
            threading.Thread(target=self._beat, args=(tick, TICK_EVERY), name="tick", daemon=True),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=5)

    def _beat(self, work: Callable[[], object], every: float) -> None:
        try:
            while not self._stop.wait(every):
                close_old_connections()
                try:
                    work()
                except (DatabaseError, InterfaceError) as error:
                    # The database is away or broke us off; the next beat tries again on a new connection.
                    log.warning("%s: %s", threading.current_thread().name, type(error).__name__)
                    connection.close()
        finally:
            connection.close()
