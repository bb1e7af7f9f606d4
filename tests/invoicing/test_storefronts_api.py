"""The body of POST /api/v1/orders/: what it accepts, what it becomes, and what it says when it refuses."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from invoicing.storefronts import PLATFORMS, ReaderSettings, Unreadable
from invoicing.storefronts.api import TOPIC, OrderBody
from invoicing.values import LineKind, OrderContent
from tests.invoicing.orders import decided

api = PLATFORMS["api"]

LINE = {
    "description": "Taza", "sku": "TAZA-01", "quantity": 2, "unit_price": "9.92", "amount": "19.84", "tax_rate": "21",
}  # fmt: skip
ORDER: dict[str, Any] = {
    "id": "A-1", "number": "A-1", "placed_at": "2026-11-02T10:30:00+01:00", "updated_at": "2026-11-02T10:31:00+01:00",
    "prices_include_tax": True, "paid": True, "paid_at": "2026-11-02T10:31:00+01:00", "total": "19.84", "lines": [LINE],
    "buyer": {
        "name": "Lucía Ferrer", "email": "lucia@example.com", "address": {"postal_code": "28004", "country": "ES"},
    },
}  # fmt: skip


def read(**changes: Any) -> OrderContent:
    found = api.read(json.dumps(ORDER | changes).encode(), TOPIC, ReaderSettings())
    assert found is not None
    assert found.content is not None
    return found.content


class TestOrder:
    def test_becomes_a_version_of_an_order(self) -> None:
        found = api.read(json.dumps(ORDER).encode(), TOPIC, ReaderSettings())
        assert found is not None
        assert found.content is not None
        assert (found.external_id, found.updated_at) == ("A-1", datetime(2026, 11, 2, 9, 31, tzinfo=UTC))
        (line,) = found.content.lines
        assert (line.amount, line.kind) == (Decimal("19.84"), LineKind.GOODS)
        assert (line.taxes[0].rate, line.taxes[0].amount) == (Decimal(21), None)

    def test_is_invoiced_like_any_other(self) -> None:
        found = decided(read())
        assert found.document is not None
        assert (found.action, found.document.tipo) == ("issue", "F2")
        # 19.84 x 21 / 121 = 3.4433
        assert (found.document.priced.tax_total, found.document.priced.platform_tax) == (
            Decimal("3.44"),
            Decimal("3.44"),
        )

    def test_numbers_are_as_good_as_text(self) -> None:
        line = LINE | {"quantity": "2", "unit_price": 9.92, "amount": 19.84, "tax_rate": 21.0}
        assert read(lines=[line], total=19.84) == read()

    def test_nif_is_normalised(self) -> None:
        assert read(buyer={"tax_id": "es b-12345674"}).buyer.tax_id == "B12345674"

    def test_refunds_are_told_positive_and_kept_negative(self) -> None:
        assert read(refunds=[{"id": "R1", "total": "5.00"}]).refunds[0].total == Decimal("-5.00")

    def test_text_is_cleaned(self) -> None:
        assert read(lines=[LINE | {"description": "Taza\u0007 azul\n"}]).lines[0].description == "Taza azul"


class TestRefusal:
    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"colour": "red"}, "/colour"),
            ({"lines": [LINE | {"colour": "red"}]}, "/lines/0/colour"),
            ({"buyer": {"address": {"zip": "28004"}}}, "/buyer/address/zip"),
            ({"lines": [LINE, {"description": "Plato"}]}, "/lines/1/unit_price"),
            ({"lines": []}, "/lines"),
            ({"lines": [LINE] * 1001}, "/lines"),
            ({"lines": {}}, "/lines"),
            ({"lines": [LINE | {"amount": "19,84"}]}, "/lines/0/amount"),
            ({"lines": [LINE | {"amount": "19.845"}]}, "/lines/0/amount"),
            ({"lines": [LINE | {"amount": "19.00"}]}, "/lines/0/amount"),  # is not 2 x 9.92
            ({"lines": [LINE | {"amount": "NaN"}]}, "/lines/0/amount"),
            ({"lines": [LINE | {"amount": "Infinity"}]}, "/lines/0/amount"),
            ({"lines": [LINE | {"amount": True}]}, "/lines/0/amount"),
            ({"lines": [LINE | {"quantity": 0}]}, "/lines/0/quantity"),
            ({"lines": [LINE | {"unit_price": "9.9200001"}]}, "/lines/0/unit_price"),
            ({"lines": [LINE | {"kind": "magic"}]}, "/lines/0/kind"),
            ({"lines": [LINE | {"description": ""}]}, "/lines/0/description"),
            ({"total": "1e30"}, "/total"),
            ({"total": None}, "/total"),
            ({"id": ""}, "/id"),
            ({"id": "x" * 121}, "/id"),
            ({"id": 5}, "/id"),
            ({"paid": "yes"}, "/paid"),
            ({"placed_at": "2026-11-02T10:30:00"}, "/placed_at"),
            ({"placed_at": "0001-01-01T00:00:00Z"}, "/placed_at"),
            ({"updated_at": "9999-12-31T23:59:59-23:00"}, "/updated_at"),
            ({"currency": "euros"}, "/currency"),
            ({"ship_to": {"country": "Spain"}}, "/ship_to/country"),
            ({"refunds": [{"id": "R1", "total": "-5.00"}]}, "/refunds/0/total"),
        ],
    )
    def test_names_the_place(self, changes: dict[str, Any], pointer: str) -> None:
        with pytest.raises(Unreadable) as caught:
            read(**changes)
        assert caught.value.pointer == pointer
        assert caught.value.reason

    @pytest.mark.parametrize("field", ["id", "placed_at", "updated_at", "prices_include_tax", "paid", "lines", "total"])
    def test_names_a_missing_field(self, field: str) -> None:
        document = {name: value for name, value in ORDER.items() if name != field}
        with pytest.raises(Unreadable) as caught:
            api.read(json.dumps(document).encode(), TOPIC, ReaderSettings())
        assert (caught.value.pointer, caught.value.reason) == (f"/{field}", "this field is missing")


class TestDoor:
    def test_no_signature_opens_it(self) -> None:
        assert not api.authentic(b"", {}, ["secret"])
        assert not api.ping(b"webhook_id=1", {})

    def test_identity_is_the_idempotency_key_or_the_body(self) -> None:
        keyed = api.identity(b"{}", {"idempotency-key": "k1"})
        assert keyed.delivery_key == api.identity(b"{ }", {"Idempotency-Key": "k1"}).delivery_key
        assert keyed.delivery_key != api.identity(b"{}", {}).delivery_key
        assert api.identity(b"{}", {}).delivery_key != api.identity(b"{ }", {}).delivery_key
        assert len(api.identity(b"{}", {"Idempotency-Key": "k" * 5000}).delivery_key) < 200

    def test_the_body_has_a_schema_to_publish(self) -> None:
        schema = msgspec.json.schema(OrderBody)["$defs"]["OrderBody"]
        assert schema["additionalProperties"] is False
        assert set(schema["required"]) == {
            "id", "placed_at", "updated_at", "prices_include_tax", "paid", "lines", "total",
        }  # fmt: skip
