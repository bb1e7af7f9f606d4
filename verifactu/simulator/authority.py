"""The simulator's own certificate authority: whom it lets in, and what it shows of itself.

Client certificates have the subjects of Spanish qualified ones (ETSI EN 319 412-1, 5.1.3 and 5.1.4): a person is
`serialNumber=IDCES-<NIF>`, a company `organizationIdentifier=VATES-<NIF>`. They open this simulator and nothing else.
"""

import re
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from verifactu.simulator import folder
from verifactu.simulator.census import well_formed

_CA_YEARS, _CLIENT_YEARS, _SERVER_DAYS = 20, 4, 397
_REPRESENTATIVE = ("00000000T", "PERSONA", "DE PRUEBAS")
"""Who holds the certificates of companies: a NIF that nobody has, and a name."""

_COMPANY = re.compile("[ABCDEFGHJNPQRSUVW]")
_QC_STATEMENTS = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")
# ETSI EN 319 412-5, 4.2.3: SEQUENCE { SEQUENCE { id-etsi-qcs-QcType, SEQUENCE { esign or eseal } } }, in DER.
_QC_TYPE = "3015301306060400 8e460106 3009 06070400 8e4601 06{kind}"
_ESIGN, _ESEAL = "01", "02"
_ESEAL_TYPE = bytes.fromhex("060704008e46010602")


class Authority:
    """The authority of one directory; made there by whoever comes first."""

    def __init__(self, directory: Path) -> None:
        directory = folder.prepare(directory)
        self.ca_file = directory / "ca.pem"
        """What a client must trust (AEAT_CA_FILE)."""
        secret = directory / "authority.pem"
        with folder.alone(directory):
            if not secret.exists():
                folder.write(secret, _new_authority())
            pem = secret.read_bytes()
            self._key = load_pem_private_key(pem, None)
            self._certificate = x509.load_pem_x509_certificate(pem)
            public = self._certificate.public_bytes(Encoding.PEM)
            if not self.ca_file.exists() or self.ca_file.read_bytes() != public:
                folder.write(self.ca_file, public)

    def client_certificate(
        self,
        nif: str,
        name: str,
        *,
        seal: bool = False,
        password: str,
        begins: datetime | None = None,
        ends: datetime | None = None,
    ) -> bytes:
        """Return a PKCS#12 file with certificate, key and authority, good for four years unless it is said otherwise.

        A person's NIF gives a personal certificate, a company's that of its representative, `seal` a company seal.

        :raises ValueError: for a NIF of the wrong shape, or the seal of a person.
        """
        nif = nif.strip().upper()
        if not well_formed(nif):
            raise ValueError(f"{nif} is not a NIF: nine letters and digits without spaces")
        company = _COMPANY.match(nif) is not None
        if seal and not company:
            raise ValueError(f"{nif} is a person's NIF; only a company has a seal")
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        begins = begins or _machine_time() - timedelta(days=1)
        ends = ends or begins + timedelta(days=365 * _CLIENT_YEARS)
        builder = (
            self._issue(_subject(nif, name, company=company, seal=seal), key.public_key(), begins=begins)
            .not_valid_after(min(ends, self._certificate.not_valid_after_utc))
            .add_extension(_usage(digital_signature=True, key_encipherment=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(_kind(seal=seal), critical=False)
        )
        certificate = builder.sign(self._key, hashes.SHA256())  # type: ignore[arg-type]
        return pkcs12.serialize_key_and_certificates(
            name.encode(), key, certificate, [self._certificate], BestAvailableEncryption(password.encode())
        )

    def server_context(self, host: str, *, asks: bool = True, flaw: str = "") -> ssl.SSLContext:
        """Return the server's side of TLS 1.2 or later, with a new certificate for localhost and `host`.

        A client without certificate is let through the handshake, to be answered with 403 as the AEAT does; one with a
        certificate of somebody else is not.

        :param asks: whether clients are asked for a certificate.
        :param flaw: what is wrong with the server's: unknown_authority, expired or wrong_host.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        begins = _machine_time() - timedelta(days=2 if flaw == "expired" else 1)
        lasts = timedelta(days=1 if flaw == "expired" else _SERVER_DAYS)
        others = [x509.DNSName("otro-servidor.invalid")]
        names = x509.SubjectAlternativeName(others if flaw == "wrong_host" else _alternatives(host))
        signing = self._key
        if flaw == "unknown_authority":
            signing = load_pem_private_key(_new_authority(), None)
        certificate = (
            self._issue(_name((NameOID.COMMON_NAME, "localhost")), key.public_key(), begins=begins)
            .not_valid_after(begins + lasts)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(names, critical=False)
            .sign(signing, hashes.SHA256())  # type: ignore[arg-type]
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(self.ca_file)
        context.verify_mode = ssl.CERT_OPTIONAL if asks else ssl.CERT_NONE
        with tempfile.NamedTemporaryFile(dir=self.ca_file.parent, suffix=".pem") as file:  # mode 0600
            file.write(_pem(key) + certificate.public_bytes(Encoding.PEM))
            file.flush()
            context.load_cert_chain(file.name)
        return context

    def _issue(
        self, subject: x509.Name, public_key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, *, begins: datetime
    ) -> x509.CertificateBuilder:
        authority = self._certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._certificate.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority), critical=False)
        )


def holder_nif(der: bytes) -> str:
    """Return the NIF in whose name a certificate acts: the company's if it names one, else the person's."""
    subject = x509.load_der_x509_certificate(der).subject
    for oid in (NameOID.ORGANIZATION_IDENTIFIER, NameOID.SERIAL_NUMBER):
        for attribute in subject.get_attributes_for_oid(oid):
            text = str(attribute.value).strip().upper()
            # EN 319 412-1: three letters of kind, two of country, a dash. Older ones have the bare NIF.
            return re.sub("^[A-Z]{5}-", "", text)
    return ""


def is_seal(der: bytes) -> bool:
    """Tell whether a certificate seals for a company: by its QcType, else by naming a company and no person."""
    certificate = x509.load_der_x509_certificate(der)
    try:
        statements = certificate.extensions.get_extension_for_oid(_QC_STATEMENTS).value
    except x509.ExtensionNotFound:
        subject = certificate.subject
        people = (NameOID.SURNAME, NameOID.GIVEN_NAME)
        names_person = any(subject.get_attributes_for_oid(oid) for oid in people)
        return bool(subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)) and not names_person
    return isinstance(statements, x509.UnrecognizedExtension) and _ESEAL_TYPE in statements.value


def _new_authority() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    begins = _machine_time() - timedelta(days=1)
    name = _name(
        (NameOID.COUNTRY_NAME, "ES"),
        (NameOID.ORGANIZATION_NAME, "Encadena"),
        (NameOID.COMMON_NAME, "Encadena simulator authority, for tests only"),
    )
    public = key.public_key()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=365 * _CA_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _pem(key) + certificate.public_bytes(Encoding.PEM)


def _subject(nif: str, name: str, *, company: bool, seal: bool) -> x509.Name:
    spain = (NameOID.COUNTRY_NAME, "ES")
    organization = ((NameOID.ORGANIZATION_IDENTIFIER, f"VATES-{nif}"), (NameOID.ORGANIZATION_NAME, name[:64]))
    if seal:
        return _name(spain, *organization, (NameOID.COMMON_NAME, name[:64]))
    if company:
        person, given, surname = _REPRESENTATIVE
        return _name(
            spain,
            *organization,
            (NameOID.SERIAL_NUMBER, f"IDCES-{person}"),
            (NameOID.GIVEN_NAME, given),
            (NameOID.SURNAME, surname),
            (NameOID.COMMON_NAME, f"{person} {given} {surname} (R: {nif})"),
        )
    return _name(spain, (NameOID.SERIAL_NUMBER, f"IDCES-{nif}"), (NameOID.COMMON_NAME, f"{name[:52]} - {nif}"))


def _name(*attributes: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in attributes])


def _kind(*, seal: bool) -> x509.UnrecognizedExtension:
    """Say whether the certificate signs or seals, as the qualified ones do; it does not claim to be qualified."""
    return x509.UnrecognizedExtension(
        _QC_STATEMENTS, bytes.fromhex(_QC_TYPE.format(kind=_ESEAL if seal else _ESIGN).replace(" ", ""))
    )


def _usage(**wanted: bool) -> x509.KeyUsage:
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: wanted.get(name, False) for name in every})


def _alternatives(host: str) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    addresses = {"127.0.0.1", "::1"}
    try:
        ip_address(host)
    except ValueError:
        names += [x509.DNSName(host)] if host and host != "localhost" else []
    else:
        addresses.add(host)
    return names + [x509.IPAddress(ip_address(address)) for address in sorted(addresses)]


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _machine_time() -> datetime:
    """Return the machine's time: OpenSSL judges certificates by it, wherever a test has moved the other clock."""
    return datetime.now(UTC)
