"""What is imported again, came another way before, was cut off in the middle, or changed meanwhile."""

import hashlib
import io
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from common import clock
from config.demo.payloads import body
from invoicing.importing.taking import BATCH, FileChanged, take
from invoicing.models import Delivery, Invoice, Order, Snapshot
from tests.databases import Database
from tests.deadline import eventually
from tests.invoicing.importing import NIF, a_shop, api_order, importing, lines, many, stored, told
from tests.invoicing.orders import PAYLOADS
from tests.shops_standin.joined import work
from tests.terminal import ROOT
from tests.world import SOLER, arrive, la_encina, sale, shop
from workflows.models import Process


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pedidos.jsonl"


class TestAgain:
    def test_the_same_file_changes_nothing(self, fresh_database: Database, file: Path) -> None:
        a_shop()
        file.write_bytes(lines(api_order("A-1"), api_order("A-2"), api_order("A-1")))
        assert told(file, "--dry-run")["new"] == 2
        first = told(file)
        assert (first["taken"], first["documents"], first["known"]) == (2, 3, 1)
        work()
        again = told(file)
        assert (again["taken"], again["new"], again["known"], again["known_orders"]) == (0, 0, 3, 2)
        work()
        assert (Delivery.objects.count(), Invoice.objects.count()) == (2, 2)

    def test_an_order_that_its_webhook_brought_is_not_invoiced_twice(
        self, fresh_database: Database, file: Path
    ) -> None:
        connection = shop(la_encina())
        order = sale(SOLER)
        arrive(connection, order)
        work()
        file.write_bytes(body(order))
        said = importing(file, "--json", connection=connection.name)
        assert (said.json["taken"], said.json["known_orders"]) == (1, 1)
        work()
        assert [each.state for each in Snapshot.objects.order_by("version")][1] == "ignored"
        assert Invoice.objects.count() == 1

    def test_what_is_older_than_what_is_known_stays_evidence(self, fresh_database: Database, file: Path) -> None:
        connection = shop(la_encina())
        paid = sale(SOLER).at(30)
        arrive(connection, paid)
        work()
        file.write_bytes(body(sale(SOLER, paid=False)))
        importing(file, connection=connection.name)
        work()
        order = Order.objects.get()
        assert order.current is not None
        assert (order.state, order.current.version, order.last_version) == ("invoiced", 1, 2)

    def test_a_refund_of_shopify_is_taken_under_its_topic(self, fresh_database: Database, file: Path) -> None:
        connection = a_shop("shopify")
        file.write_bytes(stored(PAYLOADS, "shopify/02"))
        told(file)
        work()
        file.write_bytes(stored(PAYLOADS, "shopify/11"))
        assert told(file, code=1)["bad"] == 1
        looked = told(file, "--topic", "refunds/create")
        assert (looked["taken"], looked["refunds"], looked["orders"]) == (1, 1, 0)
        work()
        assert [each.total for each in Invoice.objects.filter(order__connection=connection).order_by("id")] == [
            Decimal("25.50"), Decimal("-7.89"),
        ]  # fmt: skip


def waits(database: Database, what: str) -> bool:
    """Tell whether a session waits for a lock of this kind."""
    statement = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = %s"
    with psycopg.connect(database.url) as watcher:
        return bool(watcher.execute(statement, [what]).fetchall())


def test_killed_in_the_middle_it_leaves_whole_batches_and_is_run_again(fresh_database: Database, file: Path) -> None:
    connection = a_shop()
    documents = many(2 * BATCH + 50)
    file.write_bytes(b"\n".join(documents))
    with psycopg.connect(fresh_database.url) as other, psycopg.connect(fresh_database.owner_url) as owner:
        # One of its deliveries, written by somebody who does not commit: the third batch has to wait for that.
        key = f"import:order:{hashlib.sha256(documents[2 * BATCH + 7]).hexdigest()}"
        other.execute(
            "INSERT INTO invoicing_delivery (id, company_id, connection_id, delivery_key, event_key, topic, "
            "received_at, headers, body, body_sha256, seal) "
            "VALUES (gen_random_uuid(), %s, %s, %s, '', 'order', now(), '{}', '', '', '')",
            [connection.company_id, connection.pk, key],
        )
        process = subprocess.Popen(
            [sys.executable, "manage.py", "import_orders", "--company", NIF, "--connection", "Tienda", str(file)],
            cwd=ROOT, env=os.environ | fresh_database.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        eventually(lambda: waits(fresh_database, "transactionid"), 60)
        # Let it write those deliveries, and not the processes that are to read them.
        owner.execute("LOCK TABLE workflows_process IN SHARE MODE")
        other.rollback()
        eventually(lambda: waits(fresh_database, "relation"), 60)
        process.kill()
        process.wait()
        owner.rollback()
    assert Delivery.objects.count() == Process.objects.filter(workflow="capture").count() == 2 * BATCH
    again = told(file)
    assert (again["taken"], again["known"]) == (50, 2 * BATCH)
    keys = Process.objects.filter(workflow="capture").values_list("idempotency_key", flat=True)
    assert set(keys) == {f"delivery:{each}" for each in Delivery.objects.values_list("pk", flat=True)}
    assert {bytes(each) for each in Delivery.objects.values_list("body", flat=True)} == set(documents)


def test_a_file_that_changes_after_it_was_looked_at_is_told_and_stays_half_done_for_the_next_run(
    fresh_database: Database,
) -> None:
    connection = a_shop()
    changed = io.BytesIO(b"\n".join(many(BATCH)) + b"\n{}\n" + b"\n".join(many(BATCH + 5)[BATCH:]))
    with pytest.raises(FileChanged, match=f"line {BATCH + 1}.*import it again"):
        take(
            connection, changed, name="f", topic="", actor="cli:ana", most=BATCH + 6, skip_bad=False,
            now=clock.now, at=lambda done: None,
        )  # fmt: skip
    assert Delivery.objects.count() == BATCH
