"""Which record may come next of an invoice (verifactu.md 8.1), against a small AEAT of the test's own."""

from collections.abc import Callable, Sequence
from itertools import product

import pytest

from verifactu.lifecycle import (
    AlreadyAnnulled,
    AltaFlags,
    AnnulledByForm,
    AnulacionFlags,
    Held,
    NeverDeclared,
    Past,
    SetAside,
    StillOpen,
    next_alta,
    next_anulacion,
    standing,
)

CHOICES: tuple[Callable[[Sequence[Past]], object], ...] = (next_alta, next_anulacion)

PLAIN = AltaFlags()
FIRST_REJECTED = AltaFlags(Subsanacion="S", RechazoPrevio="X")
SUBSANACION = AltaFlags(Subsanacion="S")
SUBSANACION_REJECTED = AltaFlags(Subsanacion="S", RechazoPrevio="S")
ANULACION = AnulacionFlags()
ANULACION_REJECTED = AnulacionFlags(RechazoPrevio="S")
NO_RECORD = AnulacionFlags(SinRegistroPrevio="S")
NO_RECORD_REJECTED = AnulacionFlags(SinRegistroPrevio="S", RechazoPrevio="S")

# verifactu.md 8.1, row by row: what is said; whether the AEAT takes it when it has nothing, an alta, an anulación.
TABLE: dict[AltaFlags | AnulacionFlags, tuple[bool, bool, bool]] = {
    PLAIN: (True, False, False),
    FIRST_REJECTED: (True, False, False),
    SUBSANACION: (False, True, True),
    SUBSANACION_REJECTED: (False, True, True),
    ANULACION: (False, True, True),
    ANULACION_REJECTED: (False, True, True),
    NO_RECORD: (True, False, False),
    NO_RECORD_REJECTED: (True, False, False),
}


def alta(state: str = "accepted", code: str = "", *, sent: bool = True) -> Past:
    return Past(operation="Alta", state=state, code=code, sent=sent)


def anulacion(state: str = "accepted", code: str = "", *, sent: bool = True) -> Past:
    return Past(operation="Anulacion", state=state, code=code, sent=sent)


REJECTED = alta("rejected", "1100")
NOT_ANNULLED = anulacion("rejected", "1100")


class TestNextAlta:
    @pytest.mark.parametrize(
        ("history", "flags"),
        [
            pytest.param((), PLAIN, id="the first"),
            pytest.param((REJECTED,), FIRST_REJECTED, id="the first was rejected"),
            pytest.param((REJECTED, REJECTED), FIRST_REJECTED, id="and its correction too"),
            pytest.param((alta("quarantined", sent=False),), FIRST_REJECTED, id="the first was never sent"),
            pytest.param((alta(),), SUBSANACION, id="the AEAT has it"),
            pytest.param((alta("accepted_with_errors", "2001"),), SUBSANACION, id="with an error"),
            pytest.param((REJECTED, alta()), SUBSANACION, id="has it now; an old rejection is over"),
            pytest.param((alta(), REJECTED), SUBSANACION_REJECTED, id="the correction was rejected"),
            pytest.param((alta(), NOT_ANNULLED), SUBSANACION, id="an annulment was rejected, no correction"),
            pytest.param((alta(), REJECTED, NOT_ANNULLED), SUBSANACION_REJECTED, id="both were"),
            pytest.param((alta(), alta("quarantined", sent=False)), SUBSANACION, id="the correction was never sent"),
            pytest.param((alta(), alta("rejected", "3002")), FIRST_REJECTED, id="the AEAT says it has nothing"),
            pytest.param((NOT_ANNULLED,), PLAIN, id="only an annulment was tried"),
        ],
    )
    def test_follows_from_what_became_of_those_before(self, history: tuple[Past, ...], flags: AltaFlags) -> None:
        assert next_alta(history) == flags

    def test_an_annulled_invoice_is_reactivated_only_when_asked_for(self) -> None:
        history = (alta(), anulacion())
        with pytest.raises(AlreadyAnnulled, match="another number"):
            next_alta(history)
        assert next_alta(history, reactivate=True) == SUBSANACION
        assert next_alta((*history, REJECTED), reactivate=True) == SUBSANACION_REJECTED
        assert next_alta((*history, alta())) == SUBSANACION


class TestNextAnulacion:
    @pytest.mark.parametrize(
        ("history", "flags"),
        [
            pytest.param((alta(),), ANULACION, id="the AEAT has it"),
            pytest.param((alta(), NOT_ANNULLED), ANULACION_REJECTED, id="its annulment was rejected"),
            pytest.param((alta(), REJECTED), ANULACION, id="a correction was rejected, no annulment"),
            pytest.param((alta(), NOT_ANNULLED, alta()), ANULACION, id="corrected since: an old rejection is over"),
            pytest.param((REJECTED,), NO_RECORD, id="the AEAT has nothing"),
            pytest.param((alta("quarantined", sent=False),), NO_RECORD, id="it was never sent"),
            pytest.param((REJECTED, NOT_ANNULLED), NO_RECORD_REJECTED, id="and its annulment was rejected"),
            pytest.param((alta(), anulacion("rejected", "3002")), NO_RECORD_REJECTED, id="it says it has nothing"),
            pytest.param((alta(), anulacion("accepted_with_errors", "2000")), ANULACION, id="annulled with an error"),
            pytest.param(
                (alta(), anulacion("accepted_with_errors", "2000"), NOT_ANNULLED),
                ANULACION_REJECTED,
                id="and the second try was rejected",
            ),
            pytest.param((alta(), anulacion(), alta()), ANULACION, id="annulled, reactivated"),
        ],
    )
    def test_follows_from_what_became_of_those_before(self, history: tuple[Past, ...], flags: AnulacionFlags) -> None:
        assert next_anulacion(history) == flags

    @pytest.mark.parametrize(
        "history",
        [
            (alta(), anulacion()),
            (alta(), anulacion("accepted_with_errors", "2004")),  # asks for no correction
            (REJECTED, anulacion("rejected", "3001")),
        ],
    )
    def test_once_is_enough(self, history: tuple[Past, ...]) -> None:
        with pytest.raises(AlreadyAnnulled):
            next_anulacion(history)

    def test_what_was_never_declared_is_not_annulled(self) -> None:
        with pytest.raises(NeverDeclared, match="issue it first"):
            next_anulacion(())


class TestNothingMayBeSent:
    @pytest.mark.parametrize("state", ["pending", "in_flight", "unknown"])
    @pytest.mark.parametrize("make", [alta, anulacion])
    def test_while_a_verdict_is_awaited(self, state: str, make: Callable[[str], Past]) -> None:
        history = (alta(), make(state))
        for choose in CHOICES:
            with pytest.raises(StillOpen, match="try again"):
                choose(history)

    def test_while_nobody_knows_what_became_of_one_that_left(self) -> None:
        for choose in CHOICES:
            with pytest.raises(SetAside, match="reconcile_aeat"):
                choose((alta("quarantined", "3000"),))

    def test_after_an_annulment_through_the_aeats_own_form(self) -> None:
        history = (alta(), alta("rejected", "3004"))
        for choose in CHOICES:
            with pytest.raises(AnnulledByForm, match="another number"):
                choose(history)
        assert standing(history).held is Held.ANULACION


class TestEveryLife:
    """All lives of five records: what we choose is what the AEAT takes, and it says whether it was rejected before."""

    @pytest.mark.parametrize("kinds", list(product("UD", repeat=5)), ids="".join)
    def test_is_taken_by_the_aeat(self, kinds: tuple[str, ...]) -> None:
        # U: an alta of whatever kind fits ("up"); D: an annulment ("down").
        for fates in product(("taken", "taken with error", "refused"), repeat=len(kinds)):
            live(kinds, fates)


def live(kinds: tuple[str, ...], fates: tuple[str, ...]) -> None:
    history: list[Past] = []
    holds, with_error = "nothing", False
    refused_since: set[str] = set()
    for kind, fate in zip(kinds, fates, strict=True):
        try:
            flags = next_alta(history, reactivate=True) if kind == "U" else next_anulacion(history)
        except NeverDeclared:
            assert (kind, history) == ("D", [])
            return
        except AlreadyAnnulled:
            assert (kind, holds, with_error) == ("D", "an anulación", False)
            return
        column = ("nothing", "an alta", "an anulación").index(holds)
        assert TABLE[flags][column], (history, flags)
        if flags == PLAIN:
            assert all(past.operation == "Anulacion" for past in history)
        elif flags != FIRST_REJECTED:
            assert (flags.RechazoPrevio == "S") == (kind in refused_since), (history, flags)
        operation = "Alta" if kind == "U" else "Anulacion"
        if fate == "refused":
            refused_since.add(kind)
            history.append(Past(operation=operation, state="rejected", code="1100"))
            continue
        holds = "an alta" if kind == "U" else "an anulación"
        refused_since.clear()
        with_error = fate == "taken with error"
        state, code = ("accepted_with_errors", "2000") if with_error else ("accepted", "")
        history.append(Past(operation=operation, state=state, code=code))
        assert standing(history).held.value == ("alta" if kind == "U" else "anulacion")
