"""The customer is asked by a letter with a link, and answers on a page without a login, once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from string import Formatter
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.core import signing
from django.db import connection
from django.test import Client
from pytest_django import Settings

from common import clock
from config.postgres.owner import as_owner
from invoicing import answering
from invoicing.customers import asking, links, visits
from invoicing.customers.words import LANGUAGES, WORDS, Words
from invoicing.holds import CATALOGUE, Action, Resolution
from invoicing.models import Connection, CustomerAnswer, CustomerRequest, Invoice, Order, Snapshot, Visits
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import ORDERS, ApiClient, caller, is_problem, order, work_off
from tests.invoicing.asking import BUYER, GIVEN, SOLER, held, letters, link_in
from workflows import control
from workflows.errors import WrongState
from workflows.models import Process, ProcessEvent
from workflows.testing import MovableClock
from workflows.tick import tick

ASK = Resolution(action=Action.ASK_CUSTOMER)


@pytest.fixture
def client(fresh_database: Database, tmp_path: Path, settings: Settings) -> ApiClient:
    settings.EMAIL_BACKEND = "invoicing.mail.FileBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    return caller(world.la_encina(email="tienda@encina.example"))


@pytest.fixture
def pass_time(tmp_path: Path, fresh_database: Database) -> Iterator[MovableClock]:
    with MovableClock(tmp_path / "clock") as moved:
        yield moved


def asked(client: ApiClient, process: Process | None = None, email: str = "") -> str:
    """Have the customer of a held order asked; return the path of the link in the letter."""
    process = process or held(client)
    answer = msgspec.structs.replace(ASK, email=email)
    answering.resolve(process.pk, answer, now=clock.now(), actor="eva")
    work_off()
    return link_in(mail()[-1])


def mail() -> list[Any]:
    return letters(Path(settings.EMAIL_FILE_PATH))  # type: ignore[misc]


class TestTheLetter:
    def test_goes_to_the_buyer_with_the_reason_and_the_link(self, client: ApiClient) -> None:
        link = asked(client)
        (letter,) = mail()
        assert letter["To"] == "lucia@example.com"
        assert letter["From"].startswith("Almacenes La Encina SL <")
        assert letter["Reply-To"] == "tienda@encina.example"
        assert letter["Subject"] == "Datos para la factura de su pedido D-77"
        plain, html = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
        for text in (plain, html):
            assert "4.840,00" in text
            assert "la ley pide que la factura lleve su NIF" in text
            assert link in text

    @pytest.mark.faults
    def test_speaks_the_buyers_language(self, client: ApiClient) -> None:
        process = held(client)
        for language, subject in (
            ("ca", "Dades per a la factura"), ("en", "Details for the invoice"), ("fr", "Informations pour la facture"),
            ("de-AT", "Angaben für die Rechnung"), ("pt", "Datos para la factura"),
        ):  # fmt: skip
            speaks(language)
            link = asked(client, process, email=f"{language}@example.com")
            assert mail()[-1]["Subject"].startswith(subject)
            page = Client().get(link).content.decode()
            assert f'<html lang="{language[:2] if language != "pt" else "es"}">' in page

    @pytest.mark.faults
    def test_one_a_day_to_one_address(self, client: ApiClient, pass_time: MovableClock) -> None:
        process = held(client)
        asked(client, process)
        with pytest.raises(asking.CannotAsk, match="hace menos de un día"):
            answering.resolve(process.pk, ASK, now=clock.now(), actor="eva")
        asked(client, process, email="otra@example.com")
        pass_time(timedelta(days=1, minutes=1))
        asked(client, process)
        assert [letter["To"] for letter in mail()] == ["lucia@example.com", "otra@example.com", "lucia@example.com"]

    def test_needs_one_address(self, client: ApiClient) -> None:
        process = held(client, buyer={"name": "Lucía"})
        for email in ("", "lucia", "a@example.com, b@example.com", "a@example.com\nBcc: b@x.es"):
            with pytest.raises(asking.CannotAsk):
                answering.resolve(process.pk, msgspec.structs.replace(ASK, email=email), now=clock.now(), actor="eva")
        assert not CustomerRequest.objects.exists()

    def test_the_hold_stands_meanwhile_and_says_so(self, client: ApiClient) -> None:
        process = held(client)
        asked(client, process)
        assert Process.objects.get(pk=process.pk).state == "held"
        answering.resolve(
            process.pk, Resolution(action=Action.IGNORE, reason="regalo"), now=clock.now(), actor="eva"
        )  # fmt: skip
        work_off()
        assert Process.objects.get(pk=process.pk).state == "completed"


def speaks(language: str) -> None:
    """Let the order's version say which language its buyer speaks, as a shop that knows does."""
    snapshot = Order.objects.get().current
    assert snapshot
    content = msgspec.json.decode(snapshot.content)
    replaced = msgspec.json.encode({**content, "language": language}).decode()
    with as_owner(connection), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE invoicing_snapshot DISABLE TRIGGER USER")
        cursor.execute("UPDATE invoicing_snapshot SET content = %s WHERE id = %s", [replaced, snapshot.pk])
        cursor.execute("ALTER TABLE invoicing_snapshot ENABLE TRIGGER USER")
    assert Snapshot.objects.get(pk=snapshot.pk).content == replaced


class TestThePage:
    def test_asks_for_what_is_missing_and_shows_nothing_of_the_buyer(self, client: ApiClient) -> None:
        link = asked(client)
        page = Client().get(link)
        assert page.status_code == 200
        text = page.content.decode()
        assert "Datos para su factura" in text
        assert "D-77" in text
        assert "Almacenes La Encina SL" in text
        for private in ("Lucía", "Ferrer", "lucia@example.com"):
            assert private not in text

        Client().head(link)
        assert not CustomerAnswer.objects.exists()  # opening it changes nothing
        assert Process.objects.get(workflow="invoice-order").state == "held"
        for language in LANGUAGES:
            assert Words(language)["title"] in Client().get(link, {"lang": language}).content.decode()
        assert Words("es")["title"] in Client().get(link, {"lang": "xx"}).content.decode()
        response = Client().get(link)
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["X-Frame-Options"] == "DENY"
        policy = response["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script" not in policy
        assert "<script" not in response.content.decode()

    def test_the_answer_issues_the_invoice_in_the_same_process(self, client: ApiClient) -> None:
        process = held(client)
        response = Client().post(asked(client, process), GIVEN)
        assert response.status_code == 200
        assert "Ya tenemos sus datos" in response.content.decode()
        work_off()
        invoice = Invoice.objects.get()
        assert (invoice.tipo, invoice.recipient_nif, invoice.recipient_name) == (
            "F1", "12345678Z", "Lucía Ferrer Ocaña",
        )  # fmt: skip
        assert Process.objects.get(workflow="invoice-order").pk == process.pk
        event = ProcessEvent.objects.get(process=process, move="resolve")
        assert event.actor == "customer"

    def test_the_answer_is_kept_as_evidence(self, client: ApiClient) -> None:
        link = asked(client)
        Client(REMOTE_ADDR="203.0.113.7").post(f"{link}?lang=ca", SOLER)
        work_off()
        invoice = Invoice.objects.get()
        assert (invoice.recipient_nif, invoice.recipient_name) == ("B12345674", "Ferretería Soler SL")
        assert invoice.recipient_address == ["Calle Mayor 3", "46001 València", "Valencia"]
        kept = CustomerAnswer.objects.get()
        assert (kept.nif, kept.name, kept.address) == (
            "B12345674", "Ferretería Soler SL", ["Calle Mayor 3", "46001", "València"],
        )  # fmt: skip
        assert kept.language == "ca"
        assert abs((kept.answered_at - clock.now()).total_seconds()) < 60
        assert "203.0.113.7" not in kept.from_hash
        assert kept.from_hash
        assert kept.seal == kept.compute_seal()
        assert (kept.request.email, kept.request.asked_by) == ("lucia@example.com", "eva")

    def test_says_beside_each_field_what_is_wrong(self, client: ApiClient, caplog: pytest.LogCaptureFixture) -> None:
        link = asked(client)
        street = {"street": "Calle Mayor 3"}
        for changes, where in (
            ({"nif": ""}, {"nif"}),
            ({"name": " "}, {"name"}),
            ({"nif": "12345678A"}, {"nif"}),
            ({"nif": "DE123456789"}, {"nif"}),
            ({"nif": "!!"}, {"nif"}),
            ({"nif": "B12345674"}, {"street", "postal_code", "city"}),
            (street, {"postal_code", "city"}),
            ({**street, "city": "Madrid", "postal_code": "2800"}, {"postal_code"}),
            ({**street, "city": "Madrid", "postal_code": "99001"}, {"postal_code"}),
        ):
            response = Client().post(link, {**GIVEN, **changes})
            assert response.status_code == 422
            assert {field["name"] for field in response.context["fields"] if field["error"]} == where
        assert link.split("/")[2] not in caplog.text  # whoever reads it could answer in the buyer's name
        escaped = Client().post(link, {"nif": "<script>alert(1)</script>", "name": '"><b>'}).content.decode()
        assert "<script" not in escaped
        assert 'value="&quot;&gt;&lt;b&gt;"' in escaped
        assert not CustomerAnswer.objects.exists()
        assert Process.objects.get(workflow="invoice-order").state == "held"

    @pytest.mark.faults
    def test_a_company_number_with_a_doubtful_end_is_taken_when_it_comes_again(self, client: ApiClient) -> None:
        link, browser = asked(client), Client()
        doubtful = {**SOLER, "nif": "B12345678"}
        first = browser.post(link, doubtful)
        assert first.status_code == 422
        confirmed = first.context["confirmed"]
        assert confirmed == "B12345678"
        assert browser.post(link, {**doubtful, "nif": "B12345679", "confirmed": confirmed}).status_code == 422
        assert browser.post(link, {**doubtful, "confirmed": confirmed}).status_code == 200
        work_off()
        # Nobody but staff may go on in spite of it.
        again = Process.objects.get(workflow="invoice-order")
        assert (again.state, again.hold["code"] if again.hold else "") == ("held", "nif_entity_control")
        assert not Invoice.objects.exists()

    @pytest.mark.faults
    def test_an_order_that_has_the_address_needs_none(self, client: ApiClient) -> None:
        address = {"lines": ["Gran Vía 1"], "postal_code": "28013", "city": "Madrid", "country": "ES"}
        process = held(client, buyer={**BUYER, "address": address})
        given = {"nif": "B12345674", "name": "Ferretería Soler SL"}
        assert Client().post(asked(client, process), given).status_code == 200
        work_off()
        assert Invoice.objects.get().recipient_address == ["Gran Vía 1", "28013 Madrid"]

    @pytest.mark.faults
    def test_a_form_of_another_site_is_refused(self, client: ApiClient) -> None:
        link = asked(client)
        browser = Client(enforce_csrf_checks=True)
        assert browser.post(link, GIVEN).status_code == 403
        browser.get(link)
        given = {**GIVEN, "csrfmiddlewaretoken": browser.cookies["csrftoken"].value}
        assert browser.post(link, given).status_code == 200


class TestALinkThatIsOver:
    def says(self, link: str, status: int, key: str, method: str = "get") -> None:
        response = getattr(Client(), method)(link, GIVEN if method == "post" else None)
        assert response.status_code == status
        assert Words("es")[f"{key}_title"] in response.content.decode()
        assert "<form" not in response.content.decode()

    def test_says_that_the_answer_came(self, client: ApiClient) -> None:
        link = asked(client)
        Client().post(link, GIVEN)
        for method in ("get", "post"):
            self.says(link, 409, "answered", method)
        work_off()
        self.says(link, 409, "answered")
        assert CustomerAnswer.objects.count() == 1
        assert Invoice.objects.count() == 1

    @pytest.mark.faults
    def test_says_that_staff_settled_it(self, client: ApiClient) -> None:
        process = held(client)
        link = asked(client, process)
        ignore = Resolution(action=Action.IGNORE, reason="regalo")
        answering.resolve(process.pk, ignore, now=clock.now(), actor="eva")
        work_off()
        for method in ("get", "post"):
            self.says(link, 409, "settled", method)

    def test_says_that_the_order_changed(self, client: ApiClient) -> None:
        link = asked(client)
        dearer = {"description": "Bicicleta", "unit_price": "4961.00", "amount": "4961.00", "tax_rate": "21"}
        held(client, total="4961.00", lines=[dearer], updated_at=(clock.now() + timedelta(seconds=5)).isoformat())
        for method in ("get", "post"):
            self.says(link, 409, "superseded", method)
        assert Process.objects.filter(workflow="invoice-order", state="held").count() == 1

    def test_says_that_it_expired_and_nothing_is_issued_by_silence(
        self, client: ApiClient, pass_time: MovableClock
    ) -> None:
        link = asked(client)
        pass_time(asking.LINK_LASTS - timedelta(minutes=1))
        assert Client().get(link).status_code == 200
        pass_time(timedelta(minutes=2))
        for method in ("get", "post"):
            self.says(link, 410, "expired", method)
        work_off()
        assert not Invoice.objects.exists()
        assert Process.objects.get(workflow="invoice-order").state == "held"

    @pytest.mark.faults
    def test_of_another_question_of_the_same_process_is_of_no_use(self, client: ApiClient) -> None:
        process = held(client)
        link = asked(client, process)
        # An answer that does not fit leaves the hold standing, as another question.
        control.resolve(process.pk, Resolution(action=Action.GIVE_NIF, nif="12345678A"), now=clock.now(), actor="x")
        work_off()
        assert Process.objects.get(pk=process.pk).state == "held"
        self.says(link, 409, "settled")
        with pytest.raises(WrongState):
            control.resolve(process.pk, ASK, now=clock.now(), actor="x", token=CustomerRequest.objects.get().token)

    def test_that_was_changed_or_signed_for_something_else_is_refused(self, client: ApiClient) -> None:
        link = asked(client).rstrip("/")
        for spoil in ("x", "", "eyJyIjoi", "%00"):
            self.says(f"{link[:-1]}{spoil}/", 404, "refused")
        request = CustomerRequest.objects.get()
        held_in_it = {"r": str(request.pk), "u": request.expires_at.isoformat()}
        assert Client().get(f"/customer/{signing.dumps(held_in_it, salt=links.SALT)}/").status_code == 200
        self.says(f"/customer/{signing.dumps(held_in_it, salt='workflows.links')}/", 404, "refused")
        later = {**held_in_it, "u": (request.expires_at + timedelta(days=1)).isoformat()}
        self.says(f"/customer/{signing.dumps(later, salt=links.SALT)}/", 404, "refused")


class TestVisits:
    @pytest.mark.faults
    def test_a_link_may_be_tried_a_few_times_an_hour(self, client: ApiClient, pass_time: MovableClock) -> None:
        link, wrong = asked(client), {**GIVEN, "nif": "12345678A"}
        # Each from another address, so that it is the link that counts.
        tries = [Client(REMOTE_ADDR=f"203.0.113.{n}").post(link, wrong).status_code for n in range(2)]
        Visits.objects.filter(key__startswith="request:").update(count=10)
        tries += [Client(REMOTE_ADDR=f"203.0.113.{n}").post(link, wrong).status_code for n in range(4)]
        assert tries == [422] * 4 + [429] * 2
        assert Client(REMOTE_ADDR="203.0.113.99").post(link, GIVEN).status_code == 429
        pass_time(timedelta(hours=1, seconds=1))
        assert Client(REMOTE_ADDR="203.0.113.99").post(link, GIVEN).status_code == 200

    def test_an_address_may_look_a_few_times_in_ten_minutes(self, client: ApiClient, pass_time: MovableClock) -> None:
        assert Client(REMOTE_ADDR="198.51.100.1").get("/customer/x/").status_code == 404
        Visits.objects.update(count=58)
        looks = [Client(REMOTE_ADDR="198.51.100.1").get(f"/customer/x{n}/").status_code for n in range(4)]
        assert looks == [404] * 2 + [429] * 2
        refused = Client(REMOTE_ADDR="198.51.100.1").get("/customer/x/", headers={"Accept-Language": "de"})
        assert "Zu viele Versuche" in refused.content.decode()
        assert int(refused["Retry-After"]) > 0
        assert Client(REMOTE_ADDR="198.51.100.2").get("/customer/x/").status_code == 404
        pass_time(timedelta(minutes=11))
        assert Client(REMOTE_ADDR="198.51.100.1").get("/customer/x/").status_code == 404

    @pytest.mark.faults
    def test_old_counters_are_forgotten(self, client: ApiClient, pass_time: MovableClock) -> None:
        Client().get("/customer/x/")
        pass_time(Visits.KEPT + timedelta(hours=1))
        Client(REMOTE_ADDR="198.51.100.2").get("/customer/x/")
        assert Visits.objects.count() == 1

    def test_behind_a_proxy_it_is_the_visitors_address_that_counts(self, rf: Any, settings: Settings) -> None:
        direct = visits.sender(rf.get("/", REMOTE_ADDR="203.0.113.7"))
        forged = visits.sender(rf.get("/", REMOTE_ADDR="203.0.113.7", headers={"X-Forwarded-For": "192.0.2.1"}))
        assert direct == forged
        settings.BEHIND_TLS = True
        seen = {"X-Forwarded-For": "192.0.2.1, 203.0.113.7"}
        assert visits.sender(rf.get("/", REMOTE_ADDR="10.0.0.1", headers=seen)) == direct


class TestUnbidden:
    def wanting(self, client: ApiClient) -> None:
        Connection.objects.update(ask_customers=True)

    def test_the_customer_is_asked_once_the_hold_has_stood_a_while(
        self, client: ApiClient, pass_time: MovableClock
    ) -> None:
        self.wanting(client)
        held(client)
        assert mail() == []
        later(pass_time)
        (letter,) = mail()
        assert letter["To"] == "lucia@example.com"
        assert CustomerRequest.objects.get().asked_by == "encadena"
        Client().post(link_in(letter), GIVEN)
        work_off()
        assert Invoice.objects.get().tipo == "F1"

    @pytest.mark.faults
    def test_not_when_the_connection_does_not_say_so(self, client: ApiClient, pass_time: MovableClock) -> None:
        held(client)
        later(pass_time)
        assert mail() == []

    def test_not_when_it_was_settled_meanwhile(self, client: ApiClient, pass_time: MovableClock) -> None:
        self.wanting(client)
        process = held(client)
        answering.resolve(process.pk, Resolution(action=Action.GIVE_NIF, nif="12345678Z", name="Lucía"),
                          now=clock.now(), actor="eva")  # fmt: skip
        work_off()
        later(pass_time)
        assert mail() == []

    @pytest.mark.faults
    def test_not_twice(self, client: ApiClient, pass_time: MovableClock) -> None:
        self.wanting(client)
        asked(client)
        later(pass_time)
        assert len(mail()) == 1

    @pytest.mark.faults
    def test_without_an_address_the_hold_simply_stands(self, client: ApiClient, pass_time: MovableClock) -> None:
        self.wanting(client)
        process = held(client, buyer={"name": "Lucía"})
        later(pass_time)
        assert Process.objects.get(pk=process.pk).state == "held"
        assert Process.objects.get(workflow="ask-unbidden").state == "completed"

    @pytest.mark.faults
    def test_not_for_what_no_customer_can_answer(self, client: ApiClient, pass_time: MovableClock) -> None:
        self.wanting(client)
        client.post(ORDERS, order(id="foreign", currency="USD", buyer=BUYER))
        work_off()
        assert Process.objects.get(workflow="invoice-order").state == "held"
        assert not Process.objects.filter(workflow="ask-unbidden").exists()


def later(pass_time: MovableClock) -> None:
    pass_time(asking.BEFORE_ASKING + timedelta(seconds=1))
    tick()
    work_off()


class TestByApi:
    def test_a_client_may_have_the_customer_asked(self, client: ApiClient) -> None:
        held(client)
        told = client.get(ORDERS).json()["data"][0]
        answer = {"process": told["hold"]["process"], "action": "ask_customer"}
        address = f"/api/v1/orders/{told['id']}/resolution/"
        assert client.post(address, answer).status_code == 202
        work_off()
        assert len(mail()) == 1
        assert client.get(ORDERS).json()["data"][0]["hold"]["process"] == told["hold"]["process"]
        is_problem(client.post(address, answer), 422, "resolution-refused")


class TestWords:
    def test_are_whole_in_every_language_with_the_same_facts(self) -> None:
        for key, texts in WORDS.items():
            assert len(texts) == len(LANGUAGES), key
            assert all(texts), key
            facts = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in texts]
            assert all(found == facts[0] for found in facts), key

    def test_there_is_a_reason_for_every_hold_that_a_customer_is_asked_about(self) -> None:
        for code, reason in CATALOGUE.items():
            assert (f"why_{code}" in WORDS) == (Action.ASK_CUSTOMER in reason.actions)
