"""The scenarios of PrestaShop, Magento, Stripe and BigCommerce, and what the refunds of the other two say.

Expected figures are typed in from the scenarios' own table. What needs several resources is composed from the samples
as our clients do it.
"""

# mypy: disable-error-code="comparison-overlap"
# 21 is Decimal("21"): whole amounts and rates are written as what they are.

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from invoicing import nif
from invoicing.storefronts import PLATFORMS, ReaderSettings, Unreadable
from invoicing.values import Hint, OrderContent, Reading
from tests.invoicing import bundles
from tests.invoicing import test_storefronts_scenarios as others
from tests.invoicing.orders import PAYLOADS, SHARED, decided

ROOTS = [root for root in (PAYLOADS, SHARED / "samples") if root.is_dir()]


def body(root: Path, file: str) -> bytes:
    (found,) = sorted(root.glob(f"{file}*"))
    return found.read_bytes()


def parsed(root: Path, file: str) -> Any:
    return json.loads(body(root, file))


def reading(root: Path, file: str, topic: str) -> Reading:
    found = PLATFORMS[file.split("/", maxsplit=1)[0]].read(body(root, file), topic, ReaderSettings())
    assert found is not None
    return found


def rows(content: OrderContent) -> dict[Decimal, Decimal]:
    """Gross per rate as the lines say it, before a discount of the whole order."""
    found: dict[Decimal, Decimal] = {}
    for line in content.lines:
        (tax,) = line.taxes
        own = Decimal(0) if content.prices_include_tax else tax.amount or Decimal(0)
        found[tax.rate] = found.get(tax.rate, Decimal(0)) + line.amount + own
    return found


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.name)
class TestPrestaShop:
    def bundle(self, root: Path, **members: Any) -> dict[str, Any]:
        return bundles.prestashop() | {
            "order": parsed(root, "prestashop/01_order_1001.json")["order"],
            "details": parsed(root, "prestashop/02")["order_details"],
            "taxes": parsed(root, "prestashop/03")["taxes"],
            "addresses": [parsed(root, "prestashop/04")["address"]],
        } | members  # fmt: skip

    def test_01_is_a_paid_order_of_a_person_with_nif(self, root: Path) -> None:
        found = bundles.content("prestashop", self.bundle(root))
        assert (found.paid, found.total, found.total_tax) == (True, Decimal("64.00"), Decimal("9.82"))
        assert (found.buyer.tax_id, nif.judge(found.buyer.tax_id)) == ("12345678Z", nif.Verdict.VALID)
        assert found.buyer.address.lines == ("Paseo Zorrilla 20", "1º C")
        # 50.95 + 9.00 + 4.05 once 6.45 is spread over the goods: 42.11 + 8.84, 8.18 + 0.82, 3.89 + 0.16
        assert rows(found) == {21: Decimal("55.95"), 10: Decimal("10.00"), 4: Decimal("4.50")}
        assert found.discount == Decimal("6.45")

    def test_05_is_a_refund_of_its_first_line(self, root: Path) -> None:
        alone = reading(root, "prestashop/05", "order")
        assert (alone.external_id, alone.fetch) == ("1001", Hint(kind="order", external_id="1001"))
        (refund,) = bundles.content("prestashop", self.bundle(root, slips=[bundles.slip()])).refunds
        assert alone.refund is not None
        assert alone.refund.total == refund.total == Decimal("-22.50")
        (line,) = refund.lines
        assert (line.external_id, line.amount, [tax.rate for tax in line.taxes]) == ("3001", Decimal("-22.50"), [21])


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.name)
class TestMagento:
    def test_01_is_a_complete_invoice(self, root: Path) -> None:
        content = reading(root, "magento/01", "order").content
        assert content is not None
        found = decided(content).document
        assert found is not None
        assert (found.tipo, found.priced.total) == ("F1", Decimal("38.40"))
        assert found.recipient is not None
        assert found.recipient.tax_id == "B12345674"
        assert [(share.rate, share.base, share.tax) for share in found.priced.shares] == [
            (21, Decimal("23.00"), Decimal("4.83")),
            (10, Decimal("4.50"), Decimal("0.45")),
            (4, Decimal("5.40"), Decimal("0.22")),
        ]

    def test_03_asks_for_the_order(self, root: Path) -> None:
        found = reading(root, "magento/03", "com.adobe.commerce.observer.sales_order_save_commit_after")
        assert (found.content, found.fetch) == (None, Hint(kind="order", external_id="312"))


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.name)
class TestStripe:
    def test_01_is_a_complete_invoice_with_a_reference(self, root: Path) -> None:
        content = reading(root, "stripe/01", "invoice.paid").content
        assert content is not None
        found = decided(content, connection=others.REFERENCE_ONLY).document
        assert found is not None
        assert (found.tipo, found.priced.total) == ("F1", Decimal("53.36"))
        assert found.recipient is not None
        assert found.recipient.tax_id == "B12345674"
        assert [(share.rate, share.base, share.tax) for share in found.priced.shares] == [
            (21, Decimal("44.10"), Decimal("9.26"))
        ]
        assert "8F2C1A7B-0007" in found.note

    def test_03_is_half_of_it_back_once_the_payment_is_known(self, root: Path) -> None:
        found = reading(root, "stripe/03", "charge.refunded")
        assert (found.external_id, found.fetch) == ("", Hint(kind="payment_intent", external_id="pi_3SExample01"))
        charge = parsed(root, "stripe/03")["data"]
        delta = charge["object"]["amount_refunded"] - charge["previous_attributes"]["amount_refunded"]
        back = {"id": "re_1", "amount": delta, "currency": "eur", "status": "succeeded", "created": 1793199999}
        (refund,) = bundles.content("stripe", bundles.stripe_invoice() | {"refunds": [back]}).refunds
        assert (refund.total, refund.lines) == (Decimal("-26.68"), ())

    def test_04_is_79_dollars_without_any_tax(self, root: Path) -> None:
        found = reading(root, "stripe/04", "checkout.session.completed")
        assert found.fetch == Hint(kind="checkout.session", external_id="cs_live_a1Example")
        session = parsed(root, "stripe/04")["data"]["object"]
        content = bundles.content("stripe", bundles.stripe_session() | {"session": session})
        assert (content.total, content.currency, content.paid, content.test) == (79, "USD", True, False)
        assert all(line.taxes == () and not line.untaxed_because for line in content.lines)
        assert (content.buyer.tax_id, content.buyer.address.country) == ("", "ES")
        assert decided(content).action == "hold"


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.name)
class TestBigCommerce:
    def test_01_asks_for_the_order_and_is_known_by_its_hash(self, root: Path) -> None:
        found = reading(root, "bigcommerce/01", "store/order/statusUpdated")
        assert (found.content, found.fetch) == (None, Hint(kind="order", external_id="250"))
        told = PLATFORMS["bigcommerce"].identity(body(root, "bigcommerce/01"), {})
        assert told.delivery_key == "9f2a3b1cdeadbeef00112233445566778899aabb"


class TestRefundsOfTheOthers:
    def test_shopify_11_is_at_21_per_cent_whole(self) -> None:
        """-7.89 is -6.52 and -1.37: two lines, 2.94 and 4.95, both at 21 %."""
        refund = bundles.reading("shopify", bundles.sample("shopify", "12"), "refunds/create").refund
        assert refund is not None
        assert sum(line.amount for line in refund.lines) == refund.total == Decimal("-7.89")
        assert {tax.rate for line in refund.lines for tax in line.taxes} == {21}

    def test_woocommerce_03_is_fetched_and_at_21_per_cent(self) -> None:
        """-10.58 is -8.74 and -1.84."""
        bundle = {"pulled": "woocommerce", "order": bundles.sample("woocommerce", "03"),
                  "refunds": [bundles.sample("woocommerce", "04")]}  # fmt: skip
        (refund,) = bundles.content("woocommerce", bundle).refunds
        (line,) = refund.lines
        (tax,) = line.taxes
        assert (refund.total, tax.rate, tax.amount) == (Decimal("-10.58"), 21, Decimal("-1.84"))
        assert line.amount - (tax.amount or 0) == Decimal("-8.74")


def test_every_scenario_is_tested_here_or_beside() -> None:
    """The table of the scenarios, file by file; typed in, and compared with the table itself where it is there."""
    tested = {case.file for case in others.ISSUED} | {file for file, *_ in others.HELD}
    tested |= {file for file, _ in others.NOTHING_YET} | {"shopify/11", "shopify/13", "woocommerce/03"}
    tested |= {"prestashop/01", "prestashop/05", "magento/01", "magento/03", "stripe/01", "stripe/03", "stripe/04",
               "bigcommerce/01"}  # fmt: skip
    assert len(tested) == 24
    if (SHARED / "scenarios.json").exists():
        told = json.loads((SHARED / "scenarios.json").read_bytes())["scenarios"]
        assert {each["file"].split("_")[0] for each in told} == tested


def test_an_unknown_platforms_bundle_is_nobodys() -> None:
    for name, reader in PLATFORMS.items():
        if name not in ("api", "generic"):
            with pytest.raises(Unreadable):
                reader.read(b'{"pulled":"another","order":{}}', "pulled", ReaderSettings())
