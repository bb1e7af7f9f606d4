"""The ordinary worker, which kills or freezes itself once where it is told: no hook for this is in the product.

    CRASH_POINTS=FOLDER python -m tests.faults.crashing_worker worker --queues default

A file in FOLDER named `<workflow>.<step>.<moment>` is one death: the worker that gets there first takes the file away
and is gone by kill -9. One named `<workflow>.<step>.<moment>.freeze` stops it by SIGSTOP instead, with its pid written
to `<workflow>.<step>.<moment>.frozen`. The moments of a step, in order:

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
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from config.supervisor import hold_lifeline

FOLDER = Path(os.environ["CRASH_POINTS"])


def reach(point: str) -> None:
    """Die or freeze if this is a point to do so and nobody has done it here yet."""
    if taken(point):
        print(f"--- dying at {point}", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    if taken(f"{point}.freeze"):
        print(f"--- freezing at {point}", file=sys.stderr, flush=True)
        (FOLDER / f"{point}.frozen").write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGSTOP)


def ordered(point: str) -> bool:
    """Tell whether somebody is to die or freeze there."""
    return (FOLDER / point).exists() or (FOLDER / f"{point}.freeze").exists()


def taken(name: str) -> bool:
    """Take a file away; tell whether it was there."""
    try:
        (FOLDER / name).unlink()
    except FileNotFoundError:
        return False
    return True


def wrap() -> None:
    """Put a point at every boundary of a process."""
    from django.db import connection, transaction

    from workflows.journal import Run

    original = {
        name: getattr(Run, name) for name in ("__init__", "_external", "_commit", "_checkpoint", "_park", "end")
    }

    def began(run: Any, process: Any, *rest: Any) -> None:
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
        value = original["_commit"](run, step, name, *rest)
        reach(f"{run.process.workflow}.{name}.committed")
        return value

    def written(run: Any, name: str) -> None:
        """Be at the end of a transaction, or past it where the statement was one by itself."""
        unpumped = partial(reach, f"{run.process.workflow}.{name}.unpumped")
        if connection.in_atomic_block:
            reach(f"{run.process.workflow}.{name}.uncommitted")
            # Before whatever else is to follow the commit: that is what wakes others.
            connection.run_on_commit.insert(0, (set(connection.savepoint_ids), unpumped, False))  # type: ignore[arg-type]
        else:
            unpumped()

    def checkpoint(run: Any, name: str, *rest: Any, **options: Any) -> None:
        original["_checkpoint"](run, name, *rest, **options)
        written(run, name)

    def park(run: Any, move: str, *rest: Any, **options: Any) -> None:
        original["_park"](run, move, *rest, **options)
        written(run, move)

    def end(run: Any, *rest: Any, **options: Any) -> None:
        # An end by one statement has no moment between writing and commit; where somebody is to die in it, it gets one.
        inside = ordered(f"{run.process.workflow}.end.uncommitted")
        with transaction.atomic() if inside else nullcontext():
            original["end"](run, *rest, **options)
            written(run, "end")

    for name, replacement in (
        ("__init__", began), ("_external", external), ("_commit", commit), ("_checkpoint", checkpoint),
        ("_park", park), ("end", end),
    ):  # fmt: skip
        setattr(Run, name, replacement)


def main() -> None:
    """Do what manage.py does, with the points in place and the module that CRASH_WORKFLOWS names imported."""
    hold_lifeline()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import importlib

    import django
    from django.core.management import execute_from_command_line

    django.setup()
    if module := os.environ.get("CRASH_WORKFLOWS"):
        importlib.import_module(module)
    wrap()
    execute_from_command_line(["manage.py", *sys.argv[1:]])


if __name__ == "__main__":
    main()
