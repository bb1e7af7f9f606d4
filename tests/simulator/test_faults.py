"""What is refused as a whole: nothing of it is stored, and the fault says why (verifactu.md 4.1, 12.1)."""

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.simulator.sender import COMPANY, PRODUCER, Answer, Chain, Client, Clock
from verifactu.simulator import Simulator


def code(answer: Answer) -> str:
    """The code of a fault in the AEAT's form."""
    assert answer.status == HTTPStatus.INTERNAL_SERVER_ERROR
    assert answer.headers.get_content_type() == "text/xml"
    assert answer.text("faultcode") == "env:Client"
    return answer.text("faultstring").partition("Codigo[")[2].partition("]")[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<s:TipoFactura>F1</s:TipoFactura>", ""),
        ("<s:TipoFactura>F1</s:TipoFactura>", "<s:TipoFactura>F9</s:TipoFactura>"),
        ("<s:IDVersion>1.0</s:IDVersion>", "<s:IDVersion>1.1</s:IDVersion>"),
        ("<s:CuotaTotal>21.00</s:CuotaTotal>", "<s:CuotaTotal>21,00</s:CuotaTotal>"),
        ("<l:Cabecera>", "<s:Cabecera>"),
        ("s:NumSerieFactura>", "l:NumSerieFactura>"),
        ("<s:TipoHuella>01</s:TipoHuella>", "<s:TipoHuella>H1</s:TipoHuella>"),
        (f"<s:NIF>{COMPANY}</s:NIF>", f"<s:NIF> {COMPANY}</s:NIF>"),
        ("l:RegFactuSistemaFacturacion", "l:RegFactuSistemaFacturacionLR"),
    ],
)
def test_what_breaks_the_schema_is_4102(simulator: Simulator, client: Client, chain: Chain, old: str, new: str) -> None:
    message = chain.submission(chain.alta("A-1")).decode()
    assert old in message
    broken = message.replace("</l:Cabecera>", "</s:Cabecera>") if old == "<l:Cabecera>" else message
    assert code(client.post(broken.replace(old, new).encode())) == "4102"
    assert simulator.report()["records"] == []


def test_one_broken_record_takes_the_others_with_it(simulator: Simulator, client: Client, chain: Chain) -> None:
    records = [chain.alta("A-1"), chain.alta("A-2").replace(">F1<", ">F9<"), chain.alta("A-3")]
    assert code(client.post(chain.submission(*records))) == "4102"
    assert simulator.report()["invoices"] == {}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"", "4138"),
        (b"  \n", "4138"),
        (b"<not-xml", "4103"),
        ("<a>ñ</a>".encode("latin-1"), "4119"),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><a>n</a>', "4119"),
        (b"<a/>", "4102"),
        (b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>', "4102"),
        (b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><a>&x;</a>", "4103"),
    ],
)
def test_what_is_no_message_is_refused(simulator: Simulator, client: Client, message: bytes, expected: str) -> None:
    assert code(client.post(message)) == expected
    assert simulator.report()["faults"] == 1


def test_entities_are_never_resolved(client: Client, chain: Chain, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("NOT-FOR-YOU")
    message = chain.submission(chain.alta("A-1")).decode().replace("Venta de mercancía", "&x;")
    answer = client.post(f"<!DOCTYPE a [<!ENTITY x SYSTEM 'file://{secret}'>]>{message}".encode())
    assert code(answer) == "4103"
    assert b"NOT-FOR-YOU" not in answer.body


def test_more_than_a_thousand_records_are_4114(client: Client, chain: Chain) -> None:
    record = chain.alta("A-1")
    assert code(client.post(chain.submission(*[record] * 1001))) == "4114"


def test_the_certificate_of_somebody_else_is_4112(
    simulator: Simulator, client_of: Callable[[Simulator, str], Client], chain: Chain
) -> None:
    other = client_of(simulator, PRODUCER)
    assert code(other.post(chain.submission(chain.alta("A-1")))) == "4112"
    assert simulator.report()["records"] == []


def test_who_has_a_power_may_act_for_another(
    folder: Path, tmp_path: Path, clock: Clock, client_of: Callable[[Simulator, str], Client], chain: Chain
) -> None:
    powers = tmp_path / "powers"
    powers.write_text(f"# apoderados\n{PRODUCER} B00000000 otra empresa\n")
    with Simulator(folder, now=clock, powers=powers) as simulator:
        other = client_of(simulator, PRODUCER)
        assert code(other.post(chain.submission(chain.alta("A-1")))) == "4112"
        assert code(other.post(chain.query())) == "4140"
        powers.write_text(f"{PRODUCER.lower()} {COMPANY} asesoría\n")
        assert other.post(chain.submission(chain.alta("A-1"))).status == 200
        assert other.post(chain.query()).status == 200
        assert len(simulator.report()["records"]) == 1


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("<s:RemisionRequerimiento><s:RefRequerimiento>R1</s:RefRequerimiento></s:RemisionRequerimiento>", "4126"),
        ("<s:Representante><s:NombreRazon>X</s:NombreRazon><s:NIF>ABCDEFGHI</s:NIF></s:Representante>", "4117"),
    ],
)
def test_headers_are_judged(client: Client, chain: Chain, header: str, expected: str) -> None:
    assert code(client.post(chain.submission(chain.alta("A-1"), header=header))) == expected


def test_a_malformed_taxpayer_is_4116(client: Client, clock: Clock) -> None:
    stranger = Chain(clock, nif="ABCDEFGHI")
    assert code(client.post(stranger.submission(stranger.alta("A-1")))) == "4116"


@pytest.mark.parametrize(
    ("this_year", "end", "taken"),
    [
        (2026, "31-12-2026", True),
        (2026, "31-12-2025", True),
        (2026, "30-06-2026", True),  # whole years are asked for from 2027 on
        (2026, "31-12-2027", False),
        (2026, "31-12-2024", False),
        (2027, "31-12-2027", True),
        (2027, "30-12-2027", False),
    ],
)
def test_the_end_of_the_mode_is_of_this_year_or_the_last(
    client: Client, chain: Chain, clock: Clock, this_year: int, end: str, taken: bool
) -> None:
    clock.moment = clock.moment.replace(year=this_year)
    header = f"<s:RemisionVoluntaria><s:FechaFinVeriFactu>{end}</s:FechaFinVeriFactu></s:RemisionVoluntaria>"
    answer = client.post(chain.submission(chain.alta("A-1"), header=header))
    assert answer.verdicts == [("Correcto", "")] if taken else code(answer) == "4120"


class TestWithACensus:
    """The NIFs of a file exist, others do not; the file may change while the simulator runs."""

    @pytest.fixture
    def census(self, tmp_path: Path) -> Path:
        file = tmp_path / "census.txt"
        file.write_text("# who exists\n89890003T Producer\n\n")
        return file

    def test_an_unknown_taxpayer_is_4104_until_it_is_entered(
        self, folder: Path, clock: Clock, census: Path, client_of: Callable[[Simulator], Client]
    ) -> None:
        chain = Chain(clock)
        message = chain.submission(chain.alta("A-1", customer="89890003T"))
        with Simulator(folder, now=clock, census=census) as simulator:
            client = client_of(simulator)
            assert code(client.post(message)) == "4104"
            census.write_text(f"89890003T\n{COMPANY} Tienda\n")
            assert client.post(message).verdicts == [("Correcto", "")]

    def test_an_unknown_representative_is_4105_and_an_unknown_recipient_2001(
        self, folder: Path, clock: Clock, census: Path, client_of: Callable[[Simulator], Client]
    ) -> None:
        census.write_text(COMPANY)
        chain = Chain(clock)
        message = chain.submission(chain.alta("A-1"))
        adviser = "<s:Representante><s:NombreRazon>X</s:NombreRazon><s:NIF>89890003T</s:NIF></s:Representante>"
        with Simulator(folder, now=clock, census=census) as simulator:
            client = client_of(simulator)
            assert code(client.post(message.replace(b"</l:Cabecera>", f"{adviser}</l:Cabecera>".encode()))) == "4105"
            assert client.post(message).verdicts == [("AceptadoConErrores", "2001")]
