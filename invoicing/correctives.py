"""Corrective documents as they are to be issued, from what stands and what changes of it. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from invoicing.balance import ZERO, Balance, foreign_of, foreign_tax, negative, shares_of, total
from invoicing.issued import Beside, Issued, IssuedDocument, figures
from invoicing.money import cents
from invoicing.printable import per_kind
from invoicing.values import Party, Priced, PricedLine, Replaced, Wanted
from verifactu.codes import TipoFactura

SIMPLIFIED = (TipoFactura.F2.value, TipoFactura.R5.value)


def restated(issued: Issued, recipient: Party, *, key: str, said: str = "") -> Wanted | None:
    """Return the document that says what stands once more, for another recipient; None when nothing stands.

    Complete invoices: R4 by substitution of equal amounts. Simplified ones: an exchange. Behind an exchange: the same
    amounts negative, and when that is issued, a new exchange (remedies.py).
    """
    last, half = issued.last, issued.half_exchanged
    shared: Any = {"key": key, "language": last.language, "email": last.email, "note_for_buyer": said}
    stands = negative(half.figures) if half else figures(issued.in_force)
    if not stands:
        return None
    lines = per_kind(stands, "restated", language=last.language)
    kept = _beside([half], -1) if half else _beside(issued.in_force)
    priced = _with(kept, priced_change(stands, lines, last.mentions))
    if half or last.tipo in SIMPLIFIED:
        behind = half.substitutes if half else tuple(document.reference for document in issued.in_force)
        return Wanted(
            purpose="exchange", tipo="F3", recipient=recipient, priced=priced, substitutes=behind,
            note="Canje: el cliente pide factura completa.", **shared,
        )  # fmt: skip
    if last.tipo == TipoFactura.F3.value:
        change = negative(stands)
        lines = per_kind(change, "exchange_reversal", language=last.language)
        return Wanted(
            purpose="exchange_reversal", tipo="F3", substitutes=last.substitutes, recipient=last.recipient,
            priced=_with(_beside(issued.in_force, -1), priced_change(change, lines, last.mentions)),
            note=f"Deja sin efecto el canje {last.num_serie}: los datos del cliente eran otros.", **shared,
        )  # fmt: skip
    return Wanted(
        purpose="recipient", tipo="R4", method="S", cause="recipient", recipient=recipient, priced=priced,
        qualified=last.qualified, rectifies=tuple(document.reference for document in issued.in_force),
        replaced=_replaced(stands), note="Cambiaron los datos del destinatario.", **shared,
    )  # fmt: skip


def difference(
    issued: Issued,
    change: Balance,
    lines: tuple[PricedLine, ...],
    *,
    tipo: str,
    purpose: str,
    key: str,
    cause: str,
    note: str,
    said: str = "",
) -> Wanted:
    """Return a corrective document by differences for all that stands; a simplified one is corrected by an R5."""
    last = issued.last
    simplified = last.tipo in SIMPLIFIED
    return Wanted(
        purpose=purpose,
        key=key,
        tipo="R5" if simplified else tipo,
        method="I",
        cause=cause,
        note_for_buyer=said,
        rectifies=issued.originals,
        recipient=None if simplified else last.recipient,
        qualified=last.qualified,
        email=last.email,
        language=last.language,
        priced=_with(_withheld(issued, change), priced_change(change, lines, last.mentions)),
        note=note,
    )


def priced_change(change: Balance, lines: tuple[PricedLine, ...], mentions: tuple[str, ...]) -> Priced:
    """Return the figures of a document that says a change."""
    tax = sum((amounts.tax + amounts.surcharge for amounts in change.values()), ZERO)
    abroad = foreign_tax(change)
    return Priced(
        lines=lines, shares=shares_of(change), tax_total=tax, total=total(change) - abroad, platform_tax=tax,
        mentions=mentions, foreign=foreign_of(change), foreign_tax=abroad,
    )  # fmt: skip


def _beside(documents: Sequence[IssuedDocument], sign: int = 1) -> Beside:
    """Return what documents have beside their totals, all together."""
    rates = {each.beside.withholding_rate for each in documents if each.beside.withholding}
    return Beside(
        withholding=sign * sum((each.beside.withholding for each in documents), Decimal(0)),
        withholding_rate=rates.pop() if len(rates) == 1 else None,
        outlays=sign * sum((each.beside.outlays for each in documents), Decimal(0)),
        advances=sign * sum((each.beside.advances for each in documents), Decimal(0)),
    )


def _withheld(issued: Issued, change: Balance) -> Beside:
    """Return the withholding of a change: of what is kept back the share that the change is of the base.

    The buyer keeps a percentage of the base (RIRPF art. 95.1), so of less less is; the last change takes what is
    left of it. Outlays and advances stay what they were.
    """
    kept, bases = _beside(issued.in_force), [_base(figures(issued.in_force)), _base(change)]
    if not kept.withholding or not all(bases):
        return Beside()
    share = cents(kept.withholding * bases[1] / bases[0])
    return Beside(withholding=max(share, -kept.withholding), withholding_rate=kept.withholding_rate)


def _base(found: Balance) -> Decimal:
    return sum((amounts.base for amounts in found.values()), ZERO)


def _with(beside: Beside, priced: Priced) -> Priced:
    return msgspec.structs.replace(priced, **msgspec.structs.asdict(beside))


def _replaced(stands: Balance) -> Replaced:
    surcharge = sum((amounts.surcharge for amounts in stands.values()), ZERO)
    return Replaced(
        base=sum((amounts.base for amounts in stands.values()), ZERO),
        tax=sum((amounts.tax for amounts in stands.values()), ZERO),
        surcharge=surcharge or None,
    )
