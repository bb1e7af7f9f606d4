"""ConsultaFactuSistemaFacturacion: one entry per invoice, with its last accepted record; rejected ones never appear.

Filed, as verifactu.md 7.5 has it, under the month of FechaOperacion, else of FechaExpedicion (peers report the latter
alone: ask for both months). In order of first presentation, page by page.
"""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lxml import etree

from verifactu.simulator.answers import copy, element, envelope, optional, timestamp, wrap
from verifactu.simulator.census import Census
from verifactu.simulator.ledger import Ledger
from verifactu.simulator.messages import Refused
from verifactu.simulator.reading import child, local, text

# The order of DatosRegistroFacturacion, which has room for both kinds of record.
_DATA = (
    "NombreRazonEmisor", "RefExterna", "Subsanacion", "RechazoPrevio", "SinRegistroPrevio", "GeneradoPor", "Generador",
    "TipoFactura", "TipoRectificativa", "FacturasRectificadas", "FacturasSustituidas", "ImporteRectificacion",
    "FechaOperacion", "DescripcionOperacion", "FacturaSimplificadaArt7273", "FacturaSinIdentifDestinatarioArt61d",
    "Macrodato", "EmitidaPorTerceroODestinatario", "Tercero", "Destinatarios", "Cupon", "Desglose", "CuotaTotal",
    "ImporteTotal", "Encadenamiento", "SistemaInformatico", "FechaHoraHusoGenRegistro", "NumRegistroAcuerdoFacturacion",
    "IdAcuerdoSistemaInformatico", "TipoHuella", "Huella",
)  # fmt: skip
# Blocks that the answer's schema declares anew: what is directly inside them is of its namespace too.
_OWN_BLOCKS = frozenset({"FacturasRectificadas", "FacturasSustituidas", "Destinatarios", "Encadenamiento"})

_STATES = {"Correcta": "Correcto", "AceptadaConErrores": "AceptadoConErrores", "Anulada": "Anulado"}
_LONGEST_TEXT = 500

_SELECT = """
SELECT i.id, i.emisor, i.numero, i.fecha, i.state, r.code, r.text, r.xml,
       s.presenter, s.received_at, s.peticion, s.representante, s.fecha_fin, s.incidencia
  FROM invoice i
  JOIN record r ON r.id = i.record_id JOIN chain c ON c.id = r.chain_id JOIN submission s ON s.id = r.submission_id
 WHERE {conditions}
 ORDER BY i.id LIMIT ?
"""


@dataclass(slots=True)
class _Filter:
    """Conditions of a SELECT, with their values."""

    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, condition: str, *values: Any) -> None:
        self.conditions.append(condition)
        self.values += values


@dataclass(frozen=True, slots=True)
class Page:
    """The answer to a query, and how many invoices it shows."""

    message: bytes
    found: int


def answer(content: etree._Element, ledger: Ledger, *, presenter: str, census: Census, page_size: int) -> Page:
    """Return one page of what the query asks for.

    :raises Refused: for a header or filter that the service does not take.
    """
    wanted = _Filter()
    _add_who(wanted, content, presenter, census)
    _add_filter(wanted, content)
    # The conditions are this module's own words; what the query says is in the values.
    rows = ledger.select(_SELECT.format(conditions=" AND ".join(wanted.conditions)), [*wanted.values, page_size + 1])
    shown = rows[:page_size]
    named = text(content, "DatosAdicionalesRespuesta", "MostrarNombreRazonEmisor") == "S"
    with_system = text(content, "DatosAdicionalesRespuesta", "MostrarSistemaInformatico") == "S"
    hidden = {name for name, show in (("NombreRazonEmisor", named), ("SistemaInformatico", with_system)) if not show}
    more = len(rows) > page_size
    period = ("FiltroConsulta", "PeriodoImputacion")
    header = child(content, "Cabecera")
    message = envelope(
        ("sf", "sfLRRC"),
        wrap(
            "sfLRRC:RespuestaConsultaFactuSistemaFacturacion",
            copy(header, "sfLRRC") if header is not None else "",
            wrap(
                "sfLRRC:PeriodoImputacion",
                element("sfLRRC:Ejercicio", text(content, *period, "Ejercicio")),
                element("sfLRRC:Periodo", text(content, *period, "Periodo")),
            ),
            element("sfLRRC:IndicadorPaginacion", "S" if more else "N"),
            element("sfLRRC:ResultadoConsulta", "ConDatos" if shown else "SinDatos"),
            *(_entry(row, hidden) for row in shown),
            wrap("sfLRRC:ClavePaginacion", _identity(shown[-1])) if more else "",
        ),
    )
    return Page(message, len(shown))


def _add_who(wanted: _Filter, content: etree._Element, presenter: str, census: Census) -> None:
    """Restrict to what the presenter may see: as the issuer, as its representative, or as the recipient."""
    issuer = text(content, "Cabecera", "ObligadoEmision", "NIF")
    recipient = text(content, "Cabecera", "Destinatario", "NIF")
    as_representative = text(content, "Cabecera", "IndicadorRepresentante") == "S"
    other = _party(child(content, "FiltroConsulta", "Contraparte"))
    if issuer:
        if not census.knows(issuer):
            raise Refused("4104", issuer)
        if not census.lets(presenter, issuer) and not as_representative:
            raise Refused("4140", f"NIF {presenter}")
        wanted.add("i.emisor = ?", issuer)
        if as_representative:
            wanted.add("s.representante = ?", presenter)
        if other:
            wanted.add("instr(i.recipients, ?)", f"\n{other}\n")
    elif recipient:
        if presenter != recipient:
            raise Refused("4132", f"NIF {presenter}")
        if as_representative:
            raise Refused("1261")
        if text(content, "DatosAdicionalesRespuesta", "MostrarSistemaInformatico") == "S":
            raise Refused("1272")
        wanted.add("instr(i.recipients, ?)", f"\n{recipient}\n")
        if other:
            wanted.add("i.emisor = ?", other)
    else:
        raise Refused("1172")


def _add_filter(wanted: _Filter, content: etree._Element) -> None:
    asked = child(content, "FiltroConsulta")
    if asked is None:  # the schema does not let this through
        raise Refused("4102", "FiltroConsulta")
    period = text(asked, "PeriodoImputacion", "Ejercicio"), text(asked, "PeriodoImputacion", "Periodo")
    wanted.add("i.period = ?", "-".join(period))
    if number := text(asked, "NumSerieFactura"):
        wanted.add("i.numero = ?", number)
    if reference := text(asked, "RefExterna"):
        wanted.add("i.ref_externa = ?", reference)
    _add_dates(wanted, asked)
    system = child(asked, "SistemaInformatico")
    if system is not None:
        wanted.add(
            "c.producer = ? AND c.system_id = ? AND c.installation = ?",
            _producer(system),
            text(system, "IdSistemaInformatico"),
            text(system, "NumeroInstalacion"),
        )
    key = child(asked, "ClavePaginacion")
    if key is not None:
        # A key that names nothing has nothing behind it: the comparison with NULL is true of no row.
        wanted.add(
            "i.id > (SELECT id FROM invoice WHERE emisor = ? AND numero = ? AND fecha = ?)",
            text(key, "IDEmisorFactura"),
            text(key, "NumSerieFactura"),
            text(key, "FechaExpedicionFactura"),
        )


def _add_dates(wanted: _Filter, asked: etree._Element) -> None:
    if day := text(asked, "FechaExpedicionFactura", "FechaExpedicionFactura"):
        wanted.add("i.day = ?", _iso(day))
    span = ("FechaExpedicionFactura", "RangoFechaExpedicion")
    begins, ends = _iso(text(asked, *span, "Desde")), _iso(text(asked, *span, "Hasta"))
    if begins and ends and begins >= ends:
        raise Refused("1250")
    if begins:
        wanted.add("i.day >= ?", begins)
    if ends:
        wanted.add("i.day <= ?", ends)


def _entry(row: sqlite3.Row, hidden: set[str]) -> str:
    record = {local(each): each for each in etree.fromstring(row["xml"])}
    data = (_datum(record[name]) for name in _DATA if name in record and name not in hidden)
    received = timestamp(datetime.fromisoformat(row["received_at"]))
    return wrap(
        "sfLRRC:RegistroRespuestaConsultaFactuSistemaFacturacion",
        wrap("sfLRRC:IDFactura", _identity(row)),
        wrap(
            "sfLRRC:DatosRegistroFacturacion",
            *data,
            optional("sfLRRC:NifRepresentante", row["representante"]),
            optional("sfLRRC:FechaFinVeriFactu", row["fecha_fin"]),
            optional("sfLRRC:Incidencia", row["incidencia"]),
        ),
        wrap(
            "sfLRRC:DatosPresentacion",
            element("sf:NIFPresentador", row["presenter"]),
            element("sf:TimestampPresentacion", received),
            element("sf:IdPeticion", row["peticion"]),
        ),
        wrap(
            "sfLRRC:EstadoRegistro",
            element("sfLRRC:TimestampUltimaModificacion", received),
            element("sfLRRC:EstadoRegistro", _STATES[row["state"]]),
            optional("sfLRRC:CodigoErrorRegistro", row["code"]),
            optional("sfLRRC:DescripcionErrorRegistro", row["text"][:_LONGEST_TEXT]),
        ),
    )


def _datum(source: etree._Element) -> str:
    if local(source) in _OWN_BLOCKS:
        return wrap(f"sfLRRC:{local(source)}", *(copy(each, "sfLRRC") for each in source))
    return copy(source, "sfLRRC")


def _identity(row: sqlite3.Row) -> str:
    return (
        element("sf:IDEmisorFactura", row["emisor"])
        + element("sf:NumSerieFactura", row["numero"])
        + element("sf:FechaExpedicionFactura", row["fecha"])
    )


def _party(who: etree._Element | None) -> str:
    """Return the NIF or other id of a person; empty for nobody."""
    return text(who, "NIF") or text(who, "IDOtro", "ID") if who is not None else ""


def _producer(system: etree._Element) -> str:
    """Return a producer's identity as the ledger writes it (messages.System)."""
    if nif := text(system, "NIF"):
        return nif
    return ":".join(text(system, "IDOtro", name) for name in ("CodigoPais", "IDType", "ID"))


def _iso(fecha: str) -> str:
    return f"{fecha[6:10]}-{fecha[3:5]}-{fecha[0:2]}" if fecha else ""
