"""What is held on a customer, as one document to be handed over. It is made when it is asked for: no copy is kept."""

from datetime import datetime
from typing import Any

import msgspec

from invoicing.models import CustomerRequest, Delivery, Invoice, Order, PrivacyRequest


def document(request: PrivacyRequest, *, now: datetime) -> bytes:
    """Return, as JSON, every order that the request found with all its versions, deliveries, questions and invoices."""
    items = list(request.items.select_related("order__connection", "delivery").order_by("pk"))
    found = {
        "company": str(request.company),
        "request": {"reference": request.reference, "received_at": request.received_at, "made_at": now},
        "orders": [_order(item.order) for item in items if item.order],
        "deliveries": [_delivery(item.delivery) for item in items if item.delivery],
    }
    return msgspec.json.format(msgspec.json.encode(found), indent=2)


def _order(order: Order) -> dict[str, Any]:
    snapshots = order.snapshots.select_related("delivery").order_by("version")
    return {
        "shop": str(order.connection),
        "number": order.number,
        "id": order.external_id,
        "buyer": order.buyer,
        "received_at": order.created_at,
        "redacted_at": order.redacted_at,
        "versions": [
            {
                "version": snapshot.version,
                "captured_at": snapshot.captured_at,
                "content": msgspec.Raw(snapshot.content.encode()) if snapshot.content else None,
                "delivery": _delivery(snapshot.delivery),
            }
            for snapshot in snapshots
        ],
        "questions": [_question(asked) for asked in CustomerRequest.objects.filter(order=order).order_by("pk")],
        "invoices": [_invoice(invoice) for invoice in order.invoices.order_by("pk")],
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "topic": delivery.topic,
        "received_at": delivery.received_at,
        "sha256": delivery.body_sha256,
        "body": bytes(delivery.body).decode("utf-8", "replace"),
    }


def _question(asked: CustomerRequest) -> dict[str, Any]:
    answer = getattr(asked, "answer", None)
    told = answer and {"nif": answer.nif, "name": answer.name, "address": answer.address, "at": answer.answered_at}
    return {"email": asked.email, "asked_at": asked.asked_at, "answer": told}


def _invoice(invoice: Invoice) -> dict[str, Any]:
    return {
        "number": invoice.num_serie,
        "issued_on": invoice.issue_date,
        "total": str(invoice.total),
        "recipient": {
            "name": invoice.recipient_name,
            "nif": invoice.recipient_nif,
            "address": list(invoice.recipient_address),
            "email": invoice.recipient_email,
        },
    }
