"""The public keys by which Adobe I/O Events signs, and the judgement of its two signatures.

Each delivery names its keys by a path; the host is ours to know, or whoever sends would choose the key.
"""

import base64
import binascii
import logging
import re
from collections.abc import Callable, Iterable
from functools import lru_cache

import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from invoicing.storefronts.contract import CannotJudge

log = logging.getLogger(__name__)

HOST = "https://static.adobeioevents.com"
KEY_PATH = re.compile(r"/[A-Za-z0-9_-]{1,40}(/[A-Za-z0-9_-]{1,60}){0,3}/[A-Za-z0-9_-]{1,80}\.pem")
LONGEST_KEY = 8192
"""Bytes of a PEM file."""

Fetcher = Callable[[str], bytes]
"""Address -> the PEM file that is there."""


def fetch_key(address: str) -> bytes:
    """Return the PEM file at an address of Adobe's, nothing where none is; it waits two seconds, Adobe itself ten.

    :raises requests.RequestException: when the host is out of reach or in trouble.
    """
    # Streamed, so that a long answer is cut; not redirected, so that it comes from where it was asked.
    with requests.get(address, timeout=2, allow_redirects=False, stream=True) as answer:
        if answer.status_code >= requests.codes.server_error:
            answer.raise_for_status()
        return next(answer.iter_content(LONGEST_KEY), b"") if answer.status_code == requests.codes.ok else b""


@lru_cache(maxsize=64)
def public_key(path: str, fetcher: Fetcher) -> RSAPublicKey:
    """Return the key at a path of Adobe's host, fetched once per process. Failures are not kept.

    :raises requests.RequestException: when the host is out of reach.
    :raises ValueError: when no RSA key is there.
    """
    key = load_pem_public_key(fetcher(HOST + path))
    if not isinstance(key, RSAPublicKey):
        raise ValueError("not an RSA key")  # noqa: TRY004 (a file of the wrong kind, not an argument)
    return key


def signed(body: bytes, signatures: Iterable[tuple[str, str]], *, fetcher: Fetcher = fetch_key) -> bool:
    """Tell whether one of (signature in base64, path of its key) is RSA-SHA256 of the body.

    :raises CannotJudge: when none is, and a key could not be had.
    """
    missing = False
    for signature, path in signatures:
        if not signature or not KEY_PATH.fullmatch(path):
            continue
        try:
            public_key(path, fetcher).verify(base64.b64decode(signature, validate=True), body, PKCS1v15(), SHA256())
        except requests.RequestException as error:
            log.warning("Adobe's key %s is out of reach: %s", path, type(error).__name__)
            missing = True
        except (binascii.Error, InvalidSignature, ValueError):
            continue
        else:
            return True
    if missing:
        raise CannotJudge("Adobe's public key is out of reach")
    return False
