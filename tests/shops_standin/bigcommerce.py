"""A BigCommerce store: the V2 orders with what hangs on them, the V3 refunds, and the calls that are left."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from tests.shops_standin.server import NOTHING_THERE, Headers, Query, Reply, Shop
from tests.shops_standin.sold import GivenBack, Sold, tax_in

EMPTY = Reply(status=204)


class BigCommerceShop(Shop):
    """Serves `/v2/orders…` and `/v3/orders/<id>/payment_actions/refunds`."""

    platform = "bigcommerce"
    credentials: Mapping[str, str] = {"access_token": "b1g"}

    def admits(self, headers: Headers) -> bool:
        return headers.get("X-Auth-Token") == "b1g"

    def answer(self, path: str, query: Query) -> Reply:
        asked = dict(query)
        match path.split("/"):
            case ["v2", "orders"] if "min_date_modified" not in asked:
                return EMPTY
            case ["v2", "orders"]:
                since, until = (datetime.fromisoformat(asked[f"{end}_date_modified"]) for end in ("min", "max"))
                return _page([bc_order(order) for order in self.changed(since, until)], asked)
            case ["v2", "orders", identity] if identity in self.orders:
                return Reply(bc_order(self.orders[identity]))
            case ["v2", "orders", identity, part] if identity in self.orders:
                return _page(_part(self.orders[identity], part), asked)
            case ["v3", "orders", identity, "payment_actions", "refunds"] if identity in self.orders:
                order = self.orders[identity]
                return Reply({"data": [_refund(order, refund) for refund in order.refunds], "meta": {}})
        return NOTHING_THERE


def _page(rows: list[dict[str, Any]], asked: dict[str, str]) -> Reply:
    size, number = int(asked.get("limit", 50)), int(asked.get("page", 1))
    part = rows[(number - 1) * size :][:size]
    left = {"X-Rate-Limit-Requests-Left": "2", "X-Rate-Limit-Time-Reset-Ms": "20"}
    return Reply(part, headers=left) if part else EMPTY


def _mail_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC))


def bc_order(order: Sold) -> dict[str, Any]:
    """Return the order: prices with tax."""
    sale = order.sale
    shipping_tax = tax_in(sale.shipping, sale.shipping_rate)
    tax = sum((tax_in(sale.price_of(place) * count, product.rate)
               for place, (product, count) in enumerate(sale.items)), shipping_tax)  # fmt: skip
    status = "11" if sale.paid else "7"
    if order.refunds:
        status = "4" if order.given_back == order.total else "14"
    status = "5" if order.cancelled else status
    return {
        "id": sale.id,
        "status_id": int(status),
        "payment_status": "captured" if sale.paid else "",
        "payment_method": "Redsys",
        "is_deleted": order.deleted,
        "is_tax_inclusive_pricing": True,
        "date_created": _mail_date(sale.placed_at),
        "date_modified": _mail_date(order.updated_at),
        "date_shipped": "",
        "currency_code": order.shown[0] if order.shown else "EUR",
        "default_currency_code": "EUR",
        "total_inc_tax": f"{order.total:.4f}",
        "total_ex_tax": f"{order.total - tax:.4f}",
        "total_tax": f"{tax:.4f}",
        "shipping_cost_inc_tax": f"{sale.shipping:.4f}",
        "shipping_cost_ex_tax": f"{sale.shipping - shipping_tax:.4f}",
        "handling_cost_inc_tax": "0.0000",
        "wrapping_cost_inc_tax": "0.0000",
        "discount_amount": "0.0000",
        "coupon_discount": f"{order.off:.4f}",
        "store_credit_amount": "0.0000",
        "gift_certificate_amount": "0.0000",
        "customer_locale": "es",
        "order_source": "www",
        "billing_address": {**_address(order), "email": sale.buyer.email, "form_fields": _nif(order)},
    }


def _part(order: Sold, part: str) -> list[dict[str, Any]]:
    match part:
        case "products":
            return [_product(order, index) for index in range(len(order.sale.items))]
        case "shipping_addresses":
            return [_address(order)]
        case "taxes":
            return _taxes(order)
    return []


def _product(order: Sold, index: int) -> dict[str, Any]:
    product, count = order.sale.items[index]
    gross, off = product.price * count, order.sale.off(index) * count
    tax = tax_in(gross, product.rate)
    return {
        "id": order.sale.id * 100 + index,
        "name": product.name,
        "sku": product.sku,
        "type": "physical",
        "quantity": count,
        "price_inc_tax": f"{product.price:.4f}",
        "total_inc_tax": f"{gross:.4f}",
        "total_ex_tax": f"{gross - tax:.4f}",
        "total_tax": f"{tax:.4f}",
        "parent_order_product_id": None,
        "applied_discounts": [{"id": "coupon", "amount": f"{off:.4f}"}] if off and not order.whole else [],
    }


def _taxes(order: Sold) -> list[dict[str, Any]]:
    if not order.sale.taxed:
        return []
    places = range(len(order.sale.items))
    taxed = [order.sale.items[place][0].price if order.whole else order.sale.price_of(place) for place in places]
    rows = [
        {
            "id": order.sale.id * 100 + index, "order_id": order.sale.id, "name": "IVA", "rate": f"{product.rate:.4f}",
            "line_item_type": "item", "order_product_id": order.sale.id * 100 + index,
            "line_amount": f"{tax_in(taxed[index] * count, product.rate):.4f}",
        }
        for index, (product, count) in enumerate(order.sale.items)
    ]  # fmt: skip
    if order.sale.shipping:
        rows.append(
            {
                "id": order.sale.id * 100 + 99, "order_id": order.sale.id, "name": "IVA",
                "rate": f"{order.sale.shipping_rate:.4f}",
                "line_item_type": "shipping", "order_product_id": 0,
                "line_amount": f"{tax_in(order.sale.shipping, order.sale.shipping_rate):.4f}",
            }
        )  # fmt: skip
    return rows


def _refund(order: Sold, refund: GivenBack) -> dict[str, Any]:
    items: list[dict[str, Any]] = []
    for index, count in refund.pieces:
        price = order.sale.price_of(index) * count
        items.append(
            {
                "item_type": "PRODUCT", "item_id": order.sale.id * 100 + index, "quantity": count,
                "requested_amount": float(price),
            }
        )  # fmt: skip
    if refund.shipping:
        items.append(
            {"item_type": "SHIPPING", "item_id": 1, "quantity": 1, "requested_amount": float(order.sale.shipping)}
        )
    if refund.money:
        items.append(
            {"item_type": "ORDER", "item_id": order.sale.id, "quantity": 1, "requested_amount": float(refund.money)}
        )
    amount = float(refund.amount(order.sale))
    return {
        "id": refund.id,
        "order_id": order.sale.id,
        "created": refund.at.isoformat(),
        "reason": refund.reason,
        "total_amount": amount,
        "items": items,
        "payments": [{"id": 1, "provider_id": "redsys", "amount": amount, "is_declined": False}],
    }


def _address(order: Sold) -> dict[str, Any]:
    buyer = order.sale.buyer
    return {
        "first_name": buyer.first,
        "last_name": buyer.last,
        "company": buyer.company,
        "street_1": buyer.street,
        "street_2": "",
        "city": buyer.city,
        "state": buyer.province,
        "zip": buyer.postal_code,
        "country_iso2": buyer.country,
    }


def _nif(order: Sold) -> list[dict[str, str]]:
    return [{"name": "NIF", "value": order.sale.buyer.nif}] if order.sale.buyer.nif else []
