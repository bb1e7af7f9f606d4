"""A person at the terminal: commands, and what they leave behind."""

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management import ManagementUtility

from tests.databases import Database

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Said:
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one document that stdout holds with `--json`."""
        return json.loads(self.stdout)


def manage(*arguments: str) -> Said:
    """Run a command through the same door without the seconds that a new process takes."""
    said, told, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(said), redirect_stderr(told):
        try:
            ManagementUtility(["manage.py", *arguments]).execute()
        except SystemExit as left:
            code = int(left.code or 0)
    return Said(code, said.getvalue(), told.getvalue())


def in_a_process(database: Database, *arguments: str, **env: str) -> Said:
    """Run a command as a person does, on a database."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env=os.environ | database.env | env, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return Said(done.returncode, done.stdout, done.stderr)
