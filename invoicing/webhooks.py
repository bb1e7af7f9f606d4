"""`POST /webhooks/<connection>/`: judge the signature over the raw bytes, keep them, answer. Nothing else.

`GET` with a `challenge` is how Adobe sees that the address is meant to be called: the challenge goes back.
"""

import hashlib
import logging
import re
from functools import cache
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from common import clock
from common.prepared import Columns
from invoicing.intake import receive, refuse
from invoicing.models import Connection
from invoicing.storefronts import PLATFORMS, CannotJudge, shopify_privacy
from workflows.rows import sql

log = logging.getLogger(__name__)

WITHOUT_A_DOOR = ("api", "manual")
"""Platforms whose orders come another way."""
MAX_BODY = 1024 * 1024
"""Bytes. Shopify's largest orders are a few hundred kilobytes."""
CHALLENGE = re.compile(r"[A-Za-z0-9-]{1,100}")


@csrf_exempt
def webhook(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Answer 200 once the delivery is committed, also when it was there before.

    401: wrong signature (counted, body not kept). 404: no such connection. 411: length not announced (Django reads
    nothing then). 413: too large. 503: database away, or the key that signs out of reach.
    """
    try:
        if request.method != "POST":
            return _challenge(request, connection_id)
        return _webhook(request, connection_id)
    except (OperationalError, InterfaceError):
        log.exception("webhook for %s: no database", connection_id)
        return JsonResponse({"error": "try again later"}, status=503, headers={"Retry-After": "30"})


def _challenge(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Send back what Adobe asks with; anything else that is not posted is no delivery."""
    asked = request.GET.get("challenge", "") if request.method == "GET" else ""
    magento = Connection.objects.filter(pk=connection_id, active=True, platform=Connection.Platform.MAGENTO)
    if not CHALLENGE.fullmatch(asked) or not magento.exists():
        return HttpResponseNotAllowed(["POST"])
    return HttpResponse(asked, content_type="text/plain")


def _of_privacy(connection: Connection, request: HttpRequest) -> bool:
    """Tell whether a shop asks to forget: those it may send after it was disconnected, and sends again until heard."""
    return connection.platform == Connection.Platform.SHOPIFY and shopify_privacy.concerns(request.headers)


def _connection(connection_id: UUID) -> Connection | None:
    """Return a connection that has a door, without the credentials by which it is pulled from."""
    columns, statement = _with_a_door()
    rows = sql(statement, [connection_id, list(WITHOUT_A_DOOR)])
    found: Connection | None = columns.load(rows[0]) if rows else None
    return found


@cache
def _with_a_door() -> tuple[Columns, str]:
    wanted = (field.name for field in Connection._meta.concrete_fields if field.name != "credentials")
    columns = Columns.of(Connection, "c", *wanted)
    table = Connection._meta.db_table
    return columns, f"SELECT {columns} FROM {table} c WHERE c.id = %s AND c.platform <> ALL(%s)"  # noqa: S608 (the model's own columns)


def _webhook(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
        return JsonResponse({"error": "announce the body's Content-Length"}, status=411)
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY:
        return JsonResponse({"error": f"body larger than {MAX_BODY} bytes"}, status=413)
    connection = _connection(connection_id)
    if connection is None or not (connection.active or _of_privacy(connection, request)):
        return JsonResponse({"error": "unknown connection"}, status=404)
    storefront = PLATFORMS[connection.platform]
    try:
        body = request.body
    except RequestDataTooBig:
        return JsonResponse({"error": f"body larger than {MAX_BODY} bytes"}, status=413)
    if storefront.ping(body, request.headers):
        return JsonResponse({"status": "pong"})
    now = clock.now()
    try:
        authentic = storefront.authentic(body, request.headers, connection.secrets)
    except CannotJudge as error:
        log.warning("connection %s: %s", connection.pk, error)
        return JsonResponse({"error": "try again later"}, status=503, headers={"Retry-After": "60"})
    if not authentic:
        log.warning(
            "connection %s: wrong signature, %d bytes, sha256 %s",
            connection.pk, len(body), hashlib.sha256(body).hexdigest(),
        )  # fmt: skip
        refuse(connection, now=now)
        return JsonResponse({"error": "wrong signature"}, status=401)
    identity = storefront.identity(body, request.headers)
    received = receive(connection, body=body, headers=request.headers, identity=identity, now=now)
    return JsonResponse({"delivery": str(received.delivery_id), "new": received.new})
