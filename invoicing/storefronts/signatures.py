"""HMAC-SHA256 in base64 over the raw body, as both Shopify and WooCommerce sign."""

import base64
import hashlib
import hmac
from collections.abc import Iterable


def signed(body: bytes, signature: str, secrets: Iterable[str]) -> bool:
    """Tell whether `signature` is that of `body` under one of `secrets`.

    Every secret is tried whatever the outcome, each compared in constant time. An empty secret signs nothing: anyone
    could have used it.
    """
    given = signature.strip().encode("utf-8", "replace")
    found = False
    for secret in secrets:
        expected = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
        found |= hmac.compare_digest(expected, given) and bool(secret)
    return found
