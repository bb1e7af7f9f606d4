"""Every Shopify and WooCommerce scenario, from the received bytes to the decision.

The figures are those of the scenarios' own table (`breakdown_fiscal` where it gives one), typed in here. The bodies
are ours, and those of ../shared too where that folder is.
"""

from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from invoicing.policy import CompanyPolicy, ConnectionPolicy, Decision
from invoicing.storefronts import PLATFORMS, ReaderSettings
from invoicing.values import Reading, Refund
from tests.invoicing.orders import LIVE, PAYLOADS, RETAIL_SHOP, SHARED, SHOP, decided, invoiced

ROOTS = [root for root in (PAYLOADS, SHARED / "samples") if root.is_dir()]
REFERENCE_ONLY = ConnectionPolicy(invoice_from=LIVE.invoice_from, other_invoicing="reference_only")


class Issue(NamedTuple):
    """A document: rows are (rate or exemption, base, tax)."""

    file: str
    topic: str
    tipo: str
    total: str
    rows: list[tuple[str, str, str | None]]
    company: CompanyPolicy = SHOP
    connection: ConnectionPolicy = LIVE


ISSUED = [
    # the tax of a rate is taken on its total: 3.00 where the shop's lines sum to 2.99
    Issue("shopify/02", "orders/paid", "F2", "25.50",
          [("21", "14.26", "3.00"), ("10", "3.65", "0.36"), ("4", "4.07", "0.16")]),
    Issue("shopify/04", "orders/paid", "F1", "433.85", [("21", "358.55", "75.30")]),
    Issue("shopify/06", "orders/paid", "F2", "48.19", [("E2", "48.19", None)]),
    # 778 euros without NIF: only for an activity of the list
    Issue("shopify/10", "orders/paid", "F2", "778.00", [("21", "642.98", "135.02")], company=RETAIL_SHOP),
    # net lines under tax-inclusive prices
    Issue("woocommerce/02", "order.updated", "F2", "59.45",
          [("21", "31.13", "6.54"), ("10", "5.15", "0.52"), ("4", "15.49", "0.62")]),
    Issue("woocommerce/05", "order.updated", "F1", "290.40", [("21", "240.00", "50.40")], connection=REFERENCE_ONLY),
    Issue("woocommerce/07", "order.updated", "F2", "32.00", [("E2", "32.00", None)]),
]  # fmt: skip

HELD = [
    ("shopify/05", "orders/paid", "eu_company", SHOP),
    ("shopify/08", "orders/create", "zero_total", SHOP),
    ("shopify/09", "orders/paid", "nif_required", RETAIL_SHOP),
    ("shopify/10", "orders/paid", "nif_required", SHOP),
    ("woocommerce/05", "order.updated", "other_invoice_number", SHOP),
]

NOTHING_YET = [
    ("shopify/01", "orders/create"),
    ("shopify/03", "orders/updated"),
    ("woocommerce/01", "order.created"),
]


def body(root: Path, file: str) -> bytes:
    (found,) = sorted(root.glob(f"{file}_*.json"))
    return found.read_bytes()


def reading(root: Path, file: str, topic: str) -> Reading:
    found = PLATFORMS[file.split("/", maxsplit=1)[0]].read(body(root, file), topic, ReaderSettings())
    assert found is not None
    return found


def decision(root: Path, file: str, topic: str, company: CompanyPolicy, connection: ConnectionPolicy) -> Decision:
    content = reading(root, file, topic).content
    assert content is not None
    return decided(content, company=company, connection=connection)


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.name)
class TestScenario:
    @pytest.mark.parametrize("case", ISSUED, ids=lambda case: case.file)
    def test_issues_the_document_with_its_breakdown(self, root: Path, case: Issue) -> None:
        found = decision(root, case.file, case.topic, case.company, case.connection)
        assert found.document is not None
        assert (found.action, found.document.tipo) == ("issue", case.tipo)
        priced = found.document.priced
        assert priced.total == Decimal(case.total)
        rows = [(str(s.rate or s.exencion), str(s.base), None if s.tax is None else str(s.tax)) for s in priced.shares]
        assert rows == case.rows
        assert priced.rounding == 0
        assert sum(s.base + (s.tax or 0) for s in priced.shares) == priced.total
        assert {s.clave_regimen for s in priced.shares} == ({"02"} if case.rows[0][0] == "E2" else {"01"})

    @pytest.mark.parametrize(("file", "topic", "code", "company"), HELD)
    def test_holds_for_a_person(self, root: Path, file: str, topic: str, code: str, company: CompanyPolicy) -> None:
        found = decision(root, file, topic, company, LIVE)
        assert found.action == "hold"
        assert found.hold is not None
        assert found.hold.code == code

    @pytest.mark.parametrize(("file", "topic"), NOTHING_YET)
    def test_waits_for_the_payment(self, root: Path, file: str, topic: str) -> None:
        found = decision(root, file, topic, SHOP, LIVE)
        assert (found.action, found.note) == ("nothing", "Sin pagar.")

    def test_the_recipient_is_the_company_under_its_clean_nif(self, root: Path) -> None:
        found = decision(root, "shopify/04", "orders/paid", SHOP, LIVE).document
        assert found is not None
        recipient = found.recipient
        assert recipient is not None
        assert (recipient.tax_id, recipient.tax_id_as_given) == ("B12345674", "ES B-12.345.674")
        assert recipient.company == "Ferretería Soler SL"

    def test_the_foreign_number_is_kept_and_told(self, root: Path) -> None:
        content = reading(root, "woocommerce/05", "order.updated").content
        assert content is not None
        assert (content.invoiced_elsewhere, content.buyer.tax_id) == ("2026-0042", "B98765431")
        assert "2026-0042" in str(decided(content, connection=REFERENCE_ONLY).document)

    def test_the_stale_redelivery_is_older_than_the_payment(self, root: Path) -> None:
        stale = reading(root, "shopify/03", "orders/updated")
        paid = reading(root, "shopify/02", "orders/paid")
        assert stale.external_id == paid.external_id
        assert stale.updated_at < paid.updated_at

    def test_an_update_with_the_same_body_reads_the_same(self, root: Path) -> None:
        assert reading(root, "shopify/02", "orders/updated") == reading(root, "shopify/02", "orders/paid")

    def test_a_refund_names_its_order_and_what_went_back(self, root: Path) -> None:
        found = reading(root, "shopify/11", "refunds/create")
        assert found.external_id == "6120001000001"
        assert found.content is None
        assert found.refund is not None
        assert (found.refund.external_id, found.refund.total) == ("6120001002554", Decimal("-7.89"))

    def test_a_cancellation_embeds_its_refund_under_the_same_id(self, root: Path) -> None:
        content = reading(root, "shopify/13", "orders/cancelled").content
        assert content is not None
        assert content.cancelled
        (refund,) = content.refunds
        assert isinstance(refund, Refund)
        assert (refund.external_id, refund.total) == ("6120001002850", Decimal("-433.85"))

    def test_a_cancellation_after_the_invoice_is_rectified_whole(self, root: Path) -> None:
        sold = reading(root, "shopify/04", "orders/paid").content
        cancelled = reading(root, "shopify/13", "orders/cancelled").content
        assert sold is not None
        assert cancelled is not None
        found = decided(cancelled, issued=invoiced(sold, "F1")).document
        assert found is not None
        assert (found.tipo, found.method, found.priced.total) == ("R1", "I", Decimal("-433.85"))
        assert (found.purpose, found.key) == ("refund", "6120001002850")  # as its twin refunds/create names it

    def test_a_partial_refund_after_the_invoice_is_rectified(self, root: Path) -> None:
        sold = reading(root, "woocommerce/02", "order.updated").content
        refunded = reading(root, "woocommerce/03", "order.updated").content
        assert sold is not None
        assert refunded is not None
        assert [(refund.external_id, refund.total) for refund in refunded.refunds] == [("7055", Decimal("-10.58"))]
        found = decided(refunded, issued=invoiced(sold)).document
        assert found is not None
        assert (found.tipo, found.method, found.priced.total) == ("R5", "I", Decimal("-10.58"))
