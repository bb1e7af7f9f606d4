"""Sound answers and queries, as values: what the AEAT would say to the records of examples.py."""

from tests.verifactu.examples import ALTA, ANULACION, CABECERA, CLIENTE, CORRECTION, EMPRESA, SISTEMA, VIAJERA
from verifactu.codes import EstadoEnvio, EstadoRegistro, EstadoRegistroAlmacenado
from verifactu.records import IDFactura
from verifactu.xml import (
    Consulta,
    DatosRegistroFacturacion,
    FiltroSistema,
    Operacion,
    RangoFechaExpedicion,
    RegistroConsultado,
    RegistroDuplicado,
    RespuestaConsulta,
    RespuestaLinea,
    RespuestaSuministro,
)

ACCEPTED = RespuestaLinea(
    IDFactura=ALTA.IDFactura,
    Operacion=Operacion(TipoOperacion="Alta"),
    RefExterna="1001",
    EstadoRegistro=EstadoRegistro.CORRECTO,
)
WITH_ERRORS = RespuestaLinea(
    IDFactura=CORRECTION.IDFactura,
    Operacion=Operacion(TipoOperacion="Alta", Subsanacion="S", RechazoPrevio="X"),
    EstadoRegistro=EstadoRegistro.ACEPTADO_CON_ERRORES,
    CodigoErrorRegistro="2004",
    DescripcionErrorRegistro="El margen de error es de: 240 segundos",
)
DUPLICATE = RespuestaLinea(
    # An anulación is answered under the alta's names.
    IDFactura=IDFactura(
        IDEmisorFactura=ANULACION.IDFactura.IDEmisorFacturaAnulada,
        NumSerieFactura=ANULACION.IDFactura.NumSerieFacturaAnulada,
        FechaExpedicionFactura=ANULACION.IDFactura.FechaExpedicionFacturaAnulada,
    ),
    Operacion=Operacion(TipoOperacion="Anulacion", SinRegistroPrevio="N", RechazoPrevio="N"),
    EstadoRegistro=EstadoRegistro.INCORRECTO,
    CodigoErrorRegistro="3000",
    DescripcionErrorRegistro="Duplicado <&>",
    RegistroDuplicado=RegistroDuplicado(
        IdPeticionRegistroDuplicado="20270102101500000001",
        EstadoRegistroDuplicado=EstadoRegistroAlmacenado.ACEPTADO_CON_ERRORES,
        CodigoErrorRegistro="2004",
        DescripcionErrorRegistro="El margen",
    ),
)

ANSWER = RespuestaSuministro(
    CSV="A-ABCDEFGHIJKLMN",
    NIFPresentador="89890001K",
    TimestampPresentacion="2027-01-02T10:15:03+01:00",
    Cabecera=CABECERA,
    TiempoEsperaEnvio=60,
    EstadoEnvio=EstadoEnvio.PARCIALMENTE_CORRECTO,
    lines=(ACCEPTED, WITH_ERRORS, DUPLICATE),
)

QUERY = Consulta(
    ObligadoEmision=EMPRESA,
    Ejercicio="2027",
    Periodo="01",
    NumSerieFactura="2027/A/000001",
    FechaExpedicionFactura="02-01-2027",
    SistemaInformatico=SISTEMA,
    RefExterna="1001",
    ClavePaginacion=ALTA.IDFactura,
    MostrarNombreRazonEmisor="S",
    MostrarSistemaInformatico="S",
)

WIDE_QUERY = Consulta(
    ObligadoEmision=EMPRESA,
    IndicadorRepresentante="S",
    Ejercicio="2027",
    Periodo="12",
    NumSerieFactura="2027/A/000001",
    Contraparte=VIAJERA,
    RangoFechaExpedicion=RangoFechaExpedicion(Desde="01-12-2027", Hasta="31-12-2027"),
    SistemaInformatico=FiltroSistema(
        NombreRazon=SISTEMA.NombreRazon,
        NIF=SISTEMA.NIF,
        NombreSistemaInformatico=SISTEMA.NombreSistemaInformatico,
        IdSistemaInformatico=SISTEMA.IdSistemaInformatico,
        Version=SISTEMA.Version,
        NumeroInstalacion=SISTEMA.NumeroInstalacion,
        TipoUsoPosibleSoloVerifactu="S",
        TipoUsoPosibleMultiOT="N",
        IndicadorMultiplesOT="N",
    ),
    RefExterna="1001",
)
"""With all the filters that the other one has not."""

HELD = RespuestaConsulta(
    ObligadoEmision=EMPRESA,
    Ejercicio="2027",
    Periodo="01",
    records=(
        RegistroConsultado(
            IDFactura=CORRECTION.IDFactura,
            DatosRegistroFacturacion=DatosRegistroFacturacion(
                NombreRazonEmisor=CORRECTION.NombreRazonEmisor,
                RefExterna=CORRECTION.RefExterna,
                Subsanacion="S",
                RechazoPrevio="N",
                SinRegistroPrevio="N",
                GeneradoPor="T",
                Generador=CLIENTE,
                TipoFactura="R1",
                TipoRectificativa="S",
                FacturasRectificadas=CORRECTION.FacturasRectificadas,
                FacturasSustituidas=CORRECTION.FacturasRectificadas,
                ImporteRectificacion=CORRECTION.ImporteRectificacion,
                FechaOperacion="01-01-2027",
                DescripcionOperacion="Servicios",
                FacturaSimplificadaArt7273="N",
                FacturaSinIdentifDestinatarioArt61d="N",
                Macrodato="N",
                EmitidaPorTerceroODestinatario="T",
                Tercero=CORRECTION.Tercero,
                Destinatarios=CORRECTION.Destinatarios,
                Cupon="N",
                Desglose=CORRECTION.Desglose,
                CuotaTotal="26.20",
                ImporteTotal="116.20",
                Encadenamiento=CORRECTION.Encadenamiento,
                SistemaInformatico=SISTEMA,
                FechaHoraHusoGenRegistro=CORRECTION.FechaHoraHusoGenRegistro,
                NumRegistroAcuerdoFacturacion="A1",
                IdAcuerdoSistemaInformatico="B2",
                TipoHuella="01",
                Huella=CORRECTION.Huella,
                NifRepresentante="89890002E",
                FechaFinVeriFactu="31-12-2027",
                Incidencia="S",
            ),
            NIFPresentador="89890001K",
            TimestampPresentacion="2027-01-02T10:15:03+01:00",
            IdPeticion="20270102101500000001",
            TimestampUltimaModificacion="2027-01-02T10:15:03+01:00",
            EstadoRegistro=EstadoRegistroAlmacenado.ACEPTADO_CON_ERRORES,
            CodigoErrorRegistro="2004",
            DescripcionErrorRegistro="El margen",
        ),
    ),
    ClavePaginacion=CORRECTION.IDFactura,
)
