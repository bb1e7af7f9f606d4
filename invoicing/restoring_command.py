"""What `reconcile_aeat --lock` and `--after-restore` do and say; the work is in invoicing/restoring.py."""

import sys
from collections.abc import Callable, Iterable
from typing import Any

from django.core.management.base import CommandError

from common import clock, commands
from common.progress import Teller
from invoicing import restoring
from invoicing.models import Company
from invoicing.restoring import Comparison
from verifactu import locks
from verifactu.channel import NotConfigured
from verifactu.errors import InvalidCertificate
from verifactu.models import Installation
from verifactu.queries import QueryFailed

ACTOR = "reconcile_aeat"


def lock(companies: Iterable[Company], reason: str) -> dict[str, Any]:
    """Lock the chains of the companies by hand; return what to tell."""
    told = reason or "cerrada a mano: se ha restaurado una copia"
    restoring.lock(companies, reason=told, actor=ACTOR, now=clock.now())
    return {"locked": [str(chain) for company in companies for chain in restoring.chains(company) if _is_locked(chain)]}


class AfterRestore:
    """Compares the companies one after another and opens what is whole."""

    def __init__(
        self, teller: Teller, say: Callable[[str], object], known: list[str], anew: bool, confirm: str | None
    ) -> None:
        self._teller, self._say = teller, say
        self._known, self._anew, self._confirm = known, anew, confirm

    def run(self, companies: Iterable[Company]) -> tuple[dict[str, Any], int]:
        """Compare, open or begin anew; return what to tell and the exit code."""
        restoring.lock_what_moved(now=clock.now())
        told, failed, closed = [], 0, 0
        for company in companies:
            for chain in restoring.chains(company):
                try:
                    one = self._chain(company, chain)
                except (QueryFailed, NotConfigured, InvalidCertificate) as error:
                    one = {"installation": str(chain), "outcome": "not compared", "error": str(error)}
                    self._say(f"{chain}: {error}")
                    failed += 1
                closed += one["outcome"] == "locked"
                told.append({"company": company.taxpayer.nif, **one})
        answer = {"after_restore": told}
        if closed:
            return answer, commands.DIFFERENCES
        if failed:
            return answer, commands.PARTIAL if failed < len(told) else commands.TRY_LATER
        return answer, commands.OK

    def _chain(self, company: Company, chain: Installation) -> dict[str, Any]:
        comparison = restoring.compare(
            company,
            chain,
            known=self._known,
            now=clock.now,
            progress=lambda month: self._teller.part(f"{chain} {month}").at,
        )
        told = _told(comparison)
        # What the witness or the place say now counts too, not only what was locked before.
        was_closed = bool(locks.why_closed(chain))
        if comparison.whole:
            resumed = restoring.open_again(company, chain, comparison, actor=ACTOR, now=clock.now())
            return told | {"outcome": "opened" if was_closed else "open", "resumed": resumed}
        if not (self._anew and chain.active):
            locks.close(chain, reason="la AEAT, un PDF o un correo conocen facturas que aquí faltan", actor=ACTOR,
                        now=clock.now())  # fmt: skip
            return told | {"outcome": "locked"}
        self._ask(company, comparison)
        went = restoring.begin_anew(company, chain, comparison, actor=ACTOR, now=clock.now())
        return told | {
            "outcome": "replaced", "new_installation": went.installation, "gaps": went.gaps, "unplaced": went.unplaced,
        }  # fmt: skip

    def _ask(self, company: Company, comparison: Comparison) -> None:
        """Have the person type the NIF of the company that begins a new chain."""
        typed = self._confirm
        if typed is None and sys.stdin.isatty():
            self._say(
                f"{comparison.installation}: {len(comparison.lost)} invoices are lost here. A new installation "
                "begins a new chain for ever, and the series go on above the numbers that are known."
            )
            typed = input(f"Type the NIF of {company.taxpayer.name} to confirm: ").strip()
        if typed != company.taxpayer.nif:
            raise CommandError(f"not confirmed: --confirm {company.taxpayer.nif}", returncode=commands.USAGE)


def lines(answer: dict[str, Any]) -> list[str]:
    """Return the answer as a person reads it."""
    if "locked" in answer:
        return [f"{chain}: issuing and sending are locked; {locks.REMEDY}" for chain in answer["locked"]]
    told = []
    for one in answer["after_restore"]:
        told.append(f"{one['installation']}: {one['outcome']}")
        if "error" in one:
            told.append(f"  {one['error']}")
            continue
        told.append(f"  our head: {one['our_head']}; the AEAT's last: {one['their_last'] or 'nothing'}")
        told += [f"  lost here: {number} (known to {source})" for number, source in one["lost"].items()]
        for series, (first, last) in one.get("gaps", {}).items():
            told.append(f"  {series}: {first} to {last} are left out")
        if one["outcome"] == "locked":
            told.append(f"  to go on: {locks.REMEDY} --company {one['company']} --new-installation")
        if "new_installation" in one:
            told.append(f"  goes on as {one['new_installation']}")
    return told


def _told(comparison: Comparison) -> dict[str, Any]:
    seq, number, huella = comparison.ours
    return {
        "installation": comparison.installation,
        "our_head": f"{seq} {number} {huella}".strip(),
        "their_last": " ".join(comparison.theirs or ()),
        "lost": comparison.lost,
        "months": [
            {"month": one.month, "ours": one.ours, "theirs": one.theirs, "found": one.found}
            for one in comparison.compared
        ],
    }


def _is_locked(chain: Installation) -> bool:
    return bool(locks.why_closed(chain))
