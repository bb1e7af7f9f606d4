"""Money that went back after an invoice, in the invoice's own euros. Pure.

What was sold in another currency comes back at the rate of the sale (LIVA art. 80 corrects that base, not today's).
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from invoicing.issued import IssuedDocument
from invoicing.preparing import cents
from invoicing.values import OrderLine, Refund


def refunds_of(refunds: Sequence[Refund], sale: IssuedDocument) -> tuple[Refund, ...]:
    """Return the refunds as the invoice of the sale counts: in euros."""
    return tuple(_in_euros(refund, sale) for refund in refunds)


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
