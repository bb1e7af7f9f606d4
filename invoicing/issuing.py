"""Issue an invoice: number, document, record and link of the chain in ONE transaction."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from common.ids import uuid7
from invoicing import numbering
from invoicing.declare import registro_alta
from invoicing.models import Company, Invoice, InvoiceLine, Order, Series, Snapshot
from invoicing.policy import Decision
from invoicing.states import ORDER_MOVES, SNAPSHOT_MOVES
from invoicing.values import Party, Priced
from verifactu import chain, qr
from verifactu.records import fecha, importe
from workflows.encoding import encode

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
        order = Order.objects.select_for_update(no_key=True, of=("self",)).select_related("current").get(pk=order_id)
        if order.current is None or order.current.version != version:
            raise NotTheNewest(NotTheNewest.__doc__)
        company = Company.objects.select_related("taxpayer").get(pk=order.company_id)
        head = chain.lock(tenant=company.tenant)
        stamp = head.stamp(now())
        invoice = _invoice(order, company, decision, decision.priced, stamp, head.installation.environment)
        Invoice.objects.bulk_create([invoice])
        InvoiceLine.objects.bulk_create(invoice.new_lines)
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
        _settle(order, order.current)
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


def _settle(order: Order, snapshot: Snapshot) -> None:
    Order.objects.filter(pk=order.pk, state__in=ORDER_MOVES.sources("invoice")).update(
        state=ORDER_MOVES.target("invoice")
    )
    order.snapshots.filter(state__in=SNAPSHOT_MOVES.sources("supersede")).exclude(pk=snapshot.pk).update(
        state=SNAPSHOT_MOVES.target("supersede")
    )
    Snapshot.objects.filter(pk=snapshot.pk, state__in=SNAPSHOT_MOVES.sources("process")).update(
        state=SNAPSHOT_MOVES.target("process")
    )
