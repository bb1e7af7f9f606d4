"""The authority is made once, keeps to itself, and issues what Spanish authorities issue."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from cryptography.x509.oid import NameOID

from verifactu.certificates import Certificate
from verifactu.simulator.authority import Authority, holder_nif


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority") / "made" / "on" / "the" / "way")


def certificate(p12: bytes) -> x509.Certificate:
    found = pkcs12.load_pkcs12(p12, b"clave").cert
    assert found is not None
    return found.certificate


def test_a_person_is_named_by_serial_number(authority: Authority) -> None:
    made = certificate(authority.client_certificate("12345678Z", "EJEMPLO CLARA", password="clave"))
    assert made.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)[0].value == "IDCES-12345678Z"
    assert made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "EJEMPLO CLARA - 12345678Z"
    assert not made.subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)
    assert holder_nif(made.public_bytes(Encoding.DER)) == "12345678Z"


@pytest.mark.parametrize("seal", [False, True])
def test_a_company_is_named_by_organization_identifier(authority: Authority, seal: bool) -> None:
    made = certificate(authority.client_certificate("B12345674", "TIENDA SL", seal=seal, password="clave"))
    assert made.subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)[0].value == "VATES-B12345674"
    assert made.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "TIENDA SL"
    assert bool(made.subject.get_attributes_for_oid(NameOID.SURNAME)) is not seal
    assert holder_nif(made.public_bytes(Encoding.DER)) == "B12345674"


@pytest.mark.parametrize(("nif", "seal"), [("12345678Z", False), ("B12345674", False), ("B12345674", True)])
def test_the_sender_reads_them_as_it_reads_real_ones(authority: Authority, nif: str, seal: bool) -> None:
    read = Certificate.from_pkcs12(authority.client_certificate(nif, "X", seal=seal, password="clave"), "clave")
    assert (read.nif, read.is_seal) == (nif, seal)


def test_holds_the_certificate_its_key_and_the_authority(authority: Authority) -> None:
    content = pkcs12.load_pkcs12(authority.client_certificate("12345678Z", "X", password="clave"), b"clave")
    assert content.key is not None
    ca = x509.load_pem_x509_certificate(authority.ca_file.read_bytes())
    assert [extra.certificate for extra in content.additional_certs] == [ca]
    certificate_ = content.cert
    assert certificate_ is not None
    certificate_.certificate.verify_directly_issued_by(ca)


@pytest.mark.parametrize("nif", ["", "B1234567", "B12345674X", "ES12345678Z", "12 45678Z"])
def test_refuses_what_is_no_nif(authority: Authority, nif: str) -> None:
    with pytest.raises(ValueError, match="is not a NIF"):
        authority.client_certificate(nif, "X", password="clave")


def test_refuses_the_seal_of_a_person(authority: Authority) -> None:
    with pytest.raises(ValueError, match="only a company"):
        authority.client_certificate("12345678Z", "X", seal=True, password="clave")


def test_only_its_owner_reads_what_it_writes(authority: Authority) -> None:
    folder = authority.ca_file.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert set(files) == {"authority.pem", "ca.pem", "lock"}
    assert set(files.values()) == {0o600}


def test_a_later_start_finds_the_same_authority(authority: Authority) -> None:
    before = authority.ca_file.read_bytes()
    authority.ca_file.unlink()
    assert Authority(authority.ca_file.parent).ca_file.read_bytes() == before


def test_starts_at_the_same_time_agree_on_one_authority(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from verifactu.simulator.authority import Authority; sys.stdin.read(1); "
        "print(Authority(pathlib.Path(sys.argv[1])).ca_file.read_text())"
    )
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "shared")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).resolve().parents[2],
        )
        for _ in range(4)
    ]  # fmt: skip
    for start in starts:
        assert start.stdin is not None
        start.stdin.write("go")
        start.stdin.flush()
    said = {start.communicate(timeout=60)[0] for start in starts}
    assert [start.returncode for start in starts] == [0, 0, 0, 0]
    assert len(said) == 1
    assert "BEGIN CERTIFICATE" in said.pop()
