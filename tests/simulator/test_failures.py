"""Every way to fail, as a sender meets it, and what the ledger holds afterwards."""

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.deadline import eventually
from tests.simulator.sender import Chain, Client
from verifactu.simulator import Simulator
from verifactu.simulator.failures import MODES, Failure

PATIENCE = 0.6
"""Seconds that the impatient sender of these tests waits."""


def control(simulator: Simulator, order: Any = None, path: str = "", **headers: str) -> tuple[int, Any]:
    """Speak to the control door; returns status and JSON."""
    address = urlsplit(simulator.control_url)
    with contextlib.closing(http.client.HTTPConnection(address.netloc, timeout=10)) as connection:
        body = None if order is None else json.dumps(order).encode()
        sent = {"Content-Type": "application/json", **headers}
        connection.request("GET" if order is None else "POST", path or address.path, body, sent)
        response = connection.getresponse()
        return response.status, json.loads(response.read())


@pytest.fixture
def tell(simulator: Simulator) -> Callable[..., None]:
    """Tells the simulator what to do wrong, over the control door."""

    def say(mode: str, **more: Any) -> None:
        status, answer = control(simulator, {"mode": mode, **more})
        assert status == HTTPStatus.OK, answer

    return say


def held(simulator: Simulator) -> int:
    """How many records the ledger holds."""
    return len(simulator.report()["records"])


class TestNothingStored:
    """The sender may send again as if nothing had happened."""

    def test_timeout_before(
        self, simulator: Simulator, client: Client, chain: Chain, tell: Callable[..., None]
    ) -> None:
        tell("timeout_before")
        message = chain.submission(chain.alta("A-1"))
        with pytest.raises(TimeoutError):
            client.post(message, timeout=PATIENCE)
        assert held(simulator) == 0
        assert client.post(message).verdicts == [("Correcto", "")]

    @pytest.mark.parametrize(("mode", "retry"), [("http_403", None), ("http_429", "5"), ("http_503", "5")])
    def test_http_errors(
        self, simulator: Simulator, client: Client, chain: Chain, tell: Callable[..., None], mode: str, retry: str
    ) -> None:
        tell(mode)
        message = chain.submission(chain.alta("A-1"))
        answer = client.post(message)
        assert (answer.status, answer.headers["Retry-After"]) == (int(mode[-3:]), retry)
        assert answer.headers.get_content_type() == "text/html"
        assert held(simulator) == 0
        assert client.post(message).verdicts == [("Correcto", "")]

    def test_html_page(self, simulator: Simulator, client: Client, chain: Chain, tell: Callable[..., None]) -> None:
        tell("html_page")
        answer = client.post(chain.submission(chain.alta("A-1")))
        assert (answer.status, answer.headers.get_content_type()) == (HTTPStatus.OK, "text/html")
        assert held(simulator) == 0

    def test_fault_server(self, simulator: Simulator, client: Client, chain: Chain, tell: Callable[..., None]) -> None:
        tell("fault_server")
        answer = client.post(chain.submission(chain.alta("A-1")))
        assert (answer.status, answer.text("faultcode")) == (HTTPStatus.INTERNAL_SERVER_ERROR, "env:Server")
        assert "Codigo[20009]" in answer.text("faultstring")
        assert held(simulator) == 0

    def test_refuse_connection(
        self, simulator: Simulator, client: Client, chain: Chain, tell: Callable[..., None]
    ) -> None:
        message = chain.submission(chain.alta("A-1"))
        tell("refuse_connection", times=2)
        for _ in range(2):
            with pytest.raises(ConnectionError):
                client.post(message)
        assert held(simulator) == 0
        assert client.post(message).verdicts == [("Correcto", "")]

    def test_refuse_connection_closes_those_kept_open(
        self, client: Client, chain: Chain, tell: Callable[..., None]
    ) -> None:
        with contextlib.closing(client.connect()) as connection:
            client.on(connection, chain.query())
            tell("refuse_connection")
            eventually(lambda: connection.sock.recv(1) == b"", seconds=5)


class TestStored:
    """The sender does not know, and the AEAT has it."""

    def test_timeout_after(self, simulator: Simulator, client: Client, chain: Chain, tell: Callable[..., None]) -> None:
        tell("timeout_after", operation="submission")
        message = chain.submission(chain.alta("A-1"))
        with pytest.raises(TimeoutError):
            client.post(message, timeout=PATIENCE)
        assert held(simulator) == 1
        assert client.post(chain.query()).text("Huella") == chain.made[0]
        assert client.post(message).verdicts == [("Incorrecto", "3000")]

    def test_cut_answer(self, simulator: Simulator, client: Client, chain: Chain, tell: Callable[..., None]) -> None:
        tell("cut_answer")
        message = chain.submission(chain.alta("A-1"))
        with pytest.raises(http.client.IncompleteRead):
            client.post(message)
        report = simulator.report()
        assert (report["counts"], report["delivered"]) == ({"Correcto": 1}, 0)
        assert client.post(message).verdicts == [("Incorrecto", "3000")]

    def test_a_delivered_answer_is_known_as_such(self, simulator: Simulator, client: Client, chain: Chain) -> None:
        client.post(chain.submission(chain.alta("A-1")))
        eventually(lambda: simulator.report()["delivered"] == 1, seconds=5)


class TestOrders:
    """What the control door takes and shows."""

    def test_are_played_in_order_and_as_often_as_told(
        self, simulator: Simulator, client: Client, chain: Chain, tell: Callable[..., None]
    ) -> None:
        tell("http_503", times=2)
        tell("http_429")
        message = chain.submission(chain.alta("A-1"))
        assert [client.post(message).status for _ in range(4)] == [503, 503, 429, 200]
        assert control(simulator)[1] == {"pending": [], "played": {"http_503": 2, "http_429": 1}, "wait": 60}

    def test_may_be_for_one_operation(self, client: Client, chain: Chain, tell: Callable[..., None]) -> None:
        tell("http_503", operation="query")
        assert client.post(chain.submission(chain.alta("A-1"))).status == HTTPStatus.OK
        assert client.post(chain.query()).status == HTTPStatus.SERVICE_UNAVAILABLE

    def test_normal_forgets_them(
        self, simulator: Simulator, client: Client, chain: Chain, tell: Callable[..., None]
    ) -> None:
        tell("http_503", times=9)
        assert control(simulator)[1]["pending"][0]["times"] == 9
        tell("normal")
        assert client.post(chain.query()).status == HTTPStatus.OK

    @pytest.mark.parametrize(
        "order",
        [
            {},
            [],
            {"mode": "explode"},
            {"mode": 5},
            {"mode": "http_503", "times": 0},
            {"mode": "http_503", "times": "2"},
            {"mode": "http_503", "times": True},
            {"mode": "http_503", "operation": "both"},
            {"mode": "http_503", "seconds": -1},
            {"mode": "refuse_connection", "operation": "query"},
            {"mode": "http_503", "colour": "red"},
            {"mode": "fault", "value": "1100"},
            {"mode": "fault", "role": "postman"},
            {"mode": "wait", "value": "10000"},
            {"mode": "verdict", "value": "4102"},
            {"mode": "verdict", "operation": "query"},
            {"mode": "verdict", "value": "3000", "duplicate": "Bien"},
            {"mode": "http_503", "value": "9"},
            [{"mode": "http_503"}, {"mode": "explode"}],
            {"wait": -1},
            {"wait": "60"},
        ],
    )
    def test_nonsense_is_refused_and_explained(self, simulator: Simulator, order: Any) -> None:
        status, answer = control(simulator, order)
        assert status == HTTPStatus.BAD_REQUEST
        assert answer["error"]
        assert control(simulator)[1]["pending"] == []

    def test_a_page_in_a_browser_cannot_give_them(self, simulator: Simulator) -> None:
        order = {"mode": "http_503"}
        assert control(simulator, order, **{"Content-Type": "text/plain"})[0] == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        assert control(simulator, order, Host="attacker.example")[0] == HTTPStatus.FORBIDDEN
        assert control(simulator)[1]["pending"] == []

    @pytest.mark.parametrize("mode", MODES)
    def test_every_mode_can_be_named_on_the_command_line(self, mode: str) -> None:
        value = MODES[mode].value
        assert Failure.parse(mode) == Failure(mode, value=value)
        named = f"{mode}:{value}" if value else mode
        assert Failure.parse(f"{named}:3") == Failure(mode, 3, value=value)

    @pytest.mark.parametrize(
        "text",
        [
            *("", "explode", "http_503:", "http_503:x", "http_503:0", "http_503:2:3"),
            *("fault:", "fault:4102:1:1", "fault:9999"),
            *("http_503 times", "http_503 colour=red", "http_503:2 times=3"),
        ],
    )
    def test_nothing_else_can(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"mode|MODE|times|takes"):
            Failure.parse(text)


def test_the_ledger_is_shown_with_and_without_its_records(simulator: Simulator, client: Client, chain: Chain) -> None:
    client.post(chain.submission(chain.alta("A-1"), chain.alta("A-2", huella="0" * 64), chain.anulacion("Z-9")))
    client.post(chain.query())
    eventually(lambda: simulator.report()["delivered"] == 1, seconds=5)
    _, short = control(simulator, path="/control/ledger.json?records=no")
    assert short == {
        "submissions": 1, "faults": 0, "too_early": 0, "delivered": 1, "queries": 1,
        "counts": {"Correcto": 1, "AceptadoConErrores": 1, "Incorrecto": 1}, "codes": {"2000": 1, "3002": 1},
        "invoices": {"Correcta": 1, "AceptadaConErrores": 1},
        "chains": [
            {
                "obligado": chain.nif, "producer": "89890003T", "system_id": "P1", "installation": chain.installation,
                "records": 3, "head": chain.made[-1],
            }
        ],
    }  # fmt: skip
    _, full = control(simulator, path="/control/ledger.json")
    assert [(each["numero"], each["state"], each["code"], each["huella"]) for each in full["records"]] == [
        ("A-1", "Correcto", "", chain.made[0]),
        ("A-2", "AceptadoConErrores", "2000", "0" * 64),
        ("Z-9", "Incorrecto", "3002", chain.made[2]),
    ]
    assert control(simulator, path="/elsewhere")[0] == HTTPStatus.NOT_FOUND


def test_a_stalled_request_does_not_keep_the_simulator_from_stopping(
    folder: Any, clock: Any, client_of: Callable[[Simulator], Client], chain: Chain
) -> None:
    simulator = Simulator(folder, now=clock)
    simulator.start()
    simulator.fail("timeout_after")
    client = client_of(simulator)

    def send() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            client.post(chain.submission(chain.alta("A-1")))

    sender = threading.Thread(target=send)
    sender.start()
    eventually(lambda: held(simulator) == 1, seconds=5)
    begun = time.monotonic()
    simulator.stop()
    sender.join(timeout=5)
    assert not sender.is_alive()
    assert time.monotonic() - begun < 3
