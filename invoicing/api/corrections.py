"""Correct the record of an issued invoice, and annul one that should not exist."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, ClassVar

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from common import clock
from common.ids import uuid7
from common.words import Words, reading
from invoicing.acknowledging import InvoiceRef, refusal, send_amended, send_annulled
from invoicing.api import ids
from invoicing.api.base import ApiView, client, json_body, one, typed
from invoicing.api.examples import ACTED, AMENDMENTS, ANNULMENTS
from invoicing.api.idempotency import Done, once
from invoicing.api.problems import Problem
from invoicing.api.processes import ActedResource, done
from invoicing.api.schema import IDEMPOTENCY_KEY, operation
from invoicing.coding import Coding
from invoicing.corrections import start_annulment, start_subsanacion
from invoicing.models import Invoice
from verifactu.models import Record
from workflows.engine import Handle
from workflows.models import Process

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
PROBLEMS = ("body-invalid", "idempotency-key-missing", "idempotency-key-invalid", "not-found", "request-in-flight",
            "length-required", "body-too-large", "media-type-unsupported", "idempotency-key-reused",
            "correction-refused")  # fmt: skip


class LineCodingBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The coding of one line of the breakdown."""

    position: Annotated[int, msgspec.Meta(ge=0, le=12)] = 0
    clave_regimen: Annotated[str, msgspec.Meta(max_length=2)] = ""
    calificacion: Annotated[str, msgspec.Meta(max_length=2)] = ""
    exencion: Annotated[str, msgspec.Meta(max_length=2)] = ""


class AmendBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the record should have said; what is absent stays as it is."""

    reason: Reason
    description: Annotated[str, msgspec.Meta(max_length=500)] = ""
    lines: Annotated[tuple[LineCodingBody, ...], msgspec.Meta(max_length=12)] = ()
    id_type: Annotated[str, msgspec.Meta(max_length=3)] = ""
    country: Annotated[str, msgspec.Meta(max_length=2)] = ""
    reactivate: bool = False


class AnnulBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the invoice should not exist."""

    reason: Reason


class AmendInvoice(ApiView):
    """Record an invoice again with a corrected coding."""

    scopes: ClassVar = {"POST": "invoices:write"}

    @operation(
        name="invoices_amend",
        title=Words("Subsanar una factura", "Correct the record of an invoice"),
        says=Words(
            "Registra otra vez la factura entera con la codificación corregida; lo que muestra la factura no cambia. "
            "Location lleva al proceso, que espera la respuesta de la AEAT.",
            "Records the whole invoice again with its coding corrected; what the invoice shows does not change. "
            "Location leads to the process, which waits for the AEAT's answer.",
        ),
        scope="invoices:write",
        answer=ActedResource,
        status=202,
        body=AmendBody,
        body_examples=AMENDMENTS,
        examples=ACTED,
        parameters=(IDEMPOTENCY_KEY,),
        problems=PROBLEMS,
    )
    def post(self, request: Request, id: str) -> Response:
        """Start the correction."""

        def start(invoice: Invoice, body: bytes, actor: str, now: datetime) -> Handle:
            told = typed(body, AmendBody)
            coding = msgspec.convert(
                {key: value for key, value in msgspec.to_builtins(told).items() if key not in ("reason", "reactivate")},
                Coding,
            )
            ref = InvoiceRef(invoice.company_id, invoice.pk)
            _try(lambda: send_amended(ref, coding, reactivate=told.reactivate))
            return start_subsanacion(
                invoice, coding, reason=told.reason, request=uuid7(), actor=actor, now=now, reactivate=told.reactivate
            )

        return act(request, id, start)


class AnnulInvoice(ApiView):
    """Annul an invoice that should not exist."""

    scopes: ClassVar = {"POST": "invoices:write"}

    @operation(
        name="invoices_annul",
        title=Words("Anular una factura", "Annul an invoice"),
        says=Words(
            "Solo la que no debió existir: sin operación ni cobro. Una operación real se rectifica. Location lleva al "
            "proceso, que espera la respuesta de la AEAT.",
            "Only one that should not exist: without operation or payment. A real operation is rectified. Location "
            "leads to the process, which waits for the AEAT's answer.",
        ),
        scope="invoices:write",
        answer=ActedResource,
        status=202,
        body=AnnulBody,
        body_examples=ANNULMENTS,
        examples=ACTED,
        parameters=(IDEMPOTENCY_KEY,),
        problems=PROBLEMS,
    )
    def post(self, request: Request, id: str) -> Response:
        """Start the annulment."""

        def start(invoice: Invoice, body: bytes, actor: str, now: datetime) -> Handle:
            told = typed(body, AnnulBody)
            ref = InvoiceRef(invoice.company_id, invoice.pk)
            _try(lambda: send_annulled(ref))
            return start_annulment(invoice, reason=told.reason, request=uuid7(), actor=actor, now=now)

        return act(request, id, start)


def act(request: Request, id: str, start: Callable[[Invoice, bytes, str, datetime], Handle]) -> Response:
    """Start a process about an invoice of the client's company, once for each Idempotency-Key."""
    who = client(request)
    invoice = one(Invoice.objects.filter(company=who.company), ids.INVOICE, id)
    body = json_body(request)
    now = clock.now()

    def work() -> Done:
        return done(Process.objects.get(pk=start(invoice, body, who.actor, now).id))

    return once(request, body, work, kept_as=ActedResource, now=now)


def _try(attempt: Callable[[], Record]) -> None:
    """Refuse what could not be sent now.

    :raises Problem: `correction-refused`, with the reason.
    """
    if why := refusal(attempt, reading()):
        raise Problem("correction-refused", detail=why)
