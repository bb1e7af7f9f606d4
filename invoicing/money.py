"""From an order to legal figures, under the written policy of docs/decisions/0005-money-policy.md. Pure.

Five verbs: prepare the order, classify each line, sum by treatment, settle against what was paid, spread back over the
printed lines.
"""

from collections.abc import Set as AbstractSet
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext

import msgspec

from invoicing.explaining import reasons_of
from invoicing.holds import Unpriceable
from invoicing.places import destination
from invoicing.preparing import CENT, HUNDRED, ZERO, cents, following, prepare, spread
from invoicing.reasons import because
from invoicing.remembering import ABOUT_LINES, Kept, overridden
from invoicing.settling import ROUNDING_PER_LINE, Share, compare, settle
from invoicing.taxes import SERVED, Situation, TaxPolicy, treatment
from invoicing.treatments import Treatment
from invoicing.values import (
    Because,
    Exchange,
    ForeignTax,
    OrderContent,
    OrderLine,
    Priced,
    PricedLine,
    TaxShare,
)

__all__ = ["CENT", "HUNDRED", "ROUNDING_PER_LINE", "Vat", "cents", "price", "spread", "tax_inside"]

UNIT_PRICE = Decimal("0.000001")
PRECISION = 50
"""Digits of working precision: the longest amount times the longest quantity, exact, before anything is rounded."""


class Vat(msgspec.Struct, frozen=True):
    """A VAT number of another member state that stands, and on whose word: VIES's or a person's."""

    number: str = ""
    evidence: str = ""


def price(
    content: OrderContent,
    *,
    on: date,
    accepted: AbstractSet[str] = frozenset(),
    taxes: TaxPolicy | None = None,
    quote: Exchange | None = None,
    vat: Vat | None = None,
    chosen: str = "",
    kept: tuple[Kept, ...] = (),
) -> Priced:
    """Return the figures of the invoice: base + tax over all shares equals what was paid, to the cent.

    `on` is the day by which rates are judged; `accepted` are hold codes that a person overrode; `taxes` are the
    settings of company and shop, `quote` the exchange rate of the order's currency, `vat` the buyer's number of another
    member state once it stands, `chosen` a person's word for what came untaxed, `kept` what people said before.

    :raises Unpriceable: with the hold that says why a person must look.
    """
    with localcontext() as context:
        context.prec = PRECISION
        context.rounding = ROUND_HALF_UP
        prepared = prepare(content, quote)
        policy, vat = taxes or TaxPolicy(), vat or Vat()
        s = Situation(
            policy=policy,
            place=destination(content, policy.home),
            on=on,
            goods=any(line.kind in SERVED for line in content.lines),
            vat=vat.number,
            evidence=vat.evidence,
            accepted=accepted,
            chosen=chosen,
            kept=kept,
        )
        reasons = list(prepared.reasons)
        order = following(prepared.content, s, reasons)
        try:
            order, shares = _classify(order, s)
        except Unpriceable as error:
            # one answer is given for all lines that it fits: it is about each of them
            about = tuple(dict.fromkeys(s.about(line) for line in order.lines))
            error.hold = msgspec.structs.replace(error.hold, about=about)
            raise
        _sum(order, shares)
        rounding, mode = settle(order, shares, converted=prepared.exchange is not None)
        if "tax_does_not_match_rate" not in accepted:
            compare(order, shares)
        return _priced(order, shares, s, prepared.exchange, rounding, mode, reasons)


def tax_inside(gross: Decimal, rate: Decimal) -> Decimal:
    """Return the tax that a gross amount holds, to the cent; `rate` in percent (fiscal-policy.md, Taxes)."""
    return cents(gross * rate / (HUNDRED + rate))


def _classify(content: OrderContent, s: Situation) -> tuple[OrderContent, list[Share]]:
    """Group the lines by treatment, the highest rate first. A line of no amount and no tax belongs to none.

    A line whose amount means something else than the order's prices do (tax inside it, or no tax shown) is returned
    with its amount put the way of the others.
    """
    found: dict[tuple[object, ...], Share] = {}
    lines = list(content.lines)
    for position, line in enumerate(content.lines):
        if line.amount == 0 and not any(tax.amount for tax in line.taxes):
            continue
        kind = treatment(line, s)
        lines[position] = _put(line, kind, inclusive=content.prices_include_tax)
        share = found.setdefault(kind.declared, Share(kind, [], []))
        share.lines.append(position)
        share.kinds.append(kind)
    shares = sorted(found.values(), key=_rank, reverse=True)
    return msgspec.structs.replace(content, lines=tuple(lines)), shares


def _rank(share: Share) -> Decimal:
    kind = share.treatment
    return Decimal(-1) if kind.rate is None and kind.foreign_rate is None else share.rate


def _put(line: OrderLine, kind: Treatment, *, inclusive: bool) -> OrderLine:
    if inclusive or not (kind.inside or kind.whole):
        return line
    if kind.inside:
        factor = 1 / (1 + ((kind.rate or ZERO) + (kind.surcharge_rate or ZERO)) / HUNDRED)
    else:
        factor = 1 + sum((tax.rate for tax in line.taxes), ZERO) / HUNDRED
    return msgspec.structs.replace(
        line, unit_price=line.unit_price * factor, discount=line.discount * factor, amount=line.amount * factor
    )


def _sum(content: OrderContent, shares: list[Share]) -> None:
    """Sum each share's lines, and only then take the tax: one rounding per rate, not one per line."""
    for share in shares:
        amount = cents(sum((content.lines[position].amount for position in share.lines), ZERO))
        kind = share.treatment
        divisor = HUNDRED + share.rate if content.prices_include_tax else HUNDRED
        share.tax = cents(amount * (kind.rate or ZERO) / divisor)
        share.surcharge = cents(amount * (kind.surcharge_rate or ZERO) / divisor)
        share.foreign = cents(amount * (kind.foreign_rate or ZERO) / divisor)
        inside = share.tax + share.surcharge + share.foreign
        share.base = amount - inside if content.prices_include_tax else amount


def _priced(
    order: OrderContent,
    shares: list[Share],
    s: Situation,
    exchange: Exchange | None,
    rounding: Decimal,
    mode: str,
    reasons: list[Because],
) -> Priced:
    tax_total = sum((share.tax + share.surcharge for share in shares), ZERO)
    foreign = tuple(
        ForeignTax(country=s.place.country, rate=share.rate, base=share.base, tax=share.foreign)
        for share in shares
        if share.treatment.foreign_rate is not None
    )
    foreign_tax = sum((each.tax for each in foreign), Decimal("0.00")) if foreign else ZERO
    for share in shares:
        for kind in dict.fromkeys(share.kinds):
            of_kind = [order.lines[at] for at, each in zip(share.lines, share.kinds, strict=True) if each == kind]
            reasons += reasons_of(kind, of_kind, s)
    if rounding:
        reasons.append(because("rounding", amount=rounding, mode=mode))
    if order.withholding:
        reasons.append(because("withholding", amount=order.withholding))
    if order.outlays:
        reasons.append(because("outlays", amount=order.outlays))
    if order.advances:
        reasons.append(because("advances", amount=order.advances))
    before = {code for code in ABOUT_LINES if any(overridden(code, s.about(line), s.kept) for line in order.lines)}
    reasons += [because("accepted", code=code) for code in sorted(s.accepted | before)]
    mentions = dict.fromkeys(kind.mention for share in shares for kind in share.kinds if kind.mention)
    return Priced(
        lines=_print(order, shares),
        shares=_declared(shares),
        tax_total=tax_total,
        total=cents(order.total) - foreign_tax,
        rounding=rounding,
        rounding_mode=mode,
        platform_tax=tax_total if order.total_tax is None else cents(order.total_tax),
        mentions=tuple(mentions),
        exchange=exchange,
        foreign=foreign,
        foreign_tax=foreign_tax,
        withholding=cents(order.withholding) if order.withholding else ZERO,
        withholding_rate=order.withholding_rate,
        outlays=cents(order.outlays) if order.outlays else ZERO,
        advances=cents(order.advances) if order.advances else ZERO,
        reasons=(because("tax_of_the_rate"), *reasons),
    )


def _declared(shares: list[Share]) -> tuple[TaxShare, ...]:
    """Return the rows of the breakdown; what differs only in a foreign rate is one row."""
    rows: dict[tuple[object, ...], TaxShare] = {}
    for share in shares:
        kind = share.treatment
        row = TaxShare(
            impuesto=kind.impuesto,
            clave_regimen=kind.clave_regimen,
            calificacion=kind.calificacion,
            exencion=kind.exencion,
            rate=kind.rate,
            base=share.base,
            tax=None if kind.rate is None else share.tax,
            surcharge_rate=kind.surcharge_rate,
            surcharge=None if kind.surcharge_rate is None else share.surcharge,
        )
        key = msgspec.structs.replace(kind, foreign_rate=None).declared
        before = rows.get(key)
        rows[key] = msgspec.structs.replace(row, base=before.base + row.base) if before else row
    return tuple(rows.values())


def _print(content: OrderContent, shares: list[Share]) -> tuple[PricedLine, ...]:
    """Return the printed lines in the order's own sequence; their bases and totals sum to those of the shares."""
    printed: dict[int, PricedLine] = {}
    for share in shares:
        lines = [content.lines[position] for position in share.lines]
        inclusive, factor = content.prices_include_tax, share.factor
        bases = spread(share.base, [line.amount / factor if inclusive else line.amount for line in lines])
        gross = spread(share.gross, [line.amount if inclusive else line.amount * factor for line in lines])
        for position, line, base, whole in zip(share.lines, lines, bases, gross, strict=True):
            printed[position] = _line(line, share.treatment.rate, base, whole, factor if inclusive else Decimal(1))
    for position, line in enumerate(content.lines):
        if position not in printed:  # free of charge
            rate = line.taxes[0].rate if line.taxes else None
            factor = 1 + (rate or ZERO) / HUNDRED if content.prices_include_tax else Decimal(1)
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
        external_id=line.external_id,
    )
