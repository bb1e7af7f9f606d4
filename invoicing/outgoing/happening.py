"""What is told, and the bodies of it: thin, so that who wants more asks the API, and nothing personal leaves by it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings

from common.words import Words
from invoicing.api import ids
from invoicing.models import Company, Invoice, InvoiceReference, Order
from verifactu.models import Record


class Kind(StrEnum):
    """What may be told."""

    ISSUED = "invoice.issued"
    ACKNOWLEDGED = "invoice.acknowledged"
    REPROACHED = "invoice.acknowledged_with_errors"
    REJECTED = "invoice.rejected"
    ANNULLED = "invoice.annulled"
    HELD = "order.held"


KINDS = {
    Kind.ISSUED: Words("factura expedida, con su PDF", "an invoice was issued and its PDF is there"),
    Kind.ACKNOWLEDGED: Words("factura registrada en la AEAT", "the AEAT has registered the invoice"),
    Kind.REPROACHED: Words(
        "factura registrada en la AEAT con avisos", "the AEAT has registered the invoice and reproaches something"
    ),
    Kind.REJECTED: Words("factura rechazada por la AEAT", "the AEAT rejects the invoice"),
    Kind.ANNULLED: Words("factura anulada en la AEAT", "the AEAT has the invoice annulled"),
    Kind.HELD: Words("pedido retenido: espera a una persona", "an order waits for a person"),
}
TRIAL = "ping"
"""The kind of the event by which an endpoint is tried; no endpoint asks for it."""
_API = "/api/v1"


def body(event: UUID, kind: str, company: Company, data: dict[str, Any], *, now: datetime) -> str:
    """Return what is sent: `{id, type, timestamp, environment, data}`; the moment in the company's zone."""
    told = {
        "id": ids.text(ids.EVENT, event),
        "type": kind,
        "timestamp": now.astimezone(ZoneInfo(company.zone)).isoformat(timespec="milliseconds"),
        "environment": settings.AEAT_ENVIRONMENT,
        "data": data,
    }
    return msgspec.json.encode(told).decode()


def of_invoice(invoice: Invoice, record: Record) -> dict[str, Any]:
    """Return what is told of an invoice, with where the record that this is about stands at the AEAT."""
    identifier = ids.text(ids.INVOICE, invoice.pk)
    references = InvoiceReference.objects.filter(document=invoice)
    return {
        "id": identifier,
        "number": invoice.num_serie,
        "tipo": invoice.tipo,
        "state": invoice.state,
        "corrects": [
            {
                "id": ids.text(ids.INVOICE, named.invoice_id) if named.invoice_id else None,
                "number": named.num_serie,
                "relation": named.relation,
            }
            for named in references
        ],
        "order": of_order(invoice.order) if invoice.order else None,
        "aeat": {"state": record.state, "code": record.codigo_error, "csv": record.csv},
        "links": {"self": f"{_API}/invoices/{identifier}/", "pdf": f"{_API}/invoices/{identifier}/pdf/"},
    }


def of_held(order: Order, code: str) -> dict[str, Any]:
    """Return what is told of an order that waits for a person: the code of the hold (docs/reference/holds.md)."""
    return {**of_order(order), "state": "held", "hold": {"code": code}}


def of_order(order: Order) -> dict[str, Any]:
    """Return how an order is named."""
    identifier = ids.text(ids.ORDER, order.pk)
    return {
        "id": identifier,
        "external_id": order.external_id,
        "number": order.number,
        "links": {"self": f"{_API}/orders/{identifier}/"},
    }
