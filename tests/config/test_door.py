"""The door of the admin: it closes on whoever guesses, for a while and for nobody else; and what its pages may load."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from pytest_django import Settings

from common.address import address_of
from tests.databases import Database
from workflows.models import Alert

LOGIN = "/admin/login/"
PASSWORD = "la encina de siempre"


@pytest.fixture(autouse=True)
def ana(fresh_database: Database) -> User:
    return User.objects.create_user("ana", password=PASSWORD, is_staff=True)


def knock(password: str, *, name: str = "ana", at: str = "192.0.2.7") -> int:
    """Try to sign in; 302 is inside, 200 the form again, 429 the closed door."""
    response = Client().post(LOGIN, {"username": name, "password": password}, REMOTE_ADDR=at)
    return int(response.status_code)


def test_five_wrong_passwords_close_it_to_the_right_one_too() -> None:
    assert [knock(f"mal{n}") for n in range(5)] == [200, 200, 200, 200, 429]
    assert knock(PASSWORD) == 429
    page = Client().post(LOGIN, {"username": "ana", "password": PASSWORD}, REMOTE_ADDR="192.0.2.7").content.decode()
    assert "5 contraseñas equivocadas" in page
    english = Client().post(
        LOGIN, {"username": "ana", "password": "x"}, REMOTE_ADDR="192.0.2.7", headers={"Accept-Language": "en"}
    )
    assert "5 wrong passwords" in english.content.decode()


def test_but_not_to_the_same_person_elsewhere_nor_to_another_one_here() -> None:
    User.objects.create_user("eva", password=PASSWORD, is_staff=True)
    for n in range(5):
        knock(f"mal{n}")
    assert knock(PASSWORD, at="198.51.100.4") == 302
    assert knock(PASSWORD, name="eva") == 302


def test_it_opens_again_after_a_quarter_of_an_hour() -> None:
    for n in range(5):
        knock(f"mal{n}")
    attempt = AccessAttempt.objects.get()
    attempt.attempt_time -= timedelta(minutes=16)
    attempt.save()
    assert knock(PASSWORD) == 302


def test_whoever_gets_in_starts_anew() -> None:
    for _ in range(3):
        assert [knock("mal") for n in range(4)] == [200] * 4
        assert knock(PASSWORD) == 302


def test_an_operator_is_told_and_no_password_is_kept() -> None:
    for _ in range(5):
        knock("secreto-mal-escrito")
    told = Alert.objects.get(kind="login_locked")
    assert (told.subject, told.tenant) == ("192.0.2.7", "")
    assert "'ana'" in told.text
    kept = str(list(AccessAttempt.objects.values()))
    assert "secreto-mal-escrito" not in kept + told.text


@pytest.mark.parametrize(
    ("forwarded", "behind", "seen"),
    [
        ("203.0.113.9", False, "10.0.0.1"),
        ("203.0.113.9", True, "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9", True, "203.0.113.9"),
        ("2001:db8::1", True, "2001:db8::1"),
        ("<script>", True, "10.0.0.1"),
        ("", True, "10.0.0.1"),
    ],
)
def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_saw(
    settings: Settings, forwarded: str, behind: bool, seen: str
) -> None:
    settings.BEHIND_TLS = behind
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)
    assert address_of(request) == seen


@pytest.mark.parametrize("path", [LOGIN, "/api/docs/", "/healthz"])
def test_pages_load_nothing_from_elsewhere_and_stand_in_no_frame(path: str) -> None:
    policy = dict(part.strip().split(" ", 1) for part in Client().get(path)["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["object-src"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "http" not in str(policy)
