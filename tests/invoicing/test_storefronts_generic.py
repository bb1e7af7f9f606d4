"""The signed webhook of our own shape: what POST /api/v1/orders/ takes, under another door."""

# mypy: disable-error-code="comparison-overlap"
# 21 is Decimal("21"): whole amounts and rates are written as what they are.

import json
from decimal import Decimal
from typing import Any

import pytest

from invoicing.storefronts import PLATFORMS, ReaderSettings, Unreadable
from invoicing.values import LineKind, Refund
from tests.invoicing.bundles import content
from tests.invoicing.test_storefronts_api import LINE, ORDER

SURCHARGED = LINE | {"id": "L1", "surcharge_rate": "5.2"}


def read(**changes: Any) -> Any:
    return content("generic", ORDER | changes, "order")


def test_reads_what_the_api_reads() -> None:
    ours, apis = read(), content("api", ORDER, "order")
    assert ours.platform == "generic"
    assert {name: getattr(ours, name) for name in ours.__struct_fields__ if name != "platform"} == {
        name: getattr(apis, name) for name in apis.__struct_fields__ if name != "platform"
    }


@pytest.mark.parametrize("topic", ["order", "pulled"])
def test_a_body_of_another_shape_is_told_by_its_place(topic: str) -> None:
    with pytest.raises(Unreadable) as caught:
        PLATFORMS["generic"].read(json.dumps(ORDER | {"totals": 1}).encode(), topic, ReaderSettings())
    assert caught.value.pointer == "/totals"


def test_a_surcharge_is_a_second_tax() -> None:
    assert [tax.rate for tax in read(lines=[SURCHARGED]).lines[0].taxes] == [21, Decimal("5.2")]


def test_a_surcharge_alone_is_a_mistake() -> None:
    with pytest.raises(Unreadable) as caught:
        read(lines=[SURCHARGED | {"tax_rate": None}])
    assert caught.value.pointer == "/lines/0/surcharge_rate"


def test_a_refund_says_what_it_was_for() -> None:
    back = SURCHARGED | {"quantity": 1, "amount": "9.92"}
    (refund,) = read(lines=[SURCHARGED], refunds=[{"id": "R1", "total": "12.00", "lines": [back]}]).refunds
    assert isinstance(refund, Refund)
    (line,) = refund.lines
    assert (line.external_id, line.quantity, line.amount) == ("L1", -1, Decimal("-9.92"))
    assert (line.unit_price, refund.total, refund.detailed) == (Decimal("9.92"), -12, True)


def test_the_rest_of_an_order() -> None:
    tip = {"description": "Propina", "kind": "tip", "unit_price": "2.00", "amount": "2.00"}
    found = read(
        lines=[LINE, tip], total="20.84", discount="1.00", shipped_at="2026-11-03T10:00:00+01:00",
        delivered_at="2026-11-04T10:00:00+01:00", language="ca",
    )  # fmt: skip
    assert (found.discount, found.language, found.lines[1].kind) == (1, "ca", LineKind.TIP)
    assert (found.delivered_at - found.shipped_at).days == 1


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [({"discount": "-1.00"}, "/discount"), ({"language": "Catalan"}, "/language"),
     ({"shipped_at": "2026-11-03"}, "/shipped_at"),
     ({"refunds": [{"id": "R1", "total": "1.00", "lines": [LINE | {"amount": "1.00"}]}]}, "/refunds/0/lines/0/amount")],
)  # fmt: skip
def test_wrong_places_are_named(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(**changes)
    assert caught.value.pointer == pointer
