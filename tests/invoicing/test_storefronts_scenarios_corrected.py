"""What the refunds of the scenarios become once their orders are invoiced, as the scenarios' table says it."""

# mypy: disable-error-code="comparison-overlap"
# 21 is Decimal("21"): whole amounts and rates are written as what they are.

from decimal import Decimal
from typing import Any

import msgspec

from invoicing.values import OrderContent
from tests.invoicing import bundles
from tests.invoicing.orders import decided, invoiced
from tests.invoicing.test_storefronts_scenarios import REFERENCE_ONLY


def corrected(sold: OrderContent, refunded: OrderContent, tipo: str = "F2") -> tuple[str, Decimal, list[Any]]:
    """Type, total and (rate, base, tax) of the document that corrects by differences."""
    found = decided(refunded, issued=invoiced(sold, tipo), connection=REFERENCE_ONLY).document
    assert found is not None
    assert found.method == "I"
    return found.tipo, found.priced.total, [(share.rate, share.base, share.tax) for share in found.priced.shares]


def test_shopify_11() -> None:
    sold = bundles.content("shopify", bundles.sample("shopify", "02"), "orders/paid")
    refund = bundles.reading("shopify", bundles.sample("shopify", "12"), "refunds/create").refund
    assert refund is not None
    refunded = msgspec.structs.replace(sold, refunds=(refund,))
    assert corrected(sold, refunded) == ("R5", Decimal("-7.89"), [(21, Decimal("-6.52"), Decimal("-1.37"))])


def test_woocommerce_03() -> None:
    sold = bundles.content("woocommerce", bundles.sample("woocommerce", "02"), "order.updated")
    bundle = {
        "pulled": "woocommerce",
        "order": bundles.sample("woocommerce", "03"),
        "refunds": [bundles.sample("woocommerce", "04")],
    }
    refunded = bundles.content("woocommerce", bundle)
    assert corrected(sold, refunded) == ("R5", Decimal("-10.58"), [(21, Decimal("-8.74"), Decimal("-1.84"))])


def test_stripe_03() -> None:
    back = {"id": "re_1", "amount": 2668, "currency": "eur", "status": "succeeded", "created": 1793199999}
    sold = bundles.content("stripe", bundles.stripe_invoice())
    refunded = bundles.content("stripe", bundles.stripe_invoice() | {"refunds": [back]})
    assert corrected(sold, refunded, "F1") == ("R1", Decimal("-26.68"), [(21, Decimal("-22.05"), Decimal("-4.63"))])


def test_prestashop_05() -> None:
    sold = bundles.content("prestashop", bundles.prestashop())
    refunded = bundles.content("prestashop", bundles.prestashop() | {"slips": [bundles.slip()]})
    assert corrected(sold, refunded, "F1") == ("R1", Decimal("-22.50"), [(21, Decimal("-18.60"), Decimal("-3.90"))])
