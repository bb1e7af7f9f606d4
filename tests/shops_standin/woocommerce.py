"""A WooCommerce shop: the REST API v3's orders and their refunds, by page numbers."""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from config.demo.payloads import body
from tests.shops_standin.server import NOTHING_THERE, Headers, Query, Reply, Shop
from tests.shops_standin.sold import GivenBack, Sold, tax_in

MOST = 20
"""Orders of a page here, whatever is asked for: some hosts allow fewer than WooCommerce's 100."""
SECOND = timedelta(seconds=1)


class WooShop(Shop):
    """Serves `/wp-json/wc/v3/orders`, one order, and its refunds."""

    platform = "woocommerce"
    credentials: Mapping[str, str] = {"consumer_key": "ck_1", "consumer_secret": "cs_1"}

    def admits(self, headers: Headers) -> bool:
        pair = "{consumer_key}:{consumer_secret}".format(**self.credentials)
        return headers.get("Authorization") == f"Basic {b64encode(pair.encode()).decode()}"

    def answer(self, path: str, query: Query) -> Reply:
        asked = dict(query)
        match path.removeprefix("wp-json/wc/v3/").split("/"):
            case ["orders"] if "modified_after" not in asked:
                return Reply([])
            case ["orders"]:
                # WordPress compares seconds, and both bounds are outside.
                since, until = (_utc(asked[name]) for name in ("modified_after", "modified_before"))
                rows = self.changed(since + SECOND, until - timedelta(microseconds=1))
                return _page([woo_order(order) for order in rows], asked)
            case ["orders", identity] if identity in self.orders:
                return Reply(woo_order(self.orders[identity]))
            case ["orders", identity, "refunds"] if identity in self.orders:
                order = self.orders[identity]
                return _page([woo_refund(order, refund) for refund in order.refunds], asked)
        return NOTHING_THERE


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _page(rows: list[Any], asked: dict[str, str]) -> Reply:
    size = min(int(asked.get("per_page", 10)), MOST)
    start = (int(asked.get("page", 1)) - 1) * size
    pages = -(-len(rows) // size)
    return Reply(rows[start : start + size], headers={"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(pages)})


def woo_order(order: Sold) -> dict[str, Any]:
    """Return the order as the API and the webhooks show it: of refunds only id, reason and total."""
    shape: dict[str, Any] = json.loads(body(order.as_it_stands("woocommerce")))
    refunds = [
        {"id": refund.id, "reason": refund.reason, "total": f"-{refund.amount(order.sale)}"} for refund in order.refunds
    ]
    status = "refunded" if order.refunds and order.given_back == order.total else shape["status"]
    status = "trash" if order.deleted else "cancelled" if order.cancelled else status
    paid = (order.sale.placed_at + timedelta(seconds=20)).astimezone(UTC).replace(tzinfo=None)
    return shape | {
        "refunds": refunds,
        "status": status,
        "date_paid_gmt": paid.isoformat(timespec="seconds") if order.sale.paid else None,
    }


def woo_refund(order: Sold, refund: GivenBack) -> dict[str, Any]:
    """Return a refund with its lines: negative quantities and net totals."""
    rates = sorted({product.rate for product, _ in order.sale.items} | {order.sale.shipping_rate})
    lines = []
    for index, count in refund.pieces:
        product, _ = order.sale.items[index]
        gross = order.sale.price_of(index) * count
        tax = tax_in(gross, product.rate)
        lines.append(
            {
                "id": refund.id * 10 + index,
                "name": product.name,
                "quantity": -count,
                "subtotal": str(tax - gross),
                "subtotal_tax": str(-tax),
                "total": str(tax - gross),
                "total_tax": str(-tax),
                "taxes": [{"id": rates.index(product.rate) + 1, "total": str(-tax), "subtotal": str(-tax)}]
                if order.sale.taxed
                else [],
                "meta_data": [{"id": 1, "key": "_refunded_item_id", "value": str(order.sale.id * 100 + index)}],
                "sku": product.sku,
            }
        )
    shipping = []
    if refund.shipping:
        tax = tax_in(order.sale.shipping, order.sale.shipping_rate)
        shipping.append(
            {
                "id": refund.id * 10 + 9,
                "method_title": "Envío 24-48 h",
                "total": str(tax - order.sale.shipping),
                "total_tax": str(-tax),
                "taxes": [{"id": rates.index(order.sale.shipping_rate) + 1, "total": str(-tax)}]
                if order.sale.taxed
                else [],
                "meta_data": [{"id": 2, "key": "_refunded_item_id", "value": str(order.sale.id * 100 + 99)}],
            }
        )
    return {
        "id": refund.id,
        "date_created_gmt": refund.at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds"),
        "amount": str(refund.amount(order.sale)),
        "reason": refund.reason,
        "refunded_payment": True,
        "meta_data": [],
        "line_items": lines,
        "shipping_lines": shipping,
        "fee_lines": [],
        "tax_lines": [],
    }
