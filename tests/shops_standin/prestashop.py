"""A PrestaShop: its webservice in JSON, with filters, fields, sorting and limits as it has them."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.shops_standin.server import NOTHING_THERE, Headers, Query, Reply, Shop
from tests.shops_standin.sold import GivenBack, Sold, tax_in

ZONE = ZoneInfo("Europe/Madrid")
TAXES = {rate: number for number, rate in enumerate(map(Decimal, ("21", "10", "4", "20", "5.5", "19", "7")), 1)}
COUNTRIES = {"ES": 6, "FR": 8, "DE": 1, "US": 21}
STATES = {"M": 339, "GC": 340}
SINGLE = {"orders": "order", "order_slip": "order_slip"}
LISTED = {"order_slip": "order_slips"}
PAID, WAITING, CANCELLED = "2", "1", "6"


class PrestaShop(Shop):
    """Serves `/api/<resource>` and `/api/orders/<id>`."""

    platform = "prestashop"
    credentials: Mapping[str, str] = {"webservice_key": "PK1"}
    forbidden: tuple[str, ...] = ()
    """Resources that the key may not GET."""

    def admits(self, headers: Headers) -> bool:
        return headers.get("Authorization") == f"Basic {b64encode(b'PK1:').decode()}"

    def answer(self, path: str, query: Query) -> Reply:
        asked = dict(query)
        api, resource, *identity = path.split("/")
        if api != "api" or asked.get("output_format") != "JSON":
            return Reply(raw=b"<?xml version='1.0'?><prestashop/>")
        if resource in self.forbidden:
            return Reply({"errors": [{"code": 26}]}, 403)
        rows = self._rows(resource)
        if identity:
            found = [row for row in rows if str(row["id"]) == identity[0]]
            return Reply({SINGLE[resource]: found[0]}) if found else NOTHING_THERE
        for name, value in asked.items():
            if name.startswith("filter["):
                rows = [row for row in rows if _passes(str(row[name[7:-1]]), value)]
        if "sort" in asked:
            for field in reversed(asked["sort"].strip("[]").split(",")):
                rows.sort(key=lambda row: _sortable(row[field.removesuffix("_ASC")]))
        start, _, count = asked.get("limit", "0,10000").rpartition(",")
        rows = rows[int(start or 0) :][: int(count)]
        if (fields := asked.get("display", "full")) != "full":
            rows = [{name: row[name] for name in fields.strip("[]").split(",")} for row in rows]
        return Reply({LISTED.get(resource, resource): rows} if rows else [])

    def _rows(self, resource: str) -> list[dict[str, Any]]:
        orders = list(self.orders.values())
        match resource:
            case "orders":
                return [presta_order(order) for order in orders]
            case "order_details":
                return [detail for order in orders for detail in _details(order)]
            case "order_slip":
                return [_slip(order, refund) for order in orders for refund in order.refunds]
            case "taxes":
                return [{"id": number, "rate": f"{rate:.3f}", "active": "1"} for rate, number in TAXES.items()]
            case "addresses":
                return [_address(order) for order in orders]
            case "customers":
                return [
                    {"id": str(order.sale.id), "email": order.sale.buyer.email, "firstname": "", "lastname": ""}
                    for order in orders
                ]
            case "order_states":
                return [
                    {"id": PAID, "paid": "1", "shipped": "0", "delivery": "0", "template": "payment"},
                    {"id": WAITING, "paid": "0", "shipped": "0", "delivery": "0", "template": "bankwire"},
                    {"id": CANCELLED, "paid": "0", "shipped": "0", "delivery": "0", "template": "order_canceled"},
                ]
            case "countries":
                return [{"id": number, "iso_code": code} for code, number in COUNTRIES.items()]
            case "states":
                return [{"id": number, "iso_code": code, "name": ""} for code, number in STATES.items()]
            case "currencies":
                return [{"id": 1, "iso_code": "EUR"}]
            case "languages":
                return [{"id": 1, "iso_code": "es"}]
            case "order_payments":
                return [
                    {"id": order.sale.id, "order_reference": f"R{order.sale.id}", "date_add": _local(_paid_at(order))}
                    for order in orders
                    if order.sale.paid or order.received
                ]
        return []


def _passes(value: str, wanted: str) -> bool:
    wanted = wanted.strip("[]")
    if "," in wanted:
        low, high = wanted.split(",")
        return low <= value <= high
    return value in wanted.split("|")


def _sortable(value: Any) -> tuple[int, str]:
    return (int(value), "") if str(value).isdigit() else (0, str(value))


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"


def _paid_at(order: Sold) -> datetime:
    return order.sale.placed_at + timedelta(seconds=20)


def _six(amount: Decimal) -> str:
    return f"{amount:.6f}"


def presta_order(order: Sold) -> dict[str, Any]:
    """Return the order's row."""
    sale = order.sale
    products = order.total + order.off - sale.shipping
    net = sum((sale.price_of(place) * count * 100 / (100 + product.rate)
               for place, (product, count) in enumerate(sale.items)), Decimal(0))  # fmt: skip
    shipping_net = sale.shipping * 100 / (100 + sale.shipping_rate)
    return {
        "id": str(sale.id),
        "id_address_delivery": str(sale.id),
        "id_address_invoice": str(sale.id),
        "id_currency": "1",
        "id_lang": "1",
        "id_customer": str(sale.id),
        "id_carrier": "4",
        "current_state": CANCELLED if order.cancelled else PAID if sale.paid else WAITING,
        "module": "redsys",
        "invoice_number": "0",
        "invoice_date": "0000-00-00 00:00:00",
        "delivery_date": "0000-00-00 00:00:00",
        "valid": "1" if sale.paid and not order.cancelled else "0",
        "date_add": _local(sale.placed_at),
        "date_upd": _local(order.updated_at),
        "reference": f"R{sale.id}",
        "total_discounts_tax_incl": _six(order.off),
        "total_paid_tax_incl": _six(order.total),
        "total_paid_tax_excl": _six(net + shipping_net),
        "total_paid_real": _six(order.total if sale.paid else order.received),
        "total_products_wt": _six(products),
        "total_shipping_tax_incl": _six(sale.shipping),
        "total_shipping_tax_excl": _six(shipping_net),
        "carrier_tax_rate": f"{sale.shipping_rate:.3f}",
        "total_wrapping_tax_incl": "0.000000",
        "total_wrapping_tax_excl": "0.000000",
        "round_mode": "2",
        "round_type": "2",
        "conversion_rate": "1.000000",
        "associations": {"order_rows": []},
    }


def _details(order: Sold) -> list[dict[str, Any]]:
    return [
        {
            "id": str(order.sale.id * 100 + index),
            "id_order": str(order.sale.id),
            "product_name": product.name,
            "product_reference": product.sku,
            "product_quantity": str(count),
            "unit_price_tax_incl": _six(product.price),
            "unit_price_tax_excl": _six(product.price * 100 / (100 + product.rate)),
            "total_price_tax_incl": _six(product.price * count),
            "total_price_tax_excl": _six(product.price * count * 100 / (100 + product.rate)),
            "associations": {"taxes": [{"id": str(TAXES[product.rate] if order.sale.taxed else 0)}]},
        }
        for index, (product, count) in enumerate(order.sale.items)
    ]


def _slip(order: Sold, refund: GivenBack) -> dict[str, Any]:
    lines = [(index, count, order.sale.items[index][0]) for index, count in refund.pieces]
    products = sum((product.price * count for _, count, product in lines), Decimal(0)) + refund.money
    net = sum((product.price * count - tax_in(product.price * count, product.rate) for _, count, product in lines),
              refund.money)  # fmt: skip
    sale, shipping = order.sale, order.sale.shipping if refund.shipping else Decimal(0)
    back = products - sum((sale.off(index) * count for index, count, _ in lines), Decimal(0))
    return {
        "id": str(refund.id),
        "id_order": str(order.sale.id),
        "total_products_tax_incl": _six(products),
        "total_products_tax_excl": _six(net),
        "total_shipping_tax_incl": _six(shipping),
        "total_shipping_tax_excl": _six(shipping - tax_in(shipping, sale.shipping_rate)),
        "amount": _six(back),
        "date_add": _local(refund.at),
        "date_upd": _local(refund.at),
        "associations": {
            "order_slip_details": [
                {
                    "id": str(refund.id * 10 + index),
                    "id_order_detail": str(order.sale.id * 100 + index),
                    "product_quantity": str(count),
                    "amount_tax_incl": _six(product.price * count),
                    "amount_tax_excl": _six(product.price * count - tax_in(product.price * count, product.rate)),
                }
                for index, count, product in lines
            ]
        },
    }


def _address(order: Sold) -> dict[str, Any]:
    buyer = order.sale.buyer
    return {
        "id": order.sale.id,
        "id_country": str(COUNTRIES[buyer.country]),
        "id_state": str(STATES.get(buyer.province_code, 0)),
        "company": buyer.company,
        "firstname": buyer.first,
        "lastname": buyer.last,
        "vat_number": buyer.nif if buyer.company else "",
        "dni": "" if buyer.company else buyer.nif,
        "address1": buyer.street,
        "address2": "",
        "postcode": buyer.postal_code,
        "city": buyer.city,
    }
