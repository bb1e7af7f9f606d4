"""A stand-in for the Commission's VIES: a real HTTP server that answers what it is told, and remembers the questions.

Its answers have the shapes that the REST service is seen to give (ec.europa.eu/taxation_customs/vies/rest-api).
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Told = tuple[int, bytes]


def yes(number: str = "DE123456788", request: str = "WAPIAAAAYx2lKDh8") -> Told:
    return 200, json.dumps({
        "countryCode": number[:2], "vatNumber": number[2:], "requestDate": "2026-11-28T22:00:00.000Z", "valid": True,
        "requestIdentifier": request, "name": "---", "address": "---", "traderName": "---",
        "traderNameMatch": "NOT_PROCESSED",
    }).encode()  # fmt: skip


def no(number: str = "DE123456788") -> Told:
    return 200, json.dumps({
        "countryCode": number[:2], "vatNumber": number[2:], "requestDate": "2026-11-28T22:00:00.000Z", "valid": False,
        "requestIdentifier": "", "name": "---", "address": "---",
    }).encode()  # fmt: skip


def error(code: str, status: int = 200) -> Told:
    return status, json.dumps({"actionSucceed": False, "errorWrappers": [{"error": code, "message": ""}]}).encode()


class Vies:
    """What the server is told to say, in order (the last for ever), and what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Told] = [yes()]
        self.questions: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.url = ""

    def next(self) -> Told:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def a_vies() -> Iterator[Vies]:
    """Have it listen during the block."""
    vies = Vies()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            vies.paths.append(self.path)
            vies.questions.append(json.loads(body))
            status, told = vies.next()
            self.send_response(status)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    vies.url = f"http://127.0.0.1:{server.server_address[1]}/rest-api"
    try:
        yield vies
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
