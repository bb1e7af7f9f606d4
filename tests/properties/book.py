"""The books of one order without a database: deliveries ranked as capture does, documents issued one by one."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import msgspec

from invoicing import capture
from invoicing.balance import Amounts, Kind
from invoicing.issued import Issued, IssuedDocument, figures
from invoicing.policy import ConnectionPolicy, Decision, decide, matters
from invoicing.storefronts import PLATFORMS, PULLED, ReaderSettings
from invoicing.taxes import TaxPolicy
from invoicing.values import OrderContent, Refund, Wanted
from tests.invoicing.orders import RETAIL_SHOP
from tests.properties.telling import Told

TODAY = date(2026, 11, 30)
TAXES = TaxPolicy(oss_from=date(2026, 1, 1))
CONNECTION = ConnectionPolicy(
    invoice_from=datetime.fromisoformat("2026-10-01T00:00:00+00:00"), other_invoicing="reference_only"
)
MOST_DOCUMENTS = 60


@dataclass
class Version:
    """A snapshot: an order's version, or a refund that came alone."""

    number: int
    order: OrderContent | None
    refund: Refund | None
    state: str = "captured"


@dataclass
class Book:
    """One order, from its deliveries to its documents."""

    pulls: bool
    parts: bool = False
    """Whether what is received before the rest has invoices of its own."""
    versions: list[Version] = field(default_factory=list)
    current: Version | None = None
    ranked: Any = field(default_factory=lambda: SimpleNamespace(platform_version=None, triggered_at=None))
    documents: list[IssuedDocument] = field(default_factory=list)
    made_from: list[int] = field(default_factory=list)
    guessed: set[str] = field(default_factory=set)
    """Refunds that were corrected while no more than their total was known."""
    last: Decision | None = None
    asking: bool = False
    """Whether the shop is being asked for what a version of Stripe's left out: that version starts no decision."""

    def captures(self, told: Told) -> bool:
        """Take in a delivery as capture does; return whether the shop is to be asked."""
        pulled = told.topic == PULLED
        reading = PLATFORMS[told.platform].read(told.body, told.topic, ReaderSettings(received_at=told.received_at))
        if reading is None:
            return False
        reading = capture.whole(reading) if pulled else reading
        fetch = self.pulls and not pulled and reading.fetch is not None
        if reading.content is None and reading.refund is None:
            return fetch
        delivery: Any = told
        tied = self.pulls and not pulled and capture._tied(self.ranked, reading, delivery)
        older = capture._older(self.ranked, reading, delivery)
        version = Version(len(self.versions) + 1, reading.content, reading.refund)
        if reading.content is None:
            news = all(other.refund != reading.refund for other in self.versions)
        else:
            news = not older and (self.current is None or self.current.order != reading.content)
        version.state = "captured" if news else "ignored"
        if told.platform == "stripe" and (news or pulled):
            self.asking = fetch
        self.versions.append(version)
        if reading.content and not older:
            self.ranked.platform_version, self.ranked.triggered_at = reading.updated_at, told.triggered_at
            self.current = version if news else self.current
        return fetch or (tied and news)

    @property
    def content(self) -> OrderContent | None:
        """The order as it stands."""
        return self._merged(self.current, "captured", "processed", "superseded") if self.current else None

    def _merged(self, version: Version, *states: str) -> OrderContent:
        assert version.order
        alone = [each.refund for each in self.versions if each.refund and each.state in states]
        return capture.with_refunds(version.order, alone)

    @property
    def issued(self) -> Issued:
        """What deciding.issued_for says."""
        processed = [each for each in self.versions if each.order and each.state == "processed"]
        settled = processed[-1] if processed else None
        return Issued(
            documents=tuple(self.documents),
            settled=self._merged(settled, "processed") if settled else None,
            unsettled=tuple(
                each.order
                for each in self.versions
                if each.order and each.number in self.made_from and each.number > (settled.number if settled else 0)
            ),
            versions=tuple(self.made_from),
        )

    def turn(self) -> bool:
        """Decide once, and issue what is asked for; return whether the question is to be asked again."""
        content, current = self.content, self.current
        if content is None or current is None or self.asking:
            return False
        if not matters(content, invoiced=any(document.purpose in ("sale", "advance") for document in self.documents)):
            return False
        decision = decide(
            content, company=RETAIL_SHOP, issued=self.issued, today=TODAY, version=current.number,
            connection=self._connection, taxes=TAXES,
        )  # fmt: skip
        self.last = decision
        if decision.document:
            self._keep(decision.document, current, content, more=decision.more)
            assert len(self.documents) < MOST_DOCUMENTS, "documents without end"
            return decision.more
        if decision.action == "nothing":
            for version in self.versions:
                if version.number <= current.number and version.state == "captured":
                    version.state = "processed"
        return False

    @property
    def _connection(self) -> ConnectionPolicy:
        parts = "invoice" if self.parts else "hold"
        return msgspec.structs.replace(CONNECTION, asks=self.pulls, part_payments=parts)

    def settles(self) -> "Book":
        """Decide until there is nothing left to do, or a person must look."""
        while self.turn():
            pass
        return self

    @property
    def held(self) -> str:
        """The code of the hold that stands now, empty for none."""
        return self.last.hold.code if self.last and self.last.hold else ""

    def _keep(self, wanted: Wanted, current: Version, content: OrderContent, *, more: bool) -> None:
        if wanted.purpose == "refund" and any(
            each.external_id == wanted.key and not each.detailed for each in content.refunds
        ):
            self.guessed.add(wanted.key)
        number = len(self.documents) + 1
        self.documents.append(
            IssuedDocument(
                id=UUID(int=number), purpose=wanted.purpose, key=wanted.key, tipo=wanted.tipo, method=wanted.method,
                nif="B12345674", num_serie=f"X-{number}", issue_date=TODAY, shares=wanted.priced.shares,
                mentions=wanted.priced.mentions, recipient=wanted.recipient, rectifies=wanted.rectifies,
                substitutes=wanted.substitutes, exchange=wanted.priced.exchange, foreign=wanted.priced.foreign,
            )
        )  # fmt: skip
        self.made_from.append(current.number)
        for version in self.versions:
            if version.order and version is not current and version.state == "captured":
                version.state = "superseded"
        if not more and current.state == "captured":
            current.state = "processed"
        sums = [share.base + (share.tax or 0) + (share.surcharge or 0) for share in wanted.priced.shares]
        assert sum(sums, Decimal(0)) == wanted.priced.total, wanted
        assert sum((line.gross for line in wanted.priced.lines), Decimal(0)) == wanted.priced.paid, wanted
        self.check()

    def check(self) -> None:
        """No document twice, and no correction beyond what it corrects, per rate and in total."""
        names = [(document.purpose, document.key) for document in self.documents]
        assert len(names) == len(set(names)), names
        for kind, amounts in self.net.items():
            assert min(amounts.gross, amounts.base, amounts.tax) >= 0, (kind.rate, amounts)

    @property
    def net(self) -> dict[Kind, Amounts]:
        """What stands, by rate."""
        return figures(self.issued.in_force)

    @property
    def paid(self) -> dict[Decimal, Decimal]:
        """What stands as the buyer paid it."""
        return paid_by_rate(self.issued)


def paid_by_rate(issued: Issued) -> dict[Decimal, Decimal]:
    """Return what the documents in force come to, tax included, by the rate charged: also that of another state."""
    found: dict[Decimal, Decimal] = {}
    for document in issued.in_force:
        rows = [(share.rate or Decimal(0), share.base + (share.tax or 0)) for share in document.shares]
        rows += [(Decimal(0), -each.base) for each in document.foreign]  # within the row of what is not subject
        rows += [(each.rate, each.base + each.tax) for each in document.foreign]
        for rate, amount in rows:
            found[rate] = found.get(rate, Decimal(0)) + amount
    return {rate: amount for rate, amount in found.items() if amount}
