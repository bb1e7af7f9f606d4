"""The keys of the REST API: issued once in plain text, kept as SHA-256, judged on each request.

    enc_ s a1b2c3d4 _ 43 characters of 256 random bits, CRC-32 in 8 hexadecimal digits
         │ └ identity, shown in the admin; with what stands before it, the row's `prefix`
         └ the environment that the key was made for: s simulator, t test, p production

The checksum tells a mistyped key from a wrong one without asking the database, and lets secret scanners be sure.
"""

import hashlib
import re
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any
from zlib import crc32

from django.conf import settings
from django.db.models import Q
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from common import clock
from common.words import Words
from invoicing.api.problems import Problem
from invoicing.models import ApiKey, Company, Connection

SCOPES = {
    "orders:write": Words("enviar pedidos y resolver retenciones", "send orders and resolve holds"),
    "orders:read": Words("leer pedidos", "read orders"),
    "invoices:read": Words("leer facturas y sus PDF", "read invoices and their PDFs"),
    "invoices:write": Words("subsanar y anular facturas", "correct the records of invoices and annul them"),
    "processes:read": Words("leer procesos", "read processes"),
    "processes:write": Words(
        "reanudar, cancelar, repetir y responder procesos", "resume, cancel, replay and answer processes"
    ),
    "webhooks:manage": Words("recibir avisos de lo que pasa", "be told what happens"),
}

LETTERS = {"simulator": "s", "test": "t", "production": "p"}
_FORM = re.compile(r"(?P<prefix>enc_(?P<letter>[stp])[a-z0-9]{8})_[A-Za-z0-9_-]{43}(?P<check>[0-9a-f]{8})")
_IDENTITY = string.ascii_lowercase + string.digits
_SCHEMES = ("bearer", "api-key")
_KEY_PARAMETERS = {"key", "api_key", "apikey", "api-key", "token", "access_token", "authorization"}

USED_EVERY = timedelta(minutes=1)
"""`last_used_at` is written at most this often: it answers "is this key still in use?", and no more."""


def issue_key(*, company: Company, connection: Connection, name: str, scopes: Sequence[str]) -> tuple[ApiKey, str]:
    """Make a key and return it with its plain text, which is shown now or never.

    :raises ValueError: for an unknown scope, a connection of another company, or the scope to send orders on a
        connection that is a shop's (its orders come by webhook).
    """
    if unknown := sorted(set(scopes) - set(SCOPES)):
        raise ValueError(f"unknown scopes: {', '.join(unknown)}; there are {', '.join(SCOPES)}")
    if connection.company_id != company.pk:
        raise ValueError("the connection belongs to another company")
    if "orders:write" in scopes and connection.platform != Connection.Platform.API:
        raise ValueError("orders:write needs a connection of the platform API")
    letter = LETTERS[settings.AEAT_ENVIRONMENT]
    prefix = f"enc_{letter}" + "".join(secrets.choice(_IDENTITY) for _ in range(8))
    unchecked = f"{prefix}_{secrets.token_urlsafe(32)}"
    plain = unchecked + _checksum(unchecked)
    key = ApiKey.objects.create(
        company=company,
        connection=connection,
        name=name,
        prefix=prefix,
        key_hash=hashed(plain),
        scopes=sorted(set(scopes)),
    )
    return key, plain


@dataclass(frozen=True)
class Client:
    """Whoever holds a key: what `request.user` is in the API."""

    key: ApiKey
    company: Company
    connection: Connection
    is_authenticated: bool = True

    @property
    def actor(self) -> str:
        """The name under which the client's acts stand in the history of a process."""
        return f"api:{self.key.prefix}"

    def __str__(self) -> str:
        return self.actor


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`, or `Authorization: Api-Key <key>`."""

    def authenticate(self, request: Request) -> tuple[Client, ApiKey] | None:
        """Return the client and its key; None when there is no such header.

        :raises Problem: `key-in-url`, or `key-invalid` for a key that is malformed, unknown, revoked, or made for
            another environment.
        """
        _refuse_key_in_url(request)
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        scheme, _, plain = header.partition(" ")
        form = _FORM.fullmatch(plain.strip())
        if scheme.lower() not in _SCHEMES or form is None or _checksum(form[0][:-8]) != form["check"]:
            raise Problem("key-invalid", detail=_MALFORMED)
        if form["letter"] != LETTERS[settings.AEAT_ENVIRONMENT]:
            raise Problem("key-invalid", detail=_ELSEWHERE)
        key = (
            ApiKey.objects.select_related("company__taxpayer", "connection")
            .filter(prefix=form["prefix"], revoked_at=None, connection__active=True)
            .first()
        )
        if key is None or not compare_digest(key.key_hash, hashed(form[0])):
            raise Problem("key-invalid")
        _note_use(key, now=clock.now())
        return Client(key, key.company, key.connection), key

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for."""
        return "Bearer"


class HasScope(BasePermission):
    """The key has the scope that the view names for this method in `scopes`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return True; a method that the view does not know is refused later, as such.

        :raises Problem: `scope-missing`.
        """
        if not isinstance(request.user, Client):
            return False
        scope = view.scopes.get("GET" if request.method == "HEAD" else request.method)
        if scope and scope not in request.user.key.scopes:
            raise Problem("scope-missing", scope=scope)
        return True


def hashed(plain: str) -> str:
    """Return what is kept of a key: its SHA-256 in hexadecimal."""
    return hashlib.sha256(plain.encode()).hexdigest()


def _checksum(text: str) -> str:
    return f"{crc32(text.encode()):08x}"


def _note_use(key: ApiKey, *, now: datetime) -> None:
    if key.last_used_at and key.last_used_at > now - USED_EVERY:
        return
    # Conditional: of many requests at once, one writes.
    ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=now - USED_EVERY), pk=key.pk).update(
        last_used_at=now
    )


def _refuse_key_in_url(request: Request) -> None:
    """Addresses end up in logs and histories: a key that stands in one is not a secret any more."""
    parameters = request.query_params
    if _KEY_PARAMETERS & {name.lower() for name in parameters} or _FORM.search(request.META.get("QUERY_STRING", "")):
        raise Problem("key-in-url")


_MALFORMED = Words(
    "La cabecera Authorization debe ser «Bearer» y la clave entera (enc_…); a esta le falta o le sobra algo.",
    "The Authorization header must be “Bearer” and the whole key (enc_…); something is missing or added in this one.",
)
_ELSEWHERE = Words(
    "La clave se creó para otro entorno (simulador, pruebas o producción). Cree una en este.",
    "The key was made for another environment (simulator, test or production). Make one in this one.",
)
