"""The printed lines of documents that state a difference, or state again what stands. Pure.

Whatever the lines are, those of one rate add up to its row of the breakdown.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

import msgspec

from invoicing.balance import ZERO, Amounts, Balance, Kind, negative
from invoicing.issued import IssuedDocument
from invoicing.money import UNIT_PRICE, spread
from invoicing.pdf.formats import day
from invoicing.values import OrderLine, Party, Priced, PricedLine, Refund

TEXTS: dict[str, dict[str, str]] = {
    "refund": {
        "es": "Importe devuelto", "en": "Amount refunded", "ca": "Import retornat", "fr": "Montant remboursé",
        "de": "Erstatteter Betrag",
    },
    "cancellation": {
        "es": "Cancelación del pedido", "en": "Cancellation of the order", "ca": "Cancel·lació de la comanda",
        "fr": "Annulation de la commande", "de": "Stornierung der Bestellung",
    },
    "edit": {
        "es": "Modificación del pedido", "en": "Change of the order", "ca": "Modificació de la comanda",
        "fr": "Modification de la commande", "de": "Änderung der Bestellung",
    },
    "amount": {
        "es": "Corrección del importe", "en": "Correction of the amount", "ca": "Correcció de l'import",
        "fr": "Correction du montant", "de": "Berichtigung des Betrags",
    },
    "exchange_reversal": {
        "es": "Canje sin efecto", "en": "Exchange without effect", "ca": "Bescanvi sense efecte",
        "fr": "Remplacement sans effet", "de": "Ersetzung ohne Wirkung",
    },
    "advance": {
        "es": "Anticipo a cuenta del pedido {order}", "en": "Advance payment for order {order}",
        "ca": "Bestreta a compte de la comanda {order}", "fr": "Acompte sur la commande {order}",
        "de": "Anzahlung auf die Bestellung {order}",
    },
    "advance_deducted": {
        "es": "Anticipo ya facturado: {number} de {day}", "en": "Advance payment already invoiced: {number} of {day}",
        "ca": "Bestreta ja facturada: {number} de {day}", "fr": "Acompte déjà facturé : {number} du {day}",
        "de": "Bereits berechnete Anzahlung: {number} vom {day}",
    },
    "restated": {
        "es": "Importe que figuraba en las facturas indicadas", "en": "Amount of the invoices named",
        "ca": "Import que constava a les factures indicades", "fr": "Montant des factures indiquées",
        "de": "Betrag der genannten Rechnungen",
    },
}  # fmt: skip
"""Key -> language -> what a line that stands for no goods says."""


class Part:
    """One line to be: what it says, how many, its exact gross in euros, and its base where no rate says it."""

    def __init__(
        self, description: str, sku: str, quantity: Decimal, gross: Decimal, base: Decimal | None = None
    ) -> None:
        self.description, self.sku, self.quantity, self.gross, self.base = description, sku, quantity, gross, base


def postal_lines(party: Party) -> list[str]:
    """Return a buyer's address as it is printed, one line each."""
    address = party.address
    place = " ".join(part for part in (address.postal_code, address.city) if part)
    province = address.province if address.province != address.city else ""
    country = address.country if address.country != "ES" else ""
    return [line for line in (*address.lines, place, province, country) if line]


def per_kind(change: Balance, text: str, *, language: str, **facts: str) -> tuple[PricedLine, ...]:
    """Return one line for each row of the breakdown; `facts` are what its text names."""
    said = TEXTS[text].get(language, TEXTS[text]["es"]).format(**facts)
    return tuple(
        line
        for kind, amounts in change.items()
        for line in _lines(kind, amounts, [Part(said, "", _sign(amounts.gross), amounts.gross)])
    )


def deducted(documents: Iterable[IssuedDocument], *, language: str) -> tuple[PricedLine, ...]:
    """Return what earlier invoices of the order take off it: a line for each of their rows, with number and date."""
    return tuple(
        line
        for document in documents
        for line in per_kind(
            negative(document.figures), "advance_deducted", language=language,
            number=document.num_serie, day=day(document.issue_date, language),
        )
    )  # fmt: skip


def of_refund(change: Balance, refund: Refund, *, inclusive: bool, language: str) -> tuple[PricedLine, ...]:
    """Return the lines of a refund, and one for the money of each rate that they leave unexplained."""
    found: list[PricedLine] = []
    money = TEXTS["refund"].get(language, TEXTS["refund"]["es"])
    for kind, amounts in change.items():
        parts = [
            Part(line.description, line.sku, line.quantity, _gross(line, kind, inclusive=inclusive))
            for line in refund.lines
            if line.amount and _bears(line, kind)
        ]
        rest = amounts.gross - sum((part.gross for part in parts), ZERO)
        if not parts or abs(rest) > Decimal("0.01") * len(parts):
            parts.append(Part(money, "", _sign(rest), rest))
        found += _lines(kind, amounts, parts)
    return tuple(found)


def by_difference(then: Priced, now: Priced) -> Callable[[Balance], tuple[PricedLine, ...]]:
    """Return what makes the lines of a change of the order: the goods that came or went, as far as they explain it."""
    old, new = _by_goods(then), _by_goods(now)
    goods = list(dict.fromkeys([*new, *old]))

    def lines(change: Balance) -> tuple[PricedLine, ...]:
        found: list[PricedLine] = []
        for kind, amounts in _as_printed(change).items():
            parts = [
                _between(old.get(key), new.get(key))
                for key in goods
                if key[1] == kind.rate and old.get(key) != new.get(key)
            ]
            parts = [part for part in parts if part.gross]
            if sum((part.gross for part in parts), ZERO) != amounts.gross:
                said = TEXTS["edit"]["es"]
                parts = [Part(said, "", _sign(amounts.gross), amounts.gross)]
            found += _lines(kind, amounts, parts)
        return tuple(found)

    return lines


def _as_printed(change: Balance) -> dict[Kind, Amounts]:
    """Return the change by the rates that printed lines show: that of another member state is none."""
    found: dict[Kind, Amounts] = {}
    for kind, amounts in change.items():
        shown = msgspec.structs.replace(kind, country="", foreign_rate=None)
        found[shown] = found.get(shown, Amounts()) + amounts
    return found


def _by_goods(priced: Priced) -> dict[tuple[str, Decimal | None], PricedLine]:
    """Return the printed lines by the goods that they stand for and their rate."""
    found: dict[tuple[str, Decimal | None], PricedLine] = {}
    for place, printed in enumerate(priced.lines):  # not always the order's own: gift cards are left out
        key = (printed.external_id or f"{place}:{printed.description}", printed.rate)
        found[key] = printed
    return found


def _between(old: PricedLine | None, new: PricedLine | None) -> Part:
    known = new or old
    assert known  # noqa: S101 (the key comes from one of both)
    quantity = (new.quantity if new else ZERO) - (old.quantity if old else ZERO)
    gross = (new.gross if new else ZERO) - (old.gross if old else ZERO)
    base = (new.base if new else ZERO) - (old.base if old else ZERO)
    return Part(known.description, known.sku, quantity or _sign(gross), gross, base)


def _lines(kind: Kind, amounts: Amounts, parts: Sequence[Part]) -> list[PricedLine]:
    """Return printed lines whose bases and totals are exactly those of the row."""
    gross = spread(amounts.gross, [part.gross for part in parts])
    bases = spread(amounts.base, [_base(part, kind) for part in parts])
    return [
        PricedLine(
            description=part.description,
            sku=part.sku,
            quantity=part.quantity,
            unit_price=(base / part.quantity).quantize(UNIT_PRICE),
            discount=Decimal("0.00"),
            rate=kind.rate,
            base=base,
            gross=whole,
        )
        for part, whole, base in zip(parts, gross, bases, strict=True)
    ]


def _base(part: Part, kind: Kind) -> Decimal:
    return part.gross / kind.factor if part.base is None or kind.rate is not None else part.base


def _bears(line: OrderLine, kind: Kind) -> bool:
    return any(tax.rate == kind.charged for tax in line.taxes) if line.taxes else kind.charged is None


def _gross(line: OrderLine, kind: Kind, *, inclusive: bool) -> Decimal:
    return line.amount if inclusive else line.amount * kind.factor


def _sign(gross: Decimal) -> Decimal:
    return Decimal(-1) if gross < 0 else Decimal(1)
