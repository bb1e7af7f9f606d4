"""One invented order in the shape of each platform: Shopify, WooCommerce, and our own API."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from config.demo.catalogue import Product

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Buyer:
    """Who buys: `nif` as typed into the shop's form, empty for a guest."""

    first: str
    last: str
    street: str
    postal_code: str
    city: str
    province_code: str
    province: str
    country: str = "ES"
    company: str = ""
    nif: str = ""

    @property
    def email(self) -> str:
        name = f"{self.first}.{self.last}".replace(" ", ".").lower()
        return f"{name.encode('ascii', 'ignore').decode()}@example.com"


@dataclass(frozen=True)
class Sale:
    """One order of the demonstration, before it takes the shape of a platform."""

    platform: str
    id: int
    number: str
    buyer: Buyer
    items: tuple[tuple[Product, int], ...]
    shipping: Decimal
    placed_at: datetime
    paid: bool = True
    discount_percent: int = 0
    taxed: bool = True
    updated_at: datetime | None = None
    shipping_rate: Decimal = Decimal(21)
    discounts: tuple[Decimal, ...] = ()
    """Euros off each piece of the goods, in their order."""

    def price_of(self, place: int) -> Decimal:
        """Return what is paid for one piece of the goods in that place."""
        return self.items[place][0].price - self.off(place)

    def off(self, place: int) -> Decimal:
        """Return what is taken off one piece."""
        return self.discounts[place] if place < len(self.discounts) else Decimal(0)

    def at(self, seconds: int, **changes: Any) -> "Sale":
        """Return a later version of the order, `seconds` after it was placed."""
        return replace(self, updated_at=self.placed_at + timedelta(seconds=seconds), **changes)


def body(sale: Sale) -> bytes:
    """Return the request body that the sale's platform would send."""
    shape = {"shopify": _shopify, "woocommerce": _woocommerce, "api": _api}[sale.platform]
    return json.dumps(shape(sale), ensure_ascii=False).encode()


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def _tax(gross: Decimal, rate: Decimal) -> Decimal:
    return _rounded(gross * rate / (100 + rate))


def _lines(sale: Sale) -> list[tuple[Product, int, Decimal, Decimal]]:
    """Return (product, quantity, discount, gross after discount) of each line."""
    rows = []
    for place, (product, quantity) in enumerate(sale.items):
        gross = product.price * quantity
        discount = _rounded(gross * sale.discount_percent / 100) + sale.off(place) * quantity
        rows.append((product, quantity, discount, gross - discount))
    return rows


def _shopify(sale: Sale) -> dict[str, Any]:
    lines = _lines(sale)
    untaxed = not sale.taxed
    total = sum((gross for *_, gross in lines), sale.shipping)
    line_items: list[dict[str, Any]] = [
        {
            "id": sale.id * 100 + index,
            "title": product.name,
            "name": product.name,
            "sku": product.sku,
            "quantity": quantity,
            "price": str(product.price),
            "total_discount": "0.00",
            "gift_card": False,
            "requires_shipping": True,
            "taxable": sale.taxed,
            "tax_lines": []
            if untaxed
            else [{"title": "ES IVA", "rate": float(product.rate / 100), "price": str(_tax(gross, product.rate))}],
            "discount_allocations": [{"amount": str(discount), "discount_application_index": 0}] if discount else [],
        }
        for index, (product, quantity, discount, gross) in enumerate(lines)
    ]
    tax = sum((Decimal(t["price"]) for item in line_items for t in item["tax_lines"]), Decimal(0))
    shipping_tax = Decimal(0) if untaxed else _tax(sale.shipping, sale.shipping_rate)
    address = {
        "first_name": sale.buyer.first,
        "last_name": sale.buyer.last,
        "name": f"{sale.buyer.first} {sale.buyer.last}",
        "company": sale.buyer.company or None,
        "address1": sale.buyer.street,
        "address2": None,
        "zip": sale.buyer.postal_code,
        "city": sale.buyer.city,
        "province": sale.buyer.province,
        "province_code": sale.buyer.province_code,
        "country_code": sale.buyer.country,
    }
    money = {"shop_money": {"amount": str(total), "currency_code": "EUR"}}
    return {
        "id": sale.id,
        "name": sale.number,
        "email": sale.buyer.email,
        "created_at": sale.placed_at.isoformat(),
        "processed_at": sale.placed_at.isoformat(),
        "updated_at": (sale.updated_at or sale.placed_at).isoformat(),
        "cancelled_at": None,
        "test": False,
        "currency": "EUR",
        "presentment_currency": "EUR",
        "financial_status": "paid" if sale.paid else "pending",
        "source_name": "web",
        "taxes_included": True,
        "total_price": str(total),
        "total_price_set": money,
        "total_tax": str(tax + shipping_tax),
        "note_attributes": [{"name": "NIF", "value": sale.buyer.nif}] if sale.buyer.nif else [],
        "billing_address": address,
        "shipping_address": address,
        "customer": {"id": sale.id + 7, "first_name": sale.buyer.first, "last_name": sale.buyer.last},
        "line_items": line_items,
        "shipping_lines": [
            {
                "id": sale.id * 100 + 99,
                "title": "Envío 24-48 h",
                "price": str(sale.shipping),
                "discount_allocations": [],
                "tax_lines": []
                if untaxed
                else [{"title": "ES IVA", "rate": float(sale.shipping_rate / 100), "price": str(shipping_tax)}],
            }
        ]
        if sale.shipping
        else [],
        "refunds": [],
    }


def _woocommerce(sale: Sale) -> dict[str, Any]:
    rates = sorted({product.rate for product, _ in sale.items} | {sale.shipping_rate})
    rate_ids = {rate: index for index, rate in enumerate(rates, 1)}
    line_items, net_total, tax_total = [], Decimal(0), Decimal(0)

    def taxed(gross: Decimal, rate: Decimal) -> tuple[Decimal, Decimal, list[dict[str, Any]]]:
        if not sale.taxed:
            return gross, Decimal(0), []
        exact = (gross * rate / (100 + rate)).quantize(Decimal("0.000001"), ROUND_HALF_UP)
        tax = _rounded(exact)
        return gross - tax, tax, [{"id": rate_ids[rate], "total": str(exact), "subtotal": str(exact)}]

    for index, (product, quantity, discount, gross) in enumerate(_lines(sale)):
        net, tax, taxes = taxed(gross, product.rate)
        before, before_tax, _ = taxed(gross + discount, product.rate)
        net_total, tax_total = net_total + net, tax_total + tax
        line_items.append(
            {
                "id": sale.id * 100 + index,
                "name": product.name,
                "sku": product.sku,
                "quantity": quantity,
                "subtotal": str(before),
                "subtotal_tax": str(before_tax),
                "total": str(net),
                "total_tax": str(tax),
                "taxes": taxes,
                "price": float(net / quantity),
                "meta_data": [],
            }
        )
    shipping_net, shipping_tax, shipping_taxes = taxed(sale.shipping, sale.shipping_rate)
    updated = sale.updated_at or sale.placed_at
    address = {
        "first_name": sale.buyer.first,
        "last_name": sale.buyer.last,
        "company": sale.buyer.company,
        "address_1": sale.buyer.street,
        "address_2": "",
        "city": sale.buyer.city,
        "state": sale.buyer.province_code,
        "postcode": sale.buyer.postal_code,
        "country": sale.buyer.country,
    }
    return {
        "id": sale.id,
        "number": sale.number,
        "status": "processing" if sale.paid else "pending",
        "currency": "EUR",
        "prices_include_tax": True,
        "date_created_gmt": _gmt(sale.placed_at),
        "date_modified_gmt": _gmt(updated),
        "date_paid_gmt": _gmt(updated) if sale.paid else None,
        "total": str(net_total + tax_total + shipping_net + shipping_tax),
        "total_tax": str(tax_total + shipping_tax),
        "shipping_total": str(shipping_net),
        "shipping_tax": str(shipping_tax),
        "billing": {**address, "email": sale.buyer.email},
        "shipping": address,
        "meta_data": [{"id": 1, "key": "_billing_nif", "value": sale.buyer.nif}] if sale.buyer.nif else [],
        "line_items": line_items,
        "tax_lines": [
            {"id": 900 + number, "rate_id": number, "label": "IVA", "rate_percent": float(rate), "rate_code": "ES-IVA"}
            for rate, number in rate_ids.items()
            if sale.taxed
        ],
        "shipping_lines": [
            {
                "id": sale.id * 100 + 99,
                "method_title": "Envío 24-48 h",
                "total": str(shipping_net),
                "total_tax": str(shipping_tax),
                "taxes": shipping_taxes,
            }
        ]
        if sale.shipping
        else [],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [],
    }


def _gmt(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def _api(sale: Sale) -> dict[str, Any]:
    lines = [
        {
            "description": product.name,
            "sku": product.sku,
            "quantity": str(quantity),
            "unit_price": str(product.price),
            "discount": str(discount),
            "amount": str(gross),
            "tax_rate": str(product.rate) if sale.taxed else None,
        }
        for product, quantity, discount, gross in _lines(sale)
    ]
    if sale.shipping:
        rate = str(sale.shipping_rate) if sale.taxed else None
        lines.append(
            {
                "description": "Envío 24-48 h",
                "kind": "shipping",
                "quantity": "1",
                "unit_price": str(sale.shipping),
                "amount": str(sale.shipping),
                "tax_rate": rate,
            }
        )
    address = {
        "lines": [sale.buyer.street],
        "postal_code": sale.buyer.postal_code,
        "city": sale.buyer.city,
        "province": sale.buyer.province,
        "province_code": sale.buyer.province_code,
        "country": sale.buyer.country,
    }
    return {
        "id": str(sale.id),
        "number": sale.number,
        "placed_at": sale.placed_at.isoformat(),
        "updated_at": (sale.updated_at or sale.placed_at).isoformat(),
        "prices_include_tax": True,
        "paid": sale.paid,
        "buyer": {
            "name": f"{sale.buyer.first} {sale.buyer.last}",
            "company": sale.buyer.company,
            "tax_id": sale.buyer.nif,
            "email": sale.buyer.email,
            "address": address,
        },
        "ship_to": address,
        "lines": lines,
        "total": str(sum((gross for *_, gross in _lines(sale)), sale.shipping)),
    }
