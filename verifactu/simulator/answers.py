"""What is sent back, as text: an answer of a thousand lines is one join, and every text in it is escaped once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from lxml import etree

from verifactu.simulator.messages import Received, Refused, Submission
from verifactu.simulator.reading import local, trim
from verifactu.simulator.world import Verdict

MADRID = ZoneInfo("Europe/Madrid")
"""The AEAT's zone: its dates are Madrid's, its moments carry +01:00 or +02:00."""

_CONTRACT = "https://www2.agenciatributaria.gob.es/static_files/common/internet/dep/aplicaciones/es/aeat/tike/cont/ws/"
NAMESPACES = {
    "env": "http://schemas.xmlsoap.org/soap/envelope/",
    "sf": f"{_CONTRACT}SuministroInformacion.xsd",
    "sfR": f"{_CONTRACT}RespuestaSuministro.xsd",
    "sfLRRC": f"{_CONTRACT}RespuestaConsultaLR.xsd",
}
# What the contract lets a description hold: of a verdict, and of what is held already.
_LONGEST, _LONGEST_HELD = 1500, 500


@dataclass(frozen=True, slots=True)
class Presentation:
    """The receipt of a submission: who presented it, when (aware), the request's id, the CSV if there is one."""

    nif: str
    at: datetime
    peticion: str
    csv: str


def respuesta(
    submission: Submission, lines: Sequence[tuple[Received, Verdict]], receipt: Presentation, *, wait: int
) -> bytes:
    """Return the answer to a submission. Without anything accepted it carries neither CSV nor presentation (7.2)."""
    presented = ""
    if receipt.csv:
        presented = wrap(
            "sfR:DatosPresentacion",
            element("sf:NIFPresentador", receipt.nif),
            element("sf:TimestampPresentacion", timestamp(receipt.at)),
        )
    return envelope(
        ("sf", "sfR"),
        wrap(
            "sfR:RespuestaRegFactuSistemaFacturacion",
            optional("sfR:CSV", receipt.csv),
            presented,
            wrap("sfR:Cabecera", *(copy(each, "sf") for each in submission.header)),
            element("sfR:TiempoEsperaEnvio", str(wait)),
            element("sfR:EstadoEnvio", estado_envio([verdict for _, verdict in lines])),
            *(_line(record, verdict) for record, verdict in lines),
        ),
    )


def estado_envio(verdicts: Iterable[Verdict]) -> str:
    """Return the sum of the verdicts: all Correcto, all Incorrecto, or ParcialmenteCorrecto (verifactu.md 7.2)."""
    states = {verdict.state for verdict in verdicts}
    return states.pop() if len(states) == 1 and "AceptadoConErrores" not in states else "ParcialmenteCorrecto"


def fault(refused: Refused) -> bytes:
    """Return a SOAP fault that says what to mend before sending again."""
    return client_fault(str(refused))


def client_fault(text: str) -> bytes:
    """Return a SOAP fault that lays the blame on the request."""
    return _fault("env:Client", text)


def server_fault(text: str) -> bytes:
    """Return a SOAP fault for trouble on this side: the same request may be sent again."""
    return _fault("env:Server", text)


def envelope(prefixes: Iterable[str], body: str) -> bytes:
    """Return a SOAP 1.1 message that declares these prefixes."""
    declared = "".join(f' xmlns:{prefix}="{NAMESPACES[prefix]}"' for prefix in ("env", *prefixes))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<env:Envelope{declared}><env:Body>{body}</env:Body></env:Envelope>'
    ).encode()


def element(name: str, text: str) -> str:
    """Return an element with a text."""
    return f"<{name}>{escape(text)}</{name}>"


def optional(name: str, text: str) -> str:
    """Return an element with a text, or nothing when there is no text."""
    return element(name, text) if text else ""


def wrap(name: str, *content: str) -> str:
    """Return an element around what is markup already."""
    return f"<{name}>{''.join(content)}</{name}>"


def copy(source: etree._Element, prefix: str) -> str:
    """Return an element of a request under another prefix, its texts trimmed; what is below belongs to `sf`."""
    name = f"{prefix}:{local(source)}"
    if len(source) == 0:
        return element(name, trim(source.text))
    return wrap(name, *(copy(each, "sf") for each in source))


def timestamp(moment: datetime) -> str:
    """Return a moment as the AEAT writes it: seconds, with Madrid's offset."""
    return moment.astimezone(MADRID).isoformat(timespec="seconds")


def _line(record: Received, verdict: Verdict) -> str:
    registro = record.registro
    return wrap(
        "sfR:RespuestaLinea",
        wrap(
            "sfR:IDFactura",
            element("sf:IDEmisorFactura", record.identity.emisor),
            element("sf:NumSerieFactura", record.identity.numero),
            element("sf:FechaExpedicionFactura", record.identity.fecha),
        ),
        wrap(
            "sfR:Operacion",
            element("sf:TipoOperacion", record.operation),
            optional("sf:Subsanacion", getattr(registro, "Subsanacion", "")),
            optional("sf:RechazoPrevio", registro.RechazoPrevio),
            optional("sf:SinRegistroPrevio", getattr(registro, "SinRegistroPrevio", "")),
        ),
        optional("sfR:RefExterna", registro.RefExterna),
        element("sfR:EstadoRegistro", verdict.state),
        optional("sfR:CodigoErrorRegistro", verdict.code),
        optional("sfR:DescripcionErrorRegistro", verdict.text[:_LONGEST]),
        _duplicate(verdict),
    )


def _duplicate(verdict: Verdict) -> str:
    held = verdict.duplicate
    if held is None:
        return ""
    return wrap(
        "sfR:RegistroDuplicado",
        element("sf:IdPeticionRegistroDuplicado", held.peticion),
        element("sf:EstadoRegistroDuplicado", held.state),
        optional("sf:CodigoErrorRegistro", held.code),
        optional("sf:DescripcionErrorRegistro", held.text[:_LONGEST_HELD]),
    )


def _fault(role: str, text: str) -> bytes:
    return envelope((), wrap("env:Fault", element("faultcode", role), element("faultstring", text)))
