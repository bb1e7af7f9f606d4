"""What to do when something about an invoice is wrong: the decision of verifactu.md 8.2 (FAQ 17), whole. Pure.

`remedy(situation, tipo)` is the only question. What art. 15 of RD 1619/2012 and LIVA 80 and 89 cover is corrected by
another invoice; what only the record carries, by another record; what should not exist, by an annulment.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from verifactu.codes import TipoFactura, TipoRectificativa


class Situation(StrEnum):
    """What is wrong, or asked for. Each names one row of the table, or one cause where policy tells causes apart."""

    BEFORE_ISSUING = "before_issuing"
    RETURN_OR_DISCOUNT = "return_or_discount"
    AMOUNT_OR_RATE = "amount_or_rate"
    RECIPIENT_OR_TEXT = "recipient_or_text"
    INSOLVENCY = "insolvency"
    BAD_DEBT = "bad_debt"
    REBATE = "rebate"
    REAL_OPERATION = "real_operation"
    CODING = "coding"
    REJECTED_INVOICE_RIGHT = "rejected_invoice_right"
    REJECTED_INVOICE_WRONG = "rejected_invoice_wrong"
    SHOULD_NOT_EXIST = "should_not_exist"
    NOTHING_RECORDED = "nothing_recorded"
    HARMLESS_ERROR = "harmless_error"
    COMPLETE_ONE_ASKED_FOR = "complete_one_asked_for"
    SIMPLIFIED_BEHIND_EXCHANGE_WRONG = "simplified_behind_exchange_wrong"
    EXCHANGE_WRONG = "exchange_wrong"


class Act(StrEnum):
    """What is done."""

    EDIT_DRAFT = "edit_draft"
    RECTIFY = "rectify"
    AMEND = "amend"
    """A subsanación, whatever its flags: `verifactu.lifecycle` chooses them."""
    ANNUL = "annul"
    REPRINT = "reprint"
    EXCHANGE = "exchange"
    NOTHING = "nothing"


class Of(StrEnum):
    """What a new document refers to."""

    ORIGINAL = "original"
    SIMPLIFIED = "simplified"
    """The simplified invoice behind an exchange."""
    PREVIOUS = "previous"
    """The document just before it in the same remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvoice:
    """A document to be issued: its possible types, the usual one first; how a corrective one states its figures."""

    tipos: tuple[TipoFactura, ...]
    method: TipoRectificativa | None = None
    of: Of = Of.ORIGINAL
    negative: bool = False
    """The same amounts with the opposite sign."""
    identifies_invoices: bool = True
    """Whether it has to name the invoices that it refers to; for a rebate the period is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What to do, said in both languages, with its source."""

    act: Act
    es: str
    en: str
    source: str
    invoices: tuple[NewInvoice, ...] = ()
    original_stays: bool = True
    """Whether the record of the original stays as it is."""


class DoesNotFit(ValueError):
    """This situation does not arise for an invoice of that type; look at its type again."""


F2, F3 = TipoFactura.F2, TipoFactura.F3
R1, R2, R3, R4, R5 = TipoFactura.R1, TipoFactura.R2, TipoFactura.R3, TipoFactura.R4, TipoFactura.R5
BY_DIFFERENCES, BY_SUBSTITUTION = TipoRectificativa.I, TipoRectificativa.S

_FAQ, _ART_15 = "FAQ 17", "RD 1619/2012 art. 15"

REMEDIES: dict[Situation, Remedy] = {
    Situation.BEFORE_ISSUING: Remedy(
        act=Act.EDIT_DRAFT,
        es="Aún no se ha expedido: corrija el borrador.",
        en="It is not issued yet: edit the draft.",
        source=_FAQ,
    ),
    Situation.RETURN_OR_DISCOUNT: Remedy(
        act=Act.RECTIFY,
        es="Devolución, cancelación o descuento posterior: rectificativa por diferencias.",
        en="Return, cancellation or later discount: a corrective invoice by differences.",
        source=f"LIVA 80.Uno y Dos; {_FAQ}",
        invoices=(NewInvoice(tipos=(R1,), method=BY_DIFFERENCES),),
    ),
    Situation.AMOUNT_OR_RATE: Remedy(
        act=Act.RECTIFY,
        es="Importe, tipo o impuesto equivocado: rectificativa.",
        en="Wrong amount, rate or tax: a corrective invoice.",
        source=f"LIVA 80 y 89; {_ART_15}",
        invoices=(NewInvoice(tipos=(R1,), method=BY_DIFFERENCES),),
    ),
    Situation.RECIPIENT_OR_TEXT: Remedy(
        act=Act.RECTIFY,
        es="Nombre, NIF, dirección o mención obligatoria equivocados: rectificativa por sustitución, mismos importes.",
        en="Wrong name, NIF, address or mandatory text: a corrective invoice by substitution, of the same amounts.",
        source=_ART_15,
        invoices=(NewInvoice(tipos=(R4,), method=BY_SUBSTITUTION),),
    ),
    Situation.INSOLVENCY: Remedy(
        act=Act.RECTIFY,
        es="Concurso del cliente: rectificativa por diferencias.",
        en="Insolvency of the customer: a corrective invoice by differences.",
        source="LIVA 80.Tres",
        invoices=(NewInvoice(tipos=(R2,), method=BY_DIFFERENCES),),
    ),
    Situation.BAD_DEBT: Remedy(
        act=Act.RECTIFY,
        es="Crédito incobrable: rectificativa por diferencias.",
        en="Bad debt: a corrective invoice by differences.",
        source="LIVA 80.Cuatro",
        invoices=(NewInvoice(tipos=(R3,), method=BY_DIFFERENCES),),
    ),
    Situation.REBATE: Remedy(
        act=Act.RECTIFY,
        es="Rappel: rectificativa; basta con el periodo, sin identificar las facturas.",
        en="Volume rebate: a corrective invoice; the period is enough, without naming the invoices.",
        source=f"{_ART_15}.4; {_FAQ}",
        invoices=(NewInvoice(tipos=(R1, R2, R3, R4), method=BY_DIFFERENCES, identifies_invoices=False),),
    ),
    Situation.REAL_OPERATION: Remedy(
        act=Act.RECTIFY,
        es="La operación existió y la factura está mal: rectificativa, nunca una anulación.",
        en="The operation is real and its invoice wrong: a corrective invoice, never an annulment.",
        source=_FAQ,
        invoices=(NewInvoice(tipos=(R1, R2, R3, R4)),),
    ),
    Situation.CODING: Remedy(
        act=Act.AMEND,
        es="Solo está mal la codificación del registro (régimen, causa de exención, descripción…): subsanación.",
        en="Only the coding of the record is wrong (regime, cause of exemption, description…): a subsanación.",
        source=_FAQ,
        original_stays=False,
    ),
    Situation.REJECTED_INVOICE_RIGHT: Remedy(
        act=Act.AMEND,
        es="La AEAT rechazó el registro y la factura está bien: corrija la codificación y registre de nuevo.",
        en="The AEAT rejected the record and the invoice is right: correct the coding and record it again.",
        source=_FAQ,
        original_stays=False,
    ),
    Situation.REJECTED_INVOICE_WRONG: Remedy(
        act=Act.RECTIFY,
        es="La AEAT rechazó el registro y la factura está mal: rectificativa, y nada más para la original.",
        en="The AEAT rejected the record and the invoice is wrong: a corrective invoice, and nothing else.",
        source=_FAQ,
        invoices=(NewInvoice(tipos=(R1, R2, R3, R4)),),
    ),
    Situation.SHOULD_NOT_EXIST: Remedy(
        act=Act.ANNUL,
        es="No debió existir (prueba, duplicada, sin operación ni cobro): anule; si hace falta otra, con otro número.",
        en="It should not exist (test, duplicate, no operation or payment): annul; if another is needed, a new number.",
        source=_FAQ,
        original_stays=False,
    ),
    Situation.NOTHING_RECORDED: Remedy(
        act=Act.REPRINT,
        es="El error está en algo que no se registra (logotipo, notas): imprima de nuevo.",
        en="The error is in something that is not recorded (logo, notes): print it again.",
        source=_FAQ,
    ),
    Situation.HARMLESS_ERROR: Remedy(
        act=Act.NOTHING,
        es="La AEAT lo guardó con un aviso que no pide corrección (2004, 2009): nada.",
        en="The AEAT stored it with a remark that asks for no correction (2004, 2009): nothing.",
        source="Validaciones y errores 1.2.2",
    ),
    Situation.COMPLETE_ONE_ASKED_FOR: Remedy(
        act=Act.EXCHANGE,
        es="El cliente pide una factura completa: canje (F3). La simplificada sigue y no se anula.",
        en="The customer asks for a complete invoice: an exchange (F3). The simplified one stays and is not annulled.",
        source=_FAQ,
        invoices=(NewInvoice(tipos=(F3,)),),
    ),
    Situation.SIMPLIFIED_BEHIND_EXCHANGE_WRONG: Remedy(
        act=Act.EXCHANGE,
        es="La simplificada de un canje estaba mal: R5 de la simplificada y canje (F3) de la R5.",
        en="The simplified invoice behind an exchange was wrong: an R5 of it, then an exchange (F3) of the R5.",
        source=_FAQ,
        invoices=(
            NewInvoice(tipos=(R5,), method=BY_DIFFERENCES, of=Of.SIMPLIFIED),
            NewInvoice(tipos=(F3,), of=Of.PREVIOUS),
        ),
    ),
    Situation.EXCHANGE_WRONG: Remedy(
        act=Act.EXCHANGE,
        es="Solo el canje está mal (datos del cliente): F3 con los mismos importes en negativo y F3 nueva.",
        en="Only the exchange is wrong (customer's data): an F3 of the same amounts negative, then a new F3.",
        source=_FAQ,
        invoices=(
            NewInvoice(tipos=(F3,), of=Of.SIMPLIFIED, negative=True),
            NewInvoice(tipos=(F3,), of=Of.SIMPLIFIED),
        ),
    ),
}

_ONLY_FOR = {
    Situation.COMPLETE_ONE_ASKED_FOR: (F2, R5),
    Situation.SIMPLIFIED_BEHIND_EXCHANGE_WRONG: (F3,),
    Situation.EXCHANGE_WRONG: (F3,),
}


def remedy(situation: Situation, tipo: str) -> Remedy:
    """Return what to do about an invoice of that type; a simplified one is corrected by an R5 whatever the cause.

    :raises DoesNotFit: when the situation does not arise for that type.
    """
    if tipo not in _ONLY_FOR.get(situation, tuple(TipoFactura)):
        raise DoesNotFit(f"{situation} does not arise for {tipo}. {DoesNotFit.__doc__}")
    found = REMEDIES[situation]
    if found.act is Act.RECTIFY and tipo in (F2, R5):
        return replace(found, invoices=tuple(replace(each, tipos=(R5,)) for each in found.invoices))
    return found
