"""The AEAT's side of the conversation, written for tests from the values that our readers should make of it.

A small recursion over the fields, which stand in the order of the elements; the AEAT's schemas judge what comes out.
"""

from dataclasses import fields, is_dataclass
from typing import Any
from xml.sax.saxutils import escape

from verifactu.records import PrimerRegistro, RegistroAnterior
from verifactu.xml import RespuestaConsulta, RespuestaSuministro
from verifactu.xml.namespaces import INFORMACION, RESPUESTA, RESPUESTA_CONSULTA, SOAP

_MEMBERS = {
    "FacturasRectificadas": "IDFacturaRectificada",
    "FacturasSustituidas": "IDFacturaSustituida",
    "Destinatarios": "IDDestinatario",
    "Desglose": "sf:DetalleDesglose",
}
_FEMININE = {"Correcto": "Correcta", "AceptadoConErrores": "AceptadaConErrores", "Anulado": "Anulada"}


def respuesta(answer: RespuestaSuministro) -> bytes:
    """Return the SOAP answer to a submission."""
    lines = ""
    for line in answer.lines:
        held = line.RegistroDuplicado
        text = _inside(line, "r")
        if held:
            # The only state that the contract spells in the feminine.
            state = held.EstadoRegistroDuplicado
            text = text.replace(f"Duplicado>{state}<", f"Duplicado>{_FEMININE[state]}<")
        lines += f"<r:RespuestaLinea>{text}</r:RespuestaLinea>"
    wait = "" if answer.TiempoEsperaEnvio is None else answer.TiempoEsperaEnvio
    content = (
        _leaf("r:CSV", answer.CSV)
        + _presented(answer, "r")
        + f"<r:Cabecera>{_inside(answer.Cabecera, 'sf')}</r:Cabecera>"
        + f"<r:TiempoEsperaEnvio>{wait}</r:TiempoEsperaEnvio>"
        + _leaf("r:EstadoEnvio", answer.EstadoEnvio)
        + lines
    )
    return _soap(f"<r:RespuestaRegFactuSistemaFacturacion>{content}</r:RespuestaRegFactuSistemaFacturacion>", RESPUESTA)


def respuesta_consulta(page: RespuestaConsulta) -> bytes:
    """Return the SOAP answer to a query."""
    records = ""
    for record in page.records:
        records += (
            "<r:RegistroRespuestaConsultaFactuSistemaFacturacion>"
            f"<r:IDFactura>{_inside(record.IDFactura, 'sf')}</r:IDFactura>"
            f"<r:DatosRegistroFacturacion>{_inside(record.DatosRegistroFacturacion, 'r')}</r:DatosRegistroFacturacion>"
            + _presented(record, "r")
            + "<r:EstadoRegistro>"
            + _leaf("r:TimestampUltimaModificacion", record.TimestampUltimaModificacion)
            + _leaf("r:EstadoRegistro", record.EstadoRegistro)
            + _leaf("r:CodigoErrorRegistro", record.CodigoErrorRegistro)
            + _leaf("r:DescripcionErrorRegistro", record.DescripcionErrorRegistro)
            + "</r:EstadoRegistro></r:RegistroRespuestaConsultaFactuSistemaFacturacion>"
        )
    content = (
        "<r:Cabecera><sf:IDVersion>1.0</sf:IDVersion>"
        + "".join(
            f"<sf:{name}>{_inside(who, 'sf')}</sf:{name}>"
            for name, who in (("ObligadoEmision", page.ObligadoEmision), ("Destinatario", page.Destinatario))
            if who
        )
        + _leaf("sf:IndicadorRepresentante", page.IndicadorRepresentante)
        + "</r:Cabecera>"
        + f"<r:PeriodoImputacion>{_leaf('r:Ejercicio', page.Ejercicio)}{_leaf('r:Periodo', page.Periodo)}"
        "</r:PeriodoImputacion>"
        + _leaf("r:IndicadorPaginacion", "S" if page.ClavePaginacion else "N")
        + _leaf("r:ResultadoConsulta", "ConDatos" if page.records else "SinDatos")
        + records
        + (
            f"<r:ClavePaginacion>{_inside(page.ClavePaginacion, 'sf')}</r:ClavePaginacion>"
            if page.ClavePaginacion
            else ""
        )
    )
    name = "r:RespuestaConsultaFactuSistemaFacturacion"
    return _soap(f"<{name}>{content}</{name}>", RESPUESTA_CONSULTA)


def fault(*, code: str, text: str, client: bool) -> bytes:
    """Return a SOAP fault as the AEAT words it."""
    who = "Client" if client else "Server"
    return _soap(
        f"<env:Fault><faultcode>env:{who}</faultcode>"
        f"<faultstring>{escape(f'Codigo[{code}].{text}')}</faultstring></env:Fault>",
        RESPUESTA,
    )


def _inside(value: Any, prefix: str) -> str:
    return "".join(_element(f"{prefix}:{f.name}", getattr(value, f.name), prefix) for f in fields(value))


def _element(name: str, value: Any, prefix: str) -> str:
    if isinstance(value, PrimerRegistro):
        return f"<{name}>{_leaf(f'{prefix}:PrimerRegistro', 'S')}</{name}>"
    if isinstance(value, RegistroAnterior):
        before = f"{prefix}:RegistroAnterior"
        return f"<{name}><{before}>{_inside(value, 'sf')}</{before}></{name}>"
    if isinstance(value, tuple):
        member = _MEMBERS[name.partition(":")[2]]
        member = member if ":" in member else f"{prefix}:{member}"
        inside = "".join(f"<{member}>{_inside(item, 'sf')}</{member}>" for item in value)
        return f"<{name}>{inside}</{name}>" if value else ""
    if is_dataclass(value):
        return f"<{name}>{_inside(value, 'sf')}</{name}>"
    return _leaf(name, value or "")


def _presented(value: Any, prefix: str) -> str:
    inside = "".join(
        _leaf(f"sf:{name}", getattr(value, name, ""))
        for name in ("NIFPresentador", "TimestampPresentacion", "IdPeticion")
    )
    return f"<{prefix}:DatosPresentacion>{inside}</{prefix}:DatosPresentacion>" if inside else ""


def _leaf(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>" if text else ""


def _soap(content: str, namespace: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="{SOAP}" xmlns:r="{namespace}" '
        f'xmlns:sf="{INFORMACION}"><env:Body>{content}</env:Body></env:Envelope>'
    ).encode()
