"""The huella as the receiver computes it, from the literal texts that travelled (verifactu.md 5.1)."""

import hashlib

from verifactu.records import Registro, RegistroAlta, RegistroAnterior

# Official order, "Huella o hash" 0.1.2 (27/08/2024), sections 3 and 4.
_ALTA = (
    "IDEmisorFactura",
    "NumSerieFactura",
    "FechaExpedicionFactura",
    "TipoFactura",
    "CuotaTotal",
    "ImporteTotal",
    "Huella",
    "FechaHoraHusoGenRegistro",
)
_ANULACION = (
    "IDEmisorFacturaAnulada",
    "NumSerieFacturaAnulada",
    "FechaExpedicionFacturaAnulada",
    "Huella",
    "FechaHoraHusoGenRegistro",
)


def fingerprint(registro: Registro) -> str:
    """Return the 64 upper-case hexadecimal digits that the record should carry."""
    names = _ALTA if isinstance(registro, RegistroAlta) else _ANULACION
    return hashlib.sha256("&".join(f"{name}={_value(registro, name)}" for name in names).encode()).hexdigest().upper()


def _value(registro: Registro, name: str) -> str:
    if name == "Huella":
        link = registro.Encadenamiento
        return link.Huella if isinstance(link, RegistroAnterior) else ""
    holder = registro.IDFactura if hasattr(registro.IDFactura, name) else registro
    return str(getattr(holder, name))
