"""The HTTP server: many shops behind one address, each under its own path, that fail as they are told.

    with StandIn() as internet:
        shop = internet.open(ShopifyShop())
        Client("shopify", shop.address, shop.credentials, plain_http=True).order("1")

Every failure is drawn from the shop's own dice, so that a run can be repeated.
"""

import json
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, TypeVar
from urllib.parse import parse_qsl, urlsplit

from tests.shops_standin.sold import Sold


@dataclass(frozen=True)
class Reply:
    """An answer of a shop's API; `content` None is an empty body."""

    content: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None


Headers = Message
"""Whatever their case."""
Query = list[tuple[str, str]]
REFUSED = Reply({"error": "unauthorized"}, 401)
NOTHING_THERE = Reply({"error": "not found"}, 404)


@dataclass
class Faults:
    """How often, of all requests, each thing goes wrong."""

    throttled: float = 0.0
    broken: float = 0.0
    cut: float = 0.0
    silent: float = 0.0
    """Answers that come after `silence` seconds, when nobody waits any more."""
    retry_after: str = "0.05"
    silence: float = 1.0


class Shop:
    """What every stand-in shop has. A platform's own adds how it checks credentials and what it answers."""

    platform = ""
    credentials: Mapping[str, str] = {}

    def __init__(self, *, faults: Faults | None = None, seed: int = 1) -> None:
        self.orders: dict[str, Sold] = {}
        self.faults = faults or Faults()
        self.dice = random.Random(seed)
        self.requests: list[str] = []
        """Paths with query, in the order of arrival."""
        self.moments: list[float] = []
        self.address = ""

    def add(self, orders: Iterable[Sold]) -> None:
        """Put orders into the shop."""
        self.orders |= {order.id: order for order in orders}

    def identity(self, order: Sold) -> str:
        """Return the order's id as the platform writes it."""
        return order.id

    def changed(self, since: Any, until: Any) -> list[Sold]:
        """Return the orders that changed in the window, the oldest change first."""
        found = [order for order in self.orders.values() if since <= order.updated_at <= until]
        return sorted(found, key=lambda order: (order.updated_at, order.sale.id))

    def admits(self, headers: Headers) -> bool:
        """Tell whether the request has this shop's credentials."""
        raise NotImplementedError

    def answer(self, path: str, query: Query) -> Reply:
        """Return what the API says to a request that it admits."""
        raise NotImplementedError


AnyShop = TypeVar("AnyShop", bound=Shop)


class StandIn:
    """The server; inside `with` it listens."""

    def __init__(self, *, tls: Callable[[Any], Any] | None = None) -> None:
        self.shops: dict[str, Shop] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        if tls:
            self._server.socket = tls(self._server.socket)
        self._scheme = "https" if tls else "http"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    def open(self, shop: AnyShop) -> AnyShop:
        """Give a shop its address here."""
        name = f"{shop.platform}-{len(self.shops) + 1}"
        self.shops[name] = shop
        shop.address = f"{self.url}/{name}"
        return shop


def _handler(internet: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # head and body in one packet, or each answer waits 40 ms for an acknowledgement

        def log_message(self, *args: Any) -> None:
            return None

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            _, name, path = parts.path.split("/", 2)
            shop = internet.shops.get(name)
            if shop is None:
                self._send(NOTHING_THERE)
                return
            shop.requests.append(f"{path}?{parts.query}" if parts.query else path)
            shop.moments.append(time.monotonic())
            fate, faults = shop.dice.random(), shop.faults
            for share, fail in (
                (faults.throttled, self._throttle),
                (faults.broken, self._break),
                (faults.cut, self._cut),
                (faults.silent, self._stay_silent),
            ):
                if fate < share:
                    fail(shop, path, parts.query)
                    return
                fate -= share
            self._send(self._reply(shop, path, parts.query))

        def _reply(self, shop: Shop, path: str, query: str) -> Reply:
            if not shop.admits(self.headers):
                return REFUSED
            return shop.answer(path, parse_qsl(query, keep_blank_values=True))

        def _send(self, reply: Reply, cut: bool = False) -> None:
            empty = reply.content is None and reply.raw is None
            body = reply.raw if reply.raw is not None else b"" if empty else json.dumps(reply.content).encode()
            self.send_response(reply.status)
            for header, value in reply.headers.items():
                self.send_header(header, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)
            self.wfile.flush()
            self.close_connection = cut

        def _throttle(self, shop: Shop, path: str, query: str) -> None:
            self._send(Reply({"errors": "slow down"}, 429, {"Retry-After": shop.faults.retry_after}))

        def _break(self, shop: Shop, path: str, query: str) -> None:
            page = b"<html><body>Internal Server Error</body></html>"
            self._send(Reply(status=shop.dice.choice((500, 502, 503)), raw=page))

        def _cut(self, shop: Shop, path: str, query: str) -> None:
            self._send(self._reply(shop, path, query), cut=True)

        def _stay_silent(self, shop: Shop, path: str, query: str) -> None:
            time.sleep(shop.faults.silence)
            self.close_connection = True

    return Handler
