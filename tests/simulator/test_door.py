"""Who comes in, and how much of what."""

import http.client
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.simulator.conftest import PASSWORD
from tests.simulator.sender import COMPANY, Chain, Client, Clock
from verifactu.simulator import Simulator
from verifactu.simulator.authority import Authority
from verifactu.simulator.server import MAX_REQUEST


def status(connection: http.client.HTTPSConnection) -> int:
    """The status of the answer, read to its end."""
    with connection.getresponse() as response:
        response.read()
        return response.status


def test_without_certificate_it_answers_403_with_a_page(simulator: Simulator, chain: Chain, tmp_path: Path) -> None:
    stranger = Client(simulator.endpoint, simulator.ca_file, None, "", folder=tmp_path)
    answer = stranger.post(chain.submission(chain.alta("A-1")))
    assert answer.status == HTTPStatus.FORBIDDEN
    assert answer.headers.get_content_type() == "text/html"
    assert simulator.report()["submissions"] == 0


def test_a_certificate_of_another_authority_does_not_get_through(
    simulator: Simulator, chain: Chain, tmp_path: Path
) -> None:
    forged = Authority(tmp_path / "other").client_certificate(COMPANY, "X", password=PASSWORD)
    client = Client(simulator.endpoint, simulator.ca_file, forged, PASSWORD, folder=tmp_path)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        client.post(chain.submission(chain.alta("A-1")))
    assert simulator.report()["submissions"] == 0


def test_it_is_known_to_who_trusts_its_authority_only(simulator: Simulator, client: Client) -> None:
    client.context = ssl.create_default_context()
    with pytest.raises(ssl.SSLCertVerificationError):
        client.post(b"x")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_speaks_nothing_older_than_tls_1_2(client: Client) -> None:
    client.context.set_ciphers("DEFAULT@SECLEVEL=0")  # or OpenSSL itself would not offer it
    client.context.minimum_version = client.context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        client.post(b"x")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_speaks_tls_1_2_and_1_3(client: Client, chain: Chain, version: ssl.TLSVersion) -> None:
    client.context.minimum_version = client.context.maximum_version = version
    assert client.post(chain.submission(chain.alta("A-1"))).status == HTTPStatus.OK


def test_a_connection_serves_several_requests(client: Client, chain: Chain) -> None:
    with closing(client.connect()) as connection:
        first = client.on(connection, chain.submission(chain.alta("A-1")))
        port = connection.sock.getsockname()
        second = client.on(connection, chain.query())
        assert connection.sock.getsockname() == port
    assert (first.status, second.status) == (HTTPStatus.OK, HTTPStatus.OK)


def test_get_is_answered_with_fault_4135(client: Client) -> None:
    answer = client.post(b"", method="GET")
    assert answer.status == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "Codigo[4135]" in answer.text("faultstring")
    assert answer.text("faultcode") == "env:Client"


def test_another_address_is_not_found(client: Client) -> None:
    answer = client.post(b"<x/>", path="/wlpl/TIKE-CONT/ws/SistemaFacturacion/RequerimientoSOAP")
    assert answer.status == HTTPStatus.NOT_FOUND


def test_a_request_without_length_is_refused(client: Client) -> None:
    with closing(client.connect()) as connection:
        connection.putrequest("POST", client.address.path)
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        assert status(connection) == HTTPStatus.LENGTH_REQUIRED


def test_a_request_too_large_is_refused_unread(client: Client) -> None:
    with closing(client.connect()) as connection:
        connection.putrequest("POST", client.address.path)
        connection.putheader("Content-Length", str(MAX_REQUEST + 1))
        connection.endheaders()
        assert status(connection) == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(client: Client, chain: Chain) -> None:
    message = chain.query()
    with closing(client.connect()) as connection:
        connection.putrequest("POST", client.address.path)
        connection.putheader("Content-Length", str(len(message)))
        connection.putheader("Expect", "100-continue")
        connection.endheaders()
        assert connection.sock.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.send(message)
        assert status(connection) == HTTPStatus.OK


def test_whoever_is_slow_delays_nobody(simulator: Simulator, client: Client, chain: Chain) -> None:
    assert client.address.port is not None
    silent = [socket.create_connection((client.address.hostname, client.address.port)) for _ in range(5)]
    assert client.post(chain.submission(chain.alta("A-1"))).status == HTTPStatus.OK
    for connection in silent:
        connection.close()


def test_the_date_header_is_the_simulators_clock(client: Client, chain: Chain) -> None:
    assert client.post(chain.query()).headers["Date"] == "Tue, 03 Feb 2026 09:15:30 GMT"


def test_stops_at_once_though_connections_are_kept_open(
    folder: Path, clock: Clock, client_of: Callable[[Simulator], Client]
) -> None:
    with Simulator(folder, now=clock) as simulator:
        client = client_of(simulator)
        connection = client.connect()
        client.on(connection, Chain(clock).query())
        begun = time.monotonic()
    assert time.monotonic() - begun < 2
    assert connection.sock.recv(1) == b""
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        client.post(b"x")
