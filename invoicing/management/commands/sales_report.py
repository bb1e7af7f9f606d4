"""Report a day's sales now: `manage.py sales_report --company NIF --day 2027-02-03 [--json]`."""

from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import CommandError

from common import clock, commands
from invoicing.models import Company
from invoicing.reporting import request_report


class Command(commands.Command):
    help = "Have the workers make and mail the sales report of a day, beside the one of every morning."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--company", metavar="NIF", required=True)
        parser.add_argument("--day", type=date.fromisoformat, metavar="YYYY-MM-DD", help="default: yesterday")

    def run(self, company: str, day: date | None, **options: Any) -> tuple[Any, int]:
        found = Company.objects.select_related("taxpayer").filter(taxpayer__nif=company).first()
        if found is None:
            raise CommandError(f"no company with NIF {company}", returncode=commands.USAGE)
        now = clock.now()
        today = now.astimezone(ZoneInfo(found.zone)).date()
        day = day or today - timedelta(days=1)
        if day > today:
            raise CommandError(f"{day} is still to come", returncode=commands.USAGE)
        handle = request_report(found, day=day, requested_by="command", now=now)
        return {"process": str(handle.id), "day": day.isoformat(), "to": found.report_addresses}, commands.OK

    def lines(self, answer: Any) -> list[str]:
        to = ", ".join(answer["to"]) or "nobody: the company has no address"
        return [f"report of {answer['day']} started (process {answer['process']}), to {to}"]
