"""Open a company: its taxpayer, the installation that makes its chain, and its shops."""

import secrets
from datetime import datetime

from django.conf import settings
from django.db import transaction

from common.ids import uuid7
from invoicing.models import Company, Connection
from invoicing.reconciling import reconcile_nightly
from invoicing.reporting import report_daily
from verifactu.models import Installation, Taxpayer


def open_company(
    *,
    nif: str,
    name: str,
    address: str,
    postal_code: str,
    city: str,
    province: str = "",
    email: str = "",
    simplified_activity: str = "",
    certificate: bytes = b"",
    certificate_password: str = "",
    acts_as: str = Taxpayer.ActsAs.OWN,
    now: datetime,
) -> Company:
    """Make the company, its taxpayer, an installation for the present environment, and the schedules of its daily
    report and of its nightly comparison with the AEAT, in one transaction."""
    identity = uuid7()
    with transaction.atomic():
        taxpayer = Taxpayer.objects.create(
            tenant=str(identity),
            nif=nif,
            name=name,
            certificate=certificate,  # type: ignore[misc]  # an encrypted column of bytes
            certificate_password=certificate_password,
            acts_as=acts_as,
        )
        install(taxpayer, now=now)
        company = Company.objects.create(
            id=identity,
            taxpayer=taxpayer,
            address=address,
            postal_code=postal_code,
            city=city,
            province=province,
            email=email,
            simplified_activity=simplified_activity,
        )
        report_daily(company, now=now)
        reconcile_nightly(company, now=now)
        return company


def install(taxpayer: Taxpayer, *, now: datetime, confirmed_at: datetime | None = None) -> Installation:
    """Begin a new chain in the present environment; the one before, if any, is closed and keeps its number for ever.

    The number is the moment to the second and four random characters: never repeated, as verifactu.md 1.5 asks. In
    production a person confirms it before its first record, unless it was `confirmed_at` as another's successor.
    """
    Installation.objects.filter(taxpayer=taxpayer, environment=settings.AEAT_ENVIRONMENT, active=True).update(
        active=False
    )
    return Installation.objects.create(
        taxpayer=taxpayer,
        environment=settings.AEAT_ENVIRONMENT,
        numero=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2).upper()}",
        producer_name=settings.PRODUCER_NAME,
        producer_nif=settings.PRODUCER_NIF,
        system_name=settings.SYSTEM_NAME,
        system_id=settings.SYSTEM_ID,
        created_at=now,
        confirmed_at=confirmed_at,
    )


def connect(
    company: Company, *, platform: str, name: str, invoice_from: datetime | None, settle_seconds: int | None = None
) -> Connection:
    """Make a connection with a new secret of letters and digits (WooCommerce decodes entities in its own).

    Orders of a shop settle five seconds; those of the API come whole, and none (design.md 2.2).
    """
    if settle_seconds is None:
        settle_seconds = 0 if platform == Connection.Platform.API else 5
    return Connection.objects.create(
        company=company,
        platform=platform,
        name=name,
        secret=secrets.token_hex(24),
        invoice_from=invoice_from,
        settle_seconds=settle_seconds,
        other_invoicing=other_invoicing_of(platform),
    )


def other_invoicing_of(platform: str) -> str:
    """Return what another system's invoice number means, unless somebody says otherwise (fiscal-policy.md).

    Stripe's invoices always carry a number of Stripe's own, which is only a reference; any other number is a doubt.
    """
    return "reference_only" if platform == Connection.Platform.STRIPE else "hold"
