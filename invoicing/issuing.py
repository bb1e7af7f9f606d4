"""Issue an invoice: number, document, record and link of the chain in ONE transaction."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from common.ids import uuid7
from common.ledger import ledger_insertion
from common.prepared import Columns
from invoicing import numbering
from invoicing.declare import registro_alta
from invoicing.models import Company, Invoice, InvoiceLine, Order, Series, Snapshot
from invoicing.policy import Decision
from invoicing.states import ORDER_MOVES, SNAPSHOT_MOVES
from invoicing.values import Party, Priced
from verifactu import chain, qr
from verifactu.models import Taxpayer
from verifactu.records import fecha, importe
from workflows.encoding import encode
from workflows.rows import sql

KINDS = {"F1": Series.Kind.COMPLETE, "F2": Series.Kind.SIMPLIFIED}


class NotTheNewest(Exception):
    """A newer version of the order came between the decision and the issue; it decides anew."""


def issue_sale(order_id: UUID, version: int, decision: Decision, *, now: Callable[[], datetime]) -> Invoice:
    """Issue the invoice of a sale; `now` is called under the chain's lock, so that stamps never go back.

    Locks the order, then the chain's head, then the series (design.md section 3).

    :raises NotTheNewest: when the order has a newer version than the one decided on.
    :raises InvalidRecord: when the record would break the schema or a rule; nothing is written, no number spent.
    :raises ClockBehind: when the clock stands more than a minute behind the chain.
    :raises WrongEnvironment: when the company has no chain in the present environment.
    """
    if decision.priced is None or not decision.tipo:
        raise ValueError("a decision to issue has a type and figures")
    with transaction.atomic():
        order = _locked(order_id)
        if order.current is None or order.current.version != version:
            raise NotTheNewest(NotTheNewest.__doc__)
        company = order.company
        head = chain.lock(tenant=company.tenant)
        stamp = head.stamp(now())
        invoice = _invoice(order, company, decision, decision.priced, stamp, head.installation.environment)
        _write(invoice, order, order.current)
        registro = registro_alta(
            invoice,
            decision.priced.shares,
            head=head,
            stamp=stamp,
            zone=company.zone,
            description=_description(order, decision.priced),
        )
        chain.append(
            head,
            registro,
            id=invoice.record_id,
            stamp=stamp,
            covers=invoice.seal,
            answer_token=f"invoice:{invoice.pk}",
            now=stamp,
        )
        return invoice


def _invoice(
    order: Order, company: Company, decision: Decision, priced: Priced, stamp: datetime, environment: str
) -> Invoice:
    """Return the numbered invoice with its lines, not yet written."""
    day = stamp.astimezone(ZoneInfo(company.zone)).date()
    series, number = numbering.take(company=company, environment=environment, kind=KINDS[decision.tipo], day=day)
    num_serie = numbering.text(series, number)
    recipient = decision.recipient or Party()
    invoice = Invoice(
        id=uuid7(),
        company=company,
        order=order,
        snapshot=order.current,
        series=series,
        number=number,
        num_serie=num_serie,
        tipo=decision.tipo,
        issue_date=day,
        operation_date=decision.operation_date if decision.operation_date != day else None,
        issued_at=stamp,
        environment=environment,
        issuer_name=company.taxpayer.name,
        issuer_nif=company.taxpayer.nif,
        issuer_address=company.postal_lines,
        recipient_name=(recipient.company or recipient.name)[:120] if decision.recipient else "",
        recipient_nif=recipient.tax_id,
        recipient_id_type=recipient.id_type,
        recipient_country=recipient.id_country,
        recipient_address=postal_lines(recipient) if decision.recipient else [],
        recipient_email=decision.email,
        shares=encode(priced.shares),
        mentions=list(priced.mentions),
        base_total=priced.total - priced.tax_total,
        tax_total=priced.tax_total,
        total=priced.total,
        platform_tax=priced.platform_tax,
        rounding=priced.rounding,
        qr_url=qr.url(
            environment=environment,
            nif=company.taxpayer.nif,
            num_serie=num_serie,
            fecha=fecha(day),
            importe=importe(priced.total),
        ),
        explanation=decision.note,
        record_id=uuid7(),
    )
    invoice.new_lines = [
        InvoiceLine(
            invoice=invoice,
            position=position,
            description=line.description[:500],
            sku=line.sku[:120],
            quantity=line.quantity,
            unit_price=line.unit_price,
            discount=line.discount,
            rate=line.rate,
            base=line.base,
            gross=line.gross,
        )
        for position, line in enumerate(priced.lines, 1)
    ]
    for line in invoice.new_lines:
        line.seal = line.compute_seal()
    return invoice


def postal_lines(party: Party) -> list[str]:
    """Return a buyer's address as it is printed, one line each."""
    address = party.address
    place = " ".join(part for part in (address.postal_code, address.city) if part)
    province = address.province if address.province != address.city else ""
    country = address.country if address.country != "ES" else ""
    return [line for line in (*address.lines, place, province, country) if line]


def _description(order: Order, priced: Priced) -> str:
    return f"Pedido {order}: " + ", ".join(line.description for line in priced.lines)


def _write(invoice: Invoice, order: Order, snapshot: Snapshot) -> None:
    """Insert the invoice and its lines, and move the order and its versions on, by one statement.

    The version has become an invoice, those before it are superseded.
    """
    insert, values = ledger_insertion([invoice])
    lines, line_values = ledger_insertion(invoice.new_lines or [], many=True)
    sql(
        f"""
        WITH invoice AS ({insert}), lines AS ({lines}), invoiced AS (
            UPDATE invoicing_order SET state = %s WHERE id = %s AND state = ANY(%s)
        ), older AS (
            UPDATE invoicing_snapshot SET state = %s WHERE order_id = %s AND id <> %s AND state = ANY(%s)
        )
        UPDATE invoicing_snapshot SET state = %s WHERE id = %s AND state = ANY(%s)
        """,  # noqa: S608 (the models' own columns)
        [
            *values, *line_values,
            ORDER_MOVES.target("invoice"), order.pk, list(ORDER_MOVES.sources("invoice")),
            SNAPSHOT_MOVES.target("supersede"), order.pk, snapshot.pk, list(SNAPSHOT_MOVES.sources("supersede")),
            SNAPSHOT_MOVES.target("process"), snapshot.pk, list(SNAPSHOT_MOVES.sources("process")),
        ],
    )  # fmt: skip


def _locked(order_id: UUID) -> Order:
    """Return the order under its lock, with its newest version and its company: what issuing needs of them.

    :raises Order.DoesNotExist: for an order that is not there.
    """
    parts, statement = _order()
    rows = sql(statement, [order_id])
    if not rows:
        raise Order.DoesNotExist(f"no order {order_id}")
    values = list(rows[0])
    loaded: list[Any] = []
    for part in parts:
        loaded.append(part.load(values[: len(part.fields)]))
        del values[: len(part.fields)]
    order: Order = loaded[0]
    _, company, taxpayer, snapshot = loaded
    company.taxpayer = taxpayer
    order.company = company
    order.current = snapshot if snapshot.pk else None
    return order


@cache
def _order() -> tuple[tuple[Columns, ...], str]:
    parts = (
        Columns.of(Order, "o", "id", "company", "external_id", "number", "state", "current"),
        Columns.of(Company, "c", "id", "taxpayer", "address", "postal_code", "city", "province", "email", "territory"),
        Columns.of(Taxpayer, "t", "id", "tenant", "nif", "name"),
        Columns.of(Snapshot, "s", "id", "order", "version", "state", "seal"),
    )
    statement = f"""
        SELECT {", ".join(map(str, parts))} FROM invoicing_order o
        JOIN invoicing_company c ON c.id = o.company_id JOIN verifactu_taxpayer t ON t.id = c.taxpayer_id
        LEFT JOIN invoicing_snapshot s ON s.id = o.current_id
        WHERE o.id = %s FOR NO KEY UPDATE OF o
    """  # noqa: S608 (the models' own columns)
    return parts, statement
