"""Whatever a shop, a broken plugin or an attacker sends: a reader answers with a Reading, None or Unreadable.

Every sample and every bundle is bent in many ways: members dropped, nulled, of another type, doubled, huge, in the
wrong encoding, cut. What is read must also be storable: encoded, decoded, equal.
"""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from invoicing.storefronts import PLATFORMS, ReaderSettings, Unreadable
from invoicing.values import OrderContent, Reading, Refund
from tests.invoicing import bundles
from tests.invoicing.orders import PAYLOADS
from tests.invoicing.test_storefronts_api import ORDER
from tests.invoicing.test_storefronts_stripe import NOTE, REFUND
from workflows.encoding import decode, encode

ARRIVED = datetime(2026, 11, 1, tzinfo=UTC)
TOPICS = {
    "01_orders_create": "orders/create", "02_orders_paid": "orders/paid", "03_orders_updated": "orders/updated",
    "11_refunds": "refunds/create", "12_refunds": "refunds/create",
    "13_orders_cancelled": "orders/cancelled", "04_refund_resource": "order.updated",
    "01_event": "invoice.paid", "03_event_charge": "charge.refunded", "04_event": "checkout.session.completed",
    "01_store": "store/order/statusUpdated", "03_event_order": "com.adobe.commerce.observer.sales_order_save",
}  # fmt: skip
DEFAULT_TOPICS = {"shopify": "orders/paid", "woocommerce": "order.updated", "bigcommerce": "store/order/updated"}


def topic_of(file: Path) -> str:
    found = [topic for start, topic in TOPICS.items() if file.name.startswith(start)]
    return found[-1] if found else DEFAULT_TOPICS.get(file.parent.name, "order")


def stripe_event(kind: str, about: dict[str, Any]) -> dict[str, Any]:
    return {"id": "evt_9", "type": kind, "created": 1793200000, "data": {"object": about}}


SAMPLES: list[tuple[str, str, Any]] = [
    *((file.parent.name, topic_of(file), json.loads(file.read_bytes())) for file in sorted(PAYLOADS.glob("*/*.json"))),
    ("shopify", "pulled", {"pulled": "shopify", "order": bundles.sample("shopify", "13")}),
    ("woocommerce", "pulled", {
        "pulled": "woocommerce", "order": bundles.sample("woocommerce", "03"),
        "refunds": [bundles.sample("woocommerce", "04")],
    }),
    ("woocommerce", "order.deleted", {"id": 7001}),
    ("prestashop", "pulled", bundles.prestashop() | {
        "slips": [bundles.slip()], "payments": [{"date_add": "2026-10-22 09:00:00"}], "timezone": "Atlantic/Canary",
        "cart_rules": [{"id": "2", "value": "5.950000", "free_shipping": "1"}], "language": {"iso_code": "ca"},
    }),
    ("prestashop", "hint", {"hint": "order", "id": "1001", "at": "2026-10-21T16:06:02Z"}),
    ("magento", "pulled", bundles.magento() | {"creditmemos": [bundles.creditmemo()]}),
    ("stripe", "pulled", bundles.stripe_invoice() | {"credit_notes": [NOTE], "refunds": [REFUND]}),
    ("stripe", "pulled", bundles.stripe_session() | {"refunds": [REFUND]}),
    ("stripe", "credit_note.created", stripe_event("credit_note.created", NOTE)),
    ("stripe", "refund.updated", stripe_event("refund.updated", REFUND)),
    ("bigcommerce", "pulled", bundles.bigcommerce() | {"refunds": [bundles.bigcommerce_refund(
        {"item_type": "PRODUCT", "item_id": 11, "quantity": 1, "requested_amount": None}, total=21.78)]}),
    ("generic", "order", ORDER | {"refunds": [{"id": "R1", "total": "5.00", "lines": ORDER["lines"]}]}),
    ("api", "order", ORDER),
]  # fmt: skip

ODD: list[Any] = [
    None, True, False, 0, 1, -1, 7, 1.5, -0.0, 10**400, -(10**30), 1e308, 1e-300, 9999999999, 0.00000001, "", " ", "0",
    "1", "-1", "x", "1e5", "NaN", "12,50", "9999999999.99999999", "0.00000001", "9" * 5000, "21 %", [], {}, [None],
    [[]], [{}], {"a": None}, {"id": {}}, {"amount": []}, "0000-00-00 00:00:00", "2026-10-21T18:05:33",
    "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00", "2026-02-30", 253402300799, "\u0000", "\ud83d", "ñ" * 300,
    "Tue, 20 Oct 2026 10:00:00 +9999", "../../etc/passwd", "Europe/Madrid", "true",
]  # fmt: skip


@st.composite
def bent(draw: st.DrawFn) -> tuple[str, str, bytes]:
    """A sample with up to six places changed, or its bytes damaged."""
    platform, topic, document = draw(st.sampled_from(SAMPLES))
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 6))):
        place = _somewhere(draw, document)
        key = draw(st.sampled_from(sorted(place, key=str) if isinstance(place, dict) else range(len(place))))
        match draw(st.sampled_from(("odd", "odd", "odd", "drop", "double", "swap"))):
            case "odd":
                place[key] = copy.deepcopy(draw(st.sampled_from(ODD)))
            case "drop":
                del place[key]
            case "double":
                place[key] = [copy.deepcopy(place[key]), copy.deepcopy(place[key])]
            case "swap":
                place[key] = copy.deepcopy(_somewhere(draw, document))
        if not document:
            break
    encoding = draw(st.sampled_from(("utf-8", "utf-8", "utf-8", "utf-16", "latin-1", "utf-8-sig")))
    text = json.dumps(document, ensure_ascii=draw(st.booleans()))
    body = text.encode(encoding, "replace" if encoding == "latin-1" else "surrogatepass")
    if draw(st.integers(0, 9)) == 0:
        cut = draw(st.integers(0, len(body)))
        body = body[:cut] + draw(st.binary(max_size=4)) + body[cut + draw(st.integers(0, 3)) :]
    return platform, topic, body


def _somewhere(draw: st.DrawFn, document: Any) -> Any:
    """Walk down to an object or a list that has something in it."""
    place = document
    while True:
        inner = [each for each in (place.values() if isinstance(place, dict) else place)
                 if isinstance(each, dict | list) and each]  # fmt: skip
        if not inner or draw(st.integers(0, 3)) == 0:
            return place
        place = draw(st.sampled_from(inner))


def answers(platform: str, topic: str, body: bytes) -> None:
    """Read, and see that nothing but the three answers comes, and that what comes can be kept."""
    identity = PLATFORMS[platform].identity(body, {})
    assert identity.delivery_key
    try:
        found = PLATFORMS[platform].read(body, topic, ReaderSettings(received_at=ARRIVED))
    except Unreadable as error:
        str(error).encode()
        return
    if found is None:
        return
    assert isinstance(found, Reading)
    assert found.updated_at.tzinfo is not None
    assert found.external_id or found.fetch  # what is kept names its order
    kept: list[tuple[Any, Callable[..., Any]]] = [(found.content, OrderContent), (found.refund, Refund)]
    for value, kind in kept:
        if value is not None:
            text = encode(value)
            assert decode(text, kind) == value
            text.encode()
            assert "\\u0000" not in text


QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None,
                 derandomize=True)  # fmt: skip
LONG = settings(QUICK, max_examples=10_000, derandomize=False)


@QUICK
@given(bent())
@example(("stripe", "invoice.paid", b'{"id":"e","created":1793000014,"data":{"object":{"lines":[]}}}'))
def test_any_payload_has_one_of_three_answers(case: tuple[str, str, bytes]) -> None:
    answers(*case)


@pytest.mark.faults
@pytest.mark.timeout(900)
@LONG
@given(bent())
def test_very_many_payloads_have(case: tuple[str, str, bytes]) -> None:
    answers(*case)


@pytest.mark.parametrize(
    ("platform", "topic", "document"), SAMPLES, ids=lambda each: each if isinstance(each, str) else ""
)
def test_unbent_they_are_read(platform: str, topic: str, document: Any) -> None:
    """Otherwise the tests above would hold for readers that refuse everything."""
    answers(platform, topic, json.dumps(document).encode())
    if topic == "pulled":
        assert bundles.reading(platform, document).content is not None


XML = [file.read_bytes() for file in sorted(PAYLOADS.glob("prestashop/*.xml"))]
BITS = [b"", b"<", b"]]>", b"&x;", b"\x00", b"\xff", b"<id>", b"</order>", b"\xf1", b"<!DOCTYPE a>", b"9" * 50]


@settings(QUICK, max_examples=60)
@given(st.sampled_from(XML), st.integers(0, 6000), st.integers(0, 200), st.sampled_from(BITS))
def test_any_xml_has(file: bytes, place: int, length: int, other: bytes) -> None:
    answers("prestashop", "order", file[:place] + other + file[place + length :])
