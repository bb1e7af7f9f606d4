"""Where an order goes, as far as taxes are concerned. Pure.

Sources: LIVA arts. 3 and 21 and fiscal-policy.md, Taxes; what of a member state is no VAT territory, art. 6 of
Directive 2006/112.
"""

import re
import unicodedata
from enum import StrEnum

import msgspec

from invoicing import nif
from invoicing.holds import Unpriceable
from invoicing.values import Address, OrderContent
from verifactu.codes import Impuesto


class Territory(StrEnum):
    """The territories that taxes tell apart; the value is the Spanish name."""

    IVA = "Península o Baleares"
    CANARIAS = "Canarias"
    CEUTA = "Ceuta"
    MELILLA = "Melilla"
    EU = "otro Estado miembro"
    OUTSIDE = "fuera de la Unión Europea"

    @property
    def spanish(self) -> bool:
        """Whether it is part of Spain."""
        return self not in (Territory.EU, Territory.OUTSIDE)


class Place(msgspec.Struct, frozen=True):
    """A territory and, abroad, its country (ISO 3166-1)."""

    territory: Territory
    country: str = "ES"

    @property
    def name(self) -> str:
        """The place as staff read it."""
        return self.territory.value if self.territory.spanish else f"{self.country} ({self.territory.value})"


SEATS = {
    "common": Territory.IVA,
    "canarias": Territory.CANARIAS,
    "ceuta": Territory.CEUTA,
    "melilla": Territory.MELILLA,
}
"""Company.territory -> the territory in which its goods start."""
TAXES = {
    Territory.IVA: Impuesto.IVA.value,
    Territory.CANARIAS: Impuesto.IGIC.value,
    Territory.CEUTA: Impuesto.IPSI.value,
    Territory.MELILLA: Impuesto.IPSI.value,
}
"""The indirect tax of each Spanish territory."""

_POSTCODES = {"35": "GC", "38": "TF", "51": "CE", "52": "ML"}
_PROVINCES = {
    "laspalmas": "GC", "grancanaria": "GC", "lanzarote": "GC", "fuerteventura": "GC",
    "santacruzdetenerife": "TF", "tenerife": "TF", "lapalma": "TF", "lagomera": "TF", "elhierro": "TF",
    "ceuta": "CE", "melilla": "ML",
}  # fmt: skip
_TERRITORIES = {"GC": Territory.CANARIAS, "TF": Territory.CANARIAS, "CE": Territory.CEUTA, "ML": Territory.MELILLA}
_SPAIN = ("ES", "IC", "EA")
"""ISO's code, and those it reserves for Canarias (IC) and for Ceuta and Melilla (EA)."""
_AS_PART_OF = {"MC": "FR", "EL": "GR"}
"""Monaco counts as France (art. 7 of the Directive); some shops write Greece as its VAT numbers do."""
_NO_VAT_TERRITORY = {
    "DE": ("27498", "78266"),  # Helgoland, Büsingen
    "IT": ("23041", "22061"),  # Livigno, Campione d'Italia
    "GR": ("63086",),  # Mount Athos
    "FI": ("22",),  # Åland, where the shop does not write AX
    "FR": ("971", "972", "973", "974", "976"),  # the departments overseas, where the shop writes FR
}
"""Postcodes (or how they begin) of parts of member states that are no part of the Union's VAT territory."""


def destination(content: OrderContent, home: Territory = Territory.IVA) -> Place:
    """Return where the order goes: the address of delivery, else that of the buyer.

    An order without any address is taken for one at home: its lines must then bear the issuer's tax.

    :raises Unpriceable: `territory_unclear` when province and postcode do not agree.
    """
    address = content.ship_to if content.ship_to.country else content.buyer.address
    country = _AS_PART_OF.get(address.country, address.country)
    if country and country not in _SPAIN:
        return _abroad(address, country)
    digits = re.sub(r"[^0-9]", "", address.postal_code)
    by_postcode = _POSTCODES.get(digits[:2]) if len(digits) == 5 else None
    by_province = _province(address)
    if by_postcode != by_province or (country != "ES" and country and by_province is None):
        raise Unpriceable(
            "territory_unclear",
            postal_code=address.postal_code,
            province=address.province or address.province_code,
        )
    if by_province:
        return Place(_TERRITORIES[by_province])
    return Place(Territory.IVA if country or digits else home)


def vat_prefix(country: str) -> str:
    """Return how the VAT numbers of a member state begin; empty for any other country."""
    country = _AS_PART_OF.get(country, country)
    return "EL" if country == "GR" else country if country in nif.EU_COUNTRIES else ""


def _abroad(address: Address, country: str) -> Place:
    if country not in nif.EU_COUNTRIES:
        return Place(Territory.OUTSIDE, country)
    postcode = re.sub(r"[^0-9]", "", address.postal_code)
    if any(postcode.startswith(start) for start in _NO_VAT_TERRITORY.get(country, ())):
        return Place(Territory.OUTSIDE, country)
    return Place(Territory.EU, country)


def _province(address: Address) -> str | None:
    """Return GC, TF, CE or ML, by code or by name, None for any other province and for none."""
    code = address.province_code.removeprefix("ES-")
    return code if code in _TERRITORIES else _PROVINCES.get(_folded(address.province))


def _folded(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in decomposed if letter.isascii() and letter.isalpha())
