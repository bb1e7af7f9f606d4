"""Endpoints: where a client's own systems are told what happens."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

import msgspec
from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from common import clock
from common.words import ErrorInWords, Words
from invoicing.api import ids, paging
from invoicing.api.base import ApiView, answer, client, json_body, one, typed
from invoicing.api.examples import (
    ENDPOINT,
    ENDPOINT_CHANGES,
    ENDPOINT_WANTED,
    ENDPOINTS,
    EVENT,
    NOTHING,
    RESENT,
    SECRET,
)
from invoicing.api.idempotency import Done, once
from invoicing.api.problems import Problem
from invoicing.api.schema import IDEMPOTENCY_KEY, operation
from invoicing.api.webhook_resources import (
    PAGED,
    SCOPE,
    EndpointBody,
    EndpointChange,
    EndpointResource,
    EventResource,
    Nothing,
    ResentResource,
    SecretResource,
    at,
    each_for,
    happened,
    shown,
)
from invoicing.models import Company, Endpoint
from invoicing.outgoing import endpoints

POSTED = ("body-invalid", "idempotency-key-missing", "idempotency-key-invalid", "request-in-flight", "length-required",
          "body-too-large", "media-type-unsupported", "idempotency-key-reused")  # fmt: skip


class Endpoints(ApiView):
    """All endpoints of the company; a place to add one."""

    scopes: ClassVar = {"GET": SCOPE, "POST": SCOPE}

    @operation(
        name="webhooks_list",
        title=Words("Avisos a otros sistemas", "Endpoints"),
        says=Words(
            "A qué direcciones se avisa y de qué. Los avisos van firmados según Standard Webhooks.",
            "Which addresses are told, and of what. What is sent is signed by Standard Webhooks.",
        ),
        scope=SCOPE,
        answer=paging.Page[EndpointResource],
        examples=ENDPOINTS,
        parameters=PAGED,
        problems=("parameter-invalid",),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """List endpoints."""
        company = client(request).company
        show = each_for(company, shown)
        return answer(paging.page(request, of_company(company), ids.ENDPOINT, {}, show))

    @operation(
        name="webhooks_add",
        title=Words("Añadir un aviso", "Add an endpoint"),
        says=Words(
            "Desde ahora se envía a esa dirección cada suceso de las clases pedidas. El secreto con que se firma se "
            "lee en /secret/.",
            "From now on every event of these kinds is sent to that address. The secret that signs it is read at "
            "/secret/.",
        ),
        scope=SCOPE,
        answer=EndpointResource,
        status=201,
        body=EndpointBody,
        body_examples=ENDPOINT_WANTED,
        examples=ENDPOINT,
        parameters=(IDEMPOTENCY_KEY,),
        headers={"Location": Words("Dónde está.", "Where it is.")},
        problems=(*POSTED, "endpoint-known"),
    )
    def post(self, request: Request) -> Response:
        """Add an endpoint."""
        body, now, company = json_body(request), clock.now(), client(request).company

        def add() -> Done:
            told = typed(body, EndpointBody)
            endpoint = _asked(
                lambda: endpoints.open_endpoint(company, url=told.url, kinds=told.events, name=told.name, now=now)
            )
            return Done(201, shown(endpoint, company), _url(endpoint))

        return once(request, body, add, kept_as=EndpointResource, now=now)


class OneEndpoint(ApiView):
    """One endpoint."""

    scopes: ClassVar = {"GET": SCOPE, "POST": SCOPE}

    @operation(
        name="webhooks_read",
        title=Words("Un aviso", "An endpoint"),
        says=Words(
            "A dónde y de qué se avisa, y si lo aceptan.", "Where and of what is told, and whether it is taken."
        ),
        scope=SCOPE,
        answer=EndpointResource,
        examples=ENDPOINT,
        problems=("not-found",),
    )
    def get(self, request: Request, id: str) -> Response:
        """Show an endpoint."""
        company = client(request).company
        return answer(shown(_endpoint(company, id), company))

    @operation(
        name="webhooks_change",
        title=Words("Cambiar un aviso", "Change an endpoint"),
        says=Words(
            "Cambia lo que se nombra. Con active false no se le avisa más; con true, de lo que pase desde ahora.",
            "Changes what is named. With active false it is told nothing more; with true, what happens from now on.",
        ),
        scope=SCOPE,
        answer=EndpointResource,
        body=EndpointChange,
        body_examples=ENDPOINT_CHANGES,
        examples=ENDPOINT,
        parameters=(IDEMPOTENCY_KEY,),
        problems=(*POSTED, "not-found", "endpoint-known"),
    )
    def post(self, request: Request, id: str) -> Response:
        """Change an endpoint."""

        def change(endpoint: Endpoint, body: bytes, company: Company, now: datetime) -> Done:
            told = typed(body, EndpointChange)
            _asked(
                lambda: endpoints.change(endpoint, name=told.name, url=told.url, kinds=told.events, active=told.active)
            )
            return Done(200, shown(endpoint, company))

        return _act(request, id, change, EndpointResource)


class EndpointSecret(ApiView):
    """The secret of an endpoint."""

    scopes: ClassVar = {"GET": SCOPE, "POST": SCOPE}

    @operation(
        name="webhooks_secret",
        title=Words("El secreto de un aviso", "The secret of an endpoint"),
        says=Words("Con él se firma lo que se envía (whsec_…).", "It signs what is sent (whsec_…)."),
        scope=SCOPE,
        answer=SecretResource,
        examples=SECRET,
        problems=("not-found",),
    )
    def get(self, request: Request, id: str) -> Response:
        """Show the secret."""
        company = client(request).company
        endpoint = _endpoint(company, id)
        until = at(endpoint.previous_until, company)
        return answer(
            SecretResource(secret=endpoint.secret, previous_until=until), headers={"Cache-Control": "no-store"}
        )

    @operation(
        name="webhooks_change_secret",
        title=Words("Cambiar el secreto", "Change the secret"),
        says=Words(
            "Firma con uno nuevo, que se lee aquí; durante un día firma también el anterior.",
            "Signs with a new one, which is read here; for a day the one before signs too.",
        ),
        scope=SCOPE,
        answer=EndpointResource,
        body=Nothing,
        body_examples=NOTHING,
        examples=ENDPOINT,
        parameters=(IDEMPOTENCY_KEY,),
        problems=(*POSTED, "not-found"),
    )
    def post(self, request: Request, id: str) -> Response:
        """Change the secret."""

        def change(endpoint: Endpoint, body: bytes, company: Company, now: datetime) -> Done:
            typed(body, Nothing)
            endpoints.change_secret(endpoint, now=now)
            return Done(200, shown(endpoint, company))

        return _act(request, id, change, EndpointResource)


class TryEndpoint(ApiView):
    """A trial of an endpoint."""

    scopes: ClassVar = {"POST": SCOPE}

    @operation(
        name="webhooks_test",
        title=Words("Probar un aviso", "Try an endpoint"),
        says=Words("Le envía un suceso «ping»; su página dice si lo aceptó.", "Sends it an event `ping`; its page says "
                  "whether it was taken."),
        scope=SCOPE,
        answer=EventResource,
        status=202,
        body=Nothing,
        body_examples=NOTHING,
        examples=EVENT,
        parameters=(IDEMPOTENCY_KEY,),
        headers={"Location": Words("Dónde seguirlo.", "Where to follow it.")},
        problems=(*POSTED, "not-found", "endpoint-off"),
    )  # fmt: skip
    def post(self, request: Request, id: str) -> Response:
        """Send a ping."""

        def ping(endpoint: Endpoint, body: bytes, company: Company, now: datetime) -> Done:
            typed(body, Nothing)
            event = _asked(lambda: endpoints.try_out(endpoint, now=now))
            where = reverse("api:event", args=[ids.text(ids.EVENT, event.pk)])
            return Done(202, happened(event, company), where)

        return _act(request, id, ping, EventResource)


class Resend(ApiView):
    """What an endpoint did not take."""

    scopes: ClassVar = {"POST": SCOPE}

    @operation(
        name="webhooks_resend",
        title=Words("Enviar lo que falló", "Send what failed"),
        says=Words(
            "Envía de nuevo, con el mismo id, cada suceso que esta dirección no aceptó.",
            "Sends anew, under the same id, every event that this address did not take.",
        ),
        scope=SCOPE,
        answer=ResentResource,
        status=202,
        body=Nothing,
        body_examples=NOTHING,
        examples=RESENT,
        parameters=(IDEMPOTENCY_KEY,),
        problems=(*POSTED, "not-found", "endpoint-off"),
    )
    def post(self, request: Request, id: str) -> Response:
        """Send anew what failed."""
        actor = client(request).actor

        def again(endpoint: Endpoint, body: bytes, company: Company, now: datetime) -> Done:
            typed(body, Nothing)
            return Done(202, ResentResource(resent=_asked(lambda: endpoints.resend(endpoint, now=now, actor=actor))))

        return _act(request, id, again, ResentResource)


def of_company(company: Company) -> "QuerySet[Endpoint]":
    """Return the endpoints of a company."""
    return Endpoint.objects.filter(company=company)


def _endpoint(company: Company, identifier: str) -> Endpoint:
    return one(of_company(company), ids.ENDPOINT, identifier)


def _url(endpoint: Endpoint) -> str:
    return reverse("api:webhook", args=[ids.text(ids.ENDPOINT, endpoint.pk)])


def _asked(work: Callable[[], Any]) -> Any:
    """Do it, and tell a refusal as a problem."""
    try:
        return work()
    except endpoints.Known as error:
        raise Problem("endpoint-known", detail=error.words) from error
    except endpoints.Off as error:
        raise Problem("endpoint-off", detail=error.words) from error
    except ErrorInWords as error:
        raise Problem("body-invalid", errors=[{"pointer": "/url", "detail": str(error)}]) from error


def _act(
    request: Request,
    identifier: str,
    work: Callable[[Endpoint, bytes, Company, datetime], Done],
    kept_as: type[msgspec.Struct],
) -> Response:
    """Do something with an endpoint, once per Idempotency-Key."""
    company, body, now = client(request).company, json_body(request), clock.now()
    endpoint = _endpoint(company, identifier)
    return once(request, body, lambda: work(endpoint, body, company, now), kept_as=kept_as, now=now)
