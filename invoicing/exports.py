"""Exporting a company's invoices and books: the workflows, and how one is asked for.

One export of a company runs at a time, companies side by side; one of its invoices per requester and day, books and
returns as often as they are wanted. Each page is a child process of its own, so that a worker that dies costs one page,
and whoever looks sees how many are written.
"""

import shutil
import tempfile
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings
from django.db import transaction

from common import clock
from invoicing import books, exporting
from invoicing.books.pages import INVOICES, Page, Plan, Whole
from invoicing.documents import Documents
from invoicing.exporting import Files, Part
from invoicing.mail import message_id, send
from invoicing.models import Company, Export
from invoicing.notices import export_letter
from workflows.api import Lane, step, workflow
from workflows.control import free_key
from workflows.encoding import decode
from workflows.engine import Handle, trigger
from workflows.errors import WorkflowError
from workflows.journal import Run
from workflows.models import Process
from workflows.retry import Retry
from workflows.rows import sql
from workflows.states import TERMINAL

PAGES_AT_ONCE = 2
"""Pages of one company that are written at the same time."""


class ExportInvoices(msgspec.Struct, frozen=True):
    """A book (`kind`) of a company that somebody wants, from `first` to `last`, both included.

    `day` is the company's day on which it was asked for; `email` may be empty, and nobody is told then.
    """

    company_id: UUID
    requested_by: str
    day: date
    first: date
    last: date
    email: str = ""
    language: str = "es"
    page_size: int = exporting.PAGE
    kind: str = INVOICES

    @property
    def key(self) -> str:
        """What makes it the same: of invoices the day, of a book its period too."""
        key = f"{self.company_id}:{self.requested_by}:{self.day}"
        return key if self.kind == INVOICES else f"{key}:{self.kind}:{self.first}:{self.last}"


class ExportPage(msgspec.Struct, frozen=True):
    """One page of an export, whose id is its process's."""

    export_id: UUID
    page: Page


class Exported(msgspec.Struct, frozen=True):
    """What came of it; `rows` are lines of the file."""

    export_id: UUID
    rows: int
    message_id: str


class Progress(msgspec.Struct, frozen=True):
    """How many pages of an export are written, of how many; 0 of 0 while they are being counted."""

    done: int
    total: int


class OneADay(WorkflowError):
    """This requester has had another period exported today; `process` is the one that did it."""

    def __init__(self, process: UUID, first: date, last: date) -> None:
        super().__init__(f"{OneADay.__doc__} It covers {first} to {last}.")
        self.process = process
        self.first = first
        self.last = last


def request_export(
    company: Company,
    *,
    requested_by: str,
    first: date,
    last: date,
    email: str = "",
    language: str = "es",
    kind: str = INVOICES,
    now: datetime,
) -> Handle:
    """Start an export, or find the one that this requester asked for: of invoices today's, of a book the one under way.

    One that came to nothing (failed, cancelled) does not count, and a book that is finished may be asked for again, for
    what was issued or annulled since: the key is freed, which the earlier one's history tells.

    :raises OneADay: when today's is of another period.
    :raises ValueError: for a period that ends before it begins or is none of that book's, an unknown kind or language.
    """
    books.check(kind, first, last)
    if language not in exporting.LANGUAGES:
        raise ValueError(f"unknown language {language!r}; there are {', '.join(exporting.LANGUAGES)}")
    day = now.astimezone(ZoneInfo(company.zone)).date()
    wanted = ExportInvoices(company.pk, requested_by, day, first, last, email, language, kind=kind)
    with transaction.atomic():
        handle = trigger(export_invoices, wanted, now=now, actor=requested_by)
        if handle.created:
            return handle
        before = Process.objects.get(pk=handle.id)
        if before.state in TERMINAL and (before.state != "completed" or kind != INVOICES):
            reason = "it came to nothing" if before.state != "completed" else "it is finished"
            free_key(before.pk, now=now, actor=requested_by, reason=f"{reason}, and was asked for again")
            return trigger(export_invoices, wanted, now=now, actor=requested_by)
    asked = decode(before.payload, ExportInvoices)
    if (asked.first, asked.last) != (first, last):
        raise OneADay(handle.id, asked.first, asked.last)
    return handle


def progress(process: UUID) -> Progress:
    """Return how far an export is, also while it holds no worker: counted on its children (one query, by index)."""
    rows = sql(
        "SELECT count(*) FILTER (WHERE state = 'completed'), count(*) FROM workflows_process WHERE parent_id = %s",
        [process],
    )
    return Progress(*rows[0])


# --- export-page: one child ------------------------------------------------------------------------------------


@step.external(retry=Retry(retries=5, first=1, cap=60))
def write_page(export_id: UUID, page: Page, *, idempotency_key: str) -> Part:
    """Write the page's lines into the export's folder; again, they are the same bytes under the same name."""
    return exporting.write_page(page, _pieces(page.company_id, export_id))


@workflow(
    "export-page",
    version=1,
    tenant=lambda p: str(p.page.company_id),
    lane=lambda p: Lane(f"export-pages:{p.page.company_id}", PAGES_AT_ONCE),
)
def export_page(run: Run, p: ExportPage) -> Part:
    """Write one page."""
    return run.step(write_page, p.export_id, p.page)


# --- export-invoices: the parent -------------------------------------------------------------------------------


@step
def plan_pages(p: ExportInvoices) -> Plan:
    """Count the invoices and find the ends of the pages; only those of the present environment."""
    return exporting.plan(p.company_id, settings.AEAT_ENVIRONMENT, p.first, p.last, size=p.page_size, kind=p.kind)


def keep_export(export_id: UUID, p: ExportInvoices, plan: Plan, parts: tuple[Part, ...], files: Files) -> Files:
    """Write down who took what."""
    Export(
        id=export_id,
        company_id=p.company_id,
        kind=p.kind,
        requested_by=p.requested_by,
        first_date=p.first,
        last_date=p.last,
        environment=plan.environment,
        language=p.language,
        email=p.email,
        rows=files.rows,
        invoices=plan.rows,
        csv_sha256=files.csv.sha256,
        csv_size=files.csv.size,
        xlsx_sha256=files.xlsx.sha256,
        xlsx_size=files.xlsx.size,
        created_at=clock.now(),
    ).save()
    return files


@step.external(store=keep_export, retry=Retry(retries=5, first=2, cap=600))
def assemble(export_id: UUID, p: ExportInvoices, plan: Plan, parts: tuple[Part, ...], *, idempotency_key: str) -> Files:
    """Make both files of the pages; again, they are the same bytes."""
    folder = _folder(p.company_id, export_id)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A folder of this try's own: another may still be dying in its.
    with tempfile.TemporaryDirectory(dir=folder) as workshop:
        return exporting.assemble(
            parts,
            whole=Whole(p.company_id, plan.environment, p.first, p.last, p.language, p.kind),
            workshop=Path(workshop),
            pieces=_pieces(p.company_id, export_id),
            root=settings.DOCUMENTS_DIR,
        )


@step.external(retry=Retry(retries=20, first=5, cap=3600))
def mail_link(export_id: UUID, *, idempotency_key: str) -> str:
    """Tell the requester where the files are, under the export's one Message-ID; nothing where nobody is to be told."""
    export = Export.objects.select_related("company__taxpayer").get(pk=export_id)
    if not export.email:
        return ""
    identity = message_id(export.pk, settings.DEFAULT_FROM_EMAIL, "export")
    send(export_letter(export, message_id=identity))
    return identity


@step.external()
def clear_up(company_id: UUID, export_id: UUID, *, idempotency_key: str) -> None:
    """Remove the pages of this export, and of earlier ones that failed: whoever wants those asks anew.

    Never those of a later one (ids go up with time), so that a worker that comes back from the dead harms nobody.
    """
    for folder in _folder(company_id).glob("*"):
        if folder.name <= str(export_id):
            shutil.rmtree(folder)


@workflow(
    "export-invoices",
    version=1,
    tenant=lambda p: str(p.company_id),
    lane=lambda p: Lane(f"export:{p.company_id}", 1),
    order_by=lambda p: f"export:{p.company_id}",
    on_failure="skip",
    idempotency_key=lambda p: p.key,
    key_lasts=timedelta(days=1),
    tags=lambda p: (f"company:{p.company_id}",),
)
def export_invoices(run: Run, p: ExportInvoices) -> Exported:
    """Count, write page by page, put together, tell."""
    plan = run.step(plan_pages, p)
    run.progress(0, len(plan.ends))
    parts: Iterable[Part] = ()
    if plan.ends:
        parts = run.batch(
            export_page,
            (
                ExportPage(run.id, page)
                for page in exporting.pages(p.company_id, p.first, p.last, plan, p.language, p.kind)
            ),
            on_failure="stop",
        ).results()
    run.progress(len(plan.ends), len(plan.ends))
    files = run.step(assemble, run.id, p, plan, tuple(parts))
    told = run.step(mail_link, run.id)
    run.step(clear_up, p.company_id, run.id)
    return Exported(run.id, files.rows, told)


def _folder(company_id: UUID, export_id: UUID | None = None) -> Path:
    """Where the pages of a company's exports lie until they are put together."""
    folder: Path = settings.DOCUMENTS_DIR / "exporting" / str(company_id)
    return folder / str(export_id) if export_id else folder


def _pieces(company_id: UUID, export_id: UUID) -> Documents:
    return Documents(_folder(company_id, export_id), "part")
