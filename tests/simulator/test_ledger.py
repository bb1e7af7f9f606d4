"""What was answered is kept, whoever dies; what came too early is told (design.md section 5)."""

import http.client
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulator.sender import Chain, Client, Clock
from verifactu.simulator import Simulator

ACCEPTED = ("Correcto", "")


def test_a_later_simulator_knows_what_an_earlier_one_received(
    folder: Path, clock: Clock, client_of: Callable[[Simulator], Client]
) -> None:
    chain = Chain(clock)
    message = chain.submission(chain.alta("A-1"))
    with Simulator(folder, now=clock) as simulator:
        client_of(simulator).post(message)
    with Simulator(folder, now=clock) as simulator:
        client = client_of(simulator)
        assert client.post(message).verdicts == [("Incorrecto", "3000")]
        assert client.post(chain.submission(chain.alta("A-2"))).verdicts == [ACCEPTED]
        assert client.post(chain.query()).texts("Huella").count(chain.made[0]) == 2  # its own, and A-2's link
        assert simulator.report()["counts"] == {"Correcto": 2, "Incorrecto": 1}


def test_request_and_answer_are_kept_byte_for_byte(folder: Path, client: Client, chain: Chain) -> None:
    message = chain.submission(chain.alta("A-1"))
    answer = client.post(message)
    broken = client.post(b"<nonsense/>")
    with sqlite3.connect(folder / "ledger.sqlite3") as database:
        rows = database.execute("SELECT request, answer, fault FROM submission ORDER BY id").fetchall()
    database.close()
    assert rows == [(message, answer.body, ""), (b"<nonsense/>", broken.body, "4102")]


def test_senders_of_one_chain_at_the_same_time_break_nothing(
    simulator: Simulator, client: Client, clock: Clock
) -> None:
    """Eight chains, each sending ten submissions one after another, all at once."""
    verdicts: list[tuple[str, str]] = []

    def send(installation: int) -> None:
        chain = Chain(clock, installation=str(installation))
        for n in range(10):
            verdicts.extend(client.post(chain.submission(chain.alta(f"{installation}-{n}"))).verdicts)

    senders = [threading.Thread(target=send, args=(n,)) for n in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert verdicts == [ACCEPTED] * 80
    assert simulator.report()["submissions"] == 80


def test_two_simulators_may_share_one_ledger(
    folder: Path, clock: Clock, client_of: Callable[[Simulator], Client]
) -> None:
    chain = Chain(clock)
    with Simulator(folder, now=clock) as one, Simulator(folder, now=clock) as other:
        clients = client_of(one), client_of(other)
        for n in range(6):
            assert clients[n % 2].post(chain.submission(chain.alta(f"A-{n}"))).verdicts == [ACCEPTED]
        assert one.report() == other.report()


class TestPace:
    """TiempoEsperaEnvio is obeyed, or it shows."""

    @pytest.fixture
    def early(self, simulator: Simulator) -> Callable[[], int]:
        return lambda: int(simulator.report(with_records=False)["too_early"])

    def test_a_submission_before_its_time_is_answered_and_counted(
        self, client: Client, chain: Chain, clock: Clock, early: Callable[[], int]
    ) -> None:
        client.post(chain.submission(chain.alta("A-1")))
        clock.forward(59)
        assert client.post(chain.submission(chain.alta("A-2"))).verdicts == [ACCEPTED]
        assert early() == 1

    def test_a_submission_in_time_is_not(
        self, client: Client, chain: Chain, clock: Clock, early: Callable[[], int]
    ) -> None:
        client.post(chain.submission(chain.alta("A-1")))
        clock.forward(60)
        client.post(chain.submission(chain.alta("A-2")))
        assert early() == 0

    def test_a_full_submission_may_come_at_any_time(
        self, client: Client, chain: Chain, early: Callable[[], int]
    ) -> None:
        client.post(chain.submission(chain.alta("A-1")))
        client.post(chain.submission(*(chain.alta(f"B-{n}") for n in range(1000))))
        assert early() == 0

    def test_the_wait_is_of_one_chain(
        self, client: Client, chain: Chain, clock: Clock, early: Callable[[], int]
    ) -> None:
        client.post(chain.submission(chain.alta("A-1")))
        other = Chain(clock, installation="2")
        client.post(other.submission(other.alta("B-1")))
        assert early() == 0

    def test_queries_and_refusals_ask_for_no_wait(self, client: Client, chain: Chain, early: Callable[[], int]) -> None:
        client.post(chain.query())
        client.post(b"<nonsense/>")
        client.post(chain.submission(chain.alta("A-1")))
        assert early() == 0

    def test_an_answer_that_never_left_asks_for_no_wait(
        self, simulator: Simulator, client: Client, chain: Chain, early: Callable[[], int]
    ) -> None:
        simulator.fail("cut_answer")
        with pytest.raises(http.client.IncompleteRead):
            client.post(chain.submission(chain.alta("A-1")))
        client.post(chain.submission(chain.alta("A-2")))
        assert early() == 0

    def test_the_wait_asked_for_is_the_one_configured(
        self, folder: Path, clock: Clock, client_of: Callable[[Simulator], Client], chain: Chain
    ) -> None:
        with Simulator(folder, now=clock, wait=1) as simulator:
            client = client_of(simulator)
            assert client.post(chain.submission(chain.alta("A-1"))).text("TiempoEsperaEnvio") == "1"
            clock.forward(1)
            client.post(chain.submission(chain.alta("A-2")))
            assert simulator.report()["too_early"] == 0


@pytest.mark.parametrize(("wait", "page_size"), [(-1, 10), (10_000, 10), (60, 0), (60, 10_001)])
def test_what_the_contract_does_not_know_is_refused(tmp_path: Path, wait: int, page_size: int) -> None:
    with pytest.raises(ValueError, match="not"):
        Simulator(tmp_path, wait=wait, page_size=page_size)
