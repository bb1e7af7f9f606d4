"""What a buyer typed: made uniform, judged with a sentence for each fault, kept, and given to who waits for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from invoicing import nif
from invoicing.capture import content_of
from invoicing.customers.words import Words
from invoicing.holds import Action, Resolution
from invoicing.models import CustomerAnswer, CustomerRequest
from invoicing.pdf.formats import clean
from invoicing.provinces import province_of
from invoicing.values import Address
from workflows import control

LIMITS = {"nif": 20, "name": 120, "street": 120, "postal_code": 10, "city": 80}
ADDRESS = ("street", "postal_code", "city")
ACTOR = "customer"


class AlreadyAnswered(Exception):
    """Somebody gave the answer to this link a moment ago; it is kept as it was."""


@dataclass(frozen=True)
class Typed:
    """The fields as typed, what is wrong with them by field, and the NIF made uniform."""

    values: Mapping[str, str]
    errors: Mapping[str, str]
    nif: str

    @property
    def address(self) -> Address | None:
        """The address, None where the buyer left it to the order's."""
        if not self.values["street"]:
            return None
        return Address(
            lines=(self.values["street"],),
            postal_code=self.values["postal_code"],
            city=self.values["city"],
            province=province_of(self.values["postal_code"]),
            country="ES",
        )


def needs_address(request: CustomerRequest) -> bool:
    """Tell whether the order lacks the address that a company's invoice must bear."""
    content = content_of(request.order)
    known = content.buyer.address if content else Address()
    return not (known.lines and (known.city or known.postal_code))


def read(post: Mapping[str, str], words: Words, *, address_needed: bool) -> Typed:
    """Judge what was typed. A doubtful NIF is taken when it comes a second time (`confirmed`)."""
    values = {name: clean(str(post.get(name, "")))[:limit] for name, limit in LIMITS.items()}
    given = nif.normalise(values["nif"])
    errors = {name: words["missing"] for name in ("nif", "name") if not values[name]}
    if given and (fault := _nif_fault(given, str(post.get("confirmed", "")))):
        errors["nif"] = words[fault]
    elif values["nif"] and not given:
        errors["nif"] = words["nif_wrong"]
    entity = bool(given) and "nif" not in errors and not nif.natural_person(given)
    if any(values[name] for name in ADDRESS) or (entity and address_needed):
        told = words["entity_address"] if entity and address_needed else words["missing"]
        errors |= {name: told for name in ADDRESS if not values[name]}
    if values["postal_code"] and not province_of(values["postal_code"].replace(" ", "")):
        errors["postal_code"] = words["postal_code_wrong"]
    return Typed({**values, "postal_code": values["postal_code"].replace(" ", "")}, errors, given)


def give(request: CustomerRequest, typed: Typed, *, language: str, from_hash: str, now: datetime) -> None:
    """Keep the answer and let the same process go on with it, in one transaction.

    :raises AlreadyAnswered: when this link was answered a moment ago.
    :raises WrongState: when the question does not wait any more.
    """
    answer = CustomerAnswer(
        request=request,
        nif=typed.values["nif"],
        name=typed.values["name"],
        address=[typed.values[name] for name in ADDRESS],
        language=language,
        answered_at=now,
        from_hash=from_hash,
    )
    resolution = Resolution(
        action=Action.GIVE_NIF, nif=typed.nif, name=typed.values["name"], address=typed.address
    )  # fmt: skip
    try:
        with transaction.atomic():
            answer.save()
            control.resolve(
                request.process, resolution, now=now, actor=ACTOR, reason=request.email, token=request.token
            )
    except IntegrityError as error:
        raise AlreadyAnswered(AlreadyAnswered.__doc__) from error


def _nif_fault(given: str, confirmed: str) -> str:
    """Return the key of what is wrong with a NIF, empty when it will do."""
    match nif.judge(given):
        case nif.Verdict.MALFORMED:
            return "nif_foreign" if nif.eu_vat_number(given) else "nif_wrong"
        case nif.Verdict.BAD_CONTROL_OF_ENTITY if confirmed != given:
            return "nif_doubtful"
    return ""
