"""Where a process comes from and what it started: its parent, the one that it replays, its children in numbers."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from common.admin import Fact, link, list_url
from workflows.admin.desks import desk, step_title
from workflows.admin.words import STATES
from workflows.models import Process
from workflows.states import TERMINAL


@dataclass(frozen=True)
class Children:
    """The children that one step started."""

    title: Any
    told: str
    total: int
    ended: int
    address: str
    states: tuple[tuple[Any, str, str], ...]
    """For each state that some are in: words with the count, colour, the list of those."""


@dataclass(frozen=True)
class Progress:
    """How far a process says it is."""

    done: int
    total: int
    note: str
    told: str


def origins(process: Process) -> list[Fact]:
    """Return the links to where a process comes from."""
    found = []
    if process.parent:
        found.append(Fact(_("Lo inició"), link(process.parent, _called(process.parent))))
    if process.forked_from:
        found.append(Fact(_("Repite"), link(process.forked_from, _called(process.forked_from))))
    return found


def children(process: Process) -> list[Children]:
    """Return the children by the step that started them (one query)."""
    rows = Process.objects.filter(parent=process).order_by().values_list("parent_key", "state").annotate(n=Count("pk"))
    counted: dict[str, dict[str, int]] = {}
    for key, state, n in rows:
        counted.setdefault(key, {})[state] = n
    return [_group(process, key, states) for key, states in sorted(counted.items())]


def progress(process: Process) -> Progress | None:
    """Return how far the process says it is, if it says and has not completed."""
    said = process.progress
    if process.state == "completed" or not said or not said.get("total"):
        return None
    done, total = said["done"], said["total"]
    told = _("%(done)s de %(total)s (%(percent)s %%)") % {
        "done": done, "total": total, "percent": min(done * 100 // total, 100),
    }  # fmt: skip
    return Progress(done, total, said.get("note", ""), told)


def _group(process: Process, key: str, states: dict[str, int]) -> Children:
    total = sum(states.values())
    ended = sum(states.get(state, 0) for state in TERMINAL)
    return Children(
        title=desk(key.partition("[")[0].partition("#")[0]).title if "[" not in key else step_title(key, key),
        told=_("%(ended)s de %(total)s terminados") % {"ended": ended, "total": total},
        total=total,
        ended=ended,
        address=list_url(Process, parent=process.pk),
        states=tuple(
            (f"{label.text} {states[state]}", label.colour, list_url(Process, parent=process.pk, state=state))
            for state, label in STATES.items()
            if state in states
        ),
    )


def _called(process: Process) -> str:
    return f"{desk(process.workflow).title} {str(process.pk)[:8]}"
