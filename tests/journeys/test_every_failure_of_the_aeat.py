"""For each failure that the stand-in AEAT can play: its ledger and ours end equal, nothing twice, a person is told.

That the ledgers are equal and nothing was sent twice is looked at after every story, by the fixture `house`.
"""

import json
import re
import ssl
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.request import urlopen

import pytest

from tests.journeys.chains import alerts_of, append, heal, told
from tests.journeys.house import House
from verifactu.models import Answer
from verifactu.simulator.failures import MODES

THREE = ["accepted"] * 3


@dataclass(frozen=True)
class Story:
    """A failure played on three records: how they end, and what a person can read of it."""

    told: str = ""
    """A pattern; empty where nothing went wrong that a person should know."""
    states: list[str] = field(default_factory=lambda: THREE)
    order: dict[str, Any] = field(default_factory=dict)
    also: tuple[tuple[str, dict[str, Any]], ...] = ()
    """More failures, played with it."""
    questions: int = 0
    """How often the AEAT is asked what it holds."""


def rejected(code: str) -> list[str]:
    return ["accepted", "rejected" if code[0] == "1" else "accepted_with_errors", "accepted"]


SECOND = {"record": "*-000001"}
STORIES: dict[str, list[Story]] = {
    "refuse_connection": [Story(r"No se pudo conectar con la AEAT \(connection\)")],
    "tls_unknown_authority": [Story(r"No se pudo conectar con la AEAT \(tls\)")],
    "tls_expired": [Story(r"No se pudo conectar con la AEAT \(tls\)")],
    "tls_wrong_host": [Story(r"No se pudo conectar con la AEAT \(tls\)")],
    "timeout_before": [Story("no llegó entera", order={"seconds": 1}, questions=1)],
    "html_page": [Story("no se entiende", questions=1)],
    "http_403": [Story("submission_refused .*HTTP 403.*Suba en la página del obligado un certificado")],
    "http_429": [Story(r"no atiende ahora \(HTTP 429\)")],
    "http_503": [Story(r"no atiende ahora \(HTTP 503\)")],
    "fault_server": [Story(r"Error de la AEAT: Codigo\[20009\]", questions=1)],
    "fault": [
        Story(r"submission_refused .*Codigo\[4104\].*Compruebe el NIF y el nombre", order={"value": "4104"}),
        Story(r"submission_refused .*Codigo\[4112\].*certificado vigente", order={"value": "4112"}),
        Story(r"Codigo\[4102\].*Se busca el registro", order={"value": "4102"}),
        Story(r"Codigo\[4103\].*problema de la AEAT", order={"value": "4103"}),
        Story(r"submission_refused .*Codigo\[4139\].*AEAT_ENDPOINT", order={"value": "4139"}),
        Story(r"Codigo\[4102\]", order={"value": "4102", "role": "server"}, questions=1),
    ],
    "timeout_after": [Story("no llegó entera", order={"seconds": 1}, questions=1)],
    "cut_answer": [Story("no llegó entera", questions=1)],
    "slow_answer": [Story(order={"seconds": 1})],
    "wait": [Story(order={"value": "600"})],
    "growing_wait": [Story(order={"value": "60", "times": 2})],
    "shuffled_lines": [
        # Each verdict reaches its own record all the same.
        Story("1100 Error|1100 El valor", rejected("1100"), also=(("verdict", {"value": "1100", **SECOND}),)),
    ],
    "missing_lines": [Story("1 registros sin respuesta clara: se pregunta a la AEAT", questions=1)],
    "extra_lines": [Story("strange_line .*NO-ENVIADA-1")],
    "verdict": [
        Story("1100 El valor", rejected("1100"), order={"value": "1100", **SECOND}),
        Story("2001 El NIF", rejected("2001"), order={"value": "2001", **SECOND}),
        *(
            Story(order={"value": "3000", "duplicate": duplicate, **SECOND}, questions=1)
            for duplicate in ("Correcta", "Correcto", "AceptadaConErrores", "AceptadoConErrores")
        ),
    ],
    "taken_number": [
        Story(
            "number_taken B-000001: La AEAT tiene otro registro",
            ["accepted", "quarantined", "accepted"],
            SECOND,
            questions=1,
        )
    ],
    "qr_error": [Story()],
}
CASES = [
    pytest.param(mode, story, id=f"{mode}:{story.order.get('value', '')}:{story.order.get('duplicate', '')}")
    for mode, stories in STORIES.items()
    for story in stories
]


def test_every_mode_has_its_story() -> None:
    assert set(STORIES) == set(MODES)


@pytest.mark.faults
@pytest.mark.parametrize(("mode", "story"), CASES)
def test_the_ledgers_end_equal_and_a_person_is_told(house: House, mode: str, story: Story) -> None:
    shops = house.company()
    questions = house.simulator.report(with_records=False)["queries"]
    for other, order in story.also:
        house.simulator.fail(other, **order)
    operation = {} if MODES[mode].kind in ("connection", "page", "record") else {"operation": "submission"}
    house.simulator.fail(mode, **{**operation, **story.order})
    append(shops, 3)
    heal(house, shops)
    if mode == "qr_error":
        assert_the_page_tells(house)
    assert shops.states() == story.states
    assert house.simulator.report(with_records=False)["queries"] - questions == story.questions
    if story.told:
        assert re.search(story.told, told(shops), re.DOTALL), told(shops)
    else:
        assert alerts_of(shops) == []
    trouble = [kind for kind in alerts_of(shops) if kind != "sending_again"]
    assert len(trouble) == len(set(trouble)), "told more than once"


@pytest.mark.faults
def test_a_wait_that_grows_is_heeded_each_time(house: House) -> None:
    shops = house.company()
    house.simulator.fail("growing_wait", 3, value="60")
    for number in range(4):
        append(shops, 1, first=number)
        heal(house, shops)
    begun = [request["received_at"] for request in house.requests_received(shops)]
    answers = Answer.objects.filter(submission__installation=shops.installation).order_by("id")
    assert [answer.tiempo_espera for answer in answers][:3] == [60, 120, 240]
    gaps = [second - first for first, second in zip(moments(begun), moments(begun)[1:], strict=False)]
    assert [gap >= timedelta(seconds=wait) for gap, wait in zip(gaps, (60, 120, 240), strict=True)] == [True] * 3


def moments(texts: list[str]) -> list[datetime]:
    return [datetime.fromisoformat(text) for text in texts]


def assert_the_page_tells(house: House) -> None:
    context = ssl.create_default_context(cafile=str(house.simulator.ca_file))
    with urlopen(f"{house.simulator.qr_url}?formato=json", context=context, timeout=10) as answer:
        assert json.load(answer)["codigo_error"] == "3001"
