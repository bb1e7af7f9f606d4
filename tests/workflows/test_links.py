"""Signed links: opening one decides nothing, its button decides once, and what is over is said plainly."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.test import Client

from common import clock
from tests.workflows import bench
from tests.workflows.bench import Answer, Bread, drain, start, state
from tests.workflows.conftest import PassTime
from workflows import control, tokens
from workflows.links import link
from workflows.models import Process, Token

KEY = "bell:one"


@pytest.fixture
def waiting() -> UUID:
    process = start(bench.waiting, Bread("one"))
    drain()
    assert state(process) == "waiting"
    return process


def a_link(answer: Any = None, **options: Any) -> str:
    wanted = {
        "label": "Sacar el pan",
        "expires": timedelta(days=3),
        "question": "¿Está hecho?",
        "who": "ana",
        **options,
    }
    return link(KEY, answer or Answer("ding"), now=clock.now(), **wanted)


def press(path: str, reason: str = "", **options: Any) -> Any:
    return Client(**options).post(path, {"reason": reason})


class TestGet:
    def test_tells_what_is_asked_and_decides_nothing(self, waiting: UUID) -> None:
        page = Client().get(a_link())
        assert page.status_code == 200
        text = page.content.decode()
        for said in ("¿Está hecho?", "Sacar el pan", "ding", "ana"):
            assert said in text
        assert Client().head(a_link()).status_code == 200
        drain()
        assert (state(waiting), Token.objects.get().completed_at) == ("waiting", None)

    def test_is_kept_nowhere_and_told_to_nobody(self, waiting: UUID) -> None:
        page = Client().get(a_link())
        assert page["Cache-Control"] == "no-store"
        assert page["Referrer-Policy"] == "no-referrer"
        assert "noindex" in page["X-Robots-Tag"]
        assert not re.search(r'(?:src|href)="', page.content.decode())

    def test_speaks_english_to_whoever_asks_for_it(self, waiting: UUID) -> None:
        page = Client(headers={"Accept-Language": "en"}).get(a_link()).content.decode()
        assert '<html lang="en">' in page
        assert "We ask you for a decision" in page
        assert "Motivo" not in page

    def test_escapes_what_it_shows(self, waiting: UUID) -> None:
        page = Client().get(a_link(Answer("<b>"), label="<i>", question="<u>")).content.decode()
        for raw in ("<b>", "<i>", "<u>"):
            assert raw not in page
            assert raw.replace("<", "&lt;").replace(">", "&gt;") in page


class TestPost:
    def test_answers_once_with_who_and_why(self, waiting: UUID) -> None:
        assert press(a_link(), reason="huele bien").status_code == 200
        drain()
        assert (state(waiting), bench.result(waiting)) == ("completed", "sold ding")
        token = Token.objects.get()
        assert (token.actor, token.reason) == ("link:ana", "huele bien")

    def test_again_or_by_another_link_changes_nothing(self, waiting: UUID) -> None:
        no = a_link(Answer("dong"), label="Esperar")
        yes = a_link()
        press(yes)
        for path in (yes, no):
            response = press(path)
            assert response.status_code == 409
            assert "Ya está decidido" in response.content.decode()
            assert Client().get(path).status_code == 409
        assert msgspec.json.decode(Token.objects.get().answer or "") == {"word": "ding"}

    def test_wants_a_token_against_forgery(self, waiting: UUID) -> None:
        assert press(a_link(), enforce_csrf_checks=True).status_code == 403
        assert Token.objects.get().completed_at is None

    def test_with_the_token_of_its_page(self, waiting: UUID) -> None:
        browser, path = Client(enforce_csrf_checks=True), a_link()
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(path).content.decode())
        assert found
        assert browser.post(path, {"csrfmiddlewaretoken": found[1]}).status_code == 200
        assert Token.objects.get().completed_at

    def test_before_anybody_waits_is_found_by_the_waiter(self) -> None:
        assert press(a_link()).status_code == 200
        process = start(bench.waiting, Bread("one"))
        drain()
        assert bench.result(process) == "sold ding"

    def test_of_another_shape_than_is_waited_for_is_refused(self, waiting: UUID) -> None:
        response = press(a_link(["ding"]))
        assert response.status_code == 409
        assert "otra clase de respuesta" in response.content.decode()
        assert state(waiting) == "waiting"


class TestOver:
    def test_expired(self, waiting: UUID, pass_time: PassTime) -> None:
        path = a_link(expires=timedelta(days=3))
        pass_time(timedelta(days=2, hours=23))
        assert Client().get(path).status_code == 200
        pass_time(timedelta(hours=1))
        for response in (Client().get(path), press(path)):
            assert response.status_code == 410
            assert "ha caducado" in response.content.decode()
        assert state(waiting) == "waiting"

    @pytest.mark.parametrize("spoil", [lambda text: text[:-3] + "AA/", lambda text: text.replace(":", "x:", 1)])
    def test_tampered(self, waiting: UUID, spoil: Any) -> None:
        path = spoil(a_link())
        for response in (Client().get(path), press(path)):
            assert response.status_code == 404
            assert "no es válido" in response.content.decode()
        assert state(waiting) == "waiting"

    def test_signed_for_something_else(self, waiting: UUID) -> None:
        from django.core import signing

        forged = signing.dumps({"k": KEY, "a": '{"word":"x"}', "l": "x", "u": "2099-01-01T00:00:00Z"}, salt="other")
        assert press(f"/decide/{forged}/").status_code == 404

    def test_cancelled_meanwhile(self, waiting: UUID) -> None:
        control.cancel(waiting, now=clock.now(), actor="test", reason="shut")
        assert press(a_link()).status_code == 409
        assert Process.objects.get().state == "cancelled"

    def test_answered_elsewhere(self, waiting: UUID) -> None:
        tokens.answer(KEY, Answer("done"), tenant="", now=clock.now(), actor="bell")
        assert Client().get(a_link()).status_code == 409
