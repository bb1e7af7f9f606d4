"""What a file comes to, before anything of it is taken in: what cannot be read, what is new, what is never invoiced."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from decimal import Decimal
from typing import BinaryIO, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from invoicing.capture import reader_settings
from invoicing.importing.documents import Document, documents
from invoicing.models import Connection, Delivery, Order
from invoicing.storefronts import PLATFORMS, Identity, Unreadable
from invoicing.storefronts.files import identity
from invoicing.storefronts.payload import clean
from invoicing.values import Reading

AT_ONCE = 100
MOST_FAULTS = 20
LONGEST_REASON = 300


class Found(NamedTuple):
    """A document that may be taken in: its identity as a delivery, and what it says."""

    identity: Identity
    reading: Reading


class Fault(msgspec.Struct, frozen=True):
    """Where a document is, and why it cannot be taken in."""

    place: str
    reason: str


class Month(msgspec.Struct, frozen=True):
    """The orders of a month (by the day they were placed, in the company's zone) and a currency."""

    month: str
    currency: str
    orders: int
    before: int
    """Those placed before the moment from which the connection invoices."""
    total: Decimal


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What a file comes to. An order that has several documents is one, as its newest version says it."""

    documents: int
    bad: int
    faults: tuple[Fault, ...]
    """The first of the bad ones."""
    new: int
    known: int
    """Documents that are deliveries already, or come again in the file."""
    refunds: int
    """Documents that tell of a refund and not of its order."""
    orders: int
    known_orders: int
    before: int
    months: tuple[Month, ...]


def read(connection: Connection, document: Document, topic: str) -> Found:
    """Read a document as `capture` will.

    :raises Unreadable: saying what is wrong with it.
    """
    if document.fault:
        raise Unreadable(document.fault)
    found = identity(connection.platform, document.body, topic)
    # Without a moment of arrival: what bears no date of its own would be newer than all that is known.
    settings = reader_settings(connection, None)
    reading = PLATFORMS[connection.platform].read(document.body, found.topic, settings)
    if reading is None:
        raise Unreadable(f"it tells of no order (topic {found.topic!r})")
    if reading.content is None and reading.refund is None:
        raise Unreadable("it only names an order, and says nothing of it: reconcile_orders asks the shop")
    return Found(found, reading)


def look(connection: Connection, file: BinaryIO, *, topic: str, at: Callable[[int], object]) -> Looked:
    """Read all documents of a file and count what they come to; memory does not grow with their number."""
    seen, bad, faults, good = 0, 0, [], []
    with closing(sqlite3.connect("")) as paper:  # in a nameless file that is gone at the end
        tally = _Tally(connection, paper)
        for document in documents(file):
            seen += 1
            try:
                good.append(read(connection, document, topic))
            except Unreadable as error:
                bad += 1
                if bad <= MOST_FAULTS:
                    faults.append(Fault(document.place, clean(str(error))[:LONGEST_REASON]))
            if len(good) == AT_ONCE:
                tally.add(good)
                good.clear()
                at(seen)
        tally.add(good)
        months = tally.months()
        known_orders = tally.known_orders()
    return Looked(
        documents=seen,
        bad=bad,
        faults=tuple(faults),
        new=tally.new,
        known=seen - bad - tally.new,
        refunds=tally.refunds,
        orders=sum(month.orders for month in months),
        known_orders=known_orders,
        before=sum(month.before for month in months),
        months=months,
    )


class _Tally:
    """Counts on SQLite's paper, which may hold more than memory does."""

    def __init__(self, connection: Connection, paper: sqlite3.Connection) -> None:
        self._connection, self._paper = connection, paper
        self._zone = ZoneInfo(connection.company.zone)
        self.new = self.refunds = 0
        paper.execute("CREATE TABLE delivery (key TEXT PRIMARY KEY) WITHOUT ROWID")
        paper.execute(
            "CREATE TABLE sold (identity TEXT PRIMARY KEY, version REAL, known INTEGER, month TEXT, currency TEXT, "
            "before INTEGER, total TEXT) WITHOUT ROWID"
        )

    def add(self, found: Sequence[Found]) -> None:
        """Count some documents."""
        deliveries = Delivery.objects.filter(connection=self._connection)
        keys = deliveries.filter(delivery_key__in=[each.identity.delivery_key for each in found])
        here = set(keys.values_list("delivery_key", flat=True))
        orders = Order.objects.filter(connection=self._connection)
        named = orders.filter(external_id__in=[each.reading.external_id for each in found])
        ours = set(named.values_list("external_id", flat=True))
        for each in found:
            key = each.identity.delivery_key
            first = self._paper.execute("INSERT OR IGNORE INTO delivery VALUES (?)", [key]).rowcount == 1
            self.new += first and key not in here
            self._sold(each.reading, known=each.reading.external_id in ours)

    def _sold(self, reading: Reading, *, known: bool) -> None:
        content, start = reading.content, self._connection.invoice_from
        if content is None:
            self.refunds += 1
            return
        self._paper.execute(
            "INSERT INTO sold VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (identity) DO UPDATE SET "
            "version = excluded.version, month = excluded.month, currency = excluded.currency, "
            "before = excluded.before, total = excluded.total WHERE excluded.version >= version",
            [
                reading.external_id, reading.updated_at.timestamp(), known,
                f"{content.placed_at.astimezone(self._zone):%Y-%m}", content.currency,
                start is not None and content.placed_at < start, str(content.total),
            ],
        )  # fmt: skip

    def known_orders(self) -> int:
        """Return how many of the orders are here already."""
        [[count]] = self._paper.execute("SELECT count(*) FROM sold WHERE known")
        return int(count)

    def months(self) -> tuple[Month, ...]:
        """Return the orders of each month and currency, the oldest first."""
        sums: dict[tuple[str, str], Month] = {}
        rows = self._paper.execute("SELECT month, currency, before, total FROM sold ORDER BY month, currency")
        for month, currency, before, total in rows:
            so_far = sums.get((month, currency)) or Month(month, currency, 0, 0, Decimal(0))
            sums[month, currency] = Month(
                month, currency, so_far.orders + 1, so_far.before + before, so_far.total + Decimal(total)
            )
        return tuple(sums.values())
