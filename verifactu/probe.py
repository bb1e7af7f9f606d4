"""Ask an AEAT address whether it takes a certificate, without sending anything: one GET, which it answers with a fault.

The answer also tells its time. What can go wrong on the way has a name each, because each has another remedy.
"""

import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from verifactu.certificates import Certificate
from verifactu.drift import Reading
from verifactu.transport import Broken, Transport, causes

TIMEOUT = (5.0, 10.0)
"""Seconds to connect and to answer: a person waits for it."""


@dataclass(frozen=True, slots=True)
class Probe:
    """How it went: `kind` is ok, dns, refused, timeout, untrusted, other_name, tls, certificate, turned_away,
    not_there, proxy or connection; `text` is the other side's or the system's own word."""

    kind: str
    text: str = ""
    status: int | None = None
    reading: Reading | None = None


def probe(endpoint: str, certificate: Certificate, *, ca_file: str, now: Callable[[], datetime]) -> Probe:
    """Ask once. Never raises for what the other side or the network does.

    :raises OSError: when `ca_file` cannot be read.
    """
    transport = Transport(certificate.ssl_context(ca_file or None), endpoint=endpoint, timeout=TIMEOUT)
    asked_at = now()
    try:
        reply = transport.look()
    except Broken as broken:
        innermost = [cause for cause in causes(broken) if isinstance(cause, OSError) and cause.args]
        return Probe(_kind(broken), broken.text if broken.certificate or not innermost else str(innermost[-1]))
    reading = Reading(endpoint, asked_at, now(), reply.headers.get("Date", ""))
    title = re.search(rb"<title[^>]*>([^<]{1,200})", reply.body[:20_000], re.IGNORECASE)
    text = title[1].decode("utf-8", "replace").strip() if title else ""
    if reply.status in (401, 403):
        return Probe("turned_away", text, reply.status, reading)
    if reply.status == 404:
        return Probe("not_there", text, reply.status, reading)
    return Probe("ok", text, reply.status, reading)


def _kind(broken: Broken) -> str:
    if broken.certificate:
        return "certificate"
    for cause in causes(broken):
        if isinstance(cause, socket.gaierror):
            return "dns"
        if isinstance(cause, ConnectionRefusedError):
            return "refused"
        if isinstance(cause, ssl.SSLCertVerificationError):
            # X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH
            return "other_name" if cause.verify_code in (62, 64) else "untrusted"
    return broken.kind if broken.kind in ("timeout", "tls", "proxy") else "connection"
