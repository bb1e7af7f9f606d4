"""Every reason why a person is needed, what is missing, and what may be done. Its sentences are for staff.

A reason whose only ways on are data that must change says which, and whose: those of the company or the connection,
after which it is decided again, or those of the order in the shop, which then sends it anew.
"""

from enum import StrEnum

import msgspec


class Action(StrEnum):
    """What a person may answer to a hold.

    give_nif: the buyer's NIF, and name or address where those are missing too. ask_customer: a letter with a link asks
    the buyer, and the hold stands until somebody answers it. issue_simplified: an F2 without NIF.
    issue_anyway: go on in spite of it. decide_again: the cause was put right elsewhere. ignore: no invoice, for a
    reason. corrected_by_hand: the correction was made outside, for a reason. resend_corrected: a new record of the same
    invoice, with the coding given, for a reason. annul: a record that annuls the invoice, for a reason. choose_regime:
    what an untaxed line is (`treatment`, a code of `treatments`), for a reason. accept_vat_number: the number stands
    although VIES does not say so, for a reason. accept_nif: NIF and name stand although the AEAT's census does not say
    so, for a reason. name_original: the invoice that another system issued for this order.
    """

    GIVE_NIF = "give_nif"
    ASK_CUSTOMER = "ask_customer"
    ISSUE_SIMPLIFIED = "issue_simplified"
    ISSUE_ANYWAY = "issue_anyway"
    DECIDE_AGAIN = "decide_again"
    IGNORE = "ignore"
    CORRECTED_BY_HAND = "corrected_by_hand"
    RESEND_CORRECTED = "resend_corrected"
    ANNUL = "annul"
    CHOOSE_REGIME = "choose_regime"
    ACCEPT_VAT_NUMBER = "accept_vat_number"
    ACCEPT_NIF = "accept_nif"
    NAME_ORIGINAL = "name_original"


class Reason(msgspec.Struct, frozen=True):
    """One kind of hold; `{names}` in the sentences are keys of `Hold.data`, and before a `€` they are amounts.

    `es` and `en` say why a person is needed, `missing` and `missing_en` what is missing.
    """

    es: str
    en: str
    missing: str
    missing_en: str
    actions: tuple[Action, ...]


GIVE, ASK = Action.GIVE_NIF, Action.ASK_CUSTOMER
F2, ANYWAY = Action.ISSUE_SIMPLIFIED, Action.ISSUE_ANYWAY
AGAIN, IGNORE, BY_HAND = Action.DECIDE_AGAIN, Action.IGNORE, Action.CORRECTED_BY_HAND
RESEND, ANNUL = Action.RESEND_CORRECTED, Action.ANNUL
CHOOSE, ACCEPT = Action.CHOOSE_REGIME, Action.ACCEPT_VAT_NUMBER

CATALOGUE: dict[str, Reason] = {
    # Whether to invoice at all
    "not_live": Reason(
        "La conexión no tiene fecha desde la que facturar.",
        "The connection has no date from which to invoice.",
        "Poner «facturar desde» en la conexión y decidir de nuevo.",
        "Set “invoice from” on the connection and decide again.",
        (AGAIN, IGNORE),
    ),
    "other_invoice_number": Reason(
        "Otro sistema ya numeró una factura de este pedido: {number}.",
        "Another system already numbered an invoice for this order: {number}.",
        "Saber si aquella factura se expidió: una venta lleva una sola.",
        "Know whether that invoice was issued: a sale bears one only.",
        (IGNORE, ANYWAY, AGAIN),
    ),
    "partial_payment": Reason(
        "El pedido está pagado solo en parte.",
        "The order is paid in part only.",
        "El pago del resto: cuando la tienda lo diga, el pedido llegará de nuevo. Si la tienda dice cuánto se cobró, "
        "poner en la conexión «pedidos pagados en parte: facturar lo cobrado» y decidir de nuevo. O la factura del "
        "anticipo, a mano.",
        "The payment of the rest: when the shop tells of it, the order will arrive again. Where the shop says how much "
        "was received, set “orders paid in part: invoice what was received” on the connection and decide again. Or the "
        "invoice of the advance, by hand.",
        (AGAIN, IGNORE),
    ),
    "advance_exempt": Reason(
        "Se cobraron {received} € por adelantado de una entrega que está exenta ({treatment}) porque los bienes salen: "
        "no se factura hasta que está pagada (arts. 21, 25 y 75.Dos LIVA).",
        "{received} € were received in advance for a supply that is exempt ({treatment}) because the goods leave: it "
        "is not invoiced until it is paid (LIVA arts. 21, 25 and 75.Dos).",
        "El pago del resto: cuando la tienda lo diga, el pedido llegará de nuevo.",
        "The payment of the rest: when the shop tells of it, the order will arrive again.",
        (AGAIN, IGNORE),
    ),
    "advance_unclear": Reason(
        "Se cobraron {received} € de {total} €, y no se sabe qué factura piden: el pedido ya se envió, o no todo su "
        "importe es de lo vendido (otra moneda, tarjetas regalo, retención, suplidos).",
        "{received} € of {total} € were received, and it is not clear which invoice that asks for: the order was "
        "already sent, or not all of its amount is for what was sold (another currency, gift cards, withholding, "
        "outlays).",
        "El pago del resto: cuando la tienda lo diga, el pedido llegará de nuevo. O la factura de lo cobrado, a mano.",
        "The payment of the rest: when the shop tells of it, the order will arrive again. Or the invoice of what was "
        "received, by hand.",
        (AGAIN, IGNORE),
    ),
    "advance_exceeds": Reason(
        "Lo facturado por anticipado ({invoice}: {invoiced} €) no cabe en lo que el pedido es ahora ({total} €; de "
        "más: {rates}).",
        "What was invoiced in advance ({invoice}: {invoiced} €) exceeds what the order is now ({total} €; in excess: "
        "{rates}).",
        "Rectificar el anticipo («Rectificar» en la factura) y decidir de nuevo; o resolverlo a mano.",
        "Rectify the advance (“Rectify” on the invoice) and decide again; or settle it by hand.",
        (AGAIN, BY_HAND, IGNORE),
    ),
    "advance_settled": Reason(
        "El pedido tiene anticipos facturados ({invoice}), alguien dio por resuelta su versión {version}, y ahora se "
        "cobró más.",
        "The order has invoiced advances ({invoice}), somebody settled its version {version}, and now more was "
        "received.",
        "Saber si lo que queda ya se facturó fuera: si no, facturarlo.",
        "Know whether what is left was invoiced elsewhere: if not, invoice it.",
        (ANYWAY, BY_HAND, AGAIN, IGNORE),
    ),
    "edited_before_issue": Reason(
        "El pedido se modificó después de hacerse: eran {total} € y ahora son {current} €.",
        "The order was edited after it was placed: it was {total} € and now is {current} €.",
        "Decidir si se factura por el importe original.",
        "Decide whether the original amount is invoiced.",
        (AGAIN, ANYWAY, IGNORE),
    ),
    "zero_total": Reason(
        "El total del pedido es {total} €.",
        "The total of the order is {total} €.",
        "Un regalo no se factura; para no preguntarlo más, poner en la conexión «pedidos de total cero: no facturar» y "
        "decidir de nuevo. Una entrega sujeta (autoconsumo) se factura a mano (Borradores).",
        "A gift is not invoiced; so as not to be asked again, set “orders of zero total: do not invoice” on the "
        "connection and decide again. A taxable supply (self-supply) is invoiced by hand (Drafts).",
        (IGNORE, AGAIN),
    ),
    # Figures and taxes
    "foreign_currency": Reason(
        "El pedido está en {currency} y no hay tipo de cambio de ese día.",
        "The order is in {currency} and there is no exchange rate of that day.",
        "Cargar los tipos de cambio del BCE (orden load_exchange_rates) y decidir de nuevo.",
        "Load the ECB's exchange rates (command load_exchange_rates) and decide again.",
        (AGAIN, IGNORE),
    ),
    "totals_do_not_add_up": Reason(
        "Las líneas suman {lines} € y el total es {total} €; se admite una diferencia de {limit} €.",
        "The lines add up to {lines} € and the total is {total} €; up to {limit} € may differ.",
        "Corregir el pedido en la tienda, que entonces llegará de nuevo.",
        "Correct the order in the shop; it will then arrive again.",
        (AGAIN, IGNORE),
    ),
    "tax_does_not_match_rate": Reason(
        "La tienda declara {declared} € de IVA al {rate} % y corresponden {computed} €.",
        "The shop declares {declared} € of VAT at {rate} % where {computed} € are due.",
        "Revisar los impuestos de la tienda; «emitir» usa la cuota que corresponde.",
        "Check the taxes of the shop; “issue” uses the tax that is due.",
        (AGAIN, ANYWAY, IGNORE),
    ),
    "unknown_tax_rate": Reason(
        "La línea «{line}» lleva {rate} %, que no es un tipo de {tax_name} vigente el {date}.",
        "Line “{line}” has {rate} %, which is no rate of {tax_name} on {date}.",
        "Corregir los impuestos del pedido en la tienda, que entonces llegará de nuevo. «Emitir», donde se ofrece "
        "(IGIC, IPSI), confirma ese tipo.",
        "Correct the taxes of the order in the shop; it will then arrive again. “Issue”, where it is offered "
        "(IGIC, IPSI), confirms that rate.",
        (AGAIN, ANYWAY, IGNORE),
    ),
    "several_taxes": Reason(
        "La línea «{line}» lleva varios impuestos ({rates} %).",
        "Line “{line}” has several taxes ({rates} %).",
        "Corregir los impuestos del pedido en la tienda, que entonces llegará de nuevo.",
        "Correct the taxes of the order in the shop; it will then arrive again.",
        (AGAIN, IGNORE),
    ),
    "untaxed_line": Reason(
        "La línea «{line}» no lleva impuesto y no se sabe por qué.",
        "Line “{line}” has no tax and the cause is unknown.",
        "Saber si está exenta o no sujeta, o corregir los impuestos en la tienda.",
        "Know whether it is exempt or not subject, or correct the taxes in the shop.",
        (AGAIN, CHOOSE, IGNORE),
    ),
    "untaxed_tip": Reason(
        "La propina «{line}» no lleva impuesto.",
        "The tip “{line}” has no tax.",
        "Decir qué es, o ponerlo una vez en la conexión («propinas sin impuesto»).",
        "Say what it is, or set it once on the connection (“untaxed tips”).",
        (CHOOSE, AGAIN, IGNORE),
    ),
    "discount_exceeds_goods": Reason(
        "El descuento del pedido ({discount} €) no cabe en sus productos ({goods} €).",
        "The discount on the order ({discount} €) is more than its goods ({goods} €).",
        "Corregir el pedido en la tienda, que entonces llegará de nuevo.",
        "Correct the order in the shop; it will then arrive again.",
        (AGAIN, IGNORE),
    ),
    "territory_unclear": Reason(
        "No se sabe si el destino está en Canarias, Ceuta o Melilla: código postal «{postal_code}», "
        "provincia «{province}».",
        "Unclear whether the destination is in Canarias, Ceuta or Melilla: postcode “{postal_code}”, "
        "province “{province}”.",
        "Corregir la dirección de envío en la tienda; el pedido llegará de nuevo.",
        "Correct the shipping address in the shop; the order will arrive again.",
        (AGAIN, IGNORE),
    ),
    "tax_charged_on_export": Reason(
        "Se cobró IVA en «{line}», que va a {place}: los bienes van allí exentos (art. 21 LIVA).",
        "VAT was charged on “{line}”, which goes to {place}: goods go there exempt (LIVA art. 21).",
        "Devolver el IVA, o emitir con el IVA cobrado.",
        "Give the VAT back, or issue with the VAT that was charged.",
        (AGAIN, ANYWAY, IGNORE),
    ),
    "oss_rate": Reason(
        "La línea «{line}» lleva {rate} %, que no es un tipo de IVA de {country}, adonde va.",
        "Line “{line}” has {rate} %, which is no VAT rate of {country}, where it goes.",
        "Corregir los impuestos en la tienda; «emitir» toma ese tipo por el de allí.",
        "Correct the taxes in the shop; “issue” takes that rate for the one there.",
        (AGAIN, ANYWAY, IGNORE),
    ),
    "oss_not_registered": Reason(
        "La línea «{line}» lleva IVA de {country} ({rate} %) y la empresa no está en la ventanilla única.",
        "Line “{line}” has VAT of {country} ({rate} %) and the company is not registered for the OSS.",
        "Poner en la empresa desde cuándo está en la ventanilla única y decidir de nuevo; o corregir el IVA del pedido "
        "en la tienda, que entonces llegará de nuevo.",
        "Set on the company since when it is registered for the OSS and decide again; or correct the VAT of the "
        "order in the shop; it will then arrive again.",
        (AGAIN, IGNORE),
    ),
    "tax_charged_to_eu_company": Reason(
        "Se cobró IVA en «{line}» a una empresa de otro Estado miembro con NIF-IVA {tax_id}.",
        "VAT was charged on “{line}” to a company of another member state with VAT number {tax_id}.",
        "Devolver el IVA y facturar exento, o emitir con el IVA cobrado.",
        "Give the VAT back and invoice exempt, or issue with the VAT that was charged.",
        (AGAIN, ANYWAY, IGNORE),
    ),
    "vat_number_invalid": Reason(
        "VIES no da por válido el NIF-IVA {tax_id} ({at}).",
        "VIES does not confirm the VAT number {tax_id} ({at}).",
        "El NIF-IVA correcto del comprador, o facturarle como a un particular.",
        "The buyer's right VAT number, or invoice them as a private person.",
        (GIVE, AGAIN, F2, ACCEPT, IGNORE),
    ),
    "vat_service_down": Reason(
        "VIES no contesta y no se ha podido comprobar el NIF-IVA {tax_id} ({detail}).",
        "VIES does not answer, so that the VAT number {tax_id} could not be checked ({detail}).",
        "Volver a decidir cuando conteste, o aceptarlo con otra prueba.",
        "Decide again when it answers, or accept the number on other evidence.",
        (AGAIN, ACCEPT, F2, IGNORE),
    ),
    "complete_invoice_required": Reason(
        "Esta operación pide factura completa ({treatment}) y falta el número fiscal del comprador.",
        "This supply asks for a complete invoice ({treatment}) and the buyer's tax number is missing.",
        "El NIF o NIF-IVA del comprador.",
        "The buyer's NIF or VAT number.",
        (GIVE, AGAIN, IGNORE),
    ),
    # The buyer
    "nif_required": Reason(
        "Son {total} € sin NIF del comprador; una simplificada llega a {limit} €.",
        "{total} € without the buyer's NIF; a simplified invoice reaches {limit} €.",
        "El NIF, nombre y dirección del comprador.",
        "The buyer's NIF, name and address.",
        (GIVE, ASK, AGAIN, IGNORE),
    ),
    "nif_invalid": Reason(
        "«{tax_id}» no es un NIF español válido.",
        "“{tax_id}” is not a valid Spanish NIF.",
        "El NIF correcto del comprador.",
        "The buyer's right NIF.",
        (GIVE, ASK, F2, IGNORE, AGAIN),
    ),
    "nif_entity_control": Reason(
        "El carácter de control de {tax_id} no cuadra.",
        "The control character of {tax_id} does not fit.",
        "Confirmar el NIF con el comprador, o emitir si es el suyo.",
        "Confirm the NIF with the buyer, or issue if it is theirs.",
        (GIVE, ANYWAY, F2, IGNORE, AGAIN),
    ),
    "nif_not_identified": Reason(
        "El censo de la AEAT no identifica a «{name}» con el NIF {tax_id}: {answer}.",
        "The AEAT's census does not identify “{name}” by the NIF {tax_id}: {answer}.",
        "El NIF y el nombre del comprador tal como constan en el censo; o darlos por buenos con otra prueba.",
        "The buyer's NIF and name as the census has them; or take them as they are on other evidence.",
        (GIVE, ASK, Action.ACCEPT_NIF, F2, AGAIN, IGNORE),
    ),
    "recipient_incomplete": Reason(
        "El comprador da el NIF {tax_id}, pero falta: {fields}.",
        "The buyer gives the NIF {tax_id}, but this is missing: {fields}.",
        "Nombre y dirección del comprador.",
        "The buyer's name and address.",
        (GIVE, ASK, F2, IGNORE, AGAIN),
    ),
    # After the invoice
    "correction_needed": Reason(
        "La factura {invoice} ya está expedida y el pedido cambió: {changes}.",
        "Invoice {invoice} is already issued and the order changed: {changes}.",
        "Una factura rectificativa (o adicional).",
        "A corrective (or a further) invoice.",
        (BY_HAND, IGNORE, AGAIN),
    ),
    "refund_exceeds": Reason(
        "La devolución {refund} de {amount} € no cabe en lo que queda de la factura {invoice}: {left} €.",
        "Refund {refund} of {amount} € exceeds what is left of invoice {invoice}: {left} €.",
        "Saber qué se devolvió de más; una rectificativa no supera a su original.",
        "Know what was given back in excess; a correction does not exceed its original.",
        (BY_HAND, AGAIN, IGNORE),
    ),
    "tax_increase_barred": Reason(
        "El pedido lleva ahora {tax} € más de impuesto que la factura {invoice}, y el comprador es consumidor: no se "
        "le puede repercutir después (art. 89.Tres LIVA).",
        "The order now bears {tax} € more tax than invoice {invoice}, and the buyer is a consumer, who cannot be "
        "charged it afterwards (LIVA art. 89.Tres).",
        "Corregir los impuestos en la tienda, o asumir la diferencia.",
        "Correct the taxes in the shop, or bear the difference.",
        (BY_HAND, AGAIN, IGNORE),
    ),
    "original_elsewhere": Reason(
        "Se devolvieron {refunded} € de un pedido cuya factura no se expidió aquí.",
        "{refunded} € were refunded of an order whose invoice was not issued here.",
        "El número, la fecha y la clase de aquella factura, para rectificarla.",
        "The number, date and kind of that invoice, to correct it.",
        (Action.NAME_ORIGINAL, BY_HAND, AGAIN, IGNORE),
    ),
    "invoice_annulled": Reason(
        "La factura {invoice} de este pedido se anuló.",
        "Invoice {invoice} of this order was annulled.",
        "Saber si hay que expedir otra, con otro número.",
        "Know whether another has to be issued, with another number.",
        (IGNORE, ANYWAY, AGAIN),
    ),
    "aeat_rejected": Reason(
        "La AEAT rechazó el registro de la factura: {code} {text}.",
        "The AEAT rejected the record of the invoice: {code} {text}.",
        "Si la factura está bien, corregir la codificación y registrar de nuevo; si está mal, una rectificativa.",
        "If the invoice is right, correct the coding and record it again; if it is wrong, a corrective invoice.",
        (RESEND, ANNUL, BY_HAND, IGNORE),
    ),
    "aeat_reproach": Reason(
        "La AEAT guardó el registro de la factura con un error que hay que corregir: {code} {text}.",
        "The AEAT stored the record of the invoice with an error that has to be corrected: {code} {text}.",
        "Registrar de nuevo con la codificación corregida; si lo que está mal es la factura, una rectificativa.",
        "Record it again with the coding corrected; if the invoice is what is wrong, a corrective invoice.",
        (RESEND, ANNUL, BY_HAND, IGNORE),
    ),
    "annulment_rejected": Reason(
        "La AEAT rechazó la anulación de la factura: {code} {text}.",
        "The AEAT rejected the annulment of the invoice: {code} {text}.",
        "Anular de nuevo, cuando la causa esté corregida.",
        "Annul again, once the cause is put right.",
        (ANNUL, BY_HAND, IGNORE),
    ),
    "annulment_reproach": Reason(
        "La AEAT guardó la anulación de la factura con un error que hay que corregir: {code} {text}.",
        "The AEAT stored the annulment of the invoice with an error that has to be corrected: {code} {text}.",
        "Anular de nuevo: la segunda anulación sustituye a la primera.",
        "Annul again: the second annulment replaces the first.",
        (ANNUL, BY_HAND, IGNORE),
    ),
    "correction_refused": Reason(
        "No se hizo ningún registro ({refused}).",
        "No record was made ({refused}).",
        "Otra respuesta, o la misma cuando haya pasado la causa.",
        "Another answer, or the same once the cause has passed.",
        (RESEND, ANNUL, BY_HAND, IGNORE),
    ),
}
"""Code -> reason. The first action is the safe one."""

ABOUT = {
    "vat_number_invalid": ("tax_id",),
    "vat_service_down": ("tax_id",),
    "nif_not_identified": ("tax_id", "name"),
    "advance_settled": ("version",),
}
"""Code -> those of its facts that the question is about, where the others only say when it was asked."""
