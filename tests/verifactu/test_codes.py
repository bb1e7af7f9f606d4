"""Our lists against the AEAT's: the enumerations of its schemas, the sections of its list of codes."""

import re
from enum import StrEnum

import pytest
from lxml import etree

from tests.verifactu.official import BESIDE, official_files
from verifactu import codes, errors
from verifactu.errors import CODES, Effect, effect, must_be_corrected, technical
from verifactu.rules.messages import MESSAGES


@pytest.mark.parametrize(
    ("ours", "official"),
    [
        (codes.Impuesto, "ImpuestoType"),
        (codes.TipoFactura, "ClaveTipoFacturaType"),
        (codes.TipoRectificativa, "ClaveTipoRectificativaType"),
        (codes.EmitidaPor, "TercerosODestinatarioType"),
        (codes.GeneradoPor, "GeneradoPorType"),
        (codes.IDType, "PersonaFisicaJuridicaIDTypeType"),
        (codes.CalificacionOperacion, "CalificacionOperacionType"),
        (codes.OperacionExenta, "OperacionExentaType"),
        (codes.RechazoPrevio, "RechazoPrevioType"),
        (codes.TipoHuella, "TipoHuellaType"),
        (codes.TipoOperacion, "TipoOperacionType"),
    ],
)
def test_a_list_has_the_values_of_the_schema(ours: type[StrEnum], official: str) -> None:
    assert set(ours) == _enumeration("SuministroInformacion.xsd", official)


def test_the_states_of_answers_have_the_values_of_their_schemas() -> None:
    assert set(codes.EstadoEnvio) == _enumeration("RespuestaSuministro.xsd", "EstadoEnvioType")
    assert set(codes.EstadoRegistro) == _enumeration("RespuestaSuministro.xsd", "EstadoRegistroType")
    assert set(codes.EstadoRegistroAlmacenado) == _enumeration("RespuestaConsultaLR.xsd", "EstadoRegistroType")


def test_the_regimes_of_all_taxes_together_are_those_of_the_schema() -> None:
    together = set().union(*codes.REGIMENES.values())
    assert together == _enumeration("SuministroInformacion.xsd", "IdOperacionesTrascendenciaTributariaType")


def test_the_countries_are_those_of_the_schema_and_every_other_one_has_a_state_that_is() -> None:
    assert _enumeration("SuministroInformacion.xsd", "CountryType2") == codes.PAISES
    assert set(codes.PAIS_MATRIZ.values()) <= codes.PAISES
    assert not set(codes.PAIS_MATRIZ) & codes.PAISES


def test_a_member_is_its_code_and_knows_its_name() -> None:
    assert codes.TipoFactura("F2") == "F2"
    assert codes.TipoFactura.F2.nombre.startswith("Factura simplificada")
    assert codes.TipoFactura.R5.rectificativa
    assert not codes.TipoFactura.F3.rectificativa


def test_there_are_247_codes() -> None:
    assert len(CODES) == 247


def test_the_effect_of_a_code_is_the_section_of_the_official_list() -> None:
    for expected, section in _sections().items():
        for code in section:
            assert effect(code) is expected, code
    assert set().union(*_sections().values()) == CODES


@pytest.mark.parametrize("code", ["", "0", "1113", "1204", "2010", "4142", "9999", "20009", "x", "²"])
def test_a_code_that_is_not_in_the_list_has_an_unknown_effect(code: str) -> None:
    assert effect(code) is Effect.UNKNOWN


def test_the_technical_codes_and_those_that_ask_for_nothing_are_codes() -> None:
    assert errors.TECHNICAL <= CODES
    assert technical("4103")
    assert not technical("4102")
    assert must_be_corrected("2000")
    assert not must_be_corrected("2004")
    assert not must_be_corrected("1100")


def test_every_rule_answers_with_a_code_of_the_list() -> None:
    assert set(MESSAGES) <= CODES


def _sections() -> dict[Effect, set[str]]:
    """Read the list where it lies; the package's copies lack it, so elsewhere its census of 30/07/2026 must do."""
    effects = (Effect.SUBMISSION_REJECTED, Effect.RECORD_REJECTED, Effect.ACCEPTED_WITH_ERRORS)
    if BESIDE.is_dir():
        text = (BESIDE / "errores.properties").read_text("latin-1")
        _, *sections = re.split(r"(?m)^\*{5,}.*$", text)
        return {e: set(re.findall(r"(?m)^(\d{4}) ?=", s)) for e, s in zip(effects, sections, strict=True)}
    spans = (
        ((4102, 4141), (3500, 3503)),
        ((1100, 1112), (1114, 1140), (1142, 1203), (1205, 1277), (1281, 1293), (3000, 3004)),
        ((2000, 2009),),
    )
    return {
        e: {str(code) for first, last in section for code in range(first, last + 1)}
        for e, section in zip(effects, spans, strict=True)
    }


def _enumeration(file: str, name: str) -> set[str]:
    tree = etree.parse(str(official_files()[file]))
    found = tree.xpath(f"//*[local-name()='simpleType'][@name='{name}']//*[local-name()='enumeration']/@value")
    return {str(value) for value in found}
