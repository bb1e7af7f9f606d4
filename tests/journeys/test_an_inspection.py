"""What an inspector gets, and checks with nothing of ours: three days of a shop, with all that may happen in them.

10th   an order with a NIF; one that a person answers; a buyer whose name a spreadsheet would run
11th   the AEAT is away while an order is invoiced; its chain is stopped and sent on by a person
12th   one invoice of the 10th is annulled, that of the 11th rectified; both by a person, with the reason
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import override_settings
from lxml import etree
from pytest_django import DjangoDbBlocker

from common import clock
from common.ids import uuid7
from config.demo.catalogue import PRODUCTS, dni
from config.demo.payloads import body
from config.house import free_port
from invoicing.by_staff import Reduction, correction_of, start_rectification
from invoicing.corrections import start_annulment
from invoicing.holds import Action, Resolution
from invoicing.models import Invoice
from invoicing.remedies import Situation
from tests.databases import TestServer, pointed_at
from tests.invoicing.aeat import Aeat, an_aeat, held_by, pass_time
from tests.invoicing.evidence import EXPLAINS, Evidence, export
from tests.journeys.independent import assert_chain, qr_of, value
from tests.verifactu.official import assert_official
from tests.workflows import bench
from tests.world import LUCIA, SOLER, arrive, la_encina, sale, shop
from verifactu import interventions
from verifactu.models import Submission
from workflows import control
from workflows.tick import tick

THEIRS = replace(LUCIA, first="Cliente", last="Oculta")
FORMULA = replace(SOLER, company="+Ferretería Soler SL")


@dataclass
class Days:
    """What happened, and the two exports of the first two days: with what the shops sent, and without."""

    aeat: Aeat
    first: date
    invoices: list[Invoice]
    whole: Evidence
    lean: Evidence
    mailed: set[str]
    """The SHA-256 of every PDF that a customer was sent."""

    @property
    def chain(self) -> str:
        return self.aeat.chain.numero

    @property
    def records(self) -> list[str]:
        return [f"registros/{self.chain}/{place:06d}.xml" for place in range(1, 6)]


@pytest.fixture(scope="module")
def days(
    test_server: TestServer, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Days]:
    folder = tmp_path_factory.mktemp("inspection")
    now = datetime.now().astimezone()
    tenth = datetime.combine((now.replace(day=28) + timedelta(days=10)).date().replace(day=10), time(12), now.tzinfo)
    (folder / "clock").write_text(str((tenth - now).total_seconds()))
    database = test_server.clone()
    with django_db_blocker.unblock(), pointed_at(database), an_aeat(folder) as aeat:
        another = shop(la_encina(nif="A58818501", name="Secretos y Compañía SL"))
        arrive(another, sale(THEIRS, number=9001))
        arrive(aeat.shop, sale(SOLER, number=1))
        arrive(aeat.shop, sale(LUCIA, number=2, items=((PRODUCTS[2], 40),)))
        arrive(aeat.shop, sale(FORMULA, number=3))
        bench.drain()
        [process] = held_by("invoice-order")
        answer = Resolution(action=Action.GIVE_NIF, nif=dni(44_556_677))
        control.resolve(process.pk, answer, now=clock.now(), actor="ana", reason="Lo dio por teléfono")
        bench.drain()
        pass_time(folder, timedelta(days=1))
        with override_settings(AEAT_ENDPOINT=f"https://127.0.0.1:{free_port()}/"):
            arrive(aeat.shop, sale(SOLER, number=4))
            bench.drain()
            pass_time(folder, timedelta(minutes=10))
        interventions.stop(aeat.chain, "Codigo[4141]", now=clock.now())
        interventions.resume(aeat.chain.pk, actor="ana", reason="La AEAT la levantó", now=clock.now())
        tick()
        bench.drain()
        pass_time(folder, timedelta(days=1))
        invoices = list(Invoice.objects.filter(company=aeat.company).order_by("record__seq"))
        start_annulment(invoices[0], reason="Era una prueba", request=uuid7(), actor="eva", now=clock.now())
        back = correction_of(
            invoices[3], Situation.RETURN_OR_DISCOUNT, reason="Devuelve la manta", request=uuid7(),
            reductions=[Reduction(row=0, gross=Decimal("10.00"))],
        )  # fmt: skip
        bench.drain()
        start_rectification(back, actor="eva", now=clock.now())
        bench.drain()
        first = tenth.date()
        period = (first, first + timedelta(days=1))
        whole, _ = export(folder / "whole.zip", *period, "--orders")
        lean, _ = export(folder / "lean.zip", *period)
        mailed = {hashlib.sha256(content).hexdigest() for each in outbox() for _, content, _ in each.attachments}
        yield Days(aeat, first, invoices, whole, lean, mailed)
    test_server.drop(database)


def test_every_file_is_in_the_manifest(days: Days) -> None:
    days.whole.assert_manifest()
    days.lean.assert_manifest()


def test_the_records_are_the_texts_that_were_sent_and_their_huellas_recompute(days: Days) -> None:
    assert days.whole.under("registros") == days.records
    texts = [days.whole[name] for name in days.records]
    assert assert_chain(texts) == 5
    for text in texts:
        assert_official(text)
    requests = "".join(
        row["request"] if isinstance(row["request"], str) else row["request"].decode()
        for row in days.aeat.simulator.ledger.select("SELECT request FROM submission", [])
    )
    assert all(text.decode() in requests for text in texts)


def test_registros_csv_says_what_the_texts_say_and_what_became_of_each(days: Days) -> None:
    rows = days.whole.rows("registros.csv")
    assert [row["Fichero"] for row in rows] == days.records
    for row in rows:
        record = etree.fromstring(days.whole[row["Fichero"]])
        assert row["Huella"] == value(record, "Huella")
        assert row["Huella anterior"] == value(record, "Encadenamiento/RegistroAnterior/Huella")
        assert row["FechaHoraHusoGenRegistro"] == value(record, "FechaHoraHusoGenRegistro")
        assert row["Estado"] == "Correcto"
        answer = next(name for name in days.whole.under("respuestas") if row["Envío"] in name)
        text = days.whole[answer].decode()
        assert f"CSV>{row['CSV']}<" in text
        assert f"TimestampPresentacion>{row['TimestampPresentacion']}<" in text
    assert [row["Operación"] for row in rows] == ["Alta"] * 4 + ["Anulacion"]
    # the annulment was made on the 12th, and is of an invoice of the 10th
    assert [row["Por qué está"] for row in rows] == ["generado en el periodo"] * 4 + ["de una factura del periodo"]


def test_what_proves_the_outage(days: Days) -> None:
    rows = [row for row in days.whole.rows("envios.csv") if row["Primer registro"] == "4"]
    assert [row["Resultado"].split(":")[0] for row in rows] == ["no entregado", "respondido"]
    lost, sent = rows
    assert (lost["Incidencia"], lost["Ficheros de respuesta"], lost["HTTP"]) == ("N", "", "")
    assert "127.0.0.1" in lost["Motivo"] or "connect" in lost["Motivo"].lower()
    assert sent["Incidencia"] == "S"
    away = datetime.fromisoformat(sent["Enviado"]) - datetime.fromisoformat(lost["Enviado"])
    assert timedelta(minutes=10) <= away < timedelta(minutes=11)
    assert days.whole.under("respuestas") == sorted(
        row["Ficheros de respuesta"] for row in days.whole.rows("envios.csv") if row["Ficheros de respuesta"]
    )
    stored = {
        hashlib.sha256(bytes(answer.body)).hexdigest()
        for submission in Submission.objects.filter(installation=days.aeat.chain)
        for answer in submission.answers.all()
    }
    assert {hashlib.sha256(days.whole[name]).hexdigest() for name in days.whole.under("respuestas")} <= stored


def test_what_people_did_to_the_chain(days: Days) -> None:
    assert [(row["Qué"], row["Quién"], row["Motivo"]) for row in days.whole.rows("incidencias.csv")] == [
        ("envío detenido", "aeat", "Codigo[4141]"),
        ("envío reanudado", "ana", "La AEAT la levantó"),
    ]


def test_the_pdfs_are_those_that_customers_were_sent(days: Days) -> None:
    rows = days.whole.rows("facturas.csv")
    assert days.whole.under("pdf") == sorted(row["PDF"] for row in rows)
    for row in rows:
        pdf = days.whole[row["PDF"]]
        assert row["SHA-256 del PDF"] == hashlib.sha256(pdf).hexdigest()
        assert row["SHA-256 del PDF"] in days.mailed
        assert qr_of(pdf) == row["QR"]
        assert row["Comprobación del PDF"] == "correcto"


def test_the_invoices_and_which_corrects_which(days: Days) -> None:
    rows = {row["Número"]: row for row in days.whole.rows("facturas.csv")}
    annulled, formula, answered, rectified = days.invoices
    assert list(rows) == [each.num_serie for each in days.invoices]
    assert [row["Estado"] for row in rows.values()] == ["anulada", "registrada", "registrada", "rectificada"]
    corrective = Invoice.objects.get(company=days.aeat.company, tipo="R1")
    assert rows[rectified.num_serie]["Rectificada por"] == corrective.num_serie
    assert corrective.num_serie not in rows  # issued on the 12th
    assert rows[answered.num_serie]["NIF"] == dni(44_556_677)
    assert rows[formula.num_serie]["Destinatario"] == "'+Ferretería Soler SL"
    register = days.whole["libro_registro.csv"].decode("utf-8-sig").splitlines()[2:]
    assert next(line for line in register if "ANULADA" in line).split(";")[20:22] == ["0,00", "0,00"]
    assert annulled.num_serie[-6:] in "".join(register)


def test_the_history_goes_from_the_delivery_to_the_answer(days: Days) -> None:
    story = days.whole.rows("historia.csv")
    mine = [row for row in story if row["Factura"] == days.invoices[2].num_serie]
    told = [row["Qué"] for row in mine]
    order = ["llega una entrega", "espera a una persona", "decisión", "se expide la factura",
             "se genera el registro", "se envía a la AEAT", "responde la AEAT"]  # fmt: skip
    assert [told.index(what) for what in order] == sorted(told.index(what) for what in order)
    moments = [datetime.fromisoformat(row["Momento"]) for row in mine]
    assert moments == sorted(moments)
    [decision] = [row for row in mine if row["Qué"] == "decisión"]
    assert (decision["Quién"], decision["Motivo"]) == ("ana", "Lo dio por teléfono")
    assert decision["Detalle"] == "nif_required: give_nif"
    posted = body(sale(LUCIA, number=2, items=((PRODUCTS[2], 40),), placed_at=_placed(days, 2)))
    assert mine[0]["Referencia"] == f"SHA-256 {hashlib.sha256(posted).hexdigest()}"
    [annulled] = [row for row in story if row["Motivo"] == "Era una prueba" and row["Qué"] == "empieza un proceso"]
    assert (annulled["Factura"], annulled["Quién"]) == (days.invoices[0].num_serie, "eva")
    back = [row for row in story if row["Motivo"] == "Devuelve la manta"]
    assert [(row["Factura"], row["Quién"]) for row in back] == [(days.invoices[3].num_serie, "eva")]


def test_what_the_shops_sent_comes_only_where_it_is_asked_for(days: Days) -> None:
    assert not days.lean.under("pedidos")
    assert "pedidos.csv" not in days.lean.names
    for name, text in days.lean.text():
        assert LUCIA.email not in text, name
    rows = days.whole.rows("pedidos.csv")
    assert [row["Pedido"] for row in rows] == ["#1", "#2", "#3", "#4"]
    for number, row in enumerate(rows, 1):
        sent = days.whole[row["Fichero de la entrega"]]
        assert hashlib.sha256(sent).hexdigest() == row["SHA-256 de la entrega"]
        assert json.loads(sent)["name"] == f"#{number}"
        content = days.whole[row["Fichero del contenido"]]
        assert hashlib.sha256(content).hexdigest() == row["SHA-256 del contenido"]
    assert set(days.lean.names) < set(days.whole.names)


def test_nothing_of_another_company_is_inside(days: Days) -> None:
    for name, text in days.whole.text():
        for mark in ("Secretos y Compañía", "A58818501", "#9001", "Oculta"):
            assert mark not in text, name
            assert mark not in name


def test_it_says_what_was_verified_and_that_it_holds(days: Days) -> None:
    told = json.loads(days.whole["integridad.json"])
    assert (told["holds"], told["findings"]) == (True, [])
    assert {check["invariant"] for check in told["checks"]} == {"I1", "I3", "I4", "I7", "I8"}
    looked = {check["check"]: check["looked_at"] for check in told["checks"]}
    assert (looked["chain"], looked["declared"], looked["pdfs"]) == (5, 4, 4)


def test_it_explains_itself_in_both_languages(days: Days) -> None:
    readme = days.whole["LEEME.txt"].decode()
    for name in set(days.whole.names) - {"LEEME.txt"}:
        assert name.split("/")[0] in readme
    spanish, english = readme.split("EVIDENCE OF INVOICING FOR AN INSPECTION")
    for half in (spanish, english):
        assert "B12345674" in half
        assert "Almacenes La Encina SL" in half
        assert "0.1.0" in half
    assert f"del {days.first:%d/%m/%Y} al {days.first + timedelta(days=1):%d/%m/%Y}" in spanish
    assert "SIMULADOR" in spanish
    assert "DECLARACIÓN RESPONSABLE" in days.whole["declaracion_responsable.html"].decode()


def test_made_again_later_it_is_the_same_but_for_the_moment(days: Days, tmp_path: Path) -> None:
    pass_time(days.aeat.folder, timedelta(hours=3))
    period = (days.first, days.first + timedelta(days=1))
    again, _ = export(tmp_path / "again.zip", *period, "--orders")
    assert again.entries == days.whole.entries
    assert {moment for _, moment, *_ in again.entries} == {(1980, 1, 1, 0, 0, 0)}
    differ = {name for name in again.names if again[name] != days.whole[name]}
    assert differ == set(EXPLAINS)


def test_a_day_in_the_middle_of_the_chain(days: Days, tmp_path: Path) -> None:
    eleventh = days.first + timedelta(days=1)
    one, said = export(tmp_path / "one.zip", eleventh, eleventh)
    assert one.under("registros") == [days.records[3]]
    assert [row["Número"] for row in one.rows("facturas.csv")] == [days.invoices[3].num_serie]
    assert said["findings"] == []
    assert json.loads(one["integridad.json"])["chains"][0]["first_inside"] == 4


def outbox() -> list[Any]:
    """Return the letters that were sent so far."""
    return list(mail.outbox)


def _placed(days: Days, number: int) -> datetime:
    """Return when an order was placed, as the delivery says; the rest of it is made anew."""
    row = next(row for row in days.whole.rows("pedidos.csv") if row["Pedido"] == f"#{number}")
    return datetime.fromisoformat(json.loads(days.whole[row["Fichero de la entrega"]])["created_at"])
