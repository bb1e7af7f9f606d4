"""The certificate that opens the AEAT's door: what a .p12 file says, and how it reaches OpenSSL.

Key material never touches a disk that keeps it: CPython wants a path, and gets one into memory on Linux, elsewhere that
of a file only we can read, unlinked before anything is sent.
"""

import os
import ssl
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from cryptography.x509.oid import NameOID

from verifactu.errors import NoPrivateKey, NotPKCS12, WrongPassword

_QC_STATEMENTS = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")
# ETSI EN 319 412-5, 4.2.3: the kind of qualified certificate, as DER object identifiers 0.4.0.1862.1.6.1 and .2.
_ESIGN = bytes.fromhex("060704008e46010601")
_ESEAL = bytes.fromhex("060704008e46010602")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its private key; equal certificates are equal values, and neither shows its key."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()
    _key: PrivateKeyTypes = field(repr=False, compare=False, kw_only=True)

    @classmethod
    def from_pkcs12(cls, data: bytes, password: str) -> "Certificate":
        """Read a .p12 or .pfx file, the old RC2 and 3DES ones of the FNMT too.

        :raises NotPKCS12: for another kind of file, or one that was cut off.
        :raises WrongPassword: when the password does not open it; damage inside looks the same.
        :raises NoPrivateKey: when it holds no certificate with its key.
        """
        if not _is_whole_pfx(data):
            raise NotPKCS12
        try:
            content = pkcs12.load_pkcs12(data, password.encode())
        except (ValueError, TypeError) as error:
            raise WrongPassword from error
        if content.key is None or content.cert is None:
            raise NoPrivateKey
        return cls(
            content.cert.certificate,
            tuple(extra.certificate for extra in content.additional_certs),
            _key=content.key,
        )

    @property
    def nif(self) -> str:
        """The NIF in whose name it acts: the organisation's if it names one, else the person's; empty if none.

        ETSI EN 319 412-1, 5.1: organizationIdentifier `VATES-B12345678`, serialNumber `IDCES-12345678Z`.
        """
        return self._identifier(NameOID.ORGANIZATION_IDENTIFIER) or self._identifier(NameOID.SERIAL_NUMBER)

    @property
    def holder_nif(self) -> str:
        """The NIF of the person who holds it, a representative for instance; empty for a seal."""
        return "" if self.is_seal else self._identifier(NameOID.SERIAL_NUMBER)

    @property
    def holder_name(self) -> str:
        """The name to show: the organisation's, else the common name."""
        return self._text(NameOID.ORGANIZATION_NAME) or self._text(NameOID.COMMON_NAME)

    @property
    def not_before(self) -> datetime:
        """The moment from which it is valid, aware, in UTC."""
        return self.certificate.not_valid_before_utc

    @property
    def sha256(self) -> str:
        """Its fingerprint (hex): which certificate it is, whatever file it came in."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def not_after(self) -> datetime:
        """The moment it expires, aware, in UTC."""
        return self.certificate.not_valid_after_utc

    @property
    def is_seal(self) -> bool:
        """Whether it is a company seal, which the AEAT serves at hosts of its own (verifactu.md 1.6).

        Told by its QcType statement; a certificate without one is a seal when it names an organisation and no person.
        """
        kind = self._qualified_type()
        if kind is not None:
            return kind == "seal"
        names_person = any(self._text(oid) for oid in (NameOID.SURNAME, NameOID.GIVEN_NAME))
        return bool(self._text(NameOID.ORGANIZATION_IDENTIFIER)) and not names_person

    def ssl_context(self, ca_file: str | None = None) -> ssl.SSLContext:
        """Return a client context with this certificate: TLS 1.2 or later, server and host name verified.

        With `ca_file` (PEM) only its authorities are trusted, without it those of the system.
        """
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        with _key_file(self._pem()) as path:
            context.load_cert_chain(path)
        return context

    def _pem(self) -> bytes:
        key = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + b"".join(cert.public_bytes(Encoding.PEM) for cert in (self.certificate, *self.chain))

    def _qualified_type(self) -> str | None:
        try:
            statements = self.certificate.extensions.get_extension_for_oid(_QC_STATEMENTS).value
        except x509.ExtensionNotFound:
            return None
        der = statements.value if isinstance(statements, x509.UnrecognizedExtension) else b""
        return "seal" if _ESEAL in der else "signature" if _ESIGN in der else None

    def _identifier(self, oid: x509.ObjectIdentifier) -> str:
        text = self._text(oid).upper()
        # VATES-, IDCES- and the like: three letters of kind, two of country; older certificates have the bare NIF.
        kind, dash, number = text.partition("-")
        return number if dash and len(kind) == 5 else text

    def _text(self, oid: x509.ObjectIdentifier) -> str:
        found = self.certificate.subject.get_attributes_for_oid(oid)
        return str(found[0].value).strip() if found else ""


def _is_whole_pfx(data: bytes) -> bool:
    """Tell whether the bytes are one DER SEQUENCE of their very length that begins with version 3 (RFC 7292, 4)."""
    if len(data) < 8 or data[0] != 0x30:
        return False
    count = data[1] & 0x7F if data[1] & 0x80 else 0
    length = int.from_bytes(data[2 : 2 + count]) if count else data[1]
    body = data[2 + count :]
    # Java and old Windows exports use the indefinite form (80 … 00 00), whose length nobody tells.
    whole = body.endswith(b"\0\0") if data[1] == 0x80 else len(body) == length
    return whole and body.startswith(b"\x02\x01\x03")


@contextmanager
def _key_file(pem: bytes) -> Iterator[str]:
    """Lend a path to the key material for as long as OpenSSL reads it."""
    if sys.platform == "linux":
        descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
        with os.fdopen(descriptor, "wb") as memory:
            memory.write(pem)
            memory.flush()
            yield f"/proc/self/fd/{descriptor}"
    else:
        descriptor, path = tempfile.mkstemp(prefix="encadena-")  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(pem)
            yield path
        finally:
            Path(path).unlink()
