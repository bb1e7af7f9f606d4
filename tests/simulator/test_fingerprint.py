"""The receiver's huella, against the vectors that the AEAT and others publish (verifactu.md 5.3)."""

import ast
from pathlib import Path

import pytest

from tests.simulator.sender import COMPANY, Chain, Clock
from verifactu.records import (
    IDFactura,
    IDFacturaAnulada,
    PrimerRegistro,
    RegistroAlta,
    RegistroAnterior,
    RegistroAnulacion,
    SistemaInformatico,
)
from verifactu.simulator.fingerprint import fingerprint
from verifactu.simulator.messages import Reader, submission

FIRST = "3C464DAF61ACB827C65FDA19F352A4E3BDC2C640E9E9FC4CC058073F38F12F60"
SECOND = "F7B94CFD8924EDFF273501B01EE5153E4CE8F259766F88CF6ACB8935802A2B97"
THIRD = "5DCAFD630E24AA03BCE2D3E6F595BAE802555F4604AF830F0340F3338B4935F6"
SYSTEM = SistemaInformatico(
    NombreRazon="P", NIF="89890003T", NombreSistemaInformatico="S", IdSistemaInformatico="P1", Version="1",
    NumeroInstalacion="1", TipoUsoPosibleSoloVerifactu="S", TipoUsoPosibleMultiOT="N", IndicadorMultiplesOT="N",
)  # fmt: skip


def alta(number: str, stamp: str, link: PrimerRegistro | RegistroAnterior) -> RegistroAlta:
    """The invoice of "Huella o hash" 0.1.2, section 6."""
    return RegistroAlta(
        IDFactura=IDFactura(
            IDEmisorFactura="89890001K", NumSerieFactura=number, FechaExpedicionFactura="01-01-2024"
        ),
        NombreRazonEmisor="E", TipoFactura="F1", DescripcionOperacion="D", Desglose=(), CuotaTotal="12.35",
        ImporteTotal="123.45", Encadenamiento=link, SistemaInformatico=SYSTEM, FechaHoraHusoGenRegistro=stamp,
    )  # fmt: skip


def after(emisor: str, number: str, huella: str) -> RegistroAnterior:
    return RegistroAnterior(
        IDEmisorFactura=emisor, NumSerieFactura=number, FechaExpedicionFactura="01-01-2024", Huella=huella
    )


def test_first_alta_of_the_official_document() -> None:
    assert fingerprint(alta("12345678/G33", "2024-01-01T19:20:30+01:00", PrimerRegistro())) == FIRST


def test_second_alta_of_the_official_document() -> None:
    link = after("89890001K", "12345678/G33", FIRST)
    assert fingerprint(alta("12345679/G34", "2024-01-01T19:20:35+01:00", link)) == SECOND


def test_anulacion_published_by_josemmo() -> None:
    record = RegistroAnulacion(
        IDFactura=IDFacturaAnulada(
            IDEmisorFacturaAnulada="A00000000",
            NumSerieFacturaAnulada="12345679/G34",
            FechaExpedicionFacturaAnulada="01-01-2024",
        ),
        Encadenamiento=after("89890001K", "12345679/G34", SECOND),
        SistemaInformatico=SYSTEM,
        FechaHoraHusoGenRegistro="2024-01-01T19:20:40+01:00",
    )
    assert fingerprint(record) == THIRD


@pytest.mark.parametrize("written", [" A-1", "A-1 ", "\n\tA-1\n"])
def test_reads_the_text_as_java_trims_it(clock: Clock, written: str) -> None:
    chain = Chain(clock)
    message = chain.submission(chain.alta("A-1").replace(">A-1<", f">{written}<"))
    record = submission(Reader().content(message)).records[0]
    assert record.identity.numero == "A-1"
    assert fingerprint(record.registro) == chain.made[0]
    assert record.system.obligado == COMPANY


def test_the_simulator_shares_no_arithmetic_with_the_sender() -> None:
    """Otherwise a mistake in one would be hidden by the other."""
    forbidden = {f"verifactu.{name}" for name in ("huella", "chain", "lifecycle", "xml", "submission", "verdicts")}
    folder = Path(__file__).resolve().parents[2] / "verifactu" / "simulator"
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            assert not {name for name in names for bad in forbidden if f"{name}.".startswith(f"{bad}.")}, file.name
