"""Remove answers kept for repeated requests, once their time is over: `manage.py purge_answers [--dry-run]`."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from common import clock, commands
from invoicing import purging


class Command(commands.Command):
    help = (
        "Remove the first answers to API requests, kept for whoever repeats one under its Idempotency-Key, that are "
        "older than IDEMPOTENCY_DAYS. Every night this happens by itself."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="only say how many could go")

    def run(self, dry_run: bool, **options: Any) -> tuple[Any, int]:
        now = clock.now()
        removed = purging.due(now) if dry_run else 0
        while not dry_run and (gone := purging.remove(now)):
            removed += gone
            self.say(f"{removed} removed…")
        return {"removed": removed, "days": settings.IDEMPOTENCY_DAYS, "dry_run": dry_run}, 0

    def lines(self, answer: Any) -> list[str]:
        verb = "could go" if answer["dry_run"] else "removed"
        return [f"{answer['removed']} answers older than {answer['days']} days {verb}"]
