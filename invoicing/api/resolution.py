"""The answer to an order's hold, by API."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from common import clock
from common.words import Words
from invoicing import answering
from invoicing.answers import ASKS, Shape, fields_of
from invoicing.api import ids
from invoicing.api.base import ApiView, client, finding, json_body, one, typed
from invoicing.api.examples import MANY, MANY_TOLD, RESOLUTIONS
from invoicing.api.idempotency import Done, once
from invoicing.api.orders import of_company
from invoicing.api.problems import Problem
from invoicing.api.resources import order_url
from invoicing.api.schema import IDEMPOTENCY_KEY, operation
from invoicing.flows import InvoiceOrder, invoice_order
from invoicing.holds import Action, Resolution, ResolutionRefused
from invoicing.models import Order
from invoicing.storefronts import api
from workflows.encoding import decode
from workflows.errors import Superseded, WrongState
from workflows.models import Process


def _body() -> Any:
    """Return the type of the body: every field that some action takes, under its name in the resolution."""
    types = {field.name: field.type for field in msgspec.structs.fields(Resolution)}
    fields: list[Any] = [("process", str), ("action", Action)]
    for name, (field, _) in fields_of(Action).items():
        match field.shape:
            case Shape.CODING:
                continue  # the record of an invoice has addresses of its own
            case Shape.ADDRESS:
                fields.append((name, api.AddressBody | None, None))
            case Shape.DATE | Shape.GROUP:
                fields.append((name, types[name], None))
            case _:
                fields.append((name, Annotated[str, msgspec.Meta(max_length=field.limit)], ""))
    says = "The answer to a hold: an action, and the fields that it takes."
    return msgspec.defstruct(
        "ResolutionBody", fields, namespace={"__doc__": says}, module=__name__, frozen=True, kw_only=True,
        forbid_unknown_fields=True,
    )  # fmt: skip


ResolutionBody: Any = _body()


class ResolvedResource(msgspec.Struct, frozen=True, kw_only=True):
    """A hold that was answered."""

    order: str
    process: str
    status: str
    url: str


class ResolveHold(ApiView):
    """The answer to an order's hold."""

    scopes: ClassVar = {"POST": "orders:write"}

    @operation(
        name="orders_resolve",
        title=Words("Resolver una retención", "Resolve a hold"),
        says=Words(
            "Responde a la retención que muestra el pedido; el mismo proceso sigue. Nombre en process la que leyó: si "
            "mientras tanto llegó otra versión, se contesta 409 con superseded_by y version.",
            "Answers the hold that the order shows; the same process goes on. Name in process the one that you read: "
            "if another version came meanwhile, the answer is 409 with superseded_by and version.",
        ),
        scope="orders:write",
        answer=ResolvedResource,
        status=202,
        body=ResolutionBody,
        body_examples=RESOLUTIONS,
        parameters=(IDEMPOTENCY_KEY,),
        problems=("body-invalid", "idempotency-key-missing", "idempotency-key-invalid", "not-found",
                  "request-in-flight", "hold-superseded", "not-held", "length-required", "body-too-large",
                  "media-type-unsupported", "idempotency-key-reused", "resolution-refused"),
    )  # fmt: skip
    def post(self, request: Request, id: str) -> Response:
        """Answer the hold."""
        order = one(of_company(client(request).company), ids.ORDER, id)
        body = json_body(request)
        now = clock.now()
        return once(request, body, lambda: _resolve(request, order, body, now), kept_as=ResolvedResource, now=now)


def _resolve(request: Request, order: Order, body: bytes, now: datetime) -> Done:
    told = typed(body, ResolutionBody)
    process = one(
        Process.objects.filter(
            workflow=invoice_order.name, tenant=client(request).company.tenant, order_key=f"order:{order.pk}"
        ),
        ids.PROCESS,
        told.process,
    )
    resolution = resolution_of(told)
    resolve(process, resolution, actor=client(request).actor, now=now)
    url = order_url(order.pk)
    resolved = ResolvedResource(
        order=ids.text(ids.ORDER, order.pk), process=ids.text(ids.PROCESS, process.pk), status="queued", url=url
    )
    return Done(202, resolved, url)


class ManyBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer to many held processes; `answer` as for one, without `process`."""

    processes: Annotated[list[str], msgspec.Meta(min_length=1, max_length=answering.MOST)]
    answer: dict[str, Any]


class OneOfManyResource(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one of many answers."""

    process: str
    done: bool
    code: str
    detail: str
    superseded_by: str | None


class ManyResource(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each."""

    done: int
    refused: int
    data: list[OneOfManyResource]


class AnswerMany(ApiView):
    """One answer to the questions of many processes."""

    scopes: ClassVar = {"POST": "processes:write"}

    @operation(
        name="processes_answer_many",
        title=Words("Responder a muchos procesos retenidos", "Answer many held processes"),
        says=Words(
            "Da la misma respuesta a cada uno por separado: los que no pueden llevarla se cuentan con su motivo y no "
            "estorban a los demás.",
            "Gives the same answer to each by itself: those that cannot take it are told with the reason and hinder "
            "nobody.",
        ),
        scope="processes:write",
        answer=ManyResource,
        body=ManyBody,
        body_examples=MANY,
        examples=MANY_TOLD,
        parameters=(IDEMPOTENCY_KEY,),
        problems=("body-invalid", "idempotency-key-missing", "idempotency-key-invalid", "request-in-flight",
                  "length-required", "body-too-large", "media-type-unsupported", "idempotency-key-reused"),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Answer each."""
        body = json_body(request)
        now = clock.now()
        return once(request, body, lambda: _answer_many(request, body, now), kept_as=ManyResource, now=now)


def _answer_many(request: Request, body: bytes, now: datetime) -> Done:
    told = typed(body, ManyBody)
    try:
        answer = msgspec.convert(told.answer, Resolution)
    except msgspec.ValidationError as error:
        raise Problem("body-invalid", errors=[finding(str(error), "/answer")]) from error
    if answer.action not in ASKS or not ASKS[answer.action].in_bulk:
        raise Problem("body-invalid", errors=[{"pointer": "/answer/action", "detail": "not for many at once"}])
    who = client(request)
    data = []
    # In one order of their ids, whatever the body's: two such requests at once wait for each other, and no longer.
    for identifier in sorted(set(told.processes)):
        data.append(_one_of_many(who.company.tenant, identifier, answer, who.actor, now))
    done = sum(one.done for one in data)
    return Done(200, ManyResource(done=done, refused=len(data) - done, data=data))


def _one_of_many(tenant: str, identifier: str, answer: Resolution, actor: str, now: datetime) -> OneOfManyResource:
    try:
        process = one(Process.objects.filter(tenant=tenant), ids.PROCESS, identifier)
        resolve(process, answer, actor=actor, now=now, reason=answer.reason)
    except Problem as problem:
        newer = problem.members.get("superseded_by")
        return OneOfManyResource(
            process=identifier, done=False, code=problem.code, detail=str(problem.detail), superseded_by=newer
        )
    return OneOfManyResource(process=identifier, done=True, code="", detail="", superseded_by=None)


def resolution_of(told: Any) -> Resolution:
    """Return the resolution in a body: what it leaves out is left to the resolution's own defaults.

    :raises Problem: `body-invalid` when a field is not what its action knows.
    """
    given = {name: value for name, value in msgspec.to_builtins(told).items() if name != "process" and value}
    try:
        return msgspec.convert(given, Resolution)
    except msgspec.ValidationError as error:
        raise Problem("body-invalid", errors=[finding(str(error))]) from error


def resolve(process: Process, resolution: Any, *, actor: str, now: datetime, reason: str = "") -> None:
    """Answer the question that a process is held with, after the catalogue has agreed.

    :raises Problem: `resolution-refused`, `hold-superseded`, `not-held`.
    """
    try:
        answering.resolve(process.pk, resolution, now=now, actor=actor, reason=reason)
    except ResolutionRefused as error:
        raise Problem("resolution-refused", detail=error.words) from error
    except Superseded as error:
        newest = answering.newest(Process.objects.get(pk=str(error.by)))
        version = decode(newest.payload, InvoiceOrder).version if newest.workflow == invoice_order.name else None
        raise Problem("hold-superseded", superseded_by=ids.text(ids.PROCESS, newest.pk), version=version) from error
    except WrongState as error:
        raise Problem("not-held", process_state=error.state) from error
