"""What the simulator has received, in one SQLite file: nothing is answered before it is committed here.

A submission keeps its request and its answer. A record keeps its verdict and which record came before it; rejected ones
stay, because their successor points to them. An invoice shows its last accepted record; a query reads only these.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from verifactu.records import RegistroAlta
from verifactu.simulator import folder, lifecycle
from verifactu.simulator.links import Link
from verifactu.simulator.messages import MAX_RECORDS, Identity, Received, System
from verifactu.simulator.world import Chain, Held, Place, Verdict, World

_TABLES = """
CREATE TABLE IF NOT EXISTS submission (
    id INTEGER PRIMARY KEY,
    received_at TEXT NOT NULL,          -- UTC, ISO 8601 with microseconds, as all moments here: they sort as text
    presenter TEXT NOT NULL,            -- NIF of the certificate
    obligado TEXT NOT NULL DEFAULT '',
    representante TEXT NOT NULL DEFAULT '',
    incidencia TEXT NOT NULL DEFAULT '',
    fecha_fin TEXT NOT NULL DEFAULT '',
    peticion TEXT NOT NULL DEFAULT '',
    csv TEXT NOT NULL DEFAULT '',
    records INTEGER NOT NULL DEFAULT 0,
    too_early INTEGER NOT NULL DEFAULT 0,
    wait INTEGER,                       -- seconds asked for; NULL for a fault, which asks for none
    fault TEXT NOT NULL DEFAULT '',     -- the code, where the whole was refused
    delivered INTEGER NOT NULL DEFAULT 0,
    request BLOB NOT NULL,
    answer BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS chain (
    id INTEGER PRIMARY KEY,
    obligado TEXT NOT NULL, producer TEXT NOT NULL, system_id TEXT NOT NULL, installation TEXT NOT NULL,
    records INTEGER NOT NULL,
    head_id INTEGER,                    -- the last record received
    paced_at TEXT, paced_wait INTEGER,  -- the last submission whose answer was sent out
    UNIQUE (obligado, producer, system_id, installation)
);
CREATE TABLE IF NOT EXISTS record (
    id INTEGER PRIMARY KEY,
    submission_id INTEGER NOT NULL REFERENCES submission,
    chain_id INTEGER NOT NULL REFERENCES chain,
    before_id INTEGER,                  -- the record received before it, when it first came
    operation TEXT NOT NULL,
    emisor TEXT NOT NULL, numero TEXT NOT NULL, fecha TEXT NOT NULL, huella TEXT NOT NULL,
    state TEXT NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL,
    xml BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS record_again ON record (chain_id, huella);        -- _places
CREATE TABLE IF NOT EXISTS invoice (
    id INTEGER PRIMARY KEY,             -- order of first presentation, the order of a query
    emisor TEXT NOT NULL, numero TEXT NOT NULL, fecha TEXT NOT NULL,
    day TEXT NOT NULL,                  -- the same date as yyyy-mm-dd
    period TEXT NOT NULL,               -- yyyy-mm
    state TEXT NOT NULL,
    record_id INTEGER NOT NULL REFERENCES record,
    ref_externa TEXT NOT NULL,
    recipients TEXT NOT NULL,           -- ids, each between line ends
    UNIQUE (emisor, numero, fecha)
);
CREATE INDEX IF NOT EXISTS invoice_of_month ON invoice (emisor, period, id); -- query.select
CREATE TABLE IF NOT EXISTS question (
    id INTEGER PRIMARY KEY, asked_at TEXT NOT NULL, presenter TEXT NOT NULL, fault TEXT NOT NULL, found INTEGER NOT NULL
);
"""

OTHER_SYSTEM, OTHER_HUELLA = "OTRO-SISTEMA", b"F" * 64
"""Installation and huella of the records that another system of the taxpayer is said to have sent."""
_ON_THE_WAY = timedelta(milliseconds=250)
"""How much the journey of two requests may differ without the second being called early."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request: when it began to arrive (UTC), under whose certificate, and its bytes."""

    received_at: datetime
    presenter: str
    request: bytes


class Ledger:
    """One file, one connection, one writer at a time; several processes may share the file."""

    def __init__(self, directory: Path) -> None:
        self._lock = threading.RLock()
        path = directory / "ledger.sqlite3"
        path.touch(mode=0o600)
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        # Two that start at once: the change to WAL does not wait for the other as a transaction would.
        with folder.alone(directory):
            self._db.execute("PRAGMA journal_mode = WAL")
            # A killed process loses nothing that was committed; only a power cut could, and this is no real AEAT.
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def writing(self) -> Iterator["Writer"]:
        """Lend the ledger to one writer: what it saw stays true until it commits, at the end of the block."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield Writer(self._db)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def select(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Return the rows of a SELECT."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def delivered(self, submission_id: int) -> None:
        """Note that the answer was sent out whole: its wait counts from now on for the chains it was about."""
        with self.writing() as writer:
            writer.deliver(submission_id)


class Writer:
    """The ledger within one transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def next_id(self, table: str) -> int:
        """Return the id of the next row of submission or record."""
        row = self._db.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}").fetchone()  # noqa: S608 (our own words)
        return int(row[0])

    def world(self, records: Sequence[Received]) -> World:
        """Return what is held of the chains and invoices of these records; new chains are begun."""
        world = World(chains={system: self._chain(system) for system in dict.fromkeys(r.system for r in records)})
        world.places = self._places(world.chains, records)
        keys = json.dumps([[r.identity.emisor, r.identity.numero, r.identity.fecha] for r in records])
        for row in self._db.execute(
            """
            SELECT DISTINCT i.emisor, i.numero, i.fecha, i.state, s.peticion, r.code, r.text
              FROM json_each(?) j
              JOIN invoice i ON i.emisor = json_extract(j.value, '$[0]') AND i.numero = json_extract(j.value, '$[1]')
                            AND i.fecha = json_extract(j.value, '$[2]')
              JOIN record r ON r.id = i.record_id JOIN submission s ON s.id = r.submission_id
            """,
            [keys],
        ):
            world.invoices[Identity(row[0], row[1], row[2])] = Held(*row[3:])
        return world

    def too_early(self, systems: Sequence[System], *, at: datetime, records: int) -> timedelta:
        """Return by how much a submission comes before the wait of one of its chains is over (verifactu.md 7.2).

        Nothing when it is in time. A full one may come at any time: the wait ends when 1000 records are waiting.
        """
        early = timedelta()
        if records >= MAX_RECORDS:
            return early
        for system in systems:
            chain = self._chain_row(system)
            if chain and chain["paced_at"]:
                ends = datetime.fromisoformat(chain["paced_at"]) + timedelta(seconds=chain["paced_wait"])
                if at + _ON_THE_WAY < ends:
                    early = max(early, ends - at)
        return early

    def take_number(self, submission_id: int, record: Received) -> None:
        """Store what another system of the taxpayer declared under the same number, with another huella."""
        system = replace(record.system, installation=OTHER_SYSTEM)
        other = replace(
            record,
            system=system,
            registro=replace(record.registro, Huella=OTHER_HUELLA.decode()),
            xml=record.xml.replace(record.registro.Huella.encode(), OTHER_HUELLA),
        )
        world = World(chains={system: self._chain(system)})
        record_id, stored = self.next_id("record"), Verdict("Correcto")
        world.take(other, stored, record_id=record_id, peticion="")
        self.add_records(submission_id, [(record_id, other, stored)], world)

    def add_submission(self, submission_id: int, arrival: Arrival, answer: bytes, **columns: Any) -> None:
        """Write a submission with its answer; `columns` as in the table."""
        values = {
            "id": submission_id,
            "received_at": arrival.received_at.isoformat(timespec="microseconds"),
            "presenter": arrival.presenter,
            "request": arrival.request,
            "answer": answer,
            **columns,
        }
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        self._db.execute(f"INSERT INTO submission ({names}) VALUES ({marks})", values)  # noqa: S608 (our own words)

    def add_records(self, submission_id: int, lines: Sequence[tuple[int, Received, Verdict]], world: World) -> None:
        """Write the judged records (id, record, verdict), their chains and their invoices."""
        self._db.executemany(
            "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    record_id, submission_id, world.chains[r.system].id, world.place(r).before_id, r.operation,
                    r.identity.emisor, r.identity.numero, r.identity.fecha, r.registro.Huella,
                    verdict.state, verdict.code, verdict.text, r.xml,
                )
                for record_id, r, verdict in lines
            ],
        )  # fmt: skip
        self._db.executemany(
            "UPDATE chain SET records = ?, head_id = ? WHERE id = ?",
            [(chain.records, chain.head_id, chain.id) for chain in world.chains.values()],
        )
        self._db.executemany(
            """
            INSERT INTO invoice (emisor, numero, fecha, day, period, state, record_id, ref_externa, recipients)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (emisor, numero, fecha) DO UPDATE SET
                state = excluded.state, record_id = excluded.record_id, ref_externa = excluded.ref_externa,
                -- An anulación names neither month of operation nor recipients: those of the alta stay.
                period = CASE excluded.state WHEN 'Anulada' THEN period ELSE excluded.period END,
                recipients = CASE excluded.state WHEN 'Anulada' THEN recipients ELSE excluded.recipients END
            """,
            [_invoice_row(record_id, r, verdict) for record_id, r, verdict in lines if verdict.stored],
        )

    def add_question(self, arrival: Arrival, *, fault: str = "", found: int = 0) -> None:
        """Write that a query was asked."""
        self._db.execute(
            "INSERT INTO question (asked_at, presenter, fault, found) VALUES (?, ?, ?, ?)",
            [arrival.received_at.isoformat(timespec="microseconds"), arrival.presenter, fault, found],
        )

    def deliver(self, submission_id: int) -> None:
        """Mark the answer as sent and begin the wait of its chains, counted from the arrival of the request."""
        self._db.execute("UPDATE submission SET delivered = 1 WHERE id = ?", [submission_id])
        self._db.execute(
            """
            UPDATE chain SET paced_at = s.received_at, paced_wait = s.wait FROM submission s
             WHERE s.id = ? AND s.wait IS NOT NULL AND (paced_at IS NULL OR paced_at < s.received_at)
               AND chain.id IN (SELECT DISTINCT chain_id FROM record WHERE submission_id = s.id)
            """,
            [submission_id],
        )

    def _chain(self, system: System) -> Chain:
        row = self._chain_row(system)
        if row is None:
            cursor = self._db.execute(
                "INSERT INTO chain (obligado, producer, system_id, installation, records) VALUES (?, ?, ?, ?, 0)",
                [system.obligado, system.producer, system.system_id, system.installation],
            )
            return Chain(id=int(cursor.lastrowid or 0))
        head = self._db.execute(
            "SELECT emisor, numero, fecha, huella FROM record WHERE id = ?", [row["head_id"]]
        ).fetchone()
        link = Link(Identity(*head[:3]), head[3]) if head else None
        return Chain(id=row["id"], records=row["records"], head=link, head_id=row["head_id"])

    def _chain_row(self, system: System) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._db.execute(
            "SELECT * FROM chain WHERE obligado = ? AND producer = ? AND system_id = ? AND installation = ?",
            [system.obligado, system.producer, system.system_id, system.installation],
        ).fetchone()
        return row

    def _places(
        self, chains: dict[System, Chain], records: Sequence[Received]
    ) -> dict[tuple[System, str, Link], Place]:
        """Return where those records stood that have come before."""
        by_id = {chain.id: system for system, chain in chains.items()}
        keys = json.dumps([[chains[r.system].id, r.registro.Huella] for r in records])
        rows = self._db.execute(
            """
            SELECT r.chain_id, r.operation, r.emisor, r.numero, r.fecha, r.huella,
                   b.id, b.emisor, b.numero, b.fecha, b.huella
              FROM json_each(?) j
              JOIN record r ON r.chain_id = json_extract(j.value, '$[0]') AND r.huella = json_extract(j.value, '$[1]')
              LEFT JOIN record b ON b.id = r.before_id
             ORDER BY r.id DESC
            """,
            [keys],
        )
        # Newest first, so that what stays in the dictionary is the first time.
        return {
            (by_id[row[0]], row[1], Link(Identity(row[2], row[3], row[4]), row[5])): Place(
                Link(Identity(row[7], row[8], row[9]), row[10]) if row[6] else None, row[6]
            )
            for row in rows
        }


def _invoice_row(record_id: int, record: Received, verdict: Verdict) -> tuple[Any, ...]:
    registro, identity = record.registro, record.identity
    state = lifecycle.state_after(registro, with_errors=verdict.state == "AceptadoConErrores")
    operated, recipients = "", ""
    if isinstance(registro, RegistroAlta):
        operated = registro.FechaOperacion
        ids = [who.NIF or (who.IDOtro.ID if who.IDOtro else "") for who in registro.Destinatarios]
        recipients = "".join(f"\n{each}\n" for each in ids)
    day, month = _iso(identity.fecha), _iso(operated or identity.fecha)[:7]
    return (
        identity.emisor, identity.numero, identity.fecha, day, month, state, record_id, registro.RefExterna,
        recipients,
    )  # fmt: skip


def _iso(fecha: str) -> str:
    return f"{fecha[6:10]}-{fecha[3:5]}-{fecha[0:2]}"
