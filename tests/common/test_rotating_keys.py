"""Secrets under one key after another, on the real tables; what lies there is judged by Fernet itself."""

import secrets
from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.core.checks.registry import run_checks
from django.core.management import ManagementUtility
from django.core.management.base import CommandError
from django.db import connection, models
from pytest_django import Settings

from common import clock, rotation
from common.secrets import SecretError
from invoicing.models import Connection, PrivacyRequest
from invoicing.outgoing.endpoints import change_secret, open_endpoint
from invoicing.outgoing.happening import Kind
from tests import world
from tests.databases import Database
from tests.terminal import manage
from verifactu.models import Taxpayer

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
P12, PASSWORD, SECRET = secrets.token_bytes(3000), secrets.token_hex(8), secrets.token_hex(16)


def stored() -> list[str]:
    """Return every secret as it lies in the database."""
    texts: list[str] = []
    with connection.cursor() as cursor:
        for table, column in (
            ("verifactu_taxpayer", "certificate"),
            ("verifactu_taxpayer", "certificate_password"),
            ("invoicing_connection", "secret"),
            ("invoicing_connection", "previous_secret"),
            ("invoicing_connection", "credentials"),
            ("invoicing_privacyrequest", "subject"),
            ("invoicing_endpoint", "secret"),
            ("invoicing_endpoint", "previous_secret"),
        ):
            cursor.execute(f'SELECT "{column}" FROM "{table}" WHERE "{column}" <> %s ORDER BY id', [""])
            texts += [text for (text,) in cursor.fetchall()]
    return texts


def readable(key: str) -> int:
    """Return how many of them `key` alone reads."""
    fernet, count = Fernet(key), 0
    for text in stored():
        try:
            fernet.decrypt(text.removeprefix("v1:"))
        except InvalidToken:
            continue
        count += 1
    return count


@pytest.fixture(autouse=True)
def house(fresh_database: Database, settings: Settings) -> Connection:
    """A taxpayer with a certificate, a shop with secrets and somebody to forget, all under the old key."""
    settings.FIELD_KEYS = [OLD]
    company = world.la_encina()
    shop = world.shop(company)
    shop.secret, shop.previous_secret, shop.credentials = SECRET, "de antes", '{"token": "t"}'
    shop.save()
    # What is no certificate is not taken at the door; here it stands for one.
    Taxpayer.objects.update(certificate=P12, certificate_password=PASSWORD)
    PrivacyRequest.objects.create(
        company=company, kind="redact", asked_by="Lucía", reason="lo pide", received_at=clock.now(), due_at=clock.now(),
        subject="lucia@example.com",
    )  # fmt: skip
    endpoint = open_endpoint(company, url="https://erp.example.com/", kinds=list(Kind), name="ERP", now=clock.now())
    change_secret(endpoint, now=clock.now())
    assert (len(stored()), readable(OLD)) == (8, 8)
    return shop


def plain(shop: Connection) -> tuple[Any, ...]:
    """Return the secrets as the application reads them."""
    again = Connection.objects.get(pk=shop.pk)
    taxpayer = Taxpayer.objects.get()
    return (
        bytes(taxpayer.certificate), taxpayer.certificate_password, again.secret, again.previous_secret,
        again.credentials, PrivacyRequest.objects.get().subject,
    )  # fmt: skip


def test_every_secret_is_written_under_the_newest_key(house: Connection, settings: Settings) -> None:
    before = plain(house)
    settings.FIELD_KEYS = [NEW, OLD]
    said = manage("rotate_field_keys", "--json")
    assert (said.code, said.json) == (
        0, {"newest": 0, "renewed": 8, "discarded": 0, "unreadable": [], "dry_run": False}
    )  # fmt: skip
    assert (readable(NEW), readable(OLD)) == (8, 0)
    settings.FIELD_KEYS = [NEW]
    assert plain(house) == before
    assert before == (P12, PASSWORD, SECRET, "de antes", '{"token": "t"}', "lucia@example.com")


def test_once_more_changes_nothing(settings: Settings) -> None:
    settings.FIELD_KEYS = [NEW, OLD]
    manage("rotate_field_keys")
    before = stored()
    said = manage("rotate_field_keys")
    assert said.stdout.splitlines() == [
        "8 secrets were under the newest key, 0 written anew under it",
        "Every key of FIELD_KEYS but the first may be taken away.",
    ]
    assert stored() == before


def test_a_dry_run_says_what_is_to_do_and_does_nothing(settings: Settings) -> None:
    settings.FIELD_KEYS = [NEW, OLD]
    before = stored()
    said = manage("rotate_field_keys", "--dry-run")
    assert (said.code, said.stdout) == (0, "0 secrets were under the newest key, 8 would be written anew under it\n")
    assert stored() == before


def test_what_no_key_reads_is_named_and_left(house: Connection, settings: Settings) -> None:
    settings.FIELD_KEYS = [NEW]
    house.save()  # its three are under the new key now
    before = stored()
    said = manage("rotate_field_keys", "--json")
    assert said.code == 1
    assert said.json["newest"] == 3
    assert [name.split()[0] for name in said.json["unreadable"]] == [
        "invoicing_endpoint.secret", "invoicing_endpoint.previous_secret", "invoicing_privacyrequest.subject",
        "verifactu_taxpayer.certificate", "verifactu_taxpayer.certificate_password",
    ]  # fmt: skip
    assert "Put the key that wrote them back" in manage("rotate_field_keys").stdout
    assert stored() == before
    settings.FIELD_KEYS = [NEW, OLD]  # the remedy
    assert manage("rotate_field_keys").code == 0
    assert (len(stored()), readable(NEW)) == (8, 8)


def test_nothing_starts_while_a_secret_cannot_be_read(settings: Settings) -> None:
    settings.FIELD_KEYS = [OTHER]
    found = run_checks(databases=["default"])
    assert [message.id for message in found] == ["common.E001"]
    assert "8 stored secrets cannot be read with the present FIELD_KEYS" in found[0].msg
    with pytest.raises(CommandError, match="rotate_field_keys"):
        ManagementUtility(["manage.py", "worker"]).fetch_command("worker").handle(
            queues="default", concurrency=1, grace=1.0
        )
    said = manage("doctor", "--quick", "--json")
    assert said.code == 1
    (finding,) = [it for it in said.json["findings"] if it["what"] == "secrets"]
    assert (finding["verdict"], "rotate_field_keys" in finding["remedy"]) == ("fail", True)


def test_the_doctor_tells_of_older_keys(settings: Settings) -> None:
    settings.FIELD_KEYS = [NEW, OLD]
    assert run_checks(databases=["default"]) == []
    said = manage("doctor", "--quick", "--json").json["findings"]
    assert [it["seen"] for it in said if it["what"] == "secrets"] == ["8 of 8 are under an older key of FIELD_KEYS"]


def test_what_a_lost_key_wrote_can_be_emptied_and_entered_again(house: Connection, settings: Settings) -> None:
    settings.FIELD_KEYS = [OTHER]
    with pytest.raises(SecretError):
        Taxpayer.objects.get()
    assert manage("rotate_field_keys", "--discard-unreadable", "--dry-run", "--json").json["discarded"] == 8
    assert len(stored()) == 8
    said = manage("rotate_field_keys", "--discard-unreadable")
    assert said.code == 0
    assert "8 that no key reads were emptied: enter them again" in said.stdout
    assert stored() == []
    assert run_checks(databases=["default"]) == []
    again = Connection.objects.get(pk=house.pk)
    again.secret = SECRET
    again.save()
    assert plain(house) == (b"", "", SECRET, "", "", "")


def test_who_stores_another_secret_meanwhile_keeps_it(house: Connection, settings: Settings) -> None:
    settings.FIELD_KEYS = [NEW, OLD]
    column = Connection._meta.get_field("secret")
    (page,) = rotation.pages(column)
    house.secret = "el nuevo"
    house.save()
    assert rotation.renew(page) == 0
    assert Connection.objects.get(pk=house.pk).secret == "el nuevo"


def test_more_than_a_page_is_renewed_to_the_last(house: Connection, settings: Settings) -> None:
    company = house.company
    Connection.objects.bulk_create(
        Connection(company=company, platform="api", name=f"Tienda {number}", secret=str(number))
        for number in range(2 * rotation.PAGE)
    )
    settings.FIELD_KEYS = [NEW, OLD]
    assert manage("rotate_field_keys", "--json").json["renewed"] == 2 * rotation.PAGE + 8
    assert readable(NEW) == len(stored()) == 2 * rotation.PAGE + 8


def test_every_column_that_is_encrypted_is_gone_through() -> None:
    encrypted: list[tuple[str, str]] = [
        (model._meta.db_table, str(field.column))
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.TextField) and type(field).__module__ == "common.secrets"
    ]
    assert sorted((it.model._meta.db_table, str(it.column)) for it in rotation.columns()) == sorted(encrypted)
    assert len(encrypted) == 8  # a new one belongs into `stored` above
