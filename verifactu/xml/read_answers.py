"""The AEAT's answers, from XML into values. A state that is none of the list is refused: a verdict is never guessed."""

import re
from functools import lru_cache
from typing import TypeVar

from lxml import etree

from verifactu.codes import EstadoEnvio, EstadoRegistro, EstadoRegistroAlmacenado
from verifactu.errors import UnreadableXML
from verifactu.records import IDFactura
from verifactu.xml.messages import (
    DatosRegistroFacturacion,
    Fault,
    Operacion,
    RegistroConsultado,
    RegistroDuplicado,
    RespuestaConsulta,
    RespuestaLinea,
    RespuestaSuministro,
)
from verifactu.xml.nodes import Node, local_names, texts
from verifactu.xml.parser import body
from verifactu.xml.read import expect

T = TypeVar("T")

_CODE = re.compile(r"Codigo\[(\d+)\]")

_SUBMISSION_STATES = {state.value: state for state in EstadoEnvio}
_RECORD_STATES = {state.value: state for state in EstadoRegistro}
# Both genders have been seen in both places: schema, service description and peers' recorded answers differ.
_STORED_STATES = {
    "Correcta": EstadoRegistroAlmacenado.CORRECTO,
    "Correcto": EstadoRegistroAlmacenado.CORRECTO,
    "AceptadaConErrores": EstadoRegistroAlmacenado.ACEPTADO_CON_ERRORES,
    "AceptadoConErrores": EstadoRegistroAlmacenado.ACEPTADO_CON_ERRORES,
    "Anulada": EstadoRegistroAlmacenado.ANULADO,
    "Anulado": EstadoRegistroAlmacenado.ANULADO,
}
_BLOCKS = frozenset({"IDFactura", "Operacion", "RegistroDuplicado"})
_OPERATIONS = {"Alta": "Alta", "Anulacion": "Anulacion"}


def parse_respuesta(message: bytes) -> RespuestaSuministro:
    """Return the answer to a submission (verifactu.md 7.2).

    :raises UnreadableXML: for anything else, and for a state that is none of the list.
    """
    node = expect(message, "RespuestaRegFactuSistemaFacturacion")
    presented = node.one("DatosPresentacion")
    wait = node.text("TiempoEsperaEnvio").strip()
    return RespuestaSuministro(
        CSV=node.text("CSV").strip(),
        NIFPresentador=presented.text("NIFPresentador"),
        TimestampPresentacion=presented.text("TimestampPresentacion"),
        Cabecera=node.cabecera(),
        # Words in place of a number are treated like no number: they must not cost us the verdicts.
        TiempoEsperaEnvio=int(wait) if wait.isdecimal() else None,
        EstadoEnvio=_listed(node.text("EstadoEnvio"), _SUBMISSION_STATES),
        lines=tuple(map(_line, node.elements("RespuestaLinea"))),
    )


def parse_consulta(message: bytes) -> RespuestaConsulta:
    """Return one page of the answer to a query (verifactu.md 7.5).

    :raises UnreadableXML: for anything else, for a state that is none of the list, for an invoice without its identity,
        for a page that contradicts itself, and for one that announces another without its key.
    """
    node = expect(message, "RespuestaConsultaFactuSistemaFacturacion")
    period = node.one("PeriodoImputacion")
    found = _listed(node.text("ResultadoConsulta"), {"ConDatos": True, "SinDatos": False})
    if found != node.has("RegistroRespuestaConsultaFactuSistemaFacturacion"):
        raise UnreadableXML(f"a page that says {node.text('ResultadoConsulta')} and shows the opposite")
    more = _listed(node.text("IndicadorPaginacion"), {"S": True, "N": False})
    if more and not node.has("ClavePaginacion"):
        raise UnreadableXML("a page that announces another one and does not say where it begins")
    header = node.one("Cabecera")
    return RespuestaConsulta(
        ObligadoEmision=header.persona_opcional("ObligadoEmision"),
        Destinatario=header.persona_opcional("Destinatario"),
        IndicadorRepresentante=header.text("IndicadorRepresentante"),
        Ejercicio=period.text("Ejercicio"),
        Periodo=period.text("Periodo"),
        records=tuple(_held(item) for item in node.all("RegistroRespuestaConsultaFactuSistemaFacturacion")),
        # Without the indicator there is nothing behind a key.
        ClavePaginacion=node.factura("ClavePaginacion") if more else None,
    )


def parse_fault(message: bytes) -> Fault | None:
    """Return the SOAP fault, or None when the message is XML but no fault.

    :raises UnreadableXML: for what is not XML.
    """
    node = Node(body(message))
    if node.name != "Fault":
        return None
    text = node.text("faultstring").strip()
    found = _CODE.search(text)
    # SOAP 1.1, 4.4.1: a prefix, then Client or Server, perhaps refined after a dot.
    role = node.text("faultcode").strip().rpartition(":")[2].partition(".")[0]
    return Fault(code=found[1] if found else "", text=text, client={"Client": True, "Server": False}.get(role))


def _line(element: etree._Element) -> RespuestaLinea:
    """Read the verdict on one record. An answer has up to a thousand: its children are gone through once."""
    blocks: dict[str, etree._Element] = {}
    own: dict[str, str] = {}
    for child in element:
        name = local_names[child.tag]
        if name in _BLOCKS:
            blocks.setdefault(name, child)
        else:
            own.setdefault(name, child.text or "")
    invoice = texts(blocks.get("IDFactura", ()))
    done = texts(blocks.get("Operacion", ()))
    duplicate = blocks.get("RegistroDuplicado")
    return RespuestaLinea(
        IDFactura=IDFactura(
            IDEmisorFactura=invoice.get("IDEmisorFactura", ""),
            NumSerieFactura=invoice.get("NumSerieFactura", ""),
            FechaExpedicionFactura=invoice.get("FechaExpedicionFactura", ""),
        ),
        Operacion=_operation(
            done.get("TipoOperacion", ""),
            done.get("Subsanacion", ""),
            done.get("RechazoPrevio", ""),
            done.get("SinRegistroPrevio", ""),
        ),
        RefExterna=own.get("RefExterna", ""),
        EstadoRegistro=_listed(own.get("EstadoRegistro", ""), _RECORD_STATES),
        CodigoErrorRegistro=own.get("CodigoErrorRegistro", "").strip(),
        DescripcionErrorRegistro=own.get("DescripcionErrorRegistro", ""),
        RegistroDuplicado=None if duplicate is None else _duplicate(Node(duplicate)),
    )


@lru_cache(maxsize=64)
def _operation(kind: str, correction: str, rejected: str, unregistered: str) -> Operacion:
    """Return what was done: a few values, which the thousand lines of an answer share."""
    return Operacion(
        TipoOperacion=_listed(kind, _OPERATIONS),
        Subsanacion=correction,
        RechazoPrevio=rejected,
        SinRegistroPrevio=unregistered,
    )


def _duplicate(n: Node) -> RegistroDuplicado:
    return RegistroDuplicado(
        IdPeticionRegistroDuplicado=n.text("IdPeticionRegistroDuplicado"),
        EstadoRegistroDuplicado=_listed(n.text("EstadoRegistroDuplicado"), _STORED_STATES),
        CodigoErrorRegistro=n.text("CodigoErrorRegistro").strip(),
        DescripcionErrorRegistro=n.text("DescripcionErrorRegistro"),
    )


def _held(n: Node) -> RegistroConsultado:
    presented, state = n.one("DatosPresentacion"), n.one("EstadoRegistro")
    invoice = n.factura("IDFactura")
    if not (invoice.IDEmisorFactura and invoice.NumSerieFactura and invoice.FechaExpedicionFactura):
        raise UnreadableXML("an invoice without its whole identity")
    return RegistroConsultado(
        IDFactura=invoice,
        DatosRegistroFacturacion=_data(n.one("DatosRegistroFacturacion")),
        NIFPresentador=presented.text("NIFPresentador"),
        TimestampPresentacion=presented.text("TimestampPresentacion"),
        IdPeticion=presented.text("IdPeticion"),
        TimestampUltimaModificacion=state.text("TimestampUltimaModificacion"),
        EstadoRegistro=_listed(state.text("EstadoRegistro"), _STORED_STATES),
        CodigoErrorRegistro=state.text("CodigoErrorRegistro").strip(),
        DescripcionErrorRegistro=state.text("DescripcionErrorRegistro"),
    )


def _data(n: Node) -> DatosRegistroFacturacion:
    return DatosRegistroFacturacion(
        NombreRazonEmisor=n.text("NombreRazonEmisor"),
        RefExterna=n.text("RefExterna"),
        Subsanacion=n.text("Subsanacion"),
        RechazoPrevio=n.text("RechazoPrevio"),
        SinRegistroPrevio=n.text("SinRegistroPrevio"),
        GeneradoPor=n.text("GeneradoPor"),
        Generador=n.persona_opcional("Generador"),
        TipoFactura=n.text("TipoFactura"),
        TipoRectificativa=n.text("TipoRectificativa"),
        FacturasRectificadas=n.facturas("FacturasRectificadas"),
        FacturasSustituidas=n.facturas("FacturasSustituidas"),
        ImporteRectificacion=n.importe_rectificacion(),
        FechaOperacion=n.text("FechaOperacion"),
        DescripcionOperacion=n.text("DescripcionOperacion"),
        FacturaSimplificadaArt7273=n.text("FacturaSimplificadaArt7273"),
        FacturaSinIdentifDestinatarioArt61d=n.text("FacturaSinIdentifDestinatarioArt61d"),
        Macrodato=n.text("Macrodato"),
        EmitidaPorTerceroODestinatario=n.text("EmitidaPorTerceroODestinatario"),
        Tercero=n.persona_opcional("Tercero"),
        Destinatarios=n.personas("Destinatarios"),
        Cupon=n.text("Cupon"),
        Desglose=n.desglose(),
        CuotaTotal=n.text("CuotaTotal"),
        ImporteTotal=n.text("ImporteTotal"),
        Encadenamiento=n.encadenamiento() if n.has("Encadenamiento") else None,
        SistemaInformatico=n.sistema() if n.has("SistemaInformatico") else None,
        FechaHoraHusoGenRegistro=n.text("FechaHoraHusoGenRegistro"),
        NumRegistroAcuerdoFacturacion=n.text("NumRegistroAcuerdoFacturacion"),
        IdAcuerdoSistemaInformatico=n.text("IdAcuerdoSistemaInformatico"),
        TipoHuella=n.text("TipoHuella"),
        Huella=n.text("Huella"),
        NifRepresentante=n.text("NifRepresentante"),
        FechaFinVeriFactu=n.text("FechaFinVeriFactu"),
        Incidencia=n.text("Incidencia"),
    )


def _listed(text: str, values: dict[str, T]) -> T:
    found = values.get(text.strip())
    if found is None:
        raise UnreadableXML(f"{text!r} is none of {', '.join(values)}")
    return found
