"""The AEAT's side of the conversation, for whoever plays it: the simulator, and tests."""

from collections.abc import Iterable
from xml.sax.saxutils import escape

from verifactu.xml.elements import (
    breakdown,
    element,
    header,
    invoice,
    invoices,
    link,
    optional,
    person,
    recipients,
    replaced_amounts,
    system,
    wrap,
)
from verifactu.xml.messages import (
    DatosRegistroFacturacion,
    RegistroConsultado,
    RegistroDuplicado,
    RespuestaConsulta,
    RespuestaLinea,
    RespuestaSuministro,
)
from verifactu.xml.namespaces import INFORMACION, RESPUESTA, RESPUESTA_CONSULTA, SOAP
from verifactu.xml.write import soap

_FEMININE = {"Correcto": "Correcta", "AceptadoConErrores": "AceptadaConErrores", "Anulado": "Anulada"}


def respuesta(answer: RespuestaSuministro) -> bytes:
    """Return the SOAP answer to a submission."""
    presented = optional("NIFPresentador", answer.NIFPresentador) + optional(
        "TimestampPresentacion", answer.TimestampPresentacion
    )
    wait = "" if answer.TiempoEsperaEnvio is None else str(answer.TiempoEsperaEnvio)
    content = "".join(
        (
            optional("CSV", answer.CSV, "tikR"),
            wrap("DatosPresentacion", presented, "tikR"),
            header(answer.Cabecera, "tikR"),
            element("TiempoEsperaEnvio", wait, "tikR"),
            element("EstadoEnvio", answer.EstadoEnvio, "tikR"),
            _lines(answer.lines),
        )
    )
    return soap(
        f'xmlns:tikR="{RESPUESTA}" xmlns:sum1="{INFORMACION}"',
        wrap("RespuestaRegFactuSistemaFacturacion", content, "tikR"),
    )


def respuesta_consulta(answer: RespuestaConsulta) -> bytes:
    """Return the SOAP answer to a query."""
    who = element("IDVersion", "1.0") + person("ObligadoEmision", answer.ObligadoEmision)
    period = element("Ejercicio", answer.Ejercicio, "tikC") + element("Periodo", answer.Periodo, "tikC")
    content = "".join(
        (
            wrap("Cabecera", who, "tikC"),
            wrap("PeriodoImputacion", period, "tikC"),
            element("IndicadorPaginacion", "S" if answer.ClavePaginacion else "N", "tikC"),
            element("ResultadoConsulta", "ConDatos" if answer.records else "SinDatos", "tikC"),
            "".join(_held(record) for record in answer.records),
            invoice("ClavePaginacion", answer.ClavePaginacion, "tikC"),
        )
    )
    return soap(
        f'xmlns:tikC="{RESPUESTA_CONSULTA}" xmlns:sum1="{INFORMACION}"',
        wrap("RespuestaConsultaFactuSistemaFacturacion", content, "tikC"),
    )


def fault(*, code: str, text: str, client: bool) -> bytes:
    """Return a SOAP fault as the AEAT words it: the code inside the text, and whose fault it is."""
    # faultcode and faultstring have no namespace (SOAP 1.1, 4.4).
    return soap(
        f'xmlns:env="{SOAP}"',
        f"<env:Fault><faultcode>env:{'Client' if client else 'Server'}</faultcode>"
        f"<faultstring>{escape(f'Codigo[{code}].{text}')}</faultstring></env:Fault>",
    )


def _lines(lines: Iterable[RespuestaLinea]) -> str:
    return "".join(wrap("RespuestaLinea", _line(line), "tikR") for line in lines)


def _line(line: RespuestaLinea) -> str:
    done = line.Operacion
    operation = (
        element("TipoOperacion", done.TipoOperacion)
        + optional("Subsanacion", done.Subsanacion)
        + optional("RechazoPrevio", done.RechazoPrevio)
        + optional("SinRegistroPrevio", done.SinRegistroPrevio)
    )
    return "".join(
        (
            invoice("IDFactura", line.IDFactura, "tikR"),
            wrap("Operacion", operation, "tikR"),
            optional("RefExterna", line.RefExterna, "tikR"),
            element("EstadoRegistro", line.EstadoRegistro, "tikR"),
            optional("CodigoErrorRegistro", line.CodigoErrorRegistro, "tikR"),
            optional("DescripcionErrorRegistro", line.DescripcionErrorRegistro, "tikR"),
            _duplicate(line.RegistroDuplicado),
        )
    )


def _duplicate(held: RegistroDuplicado | None) -> str:
    if held is None:
        return ""
    inside = (
        element("IdPeticionRegistroDuplicado", held.IdPeticionRegistroDuplicado)
        + element("EstadoRegistroDuplicado", _FEMININE[held.EstadoRegistroDuplicado])
        + optional("CodigoErrorRegistro", held.CodigoErrorRegistro)
        + optional("DescripcionErrorRegistro", held.DescripcionErrorRegistro)
    )
    return wrap("RegistroDuplicado", inside, "tikR")


def _held(record: RegistroConsultado) -> str:
    presented = (
        optional("NIFPresentador", record.NIFPresentador)
        + optional("TimestampPresentacion", record.TimestampPresentacion)
        + optional("IdPeticion", record.IdPeticion)
    )
    state = (
        element("TimestampUltimaModificacion", record.TimestampUltimaModificacion, "tikC")
        + element("EstadoRegistro", record.EstadoRegistro, "tikC")
        + optional("CodigoErrorRegistro", record.CodigoErrorRegistro, "tikC")
        + optional("DescripcionErrorRegistro", record.DescripcionErrorRegistro, "tikC")
    )
    content = (
        invoice("IDFactura", record.IDFactura, "tikC")
        # The block is mandatory even when it would say nothing.
        + f"<tikC:DatosRegistroFacturacion>{_data(record.DatosRegistroFacturacion)}</tikC:DatosRegistroFacturacion>"
        + wrap("DatosPresentacion", presented, "tikC")
        + wrap("EstadoRegistro", state, "tikC")
    )
    return wrap("RegistroRespuestaConsultaFactuSistemaFacturacion", content, "tikC")


def _data(d: DatosRegistroFacturacion) -> str:
    return "".join(
        (
            optional("NombreRazonEmisor", d.NombreRazonEmisor, "tikC"),
            optional("RefExterna", d.RefExterna, "tikC"),
            optional("Subsanacion", d.Subsanacion, "tikC"),
            optional("RechazoPrevio", d.RechazoPrevio, "tikC"),
            optional("SinRegistroPrevio", d.SinRegistroPrevio, "tikC"),
            optional("GeneradoPor", d.GeneradoPor, "tikC"),
            person("Generador", d.Generador, "tikC"),
            optional("TipoFactura", d.TipoFactura, "tikC"),
            optional("TipoRectificativa", d.TipoRectificativa, "tikC"),
            invoices("FacturasRectificadas", "IDFacturaRectificada", d.FacturasRectificadas, "tikC"),
            invoices("FacturasSustituidas", "IDFacturaSustituida", d.FacturasSustituidas, "tikC"),
            replaced_amounts(d.ImporteRectificacion, "tikC"),
            optional("FechaOperacion", d.FechaOperacion, "tikC"),
            optional("DescripcionOperacion", d.DescripcionOperacion, "tikC"),
            optional("FacturaSimplificadaArt7273", d.FacturaSimplificadaArt7273, "tikC"),
            optional("FacturaSinIdentifDestinatarioArt61d", d.FacturaSinIdentifDestinatarioArt61d, "tikC"),
            optional("Macrodato", d.Macrodato, "tikC"),
            optional("EmitidaPorTerceroODestinatario", d.EmitidaPorTerceroODestinatario, "tikC"),
            person("Tercero", d.Tercero, "tikC"),
            recipients(d.Destinatarios, "tikC"),
            optional("Cupon", d.Cupon, "tikC"),
            breakdown(d.Desglose, "tikC"),
            optional("CuotaTotal", d.CuotaTotal, "tikC"),
            optional("ImporteTotal", d.ImporteTotal, "tikC"),
            link(d.Encadenamiento, "tikC"),
            system(d.SistemaInformatico, "tikC"),
            optional("FechaHoraHusoGenRegistro", d.FechaHoraHusoGenRegistro, "tikC"),
            optional("NumRegistroAcuerdoFacturacion", d.NumRegistroAcuerdoFacturacion, "tikC"),
            optional("IdAcuerdoSistemaInformatico", d.IdAcuerdoSistemaInformatico, "tikC"),
            optional("TipoHuella", d.TipoHuella, "tikC"),
            optional("Huella", d.Huella, "tikC"),
            optional("NifRepresentante", d.NifRepresentante, "tikC"),
            optional("FechaFinVeriFactu", d.FechaFinVeriFactu, "tikC"),
            optional("Incidencia", d.Incidencia, "tikC"),
        )
    )
