"""`registros/`: every record as it was sent, by its place in its chain; and `registros.csv`, what became of each."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from uuid import UUID

from common.progress import Told
from invoicing.inspection.archive import Archive
from invoicing.inspection.checks import Checks
from invoicing.inspection.names import file_name
from invoicing.inspection.picture import HeldRecord, Picture
from verifactu.errors import UnreadableXML
from verifactu.models import Answer, Installation, Record
from verifactu.verification import broken_links
from verifactu.xml import parse_respuesta, read_registro

FLAGS = ("Subsanacion", "RechazoPrevio", "SinRegistroPrevio")
HEADER = (
    "Fichero", "Instalación", "Nº en la cadena", "Por qué está", "Operación", "IDEmisorFactura", "NumSerieFactura",
    "FechaExpedicionFactura", "TipoFactura", "ImporteTotal", "FechaHoraHusoGenRegistro", "Huella", "Huella anterior",
    *FLAGS, "Version", "Estado", "CodigoErrorRegistro",
    "DescripcionErrorRegistro", "Motivo", "CSV", "Respuesta", "TimestampPresentacion", "Envío",
)  # fmt: skip
STATES = {
    "pending": "por enviar",
    "in_flight": "enviándose",
    "accepted": "Correcto",
    "accepted_with_errors": "AceptadoConErrores",
    "rejected": "Incorrecto",
    "unknown": "enviado, sin respuesta",
    "quarantined": "apartado",
}
"""EstadoRegistro, where the AEAT has said it."""
WHY = {True: "generado en el periodo", False: "de una factura del periodo"}


class Inside:
    """What the records inside turned out to be: the versions that made them, and where they stand in their chains."""

    def __init__(self) -> None:
        self.versions: set[str] = set()
        self.places: dict[UUID, list[int]] = {}
        """Of each chain the first and the last record inside, and how many."""

    def note(self, record: HeldRecord) -> None:
        """Count a record in."""
        first, _, count = self.places.get(record.installation_id, (record.seq, 0, 0))
        self.places[record.installation_id] = [first, record.seq, count + 1]


def folders(chains: Iterable[Installation]) -> dict[UUID, str]:
    """Return the folder of each chain: its number, which producers and systems may have given twice."""
    chains = list(chains)
    numbers = Counter(chain.numero for chain in chains)
    return {
        chain.pk: file_name(
            chain.numero if numbers[chain.numero] == 1 else f"{chain.numero} {chain.producer_nif} {chain.system_id}"
        )
        for chain in chains
    }


def path_of(folder: str, seq: int) -> str:
    """Return where a record lies."""
    return f"registros/{folder}/{seq:06d}.xml"


def write(archive: Archive, taken: Picture, checks: Checks, told: Told) -> Inside:
    """Write all records inside, verify their chains, and return what they were."""
    inside, folder = Inside(), folders(taken.chains.values())
    presented_at = lru_cache(maxsize=16)(presented)  # a page of records came in a few submissions
    done = 0
    with archive.table("registros.csv", HEADER) as table:
        for page in taken.records.pages():
            rows = Record.objects.in_bulk([held.id for held in page])
            for held in page:
                record = rows[held.id]
                path = path_of(folder[held.installation_id], held.seq)
                archive.add(path, record.xml.encode())
                checks.seal(record)
                inside.note(held)
                flags, version, stamp = _said(record)
                inside.versions.add(version)
                table.row(
                    path, taken.chains[held.installation_id].numero, held.seq, WHY[held.in_period], record.operation,
                    record.id_emisor, record.num_serie, record.fecha_expedicion, record.tipo_factura,
                    record.importe_total, stamp, record.huella, record.huella_anterior, *flags, version,
                    STATES[held.state], held.codigo_error, held.descripcion_error, held.reason, held.csv,
                    held.verdict_at, presented_at(held.submission_id) if held.verdict_at else "",
                    str(held.submission_id or ""),
                )  # fmt: skip
            done += len(page)
            told.at(done)
    for chain, first, last in _runs(taken):
        # With the neighbour on either side: whoever replaced a record, and its huella with it, broke the next link.
        until = last if last >= chain.head_seq else last + 1
        checks.look("chain", broken_links(chain, first=first, last=until), at=last - first + 1)
    return inside


def _said(record: Record) -> tuple[list[str], str, str]:
    """Return what a record says of itself: its flags, the version that made it, its stamp to the letter."""
    try:
        registro = read_registro(record.xml)
    except UnreadableXML:  # which the chain's own check tells
        return [""] * len(FLAGS), "", record.generated_at.isoformat()
    flags = [getattr(registro, name, "") for name in FLAGS]
    return flags, registro.SistemaInformatico.Version, registro.FechaHoraHusoGenRegistro


def presented(submission_id: UUID | None) -> str:
    """Return TimestampPresentacion, as the AEAT's answer to a submission says it; empty without one that does."""
    answers = Answer.objects.filter(submission_id=submission_id, estado_envio__gt="").order_by("-pk")
    for body in answers.values_list("body", flat=True)[:1]:
        try:
            return parse_respuesta(bytes(body)).TimestampPresentacion
        except UnreadableXML:  # it was read when it came: its seal tells
            return ""
    return ""


def _runs(taken: Picture) -> Iterator[tuple[Installation, int, int]]:
    """Yield the records inside as runs of neighbours: chain, first, last."""
    run: tuple[UUID, int, int] | None = None
    for page in taken.records.pages():
        for held in page:
            if run and (held.installation_id, held.seq) == (run[0], run[2] + 1):
                run = (run[0], run[1], held.seq)
                continue
            if run:
                yield taken.chains[run[0]], run[1], run[2]
            run = (held.installation_id, held.seq, held.seq)
    if run:
        yield taken.chains[run[0]], run[1], run[2]
