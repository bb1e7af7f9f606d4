"""Export a company's invoices: `manage.py export_invoices --company NIF --from 2027-01-01 --to 2027-03-31 [--json]`."""

import threading
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import CommandError

from common import clock, commands
from invoicing.api.ids import EXPORT, text
from invoicing.exporting import LANGUAGES
from invoicing.exports import OneADay, progress, request_export
from invoicing.mail import BadRecipient, one_address
from invoicing.models import Company, Export
from workflows.models import Process
from workflows.states import OPEN


class Command(commands.Command):
    help = "Have the workers make a CSV and an XLSX file of the invoices that a company issued in a period."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--company", metavar="NIF", required=True)
        parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD")
        parser.add_argument("--email", default="", help="whom to tell when it is done (default: nobody)")
        parser.add_argument("--language", choices=LANGUAGES, default="es", help="of headers and letter")
        parser.add_argument("--requested-by", default="command", metavar="NAME",
                            help="in whose name; one export a day for each (default: %(default)s)")  # fmt: skip
        parser.add_argument("--wait", type=float, default=0, metavar="SECONDS",
                            help="wait so long for the files; exit 75 when they are not there by then")  # fmt: skip

    def run(
        self, company: str, first: date, last: date, email: str, language: str, requested_by: str, wait: float,
        **options: Any,
    ) -> tuple[Any, int]:  # fmt: skip
        found = Company.objects.select_related("taxpayer").filter(taxpayer__nif=company).first()
        if found is None:
            raise CommandError(f"no company with NIF {company}", returncode=commands.USAGE)
        try:
            if email:
                one_address(email)
            handle = request_export(
                found, requested_by=requested_by, first=first, last=last, email=email, language=language,
                now=clock.now(),
            )  # fmt: skip
        except (ValueError, BadRecipient) as error:
            raise CommandError(str(error), returncode=commands.USAGE) from error
        except OneADay as error:
            raise CommandError(f"{error} Name another --requested-by, or wait until tomorrow.") from error
        process = self._wait_for(handle.id, wait)
        export = Export.objects.filter(pk=handle.id).first()
        written = progress(handle.id)
        answer = {
            "export": text(EXPORT, handle.id),
            "process": str(handle.id),
            "created": handle.created,
            "state": process.state,
            "pages_done": written.done,
            "pages": written.total,
            "rows": export.rows if export else None,
            "csv": export.csv_sha256 if export else None,
            "xlsx": export.xlsx_sha256 if export else None,
            "error": (process.error or {}).get("message", ""),
        }
        if process.state in OPEN:
            return answer, commands.TRY_LATER if wait else commands.OK
        return answer, commands.OK if process.state == "completed" else commands.ERROR

    def lines(self, answer: Any) -> list[str]:
        if answer["rows"] is not None:
            return [f"{answer['rows']} invoices: export {answer['export']}", f"CSV  {answer['csv']}",
                    f"XLSX {answer['xlsx']}"]  # fmt: skip
        word = "started" if answer["created"] else "asked for today already"
        reason = f": {answer['error']}" if answer["error"] else ""
        return [f"export {answer['export']} {word}, {answer['state']}{reason}"]

    def _wait_for(self, process: Any, seconds: float) -> Process:
        """Return the process when it has ended, or as it is when the time is over."""
        ticks = threading.Event()
        told = -1
        while True:
            row = Process.objects.get(pk=process)
            if row.state not in OPEN or seconds <= 0:
                return row
            written = progress(process)
            if written.done != told:
                self.say(f"{written.done} of {written.total} pages")
                told = written.done
            ticks.wait(min(0.5, seconds))
            seconds -= 0.5
