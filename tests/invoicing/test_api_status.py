"""How a company stands with the AEAT, for its API client."""

from datetime import datetime

import pytest
from pytest_django import Settings

from tests import world
from tests.databases import Database
from tests.invoicing.api_client import ORDERS, ApiClient, caller, order, work_off
from verifactu.models import Installation, Record

STATUS = "/api/v1/status/"


@pytest.fixture
def client_of_encina(fresh_database: Database, settings: Settings) -> ApiClient:
    """A client of a company whose AEAT nobody reaches: it has no certificate."""
    settings.AEAT_ENDPOINT = "https://127.0.0.1:1/VerifactuSOAP"
    return caller(world.la_encina())


def test_says_whose_key_it_is(client_of_encina: ApiClient) -> None:
    told = client_of_encina.get(STATUS).json()
    assert (told["nif"], told["name"]) == ("B12345674", "Almacenes La Encina SL")
    assert (told["environment"], told["serves_several"], told["waiting"]) == ("simulator", False, [])


def test_says_what_waits_until_nothing_does(client_of_encina: ApiClient) -> None:
    for number in ("1", "2"):
        client_of_encina.post(ORDERS, order(id=number, number=number))
        work_off()
    (waiting,) = client_of_encina.get(STATUS).json()["waiting"]
    assert waiting["records"] == 2
    assert "no hay certificado" in waiting["reason"]
    assert datetime.fromisoformat(waiting["since"]) == Record.objects.earliest("id").generated_at
    assert datetime.fromisoformat(waiting["next_try_at"]) > datetime.fromisoformat(waiting["since"])
    Record.objects.update(state="in_flight")
    Record.objects.update(state="accepted")
    assert client_of_encina.get(STATUS).json()["waiting"] == []


def test_says_nothing_of_another_company(client_of_encina: ApiClient) -> None:
    other = caller(world.la_encina(nif="A58818501", name="Otra SA"))
    other.post(ORDERS, order())
    work_off()
    told = client_of_encina.get(STATUS).json()
    assert told["waiting"] == []
    assert told["serves_several"]
    assert "Otra" not in str(told)
    assert "A58818501" not in str(told)


def test_says_what_else_is_amiss(client_of_encina: ApiClient) -> None:
    assert [it["kind"] for it in client_of_encina.get(STATUS).json()["notices"]] == ["no_certificate"]
    Installation.objects.update(active=False)
    assert client_of_encina.get(STATUS).json()["notices"] == []
