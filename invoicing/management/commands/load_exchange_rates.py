"""Load the ECB's reference rates: `manage.py load_exchange_rates FILE|--url URL [--since 2024-10-01] [--json]`."""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from common import clock, commands
from invoicing import exchange, rates_feed
from workflows.errors import Transient


class Command(commands.Command):
    help = (
        "Keep the euro's reference rates from a file that the ECB publishes: eurofxref (daily, 90 days or historic), "
        "as XML, CSV or in a zip. Rates that are there already stay as they are."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a file that was downloaded")
        parser.add_argument("--url", nargs="?", const="", default=None,
                            help="fetch it (without an address: from ECB_RATES_URL)")  # fmt: skip
        parser.add_argument("--since", type=date.fromisoformat, default=exchange.FIRST_DAY, metavar="YYYY-MM-DD",
                            help="leave out earlier days (default: %(default)s)")  # fmt: skip

    def run(self, file: Path | None, url: str | None, since: date, **options: Any) -> tuple[Any, int]:
        if (file is None) == (url is None):
            raise CommandError("give a file, or --url", returncode=commands.USAGE)
        try:
            rates = exchange.read(file.read_bytes() if file else self._fetched(url or settings.ECB_RATES_URL))
        except OSError as error:
            raise CommandError(str(error), returncode=commands.USAGE) from error
        except Transient as error:
            raise CommandError(str(error), returncode=commands.TRY_LATER) from error
        except exchange.Unreadable as error:
            raise CommandError(f"{file or url or settings.ECB_RATES_URL}: {error}") from error
        kept = exchange.keep(rates, now=clock.now(), since=since)
        last = max(each.day for each in rates)
        return {"read": len(rates), "kept": kept, "last_day": last.isoformat()}, commands.OK

    def lines(self, answer: Any) -> list[str]:
        return [f"Read {answer['read']} rates up to {answer['last_day']}; {answer['kept']} of them were new."]

    def _fetched(self, url: str) -> bytes:
        if not url:
            raise CommandError("ECB_RATES_URL is not set; give an address behind --url", returncode=commands.USAGE)
        return rates_feed.fetch(url)
