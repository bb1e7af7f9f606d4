"""A Shopify shop: the Admin REST API's orders, by cursor, with its leaky bucket's level in every answer."""

import json
import time
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from config.demo.payloads import body
from tests.shops_standin.server import NOTHING_THERE, Headers, Query, Reply, Shop
from tests.shops_standin.sold import GivenBack, Sold, tax_in

MOST = 50
"""Orders of a page here, whatever is asked for: enough to turn pages with few orders."""
BUCKET, LEAK = 40, 40.0


class ShopifyShop(Shop):
    """Serves `/admin/api/<version>/orders.json`, one order, and the token's scopes."""

    platform = "shopify"
    credentials: Mapping[str, str] = {"access_token": "shpat_0123456789abcdef"}
    scopes: tuple[str, ...] = ("read_orders",)

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self._cursors: dict[str, list[Sold]] = {}
        self._level, self._at = 0.0, time.monotonic()
        self.overflowed = 0

    def admits(self, headers: Headers) -> bool:
        return headers.get("X-Shopify-Access-Token") == self.credentials["access_token"]

    def answer(self, path: str, query: Query) -> Reply:
        now = time.monotonic()
        self._level = max(0.0, self._level - (now - self._at) * LEAK) + 1
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
    shape: dict[str, Any] = json.loads(body(order.as_it_stands("shopify")))
    refunds = [shopify_refund(order, refund) for refund in order.refunds]
    status = shape["financial_status"]
    if refunds and order.given_back:
        status = "refunded" if order.given_back == order.total else "partially_refunded"
    both = {each: {"amount": str(order.total), "currency_code": "EUR"} for each in ("shop_money", "presentment_money")}
    return shape | {
        "total_price_set": both,
        "refunds": refunds,
        "financial_status": status,
        "current_total_price": str(order.total - order.given_back),
    }


def shopify_refund(order: Sold, refund: GivenBack) -> dict[str, Any]:
    """Return a refund as it stands in the order, and alone in refunds/create."""
    lines = []
    for index, count in refund.pieces:
        product, _ = order.sale.items[index]
        gross = product.price * count
        lines.append(
            {
                "id": refund.id * 10 + index,
                "line_item_id": order.sale.id * 100 + index,
                "quantity": count,
                "restock_type": "return",
                "subtotal": float(gross),
                "total_tax": float(tax_in(gross, product.rate)),
            }
        )
    amount = refund.amount(order.sale)
    shipping = order.sale.shipping if refund.shipping else Decimal(0)
    adjustments = [
        {"id": refund.id * 10 + 8, "kind": kind, "amount": str(-gross), "tax_amount": str(-tax), "reason": kind}
        for kind, gross, tax in (
            ("shipping_refund", shipping - tax_in(shipping, Decimal(21)), tax_in(shipping, Decimal(21))),
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
            {"id": refund.id * 10 + 9, "kind": "refund", "status": "success", "amount": str(amount), "currency": "EUR"}
        ],
    }
