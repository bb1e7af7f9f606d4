"""What the letter with a document says: in five languages, or in a company's own words. Pure.

A text holds placeholders like {number}. A line all of whose placeholders have nothing to say is left out, so that
«Pedido: {order}» is not there for an invoice without order.
"""

# ruff: noqa: E501, RUF001 (apostrophes as these languages write them)

import re
from collections.abc import Mapping

import msgspec
from django.utils.translation import gettext_lazy

from invoicing.languages import DEFAULT, known
from invoicing.pdf.formats import clean, day, euros
from invoicing.pdf.words import has, word
from invoicing.values import PrintedInvoice

PLACEHOLDERS = {
    "greeting": gettext_lazy("«Hola, Lucía Ferrer:», o «Hola:»"),
    "customer": gettext_lazy("nombre del cliente"),
    "document": gettext_lazy("clase de documento"),
    "number": gettext_lazy("número de factura"),
    "date": gettext_lazy("fecha de expedición"),
    "total": gettext_lazy("total"),
    "order": gettext_lazy("número de pedido"),
    "corrected": gettext_lazy("facturas que corrige o sustituye"),
    "company": gettext_lazy("nombre de la empresa"),
}
"""Name -> what stands there, for whoever writes a text."""
_PLACEHOLDER = re.compile(r"\{([^{}\n]*)\}")


class BadText(Exception):
    """A text has a brace that is no placeholder; write one of those listed, or leave it out."""


class Words(msgspec.Struct, frozen=True):
    """Subject and body, with their placeholders."""

    subject: str
    body: str


def kind_of(printed: PrintedInvoice) -> str:
    """Return which letter goes with a document: invoice, corrective or exchange."""
    if printed.tipo.startswith("R"):
        return "corrective"
    return "exchange" if printed.tipo == "F3" else "invoice"


def language_of(printed: PrintedInvoice) -> str:
    return known(printed.language) or DEFAULT


def check(text: str) -> str:
    """Return the text when every brace in it is one of a placeholder.

    :raises BadText: with what is wrong.
    """
    for name in _PLACEHOLDER.findall(text):
        if name not in PLACEHOLDERS:
            raise BadText(name)
    if rest := re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
        raise BadText(rest[0])
    return text


def filled(words: Words, printed: PrintedInvoice, company: str) -> Words:
    """Return the words with what this document says in the places; on one line each, whatever a shop sent."""
    values = _values(printed, company)
    subject = " ".join(_line(words.subject, values).split())
    lines = [
        _line(line, values)
        for line in words.body.replace("\r\n", "\n").split("\n")
        if not (names := _PLACEHOLDER.findall(line)) or any(values[name] for name in names)
    ]
    return Words(subject, re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n")


def _line(line: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values[found[1]], line)


def _values(printed: PrintedInvoice, company: str) -> dict[str, str]:
    language = language_of(printed)
    title = word(printed.title, language) if has(printed.title) else clean(printed.title)
    customer = clean(printed.recipient.name) if printed.recipient else ""
    hello, end = _HELLO[language]
    return {
        "greeting": f"{hello}{', ' if language != 'de' else ' '}{customer}{end}" if customer else f"{hello}{end}",
        "customer": customer,
        "document": title,
        "number": clean(printed.number),
        "date": day(printed.issue_date, language),
        "total": euros(printed.total, language),
        "order": clean(printed.order_number),
        "corrected": ", ".join(clean(other.number) for other in printed.references),
        "company": clean(company),
    }


_HELLO = {
    "es": ("Hola", ":"),
    "en": ("Hello", ","),
    "ca": ("Hola", ":"),
    "fr": ("Bonjour", ","),
    "de": ("Guten Tag", ","),
}
_SUBJECTS = {
    "es": "{document} {number} de {company}", "en": "{document} {number} from {company}",
    "ca": "{document} {number} de {company}", "fr": "{document} {number} de {company}",
    "de": "{document} {number} von {company}",
}  # fmt: skip
_WHAT: dict[str, dict[str, str]] = {
    "invoice": {
        "es": "Te enviamos adjunta la factura {number}, de fecha {date}.",
        "en": "Please find attached invoice {number}, dated {date}.",
        "ca": "T’enviem adjunta la factura {number}, de data {date}.",
        "fr": "Veuillez trouver ci-joint la facture {number}, datée du {date}.",
        "de": "anbei erhalten Sie die Rechnung {number} vom {date}.",
    },
    "corrective": {
        "es": "Te enviamos adjunta la factura rectificativa {number}, de fecha {date}.\nCorrige: {corrected}",
        "en": "Please find attached corrective invoice {number}, dated {date}.\nIt corrects: {corrected}",
        "ca": "T’enviem adjunta la factura rectificativa {number}, de data {date}.\nCorregeix: {corrected}",
        "fr": "Veuillez trouver ci-joint la facture rectificative {number}, datée du {date}.\nElle rectifie : {corrected}",
        "de": "anbei erhalten Sie die Rechnungskorrektur {number} vom {date}.\nSie berichtigt: {corrected}",
    },
    "exchange": {
        "es": "Te enviamos adjunta la factura completa {number}, de fecha {date}.\nSustituye a: {corrected}",
        "en": "Please find attached the full invoice {number}, dated {date}.\nIt replaces: {corrected}",
        "ca": "T’enviem adjunta la factura completa {number}, de data {date}.\nSubstitueix: {corrected}",
        "fr": "Veuillez trouver ci-joint la facture complète {number}, datée du {date}.\nElle remplace : {corrected}",
        "de": "anbei erhalten Sie die vollständige Rechnung {number} vom {date}.\nSie ersetzt: {corrected}",
    },
}
_REST = {
    "es": "Pedido: {order}\nTotal: {total}\n\nEl código QR de la factura permite comprobar sus datos en la sede "
    "electrónica de la Agencia Tributaria.\n\nGracias por tu compra.\n{company}",
    "en": "Order: {order}\nTotal: {total}\n\nThe QR code on the invoice lets you check its data at the Spanish tax "
    "authority (AEAT).\n\nThank you for your purchase.\n{company}",
    "ca": "Comanda: {order}\nTotal: {total}\n\nEl codi QR de la factura permet comprovar-ne les dades a la seu "
    "electrònica de l’Agència Tributària.\n\nGràcies per la teva compra.\n{company}",
    "fr": "Commande : {order}\nTotal : {total}\n\nLe code QR de la facture permet d’en vérifier les données auprès de "
    "l’administration fiscale espagnole (AEAT).\n\nMerci pour votre achat.\n{company}",
    "de": "Bestellung: {order}\nGesamtbetrag: {total}\n\nMit dem QR-Code der Rechnung lassen sich ihre Daten bei der "
    "spanischen Steuerbehörde (AEAT) prüfen.\n\nVielen Dank für Ihren Einkauf.\n{company}",
}

HOUSE = {
    (kind, language): Words(_SUBJECTS[language], f"{{greeting}}\n\n{said}\n\n{_REST[language]}")
    for kind, texts in _WHAT.items()
    for language, said in texts.items()
}
"""(kind, language) -> the words of a company that wrote none of its own."""
TRIAL = {
    "es": ("[Prueba]", "ENTORNO DE PRUEBAS: este documento no tiene validez fiscal."),
    "en": ("[Test]", "TEST ENVIRONMENT: this document has no fiscal validity."),
    "ca": ("[Prova]", "ENTORN DE PROVES: aquest document no té validesa fiscal."),
    "fr": ("[Test]", "ENVIRONNEMENT DE TEST : ce document n’a aucune valeur fiscale."),
    "de": ("[Test]", "TESTUMGEBUNG: dieses Dokument hat keine steuerliche Gültigkeit."),
}
"""Language -> what a letter that is no real one begins its subject with, and says."""
