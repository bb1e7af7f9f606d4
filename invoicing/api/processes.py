"""Processes: read, and sent on, stopped, repeated or answered."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from common import clock
from common.words import Words
from invoicing.api import ids, paging
from invoicing.api.base import ApiView, answer, client, finding, json_body, one, typed
from invoicing.api.examples import ACTED, ANSWERS, PROCESS, PROCESSES, REASONS, REPLAYS
from invoicing.api.idempotency import Done, once
from invoicing.api.problems import Problem
from invoicing.api.process_resources import (
    ProcessResource,
    WholeProcessResource,
    process_url,
    processes,
    whole_process,
)
from invoicing.api.resolution import resolve
from invoicing.api.schema import IDEMPOTENCY_KEY, Param, operation
from invoicing.models import Company
from workflows import control, tokens
from workflows.encoding import EncodingError, decode
from workflows.errors import WorkflowError, WrongState
from workflows.models import Process, Token
from workflows.states import STATES

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"\S")]


class ReasonBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why."""

    reason: Reason


class ReplayBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why, and from where."""

    reason: Reason
    from_step: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None


class AnswerBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An answer, of the shape that is waited for."""

    answer: msgspec.Raw
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


class ActedResource(msgspec.Struct, frozen=True, kw_only=True):
    """The process that goes on, or has ended, after what was asked."""

    process: str
    state: str
    url: str


FILTERS = {
    "workflow": paging.equal("workflow"),
    "state": paging.among("state", STATES),
    "tag": lambda text: Q(tags__contains=[text]),
    "order": lambda text: Q(tags__contains=[f"order:{paging.identifier(ids.ORDER)(text)}"]),
}
PARAMETERS = (
    Param("workflow", Words("Qué hace: capture, invoice-order, complete-invoice, mail-invoice…",
                           "What it does: capture, invoice-order, complete-invoice, mail-invoice…")),
    Param("state", Words("El estado.", "The state."), enum=STATES),
    Param("tag", Words("Una etiqueta, entera.", "A tag, whole.")),
    Param("order", Words("Los de un pedido, ord_….", "Those of one order, ord_….")),
    Param("limit", Words("Cuántos por página, de 1 a 100; 50 si falta.", "How many a page, 1 to 100; 50 if absent."),
          int),
    Param("cursor", Words("Lo pone `next`.", "`next` holds it.")),
)  # fmt: skip
POSTED = (
    "body-invalid", "idempotency-key-missing", "idempotency-key-invalid", "not-found", "request-in-flight",
    "length-required", "body-too-large", "media-type-unsupported", "idempotency-key-reused",
)  # fmt: skip


class Processes(ApiView):
    """All processes of the company."""

    scopes: ClassVar = {"GET": "processes:read"}

    @operation(
        name="processes_list",
        title=Words("Procesos", "Processes"),
        says=Words("Los trabajos de la empresa: cada uno con su estado.", "The company's jobs, each with its state."),
        scope="processes:read",
        answer=paging.Page[ProcessResource],
        examples=PROCESSES,
        parameters=PARAMETERS,
        problems=("parameter-invalid",),
    )
    def get(self, request: Request) -> Response:
        """List processes."""
        company = client(request).company
        found = of_company(company)
        return answer(paging.page(request, found, ids.PROCESS, FILTERS, lambda rows: processes(rows, company)))


class OneProcess(ApiView):
    """One process."""

    scopes: ClassVar = {"GET": "processes:read"}

    @operation(
        name="processes_read",
        title=Words("Un proceso", "A process"),
        says=Words(
            "Sus pasos con cada intento, qué espera, su resultado, y los procesos que ha iniciado.",
            "Its steps with every try, what it waits for, its result, and the processes that it started.",
        ),
        scope="processes:read",
        answer=WholeProcessResource,
        examples=PROCESS,
        problems=("not-found",),
    )
    def get(self, request: Request, id: str) -> Response:
        """Show a process."""
        company = client(request).company
        return answer(whole_process(one(of_company(company), ids.PROCESS, id), company))


class ResumeProcess(ApiView):
    """Send a process on after its last failure."""

    scopes: ClassVar = {"POST": "processes:write"}

    @operation(
        name="processes_resume",
        title=Words("Reanudar un proceso", "Resume a process"),
        says=Words(
            "Lo envía desde el paso que falló, con los intentos contados de nuevo; lo hecho no se repite.",
            "Sends it on from the step that failed, with its tries counted anew; what is done is not repeated.",
        ),
        scope="processes:write",
        answer=ActedResource,
        status=202,
        body=ReasonBody,
        body_examples=REASONS,
        examples=ACTED,
        parameters=(IDEMPOTENCY_KEY,),
        problems=(*POSTED, "wrong-state"),
    )
    def post(self, request: Request, id: str) -> Response:
        """Resume."""

        def work(process: Process, body: bytes, who: str, now: datetime) -> Process:
            control.resume(process.pk, now=now, actor=who, reason=typed(body, ReasonBody).reason)
            return process

        return act(request, id, work)


class CancelProcess(ApiView):
    """Stop a process for good."""

    scopes: ClassVar = {"POST": "processes:write"}

    @operation(
        name="processes_cancel",
        title=Words("Cancelar un proceso", "Cancel a process"),
        says=Words(
            "Lo detiene para siempre, y a los que ha iniciado. Lo hecho, hecho está.",
            "Stops it for good, and those that it started. What is done stays done.",
        ),
        scope="processes:write",
        answer=ActedResource,
        status=202,
        body=ReasonBody,
        body_examples=REASONS,
        examples=ACTED,
        parameters=(IDEMPOTENCY_KEY,),
        problems=(*POSTED, "wrong-state"),
    )
    def post(self, request: Request, id: str) -> Response:
        """Cancel."""

        def work(process: Process, body: bytes, who: str, now: datetime) -> Process:
            control.cancel(process.pk, now=now, actor=who, reason=typed(body, ReasonBody).reason)
            return process

        return act(request, id, work)


class ReplayProcess(ApiView):
    """Do an ended process again, as a new one."""

    scopes: ClassVar = {"POST": "processes:write"}

    @operation(
        name="processes_replay",
        title=Words("Repetir un proceso", "Replay a process"),
        says=Words(
            "Inicia un proceso nuevo con el encargo de uno terminado; con from_step toma lo hecho antes de ese paso. "
            "Location lleva al nuevo.",
            "Starts a new process with the payload of an ended one; with from_step it takes over what was done before "
            "that step. Location leads to the new one.",
        ),
        scope="processes:write",
        answer=ActedResource,
        status=202,
        body=ReplayBody,
        body_examples=REPLAYS,
        examples=ACTED,
        parameters=(IDEMPOTENCY_KEY,),
        problems=(*POSTED, "wrong-state", "replay-refused"),
    )
    def post(self, request: Request, id: str) -> Response:
        """Replay."""

        def work(process: Process, body: bytes, who: str, now: datetime) -> Process:
            told = typed(body, ReplayBody)
            try:
                copy = control.replay(process.pk, now=now, actor=who, reason=told.reason, from_step=told.from_step)
            except WrongState:
                raise
            except (WorkflowError, EncodingError) as error:
                raise Problem("replay-refused") from error
            return Process.objects.get(pk=copy)

        return act(request, id, work)


class AnswerProcess(ApiView):
    """Answer the question that a process is held with."""

    scopes: ClassVar = {"POST": "processes:write"}

    @operation(
        name="processes_answer",
        title=Words("Responder a un proceso retenido", "Answer a held process"),
        says=Words(
            "Responde a su pregunta (hold.kind question); el mismo proceso sigue. A la de un pedido se responde "
            "también en el pedido.",
            "Answers its question (hold.kind question); the same process goes on. That of an order can be answered at "
            "the order too.",
        ),
        scope="processes:write",
        answer=ActedResource,
        status=202,
        body=AnswerBody,
        body_examples=ANSWERS,
        examples=ACTED,
        parameters=(IDEMPOTENCY_KEY,),
        problems=(*POSTED, "hold-superseded", "not-held", "answer-invalid", "resolution-refused"),
    )
    def post(self, request: Request, id: str) -> Response:
        """Answer."""

        def work(process: Process, body: bytes, who: str, now: datetime) -> Process:
            told = typed(body, AnswerBody)
            question = (process.hold or {}).get("token", "")
            expected = Token.objects.filter(pk=question).values_list("answer_type", flat=True).first()
            try:
                value = decode(bytes(told.answer).decode(), tokens.type_named(expected) if expected else Any)
            except EncodingError as error:
                raise Problem("answer-invalid", errors=[finding(str(error), "/answer")]) from error
            resolve(process, value, actor=who, now=now, reason=told.reason)
            return process

        return act(request, id, work)


def of_company(company: Company) -> "QuerySet[Process]":
    """Return the processes of a company."""
    return Process.objects.filter(tenant=company.tenant)


def act(request: Request, id: str, work: Callable[[Process, bytes, str, datetime], Process]) -> Response:
    """Do something with a process of the company, once per Idempotency-Key; tell of the process that `work` returns.

    :raises Problem: `not-found`, `wrong-state`.
    """
    process = one(of_company(client(request).company), ids.PROCESS, id)
    body = json_body(request)
    now = clock.now()

    def do() -> Done:
        try:
            found = work(process, body, client(request).actor, now)
        except WrongState as error:
            raise Problem("wrong-state", process_state=error.state) from error
        return done(found)

    return once(request, body, do, kept_as=ActedResource, now=now)


def done(process: Process) -> Done:
    """Return the receipt for what was done with a process."""
    state = Process.objects.values_list("state", flat=True).get(pk=process.pk)
    url = process_url(process.pk)
    return Done(202, ActedResource(process=ids.text(ids.PROCESS, process.pk), state=state, url=url), url)
