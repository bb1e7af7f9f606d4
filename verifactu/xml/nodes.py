"""A read-only view of an element by local names, and the blocks that several messages share.

A missing element reads as an empty node, whose texts are empty: readers say what they want and the schema has said what
must be there. A node looks at its children once; an answer has thousands of them.
"""

from collections.abc import Iterable, Iterator

from lxml import etree

from verifactu.errors import UnreadableXML
from verifactu.records import (
    Cabecera,
    DetalleDesglose,
    Encadenamiento,
    IDFactura,
    IDOtro,
    ImporteRectificacion,
    PersonaFisicaJuridica,
    PrimerRegistro,
    RegistroAnterior,
    RemisionRequerimiento,
    RemisionVoluntaria,
    SistemaInformatico,
)


class _LocalNames(dict[str, str]):
    """The name behind the namespace, by tag. A message has some sixty tags, and each of them thousands of times."""

    def __missing__(self, tag: str) -> str:
        if len(self) >= 1000:  # a message that makes up its names
            self.clear()
        name = self[tag] = tag.rpartition("}")[2]
        return name


local_names = _LocalNames()


def texts(element: Iterable[etree._Element]) -> dict[str, str]:
    """Return the exact texts of an element's children by local name; of several of one name the first."""
    found: dict[str, str] = {}
    for child in element:
        found.setdefault(local_names[child.tag], child.text or "")
    return found


class Node:
    """One element and, by local name, its children."""

    __slots__ = ("_by_name", "_element", "name")

    def __init__(self, element: etree._Element | None, name: str = "") -> None:
        """View an element, or the lack of one.

        :param name: the element's local name, where it is known.
        """
        self._element: Iterable[etree._Element] = () if element is None else element
        self.name = name or ("" if element is None else local_names[element.tag])
        self._by_name: dict[str, etree._Element] = {}
        for child in self._element:
            self._by_name.setdefault(local_names[child.tag], child)

    def has(self, name: str) -> bool:
        """Return whether there is such a child."""
        return name in self._by_name

    def text(self, name: str) -> str:
        """Return the exact text of a child; empty when it is missing or has none."""
        child = self._by_name.get(name)
        return child.text or "" if child is not None else ""

    def one(self, name: str) -> "Node":
        """Return the first child of that name, or an empty node."""
        child = self._by_name.get(name)
        return _MISSING if child is None else Node(child, name)

    def elements(self, name: str) -> Iterator[etree._Element]:
        """Yield every child of that name, in order, as it is."""
        return (child for child in self._element if local_names[child.tag] == name)

    def all(self, name: str) -> Iterator["Node"]:
        """Yield every child of that name, in order."""
        return (Node(child, name) for child in self.elements(name))

    def children(self) -> Iterator["Node"]:
        """Yield every child, in order."""
        return (Node(child) for child in self._element)

    def persona(self, name: str) -> PersonaFisicaJuridica:
        """Read a child as a person."""
        return _persona(self.one(name))

    def persona_opcional(self, name: str) -> PersonaFisicaJuridica | None:
        """Read a child as a person, or return None when it is missing."""
        return self.persona(name) if self.has(name) else None

    def personas(self, name: str) -> tuple[PersonaFisicaJuridica, ...]:
        """Read a block whose children are persons."""
        return tuple(_persona(who) for who in self.one(name).children())

    def factura(self, name: str) -> IDFactura:
        """Read a child as an invoice's identity."""
        return _factura(self.one(name))

    def facturas(self, name: str) -> tuple[IDFactura, ...]:
        """Read a block whose children are invoice identities."""
        return tuple(_factura(id) for id in self.one(name).children())

    def importe_rectificacion(self) -> ImporteRectificacion | None:
        """Read the ImporteRectificacion block, or return None."""
        if not self.has("ImporteRectificacion"):
            return None
        n = self.one("ImporteRectificacion")
        return ImporteRectificacion(
            BaseRectificada=n.text("BaseRectificada"),
            CuotaRectificada=n.text("CuotaRectificada"),
            CuotaRecargoRectificado=n.text("CuotaRecargoRectificado"),
        )

    def desglose(self) -> tuple[DetalleDesglose, ...]:
        """Read the Desglose block; empty when it is missing."""
        return tuple(_detalle(n) for n in self.one("Desglose").children())

    def encadenamiento(self) -> Encadenamiento:
        """Read the Encadenamiento block.

        :raises UnreadableXML: when it says neither that it is the first record nor which one precedes it.
        """
        link = self.one("Encadenamiento")
        if link.text("PrimerRegistro") == "S":
            return PrimerRegistro()
        if not link.has("RegistroAnterior"):
            raise UnreadableXML("Encadenamiento without PrimerRegistro and without RegistroAnterior")
        n = link.one("RegistroAnterior")
        return RegistroAnterior(
            IDEmisorFactura=n.text("IDEmisorFactura"),
            NumSerieFactura=n.text("NumSerieFactura"),
            FechaExpedicionFactura=n.text("FechaExpedicionFactura"),
            Huella=n.text("Huella"),
        )

    def sistema(self) -> SistemaInformatico:
        """Read the SistemaInformatico block; as a query's filter it has few of its texts."""
        n = self.one("SistemaInformatico")
        return SistemaInformatico(
            NombreRazon=n.text("NombreRazon"),
            NIF=n.text("NIF"),
            IDOtro=_otro(n),
            NombreSistemaInformatico=n.text("NombreSistemaInformatico"),
            IdSistemaInformatico=n.text("IdSistemaInformatico"),
            Version=n.text("Version"),
            NumeroInstalacion=n.text("NumeroInstalacion"),
            TipoUsoPosibleSoloVerifactu=n.text("TipoUsoPosibleSoloVerifactu"),
            TipoUsoPosibleMultiOT=n.text("TipoUsoPosibleMultiOT"),
            IndicadorMultiplesOT=n.text("IndicadorMultiplesOT"),
        )

    def cabecera(self) -> Cabecera:
        """Read the Cabecera of a submission or of its answer."""
        n = self.one("Cabecera")
        voluntary, required = n.one("RemisionVoluntaria"), n.one("RemisionRequerimiento")
        return Cabecera(
            ObligadoEmision=n.persona("ObligadoEmision"),
            Representante=n.persona_opcional("Representante"),
            RemisionVoluntaria=RemisionVoluntaria(
                FechaFinVeriFactu=voluntary.text("FechaFinVeriFactu"),
                Incidencia=voluntary.text("Incidencia"),
            )
            if n.has("RemisionVoluntaria")
            else None,
            RemisionRequerimiento=RemisionRequerimiento(
                RefRequerimiento=required.text("RefRequerimiento"),
                FinRequerimiento=required.text("FinRequerimiento"),
            )
            if n.has("RemisionRequerimiento")
            else None,
        )


def _persona(n: Node) -> PersonaFisicaJuridica:
    return PersonaFisicaJuridica(NombreRazon=n.text("NombreRazon"), NIF=n.text("NIF"), IDOtro=_otro(n))


def _otro(n: Node) -> IDOtro | None:
    if not n.has("IDOtro"):
        return None
    other = n.one("IDOtro")
    return IDOtro(CodigoPais=other.text("CodigoPais"), IDType=other.text("IDType"), ID=other.text("ID"))


def _factura(n: Node) -> IDFactura:
    return IDFactura(
        IDEmisorFactura=n.text("IDEmisorFactura"),
        NumSerieFactura=n.text("NumSerieFactura"),
        FechaExpedicionFactura=n.text("FechaExpedicionFactura"),
    )


def _detalle(n: Node) -> DetalleDesglose:
    return DetalleDesglose(
        Impuesto=n.text("Impuesto"),
        ClaveRegimen=n.text("ClaveRegimen"),
        CalificacionOperacion=n.text("CalificacionOperacion"),
        OperacionExenta=n.text("OperacionExenta"),
        TipoImpositivo=n.text("TipoImpositivo"),
        BaseImponibleOimporteNoSujeto=n.text("BaseImponibleOimporteNoSujeto"),
        BaseImponibleACoste=n.text("BaseImponibleACoste"),
        CuotaRepercutida=n.text("CuotaRepercutida"),
        TipoRecargoEquivalencia=n.text("TipoRecargoEquivalencia"),
        CuotaRecargoEquivalencia=n.text("CuotaRecargoEquivalencia"),
    )


_MISSING = Node(None)
