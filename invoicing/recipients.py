"""Who an invoice is made out to: with which number, of which kind, and whether somebody must be asked about it. Pure.

IDType is list L7 (verifactu.md 3.1 and 4.3): a Spanish NIF goes in NIF; 02 is a VAT number of another member state,
which the AEAT looks up in VIES too; 04 an official number of the buyer's country.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from invoicing import nif
from invoicing.holds import Action, Hold, hold
from invoicing.money import Vat
from invoicing.places import vat_prefix
from invoicing.values import Address, OrderContent, Party, Priced
from verifactu.codes import PAIS_MATRIZ, PAISES, CalificacionOperacion, IDType

LONGEST_ID = 20
"""Characters of IDOtro/ID."""


class VatAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a VAT number: VIES's newest answer that still counts."""

    number: str
    outcome: Literal["valid", "invalid", "unavailable"]
    at: datetime
    request: str = ""
    """VIES's consultation number."""
    detail: str = ""

    @property
    def evidence(self) -> str:
        """The check in a few words."""
        return f"VIES {self.at:%Y-%m-%d %H:%M} UTC{f', {self.request}' if self.request else ''}"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A NIF and the name that goes with it on the invoice."""

    nif: str
    name: str


class CensusAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an identity: the newest answer of the AEAT's census that still counts."""

    outcome: Literal["identified", "similar", "not_identified", "deregistered", "revoked", "unavailable"]
    name: str = ""
    """The name in the answer; the census's own where the one that was sent is similar."""


LONGEST_NAME = 120
"""Characters of NombreRazon."""


def identity_of(recipient: Party | None) -> Identity | None:
    """Return the NIF and name of a document's recipient; None without NIF, also for one with another number."""
    if recipient is None or not recipient.tax_id or recipient.id_type:
        return None
    return Identity(nif=recipient.tax_id, name=(recipient.company or recipient.name)[:LONGEST_NAME])


def nifs(content: OrderContent, given: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the NIFs that a decision may depend on: the order's and those that people gave."""
    typed = (content.buyer.tax_id, *(nif.normalise(each) for each in given))
    return tuple(dict.fromkeys(each for each in typed if each and nif.judge(each) != nif.Verdict.MALFORMED))


def identified(buyer: Party) -> Party:
    """Return the buyer with the kind of number it gives: nothing for a NIF, or for one that nobody can place.

    A VAT number that lacks its country's letters gets those of the buyer's address.
    """
    number, country = buyer.tax_id, buyer.address.country
    if not number or nif.judge(number) != nif.Verdict.MALFORMED:
        return buyer
    prefix = vat_prefix(country)
    for candidate in (number, f"{prefix}{number}"):
        if (prefix or candidate == number) and nif.eu_vat_number(candidate):
            return msgspec.structs.replace(buyer, tax_id=candidate, id_type=IDType.NIF_IVA.value)
    outside = country and not prefix and country not in ("ES", "IC", "EA") and not nif.placeholder(number)
    code = PAIS_MATRIZ.get(country, country)
    if outside and code in PAISES and len(number) <= LONGEST_ID:
        return msgspec.structs.replace(buyer, id_type=IDType.ID_PAIS_RESIDENCIA.value, id_country=code)
    return buyer


def needs_check(content: OrderContent) -> str:
    """Return the VAT number that VIES must be asked about before the order is decided on, empty when none."""
    buyer = identified(content.buyer)
    return buyer.tax_id if buyer.id_type == IDType.NIF_IVA else ""


def numbers(content: OrderContent, given: Mapping[str, str] | tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the VAT numbers that a decision may depend on: the order's and those that a person gave."""
    typed = (msgspec.structs.replace(content.buyer, tax_id=nif.normalise(each)) for each in given)
    found = (identified(buyer) for buyer in (content.buyer, *typed))
    return tuple(dict.fromkeys(buyer.tax_id for buyer in found if buyer.id_type == IDType.NIF_IVA))


def vat_of(number: str, known: Mapping[str, VatAnswer], accepted: str) -> Vat | Hold | None:
    """Return the number once it stands, or the hold that says why not; None when VIES has to be asked first.

    `accepted` is a person's reason for taking it without VIES.
    """
    if accepted:
        return Vat(number, accepted)
    answer = known.get(number)
    if answer is None:
        return None
    if answer.outcome == "valid":
        return Vat(number, answer.evidence)
    if answer.outcome == "invalid":
        return hold("vat_number_invalid", tax_id=number, at=answer.evidence)
    return hold("vat_service_down", tax_id=number, detail=answer.detail)


def needs_recipient(priced: Priced) -> str:
    """Return what of these figures may stand on a complete invoice only (1197, 1289), empty when nothing."""
    for share in priced.shares:
        if share.exencion == "E5" and share.impuesto == "01":
            return "E5"
        if share.calificacion == CalificacionOperacion.S2:
            return "S2"
    return ""


def located_elsewhere(priced: Priced) -> bool:
    """Tell whether all of it is located outside the tax: then a consumer need not be identified (art. 6.1.d)."""
    return all(share.calificacion == CalificacionOperacion.N2 for share in priced.shares)


def trouble(buyer: Party, without: tuple[Action, ...], *, accepted: frozenset[str]) -> Hold | None:
    """Return why this buyer cannot be on a complete invoice yet."""
    verdict = nif.Verdict.VALID if buyer.id_type else nif.judge(buyer.tax_id)
    if verdict == nif.Verdict.MALFORMED:
        return hold("nif_invalid", without=without, tax_id=buyer.tax_id_as_given or buyer.tax_id)
    if verdict == nif.Verdict.BAD_CONTROL_OF_ENTITY and "nif_entity_control" not in accepted:
        return hold("nif_entity_control", without=without, tax_id=buyer.tax_id)
    missing = [] if buyer.name or buyer.company else ["nombre"]
    # A consumer's address may be left out (RD 1619/2012 art. 6.1.e); whether a person acts as a business we cannot
    # see, so the address is printed when there is one and asked of entities alone.
    person = not buyer.id_type and nif.natural_person(buyer.tax_id)
    if not person and not complete(buyer.address):
        missing.append("dirección")
    if missing:
        return hold("recipient_incomplete", without=without, tax_id=buyer.tax_id, fields=", ".join(missing))
    return None


def as_known(buyer: Party) -> Party:
    """Return the buyer under the name that the census knows for such a NIF: the person's, or the entity's."""
    if not buyer.id_type and nif.natural_person(buyer.tax_id) and buyer.name:
        return msgspec.structs.replace(buyer, company="")
    return buyer


def complete(address: Address) -> bool:
    """Tell whether a letter would arrive."""
    return bool(address.lines and (address.city or address.postal_code))
