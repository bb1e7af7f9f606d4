"""ConsultaFactuSistemaFacturacion: every element asked and read, page by page, over TLS; and pages that are wrong."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.x509.oid import NameOID
from lxml import etree

from tests.simulator import sender
from tests.simulator.sender import COMPANY, CUSTOMER, PRODUCER, SUBSANACION, Chain, Clock
from tests.verifactu.answering import respuesta_consulta
from tests.verifactu.door import PASSWORD, Authority, door, saying
from tests.verifactu.examples import ALTA, EMPRESA, SISTEMA, VIAJERA
from tests.verifactu.official import assert_official
from tests.verifactu.sound import HELD
from verifactu.certificates import Certificate
from verifactu.client import Answered, Client, Refused
from verifactu.errors import UnreadableXML
from verifactu.models import Installation, Taxpayer
from verifactu.queries import QueryFailed, month_at_aeat, pages_at_aeat
from verifactu.records import PersonaFisicaJuridica, RegistroAnterior
from verifactu.simulator import Simulator
from verifactu.xml import (
    Consulta,
    FiltroSistema,
    RangoFechaExpedicion,
    RespuestaConsulta,
    body_errors,
    consulta,
    parse_consulta,
)

WHOLE = FiltroSistema(
    NombreRazon="PRODUCTOR DE PRUEBAS SL",
    NIF=PRODUCER,
    NombreSistemaInformatico="Pruebas",
    IdSistemaInformatico="P1",
    Version="1",
    NumeroInstalacion="20260101T090000-0001",
    TipoUsoPosibleSoloVerifactu="S",
    TipoUsoPosibleMultiOT="S",
    IndicadorMultiplesOT="N",
)
ISSUER = PersonaFisicaJuridica(NombreRazon="TIENDA DE PRUEBAS SL", NIF=COMPANY)
BUYER = PersonaFisicaJuridica(NombreRazon="CLARA EJEMPLO", NIF=CUSTOMER)
FEBRUARY = Consulta(ObligadoEmision=ISSUER, Ejercicio="2026", Periodo="02")

NIGHT = "31-01-2026"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


class TestWhatIsAsked:
    """verifactu.md 7.5, in its order; judged by the AEAT's own schemas."""

    EVERYTHING = Consulta(
        ObligadoEmision=EMPRESA,
        IndicadorRepresentante="S",
        Ejercicio="2027",
        Periodo="01",
        NumSerieFactura="2027/A/000001",
        Contraparte=VIAJERA,
        RangoFechaExpedicion=RangoFechaExpedicion(Desde="01-01-2027", Hasta="31-01-2027"),
        SistemaInformatico=WHOLE,
        RefExterna="1001",
        ClavePaginacion=ALTA.IDFactura,
        MostrarNombreRazonEmisor="S",
        MostrarSistemaInformatico="N",
    )

    @pytest.mark.parametrize(
        "query",
        [
            EVERYTHING,
            replace(EVERYTHING, RangoFechaExpedicion=None, FechaExpedicionFactura="02-01-2027"),
            replace(EVERYTHING, RangoFechaExpedicion=RangoFechaExpedicion(Desde="01-01-2027")),
            replace(EVERYTHING, Contraparte=EMPRESA, SistemaInformatico=SISTEMA),
            replace(EVERYTHING, SistemaInformatico=replace(WHOLE, NIF="", IDOtro=VIAJERA.IDOtro)),
            Consulta(Destinatario=EMPRESA, Ejercicio="2027", Periodo="01", Contraparte=EMPRESA),
        ],
    )
    def test_every_form_is_official(self, query: Consulta) -> None:
        message = consulta(query)
        assert_official(message)
        assert body_errors(message) == []

    def test_every_element_of_the_contract_is_written(self) -> None:
        content = etree.fromstring(consulta(self.EVERYTHING))[1][0]
        told = [(str(e.tag).rpartition("}")[2], e.text) for e in content.iter() if len(e) == 0]
        assert told == [
            ("IDVersion", "1.0"),
            ("NombreRazon", EMPRESA.NombreRazon), ("NIF", EMPRESA.NIF),
            ("IndicadorRepresentante", "S"),
            ("Ejercicio", "2027"), ("Periodo", "01"),
            ("NumSerieFactura", "2027/A/000001"),
            ("NombreRazon", VIAJERA.NombreRazon),
            *[(n, v) for n, v in (("CodigoPais", VIAJERA.IDOtro.CodigoPais), ("IDType", VIAJERA.IDOtro.IDType),
                                  ("ID", VIAJERA.IDOtro.ID)) if v],
            ("Desde", "01-01-2027"), ("Hasta", "31-01-2027"),
            ("NombreRazon", "PRODUCTOR DE PRUEBAS SL"), ("NIF", PRODUCER), ("NombreSistemaInformatico", "Pruebas"),
            ("IdSistemaInformatico", "P1"), ("Version", "1"), ("NumeroInstalacion", "20260101T090000-0001"),
            ("TipoUsoPosibleSoloVerifactu", "S"), ("TipoUsoPosibleMultiOT", "S"), ("IndicadorMultiplesOT", "N"),
            ("RefExterna", "1001"),
            ("IDEmisorFactura", "89890001K"), ("NumSerieFactura", "2027/A/000001"),
            ("FechaExpedicionFactura", "02-01-2027"),
            ("MostrarNombreRazonEmisor", "S"), ("MostrarSistemaInformatico", "N"),
        ]  # fmt: skip


class TestWhatIsAnswered:
    @pytest.mark.parametrize(
        "page",
        [
            replace(HELD, IndicadorRepresentante="S"),
            replace(HELD, ObligadoEmision=None, Destinatario=EMPRESA),
        ],
    )
    def test_both_headers_read_back(self, page: RespuestaConsulta) -> None:
        message = respuesta_consulta(page)
        assert_official(message)
        assert parse_consulta(message) == page

    @pytest.mark.parametrize(
        ("there", "instead"),
        [
            (b"ResultadoConsulta>ConDatos<", b"ResultadoConsulta>SinDatos<"),
            (b"<sf:NumSerieFactura>2027/R/000001</sf:NumSerieFactura>", b""),
            (b"EstadoRegistro>AceptadoConErrores<", b"EstadoRegistro>Regular<"),
            (b"IndicadorPaginacion>S<", b"IndicadorPaginacion>quiza<"),
        ],
    )
    def test_a_page_that_contradicts_itself_is_refused(self, there: bytes, instead: bytes) -> None:
        number = HELD.records[0].IDFactura.NumSerieFactura.encode()
        message = respuesta_consulta(HELD)
        there = there.replace(b"2027/R/000001", number)
        assert there in message
        with pytest.raises(UnreadableXML):
            parse_consulta(message.replace(there, instead, 1))


class TestOverTls:
    """Against the stand-in AEAT, which was sent its records by a hand of the tests' own; two invoices a page."""

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock(datetime(2026, 2, 3, 9, 15, 30, tzinfo=UTC))

    @pytest.fixture
    def simulator(self, tmp_path: Path, clock: Clock) -> Iterator[Simulator]:
        with Simulator(tmp_path / "aeat", now=clock, page_size=2, wait=0) as running:
            yield running

    @pytest.fixture
    def client_of(self, simulator: Simulator) -> Callable[[str], Client]:
        def client(nif: str = COMPANY) -> Client:
            p12 = simulator.authority.client_certificate(nif, "TIENDA DE PRUEBAS SL", password="clave")
            return Client(
                endpoint=simulator.endpoint,
                certificate=Certificate.from_pkcs12(p12, "clave"),
                ca_file=str(simulator.ca_file),
            )

        return client

    @pytest.fixture
    def installation(self) -> Installation:
        return an_installation()

    def test_a_month_is_read_page_by_page_with_everything_in_it(
        self, simulator: Simulator, clock: Clock, client_of: Callable[[str], Client], installation: Installation,
        tmp_path: Path,
    ) -> None:  # fmt: skip
        chain, header = Chain(clock), "<s:Representante><s:NombreRazon>GESTORÍA</s:NombreRazon><s:NIF>" + CUSTOMER
        header += "</s:NIF></s:Representante><s:RemisionVoluntaria><s:FechaFinVeriFactu>31-12-2026"
        header += "</s:FechaFinVeriFactu><s:Incidencia>S</s:Incidencia></s:RemisionVoluntaria>"
        records = [chain.alta(f"A{n}", ref=f"pedido {n}") for n in range(4)]
        records += [chain.alta("A0", flags=SUBSANACION, ref="otra vez"), chain.anulacion("A1"), chain.alta("ENERO",
                    operacion=NIGHT)]  # fmt: skip
        fill(simulator, tmp_path, chain.submission(*records, header=header))
        client = client_of(COMPANY)

        pages = list(pages_at_aeat(client, installation, "2026", "02"))
        assert [[held.IDFactura.NumSerieFactura for held in page] for page in pages] == [["A0", "A1"], ["A2", "A3"]]
        first, annulled, plain, _ = (held for page in pages for held in page)
        assert (first.EstadoRegistro, annulled.EstadoRegistro, plain.EstadoRegistro) == (
            "Correcto", "Anulado", "Correcto",
        )  # fmt: skip
        data = first.DatosRegistroFacturacion
        assert (data.Huella, data.Subsanacion, data.RefExterna) == (chain.made[4], "S", "otra vez")
        assert isinstance(data.Encadenamiento, RegistroAnterior)
        assert data.Encadenamiento.Huella == chain.made[3]
        assert (data.NifRepresentante, data.FechaFinVeriFactu, data.Incidencia) == (CUSTOMER, "31-12-2026", "S")
        assert first.NIFPresentador == COMPANY
        assert first.IdPeticion
        assert datetime.fromisoformat(first.TimestampPresentacion).date() == clock().date()
        assert annulled.DatosRegistroFacturacion.Huella == chain.made[5]
        assert [held.IDFactura.NumSerieFactura for held in month_at_aeat(client, installation, "2026", "01")] == [
            "ENERO"
        ]
        assert list(month_at_aeat(client, installation, "2025", "12")) == []
        other = replace_installation(installation, numero="20990101T000000-0001")
        assert list(month_at_aeat(client, other, "2026", "02")) == []
        span = RangoFechaExpedicion(Desde="01-01-2026", Hasta="31-01-2026")
        assert list(month_at_aeat(client, installation, "2026", "02", issued=span)) == []

    def test_the_other_party_may_ask_too(
        self, simulator: Simulator, clock: Clock, client_of: Callable[[str], Client], tmp_path: Path
    ) -> None:
        chain = Chain(clock)
        fill(simulator, tmp_path, chain.submission(chain.alta("A1"), chain.alta("A2", customer="89890003T")))

        def numbers(query: Consulta, nif: str = COMPANY) -> list[str]:
            outcome = client_of(nif).query(consulta(query))
            assert isinstance(outcome, Answered), outcome
            return [held.IDFactura.NumSerieFactura for held in outcome.respuesta.records]

        assert numbers(replace(FEBRUARY, Contraparte=BUYER)) == ["A1"]
        assert numbers(replace(FEBRUARY, ObligadoEmision=None, Destinatario=BUYER), CUSTOMER) == ["A1"]
        shown = replace(FEBRUARY, ObligadoEmision=None, Destinatario=BUYER, MostrarSistemaInformatico="S")
        refused = client_of(CUSTOMER).query(consulta(shown))
        assert isinstance(refused, Refused)
        assert refused.code == "1272"
        backwards = RangoFechaExpedicion(Desde="28-02-2026", Hasta="01-02-2026")
        refused = client_of(COMPANY).query(consulta(replace(FEBRUARY, RangoFechaExpedicion=backwards)))
        assert isinstance(refused, Refused)
        assert refused.code == "1250"

    @pytest.mark.parametrize(
        ("mode", "kind"),
        [("http_503", "not_delivered"), ("html_page", "html"), ("cut_answer", "cut"), ("http_403", "refused")],
    )
    def test_what_is_no_page_is_named(
        self, simulator: Simulator, client_of: Callable[[str], Client], installation: Installation, mode: str, kind: str
    ) -> None:
        simulator.fail(mode, operation="query", seconds=1)
        with pytest.raises(QueryFailed) as failed:
            list(month_at_aeat(client_of(COMPANY), installation, "2026", "02"))
        assert failed.value.kind == kind


class TestPagesThatCannotBeReliedOn:
    """From a door that says whatever it is told to."""

    @pytest.mark.parametrize(
        ("page", "kind"),
        [
            (replace(HELD, ObligadoEmision=VIAJERA), "stranger"),
            (
                replace(
                    HELD,
                    records=(replace(HELD.records[0], IDFactura=replace(ALTA.IDFactura, IDEmisorFactura="89890002E")),),
                ),
                "stranger",
            ),
            (replace(HELD, Periodo="02"), "other_month"),
            (replace(HELD, Ejercicio="2026"), "other_month"),
            (HELD, "circle"),
        ],
        ids=["other taxpayer", "other issuer", "other month", "other year", "the same page for ever"],
    )
    def test_are_refused_by_name(
        self, authority: Authority, tmp_path: Path, page: RespuestaConsulta, kind: str
    ) -> None:
        certificate = Certificate.from_pkcs12(authority.p12({NameOID.COMMON_NAME: "cliente"}), PASSWORD)
        ca = tmp_path / "ca.pem"
        ca.write_bytes(authority.pem())
        installation = an_installation(EMPRESA.NIF)
        with door(authority, tmp_path, saying(respuesta_consulta(page))) as here:
            client = Client(endpoint=here.url, certificate=certificate, ca_file=str(ca), timeout=(5, 5))
            with pytest.raises(QueryFailed) as failed:
                list(month_at_aeat(client, installation, "2027", "01"))
        assert failed.value.kind == kind


def an_installation(nif: str = COMPANY) -> Installation:
    return Installation(
        taxpayer=Taxpayer(nif=nif, name="TIENDA DE PRUEBAS SL"),
        numero="20260101T090000-0001",
        producer_name="PRODUCTOR DE PRUEBAS SL",
        producer_nif=PRODUCER,
        system_name="Pruebas",
        system_id="P1",
    )


def replace_installation(installation: Installation, **changes: str) -> Installation:
    made = an_installation()
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def fill(simulator: Simulator, folder: Path, message: bytes) -> None:
    p12 = simulator.authority.client_certificate(COMPANY, "TIENDA DE PRUEBAS SL", password="clave")
    answer = sender.Client(simulator.endpoint, simulator.ca_file, p12, "clave", folder=folder).post(message)
    assert {state for state, _ in answer.verdicts} <= {"Correcto", "AceptadoConErrores"}, answer.body
