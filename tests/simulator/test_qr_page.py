"""The page behind the QR code: found or not, not verifiable, and what is wrong with the question (verifactu.md 6)."""

import json
import ssl
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.simulator.sender import COMPANY, Chain, Client
from verifactu import qr
from verifactu.simulator import Simulator

DAY = "03-02-2026"


@pytest.fixture
def ask(simulator: Simulator) -> Any:
    """Asks as a browser does, without certificate; returns status, type and text."""
    address = urlsplit(simulator.qr_url)

    def get(query: str, path: str = "", method: str = "GET") -> tuple[int, str, str]:
        assert address.hostname
        context = ssl.create_default_context(cafile=str(simulator.ca_file))
        connection = HTTPSConnection(address.hostname, address.port, context=context, timeout=10)
        connection.request(method, f"{path or address.path}?{query}", b"" if method == "POST" else None)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, response.headers.get_content_type(), text

    return get


@pytest.fixture
def as_json(ask: Any) -> Any:
    """Asks for JSON with these parameters and returns it."""

    def get(path: str = "", **given: str) -> dict[str, Any]:
        status, kind, text = ask(urlencode({**given, "formato": "json"}), path)
        assert (status, kind) == (200, "application/json")
        found: dict[str, Any] = json.loads(text)
        return found

    return get


def asked(number: str = "A-1", importe: str = "121.00", **more: str) -> dict[str, str]:
    return {"nif": COMPANY, "numserie": number, "fecha": DAY, "importe": importe, **more}


@pytest.mark.parametrize("importe", ["121.00", "121.0", "121"])
def test_an_invoice_that_is_held_is_found_however_its_amount_is_written(
    client: Client, chain: Chain, as_json: Any, importe: str
) -> None:
    client.post(chain.submission(chain.alta("A-1")))
    answer = as_json(**asked(importe=importe))
    assert (answer["status"], answer["respuesta"]["resultado"]) == ("OK", "00")


@pytest.mark.parametrize(
    "other",
    [
        {"number": "A-2"},
        {"importe": "121.01"},
        {"importe": "-121.00"},
        {"fecha": "04-02-2026"},
        {"nif": "B00000000"},
    ],
)
def test_every_part_is_of_the_key(client: Client, chain: Chain, as_json: Any, other: dict[str, str]) -> None:
    client.post(chain.submission(chain.alta("A-1")))
    assert as_json(**asked(**other))["respuesta"]["resultado"] == "01"


def test_what_was_annulled_or_rejected_is_not_found(client: Client, chain: Chain, as_json: Any) -> None:
    client.post(chain.submission(chain.alta("A-1"), chain.anulacion("A-1"), chain.alta("A-2", issuer="B99999996")))
    assert as_json(**asked("A-1"))["respuesta"]["resultado"] == "01"
    assert as_json(**asked("A-2"))["respuesta"]["resultado"] == "01"


def test_at_the_other_address_nothing_can_be_verified(client: Client, chain: Chain, as_json: Any) -> None:
    client.post(chain.submission(chain.alta("A-1")))
    answer = as_json("/wlpl/TIKE-CONT/ValidarQRNoVerifactu", **asked())
    assert (answer["status"], answer["respuesta"]["resultado"]) == ("OK", "02")


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({}, "1001.1002.1003.1004"),
        (asked(nif=""), "1001"),
        (asked(nif="123"), "2001"),
        (asked("A" * 61), "2002"),
        (asked("Ñ-1"), "2003"),
        (asked(fecha="2026-02-03"), "2004"),
        (asked(fecha="31-02-2026"), "2004"),
        (asked(fecha="3-2-2026"), "2004"),
        (asked(importe="121,00"), "2005"),
        (asked(importe="1e3"), "2005"),
        (asked(importe="121.001"), "2006"),
        (asked(importe="1234567890123"), "2006"),
        (asked(nif="x", fecha="x", importe="x"), "2001.2004.2005"),
    ],
)
def test_what_is_wrong_with_the_question_is_told_by_code(as_json: Any, given: dict[str, str], codes: str) -> None:
    answer = as_json(**given)
    assert (answer["status"], answer["codigo_error"]) == ("KO", codes)


@pytest.mark.parametrize("code", ["3001", "3002"])
def test_the_codes_of_the_service_can_be_ordered(simulator: Simulator, as_json: Any, code: str) -> None:
    simulator.fail("qr_error", value=code)
    assert as_json(**asked())["codigo_error"] == code
    assert as_json(**asked())["status"] == "OK"


def test_a_person_sees_a_page_that_trusts_nothing_it_is_given(client: Client, chain: Chain, ask: Any) -> None:
    client.post(chain.submission(chain.alta("A-1")))
    status, kind, text = ask(urlencode(asked()))
    assert (status, kind) == (200, "text/html")
    assert "Factura encontrada" in text
    assert "<script>" not in ask(urlencode(asked("<script>alert(1)</script>")))[2]


def test_the_address_on_an_invoice_works_with_the_host_exchanged(
    client: Client, chain: Chain, ask: Any, simulator: Simulator
) -> None:
    client.post(chain.submission(chain.alta("A&1 +/")))
    address = qr.url(environment="test", nif=COMPANY, num_serie="A&1 +/", fecha=DAY, importe="121.00")
    assert urlsplit(address).path == urlsplit(simulator.qr_url).path
    assert "Factura encontrada" in ask(urlsplit(address).query)[2]


def test_the_service_is_not_at_this_door_and_the_page_not_at_that(
    client: Client, chain: Chain, ask: Any, simulator: Simulator, tmp_path: Path
) -> None:
    assert ask("", "/elsewhere")[0] == 404
    assert ask("", client.address.path, "POST")[0] == 404
    assert client.post(b"", method="GET", path=urlsplit(simulator.qr_url).path).status == 404
