"""Small tables that several pages show: the processes about a row, its invoices."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from common.admin import Label, anchor, link, moment, scoped, table
from common.words import reading
from invoicing import choosing
from invoicing.admin.labels import INVOICES, TIPOS
from invoicing.models import Invoice
from invoicing.pdf import formats
from invoicing.remedies import REMEDIES
from workflows.admin.desks import desk
from workflows.admin.explain import short_reason
from workflows.admin.words import STATES
from workflows.models import Process

MOST_SHOWN = 100
WHY = {
    "Con NIF: completa.": "With NIF: complete.",
    "Con NIF y hasta el límite: simplificada cualificada.": "With NIF and up to the limit: qualified simplified.",
    choosing.WITHOUT_NIF: "Without NIF and up to the limit: simplified.",
    choosing.LOCATED_ELSEWHERE: "Located elsewhere: the recipient need not be identified (RD 1619/2012 art. 6.1.d).",
    "Pedido cancelado.": "Order cancelled.",
    "Los mismos bienes con otro impuesto.": "The same goods with another tax.",
    "Canje: el cliente pide factura completa.": "Exchange: the customer asks for a complete invoice.",
    "Cambiaron los datos del destinatario.": "The recipient's data changed.",
    "La simplificada de un canje estaba mal.": "The simplified invoice behind an exchange was wrong.",
    **{remedy.es: remedy.en for remedy in REMEDIES.values()},
}
"""What `Invoice.explanation` keeps in Spanish, in English."""


def chip(label: Label | None, fallback: str = "") -> SafeString:
    """Return a state as a coloured label."""
    context = {"text": label.text if label else fallback, "type": label.colour if label else ""}
    return render_to_string("unfold/helpers/label.html", context)


def processes_about(request: HttpRequest, tags: Iterable[str]) -> list[Process]:
    """Return the newest processes with any of the tags that the person may see (one query, by the index on tags)."""
    if not request.user.has_perm("workflows.view_process"):
        return []
    found = Process.objects.filter(tags__overlap=list(tags)).order_by("-seq")
    return list(scoped(request, found, "tenant")[:MOST_SHOWN])


def process_table(processes: Iterable[Process]) -> dict[str, Any]:
    """Return the table of those processes."""
    return table(
        [_("Proceso"), _("Estado"), _("Motivo"), _("Creado"), _("Terminado")],
        [
            [
                link(process, desk(process.workflow).title),
                chip(STATES[process.state]),
                short_reason(process) or "—",
                moment(process.created_at),
                moment(process.finished_at),
            ]
            for process in processes
        ],
    )


def invoice_table(invoices: Iterable[Invoice]) -> dict[str, Any]:
    """Return the table of invoices with their PDFs; `document` must be selected with them."""
    return table(
        [_("Número"), _("Tipo"), _("Fecha"), _("Total"), _("Estado"), "PDF"],
        [
            [
                link(invoice),
                TIPOS.get(invoice.tipo, invoice.tipo),
                f"{invoice.issue_date:%d/%m/%Y}",
                euros(invoice.total),
                chip(INVOICES[invoice.state]),
                pdf_link(invoice),
            ]
            for invoice in invoices
        ],
    )


def pdf_link(invoice: Invoice) -> SafeString | str:
    """Return the link that opens the PDF, or a dash while it is not rendered; `document` must be selected."""
    if not hasattr(invoice, "document"):
        return "—"
    return anchor(reverse("admin:invoicing_invoice_pdf", args=[invoice.pk]), _("Abrir PDF"))


def why(note: str) -> str:
    """Return why a document is as it is, in the language of the page; what names facts stays as it was written."""
    return WHY[note] if note in WHY and reading() == "en" else note


def euros(amount: Decimal | None) -> str:
    """Return an amount as readers of the page's language write it, or a dash."""
    return "—" if amount is None else formats.euros(amount, reading())
