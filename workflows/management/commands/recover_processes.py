"""Take up what died, now: `manage.py recover_processes [--resume] [--json]`."""

from argparse import ArgumentParser
from typing import Any

from common import clock, commands
from workflows.control import resume
from workflows.errors import WrongState
from workflows.models import Process
from workflows.tick import tick


class Command(commands.Command):
    help = "Do one round of the tick at once; with --resume also send on what failed or is held after a failure."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--resume", action="store_true", help="resume failed processes and those held by a failure")
        parser.add_argument("--workflow", help="with --resume: only processes of this workflow")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be resumed")

    def run(self, resume: bool, workflow: str | None, dry_run: bool, **options: Any) -> tuple[Any, int]:
        done = {} if dry_run else tick()
        resumed = self._resume(workflow, dry_run=dry_run) if resume else []
        return {"tick": done, "resumed": resumed, "dry_run": dry_run}, commands.OK

    def _resume(self, workflow: str | None, *, dry_run: bool) -> list[str]:
        processes = Process.objects.filter(state__in=("failed", "held")).exclude(hold__kind="question")
        if workflow:
            processes = processes.filter(workflow=workflow)
        resumed = []
        for process in processes.order_by("seq"):
            if not dry_run:
                try:
                    resume(process.pk, now=clock.now(), actor="recover_processes", reason="resumed by command")
                except WrongState as error:  # someone was faster
                    self.say(f"{process}: {error}")
                    continue
            resumed.append(str(process))
        return resumed

    def lines(self, answer: Any) -> list[str]:
        tick_lines = [f"{name}: {count}" for name, count in answer["tick"].items()] or ["nothing to take up"]
        verb = "would resume" if answer["dry_run"] else "resumed"
        return [*tick_lines, *(f"{verb} {process}" for process in answer["resumed"])]
