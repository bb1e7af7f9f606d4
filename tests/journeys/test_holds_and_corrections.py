"""When a person is needed: the order waits with its reason, is answered, and goes on where it stood."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from common import clock
from config.demo.catalogue import PRODUCTS, dni
from config.demo.payloads import Sale, body
from invoicing.holds import Action, Resolution
from tests.journeys.house import House, Shops
from tests.world import LUCIA, SOLER, sale
from workflows import control
from workflows.errors import Superseded
from workflows.models import Process

EXPENSIVE = ((PRODUCTS[2], 40),)
"""3,560 euros: above the limit of a simplified invoice, whatever the seller's activity."""


def a_held_order(house: House, platform: str = "shopify") -> tuple[Shops, Sale, Process]:
    """Post an order that is too large for an invoice without NIF, and return it with the process that waits."""
    shops = house.company()
    order = sale(LUCIA, platform=platform, items=EXPENSIVE)
    house.post(shops[platform], order)
    house.settled()
    process = shops.held(order)
    assert process
    assert process.hold["code"] == "nif_required"
    assert shops.invoices == []
    assert shops.order(order).state == "held"
    return shops, order, process


def test_a_held_order_is_given_a_nif_and_the_same_process_issues_a_complete_invoice(house: House) -> None:
    shops, order, process = a_held_order(house)
    answer = Resolution(action=Action.GIVE_NIF, nif=dni(44_556_677))
    control.resolve(process.pk, answer, now=clock.now(), actor="persona")
    house.settled()
    [invoice] = shops.invoices
    assert (invoice.tipo, invoice.recipient_nif, invoice.state) == ("F1", dni(44_556_677), "acknowledged")
    assert [(p.pk, p.state) for p in shops.processes(order)] == [(process.pk, "completed")]


def test_a_hold_is_shown_and_answered_through_the_api(house: House) -> None:
    shops, order, _ = a_held_order(house, platform="api")
    [shown] = house.api(shops, f"/api/v1/orders/?external_id={order.id}").json()["data"]
    assert shown["state"] == "held"
    hold = shown["hold"]
    answer = {"process": hold["process"], "action": "give_nif", "nif": dni(44_556_677)}
    resolved = house.api(shops, f"/api/v1/orders/{shown['id']}/resolution/", answer)
    assert resolved.status_code == 202, resolved.text
    house.settled()
    assert [(invoice.tipo, invoice.state) for invoice in shops.invoices] == [("F1", "acknowledged")]


def test_an_answer_that_does_not_fit_leaves_the_hold_standing(house: House) -> None:
    shops, order, process = a_held_order(house)
    answer = Resolution(action=Action.GIVE_NIF, nif="12345678A")
    control.resolve(process.pk, answer, now=clock.now(), actor="persona")
    house.settled()
    again = shops.held(order)
    assert again
    assert (again.pk, again.hold["code"]) == (process.pk, "nif_required")
    assert shops.invoices == []


def test_a_newer_version_supersedes_the_hold_and_a_late_answer_is_told_which_one(house: House) -> None:
    shops, order, process = a_held_order(house, platform="api")
    [before] = house.api(shops, f"/api/v1/orders/?external_id={order.id}").json()["data"]
    house.post(shops["api"], order.at(30, items=((PRODUCTS[2], 50),)))
    house.settled()
    newer = shops.held(order)
    assert newer
    assert newer.pk != process.pk

    answer = Resolution(action=Action.GIVE_NIF, nif=dni(44_556_677))
    with pytest.raises(Superseded) as late:
        control.resolve(process.pk, answer, now=clock.now(), actor="persona")
    assert late.value.by == newer.pk
    told = {"process": before["hold"]["process"], "action": "give_nif", "nif": dni(44_556_677)}
    conflict = house.api(shops, f"/api/v1/orders/{before['id']}/resolution/", told)
    assert (conflict.status_code, conflict.json()["version"]) == (409, 2)

    house.api(
        shops, f"/api/v1/orders/{before['id']}/resolution/", {**told, "process": conflict.json()["superseded_by"]}
    )
    house.settled()
    [invoice] = shops.invoices
    assert invoice.total == 89 * 50 + order.shipping


def test_a_newer_version_that_needs_nobody_goes_on_without_the_hold(house: House) -> None:
    shops, order, process = a_held_order(house)
    house.post(shops["shopify"], order.at(30, buyer=SOLER), "orders/updated")
    house.settled()
    assert [invoice.tipo for invoice in shops.invoices] == ["F1"]
    older, newer = shops.processes(order)
    assert [older.state, newer.state] == ["cancelled", "completed"]
    assert (older.pk, older.superseded_by_id) == (process.pk, newer.pk)


def refunded(order: dict[str, Any]) -> None:
    order["financial_status"] = "partially_refunded"
    order["refunds"] = [
        {
            "id": 77, "note": "Talla incorrecta", "created_at": order["updated_at"], "order_adjustments": [],
            "transactions": [{"kind": "refund", "status": "success", "amount": "8.75", "currency": "EUR"}],
            "refund_line_items": [], "refund_shipping_lines": [],
        }
    ]  # fmt: skip


def cancelled(order: dict[str, Any]) -> None:
    order["cancelled_at"] = order["updated_at"]


def edited(order: dict[str, Any]) -> None:
    """One more of the second article, at its price and with its tax."""
    article = order["line_items"][1]
    quantity = Decimal(article["quantity"])
    order["total_price"] = str(Decimal(order["total_price"]) + Decimal(article["price"]))
    order["total_price_set"]["shop_money"]["amount"] = order["total_price"]
    article["quantity"] = int(quantity) + 1
    for tax in article["tax_lines"]:
        tax["price"] = str((Decimal(tax["price"]) * (quantity + 1) / quantity).quantize(Decimal("0.01")))


def edited_without_saying_how(order: dict[str, Any]) -> None:
    order["current_total_price"] = str(Decimal(order["total_price"]) + Decimal("8.75"))


def invoiced(house: House) -> tuple[Shops, Sale, Any]:
    shops = house.company()
    order = sale(SOLER)
    house.post(shops["shopify"], order)
    house.settled()
    [invoice] = shops.invoices
    return shops, order, invoice


def post_later(house: House, shops: Shops, order: Sale, topic: str, change: Callable[[dict[str, Any]], None]) -> None:
    later = order.at(3600)
    content = json.loads(body(later))
    change(content)
    house.post(shops["shopify"], later, topic, data=json.dumps(content).encode())
    house.settled()


@pytest.mark.parametrize(
    ("change", "topic", "purpose", "tipo", "of_the_total"),
    [
        (refunded, "orders/updated", "refund", "R1", Decimal("-8.75")),
        (cancelled, "orders/cancelled", "cancellation", "R1", None),
        (edited, "orders/updated", "addition", "F1", Decimal("8.75")),
    ],
)
def test_what_happens_to_an_order_after_its_invoice_becomes_a_document_that_the_aeat_accepts(
    house: House,
    change: Callable[[dict[str, Any]], None],
    topic: str,
    purpose: str,
    tipo: str,
    of_the_total: Decimal | None,
) -> None:
    shops, order, sold = invoiced(house)
    post_later(house, shops, order, topic, change)
    assert shops.held(order) is None
    made = next(invoice for invoice in shops.invoices if invoice.pk != sold.pk)
    assert (made.purpose, made.tipo, made.state) == (purpose, tipo, "acknowledged")
    assert made.total == (-sold.total if of_the_total is None else of_the_total)
    sold = type(sold).objects.get(pk=sold.pk)
    rectifies = tipo == "R1"
    assert [each.num_serie for each in made.references.all()] == ([sold.num_serie] if rectifies else [])
    assert (sold.state, shops.order(order).state) == (
        ("rectified", "corrected") if rectifies else ("acknowledged", "invoiced")
    )
    assert made.document.size > 1000


def test_what_cannot_be_computed_waits_for_a_person(house: House) -> None:
    shops, order, invoice = invoiced(house)
    post_later(house, shops, order, "orders/updated", edited_without_saying_how)
    process = shops.held(order)
    assert process
    assert process.hold["code"] == "correction_needed"
    assert process.hold["data"]["data"]["invoice"] == invoice.num_serie
    assert "modificó" in process.hold["data"]["data"]["changes"]
    assert [one.num_serie for one in shops.invoices] == [invoice.num_serie]

    by_hand = Resolution(action=Action.CORRECTED_BY_HAND, reason="rectificada en el programa anterior")
    control.resolve(process.pk, by_hand, now=clock.now(), actor="persona")
    house.settled()
    assert shops.held(order) is None


def test_an_order_of_another_customer_is_not_kept_waiting_by_a_hold(house: House) -> None:
    shops, order, _ = a_held_order(house)
    other = replace(order, id=order.id + 1, number="#1502", items=((PRODUCTS[5], 1),))
    house.post(shops["shopify"], other)
    house.settled()
    assert len(shops.invoices) == 1
