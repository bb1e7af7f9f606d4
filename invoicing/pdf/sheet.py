"""An invoice as the texts of its page, in its language: contents of RD 1619/2012, arts. 6, 7 and 15 (verifactu.md 10).

What is decided here is what the page says; where it stands is `compose.py`'s and the style sheet's.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from invoicing.languages import DEFAULT, known
from invoicing.pdf.formats import day, euros, number, percent, price
from invoicing.pdf.statements import TAXES, UNTAXED, Sum, notes, payment, relations, share_name, sums
from invoicing.pdf.typeface import printable
from invoicing.pdf.words import has, word
from invoicing.values import Letterhead, PricedLine, PrintedInvoice, PrintedParty, TaxShare
from verifactu.codes import CalificacionOperacion

_ELSEWHERE = re.compile("[A-Z]{2}")
"""How tax numbers of other countries begin; a Spanish NIF has at most one letter there."""
_NOTHING = "\N{EN DASH}"
_MARKED = {"production": False, "test": True, "simulator": True}


class Block(msgspec.Struct, frozen=True):
    """Somebody's name and what stands below it."""

    name: str
    lines: tuple[str, ...]


class Column(msgspec.Struct, frozen=True):
    """A column of a table: its heading, and its width in millimetres (0: what the others leave)."""

    heading: tuple[str, ...]
    width: float


class Row(msgspec.Struct, frozen=True):
    """A line of the invoice, and the sum of the lines as far as this one."""

    cells: tuple[str, ...]
    below: str
    sum_so_far: str


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of one invoice, clean and in one language."""

    language: str
    title: str
    title_in_spanish: str
    """Empty when the page is in Spanish."""
    number: str
    duplicate: str
    watermark: tuple[str, ...]
    issuer: Block
    recipient: Block | None
    recipient_heading: str
    facts: tuple[tuple[str, str], ...]
    relations: tuple[tuple[str, str], ...]
    """What a corrective or an exchange says of the invoices before it: label and text."""
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    carried_on: str
    brought: str
    breakdown_columns: tuple[Column, ...]
    breakdown: tuple[tuple[str, ...], ...]
    sums: tuple[Sum, ...]
    notes: tuple[str, ...]
    payment: tuple[str, ...]
    footer: tuple[str, ...]
    running: str
    page_of: str
    """With two {} for the page's number and their count."""
    letterhead: Letterhead
    qr_url: str


def sheet(printed: PrintedInvoice) -> Sheet:
    """Return the page's texts.

    :raises KeyError: for an unknown environment, which would print without watermark, and for an unknown tax or code.
    """
    language = known(printed.language) or DEFAULT
    title = word(printed.title, language) if has(printed.title) else printable(printed.title)
    tax = _one_tax(printed, language)
    nif = word("NIF", language)
    marked = _MARKED[printed.environment]
    duplicate = word("duplicate", language) if printed.duplicate else ""
    issuer = _block(printed.issuer, language, also=_vat_number(printed, language))
    running = f"{issuer.name} · {nif} {printable(printed.issuer.tax_id)} · {title} {printable(printed.number)}"
    return Sheet(
        language=language,
        title=title,
        title_in_spanish=printable(printed.title) if title != printed.title else "",
        number=printable(printed.number),
        duplicate=duplicate,
        watermark=(word("test", language), word("void", language)) if marked else (),
        issuer=issuer,
        recipient=_block(printed.recipient, language) if printed.recipient else None,
        recipient_heading=word("Cliente", language),
        facts=_facts(printed, language),
        relations=relations(printed, language),
        columns=_columns(printed, tax, language),
        rows=_rows(printed, language),
        carried_on=word("carried on", language),
        brought=word("brought", language),
        breakdown_columns=_breakdown_columns(printed, language),
        breakdown=tuple(_share(share, _with_surcharge(printed), language) for share in printed.shares),
        sums=sums(printed, tax, language),
        notes=notes(printed, language),
        payment=payment(printed, language),
        footer=tuple(printable(line) for line in printed.letterhead.footer),
        running=f"{running} · {duplicate}" if duplicate else running,
        page_of=word("page", language),
        letterhead=printed.letterhead,
        qr_url=printed.qr_url,
    )


def _block(party: PrintedParty, language: str, *, also: str = "") -> Block:
    label = word("VAT no." if _ELSEWHERE.match(party.tax_id) else "NIF", language)
    tax_id = f"{label} {printable(party.tax_id)}" if party.tax_id else ""
    lines = (tax_id, also, *map(printable, party.address), printable(party.email))
    return Block(printable(party.name), tuple(filter(None, lines)))


def _vat_number(printed: PrintedInvoice, language: str) -> str:
    """Return the issuer's number for trade in the EU, which stands beside a buyer's (RD 1619/2012, art. 6.1.d)."""
    if printed.recipient and _ELSEWHERE.match(printed.recipient.tax_id):
        return f"{word('VAT no.', language)} ES{printable(printed.issuer.tax_id)}"
    return ""


def _one_tax(printed: PrintedInvoice, language: str) -> str:
    names = {TAXES[share.impuesto] for share in printed.shares} or {"IVA"}
    return word(names.pop() if len(names) == 1 else "taxes", language)


def _facts(printed: PrintedInvoice, language: str) -> tuple[tuple[str, str], ...]:
    facts = [
        (word("Serie", language), printable(printed.series)),
        (word("issued", language), day(printed.issue_date, language)),
    ]
    if printed.operation_date and printed.operation_date != printed.issue_date:
        facts.append((word("operation", language), day(printed.operation_date, language)))
    if printed.order_number:
        facts.append((word("Pedido", language), printable(printed.order_number)))
    return tuple(facts)


def _columns(printed: PrintedInvoice, tax: str, language: str) -> tuple[Column, ...]:
    # Prices of used goods hold the tax, which is not shown apart (LIVA, art. 138).
    inside = all(share.calificacion == CalificacionOperacion.S1 and share.tax is None for share in printed.shares)
    without = () if inside else (word("without", language).format(tax),)
    discount = [Column((word("Descuento", language),), 21)] if _with_discount(printed) else []
    return (
        Column((word("Descripción", language),), 0),
        Column((word("Cantidad", language),), 17),
        Column((word("unit price", language), *without), 27),
        *discount,
        Column((tax,), 19),
        Column((word("Importe", language), *without), 27),
    )


def _rows(printed: PrintedInvoice, language: str) -> tuple[Row, ...]:
    untaxed, so_far = _untaxed(printed.shares, language), Decimal(0)
    rows = []
    for line in printed.lines:
        so_far += line.base
        rows.append(Row(_cells(line, untaxed, printed, language), _reference(line, language), euros(so_far, language)))
    return tuple(rows)


def _cells(line: PricedLine, untaxed: str, printed: PrintedInvoice, language: str) -> tuple[str, ...]:
    discount = [euros(-line.discount, language) if line.discount else ""] if _with_discount(printed) else []
    return (
        printable(line.description),
        number(line.quantity, 0, 4, language),
        price(line.unit_price, language),
        *discount,
        percent(line.rate, language) if line.rate is not None else untaxed,
        euros(line.base, language),
    )


def _reference(line: PricedLine, language: str) -> str:
    return f"{word('Ref.', language)} {printable(line.sku)}" if line.sku else ""


def _with_discount(printed: PrintedInvoice) -> bool:
    return any(line.discount for line in printed.lines)


def _with_surcharge(printed: PrintedInvoice) -> bool:
    return any(share.surcharge for share in printed.shares)


def _untaxed(shares: Sequence[TaxShare], language: str) -> str:
    """Return the word that stands in the rate column of a line without rate."""
    exempt = any(share.exencion for share in shares)
    outside = any(share.calificacion in UNTAXED for share in shares)
    if exempt == outside:
        return _NOTHING
    return word("Exenta" if exempt else "No sujeta", language)


def _breakdown_columns(printed: PrintedInvoice, language: str) -> tuple[Column, ...]:
    apart = _with_surcharge(printed)
    surcharge = word("R.E.", language)
    return (
        Column((word("Desglose", language),), 0),
        Column((word("base", language),), 22),
        Column((word("Tipo", language),), 12),
        Column((word("Cuota", language),), 14 if apart else 18),
        *((Column((surcharge, "%"), 10), Column((surcharge,), 12)) if apart else ()),
    )


def _share(share: TaxShare, with_surcharge: bool, language: str) -> tuple[str, ...]:
    surcharge = (
        percent(share.surcharge_rate, language) if share.surcharge_rate is not None else _NOTHING,
        euros(share.surcharge, language) if share.surcharge is not None else _NOTHING,
    )
    return (
        share_name(share, language),
        euros(share.base, language),
        percent(share.rate, language) if share.rate is not None else _NOTHING,
        euros(share.tax, language) if share.tax is not None else _NOTHING,
        *(surcharge if with_surcharge else ()),
    )
