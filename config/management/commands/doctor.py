"""Say what is well and what is not: `manage.py doctor [--json]`."""

from dataclasses import asdict
from typing import Any

from common import clock, commands
from config.examination import examine

MARKS = {"ok": "✓", "warn": "!", "fail": "✗"}


class Command(commands.Command):
    help = "Look at settings, storage, PDF libraries, database and its roles, certificates, the AEAT and the workers."
    requires_system_checks: list[str] = []

    def run(self, **options: Any) -> tuple[Any, int]:
        findings = [asdict(finding) for finding in examine(clock.now())]
        failed = any(finding["verdict"] == "fail" for finding in findings)
        return {"findings": findings}, commands.ERROR if failed else commands.OK

    def lines(self, answer: Any) -> list[str]:
        lines = []
        for finding in answer["findings"]:
            lines.append(f"{MARKS[finding['verdict']]} {finding['what']}: {finding['seen']}")
            if finding["verdict"] != "ok" and finding["remedy"]:
                lines.append(f"    → {finding['remedy']}")
        return lines
