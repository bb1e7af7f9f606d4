"""Values into XML, by joining text: a record is written once, when it is made, and that text is stored and sent.

lxml would take five times as long for the same characters, and a tree would have to be written out again for every
sending. Every value passes through the escaping of elements.py; the schema and the AEAT's own files judge the result.
"""

import re
from collections.abc import Iterable

from verifactu.records import Cabecera, RegistroAlta, RegistroAnulacion
from verifactu.xml.elements import (
    breakdown,
    element,
    header,
    invoice,
    invoices,
    issue_dates,
    link,
    optional,
    person,
    recipients,
    replaced_amounts,
    system,
    system_filter,
    wrap,
)
from verifactu.xml.messages import Consulta
from verifactu.xml.namespaces import CONSULTA, INFORMACION, SOAP, SUMINISTRO

# What XML 1.0 cannot hold at all (Char, section 2.2); escaping would not help.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def fragment(registro: RegistroAlta | RegistroAnulacion) -> str:
    """Return the record as one XML element that is complete by itself and inside an envelope.

    An optional element whose value is empty is left out; a mandatory one is written even when empty, for the schema to
    refuse.

    :raises ValueError: for a character that XML cannot hold.
    """
    if isinstance(registro, RegistroAlta):
        name, content = "RegistroAlta", _alta(registro)
    else:
        name, content = "RegistroAnulacion", _anulacion(registro)
    text = f'<sum1:{name} xmlns:sum1="{INFORMACION}">{content}</sum1:{name}>'
    illegal = _FORBIDDEN.search(text)
    if illegal:
        raise ValueError(f"XML cannot hold the character U+{ord(illegal[0]):04X}")
    return text


def envelope(cabecera: Cabecera, fragments: Iterable[str]) -> bytes:
    """Return the whole SOAP message of a submission: 1 to 1000 fragments, as stored, in the order given."""
    start, end = _around(f'xmlns:sum="{SUMINISTRO}" xmlns:sum1="{INFORMACION}"')
    # Joined once: the texts of a thousand records are copied no more often than they must be.
    texts = list(fragments) or [""]
    texts[0] = f"{start}<sum:RegFactuSistemaFacturacion>{header(cabecera, 'sum')}<sum:RegistroFactura>{texts[0]}"
    texts[-1] += f"</sum:RegistroFactura></sum:RegFactuSistemaFacturacion>{end}"
    return "</sum:RegistroFactura><sum:RegistroFactura>".join(texts).encode()


def consulta(query: Consulta) -> bytes:
    """Return the whole SOAP message of a query (verifactu.md 7.5)."""
    period = element("Ejercicio", query.Ejercicio) + element("Periodo", query.Periodo)
    wanted = optional("MostrarNombreRazonEmisor", query.MostrarNombreRazonEmisor, "con") + optional(
        "MostrarSistemaInformatico", query.MostrarSistemaInformatico, "con"
    )
    asked = "".join(
        (
            wrap("PeriodoImputacion", period, "con"),
            optional("NumSerieFactura", query.NumSerieFactura, "con"),
            person("Contraparte", query.Contraparte, "con"),
            issue_dates(query.FechaExpedicionFactura, query.RangoFechaExpedicion, "con"),
            system_filter(query.SistemaInformatico, "con"),
            optional("RefExterna", query.RefExterna, "con"),
            invoice("ClavePaginacion", query.ClavePaginacion, "con"),
        )
    )
    who = (
        element("IDVersion", "1.0")
        + person("ObligadoEmision", query.ObligadoEmision)
        + person("Destinatario", query.Destinatario)
        + optional("IndicadorRepresentante", query.IndicadorRepresentante)
    )
    return soap(
        f'xmlns:con="{CONSULTA}" xmlns:sum1="{INFORMACION}"',
        wrap(
            "ConsultaFactuSistemaFacturacion",
            wrap("Cabecera", who, "con")
            + wrap("FiltroConsulta", asked, "con")
            + wrap("DatosAdicionalesRespuesta", wanted, "con"),
            "con",
        ),
    )


def soap(namespaces: str, content: str) -> bytes:
    """Return a SOAP 1.1 message in UTF-8 around content that is already XML."""
    start, end = _around(namespaces)
    return f"{start}{content}{end}".encode()


def _around(namespaces: str) -> tuple[str, str]:
    """Return what stands before and after the content of a SOAP 1.1 message."""
    prolog = '<?xml version="1.0" encoding="UTF-8"?>'
    start = f'<soapenv:Envelope xmlns:soapenv="{SOAP}" {namespaces}><soapenv:Header/><soapenv:Body>'
    return f"{prolog}\n{start}", "</soapenv:Body></soapenv:Envelope>"


def _alta(r: RegistroAlta) -> str:
    return "".join(
        (
            element("IDVersion", r.IDVersion),
            invoice("IDFactura", r.IDFactura),
            optional("RefExterna", r.RefExterna),
            element("NombreRazonEmisor", r.NombreRazonEmisor),
            optional("Subsanacion", r.Subsanacion),
            optional("RechazoPrevio", r.RechazoPrevio),
            element("TipoFactura", r.TipoFactura),
            optional("TipoRectificativa", r.TipoRectificativa),
            invoices("FacturasRectificadas", "IDFacturaRectificada", r.FacturasRectificadas),
            invoices("FacturasSustituidas", "IDFacturaSustituida", r.FacturasSustituidas),
            replaced_amounts(r.ImporteRectificacion),
            optional("FechaOperacion", r.FechaOperacion),
            element("DescripcionOperacion", r.DescripcionOperacion),
            optional("FacturaSimplificadaArt7273", r.FacturaSimplificadaArt7273),
            optional("FacturaSinIdentifDestinatarioArt61d", r.FacturaSinIdentifDestinatarioArt61d),
            optional("Macrodato", r.Macrodato),
            optional("EmitidaPorTerceroODestinatario", r.EmitidaPorTerceroODestinatario),
            person("Tercero", r.Tercero),
            recipients(r.Destinatarios),
            optional("Cupon", r.Cupon),
            breakdown(r.Desglose),
            element("CuotaTotal", r.CuotaTotal),
            element("ImporteTotal", r.ImporteTotal),
            link(r.Encadenamiento),
            system(r.SistemaInformatico),
            element("FechaHoraHusoGenRegistro", r.FechaHoraHusoGenRegistro),
            optional("NumRegistroAcuerdoFacturacion", r.NumRegistroAcuerdoFacturacion),
            optional("IdAcuerdoSistemaInformatico", r.IdAcuerdoSistemaInformatico),
            element("TipoHuella", r.TipoHuella),
            element("Huella", r.Huella),
        )
    )


def _anulacion(r: RegistroAnulacion) -> str:
    id = (
        element("IDEmisorFacturaAnulada", r.IDFactura.IDEmisorFacturaAnulada)
        + element("NumSerieFacturaAnulada", r.IDFactura.NumSerieFacturaAnulada)
        + element("FechaExpedicionFacturaAnulada", r.IDFactura.FechaExpedicionFacturaAnulada)
    )
    return "".join(
        (
            element("IDVersion", r.IDVersion),
            wrap("IDFactura", id),
            optional("RefExterna", r.RefExterna),
            optional("SinRegistroPrevio", r.SinRegistroPrevio),
            optional("RechazoPrevio", r.RechazoPrevio),
            optional("GeneradoPor", r.GeneradoPor),
            person("Generador", r.Generador),
            link(r.Encadenamiento),
            system(r.SistemaInformatico),
            element("FechaHoraHusoGenRegistro", r.FechaHoraHusoGenRegistro),
            element("TipoHuella", r.TipoHuella),
            element("Huella", r.Huella),
        )
    )
