"""An event: its row, one row for each endpoint that wants it, and their sending; all in the commit of what happened."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from common.ids import uuid7
from common.ledger import ledger_insertion
from invoicing.models import Company, Endpoint, Event, Invoice, Notification, Order
from invoicing.outgoing.happening import Kind, body, of_held, of_invoice
from invoicing.outgoing.sending import OFF, start
from verifactu.models import Record
from workflows.rows import sql


def invoice_issued(company_id: UUID, invoice_id: UUID, *, now: datetime) -> None:
    """Tell of an invoice whose PDF is there."""

    def data() -> dict[str, Any]:
        invoice = _invoice(invoice_id)
        return of_invoice(invoice, invoice.record)

    emit(company_id, Kind.ISSUED, f"issued:{invoice_id}", data, now=now)


def invoice_moved(company_id: UUID, invoice_id: UUID, state: str, record: Record, *, now: datetime) -> None:
    """Tell that the AEAT's verdict on a record has moved its invoice to this state."""
    key = f"{state}:{invoice_id}:{record.pk}"
    emit(company_id, Kind(f"invoice.{state}"), key, lambda: of_invoice(_invoice(invoice_id), record), now=now)


def order_held(order_id: UUID, code: str, *, version: int, answers: int, now: datetime) -> None:
    """Tell that an order waits for a person, once per version, question and answer before it."""
    order = Order.objects.only("company_id", "external_id", "number").get(pk=order_id)
    key = f"held:{order_id}:{version}:{answers}:{code}"
    emit(order.company_id, Kind.HELD, key, lambda: of_held(order, code), now=now)


def emit(company_id: UUID, kind: Kind, key: str, data: Callable[[], dict[str, Any]], *, now: datetime) -> None:
    """Tell every endpoint of a company that wants this kind, in the caller's transaction.

    For one that was switched off because it took nothing, the event is listed as failed, to be sent once it does.
    `key` makes it the same event when the caller's step is done again: the second time nothing happens. `data` is
    called only where somebody wants to know; where nobody does, this costs one statement.
    """
    listening = Q(active=True) | ~Q(off_reason="")
    wanted = Endpoint.objects.filter(listening, company_id=company_id, kinds__contains=[kind]).order_by("pk")
    if endpoints := list(wanted.only("pk", "company_id", "active")):
        tell(endpoints, kind, key, data(), now=now)


def tell(endpoints: list[Endpoint], kind: str, key: str, data: dict[str, Any], *, now: datetime) -> Event | None:
    """Keep an event and start to send it to these endpoints of one company; None when it was kept before."""
    company = Company.objects.get(pk=endpoints[0].company_id)
    event = Event(id=uuid7(), company=company, kind=kind, key=key, at=now)
    event.body = body(event.pk, kind, company, data, now=now)
    insert, values = ledger_insertion([event])
    if not sql(f"{insert} ON CONFLICT DO NOTHING RETURNING id", values):
        return None
    rows = Notification.objects.bulk_create(
        Notification(event=event, endpoint=endpoint)
        if endpoint.active
        else Notification(event=event, endpoint=endpoint, state="failed", detail=OFF)
        for endpoint in endpoints
    )
    start(company.pk, [row for row in rows if row.state == "waiting"], now=now, actor="event")
    return event


def _invoice(invoice_id: UUID) -> Invoice:
    invoice: Invoice = Invoice.objects.select_related("order", "record").get(pk=invoice_id)
    return invoice
