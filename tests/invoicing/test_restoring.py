"""A backup is restored: nothing is issued nor sent until it was compared; what was lost is never used again."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connections
from psycopg import sql

from common import clock
from config.examination import examine
from config.postgres.urls import on_database
from invoicing.documents import Documents
from invoicing.evidence import whose
from invoicing.models import Gap, Invoice, Series
from invoicing.pdf import shared
from invoicing.printing import printed
from tests.databases import Database, pointed_at
from tests.invoicing.aeat import Aeat, an_aeat
from tests.terminal import manage
from tests.workflows import bench
from tests.world import SOLER, arrive, sale
from verifactu import locks, witness
from verifactu.locks import ChainLocked
from verifactu.models import Discrepancy, Installation, LockEvent, Record, Submission
from workflows.models import Alert, Process

_backups = count(9001)


@pytest.fixture
def aeat(fresh_database: Database, tmp_path: Path) -> Iterator[Aeat]:
    with an_aeat(tmp_path) as running:
        yield running


@contextmanager
def backup(database: Database) -> Iterator[Database]:
    """A copy of the database as it is now, byte for byte, as pg_dump and pg_restore elsewhere would make it."""
    # Named as the run's own databases are, so that nobody else takes it for a dead run's.
    name = f"{database.name}{next(_backups)}"
    copy = Database(name, on_database(database.url, name), on_database(database.owner_url, name), database.data_dir)
    connections.close_all()
    with psycopg.connect(on_database(database.owner_url, "postgres"), autocommit=True) as owner:
        owner.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log").format(
                sql.Identifier(name), sql.Identifier(database.name)
            )
        )
        try:
            yield copy
        finally:
            connections.close_all()
            owner.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def in_the_same_place() -> None:
    """As after the files of the server were put back, or a recovery to a point in time: the place tells nothing."""
    locks.settle_down(now=clock.now())


def after_restore(aeat: Aeat, *arguments: str) -> dict[str, Any]:
    said = manage("reconcile_aeat", "--after-restore", "--json", "--company", aeat.company.taxpayer.nif, *arguments)
    return {"code": said.code, "err": said.stderr, "out": said.json["after_restore"] if said.stdout else None}


def test_a_restored_dump_neither_issues_nor_sends_until_it_was_compared(aeat: Aeat, fresh_database: Database) -> None:
    aeat.issue(3)
    aeat.send()
    aeat.issue()  # waits to be sent in the backup
    with backup(fresh_database) as restored, pointed_at(restored):
        with pytest.raises(ChainLocked, match="reconcile_aeat --after-restore"):
            aeat.issue()
        aeat.send()
        assert aeat.states() == ["accepted"] * 3 + ["pending"]
        assert Submission.objects.count() == 1
        assert aeat.chain.locked_at
        alert = Alert.objects.get(kind="chain_locked")
        assert "--after-restore" in alert.text
        assert [f.verdict for f in examine(clock.now()) if f.what == "restore"] == ["fail"]

        told = after_restore(aeat)
        assert told["code"] == 0, told
        assert [one["outcome"] for one in told["out"]] == ["opened"]
        aeat.issue()
        aeat.send()
        assert aeat.states() == ["accepted"] * 5
        assert aeat.reconcile().code == 0
        assert [event.move for event in LockEvent.objects.order_by("id")] == ["locked", "unlocked"]
        assert not Gap.objects.exists()


def test_an_order_that_the_lock_held_is_invoiced_after_it(aeat: Aeat, fresh_database: Database) -> None:
    aeat.issue()
    aeat.send()
    with backup(fresh_database) as restored, pointed_at(restored):
        arrive(aeat.shop, sale(SOLER, number=9000))
        bench.drain()
        held = Process.objects.get(workflow="invoice-order", state="held")
        assert (held.error or {})["class"] == "ChainLocked"
        assert "--after-restore" in (held.error or {})["message"]
        assert Invoice.objects.count() == 1

        told = after_restore(aeat)
        assert told["code"] == 0, told
        assert told["out"][0]["resumed"] == 1
        while job := bench.fetch():
            if job.queue == "default":
                job.run()
        assert Invoice.objects.count() == 2
        assert Process.objects.get(pk=held.pk).state == "completed"


def test_what_was_lost_is_never_numbered_again(aeat: Aeat, fresh_database: Database) -> None:
    """The whole story: the AEAT, a PDF and a customer's letter know more than the backup."""
    aeat.issue(3)
    aeat.send()
    with backup(fresh_database) as restored:
        lost = aeat.issue(2)
        aeat.send()
        rendered = aeat.issue()[0]
        pdf = shared().render(printed(rendered), timeout=60)
        shared().close()
        assert whose(pdf) == (aeat.company.taxpayer.nif, rendered.num_serie)
        Documents(aeat.folder / "documents").store(pdf)
        last = aeat.issue()[0].num_serie
        witness_before = witness.read(aeat.chain.pk)
        connections.close_all()
        with pointed_at(restored):
            in_the_same_place()
            old = aeat.chain
            assert old.head_seq == 3
            assert witness_before
            assert witness_before.seq == 5
            with pytest.raises(ChainLocked, match="nº 5"):
                aeat.issue()

            told = after_restore(aeat)
            assert told["code"] == 3
            (one,) = told["out"]
            assert one["outcome"] == "locked"
            assert one["lost"] == {
                lost[0].num_serie: "aeat", lost[1].num_serie: "aeat, witness", rendered.num_serie: "pdf",
            }  # fmt: skip
            assert one["their_last"].split()[0] == lost[1].num_serie
            with pytest.raises(ChainLocked):
                aeat.issue()
            # Not without the person who types it.
            refused = after_restore(aeat, "--new-installation", "--known", last)
            assert refused["code"] == 2
            assert aeat.chain.pk == old.pk

            went = after_restore(aeat, "--new-installation", "--known", last, "--confirm", aeat.company.taxpayer.nif)
            assert went["code"] == 0, went
            (one,) = went["out"]
            assert one["outcome"] == "replaced"
            gap = Gap.objects.get()
            assert (gap.first_number, gap.last_number) == (4, 7)
            assert gap.known_from[last] == "person"
            fresh = aeat.chain
            assert fresh.numero != old.numero
            assert not fresh.head_seq

            after = aeat.issue(2)
            aeat.send()
            assert [invoice.number for invoice in after] == [8, 9]
            first = Record.objects.get(pk=after[0].record_id)
            assert "<sum1:PrimerRegistro>S</sum1:PrimerRegistro>" in first.xml
            assert aeat.states() == ["accepted"] * 5
            said = aeat.reconcile()
            assert said.code == 0, said
            assert set(Discrepancy.objects.values_list("state", flat=True)) == {"dismissed"}
            verified = manage("verify_ledger", "--json", "--company", aeat.company.taxpayer.nif)
            assert [f for f in verified.json["findings"] if f["invariant"] in ("I3", "I4", "I8")] == []
            assert after_restore(aeat)["code"] == 0


def test_a_record_that_reached_the_aeat_after_the_backup_is_adopted(aeat: Aeat, fresh_database: Database) -> None:
    aeat.issue(2)
    with backup(fresh_database) as restored:
        aeat.send()
        connections.close_all()
        with pointed_at(restored):
            in_the_same_place()
            aeat.send()  # the witness saw nothing that is not here: it goes on by itself
            assert aeat.states() == ["accepted"] * 2
            received = aeat.simulator.report()["records"]
            assert [record["code"] for record in received] == ["", "", "3000", "3000"]
            assert after_restore(aeat)["code"] == 0


def test_a_series_that_was_opened_after_the_backup_is_known_by_its_numbers(
    aeat: Aeat, fresh_database: Database
) -> None:
    with backup(fresh_database) as restored:
        aeat.issue(2)
        aeat.send()
        connections.close_all()
        with pointed_at(restored):
            in_the_same_place()
            assert not Series.objects.exists()
            nif = aeat.company.taxpayer.nif
            went = after_restore(aeat, "--new-installation", "--confirm", nif)
            assert went["code"] == 0, went
            series = Series.objects.get()
            assert (series.kind, series.next_number) == ("complete", 3)
            assert aeat.issue()[0].number == 3


def test_what_leaves_while_somebody_looks_is_no_restore(aeat: Aeat) -> None:
    aeat.issue()
    aeat.send()
    looked_at = aeat.chain
    aeat.issue()
    aeat.send()
    assert witness.read(looked_at.pk) == (2, aeat.chain.head_huella, aeat.chain.head_num_serie)
    assert locks.why_closed(looked_at) == ""


def test_an_operator_can_lock_by_hand(aeat: Aeat) -> None:
    aeat.issue()
    aeat.send()
    shutil.rmtree(aeat.folder / "documents")
    locked = manage("reconcile_aeat", "--lock", "--reason", "restaurados base de datos y documentos")
    assert locked.code == 3
    with pytest.raises(ChainLocked, match="restaurados base de datos y documentos"):
        aeat.issue()
    assert after_restore(aeat)["code"] == 0
    aeat.issue()


def test_while_the_aeat_does_not_answer_it_stays_locked(aeat: Aeat) -> None:
    aeat.issue()
    aeat.send()
    manage("reconcile_aeat", "--lock")
    aeat.simulator.fail("http_503", times=5, operation="query")
    assert after_restore(aeat)["code"] == 75
    assert aeat.chain.locked_at
    with pytest.raises(ChainLocked):
        aeat.issue()


def test_without_a_restore_nothing_is_locked(aeat: Aeat) -> None:
    aeat.issue(2)
    aeat.send()
    assert not Installation.objects.exclude(locked_at=None).exists()
    assert after_restore(aeat)["out"][0]["outcome"] == "open"
    assert not LockEvent.objects.exists()
    assert [f.verdict for f in examine(clock.now()) if f.what == "restore"] == []


@pytest.mark.parametrize(
    "arguments",
    [("--new-installation",), ("--known", "F1"), ("--after-restore", "--new-installation"), ("--confirm", "B1")],
    ids=" ".join,
)
def test_a_mistyped_command_is_told_by_exit_code_2(fresh_database: Database, arguments: tuple[str, ...]) -> None:
    refused = manage("reconcile_aeat", *arguments)
    assert (refused.code, refused.stdout) == (2, "")
