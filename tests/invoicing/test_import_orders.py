"""`import_orders`: orders from a file, through the same door as deliveries, whatever their platform."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from common import clock, commands
from config.demo.payloads import body
from invoicing.companies import connect
from invoicing.models import Connection, Delivery, Invoice, Order
from tests.databases import Database
from tests.invoicing import bundles
from tests.invoicing.aeat import an_aeat
from tests.invoicing.importing import AUTUMN, NIF, ROOTS, a_shop, api_order, importing, lines, stored, told
from tests.invoicing.test_storefronts_api import ORDER
from tests.shops_standin.joined import work
from tests.terminal import ROOT, manage
from tests.world import SOLER, la_encina, sale
from workflows.models import ProcessEvent


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pedidos.jsonl"


WHOLE = [
    # what the stored payloads say themselves (storefronts/scenarios.json): paid orders and their totals
    *(
        pytest.param(platform, stored(root, f"{platform}/{number}"), topic, total, id=f"{root.name}-{platform}")
        for root in ROOTS
        for platform, number, topic, total in (
            ("shopify", "02", "orders/updated", "25.50"),
            ("woocommerce", "02", "order.updated", "59.45"),
            ("magento", "01", "order", "38.40"),
            ("stripe", "01", "invoice.paid", "53.36"),
        )
    ),
    # what is composed of several resources, and our own shape
    *(
        pytest.param(platform, json.dumps(document, indent=1).encode(), topic, total, id=f"whole-{platform}")
        for platform, document, topic, total in (
            ("magento", bundles.magento(), "pulled", "38.40"),
            ("prestashop", bundles.prestashop(), "pulled", "64.00"),
            ("bigcommerce", bundles.bigcommerce(), "pulled", "70.41"),
            ("stripe", bundles.stripe_invoice(), "pulled", "53.36"),
            ("generic", ORDER, "order", "19.84"),
            ("api", ORDER, "order", "19.84"),
        )
    ),
]


class TestAnOrder:
    @pytest.mark.parametrize(("platform", "document", "topic", "total"), WHOLE)
    def test_of_each_platform_is_a_delivery_and_then_an_invoice(
        self, fresh_database: Database, file: Path, platform: str, document: bytes, topic: str, total: str
    ) -> None:
        a_shop(platform)
        file.write_bytes(document)
        assert told(file)["taken"] == 1
        delivery = Delivery.objects.get()
        assert bytes(delivery.body) == document.strip()
        assert (delivery.topic, delivery.body_sha256) == (topic, hashlib.sha256(document.strip()).hexdigest())
        work()
        assert Invoice.objects.get().total == Decimal(total)

    def test_says_where_it_came_from_and_who_brought_it(self, fresh_database: Database, file: Path) -> None:
        a_shop()
        file.write_bytes(b"\n" + lines(api_order()))
        told(file)
        delivery = Delivery.objects.get()
        assert delivery.headers == {"encadena-import": "pedidos.jsonl, line 2"}
        assert delivery.delivery_key.startswith("import:order:")
        event = ProcessEvent.objects.get(process__workflow="capture", move="trigger")
        assert event.actor == f"cli:{commands.user()}"

    def test_of_an_array_keeps_the_text_that_it_has(self, fresh_database: Database, file: Path) -> None:
        a_shop("shopify")
        # As PHP and Excel might write it: escapes, tabs, amounts that a parser would write otherwise.
        odd = body(sale()).replace(b'"total_price":', b'\t"total_price" :').replace("í".encode(), b"\\u00ed")
        second = body(sale(number=2))
        file.write_bytes(b"\xef\xbb\xbf[\r\n " + odd + b" ,\r\n" + second + b"]")
        assert told(file)["taken"] == 2
        assert sorted(bytes(each.body) for each in Delivery.objects.all()) == sorted([odd, second])

    def test_comes_through_a_pipe_too(self, fresh_database: Database) -> None:
        a_shop()
        done = subprocess.run(
            [sys.executable, "manage.py", "import_orders", "--company", NIF, "--connection", "Tienda", "-", "--json"],
            cwd=ROOT, env=os.environ | fresh_database.env, input=lines(api_order("A-1"), api_order("A-2")),
            capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        assert (done.returncode, json.loads(done.stdout)["taken"]) == (0, 2), done
        assert {each.headers["encadena-import"] for each in Delivery.objects.all()} == {
            "standard input, line 1", "standard input, line 2",
        }  # fmt: skip

    def test_goes_from_the_file_to_the_aeat(self, fresh_database: Database, tmp_path: Path, file: Path) -> None:
        with an_aeat(tmp_path) as aeat:
            orders = [sale(SOLER, number=number, placed_at=clock.now().replace(microsecond=0)) for number in (1, 2, 3)]
            file.write_bytes(b"\n".join(body(order) for order in orders))
            said = importing(file, connection=aeat.shop.name, company=aeat.company.taxpayer.nif)
            assert said.code == 0, said
            assert "3 taken in" in said.stdout
            aeat.send()
            assert aeat.states() == ["accepted"] * 3
            assert {order.state for order in Order.objects.all()} == {"invoiced"}
            verified = manage("verify_ledger", "--pdf", "--json")
            assert (verified.code, verified.json["findings"]) == (0, [])


class TestUsage:
    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("--company", "B00000000", "--connection", "Tienda", "{file}"), "no company"),
            (("--company", NIF, "--connection", "Otra", "{file}"), "'Tienda'"),
            (("--company", NIF, "--connection", "A mano", "{file}"), "'Tienda'"),
            (("--company", NIF, "--connection", "Cerrada", "{file}"), "'Tienda'"),
            (("--company", NIF, "--connection", "Ajena", "{file}"), "'Tienda'"),
            (("--company", NIF, "--connection", "Tienda", "{file}.gone"), "No such file"),
            (("--company", NIF, "--connection", "Tienda", "{folder}"), "Is a directory"),
            (("--company", NIF, "--connection", "Tienda", "{file}", "--topic", "customers/redact"), "orders/updated"),
            (("--company", NIF, "--connection", "Tienda", "{file}", "--topic", "orders/edited"), "orders/updated"),
            (("--company", NIF, "--connection", "Tienda"), "FILE"),
            (("--connection", "Tienda", "{file}"), "--company"),
            (("--company", NIF, "{file}"), "--connection"),
        ],
    )
    def test_what_is_not_there_is_told_by_exit_code_2(
        self, fresh_database: Database, file: Path, arguments: Sequence[str], told: str
    ) -> None:
        connection = a_shop("shopify")
        connect(connection.company, platform="manual", name="A mano", invoice_from=AUTUMN)
        connect(connection.company, platform="shopify", name="Cerrada", invoice_from=AUTUMN)
        Connection.objects.filter(name="Cerrada").update(active=False)
        connect(la_encina(nif="B98765431"), platform="shopify", name="Ajena", invoice_from=AUTUMN)
        file.write_bytes(body(sale()))
        said = manage("import_orders", *(each.format(file=file, folder=file.parent) for each in arguments))
        assert (said.code, said.stdout) == (2, "")
        assert told in said.stderr
        assert not Delivery.objects.exists()

    def test_a_file_without_orders_is_no_error(self, fresh_database: Database, file: Path) -> None:
        a_shop()
        for content in (b"", b"[]", b"\n"):
            file.write_bytes(content)
            assert told(file)["documents"] == 0

    @pytest.mark.parametrize("platform", sorted(set(Connection.Platform.values) - {"manual"}))
    def test_every_platform_but_drafts_is_served(self, fresh_database: Database, file: Path, platform: str) -> None:
        a_shop(platform)
        file.write_bytes(b"")
        assert importing(file).code == 0
