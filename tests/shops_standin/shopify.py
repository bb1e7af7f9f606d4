"""A Shopify shop: the Admin REST API's orders, by cursor, with its leaky bucket's level in every answer."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from config.demo.payloads import body
from tests.shops_standin.server import NOTHING_THERE, Headers, Query, Reply, Shop
from tests.shops_standin.sold import GivenBack, Sold, tax_in

MOST = 50
"""Orders of a page here, whatever is asked for: enough to turn pages with few orders."""
BUCKET, LEAK = 40, 40.0
MONEY = ("price", "amount", "subtotal", "total_tax", "tax_amount", "total_price", "current_total_price")
"""Amounts that Shopify gives in both moneys."""


class ShopifyShop(Shop):
    """Serves `/admin/api/<version>/orders.json`, one order, and the token's scopes."""

    platform = "shopify"
    credentials: Mapping[str, str] = {"access_token": "shpat_0123456789abcdef"}
    scopes: tuple[str, ...] = ("read_orders",)

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self._cursors: dict[str, list[Sold]] = {}
        self._level, self._at = 0.0, time.monotonic()
        self.leak = LEAK
        self.overflowed = 0

    def drip(self, seconds: float) -> None:
        """Let the bucket leak for so long without waiting."""
        self._level = max(0.0, self._level - seconds * LEAK)

    def admits(self, headers: Headers) -> bool:
        return headers.get("X-Shopify-Access-Token") == self.credentials["access_token"]

    def answer(self, path: str, query: Query) -> Reply:
        now = time.monotonic()
        self._level = max(0.0, self._level - (now - self._at) * self.leak) + 1
        self._at = now
        if self._level > BUCKET:
            self.overflowed += 1
            return Reply({"errors": "Exceeded"}, 429, {"Retry-After": "0.5"})
        level = {"X-Shopify-Shop-Api-Call-Limit": f"{int(self._level)}/{BUCKET}"}
        if path == "admin/oauth/access_scopes.json":
            return Reply({"access_scopes": [{"handle": scope} for scope in self.scopes]}, headers=level)
        admin, api, _version, *rest = path.split("/")
        if (admin, api) != ("admin", "api"):
            return NOTHING_THERE
        if rest == ["orders.json"]:
            return self._page(dict(query), level)
        identity = rest[-1].removesuffix(".json")
        found = self.orders.get(identity) if rest[:-1] == ["orders"] else None
        return Reply({"order": shopify_order(found)}, headers=level) if found else NOTHING_THERE

    def _page(self, query: dict[str, str], level: dict[str, str]) -> Reply:
        limit = min(int(query.get("limit", 50)), MOST)
        if cursor := query.get("page_info"):
            if set(query) - {"page_info", "limit"}:
                return Reply({"errors": "page_info goes alone"}, 400)
            rows = self._cursors.pop(cursor)
        else:
            if query.get("status") != "any":
                return Reply({"orders": []}, headers=level)  # open orders alone, of which there are none
            since, until = (datetime.fromisoformat(query[name]) for name in ("updated_at_min", "updated_at_max"))
            rows = self.changed(since, until)
        if rest := rows[limit:]:
            cursor = f"c{len(self.requests)}"
            self._cursors[cursor] = rest
            level["Link"] = f'<https://elsewhere.example/orders.json?limit={limit}&page_info={cursor}>; rel="next"'
        return Reply({"orders": [shopify_order(order) for order in rows[:limit]]}, headers=level)


def shopify_order(order: Sold) -> dict[str, Any]:
    """Return the order as the API and the webhooks show it."""
    sale = order.as_it_stands("shopify")
    shape: dict[str, Any] = json.loads(body(replace(sale, items=order.ordered or sale.items)))
    placed = order.total if order.placed_total is None else order.placed_total
    refunds = [_refund(order, refund) for refund in order.refunds]
    status = shape["financial_status"]
    if order.received and not sale.paid:
        status = "partially_paid"
    elif refunds and order.given_back:
        status = "refunded" if order.given_back == order.total else "partially_refunded"
    if order.ordered:
        for place, line in enumerate(shape["line_items"]):
            left = sale.items[place][1] if place < len(sale.items) else 0
            back = sum(count for refund in order.refunds for index, count in refund.pieces if index == place)
            line["current_quantity"] = left - back
    both = {each: {"amount": str(placed), "currency_code": "EUR"} for each in ("shop_money", "presentment_money")}
    changed = {
        "total_price": str(placed),
        "total_price_set": both,
        "cancelled_at": order.updated_at.isoformat() if order.cancelled else None,
        "refunds": refunds,
        "financial_status": status,
        "total_outstanding": str(Decimal(0) if sale.paid else order.total - order.given_back - order.received),
        "current_total_price": str(order.total - order.given_back),
    }
    if order.shown:
        changed["presentment_currency"] = order.shown[0]
    return _in_both(shape | changed, order)


def shopify_refund(order: Sold, refund: GivenBack) -> dict[str, Any]:
    """Return a refund as it stands in the order, and alone in refunds/create."""
    return _in_both(_refund(order, refund), order)


def _in_both(content: dict[str, Any], order: Sold) -> dict[str, Any]:
    """Put beside each amount what it is in the shop's money and in the buyer's, where these are not the same."""
    if order.shown is None:
        return content
    currency, rate = order.shown

    def put(node: Any) -> Any:
        if isinstance(node, list):
            return [put(each) for each in node]
        if not isinstance(node, dict) or node.get("kind") == "refund":  # a payment is in the buyer's money alone
            return node
        sets = {
            f"{name}_set": {
                "shop_money": {"amount": str(node[name]), "currency_code": "EUR"},
                "presentment_money": {
                    "amount": str(round(Decimal(str(node[name])) * rate, 2)),
                    "currency_code": currency,
                },
            }
            for name in MONEY
            if name in node
        }
        return {name: put(value) for name, value in node.items() if name not in sets} | sets

    return put(content)


def _refund(order: Sold, refund: GivenBack) -> dict[str, Any]:
    lines = []
    for index, count in refund.pieces:
        product, _ = order.sale.items[index]
        gross = order.sale.price_of(index) * count
        lines.append(
            {
                "id": refund.id * 10 + index,
                "line_item_id": order.sale.id * 100 + index,
                "line_item": {
                    "id": order.sale.id * 100 + index,
                    "name": product.name,
                    "sku": product.sku,
                    "tax_lines": [{"title": "ES IVA", "rate": float(product.rate / 100), "price": "0.00"}]
                    if order.sale.taxed
                    else [],
                },
                "quantity": count,
                "restock_type": "return",
                "subtotal": float(gross),
                "total_tax": float(tax_in(gross, product.rate)),
            }
        )
    amount, (currency, rate) = refund.amount(order.sale), order.shown or ("EUR", Decimal(1))
    shipping = order.sale.shipping if refund.shipping else Decimal(0)
    shipping_tax = tax_in(shipping, order.sale.shipping_rate)
    adjustments = [
        {"id": refund.id * 10 + 8, "kind": kind, "amount": str(-gross), "tax_amount": str(-tax), "reason": kind}
        for kind, gross, tax in (
            ("shipping_refund", shipping - shipping_tax, shipping_tax),
            ("refund_discrepancy", refund.money, Decimal(0)),
        )
        if gross
    ]
    return {
        "id": refund.id,
        "order_id": order.sale.id,
        "created_at": refund.at.isoformat(),
        "processed_at": refund.at.isoformat(),
        "note": refund.reason,
        "refund_line_items": lines,
        "order_adjustments": adjustments,
        "transactions": [
            {
                "id": refund.id * 10 + 9,
                "kind": "refund",
                "status": "success",
                "amount": str(round(amount * rate, 2)),
                "currency": currency,
            }
        ],
    }
