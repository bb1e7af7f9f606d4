"""`historia.csv`: how each invoice came about, from the delivery to the AEAT's answer; who decided what, and why.

Of each invoice one line a thing that happened, in order of time, up to the moment of the picture. What led to it in its
order is told with the first invoice that follows: an order's processes run one after another.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar
from uuid import UUID

import msgspec

from common.findings import Finding
from common.progress import Told
from invoicing.deciding import figures_of
from invoicing.inspection import invoices, records, sending
from invoicing.inspection.archive import Archive
from invoicing.inspection.checks import Checks
from invoicing.inspection.picture import Picture
from invoicing.models import Delivery, Document, Invoice
from invoicing.reasons import explained
from verifactu.models import Record
from workflows.encoding import EncodingError
from workflows.models import Process, ProcessEvent, Token
from workflows.rows import sql

HEADER = ("Factura", "Momento", "Qué", "Quién", "Motivo", "Detalle", "Referencia")
MOVES = {
    "trigger": "empieza un proceso",
    "hold": "espera a una persona",
    "retry": "falla y se repetirá",
    "fail": "fracasa",
    "resume": "una persona lo reanuda",
    "cancel": "se cancela",
    "expire": "caduca",
    "free_key": "una persona libera su clave",
    "complete": "termina",
}
"""The moves of a process that are told, in words; the others are the engine's own housekeeping."""
DONE = {
    "invoice-order": "decidir y facturar un pedido",
    "complete-invoice": "acabar una factura: PDF, correo, AEAT",
    "mail-invoice": "enviar por correo",
    "subsanar": "subsanar el registro, o reactivar la factura",
    "annul-invoice": "anular la factura",
    "rectify-invoice": "rectificar, a petición de una persona",
    "rectify-recipient": "rectificar el destinatario, a petición de una persona",
    "ask-customer": "preguntar al cliente",
    "ask-unbidden": "preguntar al cliente, por ajuste de la conexión",
}
"""What the processes about an order or an invoice do."""
FOLLOWS = ("complete-invoice", "mail-invoice")
"""The workflows that come after an invoice; the others make one, or a record."""

S = TypeVar("S", bound=msgspec.Struct)


class Event(NamedTuple):
    """Something that happened; `rank` tells what comes first in one second, which is all that a record's stamp says."""

    at: datetime
    rank: int
    what: str
    who: str = ""
    why: str = ""
    detail: str = ""
    reference: str = ""

    @property
    def place(self) -> tuple[datetime, int, datetime]:
        """Its place in the history."""
        return self.at.replace(microsecond=0), self.rank, self.at


class Said(msgspec.Struct, frozen=True):
    """What a person answered or asked for, as far as all of them say it."""

    action: str = ""
    reason: str = ""
    treatment: str = ""

    @property
    def detail(self) -> str:
        """The answer in one cell."""
        return " ".join(filter(None, (self.action, self.treatment)))


class Ended(msgspec.Struct, frozen=True):
    """What a process came to, where that is an invoice."""

    invoice_id: UUID | None = None


def write(archive: Archive, taken: Picture, checks: Checks, told: Told) -> None:
    """Write the history of all invoices inside."""
    done = 0
    with archive.table("historia.csv", HEADER) as table:
        for page in taken.invoices.pages():
            rows = Invoice.objects.select_related("snapshot", "order", "document").in_bulk([held.id for held in page])
            told_of = _Page(taken, [rows[held.id] for held in page], checks)
            for held in page:
                happened = told_of.events(rows[held.id], held.document_id)
                for event in sorted(happened, key=lambda event: event.place):
                    table.row(rows[held.id].num_serie, event.at, *event[2:])
            done += len(page)
            told.at(done)


class _Page:
    """What happened to some invoices, read together."""

    def __init__(self, taken: Picture, page: Sequence[Invoice], checks: Checks) -> None:
        self.taken = taken
        self.folder = records.folders(taken.chains.values())
        self.records: dict[tuple[str, str, str], list[Record]] = defaultdict(list)
        found = Record.objects.filter(
            installation__in=taken.chains, num_serie__in=[each.num_serie for each in page],
            generated_at__lte=taken.taken_at,
        )  # fmt: skip
        for record in found.select_related("submission").defer("xml").order_by("generated_at", "seq"):
            self.records[record.id_emisor, record.num_serie, record.fecha_expedicion].append(record)
        self.answers = self._answers(each.submission_id for of in self.records.values() for each in of)
        self.deliveries = self._deliveries(page, checks)
        self.processes = self._processes(page)
        self.moves: dict[UUID, list[ProcessEvent]] = defaultdict(list)
        ids = {process.pk: process for of in self.processes.values() for process in of}
        moves = ProcessEvent.objects.filter(process__in=ids, at__lte=taken.taken_at, move__in=MOVES)
        for event in moves.order_by("id"):
            self.moves[event.process_id].append(event)
        self.decisions: dict[UUID, list[Token]] = defaultdict(list)
        answered = Token.objects.filter(process__in=ids, key__startswith="hold:", completed_at__lte=taken.taken_at)
        for token in answered.order_by("completed_at", "key"):
            self.decisions[token.process_id].append(token)  # type: ignore[index] # filtered by it

    def events(self, invoice: Invoice, document_id: UUID | None) -> Iterator[Event]:
        """Yield what happened to an invoice."""
        if invoice.snapshot and (delivery := self.deliveries.get(invoice.snapshot.delivery_id)):
            snapshot = invoice.snapshot
            yield Event(delivery.received_at, 0, "llega una entrega", str(delivery.connection), "", delivery.topic,
                        f"SHA-256 {delivery.body_sha256}")  # fmt: skip
            yield Event(snapshot.captured_at, 1, "se lee la versión del pedido", "encadena", "",
                        f"{invoice.order} v{snapshot.version}", f"SHA-256 {snapshot.content_hash}")  # fmt: skip
        told: set[tuple[str, str]] = set()
        for process in self.processes[invoice.pk]:
            yield from self._of_process(process, told)
        yield from self._issued(invoice, told)
        if document_id:
            document: Document = invoice.document
            yield Event(document.rendered_at, 7, "se crea el PDF", "encadena", "", f"{document.size} bytes",
                        f"{invoices.path_of(invoice)} SHA-256 {document.sha256}")  # fmt: skip
        for record in self.records[invoice.issuer_nif, invoice.num_serie, f"{invoice.issue_date:%d-%m-%Y}"]:
            yield from self._of_record(record)

    def _of_process(self, process: Process, told: set[tuple[str, str]]) -> Iterator[Event]:
        name = DONE.get(process.workflow, process.workflow)
        follows, questions = process.workflow in FOLLOWS, []
        for move in self.moves[process.pk]:
            why, detail = move.reason, name
            if move.move == "trigger":
                why = why or _read(process.payload, Said).reason
            elif move.move == "hold":
                questions.append((move.at, move.reason))
                why, detail = "", f"{name}: {move.reason}"
            rank = (10 if follows else 6) if move.move == "complete" else (6 if follows else 2)
            yield Event(move.at, rank, MOVES[move.move], move.actor, why, detail, f"proceso {process.pk}")
        for token in self.decisions[process.pk]:
            assert token.completed_at  # noqa: S101 (filtered by it)
            said = _read(token.answer, Said)
            code = next((code for at, code in reversed(questions) if at <= token.completed_at), "")
            told.add((code, said.action))
            yield Event(token.completed_at, 3, "decisión", token.actor, said.reason or token.reason,
                        f"{code}: {said.detail}", f"proceso {process.pk}")  # fmt: skip

    def _issued(self, invoice: Invoice, told: set[tuple[str, str]]) -> Iterator[Event]:
        try:
            figures = figures_of(invoice)
            reasons = explained(figures.reasons) if figures else []
        except (EncodingError, KeyError):  # written over: its seal tells
            figures, reasons = None, []
        for kept in figures.kept if figures else ():
            # What the journal forgot (a privacy request empties it), or was said for an earlier invoice of the order.
            if (kept.code, kept.answer.action) not in told:
                said = Said(kept.answer.action, treatment=kept.answer.treatment)
                yield Event(invoice.issued_at, 3, "consta una decisión anterior", "", kept.answer.reason,
                            f"{kept.code}: {said.detail}")  # fmt: skip
        why = " ".join(filter(None, (invoice.explanation, *reasons)))
        yield Event(invoice.issued_at, 4, "se expide la factura", "encadena", why, f"{invoice.tipo} {invoice.total}")

    def _of_record(self, record: Record) -> Iterator[Event]:
        path = records.path_of(self.folder[record.installation_id], record.seq)
        yield Event(record.generated_at, 5, "se genera el registro", "encadena", "",
                    f"Registro{record.operation} nº {record.seq} huella {record.huella}", path)  # fmt: skip
        if record.submission and record.submission.started_at <= self.taken.taken_at:
            sent = record.submission
            yield Event(sent.started_at, 8, "se envía a la AEAT", "encadena", "",
                        f"registro nº {record.seq}, envío de {sent.count}{', Incidencia=S' if sent.incidencia else ''}",
                        f"envío {sent.pk}")  # fmt: skip
        if record.verdict_at and record.verdict_at <= self.taken.taken_at:
            words = (records.STATES[record.state], record.codigo_error, record.descripcion_error, record.csv)
            paths = self.answers.get(record.submission_id, "") if record.submission_id else ""
            yield Event(record.verdict_at, 9, "responde la AEAT", "AEAT", "",
                        f"registro nº {record.seq}: {' '.join(filter(None, words))}", paths)  # fmt: skip

    def _answers(self, submissions: Iterable[UUID | None]) -> Mapping[UUID, str]:
        """Return where the answers to submissions lie, from the beginning of each."""
        found: dict[UUID, list[str]] = defaultdict(list)
        rows = sql(
            "SELECT submission_id, substring(body FROM 1 FOR %s) FROM verifactu_answer"
            " WHERE submission_id = ANY(%s) AND received_at <= %s ORDER BY submission_id, id",
            [sending.BEGINNING, list(set(filter(None, submissions))), self.taken.taken_at],
        )
        for submission, beginning in rows:
            found[submission].append(sending.path_of(submission, len(found[submission]) + 1, beginning))
        return {submission: " ".join(paths) for submission, paths in found.items()}

    def _deliveries(self, page: Sequence[Invoice], checks: Checks) -> Mapping[UUID, Delivery]:
        """Return the deliveries that the invoices rest on, verified; without their bytes."""
        wanted = {invoice.snapshot.delivery_id: invoice.snapshot for invoice in page if invoice.snapshot}
        found = {}
        for delivery in Delivery.objects.filter(pk__in=wanted).select_related("connection").order_by("pk").iterator(20):
            checks.seal(delivery, wanted[delivery.pk])
            checks.look("deliveries", whole(delivery))
            delivery.body = b""
            found[delivery.pk] = delivery
        return found

    def _processes(self, page: Sequence[Invoice]) -> Mapping[UUID, list[Process]]:
        """Return, for each invoice, the processes about itself and those of its order that led to it."""
        mine = {f"{kind}:{each.pk}": each for each in page for kind in ("invoice", "mail")}
        orders = {f"order:{each.order_id}" for each in page if each.order_id}
        issued: dict[str, list[tuple[datetime, UUID]]] = defaultdict(list)
        others = Invoice.objects.filter(order__in=[each.order_id for each in page if each.order_id])
        for order, at, pk in others.order_by("issued_at", "pk").values_list("order_id", "issued_at", "pk"):
            issued[f"order:{order}"].append((at, pk))
        found: dict[UUID, list[Process]] = defaultdict(list)
        # The index is of processes with tags, which the planner must be told.
        processes = Process.objects.filter(
            tenant=self.taken.scope.company.tenant, tags__overlap=[*mine, *orders], created_at__lte=self.taken.taken_at
        ).exclude(tags=[])
        for process in processes.order_by("seq"):
            began = (process.started_at or process.created_at).replace(microsecond=0)  # as an invoice's moment is
            for tag in process.tags:
                if tag in mine:
                    found[mine[tag].pk].append(process)
                elif led_to := _read(process.result, Ended).invoice_id or next(
                    (pk for at, pk in issued[tag] if at >= began), None
                ):
                    found[led_to].append(process)
        return found


def whole(delivery: Delivery) -> Iterator[Finding]:
    """I1: yield what is wrong with the bytes of a delivery; those that were redacted are gone with reason."""
    if not delivery.redacted and hashlib.sha256(delivery.body).hexdigest() != delivery.body_sha256:
        yield Finding("I1", f"delivery {delivery.pk}", "its bytes are not those that were received")


def _read(text: str | None, kind: type[S]) -> S:
    """Return what a text of the journal says; nothing for one that was emptied, or that is of another shape."""
    try:
        return msgspec.json.decode(text or "null", type=kind | None) or kind()
    except msgspec.DecodeError:
        return kind()
