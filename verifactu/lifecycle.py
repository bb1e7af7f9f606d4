"""Which record of an invoice may come next, and with which flags: the table of verifactu.md 8.1, read from our ledger.

Nobody types Subsanacion, RechazoPrevio or SinRegistroPrevio. What the AEAT holds of an invoice is its last accepted
record; a rejected one leaves that as it was, unless its code says that we were mistaken about it (3001, 3002, 3004).
Pure: the history is a tuple of `Past`, oldest first; `verifactu.history` reads it from the rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from verifactu.errors import ALREADY_ANNULLED, NOT_FOUND, must_be_corrected

ANNULLED_BY_FORM = "3004"
"""The invoice was annulled through the AEAT's own form and cannot be changed any more."""

_OPEN = ("pending", "in_flight", "unknown")
_ACCEPTED = ("accepted", "accepted_with_errors")


class NothingMayBeSent(Exception):
    """No record of this invoice may be made now."""


class StillOpen(NothingMayBeSent):
    """A record of this invoice waits for the AEAT's verdict, on which the next one depends; try again after it."""


class SetAside(NothingMayBeSent):
    """A record of this invoice was sent and then set aside; find out with reconcile_aeat what the AEAT holds, first."""


class NeverDeclared(NothingMayBeSent):
    """There is no alta of this invoice in our ledger, so there is nothing to correct or annul; issue it first."""


class AlreadyAnnulled(NothingMayBeSent):
    """The AEAT has this invoice annulled; reactivate it only if it is the same one, or issue another number."""


class AnnulledByForm(NothingMayBeSent):
    """This invoice was annulled through the AEAT's own form and cannot be changed; issue another number."""


class Held(StrEnum):
    """What the AEAT has of an invoice."""

    NOTHING = "nothing"
    ALTA = "alta"
    ANULACION = "anulacion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One record of the invoice: its operation, its state, the code of its verdict, and whether it ever left."""

    operation: str
    """Alta or Anulacion."""
    state: str
    """One of verifactu.states.RECORD_STATES."""
    code: str = ""
    sent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an invoice stands at the AEAT, as far as our ledger knows."""

    held: Held = Held.NOTHING
    code: str = ""
    """The error that the held record was stored with."""
    with_errors: bool = False
    alta_rejected: bool = False
    """An alta of it was rejected since what is held was stored."""
    anulacion_rejected: bool = False
    by_form: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AltaFlags:
    """What an alta says of what came before; the names are its elements."""

    Subsanacion: str = ""
    RechazoPrevio: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnulacionFlags:
    """What an anulación says of what came before; the names are its elements."""

    SinRegistroPrevio: str = ""
    RechazoPrevio: str = ""


def standing(history: Sequence[Past]) -> Standing:
    """Return how the invoice stands after all the verdicts that have come; open records change nothing."""
    now = Standing()
    for past in history:
        now = _after(now, past)
    return now


def next_alta(history: Sequence[Past], *, reactivate: bool = False) -> AltaFlags:
    """Return the flags of the invoice's next alta: its first one, or one that corrects what is there.

    :param reactivate: whether an annulled invoice is to be in force again.
    :raises NothingMayBeSent: one of its kinds, which tells what to do instead.
    """
    now = _settled(history)
    if now.held is Held.ANULACION and not reactivate:
        raise AlreadyAnnulled(AlreadyAnnulled.__doc__)
    if now.held is not Held.NOTHING:
        return AltaFlags(Subsanacion="S", RechazoPrevio="S" if now.alta_rejected else "")
    if any(past.operation == "Alta" for past in history):
        return AltaFlags(Subsanacion="S", RechazoPrevio="X")
    return AltaFlags()


def next_anulacion(history: Sequence[Past]) -> AnulacionFlags:
    """Return the flags of the record that annuls the invoice.

    An annulled one is annulled again only to replace an anulación that was stored with an error to be corrected.

    :raises NothingMayBeSent: one of its kinds, which tells what to do instead.
    """
    now = _settled(history)
    if not history:
        raise NeverDeclared(NeverDeclared.__doc__)
    if now.held is Held.ANULACION and not must_be_corrected(now.code):
        raise AlreadyAnnulled(AlreadyAnnulled.__doc__)
    return AnulacionFlags(
        SinRegistroPrevio="S" if now.held is Held.NOTHING else "",
        RechazoPrevio="S" if now.anulacion_rejected else "",
    )


def _settled(history: Sequence[Past]) -> Standing:
    if any(past.state in _OPEN for past in history):
        raise StillOpen(StillOpen.__doc__)
    # One that never left is as good as never sent; of one that did, only the AEAT knows what became of it.
    if any(past.state == "quarantined" and past.sent for past in history):
        raise SetAside(SetAside.__doc__)
    now = standing(history)
    if now.by_form:
        raise AnnulledByForm(AnnulledByForm.__doc__)
    return now


def _after(before: Standing, past: Past) -> Standing:
    if past.state in _ACCEPTED:
        held = Held.ALTA if past.operation == "Alta" else Held.ANULACION
        return Standing(held=held, code=past.code, with_errors=past.state == "accepted_with_errors")
    if past.state != "rejected":
        return before
    now = replace(
        before,
        alta_rejected=before.alta_rejected or past.operation == "Alta",
        anulacion_rejected=before.anulacion_rejected or past.operation == "Anulacion",
    )
    if past.code == NOT_FOUND:
        return replace(now, held=Held.NOTHING, code="", with_errors=False)
    if past.code in (ALREADY_ANNULLED, ANNULLED_BY_FORM):
        by_form = past.code == ANNULLED_BY_FORM
        return replace(now, held=Held.ANULACION, code="", with_errors=False, by_form=by_form)
    return now
