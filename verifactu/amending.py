"""What a subsanación may not touch: everything that the invoice itself shows.

It is for the coding that only the record has (regime, qualification, cause of an exemption, description, the form in
which a recipient is identified); whatever else is wrong asks for a corrective invoice (verifactu.md 8.2).
"""

from typing import Any

from verifactu.records import DetalleDesglose, PersonaFisicaJuridica, RegistroAlta


class TouchesTheInvoice(Exception):
    """This changes what the invoice itself says, which a subsanación may not; issue a corrective invoice instead."""


def shown(registro: RegistroAlta) -> tuple[Any, ...]:
    """Return what of a record also stands on its invoice, to be compared."""
    return (
        registro.IDFactura,
        registro.NombreRazonEmisor,
        registro.TipoFactura,
        registro.TipoRectificativa,
        registro.FacturasRectificadas,
        registro.FacturasSustituidas,
        registro.ImporteRectificacion,
        registro.FechaOperacion,
        tuple(_person(person) for person in registro.Destinatarios),
        _person(registro.Tercero) if registro.Tercero else None,
        tuple(_amounts(line) for line in registro.Desglose),
        registro.CuotaTotal,
        registro.ImporteTotal,
    )


def _person(person: PersonaFisicaJuridica) -> tuple[str, str]:
    return person.NombreRazon, person.IDOtro.ID if person.IDOtro else person.NIF


def _amounts(line: DetalleDesglose) -> tuple[str, ...]:
    return (
        line.Impuesto,
        line.TipoImpositivo,
        line.BaseImponibleOimporteNoSujeto,
        line.CuotaRepercutida,
        line.TipoRecargoEquivalencia,
        line.CuotaRecargoEquivalencia,
    )
