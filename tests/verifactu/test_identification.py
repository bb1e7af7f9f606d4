"""The AEAT's census is asked over TLS with the taxpayer's certificate; only a clear answer is one.

The shapes of the answers are those of the manual's examples, as other clients' tests have them.
"""

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from lxml import etree

from common import clock
from verifactu import identification
from verifactu.certificates import Certificate
from verifactu.identification import Answer, Identifier, question, understood
from verifactu.simulator import Simulator
from verifactu.simulator.identification import PATH
from verifactu.transport import Reply

CONTRACT = "http://www2.agenciatributaria.gob.es/static_files/common/internet/dep/aplicaciones/es/aeat/burt/jdit/ws/"
SAL = f"{CONTRACT}VNifV2Sal.xsd"
MINE, SOLER, LUCIA = "B12345674", "A58818501", "12345678Z"


def reply(result: str, nif: str = SOLER, name: str = "FERRETERIA SOLER SA", status: int = 200) -> Reply:
    body = f"""<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body>
        <VNifV2Sal:VNifV2Sal xmlns:VNifV2Sal="{SAL}"><VNifV2Sal:Contribuyente><VNifV2Sal:Nif>{nif}</VNifV2Sal:Nif>
        <VNifV2Sal:Nombre>{name}</VNifV2Sal:Nombre><VNifV2Sal:Resultado>{result}</VNifV2Sal:Resultado>
        </VNifV2Sal:Contribuyente></VNifV2Sal:VNifV2Sal></env:Body></env:Envelope>"""
    return Reply(status, {}, body.encode())


def fault(text: str) -> Reply:
    body = f"""<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body><env:Fault>
        <faultcode>env:Client</faultcode><faultstring>{text}</faultstring></env:Fault></env:Body></env:Envelope>"""
    return Reply(500, {}, body.encode())


class TestAnAnswer:
    @pytest.mark.parametrize(
        ("result", "outcome"),
        [
            ("IDENTIFICADO", "identified"),
            ("Identificado", "identified"),
            (" identificado ", "identified"),
            ("No identificado", "not_identified"),
            ("NO IDENTIFICADO-SIMILAR", "similar"),
            ("No identificado -similar", "similar"),
            ("IDENTIFICADO-BAJA", "deregistered"),
            ("Identificado-Revocado", "revoked"),
            ("NO PROCESADO", "unavailable"),
            ("NO IDENTIFICABLE", "unavailable"),
            ("", "unavailable"),
        ],
    )
    def test_means_what_its_result_says(self, result: str, outcome: str) -> None:
        assert understood(reply(result), SOLER).outcome == outcome

    def test_brings_the_name_and_its_own_text(self) -> None:
        answer = understood(reply("IDENTIFICADO"), SOLER)
        assert (answer.name, "<VNifV2Sal:Resultado>IDENTIFICADO" in answer.raw) == ("FERRETERIA SOLER SA", True)

    def test_may_give_an_entity_another_letter(self) -> None:
        assert understood(reply("IDENTIFICADO", nif="B58818501"), SOLER).outcome == "identified"

    @pytest.mark.parametrize(
        "nothing",
        [
            reply("IDENTIFICADO", nif="A00000000"),  # an answer to another question
            reply("IDENTIFICADO", status=500),
            Reply(200, {}, b"<html>mantenimiento"),
            Reply(200, {}, b""),
            Reply(403, {}, b"<html><title>403</title></html>"),
            fault("Codigo[103].No se ha encontrado la etiqueta de inicio"),
        ],
    )
    def test_that_is_not_clear_is_none(self, nothing: Reply) -> None:
        assert understood(nothing, SOLER).outcome == "unavailable"

    def test_of_a_fault_tells_its_text(self) -> None:
        assert "Codigo[-2]" in understood(fault("Codigo[-2].Sólo se permiten caracteres UTF-8"), SOLER).detail


def test_the_question_has_the_elements_of_the_contract() -> None:
    root = etree.fromstring(question(SOLER, "Ferretería & Soler <SA>"))
    ent = f"{{{CONTRACT}VNifV2Ent.xsd}}"
    [asked] = root.iter(f"{ent}VNifV2Ent")
    assert [each.tag for each in asked] == [f"{ent}Contribuyente"]
    assert [(each.tag, each.text) for each in asked[0]] == [
        (f"{ent}Nif", SOLER), (f"{ent}Nombre", "Ferretería & Soler <SA>"),
    ]  # fmt: skip


class TestOverTls:
    @pytest.fixture
    def census(self, tmp_path: Path) -> Path:
        file = tmp_path / "census"
        file.write_text(f"{MINE} La Encina SL\n{SOLER} BAJA Ferretería Soler SA\n{LUCIA} FERRER OCAÑA LUCIA\n")
        return file

    @pytest.fixture
    def aeat(self, tmp_path: Path, census: Path) -> Iterator[Simulator]:
        with Simulator(tmp_path / "aeat", wait=0, now=clock.now, census=census) as running:
            yield running

    def identifier(self, aeat: Simulator, **changes: object) -> Identifier:
        p12 = aeat.authority.client_certificate(MINE, "La Encina SL", password="x", **changes)  # type: ignore[arg-type]
        endpoint = aeat.seal_endpoint if changes.get("seal") else aeat.endpoint
        address = endpoint.partition("/wlpl")[0] + PATH
        return Identifier(address, Certificate.from_pkcs12(p12, "x"), ca_file=str(aeat.ca_file))

    @pytest.mark.parametrize(
        ("nif", "name", "outcome", "told"),
        [
            (MINE, "Otro nombre SL", "identified", "La Encina SL"),  # an entity goes by its NIF
            (SOLER, "Ferretería Soler", "deregistered", "Ferretería Soler SA"),
            ("B99286320", "Nadie SL", "not_identified", "Nadie SL"),
            (LUCIA, "Lucía Ferrer Ocaña", "identified", "Lucía Ferrer Ocaña"),
            (LUCIA, "Lucía Ferrer", "similar", "FERRER OCAÑA LUCIA"),
            (LUCIA, "Jordi Soler", "not_identified", "Jordi Soler"),
        ],
    )
    def test_the_stand_in_answers_by_its_census(
        self, aeat: Simulator, nif: str, name: str, outcome: str, told: str
    ) -> None:
        answer = self.identifier(aeat).ask(nif, name)
        assert (answer.outcome, answer.name) == (outcome, told)

    def test_its_census_may_be_edited_meanwhile(self, aeat: Simulator, census: Path) -> None:
        identifier = self.identifier(aeat)
        assert identifier.ask("B99286320", "Nadie SL").outcome == "not_identified"
        census.write_text(f"{MINE}\nB99286320 REVOCADO Nadie SL\n")
        assert identifier.ask("B99286320", "Nadie SL").outcome == "revoked"

    def test_a_seal_asks_at_the_door_for_seals(self, aeat: Simulator) -> None:
        assert self.identifier(aeat, seal=True).ask(MINE, "La Encina SL").outcome == "identified"

    def test_a_failure_told_of_submissions_is_not_spent_on_it(self, aeat: Simulator) -> None:
        aeat.fail("http_503")
        assert self.identifier(aeat).ask(MINE, "La Encina SL").outcome == "identified"
        aeat.fail("http_503", operation="identification")
        assert self.identifier(aeat).ask(MINE, "La Encina SL") == Answer(
            outcome="unavailable", detail=f"HTTP {HTTPStatus.SERVICE_UNAVAILABLE}",
            raw="<!DOCTYPE html><html lang='es'><title>Servicio no disponible</title><body><h1>Servicio no disponible"
            "</h1></body></html>",
        )  # fmt: skip

    def test_nobody_there_is_no_answer(self, aeat: Simulator) -> None:
        identifier = self.identifier(aeat)
        aeat.stop()
        try:
            answer = identifier.ask(MINE, "La Encina SL")
        finally:
            aeat.start()
        assert (answer.outcome, answer.detail) == ("unavailable", "connection")

    def test_silence_is_left_after_seconds(self, aeat: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(identification, "TIMEOUT", (0.5, 0.5))
        aeat.fail("timeout_before", operation="identification", seconds=30)
        assert self.identifier(aeat).ask(MINE, "La Encina SL").detail == "timeout"


def test_an_order_waits_seconds_for_it_at_most() -> None:
    assert sum(identification.TIMEOUT) <= 10
