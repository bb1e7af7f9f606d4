"""The pages of processes and lanes: why one is where it is, and buttons that are harmless twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.workflows import bench
from workflows.admin.desks import DESKS, SUBJECTS, Desk, Question, Subject
from workflows.errors import Abort
from workflows.models import Lane, Process, ProcessEvent

LIST = "/admin/workflows/process/"


@pytest.fixture
def admin(client: Client) -> Client:
    """A superuser's browser."""
    client.force_login(User.objects.create_superuser("eva"))
    return client


def page_of(process: UUID, button: str = "change") -> str:
    return reverse(f"admin:workflows_process_{button}", args=[process])


def seen(admin: Client, address: str, status: int = 200, **data: Any) -> str:
    response = admin.get(address, data)
    assert response.status_code == status, response.content[:2000]
    return response.content.decode()


def work_off() -> None:
    while job := bench.fetch():
        job.run()


def failed(loaves: int = 1, table: str = "seven") -> UUID:
    """A process that was held after its only failure."""
    bench.faults.append(Abort("no hay harina"))
    process = bench.start(bench.in_order, bench.Bread(table, loaves))
    work_off()
    return process


def asking(table: str = "seven", loaves: int = 1) -> UUID:
    """A process that is held with a question."""
    process = bench.start(bench.newest_wins, bench.Bread(table, loaves))
    work_off()
    return process


def state(process: UUID) -> str:
    return str(Process.objects.get(pk=process).state)


class TestWhyItIsThere:
    def test_held_after_a_failure(self, admin: Client) -> None:
        page = seen(admin, page_of(failed()))
        assert "no hay harina" in page
        assert "No se reintenta solo" in page
        assert page_of(Process.objects.get().pk, "resume") in page

    def test_held_with_a_question_has_no_resume(self, admin: Client) -> None:
        page = seen(admin, page_of(process := asking()))
        assert "which_bread" in page[page.index("enc-steps") :]
        assert page_of(process, "resolve") in page
        assert page_of(process, "resume") not in page

    def test_behind_another(self, admin: Client) -> None:
        first, second = failed(1), bench.start(bench.in_order, bench.Bread("seven", 2))
        page = seen(admin, page_of(second))
        assert "Espera a que termine el proceso anterior" in page
        assert page_of(first) in page

    def test_retrying_says_when(self, admin: Client) -> None:
        bench.faults.append(OSError("el horno no contesta"))
        process = bench.start(bench.bakery, bench.Bread("one"))
        work_off()
        page = seen(admin, page_of(process))
        assert "el horno no contesta" in page
        assert "Se reintenta solo a las" in page

    def test_lane_paused(self, admin: Client) -> None:
        Lane.objects.create(key="bakery", limit=5, paused=True)
        page = seen(admin, page_of(bench.start(bench.bakery, bench.Bread("one"))))
        assert "Su carril está en pausa" in page
        assert reverse("admin:workflows_lane_change", args=["bakery"]) in page

    def test_lane_full(self, admin: Client) -> None:
        Lane.objects.create(key="bakery", limit=1, active=1)
        assert "Espera sitio en su carril" in seen(admin, page_of(bench.start(bench.bakery, bench.Bread("one"))))

    def test_admitted(self, admin: Client) -> None:
        assert "lo tomará el primer trabajador libre" in seen(
            admin, page_of(bench.start(bench.bakery, bench.Bread("one")))
        )

    def test_settling(self, admin: Client) -> None:
        process = bench.start(bench.settling, bench.Bread("one"), settle=timedelta(seconds=30))
        assert "Reposa un momento" in seen(admin, page_of(process))

    def test_waiting_for_a_token(self, admin: Client) -> None:
        process = bench.start(bench.waiting, bench.Bread("one"))
        work_off()
        page = seen(admin, page_of(process))
        assert "bell:one" in page[page.index("enc-steps") :]

    def test_sleeping(self, admin: Client) -> None:
        process = bench.start(bench.sleeping, bench.Bread("one"))
        work_off()
        assert "Hace una pausa" in seen(admin, page_of(process))

    def test_completed(self, admin: Client) -> None:
        process = bench.start(bench.bakery, bench.Bread("one"))
        work_off()
        assert "No queda nada por hacer" in seen(admin, page_of(process))

    def test_superseded_names_the_newer(self, admin: Client) -> None:
        old, new = asking(loaves=1), asking(loaves=2)
        page = seen(admin, page_of(old))
        assert "versión más nueva" in page
        assert page_of(new) in page

    def test_cancelled_tells_who_and_why(self, admin: Client) -> None:
        process = failed()
        admin.post(page_of(process, "cancel"), {"reason": "pedido de prueba"})
        page = seen(admin, page_of(process))
        assert "Lo canceló eva" in page
        assert "pedido de prueba" in page


class TestTimeline:
    def test_steps_with_their_tries(self, admin: Client, pass_time: Callable[[timedelta], None]) -> None:
        bench.faults.append(OSError("sin <b>leña</b>"))
        process = bench.start(bench.bakery, bench.Bread("one", 2))
        work_off()
        pass_time(timedelta(minutes=1))
        from workflows.tick import tick

        tick()
        work_off()
        assert state(process) == "completed"
        page = seen(admin, page_of(process))
        assert page.index(">knead<") < page.index(">bake<") < page.index(">sell<")
        assert "1 intento fallido" in page
        assert "Traceback" in page
        assert "sin &lt;b&gt;leña&lt;/b&gt;" in page
        assert "sin <b>" not in page
        assert "sold 4 baked" in page

    def test_words_of_the_application(self, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(DESKS, "newest", Desk(
            title="Elegir el pan", steps={"sell": "Vender"},
            question=lambda hold: Question("¿Qué pan?", known=(("Mesa", hold["data"]["table"]),)),
        ))  # fmt: skip
        page = seen(admin, page_of(asking(table="<seven>")))
        assert "Elegir el pan" in page
        assert "¿Qué pan?" in page
        assert "&lt;seven&gt;" in page
        assert "<seven>" not in page
        assert "¿Qué pan?" in seen(admin, LIST)


class TestResume:
    def test_asks_first_and_then_resumes(self, admin: Client) -> None:
        process = failed()
        assert "sigue desde el paso que falló" in seen(admin, page_of(process, "resume"))
        assert state(process) == "held"
        response = admin.post(page_of(process, "resume"), {"reason": "llegó harina"})
        assert response["Location"] == page_of(process)
        assert state(process) == "pending"
        event = ProcessEvent.objects.get(process=process, move="resume")
        assert (event.actor, event.reason) == ("eva", "llegó harina")
        work_off()
        assert state(process) == "completed"

    def test_twice_is_told_and_changes_nothing(self, admin: Client) -> None:
        process = failed()
        admin.post(page_of(process, "resume"))
        response = admin.post(page_of(process, "resume"))
        assert response.status_code == 409
        assert "Ya no es posible" in response.content.decode()
        assert ProcessEvent.objects.filter(process=process, move="resume").count() == 1

    def test_a_question_is_not_resumed(self, admin: Client) -> None:
        process = asking()
        assert admin.post(page_of(process, "resume")).status_code == 409
        assert state(process) == "held"

    def test_bulk_takes_only_failures(self, admin: Client) -> None:
        ready, question = failed(), asking()
        done = bench.start(bench.bakery, bench.Bread("one"))
        work_off()
        chosen = {"action": "resume_selected", "_selected_action": [str(pk) for pk in (ready, question, done)]}
        page = admin.post(LIST, chosen).content.decode()
        assert "Se reanuda 1 proceso" in page
        assert "2 se dejan como están" in page
        assert state(ready) == "held"
        admin.post(LIST, {**chosen, "confirm": "yes"})
        assert (state(ready), state(question), state(done)) == ("pending", "held", "completed")


class TestCancel:
    def test_needs_a_reason(self, admin: Client) -> None:
        process = failed()
        assert admin.post(page_of(process, "cancel"), {"reason": " "}).status_code == 200
        assert state(process) == "held"

    def test_lets_the_next_go(self, admin: Client) -> None:
        first, second = failed(1), bench.start(bench.in_order, bench.Bread("seven", 2))
        admin.post(page_of(first, "cancel"), {"reason": "sobra"})
        work_off()
        assert (state(first), state(second)) == ("cancelled", "completed")

    def test_what_has_ended_stays(self, admin: Client) -> None:
        process = bench.start(bench.bakery, bench.Bread("one"))
        work_off()
        assert admin.post(page_of(process, "cancel"), {"reason": "tarde"}).status_code == 409
        assert state(process) == "completed"


class TestResolve:
    @pytest.fixture(autouse=True)
    def desk(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A desk that asks for a word."""
        from django import forms

        class WordForm(forms.Form):
            word = forms.CharField()

            def __init__(self, data: Any = None, *, hold: Any) -> None:
                super().__init__(data)

            def resolution(self) -> bench.Answer:
                return bench.Answer(self.cleaned_data["word"])

        monkeypatch.setitem(DESKS, "newest", Desk(title="Elegir el pan", resolution_form=WordForm))

    def token(self, process: UUID) -> str:
        return str(Process.objects.get(pk=process).hold["token"])

    def test_the_answer_reaches_the_workflow(self, admin: Client) -> None:
        process = asking()
        assert 'name="word"' in seen(admin, page_of(process, "resolve"))
        admin.post(page_of(process, "resolve"), {"word": "centeno", "token": self.token(process)})
        work_off()
        assert Process.objects.get(pk=process).result == '"sold centeno"'
        assert ProcessEvent.objects.get(process=process, move="resolve").actor == "eva"

    def test_an_incomplete_answer_is_asked_again(self, admin: Client) -> None:
        process = asking()
        response = admin.post(page_of(process, "resolve"), {"word": "", "token": self.token(process)})
        assert response.status_code == 200
        assert state(process) == "held"

    def test_a_form_that_was_open_when_the_question_changed(self, admin: Client) -> None:
        process = asking()
        assert admin.post(page_of(process, "resolve"), {"word": "x", "token": "hold:otra"}).status_code == 409
        assert state(process) == "held"

    def test_too_late_names_the_newer_process(self, admin: Client) -> None:
        old = asking(loaves=1)
        token = self.token(old)
        new = asking(loaves=2)
        response = admin.post(page_of(old, "resolve"), {"word": "centeno", "token": token})
        assert response.status_code == 409
        assert page_of(new) in response.content.decode()
        assert state(new) == "held"

    def test_twice_is_told(self, admin: Client) -> None:
        process = asking()
        answer = {"word": "centeno", "token": self.token(process)}
        admin.post(page_of(process, "resolve"), answer)
        assert admin.post(page_of(process, "resolve"), answer).status_code == 409


class TestWhoMay:
    @pytest.mark.parametrize("button", ["resume", "cancel", "resolve"])
    def test_buttons_want_a_token_against_forgery(self, admin: Client, button: str) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(User.objects.get())
        process = failed()
        assert strict.post(page_of(process, button), {"reason": "x"}).status_code == 403
        assert state(process) == "held"

    @pytest.mark.parametrize("button", ["resume", "cancel", "resolve"])
    def test_buttons_want_the_permission(self, admin: Client, client: Client, button: str) -> None:
        process = failed()
        reader = User.objects.create_user("leo", is_staff=True)
        reader.user_permissions.add(Permission.objects.get(codename="view_process"))
        client.force_login(reader)
        assert client.post(page_of(process, button), {"reason": "x"}).status_code == 403
        assert state(process) == "held"

    def test_without_a_tenant_only_superusers_see_it(self, admin: Client, client: Client) -> None:
        process = failed()
        reader = User.objects.create_user("leo", is_staff=True)
        reader.user_permissions.add(*Permission.objects.filter(content_type__app_label="workflows"))
        client.force_login(reader)
        assert str(process) not in seen(client, LIST)
        assert client.get(page_of(process)).status_code == 302

    def test_a_page_is_for_reading(self, admin: Client) -> None:
        process = failed()
        assert admin.post(page_of(process), {"state": "completed"}).status_code == 405
        assert admin.get(page_of(process, "delete")).status_code == 403
        assert admin.get("/admin/workflows/process/add/").status_code == 403


class TestList:
    def test_finds_by_id_by_tag_and_by_what_the_application_knows(
        self, admin: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(SUBJECTS, "table", Subject(
            "Mesa", "admin:workflows_lane_change", lambda ids: {pk: f"mesa {pk}" for pk in ids},
            lambda text: ["9"] if text == "la del rincón" else [],
        ))  # fmt: skip
        process, other = failed(), asking()
        Process.objects.filter(pk=process).update(tags=["table:9"])
        for text in (str(process), "table:9", "la del rincón"):
            page = seen(admin, LIST, q=text)
            assert page_of(process) in page
            assert page_of(other) not in page
        assert page_of(process) not in seen(admin, LIST, q="nada")

    def test_filters_by_state(self, admin: Client) -> None:
        process = failed()
        assert page_of(process) in seen(admin, LIST, state="held")
        assert page_of(process) not in seen(admin, LIST, state="completed")

    def test_asks_the_same_for_many_as_for_few(self, admin: Client) -> None:
        failed(1)
        with CaptureQueriesContext(connection) as few:
            seen(admin, LIST)
        for table in range(12):
            failed(1, table=f"t{table}")
        with CaptureQueriesContext(connection) as many:
            seen(admin, LIST)
        assert len(many) == len(few)


class TestLanes:
    def test_a_pause_stops_and_its_end_goes_on(self, admin: Client) -> None:
        Lane.objects.create(key="bakery", limit=5)
        address = reverse("admin:workflows_lane_change", args=["bakery"])
        assert admin.post(address, {"limit": "5", "rate_seconds": "60", "paused": "on"}).status_code == 302
        process = bench.start(bench.bakery, bench.Bread("one"))
        assert bench.fetch() is None
        assert admin.post(address, {"limit": "5", "rate_seconds": "60"}).status_code == 302
        work_off()
        assert state(process) == "completed"

    def test_the_count_is_the_engines(self, admin: Client) -> None:
        Lane.objects.create(key="bakery", limit=5, active=3)
        address = reverse("admin:workflows_lane_change", args=["bakery"])
        admin.post(address, {"limit": "7", "rate_seconds": "60", "active": "0"})
        lane = Lane.objects.get()
        assert (lane.limit, lane.active) == (7, 3)
        assert admin.get("/admin/workflows/lane/add/").status_code == 403
        assert admin.post(reverse("admin:workflows_lane_delete", args=["bakery"])).status_code == 403
