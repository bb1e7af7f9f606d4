"""RegistroAlta and RegistroAnulacion as frozen values.

Every attribute carries the AEAT's element name and holds the exact text that travels: what is hashed is what is sent
(docs/decisions/0004). An optional element that is empty text, empty tuple or None is left out of the XML.
Structure: Diseños de registro 1.0 (28/10/2024) and SuministroInformacion.xsd, IDVersion 1.0. The helpers that turn a
Decimal, a date or free text into such a text stand in `verifactu.texts`, and are exported here too.
"""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from verifactu.texts import fecha, fecha_hora_huso, importe, texto, tipo

__all__ = [
    "Cabecera",
    "DetalleDesglose",
    "Encadenamiento",
    "IDFactura",
    "IDFacturaAnulada",
    "IDOtro",
    "ImporteRectificacion",
    "PersonaFisicaJuridica",
    "PrimerRegistro",
    "Registro",
    "RegistroAlta",
    "RegistroAnterior",
    "RegistroAnulacion",
    "RemisionRequerimiento",
    "RemisionVoluntaria",
    "SistemaInformatico",
    "fecha",
    "fecha_hora_huso",
    "importe",
    "texto",
    "tipo",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class IDOtro:
    """The identity of someone without Spanish NIF: `IDType` of list L7; `CodigoPais` optional with 02 only."""

    CodigoPais: str = ""
    IDType: str
    ID: str


# An attribute that bears the name of its own type hides that type inside the class body; these names stay visible.
_IDOtro: TypeAlias = IDOtro


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaFisicaJuridica:
    """A recipient, third party or generator: name and exactly one of NIF and IDOtro."""

    NombreRazon: str
    NIF: str = ""
    IDOtro: _IDOtro | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IDFactura:
    """What makes an invoice one for the AEAT: issuer, number with series, issue date (dd-mm-yyyy).

    Also the shape of IDFacturaRectificada and IDFacturaSustituida.
    """

    IDEmisorFactura: str
    NumSerieFactura: str
    FechaExpedicionFactura: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IDFacturaAnulada:
    """The invoice that a RegistroAnulacion annuls."""

    IDEmisorFacturaAnulada: str
    NumSerieFacturaAnulada: str
    FechaExpedicionFacturaAnulada: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImporteRectificacion:
    """The amounts of the original invoices that a corrective one by substitution replaces, in euros."""

    BaseRectificada: str
    CuotaRectificada: str
    CuotaRecargoRectificado: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DetalleDesglose:
    """One line of the breakdown: one combination of tax, regime, qualification or exemption, and rates.

    Exactly one of CalificacionOperacion and OperacionExenta; rates in percent, amounts in euros.
    """

    Impuesto: str = ""
    ClaveRegimen: str = ""
    CalificacionOperacion: str = ""
    OperacionExenta: str = ""
    TipoImpositivo: str = ""
    BaseImponibleOimporteNoSujeto: str
    BaseImponibleACoste: str = ""
    CuotaRepercutida: str = ""
    TipoRecargoEquivalencia: str = ""
    CuotaRecargoEquivalencia: str = ""


@dataclass(frozen=True, slots=True)
class PrimerRegistro:
    """The declaration that no record precedes this one in its chain; its only text is S."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistroAnterior:
    """The record generated before this one in the same chain, alta or anulación, whatever became of it."""

    IDEmisorFactura: str
    NumSerieFactura: str
    FechaExpedicionFactura: str
    Huella: str


Encadenamiento: TypeAlias = PrimerRegistro | RegistroAnterior


@dataclass(frozen=True, slots=True, kw_only=True)
class SistemaInformatico:
    """The billing system that made the record: its producer (NIF or IDOtro), code, version and installation."""

    NombreRazon: str
    NIF: str = ""
    IDOtro: _IDOtro | None = None
    NombreSistemaInformatico: str
    IdSistemaInformatico: str
    Version: str
    NumeroInstalacion: str
    TipoUsoPosibleSoloVerifactu: str
    TipoUsoPosibleMultiOT: str
    IndicadorMultiplesOT: str


# As above: types whose name an attribute below also bears.
_IDFactura: TypeAlias = IDFactura
_ImporteRectificacion: TypeAlias = ImporteRectificacion
_Encadenamiento: TypeAlias = Encadenamiento
_SistemaInformatico: TypeAlias = SistemaInformatico


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistroAlta:
    """The record of an issued invoice; attributes in the order of the elements (DR 1.0, registro de alta)."""

    IDVersion: str = "1.0"
    IDFactura: _IDFactura
    RefExterna: str = ""
    NombreRazonEmisor: str
    Subsanacion: str = ""
    RechazoPrevio: str = ""
    TipoFactura: str
    TipoRectificativa: str = ""
    FacturasRectificadas: tuple[_IDFactura, ...] = ()
    FacturasSustituidas: tuple[_IDFactura, ...] = ()
    ImporteRectificacion: _ImporteRectificacion | None = None
    FechaOperacion: str = ""
    DescripcionOperacion: str
    FacturaSimplificadaArt7273: str = ""
    FacturaSinIdentifDestinatarioArt61d: str = ""
    Macrodato: str = ""
    EmitidaPorTerceroODestinatario: str = ""
    Tercero: PersonaFisicaJuridica | None = None
    Destinatarios: tuple[PersonaFisicaJuridica, ...] = ()
    Cupon: str = ""
    Desglose: tuple[DetalleDesglose, ...]
    CuotaTotal: str
    ImporteTotal: str
    Encadenamiento: _Encadenamiento
    SistemaInformatico: _SistemaInformatico
    FechaHoraHusoGenRegistro: str
    NumRegistroAcuerdoFacturacion: str = ""
    IdAcuerdoSistemaInformatico: str = ""
    TipoHuella: str = "01"
    Huella: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistroAnulacion:
    """The record that annuls the record of an invoice that should not exist (DR 1.0, registro de anulación)."""

    IDVersion: str = "1.0"
    IDFactura: IDFacturaAnulada
    RefExterna: str = ""
    SinRegistroPrevio: str = ""
    RechazoPrevio: str = ""
    GeneradoPor: str = ""
    Generador: PersonaFisicaJuridica | None = None
    Encadenamiento: _Encadenamiento
    SistemaInformatico: _SistemaInformatico
    FechaHoraHusoGenRegistro: str
    TipoHuella: str = "01"
    Huella: str = ""


Registro: TypeAlias = RegistroAlta | RegistroAnulacion


class ChainedAlta(NamedTuple):
    """What the chain covers of a RegistroAlta: the texts that are hashed, its place, and its fingerprint."""

    IDFactura: _IDFactura
    TipoFactura: str
    CuotaTotal: str
    ImporteTotal: str
    Encadenamiento: _Encadenamiento
    FechaHoraHusoGenRegistro: str
    Huella: str


class ChainedAnulacion(NamedTuple):
    """What the chain covers of a RegistroAnulacion."""

    IDFactura: IDFacturaAnulada
    Encadenamiento: _Encadenamiento
    FechaHoraHusoGenRegistro: str
    Huella: str


Chained: TypeAlias = ChainedAlta | ChainedAnulacion


@dataclass(frozen=True, slots=True, kw_only=True)
class RemisionVoluntaria:
    """What a VERI*FACTU sending may add: the end of the mode (dd-mm-yyyy) and S when an incident delayed it."""

    FechaFinVeriFactu: str = ""
    Incidencia: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemisionRequerimiento:
    """The AEAT's reference when records are sent because it required them."""

    RefRequerimiento: str
    FinRequerimiento: str = ""


_RemisionVoluntaria: TypeAlias = RemisionVoluntaria
_RemisionRequerimiento: TypeAlias = RemisionRequerimiento


@dataclass(frozen=True, slots=True, kw_only=True)
class Cabecera:
    """Who sends: the taxpayer, and who represents it (both by NIF)."""

    ObligadoEmision: PersonaFisicaJuridica
    Representante: PersonaFisicaJuridica | None = None
    RemisionVoluntaria: _RemisionVoluntaria | None = None
    RemisionRequerimiento: _RemisionRequerimiento | None = None
