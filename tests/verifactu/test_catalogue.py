"""The catalogue of the AEAT's codes: complete, true to the code that acts on them, and printed as it is."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.verifactu.examples import ALTA, ANULACION, CABECERA, CORRECTION, EMPRESA, FULL_ANULACION, LATE, SISTEMA
from tests.verifactu.official import BESIDE, official_errors
from tests.verifactu.sound import QUERY
from verifactu import errors
from verifactu.catalogue import ACTIONS, CATALOGUE, CHECKED, Action, Checked, advice, remedy
from verifactu.catalogue.page import page
from verifactu.chain import InvalidRecord
from verifactu.errors import CODES, Effect, must_be_corrected, technical
from verifactu.records import (
    IDOtro,
    PersonaFisicaJuridica,
    RemisionRequerimiento,
    RemisionVoluntaria,
)
from verifactu.rules.messages import MESSAGES
from verifactu.simulator.texts import TEXTS
from verifactu.xml import body_errors, consulta, envelope, fragment

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "aeat-codes.md"


def alta(**changes: Any) -> bytes:
    return envelope(CABECERA, [fragment(replace(ALTA, **changes))])


def line(**changes: Any) -> bytes:
    return alta(Desglose=(replace(ALTA.Desglose[0], **changes),))


def system(**changes: Any) -> bytes:
    return alta(SistemaInformatico=replace(SISTEMA, **changes))


def abroad(registro: Any, field: str, **changes: Any) -> bytes:
    other = replace(IDOtro(CodigoPais="US", IDType="03", ID="1"), **changes)
    who = PersonaFisicaJuridica(NombreRazon="X", IDOtro=other)
    changed = replace(registro, **{field: (who,) if field == "Destinatarios" else who})
    return envelope(CABECERA, [fragment(changed)])


def annulment(**changes: Any) -> bytes:
    return envelope(CABECERA, [fragment(replace(FULL_ANULACION, **changes))])


def header(**changes: Any) -> bytes:
    return envelope(replace(CABECERA, **changes), [fragment(ALTA)])


def put(old: str, new: str) -> bytes:
    """A message whose text our own values cannot say."""
    message = alta().decode()
    assert old in message
    return message.replace(old, new).encode()


EMITTER = ALTA.IDFactura
# Code -> a message that provokes it, and that the schema refuses before it is issued or sent.
SHAPELESS: dict[str, Callable[[], bytes]] = {
    "1101": lambda: abroad(ALTA, "Destinatarios", CodigoPais="ZZ"),
    "1102": lambda: abroad(ALTA, "Destinatarios", IDType="01"),
    "1106": lambda: alta(TipoFactura="F9"),
    "1107": lambda: alta(TipoFactura="R1", TipoRectificativa="X"),
    "1120": lambda: alta(IDFactura=replace(EMITTER, IDEmisorFactura="8989")),
    "1136": lambda: alta(FacturaSimplificadaArt7273="X"),
    "1137": lambda: alta(Macrodato="X"),
    "1151": lambda: alta(EmitidaPorTerceroODestinatario="X"),
    "1171": lambda: alta(Subsanacion="X"),
    "1172": lambda: header(ObligadoEmision=replace(EMPRESA, NIF="")),
    "1180": lambda: put("<sum1:Encadenamiento>", "<sum1:Encadenamiento><sum1:PrimerRegistro>S</sum1:PrimerRegistro>"),
    "1181": lambda: line(CalificacionOperacion="S9"),
    "1184": lambda: alta(FacturaSinIdentifDestinatarioArt61d="X"),
    "1212": lambda: system(TipoUsoPosibleSoloVerifactu="X"),
    "1213": lambda: system(TipoUsoPosibleMultiOT="X"),
    "1215": lambda: header(ObligadoEmision=replace(EMPRESA, NIF="89890001KK")),
    "1218": lambda: line(Impuesto="04"),
    "1222": lambda: abroad(ALTA, "Destinatarios", ID="1" * 21),
    "1225": lambda: annulment(GeneradoPor="X"),
    "1226": lambda: system(IndicadorMultiplesOT="X"),
    "1231": lambda: abroad(ANULACION, "Generador", IDType="01"),
    "1240": lambda: annulment(IDFactura=replace(ANULACION.IDFactura, IDEmisorFacturaAnulada="8989")),
    "1247": lambda: alta(TipoHuella="02"),
    "1248": lambda: consulta(replace(QUERY, Periodo="13")),
    "1251": lambda: alta(IDVersion="2.0"),
    "1253": lambda: alta(RefExterna="1" * 61),
    "1263": lambda: alta(TipoHuella="001"),
    "1264": lambda: put("PrimerRegistro>S<", "PrimerRegistro>SS<"),
    "1265": lambda: alta(TipoFactura="F10"),
    "1266": lambda: alta(CuotaTotal="1234567890123.00"),
    "1267": lambda: alta(ImporteTotal="1234567890123.00"),
    "1268": lambda: alta(FechaHoraHusoGenRegistro="2027-01-02T10:15"),
    "1270": lambda: consulta(replace(QUERY, MostrarNombreRazonEmisor="X")),
    "1271": lambda: consulta(replace(QUERY, MostrarSistemaInformatico="X")),
    "1273": lambda: annulment(Generador=PersonaFisicaJuridica(NombreRazon="X" * 121, NIF="89890002E")),
    "1274": lambda: put("PrimerRegistro>S<", "PrimerRegistro>N<"),
    "1275": lambda: alta(Subsanacion="S", RechazoPrevio="Q"),
    "1276": lambda: annulment(SinRegistroPrevio="X"),
    "4102": lambda: put("<sum1:IDVersion>1.0</sum1:IDVersion>", ""),
    "4106": lambda: header(RemisionVoluntaria=RemisionVoluntaria(FechaFinVeriFactu="2027-12-31")),
    "4113": lambda: alta(Desglose=ALTA.Desglose * 13),
    "4114": lambda: envelope(CABECERA, [fragment(ALTA)] * 1001),
    "4121": lambda: header(RemisionVoluntaria=RemisionVoluntaria(Incidencia="X")),
    "4131": lambda: header(RemisionRequerimiento=RemisionRequerimiento(RefRequerimiento="R1", FinRequerimiento="X")),
}


def test_the_catalogue_holds_the_whole_list_and_nothing_else() -> None:
    assert set(CATALOGUE) == CODES
    assert len(CATALOGUE) == 247
    assert all(code == entry.code for code, entry in CATALOGUE.items())


def test_the_catalogue_holds_what_the_aeats_file_holds() -> None:
    assert set(official_texts()) == set(CATALOGUE)


def test_what_rules_check_is_what_the_rules_answer_with() -> None:
    """That each of these is provoked by a record is said by test_rules.py, of the same set."""
    ruled = {code: entry for code, entry in CATALOGUE.items() if entry.checked is Checked.RULE}
    assert {code for code, entry in ruled.items() if not entry.told_as} == set(MESSAGES)
    assert {entry.told_as for entry in ruled.values()} - {""} <= set(MESSAGES)
    assert not [code for code, entry in CATALOGUE.items() if entry.told_as and entry.checked is not Checked.RULE]


def test_what_the_schema_checks_is_tried_here() -> None:
    assert {code for code, entry in CATALOGUE.items() if entry.checked is Checked.SCHEMA} == set(SHAPELESS)


@pytest.mark.parametrize("code", SHAPELESS)
def test_a_message_that_provokes_a_code_of_shape_does_not_get_out(code: str) -> None:
    """By our schema; the AEAT's, which is the reason for the code, refuses it too."""
    message = SHAPELESS[code]()
    assert body_errors(message) != []
    assert official_errors(message) != []


def test_the_messages_that_are_changed_are_sound_as_they_are() -> None:
    for message in (alta(), annulment(), header(), consulta(QUERY), envelope(LATE, [fragment(CORRECTION)] * 1000)):
        assert body_errors(message) == []
    assert body_errors(abroad(ALTA, "Destinatarios")) == []
    assert body_errors(abroad(ANULACION, "Generador")) == []


def test_what_the_simulator_checks_it_has_words_for() -> None:
    assert {code for code, entry in CATALOGUE.items() if entry.checked is Checked.SIMULATOR} <= set(TEXTS)


def test_what_is_done_agrees_with_the_code_that_does_it() -> None:
    for code, entry in CATALOGUE.items():
        assert (entry.action is Action.RESEND) == technical(code), code
        assert (entry.action is Action.NOTHING) == (code in errors.NO_CORRECTION_NEEDED), code
        if must_be_corrected(code):
            assert entry.action is Action.CORRECT, code
        whole = entry.effect is Effect.SUBMISSION_REJECTED
        assert not whole or entry.action in (Action.ALARM, Action.RESEND, Action.STOP), code
        assert whole or entry.action not in (Action.ALARM, Action.STOP) or code == "1282", code
    assert [code for code, entry in CATALOGUE.items() if entry.action is Action.ASK] == [errors.DUPLICATE]
    assert [code for code, entry in CATALOGUE.items() if entry.action is Action.STOP] == [errors.SUSPENDED]


def test_every_code_tells_a_remedy_in_both_languages() -> None:
    for code, entry in CATALOGUE.items():
        spanish, english = remedy(code), remedy(code, language="en")
        assert len(entry.es) > 10 and len(entry.en) > 10  # noqa: PT018 (one thing: it says something)
        assert ACTIONS[entry.action][0] in spanish
        assert entry.remedy_es in spanish
        assert english.endswith(entry.remedy_en)
        assert entry.es != entry.en
    assert remedy("2001", language="es-ES") == remedy("2001")
    assert remedy("9999") == ""
    assert set(CHECKED) == set(Checked)


def test_a_record_that_is_not_issued_says_what_to_do() -> None:
    told = str(InvalidRecord([("1104", "IDFactura/NumSerieFactura", MESSAGES["1104"][0])]))
    assert told.startswith("1104 IDFactura/NumSerieFactura: ")
    assert told.endswith(advice("1104"))
    assert advice("1104", language="en-GB") == CATALOGUE["1104"].remedy_en


def test_the_words_are_our_own() -> None:
    for code, text in official_texts().items():
        entry = CATALOGUE[code]
        assert plain(text) not in (plain(entry.es), plain(entry.remedy_es)), code
        assert len(plain(text)) < 60 or plain(text) not in plain(entry.es), code


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "python -m verifactu.catalogue > docs/reference/aeat-codes.md"


def official_texts() -> dict[str, str]:
    """Return the AEAT's own sentences, read where they lie."""
    if not BESIDE.is_dir():
        pytest.skip("../shared/aeat is not at hand")
    text = (BESIDE / "errores.properties").read_text("latin-1")
    return dict(re.findall(r"(?m)^(\d{4}) ?= ?(.*)$", text))


def plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()
