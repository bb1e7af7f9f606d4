"""The sums of an order held against what was paid and against the shop's own taxes. Pure."""

from decimal import Decimal

import msgspec

from invoicing.holds import Unpriceable
from invoicing.preparing import CENT, HUNDRED, ZERO, cents
from invoicing.treatments import Treatment
from invoicing.values import OrderContent

ROUNDING_PER_LINE = CENT
"""Euros that a line may add to the difference between lines and total. A shop that rounds each line errs by half a
cent a line and half a cent a rate, so a cent a line holds every honest order; more is another cause, for a person,
unless rounding every unit or every line gives the total to the cent."""


class Share(msgspec.Struct):
    """The lines of one treatment while they are summed; gross is what the buyer pays for them at every moment."""

    treatment: Treatment
    lines: list[int]
    kinds: list[Treatment]
    """How each line was treated: they agree in what is declared and may differ in why."""
    base: Decimal = ZERO
    tax: Decimal = ZERO
    surcharge: Decimal = ZERO
    foreign: Decimal = ZERO

    @property
    def gross(self) -> Decimal:
        return self.base + self.tax + self.surcharge + self.foreign

    @property
    def rate(self) -> Decimal:
        """Percent of the base that the buyer pays in tax, of whatever country."""
        kind = self.treatment
        return (kind.rate or ZERO) + (kind.surcharge_rate or ZERO) + (kind.foreign_rate or ZERO)

    @property
    def factor(self) -> Decimal:
        """Gross = base x factor, before rounding."""
        return 1 + self.rate / HUNDRED


def settle(content: OrderContent, shares: list[Share], *, converted: bool) -> tuple[Decimal, str]:
    """Put what is left over against the amount paid into the largest base; return it and what explains it.

    :raises Unpriceable: `totals_do_not_add_up` when more is left over than rounding can explain.
    """
    total = cents(content.total)
    found = sum((share.gross for share in shares), ZERO)
    left = total - found
    limit = ROUNDING_PER_LINE * len(content.lines)
    mode = _mode(content, shares) if left else ""
    beyond = abs(left) > limit and mode not in ("item", "line")
    if beyond or total != content.total or not shares:
        raise Unpriceable("totals_do_not_add_up", lines=found, total=content.total, limit=limit)
    if left:
        largest = max(shares, key=lambda share: abs(share.base))
        largest.base += left
        mode = mode or ("currency" if converted else "cents")
    return left, mode


def _mode(content: OrderContent, shares: list[Share]) -> str:
    """Return how the shop rounds, when rounding every line or every unit that way gives its total; else nothing."""
    by_line = by_item = ZERO
    for share in shares:
        factor = Decimal(1) if content.prices_include_tax else share.factor
        for line in (content.lines[position] for position in share.lines):
            by_line += cents(line.amount * factor)
            by_item += line.quantity * cents(line.amount / line.quantity * factor) if line.quantity else line.amount
    if by_line == content.total:
        return "line"
    return "item" if cents(by_item) == content.total else ""


def compare(content: OrderContent, shares: list[Share]) -> None:
    """Hold when the shop's tax is not its rate's, beyond what rounding every unit sold can explain.

    :raises Unpriceable: `tax_does_not_match_rate`.
    """
    for share in shares:
        kind = share.treatment
        _compare_one(content, share, kind.rate, share.tax)
        _compare_one(content, share, kind.surcharge_rate, share.surcharge)
        _compare_one(content, share, kind.foreign_rate, share.foreign)


def _compare_one(content: OrderContent, share: Share, rate: Decimal | None, computed: Decimal) -> None:
    if rate is None:
        return
    lines = [content.lines[position] for position in share.lines]
    declared = [next((tax.amount for tax in line.taxes if tax.rate == rate), None) for line in lines]
    if None in declared:
        return
    sum_declared = sum((amount for amount in declared if amount is not None), ZERO)
    roundings = sum((max(Decimal(1), abs(line.quantity)) for line in lines), Decimal(1))
    if abs(sum_declared - computed) > CENT * roundings:
        raise Unpriceable("tax_does_not_match_rate", declared=cents(sum_declared), rate=rate, computed=computed)
