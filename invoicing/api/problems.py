"""Every refusal of the API in one shape: RFC 9457, `application/problem+json`.

`code` is the contract and never changes; `title` and `detail` are for people, Spanish unless Accept-Language asks for
English. `type` leads to the code's paragraph in /api/docs/.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.http.request import UnreadablePostError
from django.urls import reverse
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from common.words import Words

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 30
"""What Retry-After says while the database is away."""


class Kind(NamedTuple):
    """One code: its HTTP status, a short title, and what the client is to do about it."""

    status: int
    title: Words
    detail: Words


KINDS = {
    "body-invalid": Kind(400, Words("El cuerpo no es válido", "The body is not valid"), Words(
        "Corrija los campos que se nombran en errors y envíelo de nuevo; no se ha guardado nada.",
        "Correct the fields named in errors and send it again; nothing was stored.")),
    "parameter-invalid": Kind(400, Words("Un parámetro no es válido", "A parameter is not valid"), Words(
        "Corrija los parámetros que se nombran en errors.", "Correct the parameters named in errors.")),
    "request-invalid": Kind(400, Words("La petición no es válida", "The request is not valid"), Words(
        "La petición no se puede leer.", "The request cannot be read.")),
    "idempotency-key-missing": Kind(400, Words("Falta Idempotency-Key", "Idempotency-Key is missing"), Words(
        "Envíe la cabecera Idempotency-Key con un texto propio de esta operación (un UUID, o el pedido y su versión).",
        "Send the header Idempotency-Key with a text of this operation alone (a UUID, or the order and its version).")),
    "idempotency-key-invalid": Kind(400, Words("Idempotency-Key no es válida", "Idempotency-Key is not valid"), Words(
        "Idempotency-Key tiene de 1 a 200 caracteres ASCII visibles.",
        "Idempotency-Key has 1 to 200 visible ASCII characters.")),
    "key-in-url": Kind(400, Words("La clave va en la dirección", "The key stands in the address"), Words(
        "Las direcciones acaban en registros: revoque esa clave y envíe la nueva en la cabecera Authorization.",
        "Addresses end up in logs: revoke that key and send the new one in the Authorization header.")),
    "key-missing": Kind(401, Words("Falta la clave", "The key is missing"), Words(
        "Envíe la cabecera «Authorization: Bearer enc_…».", "Send the header “Authorization: Bearer enc_…”.")),
    "key-invalid": Kind(401, Words("La clave no vale", "The key is not valid"), Words(
        "La clave no existe, se revocó, o su conexión está desactivada.",
        "The key does not exist, was revoked, or its connection is switched off.")),
    "forbidden": Kind(403, Words("No permitido", "Not allowed"), Words(
        "Esta clave no puede hacerlo.", "This key may not do that.")),
    "scope-missing": Kind(403, Words("A la clave le falta un permiso", "The key lacks a scope"), Words(
        "Cree una clave que lo tenga; el permiso va en scope.", "Make a key that has it; scope names it.")),
    "connection-not-api": Kind(403, Words("La conexión no es de API", "The connection is not an API one"), Words(
        "Los pedidos de esta conexión llegan por webhook; use una clave de una conexión de la plataforma API.",
        "This connection's orders come by webhook; use a key of a connection of the platform API.")),
    "answer-reserved": Kind(403, Words("No se responde por la API", "Not answered by API"), Words(
        "Esta espera la responde el propio sistema o el personal.", "The house itself, or its staff, answers this wait."
        )),
    "not-found": Kind(404, Words("No existe", "Not found"), Words(
        "No hay nada con esa dirección o ese identificador en su empresa.",
        "There is nothing at that address, or with that identifier, in your company.")),
    "pdf-not-ready": Kind(404, Words("El PDF aún no está", "The PDF is not there yet"), Words(
        "La factura está emitida y su PDF se está componiendo; pídalo de nuevo dentro de unos segundos.",
        "The invoice is issued and its PDF is being made; ask again in a few seconds.")),
    "method-not-allowed": Kind(405, Words("Método no admitido", "Method not allowed"), Words(
        "La cabecera Allow dice los que hay.", "The header Allow names those there are.")),
    "request-in-flight": Kind(409, Words("La misma petición está en curso", "The same request is in flight"), Words(
        "Otra petición con esta Idempotency-Key no ha terminado; repítala dentro de un segundo.",
        "Another request with this Idempotency-Key has not ended; repeat it in a second.")),
    "export-of-today": Kind(409, Words("Hoy ya pidió otra exportación", "Another export was asked for today"), Words(
        "Cada clave puede pedir una exportación al día y la de hoy, en url, es de otro periodo. Pida esta mañana, o "
        "con otra clave.",
        "Each key may ask for one export a day, and today's, at url, is of another period. Ask for this one tomorrow, "
        "or with another key.")),
    "endpoint-known": Kind(409, Words("Ya se avisa a esa dirección", "That address is told already"), Words(
        "La empresa ya tiene un aviso con esa dirección: cámbielo en lugar de añadir otro.",
        "The company has an endpoint with that address: change it instead of adding another.")),
    "endpoint-off": Kind(409, Words("El aviso está apagado", "The endpoint is switched off"), Words(
        "Enciéndalo antes (active: true), cuando su sistema vuelva a aceptar avisos.",
        "Switch it on first (active: true), once your system takes events again.")),
    "hold-superseded": Kind(409, Words("Una versión más nueva decide", "A newer version decides"), Words(
        "Llegó una versión más nueva del pedido y otro proceso ocupa el lugar de este: lea el pedido y resuelva, si la "
        "hay, la retención de superseded_by.",
        "A newer version of the order came and another process took this one's place: read the order and resolve the "
        "hold of superseded_by, if it has one.")),
    "not-held": Kind(409, Words("No espera una respuesta", "It does not wait for an answer"), Words(
        "El proceso no está retenido a la espera de una respuesta; su estado va en process_state.",
        "The process is not held for an answer; process_state says where it stands.")),
    "wrong-state": Kind(409, Words("El proceso no está para eso", "The process is not in a state for that"), Words(
        "En el estado de process_state no se puede hacer eso; lea el proceso.",
        "In the state of process_state that cannot be done; read the process.")),
    "token-answered": Kind(409, Words("Ya está respondido", "Already answered"), Words(
        "La espera ya tiene su respuesta, o ya no puede tenerla; no se ha cambiado nada.",
        "The wait has its answer already, or can have none any more; nothing was changed.")),
    "length-required": Kind(411, Words("Falta Content-Length", "Content-Length is missing"), Words(
        "Envíe el tamaño del cuerpo en Content-Length; no se admiten cuerpos por trozos (chunked).",
        "Send the size of the body in Content-Length; chunked bodies are not taken.")),
    "body-too-large": Kind(413, Words("El cuerpo es demasiado grande", "The body is too large"), Words(
        "El cuerpo puede tener 1 MiB como mucho.", "The body may have 1 MiB at most.")),
    "media-type-unsupported": Kind(415, Words("El cuerpo no es JSON", "The body is not JSON"), Words(
        "Envíe el cuerpo como application/json en UTF-8.", "Send the body as application/json in UTF-8.")),
    "idempotency-key-reused": Kind(422, Words("Idempotency-Key ya se usó", "Idempotency-Key was used before"), Words(
        "Esta Idempotency-Key ya llevó otra petición; una petición distinta lleva otra.",
        "This Idempotency-Key went with another request; a different request takes another one.")),
    "resolution-refused": Kind(422, Words("La respuesta no sirve", "The answer does not do"), Words(
        "Elija una de hold.actions y dé lo que pide.", "Choose one of hold.actions and give what it asks for.")),
    "correction-refused": Kind(422, Words("Ese registro no se puede hacer", "That record cannot be made"), Words(
        "Haga lo que dice detail; no se ha registrado nada.", "Do what detail says; nothing was recorded.")),
    "answer-invalid": Kind(422, Words("La respuesta no tiene esa forma", "The answer has another shape"),
        Words("Corrija lo que se nombra en errors; el proceso sigue esperando.",
             "Correct what errors names; the process still waits.")),
    "replay-refused": Kind(422, Words("No se puede repetir así", "It cannot be replayed so"), Words(
        "El proceso no tiene ese paso, o el programa ya no tiene ese trabajo.",
        "The process has no such step, or the program does not hold its workflow any more.")),
    "internal-error": Kind(500, Words("Error nuestro", "An error of ours"), Words(
        "La petición no cambió nada y el error queda anotado. Puede repetirla con la misma Idempotency-Key.",
        "The request changed nothing and the error is logged. You may repeat it under the same Idempotency-Key.")),
    "try-later": Kind(503, Words("Ahora no es posible", "Not possible now"), Words(
        "La base de datos no responde; repita la petición, con la misma Idempotency-Key, tras Retry-After segundos.",
        "The database does not answer; repeat the request, under the same Idempotency-Key, after Retry-After seconds."
    )),
}  # fmt: skip


class Problem(Exception):
    """The API refuses the request; `code` says why.

    `errors` holds {pointer | parameter, detail} per finding; `members` are further fields of the answer.
    """

    def __init__(
        self,
        code: str,
        *,
        detail: Words | str | None = None,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.kind = KINDS[code]
        self.detail = detail or self.kind.detail
        self.errors = list(errors)
        self.headers = dict(headers or {})
        if self.kind.status == 401:
            self.headers["WWW-Authenticate"] = "Bearer"
        self.members = members

    def body(self, request: Request) -> dict[str, Any]:
        """Return the document that tells it, in the request's language."""
        return {
            "type": request.build_absolute_uri(f"{reverse('api:docs')}#{self.code}"),
            "title": str(self.kind.title),
            "status": self.kind.status,
            "detail": str(self.detail),
            "instance": request.path,
            "code": self.code,
            "errors": self.errors,
            **self.members,
        }


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """Return the answer for whatever a view raised; what nobody foresaw is logged and told without its trace."""
    request = context["request"]
    problem = error if isinstance(error, Problem) else _problem(error)
    if problem.kind.status >= 500:
        # The route, not the address: an address may hold what should not be in a log.
        route = request.resolver_match.route if request.resolver_match else ""
        log.error("%s %s: %s", request.method, route, problem.code, exc_info=error)
    return Response(problem.body(request), status=problem.kind.status, headers=problem.headers, content_type=MEDIA_TYPE)


def _problem(error: Exception) -> Problem:
    match error:
        case OperationalError() | InterfaceError():
            return Problem("try-later", headers={"Retry-After": str(RETRY_SECONDS)})
        case RequestDataTooBig():
            return Problem("body-too-large")
        case exceptions.NotAuthenticated():
            return Problem("key-missing")
        case exceptions.AuthenticationFailed():
            return Problem("key-invalid")
        case Http404() | exceptions.NotFound():
            return Problem("not-found")
        case PermissionDenied() | exceptions.PermissionDenied():
            return Problem("forbidden")
        case exceptions.MethodNotAllowed():
            return Problem("method-not-allowed")
        case exceptions.UnsupportedMediaType():
            return Problem("media-type-unsupported")
        case exceptions.ParseError() | SuspiciousOperation() | UnreadablePostError():
            return Problem("request-invalid")
    return Problem("internal-error")
