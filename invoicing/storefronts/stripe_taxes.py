"""Amounts and taxes of Stripe's lines, whatever their object: in smallest units, before and since basil.

Since 2025-03-31 (basil) a line has `taxes` where it had `tax_amounts`; neither need hold the percentage, which then
follows from tax and taxable amount.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from invoicing.rates import EU
from invoicing.storefronts.contract import Unreadable
from invoicing.storefronts.parts import ratio
from invoicing.storefronts.payload import CENT, Node, plain
from invoicing.values import DeclaredTax

NO_DECIMALS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
)
THREE_DECIMALS = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))
"""All other currencies have two, ISK and UGX too as far as Stripe's figures go."""
USUAL_RATES = tuple(map(Decimal, ("21", "10", "4", "7", "5.2", "1.4", "0.5", "5", "7.5", "2", "3", "9.5", "15", "20")))
"""Percent, Spain's first: which one a tax of a few cents was is seen by them."""
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Rates:
    """What tells the rate of a tax: those that were fetched, by id, else those that are likely, the likeliest first."""

    known: Mapping[str, Node] = field(default_factory=dict)
    likely: Sequence[Decimal] = USUAL_RATES


def likely_in(country: str) -> tuple[Decimal, ...]:
    """Return the rates that a buyer there may be charged: of another member state its own before Spain's."""
    abroad = sorted(EU.get(country, frozenset()) if country != "ES" else (), reverse=True)
    return (*abroad, *(rate for rate in USUAL_RATES if rate not in abroad))


def units(amount: Node, currency: Node) -> Decimal:
    """Return an amount of smallest units as a decimal number of the currency."""
    code, found = currency.text().upper(), amount.amount(NOTHING)
    if found != found.to_integral_value():
        raise Unreadable("a whole number of the currency's smallest unit was expected", amount.pointer)
    places = 0 if code in NO_DECIMALS else 3 if code in THREE_DECIMALS else 2
    return found.to_integral_value().scaleb(-places)


def reference(node: Node) -> str:
    """Return the id of another object, which may stand there whole."""
    return node["id"].key() if isinstance(node.value, dict) else node.key()


def holds_tax(lines: Iterable[Node]) -> bool:
    """Tell whether amounts hold their tax: one tax that says so is enough, the others are added."""
    return any(
        tax["tax_behavior"].text() == "inclusive" or tax["inclusive"].flag() or _rate_object(tax)["inclusive"].flag()
        for line in lines
        for tax in taxes_of(line)
    )


def amount_of(line: Node, money: Node, *, gross: bool) -> Decimal:
    """Return a line's amount less its discounts; with every tax that is not in it where lines are gross."""
    amount = units(there(line["amount"]), money) - discount_of(line, money)
    if not gross:
        return amount
    return amount + sum((units(tax["amount"], money) for tax in taxes_of(line) if not _inclusive(tax)), NOTHING)


def discount_of(line: Node, money: Node) -> Decimal:
    return sum((units(each["amount"], money) for each in line["discount_amounts"]), NOTHING)


def declared(line: Node, money: Node, rates: Rates) -> tuple[tuple[DeclaredTax, ...], str]:
    """Return the taxes that were charged and, where none was, the platform's word for why."""
    taxes, reason = [], ""
    for tax in taxes_of(line):
        amount = units(tax["amount"], money)
        if not amount:
            reason = reason or tax["taxability_reason"].text()
            continue
        known, percent = _known(tax, rates)
        if percent:
            rate = plain(percent.amount())
        else:
            rate = rate_between(amount, _taxable(line, money, tax, amount), rates.likely)
        taxes.append(DeclaredTax(rate=rate, amount=amount, title=known["display_name"].text()))
    return tuple(taxes), "" if taxes else reason


def certain(lines: Iterable[Node], money: Node, rates: Rates) -> bool:
    """Tell whether each tax names its rate, or can be of one rate only."""
    return all(
        bool(_known(tax, rates)[1]) or len(fitting(amount, _taxable(line, money, tax, amount), rates.likely)) == 1
        for line in lines
        for tax in taxes_of(line)
        if (amount := units(tax["amount"], money))
    )


def _known(tax: Node, rates: Rates) -> tuple[Node, Node]:
    """Return the tax's rate and its percentage, as far as they are told."""
    known = _rate_object(tax) or rates.known.get(_rate_id(tax), Node(None))
    return known, known["percentage"] or known["effective_percentage"]


def _taxable(line: Node, money: Node, tax: Node, amount: Decimal) -> Decimal:
    return units(tax["taxable_amount"], money) if tax["taxable_amount"] else _base(line, money, tax, amount)


def taxes_of(node: Node, prefix: str = "") -> list[Node]:
    """Return the taxes as basil names them, or as versions before it did."""
    return list(node[f"{prefix}taxes"] or node[f"{prefix}tax_amounts"])


def rate_between(tax: Decimal, taxable: Decimal, likely: Sequence[Decimal] = USUAL_RATES) -> Decimal:
    """Return the percentage of a tax to the cent: a likely one that gives it, else what division gives.

    >>> rate_between(Decimal("9.26"), Decimal("44.10"))
    Decimal('21')
    """
    found = fitting(tax, taxable, likely)
    return found[0] if found else plain(ratio(tax * 100, taxable, 2))


def fitting(tax: Decimal, taxable: Decimal, likely: Sequence[Decimal]) -> list[Decimal]:
    """Return the likely percentages that give this tax to the cent, on top of the amount or inside the whole."""
    return [
        rate for rate in likely if tax in (_cents(taxable * rate / 100), _cents((taxable + tax) * rate / (100 + rate)))
    ]


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def _inclusive(tax: Node) -> bool:
    return tax["tax_behavior"].text() == "inclusive" or tax["inclusive"].flag() or _rate_object(tax)["inclusive"].flag()


def _base(line: Node, money: Node, tax: Node, amount: Decimal) -> Decimal:
    """Return what a tax was taken of where it does not say (very old invoices)."""
    whole = units(line["amount"], money) - discount_of(line, money)
    return whole - amount if _inclusive(tax) else whole


def _rate_object(tax: Node) -> Node:
    """Return the tax rate where it stands there whole."""
    for place in (tax["rate"], tax["tax_rate"], _within(tax["tax_rate_details"], "tax_rate")):
        if isinstance(place.value, dict):
            return place
    return Node(None, tax.pointer)


def _rate_id(tax: Node) -> str:
    return _within(tax["tax_rate_details"], "tax_rate").scalar() or tax["tax_rate"].scalar()


def _within(node: Node, key: str) -> Node:
    return node[key] if isinstance(node.value, dict) else Node(None, node.pointer)


def there(amount: Node) -> Node:
    if not amount:
        raise Unreadable("an amount is missing", amount.pointer)
    return amount


def moment_of(moment: Node) -> datetime:
    found = moment.epoch()
    if found is None:
        raise Unreadable("a date is missing", moment.pointer)
    return found
