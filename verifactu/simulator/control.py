"""The loopback door, plain HTTP: tell the simulator what to do wrong, and see what it has received.

POST /control               {"mode": "timeout_after", "times": 2}, or a list of such; {"mode": "normal"} forgets what
                            is pending; {"wait": 120} asks for another TiempoEsperaEnvio from now on
GET  /control               what is pending and what has been played
GET  /control/ledger.json   counts, chains and records; `?records=no` leaves the records out
"""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from verifactu.simulator.failures import Failure
from verifactu.simulator.listening import Handler, Listener

_LONGEST_ORDER = 65536
_FIELDS = {
    "mode": str, "times": int, "operation": str, "seconds": int | float, "value": str, "record": str, "role": str,
    "duplicate": str,
}  # fmt: skip
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


class ControlHandler(Handler):
    """One connection to the control door."""

    timeout = 30.0
    server: "Control"

    def do_GET(self) -> None:  # noqa: N802 (the standard library's name)
        """Show the ledger, or the failures."""
        if not self._from_here():
            return
        asked = urlsplit(self.path)
        if asked.path == "/control/ledger.json":
            with_records = parse_qs(asked.query).get("records") != ["no"]
            self._send(HTTPStatus.OK, self.server.report(with_records))
        elif asked.path == "/control":
            self._send(HTTPStatus.OK, self.server.failures())
        else:
            self._send(HTTPStatus.NOT_FOUND, {"error": "only /control and /control/ledger.json"})

    def do_POST(self) -> None:  # noqa: N802 (the standard library's name)
        """Take an order."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _LONGEST_ORDER:
            self.close_connection = True
            self._send(HTTPStatus.BAD_REQUEST, {"error": "Content-Length is missing or too large"})
            return
        body = self.rfile.read(int(length))
        if not self._from_here():
            return
        if self.path != "/control":
            self._send(HTTPStatus.NOT_FOUND, {"error": "POST to /control"})
            return
        # A page in a browser may post to loopback, but not with this type unless it is asked first.
        if self.headers.get_content_type() != "application/json":
            self._send(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, {"error": "application/json"})
            return
        try:
            self._take(body)
        except ValueError as error:
            self._send(HTTPStatus.BAD_REQUEST, {"error": str(error)})
            return
        self._send(HTTPStatus.OK, self.server.failures())

    def _take(self, body: bytes) -> None:
        """Do what the body orders; of a list with nonsense in it, nothing.

        :raises ValueError: for nonsense.
        """
        told = json.loads(body)
        if isinstance(told, dict) and set(told) == {"wait"}:
            if not isinstance(told["wait"], int) or isinstance(told["wait"], bool):
                raise ValueError(f"wait cannot be {told['wait']!r}")
            self.server.wait(told["wait"])
            return
        if isinstance(told, list) and not told:
            raise ValueError("an empty list orders nothing")
        for order in [_order(each) for each in (told if isinstance(told, list) else [told])]:
            self.server.tell(order)

    def _from_here(self) -> bool:
        """Refuse requests that reached loopback under another name (DNS rebinding)."""
        host = self.headers.get("Host", "")
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if name in _LOOPBACK:
            return True
        self._send(HTTPStatus.FORBIDDEN, {"error": "the control port serves localhost only"})
        return False

    def _send(self, status: HTTPStatus, content: Any) -> None:
        data = json.dumps(content, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)


class Control(Listener):
    """Listens on loopback, whatever address the service listens on.

    :param tell: takes a failure, or None to forget those pending.
    :param wait: takes another TiempoEsperaEnvio.
    :param failures: returns what is pending and played.
    :param report: returns the ledger, with its records or without.
    """

    def __init__(
        self,
        port: int,
        *,
        tell: Callable[[Failure | None], None],
        wait: Callable[[int], None],
        failures: Callable[[], dict[str, Any]],
        report: Callable[[bool], dict[str, Any]],
    ) -> None:
        self.tell, self.wait, self.failures, self.report = tell, wait, failures, report
        super().__init__(("127.0.0.1", port), ControlHandler)


def _order(order: Any) -> Failure | None:
    """Return the failure that an order asks for; None for `normal`.

    :raises ValueError: for anything else.
    """
    if not isinstance(order, dict) or "mode" not in order or not set(order) <= set(_FIELDS):
        raise ValueError(f"an object with mode, and perhaps {', '.join(list(_FIELDS)[1:])}")
    for name, value in order.items():
        if not isinstance(value, _FIELDS[name]) or isinstance(value, bool):
            raise ValueError(f"{name} cannot be {value!r}")  # noqa: TRY004 (one kind of error for a wrong order)
    return None if order["mode"] == "normal" else Failure(**order)
