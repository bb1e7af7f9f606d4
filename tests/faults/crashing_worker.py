"""The ordinary worker, which kills itself once at each point that it is told: no hook for this is in the product.

    CRASH_POINTS=FOLDER python -m tests.faults.crashing_worker worker --queues default

A file in FOLDER named `<workflow>.<step>.<moment>` is one death: the worker that gets there first takes the file away
and is gone by kill -9. The moments of a step, in order:

    intended      an external step: its intent is committed, its call has not begun
    called        an external step: the call has returned, nothing of it is stored
    uncommitted   the checkpoint is written, its transaction not yet committed
    unpumped      committed, and nobody woken yet for what it started
    committed     committed, and all that follows a commit done

Besides steps there are `start` (committed: the process was claimed), `wait` and
`hold` (uncommitted, unpumped), and `end` (uncommitted, unpumped).
"""

import copy
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from config.supervisor import hold_lifeline

FOLDER = Path(os.environ["CRASH_POINTS"])
_at = threading.local()


def reach(point: str) -> None:
    """Die if this is a point to die at and nobody has died here yet."""
    try:
        (FOLDER / point).unlink()
    except FileNotFoundError:
        return
    print(f"--- dying at {point}", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def wrap() -> None:
    """Put a point at every boundary of a process."""
    from workflows import rows
    from workflows.journal import Run

    original = {
        name: getattr(Run, name) for name in ("__init__", "_external", "_commit", "_checkpoint", "_park", "end")
    }
    pump = rows.pump

    def began(run: Any, process: Any, *rest: Any) -> None:
        _at.point = ""
        reach(f"{process.workflow}.start.committed")
        original["__init__"](run, process, *rest)

    def external(run: Any, step: Any, name: str, *rest: Any) -> Any:
        watched = copy.copy(step)

        def call(*args: Any, **kwargs: Any) -> Any:
            reach(f"{run.process.workflow}.{name}.intended")
            result = step.function(*args, **kwargs)
            reach(f"{run.process.workflow}.{name}.called")
            return result

        watched.function = call
        return original["_external"](run, watched, name, *rest)

    def commit(run: Any, step: Any, name: str, *rest: Any) -> Any:
        _at.point = ""
        value = original["_commit"](run, step, name, *rest)
        reach(f"{run.process.workflow}.{name}.committed")
        return value

    def last_in_transaction(run: Any, name: str) -> None:
        reach(f"{run.process.workflow}.{name}.uncommitted")
        _at.point = f"{run.process.workflow}.{name}.unpumped"

    def checkpoint(run: Any, name: str, *rest: Any, **options: Any) -> None:
        original["_checkpoint"](run, name, *rest, **options)
        last_in_transaction(run, name)

    def park(run: Any, move: str, *rest: Any, **options: Any) -> None:
        original["_park"](run, move, *rest, **options)
        last_in_transaction(run, move)

    def end(run: Any, *rest: Any, **options: Any) -> None:
        original["end"](run, *rest, **options)
        last_in_transaction(run, "end")

    def pumped(lane: str) -> int:
        if point := getattr(_at, "point", ""):
            reach(point)
        return pump(lane)

    for name, replacement in (
        ("__init__", began), ("_external", external), ("_commit", commit), ("_checkpoint", checkpoint),
        ("_park", park), ("end", end),
    ):  # fmt: skip
        setattr(Run, name, replacement)
    rows.pump = pumped


def main() -> None:
    """Do what manage.py does, with the points in place."""
    hold_lifeline()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from django.core.management import execute_from_command_line

    django.setup()
    wrap()
    execute_from_command_line(["manage.py", *sys.argv[1:]])


if __name__ == "__main__":
    main()
