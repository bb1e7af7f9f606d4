"""The Procrastinate door: one task, which executes one process."""

from uuid import UUID

from procrastinate.contrib.django import app

from workflows.execution import execute
from workflows.wakeups import TASK


@app.task(name=TASK)
def execute_process(process: str, fence: int) -> None:
    """Execute the process if it is still (process, fence) that was admitted."""
    execute(UUID(process), fence)
