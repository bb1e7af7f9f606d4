"""The Procrastinate door: one task, which executes one process."""

from uuid import UUID

from procrastinate import JobContext
from procrastinate.contrib.django import app

from workflows.execution import execute
from workflows.wakeups import TASK


@app.task(name=TASK, pass_context=True)
def execute_process(context: JobContext, process: str, fence: int) -> None:
    """Execute the process if it is still (process, fence) that was admitted, and what follows in its lane."""
    execute(UUID(process), fence, job=context.job.id)
