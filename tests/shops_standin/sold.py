"""What a stand-in shop sold and gave back: the truth that the books are held against.

Figures come from here alone: amounts paid are price times quantity, and nothing of the product is asked.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

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
        lines = sum((sale.items[index][0].price * count for index, count in self.pieces), Decimal(0))
        return lines + (sale.shipping if self.shipping else Decimal(0)) + self.money


@dataclass
class Sold:
    """One order of the shop as it is now, and when it last changed."""

    sale: Sale
    updated_at: datetime
    refunds: list[GivenBack] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.sale.id)

    @property
    def total(self) -> Decimal:
        """What the buyer paid, tax included."""
        return sum((product.price * count for product, count in self.sale.items), self.sale.shipping)

    @property
    def given_back(self) -> Decimal:
        return sum((refund.amount(self.sale) for refund in self.refunds), Decimal(0))

    def as_it_stands(self, platform: str) -> Sale:
        """Return the order in the form that the demonstration's payloads take."""
        return replace(self.sale, platform=platform, updated_at=self.updated_at)

    def pay(self, seconds: int) -> None:
        """Pay it, so long after it was placed."""
        self.updated_at = self.sale.placed_at + timedelta(seconds=seconds)
        self.sale = replace(self.sale, paid=True)

    def give_back(self, refund: GivenBack) -> None:
        """Give something back."""
        self.refunds.append(refund)
        self.updated_at = refund.at


def tax_in(gross: Decimal, rate: Decimal) -> Decimal:
    """Return the tax in a gross amount, as shops round it."""
    return (gross * rate / (100 + rate)).quantize(CENT)
