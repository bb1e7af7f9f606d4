"""An order's life as its shop lives it: what may happen to it next, on which platform, and what is then true.

The truth is the shop's own: what it sold less what it gave back (tests/shops_standin/sold.py). Currencies other than
the euro and taxes of other countries would be further fields of `Shape`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from config.demo.catalogue import Product
from config.demo.payloads import Buyer, Sale
from tests.shops_standin.sold import GivenBack, Sold

PLACED = datetime.fromisoformat("2026-11-02T09:00:00+00:00")
EDITED = ("shopify", "woocommerce", "prestashop", "bigcommerce", "api", "generic")
"""Platforms on which an order can be changed after it was placed; Magento makes a new one, Stripe's are final."""
CANCELLED = (*EDITED, "magento")
BEFORE_PAYMENT = ("woocommerce", "prestashop", "api", "generic")
"""Those that can tell of a refund before they tell of a payment; with the others a refund means that it was paid."""
NET = ("woocommerce", "api", "generic")
"""Those whose prices may be without tax here."""
HINTS_ONLY = ("prestashop", "magento", "stripe", "bigcommerce")
"""Those whose webhooks only name the order: the shop must be asked."""
OWN = ("api", "generic")
"""Our own formats: there is nobody to ask."""
PLATFORMS = ("shopify", "woocommerce", "prestashop", "magento", "stripe", "bigcommerce", "api", "generic")

LUCIA = Buyer("Lucía", "Ferrer", "Calle de la Palma 18", "28004", "Madrid", "M", "Madrid")
BUYERS = (
    LUCIA,
    replace(LUCIA, nif="12345678Z"),
    replace(LUCIA, first="Jordi", last="Soler", company="Ferretería Soler SL", nif="B12345674"),
    replace(LUCIA, first="Jordi", last="Soler", company="Ferretería Soler SL", nif="B12345674", street="Plaza Mayor 1"),
)


@dataclass(frozen=True)
class Shape:
    """What does not change in an order's life."""

    platform: str
    pulls: bool
    """Whether the shop may be asked."""
    net: bool
    """Whether prices are without tax."""
    assortment: tuple[Product, ...]
    """The goods, each in its place on the order; those at the end may be added later."""


@dataclass(repr=False)
class Life:
    """An order with everything that has happened to it so far."""

    shape: Shape
    order: Sold
    began: datetime
    happened: list[str] = field(default_factory=list)

    @classmethod
    def placed(cls, shape: Shape, number: int, counts: tuple[int, ...], shipping: Decimal, at: datetime) -> "Life":
        """Place an order for the first goods of the assortment."""
        items = tuple(zip(shape.assortment, counts, strict=False))
        sale = Sale(
            platform=shape.platform, id=number, number=f"#{number}", buyer=LUCIA, items=items, shipping=shipping,
            placed_at=at, paid=False,
        )  # fmt: skip
        return cls(shape, Sold(sale, at), at)

    def __repr__(self) -> str:
        shape, items = (
            self.shape,
            " + ".join(f"{count} x {p.price} at {p.rate} %" for p, count in self.order.sale.items),
        )
        how = f"{'pulled' if shape.pulls else 'told'}{', net' if shape.net else ''}"
        return f"{shape.platform} ({how}): {items}, shipping {self.order.sale.shipping}; {', '.join(self.happened)}"

    @property
    def truth(self) -> Decimal:
        """What the shop sold less what it gave back, once it was paid; nothing where it was called off."""
        if self.order.cancelled or not self.order.sale.paid:
            return Decimal(0)
        return self.order.total - self.order.given_back

    @property
    def over(self) -> bool:
        """Whether more went back than the order cost: a shop's mistake, which a person must look at."""
        return self.order.given_back > self.order.total

    def left(self) -> list[int]:
        """Return of each line how many pieces have not gone back."""
        back = [0] * len(self.order.sale.items)
        for refund in self.order.refunds:
            for place, count in refund.pieces:
                back[place] += count
        return [count - back[place] for place, (_, count) in enumerate(self.order.sale.items)]

    def options(self) -> list[str]:
        """Return what may happen next."""
        order, found = self.order, ["touch"]
        if not order.sale.paid and not order.cancelled:
            found += ["pay", "pay"]
        left = order.total - order.given_back
        if left > 0 and (order.sale.paid or self.shape.platform in BEFORE_PAYMENT):
            found += ["pieces", "pieces", "money", "everything", "shipping"]
        if self.shape.platform in EDITED and not order.cancelled:
            found += ["more", "less", "add", "drop"]
        if self.shape.platform != "stripe" and not order.cancelled:
            found += ["buyer"]
        if self.shape.platform in CANCELLED and not order.cancelled:
            found += ["cancel"]
        return found

    def happen(self, what: str, dice: "Dice", after: timedelta) -> None:
        """Have something happen, some time after what happened last."""
        order, at = self.order, self.order.updated_at + after
        self.happened.append(what)
        match what:
            case "touch":
                order.updated_at = at
            case "pay":
                order.sale, order.updated_at = replace(order.sale, paid=True), at
            case "cancel":
                order.cancel(at)
            case "buyer":
                order.sale, order.updated_at = replace(order.sale, buyer=dice.one_of(BUYERS)), at
            case "pieces" | "money" | "everything" | "shipping":
                self._give_back(what, dice, at)
            case _:
                self._edit(what, dice, at)

    def _give_back(self, what: str, dice: "Dice", at: datetime) -> None:
        order, left = self.order, self.left()
        rest = order.total - order.given_back
        shipping = order.sale.shipping > 0 and not any(refund.shipping for refund in order.refunds)
        refund = GivenBack(order.sale.id * 10 + len(order.refunds), at)
        if what == "everything":
            pieces = tuple((place, count) for place, count in enumerate(left) if count)
            refund = replace(refund, pieces=pieces, shipping=shipping)
            refund = replace(refund, money=max(rest - refund.amount(order.sale), Decimal(0)))
        elif what == "pieces" and any(left):
            place = dice.one_of([place for place, count in enumerate(left) if count])
            refund = replace(refund, pieces=((place, dice.up_to(left[place])),))
        elif what == "shipping" and shipping:
            refund = replace(refund, shipping=True)
        if what in ("pieces", "shipping") and dice.up_to(4) == 1:
            refund = replace(refund, money=Decimal("0.37"))
        if what == "money" or not refund.amount(order.sale):
            refund = replace(refund, money=dice.cents(rest))
        if refund.amount(order.sale) > rest:  # more money went back before: of these pieces goes what is left
            refund = GivenBack(refund.id, at, money=rest)
        order.give_back(refund)

    def _edit(self, what: str, dice: "Dice", at: datetime) -> None:
        items, left = list(self.order.sale.items), self.left()
        place = len(items) - 1
        back = max(self.order.given_back, Decimal("0.01"))
        if what == "more":
            place = dice.up_to(len(items)) - 1
            items[place] = (items[place][0], items[place][1] + 1)
        elif what == "less" and (fewer := [place for place, count in enumerate(left) if count and items[place][1] > 1]):
            place = dice.one_of(fewer)
            items[place] = (items[place][0], items[place][1] - 1)
        elif what == "add" and len(items) < len(self.shape.assortment):
            items.append((self.shape.assortment[len(items)], dice.up_to(2)))
        elif what == "drop" and place and left[place] == items[place][1]:
            items.pop()
        total = sum((product.price * count for product, count in items), self.order.sale.shipping)
        if total < back or tuple(items) == self.order.sale.items:
            self.order.updated_at = at
        else:
            self.order.edit(tuple(items), at)


class Dice:
    """Choices that hypothesis makes, so that it can make them simpler."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def up_to(self, most: int) -> int:
        """Return a count of at least one."""
        return self._data.draw(st.integers(1, most))

    def one_of(self, options: Sequence[Any]) -> Any:
        """Return one of them."""
        return self._data.draw(st.sampled_from(options))

    def cents(self, most: Decimal) -> Decimal:
        """Return an amount of at least a cent."""
        return Decimal(self._data.draw(st.integers(1, int(most * 100)))) / 100


PRICES = st.one_of(
    st.sampled_from(("12.10", "11.00", "0.00", "9.99", "19.95")),
    st.integers(13, 9000).map(lambda cents: f"{Decimal(cents) / 100:.2f}"),
)
"""Something free, or dear enough that its tax is a cent: a line without tax is for a person (fiscal-policy.md)."""


@st.composite
def shapes(draw: st.DrawFn, platforms: tuple[str, ...] = PLATFORMS) -> Shape:
    """Draw the shop and the goods."""
    platform = draw(st.sampled_from(platforms))
    pulls = platform in HINTS_ONLY or (platform not in OWN and draw(st.booleans()))
    # Stripe's events name no rate; of the tax of a few cents nobody can tell which one it was.
    least = Decimal(1) if platform == "stripe" else Decimal(0)
    assortment = tuple(
        Product(f"P{place}", f"Género {place}", Decimal(draw(PRICES)) + (least if place else Decimal(1)),
                Decimal(draw(st.sampled_from(("21", "10", "4")))))
        for place in range(4)
    )  # fmt: skip
    return Shape(platform, pulls, platform in NET and draw(st.booleans()), assortment)


@st.composite
def lives(draw: st.DrawFn, platforms: tuple[str, ...] = PLATFORMS, number: int = 4001, at: datetime = PLACED) -> Life:
    """Draw an order that was just placed."""
    counts = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=3)))
    shipping = Decimal(draw(st.sampled_from(("0.00", "4.95", "6.05"))))
    return Life.placed(draw(shapes(platforms)), number, counts, shipping, at)
