"""What a door sends: a page, a message, or what a failure makes of them."""

import contextlib
import select
import socket
import ssl
import time
from http import HTTPStatus
from typing import Any

from verifactu.simulator import answers
from verifactu.simulator.failures import RETRY_AFTER, Failure, sentence
from verifactu.simulator.listening import Handler
from verifactu.simulator.service import Reply
from verifactu.simulator.texts import TEXTS

MOST_DRIPS = 200
"""Pieces of an answer that is sent slowly."""
SOAP_TYPE, HTML_TYPE = "text/xml;charset=UTF-8", "text/html;charset=UTF-8"


class Playing(Handler):
    """A connection that can be told to fail."""

    server: Any
    connection: ssl.SSLSocket

    def fails_before(self, failure: Failure) -> bool:
        """Play a failure that stores nothing; tell whether it was one."""
        match failure.mode:
            case "timeout_before":
                self.stall(failure.seconds)
            case "html_page":
                self.page(HTTPStatus.OK, "Acceso a la sede electrónica")
            case "http_403":
                self.page(HTTPStatus.FORBIDDEN, "Acceso denegado")
            case "http_429":
                self.page(HTTPStatus.TOO_MANY_REQUESTS, "Demasiadas peticiones", retry_after=RETRY_AFTER)
            case "http_503":
                self.page(HTTPStatus.SERVICE_UNAVAILABLE, "Servicio no disponible", retry_after=RETRY_AFTER)
            case "fault_server":
                self.send(500, answers.server_fault(f"Codigo[20009].{TEXTS['20009']}"), SOAP_TYPE)
            case "fault":
                text = f"Codigo[{failure.value}].{sentence(failure.value)}"
                message = answers.client_fault(text) if failure.client else answers.server_fault(text)
                self.send(500, message, SOAP_TYPE)
            case _:
                return False
        return True

    def fails_after(self, failure: Failure, reply: Reply) -> bool:
        """Play a failure that hides or delays an answer, which is committed by now; tell whether it was one."""
        match failure.mode:
            case "timeout_after":
                self.stall(failure.seconds)
            case "cut_answer":
                half = reply.message[: len(reply.message) // 2]
                self.send(reply.status, half, SOAP_TYPE, length=len(reply.message))
                self.wfile.flush()
                self.hang_up()
            case "slow_answer":
                self.drip(failure.seconds, reply)
            case _:
                return False
        return True

    def drip(self, seconds: float, reply: Reply) -> None:
        """Send an answer piece by piece, the last one when the time is over; it is delivered if all of it left."""
        size = max(1, len(reply.message) // MOST_DRIPS)
        pieces = [reply.message[at : at + size] for at in range(0, len(reply.message), size)]
        self.send(reply.status, b"", SOAP_TYPE, length=len(reply.message))
        for piece in pieces[:-1]:
            self.wfile.write(piece)
            self.wfile.flush()
            if self.server.stopping.wait(seconds / len(pieces)):
                self.hang_up()
                return
        if reply.submission_id is not None:
            self.server.service.ledger.delivered(reply.submission_id)
        self.wfile.write(pieces[-1])
        self.wfile.flush()

    def stall(self, seconds: float) -> None:
        """Say nothing until the client gives up, the time is over or the simulator stops; then hang up."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self.server.stopping.wait(0.02):
            # Whoever still waits for an answer sends nothing: what can be read now is the end of the connection.
            if select.select([self.connection], [], [], 0)[0]:
                break
        self.hang_up()

    def hang_up(self) -> None:
        """End the connection without the goodbye of TLS, as a broken network does."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.connection, socket.SHUT_RDWR)

    def page(self, status: HTTPStatus, text: str, *, retry_after: int | None = None) -> None:
        html = f"<!DOCTYPE html><html lang='es'><title>{text}</title><body><h1>{text}</h1></body></html>"
        self.send(status, html.encode(), HTML_TYPE, retry_after=retry_after)

    def send(
        self, status: int, content: bytes, kind: str, *, length: int | None = None, retry_after: int | None = None
    ) -> None:
        """Send an answer; `length` is what to announce, where that is not the truth."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        if retry_after is not None:
            self.send_header("Retry-After", str(retry_after))
        if self.close_connection or self.server.stopping.is_set():
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()
