"""What is issued for an order so far, as deciding looks at it. Pure."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from uuid import UUID

import msgspec

from invoicing.balance import Amounts, Balance, Kind, balance, plus
from invoicing.values import Exchange, ForeignTax, OrderContent, Party, Referred, TaxShare

SOLD = ("advance", "sale", "addition", "edit", "amount")
"""Purposes of the documents that together say what was sold, or received for it in advance; the others give it back,
or say the same once more."""
RESTATING = ("recipient", "exchange", "exchange_reversal")
"""Purposes of those that say again, for another recipient, what stands."""


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """Euros that change what is paid and not the invoice's total (FAQ 20): kept back, advanced for him, received."""

    withholding: Decimal = Decimal(0)
    withholding_rate: Decimal | None = None
    outlays: Decimal = Decimal(0)
    advances: Decimal = Decimal(0)


class IssuedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice in force (not annulled); `id` is None for one that was issued elsewhere."""

    id: UUID | None
    purpose: str
    key: str = ""
    tipo: str
    method: str = ""
    nif: str
    num_serie: str
    issue_date: date
    shares: tuple[TaxShare, ...]
    mentions: tuple[str, ...] = ()
    recipient: Party | None = None
    qualified: bool = False
    email: str = ""
    language: str = "es"
    rectifies: tuple[Referred, ...] = ()
    substitutes: tuple[Referred, ...] = ()
    exchange: Exchange | None = None
    foreign: tuple[ForeignTax, ...] = ()
    beside: Beside = Beside()

    @property
    def total(self) -> Decimal:
        """What the document comes to (ImporteTotal)."""
        return sum((share.base + (share.tax or 0) + (share.surcharge or 0) for share in self.shares), Decimal(0))

    @property
    def foreign_tax(self) -> Decimal:
        """The tax of another member state that was paid beside it."""
        return sum((each.tax for each in self.foreign), Decimal(0))

    @property
    def figures(self) -> Balance:
        """What it declares, and the tax of another member state beside that."""
        return balance(self.shares, self.foreign)

    @property
    def reference(self) -> Referred:
        """How another document names this one."""
        return Referred(invoice_id=self.id, nif=self.nif, num_serie=self.num_serie, issue_date=self.issue_date)


class ByHand(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the order whose changes a person dealt with outside, and the refunds among them."""

    version: int
    content: OrderContent
    refunds: tuple[str, ...] = ()


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """The documents of an order, oldest first, and the version that they were last brought up to."""

    documents: tuple[IssuedDocument, ...] = ()
    annulled: tuple[str, ...] = ()
    """Numbers of invoices of the order that were annulled."""
    settled: OrderContent | None = None
    """The newest version on which a decision was taken to its end, with the refunds known then."""
    unsettled: tuple[OrderContent, ...] = ()
    """The versions after that one from which documents were made, and which a newer one overtook before the end."""
    by_hand: ByHand | None = None
    """The newest version that a person settled outside; `refunds` are those of all such versions."""
    versions: tuple[int, ...] = ()
    """Of each document, the version that it was made from."""

    def of(self, *purposes: str) -> tuple[IssuedDocument, ...]:
        """Return the documents of these purposes."""
        return tuple(document for document in self.documents if document.purpose in purposes)

    def has(self, purpose: str, key: str) -> bool:
        """Return whether there is this document."""
        return any(document.purpose == purpose and document.key == key for document in self.documents)

    @property
    def sold_in(self) -> int:
        """The version that the sale's invoice was made from, 0 without one."""
        made = zip(self.documents, self.versions, strict=True) if self.versions else ()
        return next((version for document, version in made if document.purpose == "sale"), 0)

    @property
    def seen(self) -> tuple[OrderContent, ...]:
        """What the order was whenever a document or a decision followed from it, as far as that may differ now."""
        return (*((self.settled,) if self.settled else ()), *self.unsettled)

    @property
    def in_force(self) -> tuple[IssuedDocument, ...]:
        """The documents whose figures count: without those that another one stands for."""
        gone = {
            reference.num_serie
            for document in self.documents
            for reference in (*document.substitutes, *(document.rectifies if document.method == "S" else ()))
        }
        return tuple(document for document in self.documents if document.num_serie not in gone)

    @property
    def last(self) -> IssuedDocument:
        """The document that a corrective one follows: the newest in force that is not itself a difference."""
        return next(document for document in reversed(self.in_force) if _stands_alone(document))

    @property
    def half_exchanged(self) -> IssuedDocument | None:
        """The negative of an exchange after which the new one was not issued yet."""
        newest = self.documents[-1]
        return newest if newest.purpose == "exchange_reversal" else None

    @property
    def originals(self) -> tuple[Referred, ...]:
        """What a corrective document names."""
        return tuple(document.reference for document in self.in_force if _stands_alone(document))


def figures(documents: Iterable[IssuedDocument]) -> dict[Kind, Amounts]:
    """Return the sum of documents."""
    return plus(*(document.figures for document in documents))


def _stands_alone(document: IssuedDocument) -> bool:
    return document.purpose in ("advance", "sale", "addition", "recipient", "exchange")
