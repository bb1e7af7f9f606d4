"""What arrives: bytes that may be hostile, then XML, then a message of the contract, then values."""

import threading
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from verifactu.records import Cabecera, Registro, RegistroAlta, RegistroAnulacion
from verifactu.simulator.reading import local, read
from verifactu.simulator.texts import TEXTS

SCHEMA = Path(__file__).parent.parent / "schemas" / "mensajes.xsd"
MAX_RECORDS = 1000

_CONTRACT = "https://www2.agenciatributaria.gob.es/static_files/common/internet/dep/aplicaciones/es/aeat/tike/cont/ws/"
SUBMISSION = f"{{{_CONTRACT}SuministroLR.xsd}}RegFactuSistemaFacturacion"
QUERY = f"{{{_CONTRACT}ConsultaLR.xsd}}ConsultaFactuSistemaFacturacion"
_RECORD = f"{{{_CONTRACT}SuministroLR.xsd}}RegistroFactura"
_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"


class Refused(Exception):
    """The whole request is answered with a SOAP fault; `code` is the AEAT's, `detail` says where."""

    def __init__(self, code: str, detail: str = "") -> None:
        self.code, self.detail = code, detail
        super().__init__(f"Codigo[{code}].{TEXTS[code]}" + (f": {detail}" if detail else ""))


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes an invoice one for the AEAT (verifactu.md 3); the date as dd-mm-yyyy."""

    emisor: str
    numero: str
    fecha: str


@dataclass(frozen=True, slots=True)
class System:
    """A billing system of a taxpayer, and so a chain (verifactu.md 1.5): its producer, code and installation."""

    obligado: str
    producer: str
    system_id: str
    installation: str


@dataclass(frozen=True, slots=True)
class Received:
    """One record of a submission: its values, and the XML that they were read from."""

    registro: Registro
    identity: Identity
    system: System
    xml: bytes

    @property
    def operation(self) -> str:
        """Alta or Anulacion."""
        return "Alta" if isinstance(self.registro, RegistroAlta) else "Anulacion"


@dataclass(frozen=True, slots=True)
class Submission:
    """A RegFactuSistemaFacturacion that meets the schema; `header` is its Cabecera as it came."""

    cabecera: Cabecera
    header: etree._Element
    records: tuple[Received, ...]

    @property
    def incidencia(self) -> bool:
        """Whether the sender says that an incident delayed these records."""
        return bool(self.cabecera.RemisionVoluntaria and self.cabecera.RemisionVoluntaria.Incidencia == "S")


class Reader:
    """Turns requests into messages, with one schema for all threads."""

    def __init__(self, schema: Path = SCHEMA) -> None:
        self._schema = etree.XMLSchema(etree.parse(str(schema), _parser()))
        self._lock = threading.Lock()

    def content(self, request: bytes) -> etree._Element:
        """Return the content of the SOAP body, which meets the schema.

        :raises Refused: 4138 empty, 4119 not UTF-8, 4103 unreadable or with a DOCTYPE, 4114 too many records, 4102
            anything else that the contract does not know.
        """
        content = opened(request)
        if content.tag not in (SUBMISSION, QUERY):
            raise Refused("4102", f"{local(content)} no es una operación de este servicio")
        if len(content.findall(_RECORD)) > MAX_RECORDS:
            raise Refused("4114", str(MAX_RECORDS))
        # A schema keeps the errors of its last validation: one at a time.
        with self._lock:
            try:
                self._schema.assertValid(content)
            except etree.DocumentInvalid as error:
                raise Refused("4102", _readable(str(error))) from error
        return content


def submission(content: etree._Element) -> Submission:
    """Return the values of a submission."""
    header = content[0]
    cabecera = read(Cabecera, header)
    return Submission(
        cabecera=cabecera,
        header=header,
        records=tuple(_received(wrapper[0], cabecera.ObligadoEmision.NIF) for wrapper in content.findall(_RECORD)),
    )


def _received(element: etree._Element, obligado: str) -> Received:
    registro: Registro
    if local(element) == "RegistroAlta":
        registro = read(RegistroAlta, element)
        alta = registro.IDFactura
        identity = Identity(alta.IDEmisorFactura, alta.NumSerieFactura, alta.FechaExpedicionFactura)
    else:
        registro = read(RegistroAnulacion, element)
        annulled = registro.IDFactura
        identity = Identity(
            annulled.IDEmisorFacturaAnulada, annulled.NumSerieFacturaAnulada, annulled.FechaExpedicionFacturaAnulada
        )
    system = registro.SistemaInformatico
    other = system.IDOtro
    producer = system.NIF or (f"{other.CodigoPais}:{other.IDType}:{other.ID}" if other else "")
    return Received(
        registro=registro,
        identity=identity,
        system=System(obligado, producer, system.IdSistemaInformatico, system.NumeroInstalacion),
        xml=etree.tostring(element, encoding="utf-8", with_tail=False),
    )


def opened(request: bytes) -> etree._Element:
    """Return the content of a SOAP body, whatever its service.

    :raises Refused: 4138 empty, 4119 not UTF-8, 4103 unreadable or with a DOCTYPE, 4102 without an envelope.
    """
    return _body(_parse(request))


def _parse(request: bytes) -> etree._Element:
    if not request.strip():
        raise Refused("4138")
    try:
        request.decode()
    except UnicodeDecodeError as error:
        raise Refused("4119") from error
    try:
        root = etree.fromstring(request, _parser())
    except etree.XMLSyntaxError as error:
        raise Refused("4103", error.msg) from error
    about: etree.DocInfo = root.getroottree().docinfo
    if about.doctype:  # type: ignore[attr-defined]
        raise Refused("4103", "no se admite DOCTYPE")
    if (about.encoding or "UTF-8").upper() not in ("UTF-8", "ASCII", "US-ASCII"):
        raise Refused("4119", str(about.encoding))
    return root


def _body(root: etree._Element) -> etree._Element:
    body = root.find(f"{_SOAP}Body") if root.tag == f"{_SOAP}Envelope" else None
    if body is None or len(body) != 1:
        raise Refused("4102", "se espera un sobre SOAP 1.1 con una operación")
    return body[0]


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )


def _readable(message: str) -> str:
    """Return a message of the schema without the namespaces in braces."""
    parts = message.split("{")
    return parts[0] + "".join(part.partition("}")[2] for part in parts[1:])
