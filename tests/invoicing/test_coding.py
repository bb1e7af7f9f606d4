"""A corrected coding put into a record: only what was asked for changes."""

from dataclasses import replace

import pytest

from invoicing.acknowledging import told
from invoicing.coding import Coding, CodingRefused, LineCoding, recoded
from tests.verifactu.examples import ALTA, AT_21, CLIENTE, KUNDE, SIMPLIFIED
from verifactu.records import IDOtro, PersonaFisicaJuridica, RegistroAlta

TWO = replace(ALTA, Desglose=(AT_21, replace(AT_21, TipoImpositivo="10.00")))
UNKNOWN = PersonaFisicaJuridica(
    NombreRazon=CLIENTE.NombreRazon, IDOtro=IDOtro(CodigoPais="ES", IDType="07", ID=CLIENTE.NIF)
)


def test_an_empty_coding_leaves_everything() -> None:
    assert recoded(TWO, Coding()) == TWO
    assert recoded(TWO, Coding(lines=(LineCoding(),))) == TWO


def test_a_regime_goes_to_every_line_or_to_one() -> None:
    every = recoded(TWO, Coding(lines=(LineCoding(clave_regimen="07"),)))
    assert [line.ClaveRegimen for line in every.Desglose] == ["07", "07"]
    second = recoded(TWO, Coding(lines=(LineCoding(position=2, clave_regimen="07"),)))
    assert second.Desglose == (AT_21, replace(TWO.Desglose[1], ClaveRegimen="07"))


def test_qualification_and_exemption_take_each_others_place() -> None:
    exempt = recoded(ALTA, Coding(lines=(LineCoding(exencion="E1"),)))
    assert exempt.Desglose == (replace(AT_21, CalificacionOperacion="", OperacionExenta="E1"),)
    back = recoded(exempt, Coding(lines=(LineCoding(calificacion="S1"),)))
    assert back == ALTA


def test_the_recipient_is_identified_otherwise_by_the_same_number() -> None:
    unknown = recoded(ALTA, Coding(id_type="07"))
    assert unknown.Destinatarios == (UNKNOWN,)
    assert recoded(unknown, Coding(id_type="nif")) == ALTA
    passport = recoded(ALTA, Coding(id_type="03", country="FR")).Destinatarios[0].IDOtro
    assert passport == IDOtro(CodigoPais="FR", IDType="03", ID=CLIENTE.NIF)


def test_a_description_is_made_fit_for_its_element() -> None:
    assert recoded(ALTA, Coding(description=" Venta\nde tazas ")).DescripcionOperacion == "Venta de tazas"


@pytest.mark.parametrize(
    ("registro", "coding", "spanish", "english"),
    [
        (TWO, Coding(lines=(LineCoding(position=3, clave_regimen="07"),)), "2 líneas", "2 lines"),
        (TWO, Coding(lines=(LineCoding(position=-1, clave_regimen="07"),)), "2 líneas", "2 lines"),
        (ALTA, Coding(lines=(LineCoding(calificacion="N1", exencion="E1"),)), "no las dos", "not both"),
        (SIMPLIFIED, Coding(id_type="07"), "destinatario", "recipient"),
        (replace(ALTA, Destinatarios=(CLIENTE, KUNDE)), Coding(id_type="07"), "destinatario", "recipient"),
    ],
)
def test_what_does_not_fit_is_refused_in_the_readers_language(
    registro: RegistroAlta, coding: Coding, spanish: str, english: str
) -> None:
    with pytest.raises(CodingRefused) as refused:
        recoded(registro, coding)
    assert spanish in told(refused.value)
    assert english in told(refused.value, "en-gb")
