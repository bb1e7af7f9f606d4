"""The business: companies and their shops, what the shops sent, and the invoices that came of it."""

from invoicing.models.company import ApiKey, Company, Connection, IdempotencyKey, Membership
from invoicing.models.export import Export
from invoicing.models.gap import Gap
from invoicing.models.invoice import Document, Invoice, InvoiceLine, InvoiceReference, Series
from invoicing.models.letterhead import Bounce, Letterhead, MailTemplate
from invoicing.models.order import Delivery, Order, Settlement, Snapshot
from invoicing.models.reconciliation import Reconciliation

__all__ = [
    "ApiKey",
    "Bounce",
    "Company",
    "Connection",
    "Delivery",
    "Document",
    "Export",
    "Gap",
    "IdempotencyKey",
    "Invoice",
    "InvoiceLine",
    "InvoiceReference",
    "Letterhead",
    "MailTemplate",
    "Membership",
    "Order",
    "Reconciliation",
    "Series",
    "Settlement",
    "Snapshot",
]
