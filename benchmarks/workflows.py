"""The workflow of the engine's figures: three steps, each with a commit of its own, and nothing in them."""

import time
from uuid import UUID

import msgspec
from django.db import transaction

from common import clock
from workflows import api, engine
from workflows.journal import Run
from workflows.rows import sql

PATIENCE = 60.0
LOOK_EVERY = 0.002
"""Seconds between two looks at whether it is done: what that adds to a measured wait is half of it."""
NOW_AND_THEN = 0.02
"""Seconds between two looks where many are waited for and the looking must not take part in the work."""


class Work(msgspec.Struct, frozen=True):
    """Something to do; those of one key one after another, those without a key as they come."""

    number: int
    key: str = ""


@api.step
def first(number: int) -> int:
    """Do nothing and have it journaled."""
    return number + 1


@api.step
def second(number: int) -> int:
    """Do nothing and have it journaled."""
    return number + 1


@api.step
def third(number: int) -> int:
    """Do nothing and have it journaled."""
    return number + 1


@api.workflow(
    "benchmark",
    version=1,
    # A place for everybody: admission and its job belong to every trigger that is measured.
    lane=lambda p: api.Lane("benchmark", 1_000_000),
    order_by=lambda p: p.key,
)
def three_steps(run: Run, p: Work) -> int:
    """Take three steps."""
    return run.step(third, run.step(second, run.step(first, p.number)))


class Errand(msgspec.Struct, frozen=True):
    """Something to do for a tenant."""

    number: int
    tenant: str


@api.workflow("benchmark-tenant", version=1, tenant=lambda p: p.tenant, lane=lambda p: api.Lane(f"tenant:{p.tenant}"))
def three_steps_of_a_tenant(run: Run, p: Errand) -> int:
    """Take three steps in the lane of a tenant, whose limit is the default of five."""
    return run.step(third, run.step(second, run.step(first, p.number)))


def start(work: Work) -> UUID:
    """Trigger in a transaction, as an application does."""
    with transaction.atomic():
        return engine.trigger(three_steps, work, now=clock.now(), actor="benchmark").id


def start_for_tenant(errand: Errand) -> UUID:
    """Trigger in a transaction, as an application does."""
    with transaction.atomic():
        return engine.trigger(three_steps_of_a_tenant, errand, now=clock.now(), actor="benchmark").id


def await_completed(processes: list[UUID], *, every: float = LOOK_EVERY) -> None:
    """Return once all of them are seen completed, looked at `every` so many seconds.

    :raises TimeoutError: after a minute.
    """
    deadline = time.monotonic() + PATIENCE
    unfinished = "SELECT count(*) FROM workflows_process WHERE id = ANY(%s) AND state <> 'completed'"
    while sql(unfinished, [processes])[0][0]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{sql(unfinished, [processes])[0][0]} of {len(processes)} processes did not complete")
        time.sleep(every)
