"""`envios.csv`: every request to the AEAT and how it ended; `respuestas/`: what came back, the bytes as they came."""

from typing import Any
from uuid import UUID

from common.progress import Told
from invoicing.inspection.archive import Archive
from invoicing.inspection.checks import Checks
from invoicing.inspection.picture import HeldSubmission, Picture
from invoicing.inspection.records import presented
from verifactu.models import Answer

HEADER = (
    "Envío", "Instalación", "Primer registro", "Registros", "Incidencia", "Enviado", "Terminado", "Resultado", "Motivo",
    "Fallos seguidos", "HTTP", "EstadoEnvio", "CSV", "TimestampPresentacion", "TiempoEsperaEnvio (s)",
    "Siguiente no antes de", "Ficheros de respuesta",
)  # fmt: skip
BEGINNING = 1000
"""Bytes of an answer by which it is known for a SOAP message."""
STATES = {
    "sending": "enviándose",
    "answered": "respondido",
    "refused": "rehusado: la AEAT no guardó nada",
    "not_delivered": "no entregado: no llegó a la AEAT",
    "unknown": "sin respuesta: se pregunta a la AEAT antes de reenviar",
}


def path_of(submission: UUID, place: int, body: bytes) -> str:
    """Return where the answer of that place (from 1) to a submission lies.

    What is no SOAP message (a page of a proxy, a cut answer) is given a name that no program opens by itself.
    """
    kind = "xml" if b"Envelope" in body[:BEGINNING] else "dat"
    return f"respuestas/{submission}-{place}.{kind}"


def write(archive: Archive, taken: Picture, checks: Checks, told: Told) -> int:
    """Write submissions and answers; return how many answers there are."""
    done = answers = 0
    with archive.table("envios.csv", HEADER) as table:
        for page in taken.submissions.pages():
            for held in page:
                # One by one: the answer to a thousand records is a megabyte.
                paths, last = [], None
                for place, pk in enumerate(held.answers, 1):
                    last = Answer.objects.get(pk=pk)
                    body = bytes(last.body)
                    paths.append(path_of(held.id, place, body))
                    archive.add(paths[-1], body)
                    checks.seal(last)
                table.row(*_row(held, taken, last), " ".join(paths))
                answers += len(paths)
            done += len(page)
            told.at(done)
    return answers


def _row(held: HeldSubmission, taken: Picture, answer: Answer | None) -> list[Any]:
    return [
        str(held.id), taken.chains[held.installation_id].numero, held.first_seq, held.size, held.incidencia,
        held.started_at, held.finished_at, STATES[held.state], held.reason, held.failures,
        answer and answer.http_status, answer.estado_envio if answer else "", answer.csv if answer else "",
        presented(held.id) if answer else "", answer and answer.tiempo_espera, held.next_at,
    ]  # fmt: skip
