"""What the clock brings: a certificate's end told once at each threshold, broken chains, the kept declaration."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core import mail
from pytest_django import Settings

from common import clock
from config.demo.catalogue import COMPANY
from invoicing.models import Company
from tests import world
from tests.databases import Database
from tests.verifactu.door import PASSWORD, Authority
from tests.verifactu.test_certificates import SEAL
from tests.workflows.bench import drain
from verifactu.models import Declaration, Taxpayer
from verifactu.watch import Look, aeat_watch
from workflows.engine import trigger
from workflows.models import Alert, Process, Schedule
from workflows.schedules import sync
from workflows.tick import tick


@pytest.fixture(scope="module")
def p12() -> bytes:
    """A certificate that ends in a hundred days."""
    return Authority().p12(SEAL, days=(-1, 100))


@pytest.fixture(autouse=True)
def operator(fresh_database: Database, settings: Settings, tmp_path: Path) -> Path:
    """Somebody is to be mailed; the clock's file."""
    settings.ALERT_EMAIL = ["guardia@example.es"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    mail.outbox = []
    return tmp_path / "clock"


def look(operator: Path, *, days: float) -> None:
    """Let it be so many days from now, and look twice: nothing is told twice."""
    operator.write_text(str(timedelta(days=days).total_seconds()))
    for _ in range(2):
        trigger(aeat_watch, Look(), now=clock.now(), actor="test")
        drain()


def told() -> list[str]:
    return [alert.subject.rpartition(": ")[2] for alert in Alert.objects.filter(kind="certificate").order_by("id")]


def encina(p12: bytes) -> Company:
    return world.la_encina(certificate=p12, certificate_password=PASSWORD)


def test_each_threshold_is_told_once_and_mailed(operator: Path, p12: bytes) -> None:
    company = encina(p12)
    look(operator, days=39)
    assert told() == []
    expected = []
    for left, threshold in ((60, "60 d"), (59, ""), (30, "30 d"), (15, "15 d"), (7, "7 d"), (1, "1 d"), (-0.5, "0 d")):
        look(operator, days=100 - left)
        expected += [threshold] if threshold else []
        assert told() == expected
        assert len(mail.outbox) == len(expected)
    assert {alert.tenant for alert in Alert.objects.all()} == {company.tenant}
    assert f"caduca el {company.taxpayer.certificate_until:%d/%m/%Y}" in mail.outbox[0].body
    assert "caducó el" in mail.outbox[-1].body


def test_one_uploaded_late_is_told_of_at_the_nearest_threshold_alone(operator: Path, p12: bytes) -> None:
    encina(p12)
    look(operator, days=100 - 10)
    assert told() == ["15 d"]


def test_a_renewed_one_has_thresholds_of_its_own(operator: Path, p12: bytes) -> None:
    taxpayer = encina(p12).taxpayer
    look(operator, days=100 - 6)
    assert told() == ["7 d"]
    taxpayer.certificate = Authority().p12(SEAL, days=(-1, 95))
    taxpayer.save()
    look(operator, days=100 - 6)
    assert told() == ["7 d", "1 d"]


def test_one_that_was_stored_before_its_end_was_kept_is_read(operator: Path, p12: bytes) -> None:
    taxpayer = encina(p12).taxpayer
    Taxpayer.objects.update(certificate_sha256="", certificate_until=None)
    look(operator, days=100 - 6)
    taxpayer.refresh_from_db()
    assert taxpayer.certificate_until
    assert told() == ["7 d"]


def test_it_looks_every_hour_by_itself(operator: Path, p12: bytes) -> None:
    encina(p12)
    sync(clock.now())
    schedule = Schedule.objects.get(name="aeat-watch")
    operator.write_text(str(timedelta(days=93, hours=1).total_seconds()))
    tick()
    drain()
    assert told() == ["7 d"]
    schedule.refresh_from_db()
    assert schedule.next_at - clock.now() <= timedelta(hours=1)
    assert Process.objects.filter(workflow="aeat-watch", state="completed").count() == 1


def test_the_declaration_of_the_version_is_kept_once(operator: Path, settings: Settings) -> None:
    look(operator, days=0)
    kept = Declaration.objects.get()
    assert kept.version == settings.SYSTEM_VERSION
    assert kept.text.startswith("DECLARACIÓN RESPONSABLE DEL SISTEMA INFORMÁTICO DE FACTURACIÓN\n")
    settings.SYSTEM_VERSION = "9.9.9"
    look(operator, days=0)
    assert [row.version for row in Declaration.objects.order_by("kept_at")] == [kept.version, "9.9.9"]


def test_neither_alert_nor_row_holds_a_secret(operator: Path, p12: bytes) -> None:
    encina(p12)
    look(operator, days=99.5)
    assert COMPANY["nif"] in Alert.objects.get().text
    assert PASSWORD not in Alert.objects.get().text
    assert isinstance(Taxpayer.objects.get().certificate_until, datetime)
