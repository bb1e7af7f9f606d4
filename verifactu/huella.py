"""The fingerprint of a record: SHA-256 over its identifying texts in the official order.

Source: AEAT, "Especificaciones técnicas para generación de la huella o hash" 0.1.2 (27/08/2024).
"""

from dataclasses import replace
from hashlib import sha256
from typing import TypeVar

from verifactu.records import (
    Chained,
    ChainedAlta,
    ChainedAnulacion,
    Encadenamiento,
    RegistroAlta,
    RegistroAnterior,
    RegistroAnulacion,
)

R = TypeVar("R", bound=RegistroAlta | RegistroAnulacion)

# What the AEAT's reference code trims (Java's String.trim): everything up to and including the space.
_TRIMMED = "".join(map(chr, range(0x21)))


def sealed(registro: R) -> R:
    """Return the same record with its Huella filled in."""
    return replace(registro, Huella=huella(registro))


def huella(registro: RegistroAlta | RegistroAnulacion | Chained) -> str:
    """Return the record's fingerprint as 64 capital hexadecimal digits; its own Huella plays no part."""
    return sha256(canonical(registro).encode()).hexdigest().upper()


def canonical(registro: RegistroAlta | RegistroAnulacion | Chained) -> str:
    """Return the text that is hashed: `name=value` joined by `&`, values trimmed, nothing escaped."""
    fields = _alta(registro) if isinstance(registro, RegistroAlta | ChainedAlta) else _anulacion(registro)
    return "&".join(f"{name}={value.strip(_TRIMMED)}" for name, value in fields)


def _alta(registro: RegistroAlta | ChainedAlta) -> tuple[tuple[str, str], ...]:
    return (
        ("IDEmisorFactura", registro.IDFactura.IDEmisorFactura),
        ("NumSerieFactura", registro.IDFactura.NumSerieFactura),
        ("FechaExpedicionFactura", registro.IDFactura.FechaExpedicionFactura),
        ("TipoFactura", registro.TipoFactura),
        ("CuotaTotal", registro.CuotaTotal),
        ("ImporteTotal", registro.ImporteTotal),
        ("Huella", _previous(registro.Encadenamiento)),
        ("FechaHoraHusoGenRegistro", registro.FechaHoraHusoGenRegistro),
    )


def _anulacion(registro: RegistroAnulacion | ChainedAnulacion) -> tuple[tuple[str, str], ...]:
    return (
        ("IDEmisorFacturaAnulada", registro.IDFactura.IDEmisorFacturaAnulada),
        ("NumSerieFacturaAnulada", registro.IDFactura.NumSerieFacturaAnulada),
        ("FechaExpedicionFacturaAnulada", registro.IDFactura.FechaExpedicionFacturaAnulada),
        ("Huella", _previous(registro.Encadenamiento)),
        ("FechaHoraHusoGenRegistro", registro.FechaHoraHusoGenRegistro),
    )


def _previous(link: Encadenamiento) -> str:
    return link.Huella if isinstance(link, RegistroAnterior) else ""
