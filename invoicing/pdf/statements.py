"""What an invoice says beside its lines: what it corrects, its sums, its mentions, how it is paid."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from invoicing.languages import DEFAULT, country
from invoicing.pdf.formats import day, euros, number, percent
from invoicing.pdf.typeface import printable
from invoicing.pdf.words import has, word
from invoicing.values import PrintedInvoice, TaxShare
from verifactu.codes import CalificacionOperacion, Impuesto, OperacionExenta

TAXES: dict[str, str] = {
    Impuesto.IVA: "IVA",
    Impuesto.IPSI: "IPSI",
    Impuesto.IGIC: "IGIC",
    Impuesto.OTROS: "Impuesto",
}
UNTAXED = (CalificacionOperacion.N1, CalificacionOperacion.N2)


class Sum(msgspec.Struct, frozen=True):
    """A figure under the lines; `strong` ones are set apart."""

    label: str
    value: str
    strong: bool = False


def relations(printed: PrintedInvoice, language: str) -> tuple[tuple[str, str], ...]:
    said: list[tuple[str, str]] = []
    if printed.references:
        one, several = ("replaces", "replace") if printed.tipo == "F3" else ("corrects", "correct")
        each = (
            # A number and its date stand on one line.
            word("of", language)
            .format(printable(other.number), day(other.issue_date, language))
            .replace(" ", "\N{NO-BREAK SPACE}")
            for other in printed.references
        )
        said.append((word(one if len(printed.references) == 1 else several, language), "; ".join(each)))
    if printed.method:
        said.append((word("method", language), word(printed.method, language)))
    if printed.cause:
        said.append((word("cause", language), printable(printed.cause)))
    if replaced := printed.replaced:
        surcharge = replaced.surcharge or Decimal(0)
        base = printed.total - printed.tax_total
        said.append((word("replaced", language), _amounts(replaced.base, replaced.tax + surcharge, language)))
        difference = (base - replaced.base, printed.tax_total - replaced.tax - surcharge)
        said.append((word("difference", language), _amounts(*difference, language)))
    return tuple(said)


def _amounts(base: Decimal, tax: Decimal, language: str) -> str:
    return (
        f"{word('base', language)} {euros(base, language)}, {word('Cuota', language)} {euros(tax, language)}, "
        f"Total {euros(base + tax, language)}"
    )


def sums(printed: PrintedInvoice, tax: str, language: str) -> tuple[Sum, ...]:
    surcharge = sum((share.surcharge or Decimal(0) for share in printed.shares), Decimal(0))
    figures = [
        Sum(word("Base", language), euros(printed.total - printed.tax_total, language)),
    ]
    # Nothing is said of a tax that is not charged, or not shown apart (used goods).
    if any(share.tax is not None for share in printed.shares):
        figures.append(Sum(tax, euros(printed.tax_total - surcharge, language)))
    if surcharge:
        figures.append(Sum(word("surcharge", language), euros(surcharge, language)))
    figures.append(Sum(word("total", language), euros(printed.total, language), strong=True))
    due = printed.total
    for foreign in printed.foreign:
        label = f"{word('IVA', language)} {country(foreign.country, language)} {percent(foreign.rate, language)}"
        figures.append(Sum(label, euros(foreign.tax, language)))
        due += foreign.tax
    if printed.foreign:
        figures.append(Sum(word("with foreign", language), euros(due, language), strong=True))
    for deduction in printed.deductions:
        rate = f" {percent(deduction.rate, language)}" if deduction.rate is not None else ""
        said = printable(deduction.description) or word(deduction.kind, language)
        figures.append(Sum(f"{said}{rate}", euros(deduction.amount, language)))
        due += deduction.amount
    # Two figures on purpose (AEAT, FAQ 20): withholdings, outlays and advances are no part of the invoice's total.
    figures.append(Sum(word("due", language), euros(due, language), strong=bool(printed.deductions)))
    return tuple(figures)


def notes(printed: PrintedInvoice, language: str) -> tuple[str, ...]:
    """Return the mentions as the law words them, before them what they mean in the page's language."""
    said = []
    if language != DEFAULT:
        keys = [
            key for share in printed.shares for key in (share.exencion, share.calificacion, f"R{share.clave_regimen}")
        ]
        said += [word(key, language) + "." for key in dict.fromkeys(keys) if has(key)]
    said += [printable(mention) for mention in printed.mentions]
    if any(share.calificacion == CalificacionOperacion.S2 for share in printed.shares):
        said.append("Inversión del sujeto pasivo.")
    if printed.foreign:
        said += [
            word("foreign", language).format(
                word("IVA", language), percent(it.rate, language), country(it.country, language)
            )
            + f": {word('base', language)} {euros(it.base, language)}, {word('Cuota', language)} "
            + f"{euros(it.tax, language)}."
            for it in printed.foreign
        ]
    if it := printed.exchange:
        source = f" ({printable(it.source)})" if it.source else ""
        said.append(
            word("exchange", language).format(
                it.currency,
                f"{number(it.total, 2, 2, language)} {it.currency}",
                number(it.rate, 0, 6, language),
                it.currency,
                day(it.day, language),
                source,
            )
        )
    return tuple(dict.fromkeys(_without_repetition(said)))


def _without_repetition(notes: Sequence[str]) -> list[str]:
    """Leave out a note that another one says whole, so that «Inversión del sujeto pasivo» stands there once."""
    told = [note.rstrip(".").casefold() for note in notes]
    return [
        note
        for index, note in enumerate(notes)
        if not any(told[index] in other and told[index] != other for other in told)
    ]


def payment(printed: PrintedInvoice, language: str) -> tuple[str, ...]:
    head = printed.letterhead
    if not head.iban or printed.total <= 0:
        return ()  # nobody pays us for a refund
    spaced = " ".join(head.iban[at : at + 4] for at in range(0, len(head.iban), 4))
    whose = f" · {printable(head.bank)}" if head.bank else ""
    return (word("payment", language), f"IBAN {spaced}{whose}")


def share_name(share: TaxShare, language: str = DEFAULT) -> str:
    """Return what a share of the breakdown is called: `IVA 21 %`, or why it bears no tax."""
    if share.exencion:
        known_here = share.impuesto == Impuesto.IVA and has(share.exencion)
        return _said(share.exencion if known_here else "E", OperacionExenta[share.exencion].nombre, language)
    if share.calificacion == CalificacionOperacion.S2:
        return word("S2", language)
    if share.calificacion in UNTAXED:
        return _said(share.calificacion, CalificacionOperacion[share.calificacion].nombre, language)
    tax = word(TAXES[share.impuesto], language)
    return f"{tax} {percent(share.rate, language)}" if share.rate is not None else tax


def _said(key: str, spanish: str, language: str) -> str:
    return spanish if language == DEFAULT else word(key, language)
