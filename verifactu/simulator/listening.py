"""What both doors have in common: the standard library's HTTP/1.1, a thread a connection, no name looked up."""

import logging
import socket
import socketserver
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

log = logging.getLogger(__name__)


class Handler(BaseHTTPRequestHandler):
    """One connection, kept open between requests."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "Encadena-simulator", ""
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave together

    def handle_expect_100(self) -> bool:
        """Tell a client that waits for it to go on, at once: curl asks before it sends a large message."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def log_message(self, format: str, *args: Any) -> None:
        """Note the request, for who debugs."""
        log.debug(format, *args)


class Listener(ThreadingHTTPServer):
    """Listens on an address, of either family."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[Handler]) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Bind without asking DNS for our own name, which takes seconds where there is none."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell a client's broken connection from a defect of ours."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            log.debug("%s: %s", client_address, error)
        else:
            log.error("A connection ended with a defect", exc_info=error)
