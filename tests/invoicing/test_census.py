"""NIF and name are asked of the AEAT's census before issuing: a mismatch waits for a person, silence for nobody."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from pytest_django import Settings

from common import clock
from common.ids import uuid7
from config.aeat_examination import census as examined
from invoicing.by_staff import correction_of, start_rectification
from invoicing.capture import capture_delivery
from invoicing.census_checks import NOT_ASKED
from invoicing.flows import InvoiceOrder, invoice_order
from invoicing.holds import Action, Resolution
from invoicing.models import CensusCheck, Company, Connection, Delivery, Invoice
from invoicing.remedies import Situation
from invoicing.values import Address, Party
from tests import world
from tests.databases import Database
from tests.invoicing.api_client import work_off
from tests.invoicing.test_vies import holds
from verifactu.simulator import Simulator
from workflows import control
from workflows.models import Process
from workflows.testing import Stuck, crash_after, run_inline

SELLER = "A58818501"
GIVEN = ("B12345674", "Ferretería Soler SL")  # as the shop's order has them: «ES-B12345674 »


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The census: the buyer's NIF is in it."""
    census = tmp_path / "census"
    census.write_text(f"{SELLER} ALMACENES LA ENCINA SL\nB12345674 FERRETERIA SOLER SL\n12345678Z FERRER OCAÑA LUCIA\n")
    return census


@pytest.fixture
def aeat(fresh_database: Database, settings: Settings, tmp_path: Path, file: Path) -> Iterator[Simulator]:
    with Simulator(tmp_path / "aeat", wait=0, now=clock.now, census=file) as running:
        settings.AEAT_ENDPOINT, settings.AEAT_CA_FILE = running.endpoint, str(running.ca_file)
        yield running


@pytest.fixture
def encina(aeat: Simulator) -> Company:
    p12 = aeat.authority.client_certificate(SELLER, "Almacenes La Encina SL", password="x")
    company = world.la_encina(nif=SELLER, certificate=p12, certificate_password="x")
    company.checks_census = True
    company.save()
    return company


def ordered(company: Company, **changes: object) -> InvoiceOrder:
    """An order of Ferretería Soler, captured."""
    buyer = changes.pop("buyer", world.SOLER)
    shop = Connection.objects.filter(company=company).first() or world.shop(company)
    world.arrive(shop, world.sale(buyer, **changes))  # type: ignore[arg-type]
    captured = capture_delivery(Delivery.objects.latest("id"), now=clock.now())
    assert captured
    return InvoiceOrder(company.pk, captured.order.pk, captured.snapshot.version)


def unknown(file: Path) -> None:
    file.write_text(f"{SELLER}\n")


class TestAnOrder:
    def test_is_issued_when_the_census_knows_the_buyer_and_the_answer_is_kept(self, encina: Company) -> None:
        assert run_inline(invoice_order, ordered(encina))
        invoice, check = Invoice.objects.get(), CensusCheck.objects.get()
        assert (invoice.recipient_nif, invoice.recipient_name) == GIVEN
        assert (check.company, check.nif, check.name, check.requester) == (encina, *GIVEN, SELLER)
        assert (check.outcome, check.census_name) == ("identified", "FERRETERIA SOLER SL")
        assert "<VNifV2Sal:Nif>B12345674</VNifV2Sal:Nif>" in check.raw
        assert invoice.issued_at.replace(microsecond=0) >= check.at.replace(microsecond=0)
        assert check.seal == check.compute_seal()

    def test_is_asked_about_once_a_month(self, encina: Company) -> None:
        for number in (1, 2):
            assert run_inline(invoice_order, ordered(encina, number=number))
        assert (Invoice.objects.count(), CensusCheck.objects.count()) == (2, 1)

    def test_is_not_asked_about_unless_the_company_wishes_so(self, encina: Company, file: Path) -> None:
        unknown(file)
        Company.objects.update(checks_census=False)
        assert run_inline(invoice_order, ordered(encina))
        assert not CensusCheck.objects.exists()

    def test_without_nif_is_none_of_the_census(self, encina: Company) -> None:
        assert run_inline(invoice_order, ordered(encina, buyer=world.LUCIA))
        assert (Invoice.objects.get().tipo, CensusCheck.objects.count()) == ("F2", 0)

    @pytest.mark.faults
    def test_is_asked_about_once_when_the_worker_dies_right_after(self, encina: Company) -> None:
        with crash_after("check_census"):
            assert run_inline(invoice_order, ordered(encina))
        assert (CensusCheck.objects.count(), Invoice.objects.count()) == (1, 1)

    @pytest.mark.parametrize(
        ("state", "says"), [("BAJA", "consta de baja en el censo"), ("REVOCADO", "consta revocado en el censo")]
    )
    def test_of_an_entity_that_ended_or_was_revoked_is_issued_and_says_so(
        self, encina: Company, file: Path, state: str, says: str
    ) -> None:
        file.write_text(f"{SELLER}\nB12345674 {state} FERRETERIA SOLER SL\n")
        assert run_inline(invoice_order, ordered(encina))
        assert says in Invoice.objects.get().explanation


class TestAMismatch:
    @pytest.fixture(autouse=True)
    def nobody(self, file: Path) -> None:
        unknown(file)

    def held(self, order: InvoiceOrder) -> dict[str, Any]:
        with pytest.raises(Stuck):
            run_inline(invoice_order, order)
        found: dict[str, Any] = Process.objects.get(workflow="invoice-order").hold["data"]
        return found

    def test_waits_for_a_person_and_spends_no_number(self, encina: Company) -> None:
        held = self.held(ordered(encina))
        assert holds() == ["nif_not_identified"]
        assert (held["data"]["tax_id"], held["data"]["name"]) == GIVEN
        assert held["data"]["answer"] == "NO IDENTIFICADO"
        assert "issue_simplified" in held["actions"]
        assert not Invoice.objects.exists()

    def test_tells_the_name_of_the_census_when_it_is_similar(self, encina: Company, file: Path) -> None:
        file.write_text(f"{SELLER}\n12345678Z FERRER OCAÑA LUCIA\n")
        held = self.held(ordered(encina, buyer=replace(world.LUCIA, nif="12345678Z")))
        assert (held["data"]["answer"], held["data"]["census"]) == ("NO IDENTIFICADO-SIMILAR", "FERRER OCAÑA LUCIA")

    def test_goes_on_with_the_nif_that_a_person_gives_which_is_asked_about_too(
        self, encina: Company, file: Path
    ) -> None:
        file.write_text(f"{SELLER}\nB99286320 SOLER HERMANOS SL\n")
        answer = Resolution(action=Action.GIVE_NIF, nif="B99286320", name="Soler Hermanos SL")
        assert run_inline(invoice_order, ordered(encina), holds=[answer])
        assert Invoice.objects.get().recipient_name == "Soler Hermanos SL"
        told = CensusCheck.objects.order_by("at").values_list("nif", "outcome")
        assert list(told) == [("B12345674", "not_identified"), ("B99286320", "identified")]

    def test_may_be_taken_by_a_person_with_a_reason(self, encina: Company) -> None:
        answer = Resolution(action=Action.ACCEPT_NIF, reason="Tarjeta de identificación fiscal de hoy.")
        assert run_inline(invoice_order, ordered(encina), holds=[answer])
        assert Invoice.objects.get().tipo == "F1"

    def test_may_become_a_simplified_invoice(self, encina: Company) -> None:
        assert run_inline(invoice_order, ordered(encina), holds=[Resolution(action=Action.ISSUE_SIMPLIFIED)])
        assert Invoice.objects.get().tipo == "F2"

    def test_takes_an_answer_that_comes_days_later(self, encina: Company, settings: Settings, tmp_path: Path) -> None:
        """What the AEAT said no longer counts by then: it is asked again, and the person's answer is not lost."""
        settings.CLOCK_OFFSET_FILE = str(tmp_path / "clock")
        world.arrive(world.shop(encina), world.sale(world.SOLER))
        work_off()
        held = Process.objects.get(workflow="invoice-order")
        Path(settings.CLOCK_OFFSET_FILE).write_text(str(timedelta(days=3).total_seconds()))
        answer = Resolution(action=Action.ACCEPT_NIF, reason="Tarjeta de identificación fiscal.")
        control.resolve(held.pk, answer, now=clock.now(), actor="eva")
        work_off()
        assert Process.objects.get(pk=held.pk).state == "completed"
        assert (Invoice.objects.count(), CensusCheck.objects.count()) == (1, 2)


class TestSilence:
    def test_holds_nothing_and_is_told(self, encina: Company, aeat: Simulator) -> None:
        aeat.fail("http_503", operation="identification")
        assert run_inline(invoice_order, ordered(encina))
        assert "sin comprobar" in Invoice.objects.get().explanation
        assert (CensusCheck.objects.get().outcome, CensusCheck.objects.get().detail) == ("unavailable", "HTTP 503")
        [found] = examined(clock.now())
        assert (found.verdict, "HTTP 503" in found.seen) == ("warn", True)

    def test_is_not_waited_for_again_by_the_next_order(self, encina: Company, aeat: Simulator, file: Path) -> None:
        aeat.fail("http_503", operation="identification")
        assert run_inline(invoice_order, ordered(encina, number=1))
        other = replace(world.SOLER, nif="B99286320", company="Soler Hermanos SL")
        assert run_inline(invoice_order, ordered(encina, number=2, buyer=other))
        assert CensusCheck.objects.get(nif="B99286320").detail == NOT_ASKED
        assert Invoice.objects.count() == 2

    def test_without_certificate_nobody_can_be_asked(self, encina: Company) -> None:
        encina.taxpayer.certificate = b""
        encina.taxpayer.save()
        assert run_inline(invoice_order, ordered(encina))
        assert "no hay certificado" in CensusCheck.objects.get().detail


def test_doctor_says_that_it_answers(encina: Company) -> None:
    [before] = examined(clock.now())
    run_inline(invoice_order, ordered(encina))
    [after] = examined(clock.now())
    assert (before.verdict, after.verdict) == ("ok", "ok")
    assert "answered" in after.seen


def test_the_evidence_cannot_be_changed(encina: Company) -> None:
    run_inline(invoice_order, ordered(encina))
    changes: dict[str, Any] = {"outcome": "not_identified"}
    with pytest.raises(DatabaseError):
        CensusCheck.objects.update(**changes)


class TestWhatStaffType:
    """A recipient in *Rectificar* is asked about as an order's buyer is."""

    def corrected(self, company: Company, name: str) -> None:
        run_inline(invoice_order, ordered(company))
        invoice = Invoice.objects.get()
        who = Party(name=name, tax_id="B99286320", address=Address(lines=("Calle 1",), postal_code="28004", city="M"))
        correction = correction_of(
            invoice, Situation.RECIPIENT_OR_TEXT, reason="Era otra", request=uuid7(), recipient=who
        )  # fmt: skip
        start_rectification(correction, actor="eva", now=clock.now())
        work_off()

    def test_is_issued_when_the_census_knows_it(self, encina: Company, file: Path) -> None:
        file.write_text(f"{SELLER}\nB12345674\nB99286320 SOLER HERMANOS SL\n")
        self.corrected(encina, "Soler Hermanos SL")
        assert Invoice.objects.latest("id").recipient_nif == "B99286320"
        assert CensusCheck.objects.latest("at").outcome == "identified"

    def test_waits_for_a_person_when_it_does_not(self, encina: Company) -> None:
        self.corrected(encina, "Soler Hermanos SL")
        held = Process.objects.get(workflow="rectify-recipient")
        assert (held.state, (held.hold or {})["code"], Invoice.objects.count()) == ("held", "nif_not_identified", 1)
        answer = Resolution(action=Action.ACCEPT_NIF, reason="Escritura de hoy.")
        control.resolve(held.pk, answer, now=clock.now(), actor="eva")
        work_off()
        assert Invoice.objects.latest("id").recipient_nif == "B99286320"

    def test_is_asked_of_nobody_unless_the_company_wishes_so(self, encina: Company) -> None:
        Company.objects.update(checks_census=False)
        self.corrected(encina, "Soler Hermanos SL")
        assert (Invoice.objects.count(), CensusCheck.objects.count()) == (2, 0)
