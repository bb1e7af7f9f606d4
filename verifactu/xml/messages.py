"""What the AEAT's messages say, as frozen values. An attribute that is an element bears its name and its exact text."""

from dataclasses import dataclass
from typing import TypeAlias

from verifactu.codes import EstadoEnvio, EstadoRegistro, EstadoRegistroAlmacenado
from verifactu.records import (
    Cabecera,
    DetalleDesglose,
    Encadenamiento,
    IDFactura,
    IDOtro,
    ImporteRectificacion,
    PersonaFisicaJuridica,
    SistemaInformatico,
)

_Cabecera: TypeAlias = Cabecera
_IDFactura: TypeAlias = IDFactura
_IDOtro: TypeAlias = IDOtro
_EstadoEnvio: TypeAlias = EstadoEnvio
_EstadoRegistro: TypeAlias = EstadoRegistro
_Encadenamiento: TypeAlias = Encadenamiento
_SistemaInformatico: TypeAlias = SistemaInformatico
_ImporteRectificacion: TypeAlias = ImporteRectificacion


@dataclass(frozen=True, slots=True, kw_only=True)
class Operacion:
    """Which operation a verdict speaks of: TipoOperacion is Alta or Anulacion."""

    TipoOperacion: str
    Subsanacion: str = ""
    RechazoPrevio: str = ""
    SinRegistroPrevio: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistroDuplicado:
    """The record that the AEAT already holds under the same invoice (comes with code 3000).

    The state is read in either gender (both were seen) and kept in the masculine of every other state.
    """

    IdPeticionRegistroDuplicado: str
    EstadoRegistroDuplicado: EstadoRegistroAlmacenado
    CodigoErrorRegistro: str = ""
    DescripcionErrorRegistro: str = ""


_Operacion: TypeAlias = Operacion
_RegistroDuplicado: TypeAlias = RegistroDuplicado


@dataclass(frozen=True, slots=True, kw_only=True)
class RespuestaLinea:
    """The verdict on one record. Match it by IDFactura and TipoOperacion: nothing promises the order of the lines.

    An anulación is answered under the alta's element names. CodigoErrorRegistro is digits, or empty.
    """

    IDFactura: _IDFactura
    Operacion: _Operacion
    RefExterna: str = ""
    EstadoRegistro: _EstadoRegistro
    CodigoErrorRegistro: str = ""
    DescripcionErrorRegistro: str = ""
    RegistroDuplicado: _RegistroDuplicado | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RespuestaSuministro:
    """The answer to a submission. CSV is empty when nothing was accepted, and can never be asked for again.

    TiempoEsperaEnvio is seconds, or None when the AEAT left it empty (then the last one known goes on).
    TimestampPresentacion is the AEAT's clock, as text with its offset.
    """

    CSV: str = ""
    NIFPresentador: str = ""
    TimestampPresentacion: str = ""
    Cabecera: _Cabecera
    TiempoEsperaEnvio: int | None
    EstadoEnvio: _EstadoEnvio
    lines: tuple[RespuestaLinea, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatosRegistroFacturacion:
    """The last accepted record of an invoice as the AEAT holds it; an anulación has no amounts."""

    NombreRazonEmisor: str = ""
    RefExterna: str = ""
    Subsanacion: str = ""
    RechazoPrevio: str = ""
    SinRegistroPrevio: str = ""
    GeneradoPor: str = ""
    Generador: PersonaFisicaJuridica | None = None
    TipoFactura: str = ""
    TipoRectificativa: str = ""
    FacturasRectificadas: tuple[IDFactura, ...] = ()
    FacturasSustituidas: tuple[IDFactura, ...] = ()
    ImporteRectificacion: _ImporteRectificacion | None = None
    FechaOperacion: str = ""
    DescripcionOperacion: str = ""
    FacturaSimplificadaArt7273: str = ""
    FacturaSinIdentifDestinatarioArt61d: str = ""
    Macrodato: str = ""
    EmitidaPorTerceroODestinatario: str = ""
    Tercero: PersonaFisicaJuridica | None = None
    Destinatarios: tuple[PersonaFisicaJuridica, ...] = ()
    Cupon: str = ""
    Desglose: tuple[DetalleDesglose, ...] = ()
    CuotaTotal: str = ""
    ImporteTotal: str = ""
    Encadenamiento: _Encadenamiento | None = None
    SistemaInformatico: _SistemaInformatico | None = None
    FechaHoraHusoGenRegistro: str = ""
    NumRegistroAcuerdoFacturacion: str = ""
    IdAcuerdoSistemaInformatico: str = ""
    TipoHuella: str = ""
    Huella: str = ""
    NifRepresentante: str = ""
    FechaFinVeriFactu: str = ""
    Incidencia: str = ""


_DatosRegistroFacturacion: TypeAlias = DatosRegistroFacturacion


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistroConsultado:
    """One invoice of a query's answer. CodigoErrorRegistro is digits, or empty."""

    IDFactura: _IDFactura
    DatosRegistroFacturacion: _DatosRegistroFacturacion
    NIFPresentador: str = ""
    TimestampPresentacion: str = ""
    IdPeticion: str = ""
    TimestampUltimaModificacion: str = ""
    EstadoRegistro: EstadoRegistroAlmacenado
    CodigoErrorRegistro: str = ""
    DescripcionErrorRegistro: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RespuestaConsulta:
    """One page of a query's answer, in order of presentation; with `ClavePaginacion` there is a next page.

    The header is the echo of who asked: as the issuer or as the recipient, one of the two.
    """

    ObligadoEmision: PersonaFisicaJuridica | None = None
    Destinatario: PersonaFisicaJuridica | None = None
    IndicadorRepresentante: str = ""
    Ejercicio: str
    Periodo: str
    records: tuple[RegistroConsultado, ...] = ()
    ClavePaginacion: IDFactura | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RangoFechaExpedicion:
    """Issue dates from `Desde` to `Hasta`, which must be later (1250)."""

    Desde: str = ""
    Hasta: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiltroSistema:
    """A system to filter by, with whatever else narrows it down; identity, code and installation are mandatory.

    A query that fits several systems is refused (1285).
    """

    NombreRazon: str
    NIF: str = ""
    IDOtro: _IDOtro | None = None
    NombreSistemaInformatico: str = ""
    IdSistemaInformatico: str
    Version: str = ""
    NumeroInstalacion: str
    TipoUsoPosibleSoloVerifactu: str = ""
    TipoUsoPosibleMultiOT: str = ""
    IndicadorMultiplesOT: str = ""


_RangoFechaExpedicion: TypeAlias = RangoFechaExpedicion


@dataclass(frozen=True, slots=True, kw_only=True)
class Consulta:
    """A query by the issuer or by the recipient: exactly one of `ObligadoEmision` and `Destinatario`.

    Ejercicio is yyyy, Periodo 01 to 12. IndicadorRepresentante is S for what the caller sent as representative, and
    goes with ObligadoEmision only (1261). Contraparte is the other party. A whole SistemaInformatico filters by what
    identifies it (producer, code, installation), never by its version; a FiltroSistema by all that it says. The issue
    date is one day or a range, not both. MostrarSistemaInformatico is not for a recipient (1272).
    """

    ObligadoEmision: PersonaFisicaJuridica | None = None
    Destinatario: PersonaFisicaJuridica | None = None
    IndicadorRepresentante: str = ""
    Ejercicio: str
    Periodo: str
    NumSerieFactura: str = ""
    Contraparte: PersonaFisicaJuridica | None = None
    FechaExpedicionFactura: str = ""
    RangoFechaExpedicion: _RangoFechaExpedicion | None = None
    SistemaInformatico: _SistemaInformatico | FiltroSistema | None = None
    RefExterna: str = ""
    ClavePaginacion: IDFactura | None = None
    MostrarNombreRazonEmisor: str = ""
    MostrarSistemaInformatico: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A SOAP fault. `code` is the AEAT's NNNN out of `Codigo[NNNN]`, empty when the text has none.

    `client` is True for a fault of ours (env:Client), False for one of theirs (env:Server), None for any other word.
    """

    code: str
    text: str
    client: bool | None
