"""How shops sign: HMAC-SHA256 over the raw body alone, or over a moment and the body.

Everywhere every secret is tried whatever the outcome, each compared in constant time. An empty secret signs nothing:
anyone could have used it.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime

TOLERANCE = 300
"""Seconds between a signature's own moment and now, either way, as Stripe has it."""


def signed(body: bytes, signature: str, secrets: Iterable[str]) -> bool:
    """Tell whether `signature` is the base64 HMAC of `body` under one of `secrets` (Shopify, WooCommerce)."""
    given = signature.strip().encode("utf-8", "replace")
    found = False
    for secret in secrets:
        expected = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
        found |= hmac.compare_digest(expected, given) and bool(secret)
    return found


def stamped(body: bytes, signature: str, secrets: Iterable[str], *, now: datetime) -> bool:
    """Tell whether one v1 of "t=…,v1=…" is the hex HMAC of "t.body" under one of `secrets`, made within the tolerance.

    Several v1 stand there while a secret is being changed; other schemes (Stripe's v0) prove nothing.
    """
    parts = [part.strip().partition("=") for part in signature.split(",")]
    moments = [value for name, _, value in parts if name == "t"]
    if len(moments) != 1 or not _recent(moments[0], now):
        return False
    given = [value.encode("utf-8", "replace") for name, _, value in parts if name == "v1"]
    found = False
    for secret in secrets:
        expected = hmac.new(secret.encode(), moments[0].encode() + b"." + body, hashlib.sha256).hexdigest().encode()
        for each in given:
            found |= hmac.compare_digest(expected, each) and bool(secret)
    return found


def standard(body: bytes, *, message: str, moment: str, signature: str, secrets: Iterable[str], now: datetime) -> bool:
    """Tell whether one v1 of "v1,… v1,…" is the base64 HMAC of "id.moment.body" (the Standard Webhooks scheme).

    A secret that begins with whsec_ is base64, as that scheme writes it; any other counts as its own bytes.
    """
    if not _recent(moment, now):
        return False
    given = [each.removeprefix("v1,").encode("utf-8", "replace") for each in signature.split() if each[:3] == "v1,"]
    content = f"{message}.{moment}.".encode("utf-8", "replace") + body
    found = False
    for secret in secrets:
        key = _standard_key(secret)
        expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest())
        for each in given:
            found |= hmac.compare_digest(expected, each) and bool(key)
    return found


def shown(secret: str, secrets: Iterable[str]) -> bool:
    """Tell whether the secret that came along is one of `secrets`: for platforms that send a header of our choice."""
    given = secret.encode("utf-8", "replace")
    found = False
    for each in secrets:
        found |= hmac.compare_digest(each.encode(), given) and bool(each)
    return found


def _recent(moment: str, now: datetime) -> bool:
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
        return False
    return abs(now.astimezone(UTC).timestamp() - int(moment)) <= TOLERANCE


def _standard_key(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return b""
