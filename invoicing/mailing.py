"""An invoice on its way to its buyer: the letter from the rows, in the company's own words where it has some."""

from uuid import UUID

from django.conf import settings

from invoicing.documents import Documents
from invoicing.letters import Words, kind_of, language_of
from invoicing.mail import letter, message_id, send
from invoicing.models import Invoice, MailTemplate
from invoicing.printing import printed
from invoicing.values import PrintedInvoice


def post(invoice_id: UUID, sha256: str, *, to: str = "") -> str:
    """Mail the stored PDF and return the invoice's Message-ID; nothing when there is no address.

    `to` is an address instead of the buyer's own.

    :raises BadRecipient: when the address is none.
    """
    invoice = Invoice.objects.select_related("series", "order", "company__taxpayer", "record").get(pk=invoice_id)
    address = to or invoice.recipient_email
    if not address:
        return ""
    page = printed(invoice)
    identity = message_id(invoice.pk, settings.DEFAULT_FROM_EMAIL)
    send(
        letter(
            printed=page,
            pdf=Documents(settings.DOCUMENTS_DIR).read(sha256),
            to=address,
            company_name=invoice.issuer_name,
            from_email=settings.DEFAULT_FROM_EMAIL,
            message_id=identity,
            words=words_of(invoice.company_id, page),
        )
    )
    return identity


def words_of(company_id: UUID, page: PrintedInvoice) -> Words | None:
    """Return the company's own words for this kind of document in its language (one query); None without any."""
    row = MailTemplate.objects.filter(company_id=company_id, kind=kind_of(page), language=language_of(page)).first()
    return Words(row.subject, row.body) if row else None
