"""What a stand-in shop sold and gave back: the truth that the books are held against.

Figures come from here alone: amounts paid are price times quantity, and nothing of the product is asked.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from config.demo.catalogue import Product
from config.demo.payloads import Sale

CENT = Decimal("0.01")


@dataclass(frozen=True)
class GivenBack:
    """A refund: pieces of lines (index -> how many), the shipping or not, an amount in money alone."""

    id: int
    at: datetime
    pieces: tuple[tuple[int, int], ...] = ()
    shipping: bool = False
    money: Decimal = Decimal(0)
    reason: str = "Devolución"

    def amount(self, sale: Sale) -> Decimal:
        """Return what went back, tax included; positive."""
        lines = sum((sale.price_of(index) * count for index, count in self.pieces), Decimal(0))
        return lines + (sale.shipping if self.shipping else Decimal(0)) + self.money


@dataclass
class Sold:
    """One order of the shop as it is now, and when it last changed."""

    sale: Sale
    updated_at: datetime
    refunds: list[GivenBack] = field(default_factory=list)
    cancelled: bool = False
    ordered: tuple[tuple[Product, int], ...] = ()
    """The items as Shopify keeps them: with the pieces that edits took out; empty when nothing was edited."""
    placed_total: Decimal | None = None
    """The total before the edits."""
    shown: tuple[str, Decimal] | None = None
    """The currency in which the buyer saw and paid the shop's euros, and how many of it are one euro."""
    deleted: bool = False
    credit_notes: bool = False
    """Whether the shop says with a credit note what money went back for (Stripe)."""
    received: Decimal = Decimal(0)
    """What was paid of it while it is not paid whole."""
    whole: bool = False
    """Whether the discount stands on the order as a whole, and in none of its lines."""

    @property
    def id(self) -> str:
        return str(self.sale.id)

    @property
    def total(self) -> Decimal:
        """What the buyer paid, tax included."""
        return self.worth(self.sale.items)

    def worth(self, items: tuple[tuple[Product, int], ...]) -> Decimal:
        """Return what these goods would cost in this order, with its shipping."""
        sale = replace(self.sale, items=items)
        return sum((sale.price_of(place) * count for place, (_, count) in enumerate(items)), sale.shipping)

    @property
    def off(self) -> Decimal:
        """What was taken off the goods."""
        return sum((self.sale.off(place) * count for place, (_, count) in enumerate(self.sale.items)), Decimal(0))

    @property
    def given_back(self) -> Decimal:
        return sum((refund.amount(self.sale) for refund in self.refunds), Decimal(0))

    @property
    def left_by_rate(self) -> dict[Decimal, Decimal]:
        """What was sold less the goods and the shipping that were given back, tax included, by rate in percent.

        Money that went back without saying for what is within: whose rate that is, no shop knows.
        """
        sale, found = self.sale, {self.sale.shipping_rate: self.sale.shipping}
        for place, (product, count) in enumerate(sale.items):
            found[product.rate] = found.get(product.rate, Decimal(0)) + sale.price_of(place) * count
        if self.given_back == self.total:
            return {}
        for refund in self.refunds:
            for place, count in refund.pieces:
                found[sale.items[place][0].rate] -= sale.price_of(place) * count
            found[sale.shipping_rate] -= sale.shipping if refund.shipping else Decimal(0)
        return {rate: amount for rate, amount in found.items() if amount}

    def as_it_stands(self, platform: str) -> Sale:
        """Return the order in the form that the demonstration's payloads take."""
        return replace(self.sale, platform=platform, updated_at=self.updated_at)

    def pay(self, seconds: int) -> None:
        """Pay it, so long after it was placed."""
        self.updated_at = self.sale.placed_at + timedelta(seconds=seconds)
        self.sale = replace(self.sale, paid=True)

    def receive(self, amount: Decimal, at: datetime) -> None:
        """Be paid so much more of it, and not yet all."""
        self.received, self.updated_at = self.received + amount, at

    def cancel(self, at: datetime) -> None:
        """Call it off."""
        self.cancelled, self.updated_at = True, at

    def delete(self, at: datetime) -> None:
        """Put it into the bin."""
        self.deleted, self.updated_at = True, at

    def edit(self, items: tuple[tuple[Product, int], ...], at: datetime) -> None:
        """Sell something else: the same goods in the same places, in other quantities, 0 for a line that is gone."""
        if self.placed_total is None:
            self.placed_total = self.total
        before, kept = self.sale.items, self.ordered or self.sale.items
        grown = [max(count - (before[place][1] if place < len(before) else 0), 0)
                 for place, (_, count) in enumerate(items)]  # fmt: skip
        whole = [(product, (kept[place][1] if place < len(kept) else 0) + grown[place])
                 for place, (product, _) in enumerate(items)]  # fmt: skip
        self.ordered = (*whole, *kept[len(items) :])
        self.sale, self.updated_at = replace(self.sale, items=items), at

    def give_back(self, refund: GivenBack) -> None:
        """Give something back."""
        self.refunds.append(refund)
        self.updated_at = refund.at


def tax_in(gross: Decimal, rate: Decimal) -> Decimal:
    """Return the tax in a gross amount, as shops round it."""
    return (gross * rate / (100 + rate)).quantize(CENT)
