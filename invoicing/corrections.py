"""Two workflows that a person starts on an issued invoice: correct the coding of its record, and annul it.

Both append a record and follow it to a verdict that stands (`acknowledging.pursue`). What the invoice itself shows is
corrected by another invoice instead; `remedies` says which situation asks for what.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from invoicing.acknowledging import InvoiceRef, Outcome, pursue, send_annulment, send_correction
from invoicing.coding import Coding
from invoicing.models import Invoice
from workflows.api import Lane, workflow
from workflows.engine import Handle, trigger
from workflows.journal import Run


class Subsanar(msgspec.Struct, frozen=True, kw_only=True):
    """The new coding of an invoice's record, and why; `request` is the one asking, so that asking twice is once."""

    invoice: InvoiceRef
    coding: Coding
    reason: str
    request: UUID
    reactivate: bool = False


class Annul(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice that should not exist, and why."""

    invoice: InvoiceRef
    reason: str
    request: UUID


@workflow(
    "subsanar",
    version=1,
    tenant=lambda p: str(p.invoice.company_id),
    lane=lambda p: Lane(f"company:{p.invoice.company_id}", 5),
    on_failure="hold",
    idempotency_key=lambda p: f"subsanar:{p.request}",
    tags=lambda p: (f"invoice:{p.invoice.invoice_id}",),
)
def subsanar(run: Run, p: Subsanar) -> Outcome:
    """Record the invoice again with a corrected coding, or reactivate it, and have the AEAT acknowledge that."""
    return pursue(run, p.invoice, run.step(send_correction, p.invoice, p.coding, p.reactivate))


@workflow(
    "annul-invoice",
    version=1,
    tenant=lambda p: str(p.invoice.company_id),
    lane=lambda p: Lane(f"company:{p.invoice.company_id}", 5),
    on_failure="hold",
    idempotency_key=lambda p: f"annul:{p.request}",
    tags=lambda p: (f"invoice:{p.invoice.invoice_id}",),
)
def annul_invoice(run: Run, p: Annul) -> Outcome:
    """Annul the invoice at the AEAT: only what should not exist, with neither operation nor payment behind it."""
    return pursue(run, p.invoice, run.step(send_annulment, p.invoice))


def start_subsanacion(
    invoice: Invoice, coding: Coding, *, reason: str, request: UUID, actor: str, now: datetime, reactivate: bool = False
) -> Handle:
    """Start the correction of an invoice's coding; the reason stands in the process's history."""
    ref = InvoiceRef(invoice.company_id, invoice.pk)
    asked = Subsanar(invoice=ref, coding=coding, reason=reason, request=request, reactivate=reactivate)
    return trigger(subsanar, asked, now=now, actor=actor)


def start_annulment(invoice: Invoice, *, reason: str, request: UUID, actor: str, now: datetime) -> Handle:
    """Start the annulment of an invoice; the reason stands in the process's history."""
    ref = InvoiceRef(invoice.company_id, invoice.pk)
    return trigger(annul_invoice, Annul(invoice=ref, reason=reason, request=request), now=now, actor=actor)
