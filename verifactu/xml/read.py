"""Records, from XML into values. Shape is the schema's business (check.py): read only what has met it."""

from verifactu.errors import UnreadableXML
from verifactu.records import (
    Chained,
    ChainedAlta,
    ChainedAnulacion,
    IDFacturaAnulada,
    Registro,
    RegistroAlta,
    RegistroAnulacion,
)
from verifactu.xml.nodes import Node
from verifactu.xml.parser import body, parse

_EXPECTED = "RegistroAlta or RegistroAnulacion expected, {} found"


def read_registro(fragment: str | bytes) -> Registro:
    """Return the record with the exact texts of its elements; a missing mandatory element reads as empty text.

    :raises UnreadableXML: for anything that is not a RegistroAlta or RegistroAnulacion, or lacks its chain link.
    """
    return _registro(Node(parse(fragment.encode() if isinstance(fragment, str) else fragment)))


def read_chained(fragment: str) -> Chained:
    """Return what the chain covers of a record, in half the time that the whole of it takes.

    :raises UnreadableXML: as `read_registro`.
    """
    n = Node(parse(fragment.encode()))
    if n.name == "RegistroAlta":
        return ChainedAlta(
            n.factura("IDFactura"),
            n.text("TipoFactura"),
            n.text("CuotaTotal"),
            n.text("ImporteTotal"),
            n.encadenamiento(),
            n.text("FechaHoraHusoGenRegistro"),
            n.text("Huella"),
        )
    if n.name == "RegistroAnulacion":
        return ChainedAnulacion(
            _factura_anulada(n.one("IDFactura")),
            n.encadenamiento(),
            n.text("FechaHoraHusoGenRegistro"),
            n.text("Huella"),
        )
    raise UnreadableXML(_EXPECTED.format(n.name))


def expect(message: bytes, name: str) -> Node:
    """Return the content of a SOAP message (or a bare document) if it is the element named.

    :raises UnreadableXML: if it is not.
    """
    node = Node(body(message))
    if node.name != name:
        raise UnreadableXML(f"{name} expected, {node.name} found")
    return node


def _registro(node: Node) -> Registro:
    if node.name == "RegistroAlta":
        return _alta(node)
    if node.name == "RegistroAnulacion":
        return _anulacion(node)
    raise UnreadableXML(_EXPECTED.format(node.name))


def _alta(n: Node) -> RegistroAlta:
    return RegistroAlta(
        IDVersion=n.text("IDVersion"),
        IDFactura=n.factura("IDFactura"),
        RefExterna=n.text("RefExterna"),
        NombreRazonEmisor=n.text("NombreRazonEmisor"),
        Subsanacion=n.text("Subsanacion"),
        RechazoPrevio=n.text("RechazoPrevio"),
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
        Encadenamiento=n.encadenamiento(),
        SistemaInformatico=n.sistema(),
        FechaHoraHusoGenRegistro=n.text("FechaHoraHusoGenRegistro"),
        NumRegistroAcuerdoFacturacion=n.text("NumRegistroAcuerdoFacturacion"),
        IdAcuerdoSistemaInformatico=n.text("IdAcuerdoSistemaInformatico"),
        TipoHuella=n.text("TipoHuella"),
        Huella=n.text("Huella"),
    )


def _anulacion(n: Node) -> RegistroAnulacion:
    return RegistroAnulacion(
        IDVersion=n.text("IDVersion"),
        IDFactura=_factura_anulada(n.one("IDFactura")),
        RefExterna=n.text("RefExterna"),
        SinRegistroPrevio=n.text("SinRegistroPrevio"),
        RechazoPrevio=n.text("RechazoPrevio"),
        GeneradoPor=n.text("GeneradoPor"),
        Generador=n.persona_opcional("Generador"),
        Encadenamiento=n.encadenamiento(),
        SistemaInformatico=n.sistema(),
        FechaHoraHusoGenRegistro=n.text("FechaHoraHusoGenRegistro"),
        TipoHuella=n.text("TipoHuella"),
        Huella=n.text("Huella"),
    )


def _factura_anulada(n: Node) -> IDFacturaAnulada:
    return IDFacturaAnulada(
        IDEmisorFacturaAnulada=n.text("IDEmisorFacturaAnulada"),
        NumSerieFacturaAnulada=n.text("NumSerieFacturaAnulada"),
        FechaExpedicionFacturaAnulada=n.text("FechaExpedicionFacturaAnulada"),
    )
