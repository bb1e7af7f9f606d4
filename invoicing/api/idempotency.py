"""One answer per Idempotency-Key: the first is kept in the commit of what it tells, and given again while it is kept.

How long that is: purging.py. Only an answer to a request that was carried out is kept. A refusal changed nothing:
whoever corrects the request may send it under the same key, and whoever repeats it unchanged gets the same refusal
anew.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import msgspec
from django.db import OperationalError, transaction
from rest_framework.request import Request
from rest_framework.response import Response

from invoicing.api import base
from invoicing.api.problems import Problem
from invoicing.models import IdempotencyKey
from workflows.rows import sql

LOCK_NOT_AVAILABLE = "55P03"
_KEY = re.compile(r"[!-~]{1,200}")


class Done(NamedTuple):
    """What a request came to."""

    status: int
    resource: msgspec.Struct
    location: str = ""


def once(
    request: Request, body: bytes, work: Callable[[], Done], *, kept_as: type[msgspec.Struct], now: datetime
) -> Response:
    """Carry out `work` and keep its answer, in one transaction, or repeat the answer that is kept.

    `kept_as` is the type of the answer's resource. Of two requests at once, the second waits for the first one's
    commit on an advisory lock (the row that it would wait for does not exist yet) and repeats its answer.

    :raises Problem: `idempotency-key-missing`, `idempotency-key-invalid`, `idempotency-key-reused` for a key that
        went with another request, `request-in-flight` when the first one takes longer than the lock timeout.
    """
    company = base.client(request).company
    key = _key(request)
    fingerprint = _fingerprint(request, body)
    with transaction.atomic():
        _lock(f"{company.pk}:{key}")
        kept = IdempotencyKey.objects.filter(company=company, key=key).first()
        if kept and kept.fingerprint != fingerprint:
            raise Problem("idempotency-key-reused")
        if kept:
            return _tell(Done(kept.status, msgspec.convert(kept.body, kept_as), kept.location), replayed=True)
        done = work()
        IdempotencyKey.objects.create(
            company=company,
            key=key,
            fingerprint=fingerprint,
            status=done.status,
            location=done.location,
            body=msgspec.to_builtins(done.resource),
            created_at=now,
        )
    return _tell(done, replayed=False)


def _tell(done: Done, *, replayed: bool) -> Response:
    headers = {"Location": done.location} if done.location else {}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return base.answer(done.resource, done.status, headers)


def _key(request: Request) -> str:
    key: str = request.headers.get("Idempotency-Key", "")
    if not key:
        raise Problem("idempotency-key-missing")
    if not _KEY.fullmatch(key):
        raise Problem("idempotency-key-invalid")
    return key


def _fingerprint(request: Request, body: bytes) -> str:
    """Hash what makes the request: method, path, connection (two shops may count alike), and the bytes sent."""
    head = f"{request.method} {request.path} {base.client(request).connection.pk}\n"
    return hashlib.sha256(head.encode() + body).hexdigest()


def _lock(name: str) -> None:
    try:
        sql("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"invoicing:idempotency:{name}"])
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        raise Problem("request-in-flight", headers={"Retry-After": "1"}) from error
