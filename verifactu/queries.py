"""Ask the AEAT what it holds (ConsultaFactuSistemaFacturacion), month by month and page by page."""

from collections.abc import Iterable, Iterator

from verifactu.client import Answered, Client
from verifactu.errors import DUPLICATE
from verifactu.models import Installation, Record, Submission
from verifactu.records import PersonaFisicaJuridica, RegistroAlta, SistemaInformatico
from verifactu.verdicts import Finding
from verifactu.xml import Consulta, RegistroConsultado, consulta, read_registro
from workflows.errors import Transient

MOST_PAGES = 1000
"""A query that goes on longer is a defect of the other side, not an answer (10,000 records a page)."""


def find_at_aeat(client: Client, submission: Submission, records: Iterable[Record]) -> list[Finding]:
    """Return what the AEAT holds of each record, by invoice number and huella.

    :raises Transient: when the AEAT does not answer now.
    """
    records = list(records)
    held: dict[tuple[str, str], RegistroConsultado] = {}
    months = sorted({month for record in records for month in _months(record)})
    for ejercicio, periodo in months:
        for found in month_at_aeat(client, submission.installation, ejercicio, periodo):
            held[found.IDFactura.NumSerieFactura, found.IDFactura.FechaExpedicionFactura] = found
    return [_finding(record, held.get((record.num_serie, record.fecha_expedicion))) for record in records]


def month_at_aeat(
    client: Client, installation: Installation, ejercicio: str, periodo: str
) -> Iterator[RegistroConsultado]:
    """Yield everything that the AEAT holds of this installation for one month.

    :raises Transient: when a page cannot be had now.
    """
    taxpayer = installation.taxpayer
    key = None
    for _ in range(MOST_PAGES):
        query = Consulta(
            ObligadoEmision=PersonaFisicaJuridica(NombreRazon=taxpayer.name, NIF=taxpayer.nif),
            Ejercicio=ejercicio,
            Periodo=periodo,
            SistemaInformatico=_system(installation),
            ClavePaginacion=key,
        )
        outcome = client.query(consulta(query))
        if not isinstance(outcome, Answered):
            raise Transient(f"la AEAT no responde a la consulta: {outcome.reason}", retry_after=_asked_pause(outcome))
        page = outcome.respuesta
        yield from page.records
        key = page.ClavePaginacion
        if key is None:
            return
    raise Transient("la consulta a la AEAT no termina")


def _finding(record: Record, held: RegistroConsultado | None) -> Finding:
    if held is None or held.DatosRegistroFacturacion.Huella != record.huella:
        # One that was answered with 3000 would be again: what the AEAT holds there is not this record.
        elsewhere = record.codigo_error == DUPLICATE or (held is not None and not _before(record, held))
        return Finding(record_id=record.pk, found="other" if elsewhere else "absent")
    return Finding(
        record_id=record.pk,
        found="held",
        estado=str(held.EstadoRegistro),
        code=held.CodigoErrorRegistro,
        description=held.DescripcionErrorRegistro,
    )


def _before(record: Record, held: RegistroConsultado) -> bool:
    """Tell whether the AEAT holds an earlier record of ours of the same invoice, which this one is to replace."""
    earlier = Record.objects.filter(
        installation__taxpayer=record.installation.taxpayer_id,
        installation__environment=record.installation.environment,
        id_emisor=record.id_emisor,
        num_serie=record.num_serie,
        fecha_expedicion=record.fecha_expedicion,
        huella=held.DatosRegistroFacturacion.Huella,
    )
    return bool(earlier.exclude(pk=record.pk).exists())


def _months(record: Record) -> set[tuple[str, str]]:
    """Return (year, month) of the issue date and, where it differs, of the operation: sources disagree on which."""
    dates = [record.fecha_expedicion]
    registro = read_registro(record.xml)
    if isinstance(registro, RegistroAlta) and registro.FechaOperacion:
        dates.append(registro.FechaOperacion)
    return {(date[6:10], date[3:5]) for date in dates}


def _system(installation: Installation) -> SistemaInformatico:
    return SistemaInformatico(
        NombreRazon=installation.producer_name,
        NIF=installation.producer_nif,
        NombreSistemaInformatico=installation.system_name,
        IdSistemaInformatico=installation.system_id,
        Version="",
        NumeroInstalacion=installation.numero,
        TipoUsoPosibleSoloVerifactu="",
        TipoUsoPosibleMultiOT="",
        IndicadorMultiplesOT="",
    )


def _asked_pause(outcome: object) -> float | None:
    pause = getattr(outcome, "retry_after", None)
    return float(pause) if pause is not None else None
