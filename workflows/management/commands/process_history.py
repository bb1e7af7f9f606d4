"""Say what a process was, from its events alone: `manage.py process_history <id> [--at ISO] [--json]`."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.core.management.base import CommandError
from django.utils.timezone import is_naive, localtime, make_aware

from common import commands
from workflows import history


class Command(commands.Command):
    help = "Show every move of a process, and what it was at a moment; exit code 3 when its events do not fit together."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("process", type=UUID)
        parser.add_argument("--at", type=_moment, metavar="ISO", help="a moment; without zone, in the house's own")

    def run(self, process: UUID, at: datetime | None, **options: Any) -> tuple[Any, int]:
        events = history.events_of(process)
        if not events:
            raise CommandError(f"no process {process} has events here", returncode=commands.ERROR)
        answer: dict[str, Any] = {"process": str(process), "at": at, "events": [], "was": None, "wrong": ""}
        try:
            past = history.at(events, at)
        except history.IllegalHistory as error:
            answer["wrong"] = str(error)
        else:
            answer["was"] = msgspec.to_builtins(past, builtin_types=(datetime,))
        answer["events"] = [
            msgspec.to_builtins(event, builtin_types=(datetime,)) for event in events if at is None or event.at <= at
        ]
        return answer, commands.DIFFERENCES if answer["wrong"] else commands.OK

    def lines(self, answer: Any) -> list[str]:
        lines = [
            f"{localtime(event['at']):%Y-%m-%d %H:%M:%S.%f %Z}  {event['from_state'] or '-':>10} > "
            f"{event['to_state']:<10}  {event['move']:<8}  {event['actor']}  {event['reason']}".rstrip()
            for event in answer["events"]
        ]
        if answer["wrong"]:
            return [*lines, f"its history does not hold together: {answer['wrong']}"]
        if answer["was"] is None:
            return [f"process {answer['process']} did not exist yet"]
        was = answer["was"]
        when = f"at {localtime(answer['at']):%Y-%m-%d %H:%M:%S %Z}" if answer["at"] else "now"
        ran = f", run {was['runs']} times, last by {was['worker']}" if was["runs"] else ", never run"
        return [*lines, f"{when}: {was['state']} since {localtime(was['since']):%Y-%m-%d %H:%M:%S %Z}{ran}"]


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(
            f"{text!r} is no date and time: write 2027-01-31T09:30 or 2027-01-31T09:30+01:00"
        ) from error
    return make_aware(moment) if is_naive(moment) else moment
