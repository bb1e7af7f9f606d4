"""Processes as the API shows them: frozen values made from the engine's rows."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from django.db.models import Count
from django.urls import reverse

from common.words import Words, reading
from invoicing.api import ids
from invoicing.holds import Hold
from invoicing.models import Company
from workflows.models import Attempt, Process
from workflows.states import OPEN

Moment = Annotated[datetime, msgspec.Meta(tz=True)]

MOST_ATTEMPTS = 200
"""Shown of one process, the newest."""


class ProgressResource(msgspec.Struct, frozen=True, kw_only=True):
    """How far a process is."""

    done: int
    total: int
    note: str


class ProcessHoldResource(msgspec.Struct, frozen=True, kw_only=True):
    """Why a process waits for a person."""

    kind: str
    code: str
    message: str
    missing: str
    actions: list[str]


class ProcessErrorResource(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong last."""

    step: str
    kind: str
    message: str


class ProcessResource(msgspec.Struct, frozen=True, kw_only=True):
    """A process and where it stands."""

    id: str
    workflow: str
    version: int
    state: str
    tags: list[str]
    order: str | None
    progress: ProgressResource | None
    hold: ProcessHoldResource | None
    error: ProcessErrorResource | None
    forked_from: str | None
    parent: str | None
    superseded_by: str | None
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    wake_at: Moment | None
    url: str


class AttemptResource(msgspec.Struct, frozen=True, kw_only=True):
    """One try of a step."""

    started_at: Moment
    milliseconds: int
    error: ProcessErrorResource | None


class StepResource(msgspec.Struct, frozen=True, kw_only=True):
    """One named step of a process."""

    key: str
    kind: str
    done: bool
    failures: int
    started_at: Moment
    finished_at: Moment | None
    attempts: list[AttemptResource]


class WaitResource(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a process waits for."""

    key: str
    expires_at: Moment | None
    url: str


class ChildrenResource(msgspec.Struct, frozen=True, kw_only=True):
    """How many processes it started, and how they stand."""

    total: int
    open: int
    completed: int
    failed: int


class WholeProcessResource(ProcessResource, frozen=True, kw_only=True):
    """A process with its steps and what came of it."""

    result: Any
    steps: list[StepResource]
    waits: list[WaitResource]
    children: ChildrenResource


def processes(rows: Sequence[Process], company: Company) -> list[ProcessResource]:
    """Return processes (no query)."""
    zone = ZoneInfo(company.zone)
    return [ProcessResource(**_common(row, zone)) for row in rows]


def whole_process(row: Process, company: Company) -> WholeProcessResource:
    """Return one process with its steps and their tries (four queries)."""
    zone = ZoneInfo(company.zone)
    tries: dict[str, list[AttemptResource]] = defaultdict(list)
    for attempt in list(row.attempts.order_by("-id")[:MOST_ATTEMPTS])[::-1]:
        tries[attempt.step_key].append(_attempt(attempt, zone))
    waits = row.tokens.filter(completed_at=None, closed=False).exclude(key__startswith="hold:").order_by("key")
    return WholeProcessResource(
        **_common(row, zone),
        result=msgspec.json.decode(row.result) if row.result else None,
        steps=[
            StepResource(
                key=step.key,
                kind=step.kind,
                done=step.done,
                failures=step.failures,
                started_at=step.started_at.astimezone(zone),
                finished_at=_at(step.finished_at, zone),
                attempts=tries[step.key],
            )
            for step in row.steps.order_by("id")
        ],
        waits=[
            WaitResource(key=token.key, expires_at=_at(token.expires_at, zone), url=answer_url(token.key))
            for token in waits
        ],
        children=_children(row),
    )


def process_url(process: UUID) -> str:
    """Return the path of a process."""
    return reverse("api:process", args=[ids.text(ids.PROCESS, process)])


def answer_url(token: str) -> str:
    """Return the path that takes the answer to a wait."""
    return reverse("api:token-answer", args=[token])


def _common(row: Process, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": ids.text(ids.PROCESS, row.pk),
        "workflow": row.workflow,
        "version": row.version,
        "state": row.state,
        "tags": row.tags,
        "order": _order(row),
        "progress": msgspec.convert(row.progress, ProgressResource) if row.progress else None,
        "hold": _hold(row.hold) if row.state == "held" and row.hold else None,
        "error": _error(row.error.get("step", ""), row.error["class"], row.error["message"]) if row.error else None,
        "forked_from": ids.text(ids.PROCESS, row.forked_from_id) if row.forked_from_id else None,
        "parent": ids.text(ids.PROCESS, row.parent_id) if row.parent_id else None,
        "superseded_by": ids.text(ids.PROCESS, row.superseded_by_id) if row.superseded_by_id else None,
        "created_at": row.created_at.astimezone(zone),
        "started_at": _at(row.started_at, zone),
        "finished_at": _at(row.finished_at, zone),
        "wake_at": _at(row.wake_at, zone),
        "url": process_url(row.pk),
    }


def _order(row: Process) -> str | None:
    tagged = [tag.partition(":")[2] for tag in row.tags if tag.startswith("order:")]
    return ids.text(ids.ORDER, UUID(tagged[0])) if tagged else None


def _hold(told: dict[str, Any]) -> ProcessHoldResource:
    question = msgspec.convert(told["data"], Hold) if told["kind"] == "question" else None
    return ProcessHoldResource(
        kind=told["kind"],
        code=told["code"],
        message=question.sentence(reading()) if question else str(_FAILED),
        missing=question.missing_in(reading()) if question else "",
        actions=[str(action) for action in question.actions] if question else [],
    )


def _attempt(attempt: Attempt, zone: ZoneInfo) -> AttemptResource:
    failed = _error(attempt.step_key, attempt.error_class, attempt.message) if attempt.error_class else None
    return AttemptResource(
        started_at=attempt.started_at.astimezone(zone), milliseconds=attempt.milliseconds, error=failed
    )


def _error(step: str, kind: str, message: str) -> ProcessErrorResource:
    """Tell of a failure what a client may know: the reason that a step gave itself, never a stray exception's."""
    return ProcessErrorResource(step=step, kind=kind, message=message if kind == "Abort" else str(_FAILED))


def _children(row: Process) -> ChildrenResource:
    counted = Process.objects.filter(parent=row).order_by().values_list("state").annotate(n=Count("pk"))
    by_state: dict[str, int] = dict(counted)
    return ChildrenResource(
        total=sum(by_state.values()),
        open=sum(by_state.get(state, 0) for state in OPEN),
        completed=by_state.get("completed", 0),
        failed=sum(by_state.get(state, 0) for state in ("failed", "cancelled", "expired")),
    )


def _at(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment.astimezone(zone) if moment else None


_FAILED = Words("Falló; el personal ve la causa en la administración.", "It failed; staff see the cause in the admin.")
