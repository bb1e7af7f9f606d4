"""What an order asks for now: its newest version against what is issued so far, judged by the policy."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from invoicing import policy
from invoicing.capture import content_of
from invoicing.holds import Resolution
from invoicing.models import Company, Invoice, Order
from invoicing.policy import CompanyPolicy, ConnectionPolicy, Decision, Issued
from invoicing.states import ORDER_MOVES, SNAPSHOT_MOVES
from invoicing.values import OrderContent
from workflows.encoding import decode

SIMPLIFIED_LIMIT = Decimal(400)
SIMPLIFIED_LIMIT_OF_LISTED_ACTIVITIES = Decimal(3000)
"""Euros with tax, RD 1619/2012 art. 4.1 and 4.2."""


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """A decision and the version of the order that it was taken on."""

    version: int
    decision: Decision


def decide_order(order_id: UUID, resolution: Resolution | None, *, now: datetime) -> Decided:
    """Take the decision under the order's lock and note a hold on the order."""
    order = (
        Order.objects.select_for_update(no_key=True, of=("self",))
        .select_related("current", "connection")
        .get(pk=order_id)
    )
    content = content_of(order)
    assert content and order.current  # noqa: S101 (a process starts only for an order that has a version)
    company = Company.objects.select_related("taxpayer").get(pk=order.company_id)
    decision = policy.decide(
        content,
        company=company_policy(company),
        connection=ConnectionPolicy(
            invoice_from=order.connection.invoice_from, other_invoicing=order.connection.other_invoicing
        ),
        issued=_issued(order),
        today=now.astimezone(ZoneInfo(company.zone)).date(),
        resolution=resolution,
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
        f2_limit=SIMPLIFIED_LIMIT_OF_LISTED_ACTIVITIES if listed else SIMPLIFIED_LIMIT,
        f2_activity=company.simplified_activity,
    )


def _issued(order: Order) -> Issued | None:
    sale = Invoice.objects.filter(order=order, purpose="sale").select_related("snapshot").first()
    if sale is None or sale.snapshot is None:
        return None
    return Issued(
        content=decode(sale.snapshot.content, OrderContent), total=sale.total, tipo=sale.tipo, num_serie=sale.num_serie
    )


def _move(order: Order, move: str) -> None:
    """Move the order if it stands where the move begins; an invoiced one stays invoiced."""
    Order.objects.filter(pk=order.pk, state__in=ORDER_MOVES.sources(move)).update(state=ORDER_MOVES.target(move))
