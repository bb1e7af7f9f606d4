"""Records, submissions and queries as text: judged by the AEAT's schemas, read back without loss."""

from dataclasses import fields, replace

import pytest
from lxml import etree

from tests.verifactu.examples import (
    ALTA,
    ANULACION,
    CABECERA,
    CORRECTION,
    EMPRESA,
    EXCHANGE,
    FULL_ANULACION,
    LATE,
    SIMPLIFIED,
    SISTEMA,
)
from tests.verifactu.official import assert_official
from verifactu.errors import UnreadableXML
from verifactu.huella import huella
from verifactu.records import Cabecera, Registro, RegistroAlta, RemisionRequerimiento, RemisionVoluntaria
from verifactu.xml import (
    Consulta,
    body_errors,
    consulta,
    envelope,
    fragment,
    read_registro,
    schema_errors,
)

RECORDS: list[Registro] = [ALTA, SIMPLIFIED, CORRECTION, EXCHANGE, ANULACION, FULL_ANULACION]


@pytest.mark.parametrize("record", RECORDS)
def test_a_fragment_meets_both_schemas_and_reads_back_equal(record: Registro) -> None:
    text = fragment(record)
    assert_official(text)
    assert schema_errors(text) == []
    assert read_registro(text) == record


def test_the_examples_leave_no_optional_element_untried() -> None:
    for record in (CORRECTION, FULL_ANULACION):
        missing = [f.name for f in fields(record) if not getattr(record, f.name)]
        assert missing in ([], ["FacturasSustituidas"]), "FacturasSustituidas belongs to F3 alone, see EXCHANGE"


def test_the_text_hashed_is_the_text_sent() -> None:
    text = fragment(ALTA)
    root = etree.fromstring(text.encode())
    assert root.findtext("{*}Huella") == "6B6F2EA1B10A6E6EC5EDFBD18FDC177CFA2AE0F039CF0EEF5882E0AAF3D90091"
    assert huella(read_registro(text)) == root.findtext("{*}Huella")


def test_markup_in_a_value_stays_text() -> None:
    nasty = "</sum1:DescripcionOperacion><x a=\"1\">&amp; ]]> <!-- 'ñ' -->\r\nline"
    text = fragment(replace(ALTA, DescripcionOperacion=nasty))
    assert_official(text)
    read = read_registro(text)
    assert isinstance(read, RegistroAlta)
    assert read.DescripcionOperacion == nasty


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1b", "\ufffe", "\ud800"])
def test_a_character_that_xml_cannot_hold_is_refused(character: str) -> None:
    with pytest.raises(ValueError, match=f"U\\+{ord(character):04X}"):
        fragment(replace(ALTA, DescripcionOperacion=f"a{character}b"))


def test_both_alternatives_of_a_choice_reach_the_schema_and_are_refused_there() -> None:
    both = replace(ALTA, Destinatarios=(replace(EMPRESA, IDOtro=CORRECTION.Destinatarios[1].IDOtro),))
    assert schema_errors(fragment(both))


@pytest.mark.parametrize(
    "cabecera",
    [
        CABECERA,
        LATE,
        Cabecera(
            ObligadoEmision=EMPRESA,
            Representante=EMPRESA,
            RemisionVoluntaria=RemisionVoluntaria(FechaFinVeriFactu="31-12-2027", Incidencia="N"),
        ),
        Cabecera(
            ObligadoEmision=EMPRESA,
            RemisionRequerimiento=RemisionRequerimiento(RefRequerimiento="REQ1", FinRequerimiento="S"),
        ),
    ],
)
def test_an_envelope_joins_stored_fragments_unchanged(cabecera: Cabecera) -> None:
    fragments = [fragment(record) for record in RECORDS]
    message = envelope(cabecera, fragments)
    assert_official(message)
    assert body_errors(message) == []
    for text in fragments:
        assert text.encode() in message
    content = etree.fromstring(message)[1][0]
    assert [read_registro(etree.tostring(item[0])) for item in content.iterfind("{*}RegistroFactura")] == RECORDS
    assert content.findtext("{*}Cabecera/{*}ObligadoEmision/{*}NIF") == "89890001K"
    assert (content.find("{*}Cabecera/{*}RemisionVoluntaria") is not None) == (cabecera.RemisionVoluntaria is not None)


def test_an_empty_voluntary_block_is_never_written() -> None:
    message = envelope(replace(CABECERA, RemisionVoluntaria=RemisionVoluntaria()), [fragment(ALTA)])
    assert b"RemisionVoluntaria" not in message


@pytest.mark.parametrize(
    "query",
    [
        Consulta(ObligadoEmision=EMPRESA, Ejercicio="2027", Periodo="01"),
        Consulta(
            ObligadoEmision=EMPRESA,
            Ejercicio="2027",
            Periodo="12",
            NumSerieFactura="2027/A/000001",
            FechaExpedicionFactura="02-01-2027",
            SistemaInformatico=SISTEMA,
            RefExterna="1001",
            ClavePaginacion=ALTA.IDFactura,
            MostrarNombreRazonEmisor="S",
            MostrarSistemaInformatico="N",
        ),
    ],
)
def test_a_query_meets_both_schemas_and_reads_back(query: Consulta) -> None:
    message = consulta(query)
    assert_official(message)
    assert body_errors(message) == []


def test_a_query_names_the_system_without_its_version() -> None:
    query = Consulta(ObligadoEmision=EMPRESA, Ejercicio="2027", Periodo="01", SistemaInformatico=SISTEMA)
    message = consulta(query)
    system = etree.fromstring(message).find(".//{*}SistemaInformatico")
    assert system is not None
    assert {str(item.tag).rpartition("}")[2]: item.text for item in system} == {
        "NombreRazon": SISTEMA.NombreRazon,
        "NIF": SISTEMA.NIF,
        "IdSistemaInformatico": SISTEMA.IdSistemaInformatico,
        "NumeroInstalacion": SISTEMA.NumeroInstalacion,
    }


def test_a_query_asks_for_what_it_was_given() -> None:
    query = Consulta(
        ObligadoEmision=EMPRESA,
        Ejercicio="2027",
        Periodo="12",
        NumSerieFactura="A&1",
        FechaExpedicionFactura="02-12-2027",
        RefExterna="1001",
        ClavePaginacion=ALTA.IDFactura,
    )
    content = etree.fromstring(consulta(query))[1][0]
    asked = [item.text for item in content.find("{*}FiltroConsulta").iter() if not len(item)]
    assert asked == ["2027", "12", "A&1", "02-12-2027", "1001", "89890001K", "2027/A/000001", "02-01-2027"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no xml",
        "<RegistroAlta",
        "<Otro/>",
        '<!DOCTYPE x [<!ENTITY e "boo">]><RegistroAlta>&e;</RegistroAlta>',
        "<!DOCTYPE x>" + fragment(ALTA),
    ],
)
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(UnreadableXML):
        read_registro(text)


def test_schema_errors_name_elements_without_their_namespace() -> None:
    (first, *_) = schema_errors(fragment(replace(ALTA, TipoFactura="ZZ")))
    assert "TipoFactura" in first
    assert "http" not in first
