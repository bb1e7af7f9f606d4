"""The workflows: the table of contents of the product. Each step is a line; arithmetic and HTTP live elsewhere."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import transaction

from common import clock
from invoicing import pulling
from invoicing.acknowledging import InvoiceRef, Outcome, Sent, pursue
from invoicing.capture import Forgotten, NeedsPulling, capture_delivery, still_waiting
from invoicing.census_checks import check_census
from invoicing.customers.asking import ask_unbidden
from invoicing.deciding import Decided, decide_order, leave_order
from invoicing.deliveries import Received
from invoicing.documents import Documents, StoredDocument
from invoicing.holds import Resolution
from invoicing.issuing import NotTheNewest, issue_document
from invoicing.mailing import post
from invoicing.models import Connection, Delivery, Document, Invoice
from invoicing.outgoing import emitting
from invoicing.pdf import shared
from invoicing.printing import printed
from invoicing.privacy.asking import AnotherShop, ask_by_shop
from invoicing.storefronts import Unreadable
from invoicing.values import Hint
from invoicing.vat_checks import check_for_an_hour
from verifactu import witness
from verifactu.chain import ClockBehind, InvalidRecord, WrongEnvironment
from workflows.api import Lane, step, workflow
from workflows.engine import trigger
from workflows.errors import Abort
from workflows.journal import Run
from workflows.retry import Retry

PDF_TIMEOUT = 60.0
"""Seconds after which a renderer is taken for stuck and killed."""


class Capture(msgspec.Struct, frozen=True):
    """A stored delivery that is to be read."""

    company_id: UUID
    delivery_id: UUID


class InvoiceOrder(msgspec.Struct, frozen=True):
    """A version of an order that may ask for a document."""

    company_id: UUID
    order_id: UUID
    version: int
    turn: int = 0
    """How many documents this version has already led to."""


class DocumentRef(msgspec.Struct, frozen=True):
    """The rendered PDF of an invoice."""

    document_id: UUID
    sha256: str


class MailInvoice(msgspec.Struct, frozen=True):
    """A rendered invoice that is to be mailed."""

    invoice: InvoiceRef
    document: DocumentRef
    to: str = ""
    """Another address than the buyer's, given by a person."""
    request: str = ""
    """What makes a further letter another one: the form, sent once."""


# --- capture: one delivery -------------------------------------------------------------------------------------


class Read(msgspec.Struct, frozen=True):
    """What reading a delivery came to: the order, if it tells of one, and what the shop is to be asked for."""

    order_id: UUID | None = None
    connection_id: UUID | None = None
    fetch: Hint | None = None


@step
def take_in(delivery_id: UUID) -> Read:
    """Keep the version that the delivery holds and start the decision when it matters."""
    now = clock.now()
    delivery = Delivery.objects.select_related("connection").defer("connection__credentials").get(pk=delivery_id)
    try:
        if ask_by_shop(delivery, now=now):
            return Read()
        captured = capture_delivery(delivery, now=now)
    except (AnotherShop, Unreadable, NeedsPulling, Forgotten) as error:
        raise Abort(f"{delivery.connection}: {error}") from error
    if captured is None:
        return Read()
    if captured.order and captured.matters:
        trigger(
            invoice_order,
            InvoiceOrder(delivery.company_id, captured.order.pk, captured.version),
            now=now,
            actor="capture",
            settle=timedelta(seconds=delivery.connection.settle_seconds),
        )
    return Read(captured.order.pk if captured.order else None, delivery.connection_id, captured.fetch)


def keep_pulled(delivery_id: UUID, connection_id: UUID, hint: Hint, bundle: bytes | None) -> UUID | None:
    """Store what the shop said and start to read it, in one commit; nothing when the hint leads to no order."""
    if bundle is None:
        return None
    connection = Connection.objects.get(pk=connection_id)
    return take_pulled(connection, bundle, now=clock.now()).delivery_id


def take_pulled(connection: Connection, bundle: bytes, *, now: datetime) -> Received:
    """Store an order as its shop has it now and start to read it; what was read before changes nothing."""
    with transaction.atomic():
        received = pulling.keep(connection, bundle, now=now)
        if received.new:
            trigger(capture, Capture(connection.company_id, received.delivery_id), now=now, actor="pull")
        elif waiting := still_waiting(received.delivery_id):
            order, version = waiting
            trigger(invoice_order, InvoiceOrder(order.company_id, order.pk, version), now=now, actor="pull")
    return received


@step.external(
    store=keep_pulled,
    lane=lambda delivery_id, connection_id, hint: Lane(f"shop:{connection_id}", 4),
    breaker=lambda delivery_id, connection_id, hint: pulling.breaker_of(connection_id),
    retry=pulling.RETRY,
)
def pull(delivery_id: UUID, connection_id: UUID, hint: Hint, *, idempotency_key: str) -> bytes | None:
    """Ask the shop for the order that a delivery only names, or names the half of."""
    connection = Connection.objects.select_related("company").get(pk=connection_id)
    return pulling.client_of(connection).hinted(hint.kind, hint.external_id)


@workflow(
    "capture",
    version=1,
    tenant=lambda p: str(p.company_id),
    lane=lambda p: Lane(f"capture:{p.company_id}", 5),
    on_failure="hold",
    idempotency_key=lambda p: f"delivery:{p.delivery_id}",
    tags=lambda p: (f"delivery:{p.delivery_id}",),
)
def capture(run: Run, p: Capture) -> UUID | None:
    """Read one stored delivery, and ask the shop where it has more to say. What it says is a delivery of its own."""
    read = run.step(take_in, p.delivery_id)
    if read.fetch and read.connection_id:
        run.step(pull, p.delivery_id, read.connection_id, read.fetch)
    return read.order_id


# --- invoice-order: from a version of an order to its document ---------------------------------------------------


@step
def decide(order_id: UUID, answers: tuple[Resolution, ...]) -> Decided:
    """Compare what is issued so far with the newest version, under the policy and a person's answers."""
    now = clock.now()
    try:
        decided = decide_order(order_id, answers, now=now)
    except Forgotten as error:
        raise Abort(str(error)) from error
    ask_unbidden(order_id, decided.decision.hold, version=decided.version, answers=len(answers), now=now)
    if hold := decided.decision.hold:
        emitting.order_held(order_id, hold.code, version=decided.version, answers=len(answers), now=now)
    return decided


@step
def issue(p: InvoiceOrder, decided: Decided) -> InvoiceRef | None:
    """Issue the document and start what follows; None when a newer version came first."""
    try:
        invoice = issue_document(p.order_id, decided, now=clock.now)
    except NotTheNewest:
        return None
    except (InvalidRecord, ClockBehind, WrongEnvironment) as error:
        # Rolled back with its number; a person sees the AEAT's code and resumes when it is put right.
        raise Abort(str(error)) from error
    ref = InvoiceRef(invoice.company_id, invoice.pk)
    trigger(complete_invoice, ref, now=clock.now(), actor="issue")
    return ref


@step
def look_again(p: InvoiceOrder) -> None:
    """Ask what else this version asks for, in a process of its own, which a newer version can still supersede."""
    # By the version that began this: a refund that came alone decides on an older one, which had turns of its own.
    again = InvoiceOrder(p.company_id, p.order_id, p.version, p.turn + 1)
    trigger(invoice_order, again, now=clock.now(), actor="invoice-order")


@step
def leave(order_id: UUID, decided: Decided) -> None:
    """Note that nothing is to be issued."""
    leave_order(order_id, decided, now=clock.now())


@workflow(
    "invoice-order",
    version=1,
    tenant=lambda p: str(p.company_id),
    lane=lambda p: Lane(f"company:{p.company_id}", 5),
    order_by=lambda p: f"order:{p.order_id}",
    on_failure="hold",
    supersede_until=issue,
    idempotency_key=lambda p: f"order:{p.order_id}:v{p.version}" + (f":{p.turn}" if p.turn else ""),
    tags=lambda p: (f"order:{p.order_id}",),
)
def invoice_order(run: Run, p: InvoiceOrder) -> InvoiceRef | None:
    """Decide which document the order asks for next, hold for a person where need be, and issue it."""
    decided = run.step(decide, p.order_id, ())
    while decided.decision.action != "nothing":
        if decided.decision.action == "check":
            if asked := decided.decision.census:
                run.step(check_census, p.company_id, asked.nif, asked.name)
            else:
                check_for_an_hour(run, p.company_id, decided.decision.check)
            decided = run.step(decide, p.order_id, decided.decision.answers)
        elif decided.decision.action == "hold":
            question = decided.decision.hold
            assert question  # noqa: S101 (a decision to hold has its hold)
            answer = run.hold(question.code, question, Resolution)
            decided = run.step(decide, p.order_id, (*decided.decision.answers, answer))
        elif ref := run.step(issue, p, decided):
            if decided.decision.more:
                run.step(look_again, p)
            return ref
        else:
            decided = run.step(decide, p.order_id, ())
    run.step(leave, p.order_id, decided)
    return None


# --- complete-invoice: everything after the number ---------------------------------------------------------------


def keep_pdf(ref: InvoiceRef, stored: StoredDocument) -> DocumentRef:
    """Bind the bytes to the invoice, once and for ever."""
    document = Document(invoice_id=ref.invoice_id, sha256=stored.sha256, size=stored.size, rendered_at=clock.now())
    document.save()
    return DocumentRef(document.pk, document.sha256)


@step.external(
    store=keep_pdf,
    queue="pdf",
    lane=lambda ref: Lane(f"pdf:{ref.company_id}", 2),
    retry=Retry(retries=5, first=2, cap=600),
)
def render_pdf(ref: InvoiceRef, *, idempotency_key: str) -> StoredDocument:
    """Render the invoice in this worker's renderer and store the bytes under their hash."""
    invoice = Invoice.objects.select_related("series", "order", "record").get(pk=ref.invoice_id)
    record = invoice.record
    witness.note(record.installation_id, witness.Seen(record.seq, record.huella, record.num_serie))
    return _documents().store(shared().render(printed(invoice), timeout=PDF_TIMEOUT))


@step
def start_mail(ref: InvoiceRef, document: DocumentRef) -> None:
    """Start the letter in a process of its own: an address that bounces must not keep the AEAT's answer waiting."""
    now = clock.now()
    trigger(mail_invoice, MailInvoice(ref, document), now=now, actor="complete-invoice")
    emitting.invoice_issued(ref.company_id, ref.invoice_id, now=now)


@workflow(
    "complete-invoice",
    version=1,
    tenant=lambda p: str(p.company_id),
    lane=lambda p: Lane(f"company:{p.company_id}", 5),
    on_failure="hold",
    idempotency_key=lambda p: f"invoice:{p.invoice_id}",
    tags=lambda p: (f"invoice:{p.invoice_id}",),
)
def complete_invoice(run: Run, p: InvoiceRef) -> Outcome:
    """Render, have it mailed, wait for the AEAT, announce; with a person's help until the verdict stands."""
    document = run.step(render_pdf, p)
    run.step(start_mail, p, document)
    return pursue(run, p, Sent(token=f"invoice:{p.invoice_id}"))


# --- mail-invoice: one letter ------------------------------------------------------------------------------------


@step.external(retry=Retry(retries=20, first=5, cap=3600))
def send_mail(ref: InvoiceRef, document: DocumentRef, *, idempotency_key: str) -> str:
    """Mail the PDF under the invoice's one Message-ID; return that, or nothing when the buyer left no address."""
    return post(ref.invoice_id, document.sha256)


@step.external(retry=Retry(retries=20, first=5, cap=3600))
def send_again(ref: InvoiceRef, document: DocumentRef, to: str, *, idempotency_key: str) -> str:
    """Mail the same letter to the address that a person gave."""
    return post(ref.invoice_id, document.sha256, to=to)


@workflow(
    "mail-invoice",
    version=1,
    tenant=lambda p: str(p.invoice.company_id),
    lane=lambda p: Lane(f"mail:{p.invoice.company_id}", 2),
    on_failure="hold",
    idempotency_key=lambda p: f"mail:{p.invoice.invoice_id}" + (f":{p.request}" if p.request else ""),
    tags=lambda p: (f"mail:{p.invoice.invoice_id}",),
)
def mail_invoice(run: Run, p: MailInvoice) -> str:
    """Send the invoice to its buyer, once."""
    if p.to:
        return run.step(send_again, p.invoice, p.document, p.to)
    return run.step(send_mail, p.invoice, p.document)


def _documents() -> Documents:
    return Documents(settings.DOCUMENTS_DIR)
