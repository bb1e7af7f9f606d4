"""The evidence for an inspection: `manage.py export_evidence --company NIF --from DAY --to DAY --out FILE.zip`."""

import hashlib
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from common import commands
from common.progress import progress
from invoicing.inspection.making import write_evidence
from invoicing.inspection.picture import Scope
from invoicing.models import Company

SHOWN = 100


class Command(commands.Command):
    help = (
        "Write all that proves a company's invoicing of a period into one ZIP that explains itself and can be checked "
        "without Encadena: records, the AEAT's answers, register, PDFs, history, integrity. Exit code 3 when something "
        "inside does not verify; the ZIP says what. Orders are left out unless asked for: the AEAT's access must not "
        "need data of buyers that are not fiscal."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--company", metavar="NIF", required=True)
        parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD")
        parser.add_argument("--out", type=Path, required=True, metavar="FILE.zip")
        parser.add_argument("--overwrite", action="store_true", help="take the place of a file that is there")
        parser.add_argument("--orders", action="store_true",
                            help="also what the shops sent for these invoices, byte for byte: personal data of buyers "
                            "that no tax needs, for whoever may have it")  # fmt: skip
        parser.add_argument("--no-pdf", action="store_true", help="leave the PDFs out; their SHA-256 stay")

    def run(
        self, company: str, first: date, last: date, out: Path, overwrite: bool, orders: bool, no_pdf: bool,
        **options: Any,
    ) -> tuple[Any, int]:  # fmt: skip
        scope = _scope(company, first, last)
        _usable(out, overwrite)
        try:
            with progress(self.say, as_json=self.as_json) as teller:
                made = write_evidence(scope, out, with_orders=orders, with_pdfs=not no_pdf, teller=teller)
        except OSError as error:
            raise CommandError(f"{out}: {error.strerror or error}: nothing was written") from error
        answer: dict[str, Any] = {
            "file": None, "sha256": None, "bytes": None, "company": company, "from": first, "to": last,
            "environment": scope.environment, "records": 0, "invoices": 0, "findings": [],
        }  # fmt: skip
        if made is None:
            return answer, commands.ERROR
        with out.open("rb") as data:
            sha256 = hashlib.file_digest(data, "sha256").hexdigest()
        answer |= {
            "file": str(out), "sha256": sha256, "bytes": out.stat().st_size,
            "records": made.records, "invoices": made.invoices, "pdfs": made.pdfs, "submissions": made.submissions,
            "answers": made.answers, "incidents": made.incidents, "orders": made.orders,
            "findings": [{"invariant": f.invariant, "subject": f.subject, "text": f.text} for f in made.findings],
        }  # fmt: skip
        return answer, commands.DIFFERENCES if made.findings else commands.OK

    def lines(self, answer: Any) -> list[str]:
        period = f"{answer['from']} to {answer['to']} ({answer['environment']})"
        if answer["file"] is None:
            return [f"nothing was invoiced or declared from {period}: no file was made"]
        found = [f"{f['invariant']}  {f['subject']}: {f['text']}" for f in answer["findings"]]
        verdict = f"{len(found)} findings, which integridad.json lists" if found else "everything inside verifies"
        return [
            *found[:SHOWN],
            f"{answer['file']}: {period}, {answer['invoices']} invoices, {answer['records']} records: {verdict}",
            f"SHA-256 {answer['sha256']}",
        ]


def _scope(nif: str, first: date, last: date) -> Scope:
    """Return what is asked for.

    :raises CommandError: for an unknown company, and for days that are no period.
    """
    company = Company.objects.select_related("taxpayer").filter(taxpayer__nif=nif).first()
    if company is None:
        raise CommandError(f"no company with NIF {nif}", returncode=commands.USAGE)
    if first > last:
        raise CommandError(f"the period ends ({last}) before it begins ({first})", returncode=commands.USAGE)
    if last == date.max:
        raise CommandError(f"{last} is the calendar's last day: name an earlier one", returncode=commands.USAGE)
    return Scope(company, settings.AEAT_ENVIRONMENT, first, last)


def _usable(out: Path, overwrite: bool) -> None:
    """Make sure that a file may be made there.

    :raises CommandError: when it may not.
    """
    if out.is_dir():
        raise CommandError(f"{out} is a folder: name a file in it", returncode=commands.USAGE)
    if not out.parent.is_dir():
        raise CommandError(f"there is no folder {out.parent}: make it first", returncode=commands.USAGE)
    if out.exists() and not overwrite:
        raise CommandError(f"{out} is there already: name another, or --overwrite it", returncode=commands.USAGE)
