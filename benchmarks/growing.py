"""`verify_ledger` and `reconcile_aeat` on 100,000 records: how long, and whether memory grows with them; how fast the
chain alone is verified, and what an invoice takes on the disk.

One chain with its invoices and lines, made from an issued one: each record linked, hashed and sealed as issuing does
it, written in bulk. The stand-in AEAT gets the same records into its ledger, in a process of its own, and shows 10,000
a page as the AEAT does. Each command runs in a process of its own (benchmarks/ledger_child.py), whose memory is read
all the while.
"""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.database import a_database
from benchmarks.harness import Figure, at_least, at_most, per_second, reported, scaled, tell
from benchmarks.issuing import issue_one
from common import clock
from common.ids import uuid7
from invoicing.models import Invoice, InvoiceLine, Series
from tests.databases import Database
from tests.world import la_encina, shop
from verifactu.huella import sealed
from verifactu.models import Installation, Record
from verifactu.records import RegistroAlta, RegistroAnterior
from verifactu.simulator import Simulator
from verifactu.verification import broken_links
from verifactu.xml import fragment, read_registro
from workflows.rows import sql

RECORDS = 100_000
PAGE = 10_000
"""Invoices of one page of a query, as many as the AEAT shows; scaled like the records, so that there are ten pages."""
AT_ONCE = 1000
COMMANDS = ("verify_ledger", "reconcile_aeat")
GROWTH = 1.25
"""How many times the memory for a tenth of the records the whole may take."""


def measure(scale: float) -> list[Figure]:
    """Return seconds and memory of both commands."""
    count = scaled(RECORDS, scale, least=200)
    with TemporaryDirectory() as folder, a_database() as database:
        simulator = Simulator(Path(folder) / "aeat")
        secret = token_hex(4)
        certificate = simulator.authority.client_certificate("B12345674", "Almacenes La Encina SL", password=secret)
        simulator.ledger.close()
        company = la_encina(nif="B12345674", certificate=certificate, certificate_password=secret)
        model = issue_one(shop(company))
        last = the_first(model)
        with the_aeat(Path(folder) / "aeat", page_size=scaled(PAGE, scale, least=20)) as (endpoint, ca_file):
            env = {"AEAT_ENDPOINT": endpoint, "AEAT_CA_FILE": ca_file, "FILES_DIR": folder}
            ledger = Path(folder) / "aeat" / "ledger.sqlite3"
            seen: list[dict[str, dict[str, Any]]] = []
            for so_many in (count // 10, count):
                tell(f"making {so_many} records")
                last = fill(model, last, so_many, ledger)
                seen.append({command: child(command, database, env) for command in COMMANDS})

        def verified() -> None:
            assert not list(broken_links(last.installation))  # noqa: S101 (it is the work)

        return [
            *(figure for command in COMMANDS for figure in _figures(command, *(run[command] for run in seen))),
            at_least("verify_chain_records_per_second", per_second(count, verified), 20_000, "per second"),
            reported("bytes_per_invoice", _bytes() / count, "bytes"),
        ]


def _figures(command: str, tenth: dict[str, Any], whole: dict[str, Any]) -> Iterator[Figure]:
    yield reported(f"{command}_100k_s", whole["seconds"], "s")
    yield reported(f"{command}_100k_peak_mb", whole["peak_mb"], "MB")
    yield at_most(f"{command}_100k_memory_growth", whole["peak_mb"] / tenth["peak_mb"], GROWTH, "times")


def _bytes() -> int:
    """Return what invoices, lines and records take with their indexes."""
    [[size]] = sql(
        "SELECT sum(pg_total_relation_size(name))::bigint FROM unnest(%s::text[]) name",
        [[model._meta.db_table for model in (Invoice, InvoiceLine, Record)]],
    )
    return int(size)


def the_first(model: Invoice) -> Record:
    """Return the record of the issued invoice, accepted."""
    Record.objects.filter(pk=model.record_id).update(state="in_flight")
    Record.objects.filter(pk=model.record_id).update(state="accepted", verdict_at=clock.now() - timedelta(seconds=1))
    first: Record = Record.objects.select_related("installation__taxpayer").get(pk=model.record_id)
    return first


def fill(model: Invoice, last: Record, count: int, ledger: Path) -> Record:
    """Go on from `last` until there are `count` accepted records, here and in the AEAT's ledger; return the last."""
    chain, series = last.installation, model.series
    if last.seq == 1:
        _tell_the_aeat(ledger, chain, [last])
    while last.seq < count:
        numbers = range(last.seq + 1, min(last.seq + AT_ONCE, count) + 1)
        made = list(_made(model, last, numbers, chain))
        Record.objects.bulk_create([record for _, record, _ in made])
        Invoice.objects.bulk_create([invoice for invoice, _, _ in made])
        InvoiceLine.objects.bulk_create([line for _, _, lines in made for line in lines])
        _tell_the_aeat(ledger, chain, [record for _, record, _ in made])
        last = made[-1][1]
    Installation.objects.filter(pk=chain.pk).update(
        head_seq=last.seq, head_num_serie=last.num_serie, head_fecha=last.fecha_expedicion, head_huella=last.huella,
        head_stamp=last.generated_at, head_seal=last.seal,
    )  # fmt: skip
    Series.objects.filter(pk=series.pk).update(next_number=count + 1)
    return last


def _made(
    model: Invoice, before: Record, numbers: range, chain: Installation
) -> Iterator[tuple[Invoice, Record, list[InvoiceLine]]]:
    """Yield invoices with their records and lines, each linked to the one before."""
    registro = read_registro(before.xml)
    assert isinstance(registro, RegistroAlta)  # noqa: S101 (a sale is an alta)
    lines = list(model.lines.order_by("position"))
    at = before.generated_at - timedelta(seconds=2)
    for number in numbers:
        invoice = copy(model)
        invoice._state = copy(model._state)
        invoice.pk, invoice.record_id, invoice.order_id, invoice.snapshot_id = uuid7(), uuid7(), None, None
        invoice.order = invoice.snapshot = None
        invoice.number, invoice.num_serie = number, f"{model.series}-{number:06d}"
        invoice.new_lines = []
        for line in lines:
            each = copy(line)
            each.pk, each.invoice, each._state.adding = None, invoice, True
            each.seal = each.compute_seal()
            invoice.new_lines.append(each)
        invoice.seal = invoice.compute_seal()
        registro = sealed(
            replace(
                registro,
                IDFactura=replace(registro.IDFactura, NumSerieFactura=invoice.num_serie),
                Encadenamiento=RegistroAnterior(
                    IDEmisorFactura=before.id_emisor, NumSerieFactura=before.num_serie,
                    FechaExpedicionFactura=before.fecha_expedicion, Huella=before.huella,
                ),
                Huella="",
            )
        )  # fmt: skip
        record = Record(
            id=invoice.record_id, installation=chain, seq=before.seq + 1, operation="Alta", id_emisor=before.id_emisor,
            num_serie=invoice.num_serie, fecha_expedicion=before.fecha_expedicion, tipo_factura=before.tipo_factura,
            importe_total=before.importe_total, huella=registro.Huella, huella_anterior=before.huella,
            generated_at=before.generated_at, xml=fragment(registro), covers=invoice.seal, previous_seal=before.seal,
            state="accepted", verdict_at=at,
        )  # fmt: skip
        record.seal = record.compute_seal()
        yield invoice, record, invoice.new_lines
        before = record


def _tell_the_aeat(ledger: Path, chain: Installation, rows: list[Record]) -> None:
    """Write the same records into the stand-in's ledger, as if they had been sent."""
    now = clock.now().isoformat(timespec="microseconds")
    nif = chain.taxpayer.nif
    with sqlite3.connect(ledger) as db:
        db.execute(
            "INSERT OR IGNORE INTO submission (id, received_at, presenter, obligado, records, request, answer)"
            " VALUES (1, ?, ?, ?, ?, '', '')", [now, nif, nif, len(rows)],
        )  # fmt: skip
        db.execute(
            "INSERT OR IGNORE INTO chain (id, obligado, producer, system_id, installation, records, head_id)"
            " VALUES (1, ?, ?, ?, ?, ?, ?)",
            [nif, chain.producer_nif, chain.system_id, chain.numero, len(rows), len(rows)],
        )
        db.executemany(
            "INSERT INTO record (id, submission_id, chain_id, before_id, operation, emisor, numero, fecha, huella,"
            " state, code, text, xml) VALUES (?, 1, 1, ?, 'Alta', ?, ?, ?, ?, 'Correcto', '', '', ?)",
            (
                (r.seq, r.seq - 1 or None, r.id_emisor, r.num_serie, r.fecha_expedicion, r.huella, r.xml.encode())
                for r in rows
            ),
        )
        db.executemany(
            "INSERT INTO invoice (id, emisor, numero, fecha, day, period, state, record_id, ref_externa, recipients)"
            " VALUES (?, ?, ?, ?, ?, ?, 'Correcta', ?, '', '')",
            (
                (r.seq, r.id_emisor, r.num_serie, r.fecha_expedicion, _iso(r), _iso(r)[:7], r.seq)
                for r in rows
            ),
        )  # fmt: skip
    db.close()


def _iso(record: Record) -> str:
    day, month, year = record.fecha_expedicion.split("-")
    return f"{year}-{month}-{day}"


@contextmanager
def the_aeat(folder: Path, *, page_size: int) -> Iterator[tuple[str, str]]:
    """Run the stand-in on that folder in a process of its own; yield its address and its authority's file."""
    aeat = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.ledger_child", "aeat", str(folder), str(page_size)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert aeat.stdout  # noqa: S101 (a pipe was asked for)
        endpoint, ca_file = json.loads(aeat.stdout.readline())
        yield endpoint, ca_file
    finally:
        assert aeat.stdin  # noqa: S101
        aeat.stdin.close()
        aeat.wait(30)


def child(command: str, database: Database, env: dict[str, str]) -> dict[str, Any]:
    """Run a command in a process of its own, which must find nothing wrong; return its seconds and its memory."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.ledger_child", command],
        env={**os.environ, **database.env, **env}, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    seen: dict[str, Any] = json.loads(done.stdout)
    if seen["code"]:
        raise RuntimeError(f"{command} exited {seen['code']}: {seen['said'][:2000]}")
    return seen
