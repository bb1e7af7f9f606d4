"""Orders: sent and followed."""

import hashlib
from datetime import datetime
from typing import ClassVar

import msgspec
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from rest_framework.request import Request
from rest_framework.response import Response

from common import clock
from common.words import Words
from invoicing.api import ids, paging
from invoicing.api.base import ApiView, answer, client, json_body, one, readable
from invoicing.api.examples import ACCEPTED, ORDER, ORDERS, SENT
from invoicing.api.idempotency import Done, once
from invoicing.api.problems import Problem
from invoicing.api.resources import OrderResource, order_url, orders
from invoicing.api.schema import IDEMPOTENCY_KEY, Param, operation
from invoicing.intake import receive
from invoicing.models import Company, Connection, Delivery, Invoice, Order, Snapshot
from invoicing.states import ORDER_STATES
from invoicing.storefronts import ReaderSettings, api
from workflows.models import Process
from workflows.states import OPEN


class AcceptedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The receipt of an order that was kept."""

    id: str
    status: str
    external_id: str
    delivery: str
    url: str


def updated_since(text: str) -> Q:
    """Return the filter for orders of which something is known that was not known at an instant.

    A version was read, a process moved (a hold, an answer to it), an invoice was issued, or the AEAT answered.
    """
    moment = paging.moment(text)
    order_key = Concat(Value("order:"), Cast(OuterRef("pk"), CharField()))
    return (
        Q(created_at__gte=moment)
        | Q(Exists(Snapshot.objects.filter(order=OuterRef("pk"), captured_at__gte=moment)))
        | Q(Exists(Invoice.objects.filter(order=OuterRef("pk"), issued_at__gte=moment)))
        | Q(Exists(Invoice.objects.filter(order=OuterRef("pk"), record__verdict_at__gte=moment)))
        | Q(Exists(Process.objects.filter(order_key=order_key, state__in=OPEN, events__at__gte=moment)))
    )


FILTERS = {
    "number": paging.equal("number"),
    "external_id": paging.equal("external_id"),
    "state": paging.among("state", ORDER_STATES),
    "updated_since": updated_since,
}
PARAMETERS = (
    Param("number", Words("El número que ve el comprador.", "The number that the buyer sees.")),
    Param("external_id", Words("Su identidad en la tienda o en su sistema.", "Its identity in the shop or system.")),
    Param("state", Words("El estado.", "The state."), enum=ORDER_STATES),
    Param(
        "updated_since",
        Words(
            "Solo pedidos con novedades desde ese instante: versión leída, retención, factura o respuesta de la AEAT.",
            "Only orders with news since that instant: a version read, a hold, an invoice, or the AEAT's answer.",
        ),
    ),
    Param("limit", Words("Cuántos por página, de 1 a 100; 50 si falta.", "How many a page, 1 to 100; 50 if absent."),
          int),
    Param("cursor", Words("Lo pone `next`.", "`next` holds it.")),
)  # fmt: skip


class Orders(ApiView):
    """All orders of the company; a place to send new ones."""

    scopes: ClassVar = {"GET": "orders:read", "POST": "orders:write"}

    @operation(
        name="orders_list",
        title=Words("Pedidos", "Orders"),
        says=Words("Los pedidos de la empresa, de todas sus conexiones.", "The company's orders, of all connections."),
        scope="orders:read",
        answer=paging.Page[OrderResource],
        examples=ORDERS,
        parameters=PARAMETERS,
        problems=("parameter-invalid",),
    )
    def get(self, request: Request) -> Response:
        """List orders."""
        company = client(request).company
        page = paging.page(request, of_company(company), ids.ORDER, FILTERS, lambda rows: orders(rows, company))
        return answer(page)

    @operation(
        name="orders_send",
        title=Words("Enviar un pedido", "Send an order"),
        says=Words(
            "Guarda una versión entera de un pedido; se lee y, si está pagado, se factura enseguida. Location sirve "
            "desde ya mismo.",
            "Keeps one whole version of an order; it is read and, if paid, invoiced in a moment. Location works at "
            "once.",
        ),
        scope="orders:write",
        answer=AcceptedOrder,
        status=202,
        body=api.OrderBody,
        body_examples=SENT,
        examples=ACCEPTED,
        parameters=(IDEMPOTENCY_KEY,),
        headers={"Location": Words("Dónde seguir el pedido.", "Where to follow the order."),
                 "Idempotent-Replayed": Words("true si es la primera respuesta, repetida.",
                                             "true when this is the first answer, repeated.")},
        problems=("body-invalid", "idempotency-key-missing", "idempotency-key-invalid", "connection-not-api",
                  "request-in-flight", "length-required", "body-too-large", "media-type-unsupported",
                  "idempotency-key-reused"),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Keep an order as it was sent."""
        connection = client(request).connection
        if connection.platform != Connection.Platform.API:
            raise Problem("connection-not-api")
        body = json_body(request)
        now = clock.now()
        return once(request, body, lambda: _take(request, connection, body, now), kept_as=AcceptedOrder, now=now)


class OneOrder(ApiView):
    """One order."""

    scopes: ClassVar = {"GET": "orders:read"}

    @operation(
        name="orders_read",
        title=Words("Un pedido", "An order"),
        says=Words(
            "Dónde está el pedido: su estado, por qué espera si espera, y sus facturas.",
            "Where the order stands: its state, why it waits if it does, and its invoices.",
        ),
        scope="orders:read",
        answer=OrderResource,
        examples=ORDER,
        problems=("not-found",),
    )
    def get(self, request: Request, id: str) -> Response:
        """Show an order."""
        company = client(request).company
        return answer(orders([one(of_company(company), ids.ORDER, id)], company)[0])


def of_company(company: Company) -> "QuerySet[Order]":
    """Return the orders of a company with their connections."""
    return Order.objects.filter(company=company).select_related("connection")


def _take(request: Request, connection: Connection, body: bytes, now: datetime) -> Done:
    """Keep the bytes, start to read them, and make sure of the order's row, which Location names."""
    reading = readable(lambda: api.read(body, api.TOPIC, ReaderSettings()))
    # As capture does: the row is there from the first time that anybody hears of the order.
    Order.objects.bulk_create(
        [
            Order(
                company_id=connection.company_id,
                connection=connection,
                external_id=reading.external_id,
                created_at=now,
            )
        ],
        ignore_conflicts=True,
    )
    order = Order.objects.get(connection=connection, external_id=reading.external_id)
    identity = api.identity(body, request.headers)
    received = receive(connection, body=body, headers=request.headers, identity=identity, now=now)
    # By their hash, which stays when the bytes are redacted.
    before = Delivery.objects.values_list("body_sha256", flat=True).get(pk=received.delivery_id)
    if not received.new and before != hashlib.sha256(body).hexdigest():
        # The kept answer of this key is gone, the delivery that it brought is not (it never goes).
        raise Problem("idempotency-key-reused")
    url = order_url(order.pk)
    accepted = AcceptedOrder(
        id=ids.text(ids.ORDER, order.pk),
        status="queued",
        external_id=order.external_id,
        delivery=ids.text(ids.DELIVERY, received.delivery_id),
        url=url,
    )
    return Done(202, accepted, url)
