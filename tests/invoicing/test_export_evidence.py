"""`manage.py export_evidence`: what it refuses, what it leaves behind, what it finds. Its contents: tests/journeys."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.test import override_settings
from pytest_django import Settings

from common import clock
from common.progress import Teller
from common.verification import ledger_models
from config.house import free_port
from invoicing.documents import Documents
from invoicing.inspection.making import write_evidence
from invoicing.inspection.names import file_name
from invoicing.inspection.picture import Scope
from invoicing.models import Company, Connection, Document, Invoice, Order, Series
from invoicing.privacy.redacting import Why, redact_order
from tests import world
from tests.databases import Database
from tests.deadline import eventually
from tests.invoicing import declared
from tests.invoicing.aeat import Aeat, an_aeat, pass_time
from tests.invoicing.api_client import work_off
from tests.invoicing.evidence import NIF, Evidence, command, export
from tests.terminal import ROOT
from tests.world import LUCIA, SOLER, arrive, sale
from verifactu.declaration import declaration_text, keep_declaration
from verifactu.huella import huella
from verifactu.models import Answer, Record, Submission
from verifactu.xml import read_registro
from workflows.rows import sql
from workflows.tick import tick


def today() -> date:
    return clock.now().date()


@pytest.fixture
def company(fresh_database: Database, tmp_path: Path, settings: Settings) -> Company:
    """A company without invoices, at noon, so that no test runs into the next day."""
    settings.DOCUMENTS_DIR = tmp_path / "documents"
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    now = clock.now()
    (tmp_path / "clock").write_text(str((now.replace(hour=12, minute=0) - now).total_seconds()))
    return world.la_encina(nif=NIF)


@pytest.fixture
def shop(company: Company) -> Connection:
    return world.shop(company)


@pytest.fixture
def ledger(shop: Connection, tmp_path: Path) -> list[Invoice]:
    """Two invoices with PDFs and an answer that came for them, and another one on the next day."""
    for number in (1, 2):
        arrive(shop, sale(SOLER, number=number))
    work_off()
    Answer.objects.create(
        submission=Submission.objects.get(), kind="submission", received_at=clock.now(), body=b"<no/>", lines=[]
    )
    pass_time(tmp_path, timedelta(days=1))
    arrive(shop, sale(SOLER, number=3))
    work_off()
    invoices = list(Invoice.objects.order_by("record__seq"))
    for invoice in invoices:
        printed(invoice, tmp_path)
    return invoices


def printed(invoice: Invoice, folder: Path) -> None:
    stored = Documents(folder / "documents").store(b"%PDF-1.7 " + invoice.num_serie.encode())
    Document(invoice=invoice, sha256=stored.sha256, size=stored.size, rendered_at=clock.now()).save()


class TestUsage:
    @pytest.mark.parametrize(
        ("nif", "first", "last", "out", "told"),
        [
            ("B00000000", "2027-01-01", "2027-01-31", "x.zip", "no company with NIF B00000000"),
            (NIF, "2027-02-01", "2027-01-31", "x.zip", "ends (2027-01-31) before it begins"),
            (NIF, "2027-01-01", "9999-12-31", "x.zip", "the calendar's last day"),
            (NIF, "2027-02-30", "2027-03-01", "x.zip", "--from"),
            (NIF, "2027-01-01", "2027-01-31", "nowhere/x.zip", "there is no folder"),
            (NIF, "2027-01-01", "2027-01-31", ".", "is a folder"),
        ],
    )
    def test_mistakes_are_told_with_exit_code_2(
        self, company: Company, tmp_path: Path, nif: str, first: Any, last: Any, out: str, told: str
    ) -> None:
        before = sorted(tmp_path.rglob("*"))
        said = command(tmp_path / out, first, last, nif=nif)
        assert said.code == 2
        assert told in said.stderr
        assert sorted(tmp_path.rglob("*")) == before

    def test_a_file_that_is_there_is_replaced_only_when_asked(self, ledger: list[Invoice], tmp_path: Path) -> None:
        out = tmp_path / "x.zip"
        out.write_bytes(b"mine")
        said = command(out, today(), today())
        assert (said.code, out.read_bytes()) == (2, b"mine")
        assert "--overwrite" in said.stderr
        export(out, today(), today(), "--overwrite")

    def test_an_empty_period_says_so_and_makes_nothing(self, company: Company, tmp_path: Path) -> None:
        said = command(tmp_path / "x.zip", today(), today(), "--json")
        assert (said.code, said.json["file"], said.json["invoices"]) == (1, None, 0)
        assert "nothing was invoiced" in command(tmp_path / "x.zip", today(), today()).stdout
        assert not list(tmp_path.glob("*.zip"))

    def test_what_cannot_be_written_is_an_error(self, ledger: list[Invoice]) -> None:
        said = command(Path("/proc/x.zip"), today(), today())
        assert said.code == 1
        assert "/proc/x.zip" in said.stderr

    def test_only_its_owner_may_read_it(self, ledger: list[Invoice], tmp_path: Path) -> None:
        export(tmp_path / "x.zip", today(), today())
        assert (tmp_path / "x.zip").stat().st_mode & 0o777 == 0o600

    def test_without_pdfs_their_hashes_stay(self, ledger: list[Invoice], tmp_path: Path) -> None:
        made, said = export(tmp_path / "x.zip", today(), today(), "--no-pdf")
        assert (made.under("pdf"), said["pdfs"]) == ([], 0)
        [row] = made.rows("facturas.csv")
        stored = Document.objects.get(invoice=ledger[2]).sha256
        assert (row["SHA-256 del PDF"], row["PDF"], row["Comprobación del PDF"]) == (stored, "", "no incluido")

    def test_the_declarations_of_the_versions_that_made_the_records_are_inside(
        self, ledger: list[Invoice], tmp_path: Path
    ) -> None:
        keep_declaration(now=clock.now())
        made, _ = export(tmp_path / "x.zip", today(), today())
        [kept] = made.under("declaraciones")
        assert made[kept].decode() == declaration_text()


NUMBERS = (
    "F2027-000001",
    "../../A1",
    "A/1",
    "A\\1",
    "A:1",
    "CON",
    "con.pdf",
    "COM1.x",
    "a1",
    "A1",
    "A1.",
    " A1",
    "A*",
    "",
)


def test_a_file_name_is_one_on_every_file_system() -> None:
    names = [file_name(number) for number in NUMBERS]
    assert names[0] == NUMBERS[0]
    assert len({name.casefold() for name in names}) == len(NUMBERS)
    for name in names:
        assert not set(name) & set('<>:"/\\|?* ')
        assert name.split(".")[0].upper() not in ("CON", "PRN", "AUX", "NUL", "COM1")
        assert not name.startswith(".")
        assert not name.endswith(".")


def test_a_hostile_series_names_no_file_outside(company: Company, tmp_path: Path) -> None:
    Series.objects.create(company=company, environment="simulator", kind="complete", code="./A:", year=today().year)
    invoice = declared.declare(company, "F1", today(), declared.row("100", "21", "21"))
    assert invoice.num_serie.startswith("./A:")
    printed(invoice, tmp_path)
    made, _ = export(tmp_path / "x.zip", today(), today())
    [row] = made.rows("facturas.csv")
    assert made.under("pdf") == [row["PDF"]]
    assert made[row["PDF"]] == b"%PDF-1.7 " + invoice.num_serie.encode()
    assert row["Número"] == invoice.num_serie
    assert not [name for name in made.names if ".." in name or ":" in name]


def test_what_was_redacted_is_named_as_redacted(shop: Connection, tmp_path: Path) -> None:
    order = sale(SOLER, number=1, paid=False)
    arrive(shop, order, "orders/create")
    work_off()
    arrive(shop, order.at(30, paid=True, buyer=LUCIA))
    work_off()
    redact_order(
        Order.objects.get().pk, why=Why("eva", "lo pidió el cliente"), now=clock.now(), spare_versions=True
    )  # fmt: skip
    made, _ = export(tmp_path / "x.zip", today(), today(), "--orders")
    first, second = made.rows("pedidos.csv")
    assert (first["Retirado por"], first["Motivo de la retirada"]) == ("eva", "lo pidió el cliente")
    assert (first["Fichero de la entrega"], first["Fichero del contenido"]) == ("", "")
    assert len(first["SHA-256 de la entrega"]) == 64
    assert (second["Retirado"], second["Fichero de la entrega"] in made.names) == ("", True)
    assert not [name for name, text in made.text() if SOLER.company in text and name.startswith("pedidos")]


# --- one picture --------------------------------------------------------------------------------------------------


def test_it_shows_one_moment_whatever_happens_meanwhile(fresh_database: Database, tmp_path: Path) -> None:
    with an_aeat(tmp_path) as aeat:
        aeat.issue(2)
        seen: list[str] = []
        pid = sql("SELECT pg_backend_pid()")[0][0]

        def meanwhile(part: str) -> None:
            with psycopg.connect(fresh_database.url) as other:
                [state] = other.execute("SELECT state FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone() or [""]
            seen.append(f"{part}: {state}")
            if part == "records":
                aeat.issue(1)
                aeat.send()

        scope = Scope(aeat.company, "simulator", today() - timedelta(days=1), today() + timedelta(days=1))
        out = tmp_path / "x.zip"
        made = write_evidence(scope, out, with_orders=True, with_pdfs=True, teller=Teller(None, meanwhile))
        assert made
        assert (made.records, made.invoices, made.submissions, made.orders) == (2, 2, 0, 2)
        assert made.findings == []
        # between its statements no transaction is open
        assert [line.split(": ")[1] for line in seen[1:]] == ["idle"] * 5
        inside = Evidence(out)
        assert len(inside.under("registros")) == 2
        assert [row["Estado"] for row in inside.rows("registros.csv")] == ["por enviar"] * 2
        assert [row["Estado"] for row in inside.rows("facturas.csv")] == ["pendiente de la AEAT"] * 2
        assert len(inside.rows("pedidos.csv")) == 2
        assert not [row for row in inside.rows("historia.csv") if row["Qué"] == "responde la AEAT"]
        assert aeat.states() == ["accepted"] * 3
        _, later = export(tmp_path / "later.zip", scope.first, scope.last)
        assert (later["records"], later["answers"] > 0) == (3, True)


def test_a_kill_leaves_nothing_that_looks_whole(company: Company, fresh_database: Database, tmp_path: Path) -> None:
    declared.many(company, 600, first=today())
    out = tmp_path / "out"
    out.mkdir()
    arguments = ["--company", NIF, "--from", str(today()), "--to", str(today()), "--out", str(out / "x.zip")]
    child = subprocess.Popen(
        [sys.executable, "manage.py", "export_evidence", *arguments], cwd=ROOT, stderr=subprocess.DEVNULL,
        env=os.environ | fresh_database.env | {"FILES_DIR": str(tmp_path), "CLOCK_OFFSET_FILE": ""},
    )  # fmt: skip
    eventually(lambda: list(out.iterdir()), 30, every=0.001)
    child.send_signal(signal.SIGKILL)
    assert child.wait(10) == -signal.SIGKILL
    [left] = out.iterdir()
    assert left.name.endswith(".part")
    assert not zipfile.is_zipfile(left)
    export(out / "x.zip", today(), today(), code=3)  # copies that nobody chained
    assert (out / "x.zip").exists()


def test_a_failure_on_the_way_leaves_the_file_that_was_there_and_nothing_else(
    ledger: list[Invoice], company: Company, tmp_path: Path
) -> None:
    out = tmp_path / "out" / "x.zip"
    out.parent.mkdir()
    out.write_bytes(b"the one before")

    def fail(part: str) -> None:
        if part == "history":
            raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        write_evidence(
            Scope(company, "simulator", today(), today()), out, with_orders=True, with_pdfs=True,
            teller=Teller(None, fail),
        )  # fmt: skip
    assert [(file, file.read_bytes()) for file in out.parent.iterdir()] == [(out, b"the one before")]


# --- what does not verify ------------------------------------------------------------------------------------------


@pytest.fixture
def tamper(fresh_database: Database) -> Iterator[Callable[..., None]]:
    """Do what only the owner of the tables can, triggers and constraints off."""
    with closing(psycopg.connect(fresh_database.owner_url, autocommit=True)) as owner:

        def run(statement: str, *values: Any) -> None:
            for model in ledger_models():
                table = model._meta.db_table
                owner.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER'.encode())
                for (name,) in owner.execute(
                    "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'", [table]
                ).fetchall():
                    owner.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"'.encode())
            assert owner.execute(statement.encode(), values).rowcount > 0

        yield run


TAMPERED = [
    ("UPDATE verifactu_record SET xml = replace(xml, '<sum1:ImporteTotal>', '<sum1:ImporteTotal>9') WHERE seq = 2",
     "I4", "huella does not recompute"),
    ("UPDATE verifactu_record SET xml = 'gone' WHERE seq = 2", "I4", "cannot be read"),
    ("UPDATE verifactu_record SET xml = replace(xml, 'Pedido', 'pedido') WHERE seq = 2", "I8", "changed"),
    ("DELETE FROM verifactu_record WHERE seq = 1", "I4", "it has no record"),
    ("UPDATE invoicing_invoice SET total = total + 1, base_total = base_total + 1 WHERE number = 2",
     "I4", "its record says something else"),
    ("UPDATE invoicing_invoice SET figures = '{\"reasons\": 7}' WHERE number = 2", "I8", "changed"),
    ("DELETE FROM invoicing_invoiceline WHERE position = 1", "I8", "changed"),
    ("DELETE FROM invoicing_invoice WHERE number = 1", "I3", "nº 1 is missing before"),
    ("UPDATE verifactu_answer SET body = 'another'", "I8", "verifactu.Answer"),
    ("UPDATE invoicing_delivery SET body = 'another'", "I1", "not those that were received"),
    ("UPDATE invoicing_snapshot SET content = '{}'", "I8", "invoicing.Snapshot"),
    ("UPDATE invoicing_document SET sha256 = repeat('0', 64)", "I7", "the file is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "invariant", "text"), TAMPERED)
def test_what_was_changed_is_told_with_exit_code_3_and_the_file_is_made(
    ledger: list[Invoice], tamper: Callable[..., None], tmp_path: Path, statement: str, invariant: str, text: str
) -> None:
    tamper(statement)
    yesterday = today() - timedelta(days=1)
    made, said = export(tmp_path / "x.zip", yesterday, yesterday, code=3)
    made.assert_manifest()
    assert_told(made, said, invariant, text)


def test_a_missing_and_an_altered_pdf_are_named_and_left_out(ledger: list[Invoice], tmp_path: Path) -> None:
    missing, altered = (
        Documents(tmp_path / "documents").path(Document.objects.get(invoice=invoice).sha256) for invoice in ledger[:2]
    )
    missing.unlink()
    altered.write_bytes(altered.read_bytes() + b" ")
    yesterday = today() - timedelta(days=1)
    made, said = export(tmp_path / "x.zip", yesterday, yesterday, code=3)
    assert made.under("pdf") == []
    assert [row["Comprobación del PDF"][:11] for row in made.rows("facturas.csv")] == ["NO INCLUIDO"] * 2
    assert_told(made, said, "I7", "the file is missing")
    assert_told(made, said, "I7", "not the ones whose hash was recorded")
    assert {finding["subject"] for finding in said["findings"]} == {f"PDF of {each.num_serie}" for each in ledger[:2]}


def test_a_record_forged_with_its_huella_and_seal_is_given_away_by_the_next_day(
    ledger: list[Invoice], tamper: Callable[..., None], tmp_path: Path
) -> None:
    record = Record.objects.get(seq=2)
    honest, record.importe_total = record.huella, "1.00"
    record.xml = record.xml.replace(f"ImporteTotal>{ledger[1].total}<", "ImporteTotal>1.00<")
    record.huella = huella(read_registro(record.xml))
    record.xml = record.xml.replace(honest, record.huella)
    tamper(
        "UPDATE verifactu_record SET xml = %s, importe_total = '1.00', huella = %s, seal = %s WHERE seq = 2",
        record.xml, record.huella, record.compute_seal(),
    )  # fmt: skip
    yesterday = today() - timedelta(days=1)
    made, said = export(tmp_path / "x.zip", yesterday, yesterday, code=3)
    assert_told(made, said, "I4", "it is not linked to the record before it")


def test_a_record_cut_off_the_end_of_its_chain(
    ledger: list[Invoice], tamper: Callable[..., None], tmp_path: Path
) -> None:
    tamper("DELETE FROM verifactu_record WHERE seq = 3")
    made, said = export(tmp_path / "x.zip", today() - timedelta(days=1), today(), code=3)
    assert_told(made, said, "I4", "the head is not the last record")


def assert_told(made: Evidence, said: Any, invariant: str, text: str) -> None:
    """Fail unless the command, the report inside and the page that explains it all tell of the finding."""
    told = json.loads(made["integridad.json"])
    assert told["findings"] == said["findings"]
    assert told["holds"] is False
    assert [f for f in said["findings"] if f["invariant"] == invariant and text in f"{f['subject']} {f['text']}"], said
    assert "NO CUADRA TODO" in made["LEEME.txt"].decode()


def test_an_aeat_that_answers_with_a_page_is_kept_as_it_came(fresh_database: Database, tmp_path: Path) -> None:
    with an_aeat(tmp_path) as aeat:
        html(aeat)
        made, _ = export(tmp_path / "x.zip", today() - timedelta(days=1), today() + timedelta(days=1))
        [row] = made.rows("envios.csv")
        assert row["Ficheros de respuesta"].endswith(".dat")
        assert made[row["Ficheros de respuesta"]] == b"<html>Servicio no disponible</html>"


def test_every_try_to_send_a_record_is_told_on_whatever_day_it_was(fresh_database: Database, tmp_path: Path) -> None:
    with an_aeat(tmp_path) as aeat:
        now = clock.now()
        (tmp_path / "clock").write_text(str((now.replace(hour=12, minute=0) - now).total_seconds()))
        aeat.issue(1)
        day = today()
        pass_time(tmp_path, timedelta(days=1))
        with override_settings(AEAT_ENDPOINT=f"https://127.0.0.1:{free_port()}/"):
            aeat.send()
        pass_time(tmp_path, timedelta(minutes=10))
        tick()
        aeat.send()
        made, _ = export(tmp_path / "x.zip", day, day)
        assert [row["Resultado"].split(":")[0] for row in made.rows("envios.csv")] == ["no entregado", "respondido"]


def html(aeat: Aeat) -> None:
    aeat.issue(1)
    submission = Submission.objects.create(
        installation=aeat.chain, first_seq=1, count=1, started_at=clock.now(), finished_at=clock.now()
    )
    Answer.objects.create(
        submission=submission, kind="submission", received_at=clock.now(), http_status=503, lines=[],
        body=b"<html>Servicio no disponible</html>",
    )  # fmt: skip
