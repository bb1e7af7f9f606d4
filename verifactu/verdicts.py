"""What an answer means for our records: each line's verdict, stored and passed on.

Lines are matched by invoice and operation, never by position (verifactu.md 7.2). A record without a line stays in
doubt; a line without a record is told and changes nothing.
"""

import logging
from collections import defaultdict
from datetime import datetime
from uuid import UUID

import msgspec

from verifactu import interventions, sending_alerts
from verifactu.client import Answered, Refused, Unknown
from verifactu.errors import DUPLICATE, technical
from verifactu.models import Answer, Record, Submission, Taxpayer
from verifactu.records import PersonaFisicaJuridica
from verifactu.states import FINAL_VERDICTS, RECORD_MOVES
from verifactu.xml import RespuestaLinea, RespuestaSuministro, read_registro
from workflows import tokens
from workflows.rows import sql

log = logging.getLogger(__name__)

_VERDICTS = {
    "Correcto": "accepted",
    "AceptadoConErrores": "accepted_with_errors",
    "Incorrecto": "rejected",
    "Anulado": "accepted",  # our record was stored; that the invoice was annulled later does not change it
}


_FLAGS = ("Subsanacion", "RechazoPrevio", "SinRegistroPrevio")


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The AEAT's final word on one record, as whoever waits for it is told."""

    record_id: UUID
    verdict: str
    """accepted, accepted_with_errors or rejected."""
    code: str = ""
    description: str = ""
    csv: str = ""
    at: datetime


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a query says of one record in doubt: `held` with the AEAT's state, `absent`, or `other` (another huella)."""

    record_id: UUID
    found: str
    estado: str = ""
    code: str = ""
    description: str = ""


class _Line(msgspec.Struct):
    record: Record
    verdict: str
    code: str = ""
    description: str = ""


def obligado(taxpayer: Taxpayer) -> PersonaFisicaJuridica:
    """Return the taxpayer as the header of a message names it."""
    return PersonaFisicaJuridica(NombreRazon=taxpayer.name, NIF=taxpayer.nif)


def representante(taxpayer: Taxpayer) -> PersonaFisicaJuridica | None:
    """Return the adviser who made the taxpayer's records, as the header names one; None where none did."""
    if not taxpayer.representante_nif:
        return None
    return PersonaFisicaJuridica(NombreRazon=taxpayer.representante_name, NIF=taxpayer.representante_nif)


class Applied(msgspec.Struct, frozen=True):
    """What came of an answer: records still in doubt, records that wait again, numbers of lines that were not ours."""

    doubtful: int = 0
    returned: int = 0
    strangers: list[str] = []


def apply(submission: Submission, answered: Answered[RespuestaSuministro], *, now: datetime) -> Applied:
    """Store the answer and apply its lines."""
    respuesta = answered.respuesta
    open_records: dict[tuple[str, str, str, str], list[Record]] = defaultdict(list)
    records = list(submission.records.filter(state__in=("in_flight", "unknown")).order_by("seq"))
    for record in records:
        key = (record.id_emisor, record.num_serie, record.fecha_expedicion, record.operation)
        open_records[key].append(record)
    lines: list[_Line] = []
    strangers: list[str] = []
    for answer in respuesta.lines:
        invoice = answer.IDFactura
        key = (
            invoice.IDEmisorFactura,
            invoice.NumSerieFactura,
            invoice.FechaExpedicionFactura,
            answer.Operacion.TipoOperacion,
        )
        if not open_records[key]:
            log.error("submission %s: a line for %s, which was not sent", submission.pk, invoice.NumSerieFactura)
            strangers.append(invoice.NumSerieFactura)
            continue
        lines.append(_line(_take(open_records[key], answer), answer))
    keep_answer(submission, answered, now=now, lines=lines)
    _write(lines, csv=respuesta.CSV, now=now)
    final = [line for line in lines if line.verdict in FINAL_VERDICTS]
    _tell(final, csv=respuesta.CSV, now=now)
    in_doubt = {record.pk for record in records} - {line.record.pk for line in lines if line.verdict != "unknown"}
    Record.objects.filter(pk__in=in_doubt, state="in_flight").update(state=RECORD_MOVES.target("doubt"))
    returned = sum(line.verdict == RECORD_MOVES.target("release") for line in lines)
    return Applied(len(in_doubt), returned, strangers)


def _take(candidates: list[Record], answer: RespuestaLinea) -> Record:
    """Take from the records of one invoice and operation the one of which a line speaks: its flags are echoed there."""
    if len(candidates) > 1:
        told = answer.Operacion
        for record in candidates:
            registro = read_registro(record.xml)
            flags = [getattr(registro, name, "") or "N" for name in _FLAGS]
            if flags == [getattr(told, name) or "N" for name in _FLAGS]:
                candidates.remove(record)
                return record
    return candidates.pop(0)


def keep_answer(
    submission: Submission,
    answer: Answered[RespuestaSuministro] | Refused | Unknown,
    *,
    now: datetime,
    lines: list[_Line] | None = None,
) -> None:
    """Store what came back, byte for byte; nothing when nothing came."""
    if not answer.body:
        return
    respuesta = answer.respuesta if isinstance(answer, Answered) else None
    Answer(
        submission=submission,
        kind="submission",
        received_at=now,
        http_status=answer.status,
        body=answer.body,
        csv=respuesta.CSV if respuesta else "",
        estado_envio=str(respuesta.EstadoEnvio) if respuesta else "",
        tiempo_espera=respuesta.TiempoEsperaEnvio if respuesta else None,
        lines=[
            {"record": str(line.record.pk), "verdict": line.verdict, "code": line.code, "text": line.description}
            for line in lines or []
        ],
    ).save()


def release(submission: Submission) -> None:
    """Nothing was stored there: the records wait to be sent again, unchanged and in order."""
    submission.records.filter(state="in_flight").update(state=RECORD_MOVES.target("release"))


def doubt(submission: Submission) -> None:
    """Nobody knows what was stored: nothing is sent again before the AEAT was asked."""
    submission.records.filter(state="in_flight").update(state=RECORD_MOVES.target("doubt"))


def adopt(submission: Submission, findings: list[Finding], *, now: datetime) -> None:
    """Apply what the AEAT holds of the records in doubt."""
    records = {record.pk: record for record in submission.records.filter(state="unknown")}
    lines = [
        _Line(records[finding.record_id], _VERDICTS[finding.estado], finding.code, finding.description)
        for finding in findings
        if finding.found == "held" and finding.record_id in records
    ]
    _write(lines, csv="", now=now)
    _tell(lines, csv="", now=now)
    absent = [finding.record_id for finding in findings if finding.found == "absent"]
    Record.objects.filter(pk__in=absent, state="unknown").update(state=RECORD_MOVES.target("release"))
    other = [finding.record_id for finding in findings if finding.found == "other"]
    if other:
        log.error("submission %s: the AEAT holds other records under the numbers of %s", submission.pk, other)
        reason = (
            "La AEAT tiene otro registro (otra huella) con este número. Mire en su sede quién lo envió: esta factura "
            "no consta."
        )
        interventions.set_aside(
            submission.installation, dict.fromkeys(other, reason), now=now, kind=sending_alerts.TAKEN
        )  # fmt: skip


def _line(record: Record, answer: RespuestaLinea) -> _Line:
    verdict = _VERDICTS[answer.EstadoRegistro]
    if verdict == "rejected" and technical(answer.CodigoErrorRegistro):
        verdict = RECORD_MOVES.target("release")  # trouble on their side: the same record goes again
    if verdict == "rejected" and answer.CodigoErrorRegistro == DUPLICATE:
        # Perhaps our own record, whose first answer was lost: the query compares the huellas (design.md section 3).
        verdict = "unknown"
    return _Line(record, verdict, answer.CodigoErrorRegistro, answer.DescripcionErrorRegistro)


def _write(lines: list[_Line], *, csv: str, now: datetime) -> None:
    sql(
        """
        UPDATE verifactu_record r
        SET state = v.state, codigo_error = v.code, descripcion_error = v.text, verdict_at = %s,
            csv = CASE WHEN v.state LIKE 'accepted%%' THEN %s ELSE '' END
        FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[]) AS v(id, state, code, text)
        WHERE r.id = v.id AND r.state IN ('in_flight', 'unknown')
        """,
        [
            now, csv,
            [line.record.pk for line in lines], [line.verdict for line in lines],
            [line.code for line in lines], [line.description for line in lines],
        ],
    )  # fmt: skip


def _tell(lines: list[_Line], *, csv: str, now: datetime) -> None:
    """Wake whoever waits for these verdicts, all of one submission at once."""
    if not lines:
        return
    answers = [
        (
            line.record.answer_token,
            Verdict(
                record_id=line.record.pk,
                verdict=line.verdict,
                code=line.code,
                description=line.description,
                csv="" if line.verdict == "rejected" else csv,
                at=now,
            ),
        )
        for line in lines
        if line.record.answer_token
    ]
    # One submission is of one chain, and so of one tenant.
    tokens.complete(answers, tenant=lines[0].record.installation.taxpayer.tenant, now=now, actor="aeat")
