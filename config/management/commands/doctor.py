"""Say what is well and what is not: `manage.py doctor [--quick] [--json]`."""

import shutil
import textwrap
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from common import clock, commands
from config.examination import examine

MARKS = {"ok": "✓", "warn": "!", "fail": "✗"}
ORDER = ("ok", "warn", "fail")
MOST_SHOWN = 8
"""Problems told on one screen; the rest are counted."""


class Command(commands.Command):
    help = (
        "Look at settings, storage, PDF libraries, database and its roles, certificates, the AEAT's address and clock, "
        "the chains, what waits, and the workers. What is wrong comes last, with its remedy."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--quick", action="store_true", help="do not try the PDF renderer, which takes seconds")

    def run(self, quick: bool, **options: Any) -> tuple[Any, int]:
        findings = [asdict(finding) for finding in examine(clock.now(), quick=quick)]
        failed = any(finding["verdict"] == "fail" for finding in findings)
        return {"findings": findings}, commands.ERROR if failed else commands.OK

    def lines(self, answer: Any) -> list[str]:
        width = max(shutil.get_terminal_size().columns, 40)
        found = sorted(answer["findings"], key=lambda finding: ORDER.index(finding["verdict"]))
        well = [finding for finding in found if finding["verdict"] == "ok"]
        wrong = [finding for finding in found if finding["verdict"] != "ok"]
        lines = [_shortened(f"{MARKS['ok']} {finding['what']}: {finding['seen']}", width) for finding in well]
        hidden = max(len(wrong) - MOST_SHOWN, 0)
        if hidden:
            lines.append(f"  {hidden} more are wrong: manage.py doctor --json has them all")
        for finding in wrong[hidden:]:
            lines += _wrapped(f"{MARKS[finding['verdict']]} ", f"{finding['what']}: {finding['seen']}", width)
            if finding["remedy"]:
                lines += _wrapped("  → ", finding["remedy"], width)
        return lines


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _wrapped(begins: str, text: str, width: int) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=begins, subsequent_indent=" " * len(begins), break_on_hyphens=False
    )
