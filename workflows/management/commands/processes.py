"""Processes from the terminal: `manage.py processes list|show|resume|cancel|replay|free-key`."""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import track

from common import clock, commands
from workflows import control
from workflows.models import Process
from workflows.selection import Selection, age, verb_of
from workflows.states import STATES

READING = ("list", "show")
REASONED = ("cancel", "replay", "free-key")
VERBS = (*READING, "resume", *REASONED)
SHOWN = 50
"""Rows of a list without --limit."""


class Command(commands.Command):
    help = (
        "List, show, resume, cancel or replay processes, or free their keys. Without --id and --state, resume and "
        "replay mean what failed, and cancel what is still open."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("verb", choices=VERBS)
        parser.add_argument("--id", action="append", type=UUID, default=[], dest="ids", help="may be repeated")
        parser.add_argument("--workflow", default="")
        parser.add_argument("--state", choices=STATES, default="")
        parser.add_argument("--tag", default="", help="whole, kind:id")
        parser.add_argument("--company", "--tenant", dest="tenant", help="the key by which rows are scoped")
        parser.add_argument("--older-than", type=_age, help="created so long ago: 45s, 30m, 12h, 7d")
        parser.add_argument("--limit", type=int, help=f"at most so many, oldest first; a list shows {SHOWN}, newest")
        parser.add_argument("--from-step", help="replay: take over the journal before this step")
        parser.add_argument("--reason", default="", help=f"kept in the history; {', '.join(REASONED)} need one")
        parser.add_argument("--dry-run", action="store_true", help="only say which processes are meant")

    def run(self, *, verb: str, reason: str, from_step: str | None, **options: Any) -> tuple[Any, int]:
        selection = Selection(**{name: options[name] for name in (
            "ids", "workflow", "state", "tag", "tenant", "older_than",
        )})  # fmt: skip
        if verb == "list":
            rows = selection.rows(now=clock.now()).order_by("-seq")
            return {"processes": [_row(row) for row in rows[: options["limit"] or SHOWN]]}, commands.OK
        if verb == "show":
            return self._show(selection.ids)
        if verb in REASONED and not reason.strip():
            raise CommandError(f"{verb} needs --reason", returncode=commands.USAGE)
        if from_step and verb != "replay":
            raise CommandError("--from-step goes with replay", returncode=commands.USAGE)
        if not selection.narrows:
            raise CommandError("name processes by --id, or narrow them by a filter", returncode=commands.USAGE)
        return self._act(verb, selection, reason=reason, from_step=from_step, **options)

    def _show(self, ids: Sequence[UUID]) -> tuple[Any, int]:
        if not ids:
            raise CommandError("show needs --id", returncode=commands.USAGE)
        rows = {row.pk: row for row in Process.objects.filter(pk__in=ids)}
        for missing in (pk for pk in ids if pk not in rows):
            self.say(f"{missing}: there is no such process")
        code = commands.OK if len(rows) == len(set(ids)) else commands.PARTIAL if rows else commands.ERROR
        return {"processes": [_whole(rows[pk]) for pk in ids if pk in rows]}, code

    def _act(
        self,
        verb: str,
        selection: Selection,
        *,
        reason: str,
        from_step: str | None,
        dry_run: bool,
        limit: int | None,
        **options: Any,
    ) -> tuple[Any, int]:
        rows = selection.rows(now=clock.now(), verb=verb)[: limit or None]
        meant: list[UUID] = list(rows.values_list("pk", flat=True))
        refused = {pk: "there is no such process" for pk in selection.ids if pk not in meant}
        if dry_run:
            answer = {"verb": verb, "dry_run": True, "meant": meant, "done": [], "refused": _texts(refused)}
            return answer, commands.PARTIAL if refused else commands.OK
        made: list[dict[str, UUID]] = []
        act = verb_of(verb, actor=f"cli:{commands.user()}", reason=reason, from_step=from_step)

        def one(process: UUID) -> None:
            new = act(process, clock.now())
            made.append({"process": process} | ({"new": new} if new else {}))

        bulk = control.in_bulk(self._seen(meant, verb), one)
        refused |= bulk.refused
        for process, why in refused.items():
            self.say(f"{process}: {why}")
        code = commands.OK if not refused else commands.PARTIAL if bulk.done else commands.ERROR
        return {"verb": verb, "dry_run": False, "meant": meant, "done": made, "refused": _texts(refused)}, code

    def _seen(self, processes: Sequence[UUID], verb: str) -> Any:
        """Return the processes one by one, with a bar where a person watches."""
        if self.as_json or not sys.stderr.isatty() or len(processes) < 2:
            return processes
        return track(processes, description=verb, console=Console(stderr=True), transient=True)

    def lines(self, answer: Any) -> list[str]:
        if "verb" in answer:
            if answer["dry_run"]:
                return [f"would {answer['verb']} {process}" for process in answer["meant"]]
            told = [f"{one['process']} -> {one['new']}" for one in answer["done"] if "new" in one]
            return [*told, f"{answer['verb']}: {len(answer['done'])} done, {len(answer['refused'])} refused"]
        rows = answer["processes"]
        if rows and "steps" in rows[0]:
            return [line for row in rows for line in _told(row)]
        return [f"{row['id']}  {row['state']:<10}  {row['workflow']}  {row['created_at']}" for row in rows]


def _age(text: str) -> timedelta:
    try:
        return age(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error


def _texts(refused: dict[UUID, str]) -> dict[str, str]:
    return {str(process): why for process, why in refused.items()}


def _row(row: Process) -> dict[str, Any]:
    return {
        "id": row.pk, "workflow": row.workflow, "version": row.version, "state": row.state, "tenant": row.tenant,
        "tags": row.tags, "lane": row.lane, "actor": row.actor, "created_at": row.created_at,
        "started_at": row.started_at, "finished_at": row.finished_at, "wake_at": row.wake_at,
        "progress": row.progress, "error": row.error, "hold": row.hold, "idempotency_key": row.idempotency_key,
        "forked_from": row.forked_from_id, "parent": row.parent_id, "superseded_by": row.superseded_by_id,
    }  # fmt: skip


def _whole(row: Process) -> dict[str, Any]:
    attempts: dict[str, list[dict[str, Any]]] = {}
    for attempt in row.attempts.order_by("id"):
        attempts.setdefault(attempt.step_key, []).append({
            "started_at": attempt.started_at, "milliseconds": attempt.milliseconds, "worker": attempt.worker,
            "error": attempt.error_class, "message": attempt.message,
        })  # fmt: skip
    steps = [
        {
            "key": step.key, "kind": step.kind, "done": step.done, "failures": step.failures, "output": step.output,
            "attempts": attempts.pop(step.key, []),
        }
        for step in row.steps.order_by("id")
    ]  # fmt: skip
    return {
        **_row(row),
        "payload": row.payload,
        "result": row.result,
        "steps": steps,
        "outside_steps": [attempt for tries in attempts.values() for attempt in tries],
        "history": list(row.events.order_by("id").values("at", "actor", "move", "from_state", "to_state", "reason")),
    }


def _told(row: dict[str, Any]) -> list[str]:
    told = [f"{row['id']}  {row['state']}  {row['workflow']} version {row['version']}", f"  payload {row['payload']}"]
    if row["hold"]:
        told.append(f"  held: {row['hold']['code']} {row['hold'].get('data') or ''}")
    if row["error"]:
        told.append(f"  error: {row['error'].get('class')}: {row['error'].get('message')}")
    if row["result"]:
        told.append(f"  result {row['result']}")
    for step in row["steps"]:
        told.append(f"  step {step['key']} ({step['kind']}): {'done' if step['done'] else 'open'}")
        told += [
            f"    {one['started_at']} {one['error']}: {one['message']}" for one in step["attempts"] if one["error"]
        ]
    for event in row["history"]:
        told.append(
            f"  {event['at']} {event['move']} -> {event['to_state']} by {event['actor']} {event['reason']}".rstrip()
        )
    return told
