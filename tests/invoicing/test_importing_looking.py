"""What a file comes to before anything of it is taken in: its faults, what is new, what is never invoiced."""

import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config.demo.payloads import body
from invoicing.models import Connection, Delivery, Invoice, Order
from tests.databases import Database
from tests.invoicing import bundles
from tests.invoicing.importing import AUTUMN, a_shop, api_order, importing, lines, told
from tests.invoicing.orders import PAYLOADS
from tests.invoicing.test_storefronts_api import ORDER
from tests.shops_standin.joined import work
from tests.world import sale
from workflows.models import Process


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pedidos.jsonl"


class TestFaults:
    BAD = b'{"id": "A-2", "placed_at"\n' + lines(api_order("A-3", total="nine"))

    def test_keep_the_whole_file_out(self, fresh_database: Database, file: Path) -> None:
        a_shop()
        file.write_bytes(lines(api_order("A-1")) + self.BAD + lines(api_order("A-4")))
        for more in ((), ("--dry-run",)):
            said = importing(file, *more)
            assert said.code == 1
            assert "line 2: the body is not JSON" in said.stdout
            assert "line 3: /total: " in said.stdout
            assert "--skip-bad" in said.stdout
        assert not Delivery.objects.exists()
        looked = told(file, code=1)
        assert (looked["refused"], looked["bad"], looked["documents"], looked["taken"]) == (True, 2, 4, 0)

    def test_may_be_left_out(self, fresh_database: Database, file: Path) -> None:
        a_shop()
        file.write_bytes(lines(api_order("A-1")) + self.BAD + lines(api_order("A-4")))
        looked = told(file, "--skip-bad", code=4)
        assert (looked["taken"], looked["bad"]) == (2, 2)
        work()
        assert {order.number for order in Order.objects.all()} == {"A-1", "A-4"}
        assert not Process.objects.filter(state__in=("held", "failed")).exists()

    def test_alone_are_no_half_success(self, fresh_database: Database, file: Path) -> None:
        a_shop()
        file.write_bytes(self.BAD)
        assert told(file, "--skip-bad", code=1)["taken"] == 0

    def test_are_told_up_to_twenty(self, fresh_database: Database, file: Path) -> None:
        a_shop()
        file.write_bytes(b"{}\n" * 50)
        looked = told(file, code=1)
        assert (looked["bad"], len(looked["faults"]), looked["faults"][19]["place"]) == (50, 20, "line 20")
        assert "and 30 more" in importing(file).stdout

    def test_cannot_write_to_the_terminal(self, fresh_database: Database, file: Path) -> None:
        a_shop()
        file.write_bytes(lines(api_order("A-1", **{"\x1b[31m": 1})))
        said = importing(file)
        assert said.code == 1
        assert "\x1b" not in said.stdout + said.stderr

    @pytest.mark.parametrize(
        ("platform", "document", "why"),
        [
            ("shopify", {"errors": "[API] Invalid API key or access token"}, "/id"),
            ("shopify", {"orders": []}, "/id"),
            ("woocommerce", {"code": "woocommerce_rest_cannot_view", "message": "Sorry", "data": {}}, "/id"),
            # What says neither its lines nor its rates, and what only names an order.
            ("prestashop", bundles.sample("prestashop", "01_order_1001"), "pulled"),
            ("prestashop", {"hint": "order", "id": "1001", "at": "2026-10-21T16:06:02Z"}, "pulled"),
            ("bigcommerce", bundles.sample("bigcommerce", "01"), "pulled"),
            ("stripe", bundles.sample("stripe", "04"), "only names"),
            ("stripe", {"id": "evt_1", "type": "customer.created", "created": 1792000000, "data": {}}, "no order"),
            ("stripe", bundles.sample("stripe", "01")["data"]["object"], "pulled"),
            # Without a date of its own it would be newer than all that is known.
            ("stripe", {k: v for k, v in bundles.stripe_invoice().items() if k != "pulled_at"}, "/pulled_at"),
            # Of another platform.
            ("magento", bundles.prestashop(), "/pulled"),
            ("api", bundles.prestashop(), "not known here"),
        ],
    )
    def test_are_what_holds_no_whole_order(
        self, fresh_database: Database, file: Path, platform: str, document: Any, why: str
    ) -> None:
        a_shop(platform)
        file.write_bytes(lines(document))
        (fault,) = told(file, code=1)["faults"]
        assert why in fault["reason"]

    def test_xml_is_one(self, fresh_database: Database, file: Path) -> None:
        a_shop("prestashop")
        (xml,) = PAYLOADS.glob("prestashop/01_order_1001.xml")
        file.write_bytes(xml.read_bytes())
        assert "not JSON" in told(file, code=1)["faults"][0]["reason"]


class TestDryRun:
    def test_says_what_would_come_and_keeps_nothing(self, fresh_database: Database, file: Path) -> None:
        a_shop()
        file.write_bytes(lines(api_order("A-1")))
        told(file)
        work()
        before = Process.objects.count()
        in_july = {"placed_at": "2026-07-31T23:30:00Z", "updated_at": "2026-11-02T10:31:00+01:00"}  # August in Spain
        file.write_bytes(
            lines(
                api_order("A-1"),
                api_order("A-2", updated_at="2026-11-03T10:00:00Z", total="29.84", lines=[
                    *ORDER["lines"], {"description": "Plato", "unit_price": 10, "amount": "10.00", "tax_rate": "21"},
                ]),
                api_order("A-2"),  # an older version of it
                api_order("A-3", currency="USD"),
                api_order("A-4", **in_july),
            )
        )  # fmt: skip
        looked = told(file, "--dry-run")
        counts = ("documents", "new", "known", "orders", "known_orders", "before", "taken")
        assert [looked[name] for name in counts] == [5, 4, 1, 4, 1, 1, 0]
        assert looked["months"] == [
            {"month": "2026-08", "currency": "EUR", "orders": 1, "before": 1, "total": "19.84"},
            {"month": "2026-11", "currency": "EUR", "orders": 2, "before": 0, "total": "49.68"},
            {"month": "2026-11", "currency": "USD", "orders": 1, "before": 0, "total": "19.84"},
        ]
        assert (Delivery.objects.count(), Process.objects.count()) == (1, before)

    def test_warns_of_what_will_never_be_invoiced(self, fresh_database: Database, file: Path) -> None:
        connection = a_shop(invoice_from=datetime(2026, 11, 2, 10, tzinfo=UTC))
        file.write_bytes(lines(api_order("A-1"), api_order("A-2", placed_at="2026-11-02T10:00:00Z")))
        for more in (("--dry-run",), ()):
            said = importing(file, *more)
            assert "1 orders were placed before 2026-11-02T11:00:00+01:00" in said.stdout
            assert "NEVER invoiced" in said.stdout
        work()
        assert [invoice.order and invoice.order.number for invoice in Invoice.objects.all()] == ["A-2"]
        Connection.objects.filter(pk=connection.pk).update(invoice_from=AUTUMN)
        assert told(file, "--dry-run")["before"] == 0

    def test_warns_of_a_shop_that_does_not_invoice_yet(self, fresh_database: Database, file: Path) -> None:
        a_shop(invoice_from=None)
        file.write_bytes(lines(api_order("A-1")))
        assert "not_live" in importing(file, "--dry-run").stdout


def test_memory_does_not_grow_with_the_file(fresh_database: Database, file: Path) -> None:
    a_shop("shopify")
    note = b'{"note": "%s", ' % (b"x" * 20_000)
    sizes, peaks = [], []
    for count in (200, 1_000):
        file.write_bytes(b"\n".join(note + body(sale(number=number))[1:] for number in range(count)))
        sizes.append(file.stat().st_size)
        tracemalloc.start()
        assert told(file, "--dry-run")["new"] == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert sizes[1] - sizes[0] > 16_000_000
    assert peaks[1] - peaks[0] < 2_000_000
