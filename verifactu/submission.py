"""The sender: one process is one batch of one chain.

Claim the pending records in order, commit the Submission, send, store the answer and apply each line's verdict in
one commit. A request without usable answer is never sent again blindly: the AEAT is asked first. Three guards keep a
chain to one submission at a time: processes of a chain run one after another, the claim takes the chain's advisory
lock, and a partial unique index allows one submission in flight.
"""

from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import transaction

from common import clock
from verifactu import verdicts
from verifactu.channel import NotConfigured, client_for
from verifactu.client import Answered, NotDelivered, Outcome, Refused, Unknown
from verifactu.errors import InvalidCertificate
from verifactu.models import Answer, Record, Submission
from verifactu.queries import find_at_aeat
from verifactu.records import Cabecera, RemisionVoluntaria
from verifactu.rules import AEAT_ZONE, check_header
from verifactu.states import RECORD_MOVES, SUBMISSION_MOVES
from verifactu.xml import envelope, schema_errors
from workflows.api import Lane, step, workflow
from workflows.engine import trigger
from workflows.journal import Run
from workflows.retry import Retry
from workflows.rows import sql

MAX_RECORDS = 1000
"""Records in one submission (verifactu.md 7.2)."""
LATE = timedelta(seconds=240)
"""Older than this at sending, a record travels with Incidencia=S (verifactu.md 5.4; measured_facts.json)."""
FIRST_BACK_OFF = timedelta(seconds=5)
LONGEST_BACK_OFF = timedelta(hours=1)
"""OM art. 16.4: while an incident lasts, at least one try an hour."""


class SubmitChain(msgspec.Struct, frozen=True):
    """The chain whose pending records are to be sent."""

    installation_id: UUID


class Batch(msgspec.Struct, frozen=True):
    """What the claim found: a submission to send, or the instant before which none may be sent, or nothing."""

    submission_id: UUID | None = None
    not_before: datetime | None = None

    @property
    def id(self) -> UUID:
        """The submission of a batch that has one."""
        assert self.submission_id  # noqa: S101 (asked only where a batch was claimed)
        return self.submission_id


class Settled(msgspec.Struct, frozen=True):
    """How a submission ended: answered, refused, not_delivered or unknown."""

    state: str


def wake(installation_id: UUID, *, now: datetime) -> None:
    """Have the chain's pending records sent; at most one process of a chain waits to be started."""
    trigger(submit_chain, SubmitChain(installation_id), now=now, actor="verifactu")


@step
def claim(installation_id: UUID) -> Batch:
    """Take the next batch of the chain into flight, or say until when to wait."""
    now = clock.now()
    sql("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"verifactu:chain:{installation_id}"])
    last = Submission.objects.filter(installation_id=installation_id).first()
    if last and last.state in ("sending", "unknown"):
        # Left behind by a process that a person stopped: whether it left is not known, so it is asked about first.
        verdicts.doubt(last)
        Submission.objects.filter(pk=last.pk, state="sending").update(state=SUBMISSION_MOVES.target("doubt"))
        return Batch(submission_id=last.pk)
    pending = list(
        Record.objects.filter(installation_id=installation_id, state="pending").order_by("seq")[:MAX_RECORDS]
    )
    if not pending:
        return Batch()
    if last and last.next_at and last.next_at > now:
        return Batch(not_before=last.next_at)
    sound = _set_aside_unsound(pending)
    batch = _same_incident(sound, now)
    if not batch:
        return Batch()
    submission = Submission(
        installation_id=installation_id,
        first_seq=batch[0].seq,
        count=len(batch),
        incidencia=_delayed(batch[0], now),
        started_at=now,
        failures=last.failures if last else 0,
    )
    submission.save(force_insert=True)
    Record.objects.filter(pk__in=[record.pk for record in batch], state__in=RECORD_MOVES.sources("claim")).update(
        state=RECORD_MOVES.target("claim"), submission=submission
    )
    return Batch(submission_id=submission.pk)


def doubt(batch: Batch, *, idempotency_key: str) -> Outcome:
    """Answer for a request that was cut off between its intent and its outcome: nobody knows."""
    return Unknown(reason="el proceso murió mientras enviaba")


def settle(batch: Batch, outcome: Outcome) -> Settled:
    """Store the answer's bytes, apply every line, wake who waits, remember the pace: one commit."""
    now = clock.now()
    submission = Submission.objects.select_for_update(no_key=True).get(pk=batch.id)
    match outcome:
        case Answered():
            doubtful = verdicts.apply(submission, outcome, now=now)
            state = "unknown" if doubtful else "answered"
        case Refused():
            verdicts.keep_answer(submission, outcome, now=now)
            verdicts.release(submission)
            state = "refused"
        case NotDelivered():
            verdicts.release(submission)
            state = "not_delivered"
        case Unknown():
            verdicts.keep_answer(submission, outcome, now=now)
            verdicts.doubt(submission)
            state = "unknown"
        case _:
            assert_never(outcome)
    _close(submission, state, outcome, now)
    return Settled(state)


@step.external(store=settle, interrupted=doubt)
def send(batch: Batch, *, idempotency_key: str) -> Outcome:
    """Send the joined record texts; every way in which that can end is an Outcome, not an exception."""
    submission = Submission.objects.select_related("installation__taxpayer").get(pk=batch.id)
    if submission.state == "unknown":
        return Unknown(reason=submission.reason)
    installation = submission.installation
    if installation.environment != settings.AEAT_ENVIRONMENT:
        return NotDelivered(reason=f"instalación del entorno {installation.environment}")
    texts = submission.records.order_by("seq").values_list("xml", flat=True)
    cabecera = Cabecera(
        ObligadoEmision=verdicts.obligado(installation.taxpayer),
        RemisionVoluntaria=RemisionVoluntaria(Incidencia="S") if submission.incidencia else None,
    )
    try:
        client = client_for(installation)
    except (NotConfigured, InvalidCertificate) as error:
        return NotDelivered(reason=str(error))
    if broken := check_header(cabecera, today=clock.now().astimezone(AEAT_ZONE).date()):
        return NotDelivered(reason="; ".join(f"{each.code} {each.es}" for each in broken))
    return client.submit(envelope(cabecera, texts))


def adopt(batch: Batch, findings: list[verdicts.Finding]) -> Settled:
    """Take over what the AEAT holds; what it does not hold waits to be sent again."""
    now = clock.now()
    submission = Submission.objects.select_for_update(no_key=True).get(pk=batch.id)
    verdicts.adopt(submission, findings, now=now)
    Submission.objects.filter(pk=submission.pk, state="unknown").update(state="answered", failures=0)
    return Settled("answered")


@step.external(store=adopt, retry=Retry(retries=100_000, first=2, cap=LONGEST_BACK_OFF.total_seconds()))
def ask(batch: Batch, *, idempotency_key: str) -> list[verdicts.Finding]:
    """Ask the AEAT what it holds of the records in doubt; tried until it answers, at least hourly."""
    submission = Submission.objects.select_related("installation__taxpayer").get(pk=batch.id)
    doubtful = list(submission.records.filter(state="unknown").order_by("seq"))
    return find_at_aeat(client_for(submission.installation), submission, doubtful)


@step
def wake_next(installation_id: UUID) -> bool:
    """Wake the chain again when records wait; the pace of the last answer holds for that one too."""
    waiting: bool = Record.objects.filter(installation_id=installation_id, state="pending").exists()
    if waiting:
        wake(installation_id, now=clock.now())
    return waiting


@workflow(
    "submit-chain",
    version=1,
    lane=lambda p: Lane(f"chain:{p.installation_id}", 1),
    order_by=lambda p: f"chain:{p.installation_id}",
    once_key=lambda p: f"chain:{p.installation_id}",
    tags=lambda p: (f"chain:{p.installation_id}",),
)
def submit_chain(run: Run, p: SubmitChain) -> Settled:
    """Send one batch of one chain, to a known end."""
    batch = run.step(claim, p.installation_id)
    while batch.not_before:
        run.sleep_until(batch.not_before)
        batch = run.step(claim, p.installation_id)
    if batch.submission_id is None:
        return Settled("nothing to send")
    settled = run.step(send, batch)
    if settled.state == "unknown":
        settled = run.step(ask, batch)
    run.step(wake_next, p.installation_id)
    return settled


def _set_aside_unsound(records: list[Record]) -> list[Record]:
    """Quarantine what no longer validates alone, so that it does not take the batch with it (OCA 5142, 5143)."""
    sound = []
    for record in records:
        if errors := schema_errors(record.xml):
            Record.objects.filter(pk=record.pk, state="pending").update(
                state=RECORD_MOVES.target("quarantine"), reason="; ".join(errors)[:2000]
            )
        else:
            sound.append(record)
    return sound


def _same_incident(records: list[Record], now: datetime) -> list[Record]:
    """Return the first records that travel under one header: Incidencia is the same for a whole submission."""
    batch: list[Record] = []
    for record in records:
        if batch and _delayed(record, now) != _delayed(batch[0], now):
            break
        batch.append(record)
    return batch


def _delayed(record: Record, now: datetime) -> bool:
    """Tell whether an outage delayed the record: too old, or sent before without answer."""
    return record.submission_id is not None or now - record.generated_at > LATE


def _close(submission: Submission, state: str, outcome: Outcome, now: datetime) -> None:
    failures = 0 if state == "answered" else submission.failures + 1
    back_off = min(FIRST_BACK_OFF * 2 ** min(failures - 1, 20), LONGEST_BACK_OFF)
    match outcome:
        case Answered(respuesta=respuesta):
            pause = timedelta(seconds=respuesta.TiempoEsperaEnvio or 0)
        case NotDelivered(retry_after=float() | int() as seconds):
            pause = timedelta(seconds=seconds)
        case Unknown():
            # It may have arrived, and the wait that a lost answer asked for is that of the answer before it.
            pause = max(back_off, _last_wait(submission))
        case _:
            pause = back_off
    with transaction.atomic():
        Submission.objects.filter(pk=submission.pk, state__in=("sending", "unknown")).update(
            state=state,
            finished_at=now,
            next_at=now + pause,
            failures=failures,
            reason="" if state == "answered" else getattr(outcome, "reason", "")[:2000],
        )


def _last_wait(submission: Submission) -> timedelta:
    """Return the wait that the AEAT last asked this chain for; none before its first answer."""
    answers = Answer.objects.filter(submission__installation=submission.installation_id, tiempo_espera__isnull=False)
    return timedelta(seconds=answers.values_list("tiempo_espera", flat=True).order_by("-id").first() or 0)
