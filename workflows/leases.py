"""The leases that this operating system process holds, renewed while it lives, and the time that its calls have.

Ten seconds, renewed every three, in real time: a lease says that its worker is alive, and the movable clock of the
tests must not kill anyone.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from workflows.rows import sql

LEASE = timedelta(seconds=10)
RENEW_EVERY = 3.0
LOOK_EVERY = 0.5


class Call(NamedTuple):
    """A call to the outside that must come back by `until` (monotonic seconds)."""

    until: float
    too_long: Callable[[], None]


_held: dict[UUID, int] = {}
_calls: dict[UUID, Call] = {}
_lock = threading.Lock()


@contextmanager
def held(process: UUID, fence: int) -> Iterator[None]:
    """Have the lease of (process, fence) renewed for as long as the block runs."""
    with _lock:
        _held[process] = fence
    try:
        yield
    finally:
        with _lock:
            if _held.get(process) == fence:
                del _held[process]


@contextmanager
def deadline(process: UUID, timeout: timedelta, too_long: Callable[[], None]) -> Iterator[None]:
    """Have `too_long` called, in another thread, if the block runs longer than `timeout`."""
    call = Call(time.monotonic() + timeout.total_seconds(), too_long)
    with _lock:
        _calls[process] = call
    try:
        yield
    finally:
        with _lock:
            if _calls.get(process) is call:
                del _calls[process]


def overdue() -> int:
    """Give up the calls that did not come back in time; return how many."""
    now = time.monotonic()
    with _lock:
        late = {process: call for process, call in _calls.items() if call.until <= now}
        for process in late:
            del _calls[process]
    for call in late.values():
        call.too_long()
    return len(late)


def until() -> datetime:
    """Return the end of a lease that begins now."""
    return datetime.now(UTC) + LEASE


def renew() -> int:
    """Renew every lease held here in one statement; return how many are still ours."""
    with _lock:
        mine = list(_held.items())
    if not mine:
        return 0
    return len(
        sql(
            """
            UPDATE workflows_process AS p SET lease_until = %s
            FROM unnest(%s::uuid[], %s::int[]) AS h(process, fence)
            WHERE p.id = h.process AND p.fence = h.fence AND p.state = 'processing' RETURNING p.id
            """,
            [until(), [process for process, _ in mine], [fence for _, fence in mine]],
        )
    )
