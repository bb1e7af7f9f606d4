"""What a company invoiced on a day, counted in the database."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from invoicing.books.reading import Share, taken_back_on
from invoicing.models import Company
from invoicing.values import TaxShare
from workflows.models import Process
from workflows.rows import sql


class Sums(msgspec.Struct, frozen=True):
    """How many documents, and what they come to."""

    count: int
    base: Decimal
    tax: Decimal
    total: Decimal


class DayFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one day. Annulled invoices are counted apart and are in no sum.

    An exchange (F3) is counted and adds nothing: its amounts are those of simplified invoices. A corrective invoice by
    substitution adds the difference to what it replaces.
    """

    company: str
    nif: str
    day: date
    at: datetime
    """When they were taken, in the company's zone."""
    environment: str
    sums: Sums
    shares: tuple[TaxShare, ...]
    """One for each tax and rate (or reason why there is none), the highest rate first."""
    types: dict[str, Sums]
    """By TipoFactura."""
    verdicts: dict[str, int]
    """By state of the record."""
    annulled: int
    held: int
    """Orders that wait for a person, whatever their day."""


def day_figures(company_id: UUID, day: date, environment: str, *, now: datetime) -> DayFigures:
    """Return the figures of the invoices issued on a day (seven queries at most)."""
    company = Company.objects.select_related("taxpayer").get(pk=company_id)
    where = [company_id, environment, day]
    by_type = {
        tipo: Sums(*sums)
        for tipo, *sums in sql(
            """
            SELECT tipo, count(*), sum(base), sum(tax), sum(base + tax) FROM (
                SELECT tipo, CASE WHEN tipo = 'F3' THEN 0.00 ELSE base_total - coalesce(replaced_base, 0) END AS base,
                       CASE WHEN tipo = 'F3' THEN 0.00
                            ELSE tax_total - coalesce(replaced_tax, 0) - coalesce(replaced_surcharge, 0) END AS tax
                FROM invoicing_invoice
                WHERE company_id = %s AND environment = %s AND issue_date = %s AND state <> 'annulled'
            ) AS counted GROUP BY tipo ORDER BY tipo
            """,
            where,
        )
    }
    shares = sql(
        """
        SELECT s->>'impuesto', coalesce(s->>'calificacion', ''), coalesce(s->>'exencion', ''),
               (s->>'rate')::numeric AS rate, sum((s->>'base')::numeric), sum((s->>'tax')::numeric)
        FROM invoicing_invoice i, json_array_elements(i.shares::json) AS s
        WHERE i.company_id = %s AND i.environment = %s AND i.issue_date = %s AND i.state <> 'annulled'
          AND i.tipo <> 'F3'
        GROUP BY 1, 2, 3, 4 ORDER BY rate DESC NULLS LAST, 1, 2, 3
        """,
        where,
    )
    verdicts = sql(
        """
        SELECT r.state, count(*), count(*) FILTER (WHERE i.state = 'annulled')
        FROM invoicing_invoice i JOIN verifactu_record r ON r.id = i.record_id
        WHERE i.company_id = %s AND i.environment = %s AND i.issue_date = %s
        GROUP BY r.state ORDER BY r.state
        """,
        where,
    )
    return DayFigures(
        company=company.taxpayer.name,
        nif=company.taxpayer.nif,
        day=day,
        at=now.astimezone(ZoneInfo(company.zone)),
        environment=environment,
        sums=Sums(
            sum(sums.count for sums in by_type.values()),
            sum((sums.base for sums in by_type.values()), Decimal("0.00")),
            sum((sums.tax for sums in by_type.values()), Decimal("0.00")),
            sum((sums.total for sums in by_type.values()), Decimal("0.00")),
        ),
        shares=_less(
            [
                TaxShare(impuesto=impuesto, calificacion=code, exencion=reason, rate=rate, base=base, tax=tax)
                for impuesto, code, reason, rate, base, tax in shares
            ],
            taken_back_on(company_id, environment, day),
        ),
        types=by_type,
        verdicts={state: count for state, count, _ in verdicts},
        annulled=sum(annulled for _, _, annulled in verdicts),
        held=Process.objects.filter(
            tenant=company.tenant, workflow="invoice-order", state="held", behind=False
        ).count(),
    )


def _less(shares: list[TaxShare], taken_back: Iterable[Share]) -> tuple[TaxShare, ...]:
    """Return the shares with what was taken back by substitution, in their order; new kinds come last."""
    found = {(each.impuesto, each.calificacion, each.exencion, each.rate): each for each in shares}
    for row in taken_back:
        kind = row.impuesto, row.calificacion, row.exencion, row.rate
        before = found.get(kind) or TaxShare(
            impuesto=row.impuesto, calificacion=row.calificacion, exencion=row.exencion, rate=row.rate, base=Decimal(0)
        )
        tax = None if row.rate is None else (before.tax or Decimal(0)) + row.tax
        found[kind] = msgspec.structs.replace(before, base=before.base + row.base, tax=tax)
    return tuple(found.values())
