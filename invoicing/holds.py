"""What a hold is, and which answers it takes; its reasons stand in `hold_catalogue`.

A Hold stops one order and names the one safe next action first.
"""

import re
from datetime import date

import msgspec

from common.words import ErrorInWords
from invoicing import nif, treatments
from invoicing.coding import Coding
from invoicing.hold_catalogue import ABOUT, CATALOGUE, Action, Reason
from invoicing.sentences import filled
from invoicing.values import Address

__all__ = [
    "CATALOGUE", "NUMBER", "Action", "Hold", "Original", "Reason", "Resolution", "ResolutionRefused", "Unpriceable",
    "accept", "choices", "hold",
]  # fmt: skip

NUMBER = re.compile(r"[ !#-&(-;?-~]{1,60}")
"""A NumSerieFactura: printable ASCII without quotes and comparison signs (verifactu.md 3, codes 1287 and 1130)."""

WITH_REASON = (
    Action.IGNORE, Action.CORRECTED_BY_HAND, Action.RESEND_CORRECTED, Action.ANNUL, Action.CHOOSE_REGIME,
    Action.ACCEPT_VAT_NUMBER, Action.ACCEPT_NIF,
)  # fmt: skip


class Original(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice that another system issued: its number as printed, its date, and whether it is a simplified one."""

    number: str
    date: date
    simplified: bool = False


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """A person's answer to a hold. `nif` as typed; empty `name` and `address` leave those of the order; without
    `coding` a record is sent again with the same data; without `email` the customer is asked at the order's address.
    """

    action: Action
    nif: str = ""
    name: str = ""
    address: Address | None = None
    reason: str = ""
    coding: Coding | None = None
    treatment: str = ""
    original: Original | None = None
    email: str = ""


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """An order that waits for a person: the reason, its facts, and what may be answered."""

    code: str
    data: dict[str, str] = {}
    actions: tuple[Action, ...]
    about: tuple[str, ...] = ()
    """The facts that the question is about: while they are the same, so is the answer to it (`remembering`)."""

    def sentence(self, language: str = "es") -> str:
        """Return the reason in Spanish, or in English for "en", with this order's facts in it."""
        reason = CATALOGUE[self.code]
        return filled(reason.en if language == "en" else reason.es, self.data, language)

    @property
    def missing(self) -> str:
        """What is missing, in Spanish."""
        return self.missing_in("es")

    def missing_in(self, language: str) -> str:
        """Return what is missing in Spanish, or in English for "en"."""
        reason = CATALOGUE[self.code]
        return filled(reason.missing_en if language == "en" else reason.missing, self.data, language)


class ResolutionRefused(ErrorInWords):
    """This answer does not fit the hold."""


class Unpriceable(Exception):
    """The figures of this order cannot become an invoice's by rule alone; `hold` says why."""

    def __init__(self, code: str, /, *, without: tuple[Action, ...] = (), **data: object) -> None:
        self.hold = _hold(code, data, without)
        super().__init__(self.hold.sentence("en"))


def hold(code: str, /, *, without: tuple[Action, ...] = (), **data: object) -> Hold:
    """Return a hold of the catalogue, without the actions that are not legal for this order.

    :raises KeyError: for a code that the catalogue lacks.
    """
    return _hold(code, data, without)


def accept(held: Hold, resolution: Resolution) -> None:
    """Check that an answer fits its hold, before the process is told.

    :raises ResolutionRefused: with a sentence for whoever answered.
    """
    if resolution.action not in held.actions:
        possible = ", ".join(held.actions)
        raise ResolutionRefused(
            f"«{resolution.action}» no es posible aquí; sí: {possible}.",
            f"“{resolution.action}” is not possible here; these are: {possible}.",
        )
    if resolution.action in WITH_REASON and not resolution.reason.strip():
        raise ResolutionRefused("Falta el motivo.", "The reason is missing.")
    if resolution.action == Action.NAME_ORIGINAL and not (
        resolution.original and NUMBER.fullmatch(resolution.original.number)
    ):
        raise ResolutionRefused(
            "Falta el número de la factura original, o lleva caracteres que no admite la AEAT.",
            "The number of the original invoice is missing, or has characters that the AEAT does not accept.",
        )
    if resolution.action == Action.GIVE_NIF and not _acceptable(nif.normalise(resolution.nif)):
        raise ResolutionRefused(
            f"«{resolution.nif}» no es un NIF español válido, ni un NIF-IVA.",
            f"“{resolution.nif}” is neither a valid Spanish NIF nor a VAT number.",
        )
    if resolution.action == Action.CHOOSE_REGIME and resolution.treatment not in choices(held):
        possible = ", ".join(choices(held))
        raise ResolutionRefused(
            f"Falta decir qué es lo que no lleva impuesto: {possible}.",
            f"Say what it is that bears no tax: {possible}.",
        )


def choices(held: Hold) -> tuple[str, ...]:
    """Return the codes that a person may choose for what came untaxed, under the issuer's tax."""
    return treatments.codes(held.data.get("tax", "01"))


def _acceptable(number: str) -> bool:
    return nif.judge(number) != nif.Verdict.MALFORMED or nif.eu_vat_number(number)


def _hold(code: str, data: dict[str, object], without: tuple[Action, ...] = ()) -> Hold:
    told = {name: str(value) for name, value in data.items()}
    return Hold(
        code=code,
        data=told,
        actions=tuple(action for action in CATALOGUE[code].actions if action not in without),
        about=tuple(told[name] for name in sorted(ABOUT.get(code, told))),
    )
