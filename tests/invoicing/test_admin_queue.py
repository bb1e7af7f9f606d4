"""Everything that waits for a decision, oldest first, counted, filtered, and answered many at once."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from common import clock
from common.admin import change_url
from invoicing import answering
from invoicing.answers import ASKS
from invoicing.holds import Action, Resolution
from invoicing.models import Invoice, Membership, Order
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import ORDERS, ApiClient, caller, order, work_off
from tests.invoicing.asking import BUYER, held, letters
from workflows.models import Process
from workflows.testing import MovableClock

HOLDS = "/admin/holds/"


@pytest.fixture
def client(fresh_database: Database, tmp_path: Path, settings: Settings) -> ApiClient:
    settings.EMAIL_BACKEND = "invoicing.mail.FileBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    return caller(world.la_encina())


@pytest.fixture
def admin(client: ApiClient) -> Client:
    browser = Client()
    browser.force_login(User.objects.create_superuser("eva"))
    return browser


@pytest.fixture
def pass_time(tmp_path: Path, fresh_database: Database) -> Iterator[MovableClock]:
    with MovableClock(tmp_path / "clock") as moved:
        yield moved


def dear(client: ApiClient, number: int, **changes: Any) -> Process:
    """An order that lacks the NIF of its buyer."""
    return held(client, id=f"dear-{number}", number=f"D-{number}", **changes)


def foreign(client: ApiClient, number: int) -> Process:
    """An order in dollars."""
    client.post(ORDERS, order(id=f"usd-{number}", number=f"U-{number}", currency="USD", buyer=BUYER))
    work_off()
    return Process.objects.filter(workflow="invoice-order", state="held").latest("seq")


def boxes(page: str) -> dict[str, str]:
    """Return order number -> the value of its box."""
    return {label: value for value, label in re.findall(r'name="chosen" value="([^"]+)" aria-label="([^"]+)"', page)}


def shown(admin: Client, **query: str) -> str:
    response = admin.get(HOLDS, query)
    assert response.status_code == 200
    return response.content.decode()


def answered(admin: Client, chosen: list[str], **given: str) -> Any:
    return admin.post(HOLDS, {"chosen": chosen, "confirm": "yes", **given})


class TestTheList:
    def test_says_of_each_all_that_its_reason_has(self, client: ApiClient, admin: Client) -> None:
        dear(client, 1)
        page = shown(admin)
        (row,) = admin.get(HOLDS).context["rows"]
        for text in (
            "D-1", "Lucía Ferrer", "4.840,00", "nif_required", "4.840,00\xa0€ sin NIF del comprador",
            "El NIF, nombre y dirección del comprador.", change_url(Order.objects.get()), row.url,
        ):  # fmt: skip
            assert text in page
        for action in (Action.GIVE_NIF, Action.ASK_CUSTOMER, Action.IGNORE):
            assert ASKS[action].label.es in page
        english = admin.get(HOLDS, headers={"Accept-Language": "en"}).content.decode()
        for text in ("Give the buyer", "€4,840.00 without the buyer", "The buyer&#x27;s NIF, name and address."):
            assert text in english

    def test_the_oldest_stands_first_and_ages_before_ones_eyes(
        self, client: ApiClient, admin: Client, pass_time: MovableClock
    ) -> None:
        dear(client, 1)
        pass_time(timedelta(days=6))
        dear(client, 2)
        pass_time(timedelta(days=3))
        dear(client, 3)
        found = [(row.question.number, row.waited, row.colour) for row in admin.get(HOLDS).context["rows"]]
        assert found == [("D-1", "9 días", "danger"), ("D-2", "3 días", "warning"), ("D-3", "0 min", "")]
        by_age = {age: [row.question.number for row in admin.get(HOLDS, {"age": age}).context["rows"]]
                  for age in ("stale", "old", "fresh")}  # fmt: skip
        assert by_age == {"stale": ["D-1"], "old": ["D-2"], "fresh": ["D-3"]}
        front = admin.get("/admin/").content.decode()
        assert "1 espera una decisión desde hace más de 7 días." in front
        metrics = admin.get("/metrics").content.decode()
        for age in ("stale", "old", "fresh"):
            assert f'invoicing_held{{age="{age}",code="nif_required"}} 1.0' in metrics
        assert re.search(r'invoicing_held_oldest_seconds\{code="nif_required"\} 7776\d\d', metrics)

    @pytest.mark.faults
    def test_a_question_that_was_answered_in_vain_does_not_grow_young(
        self, client: ApiClient, admin: Client, pass_time: MovableClock
    ) -> None:
        process = dear(client, 1)
        pass_time(timedelta(days=8))
        again = Resolution(action=Action.DECIDE_AGAIN)
        answering.resolve(process.pk, again, now=clock.now(), actor="eva")
        work_off()
        (row,) = admin.get(HOLDS).context["rows"]
        assert row.colour == "danger"

    def test_counts_and_filters_by_reason_company_and_connection(self, client: ApiClient, admin: Client) -> None:
        dear(client, 1)
        dear(client, 2)
        foreign(client, 3)
        other = caller(world.la_encina(nif="A58818501", name="Otra Casa SL"))
        dear(other, 4)
        context = admin.get(HOLDS).context
        assert {code: number for _, code, number, *_ in context["reasons"]} == {
            "nif_required": 3, "foreign_currency": 1,
        }  # fmt: skip
        for query, numbers in (
            ({"code": "foreign_currency"}, {"U-3"}),
            ({"company": client.company.tenant}, {"D-1", "D-2", "U-3"}),
            ({"company": client.company.tenant, "code": "nif_required"}, {"D-1", "D-2"}),
            ({"connection": str(other.connection.pk)}, {"D-4"}),
            ({"code": "no_such"}, set()),
            ({"connection": "x", "age": "x", "p": "x", "company": ""}, {"D-1", "D-2", "U-3", "D-4"}),
            ({"p": "9"}, set()),
        ):
            assert {row.question.number for row in admin.get(HOLDS, query).context["rows"]} == numbers, query

    @pytest.mark.faults
    def test_asks_the_same_for_many_as_for_few(self, client: ApiClient, admin: Client) -> None:
        dear(client, 1)
        shown(admin)
        with CaptureQueriesContext(connection) as few:
            shown(admin)
        for number in range(2, 6):
            dear(client, number)
        with CaptureQueriesContext(connection) as many:
            shown(admin)
        assert len(many) == len(few)

    def test_is_escaped(self, client: ApiClient, admin: Client) -> None:
        script = "<script>alert(1)</script>"
        process = held(client, id="x", number=script, buyer={**BUYER, "name": script})
        page = shown(admin)
        assert script not in page
        assert "&lt;script&gt;" in page
        token = (process.hold or {})["token"]
        for confirm in ({}, {"confirm": "yes", "action": "decide_again"}):
            assert script not in admin.post(HOLDS, {"chosen": f"{process.pk}|{token}", **confirm}).content.decode()

    def test_says_that_nothing_waits(self, admin: Client) -> None:
        assert "Nada espera una decisión." in shown(admin)


class TestMany:
    def test_one_answer_goes_to_each_with_its_reason(self, client: ApiClient, admin: Client) -> None:
        chosen = [dear(client, 1), dear(client, 2), foreign(client, 3)]
        values = list(boxes(shown(admin)).values())
        asked = admin.post(HOLDS, {"chosen": values})
        offered = [value for value, _ in asked.context["form"].fields["action"].choices]
        assert offered == ["decide_again", "ignore"]
        assert Process.objects.filter(state="held").count() == 3
        told = answered(admin, values, action="ignore", reason="pedidos de la feria")
        assert (told.context["done"], told.context["refused"]) == (3, 0)
        work_off()
        for process in chosen:
            row = Process.objects.get(pk=process.pk)
            assert row.state == "completed"
            event = row.events.get(move="resolve")
            assert (event.actor, row.tokens.get().reason) == ("eva", "pedidos de la feria")
        assert set(Order.objects.values_list("state", flat=True)) == {"ignored"}

    @pytest.mark.faults
    def test_what_an_action_needs_is_asked_for(self, client: ApiClient, admin: Client) -> None:
        dear(client, 1)
        values = list(boxes(shown(admin)).values())
        response = answered(admin, values, action="ignore", reason=" ")
        assert response.context["form"].errors["reason"]
        response = answered(admin, values, action="give_nif", nif="12345678Z")
        assert response.context["form"].errors["action"]
        assert Process.objects.filter(state="held").count() == 1

    def test_each_that_cannot_be_answered_any_more_says_why(self, client: ApiClient, admin: Client) -> None:
        dear(client, 1)
        settled = dear(client, 2)
        superseded = dear(client, 3)
        changed = dear(client, 4)
        values = boxes(shown(admin))
        give = Resolution(action=Action.GIVE_NIF, nif="12345678Z", name="Lucía")
        answering.resolve(settled.pk, give, now=clock.now(), actor="ana")
        dearer = {"description": "Bicicleta", "unit_price": "4961.00", "amount": "4961.00", "tax_rate": "21"}
        newer = dear(client, 3, total="4961.00", lines=[dearer],
                     updated_at=(clock.now() + timedelta(seconds=5)).isoformat())  # fmt: skip
        answering.resolve(changed.pk, Resolution(action=Action.DECIDE_AGAIN), now=clock.now(), actor="ana")
        work_off()
        told = answered(admin, list(values.values()), action="ignore", reason="feria").context["told"]
        why = {one.url: (one.done, str(one.why)) for one in told}
        assert [done for done, _ in why.values()] == [False, False, False, True]
        assert "está «terminado»" in why[change_url(settled)][1]
        assert change_url(newer) in why[change_url(superseded)][1]
        assert "pregunta ha cambiado" in why[change_url(changed)][1]
        work_off()
        assert Process.objects.get(pk=newer.pk).state == "held"
        assert Process.objects.get(pk=changed.pk).state == "held"
        assert Invoice.objects.count() == 1

    @pytest.mark.faults
    def test_twice_does_it_once(self, client: ApiClient, admin: Client) -> None:
        dear(client, 1)
        values = list(boxes(shown(admin)).values())
        assert answered(admin, values, action="ignore", reason="feria").context["done"] == 1
        again = answered(admin, values, action="ignore", reason="feria")
        assert "form" not in again.context or not again.context["form"]
        assert "No ha elegido ninguno que siga esperando" in again.content.decode()

    @pytest.mark.faults
    def test_many_customers_are_asked_each_in_a_letter_of_their_own(
        self, client: ApiClient, admin: Client, settings: Settings
    ) -> None:
        dear(client, 1)
        dear(client, 2, buyer={"name": "Sin correo"})
        dear(client, 3, buyer={**BUYER, "email": "ana@example.com"})
        told = answered(admin, list(boxes(shown(admin)).values()), action="ask_customer").context["told"]
        assert [(one.name, one.done) for one in told] == [("D-2", False), ("D-1", True), ("D-3", True)]
        assert "no trae correo" in str(told[0].why)
        work_off()
        sent = letters(Path(settings.EMAIL_FILE_PATH))
        assert {letter["To"] for letter in sent} == {"lucia@example.com", "ana@example.com"}
        assert Process.objects.filter(workflow="invoice-order", state="held").count() == 3
        assert "lucia@example.com (Español)" in shown(admin)

    @pytest.mark.faults
    def test_what_is_not_from_the_page_is_left_out(self, client: ApiClient, admin: Client) -> None:
        process = dear(client, 1)
        for value in ("", "x", "x|y", f"{process.pk}", f"{process.pk}|hold:other", f"{process.pk}|\x00"):
            answered(admin, [value], action="ignore", reason="x")
        assert Process.objects.get(pk=process.pk).state == "held"


class TestWhoMay:
    def person(self, client: ApiClient, *names: str) -> Client:
        user = User.objects.create_user("berta", is_staff=True)
        user.user_permissions.add(*Permission.objects.filter(codename__in=names))
        Membership.objects.create(user=user, company=client.company)
        browser = Client()
        browser.force_login(user)
        return browser

    def test_sees_ones_own_companies_alone_and_answers_no_other(self, client: ApiClient) -> None:
        dear(client, 1)
        theirs = caller(world.la_encina(nif="A58818501", name="Secretos SL"))
        process = dear(theirs, 9001)
        berta = self.person(client, "view_process", "change_process")
        page = shown(berta)
        assert "D-1" in page
        assert "D-9001" not in page
        assert "Secretos" not in page
        for query in ({"company": theirs.company.tenant}, {"connection": str(theirs.connection.pk)}):
            assert "D-9001" not in shown(berta, **query)
        value = f"{process.pk}|{(process.hold or {})['token']}"
        response = answered(berta, [value, *boxes(page).values()], action="ignore", reason="feria")
        assert "D-9001" not in response.content.decode()
        assert str(process.pk) not in response.content.decode()
        assert Process.objects.get(pk=process.pk).state == "held"
        assert "1" in str(response.context["done"])

    def test_reading_is_not_answering(self, client: ApiClient) -> None:
        dear(client, 1)
        berta = self.person(client, "view_process")
        assert boxes(shown(berta)) == {}
        assert berta.post(HOLDS, {"chosen": "x"}).status_code == 403

    def test_nobody_else_sees_it(self, client: ApiClient) -> None:
        assert self.person(client).get(HOLDS).status_code == 403
        assert Client().get(HOLDS).status_code == 302
