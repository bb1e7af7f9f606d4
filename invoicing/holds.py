"""Why a person is needed, what is missing, and what may be done: the whole catalogue.

A Hold stops one order and names the one safe next action first. Its sentences are for staff, Spanish first.
"""

import re
from datetime import date
from enum import StrEnum

import msgspec

from invoicing import nif
from invoicing.coding import Coding
from invoicing.values import Address


class Action(StrEnum):
    """What a person may answer to a hold.

    give_nif: the buyer's NIF, and name or address where those are missing too. issue_simplified: an F2 without NIF.
    issue_anyway: go on in spite of it. decide_again: the cause was put right elsewhere. ignore: no invoice, for a
    reason. corrected_by_hand: the correction was made outside, for a reason. resend_corrected: a new record of the same
    invoice, with the coding given, for a reason. annul: a record that annuls the invoice, for a reason. name_original:
    the invoice that another system issued for this order.
    """

    GIVE_NIF = "give_nif"
    ISSUE_SIMPLIFIED = "issue_simplified"
    ISSUE_ANYWAY = "issue_anyway"
    DECIDE_AGAIN = "decide_again"
    IGNORE = "ignore"
    CORRECTED_BY_HAND = "corrected_by_hand"
    RESEND_CORRECTED = "resend_corrected"
    ANNUL = "annul"
    NAME_ORIGINAL = "name_original"


NUMBER = re.compile(r"[ !#-&(-;?-~]{1,60}")
"""A NumSerieFactura: printable ASCII without quotes and comparison signs (verifactu.md 3, codes 1287 and 1130)."""

WITH_REASON = (Action.IGNORE, Action.CORRECTED_BY_HAND, Action.RESEND_CORRECTED, Action.ANNUL)


class Original(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice that another system issued: its number as printed, its date, and whether it is a simplified one."""

    number: str
    date: date
    simplified: bool = False


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """A person's answer to a hold. `nif` as typed; empty `name` and `address` leave those of the order; without
    `coding` a record is sent again with the same data.
    """

    action: Action
    nif: str = ""
    name: str = ""
    address: Address | None = None
    reason: str = ""
    coding: Coding | None = None
    original: Original | None = None


class Reason(msgspec.Struct, frozen=True):
    """One kind of hold; `{names}` in the sentences are keys of `Hold.data`."""

    es: str
    en: str
    missing: str
    """What is missing, in Spanish."""
    actions: tuple[Action, ...]


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """An order that waits for a person: the reason, its facts, and what may be answered."""

    code: str
    data: dict[str, str] = {}
    actions: tuple[Action, ...]

    def sentence(self, language: str = "es") -> str:
        """Return the reason in Spanish, or in English for "en", with this order's facts in it."""
        reason = CATALOGUE[self.code]
        return (reason.en if language == "en" else reason.es).format_map(_Facts(self.data))

    @property
    def missing(self) -> str:
        """What is missing, in Spanish."""
        return CATALOGUE[self.code].missing.format_map(_Facts(self.data))


class ResolutionRefused(ValueError):
    """This answer does not fit the hold. Choose one of its actions and give what that action needs."""


class Unpriceable(Exception):
    """The figures of this order cannot become an invoice's by rule alone; `hold` says why."""

    def __init__(self, code: str, /, **data: object) -> None:
        self.hold = _hold(code, data)
        super().__init__(self.hold.sentence("en"))


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


GIVE, F2, ANYWAY = Action.GIVE_NIF, Action.ISSUE_SIMPLIFIED, Action.ISSUE_ANYWAY
AGAIN, IGNORE, BY_HAND = Action.DECIDE_AGAIN, Action.IGNORE, Action.CORRECTED_BY_HAND
RESEND, ANNUL = Action.RESEND_CORRECTED, Action.ANNUL

CATALOGUE: dict[str, Reason] = {
    # Whether to invoice at all
    "not_live": Reason(
        "La conexión no tiene fecha desde la que facturar.",
        "The connection has no date from which to invoice.",
        "Poner «facturar desde» en la conexión y decidir de nuevo.",
        (AGAIN, IGNORE),
    ),
    "other_invoice_number": Reason(
        "Otro sistema ya numeró una factura de este pedido: {number}.",
        "Another system already numbered an invoice for this order: {number}.",
        "Saber si aquella factura se expidió: una venta lleva una sola.",
        (IGNORE, ANYWAY, AGAIN),
    ),
    "partial_payment": Reason(
        "El pedido está pagado solo en parte.",
        "The order is paid in part only.",
        "El pago del resto, o la factura del anticipo hecha a mano.",
        (AGAIN, IGNORE),
    ),
    "edited_before_issue": Reason(
        "El pedido se modificó después de hacerse: eran {total} € y ahora son {current} €.",
        "The order was edited after it was placed: it was {total} € and now is {current} €.",
        "Decidir si se factura por el importe original.",
        (AGAIN, ANYWAY, IGNORE),
    ),
    "zero_total": Reason(
        "El total del pedido es {total} €.",
        "The total of the order is {total} €.",
        "Decidir si es un regalo sin factura o una entrega sujeta (autoconsumo).",
        (IGNORE, AGAIN),
    ),
    "gift_card": Reason(
        "El pedido vende una tarjeta regalo («{line}»): un bono polivalente no se factura al venderse.",
        "The order sells a gift card (“{line}”): a multi-purpose voucher is not invoiced when sold.",
        "Facturar a mano lo demás, si lo hay.",
        (IGNORE, AGAIN),
    ),
    # Figures and taxes
    "foreign_currency": Reason(
        "El pedido está en {currency}.",
        "The order is in {currency}.",
        "El importe en euros y el tipo de cambio.",
        (IGNORE, AGAIN),
    ),
    "totals_do_not_add_up": Reason(
        "Las líneas suman {lines} € y el total es {total} €; se admite una diferencia de {limit} €.",
        "The lines add up to {lines} € and the total is {total} €; up to {limit} € may differ.",
        "Corregir el pedido en la tienda, que entonces llegará de nuevo.",
        (AGAIN, IGNORE),
    ),
    "tax_does_not_match_rate": Reason(
        "La tienda declara {declared} € de IVA al {rate} % y corresponden {computed} €.",
        "The shop declares {declared} € of VAT at {rate} % where {computed} € are due.",
        "Revisar los impuestos de la tienda; «emitir» usa la cuota que corresponde.",
        (AGAIN, ANYWAY, IGNORE),
    ),
    "unknown_tax_rate": Reason(
        "La línea «{line}» lleva {rate} %, que no es un tipo de IVA vigente el {date}.",
        "Line “{line}” has {rate} %, which is no Spanish VAT rate on {date}.",
        "Corregir los impuestos en la tienda.",
        (AGAIN, IGNORE),
    ),
    "several_taxes": Reason(
        "La línea «{line}» lleva varios impuestos ({rates} %).",
        "Line “{line}” has several taxes ({rates} %).",
        "Corregir los impuestos en la tienda.",
        (AGAIN, IGNORE),
    ),
    "untaxed_line": Reason(
        "La línea «{line}» no lleva impuesto y no se sabe por qué.",
        "Line “{line}” has no tax and the cause is unknown.",
        "Saber si está exenta o no sujeta, o corregir los impuestos en la tienda.",
        (AGAIN, IGNORE),
    ),
    "equivalence_surcharge": Reason(
        "La línea «{line}» lleva recargo de equivalencia ({rate} %).",
        "Line “{line}” has the equivalence surcharge ({rate} %).",
        "Facturarlo a mano: aún no se emite con recargo.",
        (IGNORE, AGAIN),
    ),
    "territory_unclear": Reason(
        "No se sabe si el destino está en Canarias, Ceuta o Melilla: código postal «{postal_code}», "
        "provincia «{province}».",
        "Unclear whether the destination is in Canarias, Ceuta or Melilla: postcode “{postal_code}”, "
        "province “{province}”.",
        "Corregir la dirección de envío en la tienda.",
        (AGAIN, IGNORE),
    ),
    "tax_charged_on_export": Reason(
        "Se cobró IVA en «{line}», que va a {place}: los bienes van allí exentos (art. 21 LIVA).",
        "VAT was charged on “{line}”, which goes to {place}: goods go there exempt (LIVA art. 21).",
        "Devolver el IVA, o emitir con el IVA cobrado.",
        (AGAIN, ANYWAY, IGNORE),
    ),
    "outside_spain": Reason(
        "El pedido va a {country}.",
        "The order goes to {country}.",
        "El régimen que corresponde (exportación, OSS); aún no se emite solo.",
        (IGNORE, AGAIN),
    ),
    "eu_company": Reason(
        "El comprador da un NIF-IVA de otro Estado miembro: {tax_id}.",
        "The buyer gives a VAT number of another member state: {tax_id}.",
        "Comprobarlo en VIES; aún no se emite solo.",
        (GIVE, IGNORE, AGAIN),
    ),
    "issuer_territory": Reason(
        "El emisor no está en el territorio del IVA ({territory}).",
        "The issuer is outside the territory of the IVA ({territory}).",
        "El régimen de IGIC o IPSI; aún no se emite solo.",
        (IGNORE, AGAIN),
    ),
    # The buyer
    "nif_required": Reason(
        "Son {total} € sin NIF del comprador; una simplificada llega a {limit} €.",
        "{total} € without the buyer's NIF; a simplified invoice reaches {limit} €.",
        "El NIF, nombre y dirección del comprador.",
        (GIVE, AGAIN, IGNORE),
    ),
    "nif_invalid": Reason(
        "«{tax_id}» no es un NIF español válido.",
        "“{tax_id}” is not a valid Spanish NIF.",
        "El NIF correcto del comprador.",
        (GIVE, F2, IGNORE, AGAIN),
    ),
    "nif_entity_control": Reason(
        "El carácter de control de {tax_id} no cuadra.",
        "The control character of {tax_id} does not fit.",
        "Confirmar el NIF con el comprador, o emitir si es el suyo.",
        (GIVE, ANYWAY, F2, IGNORE, AGAIN),
    ),
    "recipient_incomplete": Reason(
        "El comprador da el NIF {tax_id}, pero falta: {fields}.",
        "The buyer gives the NIF {tax_id}, but this is missing: {fields}.",
        "Nombre y dirección del comprador.",
        (GIVE, F2, IGNORE, AGAIN),
    ),
    # After the invoice
    "correction_needed": Reason(
        "La factura {invoice} ya está expedida y el pedido cambió: {changes}.",
        "Invoice {invoice} is already issued and the order changed: {changes}.",
        "Una factura rectificativa (o adicional).",
        (BY_HAND, IGNORE, AGAIN),
    ),
    "refund_exceeds": Reason(
        "La devolución {refund} de {amount} € no cabe en lo que queda de la factura {invoice}: {left} €.",
        "Refund {refund} of {amount} € exceeds what is left of invoice {invoice}: {left} €.",
        "Saber qué se devolvió de más; una rectificativa no supera a su original.",
        (BY_HAND, AGAIN, IGNORE),
    ),
    "tax_increase_barred": Reason(
        "El pedido lleva ahora {tax} € más de impuesto que la factura {invoice}, y el comprador es consumidor: no se "
        "le puede repercutir después (art. 89.Tres LIVA).",
        "The order now bears {tax} € more tax than invoice {invoice}, and the buyer is a consumer, who cannot be "
        "charged it afterwards (LIVA art. 89.Tres).",
        "Corregir los impuestos en la tienda, o asumir la diferencia.",
        (BY_HAND, AGAIN, IGNORE),
    ),
    "original_elsewhere": Reason(
        "Se devolvieron {refunded} € de un pedido cuya factura no se expidió aquí.",
        "{refunded} € were refunded of an order whose invoice was not issued here.",
        "El número, la fecha y la clase de aquella factura, para rectificarla.",
        (Action.NAME_ORIGINAL, BY_HAND, AGAIN, IGNORE),
    ),
    "invoice_annulled": Reason(
        "La factura {invoice} de este pedido se anuló.",
        "Invoice {invoice} of this order was annulled.",
        "Saber si hay que expedir otra, con otro número.",
        (IGNORE, ANYWAY, AGAIN),
    ),
    "aeat_rejected": Reason(
        "La AEAT rechazó el registro de la factura: {code} {text}.",
        "The AEAT rejected the record of the invoice: {code} {text}.",
        "Si la factura está bien, corregir la codificación y registrar de nuevo; si está mal, una rectificativa.",
        (RESEND, ANNUL, BY_HAND, IGNORE),
    ),
    "aeat_reproach": Reason(
        "La AEAT guardó el registro de la factura con un error que hay que corregir: {code} {text}.",
        "The AEAT stored the record of the invoice with an error that has to be corrected: {code} {text}.",
        "Registrar de nuevo con la codificación corregida; si lo que está mal es la factura, una rectificativa.",
        (RESEND, ANNUL, BY_HAND, IGNORE),
    ),
    "annulment_rejected": Reason(
        "La AEAT rechazó la anulación de la factura: {code} {text}.",
        "The AEAT rejected the annulment of the invoice: {code} {text}.",
        "Anular de nuevo, cuando la causa esté corregida.",
        (ANNUL, BY_HAND, IGNORE),
    ),
    "annulment_reproach": Reason(
        "La AEAT guardó la anulación de la factura con un error que hay que corregir: {code} {text}.",
        "The AEAT stored the annulment of the invoice with an error that has to be corrected: {code} {text}.",
        "Anular de nuevo: la segunda anulación sustituye a la primera.",
        (ANNUL, BY_HAND, IGNORE),
    ),
    "correction_refused": Reason(
        "No se hizo ningún registro ({refused}).",
        "No record was made ({refused}).",
        "Otra respuesta, o la misma cuando haya pasado la causa.",
        (RESEND, ANNUL, BY_HAND, IGNORE),
    ),
}
"""Code -> reason. The first action is the safe one."""


def hold(code: str, /, *, without: tuple[Action, ...] = (), **data: object) -> Hold:
    """Return a hold of the catalogue, without the actions that are not legal for this order.

    :raises KeyError: for a code that the catalogue lacks.
    """
    return _hold(code, data, without)


def accept(held: Hold, resolution: Resolution) -> None:
    """Check that an answer fits its hold, before the process is told.

    :raises ResolutionRefused: with a sentence in Spanish for whoever answered.
    """
    if resolution.action not in held.actions:
        raise ResolutionRefused(f"«{resolution.action}» no es posible aquí; sí: {', '.join(held.actions)}.")
    if resolution.action in WITH_REASON and not resolution.reason.strip():
        raise ResolutionRefused("Falta el motivo.")
    if resolution.action == Action.NAME_ORIGINAL and not (
        resolution.original and NUMBER.fullmatch(resolution.original.number)
    ):
        raise ResolutionRefused("Falta el número de la factura original, o lleva caracteres que no admite la AEAT.")
    if resolution.action == Action.GIVE_NIF and nif.judge(nif.normalise(resolution.nif)) == nif.Verdict.MALFORMED:
        raise ResolutionRefused(f"«{resolution.nif}» no es un NIF español válido.")


def _hold(code: str, data: dict[str, object], without: tuple[Action, ...] = ()) -> Hold:
    return Hold(
        code=code,
        data={name: str(value) for name, value in data.items()},
        actions=tuple(action for action in CATALOGUE[code].actions if action not in without),
    )
