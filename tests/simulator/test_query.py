"""What a query shows of what was received (verifactu.md 7.5)."""

from collections.abc import Callable
from http import HTTPStatus

import pytest

from tests.simulator.official import assert_valid
from tests.simulator.sender import (
    COMPANY,
    CUSTOMER,
    PRODUCER,
    SUBSANACION,
    Answer,
    Chain,
    Client,
    Clock,
    body,
    flag,
    sha,
)
from verifactu.simulator import Simulator


def ask(client: Client, message: bytes) -> Answer:
    """Post a query, and hold question and answer against the AEAT's schemas."""
    assert_valid("ConsultaLR.xsd", body(message))
    answer = client.post(message)
    assert answer.status == HTTPStatus.OK, answer.body
    assert_valid("RespuestaConsultaLR.xsd", answer.content)
    return answer


def numbers(answer: Answer) -> list[str]:
    """The invoice numbers of a page, in its order."""
    entries = answer.content.findall("{*}RegistroRespuestaConsultaFactuSistemaFacturacion")
    return [entry.findtext("{*}IDFactura/{*}NumSerieFactura") or "" for entry in entries]


def fault(client: Client, message: bytes) -> str:
    """The code of the fault that answers a query."""
    return client.post(message).text("faultstring").partition("Codigo[")[2].partition("]")[0]


def key(number: str, fecha: str) -> str:
    return (
        f"<q:ClavePaginacion><s:IDEmisorFactura>{COMPANY}</s:IDEmisorFactura>"
        f"<s:NumSerieFactura>{number}</s:NumSerieFactura>"
        f"<s:FechaExpedicionFactura>{fecha}</s:FechaExpedicionFactura></q:ClavePaginacion>"
    )


def issued(content: str) -> str:
    """The filter of issue dates: a day, or a span."""
    return f"<q:FechaExpedicionFactura>{content}</q:FechaExpedicionFactura>"


def span(begins: str, ends: str) -> str:
    return f"<s:RangoFechaExpedicion>{flag('Desde', begins)}{flag('Hasta', ends)}</s:RangoFechaExpedicion>"


def test_nothing_held_is_sin_datos(client: Client, chain: Chain) -> None:
    answer = ask(client, chain.query())
    assert (answer.text("ResultadoConsulta"), answer.text("IndicadorPaginacion")) == ("SinDatos", "N")
    assert (answer.text("Ejercicio"), answer.text("Periodo")) == ("2026", "02")


def test_an_entry_shows_the_record_its_presentation_and_its_state(client: Client, chain: Chain) -> None:
    client.post(chain.submission(chain.alta("A-0")))
    sent = client.post(chain.submission(chain.alta("A-1", ref="pedido 7")))
    answer = ask(client, chain.query("<q:NumSerieFactura>A-1</q:NumSerieFactura>"))
    assert numbers(answer) == ["A-1"]
    assert answer.text("ResultadoConsulta") == "ConDatos"
    data = answer.content.find(".//{*}DatosRegistroFacturacion")
    assert data is not None
    shown = {name: data.findtext(f"{{*}}{name}") for name in ("RefExterna", "TipoFactura", "ImporteTotal", "Huella")}
    assert shown == {"RefExterna": "pedido 7", "TipoFactura": "F1", "ImporteTotal": "121.00", "Huella": chain.made[1]}
    assert data.findtext("{*}Encadenamiento/{*}RegistroAnterior/{*}Huella") == chain.made[0]
    assert answer.text("TimestampPresentacion") == sent.text("TimestampPresentacion")
    assert answer.content.findtext(".//{*}EstadoRegistro/{*}EstadoRegistro") == "Correcto"


def test_name_and_system_are_shown_to_who_asks_for_them(client: Client, chain: Chain) -> None:
    client.post(chain.submission(chain.alta("A-1")))
    plain = ask(client, chain.query())
    assert not plain.texts("NombreRazonEmisor")
    assert not plain.texts("NumeroInstalacion")
    extra = (
        "<q:DatosAdicionalesRespuesta><q:MostrarNombreRazonEmisor>S</q:MostrarNombreRazonEmisor>"
        "<q:MostrarSistemaInformatico>S</q:MostrarSistemaInformatico></q:DatosAdicionalesRespuesta>"
    )
    full = ask(client, chain.query(extra=extra))
    assert full.text("NombreRazonEmisor") == "TIENDA DE PRUEBAS SL"
    assert full.text("NumeroInstalacion") == chain.installation


@pytest.mark.parametrize(
    ("records", "state", "code"),
    [
        ([lambda c: c.alta("A-1")], "Correcto", ""),
        ([lambda c: c.alta("A-1", huella="0" * 64)], "AceptadoConErrores", "2000"),
        ([lambda c: c.alta("A-1"), lambda c: c.anulacion("A-1")], "Anulado", ""),
        ([lambda c: c.anulacion("A-1", flags=flag("SinRegistroPrevio", "S"))], "Anulado", ""),
        ([lambda c: c.alta("A-1", huella="0" * 64), lambda c: c.alta("A-1", flags=SUBSANACION)], "Correcto", ""),
    ],
)
def test_one_entry_an_invoice_with_its_last_accepted_record(
    client: Client, chain: Chain, records: list[Callable[[Chain], str]], state: str, code: str
) -> None:
    client.post(chain.submission(*(make(chain) for make in records)))
    answer = ask(client, chain.query())
    assert numbers(answer) == ["A-1"]
    assert answer.content.findtext(".//{*}EstadoRegistro/{*}EstadoRegistro") == state
    assert answer.text("CodigoErrorRegistro") == code
    assert answer.content.findtext(".//{*}DatosRegistroFacturacion/{*}Huella") == chain.made[-1]


def test_what_was_rejected_never_appears(client: Client, chain: Chain) -> None:
    rejected = chain.alta("A-1").replace(">21.00</s:TipoImpositivo>", ">20.00</s:TipoImpositivo>")
    again = chain.alta("B-1"), chain.alta("B-1")
    assert client.post(chain.submission(rejected, *again)).verdicts == [
        ("Incorrecto", "1124"), ("Correcto", ""), ("Incorrecto", "3000"),
    ]  # fmt: skip
    answer = ask(client, chain.query())
    assert numbers(answer) == ["B-1"]
    assert answer.content.findtext(".//{*}DatosRegistroFacturacion/{*}Huella") == chain.made[1]


class TestFilters:
    """Each narrows the answer down."""

    @pytest.fixture(autouse=True)
    def held(self, client: Client, chain: Chain, clock: Clock) -> None:
        clock.forward(-3 * 24 * 3600)  # the last day of January
        other = Chain(clock, installation="20260101T090000-0002")
        first = [chain.alta("ENE-1", ref="uno"), other.alta("ENE-2", customer=PRODUCER)]
        assert client.post(chain.submission(*first)).text("EstadoEnvio") == "Correcto"
        clock.forward(3 * 24 * 3600)
        second = [chain.alta("FEB-1", ref="dos"), chain.alta("FEB-2", operacion="31-01-2026")]
        assert client.post(chain.submission(*second)).text("EstadoEnvio") == "Correcto"

    @pytest.mark.parametrize(
        ("filters", "month", "expected"),
        [
            ("", "02", ["FEB-1"]),
            ("", "12", []),
            ("<q:NumSerieFactura>ENE-1</q:NumSerieFactura>", "01", ["ENE-1"]),
            ("<q:NumSerieFactura>ENE-1</q:NumSerieFactura>", "02", []),
            ("<q:RefExterna>dos</q:RefExterna>", "02", ["FEB-1"]),
            ("<q:RefExterna>uno</q:RefExterna>", "02", []),
            (issued(flag("FechaExpedicionFactura", "03-02-2026")), "01", ["FEB-2"]),
            (issued(span("01-01-2026", "31-01-2026")), "01", ["ENE-1", "ENE-2"]),
            (issued(span("01-02-2026", "")), "01", ["FEB-2"]),
            (issued(span("", "31-01-2026")), "02", []),
            (f"<q:Contraparte>{flag('NombreRazon', 'X')}{flag('NIF', PRODUCER)}</q:Contraparte>", "01", ["ENE-2"]),
        ],
    )
    def test_narrows_down(self, client: Client, chain: Chain, filters: str, month: str, expected: list[str]) -> None:
        assert numbers(ask(client, chain.query(filters, month=month))) == expected

    @pytest.mark.parametrize(
        ("installation", "system_id", "producer", "expected"),
        [
            ("20260101T090000-0001", "P1", PRODUCER, ["ENE-1", "FEB-2"]),
            ("20260101T090000-0002", "P1", PRODUCER, ["ENE-2"]),
            ("20260101T090000-0001", "P2", PRODUCER, []),
            ("20260101T090000-0001", "P1", CUSTOMER, []),
        ],
    )
    def test_by_system(
        self, client: Client, chain: Chain, installation: str, system_id: str, producer: str, expected: list[str]
    ) -> None:
        system = (
            f"<q:SistemaInformatico><s:NombreRazon>X</s:NombreRazon><s:NIF>{producer}</s:NIF>"
            f"<s:IdSistemaInformatico>{system_id}</s:IdSistemaInformatico>"
            f"<s:NumeroInstalacion>{installation}</s:NumeroInstalacion></q:SistemaInformatico>"
        )
        assert numbers(ask(client, chain.query(system, month="01"))) == expected

    def test_an_annulled_invoice_keeps_its_month_and_its_recipient(self, client: Client, chain: Chain) -> None:
        """The anulación itself names neither."""
        assert client.post(chain.submission(chain.anulacion("FEB-2"))).verdicts == [("Correcto", "")]
        recipient = f"<q:Contraparte>{flag('NombreRazon', 'X')}{flag('NIF', CUSTOMER)}</q:Contraparte>"
        assert numbers(ask(client, chain.query(recipient, month="01"))) == ["ENE-1", "FEB-2"]
        assert numbers(ask(client, chain.query(month="02"))) == ["FEB-1"]

    def test_a_range_that_ends_before_it_begins_is_1250(self, client: Client, chain: Chain) -> None:
        assert fault(client, chain.query(issued(span("02-01-2026", "01-01-2026")))) == "1250"

    def test_the_recipient_sees_its_invoices(
        self, simulator: Simulator, client_of: Callable[[Simulator, str], Client], chain: Chain
    ) -> None:
        who = f"<s:Destinatario><s:NombreRazon>X</s:NombreRazon><s:NIF>{PRODUCER}</s:NIF></s:Destinatario>"
        answer = ask(client_of(simulator, PRODUCER), chain.query(who=who, month="01"))
        assert numbers(answer) == ["ENE-2"]

    def test_nobody_sees_the_invoices_of_others(
        self, simulator: Simulator, client: Client, client_of: Callable[[Simulator, str], Client], chain: Chain
    ) -> None:
        assert fault(client_of(simulator, PRODUCER), chain.query()) == "4140"
        who = f"<s:Destinatario><s:NombreRazon>X</s:NombreRazon><s:NIF>{PRODUCER}</s:NIF></s:Destinatario>"
        assert fault(client, chain.query(who=who)) == "4132"


class TestPages:
    """The simulator of these tests shows two records a page."""

    def test_follow_one_another_to_the_end(self, client: Client, chain: Chain) -> None:
        client.post(chain.submission(*(chain.alta(f"A-{n}") for n in range(5))))
        pages, filters = [], ""
        while True:
            answer = ask(client, chain.query(filters))
            pages.append(numbers(answer))
            if answer.text("IndicadorPaginacion") == "N":
                break
            last = answer.content.find("{*}ClavePaginacion")
            assert last is not None
            filters = key(last.findtext("{*}NumSerieFactura") or "", last.findtext("{*}FechaExpedicionFactura") or "")
        assert pages == [["A-0", "A-1"], ["A-2", "A-3"], ["A-4"]]

    def test_a_full_last_page_announces_no_other(self, client: Client, chain: Chain) -> None:
        client.post(chain.submission(chain.alta("A-1"), chain.alta("A-2")))
        answer = ask(client, chain.query())
        assert (numbers(answer), answer.text("IndicadorPaginacion")) == (["A-1", "A-2"], "N")

    def test_an_invoice_corrected_meanwhile_keeps_its_place(self, client: Client, chain: Chain) -> None:
        client.post(chain.submission(*(chain.alta(f"A-{n}") for n in range(4))))
        client.post(chain.submission(chain.alta("A-0", flags=SUBSANACION), chain.alta("A-1", flags=SUBSANACION)))
        assert numbers(ask(client, chain.query())) == ["A-0", "A-1"]
        assert numbers(ask(client, chain.query(key("A-1", "03-02-2026")))) == ["A-2", "A-3"]

    def test_a_key_that_names_nothing_has_nothing_behind_it(self, client: Client, chain: Chain) -> None:
        client.post(chain.submission(chain.alta("A-1")))
        assert ask(client, chain.query(key("Z-1", "03-02-2026"))).text("ResultadoConsulta") == "SinDatos"


def test_both_kinds_of_reference_are_shown(client: Client, chain: Chain, clock: Clock) -> None:
    """A corrective invoice brings blocks whose children belong to the answer's own namespace."""
    corrected = (
        "<s:FacturasRectificadas><s:IDFacturaRectificada>"
        f"<s:IDEmisorFactura>{COMPANY}</s:IDEmisorFactura><s:NumSerieFactura>A-1</s:NumSerieFactura>"
        "<s:FechaExpedicionFactura>03-02-2026</s:FechaExpedicionFactura>"
        "</s:IDFacturaRectificada></s:FacturasRectificadas>"
        "<s:ImporteRectificacion><s:BaseRectificada>90.00</s:BaseRectificada>"
        "<s:CuotaRectificada>18.90</s:CuotaRectificada></s:ImporteRectificacion>"
    )
    record = chain.alta("R-1").replace(
        "<s:TipoFactura>F1</s:TipoFactura>",
        f"<s:TipoFactura>R1</s:TipoFactura><s:TipoRectificativa>S</s:TipoRectificativa>{corrected}",
    )
    sealed = sha(
        f"IDEmisorFactura={COMPANY}&NumSerieFactura=R-1&FechaExpedicionFactura=03-02-2026&TipoFactura=R1"
        f"&CuotaTotal=21.00&ImporteTotal=121.00&Huella=&FechaHoraHusoGenRegistro={chain.stamp()}"
    )
    record = record.replace(chain.made[-1], sealed)
    assert client.post(chain.submission(record)).verdicts == [("Correcto", "")]
    answer = ask(client, chain.query())
    assert answer.content.findtext(".//{*}IDFacturaRectificada/{*}NumSerieFactura") == "A-1"
    assert answer.text("BaseRectificada") == "90.00"
