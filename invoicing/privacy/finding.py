"""Find what is held on somebody: the orders that a request names, and those that bear an e-mail address.

Addresses stand inside the content of orders, which no index knows: the rows are walked a page at a time.
"""

from collections.abc import Iterable
from uuid import UUID

import msgspec
from django.db.models import Q

from invoicing.models import Delivery, Order, PrivacyItem, PrivacyRequest, Snapshot
from workflows.encoding import decode
from workflows.rows import sql

ORDERS_AT_ONCE = 500
DELIVERIES_AT_ONCE = 1000
FIRST = UUID(int=0)
"""Before every row."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a request is about: orders by the shop's identity or number, an e-mail address.

    `search` also looks for every other order of that address; a shop that names the orders to forget means those.
    """

    orders: tuple[str, ...] = ()
    email: str = ""
    search: bool = True


class _Buyer(msgspec.Struct, frozen=True):
    email: str = ""


class _Bought(msgspec.Struct, frozen=True):
    """What an order's content says of the address; a refund that came alone says nothing."""

    buyer: _Buyer = _Buyer()


def named(request: PrivacyRequest, subject: Subject) -> int:
    """Note the orders that the request names; return how many there are."""
    orders = Order.objects.filter(company_id=request.company_id)
    if request.connection_id:
        orders = orders.filter(connection_id=request.connection_id)
    numbers = [*subject.orders, *(f"#{order}" for order in subject.orders)]
    found = orders.filter(Q(external_id__in=subject.orders) | Q(number__in=numbers))
    return _note(request, orders=found.values_list("pk", flat=True)) if subject.orders else 0


def orders_of(request: PrivacyRequest, subject: Subject, after: UUID) -> UUID | None:
    """Note those of the next page of orders that bear the address; return where the page ended, None at the end."""
    page = Order.objects.filter(company_id=request.company_id, pk__gt=after)
    if request.connection_id:
        page = page.filter(connection_id=request.connection_id)
    ids = list(page.order_by("pk").values_list("pk", flat=True)[:ORDERS_AT_ONCE])
    wanted = subject.email.casefold()
    bearing = Snapshot.objects.filter(order__in=ids, kind="order", content__icontains=subject.email)
    found = {
        order
        for order, content in bearing.values_list("order_id", "content").iterator(chunk_size=100)
        if decode(content, _Bought).buyer.email.casefold() == wanted
    }
    _note(request, orders=found)
    return ids[-1] if len(ids) == ORDERS_AT_ONCE else None


def deliveries_of(request: PrivacyRequest, subject: Subject, after: UUID) -> UUID | None:
    """Note those of the next page of deliveries that hold the address and led to no order, as `orders_of` does."""
    rows = sql(
        """
        WITH page AS (
            SELECT id FROM invoicing_delivery
            WHERE company_id = %s AND (%s::uuid IS NULL OR connection_id = %s) AND id > %s ORDER BY id LIMIT %s
        )
        SELECT d.id, s.id IS NULL AND r.id IS NULL AND position(convert_to(%s, 'UTF8') IN d.body) > 0
        FROM page JOIN invoicing_delivery d USING (id)
        LEFT JOIN invoicing_snapshot s ON s.delivery_id = d.id
        LEFT JOIN invoicing_privacyrequest r ON r.delivery_id = d.id
        ORDER BY d.id
        """,
        [request.company_id, request.connection_id, request.connection_id, after, DELIVERIES_AT_ONCE, subject.email],
    )
    _note(request, deliveries=[delivery for delivery, holds in rows if holds])
    return rows[-1][0] if len(rows) == DELIVERIES_AT_ONCE else None


def _note(request: PrivacyRequest, *, orders: Iterable[UUID] = (), deliveries: Iterable[UUID] = ()) -> int:
    items = [PrivacyItem(request=request, order_id=order) for order in orders]
    items += [
        PrivacyItem(request=request, delivery_id=delivery)
        for delivery in Delivery.objects.filter(pk__in=list(deliveries)).values_list("pk", flat=True)
    ]
    PrivacyItem.objects.bulk_create(items, ignore_conflicts=True)
    return len(items)
