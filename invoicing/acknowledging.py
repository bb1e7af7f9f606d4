"""From a record to a verdict that stands: wait for the AEAT, note it on the invoice, and ask a person where it must be.

`pursue` is the part that `complete-invoice`, `subsanar` and `annul-invoice` share. A rejection is never sent again by
itself; a person answers with a corrected coding, an annulment, or that it was put right elsewhere.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import transaction

from common import clock
from common.words import ErrorInWords
from invoicing.coding import Coding, CodingRefused, recoded
from invoicing.holds import Action, Resolution, ResolutionRefused, accept, hold
from invoicing.models import Invoice
from invoicing.outgoing import emitting
from invoicing.states import INVOICE_MOVES
from verifactu.amending import TouchesTheInvoice
from verifactu.chain import ClockBehind, InvalidRecord, WrongEnvironment
from verifactu.errors import must_be_corrected
from verifactu.history import append_annulment, append_correction, history_of, records_of
from verifactu.lifecycle import (
    AlreadyAnnulled,
    AnnulledByForm,
    Held,
    NeverDeclared,
    NothingMayBeSent,
    SetAside,
    StillOpen,
    standing,
)
from verifactu.locks import ChainLocked
from verifactu.models import Record
from verifactu.records import RegistroAlta
from verifactu.verdicts import Verdict
from verifactu.xml import read_registro
from workflows import tokens
from workflows.api import step
from workflows.errors import Abort
from workflows.journal import Run
from workflows.models import Process

ASKED_BY_A_VERDICT = ("aeat_rejected", "aeat_reproach", "annulment_rejected", "annulment_reproach")
"""The holds whose question is over once a later record of the invoice is accepted."""
ABOUT_A_RECORD = (*ASKED_BY_A_VERDICT, "correction_refused")


NOT_HERE_NOW = (ChainLocked, ClockBehind, WrongEnvironment)
"""Nothing about the invoice: what stops every record of its chain until it is put right."""


class Rectified(NothingMayBeSent):
    """This invoice was rectified: its operation existed, and an annulment is for what did not; correct the corrective
    invoice instead.
    """


class InvoiceRef(msgspec.Struct, frozen=True):
    """An issued invoice."""

    company_id: UUID
    invoice_id: UUID


class Outcome(msgspec.Struct, frozen=True):
    """How an invoice ended: the AEAT's verdict on its last record; empty when none could be sent."""

    invoice_id: UUID
    verdict: str
    question: str = ""
    """The hold that this verdict asks for."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A record that was appended and whose verdict its token brings; or why none could be."""

    token: str = ""
    refused: str = ""
    refused_en: str = ""

    @classmethod
    def not_made(cls, error: Exception) -> "Sent":
        """Say why none could be, in both languages."""
        return cls(refused=told(error), refused_en=told(error, "en"))


# --- making the next record ------------------------------------------------------------------------------------


def send_amended(ref: InvoiceRef, coding: Coding, *, reactivate: bool) -> Record:
    """Append a complete new record of the invoice with this coding; its flags come from the history."""
    invoice = _invoice(ref)
    return append_correction(
        invoice.record,
        lambda registro: recoded(registro, coding),
        tenant=invoice.company.tenant,
        zone=invoice.company.zone,
        now=clock.now,
        reactivate=reactivate,
    )


def send_annulled(ref: InvoiceRef) -> Record:
    """Append the record that annuls the invoice.

    :raises Rectified: when the invoice was rectified.
    """
    invoice = _invoice(ref)
    if invoice.state == "rectified":
        raise Rectified(" ".join((Rectified.__doc__ or "").split()))
    return append_annulment(invoice.record, tenant=invoice.company.tenant, zone=invoice.company.zone, now=clock.now)


@step
def send_correction(ref: InvoiceRef, coding: Coding, reactivate: bool) -> Sent:
    """Append the corrected record, or say why it cannot be."""
    try:
        return Sent(token=send_amended(ref, coding, reactivate=reactivate).answer_token)
    except (CodingRefused, TouchesTheInvoice, NothingMayBeSent, InvalidRecord) as error:
        return Sent.not_made(error)
    except NOT_HERE_NOW as error:
        raise Abort(str(error)) from error


@step
def send_annulment(ref: InvoiceRef) -> Sent:
    """Append the annulment, or say why it cannot be."""
    try:
        return Sent(token=send_annulled(ref).answer_token)
    except (NothingMayBeSent, InvalidRecord) as error:
        return Sent.not_made(error)
    except NOT_HERE_NOW as error:
        raise Abort(str(error)) from error


def refusal(attempt: Callable[[], Record], language: str = "es") -> str:
    """Return why a record cannot be made now, in Spanish or in English; empty when it can. Tried, and taken back."""
    try:
        with transaction.atomic():
            attempt()
            transaction.set_rollback(True)
    except (CodingRefused, TouchesTheInvoice, NothingMayBeSent, InvalidRecord, *NOT_HERE_NOW) as error:
        return told(error, language)
    return ""


def told(error: Exception, language: str = "es") -> str:
    """Return an error as staff reads it; those of our own say in English what their class says."""
    english = language.startswith("en")
    if isinstance(error, ErrorInWords):
        return error.words.en if english else error.words.es
    return str(error) if english else REFUSALS.get(type(error)) or str(error)


REFUSALS: dict[type[Exception], str] = {
    StillOpen: "Un registro de esta factura aún espera la respuesta de la AEAT, y el siguiente depende de ella.",
    SetAside: "Un registro de esta factura se envió y quedó apartado: averigüe antes, con reconcile_aeat, qué tiene la "
    "AEAT.",
    NeverDeclared: "Esta factura no tiene registro de alta.",
    AlreadyAnnulled: "La AEAT tiene anulada esta factura. Reactívela solo si es la misma; si no, expida otra con otro "
    "número.",
    AnnulledByForm: "Esta factura se anuló en la sede de la AEAT y no admite más registros: expida otra con otro "
    "número.",
    Rectified: "Esta factura está rectificada: su operación existió, y anular es para lo que no existió.",
    TouchesTheInvoice: "Eso cambia lo que dice la propia factura: expida una rectificativa.",
}
"""Why no record may be made, in Spanish."""


# --- noting the verdict ----------------------------------------------------------------------------------------


@step
def announce(ref: InvoiceRef, verdict: Verdict) -> Outcome:
    """Write on the invoice how it now stands at the AEAT, and tell whoever else was waiting for that."""
    now = clock.now()
    invoice = Invoice.objects.select_for_update(no_key=True, of=("self",)).select_related("record__installation")
    return _announce(invoice.get(pk=ref.invoice_id), ref, verdict, now)


def _announce(invoice: Invoice, ref: InvoiceRef, verdict: Verdict, now: datetime) -> Outcome:
    records = records_of(invoice.record)
    about = next((record for record in records if record.pk == verdict.record_id), invoice.record)
    history = [
        # what the token brought is what counts of the record that it speaks of
        replace(past, state=verdict.verdict, code=verdict.code) if record.pk == verdict.record_id else past
        for record, past in zip(records, history_of(records), strict=True)
    ]
    stand = standing(history)
    move = {
        Held.ALTA: "acknowledge_with_errors" if stand.with_errors else "acknowledge",
        Held.ANULACION: "annul",
        Held.NOTHING: "reject",
    }[stand.held]
    if stand.held is not Held.NOTHING or stand.alta_rejected:
        invoices = Invoice.objects.filter(pk=invoice.pk, state__in=INVOICE_MOVES.sources(move))
        state = INVOICE_MOVES.target(move)
        if invoices.update(state=state):
            emitting.invoice_moved(ref.company_id, ref.invoice_id, state, about, now=now)
    question = _question(about, verdict)
    if about.pk != invoice.record_id and verdict.verdict != "rejected":
        _end_what_this_answers(invoice, about, verdict, now)
    return Outcome(ref.invoice_id, verdict.verdict, question)


def _question(about: Record, verdict: Verdict) -> str:
    """Return the hold that a verdict asks for; none when there is nothing for a person to do."""
    if verdict.verdict == "rejected":
        return "aeat_rejected" if about.operation == "Alta" else "annulment_rejected"
    if verdict.verdict != "accepted_with_errors" or not must_be_corrected(verdict.code):
        return ""
    if verdict.code == "2001" and _not_in_census_already(about):
        return ""  # the form 07 is answered with 2001 too, and asks for nothing further (verifactu.md 12.3)
    return "aeat_reproach" if about.operation == "Alta" else "annulment_reproach"


def _not_in_census_already(record: Record) -> bool:
    registro = read_registro(record.xml)
    return isinstance(registro, RegistroAlta) and any(
        who.IDOtro and who.IDOtro.IDType == "07" for who in registro.Destinatarios
    )


def _end_what_this_answers(invoice: Invoice, about: Record, verdict: Verdict, now: datetime) -> None:
    """Answer what else waits because of an earlier record: its verdict, if that never came, and questions about it."""
    tenant = invoice.company.tenant
    said = Resolution(
        action=Action.CORRECTED_BY_HAND, reason=f"La AEAT ha aceptado un registro posterior, el nº {about.seq}"
    )
    held = Process.objects.filter(tags__contains=[f"invoice:{invoice.pk}"], state="held", tenant=tenant)
    questions = [
        (process.hold["token"], said)
        for process in held
        if process.hold and process.hold.get("kind") == "question" and process.hold["code"] in ASKED_BY_A_VERDICT
    ]
    first = [(invoice.record.answer_token, verdict)] if invoice.record.answer_token else []
    tokens.complete([*first, *questions], tenant=tenant, now=now, actor="aeat")


# --- to a verdict that stands ----------------------------------------------------------------------------------


def pursue(run: Run, ref: InvoiceRef, sent: Sent) -> Outcome:
    """Follow a record to a verdict that asks for nothing more, or until a person leaves it as it is."""
    outcome = Outcome(ref.invoice_id, "")
    while True:
        if not sent.token:
            held = hold("correction_refused", refused=sent.refused, refused_en=sent.refused_en)
        else:
            verdict = run.wait("aeat-answer", Verdict, key=sent.token)
            outcome = run.step(announce, ref, verdict)
            # An outcome that was journaled before questions had names.
            question = outcome.question or ("aeat_rejected" if outcome.verdict == "rejected" else "")
            if not question:
                return outcome
            held = hold(question, code=verdict.code, text=verdict.description)
        answer = run.hold(held.code, held, Resolution)
        try:
            accept(held, answer)
        except ResolutionRefused as error:
            sent = Sent.not_made(error)
            continue
        match answer.action:
            case Action.RESEND_CORRECTED:
                sent = run.step(send_correction, ref, answer.coding or Coding(), False)
            case Action.ANNUL:
                sent = run.step(send_annulment, ref)
            case _:
                return outcome


def _invoice(ref: InvoiceRef) -> Invoice:
    invoice: Invoice = Invoice.objects.select_related("record__installation", "company").get(pk=ref.invoice_id)
    if invoice.environment != settings.AEAT_ENVIRONMENT:
        raise WrongEnvironment(WrongEnvironment.__doc__)
    return invoice
