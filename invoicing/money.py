"""From an order to legal figures, under the written policy of docs/decisions/0005-money-policy.md. Pure.

Four verbs: classify each line, sum by treatment, settle against what was paid, spread back over the printed lines.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext

import msgspec

from invoicing.holds import Unpriceable
from invoicing.taxes import EXPORT, EXPORT_MENTION, Territory, Treatment, destination, treatment
from invoicing.values import LineKind, OrderContent, OrderLine, Priced, PricedLine, TaxShare

CENT = Decimal("0.01")
ROUNDING_PER_LINE = CENT
"""Euros that a line may add to the difference between lines and total. A shop that rounds each line errs by half a
cent a line and half a cent a rate, so a cent a line holds every honest order; more is another cause, for a person."""
UNIT_PRICE = Decimal("0.000001")
HUNDRED = Decimal(100)
PRECISION = 50
"""Digits of working precision: the longest amount times the longest quantity, exact, before anything is rounded."""


class Share(msgspec.Struct):
    """The lines of one treatment while they are summed; gross = base + tax at every moment."""

    treatment: Treatment
    lines: list[int]
    base: Decimal
    tax: Decimal

    @property
    def gross(self) -> Decimal:
        return self.base + self.tax


def price(content: OrderContent, *, on: date, accepted: AbstractSet[str] = frozenset()) -> Priced:
    """Return the figures of the invoice: base + tax over all shares equals what was paid, to the cent.

    `on` is the day by which rates are judged; `accepted` are hold codes that a person overrode.

    :raises Unpriceable: with the hold that says why a person must look.
    """
    with localcontext() as context:
        context.prec = PRECISION
        context.rounding = ROUND_HALF_UP
        _refuse(content)
        place = destination(content)
        shares = _classify(content, place, on=on, accepted=accepted)
        _sum(content, shares)
        rounding = _settle(content, shares)
        if "tax_does_not_match_rate" not in accepted:
            _compare(content, shares)
        tax_total = sum((share.tax for share in shares), Decimal(0))
        return Priced(
            lines=_print(content, shares),
            shares=tuple(_declared(share) for share in shares),
            tax_total=tax_total,
            total=cents(content.total),
            rounding=rounding,
            platform_tax=tax_total if content.total_tax is None else cents(content.total_tax),
            mentions=(EXPORT_MENTION.format(place=place.value),) if any(s.treatment == EXPORT for s in shares) else (),
        )


def cents(amount: Decimal) -> Decimal:
    """Round half up, away from zero, to two decimals.

    >>> cents(Decimal("2.675")), cents(Decimal("-2.675"))
    (Decimal('2.68'), Decimal('-2.68'))
    """
    return amount.quantize(CENT, ROUND_HALF_UP)


def tax_inside(gross: Decimal, rate: Decimal) -> Decimal:
    """Return the tax that a gross amount holds, to the cent; `rate` in percent (fiscal-policy.md, Taxes)."""
    return cents(gross * rate / (HUNDRED + rate))


def spread(total: Decimal, exact: Sequence[Decimal]) -> list[Decimal]:
    """Round `exact` to cents so that they sum to `total`: largest remainder, the larger amount first among equals.

    The result differs from `exact` by less than a cent each, unless the sums themselves lie further apart.
    """
    floors = [amount.quantize(CENT, ROUND_FLOOR) for amount in exact]
    left = int((total - sum(floors, Decimal(0))) / CENT)
    sign = -1 if left > 0 else 1
    order = sorted(range(len(exact)), key=lambda i: (sign * (exact[i] - floors[i]), -abs(exact[i])))
    # Beyond one cent a line only when the settled cents come on top; then the largest remainders take two.
    for turn in range(abs(left)):
        floors[order[turn % len(order)]] += CENT if left > 0 else -CENT
    return floors


def _refuse(content: OrderContent) -> None:
    if content.currency != "EUR":
        raise Unpriceable("foreign_currency", currency=content.currency or "?")
    if content.total <= 0:
        raise Unpriceable("zero_total", total=content.total)
    if card := next((line for line in content.lines if line.kind == LineKind.GIFT_CARD), None):
        raise Unpriceable("gift_card", line=card.description)


def _classify(content: OrderContent, place: Territory, *, on: date, accepted: AbstractSet[str]) -> list[Share]:
    """Group the lines by treatment, the highest rate first. A line of no amount and no tax belongs to none."""
    shipped = any(line.kind == LineKind.GOODS for line in content.lines)
    found: dict[Treatment, list[int]] = {}
    for position, line in enumerate(content.lines):
        if line.amount == 0 and not any(tax.amount for tax in line.taxes):
            continue
        kind = treatment(line, place, on=on, goods_shipped=shipped, accepted=accepted)
        found.setdefault(kind, []).append(position)
    ordered = sorted(found, key=lambda kind: Decimal(-1) if kind.rate is None else kind.rate, reverse=True)
    return [Share(kind, found[kind], Decimal(0), Decimal(0)) for kind in ordered]


def _sum(content: OrderContent, shares: list[Share]) -> None:
    """Sum each share's lines, and only then take the tax: one rounding per rate, not one per line."""
    for share in shares:
        amount = cents(sum((content.lines[position].amount for position in share.lines), Decimal(0)))
        rate = share.treatment.rate or Decimal(0)
        if content.prices_include_tax:
            share.tax = tax_inside(amount, rate)
            share.base = amount - share.tax
        else:
            share.tax = cents(amount * rate / HUNDRED)
            share.base = amount


def _settle(content: OrderContent, shares: list[Share]) -> Decimal:
    """Put what is left over against the amount paid into the largest base; return it.

    :raises Unpriceable: `totals_do_not_add_up` when more is left over than rounding can explain.
    """
    total = cents(content.total)
    found = sum((share.gross for share in shares), Decimal(0))
    left = total - found
    limit = ROUNDING_PER_LINE * len(content.lines)
    if abs(left) > limit or total != content.total or not shares:
        raise Unpriceable("totals_do_not_add_up", lines=found, total=content.total, limit=limit)
    if left:
        largest = max(shares, key=lambda share: abs(share.base))
        largest.base += left
    return left


def _compare(content: OrderContent, shares: list[Share]) -> None:
    """Hold when the shop's tax is not its rate's, beyond what rounding every unit sold can explain.

    :raises Unpriceable: `tax_does_not_match_rate`.
    """
    for share in shares:
        lines = [content.lines[position] for position in share.lines]
        declared = [tax.amount for line in lines for tax in line.taxes if tax.rate == share.treatment.rate]
        if share.treatment.rate is None or None in declared:
            continue
        sum_declared = sum((amount for amount in declared if amount is not None), Decimal(0))
        roundings = sum((max(Decimal(1), abs(line.quantity)) for line in lines), Decimal(1))
        if abs(sum_declared - share.tax) > CENT * roundings:
            raise Unpriceable(
                "tax_does_not_match_rate",
                declared=cents(sum_declared),
                rate=share.treatment.rate,
                computed=share.tax,
            )


def _declared(share: Share) -> TaxShare:
    kind = share.treatment
    return TaxShare(
        clave_regimen=kind.clave_regimen,
        calificacion=kind.calificacion,
        exencion=kind.exencion,
        rate=kind.rate,
        base=share.base,
        tax=None if kind.rate is None else share.tax,
    )


def _print(content: OrderContent, shares: list[Share]) -> tuple[PricedLine, ...]:
    """Return the printed lines in the order's own sequence; their bases and totals sum to those of the shares."""
    printed: dict[int, PricedLine] = {}
    for share in shares:
        lines = [content.lines[position] for position in share.lines]
        factor = 1 + (share.treatment.rate or Decimal(0)) / HUNDRED
        inclusive = content.prices_include_tax
        bases = spread(share.base, [line.amount / factor if inclusive else line.amount for line in lines])
        gross = spread(share.gross, [line.amount if inclusive else line.amount * factor for line in lines])
        for position, line, base, whole in zip(share.lines, lines, bases, gross, strict=True):
            printed[position] = _line(line, share.treatment.rate, base, whole, factor if inclusive else Decimal(1))
    for position, line in enumerate(content.lines):
        if position not in printed:  # free of charge
            rate = line.taxes[0].rate if line.taxes else None
            factor = 1 + (rate or Decimal(0)) / HUNDRED if content.prices_include_tax else Decimal(1)
            printed[position] = _line(line, rate, Decimal("0.00"), Decimal("0.00"), factor)
    return tuple(printed[position] for position in range(len(content.lines)))


def _line(line: OrderLine, rate: Decimal | None, base: Decimal, gross: Decimal, factor: Decimal) -> PricedLine:
    """Return one printed line; with a discount, quantity x unit price - discount is its base to the cent."""
    unit_price = (line.unit_price / factor).quantize(UNIT_PRICE)
    return PricedLine(
        description=line.description,
        sku=line.sku,
        quantity=line.quantity,
        unit_price=unit_price,
        discount=cents(line.quantity * unit_price) - base if line.discount else Decimal("0.00"),
        rate=rate,
        base=base,
        gross=gross,
    )
