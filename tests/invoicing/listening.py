"""A client's own system that is told of events: a real HTTP server that answers as it is told, and keeps what came."""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

Script = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Came:
    """One request as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> Any:
        return json.loads(self.body)

    def signed_by(self, secret: str) -> bool:
        """Tell whether the reference implementation of Standard Webhooks takes it."""
        Webhook(secret).verify(self.body, self.headers)
        return True


@dataclass
class Listener:
    """What it says, in order (the last for ever): a status, or a function that writes the answer itself."""

    url: str = ""
    says: list[int | Script] = field(default_factory=lambda: [204])
    headers: dict[str, str] = field(default_factory=dict)
    came: list[Came] = field(default_factory=list)

    def next(self) -> int | Script:
        return self.says.pop(0) if len(self.says) > 1 else self.says[0]


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Answer a letter at a time, for as long as the other side listens."""
    try:
        while True:
            handler.wfile.write(b"a")
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        handler.close_connection = True


@contextmanager
def listening(tls: ssl.SSLContext | None = None) -> Iterator[Listener]:
    """Have one listen during the block; with `tls` at https://localhost."""
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            listener.came.append(Came({name.lower(): value for name, value in self.headers.items()}, body))
            said = listener.next()
            if not isinstance(said, int):
                said(self)
                return
            self.send_response(said)
            for name, value in listener.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    where = "https://localhost" if tls else "http://127.0.0.1"
    listener.url = f"{where}:{server.server_address[1]}/eventos"
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
