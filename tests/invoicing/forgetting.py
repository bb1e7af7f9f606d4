"""Orders with and without an invoice, and the eyes that look whether somebody is forgotten."""

import base64
import hashlib
import hmac
import json
from contextlib import suppress
from dataclasses import replace
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.test import Client

from invoicing.models import Connection, Order
from tests.invoicing.api_client import work_off
from tests.world import LUCIA, SOLER, arrive, sale
from workflows.tick import tick

MARKS = ("Lucía", "Ferrer", LUCIA.email, "Calle de la Palma")
"""What is personal in an order of Lucía's."""
ANOTHER = replace(SOLER, first="Nadia", last="Roca", street="Avenida del Puerto 7")
"""A customer who shares nothing with Lucía."""
SHOP = "encina-ejemplo.myshopify.com"


def ordered(shop: Connection, number: int, *, paid: bool, **changes: Any) -> Order:
    """Have an order arrive and be attended; paid ones are invoiced."""
    arrive(shop, sale(number=number, platform=shop.platform, paid=paid, **changes), "orders/create")
    work_off()
    return Order.objects.get(connection=shop, external_id=str(6_120_000 + number))


def told(shop: Connection, topic: str, payload: dict[str, Any], *, key: str = "", secret: str = "") -> Any:
    """Post one of Shopify's compliance topics through the door, signed."""
    body = json.dumps({"shop_id": 954889, "shop_domain": SHOP, **payload}).encode()
    signature = base64.b64encode(hmac.new((secret or shop.secret).encode(), body, hashlib.sha256).digest()).decode()
    headers = {
        "X-Shopify-Topic": topic, "X-Shopify-Hmac-Sha256": signature, "X-Shopify-Shop-Domain": SHOP,
        "X-Shopify-Webhook-Id": key or f"privacy-{topic}",
    }  # fmt: skip
    return Client().post(f"/webhooks/{shop.pk}/", body, content_type="application/json", headers=headers)


def attended() -> None:
    """Let workers and the tick do what is due now."""
    tick()
    work_off()


def tables_with(*marks: str) -> dict[str, list[str]]:
    """Return mark -> the tables of the whole database in whose rows it stands, as the database writes them."""
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1")
        for (table,) in cursor.fetchall():
            for mark in marks:
                hexed = mark.encode().hex()
                cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text ~ %s', [f"{mark}|{hexed}"])
                if cursor.fetchone()[0]:
                    found.setdefault(mark, []).append(table)
    return found


def findings() -> list[dict[str, str]]:
    """Return what `verify_ledger` finds."""
    said = StringIO()
    with suppress(SystemExit):  # 3, with findings
        call_command("verify_ledger", "--json", stdout=said, stderr=StringIO())
    answer: dict[str, Any] = json.loads(said.getvalue())
    return list(answer["findings"])
