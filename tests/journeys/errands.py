"""Workflows that start other workflows and then think better of it."""

import msgspec

from common import clock
from workflows.api import step, workflow
from workflows.engine import trigger
from workflows.errors import Abort
from workflows.journal import Run
from workflows.rows import pump, sql


class Errand(msgspec.Struct, frozen=True):
    """What to do and whether to go through with it."""

    name: str
    breaks: bool


@step
def leave_a_trace(name: str) -> str:
    """Write a row that can be counted."""
    sql("INSERT INTO django_session (session_key, session_data, expire_date) VALUES (%s, '', now())", [f"trace-{name}"])
    return name


@step
def send_someone(errand: Errand) -> str:
    """Write, start another process with its job, and perhaps break before the commit."""
    leave_a_trace(f"{errand.name}-sender")
    trigger(errand_of_another, Errand(f"{errand.name}-sent", breaks=False), now=clock.now(), actor="errands")
    pump("workflow:errand-of-another")  # admitted at once and not after the commit: its job is deferred in here
    if errand.breaks:
        raise Abort("thought better of it")
    return errand.name


@workflow("errand-of-another", version=1)
def errand_of_another(run: Run, p: Errand) -> str:
    """Leave a trace."""
    return run.step(leave_a_trace, p.name)


@workflow("errand", version=1)
def errand(run: Run, p: Errand) -> str:
    """Send someone else."""
    return run.step(send_someone, p)
