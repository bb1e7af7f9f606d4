"""Export a company's invoices: `manage.py export_invoices --company NIF --from 2027-01-01 --to 2027-03-31 [--json]`."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from common import commands
from invoicing.books.pages import INVOICES
from invoicing.exporting import LANGUAGES
from invoicing.management.exporting import export, said


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
        return export(
            company, kind=INVOICES, first=first, last=last, email=email, language=language, requested_by=requested_by,
            wait=wait, tell=self.say,
        )  # fmt: skip

    def lines(self, answer: Any) -> list[str]:
        return said(answer)
