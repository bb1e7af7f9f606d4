"""The failures that are told with a value: faults by code, waits, lines, verdicts, and TLS that nobody should trust."""

import contextlib
import ssl
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.simulator.sender import Chain, Client, Clock
from tests.simulator.test_failures import control
from verifactu.simulator import Simulator
from verifactu.simulator.distort import NOT_SENT
from verifactu.simulator.failures import MODES, Failure
from verifactu.simulator.texts import FAULTS


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode.startswith("tls_")])
def test_a_certificate_that_is_not_to_be_trusted_is_not(
    simulator: Simulator, client: Client, chain: Chain, mode: str
) -> None:
    told = {"tls_unknown_authority": "unable to get|signature", "tls_expired": "expired", "tls_wrong_host": "mismatch"}
    simulator.fail(mode)
    message = chain.submission(chain.alta("A-1"))
    with pytest.raises(ssl.SSLCertVerificationError, match=told[mode]):
        client.post(message)
    assert simulator.report()["submissions"] == 0
    assert client.post(message).verdicts == [("Correcto", "")]


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_every_fault_can_be_played_as_either_sides(
    client: Client, simulator: Simulator, chain: Chain, code: str
) -> None:
    message = chain.submission(chain.alta("A-1"))
    for role, expected in (("client", "env:Client"), ("server", "env:Server")):
        simulator.fail("fault", value=code, role=role)
        answer = client.post(message)
        assert answer.status == HTTPStatus.INTERNAL_SERVER_ERROR
        assert (answer.text("faultcode"), f"Codigo[{code}]." in answer.text("faultstring")) == (expected, True)
    assert simulator.report()["submissions"] == 0


def test_the_faults_are_those_of_the_list_and_two_that_peers_saw() -> None:
    listed = {str(code) for first, last in ((4102, 4141), (3500, 3503)) for code in range(first, last + 1)}
    assert set(FAULTS) == listed | {"102", "20009"}


def test_a_fault_may_be_for_submissions_that_hold_a_number(client: Client, simulator: Simulator, chain: Chain) -> None:
    simulator.fail("fault", times=9, value="4102", record="A-2*")
    first, second, third = (chain.alta(number) for number in ("A-1", "A-21", "A-3"))
    assert client.post(chain.submission(first)).verdicts == [("Correcto", "")]
    assert "Codigo[4102]" in client.post(chain.submission(second, third)).text("faultstring")
    assert client.post(chain.submission(third)).status == HTTPStatus.OK


class TestWaits:
    """TiempoEsperaEnvio as it changes, and what happens to who does not heed it."""

    def test_one_answer_asks_for_another(self, client: Client, simulator: Simulator, chain: Chain) -> None:
        simulator.fail("wait", value="600")
        waits = [client.post(chain.submission(chain.alta(f"A-{n}"))).text("TiempoEsperaEnvio") for n in range(2)]
        assert waits == ["600", "60"]

    def test_it_grows(self, client: Client, simulator: Simulator, chain: Chain) -> None:
        simulator.fail("growing_wait", 3, value="60")
        waits = [client.post(chain.submission(chain.alta(f"A-{n}"))).text("TiempoEsperaEnvio") for n in range(4)]
        assert waits == ["60", "120", "240", "60"]

    def test_it_changes_for_good(self, client: Client, simulator: Simulator, chain: Chain) -> None:
        assert control(simulator, {"wait": 7})[1]["wait"] == 7
        assert client.post(chain.submission(chain.alta("A-1"))).text("TiempoEsperaEnvio") == "7"

    @pytest.fixture
    def strict(self, folder: Path, clock: Clock) -> Iterator[Simulator]:
        """A simulator that turns away who comes too early."""
        with Simulator(folder, now=clock, wait=60, enforce=True) as running:
            yield running

    def test_who_comes_too_early_is_turned_away(
        self, strict: Simulator, client_of: Callable[[Simulator], Client], chain: Chain, clock: Clock
    ) -> None:
        client = client_of(strict)
        assert client.post(chain.submission(chain.alta("A-1"))).status == HTTPStatus.OK
        clock.forward(20)
        message = chain.submission(chain.alta("A-2"))
        early = client.post(message)
        assert (early.status, early.headers["Retry-After"]) == (HTTPStatus.TOO_MANY_REQUESTS, "40")
        assert early.headers.get_content_type() == "text/html"
        assert (len(strict.report()["records"]), strict.report()["too_early"]) == (1, 1)
        clock.forward(40)
        assert client.post(message).verdicts == [("Correcto", "")]

    def test_a_thousand_are_never_too_early(
        self, strict: Simulator, client_of: Callable[[Simulator], Client], chain: Chain
    ) -> None:
        client = client_of(strict)
        assert client.post(chain.submission(chain.alta("A-0"))).status == HTTPStatus.OK
        full = [chain.alta(f"B-{number}") for number in range(1000)]
        assert client.post(chain.submission(*full)).text("EstadoEnvio") == "Correcto"


class TestLines:
    """Answers whose lines are not those of the records sent, in their order; what is stored is."""

    def numbers(self, client: Client, chain: Chain) -> list[str]:
        return client.post(chain.submission(*(chain.alta(f"A-{n}") for n in range(4)))).texts("NumSerieFactura")

    @pytest.mark.parametrize(
        ("mode", "expected"),
        [
            ("shuffled_lines", ["A-1", "A-3", "A-0", "A-2"]),
            ("missing_lines", ["A-0", "A-1", "A-2"]),
            ("extra_lines", [NOT_SENT, "A-0", "A-1", "A-2", "A-3"]),
        ],
    )
    def test_are_as_told(
        self, client: Client, simulator: Simulator, chain: Chain, mode: str, expected: list[str]
    ) -> None:
        simulator.fail(mode)
        assert self.numbers(client, chain) == expected
        assert [record["state"] for record in simulator.report()["records"]] == ["Correcto"] * 4

    def test_a_slow_answer_takes_its_time(self, client: Client, simulator: Simulator, chain: Chain) -> None:
        simulator.fail("slow_answer", seconds=0.8)
        begun = time.monotonic()
        assert client.post(chain.submission(chain.alta("A-1"))).verdicts == [("Correcto", "")]
        assert time.monotonic() - begun > 0.7
        assert simulator.report()["delivered"] == 1

    def test_a_slow_answer_that_nobody_waits_for_was_not_delivered(
        self, client: Client, simulator: Simulator, chain: Chain
    ) -> None:
        simulator.fail("slow_answer", seconds=60)
        with contextlib.closing(client.connect(timeout=0.3)) as connection:
            connection.request("POST", client.address.path, chain.submission(chain.alta("A-1")))
            connection.getresponse()
        assert (len(simulator.report()["records"]), simulator.report()["delivered"]) == (1, 0)


class TestVerdicts:
    """A verdict that was ordered: told, and stored like one of the judge's own."""

    @pytest.mark.parametrize(
        ("value", "verdict", "state"),
        [
            ("2001", ("AceptadoConErrores", "2001"), "AceptadaConErrores"),
            ("1100", ("Incorrecto", "1100"), None),
            ("3002", ("Incorrecto", "3002"), None),
        ],
    )
    def test_for_one_number(
        self,
        client: Client,
        simulator: Simulator,
        chain: Chain,
        value: str,
        verdict: tuple[str, str],
        state: str | None,
    ) -> None:
        simulator.fail("verdict", value=value, record="A-2")
        answer = client.post(chain.submission(*(chain.alta(f"A-{n}") for n in (1, 2, 3))))
        assert answer.verdicts == [("Correcto", ""), verdict, ("Correcto", "")]
        expected = {"Correcta": 2} | ({state: 1} if state else {})
        assert simulator.report()["invoices"] == expected

    def test_correct_whatever_the_judge_says(self, client: Client, simulator: Simulator, chain: Chain) -> None:
        simulator.fail("verdict", value="Correcto")
        assert client.post(chain.submission(chain.alta("A-1", huella="0" * 64))).verdicts == [("Correcto", "")]

    @pytest.mark.parametrize("told", ["Correcta", "Correcto", "AceptadaConErrores", "AceptadoConErrores"])
    def test_a_duplicate_whose_first_answer_was_lost(
        self, client: Client, simulator: Simulator, chain: Chain, told: str
    ) -> None:
        simulator.fail("verdict", value="3000", duplicate=told)
        answer = client.post(chain.submission(chain.alta("A-1")))
        assert answer.verdicts == [("Incorrecto", "3000")]
        assert answer.text("EstadoRegistroDuplicado") == told
        assert client.post(chain.query()).texts("Huella")[-1] == chain.made[0]
        assert simulator.report()["counts"] == {"Correcto": 1}

    def test_a_number_that_another_system_has_taken(self, client: Client, simulator: Simulator, chain: Chain) -> None:
        simulator.fail("taken_number", record="A-2")
        answer = client.post(chain.submission(chain.alta("A-1"), chain.alta("A-2")))
        assert answer.verdicts == [("Correcto", ""), ("Incorrecto", "3000")]
        held = client.post(chain.query("<s:NumSerieFactura>A-2</s:NumSerieFactura>".replace("s:", "q:")))
        assert held.texts("Huella")[-1] == "F" * 64
        assert {each["installation"] for each in simulator.report()["chains"]} == {chain.installation, "OTRO-SISTEMA"}


def test_orders_come_as_a_list_too(simulator: Simulator, client: Client, chain: Chain) -> None:
    assert control(simulator, [{"mode": "http_503"}, {"mode": "fault", "value": "4141"}])[0] == HTTPStatus.OK
    message = chain.submission(chain.alta("A-1"))
    assert client.post(message).status == HTTPStatus.SERVICE_UNAVAILABLE
    assert "Codigo[4141]" in client.post(message).text("faultstring")


def test_the_answer_to_an_order_of_many_values(simulator: Simulator) -> None:
    simulator.play(Failure.parse("fault:4104:2 operation=query role=server seconds=1.5 record=A-*"))
    assert control(simulator)[1]["pending"] == [
        {
            "mode": "fault", "times": 2, "operation": "query", "seconds": 1.5, "value": "4104", "record": "A-*",
            "role": "server", "duplicate": "Correcta",
        }
    ]  # fmt: skip
