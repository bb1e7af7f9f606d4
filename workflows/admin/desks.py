"""What the application tells of its workflows, so that a person reads words instead of codes.

The engine knows no order and no invoice; whoever owns a workflow puts a `Desk` beside it here, and a `Subject` for
each kind of tag. Without them the pages show names and codes as they are.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.utils.translation import gettext as _

from workflows import control
from workflows.models import Process


class ResolutionForm(Protocol):
    """A form that asks for the answer to a hold. Made with `hold`, the process's hold as a mapping."""

    def is_valid(self) -> bool: ...

    def resolution(self) -> Any:
        """Return the answer, of the type that the workflow declared."""


@dataclass(frozen=True)
class Question:
    """A hold in words: what happened, what is known of it, and what may be done."""

    title: Any
    text: Any = ""
    known: tuple[tuple[Any, Any], ...] = ()
    advice: Any = ""


@dataclass(frozen=True)
class Desk:
    """One workflow in words."""

    title: Any
    steps: Mapping[str, Any] = field(default_factory=dict)
    question: Callable[[Mapping[str, Any]], Question] | None = None
    resolution_form: Callable[..., ResolutionForm] | None = None
    waiting: Callable[[Process], Any] | None = None
    """What a waiting process waits for, in a sentence."""
    resolve: Callable[..., None] = control.resolve
    """What is done with the answer of `resolution_form`; as `control.resolve`."""
    known: Callable[[Process], tuple[tuple[Any, Any], ...]] = lambda process: ()
    """What else is known of a held process, for its own page."""
    answer_by_hand: bool = True
    """Whether a person may answer what it waits for; not where only another system can know."""


@dataclass(frozen=True)
class Subject:
    """What a tag `kind:id` speaks of: its name, the admin page, and how ids are found by what a person types."""

    name: Any
    url_name: str
    names: Callable[[Iterable[str]], Mapping[str, str]]
    """ids -> how each is called, in one query."""
    find: Callable[[str], Iterable[Any]] = lambda text: ()


DESKS: dict[str, Desk] = {}
SUBJECTS: dict[str, Subject] = {}


def desk(workflow: str) -> Desk:
    """Return the workflow's desk, or one that shows its name as it is."""
    return DESKS.get(workflow) or Desk(title=workflow)


def step_title(workflow: str, key: str) -> Any:
    """Return a journal key in words: `decide#2` is the second `decide`."""
    name, _hash, turn = key.partition("#")
    title = desk(workflow).steps.get(name.partition("[")[0], name)
    return _("%(title)s (%(turn)s.ª vez)") % {"title": title, "turn": turn} if turn else title


def question(process: Process) -> Question:
    """Return in words what a held process asks."""
    hold = process.hold or {}
    ask = desk(process.workflow).question
    return ask(hold) if ask and hold.get("kind") == "question" else Question(title=hold.get("code", ""))


@dataclass(frozen=True)
class Link:
    """A subject of one process."""

    name: Any
    text: str
    kind: str
    id: str
    url_name: str


def subjects(processes: Iterable[Process]) -> dict[Any, list[Link]]:
    """Return process id -> what it is about, with one query per kind of subject."""
    processes = list(processes)
    wanted: dict[str, set[str]] = {}
    for process in processes:
        for tag in process.tags:
            kind, _, identity = tag.partition(":")
            if kind in SUBJECTS:
                wanted.setdefault(kind, set()).add(identity)
    called = {kind: SUBJECTS[kind].names(ids) for kind, ids in wanted.items()}
    return {
        process.pk: [
            Link(SUBJECTS[kind].name, called[kind][identity], kind, identity, SUBJECTS[kind].url_name)
            for kind, _, identity in (tag.partition(":") for tag in process.tags)
            if identity in called.get(kind, {})
        ]
        for process in processes
    }


def tags_for(text: str) -> list[str]:
    """Return the tags of everything that a person may mean by `text`."""
    return [f"{kind}:{identity}" for kind, subject in SUBJECTS.items() for identity in subject.find(text)]
