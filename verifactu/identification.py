"""The AEAT's census: is this the name of that NIF? Its web service «Calidad de datos identificativos» (VNifV2).

What is known of it, and from where (its manual, Manual_Tecnico_WS_Masivo_Calidad_Datos_Identificativos.pdf on the
AEAT's sede, is quoted by those who use it; nobody has tried this client against the AEAT yet, «unconfirmed»):

- SOAP 1.1, document/literal, empty SOAPAction, `VNifV2Ent/Contribuyente{Nif, Nombre}` in, `VNifV2Sal/Contribuyente{Nif,
  Nombre, Resultado}` out, thousands of them at once; we ask about one. Namespaces begin with http, as in the manual's
  examples and in the name of the binding that zeep reads from VNifV2.wsdl (invopop/gobl.tin aeat.go, gisce/sii
  server.py, OCA/l10n-spain l10n_es_aeat_partner_check).
- One service, in production, for certificates of persons at www1 and of seals at www10: a question changes nothing, and
  the test environment has no census of its own (gobl.tin). Mutual TLS with any certificate that the sede accepts.
- Resultado, in varying case and spacing: IDENTIFICADO; NO IDENTIFICADO-SIMILAR (natural persons only: the name differs
  in little, and Nombre is the one of the census); NO IDENTIFICADO; IDENTIFICADO-BAJA and IDENTIFICADO-REVOCADO
  (entities only); NO PROCESADO (ask again). An entity is identified by its NIF alone, and Nombre is its name in the
  census; else Nombre repeats what was sent. Nif may come back with another first letter, where an entity has changed
  its form (gobl.tin, after version 1.8 of the manual; eseperio/verifactu-php).
- A request that it cannot read: SOAP fault env:Client, HTTP 500. A certificate that it does not want: 401 or 403.

Whatever is not clearly one of these results is no answer.
"""

from http import HTTPStatus
from typing import Literal
from xml.sax.saxutils import escape

import msgspec

from verifactu.certificates import Certificate
from verifactu.errors import UnreadableXML
from verifactu.transport import Broken, Reply, Transport
from verifactu.xml import parse_fault
from verifactu.xml.nodes import Node
from verifactu.xml.parser import body

PATH = "/wlpl/BURT-JDIT/ws/VNifV2SOAP"
ENDPOINT = f"https://www1.agenciatributaria.gob.es{PATH}"
SEAL_ENDPOINT = f"https://www10.agenciatributaria.gob.es{PATH}"
_CONTRACT = "http://www2.agenciatributaria.gob.es/static_files/common/internet/dep/aplicaciones/es/aeat/burt/jdit/ws/"
REQUEST, ANSWER = f"{_CONTRACT}VNifV2Ent.xsd", f"{_CONTRACT}VNifV2Sal.xsd"

TIMEOUT = (2.0, 4.0)
"""Seconds to connect and to answer: an invoice waits meanwhile, and is issued all the same without an answer."""
LONGEST_KEPT = 64 * 1024

Outcome = Literal["identified", "similar", "not_identified", "deregistered", "revoked", "unavailable"]

RESULTS: dict[str, Outcome] = {
    "IDENTIFICADO": "identified",
    "NOIDENTIFICADO-SIMILAR": "similar",
    "NOIDENTIFICADO": "not_identified",
    "IDENTIFICADO-BAJA": "deregistered",
    "IDENTIFICADO-REVOCADO": "revoked",
}
"""Resultado in capitals without spaces -> what it means. NO PROCESADO says nothing, like one that is not listed."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the AEAT said of a NIF and a name; `raw` is its text as it came, or the error that kept it from coming."""

    outcome: Outcome
    name: str = ""
    """Nombre of the answer."""
    detail: str = ""
    raw: str = ""


class Identifier:
    """The service at one address, with one certificate. Threads may share it."""

    def __init__(self, endpoint: str, certificate: Certificate, *, ca_file: str = "") -> None:
        """Prepare without connecting. `ca_file` replaces the system's trust.

        :raises ValueError: for an endpoint that is not https.
        """
        if not endpoint.lower().startswith("https://"):
            raise ValueError("the AEAT is reached over https only")
        self._transport = Transport(certificate.ssl_context(ca_file or None), endpoint=endpoint, timeout=TIMEOUT)

    def ask(self, nif: str, name: str) -> Answer:
        """Ask about one pair. Never raises for what the network or the other side does."""
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
        try:
            reply = self._transport.exchange(question(nif, name), headers)
        except Broken as broken:
            return Answer(outcome="unavailable", detail=broken.kind, raw=_kept(broken.body) or broken.text)
        return understood(reply, nif)


def question(nif: str, name: str) -> bytes:
    """Return the message that asks about one pair."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/" xmlns:vnif="{REQUEST}">'
        "<env:Header/><env:Body><vnif:VNifV2Ent><vnif:Contribuyente>"
        f"<vnif:Nif>{escape(nif)}</vnif:Nif><vnif:Nombre>{escape(name)}</vnif:Nombre>"
        "</vnif:Contribuyente></vnif:VNifV2Ent></env:Body></env:Envelope>"
    ).encode()


def understood(reply: Reply, nif: str) -> Answer:
    """Return what a reply to a question about `nif` means."""
    raw, nothing = _kept(reply.body), f"HTTP {reply.status}"
    try:
        if fault := parse_fault(reply.body):
            return Answer(outcome="unavailable", detail=fault.text[:200] or nothing, raw=raw)
        answer = Node(body(reply.body))
        about = answer.one("Contribuyente")
    except UnreadableXML:
        return Answer(outcome="unavailable", detail=nothing, raw=raw)
    told, result = about.text("Nif").strip().upper(), about.text("Resultado")
    outcome = RESULTS.get("".join(result.upper().split()))
    # The digits: the letter of an entity may have become another one.
    if reply.status != HTTPStatus.OK or answer.name != "VNifV2Sal" or outcome is None or told[1:8] != nif[1:8]:
        return Answer(outcome="unavailable", detail=" ".join(result.split())[:200] or nothing, raw=raw)
    return Answer(outcome=outcome, name=" ".join(about.text("Nombre").split())[:200], raw=raw)


def _kept(data: bytes) -> str:
    # NUL is valid UTF-8 and no text of PostgreSQL.
    return data[:LONGEST_KEPT].decode("utf-8", "replace").replace("\0", "")
