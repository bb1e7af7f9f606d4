"""Why the figures of an invoice are as they are: each rule in words, with the place where it stands written.

A decision keeps `Because` values (rule, source, facts); what is shown is made from them here, Spanish or English.
"""

from collections.abc import Iterable
from typing import NamedTuple

from invoicing.sentences import filled
from invoicing.values import Because


class Rule(NamedTuple):
    """A rule in both languages, with the facts' names in braces, and its source."""

    es: str
    en: str
    source: str


RULES: dict[str, Rule] = {
    # Money
    "tax_of_the_rate": Rule(
        "La cuota se toma una vez por tipo, sobre el total de ese tipo, con redondeo al alza desde el medio céntimo.",
        "Tax is taken once per rate, on that rate's total, rounded half up.",
        "docs/decisions/0005-money-policy.md",
    ),
    "discount_spread": Rule(
        "El descuento del pedido ({discount} €) se reparte entre los productos según su importe, no sobre el envío.",
        "The discount on the order ({discount} €) is spread over the products by their amounts, not over shipping.",
        "docs/decisions/0005-money-policy.md",
    ),
    "gift_card_sold": Rule(
        "La tarjeta regalo vendida ({amount} €) es un bono polivalente: se factura lo que se compre con ella.",
        "The gift card sold ({amount} €) is a multi-purpose voucher: what is bought with it is invoiced.",
        "Directiva 2006/112, arts. 30 bis y 30 ter",
    ),
    "gift_card_paid": Rule(
        "Se pagaron {amount} € con tarjeta regalo: es un medio de pago y no baja la base.",
        "{amount} € were paid by gift card: a means of payment, which does not lower the base.",
        "Directiva 2006/112, art. 73 bis",
    ),
    "rounding": Rule(
        "Redondeo de {amount} € frente a lo pagado ({mode}), sumado a la base mayor.",
        "Rounding of {amount} € against what was paid ({mode}), added to the largest base.",
        "docs/decisions/0005-money-policy.md",
    ),
    "exchange": Rule(
        "Convertido de {total} {currency} al cambio de {rate} {currency} por euro, publicado el {day} por {publisher}.",
        "Converted from {total} {currency} at {rate} {currency} a euro, published on {day} by {publisher}.",
        "LIVA art. 79.Once; RD 1007/2023 art. 10.2",
    ),
    "shipping_follows": Rule(
        "«{line}» llegó sin impuesto y lleva el de los productos, dentro de su importe.",
        "“{line}” came untaxed and bears the tax of the goods, inside its amount.",
        "LIVA art. 78.Dos.1.º; ajuste de la conexión",
    ),
    "withholding": Rule(
        "La retención de {amount} € no baja el total de la factura, solo lo que se paga.",
        "The withholding of {amount} € does not lower the invoice's total, only what is paid.",
        "AEAT, aclaraciones a desarrolladores 20",
    ),
    "outlays": Rule(
        "Los suplidos ({amount} €) no son base imponible ni parte del total de la factura.",
        "Outlays ({amount} €) are no part of the base nor of the invoice's total.",
        "LIVA art. 78.Tres.3.º; AEAT, aclaraciones a desarrolladores 20",
    ),
    "advances": Rule(
        "Lo ya recibido ({amount} €) no baja el total de la factura, solo lo que queda por pagar.",
        "What was received before ({amount} €) does not lower the invoice's total, only what is left to pay.",
        "AEAT, aclaraciones a desarrolladores 20",
    ),
    "advance_received": Rule(
        "Se cobraron {amount} € a cuenta de {total} €: se factura lo cobrado, repartido entre los tipos en proporción.",
        "{amount} € were received on account of {total} €: what was received is invoiced, spread over the rates in "
        "proportion.",
        "LIVA art. 75.Dos",
    ),
    "advances_deducted": Rule(
        "Ya estaban facturados por anticipado {amount} € ({invoices}): esta factura es de lo que queda de cada tipo.",
        "{amount} € were already invoiced in advance ({invoices}): this invoice is for what is left of each rate.",
        "LIVA art. 75.Dos; RD 1619/2012 art. 6",
    ),
    # Taxes
    "domestic": Rule(
        "Operación interior a {rate} %: {lines}.", "Domestic supply at {rate} %: {lines}.", "LIVA arts. 90 y 91"
    ),
    "domestic_igic": Rule(
        "Operación interior de IGIC a {rate} %: {lines}.", "Domestic supply under IGIC at {rate} %: {lines}.",
        "Ley 4/2012, arts. 51 a 61",
    ),
    "domestic_ipsi": Rule(
        "Operación interior de IPSI a {rate} %: {lines}.", "Domestic supply under IPSI at {rate} %: {lines}.",
        "Ley 8/1991, art. 18",
    ),
    "surcharge": Rule(
        "El comprador está en recargo de equivalencia: {rate} % y {surcharge} %: {lines}.",
        "The buyer is under the equivalence surcharge: {rate} % and {surcharge} %: {lines}.",
        "LIVA arts. 156 y 161",
    ),
    "export": Rule(
        "Bienes con destino a {place}: exentos por exportación: {lines}.",
        "Goods dispatched to {place}: exempt as an export: {lines}.",
        "LIVA art. 21; Ley 20/1991 art. 11; Ley 8/1991 art. 8",
    ),
    "intra_eu": Rule(
        "Entrega intracomunitaria a {place}, NIF-IVA {vat} ({evidence}): {lines}.",
        "Intra-Community supply to {place}, VAT number {vat} ({evidence}): {lines}.",
        "LIVA art. 25",
    ),
    "elsewhere": Rule(
        "Servicio que se entiende prestado en {place}: no sujeto: {lines}.",
        "Service whose place of supply is {place}: not subject: {lines}.",
        "LIVA arts. 69 y 70; AEAT, aclaraciones a desarrolladores 23 y 24",
    ),
    "oss": Rule(
        "Venta a un consumidor de {place}, con el emisor en la ventanilla única: IVA de allí al {rate} %, fuera del "
        "total de la factura (sin confirmar): {lines}.",
        "Sale to a consumer in {place}, the issuer being registered for the OSS: VAT of that state at {rate} %, "
        "outside the invoice's total (unconfirmed): {lines}.",
        "LIVA art. 163 unvicies y ss.; fiscal-policy, OSS",
    ),
    "below_oss": Rule(
        "Venta a un consumidor de {place} sin registro en la ventanilla única: impuesto de origen.",
        "Sale to a consumer in {place} without OSS registration: tax of origin.",
        "LIVA arts. 68.Tres y 73",
    ),
    "reverse_charge": Rule(
        "Inversión del sujeto pasivo: {lines}.", "Reverse charge: {lines}.", "LIVA art. 84.Uno.2.º"
    ),
    "used_goods": Rule(
        "Bienes usados, por su referencia: el impuesto va en el margen y no se muestra; en el registro, base y cuota "
        "cero (sin confirmar): {lines}.",
        "Second-hand goods, by their reference: tax is in the margin and is not shown; in the record base and tax are "
        "nought (unconfirmed): {lines}.",
        "LIVA arts. 135 a 138; AEAT, preguntas frecuentes del SII 2.21",
    ),
    "issuer_regime": Rule(
        "Régimen del emisor: {regime}.", "Regime of the issuer: {regime}.", "Ajuste de la empresa"
    ),
    "exempt_by_regime": Rule(
        "Exenta por el régimen del emisor ({regime}; sin confirmar): {lines}.",
        "Exempt by the regime of the issuer ({regime}; unconfirmed): {lines}.",
        "Decreto Legislativo 1/2025",
    ),
    "tip": Rule(
        "La propina no es contraprestación: no sujeta: {lines}.",
        "A tip is no consideration: not subject: {lines}.",
        "LIVA art. 78.Uno; ajuste de la conexión",
    ),
    "said": Rule(
        "La tienda dijo por qué no lleva impuesto («{word}»), que aquí es {treatment}: {lines}.",
        "The shop said why there is no tax (“{word}”), which is {treatment} here: {lines}.",
        "Ajuste de la conexión, o el pedido mismo",
    ),
    "chosen": Rule(
        "Una persona eligió {treatment}: {lines}.", "A person chose {treatment}: {lines}.", "Respuesta a la retención"
    ),
    "by_default": Rule(
        "Llegó sin impuesto y la conexión dice {treatment}: {lines}.",
        "It came untaxed and the connection says {treatment}: {lines}.",
        "Ajuste de la conexión",
    ),
    "accepted": Rule(
        "Una persona aceptó: {code}.", "A person accepted: {code}.", "Respuesta a la retención"
    ),
}  # fmt: skip


def because(rule: str, /, **facts: object) -> Because:
    """Return a reason of the table, with its source copied beside it: what is kept explains itself.

    :raises KeyError: for a rule that the table lacks.
    """
    return Because(rule=rule, source=RULES[rule].source, facts={name: str(value) for name, value in facts.items()})


def explained(reasons: Iterable[Because], language: str = "es") -> list[str]:
    """Return each reason as a sentence with its source behind it."""
    return [f"{_sentence(each, language)} [{each.source}]" for each in reasons]


def _sentence(reason: Because, language: str) -> str:
    rule = RULES.get(reason.rule)
    if rule is None:  # of another version
        return ", ".join([reason.rule, *(f"{name}: {value}" for name, value in reason.facts.items())])
    return filled(rule.en if language == "en" else rule.es, reason.facts, language)
