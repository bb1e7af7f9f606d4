"""What the API shows: frozen values made from rows, a page of rows at a time.

Amounts are decimals (strings in JSON), moments stand in the company's zone with their offset.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from django.db.models import Max
from django.urls import reverse

from common.words import Words, reading
from invoicing.api import ids
from invoicing.flows import InvoiceOrder, invoice_order
from invoicing.holds import Hold
from invoicing.models import Company, Invoice, Order
from invoicing.values import TaxShare
from verifactu.catalogue import remedy
from verifactu.history import newest_of
from verifactu.models import Record
from workflows.encoding import decode
from workflows.models import Process, ProcessEvent

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class HoldResource(msgspec.Struct, frozen=True, kw_only=True):
    """Why an order waits for a person."""

    process: str
    version: int
    kind: str
    code: str
    message: str
    missing: str
    actions: list[str]
    since: Moment | None


class IssuedResource(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice as its order names it."""

    id: str
    number: str
    tipo: str
    state: str
    url: str


class OrderResource(msgspec.Struct, frozen=True, kw_only=True):
    """An order and where it stands."""

    id: str
    external_id: str
    number: str
    platform: str
    state: str
    version: int
    buyer: str
    total: Decimal | None
    updated_at: Moment | None
    received_at: Moment
    hold: HoldResource | None
    invoices: list[IssuedResource]
    url: str


class RecipientResource(msgspec.Struct, frozen=True, kw_only=True):
    """To whom an invoice is made out."""

    name: str
    nif: str


class ShareResource(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the tax breakdown, with the AEAT's codes."""

    impuesto: str
    clave_regimen: str
    calificacion: str
    exencion: str
    rate: Decimal | None
    base: Decimal
    tax: Decimal | None


class VerdictResource(msgspec.Struct, frozen=True, kw_only=True):
    """Where the invoice's record stands with the AEAT."""

    state: str
    code: str
    text: str
    remedy: str
    csv: str
    at: Moment | None
    huella: str


class LinksResource(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses around an invoice."""

    self: str
    pdf: str
    order: str | None


class InvoiceResource(msgspec.Struct, frozen=True, kw_only=True):
    """An issued invoice."""

    id: str
    number: str
    tipo: str
    state: str
    environment: str
    issue_date: date
    operation_date: date | None
    issued_at: Moment
    recipient: RecipientResource | None
    breakdown: list[ShareResource]
    base_total: Decimal
    tax_total: Decimal
    total: Decimal
    aeat: VerdictResource
    qr_url: str
    order: str | None
    links: LinksResource


def orders(rows: Sequence[Order], company: Company) -> list[OrderResource]:
    """Return orders with their holds and invoices (three queries); the rows come with their connection."""
    holds = _holds(rows, company)
    issued: dict[UUID | None, list[IssuedResource]] = defaultdict(list)
    for invoice in Invoice.objects.filter(company=company, order__in=rows).order_by("pk"):
        issued[invoice.order_id].append(
            IssuedResource(
                id=ids.text(ids.INVOICE, invoice.pk),
                number=invoice.num_serie,
                tipo=invoice.tipo,
                state=invoice.state,
                url=invoice_url(invoice),
            )
        )
    zone = ZoneInfo(company.zone)
    return [
        OrderResource(
            id=ids.text(ids.ORDER, order.pk),
            external_id=order.external_id,
            number=order.number,
            platform=order.connection.platform,
            state=order.state,
            version=order.last_version,
            buyer=order.buyer,
            total=order.total,
            updated_at=_at(order.platform_version, zone),
            received_at=order.created_at.astimezone(zone),
            hold=holds.get(order.pk),
            invoices=issued[order.pk],
            url=order_url(order.pk),
        )
        for order in rows
    ]


def invoices(rows: Sequence[Invoice], company: Company) -> list[InvoiceResource]:
    """Return invoices with what the AEAT says of each one's newest record (one query); the rows bring their first."""
    zone = ZoneInfo(company.zone)
    newest = newest_of([invoice.record for invoice in rows], taxpayer_id=company.taxpayer_id)
    return [_invoice(invoice, newest[invoice.record_id], zone) for invoice in rows]


def order_url(order: UUID) -> str:
    """Return the path of an order."""
    return reverse("api:order", args=[ids.text(ids.ORDER, order)])


def invoice_url(invoice: Invoice) -> str:
    """Return the path of an invoice."""
    return reverse("api:invoice", args=[ids.text(ids.INVOICE, invoice.pk)])


def _invoice(invoice: Invoice, record: Record, zone: ZoneInfo) -> InvoiceResource:
    return InvoiceResource(
        id=ids.text(ids.INVOICE, invoice.pk),
        number=invoice.num_serie,
        tipo=invoice.tipo,
        state=invoice.state,
        environment=invoice.environment,
        issue_date=invoice.issue_date,
        operation_date=invoice.operation_date,
        issued_at=invoice.issued_at.astimezone(zone),
        recipient=RecipientResource(name=invoice.recipient_name, nif=invoice.recipient_nif)
        if invoice.recipient_name
        else None,
        breakdown=[
            ShareResource(
                impuesto=share.impuesto,
                clave_regimen=share.clave_regimen,
                calificacion=share.calificacion,
                exencion=share.exencion,
                rate=share.rate,
                base=share.base,
                tax=share.tax,
            )
            for share in decode(invoice.shares, tuple[TaxShare, ...])
        ],
        base_total=invoice.base_total,
        tax_total=invoice.tax_total,
        total=invoice.total,
        aeat=VerdictResource(
            state=record.state,
            code=record.codigo_error,
            text=record.descripcion_error,
            remedy=remedy(record.codigo_error, language=reading()),
            csv=record.csv,
            at=_at(record.verdict_at, zone),
            huella=record.huella,
        ),
        qr_url=invoice.qr_url,
        order=ids.text(ids.ORDER, invoice.order_id) if invoice.order_id else None,
        links=LinksResource(
            self=invoice_url(invoice),
            pdf=reverse("api:pdf", args=[ids.text(ids.INVOICE, invoice.pk)]),
            order=order_url(invoice.order_id) if invoice.order_id else None,
        ),
    )


def _holds(rows: Sequence[Order], company: Company) -> dict[UUID, HoldResource]:
    """Return the hold of each held order: that of the process in front of its queue (two queries)."""
    keys = {f"order:{order.pk}": order.pk for order in rows}
    held = list(
        Process.objects.filter(
            workflow=invoice_order.name, tenant=company.tenant, order_key__in=keys, state="held", behind=False
        )
    )
    moments = ProcessEvent.objects.filter(process__in=held, move="hold").values("process_id").annotate(at=Max("at"))
    since = {row["process_id"]: row["at"] for row in moments}
    zone = ZoneInfo(company.zone)
    return {keys[process.order_key]: _hold(process, _at(since.get(process.pk), zone)) for process in held}


def _hold(process: Process, since: datetime | None) -> HoldResource:
    told = process.hold or {}
    question = msgspec.convert(told["data"], Hold) if told["kind"] == "question" else None
    return HoldResource(
        process=ids.text(ids.PROCESS, process.pk),
        version=decode(process.payload, InvoiceOrder).version,
        kind=told["kind"],
        code=told["code"],
        message=question.sentence(reading()) if question else _failure(told),
        missing=question.missing_in(reading()) if question else "",
        actions=[str(action) for action in question.actions] if question else [],
        since=since,
    )


def _failure(told: dict[str, dict[str, str]]) -> str:
    """Return what a client may know of a failure: the reason that a step gave itself, never a stray exception."""
    data = told.get("data") or {}
    return data["message"] if data.get("class") == "Abort" else str(_FAILED)


def _at(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment.astimezone(zone) if moment else None


_FAILED = Words(
    "El proceso falló y espera a que el personal lo reanude.", "The process failed and waits for staff to resume it."
)
