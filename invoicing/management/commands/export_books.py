"""Export a book or a return: `manage.py export_books --company NIF --kind 303 --period 2027-Q1 [--json]`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from common import commands
from invoicing.books import BOOKS, periods
from invoicing.books.pages import INVOICES
from invoicing.exporting import LANGUAGES
from invoicing.management.exporting import export, said


class Command(commands.Command):
    help = (
        "Have the workers make a CSV and an XLSX file of a book of the accountant's: the register of issued invoices, "
        "or the figures of modelo 303, 349, 369 or 390."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--company", metavar="NIF", required=True)
        parser.add_argument("--kind", choices=[kind for kind in BOOKS if kind != INVOICES], required=True)
        parser.add_argument("--period", required=True, help="2027-03, 2027-Q1 or 2027; each return has its own")
        parser.add_argument("--email", default="", help="whom to tell when it is done (default: nobody)")
        parser.add_argument("--language", choices=LANGUAGES, default="es", help="of headers and letter")
        parser.add_argument(
            "--requested-by", default="command", metavar="NAME", help="in whose name (default: %(default)s)"
        )
        parser.add_argument("--wait", type=float, default=0, metavar="SECONDS",
                            help="wait so long for the files; exit 75 when they are not there by then")  # fmt: skip

    def run(
        self, company: str, kind: str, period: str, email: str, language: str, requested_by: str, wait: float,
        **options: Any,
    ) -> tuple[Any, int]:  # fmt: skip
        try:
            first, last = periods.period(period)
        except ValueError as error:
            raise CommandError(str(error), returncode=commands.USAGE) from error
        return export(
            company, kind=kind, first=first, last=last, email=email, language=language, requested_by=requested_by,
            wait=wait, tell=self.say,
        )  # fmt: skip

    def lines(self, answer: Any) -> list[str]:
        return said(answer)
