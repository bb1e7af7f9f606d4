"""An order's life as its shop lives it: what may happen to it next, on which platform, and what is then true.

The truth is the shop's own: what it sold less what it gave back (tests/shops_standin/sold.py), also where the tax is
another member state's (OSS), where there is none, and where the buyer paid in another currency.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from config.demo.payloads import Sale
from tests.properties.shapes import (
    BEFORE_PAYMENT,
    CANCELLED,
    DELETED,
    EDITED,
    IN_PARTS,
    PLATFORMS,
    Shape,
    shapes,
)
from tests.shops_standin.sold import GivenBack, Sold

PLACED = datetime.fromisoformat("2026-11-02T09:00:00+00:00")


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
            platform=shape.platform, id=number, number=f"#{number}", buyer=shape.destination.buyers[0], items=items,
            shipping=shipping, placed_at=at, paid=False, taxed=bool(shape.destination.rates),
            shipping_rate=shape.shipping_rate, discounts=shape.discounts,
        )  # fmt: skip
        return cls(shape, Sold(sale, at, shown=shape.shown, whole=shape.whole, credit_notes=shape.credit_notes), at)

    def __repr__(self) -> str:
        shape, sale = self.shape, self.order.sale
        items = " + ".join(
            f"{count} x {product.price}{f' - {off}' if (off := sale.off(place)) else ''} at {product.rate} %"
            for place, (product, count) in enumerate(sale.items)
        )
        how = ["pulled" if shape.pulls else "told", sale.buyer.country, *(["net"] if shape.net else [])]
        how += [f"in {shape.shown[0]} at {shape.shown[1]}"] if shape.shown else []
        how += ["credit notes"] if shape.credit_notes else []
        how += ["discount on the whole"] if shape.whole else []
        how += ["parts invoiced"] if shape.parts else []
        shipping = f"shipping {sale.shipping} at {sale.shipping_rate} %"
        return f"{shape.platform} ({', '.join(how)}): {items}, {shipping}; {', '.join(self.happened)}"

    @property
    def truth(self) -> Decimal:
        """What the shop sold less what it gave back, once it was paid; nothing where it was called off."""
        if self.order.cancelled or self.order.deleted or not self.order.sale.paid:
            return Decimal(0)
        return self.order.total - self.order.given_back

    @property
    def in_part(self) -> bool:
        """Whether it is paid in part, and neither whole nor called off."""
        order = self.order
        return bool(order.received) and not (order.sale.paid or order.cancelled or order.deleted)

    @property
    def most_by_rate(self) -> dict[Decimal, Decimal]:
        """The same by rate, tax included; where money went back without saying for what, no rate has more than that."""
        return self.order.left_by_rate if self.truth else {}

    @property
    def silent(self) -> bool:
        """Whether the shop says of no refund what it was for: Stripe's have lines in credit notes alone."""
        return self.shape.platform == "stripe" and not self.shape.credit_notes and bool(self.order.refunds)

    @property
    def cents_between_rates(self) -> Decimal:
        """By how much the rates may differ from the shop's, whose sum may not: what has to be rounded line by line."""
        rounded = self.shape.net or self.shape.whole
        return Decimal("0.01") * (len(self.order.sale.items) + 1) if rounded else Decimal(0)

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
        if order.deleted:
            return found
        if not order.sale.paid and not order.cancelled:
            found += ["pay", "pay"]
            if self.shape.platform in IN_PARTS and (order.received or not order.refunds):
                found += ["part", "part"]
        left = (order.received if self.in_part else order.total) - order.given_back
        if left > 0 and (order.sale.paid or self.shape.platform in BEFORE_PAYMENT):
            found += ["pieces", "pieces", "money", "everything", "shipping"]
        if self.shape.platform in EDITED and not order.cancelled:
            found += ["more", "less", "add", "drop"]
        if self.shape.platform != "stripe" and not order.cancelled:
            found += ["buyer"]
        if self.shape.platform in CANCELLED and not order.cancelled:
            found += ["cancel"]
        if self.shape.platform in DELETED:
            found += ["delete"]
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
            case "part":
                rest = order.total - order.received
                if rest > Decimal("0.01"):
                    order.receive(dice.cents(rest - Decimal("0.01")), at)
            case "cancel":
                order.cancel(at)
            case "delete":
                order.delete(at)
            case "buyer":
                order.sale, order.updated_at = replace(order.sale, buyer=dice.one_of(self.shape.destination.buyers)), at
            case "pieces" | "money" | "everything" | "shipping":
                self._give_back(what, dice, at)
            case _:
                self._edit(what, dice, at)

    def _give_back(self, what: str, dice: "Dice", at: datetime) -> None:
        order, left = self.order, self.left()
        rest = (order.received if self.in_part else order.total) - order.given_back
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
        if what in ("pieces", "shipping") and dice.up_to(4) == 3:
            refund = replace(refund, money=Decimal("0.37"))
        if what == "money" or not refund.amount(order.sale):
            refund = replace(refund, money=dice.cents(rest))
        if refund.amount(order.sale) > rest:  # more money went back before: of these pieces goes what is left
            refund = GivenBack(refund.id, at, money=rest)
        order.give_back(refund)

    def _edit(self, what: str, dice: "Dice", at: datetime) -> None:
        items, left = list(self.order.sale.items), self.left()
        place = len(items) - 1
        back = max(self.order.given_back, self.order.received + Decimal("0.01"))
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
        total = self.order.worth(tuple(items))
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


@st.composite
def lives(draw: st.DrawFn, platforms: tuple[str, ...] = PLATFORMS, number: int = 4001, at: datetime = PLACED) -> Life:
    """Draw an order that was just placed."""
    counts = tuple(draw(st.lists(st.integers(1, 3), min_size=draw(st.integers(1, 2)), max_size=3)))
    shipping = Decimal(draw(st.sampled_from(("0.00", "4.95", "6.05"))))
    return Life.placed(draw(shapes(platforms)), number, counts, shipping, at)
