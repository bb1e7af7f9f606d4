"""The table of admissible operations (verifactu.md 8.1): cell by cell, and what we choose from it by ourselves."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from common import clock
from tests.journeys.declaring import alta, anulacion, declare
from tests.journeys.house import House, Shops
from tests.simulator.sender import Chain, Client, Clock
from verifactu.history import append_annulment, append_correction
from verifactu.lifecycle import AlreadyAnnulled, SetAside, StillOpen
from verifactu.models import Record
from verifactu.records import RegistroAlta, RegistroAnulacion
from verifactu.xml import read_registro

BACK_OFF = timedelta(seconds=6)
"""A little more than the sender waits after a first failure."""

OK, DUPLICATE, ANNULLED, MISSING = "accepted", "3000", "3001", "3002"

SUBSANACION = {"Subsanacion": "S"}
AFTER_REJECTION = {"Subsanacion": "S", "RechazoPrevio": "X"}
SUBSANACION_REJECTED = {"Subsanacion": "S", "RechazoPrevio": "S"}
REJECTED = {"RechazoPrevio": "S"}
NO_RECORD = {"SinRegistroPrevio": "S"}
NO_RECORD_REJECTED = {"SinRegistroPrevio": "S", "RechazoPrevio": "S"}

# What is sent; what becomes of it when the AEAT has nothing, an alta, an anulación.
TABLE: dict[str, tuple[RegistroAlta | RegistroAnulacion, tuple[str, str, str]]] = {
    "alta": (alta(), (OK, DUPLICATE, DUPLICATE)),
    "alta, said in full": (alta(Subsanacion="N", RechazoPrevio="N"), (OK, DUPLICATE, DUPLICATE)),
    "alta after rejection, or never sent": (alta(**AFTER_REJECTION), (OK, DUPLICATE, DUPLICATE)),
    "subsanación": (alta(**SUBSANACION), (MISSING, OK, OK)),
    "subsanación, said in full": (alta(Subsanacion="S", RechazoPrevio="N"), (MISSING, OK, OK)),
    "subsanación after its rejection": (alta(**SUBSANACION_REJECTED), (MISSING, OK, OK)),
    "anulación": (anulacion(), (MISSING, OK, OK)),
    "anulación, said in full": (anulacion(SinRegistroPrevio="N", RechazoPrevio="N"), (MISSING, OK, OK)),
    "anulación after its rejection": (anulacion(**REJECTED), (MISSING, OK, OK)),
    "anulación without record": (anulacion(**NO_RECORD), (OK, DUPLICATE, ANNULLED)),
    "the same after its rejection": (anulacion(**NO_RECORD_REJECTED), (OK, DUPLICATE, ANNULLED)),
}


@pytest.fixture
def house(house: House) -> Iterator[House]:
    """The running house, with an AEAT that asks for no pause between two submissions."""
    with house.waiting(0):
        yield house


def test_every_cell_of_the_table_is_answered_through_our_sender(house: House) -> None:
    shops = house.company()
    cells = {f"C{row}-{column}": (row, column) for row in range(len(TABLE)) for column in range(3)}
    declare(shops, {number: alta() for number, (_, column) in cells.items() if column > 0})
    house.settled()
    declare(shops, {number: anulacion() for number, (_, column) in cells.items() if column == 2})
    house.settled()
    assert set(shops.states()) == {"accepted"}

    rows = list(TABLE.values())
    sent = declare(shops, {number: rows[row][0] for number, (row, _) in cells.items()})
    house.settled()
    for number, (row, column) in cells.items():
        record = Record.objects.get(pk=sent[number].pk)
        wanted = rows[row][1][column]
        told = f"{list(TABLE)[row]}, column {column}: {record.state} {record.codigo_error}"
        if wanted == OK:
            assert (record.state, record.codigo_error) == ("accepted", ""), told
        elif wanted == DUPLICATE:
            # The AEAT was asked what it holds, which is another record: a person looks, nothing is sent again.
            assert (record.state, record.codigo_error) == ("quarantined", DUPLICATE), told
            assert "otra huella" in record.reason
        else:
            assert (record.state, record.codigo_error) == ("rejected", wanted), told


UP, BACK, DOWN = "a correction", "a reactivation", "an annulment"

# Lives of invoices after their first alta: what is done, the code that the AEAT is told to give, the flags that our
# record must carry. The first alta's own code comes first.
LIVES: dict[str, tuple[str, list[tuple[str, str, dict[str, str]]]]] = {
    "corrected": ("", [(UP, "", SUBSANACION), (UP, "", SUBSANACION)]),
    "stored with an error, corrected": ("2000", [(UP, "", SUBSANACION)]),
    "rejected, corrected": ("1110", [(UP, "", AFTER_REJECTION), (UP, "", SUBSANACION)]),
    "rejected twice": ("1110", [(UP, "1110", AFTER_REJECTION), (UP, "", AFTER_REJECTION)]),
    "its correction rejected": ("", [(UP, "1110", SUBSANACION), (UP, "", SUBSANACION_REJECTED)]),
    "annulled": ("", [(DOWN, "", {})]),
    "its annulment rejected": ("", [(DOWN, "1110", {}), (DOWN, "", REJECTED)]),
    "annulled with an error, again": ("", [(DOWN, "2000", {}), (DOWN, "", {})]),
    "again, after a rejection": ("", [(DOWN, "2000", {}), (DOWN, "1110", {}), (DOWN, "", REJECTED)]),
    "rejected, annulled": ("1110", [(DOWN, "", NO_RECORD)]),
    "and that rejected": ("1110", [(DOWN, "1110", NO_RECORD), (DOWN, "", NO_RECORD_REJECTED)]),
    "annulled, reactivated": ("", [(DOWN, "", {}), (BACK, "", SUBSANACION), (DOWN, "", {})]),
    "its reactivation rejected": (
        "", [(DOWN, "", {}), (BACK, "1110", SUBSANACION), (BACK, "", SUBSANACION_REJECTED)],
    ),
    "never declared, reactivated": ("1110", [(DOWN, "", NO_RECORD), (BACK, "", SUBSANACION)]),
    "lost by the AEAT": ("", [(UP, "3002", SUBSANACION), (UP, "3000", AFTER_REJECTION)]),
    "corrected between annulments": (
        "", [(DOWN, "1110", {}), (UP, "", SUBSANACION), (DOWN, "", {})],
    ),
    "everything rejected once": (
        "1110",
        [
            (UP, "1110", AFTER_REJECTION), (UP, "", AFTER_REJECTION), (UP, "1110", SUBSANACION),
            (DOWN, "1110", {}), (UP, "", SUBSANACION_REJECTED), (DOWN, "", {}),
        ],
    ),
}  # fmt: skip


def test_what_we_choose_from_the_history_is_what_the_aeat_takes(house: House) -> None:
    shops = house.company()
    numbers = {life: f"L-{index}" for index, life in enumerate(LIVES)}
    codes = {life: [first, *(code for _, code, _ in steps)] for life, (first, steps) in LIVES.items()}
    order(house, numbers, codes, 0)
    firsts = declare(shops, {number: alta() for number in numbers.values()})
    house.settled()
    for turn in range(max(len(steps) for _, steps in LIVES.values())):
        order(house, numbers, codes, turn + 1)
        made = {
            life: (follow(shops, firsts[numbers[life]], steps[turn][0]), steps[turn])
            for life, (_, steps) in LIVES.items()
            if turn < len(steps)
        }
        house.settled()
        for life, (record, (_, _, flags)) in made.items():
            assert said(record) == flags, f"{life}, record {turn + 2}"
            assert_fate(record, codes[life][turn + 1], f"{life}, record {turn + 2}")
    taken = {(row, column) for life in LIVES for row, column in cells_of(life)}
    assert taken == {
        (row, column) for row, (_, fates_) in enumerate(TABLE.values()) for column, fate in enumerate(fates_)
        if fate == OK and "said in full" not in list(TABLE)[row] and (row, column) != (0, 0)
    }  # fmt: skip


def order(house: House, numbers: dict[str, str], codes: dict[str, list[str]], turn: int) -> None:
    """Tell the AEAT what to say of each life's next record; nothing where it is to judge by itself.

    A number that it still holds it calls a duplicate (3000) by itself.
    """
    for life, each in codes.items():
        if turn < len(each) and each[turn] not in ("", DUPLICATE):
            house.simulator.fail("verdict", value=each[turn], record=numbers[life])


def test_nothing_follows_before_the_verdict(house: House) -> None:
    shops = house.company()
    with house.aeat_away():
        first = declare(shops, {"A-1": alta()})["A-1"]
        for verb in (UP, DOWN):
            with pytest.raises(StillOpen):
                follow(shops, first, verb)
    assert len(shops.records) == 1
    house.pass_time(BACK_OFF)
    house.settled()
    follow(shops, first, DOWN)
    house.settled()
    with pytest.raises(AlreadyAnnulled):
        follow(shops, first, UP)
    assert shops.states() == ["accepted"] * 2


def test_a_correction_whose_answer_was_lost_is_asked_about_and_sent_again(house: House) -> None:
    """The AEAT then still holds our earlier record, which is no stranger's: the correction did not arrive."""
    shops = house.company()
    first = declare(shops, {"A-1": alta()})["A-1"]
    house.settled()
    for mode in ("timeout_before", "timeout_after"):
        house.simulator.fail(mode, operation="submission", seconds=1)
        record = follow(shops, first, UP)
        house.until(partial(asked_about, record), message="The AEAT was not asked")
        house.pass_time(BACK_OFF)
        house.settled()
    assert shops.states() == ["accepted"] * 3
    assert [record["code"] for record in house.received(shops)] == [""] * 3


def test_a_number_that_another_system_used_stops_with_a_person(house: House, tmp_path: Path) -> None:
    """3000, and a query that does not find it among our own: sent once, asked once, set aside."""
    shops = house.company()
    assert shops.company.taxpayer.certificate
    client = Client(
        house.simulator.endpoint, house.simulator.ca_file, bytes(shops.company.taxpayer.certificate), "encina",
        folder=tmp_path,
    )  # fmt: skip
    other = Chain(Clock(clock.now()), nif=shops.company.taxpayer.nif, installation="another system")
    assert client.post(other.submission(other.alta("A-1"))).verdicts == [("Correcto", "")]
    record = declare(shops, {"A-1": alta()})["A-1"]
    house.settled()
    record = Record.objects.get(pk=record.pk)
    assert (record.state, record.codigo_error) == ("quarantined", "3000")
    with pytest.raises(SetAside):
        follow(shops, record, UP)


def asked_about(record: Record) -> bool:
    """Whether the submission that carried it came to a known end."""
    return Record.objects.filter(pk=record.pk, submission__state="answered").exists()


def follow(shops: Shops, first: Record, verb: str) -> Record:
    """Append what is to be done to the invoice, with the flags that we choose."""
    first = Record.objects.select_related("installation").get(pk=first.pk)
    tenant, zone = shops.company.tenant, shops.company.zone
    if verb == DOWN:
        return append_annulment(first, tenant=tenant, zone=zone, now=clock.now)
    return append_correction(
        first, lambda registro: registro, tenant=tenant, zone=zone, now=clock.now, reactivate=verb == BACK
    )


def said(record: Record) -> dict[str, str]:
    """The flags of a stored record."""
    registro: Any = read_registro(record.xml)
    names = ("Subsanacion", "RechazoPrevio", "SinRegistroPrevio")
    return {name: getattr(registro, name) for name in names if getattr(registro, name, "")}


def assert_fate(record: Record, code: str, told: str) -> None:
    record = Record.objects.get(pk=record.pk)
    state = {"": "accepted", "2": "accepted_with_errors", "1": "rejected"}.get(code[:1], "")
    wanted = state or {"3000": "quarantined", "3002": "rejected"}[code]
    assert (record.state, record.codigo_error) == (wanted, code), told


def cells_of(life: str) -> Sequence[tuple[int, int]]:
    """The (row, column) of the table that each accepted record of a life stands in."""
    rows = [name for name in TABLE if "said in full" not in name]
    flags = {
        "alta": (UP, {}), "alta after rejection, or never sent": (UP, AFTER_REJECTION),
        "subsanación": (UP, SUBSANACION), "subsanación after its rejection": (UP, SUBSANACION_REJECTED),
        "anulación": (DOWN, {}), "anulación after its rejection": (DOWN, REJECTED),
        "anulación without record": (DOWN, NO_RECORD), "the same after its rejection": (DOWN, NO_RECORD_REJECTED),
    }  # fmt: skip
    first, steps = LIVES[life]
    holds = 0 if first.startswith("1") else 1
    found = []
    for verb, code, said_ in steps:
        if code.startswith(("1", "3")):
            continue
        kind = DOWN if verb == DOWN else UP
        row = next(name for name in rows if flags[name] == (kind, said_))
        found.append((list(TABLE).index(row), holds))
        holds = 2 if kind == DOWN else 1
    return found
