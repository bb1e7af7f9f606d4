"""A Stripe account: paid invoices, their payments, credit notes and refunds, and the events that tell of them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.shops_standin.server import NOTHING_THERE, Headers, Query, Reply, Shop
from tests.shops_standin.sold import GivenBack, Sold, tax_in

MOST = 10
"""Rows of a page here, whatever is asked for."""


class StripeShop(Shop):
    """Serves the lists and objects that lead from an event to an invoice."""

    platform = "stripe"
    credentials: Mapping[str, str] = {"secret_key": "rk_test_1"}
    forbidden: tuple[str, ...] = ()

    def identity(self, order: Sold) -> str:
        return f"in_{order.id}"

    def admits(self, headers: Headers) -> bool:
        return headers.get("Authorization") == "Bearer rk_test_1" and bool(headers.get("Stripe-Version"))

    def answer(self, path: str, query: Query) -> Reply:
        asked = dict(query)
        resource = path.removeprefix("v1/")
        if resource in self.forbidden:
            return Reply({"error": {"message": "no permission"}}, 403)
        match resource.split("/"):
            case ["invoices", identity]:
                found = self._of(identity)
                return Reply(stripe_invoice(found)) if found else NOTHING_THERE
            case ["invoices", identity, "lines"]:
                order = self._of(identity)
                return _list(_lines(order), asked) if order else NOTHING_THERE
            case ["refunds", identity]:
                return next((Reply(row) for row in self._refunds() if row["id"] == identity), NOTHING_THERE)
            case ["credit_notes", identity]:
                return next((Reply(row) for row in self._notes() if row["id"] == identity), NOTHING_THERE)
            case ["charges", identity]:
                return Reply({"id": identity, "object": "charge", "payment_intent": identity.replace("ch_", "pi_")})
            case ["tax_rates", identity]:
                return Reply({"id": identity, "object": "tax_rate", "inclusive": True,
                              "percentage": float(identity.removeprefix("txr_"))})  # fmt: skip
        rows = self._rows(resource, asked)
        return NOTHING_THERE if rows is None else _list(rows, asked)

    def _rows(self, resource: str, asked: dict[str, str]) -> list[dict[str, Any]] | None:
        orders = list(self.orders.values())
        match resource:
            case "invoices":
                return [stripe_invoice(order) for order in orders if order.sale.paid]
            case "checkout/sessions":
                return []
            case "credit_notes":
                return [row for row in self._notes() if asked.get("invoice") in (None, row["invoice"])]
            case "refunds":
                wanted = asked.get("payment_intent")
                return [row for row in self._refunds() if wanted in (None, row["payment_intent"])]
            case "invoice_payments":
                paid = [_payment(order) for order in orders if order.sale.paid]
                wanted = asked.get("invoice") or asked.get("payment[payment_intent]")
                return [row for row in paid if wanted in (row["invoice"], row["payment"]["payment_intent"])]
            case "events":
                return self._events()
        return None

    def _events(self) -> list[dict[str, Any]]:
        paid = [
            {"id": f"evt_in_{order.id}", "object": "event", "type": "invoice.paid", "created": _epoch(order.updated_at),
             "data": {"object": {"id": f"in_{order.id}", "object": "invoice"}}}
            for order in self.orders.values() if order.sale.paid
        ]  # fmt: skip
        back = [
            {"id": f"evt_{row['id']}", "object": "event", "type": "refund.created", "created": row["created"],
             "data": {"object": row}}
            for row in self._refunds()
        ]  # fmt: skip
        return paid + back

    def _refunds(self) -> list[dict[str, Any]]:
        return [stripe_refund(order, refund) for order in self.orders.values() for refund in order.refunds]

    def _notes(self) -> list[dict[str, Any]]:
        return [
            stripe_credit_note(order, refund)
            for order in self.orders.values()
            if order.credit_notes
            for refund in order.refunds
        ]

    def _of(self, invoice: str) -> Sold | None:
        return self.orders.get(invoice.removeprefix("in_"))


def _list(rows: list[dict[str, Any]], asked: dict[str, str]) -> Reply:
    """Return a page, newest first, of what lies in the window of creation."""
    low, high = (int(asked.get(f"created[{end}]", default)) for end, default in (("gte", 0), ("lte", 1 << 40)))
    rows = [row for row in rows if low <= row.get("created", low) <= high]
    rows.sort(key=lambda row: (-row.get("created", 0), row["id"]))
    if after := asked.get("starting_after"):
        rows = rows[[row["id"] for row in rows].index(after) + 1 :]
    size = min(int(asked.get("limit", 10)), MOST)
    return Reply({"object": "list", "data": rows[:size], "has_more": len(rows) > size})


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp())


def _cents(amount: Decimal) -> int:
    return int(amount * 100)


def stripe_invoice(order: Sold) -> dict[str, Any]:
    """Return the invoice, as invoice.paid has it too: prices with tax."""
    sale, lines = order.sale, _lines(order)
    taxes = [tax for line in lines for tax in line["taxes"]]
    buyer = sale.buyer
    return {
        "id": f"in_{sale.id}",
        "object": "invoice",
        "created": _epoch(sale.placed_at),
        "currency": "eur",
        "number": f"8F2C1A7B-{sale.id}",
        "status": "paid" if sale.paid else "open",
        "livemode": True,
        "total": _cents(order.total),
        "amount_paid": _cents(order.total if sale.paid else Decimal(0)),
        "subtotal": _cents(order.total),
        "customer_name": buyer.company or f"{buyer.first} {buyer.last}",
        "customer_email": buyer.email,
        "customer_address": _address(order),
        "customer_tax_exempt": "none",
        "customer_tax_ids": [{"type": "es_cif", "value": buyer.nif}] if buyer.nif else [],
        "customer_shipping": None,
        "custom_fields": None,
        "shipping_cost": None,
        "shipping_details": None,
        "metadata": {},
        "status_transitions": {"paid_at": _epoch(order.sale.placed_at) + 20 if sale.paid else None},
        "total_taxes": taxes,
        "lines": {"object": "list", "data": lines, "has_more": False},
    }


def _lines(order: Sold) -> list[dict[str, Any]]:
    """Return a line for each good, and one for the shipping."""
    sale = order.sale
    lines = [_goods(order, place, count) for place, (_, count) in enumerate(sale.items)]
    return [*lines, _shipping(order)] if sale.shipping else lines


def _goods(order: Sold, place: int, count: int) -> dict[str, Any]:
    product, off = order.sale.items[place][0], order.sale.off(place) * count
    return _line(order, place, product.name, count, product.price * count, off, product.rate)


def _shipping(order: Sold) -> dict[str, Any]:
    sale = order.sale
    return _line(order, len(sale.items), "Envío 24-48 h", 1, sale.shipping, Decimal(0), sale.shipping_rate)


def _line(
    order: Sold, place: int, name: str, count: int, gross: Decimal, off: Decimal, rate: Decimal
) -> dict[str, Any]:
    tax = tax_in(gross - off, rate)
    taxes = [
        {
            "amount": _cents(tax),
            "taxable_amount": _cents(gross - off - tax),
            "tax_behavior": "inclusive",
            "tax_rate_details": {"tax_rate": f"txr_{rate}"},
            "taxability_reason": "standard_rated",
            "type": "tax_rate_details",
        }
    ]
    return {
        "id": f"il_{order.sale.id}_{place}",
        "object": "line_item",
        "amount": _cents(gross),
        "currency": "eur",
        "description": name,
        "quantity": count,
        "discount_amounts": [{"amount": _cents(off), "discount": "di_1"}] if off else [],
        "taxes": taxes if order.sale.taxed else [],
    }


def stripe_credit_note(order: Sold, refund: GivenBack) -> dict[str, Any]:
    """Return the credit note of a refund: what went back of the invoice's lines, and money without a line."""
    lines = [_goods(order, place, count) for place, count in refund.pieces]
    lines += [_shipping(order)] if refund.shipping else []
    lines = [
        line | {"id": line["id"].replace("il_", f"cnli_{refund.id}_"), "object": "credit_note_line_item",
                "type": "invoice_line_item", "invoice_line_item": line["id"]}
        for line in lines
    ]  # fmt: skip
    if refund.money:
        lines.append(
            {"id": f"cnli_{refund.id}_money", "object": "credit_note_line_item", "type": "custom_line_item",
             "invoice_line_item": None, "amount": _cents(refund.money), "description": refund.reason, "quantity": 1,
             "discount_amounts": [], "taxes": []}
        )  # fmt: skip
    amount = _cents(refund.amount(order.sale))
    return {
        "id": f"cn_{refund.id}",
        "object": "credit_note",
        "created": _epoch(refund.at),
        "currency": "eur",
        "invoice": f"in_{order.id}",
        "status": "issued",
        "total": amount,
        "memo": refund.reason,
        "reason": "product_unsatisfactory",
        "refunds": [{"amount_refunded": amount, "refund": f"re_{refund.id}"}],
        "shipping_cost": None,
        "lines": {"object": "list", "data": lines, "has_more": False},
    }


def _payment(order: Sold) -> dict[str, Any]:
    return {
        "id": f"inpay_{order.id}",
        "object": "invoice_payment",
        "invoice": f"in_{order.id}",
        "payment": {"type": "payment_intent", "payment_intent": f"pi_{order.id}"},
        "status": "paid",
    }


def stripe_refund(order: Sold, refund: GivenBack) -> dict[str, Any]:
    """Return a refund, which has neither tax nor lines."""
    return {
        "id": f"re_{refund.id}",
        "object": "refund",
        "amount": _cents(refund.amount(order.sale)),
        "currency": "eur",
        "charge": f"ch_{order.id}",
        "payment_intent": f"pi_{order.id}",
        "created": _epoch(refund.at),
        "reason": "requested_by_customer",
        "status": "succeeded",
    }


def _address(order: Sold) -> dict[str, Any]:
    buyer = order.sale.buyer
    return {
        "line1": buyer.street,
        "line2": None,
        "postal_code": buyer.postal_code,
        "city": buyer.city,
        "state": buyer.province_code,
        "country": buyer.country,
    }
