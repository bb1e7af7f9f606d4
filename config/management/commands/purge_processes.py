"""Remove ended processes that need not be kept: `manage.py purge_processes [--dry-run] [--json]`."""

from argparse import ArgumentParser
from typing import Any

from django.db import connection

from common import clock, commands
from config.postgres.owner import as_owner
from workflows.upkeep import keeps, purge, removable


class Command(commands.Command):
    """Runs as the owner of the tables: the application itself can delete no event, and that stays so."""

    help = (
        "Remove ended processes, with their steps, attempts, tokens and events, once their workflow's `keep` is over. "
        "A workflow without `keep` is never touched."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="only say what could go")

    def run(self, dry_run: bool, **options: Any) -> tuple[Any, int]:
        now = clock.now()
        removed: dict[str, int] = {}
        if dry_run:
            removed = removable(now)
        else:
            with as_owner(connection):
                for gone in purge(now):
                    for workflow, count in gone.items():
                        removed[workflow] = removed.get(workflow, 0) + count
                    self.say(f"{sum(removed.values())} removed…")
        left = {} if dry_run else removable(now)
        return {"removed": removed, "left": left, "dry_run": dry_run, "workflows": sorted({it for it, _ in keeps()})}, 0

    def lines(self, answer: Any) -> list[str]:
        verb = "could go" if answer["dry_run"] else "removed"
        lines = [f"{workflow}: {count} {verb}" for workflow, count in answer["removed"].items()]
        lines += [
            f"{workflow}: {count} due, but something still needs them" for workflow, count in answer["left"].items()
        ]
        if not answer["workflows"]:
            return ["no workflow says that its processes may go (`keep=`)"]
        return lines or [f"nothing to remove of {', '.join(answer['workflows'])}"]
