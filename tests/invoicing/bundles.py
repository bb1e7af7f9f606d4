"""What our clients compose for the readers, from the samples and from invented shops: fresh documents to change."""

import json
from typing import Any

from invoicing.storefronts import PLATFORMS, ReaderSettings
from invoicing.values import OrderContent, Reading
from tests.invoicing.orders import PAYLOADS

Document = dict[str, Any]


def sample(platform: str, name: str) -> Any:
    """One of the stored JSON bodies, by the start of its name."""
    (found,) = sorted((PAYLOADS / platform).glob(f"{name}*.json"))
    return json.loads(found.read_bytes())


def reading(platform: str, document: Any, topic: str = "pulled", **settings: Any) -> Reading:
    """What the reader makes of a document."""
    found = PLATFORMS[platform].read(json.dumps(document).encode(), topic, ReaderSettings(**settings))
    assert found is not None
    return found


def content(platform: str, document: Any, topic: str = "pulled", **settings: Any) -> OrderContent:
    """The order version in a document."""
    found = reading(platform, document, topic, **settings).content
    assert found is not None
    return found


def prestashop(**order: Any) -> Document:
    """Order 1001 of the samples with everything that it refers to; `order` changes members of the order itself."""
    return {
        "pulled": "prestashop",
        "order": sample("prestashop", "01_order_1001")["order"] | order,
        "details": sample("prestashop", "02")["order_details"],
        "taxes": sample("prestashop", "03")["taxes"],
        "addresses": [sample("prestashop", "04")["address"]],
        "customer": {"id": "210", "firstname": "Beatriz", "lastname": "Ortega Sanz", "email": "bea@example.com"},
        "states": [
            {"id": "2", "paid": "1", "shipped": "0", "template": "payment"},
            {"id": "4", "paid": "1", "shipped": "1", "template": [{"id": "1", "value": "shipped"}]},
            {"id": "6", "paid": "0", "shipped": "0", "template": [{"id": "1", "value": "order_canceled"}]},
            {"id": "10", "paid": "0", "shipped": "0", "template": "bankwire"},
        ],
        "slips": [],
        "countries": [{"id": "6", "iso_code": "ES"}],
        "states_geo": [{"id": "339", "name": "Valladolid", "iso_code": "ES-VA"}],
        "currency": {"id": "1", "iso_code": "EUR"},
    }


SLIP: Document = {
    "id": "77", "id_customer": "210", "id_order": "1001", "conversion_rate": "1.000000",
    "total_products_tax_excl": "18.595041", "total_products_tax_incl": "22.500000",
    "total_shipping_tax_excl": "0.000000", "total_shipping_tax_incl": "0.000000", "amount": "22.500000",
    "shipping_cost": "0", "shipping_cost_amount": "0.000000", "partial": "1", "date_add": "2026-10-25 12:00:00",
    "date_upd": "2026-10-25 12:00:00", "order_slip_type": "1",
    "associations": {"order_slip_details": [
        {"id": "901", "id_order_detail": "3001", "product_quantity": "1", "amount_tax_excl": "18.595041",
         "amount_tax_incl": "22.500000"}]},
}  # fmt: skip
"""The slip of the samples as the webservice gives it in JSON."""


def slip(**changes: Any) -> Document:
    return json.loads(json.dumps(SLIP)) | changes


def magento(**order: Any) -> Document:
    """Order 312 of the samples, without credit memos."""
    return {"pulled": "magento", "order": sample("magento", "01_order_312") | order, "creditmemos": []}


def creditmemo(**changes: Any) -> Document:
    """A credit memo for one of the two packets of coffee: half of 21.78 paid, 3.78 of it tax."""
    memo = {
        "entity_id": 9, "increment_id": "000000009", "order_id": 312, "state": 2, "created_at": "2026-10-25 08:00:00",
        "updated_at": "2026-10-25 08:00:00", "base_grand_total": 10.89, "grand_total": 10.89, "base_tax_amount": 1.89,
        "base_shipping_amount": 0, "base_shipping_tax_amount": 0, "adjustment_positive": 0, "adjustment_negative": 0,
        "comments": [{"comment": "Paquete abierto"}],
        "items": [
            {"entity_id": 1, "order_item_id": 41, "qty": 1, "base_row_total": 10.0, "base_tax_amount": 1.89,
             "base_discount_amount": 1.21, "base_discount_tax_compensation_amount": 0.21},
            {"entity_id": 2, "order_item_id": 42, "qty": 0, "base_row_total": 0, "base_tax_amount": 0},
        ],
    }  # fmt: skip
    return memo | changes


def stripe_invoice(**invoice: Any) -> Document:
    """The invoice of the samples as the client composes it."""
    found = sample("stripe", "01")["data"]["object"] | invoice
    return {
        "pulled": "stripe", "pulled_at": "2026-10-28T10:00:00Z", "invoice": found, "lines": found["lines"]["data"],
        "credit_notes": [], "refunds": [],
    }  # fmt: skip


def stripe_session(*lines: Document, **session: Any) -> Document:
    """The session of the samples (79 US dollars, no tax configured) with its lines."""
    found = sample("stripe", "04")["data"]["object"] | session
    return {
        "pulled": "stripe", "pulled_at": "2026-10-29T19:00:00Z", "session": found,
        "lines": list(lines) or [session_line()], "credit_notes": [], "refunds": [],
    }  # fmt: skip


def session_line(**changes: Any) -> Document:
    line = {
        "id": "li_1", "object": "item", "amount_discount": 0, "amount_subtotal": 7900, "amount_tax": 0,
        "amount_total": 7900, "currency": "usd", "description": "Curso de cerámica", "quantity": 1, "taxes": [],
    }  # fmt: skip
    return line | changes


BIGCOMMERCE_ADDRESS = {
    "first_name": "Irene", "last_name": "Vidal Roca", "company": "", "street_1": "Carrer de Blai 8", "street_2": "",
    "city": "Barcelona", "state": "Barcelona", "zip": "08004", "country": "Spain", "country_iso2": "ES",
    "email": "irene@example.com", "form_fields": [],
}  # fmt: skip


def bigcommerce(**order: Any) -> Document:
    """Order 250: two vases at 24.20 with 10 % off (21 %), a cookbook at 20.80 (4 %), shipping 6.05 (21 %)."""
    return {
        "pulled": "bigcommerce",
        "order": {
            "id": 250, "customer_id": 0, "date_created": "Fri, 30 Oct 2026 22:00:00 +0000",
            "date_modified": "Fri, 30 Oct 2026 22:40:00 +0000", "date_shipped": "", "status_id": 11,
            "status": "Awaiting Fulfillment", "payment_status": "captured", "payment_method": "Tarjeta",
            "subtotal_inc_tax": "69.2000", "shipping_cost_ex_tax": "5.0000", "shipping_cost_inc_tax": "6.0500",
            "handling_cost_ex_tax": "0.0000", "handling_cost_inc_tax": "0.0000", "wrapping_cost_ex_tax": "0.0000",
            "wrapping_cost_inc_tax": "0.0000", "discount_amount": "0.0000", "coupon_discount": "4.8400",
            "store_credit_amount": "0.0000", "gift_certificate_amount": "0.0000", "total_inc_tax": "70.4100",
            "total_ex_tax": "61.0000", "total_tax": "9.4100", "currency_code": "EUR", "default_currency_code": "EUR",
            "is_deleted": False, "order_source": "www", "customer_locale": "es", "billing_address": BIGCOMMERCE_ADDRESS,
        } | order,
        "products": [
            {"id": 11, "order_id": 250, "product_id": 7, "name": "Jarrón", "sku": "JAR-1", "type": "physical",
             "quantity": 2, "price_inc_tax": "24.2000", "total_inc_tax": "48.4000", "total_ex_tax": "40.0000",
             "total_tax": "7.5600", "parent_order_product_id": None,
             "applied_discounts": [{"id": "coupon", "amount": "4.8400", "code": "DIEZ", "target": "order"}]},
            {"id": 12, "order_id": 250, "product_id": 8, "name": "Recetario", "sku": "REC-1", "type": "physical",
             "quantity": 1, "price_inc_tax": "20.8000", "total_inc_tax": "20.8000", "total_ex_tax": "20.0000",
             "total_tax": "0.8000", "parent_order_product_id": None, "applied_discounts": []},
        ],
        "shipping_addresses": [BIGCOMMERCE_ADDRESS],
        "taxes": [
            {"id": 1, "order_product_id": 11, "name": "IVA", "rate": "21.0000", "line_amount": "7.5600",
             "line_item_type": "item"},
            {"id": 2, "order_product_id": 12, "name": "IVA", "rate": "4.0000", "line_amount": "0.8000",
             "line_item_type": "item"},
            {"id": 3, "order_product_id": None, "name": "IVA", "rate": "21.0000", "line_amount": "1.0500",
             "line_item_type": "shipping"},
        ],
        "coupons": [{"id": 1, "code": "DIEZ", "amount": "10.0000", "type": 1, "discount": 4.84}],
        "refunds": [],
    }  # fmt: skip


def bigcommerce_refund(*items: Document, total: float, **changes: Any) -> Document:
    refund = {
        "id": 3, "order_id": 250, "created": "2026-11-03T09:00:00+00:00", "reason": "Llegó roto",
        "total_amount": total, "items": list(items),
        "payments": [{"id": 1, "amount": total, "offline": False, "is_declined": False}],
    }  # fmt: skip
    return refund | changes
