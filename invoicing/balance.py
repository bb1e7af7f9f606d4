"""Sums of declared figures, one per way of being declared: what is sold, what was corrected, what is left. Pure.

A balance maps each `Kind` (tax, regime, qualification, rates) to its `Amounts`; documents are compared by theirs. The
row of OSS, which is one however many rates its goods bear, counts here by the rates of the consumer's state.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from invoicing.money import HUNDRED, cents
from invoicing.values import ForeignTax, TaxShare
from verifactu.codes import CalificacionOperacion, ClaveRegimenIVA

ZERO = Decimal("0.00")


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """How an amount is declared: everything of a row of the breakdown but its figures."""

    impuesto: str = "01"
    clave_regimen: str = "01"
    calificacion: str = ""
    exencion: str = ""
    rate: Decimal | None = None
    surcharge_rate: Decimal | None = None
    country: str = ""
    foreign_rate: Decimal | None = None
    """The rate of the consumer's member state (OSS), whose tax no row of a breakdown shows."""

    @property
    def charged(self) -> Decimal | None:
        """The rate that the shop knows it by."""
        return self.foreign_rate if self.rate is None else self.rate

    @property
    def percent(self) -> Decimal:
        """What the buyer pays on the base, all taxes together."""
        return (self.rate or 0) + (self.surcharge_rate or 0) + (self.foreign_rate or Decimal(0))

    @property
    def declared(self) -> "Kind":
        """The same as its row of the breakdown knows it."""
        return msgspec.structs.replace(self, country="", foreign_rate=None)

    @property
    def under_oss(self) -> bool:
        """Whether tax of another member state stands beside its base."""
        oss, not_subject = ClaveRegimenIVA.OSS_IOSS.value, CalificacionOperacion.N2.value
        return self.clave_regimen == oss and self.calificacion == not_subject


class Amounts(msgspec.Struct, frozen=True):
    """Euros: base, tax, recargo de equivalencia, and tax of another member state."""

    base: Decimal = ZERO
    tax: Decimal = ZERO
    surcharge: Decimal = ZERO
    foreign: Decimal = ZERO

    @property
    def gross(self) -> Decimal:
        """All of them together: what the buyer pays for it."""
        return self.base + self.tax + self.surcharge + self.foreign

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(
            self.base + other.base, self.tax + other.tax, self.surcharge + other.surcharge, self.foreign + other.foreign
        )

    def __neg__(self) -> "Amounts":
        return Amounts(-self.base, -self.tax, -self.surcharge, -self.foreign)

    def __bool__(self) -> bool:
        return bool(self.base or self.tax or self.surcharge or self.foreign)


Balance = Mapping[Kind, Amounts]
ROW = tuple(name for name in Kind.__struct_fields__ if name not in ("country", "foreign_rate"))
"""What of a kind a row of a breakdown says."""


def kind_of(share: TaxShare) -> Kind:
    """Return how a row of a breakdown is declared."""
    return Kind(**{name: getattr(share, name) for name in ROW})


def balance(shares: Iterable[TaxShare], foreign: Iterable[ForeignTax] = ()) -> dict[Kind, Amounts]:
    """Return the sum of rows, by how they are declared; that of OSS by the rates in `foreign`."""
    found: dict[Kind, Amounts] = {}
    for share in shares:
        amounts = Amounts(share.base, share.tax or ZERO, share.surcharge or ZERO)
        found[kind_of(share)] = found.get(kind_of(share), Amounts()) + amounts
    abroad = tuple(foreign)
    row = next((kind for kind in found if kind.under_oss), None)
    return _by_foreign_rate(found, row, abroad) if row and abroad else found


def _by_foreign_rate(found: dict[Kind, Amounts], row: Kind, abroad: tuple[ForeignTax, ...]) -> dict[Kind, Amounts]:
    base = found.pop(row).base
    kinds = [msgspec.structs.replace(row, country=each.country, foreign_rate=each.rate) for each in abroad]
    for kind, each in zip(kinds, abroad, strict=True):
        found[kind] = found.get(kind, Amounts()) + Amounts(each.base, foreign=each.tax)
    largest = max(kinds, key=lambda kind: abs(found[kind].base))
    # the cents of rounding that the row's base took against what was paid
    found[largest] += Amounts(base - sum((each.base for each in abroad), ZERO))
    return found


def plus(*balances: Balance) -> dict[Kind, Amounts]:
    """Return the sum of balances, without what came to nothing."""
    found: dict[Kind, Amounts] = {}
    for each in balances:
        for kind, amounts in each.items():
            found[kind] = found.get(kind, Amounts()) + amounts
    return {kind: amounts for kind, amounts in found.items() if amounts}


def minus(one: Balance, other: Balance) -> dict[Kind, Amounts]:
    """Return `one` less `other`, without what came to nothing."""
    return plus(one, negative(other))


def negative(found: Balance) -> dict[Kind, Amounts]:
    """Return the same amounts with the opposite sign."""
    return {kind: -amounts for kind, amounts in found.items()}


def total(found: Balance) -> Decimal:
    """Return the gross of all of it."""
    return sum((amounts.gross for amounts in found.values()), ZERO)


def split(gross: Decimal, kind: Kind) -> Amounts:
    """Return the base and the taxes inside a gross amount, each tax rounded half up (fiscal-policy.md, Taxes)."""
    whole = HUNDRED + kind.percent
    tax, surcharge, foreign = (
        cents(gross * (rate or 0) / whole) for rate in (kind.rate, kind.surcharge_rate, kind.foreign_rate)
    )
    return Amounts(gross - tax - surcharge - foreign, tax, surcharge, foreign)


def foreign_of(found: Balance) -> tuple[ForeignTax, ...]:
    """Return the taxes of other member states, the highest rate first."""
    abroad = [
        ForeignTax(country=kind.country, rate=kind.foreign_rate, base=amounts.base, tax=amounts.foreign)
        for kind, amounts in found.items()
        if kind.foreign_rate is not None
    ]
    return tuple(sorted(abroad, key=lambda each: (-each.rate, each.country)))


def shares_of(found: Balance) -> tuple[TaxShare, ...]:
    """Return the rows of a breakdown, the highest rate first; a rate's tax is written even when it is nothing."""
    rows: dict[Kind, Amounts] = {}
    for kind, amounts in found.items():
        rows[kind.declared] = rows.get(kind.declared, Amounts()) + amounts
    ordered = sorted(rows.items(), key=lambda item: _rank(item[0]), reverse=True)
    return tuple(
        TaxShare(
            **{name: getattr(kind, name) for name in ROW},
            base=amounts.base,
            tax=None if kind.rate is None else amounts.tax,
            surcharge=None if kind.surcharge_rate is None else amounts.surcharge,
        )
        for kind, amounts in ordered
    )


def _rank(kind: Kind) -> tuple[Decimal, str]:
    return (Decimal(-1) if kind.rate is None else kind.rate, repr(kind))
