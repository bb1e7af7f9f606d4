"""Certificates as Spanish authorities issue them: persons, representatives, seals, and the FNMT's old file format."""

import os
import ssl
import sys
import tempfile
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, pkcs12
from cryptography.x509.oid import NameOID

from tests.verifactu.door import PASSWORD, Authority
from verifactu.certificates import Certificate
from verifactu.errors import InvalidCertificate, NoPrivateKey, NotPKCS12, WrongPassword

# Made with OpenSSL for this test (-legacy -keypbe PBE-SHA1-RC2-40): the form in which the FNMT hands out its files.
LEGACY = b64decode(
    """
    MIIEsgIBAzCCBHgGCSqGSIb3DQEHAaCCBGkEggRlMIIEYTCCA1cGCSqGSIb3DQEHBqCCA0gwggNEAgEAMIIDPQYJKoZIhvcNAQcB
    MBwGCiqGSIb3DQEMAQYwDgQI4MaIxAkjZpgCAggAgIIDEMr/jFdNzVDSKu51xUgMK5ykYxUJSbqzPXIYPgL4cdaYLnqJDi51+6z+
    U87xgx+WRhh3iWQJcuu+e0By+cE+cEaBSR+LI0rzqN4v6SRV559XfFjwmYUi2VOxij3BUjT6vJz51Jqdhoy99du+Bw2HgAZ9EPwz
    n5Uhu0fTRypoZJRzjiaNwfqDmrv1AyVHgJP3wJBOHzl/FmfuNRSn0wO/XyMjlVzraFc4N8wOpGvUdvGwh1BLdZ8eRTM8Z4X5ufyK
    q/obylqGLH2Jam8vNnlLVbBmfoiY6GiiD16X6uZEdlqQSq3RChZGgZqZjGGMXZXQ/gPEg3p0O2hqyrAdEXzUCe2BP98vOjPduuG3
    DqExDykjBFcyCAqKaFl/hk+OWwKMPEjNrCD3YvH64EIPTL1v+IkXT315na5R+a1c4NgXS2b6NPzg1RNb+pehrtOhTLR9mEX82lnK
    wEUopGRifMCQtIzB44Nk/9ojGla0nbBUNLaUydvE9DuQZG3Jsq9lvPs/ZhpGT9oawBTFYyyXaUYXsW4A9a0PLKD5eDOE2GLDWEu2
    mSEtBSKOKGZUc/M3OuQMB7xsveEOIu+JWv640nnvdXOePnMUUhsJuAIHVR26FgvuNzWuZdx3z0VsxQensg75WZanbHF827xmuhFr
    qsMLcemXy52M+b6os0+wZNN/SkR0FzZ3JWdXK14ld0YkPzmBhGUR0mFcXC7+MAK2YCoBQJWMm1z8XEJjyWzERUuZhFKiFSIHfUfs
    BYOHnKJ6DdDAxtHxffI2huO6XE5D1eX39bNv6vPLX4pPSfP6wzhmXJNSvco5Wbe1eMURjowckJdfz96B6Y7K2AF59J89sU06TiNj
    787J/CjjqHYHlk38RjNl8L6LSkLEiWm5z4Gu+ejg3I3qOayEFq+sfpKq18JA2Lece88sprgxCvMxNIwhWnld8TL3Ov72Xbk8XbAL
    2gv3875oPN3QyGY4h79ZqF9n8kXQ0eScKrAHUjRLb6/xrRKfGenXckiy0UVO8lhQ1Yi2kFbwsjEgR5n8R5SvhZA63IAwggECBgkq
    hkiG9w0BBwGggfQEgfEwge4wgesGCyqGSIb3DQEMCgECoIG0MIGxMBwGCiqGSIb3DQEMAQYwDgQIsZi3vrDAdaUCAggABIGQo5gH
    ESsbqB8w8SdDrpxHDfNP5LHFUzFaWIK1wHkT2Z2t4SVTL9m3cF+xRoHybyGIb6Re3FdNSkmnrrMm/S42mGA2G8eM2Z/5azkIUvxY
    +7RCP2/+XAU1GQLpm5NU1WcAA+/LVZEgVr+CSdNLFFA1oe6VyvNdaHOQLsoATo7Ghm0wKHRwG+3+H3zFyq2RW6UyMSUwIwYJKoZI
    hvcNAQkVMRYEFK3QRJ6qmLCmTPD9042Ws+pV4wYWMDEwITAJBgUrDgMCGgUABBRh8SAj9lk4TNtumGe1c92UhCZLZAQIV4gpdYRq
    WcMCAggA
    """
)

PERSON = {
    NameOID.SERIAL_NUMBER: "IDCES-89890002E",
    NameOID.SURNAME: "PRUEBA",
    NameOID.GIVEN_NAME: "ANA",
    NameOID.COMMON_NAME: "PRUEBA ANA - 89890002E",
}
REPRESENTATIVE = PERSON | {
    NameOID.ORGANIZATION_IDENTIFIER: "VATES-A58818501",
    NameOID.ORGANIZATION_NAME: "EMPRESA DE PRUEBA SA",
}
SEAL = {
    NameOID.ORGANIZATION_IDENTIFIER: "VATES-A58818501",
    NameOID.ORGANIZATION_NAME: "EMPRESA DE PRUEBA SA",
    NameOID.COMMON_NAME: "SELLO DE FACTURACION",
}
# QcStatements with one QcType (ETSI EN 319 412-5, 4.2.3): SEQUENCE { SEQUENCE { QcType, SEQUENCE { type }}}.
ESIGN = bytes.fromhex("3015 3013 0606 04008e460106 3009 0607 04008e46010601".replace(" ", ""))
ESEAL = bytes.fromhex("3015 3013 0606 04008e460106 3009 0607 04008e46010602".replace(" ", ""))


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def load(authority: Authority, subject: dict[x509.ObjectIdentifier, str], qc: bytes = b"") -> Certificate:
    return Certificate.from_pkcs12(authority.p12(subject, qc=qc), PASSWORD)


def test_a_person(authority: Authority) -> None:
    certificate = load(authority, PERSON, ESIGN)
    assert certificate.nif == "89890002E"
    assert certificate.holder_nif == "89890002E"
    assert certificate.holder_name == "PRUEBA ANA - 89890002E"
    assert not certificate.is_seal
    assert certificate.not_after.tzinfo is not None
    assert certificate.not_after == certificate.certificate.not_valid_after_utc


def test_a_representative_acts_for_the_organisation(authority: Authority) -> None:
    certificate = load(authority, REPRESENTATIVE, ESIGN)
    assert certificate.nif == "A58818501"
    assert certificate.holder_nif == "89890002E"
    assert certificate.holder_name == "EMPRESA DE PRUEBA SA"
    assert not certificate.is_seal


def test_a_seal_is_told_by_its_statement(authority: Authority) -> None:
    certificate = load(authority, SEAL | {NameOID.SERIAL_NUMBER: "A58818501"}, ESEAL)
    assert certificate.is_seal
    assert certificate.nif == "A58818501"
    assert certificate.holder_nif == ""


@pytest.mark.parametrize(("subject", "is_seal"), [(PERSON, False), (REPRESENTATIVE, False), (SEAL, True)])
def test_without_a_statement_the_names_decide(
    authority: Authority, subject: dict[x509.ObjectIdentifier, str], is_seal: bool
) -> None:
    assert load(authority, subject).is_seal == is_seal


@pytest.mark.parametrize(
    ("identifier", "nif"),
    [("IDCES-89890002E", "89890002E"), ("89890002E", "89890002E"), ("vates-a58818501", "A58818501")],
)
def test_the_prefix_of_an_identifier_is_not_part_of_the_nif(authority: Authority, identifier: str, nif: str) -> None:
    assert load(authority, {NameOID.SERIAL_NUMBER: identifier, NameOID.COMMON_NAME: "X"}).nif == nif


def test_the_old_rc2_file_of_the_fnmt_is_read() -> None:
    certificate = Certificate.from_pkcs12(LEGACY, "clave")
    assert certificate.nif == "A58818501"
    assert certificate.holder_nif == "89890002E"
    assert isinstance(certificate.ssl_context(), ssl.SSLContext)


def test_the_3des_files_of_windows_are_read(authority: Authority) -> None:
    certificate, key = authority.issue(REPRESENTATIVE)
    old = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(2048)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())
        .build(b"clave")
    )
    data = pkcs12.serialize_key_and_certificates(b"x", key, certificate, [authority.certificate], old)
    read = Certificate.from_pkcs12(data, "clave")
    assert (read.nif, read.chain) == ("A58818501", (authority.certificate,))


@pytest.mark.parametrize(
    ("data", "password", "kind", "remedy"),
    [
        (LEGACY, "otra", WrongPassword, "the one typed when it was exported"),
        (LEGACY, "", WrongPassword, "the one typed when it was exported"),
        (LEGACY[:-40], "clave", NotPKCS12, "export the certificate again"),
        (LEGACY + b"x", "clave", NotPKCS12, "export the certificate again"),
        (b"", "", NotPKCS12, "export the certificate again"),
        (b"x" * 1000, "clave", NotPKCS12, "export the certificate again"),
    ],
)
def test_a_file_that_cannot_be_opened_says_why_and_tells_no_secret(
    data: bytes, password: str, kind: type[InvalidCertificate], remedy: str
) -> None:
    with pytest.raises(kind) as caught:
        Certificate.from_pkcs12(data, password)
    assert remedy in str(caught.value)
    assert "clave" not in str(caught.value)
    assert "otra" not in str(caught.value)


def test_a_certificate_without_its_key_is_told_from_a_wrong_password(authority: Authority) -> None:
    certificate, _ = authority.issue(PERSON)
    data = pkcs12.serialize_key_and_certificates(b"x", None, certificate, None, BestAvailableEncryption(b"clave"))
    with pytest.raises(NoPrivateKey):
        Certificate.from_pkcs12(data, "clave")


def test_a_bare_certificate_is_no_pkcs12(authority: Authority) -> None:
    certificate, _ = authority.issue(PERSON)
    for encoding in (Encoding.DER, Encoding.PEM):
        with pytest.raises(NotPKCS12):
            Certificate.from_pkcs12(certificate.public_bytes(encoding), "")


def test_a_certificate_never_shows_its_key(authority: Authority) -> None:
    certificate = load(authority, PERSON)
    assert "PrivateKey" not in repr(certificate)


def test_equal_certificates_are_equal_and_can_be_a_cache_key(authority: Authority) -> None:
    data = authority.p12(PERSON)
    first, second = Certificate.from_pkcs12(data, PASSWORD), Certificate.from_pkcs12(data, PASSWORD)
    assert first == second
    assert hash(first) == hash(second)
    assert first != load(authority, PERSON)


def test_the_context_verifies_and_speaks_no_old_protocol(authority: Authority, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(authority.pem())
    context = load(authority, PERSON).ssl_context(str(ca))
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    # Only the authority given is trusted, not the system's beside it.
    assert len(context.get_ca_certs()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="memory files are Linux's")
def test_on_linux_the_key_touches_no_disk(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("a temporary file was asked for")

    monkeypatch.setattr(tempfile, "mkstemp", refused)
    load(authority, PERSON).ssl_context()
    assert not [link for link in _open_files() if "memfd:certificate" in link]


def test_elsewhere_the_file_is_ours_alone_and_gone_at_once(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen: list[int] = []
    load_cert_chain = ssl.SSLContext.load_cert_chain

    def watched(self: ssl.SSLContext, path: str) -> None:
        seen.append(os.stat(path).st_mode & 0o777)  # noqa: PTH116
        load_cert_chain(self, path)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", watched)
    load(authority, PERSON).ssl_context()
    assert seen == [0o600]
    assert list(tmp_path.iterdir()) == []


def _open_files() -> list[str]:
    links = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            links.append(str(descriptor.readlink()))
        except FileNotFoundError:
            continue
    return links
