"""How many webhooks the door takes, against a view that verifies the signature and inserts one row.

Both servers are started by the same command line, `config.house.web`, on the same database, with the same connection
settings. Ours stores the delivery with headers, hash and seal, finds out whether it was there before, and triggers its
`capture`; the other has the least of middleware. Nobody works on the deliveries meanwhile. Requests are
Shopify's, signed, each of another order, from 32 clients on connections that they keep.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings

from benchmarks.clients import Load, post_all, request
from benchmarks.database import a_database
from benchmarks.harness import Figure, Side, at_most, compare, percentile, scaled, tell
from config import house
from config.demo.payloads import body
from config.ready import await_web
from config.supervisor import Child, Supervisor
from tests.databases import Database
from tests.world import SOLER, la_encina, sale, shop

CLIENTS = 32


def measure(scale: float) -> list[Figure]:
    """Return `intake_vs_bare_insert`, in deliveries per second, and `intake_p99_ms` of ours in that same run."""
    each = scaled(400, scale, least=CLIENTS)
    loads: list[Load] = []
    with a_database() as database:
        connected = shop(la_encina())
        with servers(database, connected.secret) as (ours, other):
            ratio = compare(
                "intake_vs_bare_insert",
                ours=posting(f"{ours}/webhooks/{connected.pk}/", connected.secret, each, loads.append),
                other=posting(f"{other}/webhook/", connected.secret, each, lambda load: None),
                other_is="the same server with a view that verifies the HMAC and inserts one row",
                unit="per second",
                at_least=0.6,
            )
    waits = [wait for load in loads[1:] for wait in load.milliseconds]
    tell(f"intake: p50 {percentile(waits, 50):.0f} ms, n={len(waits)}")
    return [ratio, at_most("intake_p99_ms", percentile(waits, 99), 150, "ms")]


@contextmanager
def servers(database: Database, secret: str) -> Iterator[tuple[str, str]]:
    """Run both web servers and return their addresses."""
    ports = house.free_port(), house.free_port()
    env = {**database.env, "SECRET_KEY": settings.SECRET_KEY, "FIELD_KEYS": ",".join(settings.FIELD_KEYS)}
    ours = house.web(ports[0], env)
    as_ours = house.web(ports[1], env)
    argv = ["benchmarks.bare.wsgi" if word == "config.wsgi" else word for word in as_ours.argv]
    other = Child("bare", argv, {**env, "DJANGO_SETTINGS_MODULE": "benchmarks.bare.settings", "WEBHOOK_SECRET": secret})
    with TemporaryDirectory() as logs, Supervisor([ours, other], log_dir=Path(logs)):
        addresses = f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}"
        for address in addresses:
            await_web(f"{address}/readyz")
        yield addresses


def posting(url: str, secret: str, each: int, keep: Callable[[Load], object]) -> Side:
    """Return a round of deliveries at one door; they are written and signed before its clock starts."""
    numbers = count(1)

    def side() -> float:
        load = post_all(url, [delivery(url, secret, next(numbers)) for _ in range(each)], clients=CLIENTS)
        keep(load)
        return load.per_second

    return side


def delivery(url: str, secret: str, number: int) -> bytes:
    """Return one signed delivery of a paid order."""
    data = body(sale(SOLER, number=number))
    return request(url, data, signed(data, secret, f"delivery-{number}"))


def signed(data: bytes, secret: str, key: str) -> dict[str, str]:
    """Return Shopify's headers for a body."""
    return {
        "X-Shopify-Topic": "orders/paid",
        "X-Shopify-Webhook-Id": key,
        "X-Shopify-Event-Id": f"event-{key}",
        "X-Shopify-Triggered-At": json.loads(data)["updated_at"],
        "X-Shopify-Hmac-Sha256": base64.b64encode(hmac.digest(secret.encode(), data, hashlib.sha256)).decode(),
    }
