"""The business in the admin: orders and invoices to read, companies and shops to set, holds to resolve."""

from typing import Any

from common.admin import MOST_TENANTS_IN_A_FILTER, scope_by
from invoicing.admin import desks, people
from invoicing.admin.api_keys import ApiKeyAdmin
from invoicing.admin.companies import CompanyAdmin
from invoicing.admin.connections import ConnectionAdmin
from invoicing.admin.discrepancies import DiscrepancyAdmin, GapAdmin, LockEventAdmin
from invoicing.admin.drafts import DraftAdmin
from invoicing.admin.exports import ExportAdmin
from invoicing.admin.intake import DeliveryAdmin
from invoicing.admin.invoices import InvoiceAdmin
from invoicing.admin.letterheads import MailTemplateAdmin
from invoicing.admin.orders import OrderAdmin
from invoicing.admin.outside import ExchangeRateAdmin, VatCheckAdmin
from invoicing.admin.privacy import PrivacyRequestAdmin
from invoicing.admin.reconciliations import ReconciliationAdmin
from invoicing.admin.series import SeriesAdmin
from invoicing.admin.webhooks import EndpointAdmin, NotificationAdmin
from invoicing.models import Company

__all__ = [
    "ApiKeyAdmin",
    "CompanyAdmin",
    "ConnectionAdmin",
    "DeliveryAdmin",
    "DiscrepancyAdmin",
    "DraftAdmin",
    "EndpointAdmin",
    "ExchangeRateAdmin",
    "ExportAdmin",
    "GapAdmin",
    "InvoiceAdmin",
    "LockEventAdmin",
    "MailTemplateAdmin",
    "NotificationAdmin",
    "OrderAdmin",
    "PrivacyRequestAdmin",
    "ReconciliationAdmin",
    "SeriesAdmin",
    "VatCheckAdmin",
    "desks",
    "people",
]


def companies_of(user: Any) -> dict[str, str]:
    """Return the companies that a user works for, id -> name; all of them for a superuser."""
    companies = Company.objects.select_related("taxpayer")
    if user.is_superuser:
        # Asked only to fill a filter; too many for it are as good as one more than it takes.
        companies = companies[: MOST_TENANTS_IN_A_FILTER + 1]
    else:
        companies = companies.filter(memberships__user=user)
    return {company.tenant: company.taxpayer.name for company in companies}


def name_of(tenant: str) -> str:
    """Return the name of one company."""
    return str(Company.objects.values_list("taxpayer__name", flat=True).get(pk=tenant))


scope_by(companies_of, name_of)
