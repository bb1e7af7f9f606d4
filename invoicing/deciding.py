"""What an order asks for now: its newest version against what is issued so far, judged by the policy."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from invoicing import policy
from invoicing.capture import content_of, merged
from invoicing.holds import Resolution
from invoicing.knowing import known, tax_policy
from invoicing.models import Company, Invoice, Order
from invoicing.policy import (
    F2_LIMIT,
    F2_LIMIT_OF_LISTED_ACTIVITIES,
    CompanyPolicy,
    ConnectionPolicy,
    Decision,
    Issued,
)
from invoicing.states import ORDER_MOVES, SNAPSHOT_MOVES
from invoicing.values import OrderContent
from workflows.encoding import decode


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """A decision and the version of the order that it was taken on."""

    version: int
    decision: Decision


def decide_order(order_id: UUID, answers: tuple[Resolution, ...], *, now: datetime) -> Decided:
    """Take the decision under the order's lock, with a person's answers so far, and note a hold on the order."""
    order = (
        Order.objects.select_for_update(no_key=True, of=("self",))
        .select_related("current", "connection")
        .get(pk=order_id)
    )
    content = content_of(order)
    if content is None or order.current is None:
        raise LookupError(f"order {order_id} has no version to decide on")
    company = Company.objects.select_related("taxpayer").get(pk=order.company_id)
    decision = policy.decide(
        content,
        company=company_policy(company),
        connection=ConnectionPolicy(
            invoice_from=order.connection.invoice_from,
            other_invoicing=order.connection.other_invoicing,
            marketplace_channels=tuple(order.connection.marketplace_channels),
        ),
        issued=_issued(order),
        today=now.astimezone(ZoneInfo(company.zone)).date(),
        resolution=answers,
        taxes=tax_policy(company, order.connection),
        known=known(company, content, answers, now=now),
    )
    if order.state in ("ignored", "cancelled") and decision.action != "nothing":
        _move(order, "reopen")
    if decision.action == "hold":
        _move(order, "hold")
    return Decided(version=order.current.version, decision=decision)


def leave_order(order_id: UUID, decided: Decided) -> None:
    """Note on order and snapshots that the decision was to issue nothing."""
    order = Order.objects.select_for_update(no_key=True, of=("self",)).select_related("current").get(pk=order_id)
    content = content_of(order)
    _move(order, "cancel" if content and (content.cancelled or content.deleted) else "ignore")
    order.snapshots.filter(state__in=SNAPSHOT_MOVES.sources("process"), version__lte=decided.version).update(
        state=SNAPSHOT_MOVES.target("process")
    )


def company_policy(company: Company) -> CompanyPolicy:
    """Return what the policy asks of a company."""
    listed = bool(company.simplified_activity)
    return CompanyPolicy(
        territory=company.territory,
        zone=company.zone,
        f2_limit=F2_LIMIT_OF_LISTED_ACTIVITIES if listed else F2_LIMIT,
        f2_activity=company.simplified_activity,
    )


def _issued(order: Order) -> Issued | None:
    sale = Invoice.objects.filter(order=order, purpose="sale").select_related("snapshot").first()
    if sale is None or sale.snapshot is None:
        return None
    content: OrderContent = decode(sale.snapshot.content, OrderContent)
    return Issued(
        content=content,
        total=sale.total,
        tipo=sale.tipo,
        num_serie=sale.num_serie,
        settled=_settled(order),
    )


def _settled(order: Order) -> OrderContent | None:
    """Return the order as it stood when a decision was last taken on it to its end."""
    processed = order.snapshots.filter(state="processed")
    last = processed.filter(kind="order").order_by("-version").first()
    return merged(last, processed.filter(kind="refund")) if last else None


def _move(order: Order, move: str) -> None:
    """Move the order if it stands where the move begins; an invoiced one stays invoiced."""
    Order.objects.filter(pk=order.pk, state__in=ORDER_MOVES.sources(move)).update(state=ORDER_MOVES.target(move))
