"""An order's own figures made ready to be taxed: in euros, without vouchers, its discount with its goods. Pure.

Nothing here rounds but where a cent has to belong to somebody; the input is not altered.
"""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

import msgspec

from invoicing.holds import Unpriceable
from invoicing.reasons import because
from invoicing.taxes import FOLLOWERS, Situation, charged
from invoicing.values import Because, DeclaredTax, Exchange, LineKind, OrderContent, OrderLine

CENT = Decimal("0.01")
HUNDRED = Decimal(100)
ZERO = Decimal(0)
SOLD = (LineKind.GOODS, LineKind.SERVICE)


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """An order ready to be taxed, and what was done to make it so."""

    content: OrderContent
    exchange: Exchange | None = None
    reasons: tuple[Because, ...] = ()


def cents(amount: Decimal) -> Decimal:
    """Round half up, away from zero, to two decimals.

    >>> cents(Decimal("2.675")), cents(Decimal("-2.675"))
    (Decimal('2.68'), Decimal('-2.68'))
    """
    return amount.quantize(CENT, ROUND_HALF_UP)


def spread(total: Decimal, exact: Sequence[Decimal]) -> list[Decimal]:
    """Round `exact` to cents so that they sum to `total`: largest remainder, the larger amount first among equals.

    The result differs from `exact` by less than a cent each, unless the sums themselves lie further apart.
    """
    floors = [amount.quantize(CENT, ROUND_FLOOR) for amount in exact]
    left = int((total - sum(floors, ZERO)) / CENT)
    sign = -1 if left > 0 else 1
    order = sorted(range(len(exact)), key=lambda i: (sign * (exact[i] - floors[i]), -abs(exact[i])))
    # Beyond one cent a line only when the settled cents come on top; then the largest remainders take two.
    for turn in range(abs(left)):
        floors[order[turn % len(order)]] += CENT if left > 0 else -CENT
    return floors


def voucher(line: OrderLine) -> bool:
    """Tell whether a line is a multi-purpose voucher: sold when positive, used to pay when negative.

    One that bears tax is a single-purpose voucher, which is taxed when it is sold like the goods it stands for.
    """
    return line.kind == LineKind.GIFT_CARD and not any(tax.rate for tax in line.taxes)


def only_vouchers(content: OrderContent) -> bool:
    """Tell whether an order sells gift cards and nothing else that costs anything."""
    cards = [line for line in content.lines if voucher(line) and line.amount > 0]
    return bool(cards) and all(voucher(line) or not line.amount for line in content.lines)


def prepare(content: OrderContent, quote: Exchange | None) -> Prepared:
    """Return the order in euros, without vouchers, with its discount on its goods.

    :raises Unpriceable: `foreign_currency`, `zero_total`, `discount_exceeds_goods`.
    """
    reasons: list[Because] = []
    exchange = None
    if content.currency != "EUR":
        content, exchange = in_euros(content, quote)
        reasons.append(
            because(
                "exchange",
                currency=exchange.currency,
                total=exchange.total,
                rate=exchange.rate,
                day=exchange.day.isoformat(),
                publisher=exchange.source,
            )
        )
    content = _without_vouchers(content, reasons)
    if content.total <= 0:
        raise Unpriceable("zero_total", total=content.total)
    return Prepared(content=_with_discount(content, reasons), exchange=exchange, reasons=tuple(reasons))


def in_euros(content: OrderContent, quote: Exchange | None) -> tuple[OrderContent, Exchange]:
    """Return the order in euros. Lines stay exact, the total is rounded once.

    :raises Unpriceable: `foreign_currency` without a rate for its currency.
    """
    if quote is None or quote.currency != content.currency or quote.rate <= 0:
        raise Unpriceable("foreign_currency", currency=content.currency or "?")
    rate = quote.rate
    lines = tuple(
        msgspec.structs.replace(
            line,
            unit_price=line.unit_price / rate,
            discount=line.discount / rate,
            amount=line.amount / rate,
            taxes=tuple(
                msgspec.structs.replace(tax, amount=None if tax.amount is None else tax.amount / rate)
                for tax in line.taxes
            ),
        )
        for line in content.lines
    )
    converted = msgspec.structs.replace(
        content,
        currency="EUR",
        lines=lines,
        total=cents(content.total / rate),
        total_tax=None if content.total_tax is None else content.total_tax / rate,
        discount=content.discount / rate,
        withholding=cents(content.withholding / rate),
        outlays=cents(content.outlays / rate),
        advances=cents(content.advances / rate),
    )
    return converted, msgspec.structs.replace(quote, total=content.total)


def following(content: OrderContent, s: Situation, reasons: list[Because]) -> OrderContent:
    """Return the order with untaxed shipping, and tips, divided among the rates of its goods, where settings say so.

    The tax is inside what was paid for them: the total does not move.
    """
    kinds = set(FOLLOWERS) if s.policy.untaxed_shipping == "goods" else set()
    if s.policy.untaxed_tips == "goods":
        kinds.add(LineKind.TIP)
    goods: dict[tuple[Decimal, ...], Decimal] = {}
    for line in content.lines:
        if line.kind in SOLD and (rates := tuple(charged(line, s))):
            goods[rates] = goods.get(rates, ZERO) + _gross(line, content.prices_include_tax)
    whole = sum(goods.values(), ZERO)
    if not kinds or whole <= 0 or not (s.at_home or s.eu_consumer):
        return content
    lines: list[OrderLine] = []
    for line in content.lines:
        if line.kind not in kinds or not line.amount or charged(line, s) or line.untaxed_because:
            lines.append(line)
            continue
        reasons.append(because("shipping_follows", line=line.description))
        parts = spread(cents(line.amount), [line.amount * amount / whole for amount in goods.values()])
        for rates, part in zip(goods, parts, strict=True):
            amount = part if content.prices_include_tax else part / (1 + sum(rates, ZERO) / HUNDRED)
            taxes = tuple(DeclaredTax(rate=rate) for rate in rates)
            lines.append(
                msgspec.structs.replace(
                    line, quantity=Decimal(1), unit_price=amount, discount=ZERO, amount=amount, taxes=taxes
                )
            )
    return msgspec.structs.replace(content, lines=tuple(lines))


def _gross(line: OrderLine, inclusive: bool) -> Decimal:
    return line.amount if inclusive else line.amount * (1 + sum((tax.rate for tax in line.taxes), ZERO) / HUNDRED)


def _without_vouchers(content: OrderContent, reasons: list[Because]) -> OrderContent:
    cards = [line.amount for line in content.lines if voucher(line) and line.amount]
    if not any(voucher(line) for line in content.lines):
        return content
    sold, paid = sum((x for x in cards if x > 0), ZERO), -sum((x for x in cards if x < 0), ZERO)
    if sold:
        reasons.append(because("gift_card_sold", amount=cents(sold)))
    if paid:
        reasons.append(because("gift_card_paid", amount=cents(paid)))
    lines = tuple(line for line in content.lines if not voucher(line))
    return msgspec.structs.replace(content, lines=lines, total=content.total - cents(sold - paid))


def _with_discount(content: OrderContent, reasons: list[Because]) -> OrderContent:
    """Take the order's discount off its goods, by their amounts, to the cent; not off shipping, fees or tips."""
    if not content.discount:
        return content
    places = [place for place, line in enumerate(content.lines) if line.kind in SOLD and line.amount > 0]
    amounts = [content.lines[place].amount for place in places]
    whole, discount = sum(amounts, ZERO), content.discount
    if discount < 0 or discount > whole:
        raise Unpriceable("discount_exceeds_goods", discount=discount, goods=whole)
    parts = spread(cents(discount), [discount * amount / whole for amount in amounts])
    lines = list(content.lines)
    for place, part in zip(places, parts, strict=True):
        line = lines[place]
        lines[place] = msgspec.structs.replace(line, discount=line.discount + part, amount=line.amount - part)
    reasons.append(because("discount_spread", discount=cents(discount)))
    return msgspec.structs.replace(content, lines=tuple(lines), discount=ZERO)
