"""One request in, one answer out: the two operations of the VERI*FACTU door, over one ledger."""

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

from lxml import etree

from verifactu.simulator import answers, distort, header, identification, query
from verifactu.simulator.census import Census
from verifactu.simulator.failures import Failure, Failures
from verifactu.simulator.judge import Judge
from verifactu.simulator.ledger import Arrival, Ledger
from verifactu.simulator.messages import SUBMISSION, Reader, Refused, Submission, submission
from verifactu.simulator.world import Verdict

_CSV_ALPHABET = string.ascii_uppercase + string.digits


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP status with its SOAP message; `submission_id` names the stored submission whose answer it is.

    With `retry_after` (seconds) there is no message: the request was turned away at the door.
    """

    status: int
    message: bytes
    submission_id: int | None = None
    retry_after: int | None = None


class Service:
    """Answers requests, from any number of threads.

    :param wait: TiempoEsperaEnvio, in seconds; may be changed while it runs.
    :param enforce: whether a submission that comes before its wait is over is turned away.
    :param now: the present, aware.
    :param failures: what may make a verdict another than the judge's.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        wait: int,
        enforce: bool,
        page_size: int,
        now: Callable[[], datetime],
        census: Census,
        failures: Failures,
    ) -> None:
        self.ledger, self.wait, self.enforce, self.page_size, self.now = ledger, wait, enforce, page_size, now
        self._census, self._failures = census, failures
        self._reader = Reader()

    def arrival(self, request: bytes, presenter: str, received_at: datetime | None = None) -> Arrival:
        """Return the request as the ledger knows it, with its moment in UTC."""
        return Arrival((received_at or self.now()).astimezone(UTC), presenter, request)

    def handle(self, arrival: Arrival, failure: Failure | None = None) -> Reply:
        """Answer a request to the endpoint; what becomes of it is committed before this returns.

        :param failure: what to do wrong with the answer.
        """
        content = None
        try:
            content = self._reader.content(arrival.request)
            if content.tag == SUBMISSION:
                return self._submit(content, arrival, failure)
            page = query.answer(
                content, self.ledger, presenter=arrival.presenter, census=self._census, page_size=self.page_size
            )
        except Refused as refused:
            return self._refuse(refused, arrival, asked=content is not None and content.tag != SUBMISSION)
        with self.ledger.writing() as writer:
            writer.add_question(arrival, found=page.found)
        return Reply(200, page.message)

    def identify(self, request: bytes) -> Reply:
        """Answer a question to the census; nothing of it is stored."""
        try:
            return Reply(200, identification.answer(request, self._census))
        except Refused as refused:
            return Reply(500, answers.fault(refused))

    def _submit(self, content: etree._Element, arrival: Arrival, failure: Failure | None) -> Reply:
        message = submission(content)
        local_time = arrival.received_at.astimezone(answers.MADRID)
        header.check(message.cabecera, presenter=arrival.presenter, census=self._census, today=local_time)
        judge = Judge(
            obligado=message.cabecera.ObligadoEmision.NIF,
            incidencia=message.incidencia,
            now=local_time,
            census=self._census,
        )
        records = message.records
        with self.ledger.writing() as writer:
            submission_id = writer.next_id("submission")
            columns = {**_header_columns(message), "records": len(records)}
            systems = list(dict.fromkeys(record.system for record in records))
            early = writer.too_early(systems, at=arrival.received_at, records=len(records))
            if early and self.enforce:
                writer.add_submission(submission_id, arrival, b"", too_early=True, **columns)
                return Reply(429, b"", submission_id, retry_after=ceil(early.total_seconds()))
            forced = [self._failures.for_record(record.identity.numero) for record in records]
            for record, order in zip(records, forced, strict=True):
                if order and order.mode == "taken_number":
                    writer.take_number(submission_id, record)
            # Twenty characters, as many as IdPeticion holds.
            peticion = f"{local_time:%Y%m%d}{submission_id:012d}"
            world = writer.world(records)
            lines, told = [], []
            for record_id, (record, order) in enumerate(zip(records, forced, strict=True), writer.next_id("record")):
                verdict = judge.verdict(record, world)
                told.append(verdict)
                if order and order.mode == "verdict":
                    verdict, told[-1] = distort.verdict(order, verdict, peticion)
                world.take(record, verdict, record_id=record_id, peticion=peticion)
                lines.append((record_id, record, verdict))
            receipt = answers.Presentation(arrival.presenter, local_time, peticion, _csv(told))
            pairs, wait = distort.answer(failure, list(zip(records, told, strict=True)), self.wait)
            answer = answers.respuesta(message, pairs, receipt, wait=wait)
            writer.add_submission(
                submission_id,
                arrival,
                answer,
                **columns,
                peticion=peticion,
                csv=receipt.csv,
                too_early=bool(early),
                wait=wait,
            )
            writer.add_records(submission_id, lines, world)
        return Reply(200, answer, submission_id)

    def _refuse(self, refused: Refused, arrival: Arrival, *, asked: bool) -> Reply:
        message = answers.fault(refused)
        with self.ledger.writing() as writer:
            if asked:
                writer.add_question(arrival, fault=refused.code)
                return Reply(500, message)
            submission_id = writer.next_id("submission")
            writer.add_submission(submission_id, arrival, message, fault=refused.code)
        return Reply(500, message, submission_id)


def _header_columns(message: Submission) -> dict[str, str]:
    cabecera = message.cabecera
    voluntary = cabecera.RemisionVoluntaria
    return {
        "obligado": cabecera.ObligadoEmision.NIF,
        "representante": cabecera.Representante.NIF if cabecera.Representante else "",
        "incidencia": voluntary.Incidencia if voluntary else "",
        "fecha_fin": voluntary.FechaFinVeriFactu if voluntary else "",
    }


def _csv(verdicts: list[Verdict]) -> str:
    """Return a new secure verification code; none for a submission of which nothing was accepted."""
    if not any(verdict.stored for verdict in verdicts):
        return ""
    return "A-" + "".join(secrets.choice(_CSV_ALPHABET) for _ in range(14))
