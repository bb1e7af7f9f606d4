"""The client against a door that can be told to misbehave: each row of the table in verifactu/client.py."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from cryptography.x509.oid import NameOID
from requests import adapters

from tests.verifactu.answering import fault, respuesta, respuesta_consulta
from tests.verifactu.door import PASSWORD, Authority, Door, Request, Script, door, saying
from tests.verifactu.examples import ALTA, CABECERA
from tests.verifactu.sound import ANSWER, HELD, QUERY
from verifactu import transport
from verifactu.certificates import Certificate
from verifactu.client import Answered, Client, NotDelivered, Refused, ServerFault, Unknown, endpoint_for
from verifactu.transport import contract, soap_action
from verifactu.xml import body_errors, consulta, envelope, fragment

MESSAGE = envelope(CABECERA, [fragment(ALTA)])
OK = respuesta(ANSWER)
PAGE = b"<!DOCTYPE html><html><head><title>Agencia &amp; Tributaria: error</title></head><br></html>"

Serve = Callable[..., AbstractContextManager[tuple[Client, Door]]]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def certificate(authority: Authority) -> Certificate:
    return Certificate.from_pkcs12(authority.p12({NameOID.COMMON_NAME: "cliente de prueba"}), PASSWORD)


@pytest.fixture
def ca_file(authority: Authority, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    path.write_bytes(authority.pem())
    return str(path)


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """An event that a script waits for; set at the latest when the test ends, so that no thread outlives it."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def serve(authority: Authority, certificate: Certificate, ca_file: str, tmp_path: Path) -> Serve:
    @contextmanager
    def run(
        script: Script,
        *,
        clients: Authority | None = None,
        version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
        timeout: tuple[float, float] = (5, 5),
    ) -> Iterator[tuple[Client, Door]]:
        with door(authority, tmp_path, script, clients=clients, version=version) as here:
            yield Client(endpoint=here.url, certificate=certificate, ca_file=ca_file, timeout=timeout), here

    return run


# Answers


def test_a_submission_is_answered(serve: Serve) -> None:
    with serve(saying(OK)) as (client, here):
        outcome = client.submit(MESSAGE)
    assert isinstance(outcome, Answered)
    assert outcome.respuesta == ANSWER
    assert outcome.body == OK
    assert outcome.status == 200
    assert outcome.date == "Sat, 02 Jan 2027 09:15:00 GMT"
    (request,) = here.requests
    assert request.body == MESSAGE
    assert "cliente de prueba" in request.subject
    head = request.head.lower()
    assert head.startswith("post /wlpl/verifactusoap http/1.1")
    assert "content-type: text/xml; charset=utf-8" in head
    assert 'soapaction: ""' in head
    assert "connection: close" in head


def test_a_query_is_answered(serve: Serve) -> None:
    page = respuesta_consulta(HELD)
    with serve(saying(page)) as (client, _):
        outcome = client.query(consulta(QUERY))
    assert isinstance(outcome, Answered)
    assert outcome.respuesta == HELD


def test_a_large_submission_arrives_whole(serve: Serve) -> None:
    message = envelope(CABECERA, [fragment(ALTA)] * 1000)
    with serve(saying(OK)) as (client, here):
        assert isinstance(client.submit(message), Answered)
    assert here.requests[0].body == message
    assert body_errors(here.requests[0].body) == []


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_protocols_are_spoken(serve: Serve, version: ssl.TLSVersion) -> None:
    with serve(saying(OK), version=version) as (client, _):
        assert isinstance(client.submit(MESSAGE), Answered)


def test_one_client_serves_again_and_again(serve: Serve) -> None:
    with serve(saying(OK)) as (client, here):
        for _ in range(3):
            assert isinstance(client.submit(MESSAGE), Answered)
    assert len(here.requests) == 3


def test_a_connection_that_the_other_side_dropped_meanwhile_is_not_used_again(serve: Serve) -> None:
    """Found by this test: a kept connection, closed after its answer, made the next sending an unknown outcome."""
    with serve(saying(OK)) as (client, here):
        outcomes = [client.submit(MESSAGE) for _ in range(30)]
    assert all(isinstance(outcome, Answered) for outcome in outcomes)
    assert len(here.requests) == 30


# Faults


@pytest.mark.parametrize("status", ["500 Internal Server Error", "200 OK"])
def test_a_fault_of_ours_is_a_refusal_with_its_code(serve: Serve, status: str) -> None:
    with serve(saying(fault(code="4102", text="No cumple el esquema.", client=True), status=status)) as (client, _):
        outcome = client.submit(MESSAGE)
    assert isinstance(outcome, Refused)
    assert (outcome.kind, outcome.code) == ("fault", "4102")
    assert outcome.text == "Codigo[4102].No cumple el esquema."
    assert outcome.text in outcome.reason
    assert not outcome.temporary


def test_a_technical_refusal_says_that_it_may_pass(serve: Serve) -> None:
    with serve(saying(fault(code="4118", text="", client=True), status="500 X")) as (client, _):
        outcome = client.submit(MESSAGE)
    assert isinstance(outcome, Refused)
    assert outcome.temporary


def test_a_fault_of_theirs_leaves_the_question_open(serve: Serve) -> None:
    with serve(saying(fault(code="20009", text="Error interno", client=False), status="500 X")) as (client, _):
        outcome = client.submit(MESSAGE)
    assert isinstance(outcome, ServerFault)
    assert isinstance(outcome, Unknown)
    assert outcome.code == "20009"


def test_a_fault_without_a_known_role_is_unknown(serve: Serve) -> None:
    strange = fault(code="1", text="", client=True).replace(b"env:Client", b"env:Other")
    with serve(saying(strange, status="500 X")) as (client, _):
        outcome = client.submit(MESSAGE)
    assert type(outcome) is Unknown


# Other answers


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_a_page_for_a_wrong_certificate_is_a_refusal(serve: Serve, status: str) -> None:
    with serve(saying(PAGE, status=status, kind="text/html")) as (client, _):
        outcome = client.submit(MESSAGE)
    assert isinstance(outcome, Refused)
    assert outcome.kind == "certificate"
    assert outcome.text == "Agencia & Tributaria: error"
    assert outcome.body == PAGE


@pytest.mark.parametrize(
    ("status", "headers", "retry_after"),
    [
        ("503 Service Unavailable", "Retry-After: 120\r\n", 120),
        ("503 Service Unavailable", "Retry-After: Sat, 02 Jan 2027 09:16:30 GMT\r\n", 90),
        ("503 Service Unavailable", "Retry-After: Fri, 01 Jan 2027 09:16:30 GMT\r\n", 0),
        ("429 Too Many Requests", "Retry-After: 5\r\n", 5),
        ("429 Too Many Requests", "", None),
        ("407 Proxy Authentication Required", "", None),
    ],
)
def test_turned_away_at_the_door_is_not_delivered(
    serve: Serve, status: str, headers: str, retry_after: int | None
) -> None:
    with serve(saying(PAGE, status=status, kind="text/html", headers=headers)) as (client, _):
        outcome = client.submit(MESSAGE)
    assert isinstance(outcome, NotDelivered)
    assert outcome.retry_after == retry_after


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("301 Moved Permanently", "redirect"),
        ("302 Found", "redirect"),
        ("307 Temporary Redirect", "redirect"),
        ("400 Bad Request", "http"),
        ("404 Not Found", "http"),
        ("413 Content Too Large", "http"),
    ],
)
def test_what_http_says_was_not_carried_out_is_a_refusal(serve: Serve, status: str, kind: str) -> None:
    with serve(saying(PAGE, status=status, kind="text/html", headers="Location: https://127.0.0.1:1/\r\n")) as (
        client,
        here,
    ):
        outcome = client.submit(MESSAGE)
    assert isinstance(outcome, Refused)
    assert outcome.kind == kind
    assert len(here.requests) == 1, "no redirect is followed"


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (saying(PAGE, kind="text/html"), "html"),
        (saying(PAGE), "html"),
        (saying(b""), "unreadable"),
        (saying(b"<a/>"), "unreadable"),
        (saying(OK[:-30]), "unreadable"),
        (saying(OK.replace(b">Correcto<", b">Quizas<")), "unreadable"),
        (saying(respuesta_consulta(HELD)), "unreadable"),
        (saying(b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'), "unreadable"),
        (saying(PAGE, status="500 Internal Server Error", kind="text/html"), "html"),
        (saying(b"oops", status="502 Bad Gateway", kind="text/plain"), "http"),
        (saying(b"", status="504 Gateway Timeout"), "http"),
        (saying(b"", status="503 Service Unavailable"), "http"),
        (saying(OK, status="500 Internal Server Error"), "http"),
        (saying(b"", status="408 Request Timeout"), "http"),
        (saying(b"", status="303 See Other"), "http"),
        (saying(OK[:200], missing=500), "cut"),
        (saying(b"", missing=500), "cut"),
    ],
)
def test_every_doubt_is_unknown(serve: Serve, script: Script, kind: str) -> None:
    with serve(script) as (client, _):
        outcome = client.submit(MESSAGE)
    assert type(outcome) is Unknown
    assert outcome.kind == kind
    assert outcome.reason


def test_what_arrived_of_a_cut_answer_is_kept(serve: Serve) -> None:
    with serve(saying(OK[:200], missing=500)) as (client, _):
        outcome = client.submit(MESSAGE)
    assert isinstance(outcome, Unknown)
    assert outcome.body == OK[:200]
    assert outcome.status == 200


def test_an_answer_without_end_is_not_swallowed(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 100_000)
    with serve(saying(b"x" * 1_000_000)) as (client, _):
        outcome = client.submit(MESSAGE)
    assert isinstance(outcome, Unknown)
    assert outcome.kind == "too_large"


# Silence


def test_silence_after_the_message_is_unknown(serve: Serve, released: threading.Event) -> None:
    with serve(lambda connection, request: released.wait(5), timeout=(5, 0.3)) as (client, here):
        outcome = client.submit(MESSAGE)
        released.set()
    assert type(outcome) is Unknown
    assert outcome.kind == "timeout"
    assert here.requests[0].body == MESSAGE


def test_silence_in_the_middle_of_an_answer_is_unknown(serve: Serve, released: threading.Event) -> None:
    def half(connection: ssl.SSLSocket, request: Request) -> None:
        saying(OK[:100], missing=len(OK) - 100)(connection, request)
        released.wait(5)

    with serve(half, timeout=(5, 0.3)) as (client, _):
        outcome = client.submit(MESSAGE)
        released.set()
    assert type(outcome) is Unknown
    assert outcome.kind == "timeout"
    assert outcome.body == OK[:100]


def test_an_answer_that_trickles_ends_with_the_deadline(serve: Serve, released: threading.Event) -> None:
    def trickle(connection: ssl.SSLSocket, request: Request) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not released.wait(0.1):
            connection.sendall(b"1\r\nx\r\n")

    with serve(trickle, timeout=(5, 0.5)) as (client, _):
        outcome = client.submit(MESSAGE)
        released.set()
    assert type(outcome) is Unknown
    assert outcome.kind == "timeout"


def test_a_connection_closed_without_a_word_is_unknown(serve: Serve) -> None:
    with serve(lambda connection, request: None) as (client, here):
        outcome = client.submit(MESSAGE)
    assert type(outcome) is Unknown
    assert outcome.kind == "connection"
    assert here.requests[0].body == MESSAGE


# Nothing left


def test_a_closed_port_is_not_delivered(certificate: Certificate, ca_file: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    outcome = _client(f"https://127.0.0.1:{free}/", certificate, ca_file).submit(MESSAGE)
    assert isinstance(outcome, NotDelivered)
    assert outcome.kind == "connection"


def test_a_name_that_does_not_exist_is_not_delivered(certificate: Certificate, ca_file: str) -> None:
    outcome = _client("https://aeat.invalid/", certificate, ca_file).submit(MESSAGE)
    assert isinstance(outcome, NotDelivered)


def test_a_door_that_never_shakes_hands_is_not_delivered(certificate: Certificate, ca_file: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        outcome = _client(url, certificate, ca_file, timeout=(0.3, 0.3)).submit(MESSAGE)
    assert isinstance(outcome, NotDelivered)
    assert outcome.kind == "timeout"


def test_a_server_that_speaks_no_tls_is_not_delivered(certificate: Certificate, ca_file: str) -> None:
    def plain() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
            connection.recv(65536)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=plain, daemon=True)
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        outcome = _client(url, certificate, ca_file).submit(MESSAGE)
        thread.join(5)
    assert isinstance(outcome, NotDelivered)


def test_a_server_of_another_authority_gets_nothing(
    authority: Authority, certificate: Certificate, ca_file: str, tmp_path: Path
) -> None:
    with door(Authority("impostora"), tmp_path, saying(OK), clients=authority) as impostor:
        outcome = _client(impostor.url, certificate, ca_file).submit(MESSAGE)
    assert isinstance(outcome, NotDelivered)
    assert outcome.kind == "tls"
    assert impostor.requests == []


def test_neither_environment_variables_nor_requests_add_trust(
    authority: Authority, certificate: Certificate, ca_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impostor = Authority("impostora")
    other = tmp_path / "other.pem"
    other.write_bytes(impostor.pem())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(other))
    # What requests would trust by itself, beside the context that it is given.
    monkeypatch.setattr(adapters, "DEFAULT_CA_BUNDLE_PATH", str(other))
    with door(impostor, tmp_path, saying(OK), clients=authority) as here:
        assert isinstance(_client(here.url, certificate, ca_file).submit(MESSAGE), NotDelivered)


def test_a_proxy_that_refuses_is_not_delivered(
    certificate: Certificate, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        connection, _ = listener.accept()
        with connection:
            seen.append(connection.recv(65536))
            connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{listener.getsockname()[1]}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        thread = threading.Thread(target=refuse, daemon=True)
        thread.start()
        outcome = _client("https://prewww1.aeat.es/", certificate, ca_file).submit(MESSAGE)
        thread.join(5)
    assert isinstance(outcome, NotDelivered)
    assert seen[0].startswith(b"CONNECT prewww1.aeat.es:443")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_certificate_refused_in_the_handshake_is_a_refusal(serve: Serve, version: ssl.TLSVersion) -> None:
    with serve(saying(OK), clients=Authority("otra"), version=version) as (client, here):
        outcome = client.submit(MESSAGE)
    assert isinstance(outcome, Refused)
    assert outcome.kind == "certificate"
    assert here.requests == []


# The contract


def test_the_addresses_are_those_of_the_service_description() -> None:
    path = "/wlpl/TIKE-CONT/ws/SistemaFacturacion/VerifactuSOAP"
    assert endpoint_for("production", seal=False) == f"https://www1.agenciatributaria.gob.es{path}"
    assert endpoint_for("production", seal=True) == f"https://www10.agenciatributaria.gob.es{path}"
    assert endpoint_for("test", seal=False) == f"https://prewww1.aeat.es{path}"
    assert endpoint_for("test", seal=True) == f"https://prewww10.aeat.es{path}"
    with pytest.raises(ValueError, match="simulator"):
        endpoint_for("simulator", seal=False)


def test_the_contract_is_loaded_once_and_without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: object, **kwargs: object) -> None:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refused)
    contract.cache_clear()
    assert soap_action("RegFactuSistemaFacturacion") == ""
    assert contract() is contract()
    operations = set(contract().wsdl.services["sfVerifactu"].ports["SistemaVerifactu"].binding.all())
    assert operations == {"RegFactuSistemaFacturacion", "ConsultaFactuSistemaFacturacion"}
    with pytest.raises(ValueError, match="RegistroInventado"):
        soap_action("RegistroInventado")


def test_only_https_is_spoken(certificate: Certificate) -> None:
    with pytest.raises(ValueError, match="https"):
        Client(endpoint="http://127.0.0.1/", certificate=certificate)


def _client(url: str, certificate: Certificate, ca_file: str, timeout: tuple[float, float] = (5, 5)) -> Client:
    return Client(endpoint=url, certificate=certificate, ca_file=ca_file, timeout=timeout)
