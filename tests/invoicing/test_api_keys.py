"""The keys of the API: what is kept of them, who is let in, and what they are let do."""

import hashlib
import logging
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from common import clock
from invoicing.api.keys import issue_key
from invoicing.models import ApiKey
from tests import world
from tests.invoicing.api_client import INVOICES, ORDERS, caller, is_problem, order

pytestmark = pytest.mark.django_db


def test_only_the_hash_of_a_key_is_kept() -> None:
    client = caller(world.la_encina())
    kept = ApiKey.objects.values().get()
    assert kept["key_hash"] == hashlib.sha256(client.plain.encode()).hexdigest()
    assert client.plain.startswith(kept["prefix"])
    secret = client.plain.removeprefix(kept["prefix"])
    assert not any(secret in str(value) for value in kept.values())
    assert f"{zlib.crc32(client.plain[:-8].encode()):08x}" == client.plain[-8:]


def test_two_keys_are_never_alike() -> None:
    company = world.la_encina()
    keys = [caller(company).plain for _ in range(20)]
    assert len({key[:13] for key in keys}) == len(set(keys)) == 20


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Api-Key"])
def test_a_key_opens(scheme: str) -> None:
    plain = caller(world.la_encina()).plain
    assert Client(headers={"Authorization": f"{scheme} {plain}"}).get(ORDERS).status_code == 200


def _reverse_end(plain: str) -> str:
    return plain[:20] + plain[20:-8][::-1] + plain[-8:]


def _another_secret(plain: str) -> str:
    unchecked = plain[:14] + "A" * 43
    return f"{unchecked}{zlib.crc32(unchecked.encode()):08x}"


def _another_prefix(plain: str) -> str:
    unchecked = "enc_s00000000" + plain[13:-8]
    return f"{unchecked}{zlib.crc32(unchecked.encode()):08x}"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda key: f"Bearer {key[:-1]}",
        lambda key: f"Bearer {key}x",
        lambda key: f"Bearer {_reverse_end(key)}",
        lambda key: f"Bearer {_another_secret(key)}",
        lambda key: f"Bearer {_another_prefix(key)}",
        lambda key: f"Basic {key}",
        lambda key: key,
        lambda key: "Bearer",
        lambda key: "Bearer ñandú",
    ],
)
def test_a_wrong_key_does_not_open(wrong: Callable[[str], str]) -> None:
    plain = caller(world.la_encina()).plain
    response = Client(headers={"Authorization": wrong(plain)}).get(ORDERS)
    is_problem(response, 401, "key-invalid")
    assert response["WWW-Authenticate"] == "Bearer"


def test_no_key_is_asked_for_one() -> None:
    response = Client().get(ORDERS)
    is_problem(response, 401, "key-missing")
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_revoked_key_does_not_open() -> None:
    client = caller(world.la_encina())
    client.key.revoked_at = clock.now()
    client.key.save()
    is_problem(client.get(ORDERS), 401, "key-invalid")


def test_the_key_of_a_connection_that_is_switched_off_does_not_open() -> None:
    client = caller(world.la_encina())
    client.connection.active = False
    client.connection.save()
    is_problem(client.get(ORDERS), 401, "key-invalid")


def test_a_key_of_the_simulator_does_not_open_production(settings: Settings) -> None:
    client = caller(world.la_encina())
    settings.AEAT_ENVIRONMENT = "production"
    is_problem(client.get(ORDERS), 401, "key-invalid")


@pytest.mark.parametrize("name", ["api_key", "API_KEY", "token", "access_token", "anything"])
def test_a_key_in_the_address_is_refused_and_not_logged(name: str, caplog: pytest.LogCaptureFixture) -> None:
    client = caller(world.la_encina())
    with caplog.at_level(logging.DEBUG):
        response = client.get(ORDERS, **{name: client.plain})
    told = is_problem(response, 400, "key-in-url")
    assert client.plain not in str(told)
    assert client.plain not in caplog.text


def test_keys_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    client = caller(world.la_encina())
    with caplog.at_level(logging.DEBUG):
        client.post(ORDERS, order())
        Client(headers={"Authorization": f"Bearer {_another_secret(client.plain)}"}).get(ORDERS)
    assert client.plain[14:] not in caplog.text


@pytest.mark.parametrize(
    ("scope", "allowed", "refused"),
    [
        ("orders:read", [("GET", ORDERS)], [("POST", ORDERS), ("GET", INVOICES)]),
        ("orders:write", [("POST", ORDERS)], [("GET", ORDERS), ("GET", INVOICES)]),
        ("invoices:read", [("GET", INVOICES)], [("GET", ORDERS), ("POST", ORDERS)]),
    ],
)
def test_a_key_does_what_its_scopes_say(
    scope: str, allowed: list[tuple[str, str]], refused: list[tuple[str, str]]
) -> None:
    client = caller(world.la_encina(), scope)

    def call(method: str, path: str) -> Any:
        return client.get(path) if method == "GET" else client.post(path, order())

    assert all(call(*one).status_code in (200, 202) for one in allowed)
    for one in refused:
        told = is_problem(call(*one), 403, "scope-missing")
        assert told["scope"] != scope


def test_the_scopes_of_reading_cover_head() -> None:
    client = caller(world.la_encina(), "orders:write")
    assert client.raw.head(ORDERS).status_code == 403


def test_use_is_noted_at_most_once_a_minute(tmp_path: Path, settings: Settings) -> None:
    offset = tmp_path / "offset"
    settings.CLOCK_OFFSET_FILE = str(offset)
    client = caller(world.la_encina())

    def used(seconds: int) -> Any:
        offset.write_text(str(seconds))
        client.get(ORDERS)
        return ApiKey.objects.values_list("last_used_at", flat=True).get()

    first = used(0)
    assert first is not None
    assert used(50) == first
    later = used(70)
    assert later - first >= timedelta(seconds=69)


@pytest.mark.parametrize("scopes", [("orders:write", "everything"), ("",)])
def test_an_unknown_scope_makes_no_key(scopes: tuple[str, ...]) -> None:
    company = world.la_encina()
    with pytest.raises(ValueError, match="unknown scopes"):
        issue_key(company=company, connection=world.shop(company, "api"), name="x", scopes=scopes)


def test_a_shops_connection_gets_no_key_to_send_orders() -> None:
    company = world.la_encina()
    with pytest.raises(ValueError, match="platform API"):
        issue_key(company=company, connection=world.shop(company), name="x", scopes=["orders:write"])


def test_a_connection_of_another_company_makes_no_key() -> None:
    company, other = world.la_encina(), world.la_encina(nif="B12345674", name="Otra SL")
    with pytest.raises(ValueError, match="another company"):
        issue_key(company=company, connection=world.shop(other, "api"), name="x", scopes=["orders:read"])
