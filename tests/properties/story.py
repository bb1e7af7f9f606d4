"""A life with all that was told of it, and what the same life comes to when it is told as it happened.

Left out of the comparison, because it cannot hold:

- Where more went back than the order cost, which refund waits for a person depends on which came first. Somebody is
  asked in every order.
- Whether an edit of goods that had been given back asks a person depends on which version was known first. Whoever
  is not asked has the shop's own total.
- Money given back without saying for what is spread by what was sold when it was corrected, and an edit may be known
  by then or not; so may the lines of a refund whose total came first, from a shop that may not be asked. And an edit
  beside refunds may leave a cent between base and tax. There totals are compared, and not each rate.
- Of an order that is paid in part, by how much each rate was invoiced: that depends on which of its parts were told
  before the next. Once it is paid whole nothing is left of that.
- No rate comes to more than the shop's own figures leave of it: to as much, where no money went back without saying
  for what. Prices without tax and discounts on the whole order are rounded here, not there: a cent a line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Protocol

from invoicing.balance import Amounts, Kind
from tests.properties.book import Book
from tests.properties.life import Dice, Life
from tests.properties.telling import Told, asked, webhooks

LAST = timedelta(days=1)
BY_PERSON = ("correction_needed", "tax_increase_barred", "advance_exceeds")
IN_PART = ("partial_payment", "advance_exempt", "refund_exceeds")
"""What may hold an order that is paid in part."""


class Outcome(Protocol):
    """What became of an order, with or without a database."""

    @property
    def held(self) -> str:
        """The code of the hold that stands, empty for none."""
        ...

    @property
    def net(self) -> Mapping[Kind, Amounts]:
        """What its documents come to."""
        ...

    @property
    def paid(self) -> Mapping[Decimal, Decimal]:
        """The same as the buyer paid it, by rate: with the tax of another state."""
        ...

    @property
    def guessed(self) -> set[str]:
        """Refunds corrected while no more than their total was known."""
        ...


@dataclass
class Story:
    """A life, and after each thing that happened what was sent and what the shop would have said."""

    life: Life
    chapters: list[tuple[list[Told], Told]] = field(default_factory=list)

    def goes_on(self, dice: Dice, after: int) -> list[Told]:
        """Have something happen, and return what is sent of it."""
        return self.happens(dice.one_of(self.life.options()), dice, after)

    def happens(self, what: str, dice: Dice, after: int) -> list[Told]:
        """Have this happen, and return what is sent of it."""
        self.life.happen(what, dice, timedelta(seconds=after))
        return self.tells(what)

    def tells(self, what: str) -> list[Told]:
        """Write down what is sent of the last thing that happened."""
        told = webhooks(self.life, what)
        self.chapters.append((told, asked(self.life, self.life.order.updated_at)))
        return told

    def at_last(self) -> Told:
        """Return what the shop says when all is over."""
        return asked(self.life, self.life.order.updated_at + LAST)

    def orderly(self, *, judging: bool) -> Book:
        """Tell it as it happened; with `judging` all that is to be issued is issued before the next thing happens."""
        book = Book(self.life.shape.pulls, self.life.shape.parts)
        for told, now in self.chapters:
            asks = [book.captures(each) for each in told]
            if any(asks):
                book.captures(now)
            if judging:
                book.settles()
        book.captures(self.at_last())
        return book.settles()

    def compare(self, found: Outcome) -> None:
        """Hold what became of it against the orderly telling and against what the shop itself says."""
        life, orderly = self.life, self.orderly(judging=True)
        shown = f"{life}: {_shown(found)}, in order {_shown(orderly)}, the shop says {life.truth}"
        if life.over:
            over = life.order.sale.paid and not life.order.cancelled
            assert not over or "refund_exceeds" in (found.held, orderly.held), shown
            return
        if life.in_part:  # by total: the cents of each rate depend on how many of the parts were seen one by one
            for each in (found, orderly):
                assert each.held in ("", *BY_PERSON, *IN_PART), shown
                received = sum(each.paid.values(), Decimal(0)) + life.order.given_back
                assert each.held or received == life.order.received, shown
            return
        for each in (found, orderly):
            assert each.held in ("", *BY_PERSON), shown
            assert each.held or sum(each.paid.values(), Decimal(0)) == life.truth, shown
            if not (each.held or each.guessed or life.silent):
                most, cents = life.most_by_rate, life.cents_between_rates
                for rate in {*each.paid, *most}:
                    beyond = each.paid.get(rate, Decimal(0)) - most.get(rate, Decimal(0))
                    assert beyond <= cents, f"{shown}; at {rate} % {beyond} too much of {most}"
        assert not (life.shape.pulls and found.guessed), shown
        by_total = (life.order.ordered and life.order.refunds) or found.guessed != orderly.guessed
        if not (found.held or orderly.held or by_total):
            assert dict(found.net) == dict(orderly.net), shown


def _shown(outcome: Outcome) -> str:
    net = ", ".join(
        f"{kind.charged} %: {amounts.base} + {amounts.tax + amounts.foreign}" for kind, amounts in outcome.net.items()
    )
    return f"[{outcome.held or net or Decimal(0)}]"
