"""What a subsanación may touch, field by field, and what it may not."""

from dataclasses import fields, replace
from typing import Any

import pytest

from tests.verifactu.examples import ALTA, BEFORE, CORRECTION, KUNDE
from verifactu.amending import shown
from verifactu.records import IDOtro, RegistroAlta

LINE = CORRECTION.Desglose[0]
PERSON = CORRECTION.Destinatarios[0]

# Coding, which only the record has (verifactu.md 8.2), and what belongs to the record itself.
MAY: dict[str, Any] = {
    "RefExterna": "otra",
    "Subsanacion": "",
    "RechazoPrevio": "S",
    "DescripcionOperacion": "Otra cosa",
    "FacturaSimplificadaArt7273": "S",
    "FacturaSinIdentifDestinatarioArt61d": "S",
    "Macrodato": "S",
    "EmitidaPorTerceroODestinatario": "D",
    "Cupon": "S",
    "Encadenamiento": replace(BEFORE, Huella="0" * 64),
    "SistemaInformatico": replace(CORRECTION.SistemaInformatico, Version="2"),
    "FechaHoraHusoGenRegistro": "2027-01-03T00:00:00+01:00",
    "NumRegistroAcuerdoFacturacion": "",
    "IdAcuerdoSistemaInformatico": "",
    "Huella": "0" * 64,
    "IDVersion": "1.1",
    "TipoHuella": "02",
    "Desglose": (replace(LINE, ClaveRegimen="07", CalificacionOperacion="S2"), *CORRECTION.Desglose[1:]),
    "Destinatarios": (
        replace(PERSON, NIF="", IDOtro=IDOtro(CodigoPais="ES", IDType="07", ID=PERSON.NIF)),
        *CORRECTION.Destinatarios[1:],
    ),
}

# What RD 1619/2012 puts on the invoice: corrected by another invoice.
MAY_NOT: dict[str, list[Any]] = {
    "IDFactura": [replace(CORRECTION.IDFactura, NumSerieFactura="otro")],
    "NombreRazonEmisor": ["OTRA SL"],
    "TipoFactura": ["R2"],
    "TipoRectificativa": ["I"],
    "FacturasRectificadas": [()],
    "FacturasSustituidas": [(ALTA.IDFactura,)],
    "ImporteRectificacion": [None],
    "FechaOperacion": [""],
    "Tercero": [None, KUNDE],
    "CuotaTotal": ["26.21"],
    "ImporteTotal": ["116.21"],
    "Desglose": [
        CORRECTION.Desglose[:1],
        *((replace(LINE, **{name: "9.00"}), *CORRECTION.Desglose[1:]) for name in (
            "Impuesto", "TipoImpositivo", "BaseImponibleOimporteNoSujeto", "CuotaRepercutida",
            "TipoRecargoEquivalencia", "CuotaRecargoEquivalencia",
        )),
    ],
    "Destinatarios": [
        (),
        (replace(PERSON, NIF="89890001K"), *CORRECTION.Destinatarios[1:]),
        (replace(PERSON, NombreRazon="Otra"), *CORRECTION.Destinatarios[1:]),
        tuple(reversed(CORRECTION.Destinatarios)),
    ],
}  # fmt: skip


def test_every_field_is_judged() -> None:
    assert {field.name for field in fields(RegistroAlta)} == set(MAY) | set(MAY_NOT)


@pytest.mark.parametrize("name", MAY)
def test_coding_may_change(name: str) -> None:
    changed: Any = {name: MAY[name]}
    assert replace(CORRECTION, **changed) != CORRECTION
    assert shown(replace(CORRECTION, **changed)) == shown(CORRECTION)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in MAY_NOT.items() for value in values])
def test_what_the_invoice_shows_may_not(name: str, value: Any) -> None:
    changed: Any = {name: value}
    assert shown(replace(CORRECTION, **changed)) != shown(CORRECTION)
