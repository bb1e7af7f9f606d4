"""The whole export: the picture, each part of the archive, what was verified, and the page that explains it."""

from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import override

from common.findings import Finding
from common.progress import Teller
from invoicing.documents import Documents
from invoicing.inspection import incidents, invoices, orders, records, sending, story
from invoicing.inspection.archive import Archive, writing
from invoicing.inspection.checks import CHECKS, Checks
from invoicing.inspection.names import file_name
from invoicing.inspection.picture import Picture, Scope, picture
from verifactu.declaration import declaration_html
from verifactu.models import Declaration

README = "LEEME.txt"


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What is in an export, and what of it did not hold."""

    invoices: int
    pdfs: int
    records: int
    submissions: int
    answers: int
    incidents: int
    orders: int | None
    """None where orders were not asked for."""
    findings: list[Finding]


def write_evidence(
    scope: Scope, target: Path, *, with_orders: bool, with_pdfs: bool, teller: Teller
) -> Made | None:  # fmt: skip
    """Write the evidence to `target`, in the place of what is there; None, and no file, when the period is empty."""
    taking = teller.part("what is inside")
    with picture(scope, orders=with_orders) as taken:
        taking.end(1)
        counts = (taken.invoices.count(), taken.records.count())
        if not any(counts):
            return None
        with writing(target, scope.zone) as archive, override("es"):
            return _write(archive, taken, Checks(), counts, with_pdfs=with_pdfs, teller=teller)


def _write(
    archive: Archive, taken: Picture, checks: Checks, counts: tuple[int, int], *, with_pdfs: bool, teller: Teller
) -> Made:  # fmt: skip
    invoiced, recorded = counts
    checks.look("numbers", taken.gaps, at=len(taken.series))
    part = teller.part("records", recorded)
    inside = records.write(archive, taken, checks, part)
    part.end(recorded)
    sent = taken.submissions.count()
    part = teller.part("submissions and answers", sent)
    answers = sending.write(archive, taken, checks, part)
    part.end(sent)
    part = teller.part("invoices and PDFs", invoiced)
    documents = Documents(settings.DOCUMENTS_DIR) if with_pdfs else None
    pdfs = invoices.write(archive, taken, checks, part, documents)
    part.end(invoiced)
    part = teller.part("history", invoiced)
    story.write(archive, taken, checks, part)
    part.end(invoiced)
    found = None
    if taken.versions:
        versions = taken.versions.count()
        part = teller.part("orders", versions)
        found = orders.write(archive, taken.versions, checks, part)
        part.end(versions)
    made = Made(
        invoices=invoiced, pdfs=pdfs, records=recorded, submissions=sent, answers=answers,
        incidents=incidents.write(archive, taken), orders=found, findings=checks.findings,
    )  # fmt: skip
    archive.add("declaracion_responsable.html", declaration_html().encode())
    for row in Declaration.objects.filter(version__in=inside.versions).order_by("version", "pk"):
        archive.add(f"declaraciones/{file_name(row.version)}-{row.sha256[:12]}.txt", row.text.encode())
    archive.add("integridad.json", checks.report(taken, inside.places))
    archive.add(README, _readme(taken, checks, made, with_pdfs=with_pdfs))
    return made


def _readme(taken: Picture, checks: Checks, made: Made, *, with_pdfs: bool) -> bytes:
    """Return what a stranger must know, in Spanish and in English."""
    scope = taken.scope
    values: dict[str, Any] = {
        "company": scope.company.taxpayer,
        "first": scope.first,
        "last": scope.last,
        "environment": scope.environment,
        "taken_at": taken.taken_at.astimezone(scope.zone).isoformat(timespec="seconds"),
        "system": f"{settings.SYSTEM_NAME} {settings.SYSTEM_VERSION}",
        "producer": f"{settings.PRODUCER_NAME} ({settings.PRODUCER_NIF})",
        "made": made,
        "checks": [CHECKS[check][1] for check in CHECKS if checks.looked[check]],
        "with_pdfs": with_pdfs,
    }
    return render_to_string("inspection/leeme.txt", values).encode()
