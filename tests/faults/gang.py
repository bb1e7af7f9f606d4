"""Worker processes of the engine alone, which a test starts, kills, freezes and lets go on."""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from config.house import PYTHON
from config.supervisor import Child
from tests.databases import Database
from tests.deadline import eventually
from tests.faults import labour
from workflows.models import Lane, Worker
from workflows.rows import sql

START = 30.0
"""Seconds for a worker to start; far more than it takes."""


@dataclass
class Gang:
    """The workers by name."""

    env: Mapping[str, str]
    folder: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    killed: dict[int, int] = field(default_factory=dict)
    """When (monotonic nanoseconds) each pid was seen dead."""

    @property
    def file(self) -> Path:
        return self.folder / "labour"

    def children(self, *names: str) -> list[Child]:
        """Return the workers as the supervisor keeps them: it starts again whoever ends."""
        argv = [PYTHON, "-m", "tests.journeys.worker_with", "tests.faults.labour", "worker", "--concurrency", "4"]
        return [Child(name, argv, {**self.env, "LABOUR_FILE": str(self.file)}) for name in names]

    def start(self, *names: str, wait: bool = True) -> None:
        """Start workers of four places; with `wait`, return when they are known."""
        for child in self.children(*names):
            with (self.folder / f"{child.name}.log").open("ab") as log:
                self.running[child.name] = subprocess.Popen(
                    child.argv, env={**os.environ, **(child.env or {})}, stdout=log, stderr=log, start_new_session=True
                )
        for name in names if wait else ():
            pid = self.running[name].pid
            known = Worker.objects.filter(name__endswith=f":{pid}").exists
            eventually(known, START, message=f"{name} did not start: {self.folder / name}.log")

    def kill(self, name: str) -> int:
        """Kill -9 a worker and return its pid; nobody starts another."""
        worker = self.running.pop(name)
        worker.kill()
        worker.wait()
        self.killed[worker.pid] = time.monotonic_ns()
        return worker.pid

    def freeze(self, name: str) -> int:
        """Stop a worker where it stands, as a machine that is suspended; return its pid."""
        pid = self.running[name].pid
        os.kill(pid, signal.SIGSTOP)
        return pid

    def thaw(self, name: str) -> None:
        """Let a frozen worker go on."""
        os.kill(self.running[name].pid, signal.SIGCONT)

    def stop(self) -> None:
        """Kill all, the frozen too."""
        for name in list(self.running):
            self.kill(name)

    def lines(self) -> list[labour.Line]:
        """Return what the calls to the outside left."""
        return labour.lines(self.file)

    def let_go(self, number: int) -> None:
        """Let what hangs for this number go on."""
        Path(f"{self.file}.{number}").touch()


@contextmanager
def a_gang(database: Database, folder: Path, **env: str) -> Iterator[Gang]:
    """Make the table of effects and lend a gang without workers; at the end none is left."""
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(labour.TABLE)
    gang = Gang({**database.env, **env}, folder)
    try:
        yield gang
    finally:
        gang.stop()


def lease_passes(pid: int) -> None:
    """Move the end of the leases of a worker that cannot renew them any more into the past."""
    sql("UPDATE workflows_process SET lease_until = now() - interval '1 s' WHERE worker LIKE %s", [f"%:{pid}"])


def effects() -> list[tuple[int, str]]:
    """Return the rows that atomic steps left, in the order of their writing."""
    return [(number, step) for number, step in sql("SELECT number, step FROM labour_effect ORDER BY id")]


def deadlocks() -> int:
    """Return how many deadlocks PostgreSQL has resolved in this database."""
    sql("SELECT pg_stat_force_next_flush()")
    return int(sql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0][0])


def limits_hold() -> bool:
    """Look that nowhere more are at work than may be, by the rows and by the counters."""
    working = Counter[str]()
    for lane, resource, count in sql(
        "SELECT lane, resource, count(*) FROM workflows_process WHERE state = 'processing' GROUP BY lane, resource"
    ):
        working[lane] += count
        working[resource] += count
    for lane in Lane.objects.all():
        assert working[lane.key] <= lane.limit, f"{working[lane.key]} at work in {lane}"
        assert lane.active <= lane.limit, f"{lane} is overfull"
    return True
