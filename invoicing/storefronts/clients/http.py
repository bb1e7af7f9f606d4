"""One small HTTP helper for all clients: GET, JSON, bounded in time, size and tries.

Certificates are verified and redirects are not followed, so what is asked stays with the address that staff gave.
Credentials travel in headers alone; no message and no log line has them.
"""

import json
import random
import socket
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
import requests
from urllib3.exceptions import NameResolutionError

from invoicing.storefronts.clients.errors import ShopRefused, ShopUnavailable
from invoicing.storefronts.payload import Node

CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
TRIES = 5
FIRST_WAIT = 0.5
LONGEST_WAIT = 20.0
"""Seconds that a client waits by itself; for longer its process is put off."""
MAX_BODY = 32 * 1024 * 1024
"""Bytes of one answer. A page of 250 Shopify orders is a few megabytes."""

Params = Mapping[str, str | int] | list[tuple[str, str]]


class Answer(msgspec.Struct, frozen=True):
    """What the shop said: the JSON (None for an empty answer) and the headers, whatever their case."""

    content: Node
    headers: Mapping[str, str]


class _Headers(requests.auth.AuthBase):
    """Puts the credentials on: as an auth object, so that no .netrc of the machine takes their place."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self._headers)
        return request


class Api:
    """A shop's API at one address with one set of credentials."""

    def __init__(
        self,
        address: str,
        headers: Mapping[str, str],
        *,
        pace: Callable[[Mapping[str, str]], float] = lambda headers: 0.0,
        zone: ZoneInfo = ZoneInfo("Europe/Madrid"),  # noqa: B008 (a constant)
        timeout: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
        tries: int = TRIES,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.zone = zone
        """In which the shop writes times that have no offset."""
        self._address = address.rstrip("/")
        self._host = urlsplit(address).hostname or address
        self._auth = _Headers(headers)
        self._pace = pace
        self._timeout = timeout
        self._tries = tries
        self._sleep = sleep
        self._session = requests.Session()
        self._session.headers.update({"Accept": "application/json", "User-Agent": "Encadena"})

    def get(self, path: str, params: Params = ()) -> Answer:  # type: ignore[assignment]
        """Ask for `path`; tried again, with growing waits, while the shop is busy, broken or out of reach.

        :raises ShopUnavailable: when it does not get better, or asks for a longer wait than this one takes.
        :raises ShopRefused: when asking again cannot help.
        """
        for failures in range(1, self._tries + 1):
            try:
                return self._once(path, params)
            except ShopUnavailable as error:
                wait = FIRST_WAIT * 2 ** (failures - 1) * random.uniform(0.75, 1.0)  # noqa: S311 (spread, not secrecy)
                wait = error.retry_after if error.retry_after is not None else wait
                if failures == self._tries or wait > LONGEST_WAIT or error.code in ("dns", "tls"):
                    raise
                self._sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _once(self, path: str, params: Params) -> Answer:
        try:
            with self._session.get(
                f"{self._address}/{path}",
                params=params,
                auth=self._auth,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                body = _body(response, self._host)
        except requests.exceptions.SSLError as error:
            raise self._away("tls", untrusted(error)) from None
        except requests.exceptions.Timeout:
            raise self._away("timeout", "no answer in time") from None
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
            raise self._away("cut", "the answer was cut off") from None
        except requests.exceptions.ConnectionError as error:
            if _is_dns(error):
                raise self._away("dns", "no such host") from None
            raise self._away("connection", "no connection") from None
        except (requests.exceptions.RequestException, ValueError):
            raise ShopRefused(f"{self._host}: the address is no address of an API", code="address") from None
        self._judge(response)
        if wait := self._pace(response.headers):
            self._sleep(min(wait, LONGEST_WAIT))
        return Answer(Node(self._json(body)), response.headers)

    def _judge(self, response: requests.Response) -> None:
        """Raise for every answer that is not a success."""
        status = response.status_code
        if status < 300:
            return
        host, after = self._host, _seconds(response.headers.get("Retry-After"))
        if status == 429:
            raise self._away("throttled", "too many requests", status, after)
        if status >= 500 or status == 408:
            raise self._away("server", f"HTTP {status}", status, after)
        if status < 400:
            # Never followed: the credentials and what comes back stay with the address that staff gave.
            raise ShopRefused(f"{host} sends elsewhere (HTTP {status}): write the final address", code="moved")
        if status == 401:
            raise ShopRefused(f"{host} does not know these credentials (HTTP 401)", code="unauthorised")
        if status in (402, 403):
            raise ShopRefused(f"{host}: the credentials may not read this (HTTP {status})", code="forbidden")
        if status in (404, 410):
            raise ShopRefused(f"{host} has nothing there (HTTP {status})", code="not_found")
        raise ShopRefused(f"{host} refuses the question (HTTP {status})", code="unexpected")

    def _json(self, body: bytes) -> Any:
        if not body.strip():
            return None
        try:
            return json.loads(body, parse_float=Decimal)
        except (ValueError, RecursionError):
            page = body.lstrip()[:1] == b"<"
            # A page instead of JSON is a wrong address, a firewall or maintenance; half a JSON was cut on the way.
            told = "a web page came instead of data" if page else "the answer is not JSON"
            raise self._away("not_json" if page else "cut", told) from None

    def _away(
        self, code: str, told: str, status: int | None = None, retry_after: float | None = None
    ) -> ShopUnavailable:
        return ShopUnavailable(f"{self._host}: {told}", code=code, status=status, retry_after=retry_after)


def _body(response: requests.Response, host: str) -> bytes:
    parts, size = [], 0
    for part in response.iter_content(64 * 1024):
        size += len(part)
        if size > MAX_BODY:
            raise ShopRefused(f"{host}: an answer of more than {MAX_BODY} bytes", code="unexpected")
        parts.append(part)
    return b"".join(parts)


def _seconds(text: str | None) -> float | None:
    """Return Retry-After in seconds; a date, which no platform here sends, counts as not given."""
    try:
        return min(max(float(text), 0.0), 3600.0) if text else None
    except ValueError:
        return None


def _is_dns(error: BaseException) -> bool:
    inner = _cause(error)
    return isinstance(inner, NameResolutionError | socket.gaierror)


def untrusted(error: BaseException) -> str:
    """Return why a certificate is not trusted, without the address, which may hold a secret."""
    return f"its certificate is not trusted ({str(_cause(error)).split(':', 1)[-1].strip()[:150]})"


def _cause(error: BaseException) -> BaseException:
    """Return what urllib3 says inside the error that requests makes of it."""
    inner = error.args[0] if error.args and isinstance(error.args[0], BaseException) else error
    reason = getattr(inner, "reason", None)
    return reason if isinstance(reason, BaseException) else inner
