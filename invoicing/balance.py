"""Sums of declared figures, one per way of being declared: what is sold, what was corrected, what is left. Pure.

A balance maps each `Kind` (tax, regime, qualification, rates) to its `Amounts`; documents are compared by theirs.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from invoicing.money import HUNDRED, cents
from invoicing.values import TaxShare

ZERO = Decimal("0.00")


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """How an amount is declared: everything of a row of the breakdown but its figures."""

    impuesto: str = "01"
    clave_regimen: str = "01"
    calificacion: str = ""
    exencion: str = ""
    rate: Decimal | None = None
    surcharge_rate: Decimal | None = None


class Amounts(msgspec.Struct, frozen=True):
    """Euros: base, tax and recargo de equivalencia."""

    base: Decimal = ZERO
    tax: Decimal = ZERO
    surcharge: Decimal = ZERO

    @property
    def gross(self) -> Decimal:
        """All three together: what the buyer pays for it."""
        return self.base + self.tax + self.surcharge

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(self.base + other.base, self.tax + other.tax, self.surcharge + other.surcharge)

    def __neg__(self) -> "Amounts":
        return Amounts(-self.base, -self.tax, -self.surcharge)

    def __bool__(self) -> bool:
        return bool(self.base or self.tax or self.surcharge)


Balance = Mapping[Kind, Amounts]


def kind_of(share: TaxShare) -> Kind:
    """Return how a row of a breakdown is declared."""
    return Kind(**{name: getattr(share, name) for name in Kind.__struct_fields__})


def balance(shares: Iterable[TaxShare]) -> dict[Kind, Amounts]:
    """Return the sum of rows, by how they are declared."""
    found: dict[Kind, Amounts] = {}
    for share in shares:
        amounts = Amounts(share.base, share.tax or ZERO, share.surcharge or ZERO)
        found[kind_of(share)] = found.get(kind_of(share), Amounts()) + amounts
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
    """Return the base, tax and surcharge inside a gross amount, each tax rounded half up (fiscal-policy.md, Taxes)."""
    rate, surcharge_rate = kind.rate or Decimal(0), kind.surcharge_rate or Decimal(0)
    whole = HUNDRED + rate + surcharge_rate
    tax, surcharge = cents(gross * rate / whole), cents(gross * surcharge_rate / whole)
    return Amounts(gross - tax - surcharge, tax, surcharge)


def shares_of(found: Balance) -> tuple[TaxShare, ...]:
    """Return the rows of a breakdown, the highest rate first; a rate's tax is written even when it is nothing."""
    ordered = sorted(found.items(), key=lambda item: _rank(item[0]), reverse=True)
    return tuple(
        TaxShare(
            **{name: getattr(kind, name) for name in Kind.__struct_fields__},
            base=amounts.base,
            tax=None if kind.rate is None else amounts.tax,
            surcharge=None if kind.surcharge_rate is None else amounts.surcharge,
        )
        for kind, amounts in ordered
    )


def _rank(kind: Kind) -> tuple[Decimal, str]:
    return (Decimal(-1) if kind.rate is None else kind.rate, repr(kind))
