"""Tell an operator: a row in the caller's transaction, and whoever registered with `tell` once it is committed.

A receiver is called in the thread that commits, which may be the tick's: it hands over (logs, triggers a process) and
does not wait for anybody outside. What it raises is logged and goes no further; the row is there in any case.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from workflows.models import Alert
from workflows.rows import Claimed

log = logging.getLogger(__name__)

Receiver = Callable[[Alert], object]
Kind = Alert.Kind
KINDS: dict[str, Any] = dict(Kind.choices)
"""What may be told, kind -> words: the engine's own, and what an app above adds with `kinds`."""

_receivers: list[Receiver] = []


def tell(receiver: Receiver) -> Receiver:
    """Register who is called with every alert after its commit; usable as a decorator."""
    if receiver not in _receivers:
        _receivers.append(receiver)
    return receiver


def forget(receiver: Receiver) -> None:
    """Take a receiver off again."""
    _receivers.remove(receiver)


def kinds(**words: Any) -> None:
    """Register kinds of alert of an app above, with their words; at most 20 characters each."""
    KINDS.update(words)


def alert(kind: str, subject: str, text: str, tenant: str, now: datetime, *, process: UUID | None = None) -> Alert:
    """Write an alert in the caller's transaction; its receivers are called once that is committed.

    :raises ValueError: for a kind that nobody registered.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of alert")
    row = Alert(at=now, kind=kind, subject=subject, text=text, tenant=tenant, process=process)
    row.save()
    transaction.on_commit(partial(_pass_on, row), robust=True)
    return row


def process_stopped(process: Claimed, told: dict[str, str], *, held: bool, now: datetime) -> Alert:
    """Tell of a process that gave up after its last failure: held for a person, or failed."""
    step = f" at {told['step']}" if told["step"] else ""
    return alert(
        Kind.PROCESS_HELD if held else Kind.PROCESS_FAILED,
        process.workflow,
        f"process {process.id} stopped{step}: {told['class']}: {told['message']}",
        process.tenant,
        now,
        process=process.id,
    )


def _pass_on(row: Alert) -> None:
    for receiver in tuple(_receivers):
        try:
            receiver(row)
        except Exception:
            log.exception("alert %s of %s was not passed on", row.kind, row.subject)
