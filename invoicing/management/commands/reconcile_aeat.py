"""Compare with what the AEAT holds: `manage.py reconcile_aeat [--company NIF] [--from 2027-01 --to 2027-03] [--json]`.

After a restore from a backup: `manage.py reconcile_aeat --after-restore`, which opens what the restore locked.

Exit code 0 when nothing differs, 3 when something does or a chain stays locked, 4 when some companies could not be
compared, 75 when none could.
"""

import re
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import CommandError

from common import clock, commands
from common.progress import Teller, progress
from invoicing import restoring_command
from invoicing.models import Company
from invoicing.reconciling import chains_of, tell_of
from verifactu.channel import NotConfigured, client_for
from verifactu.errors import InvalidCertificate
from verifactu.models import Installation
from verifactu.queries import QueryFailed
from verifactu.reconciliation import Compared, compare_month, first_month, month_of, months

SHOWN = 200


def a_month(text: str) -> str:
    """Return a month as it was typed, yyyy-mm."""
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", text):
        raise ArgumentTypeError(f"{text!r} is no month; write it as 2027-03")
    return text


class Command(commands.Command):
    help = "Compare month by month with what the AEAT holds, and keep each difference with its proposed repair."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--company", metavar="NIF", help="only this company")
        parser.add_argument("--from", dest="first", type=a_month, metavar="YYYY-MM", help="default: last month")
        parser.add_argument("--to", dest="last", type=a_month, metavar="YYYY-MM", help="default: this month")
        parser.add_argument("--all", action="store_true", dest="whole", help="from the first record of each chain on")

        parser.add_argument("--lock", action="store_true", help="lock issuing and sending")
        parser.add_argument("--reason", default="", help="why it is locked by hand")
        parser.add_argument("--after-restore", action="store_true", help="compare heads and invoices, and unlock")
        parser.add_argument("--known", nargs="+", default=[], metavar="NUMBER",
                            help="with --after-restore: numbers that customers have in their letters")  # fmt: skip
        parser.add_argument("--new-installation", action="store_true",
                            help="with --after-restore: go on in a new one where something was lost")  # fmt: skip
        parser.add_argument("--confirm", metavar="NIF", help="the company's NIF, typed to confirm a new installation")

    def run(
        self, company: str | None, first: str | None, last: str | None, whole: bool, lock: bool, reason: str,
        after_restore: bool, known: list[str], new_installation: bool, confirm: str | None, **options: Any,
    ) -> tuple[Any, int]:  # fmt: skip
        companies = self._companies(company)
        if (known or new_installation or confirm) and not after_restore:
            raise CommandError("--known, --new-installation and --confirm go with --after-restore",
                               returncode=commands.USAGE)  # fmt: skip
        if lock:
            return restoring_command.lock(companies, reason), commands.DIFFERENCES
        if after_restore:
            if new_installation and not company:
                raise CommandError("--new-installation is for one company: name it with --company",
                                   returncode=commands.USAGE)  # fmt: skip
            with progress(self.say, as_json=self.as_json) as teller:
                after = restoring_command.AfterRestore(teller, self.say, known, new_installation, confirm)
                return after.run(companies)
        if first and last and first > last:
            raise CommandError("--from is later than --to", returncode=commands.USAGE)
        if whole and first:
            raise CommandError("--all and --from exclude each other", returncode=commands.USAGE)
        chains, failed, differences = [], [], 0
        with progress(self.say, as_json=self.as_json) as teller:
            for one in companies:
                today = clock.now().astimezone(ZoneInfo(one.zone)).date()
                until = last or month_of(today)
                for chain in chains_of(one):
                    since = first_month(chain) if whole else first
                    since = since or _before(until)
                    try:
                        compared = self._compare(chain, since, until, teller)
                    except (QueryFailed, NotConfigured, InvalidCertificate) as error:
                        self.say(f"{chain}: {error}")
                        failed.append({"company": one.taxpayer.nif, "installation": chain.numero, "error": str(error)})
                        continue
                    differences += sum(month.differs for month in compared)
                    chains.append(_told(one, chain, compared))
                tell_of(one, now=clock.now())
        answer = {"chains": chains, "failed": failed, "differences": differences}
        if differences:
            return answer, commands.DIFFERENCES
        if failed:
            return answer, commands.PARTIAL if chains else commands.TRY_LATER
        return answer, commands.OK

    def lines(self, answer: Any) -> list[str]:
        if "after_restore" in answer or "locked" in answer:
            return restoring_command.lines(answer)
        lines = []
        for chain in answer["chains"]:
            for month in chain["months"]:
                found = ", ".join(f"{count} {kind}" for kind, count in month["found"].items()) or "equal"
                more = f", {month['on_its_way']} on their way" if month["on_its_way"] else ""
                lines.append(
                    f"{chain['company']} {chain['installation']} {month['month']}: "
                    f"{month['ours']} here, {month['theirs']} there: {found}{more}"
                )
        lines += [f"{one['company']} {one['installation']}: not compared: {one['error']}" for one in answer["failed"]]
        verdict = f"{answer['differences']} differences; decide about them in the admin, «Diferencias con la AEAT»"
        return [*lines[-SHOWN:], verdict if answer["differences"] else "nothing differs"]

    def _companies(self, nif: str | None) -> list[Company]:
        companies = Company.objects.select_related("taxpayer")
        if nif:
            companies = companies.filter(taxpayer__nif=nif)
            if not companies:
                raise CommandError(f"no company with NIF {nif}", returncode=commands.USAGE)
        return list(companies)

    def _compare(self, chain: Installation, first: str, last: str, teller: Teller) -> list[Compared]:
        client = client_for(chain)
        compared = []
        for month in months(first, last):
            part = teller.part(f"{chain} {month}")
            compared.append(compare_month(client, chain, month, now=clock.now, progress=part.at))
            part.end(compared[-1].theirs)
        return compared


def _before(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year - (number == 1):04}-{number - 1 or 12:02}"


def _told(company: Company, chain: Installation, compared: list[Compared]) -> dict[str, Any]:
    return {
        "company": company.taxpayer.nif,
        "installation": chain.numero,
        "months": [
            {
                "month": month.month, "ours": month.ours, "theirs": month.theirs, "found": month.found,
                "dismissed": month.dismissed, "on_its_way": month.on_its_way,
            }
            for month in compared
        ],
    }  # fmt: skip
