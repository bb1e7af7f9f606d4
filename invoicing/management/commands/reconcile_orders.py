"""Compare with the shops: `manage.py reconcile_orders [--connection NAME] [--since 2027-01-01] [--wait] [--json]`.

Every order that the shop has in the window must have exactly one document, and every refund one correction, or a reason
why not. What is missing is pulled and goes the ordinary way; workers issue it. `--dry-run` only says what is missing.

Exit code 0 when all is there (or on its way), 3 when something remained, 4 when some shops could not be asked, 75 when
none could, or what was pulled was not done by the end of `--wait`.
"""

import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from django.core.management.base import CommandError

from common import clock, commands
from common.progress import Teller, progress
from invoicing import comparing
from invoicing.comparing import Looked, Report
from invoicing.models import Connection
from invoicing.storefronts.clients import CLIENTS, ShopUnavailable

PATIENCE = 600
"""Seconds that `--wait` waits without a number."""
SHOWN = 100


def a_moment(text: str) -> datetime:
    """Return a day, or a day and a time; without an offset it is meant in the company's zone."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no moment; write it as 2027-01-31 or 2027-01-31T18:00") from None


class Command(commands.Command):
    help = "Compare each shop's orders with what is invoiced here, and pull what is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--company", metavar="NIF", help="only this company's shops")
        parser.add_argument("--connection", metavar="NAME_OR_ID", help="only this shop")
        parser.add_argument("--since", type=a_moment, metavar="WHEN", help="default: a little before the last look")
        parser.add_argument("--until", type=a_moment, metavar="WHEN", help="default: now")
        parser.add_argument("--dry-run", action="store_true", help="only say what is missing")
        parser.add_argument("--wait", nargs="?", type=float, const=PATIENCE, metavar="SECONDS",
                            help=f"wait until what was pulled is done ({PATIENCE} s without a number)")  # fmt: skip

    def run(
        self, company: str | None, connection: str | None, since: datetime | None, until: datetime | None,
        dry_run: bool, wait: float | None, **options: Any,
    ) -> tuple[Any, int]:  # fmt: skip
        shops, failed = [], []
        with progress(self.say, as_json=self.as_json) as teller:
            for shop in _connections(company, connection):
                zone = ZoneInfo(shop.company.zone)
                first, last = (_in(zone, moment) for moment in (since, until))
                if first and last and first > last:
                    raise CommandError("--since is later than --until", returncode=commands.USAGE)
                try:
                    report = _compare(shop, first, last, dry_run=dry_run, wait=wait, teller=teller)
                except ShopUnavailable as error:
                    self.say(f"{shop}: {error}")
                    failed.append({"connection": shop.name, "error": str(error)})
                    continue
                if report.trouble:
                    failed.append({"connection": shop.name, "error": report.trouble})
                if not dry_run:
                    comparing.record(shop, report, now=clock.now())
                shops.append(_told(shop, report))
        answer = {"dry_run": dry_run, "connections": shops, "failed": failed}
        return answer, _code(shops, failed, dry_run=dry_run, waited=wait is not None)

    def lines(self, answer: Any) -> list[str]:
        lines = []
        for shop in answer["connections"]:
            pulled = "to be pulled" if answer["dry_run"] else "pulled"
            lines.append(
                f"{shop['company']} {shop['connection']}: {shop['seen']} in the shop, {shop['pulled']} {pulled}, "
                f"{shop['documented']} with their documents, {shop['explained']} without for a reason, "
                f"{len(shop['held'])} held, {shop['on_its_way']} on their way, {len(shop['remains'])} remain"
            )
            for kind in ("held", "remains"):
                for one in shop[kind][:SHOWN]:
                    lines.append(f"  {kind}: {one['number'] or one['order']}: {one['reason']}")
        lines += [f"{one['connection']}: not asked to the end: {one['error']}" for one in answer["failed"]]
        if not lines:
            lines = ["no shop is asked: give a connection its API credentials and switch on «preguntar a la tienda»"]
        return lines


def _compare(
    shop: Connection, since: datetime | None, until: datetime | None, *, dry_run: bool, wait: float | None,
    teller: Teller,
) -> Report:  # fmt: skip
    began = clock.now()
    window = comparing.window_of(shop, since=since, until=until, now=began)
    looked: list[Looked] = []
    for part in comparing.slices(window):
        told = teller.part(f"{shop} {part.since:%Y-%m-%d %H:%M}")
        looked.append(comparing.look(shop, part, now=clock.now, dry_run=dry_run, progress=told.at))
        told.end(len(looked[-1].seen))
        if looked[-1].trouble:
            break
    report = comparing.judge(shop, window, looked, since=began)
    if wait and not dry_run and report.on_its_way:
        told = teller.part(f"{shop} on their way", report.on_its_way)
        most = report.on_its_way
        report = _when_done(lambda: comparing.judge(shop, window, looked, since=began), wait, told.at, most)
        told.end(most)
    return report


def _when_done(judge: Callable[[], Report], patience: float, at: Callable[[int], None], most: int) -> Report:
    """Judge again and again until nothing is on its way, or patience ends."""
    deadline = time.monotonic() + patience
    while True:
        report = judge()
        at(max(0, most - report.on_its_way))
        if not report.on_its_way or time.monotonic() > deadline:
            return report
        time.sleep(0.5)


def _connections(nif: str | None, named: str | None) -> list[Connection]:
    """Return the shops to be compared: the one that is named, or all that may be asked.

    :raises CommandError: when there is none of that name, or several.
    """
    rows = Connection.objects.select_related("company__taxpayer").filter(active=True, platform__in=CLIENTS)
    if nif:
        rows = rows.filter(company__taxpayer__nif=nif)
        if not rows.exists():
            raise CommandError(f"no shop with an API belongs to {nif}", returncode=commands.USAGE)
    if not named:
        return list(rows.filter(pull=True))
    found = list(rows.filter(pk=named) if _is_id(named) else rows.filter(name=named))
    if len(found) != 1:
        told = "several shops are" if found else "no shop with an API is"
        raise CommandError(f"{told} called {named!r}; name it by its id, or with --company", returncode=commands.USAGE)
    return found


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _in(zone: ZoneInfo, moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _told(shop: Connection, report: Report) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(report)
    return {"company": shop.company.taxpayer.nif, "connection": shop.name, "id": str(shop.pk), **told}


def _code(shops: list[dict[str, Any]], failed: list[dict[str, str]], *, dry_run: bool, waited: bool) -> int:
    if any(shop["remains"] or (dry_run and shop["pulled"]) for shop in shops):
        return commands.DIFFERENCES
    if failed:
        whole = [shop for shop in shops if not shop["trouble"]]
        return commands.PARTIAL if whole else commands.TRY_LATER
    if waited and any(shop["on_its_way"] for shop in shops):
        return commands.TRY_LATER
    return commands.OK
