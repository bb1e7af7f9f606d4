"""How alerts leave the house: an error in the log, and one mail in a quarter of an hour for what repeats."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from lxml import html
from pytest_django import Settings

from common import clock
from tests.databases import Database
from tests.workflows.bench import drain
from workflows.alerts import KINDS, Kind, alert
from workflows.models import Alert, Process
from workflows.tick import tick


@pytest.fixture(autouse=True)
def operator(fresh_database: Database, settings: Settings, tmp_path: Path) -> Path:
    """Somebody is to be mailed; the clock's file."""
    settings.ALERT_EMAIL = ["guardia@example.es", "jefa@example.es"]
    settings.DEFAULT_FROM_EMAIL = "facturas@example.es"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    mail.outbox = []
    return tmp_path / "clock"


def ring(subject: str = "aeat", text: str = "five calls failed") -> None:
    alert(Kind.BREAKER_OPENED, subject, text, "", clock.now())
    drain()


def test_each_kind_has_its_words_in_the_admin(client: Client) -> None:
    client.force_login(User.objects.create_superuser("eva"))
    client.get("/admin/")  # every app's kinds are there once the pages are
    for kind in KINDS:
        alert(kind, "x", "x", "", clock.now())
    page = html.fromstring(client.get("/admin/workflows/alert/").content.decode())
    told = [" ".join(row.text_content().split()) for row in page.xpath("//table//tbody//tr[td]")]
    assert len(told) == len(KINDS)
    for words in KINDS.values():
        assert any(str(words) in row for row in told), words


def test_is_an_error_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    ring()
    (told,) = [record for record in caplog.records if record.name == "config.alerts"]
    assert told.levelno == logging.ERROR
    assert told.getMessage() == "alert breaker_opened aeat: five calls failed"


def test_is_mailed_to_whom_the_setting_names() -> None:
    ring()
    (letter,) = mail.outbox
    assert letter.to == ["guardia@example.es", "jefa@example.es"]
    assert letter.subject == "[Encadena] cortacircuitos abierto: aeat"
    assert "five calls failed" in letter.body
    assert letter.extra_headers["Message-ID"].endswith("@example.es>")


def test_is_mailed_once_in_a_quarter_of_an_hour_for_what_repeats(operator: Path) -> None:
    ring()
    operator.write_text(str(timedelta(minutes=14).total_seconds()))
    ring()
    assert len(mail.outbox) == 1
    operator.write_text(str(timedelta(minutes=16).total_seconds()))
    ring()
    assert len(mail.outbox) == 2
    assert Alert.objects.count() == 3


def test_is_mailed_apart_for_another_subject() -> None:
    ring("aeat")
    ring("pdf")
    assert len(mail.outbox) == 2


def test_waits_for_a_mail_server_that_is_away(operator: Path, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens
    ring()
    assert Process.objects.get().state == "retrying"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    operator.write_text("60")
    tick()
    drain()
    assert len(mail.outbox) == 1


def test_of_the_mail_itself_is_not_mailed() -> None:
    ring("alert-mail")
    assert not mail.outbox


def test_is_mailed_to_nobody_by_default(settings: Settings) -> None:
    settings.ALERT_EMAIL = []
    ring()
    assert not Process.objects.exists()


def test_has_no_header_of_its_own_from_a_subject_with_line_breaks() -> None:
    ring("aeat\r\nBcc: elsewhere@example.org")
    (letter,) = mail.outbox
    assert letter.recipients() == ["guardia@example.es", "jefa@example.es"]
    assert "\n" not in letter.subject
