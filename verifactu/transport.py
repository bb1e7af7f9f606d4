"""One HTTP exchange over mutual TLS, which knows whether any of the body left.

zeep reads the contract (operations, addresses), requests carries the message; this module adds what neither has: our
own TLS context and no other source of trust, no redirects, no retries, no network while the contract is loaded, a bound
on the answer's size and duration, and the one fact on which everything else rests: had the body begun to be sent?
"""

import io
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies, select_proxy

if TYPE_CHECKING:
    import zeep

WSDL = Path(__file__).parent / "schemas" / "sistema_facturacion.wsdl"

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes: 1000 verdicts take about 1 MB, a query's page of 10,000 records with their systems some 25 MB."""

_BLOCK = 64 * 1024

# Alerts by which a server says that it will not have our certificate. With TLS 1.3 they arrive when the client already
# believes the handshake over and has sent its request: the server has then read nothing of it.
_CERTIFICATE_ALERTS = frozenset(
    {
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_REVOKED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        "TLSV1_ALERT_ACCESS_DENIED",
        "TLSV1_ALERT_UNKNOWN_CA",
    }
)


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Broken(Exception):
    """The exchange ended without a complete answer.

    `sent` is whether the body had begun to be sent; `certificate`, whether the server refused ours in the handshake;
    `status` and `body`, what had arrived of an answer by then.
    """

    def __init__(
        self,
        kind: str,
        text: str,
        *,
        sent: bool,
        certificate: bool = False,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> None:
        super().__init__(text)
        self.kind, self.text, self.sent, self.certificate = kind, text, sent, certificate
        self.status, self.headers, self.body = status, headers or {}, body


class Transport:
    """The way to one endpoint with one certificate. Threads may share it."""

    def __init__(self, context: ssl.SSLContext, *, endpoint: str, timeout: tuple[float, float]) -> None:
        self._context, self._endpoint, self._timeout = context, endpoint, timeout
        # Environment variables may name a proxy, but neither other authorities nor credentials (.netrc): see below.
        proxy = select_proxy(endpoint, get_environ_proxies(endpoint))
        self._proxies = {"https": proxy} if proxy else {}

    def exchange(self, message: bytes, headers: Mapping[str, str]) -> Reply:
        """Post once and return the whole answer, whatever its status.

        :raises Broken: when no complete answer came.
        """
        return self._exchange("POST", _Body(message), headers)

    def look(self) -> Reply:
        """Get the address once, to see whether it is there and takes our certificate.

        :raises Broken: when no complete answer came.
        """
        return self._exchange("GET", None, {})

    def _exchange(self, method: str, body: "_Body | None", headers: Mapping[str, str]) -> Reply:
        # A session and so a connection for each: a kept one may have been closed by the other side meanwhile, which
        # would be found out while writing, an unknown outcome for nothing. The AEAT asks for a minute between sendings.
        with requests.Session() as session:
            session.trust_env = False
            session.proxies = self._proxies
            session.mount("https://", _Adapter(self._context))
            try:
                response = session.request(
                    method,
                    self._endpoint,
                    data=body,
                    headers={"User-Agent": "Encadena", "Accept-Encoding": "identity", "Connection": "close", **headers},
                    timeout=self._timeout,
                    allow_redirects=False,
                    stream=True,
                )
            except requests.RequestException as error:
                raise _broken(error, sent=body is not None and body.started) from error
            with response:
                return _read(response, deadline=time.monotonic() + self._timeout[1])


class _Body(io.BytesIO):
    """The message, which remembers that someone began to read it: urllib3 does so once connected, to send it."""

    started = False

    def read(self, size: int | None = -1, /) -> bytes:
        self.started = True
        return super().read(size)

    def __iter__(self) -> Iterator[bytes]:
        self.started = True
        return super().__iter__()


class _Adapter(HTTPAdapter):
    """Connections that use our TLS context, through a proxy too, and trust nothing beside it."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, blocksize=_BLOCK, **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, ssl_context=self._context, blocksize=_BLOCK, **kwargs)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave verification to the context; requests would add the authorities of certifi to those it trusts."""


@cache
def contract() -> "zeep.Client":
    """Return the service as our WSDL describes it; read once, never from the network."""
    import zeep  # noqa: PLC0415 (a quarter of all that a worker would import, and few of them send)

    class Offline(zeep.Transport):
        """Loads the contract from our own files and refuses anything else."""

        def load(self, url: str) -> bytes:
            path = Path(url).resolve()
            if path.parent != WSDL.parent:
                raise ValueError(f"the contract names a document that is not ours: {url}")
            return path.read_bytes()

    return zeep.Client(str(WSDL), transport=Offline())  # type: ignore[no-untyped-call]


def address(port: str) -> str:
    """Return the address of one port of the VERI*FACTU service."""
    found: str = _ports()[port].binding_options["address"]
    return found


def soap_action(operation: str) -> str:
    """Return the SOAPAction of an operation of the VERI*FACTU service.

    :raises ValueError: for an operation that the service does not have.
    """
    action: str = _ports()["SistemaVerifactu"].binding.get(operation).soapaction
    return action


def _ports() -> Any:
    return contract().wsdl.services["sfVerifactu"].ports


def _read(response: requests.Response, *, deadline: float) -> Reply:
    chunks, size = [], 0
    seen: dict[str, Any] = {"sent": True, "status": response.status_code, "headers": response.headers}
    try:
        # read1 gives what has arrived, so that what arrived of a cut answer is kept and the deadline is looked at.
        while chunk := response.raw.read1(_BLOCK, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > LARGEST_ANSWER:
                raise Broken("too_large", f"more than {LARGEST_ANSWER} bytes", **seen)
            if time.monotonic() > deadline:
                raise Broken("timeout", "the answer did not end in time", body=b"".join(chunks), **seen)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        kind = "timeout" if isinstance(error, urllib3.exceptions.TimeoutError) else "cut"
        raise Broken(kind, str(error), body=b"".join(chunks), **seen) from error
    return Reply(response.status_code, response.headers, b"".join(chunks))


def _broken(error: requests.RequestException, *, sent: bool) -> Broken:
    tls = next((cause for cause in causes(error) if isinstance(cause, ssl.SSLError)), None)
    if tls is not None and tls.reason in _CERTIFICATE_ALERTS:
        return Broken("certificate", tls.reason, sent=sent, certificate=True)
    if isinstance(error, requests.Timeout):
        kind = "timeout"
    elif isinstance(error, requests.exceptions.ProxyError):
        kind = "proxy"
    elif tls is not None:
        kind = "tls"
    else:
        kind = "connection"
    return Broken(kind, str(error), sent=sent)


def causes(error: BaseException) -> Iterator[BaseException]:
    """Walk the exceptions that libraries wrap into one another, as causes, contexts, reasons or arguments."""
    pending, seen = [error], set()
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = (current.__cause__, current.__context__, getattr(current, "reason", None), *current.args)
        pending += [item for item in inner if isinstance(item, BaseException)]
