"""Which processes are meant, and what is done with each: what the command and the admin share."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from workflows import control
from workflows.encoding import EncodingError
from workflows.errors import WorkflowError
from workflows.models import Process
from workflows.states import OPEN, TERMINAL

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
FAILED = Q(state="failed") | Q(state="held") & ~Q(hold__kind="question")
"""What went wrong and leaves by `resume`: a question leaves only by its answer."""

MEANT = {"resume": FAILED, "cancel": Q(state__in=OPEN), "replay": Q(state="failed"), "free-key": Q(state__in=TERMINAL)}
"""What a verb means where no state and no process is named."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Processes by what they have in common; every filter that is given must hold."""

    ids: Sequence[UUID] = ()
    workflow: str = ""
    state: str = ""
    tag: str = ""
    tenant: str | None = None
    older_than: timedelta | None = None

    @property
    def narrows(self) -> bool:
        """Tell whether anything is left out."""
        given = (self.workflow, self.state, self.tag)
        return bool(self.ids) or any(given) or self.tenant is not None or self.older_than is not None

    def rows(self, *, now: datetime, verb: str = "") -> "QuerySet[Process]":
        """Return the processes, oldest first; with `verb` only those that it is meant for, unless they are named."""
        found: QuerySet[Process] = Process.objects.order_by("seq")
        if self.ids:
            found = found.filter(pk__in=list(self.ids))
        elif verb and not self.state:
            found = found.filter(MEANT[verb])
        if self.workflow:
            found = found.filter(workflow=self.workflow)
        if self.state:
            found = found.filter(state=self.state)
        if self.tag:
            found = found.filter(tags__contains=[self.tag])
        if self.tenant is not None:
            found = found.filter(tenant=self.tenant)
        if self.older_than is not None:
            found = found.filter(created_at__lt=now - self.older_than)
        return found


def age(text: str) -> timedelta:
    """Return the duration that 45s, 30m, 12h or 7d names.

    :raises ValueError: for anything else.
    """
    form = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if form is None:
        raise ValueError(f"{text!r} is no age; write it as 45s, 30m, 12h or 7d")
    return timedelta(**{UNITS[form[2]]: int(form[1])})


def verb_of(
    name: str, *, actor: str, reason: str, from_step: str | None = None
) -> Callable[[UUID, datetime], UUID | None]:
    """Return what `name` (resume, cancel, replay, free-key) does with one process; a replay returns the new one.

    It raises WorkflowError for whatever may not be done, as `control.in_bulk` expects.
    """

    def replay(process: UUID, now: datetime) -> UUID:
        try:
            return control.replay(process, now=now, actor=actor, reason=reason, from_step=from_step)
        except EncodingError as error:
            raise WorkflowError(f"its payload does not fit the newest version: {error}") from error

    def resume(process: UUID, now: datetime) -> None:
        control.resume(process, now=now, actor=actor, reason=reason)

    def cancel(process: UUID, now: datetime) -> None:
        control.cancel(process, now=now, actor=actor, reason=reason)

    def free_key(process: UUID, now: datetime) -> None:
        control.free_key(process, now=now, actor=actor, reason=reason)

    return {"resume": resume, "cancel": cancel, "replay": replay, "free-key": free_key}[name]
