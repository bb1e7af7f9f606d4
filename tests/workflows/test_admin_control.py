"""The admin's further buttons: replay, answer by hand, free a key, many at once; children, limits, who decided."""

import html
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from common import clock
from tests.workflows import bench
from tests.workflows.bench import Answer, Bread, drain, start, state
from tests.workflows.conftest import PassTime
from tests.workflows.test_admin import LIST, asking, failed, page_of, seen
from workflows import api, control, tokens
from workflows.admin import bulk
from workflows.admin.desks import DESKS, Desk
from workflows.admin.shapes import skeleton
from workflows.errors import Abort
from workflows.journal import Run
from workflows.models import Lane, Process, ProcessEvent, Token
from workflows.tick import tick


class Verdict(msgspec.Struct, frozen=True):
    """A person's word, in several parts."""

    approved: bool
    amount: int
    note: str = "sin nota"
    by: Answer | None = None


@api.step
def unsell(what: str, sold: str) -> str:
    """Take the sale back."""
    if bench.faults:
        raise bench.faults.pop(0)
    return f"took back {sold}"


@api.step(undo=unsell)
def sell_for_now(what: str) -> str:
    """A sale that can be taken back."""
    return f"sold {what}"


@api.workflow("admin-approval", version=1, max_duration=timedelta(days=9), start_within=timedelta(days=1))
def approval(run: Run, p: Bread) -> bool:
    """Waits five days for a verdict."""
    run.progress(1, 4, "preguntando")
    return run.wait(
        "verdict", Verdict, key=f"verdict:{p.table}", expires=timedelta(days=5), on_expiry=Verdict(False, 0)
    ).approved


@api.workflow("admin-family", version=1)
def family(run: Run, p: Bread) -> int:
    """As many children as loaves."""
    return run.batch(bench.waiting, [Bread(f"{p.table}{n}") for n in range(p.loaves)]).counts().total


@api.workflow("admin-shared", version=1, lane=lambda p: api.Lane(f"shared:{p.table}", 5),
              resource=lambda p: api.Lane("oven-for-all", 1))  # fmt: skip
def shared(run: Run, p: Bread) -> str:
    """Shares an oven with everybody."""
    return run.wait("bell", Answer, key=f"shared:{p.table}").word


@api.workflow("admin-paced", version=1, lane=lambda p: api.Lane("paced", 5, "2/h"))
def paced(run: Run, p: Bread) -> int:
    """Two an hour."""
    return run.step(bench.knead, p.loaves)


@api.workflow("admin-undoing", version=1)
def undoing(run: Run, p: Bread) -> str:
    """Sells, fails, and takes the sale back."""
    sold = run.step(sell_for_now, "bread")
    run.step(bench.knead, p.loaves)
    return sold


@pytest.fixture
def admin(client: Client) -> Client:
    """A superuser's browser."""
    client.force_login(User.objects.create_superuser("eva"))
    return client


@pytest.fixture
def helper(admin: Client, client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The browser of one who may do everything but is no superuser, and works for the tenant without a name."""
    from common import admin as shared_admin

    monkeypatch.setattr(shared_admin, "_scope", lambda user: {"": "La casa"})
    leo = User.objects.create_user("leo", is_staff=True)
    leo.user_permissions.add(*Permission.objects.filter(content_type__app_label="workflows"))
    browser = Client()
    browser.force_login(leo)
    return browser


def run(workflow: Any, table: str = "one", loaves: int = 1) -> UUID:
    process = start(workflow, Bread(table, loaves))
    drain()
    return process


class TestReplay:
    def test_from_a_step_shows_the_new_process(self, admin: Client) -> None:
        process = run(bench.bakery)
        page = seen(admin, page_of(process, "replay"))
        assert "Desde el principio" in page
        assert 'value="bake"' in page
        response = admin.post(page_of(process, "replay"), {"from_step": "bake", "reason": "se quemó"}, follow=True)
        copy = Process.objects.get(forked_from=process)
        assert response.request["PATH_INFO"] == page_of(copy.pk)
        assert page_of(process) in response.content.decode()
        drain()
        assert (copy.actor, state(copy.pk), bench.kneaded(), len(bench.effects)) == ("eva", "completed", 1, 2)
        assert "se quemó" in ProcessEvent.objects.get(process=copy, move="trigger").reason

    def test_needs_a_reason(self, admin: Client) -> None:
        process = run(bench.bakery)
        assert admin.post(page_of(process, "replay"), {"from_step": "", "reason": " "}).status_code == 200
        assert Process.objects.count() == 1

    def test_of_an_open_one_is_told(self, admin: Client) -> None:
        assert admin.post(page_of(asking(), "replay"), {"reason": "x"}).status_code == 409

    def test_of_what_this_code_does_not_hold_is_told(self, admin: Client) -> None:
        process = run(bench.bakery)
        Process.objects.filter(pk=process).update(workflow="gone")
        response = admin.post(page_of(process, "replay"), {"from_step": "", "reason": "x"})
        assert "workflow gone is not in this code" in response.content.decode()


class TestFreeKey:
    def test_by_a_superuser(self, admin: Client) -> None:
        process = run(bench.in_order)
        assert page_of(process, "free_key") in seen(admin, page_of(process))
        admin.post(page_of(process, "free_key"), {"reason": "llegó dos veces"})
        assert start(bench.in_order, Bread("one")) != process
        assert "llegó dos veces" in ProcessEvent.objects.get(process=process, move="free_key").reason

    def test_by_nobody_else(self, helper: Client) -> None:
        process = run(bench.in_order)
        assert page_of(process, "free_key") not in seen(helper, page_of(process))
        assert helper.post(page_of(process, "free_key"), {"reason": "x"}).status_code == 403
        assert start(bench.in_order, Bread("one")) == process


class TestAnswerByHand:
    def test_begins_with_the_shape_and_keeps_who_when_and_why(self, admin: Client) -> None:
        process = run(approval)
        page = html.unescape(seen(admin, page_of(process, "answer")))
        shape = re.search(r"<textarea[^>]*name=\"answer\"[^>]*>(.*?)</textarea>", page, re.DOTALL)
        assert shape
        assert msgspec.json.decode(shape[1].strip()) == {
            "approved": False, "amount": 0, "note": "sin nota", "by": None,
        }  # fmt: skip
        answer = {"answer": '{"approved": true, "amount": 3}', "reason": "lo dijo por teléfono", "token": "verdict:one"}
        admin.post(page_of(process, "answer"), answer)
        drain()
        assert (state(process), bench.result(process)) == ("completed", True)
        page = seen(admin, page_of(process))
        assert "Respondió eva" in page
        assert "«lo dijo por teléfono»" in page

    @pytest.mark.parametrize("text", ['{"approved": "sí", "amount": 3}', "{", '{"approved": true}'])
    def test_of_another_shape_is_asked_again(self, admin: Client, text: str) -> None:
        process = run(approval)
        answer = {"answer": text, "reason": "x", "token": "verdict:one"}
        assert admin.post(page_of(process, "answer"), answer).status_code == 200
        assert (state(process), Token.objects.get().completed_at) == ("waiting", None)

    def test_too_late_is_told(self, admin: Client) -> None:
        process = run(approval)
        tokens.answer("verdict:one", Verdict(True, 1), tenant="", now=clock.now(), actor="ana")
        answer = {"answer": '{"approved": false, "amount": 0}', "reason": "x", "token": "verdict:one"}
        assert admin.post(page_of(process, "answer"), answer).status_code == 409

    def test_not_where_only_another_system_knows(self, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(DESKS, "admin-approval", Desk(title="Aprobar", answer_by_hand=False))
        process = run(approval)
        assert page_of(process, "answer") not in seen(admin, page_of(process))
        answer = {"answer": '{"approved": true, "amount": 3}', "reason": "x", "token": "verdict:one"}
        assert admin.post(page_of(process, "answer"), answer).status_code == 409
        assert state(process) == "waiting"

    def test_a_question_without_a_form_of_its_own(self, admin: Client) -> None:
        process = asking()
        token = Process.objects.get(pk=process).hold["token"]
        assert "&quot;word&quot;" in seen(admin, page_of(process, "resolve"))
        admin.post(page_of(process, "resolve"), {"answer": '{"word": "centeno"}', "reason": "hay", "token": token})
        drain()
        assert bench.result(process) == "sold centeno"
        assert (Token.objects.get().actor, Token.objects.get().reason) == ("eva", "hay")
        assert "«hay»" in seen(admin, page_of(process))

    def test_nobody_in_time_is_told(self, admin: Client, pass_time: PassTime) -> None:
        process = run(approval)
        pass_time(timedelta(days=6))
        tick()
        drain()
        assert state(process) == "completed"
        assert "Nadie respondió a tiempo" in seen(admin, page_of(process))

    def test_shapes_of_plain_types(self) -> None:
        assert [skeleton(kind) for kind in (str, int, bool, list[int], dict[str, int], Any)] == [
            "",
            0,
            False,
            [],
            {},
            None,
        ]


def chosen(verb: str, *processes: UUID, **more: str) -> dict[str, Any]:
    return {"action": f"{verb}_selected", "_selected_action": [str(pk) for pk in processes], **more}


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(newest|select_across|_selected_action)" value="([^"]*)"', page))


class TestMany:
    def test_cancels_the_selected_that_are_open_after_asking(self, admin: Client) -> None:
        one, two, ended = asking("a"), run(bench.waiting), run(bench.bakery)
        page = admin.post(LIST, chosen("cancel", one, two, ended)).content.decode()
        assert "Se cancelan 2 procesos" in page
        assert "1 se deja como está" in page
        assert (state(one), state(two)) == ("held", "waiting")
        confirmed = chosen("cancel", one, two, ended, confirm="yes", reason="cerramos", newest=hidden(page)["newest"])
        admin.post(LIST, confirmed)
        assert (state(one), state(two), state(ended)) == ("cancelled", "cancelled", "completed")
        event = ProcessEvent.objects.get(process=one, move="cancel")
        assert (event.actor, event.reason) == ("eva", "cerramos")

    def test_without_a_reason_nothing_is_done(self, admin: Client) -> None:
        process = asking()
        page = admin.post(LIST, chosen("cancel", process)).content.decode()
        again = chosen("cancel", process, confirm="yes", reason=" ", newest=hidden(page)["newest"])
        assert "Se cancela 1 proceso" in admin.post(LIST, again).content.decode()
        assert state(process) == "held"

    def test_takes_all_that_the_filter_finds_and_none_that_came_later(self, admin: Client) -> None:
        old = [asking(f"t{n}") for n in range(3)]
        other = run(bench.waiting)
        address = f"{LIST}?state=held"
        page = admin.post(address, chosen("cancel", old[0], select_across="1")).content.decode()
        assert "Se cancelan 3 procesos" in page
        late = asking("late")
        admin.post(address, {**chosen("cancel", confirm="yes", reason="todo"), **hidden(page)})
        assert [state(pk) for pk in (*old, other, late)] == ["cancelled"] * 3 + ["waiting", "held"]

    def test_replays_the_ended(self, admin: Client) -> None:
        one, two, open_one = run(bench.bakery), run(bench.bakery, "two"), asking()
        page = admin.post(LIST, chosen("replay", one, two, open_one)).content.decode()
        assert "Se repiten 2 procesos" in page
        confirmed = chosen(
            "replay", one, two, open_one, confirm="yes", reason="otra vez", newest=hidden(page)["newest"]
        )
        admin.post(LIST, confirmed)
        assert set(Process.objects.exclude(forked_from=None).values_list("forked_from", flat=True)) == {one, two}

    def test_more_than_fit_are_left_for_the_next_time(self, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bulk, "MOST", 2)
        old = [asking(f"t{n}") for n in range(3)]
        page = admin.post(LIST, chosen("cancel", *old)).content.decode()
        assert "De una vez se hacen 2" in page
        confirmed = chosen("cancel", *old, confirm="yes", reason="todo", newest=hidden(page)["newest"])
        assert "Quedan más" in admin.post(LIST, confirmed, follow=True).content.decode()
        assert [state(pk) for pk in old] == ["cancelled", "cancelled", "held"]

    def test_wants_the_permission(self, admin: Client, helper: Client) -> None:
        User.objects.get(username="leo").user_permissions.set(Permission.objects.filter(codename="view_process"))
        process = asking()
        helper.post(LIST, chosen("cancel", process, confirm="yes", reason="x", newest="999999"))
        assert state(process) == "held"


class TestFamily:
    def test_children_are_counted_and_lead_to_their_list(self, admin: Client) -> None:
        parent = run(family, loaves=3)
        tokens.answer("bell:one0", Answer("ding"), tenant="", now=clock.now(), actor="bell")
        drain()
        page = seen(admin, page_of(parent))
        assert "Espera a sus procesos hijos: 2 siguen abiertos" in page
        assert '<progress class="enc-bar" max="3" value="1">' in page
        assert f"{LIST}?parent={parent}&amp;state=completed" in page
        listed = seen(admin, LIST, parent=str(parent), state="completed")
        done = Process.objects.get(parent=parent, state="completed")
        assert page_of(done.pk) in listed
        assert page_of(parent) not in listed
        assert page_of(parent) in seen(admin, page_of(done.pk))

    def test_progress_is_a_bar(self, admin: Client) -> None:
        page = seen(admin, page_of(run(approval)))
        assert '<progress class="enc-bar" max="4" value="1">' in page
        assert "1 de 4 (25 %) · preguntando" in page


class TestWhy:
    def test_the_shared_resource_is_full(self, admin: Client) -> None:
        run(shared, "a")
        waiting = Lane.objects.get(pk="oven-for-all")
        Lane.objects.filter(pk=waiting.pk).update(active=1)
        page = seen(admin, page_of(run(shared, "b")))
        assert "Hay sitio en su carril, pero no en lo que comparte" in page
        assert "oven-for-all" in page

    def test_the_rate_of_its_lane_is_used_up(self, admin: Client) -> None:
        for n in (1, 2):
            run(paced, loaves=n)
        page = seen(admin, page_of(run(paced, loaves=3)))
        assert "deja empezar 2 cada 1 h 0 min" in page

    def test_the_limits_of_its_time(self, admin: Client) -> None:
        Lane.objects.create(key="workflow:admin-approval", limit=0)
        assert "Caduca si no ha empezado el" in seen(admin, page_of(run(approval)))
        Lane.objects.update(limit=5)
        tick()
        drain()
        page = seen(admin, page_of(Process.objects.get().pk))
        assert "Fracasa si no ha terminado el" in page
        assert "Deja de esperar el" in page
        assert "Caduca si no ha empezado el" not in page

    def test_it_takes_back_what_it_did(self, admin: Client) -> None:
        bench.faults.append(Abort("no flour"))
        process = start(undoing, Bread("one"))
        job = bench.fetch()
        assert job
        job.run()
        page = seen(admin, page_of(process))
        assert "no flour" in page
        assert "Está deshaciendo sus pasos" in page
        drain()
        page = seen(admin, page_of(process))
        assert "Lo que había hecho está deshecho" in page
        assert page_of(process, "resume") not in page
        assert page_of(process, "replay") in page

    def test_taking_back_failed(self, admin: Client) -> None:
        bench.faults += [Abort("no flour"), Abort("no refund")]
        process = run(undoing)
        page = seen(admin, page_of(process))
        assert "no refund" in page
        assert "sigue deshaciendo" in page

    def test_failed_may_be_resumed_or_replayed(self, admin: Client) -> None:
        process = failed()
        control.cancel(process, now=clock.now(), actor="eva", reason="x")
        page = seen(admin, page_of(process))
        assert page_of(process, "replay") in page
        assert page_of(process, "resume") not in page
