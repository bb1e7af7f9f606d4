"""A door like the AEAT's: certificates of a small authority, a TLS server that asks for them and obeys a script.

The server is bare sockets on purpose: it can answer half a page, hang up, or say nothing, as no framework would.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

PASSWORD = "contraseña"
QC_STATEMENTS = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")


class Authority:
    """A root that signs what it is asked to."""

    def __init__(self, name: str = "Autoridad de prueba") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = (
            _builder(subject, subject, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_KEY_CERT_SIGN, critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def issue(
        self,
        subject: dict[x509.ObjectIdentifier, str],
        *,
        qc: bytes = b"",
        host: str = "",
        days: tuple[float, float] = (-1, 30),
    ) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        """Return a certificate and its key; `qc` is the DER of a QcStatements extension.

        It is valid from so many days from now to so many.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(oid, text) for oid, text in subject.items()])
        builder = _builder(name, self.certificate.subject, key.public_key(), days)
        if qc:
            builder = builder.add_extension(x509.UnrecognizedExtension(QC_STATEMENTS, qc), critical=False)
        if host:
            names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256()), key

    def p12(
        self, subject: dict[x509.ObjectIdentifier, str], *, qc: bytes = b"", days: tuple[float, float] = (-1, 30)
    ) -> bytes:
        """Return the certificate as a .p12 file under PASSWORD."""
        certificate, key = self.issue(subject, qc=qc, days=days)
        return pkcs12.serialize_key_and_certificates(
            b"x", key, certificate, None, BestAvailableEncryption(PASSWORD.encode())
        )


@dataclass
class Request:
    """What the server read: the request line and headers as text, the body's bytes, the client's certificate."""

    head: str
    body: bytes
    subject: str


Script = Callable[[ssl.SSLSocket, Request], None]


@dataclass
class Door:
    """A running server: where it is and what it was asked."""

    url: str
    requests: list[Request] = field(default_factory=list)


@contextmanager
def door(
    authority: Authority,
    folder: Path,
    script: Script,
    *,
    clients: Authority | None = None,
    version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
) -> Iterator[Door]:
    """Serve on 127.0.0.1 until the block ends; a client must show a certificate of `clients` (else of `authority`)."""
    certificate, key = authority.issue({NameOID.COMMON_NAME: "127.0.0.1"}, host="127.0.0.1")
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = version
    context.load_cert_chain(pem)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=(clients or authority).pem().decode())
    listener = socket.create_server(("127.0.0.1", 0))
    here = Door(f"https://127.0.0.1:{listener.getsockname()[1]}/wlpl/VerifactuSOAP")
    closing = threading.Event()

    def serve() -> None:
        while not closing.is_set():
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            with raw:
                raw.settimeout(10)
                _answer(context, raw, here, script)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        closing.set()
        # Wakes accept(), which closing a socket in another thread does not.
        with socket.socket() as last:
            last.connect_ex(listener.getsockname())
        listener.close()
        thread.join(10)
        assert not thread.is_alive()


def saying(
    body: bytes, *, status: str = "200 OK", kind: str = "text/xml;charset=UTF-8", headers: str = "", missing: int = 0
) -> Script:
    """Return a script that answers `body`, and hangs up `missing` bytes before its announced end."""
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body) + missing}\r\n"
        f"Date: Sat, 02 Jan 2027 09:15:00 GMT\r\n{headers}\r\n"
    )

    def script(connection: ssl.SSLSocket, request: Request) -> None:
        connection.sendall(head.encode() + body)

    return script


def _answer(context: ssl.SSLContext, raw: socket.socket, here: Door, script: Script) -> None:
    connection = context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)
    try:
        connection.do_handshake()
    except OSError:
        # Let the client read our alert: closing with its request unread would reset the connection.
        _drain(connection.detach())
        return
    try:
        request = _read(connection)
        if request:
            here.requests.append(request)
            script(connection, request)
    except OSError:
        pass  # the client went away, which some scripts are about
    finally:
        connection.close()


def _drain(descriptor: int) -> None:
    with socket.socket(fileno=descriptor) as raw:
        raw.settimeout(10)
        try:
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(65536):
                pass
        except OSError:
            pass


def _read(connection: ssl.SSLSocket) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    text = head.decode("latin-1")
    lengths = [line.partition(":")[2] for line in text.split("\r\n") if line.lower().startswith("content-length")]
    while len(body) < int(lengths[0]):
        body += connection.recv(65536)
    peer = connection.getpeercert() or {}
    return Request(text, body, str(peer.get("subject", "")))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: tuple[float, float] = (-1, 3650)
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
    )


_KEY_CERT_SIGN = x509.KeyUsage(
    digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
    data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
)  # fmt: skip
