"""The business: companies and their shops, what the shops sent, and the invoices that came of it."""

from invoicing.models.asking import CustomerAnswer, CustomerRequest, Visits
from invoicing.models.company import ApiKey, Company, Connection, IdempotencyKey, Membership
from invoicing.models.draft import Draft, DraftLine
from invoicing.models.export import Export
from invoicing.models.gap import Gap
from invoicing.models.invoice import Document, Invoice, InvoiceLine, InvoiceReference, Series
from invoicing.models.letterhead import Bounce, Letterhead, MailTemplate
from invoicing.models.order import Delivery, Order, Settlement, Snapshot
from invoicing.models.outgoing import Endpoint, Event, Notification
from invoicing.models.outside import CensusCheck, ExchangeRate, VatCheck
from invoicing.models.privacy import PrivacyItem, PrivacyRequest, Redaction
from invoicing.models.reconciliation import Reconciliation

__all__ = [
    "ApiKey",
    "Bounce",
    "CensusCheck",
    "Company",
    "Connection",
    "CustomerAnswer",
    "CustomerRequest",
    "Delivery",
    "Document",
    "Draft",
    "DraftLine",
    "Endpoint",
    "Event",
    "ExchangeRate",
    "Export",
    "Gap",
    "IdempotencyKey",
    "Invoice",
    "InvoiceLine",
    "InvoiceReference",
    "Letterhead",
    "MailTemplate",
    "Membership",
    "Notification",
    "Order",
    "PrivacyItem",
    "PrivacyRequest",
    "Reconciliation",
    "Redaction",
    "Series",
    "Settlement",
    "Snapshot",
    "VatCheck",
    "Visits",
]
