"""Invoices: their figures, what the AEAT says of them, and their PDF."""

import re
from typing import ClassVar

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from common.words import Words
from invoicing.api import ids, paging
from invoicing.api.base import ApiView, answer, client, one
from invoicing.api.examples import INVOICE, INVOICES
from invoicing.api.problems import Problem
from invoicing.api.resources import InvoiceResource, invoices
from invoicing.api.schema import Param, operation
from invoicing.documents import Documents
from invoicing.models import Company, Document, Invoice
from invoicing.states import INVOICE_STATES

PDF_SOON = "3"
"""Seconds that Retry-After names while a PDF is being made."""

FILTERS = {
    "number": paging.equal("num_serie"),
    "order": paging.related("order", ids.ORDER),
    "state": paging.among("state", INVOICE_STATES),
    "issued_from": paging.on_day("issue_date__gte"),
    "issued_to": paging.on_day("issue_date__lte"),
}
PARAMETERS = (
    Param("number", Words("Serie y número, entero.", "Series and number, whole.")),
    Param("order", Words("Las de un pedido, ord_….", "Those of one order, ord_….")),
    Param("state", Words("El estado.", "The state."), enum=INVOICE_STATES),
    Param("issued_from", Words("Expedidas ese día o después.", "Issued on that day or later.")),
    Param("issued_to", Words("Expedidas ese día o antes.", "Issued on that day or earlier.")),
    Param("limit", Words("Cuántas por página, de 1 a 100; 50 si falta.", "How many a page, 1 to 100; 50 if absent."),
          int),
    Param("cursor", Words("Lo pone `next`.", "`next` holds it.")),
)  # fmt: skip


class Invoices(ApiView):
    """All invoices of the company."""

    scopes: ClassVar = {"GET": "invoices:read"}

    @operation(
        name="invoices_list",
        title=Words("Facturas", "Invoices"),
        says=Words("Las facturas de la empresa.", "The company's invoices."),
        scope="invoices:read",
        answer=paging.Page[InvoiceResource],
        examples=INVOICES,
        parameters=PARAMETERS,
        problems=("parameter-invalid",),
    )
    def get(self, request: Request) -> Response:
        """List invoices."""
        company = client(request).company
        page = paging.page(request, _invoices(company), ids.INVOICE, FILTERS, lambda rows: invoices(rows, company))
        return answer(page)


class OneInvoice(ApiView):
    """One invoice."""

    scopes: ClassVar = {"GET": "invoices:read"}

    @operation(
        name="invoices_read",
        title=Words("Una factura", "An invoice"),
        says=Words(
            "La factura tal como se expidió, y qué respondió la AEAT a su registro.",
            "The invoice as it was issued, and what the AEAT answered to its record.",
        ),
        scope="invoices:read",
        answer=InvoiceResource,
        examples=INVOICE,
        problems=("not-found",),
    )
    def get(self, request: Request, id: str) -> Response:
        """Show an invoice."""
        company = client(request).company
        return answer(invoices([one(_invoices(company), ids.INVOICE, id)], company)[0])


class InvoicePdf(ApiView):
    """The PDF of an invoice."""

    scopes: ClassVar = {"GET": "invoices:read"}

    @operation(
        name="invoices_pdf",
        title=Words("El PDF de una factura", "The PDF of an invoice"),
        says=Words(
            "Los bytes guardados, siempre los mismos; su SHA-256 es el ETag.",
            "The stored bytes, always the same; their SHA-256 is the ETag.",
        ),
        scope="invoices:read",
        media_type="application/pdf",
        problems=("not-found", "pdf-not-ready"),
    )
    def get(self, request: Request, id: str) -> HttpResponse:
        """Give the stored bytes."""
        invoice = one(_invoices(client(request).company), ids.INVOICE, id)
        document = Document.objects.filter(invoice=invoice).first()
        if document is None:
            raise Problem("pdf-not-ready", headers={"Retry-After": PDF_SOON})
        name = re.sub(r"[^A-Za-z0-9._-]", "_", invoice.num_serie)
        return HttpResponse(
            Documents(settings.DOCUMENTS_DIR).read(document.sha256),
            content_type="application/pdf",
            headers={
                "Content-Disposition": f'attachment; filename="{name}.pdf"',
                "ETag": f'"{document.sha256}"',
                "Cache-Control": "private, no-store",
            },
        )


def _invoices(company: Company) -> "QuerySet[Invoice]":
    found: QuerySet[Invoice] = Invoice.objects.filter(company=company)
    return found.select_related("record")
