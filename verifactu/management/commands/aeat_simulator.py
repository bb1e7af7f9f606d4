"""Run a stand-in for the AEAT, or issue a certificate that opens it (docs/how-to/use-the-simulator.md)."""

import json
import os
import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from common import clock
from verifactu.simulator import Simulator, folder
from verifactu.simulator.authority import Authority
from verifactu.simulator.failures import MODES, Failure, script

SCRIPT = "script"
"""The name of the file in its directory that says what to do wrong first."""


class Command(BaseCommand):
    """Serves until SIGTERM or SIGINT. Needs no database and touches none."""

    help = "Run a stand-in for the AEAT's VERI*FACTU service, or issue a client certificate for it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--directory", type=Path, help="its authority and ledger (default: DATA_DIR/simulator)")
        serve = parser.add_argument_group("serving")
        serve.add_argument("--host", default="127.0.0.1")
        serve.add_argument("--port", type=int, default=0, help="0: a free one (default)")
        serve.add_argument("--seal-port", type=int, default=0, help="for certificates of seal; 0: a free one")
        serve.add_argument("--qr-port", type=int, default=0, help="of the QR page; 0: a free one")
        serve.add_argument("--control-port", type=int, default=0, help="on loopback in any case; 0: a free one")
        serve.add_argument("--wait", type=int, default=60, metavar="SECONDS", help="TiempoEsperaEnvio (default 60)")
        serve.add_argument(
            "--pace", choices=["enforce", "count"], default="enforce",
            help="turn away (429) who sends before the wait is over, or only count it",
        )  # fmt: skip
        serve.add_argument("--page-size", type=int, default=10_000, metavar="N", help="records a page of a query")
        serve.add_argument("--powers", type=Path, metavar="FILE", help="who acts for whom: two NIFs a line")
        serve.add_argument("--census", type=Path, metavar="FILE", help="NIFs that exist, with their names; else all")
        serve.add_argument(
            "--fail", action="append", default=[], metavar="MODE[:VALUE][:TIMES]",
            help=f"may be repeated; {', '.join(MODES)}",
        )  # fmt: skip
        serve.add_argument(
            "--script", type=Path, metavar="FILE", help=f"failures, one a line (default: DIRECTORY/{SCRIPT}, if there)"
        )
        serve.add_argument("--ready-file", type=Path, metavar="FILE", help="written, as JSON, once it listens")
        serve.add_argument("--json", action="store_true", help="one line of JSON on stdout, once it listens")
        issue = parser.add_argument_group("issuing a client certificate")
        issue.add_argument("--issue-certificate", metavar="NIF")
        issue.add_argument("--name", help="of the person or company")
        issue.add_argument("--seal", action="store_true", help="a company seal")
        issue.add_argument("--out", type=Path, metavar="FILE", help="the .p12 to write")
        issue.add_argument("--password-file", type=Path, metavar="FILE", help="its first line protects the .p12")

    def handle(self, *args: Any, **options: Any) -> None:
        directory = options["directory"] or Path(settings.DATA_DIR) / "simulator"
        try:
            if options["issue_certificate"]:
                self._issue(directory, options)
            else:
                self._serve(directory, options)
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error

    def _serve(self, directory: Path, options: dict[str, Any]) -> None:
        told: Path = options["script"] or directory / SCRIPT
        failures = script(told) if options["script"] or told.exists() else []
        failures += [Failure.parse(text) for text in options["fail"]]
        ready: Path | None = options["ready_file"]
        if ready:
            ready.unlink(missing_ok=True)
        stop = threading.Event()

        def on_signal(number: int, frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, on_signal)
        signal.signal(signal.SIGINT, on_signal)
        with Simulator(
            directory,
            host=options["host"],
            port=options["port"],
            seal_port=options["seal_port"],
            qr_port=options["qr_port"],
            control_port=options["control_port"],
            wait=options["wait"],
            enforce=options["pace"] == "enforce",
            page_size=options["page_size"],
            now=clock.now,
            census=options["census"],
            powers=options["powers"],
        ) as simulator:
            for failure in failures:
                simulator.play(failure)
            about = {
                "endpoint": simulator.endpoint,
                "seal_endpoint": simulator.seal_endpoint,
                "qr_url": simulator.qr_url,
                "ca_file": str(simulator.ca_file),
                "control": simulator.control_url,
                "directory": str(simulator.directory),
                "pid": os.getpid(),
            }
            if ready:
                folder.write(ready, json.dumps(about).encode())
            self._say(about, as_json=options["json"])
            stop.wait()
        if ready:
            ready.unlink(missing_ok=True)

    def _say(self, about: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(about))
        else:
            self.stdout.write(f"AEAT simulator   {about['endpoint']}")
            self.stdout.write(f"for seals        {about['seal_endpoint']}")
            self.stdout.write(f"QR page          {about['qr_url']}")
            self.stdout.write(f"trust            {about['ca_file']}")
            self.stdout.write(f"control          {about['control']}")
            self.stdout.write("Ctrl-C stops it.")
        self.stdout.flush()

    def _issue(self, directory: Path, options: dict[str, Any]) -> None:
        if missing := [name for name in ("name", "out", "password_file") if not options[name]]:
            raise CommandError(", ".join(f"--{name.replace('_', '-')}" for name in missing) + " needed", returncode=2)
        out: Path = options["out"]
        if out.exists():
            raise CommandError(f"{out} is there already; name another file")
        password = options["password_file"].read_text("utf-8").partition("\n")[0].rstrip("\r")
        if not password:
            raise CommandError(f"{options['password_file']} holds no password")
        certificate = Authority(directory).client_certificate(
            options["issue_certificate"], options["name"], seal=options["seal"], password=password
        )
        folder.write(out.absolute(), certificate)
        self.stdout.write(f"{out}: certificate of {options['name']}, {options['issue_certificate']}")
