"""Processes by API: read, sent on, stopped, repeated and answered, each once and by whose key."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from common import clock
from invoicing.api import ids
from invoicing.models import Invoice
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import ORDERS, PROCESSES, ApiClient, caller, is_problem, order, work_off
from tests.workflows import bench
from workflows import api, control, engine
from workflows.errors import Abort
from workflows.journal import Run
from workflows.models import Process, ProcessEvent, Token


class Errand(msgspec.Struct, frozen=True):
    """Something to be done for a company."""

    tenant: str
    name: str
    children: int = 0


class Word(msgspec.Struct, frozen=True):
    """A person's answer."""

    approved: bool
    limit: float = 0.0


@api.workflow("api-errand", version=1, tenant=lambda p: p.tenant, tags=lambda p: (f"errand:{p.name}",))
def errand(run: Run, p: Errand) -> bool:
    """Asks for a word, after its children."""
    if p.children:
        run.batch(small_errand, [Errand(p.tenant, str(n)) for n in range(p.children)], on_failure="collect")
    return run.wait("word", Word, key=f"errand:{p.name}/1").approved


@api.step
def small(name: str) -> str:
    """One thing of the world's database."""
    if bench.faults:
        raise bench.faults.pop(0)
    return name


@api.workflow("api-small-errand", version=1, tenant=lambda p: p.tenant)
def small_errand(run: Run, p: Errand) -> str:
    """A step."""
    return run.step(small, p.name)


@api.workflow("api-untyped", version=1, tenant=lambda p: p.tenant)
def untyped(run: Run, p: Errand) -> Any:
    """Waits for a type that has no name."""
    return run.wait("word", dict[str, int], key="untyped")


@api.workflow("api-declared", version=1, tenant=lambda p: p.tenant)
def declared(run: Run, p: Errand) -> str:
    """Waits for the AEAT, as what completes an invoice does."""
    return run.wait("aeat-answer", str, key=f"invoice:{p.name}")


@pytest.fixture
def client(fresh_database: Database) -> ApiClient:
    bench.faults.clear()
    return caller(world.la_encina())


def start(client: ApiClient, workflow: Any, *, name: str = "one", children: int = 0) -> UUID:
    payload = Errand(client.company.tenant, name, children)
    process = engine.trigger(workflow, payload, now=clock.now(), actor="test").id
    work_off()
    return process


def broken(client: ApiClient, error: Exception | None = None) -> UUID:
    bench.faults.append(error or Abort("no paper"))
    return start(client, small_errand)


def path(process: UUID, verb: str = "") -> str:
    return f"{PROCESSES}{ids.text(ids.PROCESS, process)}/{verb and verb + '/'}"


def told(client: ApiClient, process: UUID) -> dict[str, Any]:
    response = client.get(path(process))
    assert response.status_code == 200, response.content
    found: dict[str, Any] = response.json()
    return found


class TestRead:
    def test_an_order_leads_to_its_processes(self, client: ApiClient) -> None:
        sent = client.post(ORDERS, order()).json()
        client.post(ORDERS, order(id="other"))
        work_off()
        found = client.get(PROCESSES, order=sent["id"], workflow="invoice-order").json()["data"]
        assert [(one["state"], one["order"]) for one in found] == [("completed", sent["id"])]
        whole = client.get(found[0]["url"]).json()
        assert [step["key"] for step in whole["steps"]] == ["decide", "issue"]
        assert whole["result"]["invoice_id"] == str(Invoice.objects.get(order__external_id="web-1").pk)

    def test_lists_by_state_and_tag(self, client: ApiClient) -> None:
        waiting, failed = start(client, errand), broken(client)
        by_state = client.get(PROCESSES, state="failed").json()["data"]
        by_tag = client.get(PROCESSES, tag="errand:one").json()["data"]
        assert [one["id"] for one in by_state] == [ids.text(ids.PROCESS, failed)]
        assert [one["id"] for one in by_tag] == [ids.text(ids.PROCESS, waiting)]
        is_problem(client.get(PROCESSES, state="asleep"), 400, "parameter-invalid")

    def test_tells_each_try_and_only_the_reasons_that_steps_gave(self, client: ApiClient) -> None:
        process = broken(client, RuntimeError("password=hunter2"))
        control.cancel(process, now=clock.now(), actor="test", reason="x")
        (step,) = told(client, process)["steps"]
        assert (step["done"], step["failures"], step["attempts"][0]["error"]["kind"]) == (False, 1, "RuntimeError")
        assert "hunter2" not in client.get(path(process)).content.decode()
        abort = told(client, broken(client))
        assert abort["error"] == {"step": "small", "kind": "Abort", "message": "no paper"}

    def test_counts_children_and_names_waits(self, client: ApiClient) -> None:
        bench.faults.append(Abort("no paper"))
        process = start(client, errand, children=3)
        whole = told(client, process)
        assert whole["children"] == {"total": 3, "open": 0, "completed": 2, "failed": 1}
        assert [(one["key"], one["url"]) for one in whole["waits"]] == [
            ("errand:one/1", "/api/v1/tokens/errand:one/1/answer/"),
        ]  # fmt: skip
        child = Process.objects.filter(parent=process).earliest("pk")
        assert told(client, child.pk)["parent"] == ids.text(ids.PROCESS, process)

    def test_a_held_one_shows_its_question(self, client: ApiClient) -> None:
        hold = told(client, held(client))["hold"]
        assert (hold["kind"], hold["code"]) == ("question", "nif_required")
        assert "give_nif" in hold["actions"]


def held(client: ApiClient) -> UUID:
    dear = {"description": "Bicicleta", "unit_price": "4840.00", "amount": "4840.00", "tax_rate": "21"}
    client.post(ORDERS, order(id="dear", lines=[dear], total="4840.00"))
    work_off()
    return Process.objects.filter(state="held").latest("seq").pk


class TestAct:
    def test_resume(self, client: ApiClient) -> None:
        process = broken(client)
        response = client.post(path(process, "resume"), {"reason": "paper came"})
        assert (response.status_code, response.json()["state"]) == (202, "pending")
        work_off()
        assert told(client, process)["state"] == "completed"
        event = ProcessEvent.objects.get(process=process, move="resume")
        assert (event.actor, event.reason) == (f"api:{client.key.prefix}", "paper came")

    def test_cancel_takes_the_children_along(self, client: ApiClient) -> None:
        parent = engine.trigger(
            errand, Errand(client.company.tenant, "two", 2), now=clock.now(), actor="test"
        ).id  # fmt: skip
        job = bench.fetch()
        assert job
        job.run()
        assert told(client, parent)["children"]["open"] == 2
        assert client.post(path(parent, "cancel"), {"reason": "not needed"}).json()["state"] == "cancelled"
        assert told(client, parent)["children"] == {"total": 2, "open": 0, "completed": 0, "failed": 2}

    def test_replay_leads_to_the_new_one(self, client: ApiClient) -> None:
        process = start(client, small_errand)
        response = client.post(path(process, "replay"), {"reason": "again", "from_step": "small"})
        assert response.status_code == 202
        work_off()
        copy = client.get(response["Location"]).json()
        assert (copy["forked_from"], copy["state"]) == (ids.text(ids.PROCESS, process), "completed")

    def test_replay_from_a_step_that_is_none(self, client: ApiClient) -> None:
        process = start(client, small_errand)
        is_problem(client.post(path(process, "replay"), {"reason": "x", "from_step": "bake"}), 422, "replay-refused")
        assert Process.objects.filter(workflow="api-small-errand").count() == 1

    def test_the_same_key_does_it_once(self, client: ApiClient) -> None:
        process = start(client, small_errand)
        first = client.post(path(process, "replay"), {"reason": "again"}, key="replay-1")
        second = client.post(path(process, "replay"), {"reason": "again"}, key="replay-1")
        assert first.json() == second.json()
        assert second["Idempotent-Replayed"] == "true"
        assert Process.objects.filter(forked_from=process).count() == 1

    @pytest.mark.parametrize("verb", ["resume", "cancel"])
    def test_what_has_ended_is_refused_with_its_state(self, client: ApiClient, verb: str) -> None:
        process = start(client, small_errand)
        refused = is_problem(client.post(path(process, verb), {"reason": "x"}), 409, "wrong-state")
        assert refused["process_state"] == "completed"

    def test_what_runs_is_not_replayed(self, client: ApiClient) -> None:
        process = start(client, errand)
        is_problem(client.post(path(process, "replay"), {"reason": "x"}), 409, "wrong-state")

    @pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "x", "force": True}])
    def test_a_reason_is_needed(self, client: ApiClient, body: dict[str, Any]) -> None:
        process = broken(client)
        is_problem(client.post(path(process, "cancel"), body), 400, "body-invalid")
        assert Process.objects.get(pk=process).state == "failed"

    @pytest.mark.parametrize("verb", ["resume", "cancel", "replay", "answer"])
    def test_reading_is_not_writing(self, client: ApiClient, verb: str) -> None:
        process = broken(client)
        reader = caller(client.company, "processes:read", "orders:write")
        refused = is_problem(reader.post(path(process, verb), {"reason": "x"}), 403, "scope-missing")
        assert refused["scope"] == "processes:write"
        writer = caller(client.company, "processes:write")
        is_problem(writer.get(path(process)), 403, "scope-missing")


class TestAnswerAHold:
    def test_the_process_goes_on(self, client: ApiClient) -> None:
        process = held(client)
        answer = {"action": "give_nif", "nif": "B12345674", "name": "Ferretería Soler SL",
                  "address": {"lines": ["Calle Mayor 3"], "postal_code": "46001", "city": "València"}}  # fmt: skip
        assert client.post(path(process, "answer"), {"answer": answer, "reason": "lo mandó"}).status_code == 202
        work_off()
        assert told(client, process)["state"] == "completed"
        assert Invoice.objects.get().recipient_nif == "B12345674"
        token = Token.objects.get(process=process)
        assert (token.actor, token.reason) == (f"api:{client.key.prefix}", "lo mandó")

    def test_the_catalogue_judges_here_too(self, client: ApiClient) -> None:
        process = held(client)
        is_problem(client.post(path(process, "answer"), {"answer": {"action": "ignore"}}), 422, "resolution-refused")
        assert told(client, process)["state"] == "held"

    def test_another_shape_is_pointed_at(self, client: ApiClient) -> None:
        process = held(client)
        refused = is_problem(client.post(path(process, "answer"), {"answer": {"action": 7}}), 422, "answer-invalid")
        assert refused["errors"][0]["pointer"] == "/answer/action"

    def test_what_is_not_held_is_told(self, client: ApiClient) -> None:
        refused = is_problem(client.post(path(start(client, errand), "answer"), {"answer": 1}), 409, "not-held")
        assert refused["process_state"] == "waiting"


class TestAnswerMany:
    ADDRESS = f"{PROCESSES}answers/"
    IGNORE = {"action": "ignore", "reason": "pedidos de la feria"}

    def test_each_takes_it_or_says_why_not(self, client: ApiClient) -> None:
        first, done = held(client), start(client, errand)
        foreign = caller(world.la_encina(nif="A58818501", name="Otra Casa SL"))
        theirs = held(foreign)
        first_held = str(ids.text(ids.PROCESS, first))
        wanted = [first_held, ids.text(ids.PROCESS, done), ids.text(ids.PROCESS, theirs), "prc_x"]
        body = {"processes": [*wanted, first_held], "answer": self.IGNORE}
        response = client.post(self.ADDRESS, body, key="feria")
        assert response.status_code == 200, response.content
        told = response.json()
        codes = {one["process"]: (one["done"], one["code"]) for one in told["data"]}
        assert codes == {
            wanted[0]: (True, ""), wanted[1]: (False, "not-held"), wanted[2]: (False, "not-found"),
            wanted[3]: (False, "not-found"),
        }  # fmt: skip
        assert (told["done"], told["refused"]) == (1, 3)
        assert client.post(self.ADDRESS, body, key="feria").json() == told
        work_off()
        assert Process.objects.get(pk=first).state == "completed"
        assert Process.objects.get(pk=theirs).state == "held"
        token = Token.objects.get(process=first)
        assert (token.actor, token.reason) == (f"api:{client.key.prefix}", "pedidos de la feria")

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"processes": []}, "/processes"),
            ({"answer": {"action": "give_nif", "nif": "12345678Z"}}, "/answer/action"),
            ({"answer": {"action": "dance"}}, "/answer/action"),
        ],
    )
    def test_what_is_no_answer_to_many_is_refused(
        self, client: ApiClient, change: dict[str, Any], pointer: str
    ) -> None:
        body = {"processes": ["prc_x"], "answer": self.IGNORE, **change}
        refused = is_problem(client.post(self.ADDRESS, body), 400, "body-invalid")
        assert refused["errors"][0]["pointer"] == pointer

    def test_reading_is_not_writing(self, client: ApiClient) -> None:
        reader = caller(client.company, "processes:read", "orders:write")
        is_problem(reader.post(self.ADDRESS, {"processes": ["prc_x"], "answer": self.IGNORE}), 403, "scope-missing")


class TestAnswerAWait:
    ADDRESS = "/api/v1/tokens/errand:one/1/answer/"

    def test_the_process_goes_on(self, client: ApiClient) -> None:
        process = start(client, errand)
        response = client.post(self.ADDRESS, {"answer": {"approved": True, "limit": 1.5}, "reason": "in budget"})
        assert (response.status_code, response["Location"]) == (202, path(process))
        work_off()
        assert (told(client, process)["state"], told(client, process)["result"]) == ("completed", True)
        token = Token.objects.get()
        assert (token.actor, token.reason) == (f"api:{client.key.prefix}", "in budget")
        assert msgspec.json.decode(token.answer or "") == {"approved": True, "limit": 1.5}

    def test_another_shape_is_pointed_at_and_changes_nothing(self, client: ApiClient) -> None:
        start(client, errand)
        refused = is_problem(client.post(self.ADDRESS, {"answer": {"approved": "yes"}}), 422, "answer-invalid")
        assert refused["errors"] == [{"pointer": "/answer/approved", "detail": "Expected `bool`, got `str`"}]
        assert Token.objects.get().completed_at is None

    def test_a_second_answer_is_refused(self, client: ApiClient) -> None:
        start(client, errand)
        client.post(self.ADDRESS, {"answer": {"approved": True}})
        is_problem(client.post(self.ADDRESS, {"answer": {"approved": False}}), 409, "token-answered")
        assert msgspec.json.decode(Token.objects.get().answer or "")["approved"] is True

    def test_the_same_key_repeats_the_first_answer(self, client: ApiClient) -> None:
        start(client, errand)
        body = {"answer": {"approved": True}}
        assert client.post(self.ADDRESS, body, key="a").json() == client.post(self.ADDRESS, body, key="a").json()

    def test_the_aeats_verdict_is_not_a_clients_to_give(self, client: ApiClient) -> None:
        start(client, declared, name="7")
        is_problem(client.post("/api/v1/tokens/invoice:7/answer/", {"answer": "accepted"}), 403, "answer-reserved")
        assert Token.objects.get().completed_at is None

    def test_questions_are_answered_at_their_process(self, client: ApiClient) -> None:
        held(client)
        token = Token.objects.get(key__startswith="hold:")
        is_problem(client.post(f"/api/v1/tokens/{token.pk}/answer/", {"answer": {"action": "decide_again"}}), 404,
                   "not-found")  # fmt: skip

    def test_a_wait_whose_type_has_no_name_is_not_guessed_at(self, client: ApiClient) -> None:
        start(client, untyped)
        is_problem(client.post("/api/v1/tokens/untyped/answer/", {"answer": "x"}), 403, "answer-reserved")

    def test_a_wait_that_nobody_is_at_does_not_exist(self, client: ApiClient) -> None:
        is_problem(client.post(self.ADDRESS, {"answer": {"approved": True}}), 404, "not-found")
        assert Token.objects.count() == 0

    def test_one_that_ran_out_is_told(self, client: ApiClient) -> None:
        start(client, errand)
        Token.objects.update(closed=True, expires_at=clock.now() - timedelta(days=1))
        is_problem(client.post(self.ADDRESS, {"answer": {"approved": True}}), 409, "token-answered")
