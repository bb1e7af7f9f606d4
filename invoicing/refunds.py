"""What the refunds of an order take back of each rate: a function of what was sold and of all its refunds. Pure.

It does not matter in which order refunds arrive: each corrective document is the difference between what all refunds
known so far take back and what was corrected before. Rules (docs/decisions/0018-corrections.md):

1. What a refund's lines name goes back at their rate.
2. Money alone goes back from every rate, in proportion to what was sold at it, as far as that rate has any left.
3. The refund that completes the order takes what is left of each rate, to the cent.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from invoicing.balance import ZERO, Amounts, Balance, Kind, split, total
from invoicing.money import HUNDRED, cents, spread
from invoicing.values import OrderLine, Refund

_BEGINNING = datetime.min.replace(tzinfo=UTC)
CENTS_OF_ROUNDING = Decimal("0.01")
"""Euros that each line of a refund may add to the difference between the lines and the money."""


KindOf = Callable[[OrderLine], tuple[Kind, bool] | None]
"""Line -> how it is declared, and whether its amount holds the tax whatever the order says of its prices."""


def by_its_rate(line: OrderLine) -> tuple[Kind, bool] | None:
    """Return nothing: the line is of the kind that bears its rate, where there is one such."""
    return None


class MoreThanSold(Exception):
    """More was given back than this order was invoiced for; find out what the rest was for."""


def in_order(refunds: Iterable[Refund]) -> list[Refund]:
    """Return the refunds that gave money back, in the one order in which they are reckoned."""
    moving = (refund for refund in refunds if refund.total)
    return sorted(moving, key=lambda refund: (refund.created_at or _BEGINNING, refund.external_id))


def taken_back(
    sold: Balance, refunds: Sequence[Refund], *, inclusive: bool, kind: KindOf = by_its_rate
) -> dict[Kind, Amounts]:
    """Return what all these refunds take back, as positive amounts of the kinds in `sold`.

    `inclusive` tells whether the amounts of the refunds' lines hold the tax; `kind` how a line was declared, which an
    untaxed one does not show.

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
        for each, gross in _allotted(sold, left, refund, inclusive=inclusive, kind_of=kind).items():
            left[each] -= gross
            found[each] = within(found[each] + split(gross, each), sold[each], complete=not left[each])
    return {kind: amounts for kind, amounts in found.items() if amounts}


def _allotted(
    sold: Balance, left: dict[Kind, Decimal], refund: Refund, *, inclusive: bool, kind_of: KindOf
) -> dict[Kind, Decimal]:
    """Return how much of one refund belongs to each kind, gross; it sums to the refund and nothing is overdrawn."""
    named = _named(sold, refund.lines, inclusive=inclusive, kind_of=kind_of)
    parts = {kind: min(gross, left[kind]) for kind, gross in named.items()}
    rest = -refund.total - sum(parts.values(), ZERO)
    if rest < 0:  # less money went back than the lines are worth: the part kept belongs to what they name
        kept = in_proportion(-rest, parts, parts)
        return {kind: gross - kept.get(kind, ZERO) for kind, gross in parts.items()}
    if rest and abs(rest) <= CENTS_OF_ROUNDING * len(refund.lines) and parts:
        # the cents by which lines and money differ belong where the lines do
        largest = max(parts, key=lambda kind: parts[kind])
        here = min(rest, left[largest] - parts[largest])
        parts[largest] += here
        rest -= here
    room = {kind: left[kind] - parts.get(kind, ZERO) for kind in sold}
    money = in_proportion(rest, {kind: amounts.gross for kind, amounts in sold.items()}, room)
    return {kind: gross for kind in sold if (gross := parts.get(kind, ZERO) + money.get(kind, ZERO))}


def _named(sold: Balance, lines: Iterable[OrderLine], *, inclusive: bool, kind_of: KindOf) -> dict[Kind, Decimal]:
    """Return the gross that lines name of each kind; a line whose kind is not clear counts as money alone."""
    net: dict[Kind, Decimal] = {}
    found: dict[Kind, Decimal] = {}
    for line in lines:
        kind, inside = _bearing(sold, line), False
        told = None if kind and any(tax.rate for tax in line.taxes) else kind_of(line)
        if told and told[0] in sold:
            kind, inside = told
        if kind is not None:
            amounts = found if inclusive or inside else net
            amounts[kind] = amounts.get(kind, ZERO) - line.amount
    for kind, amount in net.items():
        rates = (kind.rate, kind.surcharge_rate, kind.foreign_rate)
        taxes = sum((cents(amount * rate / HUNDRED) for rate in rates if rate), ZERO)
        found[kind] = found.get(kind, ZERO) + amount + taxes
    return {kind: cents(gross) for kind, gross in found.items() if gross > 0}


def _bearing(sold: Balance, line: OrderLine) -> Kind | None:
    """Return the one kind that bears the rates of a line."""
    rates: set[Decimal | None] = {tax.rate for tax in line.taxes}
    rates = rates or {None}
    fitting = [kind for kind in sold if kind.charged in rates and (kind.surcharge_rate or None) in {None, *rates}]
    return fitting[0] if len(fitting) == 1 else None


def in_proportion(money: Decimal, weights: dict[Kind, Decimal], room: dict[Kind, Decimal]) -> dict[Kind, Decimal]:
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


def within(amounts: Amounts, sold: Amounts, *, complete: bool) -> Amounts:
    """Return the amounts with no part beyond what was sold: the cents of several roundings must not add up to more."""
    if complete:
        return sold
    tax, surcharge = min(amounts.tax, sold.tax), min(amounts.surcharge, sold.surcharge)
    foreign = min(amounts.foreign, sold.foreign)
    short = amounts.gross - tax - surcharge - foreign - sold.base
    if short > 0:
        tax, foreign = (tax, foreign + short) if sold.foreign else (tax + short, foreign)
    return Amounts(amounts.gross - tax - surcharge - foreign, tax, surcharge, foreign)
