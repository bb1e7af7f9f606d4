"""A Magento: orders, credit memos and invoices by searchCriteria, with its habit of repeating the last page."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.shops_standin.server import NOTHING_THERE, Headers, Query, Reply, Shop
from tests.shops_standin.sold import GivenBack, Sold, tax_in

FILTER = re.compile(r"searchCriteria\[filter_groups\]\[(\d+)\]\[filters\]\[0\]\[(field|condition_type|value)\]")


class MagentoShop(Shop):
    """Serves `/rest/V1/orders`, `/creditmemos` and `/invoices`."""

    platform = "magento"
    credentials: Mapping[str, str] = {"access_token": "m4g3nt0"}

    def admits(self, headers: Headers) -> bool:
        return headers.get("Authorization") == "Bearer m4g3nt0"

    def answer(self, path: str, query: Query) -> Reply:
        match path.removeprefix("rest/V1/").split("/"):
            case ["orders", identity]:
                found = self.orders.get(identity)
                return Reply(magento_order(found)) if found else NOTHING_THERE
            case ["creditmemo", identity]:
                memos = [memo for memo in self._rows("creditmemos") if str(memo["entity_id"]) == identity]
                return Reply(memos[0]) if memos else NOTHING_THERE
            case [("orders" | "creditmemos" | "invoices") as resource]:
                return self._search(self._rows(resource), query)
        return NOTHING_THERE

    def _rows(self, resource: str) -> list[dict[str, Any]]:
        orders = list(self.orders.values())
        if resource == "orders":
            return [magento_order(order) for order in orders]
        if resource == "creditmemos":
            return [_memo(order, refund) for order in orders for refund in order.refunds]
        return [
            {
                "entity_id": order.sale.id,
                "order_id": order.sale.id,
                "state": 2,
                **_dates(order.sale.placed_at),
            }
            for order in orders
            if order.sale.paid or order.received
        ]

    @staticmethod
    def _search(rows: list[dict[str, Any]], query: Query) -> Reply:
        asked = dict(query)
        filters: dict[str, dict[str, str]] = {}
        for name, value in query:
            if found := FILTER.fullmatch(name):
                filters.setdefault(found[1], {})[found[2]] = value
        for each in filters.values():
            rows = [row for row in rows if _passes(str(row[each["field"]]), each)]
        sort = asked["searchCriteria[sortOrders][0][field]"]
        rows.sort(key=lambda row: row[sort])
        size, page = int(asked["searchCriteria[pageSize]"]), int(asked["searchCriteria[currentPage]"])
        last = max(1, -(-len(rows) // size))
        start = (min(page, last) - 1) * size
        return Reply({"items": rows[start : start + size], "total_count": len(rows)})


def _passes(value: str, each: dict[str, str]) -> bool:
    match each["condition_type"]:
        case "gteq":
            return value >= each["value"]
        case "lteq":
            return value <= each["value"]
    return value == each["value"]


def _dates(moment: datetime) -> dict[str, str]:
    return {"created_at": _utc(moment), "updated_at": _utc(moment)}


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def magento_order(order: Sold) -> dict[str, Any]:
    """Return the order: prices with tax, less the discounts of its lines."""
    sale = order.sale
    items = []
    for index, (product, count) in enumerate(sale.items):
        gross = product.price * count
        item = {
            "price": product.price - tax_in(product.price, product.rate),
            "price_incl_tax": product.price,
            **_row(gross, sale.off(index) * count, product.rate),
        }
        items.append(
            {
                "item_id": sale.id * 100 + index,
                "sku": product.sku,
                "name": product.name,
                "product_type": "simple",
                "qty_ordered": count,
                "is_virtual": 0,
                "tax_percent": float(product.rate),
                **_both(item, order.shown),
            }
        )
    shipping_tax = tax_in(sale.shipping, sale.shipping_rate)
    rows = [_row(product.price * count, sale.off(place) * count, product.rate)
            for place, (product, count) in enumerate(sale.items)]  # fmt: skip
    tax = sum((row["tax_amount"] for row in rows), shipping_tax)
    sums = {
        "grand_total": order.total,
        "total_paid": order.total if sale.paid else order.received,
        "total_refunded": order.given_back,
        "tax_amount": tax,
        "subtotal": sum((row["row_total"] for row in rows), Decimal(0)),
        "subtotal_incl_tax": order.total + order.off - sale.shipping,
        "discount_amount": -order.off,
        "discount_tax_compensation_amount": sum((row["discount_tax_compensation_amount"] for row in rows), Decimal(0)),
        "shipping_amount": sale.shipping - shipping_tax,
        "shipping_incl_tax": sale.shipping,
        "shipping_tax_amount": shipping_tax,
        "shipping_discount_amount": Decimal(0),
        "shipping_discount_tax_compensation_amount": Decimal(0),
    }
    address = _address(order)
    rate = {"code": "IVA", "percent": float(sale.shipping_rate), "amount": float(shipping_tax),
            "base_amount": float(shipping_tax)}  # fmt: skip
    return {
        "entity_id": sale.id,
        "increment_id": f"{sale.id:09}",
        "state": "canceled" if order.cancelled else "processing" if sale.paid or order.received else "new",
        "status": "canceled" if order.cancelled else "processing" if sale.paid or order.received else "pending",
        "created_at": _utc(sale.placed_at),
        "updated_at": _utc(order.updated_at),
        "base_currency_code": "EUR",
        "order_currency_code": order.shown[0] if order.shown else "EUR",
        "customer_email": sale.buyer.email,
        "customer_taxvat": sale.buyer.nif,
        "is_virtual": 0,
        "shipping_description": "Envío 24-48 h",
        "items": items,
        "billing_address": address,
        "extension_attributes": {
            "shipping_assignments": [{"shipping": {"address": address}}],
            "item_applied_taxes": []
            if not sale.taxed
            else [
                *({"type": "product", "item_id": item["item_id"], "applied_taxes": [_tax(item)]} for item in items),
                {"type": "shipping", "applied_taxes": [rate]},
            ],
        },
        **_both(sums, order.shown),
    }


def _row(gross: Decimal, off: Decimal, rate: Decimal) -> dict[str, Decimal]:
    """Return the amounts of a line: the tax is that of what is paid, and the compensation that of the discount."""
    tax = tax_in(gross - off, rate)
    return {
        "row_total": gross - tax_in(gross, rate),
        "row_total_incl_tax": gross,
        "tax_amount": tax,
        "discount_amount": off,
        "discount_tax_compensation_amount": tax_in(gross, rate) - tax,
    }


def _tax(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": "IVA", "percent": item["tax_percent"], "amount": item["tax_amount"],
        "base_amount": item["base_tax_amount"],
    }  # fmt: skip


def _memo(order: Sold, refund: GivenBack) -> dict[str, Any]:
    items, sale = [], order.sale
    for index, count in refund.pieces:
        product, _ = sale.items[index]
        row = _row(product.price * count, sale.off(index) * count, product.rate)
        items.append(
            {"entity_id": refund.id * 10 + index, "order_item_id": sale.id * 100 + index, "qty": count,
             **_both(row, order.shown)}
        )  # fmt: skip
    shipping = sale.shipping if refund.shipping else Decimal(0)
    shipping_tax = tax_in(shipping, sale.shipping_rate)
    sums = {
        "grand_total": refund.amount(sale),
        "shipping_amount": shipping - shipping_tax,
        "shipping_incl_tax": shipping,
        "shipping_tax_amount": shipping_tax,
        "adjustment_positive": refund.money,
        "adjustment_negative": Decimal(0),
        "adjustment": refund.money,
    }
    return {
        "entity_id": refund.id,
        "increment_id": f"{refund.id:09}",
        "order_id": sale.id,
        "state": 2,
        "created_at": _utc(refund.at),
        "updated_at": _utc(refund.at),
        "items": items,
        "comments": [],
        **_both(sums, order.shown),
    }


def _both(amounts: dict[str, Decimal], shown: tuple[str, Decimal] | None) -> dict[str, float]:
    """Return each amount as a JSON number, in the order's currency and in the base currency."""
    rate = shown[1] if shown else Decimal(1)
    base = {f"base_{name}": float(amount) for name, amount in amounts.items()}
    return base | {name: float(round(amount * rate, 2)) for name, amount in amounts.items()}


def _address(order: Sold) -> dict[str, Any]:
    buyer = order.sale.buyer
    return {
        "firstname": buyer.first,
        "lastname": buyer.last,
        "company": buyer.company or None,
        "street": [buyer.street],
        "postcode": buyer.postal_code,
        "city": buyer.city,
        "region": buyer.province,
        "region_code": buyer.province_code,
        "country_id": buyer.country,
        "email": buyer.email,
    }
