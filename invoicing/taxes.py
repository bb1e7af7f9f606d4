"""Which tax a line bears: rates by date, the place it goes to, and the AEAT's words for it. Pure.

Sources: rates, LIVA arts. 90 and 91 and the decrees that changed them (as in "Validaciones y errores" 1.2.2,
verifactu.md 4.4); destinations, LIVA arts. 3 and 21 and fiscal-policy.md, Taxes.
"""

import re
import unicodedata
from collections.abc import Set as AbstractSet
from datetime import date
from decimal import Decimal
from enum import StrEnum

import msgspec

from invoicing.holds import Unpriceable
from invoicing.values import Address, LineKind, OrderContent, OrderLine
from verifactu.codes import CalificacionOperacion, ClaveRegimenIVA, OperacionExenta

RATES: tuple[tuple[Decimal, date, date], ...] = (
    (Decimal(21), date(2012, 9, 1), date.max),
    (Decimal(10), date(2012, 9, 1), date.max),
    (Decimal(4), date(1995, 1, 1), date.max),
    (Decimal(5), date(2022, 7, 1), date(2024, 9, 30)),  # energy, then oils and pasta
    (Decimal(0), date(2023, 1, 1), date(2024, 9, 30)),  # basic foods
    (Decimal(2), date(2024, 10, 1), date(2024, 12, 31)),  # basic foods, last quarter
    (Decimal("7.5"), date(2024, 10, 1), date(2024, 12, 31)),  # oils and pasta, last quarter
)
"""Rate in percent, first day, last day."""

SURCHARGES = frozenset(map(Decimal, ("5.2", "1.75", "1.4", "1", "0.62", "0.5", "0.26")))
"""Recargo de equivalencia, percent (verifactu.md 4.4)."""

EXPORT_MENTION = "Operación exenta de IVA: entrega con destino a {place} (art. 21 de la Ley 37/1992)."


class Territory(StrEnum):
    """Where goods go, as far as the IVA is concerned; the value is its Spanish name."""

    IVA = "Península o Baleares"
    CANARIAS = "Canarias"
    CEUTA = "Ceuta"
    MELILLA = "Melilla"


class Treatment(msgspec.Struct, frozen=True, kw_only=True):
    """How a line is declared; lines of one treatment make one row of the breakdown."""

    rate: Decimal | None = None
    clave_regimen: str = ClaveRegimenIVA.GENERAL.value
    calificacion: str = ""
    exencion: str = ""


EXPORT = Treatment(clave_regimen=ClaveRegimenIVA.EXPORTACION.value, exencion=OperacionExenta.E2.value)

_POSTCODES = {"35": "GC", "38": "TF", "51": "CE", "52": "ML"}
_PROVINCES = {
    "laspalmas": "GC", "grancanaria": "GC", "lanzarote": "GC", "fuerteventura": "GC",
    "santacruzdetenerife": "TF", "tenerife": "TF", "lapalma": "TF", "lagomera": "TF", "elhierro": "TF",
    "ceuta": "CE", "melilla": "ML",
}  # fmt: skip
_TERRITORIES = {"GC": Territory.CANARIAS, "TF": Territory.CANARIAS, "CE": Territory.CEUTA, "ML": Territory.MELILLA}
_SPAIN = ("ES", "IC", "EA")
"""ISO's code, and those it reserves for Canarias (IC) and for Ceuta and Melilla (EA)."""


def charged_rate(rate: Decimal, on: date) -> bool:
    """Tell whether `rate` (percent) was a rate of the IVA on that day."""
    return any(rate == known and first <= on <= last for known, first, last in RATES)


def destination(content: OrderContent) -> Territory:
    """Return where the order goes: the address of delivery, else that of the buyer.

    An order without any country is taken for one at home: its lines must then bear Spanish tax.

    :raises Unpriceable: `outside_spain`; `territory_unclear` when province and postcode do not agree.
    """
    address = content.ship_to if content.ship_to.country else content.buyer.address
    if address.country and address.country not in _SPAIN:
        raise Unpriceable("outside_spain", country=address.country)
    digits = re.sub(r"[^0-9]", "", address.postal_code)
    by_postcode = _POSTCODES.get(digits[:2]) if len(digits) == 5 else None
    by_province = _province(address)
    if by_postcode != by_province or (address.country != "ES" and address.country and by_province is None):
        raise Unpriceable(
            "territory_unclear",
            postal_code=address.postal_code,
            province=address.province or address.province_code,
        )
    return _TERRITORIES[by_province] if by_province else Territory.IVA


def treatment(
    line: OrderLine, place: Territory, *, on: date, goods_shipped: bool, accepted: AbstractSet[str] = frozenset()
) -> Treatment:
    """Return how a line that is not free is declared.

    A tax of 0 % outside the periods when that was a rate counts as no tax: shops write exports so. Goods that go to
    Canarias, Ceuta or Melilla are exports, and shipping and fees follow them.

    :raises Unpriceable: `several_taxes`, `equivalence_surcharge`, `unknown_tax_rate`, `untaxed_line`,
        `tax_charged_on_export` (unless accepted).
    """
    rates = [tax.rate for tax in line.taxes if tax.rate or charged_rate(tax.rate, on)]
    if len(rates) > 1:
        raise _several(line, rates)
    if rates:
        if not charged_rate(rates[0], on):
            raise Unpriceable("unknown_tax_rate", line=line.description, rate=rates[0], date=on.isoformat())
        if place != Territory.IVA and "tax_charged_on_export" not in accepted:
            raise Unpriceable("tax_charged_on_export", line=line.description, place=place.value)
        return Treatment(rate=rates[0], calificacion=CalificacionOperacion.S1.value)
    follows = line.kind in (LineKind.SHIPPING, LineKind.FEE) and goods_shipped
    if place != Territory.IVA and (line.kind == LineKind.GOODS or follows):
        return EXPORT
    raise Unpriceable("untaxed_line", line=line.description)


def _several(line: OrderLine, rates: list[Decimal]) -> Unpriceable:
    surcharges = [rate for rate in rates if rate in SURCHARGES]
    if len(rates) == 2 and len(surcharges) == 1:
        return Unpriceable("equivalence_surcharge", line=line.description, rate=surcharges[0])
    return Unpriceable("several_taxes", line=line.description, rates=" + ".join(map(str, rates)))


def _province(address: Address) -> str | None:
    """Return GC, TF, CE or ML, by code or by name, None for any other province and for none."""
    code = address.province_code.removeprefix("ES-")
    return code if code in _TERRITORIES else _PROVINCES.get(_folded(address.province))


def _folded(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in decomposed if letter.isascii() and letter.isalpha())
