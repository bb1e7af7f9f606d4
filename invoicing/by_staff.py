"""Documents that a person asks for on an issued invoice: the situations of `remedies` that another invoice corrects.

Planning is pure; one workflow issues the documents of a remedy on the order's own turn, one after another, each as
`issue_document` does it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec
from django.db import transaction

from common import clock
from invoicing import nif
from invoicing.acknowledging import InvoiceRef
from invoicing.balance import ZERO, Amounts, Balance, Kind, split
from invoicing.correctives import difference, restated
from invoicing.deciding import Decided, issued_for
from invoicing.flows import complete_invoice
from invoicing.issued import Issued, figures
from invoicing.issuing import NotTheNewest, issue_document
from invoicing.models import Invoice, Order
from invoicing.policy import Decision
from invoicing.printable import per_kind
from invoicing.recipients import identified
from invoicing.remedies import Act, DoesNotFit, Situation, remedy
from invoicing.sentences import filled
from invoicing.standing_recipients import asks_first, standing
from invoicing.values import Party, Wanted
from verifactu.chain import ClockBehind, InvalidRecord, WrongEnvironment
from workflows.api import Lane, step, workflow
from workflows.engine import Handle, trigger
from workflows.errors import Abort
from workflows.journal import Run

CAUSES = {
    Situation.RETURN_OR_DISCOUNT: "return",
    Situation.AMOUNT_OR_RATE: "amount",
    Situation.INSOLVENCY: "insolvency",
    Situation.BAD_DEBT: "bad_debt",
    Situation.REBATE: "rebate",
    Situation.REAL_OPERATION: "amount",
    Situation.REJECTED_INVOICE_WRONG: "amount",
}
"""The situations corrected by amounts, with the cause that is printed."""
WITH_RECIPIENT = (Situation.RECIPIENT_OR_TEXT, Situation.COMPLETE_ONE_ASKED_FOR, Situation.EXCHANGE_WRONG)
"""Those corrected by saying the same again for another recipient."""
WITH_AMOUNTS = (*CAUSES, Situation.SIMPLIFIED_BEHIND_EXCHANGE_WRONG)
SITUATIONS = (*WITH_AMOUNTS, *WITH_RECIPIENT)


class CannotRectify(ValueError):
    """This correction does not fit the invoice. Look at what stands of it, and ask again."""

    def __init__(self, es: str, en: str) -> None:
        super().__init__(en)
        self.es, self.en = es, en


class Reduction(msgspec.Struct, frozen=True, kw_only=True):
    """Euros with tax that one row of what stands goes down by (up, where negative); rows count from 0."""

    row: int
    gross: Decimal


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with an invoice, and what is right: reductions, or the recipient, as the situation asks."""

    invoice: InvoiceRef
    order_id: UUID
    situation: Situation
    reason: str
    """Printed on the document, beside the legal cause."""
    request: UUID
    reductions: tuple[Reduction, ...] = ()
    recipient: Party | None = None


def rows_that_stand(issued: Issued) -> list[tuple[Kind, Amounts]]:
    """Return what stands of an order's invoices, row by row, in the order in which `Reduction.row` counts."""
    return sorted(figures(issued.in_force).items(), key=lambda item: (-(item[0].charged or Decimal(-1)), repr(item[0])))


def next_of(correction: Correction, issued: Issued) -> Wanted | None:
    """Return the next document of a correction; None when all are issued. Pure.

    :raises CannotRectify: when it does not fit.
    """
    try:
        return _next_of(correction, issued)
    except DoesNotFit as error:
        tipo = issued.last.tipo
        raise CannotRectify(f"Eso no se da en una {tipo}.", f"That does not arise for an {tipo}.") from error


def _next_of(correction: Correction, issued: Issued) -> Wanted | None:
    key = correction.request.hex
    situation, last = correction.situation, issued.last
    if situation in WITH_RECIPIENT:
        if issued.has("recipient", key) or issued.has("exchange", key):
            return None
        if not issued.has("exchange_reversal", key):
            remedy(situation, last.tipo)
        return restated(issued, _recipient(correction), key=key, said=correction.reason)
    found = remedy(situation, last.tipo)
    if found.act not in (Act.RECTIFY, Act.EXCHANGE):
        raise CannotRectify(found.es, found.en)
    if situation is Situation.SIMPLIFIED_BEHIND_EXCHANGE_WRONG:
        return _behind_the_exchange(correction, issued, key)
    if issued.has("amount", key):
        return None
    change = _change(correction, issued)
    document = difference(
        issued, change, per_kind(change, "amount", language=last.language), tipo=found.invoices[0].tipos[0].value,
        purpose="amount", key=key, cause=CAUSES[situation], note=found.es, said=correction.reason,
    )  # fmt: skip
    if not found.invoices[0].identifies_invoices:
        return msgspec.structs.replace(document, rectifies=())
    return document


def _behind_the_exchange(correction: Correction, issued: Issued, key: str) -> Wanted | None:
    """An R5 of the simplified invoice, then an exchange of that R5 (FAQ 17)."""
    if issued.has("exchange", key):
        return None
    last = issued.last
    made = next((each for each in issued.documents if each.purpose == "amount" and each.key == key), None)
    if made is None:
        change = _change(correction, issued)
        document = difference(
            issued, change, per_kind(change, "amount", language=last.language), tipo="R5", purpose="amount", key=key,
            cause="amount", note="La simplificada de un canje estaba mal.", said=correction.reason,
        )  # fmt: skip
        return msgspec.structs.replace(document, tipo="R5", recipient=None, rectifies=last.substitutes)
    change = made.figures
    document = difference(
        issued, change, per_kind(change, "amount", language=last.language), tipo="F3", purpose="exchange", key=key,
        cause="", note=f"Canje de {made.num_serie}.", said=correction.reason,
    )  # fmt: skip
    return msgspec.structs.replace(
        document, tipo="F3", method="", rectifies=(), substitutes=(made.reference,), recipient=last.recipient
    )


def _change(correction: Correction, issued: Issued) -> Balance:
    """Return the difference that the reductions ask for.

    :raises CannotRectify: for rows that are not there, nothing, more than stands, and more tax on a consumer.
    """
    stand = rows_that_stand(issued)
    change: dict[Kind, Amounts] = {}
    for reduction in correction.reductions:
        if not 0 <= reduction.row < len(stand):
            raise CannotRectify("La factura no tiene esa línea del desglose.", "The invoice has no such row.")
        kind, amounts = stand[reduction.row]
        if reduction.gross > amounts.gross:
            left = {"left": str(amounts.gross)}
            raise CannotRectify(
                filled(
                    "Solo quedan {left} € de esa línea del desglose: una rectificativa no supera a su original.",
                    left, "es",
                ),
                filled("Only {left} € of that row are left: a correction does not exceed its original.", left, "en"),
            )  # fmt: skip
        if reduction.gross:
            whole = reduction.gross == amounts.gross
            change[kind] = -amounts if whole else split(-reduction.gross, kind)
    if not change:
        raise CannotRectify("No se rectifica ningún importe.", "No amount is corrected.")
    tax = sum((amounts.tax for amounts in change.values()), ZERO)
    recipient = issued.last.recipient
    if tax > 0 and (recipient is None or nif.natural_person(recipient.tax_id)):
        raise CannotRectify(
            "A un consumidor no se le repercute más impuesto después (art. 89.Tres LIVA).",
            "A consumer is not charged more tax afterwards (LIVA art. 89.Tres).",
        )
    return change


def _recipient(correction: Correction) -> Party:
    """Return the right recipient.

    :raises CannotRectify: when their data are not those of a complete invoice.
    """
    who = correction.recipient
    if who is None or not (who.name or who.company):
        raise CannotRectify("Falta el nombre del destinatario.", "The name of the recipient is missing.")
    who = identified(who)
    if nif.judge(who.tax_id) == nif.Verdict.MALFORMED and not who.id_type:
        raise CannotRectify(f"«{who.tax_id}» no es un NIF válido.", f"“{who.tax_id}” is not a valid NIF.")
    if (who.id_type or not nif.natural_person(who.tax_id)) and not who.address.lines:
        raise CannotRectify("Falta la dirección del destinatario.", "The address of the recipient is missing.")
    return who


# --- the workflow ------------------------------------------------------------------------------------------------


class Made(msgspec.Struct, frozen=True):
    """A document of a correction; nothing when there is no further one."""

    invoice: InvoiceRef | None


@step
def issue_correction(correction: Correction) -> Made:
    """Issue the next document of a correction and start what follows."""
    try:
        made = issue_next(correction, now=clock.now)
    except (CannotRectify, InvalidRecord, ClockBehind, WrongEnvironment) as error:
        raise Abort(getattr(error, "es", str(error))) from error
    if made is None:
        return Made(None)
    ref = InvoiceRef(made.company_id, made.pk)
    trigger(complete_invoice, ref, now=clock.now(), actor="rectify-invoice")
    return Made(ref)


def issue_next(correction: Correction, *, now: Callable[[], datetime]) -> Invoice | None:
    """Issue the next document of a correction under the order's lock; None when there is no further one.

    :raises CannotRectify: when it does not fit what stands now.
    """
    with transaction.atomic():
        order = (
            Order.objects.select_for_update(no_key=True, of=("self",))
            .select_related("current")
            .get(pk=correction.order_id, company_id=correction.invoice.company_id)
        )
        wanted = next_of(correction, issued_for(order))
        if wanted is None:
            return None
        if order.current is None:
            raise NotTheNewest(NotTheNewest.__doc__)
        # `more`: it says nothing about the version of the order, which deciding still has to settle.
        decision = Decision(action="issue", document=wanted, more=True)
        return issue_document(order.pk, Decided(version=order.current.version, decision=decision), now=now)


@workflow(
    "rectify-invoice",
    version=1,
    tenant=lambda p: str(p.invoice.company_id),
    lane=lambda p: Lane(f"company:{p.invoice.company_id}", 5),
    order_by=lambda p: f"order:{p.order_id}",
    on_failure="hold",
    idempotency_key=lambda p: f"rectify:{p.request}",
    tags=lambda p: (f"order:{p.order_id}", f"invoice:{p.invoice.invoice_id}"),
)
def rectify_invoice(run: Run, p: Correction) -> InvoiceRef | None:
    """Issue the documents that a situation asks for, each followed to the AEAT's verdict by `complete-invoice`."""
    last = None
    while made := run.step(issue_correction, p).invoice:
        last = made
    return last


@workflow(
    "rectify-recipient",
    version=1,
    tenant=lambda p: str(p.invoice.company_id),
    lane=lambda p: Lane(f"company:{p.invoice.company_id}", 5),
    on_failure="hold",
    idempotency_key=lambda p: f"rectify:{p.request}",
    tags=lambda p: (f"order:{p.order_id}", f"invoice:{p.invoice.invoice_id}"),
)
def rectify_recipient(run: Run, p: Correction) -> InvoiceRef | None:
    """Have the recipient's number stand as an order's must, then correct the invoice on the order's turn."""
    who = standing(run, p.invoice.company_id, p.order_id, p.recipient or Party())
    if who is None:
        return None
    made: InvoiceRef | None = run.child(rectify_invoice, msgspec.structs.replace(p, recipient=who))
    return made


def start_rectification(correction: Correction, *, actor: str, now: datetime) -> Handle:
    """Start the correction of an invoice by another one."""
    asks = correction.situation in WITH_RECIPIENT and asks_first(correction.invoice.company_id, correction.recipient)
    return trigger(rectify_recipient if asks else rectify_invoice, correction, now=now, actor=actor)


def correction_of(
    invoice: Invoice,
    situation: Situation,
    *,
    reason: str,
    request: UUID,
    reductions: Sequence[Reduction] = (),
    recipient: Party | None = None,
) -> Correction:
    """Return a person's correction of an invoice as the workflow takes it."""
    if invoice.order_id is None:
        raise ValueError("an invoice without an order")
    return Correction(
        invoice=InvoiceRef(invoice.company_id, invoice.pk),
        order_id=invoice.order_id,
        situation=situation,
        reason=reason,
        request=request,
        reductions=tuple(reductions),
        recipient=recipient,
    )


def refusal_of(correction: Correction) -> CannotRectify | None:
    """Return why this correction cannot be made now; None when it can. Looked at, nothing is written."""
    order = Order.objects.select_related("current").get(
        pk=correction.order_id, company_id=correction.invoice.company_id
    )
    try:
        next_of(correction, issued_for(order))
    except CannotRectify as error:
        return error
    return None
