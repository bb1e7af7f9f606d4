"""The blocks that several messages share, each as text.

A block's own element may belong to the message's namespace (`prefix`: sum for a submission, con for a query); what is
inside it is always sum1, the namespace of SuministroInformacion.
"""

from collections.abc import Iterable
from xml.sax.saxutils import escape

from verifactu.records import (
    Cabecera,
    DetalleDesglose,
    Encadenamiento,
    IDFactura,
    IDOtro,
    ImporteRectificacion,
    PersonaFisicaJuridica,
    RegistroAnterior,
    SistemaInformatico,
)
from verifactu.xml.messages import FiltroSistema, RangoFechaExpedicion

_CARRIAGE_RETURN = {"\r": "&#13;"}
"""Left bare, a reader would turn it into a line feed, and the text would no longer be the one that was hashed."""


def element(name: str, value: str, prefix: str = "sum1") -> str:
    """Return one element with its text escaped."""
    return f"<{prefix}:{name}>{escape(value, _CARRIAGE_RETURN)}</{prefix}:{name}>"


def optional(name: str, value: str, prefix: str = "sum1") -> str:
    """Return the element, or nothing when its value is empty."""
    return f"<{prefix}:{name}>{escape(value, _CARRIAGE_RETURN)}</{prefix}:{name}>" if value else ""


def wrap(name: str, inside: str, prefix: str = "sum1") -> str:
    """Return an element around XML that is already written, or nothing when there is nothing inside."""
    return f"<{prefix}:{name}>{inside}</{prefix}:{name}>" if inside else ""


def person(name: str, who: PersonaFisicaJuridica | None, prefix: str = "sum1") -> str:
    """Return a person under the given element name, or nothing for None."""
    return wrap(name, _identity(who.NombreRazon, who.NIF, who.IDOtro), prefix) if who else ""


def recipients(people: Iterable[PersonaFisicaJuridica]) -> str:
    """Return the Destinatarios block, or nothing for nobody."""
    return wrap("Destinatarios", "".join(person("IDDestinatario", who) for who in people))


def invoice(name: str, id: IDFactura | None, prefix: str = "sum1") -> str:
    """Return an invoice's identity under the given element name, or nothing for None."""
    if id is None:
        return ""
    inside = (
        element("IDEmisorFactura", id.IDEmisorFactura)
        + element("NumSerieFactura", id.NumSerieFactura)
        + element("FechaExpedicionFactura", id.FechaExpedicionFactura)
    )
    return wrap(name, inside, prefix)


def invoices(block: str, name: str, ids: Iterable[IDFactura]) -> str:
    """Return a list of invoice identities, each under `name`, inside `block`; nothing for an empty list."""
    return wrap(block, "".join(invoice(name, id) for id in ids))


def replaced_amounts(amounts: ImporteRectificacion | None) -> str:
    """Return the ImporteRectificacion block, or nothing for None."""
    if amounts is None:
        return ""
    inside = (
        element("BaseRectificada", amounts.BaseRectificada)
        + element("CuotaRectificada", amounts.CuotaRectificada)
        + optional("CuotaRecargoRectificado", amounts.CuotaRecargoRectificado)
    )
    return wrap("ImporteRectificacion", inside)


def breakdown(lines: Iterable[DetalleDesglose]) -> str:
    """Return the Desglose block; nothing for no lines, which the schema then misses."""
    return wrap("Desglose", "".join(wrap("DetalleDesglose", _detail(line)) for line in lines))


def link(chain: Encadenamiento) -> str:
    """Return the Encadenamiento block."""
    if not isinstance(chain, RegistroAnterior):
        return wrap("Encadenamiento", element("PrimerRegistro", "S"))
    inside = (
        element("IDEmisorFactura", chain.IDEmisorFactura)
        + element("NumSerieFactura", chain.NumSerieFactura)
        + element("FechaExpedicionFactura", chain.FechaExpedicionFactura)
        + element("Huella", chain.Huella)
    )
    return wrap("Encadenamiento", wrap("RegistroAnterior", inside))


def system(s: SistemaInformatico) -> str:
    """Return the SistemaInformatico block."""
    inside = (
        _identity(s.NombreRazon, s.NIF, s.IDOtro)
        + element("NombreSistemaInformatico", s.NombreSistemaInformatico)
        + element("IdSistemaInformatico", s.IdSistemaInformatico)
        + element("Version", s.Version)
        + element("NumeroInstalacion", s.NumeroInstalacion)
        + element("TipoUsoPosibleSoloVerifactu", s.TipoUsoPosibleSoloVerifactu)
        + element("TipoUsoPosibleMultiOT", s.TipoUsoPosibleMultiOT)
        + element("IndicadorMultiplesOT", s.IndicadorMultiplesOT)
    )
    return wrap("SistemaInformatico", inside)


def system_filter(s: SistemaInformatico | FiltroSistema | None, prefix: str) -> str:
    """Return the SistemaInformatico of a query.

    Of a whole one only what identifies it, so that older versions are found too; of a filter all that it says.
    """
    if s is None:
        return ""
    more = s if isinstance(s, FiltroSistema) else None
    inside = (
        _identity(s.NombreRazon, s.NIF, s.IDOtro)
        + optional("NombreSistemaInformatico", more.NombreSistemaInformatico if more else "")
        + element("IdSistemaInformatico", s.IdSistemaInformatico)
        + optional("Version", more.Version if more else "")
        + element("NumeroInstalacion", s.NumeroInstalacion)
    )
    if more:
        inside += (
            optional("TipoUsoPosibleSoloVerifactu", more.TipoUsoPosibleSoloVerifactu)
            + optional("TipoUsoPosibleMultiOT", more.TipoUsoPosibleMultiOT)
            + optional("IndicadorMultiplesOT", more.IndicadorMultiplesOT)
        )
    return wrap("SistemaInformatico", inside, prefix)


def issue_dates(day: str, span: RangoFechaExpedicion | None, prefix: str) -> str:
    """Return the filter by issue date, which wraps a child of its own name; nothing for neither."""
    inside = optional("FechaExpedicionFactura", day)
    if span:
        inside += wrap("RangoFechaExpedicion", optional("Desde", span.Desde) + optional("Hasta", span.Hasta))
    return wrap("FechaExpedicionFactura", inside, prefix)


def header(c: Cabecera, prefix: str) -> str:
    """Return the Cabecera of a submission or of its answer."""
    voluntary, required = c.RemisionVoluntaria, c.RemisionRequerimiento
    inside = person("ObligadoEmision", c.ObligadoEmision) + person("Representante", c.Representante)
    if voluntary:
        # wrap() leaves it out when both are empty: the block may not travel empty (verifactu.md 2.1).
        inside += wrap(
            "RemisionVoluntaria",
            optional("FechaFinVeriFactu", voluntary.FechaFinVeriFactu) + optional("Incidencia", voluntary.Incidencia),
        )
    if required:
        inside += wrap(
            "RemisionRequerimiento",
            element("RefRequerimiento", required.RefRequerimiento)
            + optional("FinRequerimiento", required.FinRequerimiento),
        )
    return wrap("Cabecera", inside, prefix)


def _identity(name: str, nif: str, other: IDOtro | None) -> str:
    text = element("NombreRazon", name) + optional("NIF", nif)
    if other:
        text += wrap(
            "IDOtro",
            optional("CodigoPais", other.CodigoPais) + element("IDType", other.IDType) + element("ID", other.ID),
        )
    return text


def _detail(line: DetalleDesglose) -> str:
    return (
        optional("Impuesto", line.Impuesto)
        + optional("ClaveRegimen", line.ClaveRegimen)
        + optional("CalificacionOperacion", line.CalificacionOperacion)
        + optional("OperacionExenta", line.OperacionExenta)
        + optional("TipoImpositivo", line.TipoImpositivo)
        + element("BaseImponibleOimporteNoSujeto", line.BaseImponibleOimporteNoSujeto)
        + optional("BaseImponibleACoste", line.BaseImponibleACoste)
        + optional("CuotaRepercutida", line.CuotaRepercutida)
        + optional("TipoRecargoEquivalencia", line.TipoRecargoEquivalencia)
        + optional("CuotaRecargoEquivalencia", line.CuotaRecargoEquivalencia)
    )
