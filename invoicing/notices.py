"""Letters to the company itself: an export is ready, how yesterday went."""

from datetime import date
from email.utils import formataddr, parseaddr
from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from invoicing.books import BOOKS
from invoicing.books.pages import INVOICES
from invoicing.mail import one_address
from invoicing.models import Company, Export
from invoicing.pdf.formats import clean, day

SENDER = "Encadena"


def export_letter(export: Export, *, message_id: str) -> EmailMessage:
    """Return the mail with the address of an export's files, which opens for whoever signs in and may see them.

    :raises BadRecipient: when the export's address is not exactly one.
    """
    english = export.language == "en"
    values = {
        "company": clean(str(export.company)),
        "first": day(export.first_date),
        "last": day(export.last_date),
        "rows": export.rows,
        "invoices": export.count,
        "kind": BOOKS[export.kind].name(export.language) if export.kind != INVOICES else "",
        "test": export.environment != "production",
        "url": urljoin(settings.PUBLIC_URL, reverse("admin:invoicing_export_change", args=[export.pk])),
    }
    subject = "Invoice export ready" if english else "Exportación de facturas lista"
    if values["kind"]:
        subject = f"{values['kind']} ready" if english else f"{values['kind']}: listo"
    return _letter(
        subject=f"{subject}: {values['company']}",
        template=f"mail/export.{'en' if english else 'es'}.txt",
        values=values,
        to=[one_address(export.email)],
        message_id=message_id,
    )


def report_letter(
    company: Company, on: date, pdf: bytes, *, total: str, count: int, test: bool, to: list[str], message_id: str
) -> EmailMessage:
    """Return the mail with a day's report attached.

    :raises BadRecipient: when one of `to` is not exactly one address.
    """
    values = {"company": clean(str(company)), "day": day(on), "total": total, "count": count, "test": test}
    message = _letter(
        subject=f"Ventas del {values['day']}: {values['company']}",
        template="mail/report.txt",
        values=values,
        to=[one_address(address) for address in to],
        message_id=message_id,
    )
    message.attach(f"ventas-{on.isoformat()}.pdf", pdf, "application/pdf")
    return message


def _letter(*, subject: str, template: str, values: dict[str, object], to: list[str], message_id: str) -> EmailMessage:
    return EmailMessage(
        subject=f"[Prueba] {subject}" if values["test"] else subject,
        body=render_to_string(template, values),
        from_email=formataddr((SENDER, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=to,
        # RFC 3834: no out-of-office answers to a machine.
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    )
