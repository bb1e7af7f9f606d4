"""Records that every test of the protocol knows. Taxpayer and customers are the AEAT's own example NIFs."""

from dataclasses import replace

from verifactu.huella import sealed
from verifactu.records import (
    Cabecera,
    DetalleDesglose,
    IDFactura,
    IDFacturaAnulada,
    IDOtro,
    ImporteRectificacion,
    PersonaFisicaJuridica,
    PrimerRegistro,
    RegistroAlta,
    RegistroAnterior,
    RegistroAnulacion,
    RemisionVoluntaria,
    SistemaInformatico,
)

EMPRESA = PersonaFisicaJuridica(NombreRazon="EMPRESA DEMO SL", NIF="89890001K")
CLIENTE = PersonaFisicaJuridica(NombreRazon="CLIENTE DEMO SA", NIF="89890002E")
KUNDE = PersonaFisicaJuridica(NombreRazon="Müller & Söhne GmbH", IDOtro=IDOtro(IDType="02", ID="DE123456789"))
VIAJERA = PersonaFisicaJuridica(
    NombreRazon="Jane Traveller", IDOtro=IDOtro(CodigoPais="US", IDType="03", ID="X1234567")
)

SISTEMA = SistemaInformatico(
    NombreRazon="PRODUCTOR DEMO SL",
    NIF="89890003T",
    NombreSistemaInformatico="MiSIF",
    IdSistemaInformatico="M1",
    Version="1.0.0",
    NumeroInstalacion="20270101T090000-0001",
    TipoUsoPosibleSoloVerifactu="S",
    TipoUsoPosibleMultiOT="S",
    IndicadorMultiplesOT="N",
)

CABECERA = Cabecera(ObligadoEmision=EMPRESA)
LATE = replace(CABECERA, RemisionVoluntaria=RemisionVoluntaria(Incidencia="S"))

AT_21 = DetalleDesglose(
    Impuesto="01",
    ClaveRegimen="01",
    CalificacionOperacion="S1",
    TipoImpositivo="21.00",
    BaseImponibleOimporteNoSujeto="100.00",
    CuotaRepercutida="21.00",
)

ALTA = sealed(
    RegistroAlta(
        IDFactura=IDFactura(
            IDEmisorFactura="89890001K",
            NumSerieFactura="2027/A/000001",
            FechaExpedicionFactura="02-01-2027",
        ),
        NombreRazonEmisor="EMPRESA DEMO SL",
        TipoFactura="F1",
        DescripcionOperacion="Servicios de consultoria",
        Destinatarios=(CLIENTE,),
        Desglose=(AT_21,),
        CuotaTotal="21.00",
        ImporteTotal="121.00",
        Encadenamiento=PrimerRegistro(),
        SistemaInformatico=SISTEMA,
        FechaHoraHusoGenRegistro="2027-01-02T10:15:00+01:00",
    )
)

SIMPLIFIED = sealed(replace(ALTA, TipoFactura="F2", Destinatarios=()))

BEFORE = RegistroAnterior(
    IDEmisorFactura="89890001K",
    NumSerieFactura="2027/A/000001",
    FechaExpedicionFactura="02-01-2027",
    Huella=ALTA.Huella,
)

CORRECTION = sealed(
    replace(
        ALTA,
        IDFactura=replace(ALTA.IDFactura, NumSerieFactura="2027/R/000001"),
        RefExterna="pedido 1001 <web> & más",
        Subsanacion="S",
        RechazoPrevio="N",
        TipoFactura="R1",
        TipoRectificativa="S",
        FacturasRectificadas=(ALTA.IDFactura,),
        ImporteRectificacion=ImporteRectificacion(
            BaseRectificada="100.00", CuotaRectificada="21.00", CuotaRecargoRectificado="0.00"
        ),
        FechaOperacion="01-01-2027",
        FacturaSimplificadaArt7273="N",
        FacturaSinIdentifDestinatarioArt61d="N",
        Macrodato="N",
        EmitidaPorTerceroODestinatario="T",
        Tercero=VIAJERA,
        Destinatarios=(CLIENTE, KUNDE),
        Cupon="N",
        Desglose=(
            replace(AT_21, TipoRecargoEquivalencia="5.20", CuotaRecargoEquivalencia="5.20"),
            DetalleDesglose(
                Impuesto="01", ClaveRegimen="01", OperacionExenta="E1", BaseImponibleOimporteNoSujeto="-10.00"
            ),
        ),
        CuotaTotal="26.20",
        ImporteTotal="116.20",
        Encadenamiento=BEFORE,
        NumRegistroAcuerdoFacturacion="A1",
        IdAcuerdoSistemaInformatico="B2",
    )
)
"""An alta in which nearly every element is present."""

EXCHANGE = sealed(replace(ALTA, TipoFactura="F3", FacturasSustituidas=(SIMPLIFIED.IDFactura,)))

ANULACION = sealed(
    RegistroAnulacion(
        IDFactura=IDFacturaAnulada(
            IDEmisorFacturaAnulada="89890001K",
            NumSerieFacturaAnulada="2027/A/000001",
            FechaExpedicionFacturaAnulada="02-01-2027",
        ),
        Encadenamiento=BEFORE,
        SistemaInformatico=SISTEMA,
        FechaHoraHusoGenRegistro="2027-01-02T10:16:00+01:00",
    )
)

FULL_ANULACION = sealed(
    replace(
        ANULACION,
        RefExterna="pedido 1001",
        SinRegistroPrevio="N",
        RechazoPrevio="N",
        GeneradoPor="T",
        Generador=CLIENTE,
    )
)
