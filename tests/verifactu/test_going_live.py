"""Before the first record in production a person types what it binds to (RRSIF art. 16); what waits then goes on."""

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from common import clock
from common.admin import change_url
from config.aeat_examination import unconfirmed
from invoicing.companies import install
from invoicing.models import Company, Invoice, Membership
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import work_off
from verifactu import chain, going_live, notices
from verifactu.models import Installation, ProductionConfirmation
from workflows.models import Process
from workflows.rows import sql
from workflows.tick import tick


@pytest.fixture(autouse=True)
def production(fresh_database: Database, settings: Settings, tmp_path: Path) -> Settings:
    """Production, with nobody at the AEAT's address, on 29 November 2026 or later that year by the tests' clock."""
    settings.AEAT_ENVIRONMENT, settings.AEAT_ENDPOINT = "production", "https://127.0.0.1:1/VerifactuSOAP"
    settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
    settings.DOCUMENTS_DIR, settings.EMAIL_FILE_PATH = tmp_path / "documents", tmp_path / "mail"
    return settings


@pytest.fixture
def encina() -> Company:
    return world.la_encina(nif="B12345674")


def installation() -> Installation:
    return Installation.objects.select_related("taxpayer").get(active=True)


def typed() -> str:
    """The sentence, written down here by hand."""
    return f"Activar VERI*FACTU para B12345674 en la instalación {installation().numero} hasta el 31/12/{year()}"


def year() -> int:
    return clock.now().year  # the tests do not run in the hour around midnight of New Year's Eve


def orders() -> list[tuple[str, str]]:
    rows = Process.objects.filter(workflow="invoice-order").order_by("seq")
    return [(row.state, (row.error or {}).get("class", "")) for row in rows]


def pass_time(settings: Settings, by: timedelta) -> None:
    Path(settings.CLOCK_OFFSET_FILE).write_text(str(by.total_seconds()))


class TestAnOrder:
    def test_waits_with_its_reason_and_goes_on_by_itself_once_confirmed(self, encina: Company) -> None:
        connected = world.shop(encina)
        for number in (1, 2):
            world.arrive(connected, world.sale(number=number))
        work_off()
        assert orders() == [("held", "NotConfirmed")] * 2
        said = Process.objects.filter(workflow="invoice-order")[0].error["message"]
        assert "manage.py confirm_production --company B12345674" in said
        assert not Invoice.objects.exists()
        going_live.confirm(installation().pk, typed=typed(), actor="eva", now=clock.now())
        work_off()
        assert [state for state, _ in orders()] == ["completed", "completed"]
        assert [invoice.number for invoice in Invoice.objects.order_by("number")] == [1, 2]

    def test_that_came_to_be_held_just_afterwards_is_found_too(self, encina: Company, production: Settings) -> None:
        world.arrive(world.shop(encina), world.sale())
        work_off()
        late = Process.objects.get(workflow="invoice-order")
        sql("UPDATE workflows_process SET tenant = 'elsewhere' WHERE id = %s", [late.pk])  # not held yet
        going_live.confirm(installation().pk, typed=typed(), actor="eva", now=clock.now())
        work_off()
        sql("UPDATE workflows_process SET tenant = %s WHERE id = %s", [encina.tenant, late.pk])
        pass_time(production, timedelta(seconds=20))
        tick()
        work_off()
        assert Invoice.objects.count() == 1

    def test_of_another_environment_asks_for_nothing(self, production: Settings) -> None:
        for environment in ("simulator", "test"):
            production.AEAT_ENVIRONMENT = environment
            company = world.la_encina(nif="B12345674")
            world.arrive(world.shop(company), world.sale())
            work_off()
            assert Invoice.objects.filter(company=company).count() == 1

    def test_on_an_installation_that_had_records_before_is_not_stopped(self, encina: Company) -> None:
        Installation.objects.update(head_seq=1, head_huella="A" * 64, head_num_serie="F-1", head_fecha="01-01-2026")
        assert not going_live.awaits(installation())


class TestTheSentence:
    @pytest.mark.parametrize("wrong", ["", "sí", "Activar VERI*FACTU", "activar veri*factu para B12345674"])
    def test_another_one_confirms_nothing_and_says_which(self, encina: Company, wrong: str) -> None:
        with pytest.raises(going_live.WrongText) as refused:
            going_live.confirm(installation().pk, typed=wrong, actor="eva", now=clock.now())
        assert refused.value.expected == typed()
        assert (installation().confirmed_at, ProductionConfirmation.objects.count()) == (None, 0)

    def test_is_not_a_matter_of_case_or_spaces(self, encina: Company) -> None:
        going_live.confirm(installation().pk, typed=f"  {typed().upper()} ", actor="eva", now=clock.now())
        assert installation().confirmed_at

    def test_who_typed_what_and_when_is_kept_for_ever(self, encina: Company) -> None:
        now = clock.now()
        going_live.confirm(installation().pk, typed=typed(), actor="eva", now=now)
        kept = ProductionConfirmation.objects.get()
        assert (kept.actor, kept.at, kept.typed, kept.seal) == ("eva", now, typed(), kept.compute_seal())
        for named in ("B12345674", installation().numero, f"31 de diciembre de {year()}", "RD 1007/2023"):
            assert named in kept.says
        changes: dict[str, Any] = {"actor": "otra"}
        with pytest.raises(DatabaseError):
            ProductionConfirmation.objects.filter(pk=kept.pk).update(**changes)

    def test_is_asked_for_once(self, encina: Company) -> None:
        going_live.confirm(installation().pk, typed=typed(), actor="eva", now=clock.now())
        with pytest.raises(going_live.NothingToConfirm):
            going_live.confirm(installation().pk, typed=typed(), actor="eva", now=clock.now())

    def test_is_asked_for_again_for_a_new_installation(self, encina: Company) -> None:
        going_live.confirm(installation().pk, typed=typed(), actor="eva", now=clock.now())
        assert going_live.awaits(install(encina.taxpayer, now=clock.now()))


def test_the_head_is_locked_by_as_many_statements_as_ever(encina: Company, production: Settings) -> None:
    """Asked for or not, the confirmation comes with the head's own row."""
    going_live.confirm(installation().pk, typed=typed(), actor="eva", now=clock.now())
    counted = []
    for confirmed in (installation().confirmed_at, None):
        Installation.objects.update(confirmed_at=confirmed)
        with CaptureQueriesContext(connection) as asked, transaction.atomic():
            if confirmed:
                chain.lock(tenant=encina.tenant)
            else:
                with pytest.raises(going_live.NotConfirmed):
                    chain.lock(tenant=encina.tenant)
        counted.append(len([query for query in asked.captured_queries if "SELECT" in query["sql"]]))
    assert counted[0] == counted[1]


class TestWhatTells:
    def test_doctor_with_the_remedy_until_it_is_confirmed(self, encina: Company) -> None:
        [found] = unconfirmed(clock.now())
        assert (found.verdict, "confirm_production --company B12345674" in found.remedy) == ("fail", True)
        going_live.confirm(installation().pk, typed=typed(), actor="eva", now=clock.now())
        assert list(unconfirmed(clock.now())) == []

    def test_the_notices_of_those_whom_it_concerns(self, encina: Company, production: Settings) -> None:
        assert [it.kind for it in notices.amiss([encina.tenant], now=clock.now())][:1] == ["unconfirmed"]
        assert "unconfirmed" not in {it.kind for it in notices.amiss(["another"], now=clock.now())}
        production.AEAT_ENVIRONMENT = "test"
        assert "unconfirmed" not in {it.kind for it in notices.amiss(None, now=clock.now())}


class TestTheCommand:
    def run(self, *arguments: str) -> tuple[int, Any]:
        said, code = io.StringIO(), 0
        try:
            call_command("confirm_production", "--json", "--company", "B12345674", *arguments, stdout=said)
        except SystemExit as left:
            code = int(left.code or 0)
        return code, json.loads(said.getvalue())

    def test_shows_the_sentence_and_takes_it(self, encina: Company) -> None:
        code, answer = self.run()
        assert (code, answer["confirmed"], answer["sentence"]) == (3, False, typed())
        code, answer = self.run("--text", typed(), "--by", "eva")
        assert (code, answer["confirmed"]) == (0, True)
        assert ProductionConfirmation.objects.get().actor == "cli:eva"
        assert self.run()[0] == 0

    def test_refuses_another(self, encina: Company) -> None:
        with pytest.raises(CommandError, match="hasta el 31/12"):
            self.run("--text", "sí")
        assert not ProductionConfirmation.objects.exists()

    @pytest.mark.parametrize("other", ["B00000000", "B12345674"])
    def test_says_whom_it_does_not_know(self, other: str, production: Settings) -> None:
        production.AEAT_ENVIRONMENT = "test"
        world.la_encina(nif="B12345674")
        with pytest.raises(CommandError):
            call_command("confirm_production", "--company", other)


class TestThePage:
    def browser(self, company: Company, *permissions: str) -> Client:
        user = User.objects.create_user("ana", is_staff=True)
        user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
        Membership.objects.create(user=user, company=company)
        client = Client()
        client.force_login(user)
        return client

    def address(self) -> str:
        return reverse("admin:verifactu_installation_confirm", args=[installation().pk])

    def test_asks_whoever_may_confirm(self, encina: Company) -> None:
        ana = self.browser(encina, "view_installation", "confirm_installation")
        assert self.address() in ana.get(change_url(installation())).content.decode()
        asked = ana.get(self.address()).content.decode()
        assert typed() in asked
        assert f"31 de diciembre de {year()}" in asked
        wrong = ana.post(self.address(), {"typed": "sí"})
        assert (wrong.status_code, typed() in wrong.content.decode()) == (200, True)
        assert not ProductionConfirmation.objects.exists()
        assert ana.post(self.address(), {"typed": typed()}).status_code == 302
        assert ProductionConfirmation.objects.get().actor == "ana"
        assert typed() in ana.get(change_url(installation())).content.decode()
        assert ana.post(self.address(), {"typed": typed()}).status_code == 409

    def test_lets_nobody_else_through(self, encina: Company) -> None:
        reader = self.browser(encina, "view_installation", "change_installation")
        assert self.address() not in reader.get(change_url(installation())).content.decode()
        assert reader.get(self.address()).status_code == 403
        assert reader.post(self.address(), {"typed": typed()}).status_code == 403
        assert not ProductionConfirmation.objects.exists()

    def test_shows_no_installation_of_another_company(self, encina: Company) -> None:
        other = world.la_encina(nif="A58818501")
        stranger = self.browser(other, "view_installation", "confirm_installation")
        mine = Installation.objects.get(taxpayer=encina.taxpayer)
        address = reverse("admin:verifactu_installation_confirm", args=[mine.pk])
        refused = stranger.post(address, {"typed": going_live.sentence(mine, now=clock.now())})
        assert refused.status_code in (302, 404)
        assert not ProductionConfirmation.objects.exists()
