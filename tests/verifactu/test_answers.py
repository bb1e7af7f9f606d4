"""The AEAT's answers in all their forms (service description 1.0.3 and what the service was seen to send)."""

from dataclasses import replace

import pytest

from tests.verifactu.answering import fault, respuesta, respuesta_consulta
from tests.verifactu.examples import ALTA, CABECERA
from tests.verifactu.official import assert_official
from tests.verifactu.sound import ACCEPTED, ANSWER, DUPLICATE, HELD
from verifactu.codes import EstadoEnvio, EstadoRegistro, EstadoRegistroAlmacenado
from verifactu.errors import UnreadableXML
from verifactu.xml import (
    RespuestaConsulta,
    fragment,
    parse_consulta,
    parse_fault,
    parse_respuesta,
)
from verifactu.xml.namespaces import INFORMACION, RESPUESTA, RESPUESTA_CONSULTA

# Written by hand after the description of the service, with prefixes and order of its own: no writer of ours was here.
TYPED = f"""<?xml version="1.0" encoding="UTF-8"?>
<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Header/><env:Body Id="Body">
<tikR:RespuestaRegFactuSistemaFacturacion xmlns:tikR="{RESPUESTA}" xmlns:tik="{INFORMACION}">
  <tikR:CSV>A-YDSW8NLFLANWPM</tikR:CSV>
  <tikR:DatosPresentacion>
    <tik:NIFPresentador>89890001K</tik:NIFPresentador>
    <tik:TimestampPresentacion>2027-01-02T10:15:03+01:00</tik:TimestampPresentacion>
  </tikR:DatosPresentacion>
  <tikR:Cabecera><tik:ObligadoEmision><tik:NombreRazon>EMPRESA DEMO SL</tik:NombreRazon><tik:NIF>89890001K</tik:NIF>
  </tik:ObligadoEmision></tikR:Cabecera>
  <tikR:TiempoEsperaEnvio>60</tikR:TiempoEsperaEnvio>
  <tikR:EstadoEnvio>ParcialmenteCorrecto</tikR:EstadoEnvio>
  <tikR:RespuestaLinea>
    <tikR:IDFactura><tik:IDEmisorFactura>89890001K</tik:IDEmisorFactura>
      <tik:NumSerieFactura>A&amp;1</tik:NumSerieFactura>
      <tik:FechaExpedicionFactura>02-01-2027</tik:FechaExpedicionFactura></tikR:IDFactura>
    <tikR:Operacion><tik:TipoOperacion>Alta</tik:TipoOperacion><tik:Subsanacion>S</tik:Subsanacion></tikR:Operacion>
    <tikR:EstadoRegistro>Incorrecto</tikR:EstadoRegistro>
    <tikR:CodigoErrorRegistro>3000</tikR:CodigoErrorRegistro>
    <tikR:DescripcionErrorRegistro>Registro duplicado.</tikR:DescripcionErrorRegistro>
    <tikR:RegistroDuplicado>
      <tik:IdPeticionRegistroDuplicado>20270102000000000042</tik:IdPeticionRegistroDuplicado>
      <tik:EstadoRegistroDuplicado>Correcta</tik:EstadoRegistroDuplicado>
    </tikR:RegistroDuplicado>
  </tikR:RespuestaLinea>
</tikR:RespuestaRegFactuSistemaFacturacion></env:Body></env:Envelope>""".encode()


def test_a_submissions_answer_is_read_element_by_element() -> None:
    assert_official(TYPED)
    answer = parse_respuesta(TYPED)
    assert answer.CSV == "A-YDSW8NLFLANWPM"
    assert answer.NIFPresentador == "89890001K"
    assert answer.TimestampPresentacion == "2027-01-02T10:15:03+01:00"
    assert answer.TiempoEsperaEnvio == 60
    assert answer.EstadoEnvio is EstadoEnvio.PARCIALMENTE_CORRECTO
    assert answer.Cabecera == CABECERA
    (line,) = answer.lines
    assert line.IDFactura.NumSerieFactura == "A&1"
    assert (line.Operacion.TipoOperacion, line.Operacion.Subsanacion) == ("Alta", "S")
    assert line.EstadoRegistro is EstadoRegistro.INCORRECTO
    assert line.CodigoErrorRegistro == "3000"
    assert line.RegistroDuplicado is not None
    assert line.RegistroDuplicado.IdPeticionRegistroDuplicado == "20270102000000000042"
    assert line.RegistroDuplicado.EstadoRegistroDuplicado is EstadoRegistroAlmacenado.CORRECTO


@pytest.mark.parametrize(
    ("spelling", "state"),
    [
        ("Correcta", EstadoRegistroAlmacenado.CORRECTO),
        ("Correcto", EstadoRegistroAlmacenado.CORRECTO),
        ("AceptadaConErrores", EstadoRegistroAlmacenado.ACEPTADO_CON_ERRORES),
        ("AceptadoConErrores", EstadoRegistroAlmacenado.ACEPTADO_CON_ERRORES),
        ("Anulada", EstadoRegistroAlmacenado.ANULADO),
        ("Anulado", EstadoRegistroAlmacenado.ANULADO),
    ],
)
def test_a_stored_state_is_read_in_either_gender(spelling: str, state: EstadoRegistroAlmacenado) -> None:
    duplicate = TYPED.replace(b">Correcta<", f">{spelling}<".encode())
    held = respuesta_consulta(HELD).replace(b">AceptadoConErrores<", f">{spelling}<".encode())
    found = parse_respuesta(duplicate).lines[0].RegistroDuplicado
    assert found is not None
    assert found.EstadoRegistroDuplicado is state
    assert parse_consulta(held).records[0].EstadoRegistro is state


@pytest.mark.parametrize(("text", "seconds"), [("60", 60), ("0", 0), ("1200", 1200), ("", None), ("pronto", None)])
def test_the_wait_is_seconds_or_nothing(text: str, seconds: int | None) -> None:
    answer = TYPED.replace(b"TiempoEsperaEnvio>60<", f"TiempoEsperaEnvio>{text}<".encode())
    assert parse_respuesta(answer).TiempoEsperaEnvio == seconds


@pytest.mark.parametrize(
    ("state", "in_its_place"),
    [(b">ParcialmenteCorrecto<", b">Regular<"), (b">Incorrecto<", b"><"), (b">Correcta<", b">Quizas<"),
     (b">Alta<", b">Baja<")],
)  # fmt: skip
def test_a_state_that_is_none_of_the_list_is_no_verdict(state: bytes, in_its_place: bytes) -> None:
    with pytest.raises(UnreadableXML):
        parse_respuesta(TYPED.replace(state, in_its_place))


def test_every_form_of_an_answer_is_official_and_reads_back_equal() -> None:
    for answer in (
        ANSWER,
        replace(ANSWER, CSV="", NIFPresentador="", TimestampPresentacion="", TiempoEsperaEnvio=None, lines=()),
        replace(ANSWER, lines=(DUPLICATE, ACCEPTED)),
    ):
        message = respuesta(answer)
        assert_official(message)
        assert parse_respuesta(message) == answer
    for page in (HELD, RespuestaConsulta(ObligadoEmision=HELD.ObligadoEmision, Ejercicio="2027", Periodo="01")):
        message = respuesta_consulta(page)
        assert_official(message)
        assert parse_consulta(message) == page


def test_a_key_without_the_indicator_ends_the_query_and_the_indicator_without_a_key_is_refused() -> None:
    last = respuesta_consulta(HELD).replace(b"IndicadorPaginacion>S<", b"IndicadorPaginacion>N<")
    assert parse_consulta(last).ClavePaginacion is None
    lost = respuesta_consulta(HELD)
    start, end = lost.index(b"<r:ClavePaginacion>"), lost.index(b"</r:ClavePaginacion>")
    with pytest.raises(UnreadableXML, match="another"):
        parse_consulta(lost[:start] + lost[end + len(b"</r:ClavePaginacion>") :])


@pytest.mark.parametrize(
    ("faultcode", "faultstring", "code", "client"),
    [
        ("env:Client", "Codigo[4104].Error en la cabecera: NIF no identificado", "4104", True),
        ("soapenv:Client", "Codigo[4102].El XML no cumple el esquema.", "4102", True),
        ("Client.Schema", "sin codigo", "", True),
        ("env:Server", "Codigo[20009].Error interno", "20009", False),
        ("env:Server", "Codigo[102]", "102", False),
        ("env:MustUnderstand", "?", "", None),
        ("", "", "", None),
    ],
)
def test_a_fault_tells_code_and_whose_it_is(faultcode: str, faultstring: str, code: str, client: bool | None) -> None:
    message = (
        '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body><env:Fault>'
        f"<faultcode>{faultcode}</faultcode><faultstring>{faultstring}</faultstring><detail><x/></detail>"
        "</env:Fault></env:Body></env:Envelope>"
    ).encode()
    found = parse_fault(message)
    assert found is not None
    assert (found.code, found.text, found.client) == (code, faultstring, client)


def test_markup_in_a_fault_reads_back() -> None:
    for client in (True, False):
        found = parse_fault(fault(code="4102", text="falta <IDVersion> & más", client=client))
        assert found is not None
        assert (found.code, found.text, found.client) == ("4102", "Codigo[4102].falta <IDVersion> & más", client)


def test_an_answer_is_no_fault_and_a_fault_is_no_answer() -> None:
    assert parse_fault(TYPED) is None
    with pytest.raises(UnreadableXML, match="Fault found"):
        parse_respuesta(fault(code="4102", text="", client=True))


HOSTILE = [
    b"",
    b"<html><body>Mantenimiento</body></html>",
    b"<!DOCTYPE html><html><head><title>Error</title><br></head></html>",
    TYPED[:-20],
    b'<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body/></env:Envelope>',
    b'<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"/>',
    fragment(ALTA).encode(),
    f'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><x xmlns="{RESPUESTA}">&a;</x>'.encode(),
    b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><RespuestaRegFactuSistemaFacturacion/>',
    b"<!DOCTYPE x [" + b"".join(
        b'<!ENTITY l%d "%s">' % (n, (b"&l%d;" % (n - 1)) * 10 if n else b"lol") for n in range(12)
    ) + b"]><x>&l11;</x>",
    TYPED.replace(b"?>", b"?><!DOCTYPE Envelope>", 1),
    TYPED.replace(b"?>", b'?><!DOCTYPE Envelope [<!ENTITY harmless "x">]>', 1),
    b"<a>" * 5000 + b"</a>" * 5000,
    TYPED.replace(b'encoding="UTF-8"', b'encoding="klingon"'),
    TYPED.replace(b"A&amp;1", b"\xff\xfe"),
    f'<tikC:Otra xmlns:tikC="{RESPUESTA_CONSULTA}"/>'.encode(),
]  # fmt: skip


@pytest.mark.parametrize("message", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_hostile_or_broken_is_refused_by_every_reader(message: bytes) -> None:
    with pytest.raises(UnreadableXML):
        parse_respuesta(message)
    with pytest.raises(UnreadableXML):
        parse_consulta(message)


def test_comments_and_instructions_do_not_split_a_text() -> None:
    answer = TYPED.replace(b">A&amp;1<", b">A<!-- x --><?y z?>&amp;<![CDATA[1]]><")
    assert parse_respuesta(answer).lines[0].IDFactura.NumSerieFactura == "A&1"
