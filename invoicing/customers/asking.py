"""Ask the buyer of a held order for what the hold lacks: a letter with a link, in the buyer's language.

The question stays the hold's: staff may answer it meanwhile, and when nobody does the order stays held. Nothing is
ever issued because a customer kept silent.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import transaction

from common import clock
from common.ids import uuid7
from invoicing.capture import content_of
from invoicing.customers.letter import question_letter
from invoicing.customers.words import language_of
from invoicing.holds import Action, Hold, ResolutionRefused
from invoicing.mail import BadRecipient, message_id, one_address, send
from invoicing.models import CustomerRequest, Order
from workflows.api import Lane, step, workflow
from workflows.engine import trigger
from workflows.errors import Superseded, WrongState
from workflows.journal import Run
from workflows.models import Process
from workflows.retry import Retry

LINK_LASTS = timedelta(days=14)
ONE_A_DAY = timedelta(days=1)
"""Between two letters to one address about one question."""
BEFORE_ASKING = timedelta(minutes=2)
"""How long a hold stands before the customer is asked unbidden: by then a shop has sent what it still had to say."""


class CannotAsk(ResolutionRefused):
    """The customer cannot be asked; the message says why."""


class RequestRef(msgspec.Struct, frozen=True):
    """A request whose letter is to be sent."""

    company_id: UUID
    order_id: UUID
    request_id: UUID


class HeldOrder(msgspec.Struct, frozen=True):
    """An order that came to be held for what its buyer may know."""

    company_id: UUID
    order_id: UUID
    version: int
    answers: int


def ask(process: Process, *, email: str = "", actor: str, now: datetime) -> CustomerRequest:
    """Note that the buyer is asked what the process is held for, and start the letter.

    `email` takes the place of the order's own address.

    :raises CannotAsk: without an address, or when it was asked today already.
    :raises Superseded: when a newer process took its place.
    :raises WrongState: when it is not held for something that a customer can answer.
    """
    if process.superseded_by_id:
        raise Superseded("ask", process.superseded_by_id)
    held = question_of(process)
    if held is None or process.hold is None:
        raise WrongState("ask", process.state)
    order = Order.objects.select_related("current", "company").get(pk=process.order_key.partition(":")[2])
    content = content_of(order)
    address = (email or (content.buyer.email if content else "")).strip()
    if not address:
        raise CannotAsk(
            "El pedido no trae correo del cliente: escriba uno.", "The order has no address of the customer: write one."
        )
    try:
        one_address(address)
    except BadRecipient:
        raise CannotAsk(f"«{address}» no es una dirección de correo.", f"“{address}” is no email address.") from None
    token = process.hold["token"]
    with transaction.atomic():
        # The order's lock: two who ask at once send one letter.
        Order.objects.select_for_update(no_key=True).get(pk=order.pk)
        if CustomerRequest.objects.filter(token=token, email=address, asked_at__gt=now - ONE_A_DAY).exists():
            raise CannotAsk(
                f"Ya se preguntó a {address} hace menos de un día.",
                f"{address} was asked less than a day ago.",
            )
        request = CustomerRequest(
            id=uuid7(),
            company_id=order.company_id,
            order=order,
            process=process.pk,
            token=token,
            code=held.code,
            email=address,
            language=language_of((content.language if content else "") or order.company.language),
            asked_by=actor[:120],
            asked_at=now,
            expires_at=now + LINK_LASTS,
        )
        request.save()
        trigger(ask_customer, RequestRef(order.company_id, order.pk, request.pk), now=now, actor=actor)
    return request


def question_of(process: Process) -> Hold | None:
    """Return the hold of a process that waits for something that its customer can tell, else None."""
    if process.state != "held" or not process.hold or process.hold.get("kind") != "question":
        return None
    held = msgspec.convert(process.hold["data"], Hold)
    return held if Action.ASK_CUSTOMER in held.actions else None


def ask_unbidden(order_id: UUID, held: Hold | None, *, version: int, answers: int, now: datetime) -> None:
    """Have the customer asked in a while, where the connection says so and the hold is one that they can answer."""
    if held is None or Action.ASK_CUSTOMER not in held.actions:
        return
    order = Order.objects.select_related("connection").get(pk=order_id)
    if order.connection.ask_customers:
        payload = HeldOrder(order.company_id, order.pk, version, answers)
        trigger(ask_by_itself, payload, now=now, actor="decide", not_before=now + BEFORE_ASKING)


# --- ask-customer: one letter ------------------------------------------------------------------------------------


@step.external(retry=Retry(retries=20, first=5, cap=3600))
def send_question(ref: RequestRef, *, idempotency_key: str) -> str:
    """Mail the link under the request's one Message-ID and return that."""
    request = CustomerRequest.objects.select_related("order__current", "company__taxpayer").get(pk=ref.request_id)
    identity = message_id(request.pk, settings.DEFAULT_FROM_EMAIL, "question")
    send(question_letter(request, message_id=identity))
    return identity


@workflow(
    "ask-customer",
    version=1,
    tenant=lambda p: str(p.company_id),
    lane=lambda p: Lane(f"mail:{p.company_id}", 2),
    on_failure="hold",
    idempotency_key=lambda p: f"request:{p.request_id}",
    tags=lambda p: (f"order:{p.order_id}", f"request:{p.request_id}"),
)
def ask_customer(run: Run, p: RequestRef) -> str:
    """Send a question to a buyer, once."""
    return run.step(send_question, p)


# --- ask-unbidden: look whether the hold still stands, then ask ---------------------------------------------------


@step
def ask_if_still_held(order_id: UUID) -> UUID | None:
    """Ask the buyer when the order is held for what they may know and nobody has asked; return the request."""
    process = Process.objects.filter(order_key=f"order:{order_id}", state="held").order_by("-seq").first()
    if process is None or question_of(process) is None or process.hold is None:
        return None
    if CustomerRequest.objects.filter(token=process.hold["token"]).exists():
        return None
    try:
        return ask(process, actor="encadena", now=clock.now()).pk
    except (CannotAsk, WrongState):
        return None  # no address, or somebody was first: the hold stands in the list either way


@workflow(
    "ask-unbidden",
    version=1,
    tenant=lambda p: str(p.company_id),
    lane=lambda p: Lane(f"company:{p.company_id}", 5),
    on_failure="hold",
    idempotency_key=lambda p: f"order:{p.order_id}:v{p.version}:{p.answers}",
    tags=lambda p: (f"order:{p.order_id}",),
)
def ask_by_itself(run: Run, p: HeldOrder) -> UUID | None:
    """Ask a buyer without anybody's word."""
    return run.step(ask_if_still_held, p.order_id)
