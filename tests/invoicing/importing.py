"""A person who imports orders from a file, into the shop called Tienda."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from invoicing.companies import connect
from invoicing.models import Connection
from tests.invoicing.orders import PAYLOADS, SHARED
from tests.invoicing.test_storefronts_api import ORDER
from tests.terminal import Said, manage
from tests.world import la_encina

NIF = "B12345674"
ROOTS = [root for root in (PAYLOADS, SHARED / "samples") if root.is_dir()]
AUTUMN = datetime(2026, 10, 1, tzinfo=UTC)
"""Before every order of the stored payloads."""


def importing(file: Path | str, *more: str, connection: str = "Tienda", company: str = NIF) -> Said:
    return manage("import_orders", "--company", company, "--connection", connection, str(file), *more)


def told(file: Path | str, *more: str, code: int = 0) -> Any:
    said = importing(file, *more, "--json")
    assert said.code == code, said
    return said.json


def a_shop(platform: str = "api", *, invoice_from: datetime | None = AUTUMN) -> Connection:
    return connect(la_encina(), platform=platform, name="Tienda", invoice_from=invoice_from, settle_seconds=0)


def api_order(identity: str = "A-1", **changes: Any) -> dict[str, Any]:
    return ORDER | {"id": identity, "number": identity} | changes


def lines(*documents: Any) -> bytes:
    return b"".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in documents)


def stored(root: Path, name: str) -> bytes:
    (found,) = root.glob(f"{name}_*.json")
    return found.read_bytes()


def many(count: int) -> list[bytes]:
    return [json.dumps(api_order(f"A-{number}")).encode() for number in range(1, count + 1)]
