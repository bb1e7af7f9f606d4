"""The process that stops the embedded server a minute after its last user is gone; it starts nothing.

`python -m config.postgres.keeper <home> <descriptor of the keeper lock>`, run by `server.ensure`. Killed with -9 it
loses the keeper lock, and the next `ensure` starts another.
"""

import os
import sys
import time
from pathlib import Path

from config.postgres.place import Place, open_lock, same_file, starting_or_stopping, try_lock, unlock
from config.postgres.server import stop_under_lock


def main(home: Path, keeper_lock: int) -> None:
    """Leave the caller's family, then watch until there is nothing to keep."""
    if os.fork():
        # The caller waits for this one only; the keeper is nobody's child, hence nobody's zombie.
        os._exit(0)
    os.chdir("/")
    place = Place(home)
    users = open_lock(place.users)
    watch(place, users, keeper_lock, linger=float(os.environ.get("EMBEDDED_PG_LINGER_SECONDS", "60")))


def watch(place: Place, users: int, keeper_lock: int, *, linger: float) -> None:
    """Return when the server was stopped, by us after `linger` seconds without users or by somebody else."""
    unused_since, last_touched = time.monotonic(), _touched(users)
    while same_file(users, place.users):
        time.sleep(min(1.0, linger / 4))
        touched = _touched(users)
        if _in_use(users) or touched != last_touched:
            unused_since, last_touched = time.monotonic(), touched
        if not place.pid_file.exists() or time.monotonic() - unused_since >= linger:
            with starting_or_stopping(place):
                if _done(place, users):
                    # Before the start lock goes: whoever starts the server next must find the keeper's place free.
                    os.close(keeper_lock)
                    return
                unused_since = time.monotonic()


def _done(place: Place, users: int) -> bool:
    """Stop the server unless it is stopped already or a user came; the caller holds the start lock."""
    if not place.pid_file.exists():
        return True
    if _in_use(users):
        return False
    stop_under_lock(place)
    return True


def _in_use(users: int) -> bool:
    if not try_lock(users):
        return True
    unlock(users)
    return False


def _touched(users: int) -> int:
    return os.fstat(users).st_mtime_ns


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
