"""Sums of declared figures, one per way of being declared: what is sold, what was corrected, what is left. Pure.

A balance maps each `Kind` (tax, regime, qualification, rates) to its `Amounts`; documents are compared by theirs. What
the buyer pays in another member state's tax (OSS) is a kind of its own for each rate, although the record has one row.
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
    """Of the tax of `country`, which no row of a breakdown bears; then `rate` is None."""

    @property
    def charged(self) -> Decimal | None:
        """The rate that the shop charged, here or there."""
        return self.rate if self.foreign_rate is None else self.foreign_rate

    @property
    def factor(self) -> Decimal:
        """Gross = base x factor, before rounding."""
        return 1 + ((self.charged or 0) + (self.surcharge_rate or 0)) / HUNDRED


class Amounts(msgspec.Struct, frozen=True):
    """Euros: base, tax, recargo de equivalencia, and tax of another member state, which no invoice's total holds."""

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
_ROW = tuple(name for name in Kind.__struct_fields__ if name not in ("country", "foreign_rate"))

DECLARED = ("impuesto", "clave_regimen", "calificacion", "exencion", "rate", "surcharge_rate")
"""What of a kind stands in a row of a breakdown."""
OSS = Kind(clave_regimen=ClaveRegimenIVA.OSS_IOSS.value, calificacion=CalificacionOperacion.N2.value)
"""The row that holds the bases of every other state's rates."""


def kind_of(share: TaxShare) -> Kind:
    """Return how a row of a breakdown is declared."""
    return Kind(**{name: getattr(share, name) for name in DECLARED})


def balance(shares: Iterable[TaxShare], foreign: Iterable[ForeignTax] = ()) -> dict[Kind, Amounts]:
    """Return the sum of rows, by how they are declared; that of OSS by the rates whose bases it holds."""
    found: dict[Kind, Amounts] = {}

    def add(kind: Kind, amounts: Amounts) -> None:
        found[kind] = found.get(kind, Amounts()) + amounts

    for share in shares:
        add(kind_of(share), Amounts(share.base, share.tax or ZERO, share.surcharge or ZERO))
    for each in foreign:
        kind = msgspec.structs.replace(OSS, country=each.country, foreign_rate=each.rate)
        add(kind, Amounts(each.base, foreign=each.tax))
        add(OSS, Amounts(-each.base))
    if OSS in found and not found[OSS]:
        del found[OSS]
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


def foreign_tax(found: Balance) -> Decimal:
    """Return what of the gross is tax of another member state: no part of an invoice's total."""
    return sum((amounts.foreign for amounts in found.values()), ZERO)


def split(gross: Decimal, kind: Kind) -> Amounts:
    """Return the base and the taxes inside a gross amount, each tax rounded half up (fiscal-policy.md, Taxes)."""
    whole = kind.factor * HUNDRED
    tax, surcharge, foreign = (
        cents(gross * (rate or Decimal(0)) / whole) for rate in (kind.rate, kind.surcharge_rate, kind.foreign_rate)
    )
    return Amounts(gross - tax - surcharge - foreign, tax, surcharge, foreign)


def foreign_of(found: Balance) -> tuple[ForeignTax, ...]:
    """Return the taxes of other member states, the highest rate first."""
    rows = [
        ForeignTax(country=kind.country, rate=kind.foreign_rate, base=amounts.base, tax=amounts.foreign)
        for kind, amounts in found.items()
        if kind.foreign_rate is not None
    ]
    return tuple(sorted(rows, key=lambda row: (row.rate, row.country), reverse=True))


def shares_of(found: Balance) -> tuple[TaxShare, ...]:
    """Return the rows of a breakdown, the highest rate first; a rate's tax is written even when it is nothing."""
    rows: dict[Kind, Amounts] = {}
    for kind, amounts in found.items():
        row = kind if kind.foreign_rate is None else msgspec.structs.replace(kind, country="", foreign_rate=None)
        rows[row] = rows.get(row, Amounts()) + amounts
    ordered = sorted(rows.items(), key=lambda item: _rank(item[0]), reverse=True)
    return tuple(
        TaxShare(
            **{name: getattr(kind, name) for name in DECLARED},
            base=amounts.base,
            tax=None if kind.rate is None else amounts.tax,
            surcharge=None if kind.surcharge_rate is None else amounts.surcharge,
        )
        for kind, amounts in ordered
    )


def _rank(kind: Kind) -> tuple[Decimal, str]:
    return (Decimal(-1) if kind.rate is None else kind.rate, repr(kind))
