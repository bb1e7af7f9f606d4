"""The habits of every command: `--json`, exit codes, what is said where.

stdout holds the answer (with `--json` one JSON document and nothing else), stderr holds the talk. Exit codes: 0 ok,
1 error, 2 usage, 3 differences or a broken chain, 4 partial, 75 try again later (design.md section 6).
"""

import getpass
import json
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

OK, ERROR, USAGE, DIFFERENCES, PARTIAL, TRY_LATER = 0, 1, 2, 3, 4, 75


def user() -> str:
    """Return the name of whoever sits at the terminal; a user without a name is its number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


class Command(BaseCommand):
    """A command whose `run` returns what to print and the exit code."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON document on stdout")

    def handle(self, *args: Any, as_json: bool, **options: Any) -> None:
        self.as_json = as_json
        answer, code = self.run(**options)
        if as_json:
            self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2, default=str))
        else:
            for line in self.lines(answer):
                self.stdout.write(line)
        if code != OK:
            self.stdout.flush()
            sys.exit(code)

    def run(self, *args: Any, **options: Any) -> tuple[Any, int]:
        """Do the work; return the answer and the exit code."""
        raise NotImplementedError

    def lines(self, answer: Any) -> list[str]:
        """Return the answer as a person reads it."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """Tell the person at the terminal how it goes."""
        self.stderr.write(text)
