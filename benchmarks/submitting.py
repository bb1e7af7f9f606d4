"""What a full submission of 1000 records costs in processor time, ours and by zeep from the same WSDL.

Ours is text: the records as they were stored when they were issued, joined, judged by the schema, and the answer read.
zeep's is the way its documentation shows: values, `create_message`, the tree serialised, the answer deserialised; its
values are ready before the clock starts, and that its message says the same is checked once.

Ours is done several times a round, so that the seconds that zeep takes lie between them: a virtual machine may run at
half its speed for some of these. The median of all counts, as elsewhere. The least of all is told beside it: what the
work needs at full speed.
"""

from datetime import UTC, datetime
from decimal import Decimal
from statistics import median
from typing import Any

import requests
from lxml import etree

from benchmarks.harness import Figure, at_most, compare, cpu_milliseconds, reported, scaled
from verifactu.huella import sealed
from verifactu.records import (
    Cabecera,
    DetalleDesglose,
    Encadenamiento,
    IDFactura,
    PersonaFisicaJuridica,
    PrimerRegistro,
    RegistroAlta,
    RegistroAnterior,
    SistemaInformatico,
)
from verifactu.simulator.answers import Presentation, respuesta
from verifactu.simulator.messages import Reader, submission
from verifactu.simulator.world import Verdict
from verifactu.transport import contract
from verifactu.xml import body_errors, envelope, fragment, parse_respuesta, wrong_fragments

WHO = PersonaFisicaJuridica(NombreRazon="Almacenes La Encina SL", NIF="B12345674")
SYSTEM = SistemaInformatico(
    NombreRazon="PRODUCTOR DE PRUEBAS SL",
    NIF="B12345674",
    NombreSistemaInformatico="Encadena",
    IdSistemaInformatico="EN",
    Version="0.1.0",
    NumeroInstalacion="20270101T090000Z-AB12",
    TipoUsoPosibleSoloVerifactu="S",
    TipoUsoPosibleMultiOT="S",
    IndicadorMultiplesOT="N",
)
TIMES = 5
"""How often ours is done in a round."""

REPROACHED = Verdict("AceptadoConErrores", "2004", "El valor del campo FechaHoraHusoGenRegistro no es el esperado")
REFUSED = Verdict("Incorrecto", "1237", "El valor del campo CalificacionOperacion está informado y no es correcto")


def measure(scale: float) -> list[Figure]:
    """Return `submission_1000_cpu_ms`, its least, the same as the sender does it, and `submission_1000_vs_zeep`."""
    records = chain(scaled(1000, scale))
    fragments = [fragment(record) for record in records]
    header = Cabecera(ObligadoEmision=WHO)
    answer = answer_to(envelope(header, fragments))

    def ours() -> None:
        message = envelope(header, fragments)
        assert not body_errors(message)  # noqa: S101 (it is the work)
        parse_respuesta(answer)

    def as_sent() -> None:
        assert not wrong_fragments(fragments)  # noqa: S101 (it is the work)
        envelope(header, fragments)
        parse_respuesta(answer)

    theirs = Zeep(records, answer)
    assert not body_errors(theirs.message())  # noqa: S101 (that both sides do the same work)
    all_rounds: list[float] = []

    def timed() -> float:
        some = [cpu_milliseconds(ours) for _ in range(TIMES)]
        all_rounds.extend(some)
        return median(some)

    ratio = compare(
        "submission_1000_vs_zeep",
        ours=timed,
        other=lambda: cpu_milliseconds(theirs.exchange),
        other_is="zeep create_message, serialised, and zeep's reading of the answer; no validation",
        unit="CPU ms",
        at_least=8,
    )
    as_sent()
    return [
        at_most("submission_1000_cpu_ms", median(all_rounds), 60, "CPU ms"),
        reported("submission_1000_least_cpu_ms", min(all_rounds), "CPU ms"),
        reported("submission_1000_as_sent_cpu_ms", min(cpu_milliseconds(as_sent) for _ in range(TIMES)), "CPU ms"),
        ratio,
    ]


class Zeep:
    """The other side: one client, one prepared set of values."""

    def __init__(self, records: list[RegistroAlta], answer: bytes) -> None:
        client: Any = contract()
        self._client = client
        client.set_ns_prefix("sum1", self._namespace("SuministroInformacion.xsd"))
        client.set_ns_prefix("sum", self._namespace("SuministroLR.xsd"))
        self._values = {
            "Cabecera": {"ObligadoEmision": {"NombreRazon": WHO.NombreRazon, "NIF": WHO.NIF}},
            "RegistroFactura": [{"RegistroAlta": values(record)} for record in records],
        }
        self._answer = requests.Response()
        self._answer.status_code = 200
        self._answer.headers["Content-Type"] = "text/xml; charset=utf-8"
        self._answer.encoding = "utf-8"
        self._answer._content = answer

    def exchange(self) -> None:
        """Make the message and read the answer."""
        self.message()
        binding = self._client.service._binding
        binding.process_reply(self._client, binding.get("RegFactuSistemaFacturacion"), self._answer)

    def message(self) -> bytes:
        """Return the message as it would be posted."""
        tree = self._client.create_message(self._client.service, "RegFactuSistemaFacturacion", **self._values)
        message: bytes = etree.tostring(tree, xml_declaration=True, encoding="utf-8")
        return message

    def _namespace(self, name: str) -> str:
        return next(str(uri) for uri in self._client.namespaces.values() if uri.endswith(name))


def chain(count: int) -> list[RegistroAlta]:
    """Return linked records of two rates each, F1 and F2 in turn."""
    records: list[RegistroAlta] = []
    for number in range(1, count + 1):
        records.append(
            chain_record(
                number,
                link=_link(records[-1] if records else None),
                system=SYSTEM,
                day="02-01-2027",
                stamp=f"2027-01-02T10:{number // 60 % 60:02d}:{number % 60:02d}+01:00",
            )
        )
    return records


def chain_record(
    number: int,
    *,
    link: Encadenamiento,
    system: SistemaInformatico,
    day: str,
    stamp: str,
    issuer: str = WHO.NIF,
) -> RegistroAlta:
    """Return a sealed record of two rates: an F1 where the number is even, an F2 where it is odd."""
    complete = number % 2 == 0
    base = Decimal(number % 90 + 10)
    taxes = [(rate, (base * rate / 100).quantize(Decimal("0.01"))) for rate in (Decimal("21.00"), Decimal("10.00"))]
    tax_total = sum(tax for _, tax in taxes)
    return sealed(
        RegistroAlta(
            IDFactura=IDFactura(
                IDEmisorFactura=issuer,
                NumSerieFactura=f"F2027-{number:06d}",
                FechaExpedicionFactura=day,
            ),
            RefExterna=f"0199aaaa-bbbb-7ccc-8ddd-{number:012d}",
            NombreRazonEmisor=WHO.NombreRazon,
            TipoFactura="F1" if complete else "F2",
            DescripcionOperacion=f"Pedido #{number}: Manta de lana merina, Miel de encina 500 g, Envío 24-48 h",
            Destinatarios=(PersonaFisicaJuridica(NombreRazon="Ferretería Soler & Cía SL", NIF="B87654321"),)
            if complete
            else (),
            Desglose=tuple(
                DetalleDesglose(
                    Impuesto="01",
                    ClaveRegimen="01",
                    CalificacionOperacion="S1",
                    TipoImpositivo=str(rate),
                    BaseImponibleOimporteNoSujeto=f"{base:.2f}",
                    CuotaRepercutida=str(tax),
                )
                for rate, tax in taxes
            ),
            CuotaTotal=f"{tax_total:.2f}",
            ImporteTotal=f"{2 * base + tax_total:.2f}",
            Encadenamiento=link,
            SistemaInformatico=system,
            FechaHoraHusoGenRegistro=stamp,
        )
    )


def _link(before: RegistroAlta | None) -> PrimerRegistro | RegistroAnterior:
    if before is None:
        return PrimerRegistro()
    invoice = before.IDFactura
    return RegistroAnterior(
        IDEmisorFactura=invoice.IDEmisorFactura,
        NumSerieFactura=invoice.NumSerieFactura,
        FechaExpedicionFactura=invoice.FechaExpedicionFactura,
        Huella=before.Huella,
    )


def answer_to(message: bytes) -> bytes:
    """Return what the stand-in AEAT would answer: most records correct, every fiftieth reproached or refused."""
    sent = submission(Reader().content(message))
    verdicts = [
        (REPROACHED if number % 100 else REFUSED) if number % 50 == 0 else Verdict("Correcto")
        for number in range(1, len(sent.records) + 1)
    ]
    receipt = Presentation(nif=WHO.NIF, at=datetime(2027, 1, 2, 10, tzinfo=UTC), peticion="1", csv="A-ABCDEFGHIJKLMN")
    return respuesta(sent, list(zip(sent.records, verdicts, strict=True)), receipt, wait=60)


def values(record: RegistroAlta) -> dict[str, Any]:
    """Return a record as the nested values that zeep takes."""
    link = record.Encadenamiento
    return {
        "IDVersion": record.IDVersion,
        "IDFactura": _plain(record.IDFactura),
        "RefExterna": record.RefExterna,
        "NombreRazonEmisor": record.NombreRazonEmisor,
        "TipoFactura": record.TipoFactura,
        "DescripcionOperacion": record.DescripcionOperacion,
        "Destinatarios": {"IDDestinatario": [_plain(who) for who in record.Destinatarios]}
        if record.Destinatarios
        else None,
        "Desglose": {"DetalleDesglose": [_plain(line) for line in record.Desglose]},
        "CuotaTotal": record.CuotaTotal,
        "ImporteTotal": record.ImporteTotal,
        "Encadenamiento": {"RegistroAnterior": _plain(link)}
        if isinstance(link, RegistroAnterior)
        else {"PrimerRegistro": "S"},
        "SistemaInformatico": _plain(record.SistemaInformatico),
        "FechaHoraHusoGenRegistro": record.FechaHoraHusoGenRegistro,
        "TipoHuella": record.TipoHuella,
        "Huella": record.Huella,
    }


def _plain(value: Any) -> dict[str, Any]:
    """Return the attributes that hold something."""
    return {name: text for name in value.__slots__ if (text := getattr(value, name))}
