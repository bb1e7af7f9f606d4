"""One request to an address that a client gave: signed, bounded in time, never into the house's own network.

The signature is that of Standard Webhooks 1.0 (headers webhook-id, webhook-timestamp, webhook-signature). A name is
resolved once, judged, and connected to as it was judged; redirects are not followed, and of the answer only its status
and Retry-After are read.
"""

import base64
import secrets
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests
import urllib3
from django.conf import settings
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from standardwebhooks import Webhook

from common.words import ErrorInWords, Words
from invoicing.storefronts.clients.http import untrusted

TIMEOUT = (5.0, 10.0)
"""Seconds to connect, and between two signs of life."""
LONGEST = 20.0
"""Seconds for the whole request: whoever answers a letter at a time is cut off."""
LONGEST_WAIT = 6 * 3600.0
"""Seconds that are waited because the other side asks for it (Retry-After)."""
_PREFIX = "whsec_"


class BadAddress(ErrorInWords):
    """An address that may not be posted to."""


class Answer(NamedTuple):
    """What came of a request: the HTTP status, or None and why there is none; seconds that the other side asks for."""

    status: int | None
    detail: str
    retry_after: float | None = None

    @property
    def taken(self) -> bool:
        """Whether the other side has it (Standard Webhooks: any 2xx)."""
        return self.status is not None and 200 <= self.status < 300


def new_secret() -> str:
    """Return a secret to sign with: 256 random bits, as Standard Webhooks writes them."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def check(url: str) -> None:
    """Judge an address by its form alone.

    :raises BadAddress: when it is none, names a user, or is not https.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise BadAddress(*_FORM) from None
    if not host or parts.username or parts.fragment or not url.isascii() or not url.isprintable() or " " in url:
        raise BadAddress(*_FORM)
    if parts.scheme != "https" and not (parts.scheme == "http" and host in settings.WEBHOOK_PRIVATE_HOSTS):
        raise BadAddress(*_FORM)


def post(url: str, body: bytes, *, message: str, keys: Iterable[str], now: datetime) -> Answer:
    """Post a body signed with every one of `keys`; whatever goes wrong on the way is an answer without status."""
    text, moment = body.decode(), str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"{settings.SYSTEM_NAME}/{settings.SYSTEM_VERSION}",
        "webhook-id": message,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(Webhook(key).sign(message, now, text) for key in keys),
    }
    try:
        check(url)
        with (
            _session(url) as session,
            session.post(
                url, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False, stream=True, auth=_no_auth
            ) as response,
        ):
            asked = _seconds(response.headers.get("Retry-After"), now)
            return Answer(response.status_code, f"HTTP {response.status_code}", asked)
    except BadAddress as error:
        return Answer(None, error.words.en)
    except InvalidIPAddress:
        return Answer(None, "the address lies in a private network (WEBHOOK_PRIVATE_HOSTS)")
    except requests.exceptions.SSLError as error:
        return Answer(None, untrusted(error))
    except requests.exceptions.Timeout:
        return Answer(None, "no answer in time")
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        return Answer(None, f"no connection ({type(error).__name__})")


# --- the connection --------------------------------------------------------------------------------------------


class _Bounded:
    """A connection that is cut when its time is over, whatever it is doing then."""

    _timer: threading.Timer | None = None
    _copy: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        made: socket.socket = super()._new_conn()  # type: ignore[misc]
        # TLS takes the socket over: the copy is the same connection and stays ours.
        self._copy = made.dup()
        self._timer = threading.Timer(LONGEST, _cut, [self._copy])
        self._timer.daemon = True
        self._timer.start()
        return made

    def close(self) -> None:
        if self._timer and self._copy:
            self._timer.cancel()
            self._copy.close()
            self._timer = self._copy = None
        super().close()  # type: ignore[misc]


class _Plain(_Bounded, urllib3.connection.HTTPConnection):
    pass


class _Secure(_Bounded, urllib3.connection.HTTPSConnection):
    pass


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Secure


class _Anywhere(requests.adapters.HTTPAdapter):
    """Connects to hosts that the operator named, wherever they are."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


class _Outside(IPFilterAdapter, _Anywhere):
    """Connects to what is on the internet, and to nothing else."""


def _session(url: str) -> requests.Session:
    session = requests.Session()
    private = urlsplit(url).hostname in settings.WEBHOOK_PRIVATE_HOSTS
    session.mount("http://", _Anywhere())
    session.mount("https://", _Anywhere() if private else _Outside(True))
    return session


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave the request as it is: no .netrc of the machine is asked for a password."""
    return request


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):  # it ended at the same moment
        connection.shutdown(socket.SHUT_RDWR)


def _seconds(text: str | None, now: datetime) -> float | None:
    """Return Retry-After in seconds: a number, or a date (RFC 9110, 10.2.3)."""
    if not text:
        return None
    try:
        seconds = float(text) if text.strip().isdigit() else (parsedate_to_datetime(text) - now).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


_FORM = Words(
    "Escriba la dirección entera, https://…, sin usuario ni contraseña; sin TLS solo se admiten los equipos de "
    "WEBHOOK_PRIVATE_HOSTS.",
    "Write the whole address, https://…, without user or password; without TLS only hosts of WEBHOOK_PRIVATE_HOSTS "
    "are taken.",
)
