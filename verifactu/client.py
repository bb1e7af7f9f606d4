"""Talk to the AEAT and say honestly how it ended. Nothing here tries twice; the sender decides that.

    what happened                                           outcome       why
    ------------------------------------------------------  ------------  --------------------------------------------
    the expected answer, readable, HTTP 2xx                 Answered      the verdicts are in it
    SOAP fault env:Client                                   Refused       the whole message was turned down, nothing is
                                                                          stored (verifactu.md 7.3, 12.1)
    SOAP fault env:Server                                   ServerFault   their trouble; nowhere is it said that nothing
                                                                          was stored, so ask, then resend
    SOAP fault with another role                            Unknown       not a word of the protocol
    no DNS, TCP, TLS or proxy; connect timed out            NotDelivered  the body had not begun to be sent
    TLS alert about our certificate, early or late          Refused       the handshake failed; TLS 1.3 tells us late,
                                                                          but nothing was read
    HTTP 401, 403                                           Refused       how a wrong or missing certificate is answered
                                                                          (7.1), with a page of HTML
    HTTP 407                                                NotDelivered  said by a proxy on our side
    HTTP 408                                                Unknown       it may have had all of the body
    HTTP 429; 503 with Retry-After                          NotDelivered  turned away at the door, told to return
    other HTTP 4xx; 301, 302, 307, 308                      Refused       by definition not carried out (RFC 9110)
    HTTP 303, other 3xx, 1xx                                Unknown       may follow after it was carried out
    HTTP 5xx without SOAP fault                             Unknown       the service may have finished before
    HTTP 2xx that is HTML, empty or unreadable              Unknown       "yes" without saying to what
    timeout or closed connection once the body had begun    Unknown       it may have arrived whole
    answer cut off, too long or too slow                    Unknown       there was one, and we do not have it

Unknown means: ask first (ConsultaFactuSistemaFacturacion), then decide. It is the answer to every doubt, because asking
once too often costs a query, and sending once too often is answered with 3000.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Generic, TypeAlias, TypeVar

from verifactu import errors
from verifactu.certificates import Certificate
from verifactu.drift import Reading
from verifactu.errors import UnreadableXML
from verifactu.transport import Broken, Reply, Transport, address, soap_action
from verifactu.xml import RespuestaConsulta, RespuestaSuministro, parse_consulta, parse_fault, parse_respuesta

T = TypeVar("T", RespuestaSuministro, RespuestaConsulta)

_PORTS = {
    ("production", False): "SistemaVerifactu",
    ("production", True): "SistemaVerifactuSello",
    ("test", False): "SistemaVerifactuPruebas",
    ("test", True): "SistemaVerifactuSelloPruebas",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Generic[T]):
    """The AEAT answered; `respuesta` holds what, `body` the bytes to keep, `date` its HTTP clock (or empty)."""

    status: int
    body: bytes
    date: str = ""
    respuesta: T


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Turned down as a whole: nothing is stored there. `reason` is for people, `kind` and `code` are for branches.

    kind: fault, certificate, redirect or http.
    """

    reason: str
    kind: str = ""
    code: str = ""
    text: str = ""
    status: int | None = None
    body: bytes = b""
    date: str = ""

    @property
    def temporary(self) -> bool:
        """Whether the trouble is technical and theirs, so that the same message may succeed later."""
        return errors.technical(self.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDelivered:
    """No byte of the message was processed: it may be sent again as it is, after `retry_after` seconds if they said so.

    kind: connection, timeout, tls, proxy or busy.
    """

    reason: str
    kind: str = ""
    text: str = ""
    status: int | None = None
    body: bytes = b""
    date: str = ""
    retry_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Nobody here knows whether it was stored: ask the AEAT before anything else.

    kind: timeout, connection, tls, proxy, cut, too_large, html, unreadable, http or fault.
    """

    reason: str
    kind: str = ""
    code: str = ""
    text: str = ""
    status: int | None = None
    body: bytes = b""
    date: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFault(Unknown):
    """The AEAT says that the fault is its own. The same records go again unchanged once it was asked (kind: fault)."""


Outcome: TypeAlias = Answered[RespuestaSuministro] | Refused | NotDelivered | Unknown
QueryOutcome: TypeAlias = Answered[RespuestaConsulta] | Refused | NotDelivered | Unknown


def _machine_time() -> datetime:
    return datetime.now(UTC)


class Client:
    """One endpoint, one certificate. Build it once and keep it: it holds the TLS context."""

    def __init__(
        self,
        *,
        endpoint: str,
        certificate: Certificate,
        ca_file: str = "",
        timeout: tuple[float, float] = (10, 60),
        now: Callable[[], datetime] = _machine_time,
        heard: Callable[[Reading], None] | None = None,
    ) -> None:
        """Prepare without connecting. `timeout` is (connect, read) in seconds; `ca_file` replaces the system's trust.

        `heard` is given what each answer, also a refusal, shows of the AEAT's clock, beside ours (`now`).

        :raises ValueError: for an endpoint that is not https.
        """
        if not endpoint.lower().startswith("https://"):
            raise ValueError("the AEAT is reached over https only")
        self.endpoint = endpoint
        self._now, self._heard = now, heard
        self._transport = Transport(certificate.ssl_context(ca_file or None), endpoint=endpoint, timeout=timeout)

    def submit(self, body: bytes) -> Outcome:
        """Send one submission (the SOAP message as bytes) and return how it ended; never raises for what they do."""
        return self._call("RegFactuSistemaFacturacion", body, parse_respuesta)

    def query(self, body: bytes) -> QueryOutcome:
        """Send one query and return how it ended."""
        return self._call("ConsultaFactuSistemaFacturacion", body, parse_consulta)

    def _call(
        self, operation: str, body: bytes, read: Callable[[bytes], T]
    ) -> Answered[T] | Refused | NotDelivered | Unknown:
        asked_at = self._now()
        outcome = self._exchange(operation, body, read)
        if self._heard:
            # Only the answer to a submission has it; the name hides behind the type of either answer.
            presented = getattr(getattr(outcome, "respuesta", None), "TimestampPresentacion", "")
            self._heard(Reading(self.endpoint, asked_at, self._now(), outcome.date, presented))
        return outcome

    def _exchange(
        self, operation: str, body: bytes, read: Callable[[bytes], T]
    ) -> Answered[T] | Refused | NotDelivered | Unknown:
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{soap_action(operation)}"'}
        try:
            reply = self._transport.exchange(body, headers)
        except Broken as broken:
            return _judge_broken(broken)
        return _judge(reply, read)


def endpoint_for(environment: str, *, seal: bool) -> str:
    """Return the VERI*FACTU address of our WSDL for an environment and a kind of certificate.

    :raises ValueError: for anything but production and test: a simulator has no address of its own (AEAT_ENDPOINT).
    """
    name = _PORTS.get((environment, seal))
    if name is None:
        raise ValueError(f"no address is known for the environment {environment!r}")
    return address(name)


def _judge_broken(broken: Broken) -> Refused | NotDelivered | Unknown:
    if broken.certificate:
        return Refused(reason="La AEAT no acepta el certificado", kind="certificate", text=broken.text)
    if not broken.sent:
        return NotDelivered(
            reason=f"No se pudo conectar con la AEAT ({broken.kind})", kind=broken.kind, text=broken.text
        )
    return Unknown(
        reason=f"La respuesta de la AEAT no llegó entera ({broken.kind})",
        kind=broken.kind,
        text=broken.text,
        status=broken.status,
        body=broken.body,
        date=broken.headers.get("Date", ""),
    )


def _judge(reply: Reply, read: Callable[[bytes], T]) -> Answered[T] | Refused | NotDelivered | Unknown:
    date = reply.headers.get("Date", "")
    is_html = "html" in reply.headers.get("Content-Type", "").lower()
    text = ""
    if reply.body and not is_html:
        try:
            if 200 <= reply.status < 300:
                return Answered(status=reply.status, body=reply.body, date=date, respuesta=read(reply.body))
        except UnreadableXML as error:
            text = str(error)
        try:
            fault = parse_fault(reply.body)
            if fault is not None:
                return _judge_fault(reply, fault.code, fault.text, fault.client, date)
        except UnreadableXML as error:
            text = str(error)
    page = _title(reply.body)
    return _judge_status(reply, page or text, date, is_html or bool(page))


def _judge_fault(reply: Reply, code: str, text: str, client: bool | None, date: str) -> Refused | Unknown:
    if client:
        return Refused(
            reason=f"La AEAT rechazó el envío completo: {text}",
            kind="fault", code=code, text=text, status=reply.status, body=reply.body, date=date,
        )  # fmt: skip
    kind = ServerFault if client is False else Unknown
    return kind(
        reason=f"Error de la AEAT: {text}",
        kind="fault", code=code, text=text, status=reply.status, body=reply.body, date=date,
    )  # fmt: skip


def _judge_status(reply: Reply, text: str, date: str, is_html: bool) -> Refused | NotDelivered | Unknown:
    status, body = reply.status, reply.body
    retry_after = _retry_after(reply.headers)
    if status in (401, 403):
        return Refused(
            reason=f"La AEAT no admite el acceso con este certificado (HTTP {status})",
            kind="certificate", text=text, status=status, body=body, date=date,
        )  # fmt: skip
    if status in (407, 429) or (status == 503 and retry_after is not None):
        return NotDelivered(
            reason=f"La AEAT no atiende ahora (HTTP {status})" if status != 407 else "El proxy exige identificarse",
            kind="proxy" if status == 407 else "busy",
            text=text, status=status, body=body, date=date, retry_after=retry_after,
        )  # fmt: skip
    if status in (301, 302, 307, 308):
        return Refused(
            reason=f"La AEAT remite a otra dirección (HTTP {status})",
            kind="redirect", text=reply.headers.get("Location", ""), status=status, body=body, date=date,
        )  # fmt: skip
    if 400 <= status < 500 and status != 408:
        return Refused(
            reason=f"La AEAT no admite la petición (HTTP {status})",
            kind="http", text=text, status=status, body=body, date=date,
        )  # fmt: skip
    ok = 200 <= status < 300
    return Unknown(
        reason=f"Respuesta de la AEAT que no se entiende (HTTP {status}{': ' + text if text else ''})",
        kind="html" if is_html else "unreadable" if ok else "http",
        text=text, status=status, body=body, date=date,
    )  # fmt: skip


def _retry_after(headers: Mapping[str, str]) -> int | None:
    """Return the seconds of Retry-After; a date is measured against the server's own Date, not against our clock."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return int(value)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError):
        return None
    return max(0, int(wait.total_seconds()))


def _title(body: bytes) -> str:
    """Return the title of a page of HTML, the one line of it that helps a person; empty if there is none."""
    found = re.search(r"<title[^>]*>([^<]{1,300})", body[:20_000].decode("utf-8", "replace"), re.IGNORECASE)
    return " ".join(html.unescape(found[1]).split()) if found else ""
