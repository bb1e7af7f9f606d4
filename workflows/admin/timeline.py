"""The timeline of one process: each step with its tries, from the journal and the attempts."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from common.admin import lasted, pretty_json
from workflows.admin.desks import question, step_title
from workflows.admin.words import ACTORS, KINDS
from workflows.models import Attempt, Process, Step

MOST_ATTEMPTS = 100
"""Shown of one process, the newest; a query to the AEAT may be tried for days."""


@dataclass
class Entry:
    """One step as it is shown."""

    key: str
    title: Any
    kind: Any
    state: str
    """done, failed, open."""
    icon: str
    started_at: datetime | None = None
    finished_at: datetime | None = None
    took: str = ""
    worker: str = ""
    failures: int = 0
    output: str = ""
    decided: "Decided | None" = None
    attempts: list[Attempt] = field(default_factory=list)


@dataclass(frozen=True)
class Decided:
    """Who answered what was waited for, when and why; nobody, when the time ran out."""

    who: Any
    at: datetime | None
    why: str = ""


ICONS = {"done": "check_circle", "failed": "error", "open": "pending"}


def timeline(process: Process) -> list[Entry]:
    """Return the steps in the order in which they began, and last what is being waited for (three or four queries)."""
    prefetch_related_objects([process], "steps")
    attempts = list(process.attempts.order_by("-id")[:MOST_ATTEMPTS])[::-1]
    for attempt in attempts:
        attempt.took = lasted(attempt.milliseconds)  # type: ignore[attr-defined]
    entries = {step.key: _entry(process, step) for step in sorted(process.steps.all(), key=lambda step: step.pk)}
    for attempt in attempts:
        entry = entries.get(attempt.step_key)
        if entry is None:
            entry = entries[attempt.step_key] = Entry(
                attempt.step_key, _("Fuera de los pasos"), "", "failed", ICONS["failed"], attempt.started_at
            )
        entry.attempts.append(attempt)
    for entry in entries.values():
        _conclude(entry)
    _tell_who_decided(process, entries)
    return [*entries.values(), *_awaited(process)]


def _entry(process: Process, step: Step) -> Entry:
    state = "done" if step.done else "failed" if step.failures else "open"
    return Entry(
        key=step.key,
        title=_("Pregunta a una persona") if step.kind == "hold" else step_title(process.workflow, step.key),
        kind=KINDS.get(step.kind, step.kind),
        state=state,
        icon=ICONS[state],
        started_at=step.started_at,
        finished_at=step.finished_at,
        failures=step.failures,
        output=pretty_json(step.output) if step.done and step.output not in (None, "null") else "",
    )


def _awaited(process: Process) -> list[Entry]:
    """Return what the process stands still for; the journal has it only when the answer is there."""
    hold = process.hold or {}
    if process.state == "held" and hold.get("kind") == "question":
        return [Entry(hold["code"], question(process).title, KINDS["hold"], "open", "contact_support")]
    if process.state == "waiting" and not process.wake_at:
        open_ones = process.tokens.filter(completed_at=None, closed=False).order_by("created_at", "key")
        keys = open_ones.values_list("key", flat=True)
        return [Entry(key, _("Espera una respuesta"), KINDS["wait"], "open", ICONS["open"]) for key in keys]
    return []


def _tell_who_decided(process: Process, entries: dict[str, Entry]) -> None:
    """Fill in who answered (one query, if anything was waited for).

    A question's token is named after its step. A wait's has a name of its own, which the journal does not keep: it is
    the oldest whose answer the step has.
    """
    steps = [step for step in process.steps.all() if step.kind in ("hold", "wait") and step.done]
    if not steps:
        return
    tokens = list(process.tokens.order_by("created_at", "key"))
    for step in sorted(steps, key=lambda step: step.pk):
        mine = f"hold:{process.pk}:{step.key}"
        found = next(
            (one for one in tokens if one.key == mine or (step.kind == "wait" and one.answer == step.output)), None
        ) or next((one for one in tokens if step.kind == "wait" and one.closed and one.answer is None), None)
        if found is None:
            continue
        tokens.remove(found)
        if found.completed_at:
            entries[step.key].decided = Decided(
                ACTORS.get(found.actor) or found.actor, found.completed_at, found.reason
            )
        else:
            entries[step.key].decided = Decided("", found.expires_at)


def _conclude(entry: Entry) -> None:
    """Fill in what the last try tells."""
    if not entry.attempts:
        return
    last = entry.attempts[-1]
    entry.worker = last.worker
    entry.started_at = entry.attempts[0].started_at
    if entry.kind not in (KINDS["hold"], KINDS["wait"]):  # what those took, nobody worked
        entry.took = lasted(last.milliseconds)
