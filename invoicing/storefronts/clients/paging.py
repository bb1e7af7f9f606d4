"""Walk through what changed without losing an order that changes on the way.

Page numbers over a list sorted by change lose one: what changes while page 1 is read leaves its place, everything
behind it moves up, and the first of page 2 has become the last of page 1. So the walk asks anew from the last moment
that it saw, and turns pages only among orders of one same second.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import msgspec

from invoicing.storefronts.payload import Node

SECOND = timedelta(seconds=1)


class Page(msgspec.Struct, frozen=True):
    """Rows in the order of their change, and whether there are more behind them."""

    rows: list[Node]
    more: bool


def walk(
    ask: Callable[[datetime, int], Page], since: datetime, moment_of: Callable[[Node], datetime]
) -> Iterator[list[Node]]:
    """Yield the rows of each page that were not there before.

    `ask(since, page)` returns page 1, 2… of what changed at `since` or later, the oldest change first.
    """
    seen: set[tuple[str, datetime]] = set()
    number = 1
    while True:
        page = ask(since, number)
        fresh = [row for row in page.rows if (row["id"].text() or row["entity_id"].text(), moment_of(row)) not in seen]
        seen |= {(row["id"].text() or row["entity_id"].text(), moment_of(row)) for row in fresh}
        if fresh:
            yield fresh
        if not page.more or not page.rows:
            return
        last = moment_of(page.rows[-1])
        if last - SECOND > since:
            since, number = last - SECOND, 1
        else:
            number += 1
