"""What the refunds of an order take back of each rate: a function of what was sold and of all its refunds. Pure.

It does not matter in which order refunds arrive: each corrective document is the difference between what all refunds
known so far take back and what was corrected before. Rules (docs/decisions/0018-corrections.md):

1. What a refund's lines name goes back at their rate.
2. Money alone goes back from every rate, in proportion to what was sold at it, as far as that rate has any left.
3. The refund that completes the order takes what is left of each rate, to the cent.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from invoicing.balance import ZERO, Amounts, Balance, Kind, split, total
from invoicing.money import HUNDRED, cents, spread
from invoicing.values import OrderLine, Refund

_BEGINNING = datetime.min.replace(tzinfo=UTC)
CENTS_OF_ROUNDING = Decimal("0.01")
"""Euros that each line of a refund may add to the difference between the lines and the money."""


class MoreThanSold(Exception):
    """More was given back than this order was invoiced for; find out what the rest was for."""


def in_order(refunds: Iterable[Refund]) -> list[Refund]:
    """Return the refunds that gave money back, in the one order in which they are reckoned."""
    moving = (refund for refund in refunds if refund.total)
    return sorted(moving, key=lambda refund: (refund.created_at or _BEGINNING, refund.external_id))


def taken_back(sold: Balance, refunds: Sequence[Refund], *, inclusive: bool) -> dict[Kind, Amounts]:
    """Return what all these refunds take back, as positive amounts of the kinds in `sold`.

    `inclusive` tells whether the amounts of the refunds' lines hold the tax.

    :raises MoreThanSold: when they exceed what was sold.
    """
    back = -sum((refund.total for refund in refunds), ZERO)
    whole = total(sold)
    if back > whole:
        raise MoreThanSold(MoreThanSold.__doc__)
    if back == whole:
        return dict(sold)
    left = {kind: amounts.gross for kind, amounts in sold.items()}
    found = dict.fromkeys(sold, Amounts())
    for refund in in_order(refunds):
        for kind, gross in _allotted(sold, left, refund, inclusive=inclusive).items():
            left[kind] -= gross
            found[kind] = _within(found[kind] + split(gross, kind), sold[kind], complete=not left[kind])
    return {kind: amounts for kind, amounts in found.items() if amounts}


def _allotted(sold: Balance, left: dict[Kind, Decimal], refund: Refund, *, inclusive: bool) -> dict[Kind, Decimal]:
    """Return how much of one refund belongs to each kind, gross; it sums to the refund and nothing is overdrawn."""
    parts = {kind: min(gross, left[kind]) for kind, gross in _named(sold, refund.lines, inclusive=inclusive).items()}
    rest = -refund.total - sum(parts.values(), ZERO)
    if rest < 0:  # less money went back than the lines are worth: the part kept belongs to what they name
        kept = _in_proportion(-rest, parts, parts)
        return {kind: gross - kept.get(kind, ZERO) for kind, gross in parts.items()}
    if rest and abs(rest) <= CENTS_OF_ROUNDING * len(refund.lines) and parts:
        # the cents by which lines and money differ belong where the lines do
        largest = max(parts, key=lambda kind: parts[kind])
        here = min(rest, left[largest] - parts[largest])
        parts[largest] += here
        rest -= here
    room = {kind: left[kind] - parts.get(kind, ZERO) for kind in sold}
    money = _in_proportion(rest, {kind: amounts.gross for kind, amounts in sold.items()}, room)
    return {kind: gross for kind in sold if (gross := parts.get(kind, ZERO) + money.get(kind, ZERO))}


def _named(sold: Balance, lines: Iterable[OrderLine], *, inclusive: bool) -> dict[Kind, Decimal]:
    """Return the gross that lines name of each kind; a line whose kind is not clear counts as money alone."""
    amounts: dict[Kind, Decimal] = {}
    for line in lines:
        rates: set[Decimal | None] = {tax.rate for tax in line.taxes}
        rates = rates or {None}
        fitting = [kind for kind in sold if kind.charged in rates and (kind.surcharge_rate or None) in {None, *rates}]
        if len(fitting) == 1:
            amounts[fitting[0]] = amounts.get(fitting[0], ZERO) - line.amount
    if not inclusive:
        for kind, net in amounts.items():
            amounts[kind] = (
                net + cents(net * (kind.charged or 0) / HUNDRED) + cents(net * (kind.surcharge_rate or 0) / HUNDRED)
            )
    return {kind: cents(gross) for kind, gross in amounts.items() if gross > 0}


def _in_proportion(money: Decimal, weights: dict[Kind, Decimal], room: dict[Kind, Decimal]) -> dict[Kind, Decimal]:
    """Return `money` spread by `weights`, no kind beyond its room; what does not fit goes to those with room left."""
    found: dict[Kind, Decimal] = {}
    while money > 0:
        open_ = [kind for kind in weights if weights[kind] > 0 and room[kind] > found.get(kind, ZERO)]
        if not open_:
            break
        of = sum((weights[kind] for kind in open_), ZERO)
        for kind, part in zip(open_, spread(money, [money * weights[kind] / of for kind in open_]), strict=True):
            fits = min(part, room[kind] - found.get(kind, ZERO))
            found[kind] = found.get(kind, ZERO) + fits
            money -= fits
    return found


def _within(amounts: Amounts, sold: Amounts, *, complete: bool) -> Amounts:
    """Return the amounts with no part beyond what was sold: the cents of several roundings must not add up to more."""
    if complete:
        return sold
    tax, surcharge = min(amounts.tax, sold.tax), min(amounts.surcharge, sold.surcharge)
    foreign = min(amounts.foreign, sold.foreign)
    short = max(amounts.gross - tax - surcharge - foreign - sold.base, ZERO)
    if sold.foreign:
        foreign += short
    else:
        tax += short
    return Amounts(amounts.gross - tax - surcharge - foreign, tax, surcharge, foreign)
