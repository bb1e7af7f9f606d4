"""Take orders in from a file: `manage.py import_orders --company NIF --connection NAME FILE [--dry-run] [--json]`.

Every document becomes a delivery, as if the shop had sent it, and goes the ordinary way: workers read and invoice it.
All of them are read before the first is taken in; where one cannot be, none is, unless with `--skip-bad`. Killed in the
middle, the command may be run again: the same document is the same delivery.

Exit code 0 when all is in, 1 when nothing was taken in because of faults, 4 when only the good ones were.
"""

import os
import shutil
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import msgspec
from django.core.management.base import CommandError

from common import clock, commands
from common.progress import progress
from invoicing.importing.looking import look
from invoicing.importing.taking import FileChanged, take
from invoicing.models import Company, Connection
from invoicing.storefronts.files import TOPICS


class Command(commands.Command):
    help = "Take orders in from a file, as deliveries of a shop: JSON Lines, one array of orders, or one order."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", help="the orders, in UTF-8; - for standard input")
        parser.add_argument("--company", required=True, metavar="NIF")
        parser.add_argument("--connection", required=True, metavar="NAME", help="the shop whose orders they are")
        parser.add_argument("--topic", default="", help="what the documents are where they do not say so themselves")
        parser.add_argument("--skip-bad", action="store_true", help="take in what can be read, and tell what cannot")
        parser.add_argument("--dry-run", action="store_true", help="only say what would come")

    def run(
        self, file: str, company: str, connection: str, topic: str, skip_bad: bool, dry_run: bool, **options: Any
    ) -> tuple[Any, int]:
        shop = _connection(company, connection)
        _check_topic(shop, topic)
        taken = 0
        with _opened(file) as (source, name), progress(self.say, as_json=self.as_json) as teller:
            told = teller.part(f"reading {name}")
            looked = look(shop, source, topic=topic, at=told.at)
            told.end(looked.documents)
            good = looked.documents - looked.bad
            refused = bool(looked.bad) and not (skip_bad and good)
            if looked.new and not dry_run and not refused:
                told = teller.part(f"taking {looked.new} in", looked.documents)
                try:
                    taken = take(
                        shop, source, name=name, topic=topic, actor=f"cli:{commands.user()}",
                        most=looked.documents, skip_bad=skip_bad, now=clock.now, at=told.at,
                    )  # fmt: skip
                except FileChanged as error:
                    raise CommandError(str(error)) from error
                told.end(looked.documents)
        start = shop.invoice_from and shop.invoice_from.astimezone(ZoneInfo(shop.company.zone))
        answer = {
            "company": company, "connection": connection, "dry_run": dry_run, "refused": refused, "taken": taken,
            "invoice_from": start and start.isoformat(), **msgspec.to_builtins(looked),
        }  # fmt: skip
        return answer, commands.ERROR if refused else commands.PARTIAL if looked.bad else commands.OK

    def lines(self, answer: Any) -> list[str]:
        return [*_sold(answer), *_never_invoiced(answer), *_faults(answer), _taken(answer)]


def _connection(nif: str, name: str) -> Connection:
    """Return the connection of that name.

    :raises CommandError: when there is none, or none that takes orders.
    """
    if not Company.objects.filter(taxpayer__nif=nif).exists():
        raise CommandError(f"no company with NIF {nif}", returncode=commands.USAGE)
    rows = Connection.objects.select_related("company__taxpayer").defer("credentials")
    rows = rows.filter(company__taxpayer__nif=nif, platform__in=TOPICS, active=True)
    found = rows.filter(name=name).first()
    if found is None:
        names = ", ".join(map(repr, rows.values_list("name", flat=True))) or "none"
        raise CommandError(
            f"{nif} has no connection {name!r} that is switched on and takes orders; it has {names}",
            returncode=commands.USAGE,
        )
    return found


def _check_topic(shop: Connection, topic: str) -> None:
    if topic and topic not in TOPICS[shop.platform]:
        known = ", ".join(TOPICS[shop.platform]) or "none: its documents say what they are"
        raise CommandError(
            f"{shop.get_platform_display()} has no topic {topic!r} to import; it has {known}", returncode=commands.USAGE
        )


@contextmanager
def _opened(file: str) -> Iterator[tuple[BinaryIO, str]]:
    """Open a file that can be read twice, and say its name; what comes through a pipe is written to a temporary one.

    :raises CommandError: when it cannot be opened.
    """
    with ExitStack() as open_files:
        source: BinaryIO = sys.stdin.buffer
        try:
            if file != "-":
                source = open_files.enter_context(Path(file).open("rb"))
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}", returncode=commands.USAGE) from error
        if not source.seekable():
            spool = open_files.enter_context(TemporaryFile())
            shutil.copyfileobj(source, spool)
            source = spool
        name = os.fsencode(Path(file).name).decode(errors="replace")
        yield source, "standard input" if file == "-" else name


def _sold(answer: Any) -> Iterator[str]:
    yield f"{answer['documents']} documents: {answer['orders']} orders, {answer['known_orders']} of them read before"
    for month in answer["months"]:
        yield f"  {month['month']}  {month['orders']:>6} orders  {month['total']:>14} {month['currency']}"
    if answer["refunds"]:
        yield f"  {answer['refunds']} refunds without their order"


def _never_invoiced(answer: Any) -> Iterator[str]:
    if answer["orders"] and answer["invoice_from"] is None:
        yield "This connection does not say from when it invoices: what is paid will be held (not_live)."
    if answer["before"]:
        yield (
            f"{answer['before']} orders were placed before {answer['invoice_from']}, from when this connection "
            "invoices: they are kept and NEVER invoiced. If they are to be, set its «facturar desde» first: "
            "importing them again changes nothing."
        )


def _faults(answer: Any) -> Iterator[str]:
    if answer["bad"]:
        yield f"{answer['bad']} documents cannot be taken in:"
    for fault in answer["faults"]:
        yield f"  {fault['place']}: {fault['reason']}"
    if answer["bad"] > len(answer["faults"]):
        yield f"  and {answer['bad'] - len(answer['faults'])} more"


def _taken(answer: Any) -> str:
    would = "would be" if answer["dry_run"] else "was"
    if answer["refused"]:
        return f"Nothing {would} taken in: put these right or take them out of the file, or leave them with --skip-bad"
    if answer["dry_run"]:
        return f"{answer['new']} would be taken in; {answer['known']} are deliveries already"
    here = answer["documents"] - answer["bad"] - answer["taken"]
    return f"{answer['taken']} taken in, for workers to read; {here} were deliveries already"
