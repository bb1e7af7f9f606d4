"""The daily sales report: figures of a day, one page of PDF, one letter. Every morning at nine, for the day before."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings

from common import clock
from invoicing.documents import Documents, StoredDocument
from invoicing.figures import DayFigures, day_figures
from invoicing.mail import message_id, send
from invoicing.models import Company
from invoicing.notices import report_letter
from invoicing.pdf import shared
from invoicing.pdf.formats import euros
from invoicing.pdf.report import report_page
from workflows.api import Lane, step, workflow
from workflows.engine import Handle, trigger
from workflows.errors import WorkflowError
from workflows.journal import Run
from workflows.retry import Retry
from workflows.schedules import keep

PDF_TIMEOUT = 60.0
"""Seconds after which a renderer is taken for stuck and killed."""
EVERY_MORNING = "0 9 * * *"


class DailySales(msgspec.Struct, frozen=True):
    """The day of a company that is to be reported.

    Either `day` is given, or `slot`: the moment, in `zone`, of whose eve it is. `requested` tells a report that a
    person asked for from the morning's own, of which there is one per day.
    """

    company_id: UUID
    day: date | None = None
    slot: datetime | None = None
    zone: str = "Europe/Madrid"
    requested: str = ""

    @property
    def reported(self) -> date:
        """The day that is reported.

        :raises WorkflowError: when neither day nor slot is given.
        """
        if self.day:
            return self.day
        if self.slot:
            return self.slot.astimezone(ZoneInfo(self.zone)).date() - timedelta(days=1)
        raise WorkflowError("a daily sales report needs a day, or the slot of its schedule")


class Reported(msgspec.Struct, frozen=True):
    """What came of it; `message_id` is empty where the company has no address to send it to."""

    day: date
    sha256: str
    message_id: str


@step
def count_figures(company_id: UUID, day: date) -> DayFigures:
    """Take the figures of the day, of the present environment."""
    return day_figures(company_id, day, settings.AEAT_ENVIRONMENT, now=clock.now())


@step.external(
    queue="pdf", lane=lambda figures, company_id: Lane(f"pdf:{company_id}", 2), retry=Retry(retries=5, first=2, cap=600)
)
def render_report(figures: DayFigures, company_id: UUID, *, idempotency_key: str) -> StoredDocument:
    """Render the page in this worker's renderer and store the bytes under their hash."""
    return Documents(settings.DOCUMENTS_DIR).store(shared().print(report_page(figures), timeout=PDF_TIMEOUT))


@step.external(retry=Retry(retries=20, first=5, cap=3600))
def mail_report(
    process: UUID, company_id: UUID, figures: DayFigures, pdf: StoredDocument, *, idempotency_key: str
) -> str:
    """Mail the page under the process's one Message-ID to whom the company names; nothing where it names nobody."""
    company = Company.objects.select_related("taxpayer").get(pk=company_id)
    if not company.report_addresses:
        return ""
    identity = message_id(process, settings.DEFAULT_FROM_EMAIL, "report")
    send(
        report_letter(
            company,
            figures.day,
            Documents(settings.DOCUMENTS_DIR).read(pdf.sha256),
            total=euros(figures.sums.total),
            count=figures.sums.count,
            test=figures.environment != "production",
            to=company.report_addresses,
            message_id=identity,
        )
    )
    return identity


@workflow(
    "daily-sales-report",
    version=1,
    tenant=lambda p: str(p.company_id),
    lane=lambda p: Lane(f"report:{p.company_id}", 1),
    on_failure="hold",
    idempotency_key=lambda p: f"{p.company_id}:{p.reported}:{p.requested}",
    tags=lambda p: (f"company:{p.company_id}",),
)
def daily_sales_report(run: Run, p: DailySales) -> Reported:
    """Count, print, mail."""
    figures = run.step(count_figures, p.company_id, p.reported)
    pdf = run.step(render_report, figures, p.company_id)
    told = run.step(mail_report, run.id, p.company_id, figures, pdf)
    return Reported(p.reported, pdf.sha256, told)


def request_report(company: Company, *, day: date, requested_by: str, now: datetime) -> Handle:
    """Start a report that a person asks for, of any day, also of one that is not over."""
    payload = DailySales(company.pk, day, zone=company.zone, requested=f"{requested_by} {now.isoformat()}")
    return trigger(daily_sales_report, payload, now=now, actor=requested_by)


def report_daily(company: Company, *, now: datetime) -> None:
    """Keep the schedule of a company's mornings, in the hours of its zone as they are now.

    What was missed while everything was down is made good once, for the last day alone.
    """
    keep(
        f"daily-sales-report:{company.pk}",
        daily_sales_report,
        DailySales(company.pk, zone=company.zone),
        cron=EVERY_MORNING,
        zone=company.zone,
        catch_up="last",
        tenant=company.tenant,
        now=now,
    )
