"""The leases that this operating system process holds, renewed while it lives.

Ten seconds, renewed every three, in real time: a lease says that its worker is alive, and the movable clock of the
tests must not kill anyone.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from workflows.rows import sql

LEASE = timedelta(seconds=10)
RENEW_EVERY = 3.0

_held: dict[UUID, int] = {}
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
