"""Compare a company's chains with what the AEAT holds: every night for this month and the last, and when a person asks.

What differs is kept as rows (`verifactu.models.Discrepancy`), told as an alert while any of it is open, and repaired
only after a person approved it.
"""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings
from django.db import transaction

from common import clock
from invoicing.models import Company, Invoice
from invoicing.states import INVOICE_MOVES
from verifactu import reconciling_alerts, repairs
from verifactu.channel import client_for
from verifactu.models import Discrepancy, Installation
from verifactu.reconciliation import Compared, compare_month, month_of, months
from workflows import alerts
from workflows.api import Lane, step, workflow
from workflows.errors import WorkflowError
from workflows.journal import Run
from workflows.retry import Retry
from workflows.schedules import keep

EVERY_NIGHT = "30 3 * * *"


class ReconcileAeat(msgspec.Struct, frozen=True):
    """The months of a company to be compared: `first` to `last` (yyyy-mm), or those of its schedule's `slot`."""

    company_id: UUID
    first: str = ""
    last: str = ""
    slot: datetime | None = None
    zone: str = "Europe/Madrid"

    @property
    def months(self) -> tuple[str, ...]:
        """The months that are compared; of a slot, the one of the day before and the one in front of that.

        :raises WorkflowError: when neither months nor slot are given.
        """
        if self.first and self.last:
            return tuple(months(self.first, self.last))
        if self.slot:
            eve = self.slot.astimezone(ZoneInfo(self.zone)).date() - timedelta(days=1)
            return month_of(eve.replace(day=1) - timedelta(days=1)), month_of(eve)
        raise WorkflowError("a comparison with the AEAT needs its months, or the slot of its schedule")


class Chain(msgspec.Struct, frozen=True):
    """A chain that has something in those months."""

    installation_id: UUID


class Summary(msgspec.Struct, frozen=True):
    """What a comparison came to."""

    compared: tuple[Compared, ...]
    open: int
    """Differences that wait for a person."""


@step
def find_chains(company_id: UUID) -> tuple[Chain, ...]:
    """Return the company's chains in the present environment, closed ones too: their invoices may be corrected yet."""
    return tuple(Chain(one.pk) for one in chains_of(Company.objects.get(pk=company_id)))


@step.external(retry=Retry(retries=30, first=60, cap=3600))
def compare(chain: Chain, month: str, *, idempotency_key: str) -> Compared:
    """Compare one month of one chain; tried for more than a day while the AEAT does not answer."""
    installation = Installation.objects.select_related("taxpayer").get(pk=chain.installation_id)
    return compare_month(client_for(installation), installation, month, now=clock.now)


@step
def tell(company_id: UUID, compared: tuple[Compared, ...]) -> int:
    """Raise an alert while differences are open; return how many."""
    company = Company.objects.select_related("taxpayer").get(pk=company_id)
    return tell_of(company, now=clock.now())


@workflow(
    "reconcile-aeat",
    version=1,
    tenant=lambda p: str(p.company_id),
    lane=lambda p: Lane(f"reconcile:{p.company_id}", 1),
    on_failure="hold",
    tags=lambda p: (f"company:{p.company_id}",),
)
def reconcile_aeat(run: Run, p: ReconcileAeat) -> Summary:
    """Compare month by month, then tell what is left for a person."""
    compared = []
    for chain in run.step(find_chains, p.company_id):
        for month in p.months:
            compared.append(run.step(compare, chain, month, key=f"compare:{chain.installation_id}:{month}"))
    return Summary(tuple(compared), run.step(tell, p.company_id, tuple(compared)))


def reconcile_nightly(company: Company, *, now: datetime) -> None:
    """Keep the schedule of a company's nights, in the hours of its zone as they are now."""
    keep(
        f"reconcile-aeat:{company.pk}",
        reconcile_aeat,
        ReconcileAeat(company.pk, zone=company.zone),
        cron=EVERY_NIGHT,
        zone=company.zone,
        catch_up="last",
        tenant=company.tenant,
        now=now,
    )


def chains_of(company: Company) -> list[Installation]:
    """Return the chains of a company in the present environment that have a record, oldest first."""
    found = Installation.objects.select_related("taxpayer").filter(
        taxpayer=company.taxpayer_id, environment=settings.AEAT_ENVIRONMENT, head_seq__gt=0
    )
    return list(found.order_by("created_at"))


def tell_of(company: Company, *, now: datetime) -> int:
    """Raise an alert when differences of the company are open; return how many are."""
    rows = Discrepancy.objects.filter(installation__taxpayer=company.taxpayer_id, state="open")
    count: int = rows.count()
    if count:
        first = ", ".join(str(row) for row in rows.order_by("id")[:5])
        text = f"{count}: {first}{'…' if count > 5 else ''}"
        alerts.alert(reconciling_alerts.DIFFERENCES, str(company), text, company.tenant, now)
    return count


def approve(discrepancy_id: UUID, *, actor: str, reason: str, now: datetime) -> Discrepancy:
    """Carry out the repair of a difference and have its invoice say the same, in one transaction.

    :raises NothingToApprove: see `verifactu.repairs.approve`.
    """
    with transaction.atomic():
        row = repairs.approve(discrepancy_id, actor=actor, reason=reason, now=now)
        if row.proposal == Discrepancy.Proposal.ADOPT:
            with_errors = row.theirs["estado"] == "AceptadoConErrores"
            move = "acknowledge_with_errors" if with_errors else "acknowledge"
            Invoice.objects.filter(record=row.record_id, state__in=INVOICE_MOVES.sources(move)).update(
                state=INVOICE_MOVES.target(move)
            )
    return row
