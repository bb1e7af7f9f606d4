"""What a shop sends of an order's life: webhooks, and the bundle that our own client composes when it asks.

Payloads are the stand-in shops'; the bundles are composed by the product's clients, which here ask a shop in-process.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from config.demo.catalogue import Product
from invoicing.storefronts import PULLED
from invoicing.storefronts.clients import CLIENTS
from invoicing.storefronts.clients.http import Answer
from invoicing.storefronts.payload import Node
from tests.properties.life import Life
from tests.properties.shapes import OWN
from tests.shops_standin.platforms import SHOPS
from tests.shops_standin.posting import told_of_order, told_of_refund
from tests.shops_standin.server import Shop
from tests.shops_standin.sold import GivenBack, tax_in


@dataclass(frozen=True)
class Told:
    """One delivery: what capture looks at, by the names that it knows."""

    platform: str
    topic: str
    body: bytes
    key: str
    triggered_at: datetime | None
    received_at: datetime


def webhooks(life: Life, what: str) -> list[Told]:
    """Return what the platform sends after the last thing that happened, in the order in which it sends it."""
    platform, order, at = life.shape.platform, life.order, life.order.updated_at
    if platform in OWN:
        body = json.dumps(own_order(life)).encode()
        return [Told(platform, "order", body, f"{at}-{len(life.happened)}", None, at)]
    shop = _shop(life)
    if what in ("pieces", "money", "everything", "shipping"):
        posts = told_of_refund(shop, order, order.refunds[-1])
    else:
        posts = told_of_order(shop, order, created=what == "placed")
    found = []
    for number, post in enumerate(posts):
        body = _changed(life, json.loads(post.body))
        moment = post.at if platform in ("shopify", "stripe", "bigcommerce") else None
        key = f"{post.key}-{len(life.happened)}-{number}"
        found.append(Told(platform, post.topic, json.dumps(body).encode(), key, moment, at))
    return found


def asked(life: Life, at: datetime) -> Told:
    """Return what the shop says now, composed by our client; of our own formats, the order sent once more."""
    platform = life.shape.platform
    if platform in OWN:
        return Told(platform, "order", json.dumps(own_order(life)).encode(), f"again-{at}", None, at)
    api: Any = InProcess(life)
    body = CLIENTS[platform].order(api, api.shop.identity(life.order))
    return Told(platform, PULLED, body, f"pulled-{at}", None, at)


class InProcess:
    """Stands for the HTTP helper of the clients: the same questions, without a network."""

    zone = ZoneInfo("Europe/Madrid")

    def __init__(self, life: Life) -> None:
        self.life, self.shop = life, _shop(life)

    def get(self, path: str, params: Any = ()) -> Answer:
        pairs = params.items() if isinstance(params, dict) else params
        reply = self.shop.answer(path, [(name, str(value)) for name, value in pairs])
        assert reply.status < 300, (path, reply)
        content = _changed(self.life, json.loads(json.dumps(reply.content), parse_float=Decimal))
        return Answer(Node(content), msgspec.json.decode(msgspec.json.encode(dict(reply.headers))))


def _shop(life: Life) -> Shop:
    shop = SHOPS[life.shape.platform]()
    shop.add([life.order])
    return shop


def _changed(life: Life, content: Any) -> Any:
    """WooCommerce's amounts are net whatever its prices are: a shop with prices without tax says only that."""
    if life.shape.net and isinstance(content, dict) and "prices_include_tax" in content:
        content["prices_include_tax"] = False
    return content


def own_order(life: Life) -> dict[str, Any]:
    """Return the order in our own format: gross, or net of each line's tax to the cent."""
    order, sale, net = life.order, life.order.sale, life.shape.net

    def row(name: str, before: Decimal, off: Decimal, rate: Decimal, count: int, **more: Any) -> dict[str, Any]:
        paid = before - off
        whole, amount = (each - tax_in(each, rate) if net else each for each in (before, paid))
        return {
            "description": name, "quantity": "1" if net else str(count), "amount": str(amount),
            "discount": str(whole - amount), "unit_price": str(whole if net else before / count),
            "tax_rate": str(rate) if sale.taxed else None, **more,
        }  # fmt: skip

    def sold(place: int, product: Product, count: int) -> dict[str, Any]:
        off = Decimal(0) if order.whole else sale.off(place) * count
        return row(product.name, product.price * count, off, product.rate, count, id=f"L{place}", sku=product.sku)

    lines = [sold(place, product, count) for place, (product, count) in enumerate(sale.items)]
    shipping = row("Envío 24-48 h", sale.shipping, Decimal(0), sale.shipping_rate, 1, id="E", kind="shipping")
    if sale.shipping:
        lines.append(shipping)

    def back(refund: GivenBack) -> dict[str, Any]:
        parts = [
            row(sale.items[place][0].name, sale.price_of(place) * count, Decimal(0), sale.items[place][0].rate, count,
                id=f"L{place}")
            for place, count in refund.pieces
        ]  # fmt: skip
        parts += [shipping] if refund.shipping else []
        return {"id": str(refund.id), "total": str(refund.amount(sale)), "created_at": refund.at.isoformat(),
                "lines": parts}  # fmt: skip

    buyer = sale.buyer
    address = {"lines": [buyer.street], "postal_code": buyer.postal_code, "city": buyer.city,
               "province": buyer.province, "country": buyer.country}  # fmt: skip
    return {
        "id": order.id, "number": sale.number, "placed_at": sale.placed_at.isoformat(),
        "updated_at": order.updated_at.isoformat(), "prices_include_tax": not net, "paid": sale.paid,
        "advances": str(Decimal(0) if sale.paid else order.received),
        "cancelled": order.cancelled, "discount": str(order.off if order.whole else 0), "total": str(order.total),
        "lines": lines, "ship_to": address,
        "buyer": {"name": f"{buyer.first} {buyer.last}", "company": buyer.company, "tax_id": buyer.nif,
                  "email": buyer.email, "address": address},
        "refunds": [back(refund) for refund in order.refunds],
    }  # fmt: skip
