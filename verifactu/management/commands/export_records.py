"""Write the records of a company to files: `manage.py export_records --out FOLDER [--company NIF]`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from common import commands
from verifactu.export import export_records
from verifactu.models import Installation


class Command(commands.Command):
    help = "Write every record, as it is sent, to FOLDER/<NIF>/<000001>.xml, in chain order."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
        parser.add_argument("--company", metavar="NIF", help="only this taxpayer")

    def run(self, out: Path, company: str | None, **options: Any) -> tuple[Any, int]:
        chains = Installation.objects.select_related("taxpayer").order_by("created_at")
        if company:
            chains = chains.filter(taxpayer__nif=company)
            if not chains:
                raise CommandError(f"no taxpayer with NIF {company}", returncode=commands.USAGE)
        return {"records": export_records(chains, out), "folder": str(out)}, commands.OK

    def lines(self, answer: Any) -> list[str]:
        return [f"{answer['records']} records in {answer['folder']}"]
