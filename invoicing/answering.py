"""A person's answer to a hold, one or many: the single door behind the admin's form, its bulk page and the API."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from invoicing.customers.asking import ask
from invoicing.holds import Action, Hold, Resolution, ResolutionRefused, accept
from workflows import control
from workflows.encoding import EncodingError
from workflows.errors import Superseded, WrongState
from workflows.models import Process

MOST = 200
"""Holds that are answered at once."""


class Outcome(NamedTuple):
    """What became of one answer: nothing amiss, or the error that says why it was not taken."""

    process: UUID
    refused: Exception | None = None


def resolve(process: UUID, answer: Any, *, now: datetime, actor: str, reason: str = "", token: str = "") -> None:
    """Answer the question that a process is held with; with `token`, that very question and no later one.

    To ask the customer is no answer: the letter goes out and the question stands.

    :raises ResolutionRefused: when the answer does not fit the hold, or the customer cannot be asked.
    :raises EncodingError: when it is not of the type that the question asks for.
    :raises Superseded: when a newer process took its place; the error names it.
    :raises WrongState: when it is not held for an answer, or with another question.
    """
    row = Process.objects.get(pk=process)
    asked = row.hold if row.state == "held" and row.hold else {}
    question = isinstance(answer, Resolution) and asked.get("kind") == "question"
    if question and token in ("", asked["token"]):
        accept(msgspec.convert(asked["data"], Hold), answer)
        if answer.action == Action.ASK_CUSTOMER:
            ask(row, email=answer.email, actor=actor, now=now)
            return
    control.resolve(process, answer, now=now, actor=actor, reason=reason, token=token)


def resolve_many(
    questions: Iterable[tuple[UUID, str]], answer: Resolution, *, now: datetime, actor: str
) -> list[Outcome]:
    """Give one answer to many questions (process and token), each in a commit of its own; none stops the others."""
    outcomes = []
    for process, token in questions:
        try:
            resolve(process, answer, now=now, actor=actor, reason=answer.reason, token=token)
        except (ResolutionRefused, WrongState, EncodingError, Process.DoesNotExist) as error:
            outcomes.append(Outcome(process, error))
        else:
            outcomes.append(Outcome(process))
    return outcomes


def newest(process: Process) -> Process:
    """Return the process that stands at the end of a row of superseded ones."""
    while process.superseded_by:
        process = process.superseded_by
    return process


def successor(error: Exception | None) -> Process | None:
    """Return the process that took the place of the one that was to be answered, where that was the trouble."""
    if not isinstance(error, Superseded):
        return None
    return newest(Process.objects.select_related("superseded_by").get(pk=str(error.by)))
