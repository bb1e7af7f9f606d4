"""What every address of the API has in common: its negotiation, its methods, its key and scope."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import msgspec
from django.db.models import Model, QuerySet
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from invoicing.api import ids
from invoicing.api.keys import Client, HasScope
from invoicing.api.problems import Problem
from invoicing.api.schema import Described
from invoicing.storefronts import Unreadable
from invoicing.storefronts.payload import load
from invoicing.webhooks import MAX_BODY

Row = TypeVar("Row", bound=Model)
Read = TypeVar("Read")
Body = TypeVar("Body", bound=msgspec.Struct)


class OneAnswer(BaseContentNegotiation):
    """JSON whatever Accept says: a client that asks for something else reads it all the same."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Return the only parser."""
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """Return the only renderer and its media type."""
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """A view behind a key. `scopes` names the scope that each of its methods asks for."""

    schema: ClassVar[Described | None] = Described()
    content_negotiation_class = OneAnswer
    permission_classes: ClassVar = [IsAuthenticated, HasScope]
    metadata_class = None
    http_method_names: ClassVar = ["get", "head", "post"]
    scopes: ClassVar[dict[str, str]] = {}


class Unknown(ApiView):
    """Any address under /api/ that is none."""

    authentication_classes: ClassVar[list[Any]] = []
    permission_classes: ClassVar = []
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse, whatever the method."""
        raise Problem("not-found")


def client(request: Request) -> Client:
    """Return whose key this is: every query starts from its company."""
    assert isinstance(request.user, Client)  # noqa: S101 (the permission has seen to it)
    return request.user


def one(rows: "QuerySet[Row]", kind: str, identifier: str) -> Row:
    """Return the row with this identifier.

    :raises Problem: `not-found`, also for a text that is no identifier.
    """
    row = rows.filter(pk=uuid_of(kind, identifier)).first()
    if row is None:
        raise Problem("not-found")
    return row


def uuid_of(kind: str, identifier: str) -> UUID:
    """Return the UUID behind an identifier.

    :raises Problem: `not-found`.
    """
    try:
        return ids.uuid(kind, identifier)
    except ids.NotAnId as error:
        raise Problem("not-found") from error


def json_body(request: Request) -> bytes:
    """Return the raw body of a JSON request, up to MAX_BODY bytes.

    :raises Problem: `media-type-unsupported`, `length-required`, `body-too-large`.
    """
    media_type = request.content_type.partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem("media-type-unsupported")
    length = request.META.get("CONTENT_LENGTH") or ""
    # Django reads as many bytes as Content-Length says: a chunked body would look like an empty one.
    if not length.isdecimal():
        raise Problem("length-required")
    if int(length) > MAX_BODY:
        raise Problem("body-too-large")
    body: bytes = request.body
    return body


def readable(read: Callable[[], Read]) -> Read:
    """Return what `read` makes of a body.

    :raises Problem: `body-invalid`, pointing to what is wrong.
    """
    try:
        return read()
    except Unreadable as error:
        raise Problem("body-invalid", errors=[{"pointer": error.pointer, "detail": error.reason}]) from error


def typed(body: bytes, kind: type[Body]) -> Body:
    """Return a JSON body as the Struct that it is to be.

    :raises Problem: `body-invalid`, pointing to what is wrong.
    """
    readable(lambda: load(body))  # what JSON allows and PostgreSQL cannot hold is refused here
    try:
        return msgspec.json.decode(body.decode("utf-8-sig"), type=kind)
    except msgspec.ValidationError as error:
        raise Problem("body-invalid", errors=[finding(str(error))]) from error


def finding(message: str, under: str = "") -> dict[str, str]:
    """Return msgspec's finding as problems tell one: its pointer (below `under`), and what is wrong there."""
    detail, _, path = message.partition(" - at `$")
    pointer = path.rstrip("`").replace("[", "/").replace("]", "").replace(".", "/")
    return {"pointer": under + pointer, "detail": detail}


def answer(resource: msgspec.Struct, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a resource as JSON: amounts as strings, moments in RFC 3339."""
    return Response(msgspec.to_builtins(resource), status=status, headers=headers)
