"""In a real worker: what a step wrote, started and deferred goes with its transaction, or not at all."""

from pathlib import Path

import psycopg

from common import clock
from config.house import PYTHON
from config.supervisor import Child, Supervisor
from tests.databases import Database
from tests.deadline import eventually
from tests.journeys.errands import Errand, errand
from workflows.engine import trigger
from workflows.models import Process
from workflows.rows import sql


def test_a_rolled_back_step_leaves_no_row_no_process_and_no_job(fresh_database: Database, tmp_path: Path) -> None:
    argv = [PYTHON, "-m", "tests.journeys.worker_with", "tests.journeys.errands", "worker", "--concurrency", "2"]
    for name, breaks in (("broken", True), ("whole", False)):
        trigger(errand, Errand(name, breaks), now=clock.now(), actor="test")
    assert jobs_ever(fresh_database) == 2
    with Supervisor([Child("worker", argv, fresh_database.env)], log_dir=tmp_path):
        eventually(lambda: traces() == ["trace-whole-sender", "trace-whole-sent"], seconds=60)
        eventually(lambda: not Process.objects.exclude(state__in=("completed", "failed")), seconds=60)
        eventually(lambda: not sql("SELECT id FROM procrastinate_jobs"), seconds=10)
    states = Process.objects.order_by("seq").values_list("workflow", "state")
    assert list(states) == [("errand", "failed"), ("errand", "completed"), ("errand-of-another", "completed")]
    assert traces() == ["trace-whole-sender", "trace-whole-sent"]
    # Two of these were deferred inside the steps; only the whole one's was ever there to be seen.
    assert jobs_ever(fresh_database) == 4


def jobs_ever(database: Database) -> int:
    """Return how many jobs were ever deferred, in transactions that were rolled back too: sequences do not."""
    with psycopg.connect(database.owner_url) as session:
        [count] = session.execute("SELECT last_value FROM procrastinate_jobs_id_seq").fetchone() or [0]
    return int(count)


def traces() -> list[str]:
    """Return what was written, in order of name."""
    rows = sql("SELECT session_key FROM django_session ORDER BY session_key")
    return [row[0] for row in rows]
