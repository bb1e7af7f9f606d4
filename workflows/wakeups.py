"""The jobs by which a process wakes a worker.

Deferred through our own JobManager on Django's connection, in web and worker alike: inside a Procrastinate worker
`task.defer()` would go through the worker's own pool and outlive a rolled-back transaction
(durable-execution.md section 2.4).
"""

from collections.abc import Sequence
from uuid import UUID

from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task
from procrastinate.types import JSONDict

TASK = "workflows.execute"

_jobs = JobManager(DjangoConnector())


def defer(queue: str, wakes: Sequence[tuple[UUID, int]]) -> list[int]:
    """Defer one job for each (process, fence) in the present transaction and return the job ids in that order."""
    jobs = configure_task(name=TASK, job_manager=_jobs, queue=queue)
    arguments: list[JSONDict] = [{"process": str(process), "fence": fence} for process, fence in wakes]
    return jobs.batch_defer(*arguments)
