"""A sender of the tests' own: writes messages by hand, hashes with hashlib, speaks TLS with http.client."""

import hashlib
import http.client
import ssl
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from lxml import etree

BASE = "https://www2.agenciatributaria.gob.es/static_files/common/internet/dep/aplicaciones/es/aeat/tike/cont/ws/"
ENVELOPE = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:l="{base}SuministroLR.xsd" '
    'xmlns:q="{base}ConsultaLR.xsd" xmlns:s="{base}SuministroInformacion.xsd">'
    "<e:Header/><e:Body>{body}</e:Body></e:Envelope>"
)
MADRID = ZoneInfo("Europe/Madrid")
COMPANY, CUSTOMER, PRODUCER = "B12345674", "89890002E", "89890003T"


def sha(text: str) -> str:
    """The huella of a string ("Huella o hash" 0.1.2, section 2)."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest().upper()


@dataclass
class Clock:
    """A clock that tests move."""

    moment: datetime

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass
class Chain:
    """The sender's side of one chain: it seals each record to the one it made before."""

    clock: Clock
    nif: str = COMPANY
    installation: str = "20260101T090000-0001"
    last: tuple[str, str, str, str] | None = None
    made: list[str] = field(default_factory=list)

    def alta(
        self,
        number: str,
        *,
        fecha: str = "",
        flags: str = "",
        total: str = "121.00",
        cuota: str = "21.00",
        stamp: str = "",
        huella: str = "",
        previous: tuple[str, str, str, str] | str | None = "last",
        ref: str = "",
        operacion: str = "",
        customer: str = CUSTOMER,
        issuer: str = "",
    ) -> str:
        """A RegistroAlta of 100 euros at 21 %, an F1; what is given departs from that."""
        fecha, stamp, before = fecha or self.today(), stamp or self.stamp(), self._before(previous)
        issuer = issuer or self.nif
        sealed = sha(
            f"IDEmisorFactura={issuer}&NumSerieFactura={number}&FechaExpedicionFactura={fecha}&TipoFactura=F1"
            f"&CuotaTotal={cuota}&ImporteTotal={total}&Huella={before[3] if before else ''}"
            f"&FechaHoraHusoGenRegistro={stamp}"
        )
        huella = huella or sealed
        self._remember((issuer, number, fecha, huella))
        return (
            "<l:RegistroFactura><s:RegistroAlta><s:IDVersion>1.0</s:IDVersion>"
            f"<s:IDFactura><s:IDEmisorFactura>{issuer}</s:IDEmisorFactura>"
            f"<s:NumSerieFactura>{escape(number)}</s:NumSerieFactura>"
            f"<s:FechaExpedicionFactura>{fecha}</s:FechaExpedicionFactura></s:IDFactura>"
            f"{_optional('RefExterna', ref)}<s:NombreRazonEmisor>TIENDA DE PRUEBAS SL</s:NombreRazonEmisor>{flags}"
            f"<s:TipoFactura>F1</s:TipoFactura>{_optional('FechaOperacion', operacion)}"
            "<s:DescripcionOperacion>Venta de mercancía</s:DescripcionOperacion>"
            "<s:Destinatarios><s:IDDestinatario><s:NombreRazon>Clara Ejemplo &amp; Hijos</s:NombreRazon>"
            f"<s:NIF>{customer}</s:NIF></s:IDDestinatario></s:Destinatarios>"
            "<s:Desglose><s:DetalleDesglose><s:Impuesto>01</s:Impuesto><s:ClaveRegimen>01</s:ClaveRegimen>"
            "<s:CalificacionOperacion>S1</s:CalificacionOperacion><s:TipoImpositivo>21.00</s:TipoImpositivo>"
            "<s:BaseImponibleOimporteNoSujeto>100.00</s:BaseImponibleOimporteNoSujeto>"
            "<s:CuotaRepercutida>21.00</s:CuotaRepercutida></s:DetalleDesglose></s:Desglose>"
            f"<s:CuotaTotal>{cuota}</s:CuotaTotal><s:ImporteTotal>{total}</s:ImporteTotal>"
            f"{self._tail(before, stamp, huella)}</s:RegistroAlta></l:RegistroFactura>"
        )

    def anulacion(self, number: str, *, fecha: str = "", flags: str = "", stamp: str = "") -> str:
        """A RegistroAnulacion of that invoice."""
        fecha, stamp, before = fecha or self.today(), stamp or self.stamp(), self._before("last")
        huella = sha(
            f"IDEmisorFacturaAnulada={self.nif}&NumSerieFacturaAnulada={number}&FechaExpedicionFacturaAnulada={fecha}"
            f"&Huella={before[3] if before else ''}&FechaHoraHusoGenRegistro={stamp}"
        )
        self._remember((self.nif, number, fecha, huella))
        return (
            "<l:RegistroFactura><s:RegistroAnulacion><s:IDVersion>1.0</s:IDVersion>"
            f"<s:IDFactura><s:IDEmisorFacturaAnulada>{self.nif}</s:IDEmisorFacturaAnulada>"
            f"<s:NumSerieFacturaAnulada>{escape(number)}</s:NumSerieFacturaAnulada>"
            f"<s:FechaExpedicionFacturaAnulada>{fecha}</s:FechaExpedicionFacturaAnulada></s:IDFactura>{flags}"
            f"{self._tail(before, stamp, huella)}</s:RegistroAnulacion></l:RegistroFactura>"
        )

    def submission(self, *records: str, header: str = "") -> bytes:
        """The message that carries these records."""
        body = (
            "<l:RegFactuSistemaFacturacion><l:Cabecera><s:ObligadoEmision>"
            f"<s:NombreRazon>TIENDA DE PRUEBAS SL</s:NombreRazon><s:NIF>{self.nif}</s:NIF></s:ObligadoEmision>{header}"
            f"</l:Cabecera>{''.join(records)}</l:RegFactuSistemaFacturacion>"
        )
        return ENVELOPE.format(base=BASE, body=body).encode()

    def query(self, filters: str = "", *, year: str = "", month: str = "", who: str = "", extra: str = "") -> bytes:
        """A query for a month, this one if none is given."""
        today = self.clock().astimezone(MADRID)
        who = who or (
            "<s:ObligadoEmision><s:NombreRazon>TIENDA DE PRUEBAS SL</s:NombreRazon>"
            f"<s:NIF>{self.nif}</s:NIF></s:ObligadoEmision>"
        )
        body = (
            f"<q:ConsultaFactuSistemaFacturacion><q:Cabecera><s:IDVersion>1.0</s:IDVersion>{who}</q:Cabecera>"
            f"<q:FiltroConsulta><q:PeriodoImputacion><s:Ejercicio>{year or today.strftime('%Y')}</s:Ejercicio>"
            f"<s:Periodo>{month or today.strftime('%m')}</s:Periodo></q:PeriodoImputacion>{filters}</q:FiltroConsulta>"
            f"{extra}</q:ConsultaFactuSistemaFacturacion>"
        )
        return ENVELOPE.format(base=BASE, body=body).encode()

    def today(self) -> str:
        return self.clock().astimezone(MADRID).strftime("%d-%m-%Y")

    def stamp(self) -> str:
        return self.clock().astimezone(MADRID).isoformat(timespec="seconds")

    def _before(self, previous: tuple[str, str, str, str] | str | None) -> tuple[str, str, str, str] | None:
        return self.last if isinstance(previous, str) else previous

    def _remember(self, link: tuple[str, str, str, str]) -> None:
        self.last = link
        self.made.append(link[3])

    def _tail(self, before: tuple[str, str, str, str] | None, stamp: str, huella: str) -> str:
        link = "<s:PrimerRegistro>S</s:PrimerRegistro>"
        if before:
            link = (
                f"<s:RegistroAnterior><s:IDEmisorFactura>{before[0]}</s:IDEmisorFactura>"
                f"<s:NumSerieFactura>{escape(before[1])}</s:NumSerieFactura>"
                f"<s:FechaExpedicionFactura>{before[2]}</s:FechaExpedicionFactura>"
                f"<s:Huella>{before[3]}</s:Huella></s:RegistroAnterior>"
            )
        return (
            f"<s:Encadenamiento>{link}</s:Encadenamiento>"
            f"<s:SistemaInformatico><s:NombreRazon>PRODUCTOR DE PRUEBAS SL</s:NombreRazon><s:NIF>{PRODUCER}</s:NIF>"
            "<s:NombreSistemaInformatico>Pruebas</s:NombreSistemaInformatico>"
            "<s:IdSistemaInformatico>P1</s:IdSistemaInformatico><s:Version>1</s:Version>"
            f"<s:NumeroInstalacion>{self.installation}</s:NumeroInstalacion>"
            "<s:TipoUsoPosibleSoloVerifactu>S</s:TipoUsoPosibleSoloVerifactu>"
            "<s:TipoUsoPosibleMultiOT>S</s:TipoUsoPosibleMultiOT><s:IndicadorMultiplesOT>N</s:IndicadorMultiplesOT>"
            f"</s:SistemaInformatico><s:FechaHoraHusoGenRegistro>{stamp}</s:FechaHoraHusoGenRegistro>"
            f"<s:TipoHuella>01</s:TipoHuella><s:Huella>{huella}</s:Huella>"
        )


SUBSANACION = "<s:Subsanacion>S</s:Subsanacion>"


def flag(name: str, value: str) -> str:
    """An element of a record."""
    return _optional(name, value)


def _optional(name: str, text: str) -> str:
    return f"<s:{name}>{escape(text)}</s:{name}>" if text else ""


def body(message: bytes) -> etree._Element:
    """The element inside the SOAP body."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    content = etree.fromstring(message, parser).find("{http://schemas.xmlsoap.org/soap/envelope/}Body")
    assert content is not None
    return content[0]


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def content(self) -> etree._Element:
        """The element inside the SOAP body."""
        return body(self.body)

    def texts(self, name: str) -> list[str]:
        """The text of every element of that local name, in order."""
        return [found.text or "" for found in self.content.iter(f"{{*}}{name}")]

    def text(self, name: str) -> str:
        """The text of the first one; empty when there is none."""
        return next(iter(self.texts(name)), "")

    @property
    def verdicts(self) -> list[tuple[str, str]]:
        """(state, code) of each line."""
        lines = self.content.findall("{*}RespuestaLinea")
        return [
            (line.findtext("{*}EstadoRegistro") or "", line.findtext("{*}CodigoErrorRegistro") or "") for line in lines
        ]


class Client:
    """Speaks to an endpoint with a certificate, or with none; a connection a request unless it is kept."""

    def __init__(self, endpoint: str, ca_file: Path, p12: bytes | None, password: str, *, folder: Path) -> None:
        self.address = urlsplit(endpoint)
        self.context = ssl.create_default_context(cafile=str(ca_file))
        if p12 is not None:
            key, certificate, _ = pkcs12.load_key_and_certificates(p12, password.encode())
            assert key is not None
            assert certificate is not None
            pem = folder / f"{certificate.serial_number}.pem"
            pem.write_bytes(
                key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
                + certificate.public_bytes(Encoding.PEM)
            )
            self.context.load_cert_chain(pem)

    def connect(self, *, timeout: float = 20) -> http.client.HTTPSConnection:
        """A connection that the caller keeps and closes."""
        assert self.address.hostname is not None
        return http.client.HTTPSConnection(
            self.address.hostname, self.address.port, context=self.context, timeout=timeout
        )

    def post(self, message: bytes, *, timeout: float = 20, method: str = "POST", path: str = "") -> Answer:
        """Send one request on a connection of its own."""
        with closing(self.connect(timeout=timeout)) as connection:
            return self.on(connection, message, method, path)

    def on(
        self, connection: http.client.HTTPSConnection, message: bytes, method: str = "POST", path: str = ""
    ) -> Answer:
        """Send one request on a kept connection."""
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
        connection.request(method, path or self.address.path, message or None, headers)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
