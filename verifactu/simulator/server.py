"""The TLS door: HTTP/1.1 over mutual TLS, a thread a connection, everything bounded, failures where they belong."""

import contextlib
import logging
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from verifactu.simulator import answers, identification, qr_page
from verifactu.simulator.authority import Authority, holder_nif, is_seal
from verifactu.simulator.failures import Failure, Failures
from verifactu.simulator.listening import Listener
from verifactu.simulator.messages import Refused
from verifactu.simulator.playing import SOAP_TYPE, Playing
from verifactu.simulator.service import Reply, Service
from verifactu.simulator.texts import TEXTS

PATH = "/wlpl/TIKE-CONT/ws/SistemaFacturacion/VerifactuSOAP"
MAX_REQUEST = 32 * 1024 * 1024
"""Bytes; a thousand ordinary records take about three million."""
IDLE_TIMEOUT = 60.0
"""Seconds that a handshake or a kept connection may be silent."""
BODY_TIMEOUT = 60.0
"""Seconds in which a whole request must have arrived."""
GRACE = 5.0
"""Seconds that requests already begun have to end when the simulator stops."""

_LINGER = 1.0
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 seconds: close() sends RST

Kind = Literal["personal", "seal", "qr"]
"""Whom a door is for: certificates of persons and representatives, seals, or anybody with an invoice in hand."""

log = logging.getLogger(__name__)


class DoorHandler(Playing):
    """One connection of a client that shook hands."""

    timeout = IDLE_TIMEOUT
    server: "Door"
    connection: ssl.SSLSocket

    def setup(self) -> None:
        """Learn in whose name the client's certificate acts."""
        super().setup()
        der = self.connection.getpeercert(binary_form=True)
        self.presenter = holder_nif(der) if der else ""
        self.sealed = bool(der) and is_seal(der or b"")

    def handle_one_request(self) -> None:
        """Let the door know that this connection waits for a request, and may be closed meanwhile."""
        with self.server.waiting(self.connection) as open_for_more:
            if open_for_more:
                super().handle_one_request()
            else:
                self.close_connection = True

    def parse_request(self) -> bool:
        """Count the request as begun: its moment is that of its first line."""
        self.server.begun(self.connection)
        self.received_at = self.server.service.now()
        return super().parse_request()

    def do_GET(self) -> None:  # noqa: N802 (the standard library's name)
        """Answer a browser: the QR page at its own door; elsewhere, that this address is not for GET."""
        if self.server.kind == "qr":
            self._verify()
            return
        if not self._admitted():
            return
        self.send(500, answers.fault(Refused("4135")), SOAP_TYPE)

    def do_POST(self) -> None:  # noqa: N802 (the standard library's name)
        """Answer one request to the service."""
        body = self._body()
        if body is None or not self._admitted():
            return
        asks = self._path() == identification.PATH
        failure = self.server.failures.for_request("identification" if asks else _operation(body), body)
        if failure and self.fails_before(failure):
            return
        reply = self._identified(body) if asks else self._reply(body, failure)
        if reply.retry_after is not None:
            text = "Demasiado pronto: TiempoEsperaEnvio no ha pasado"
            self.page(HTTPStatus(reply.status), text, retry_after=reply.retry_after)
        elif failure and self.fails_after(failure, reply):
            return
        else:
            self._deliver(reply)

    def _verify(self) -> None:
        """Show whether the invoice of a QR code is held."""
        asked = urlsplit(self.path)
        if asked.path not in (qr_page.PATH, qr_page.PATH_NOT_VERIFIABLE):
            self.page(HTTPStatus.NOT_FOUND, "Página no encontrada")
            return
        failure = self.server.failures.for_request("qr")
        page = qr_page.answer(
            parse_qs(asked.query),
            self.server.service.ledger,
            verifiable=asked.path == qr_page.PATH,
            error=failure.value if failure else "",
        )
        self.send(HTTPStatus.OK, page.content, page.kind)

    def _admitted(self) -> bool:
        """Turn away who has no certificate, or that of another door, or asks for something else than the service.

        The AEAT answers a wrong certificate with a page, not with SOAP (verifactu.md 7.1).
        """
        if self.server.kind == "qr":
            self.page(HTTPStatus.NOT_FOUND, "Página no encontrada")
        elif not self.presenter:
            self.page(HTTPStatus.FORBIDDEN, "No se ha presentado un certificado electrónico")
        elif self.sealed != (self.server.kind == "seal"):
            wants = "de sello" if self.server.kind == "seal" else "de persona o de representante"
            self.page(HTTPStatus.FORBIDDEN, f"Este servidor solo admite certificados {wants}")
        elif self._path() not in (PATH, identification.PATH):
            self.page(HTTPStatus.NOT_FOUND, "Página no encontrada")
        else:
            return True
        return False

    def _path(self) -> str:
        return self.path.partition("?")[0]

    def _body(self) -> bytes | None:
        """Read the request's body; None when it was refused or did not come, and has been answered."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or "Transfer-Encoding" in self.headers:
            self._turn_away(HTTPStatus.LENGTH_REQUIRED, "Falta Content-Length")
            return None
        if int(length) > MAX_REQUEST:
            self._turn_away(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"Más de {MAX_REQUEST} bytes")
            return None
        deadline, missing, blocks = time.monotonic() + BODY_TIMEOUT, int(length), []
        while missing:
            if time.monotonic() > deadline:
                raise TimeoutError("the request did not arrive in time")
            block = self.rfile.read1(min(missing, 65536))
            if not block:
                raise ConnectionError("the client left in the middle of its request")
            blocks.append(block)
            missing -= len(block)
        return b"".join(blocks)

    def _reply(self, body: bytes, failure: Failure | None) -> Reply:
        service = self.server.service
        try:
            return service.handle(service.arrival(body, self.presenter, self.received_at), failure)
        except Exception:
            # A defect of ours is told as the AEAT tells one of its own, and shown in our log.
            log.exception("The request could not be answered")
            return Reply(500, answers.server_fault(f"Codigo[20009].{TEXTS['20009']}"))

    def _identified(self, body: bytes) -> Reply:
        try:
            return self.server.service.identify(body)
        except Exception:
            log.exception("The question to the census could not be answered")
            return Reply(500, answers.server_fault(f"Codigo[20009].{TEXTS['20009']}"))

    def _deliver(self, reply: Reply) -> None:
        """Send an answer, noted as sent before its last byte: the client's next request must find it noted."""
        start, end = reply.message[:-1], reply.message[-1:]
        self.send(reply.status, start, SOAP_TYPE, length=len(reply.message))
        if reply.submission_id is not None:
            self.server.service.ledger.delivered(reply.submission_id)
        self.wfile.write(end)
        self.wfile.flush()

    def _turn_away(self, status: HTTPStatus, text: str) -> None:
        """Refuse a request unread, then read a little of it: closing at once could destroy the answer on its way."""
        self.close_connection = True
        self.page(status, text)
        self.connection.settimeout(_LINGER)
        deadline = time.monotonic() + _LINGER
        with contextlib.suppress(OSError):
            while time.monotonic() < deadline and self.rfile.read1(65536):
                pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the Date header by the simulator's clock: senders compare theirs with it."""
        now = self.server.service.now() if timestamp is None else datetime.fromtimestamp(timestamp, UTC)
        return format_datetime(now.astimezone(UTC), usegmt=True)


class Door(Listener):
    """Listens, shakes hands in the connection's own thread, and closes what only waits when it is told to."""

    def __init__(
        self, address: tuple[str, int], kind: Kind, authority: Authority, service: Service, failures: Failures
    ) -> None:
        self.kind, self.service, self.failures = kind, service, failures
        self._authority, self._host = authority, address[0]
        self._context = authority.server_context(self._host, asks=kind != "qr")
        self.stopping = threading.Event()
        self._change = threading.Condition()
        self._waiting: set[ssl.SSLSocket] = set()
        self._busy: set[ssl.SSLSocket] = set()
        super().__init__(address, DoorHandler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection, in its thread: the TLS handshake too, so that a slow client delays nobody."""
        failure = None if self.kind == "qr" else self.failures.for_connection()
        if failure and failure.mode == "refuse_connection":
            request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            request.close()
            return
        request.settimeout(IDLE_TIMEOUT)
        context = self._context
        if failure:
            context = self._authority.server_context(self._host, flaw=failure.mode.removeprefix("tls_"))
        with context.wrap_socket(request, server_side=True, do_handshake_on_connect=False) as connection:
            try:
                connection.do_handshake()
            except OSError:
                _see_off(connection)
                raise
            DoorHandler(connection, client_address, self)

    def stop(self) -> None:
        """Accept nothing more, let begun requests end for a few seconds, close everything."""
        self.stopping.set()
        self.shutdown()
        self.drop_waiting()
        with self._change:
            self._change.wait_for(lambda: not self._busy, timeout=GRACE)
        self.server_close()

    def drop_waiting(self) -> None:
        """Close the connections that are kept open without a request."""
        with self._change:
            for connection in self._waiting:
                # Below TLS: the thread that reads from it must find an end, not a torn-down object.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)

    @contextlib.contextmanager
    def waiting(self, connection: ssl.SSLSocket) -> Iterator[bool]:
        """Keep a connection among those that wait, until its request has begun or ended.

        Yields whether there may be another request at all: not when those that wait have just been closed, because the
        simulator stops or is to refuse connections.
        """
        with self._change:
            self._waiting.add(connection)
            open_for_more = not (self.stopping.is_set() or self.failures.refusing())
        try:
            yield open_for_more
        finally:
            with self._change:
                self._waiting.discard(connection)
                self._busy.discard(connection)
                self._change.notify_all()

    def begun(self, connection: ssl.SSLSocket) -> None:
        """Count a connection as busy."""
        with self._change:
            self._waiting.discard(connection)
            self._busy.add(connection)


def _see_off(connection: ssl.SSLSocket) -> None:
    """Let a client whose certificate was refused read why: closed with its request unread, it would see a reset."""
    with socket.socket(fileno=connection.detach()) as raw, contextlib.suppress(OSError):
        raw.settimeout(_LINGER)
        raw.shutdown(socket.SHUT_WR)
        while raw.recv(65536):
            pass


def _operation(body: bytes) -> str:
    """Tell what a request is about, before anything of it is understood."""
    return "query" if b"ConsultaFactuSistemaFacturacion" in body else "submission"
