"""The next record of an invoice, appended to the chain; nobody sends it here."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from common import clock
from common.ids import uuid7
from invoicing.models import Company
from tests.verifactu.examples import CLIENTE, SIMPLIFIED
from tests.world import la_encina
from verifactu import chain
from verifactu.amending import TouchesTheInvoice
from verifactu.chain import WrongEnvironment
from verifactu.history import append_annulment, append_correction, newest_of, records_of
from verifactu.lifecycle import AlreadyAnnulled, NeverDeclared, StillOpen
from verifactu.models import Installation, Record
from verifactu.records import IDFactura, RegistroAlta, fecha, fecha_hora_huso
from verifactu.xml import read_registro

pytestmark = pytest.mark.django_db
ZONE = "Europe/Madrid"


@pytest.fixture
def company() -> Company:
    return la_encina()


def declared(company: Company, number: str = "A-1") -> Record:
    """The first record of an invoice, waiting to be sent."""
    head = chain.lock(tenant=company.tenant)
    stamp = head.stamp(clock.now())
    registro = replace(
        SIMPLIFIED,
        IDFactura=IDFactura(
            IDEmisorFactura=company.taxpayer.nif, NumSerieFactura=number, FechaExpedicionFactura=fecha(stamp.date())
        ),
        RefExterna="su referencia",
        Encadenamiento=head.encadenamiento(),
        SistemaInformatico=head.sistema(),
        FechaHoraHusoGenRegistro=fecha_hora_huso(stamp),
    )
    return chain.append(head, registro, id=uuid7(), stamp=stamp, covers="ab" * 32, answer_token="invoice:7", now=stamp)


def answered(record: Record, state: str = "accepted", code: str = "") -> Record:
    """The same record after the AEAT's verdict."""
    Record.objects.filter(pk=record.pk).update(state="in_flight")
    Record.objects.filter(pk=record.pk).update(state=state, codigo_error=code)
    return Record.objects.select_related("installation").get(pk=record.pk)


def correct(company: Company, record: Record, **changes: Any) -> Record:
    return append_correction(
        record, lambda registro: replace(registro, **changes), tenant=company.tenant, zone=ZONE, now=clock.now
    )


def annul(company: Company, record: Record) -> Record:
    return append_annulment(record, tenant=company.tenant, zone=ZONE, now=clock.now)


def test_a_correction_stands_in_the_chain_under_the_same_seal_and_with_a_token_of_its_own(company: Company) -> None:
    first = answered(declared(company))
    second = correct(company, first, DescripcionOperacion="Otra")
    assert (second.seq, second.huella_anterior, second.covers) == (2, first.huella, first.covers)
    assert second.answer_token == f"invoice:7:{second.pk}"
    assert (second.num_serie, second.importe_total) == (first.num_serie, first.importe_total)
    third = correct(company, answered(second))
    registro = read_registro(third.xml)
    assert isinstance(registro, RegistroAlta)
    assert registro.DescripcionOperacion == "Otra", "the newest alta is what is corrected"
    assert registro.RefExterna == "su referencia"


def test_an_annulment_names_the_invoice_and_its_reference(company: Company) -> None:
    annulment = annul(company, answered(declared(company)))
    registro = read_registro(annulment.xml)
    assert (annulment.operation, annulment.num_serie, registro.RefExterna) == ("Anulacion", "A-1", "su referencia")
    assert annulment.answer_token == f"invoice:7:{annulment.pk}"


def test_what_the_invoice_shows_is_left_alone_and_nothing_is_written(company: Company) -> None:
    first = answered(declared(company))
    for changes in ({"ImporteTotal": "1.00"}, {"Destinatarios": (CLIENTE,)}, {"TipoFactura": "F1"}):
        with pytest.raises(TouchesTheInvoice, match="corrective invoice"):
            correct(company, first, **changes)
    assert Record.objects.count() == 1
    assert Installation.objects.get().head_seq == 1


def test_one_record_at_a_time(company: Company) -> None:
    first = declared(company)
    with pytest.raises(StillOpen):
        correct(company, first)
    first = answered(first)
    annulment = annul(company, first)
    with pytest.raises(StillOpen):
        annul(company, first)
    answered(annulment)
    with pytest.raises(AlreadyAnnulled):
        correct(company, first)


def test_an_annulment_without_an_alta_has_nothing_to_correct(company: Company) -> None:
    annulment = annul(company, answered(declared(company), "rejected", "1110"))
    alone = answered(annulment)
    records = records_of(alone)
    assert [record.operation for record in records] == ["Alta", "Anulacion"]
    # As after a move from another system: only the annulment is ours.
    other = replace_identity(company, alone)
    with pytest.raises(NeverDeclared):
        append_correction(
            other, lambda registro: registro, tenant=company.tenant, zone=ZONE, now=clock.now, reactivate=True
        )


def replace_identity(company: Company, annulment: Record) -> Record:
    """A record of an invoice of which there is no alta: the annulment, read as if it had another number."""
    annulment.num_serie = "B-9"
    return annulment


def test_records_of_other_invoices_and_of_other_companies_are_no_part_of_it(company: Company) -> None:
    first = declared(company)
    declared(company, "A-2")
    declared(la_encina(nif="A58818501"))
    assert [record.pk for record in records_of(first)] == [first.pk]


def test_the_newest_record_of_each_invoice_is_one_question(company: Company, django_assert_num_queries: type) -> None:
    first, other = answered(declared(company)), declared(company, "A-2")
    second = correct(company, first)
    taxpayer: UUID = company.taxpayer_id
    with django_assert_num_queries(1):
        newest = newest_of([first, other], taxpayer_id=taxpayer)
    assert {pk: record.pk for pk, record in newest.items()} == {first.pk: second.pk, other.pk: other.pk}


def test_a_chain_of_another_environment_does_not_correct_it(company: Company, settings: Settings) -> None:
    first = answered(declared(company))
    there = Installation.objects.get()
    there.pk, there.environment, there.numero = uuid7(), "test", "another"
    there.head_seq, there.head_huella = 0, ""
    there.save(force_insert=True)
    settings.AEAT_ENVIRONMENT = "test"
    with pytest.raises(WrongEnvironment):
        correct(company, first)


def test_a_clock_a_little_behind_takes_the_stamp_of_the_record_before(company: Company) -> None:
    first = answered(declared(company))
    second = append_correction(
        first,
        lambda registro: registro,
        tenant=company.tenant,
        zone=ZONE,
        now=lambda: first.generated_at - timedelta(seconds=30),
    )
    assert second.generated_at == first.generated_at
