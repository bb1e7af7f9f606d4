"""Money that went back after an invoice, in the invoice's own terms: its euros, and without another state's tax. Pure.

What was sold in another currency comes back at the rate of the sale (LIVA art. 80 corrects that base, not today's), and
of what an OSS consumer gets back only the part without the foreign tax belongs to the invoice.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from invoicing.issued import IssuedDocument
from invoicing.preparing import cents
from invoicing.values import ForeignTax, OrderLine, Refund, Wanted

ZERO = Decimal("0.00")


def refunds_of(refunds: Sequence[Refund], sale: IssuedDocument) -> tuple[Refund, ...]:
    """Return the refunds as the invoice of the sale counts: in euros, and net of foreign tax."""
    return tuple(_net(_in_euros(refund, sale), sale) for refund in refunds)


def with_foreign_tax(found: Wanted, sale: IssuedDocument, refunds: Sequence[Refund]) -> Wanted:
    """Return a corrective document with the foreign tax that goes back beside it: both totals can be printed."""
    sold = sum((each.base for each in sale.foreign), ZERO)
    if not sold or found.method != "I":
        return found
    tax = cents(found.priced.total * sale.foreign_tax / sold)
    named = next((each for each in refunds if found.purpose == "refund" and each.external_id == found.key), None)
    if named:
        # what went back, to the cent: the invoice's part and the foreign tax are the whole of it
        tax = _in_euros(named, sale).total - found.priced.total
    share = [(each, each.base / sold) for each in sale.foreign]
    parts = [
        ForeignTax(
            country=each.country,
            rate=each.rate,
            base=cents(found.priced.total * part),
            tax=cents(tax * each.tax / sale.foreign_tax),
        )
        for each, part in share
    ]
    left = tax - sum((each.tax for each in parts), ZERO)
    rest = found.priced.total - sum((each.base for each in parts), ZERO)
    parts[0] = msgspec.structs.replace(parts[0], tax=parts[0].tax + left, base=parts[0].base + rest)
    priced = msgspec.structs.replace(found.priced, foreign=tuple(parts), foreign_tax=tax)
    return msgspec.structs.replace(found, priced=priced)


def _in_euros(refund: Refund, sale: IssuedDocument) -> Refund:
    if sale.exchange is None:
        return refund
    rate = sale.exchange.rate
    lines = tuple(_line_in_euros(line, rate) for line in refund.lines)
    whole = -refund.total == sale.exchange.total
    total = -(sale.total + sale.foreign_tax) if whole else cents(refund.total / rate)
    return msgspec.structs.replace(refund, total=total, lines=lines)


def _line_in_euros(line: OrderLine, rate: Decimal) -> OrderLine:
    return msgspec.structs.replace(
        line, amount=line.amount / rate, unit_price=line.unit_price / rate, discount=line.discount / rate
    )


def _net(refund: Refund, sale: IssuedDocument) -> Refund:
    if not sale.foreign_tax:
        return refund
    # Its lines bear rates that no row of the breakdown has: all of it counts as money.
    return msgspec.structs.replace(
        refund, total=cents(refund.total * sale.total / (sale.total + sale.foreign_tax)), lines=()
    )
