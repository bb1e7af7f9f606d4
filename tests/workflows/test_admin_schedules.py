"""The pages of schedules, alerts and breakers."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin import autodiscover, site
from django.contrib.auth.models import Permission, User
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from common import clock
from tests.workflows import bench
from tests.workflows.test_schedules import at, daily
from workflows import alerts
from workflows.admin.schedule import in_words
from workflows.models import Alert, Breaker, Lane, Process, ProcessEvent, Schedule
from workflows.schedules import fire_due

LIST = "/admin/workflows/schedule/"


@pytest.fixture
def admin(client: Client) -> Client:
    """A superuser's browser."""
    client.force_login(User.objects.create_superuser("eva"))
    return client


def page_of(name: str, page: str = "change") -> str:
    return reverse(f"admin:workflows_schedule_{page}", args=[name])


def seen(admin: Client, address: str, **data: Any) -> str:
    response = admin.get(address, data)
    assert response.status_code == 200
    return response.content.decode()


def edit(admin: Client, name: str = "morning", **changes: str) -> Any:
    form = {"cron": "0 9 * * *", "zone": "Europe/Madrid", "catch_up": "last", **changes}
    return admin.post(page_of(name), form, follow=True)


class TestList:
    def test_shows_when_each_runs_in_its_own_hours(self, admin: Client) -> None:
        daily(zone="Atlantic/Canary", cron="30 9 * * MON-FRI")  # Monday 11 January 2027
        fire_due(at("2027-01-11 09:30:01"), limit=10)
        page = seen(admin, LIST)
        assert "de lunes a viernes a las 09:30" in page
        assert "11/01/2027 09:30" in page  # last, with a link to its process
        assert reverse("admin:workflows_process_change", args=[Process.objects.get().pk]) in page
        assert "12/01/2027 09:30" in page  # next

    def test_finds_a_page_by_a_name_with_any_letters(self, admin: Client) -> None:
        daily("sales_ab/report: 1")
        address = page_of("sales_5Fab_2Freport_3A 1")
        assert "sales_ab/report: 1" in seen(admin, address)
        assert address in seen(admin, page_of("sales_5Fab_2Freport_3A 1", "run_now"))  # the way back


class TestEditing:
    def test_takes_effect_and_shows_the_next_five(self, admin: Client) -> None:
        daily()
        response = edit(admin, cron="30 18 31 12 *", zone="Atlantic/Canary", catch_up="all")
        row = Schedule.objects.get()
        assert (row.cron, row.zone, row.catch_up) == ("30 18 31 12 *", "Atlantic/Canary", "all")
        assert row.next_at > clock.now()
        year = clock.now().year
        told = ", ".join(f"31/12/{year + n} 18:30" for n in range(5))
        assert told in response.content.decode()

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [({"cron": "0 25 * * *"}, "No es una expresión cron"), ({"zone": "Madrid"}, "No es una zona horaria")],
    )
    def test_is_refused_with_a_word_at_the_field(self, admin: Client, wrong: dict[str, str], says: str) -> None:
        daily()
        assert says in edit(admin, **wrong).content.decode()
        row = Schedule.objects.get()
        assert (row.cron, row.zone) == ("0 9 * * *", "Europe/Madrid")

    def test_pauses_and_resumes(self, admin: Client) -> None:
        daily()
        edit(admin, paused="on")
        assert Schedule.objects.get().paused
        edit(admin)
        row = Schedule.objects.get()
        assert not row.paused
        assert row.next_at > clock.now()

    def test_leaves_what_the_tick_wrote_in_the_meantime(self) -> None:
        asked = daily()
        fire_due(at("2027-01-11 08:00:01"), limit=10)
        asked.paused = True
        autodiscover()
        site.get_model_admin(Schedule).save_model(HttpRequest(), asked, None, True)
        row = Schedule.objects.get()
        assert (row.paused, row.last_slot, row.next_at) == (True, at("2027-01-11 08:00"), at("2027-01-12 08:00"))


class TestRunNow:
    def test_asks_why_and_keeps_who(self, admin: Client) -> None:
        daily()
        address = page_of("morning", "run_now")
        assert address in seen(admin, page_of("morning"))
        assert page_of("morning") in seen(admin, address)  # the way back
        admin.post(address, {"reason": ""})
        assert not Process.objects.exists()
        response = admin.post(address, {"reason": "el informe salió en blanco"})
        process = Process.objects.get()
        assert response["Location"] == reverse("admin:workflows_process_change", args=[process.pk])
        event = ProcessEvent.objects.get(process=process, move="run_now")
        assert (event.actor, event.reason) == ("eva", "el informe salió en blanco")
        assert "una persona lo pide ahora" in seen(admin, response["Location"])

    def test_by_get_runs_nothing(self, admin: Client) -> None:
        daily()
        seen(admin, page_of("morning", "run_now"))
        assert not Process.objects.exists()

    def test_of_a_workflow_that_is_gone_says_so(self, admin: Client) -> None:
        daily()
        Schedule.objects.update(workflow="of-yesterday")
        response = admin.post(page_of("morning", "run_now"), {"reason": "x"}, follow=True)
        assert "workflow of-yesterday is not in this code" in response.content.decode()

    def test_needs_the_permission_to_change(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        daily(tenant="shop")
        monkeypatch.setattr("common.admin._scope", lambda user: {"shop": "The shop"})
        reader = User.objects.create_user("rosa", is_staff=True)
        reader.user_permissions.add(Permission.objects.get(codename="view_schedule"))
        client.force_login(reader)
        assert "morning" in seen(client, page_of("morning"))
        assert client.post(page_of("morning", "run_now"), {"reason": "x"}).status_code == 403
        assert not Process.objects.exists()
        reader.user_permissions.add(Permission.objects.get(codename="change_schedule"))
        assert client.post(page_of("morning", "run_now"), {"reason": "x"}).status_code == 302
        assert Process.objects.count() == 1

    def test_of_another_tenants_schedule_is_not_there(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        daily(tenant="shop")
        monkeypatch.setattr("common.admin._scope", lambda user: {"other": "Another shop"})
        neighbour = User.objects.create_user("berta", is_staff=True)
        neighbour.user_permissions.add(*Permission.objects.filter(content_type__app_label="workflows"))
        client.force_login(neighbour)
        assert client.post(page_of("morning", "run_now"), {"reason": "x"})["Location"] == "/admin/"
        assert edit(client, cron="0 7 * * *").redirect_chain == [("/admin/", 302)]
        assert Schedule.objects.get().cron == "0 9 * * *"
        assert not Process.objects.exists()


class TestAlerts:
    def test_lists_and_shows_with_a_link_to_the_process(self, admin: Client) -> None:
        process = bench.start(bench.bakery, bench.Bread("one"))
        row = alerts.alert("process_failed", "bakery", "<b>no flour</b>", "", clock.now(), process=process)
        assert "proceso fallido" in seen(admin, "/admin/workflows/alert/")
        page = seen(admin, reverse("admin:workflows_alert_change", args=[row.pk]))
        assert "&lt;b&gt;no flour" in page
        assert reverse("admin:workflows_process_change", args=[process]) in page

    def test_are_read_only(self, admin: Client) -> None:
        row = alerts.alert("lane_paused", "bakery", "paused", "", clock.now())
        assert admin.post(reverse("admin:workflows_alert_change", args=[row.pk]), {"text": "x"}).status_code == 405
        assert admin.post(reverse("admin:workflows_alert_delete", args=[row.pk])).status_code == 403

    def test_of_a_paused_lane_names_who_paused_it(self, admin: Client) -> None:
        Lane.objects.create(key="bakery", limit=5)
        address = reverse("admin:workflows_lane_change", args=["bakery"])
        form = {"limit": "5", "rate": "", "rate_seconds": "60"}
        admin.post(address, {**form, "limit": "6"})
        assert not Alert.objects.exists()
        admin.post(address, {**form, "paused": "on"})
        admin.post(address, {**form, "paused": "on", "limit": "7"})
        row = Alert.objects.get()
        assert (row.kind, row.subject) == ("lane_paused", "bakery")
        assert "eva" in row.text


def test_breakers_are_shown_as_they_stand(admin: Client) -> None:
    now = clock.now()
    Breaker.objects.create(
        key="aeat:test", state="open", failures=5, changed_at=now, opened_until=now + timedelta(seconds=60),
        last_error="ConnectionError: no route",
    )  # fmt: skip
    page = seen(admin, "/admin/workflows/breaker/")
    assert "abierto: no se llama" in page
    assert "no route" in page
    assert "ConnectionError" in seen(admin, reverse("admin:workflows_breaker_change", args=["aeat_3Atest"]))


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 9 * * *", "cada día a las 09:00"),
        ("5 14 * * 1-5", "de lunes a viernes a las 14:05"),
        ("0 0 L * *", "el último día de cada mes a las 00:00"),
        ("0 8 1 * *", "el día 1 de cada mes a las 08:00"),
        ("15 * * * *", "cada hora, en el minuto 15"),
        ("2-59/10 * * * *", "cada 10 minutos"),
        ("*/5 * * * *", "cada 5 minutos"),
        ("0 9 1 * MON", "0 9 1 * MON"),
        ("0 9 * 12 *", "0 9 * 12 *"),
    ],
)
def test_in_words(cron: str, words: str) -> None:
    assert in_words(cron) == words
