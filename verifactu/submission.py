"""The sender: one process is one batch of one chain.

Claim the pending records in order, commit the Submission, send, store the answer and apply each line's verdict in
one commit. A request without usable answer is never sent again blindly: the AEAT is asked first. Three guards keep a
chain to one submission at a time: processes of a chain run one after another, the claim takes the chain's advisory
lock, and a partial unique index allows one submission in flight.
"""

from datetime import datetime, timedelta
from typing import Any, assert_never
from uuid import UUID

import msgspec
from django.conf import settings

from common import clock
from verifactu import closing, locks, verdicts, witness
from verifactu.batches import MAX_RECORDS, delayed, next_batch, thousand_wait
from verifactu.channel import NotConfigured, client_for
from verifactu.client import Answered, NotDelivered, Outcome, Refused, Unknown
from verifactu.errors import InvalidCertificate
from verifactu.models import Installation, Record, Submission
from verifactu.queries import find_at_aeat
from verifactu.records import Cabecera, RemisionVoluntaria
from verifactu.rules import AEAT_ZONE, check_header
from verifactu.states import RECORD_MOVES, SUBMISSION_MOVES
from verifactu.xml import body_errors, envelope
from workflows import tokens
from workflows.api import Lane, step, workflow
from workflows.engine import trigger, waiting
from workflows.journal import Run
from workflows.retry import Retry
from workflows.rows import sql

SENDERS = Lane("aeat", 4)
"""So many chains are sent at once; the other places of the workers stay free for orders when the AEAT stalls."""


class SubmitChain(msgspec.Struct, frozen=True):
    """The chain whose pending records are to be sent."""

    installation_id: UUID


class Batch(msgspec.Struct, frozen=True):
    """What the claim found: a submission to send, or the instant before which none may be sent, or nothing.

    `after` is the submission whose wait is not over.
    """

    submission_id: UUID | None = None
    not_before: datetime | None = None
    after: UUID | None = None

    @property
    def id(self) -> UUID:
        """The submission of a batch that has one."""
        assert self.submission_id  # noqa: S101 (asked only where a batch was claimed)
        return self.submission_id


class Settled(msgspec.Struct, frozen=True):
    """How a submission ended: answered, refused, not_delivered or unknown."""

    state: str


class Full(msgspec.Struct, frozen=True):
    """Why a chain need not wait any longer: so many records wait; none when its time is over."""

    records: int


def wake(installation_id: UUID, *, now: datetime) -> None:
    """Have the chain's pending records sent; at most one process of a chain waits to be started."""
    trigger(submit_chain, SubmitChain(installation_id), now=now, actor="verifactu")


def queued(installation_id: UUID) -> tuple[str, list[Any]]:
    """Return the SELECT, with its values, of the process that `wake` would find: for the statement that appends."""
    return waiting(submit_chain, SubmitChain(installation_id))


def end_wait(installation_id: UUID, *, now: datetime) -> None:
    """Wake the process that waits for the AEAT's pace when a thousand records wait: then the wait is over."""
    if thousand_wait(installation_id):
        last = Submission.objects.filter(installation_id=installation_id).only("pk", "installation__taxpayer").first()
        if last:
            tenant = Installation.objects.values_list("taxpayer__tenant", flat=True).get(pk=installation_id)
            tokens.complete([(_full(last.pk), Full(MAX_RECORDS))], tenant=tenant, now=now, actor="verifactu")


@step
def claim(installation_id: UUID) -> Batch:
    """Take the next batch of the chain into flight, or say until when to wait."""
    now = clock.now()
    sql("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"verifactu:chain:{installation_id}"])
    installation = Installation.objects.select_related("taxpayer").get(pk=installation_id)
    if installation.stopped_at:
        return Batch()
    last = Submission.objects.filter(installation_id=installation_id).first()
    if last and last.state in ("sending", "unknown"):
        # Left behind by a process that a person stopped: whether it left is not known, so it is asked about first.
        verdicts.doubt(last)
        Submission.objects.filter(pk=last.pk, state="sending").update(state=SUBMISSION_MOVES.target("doubt"))
        return Batch(submission_id=last.pk)
    if locks.is_closed(installation_id, now=now):
        return Batch()
    if not Record.objects.filter(installation_id=installation_id, state="pending").exists():
        return Batch()
    wait = Batch(not_before=last.next_at, after=last.pk) if last and last.next_at and last.next_at > now else None
    # The wait ends before its time when 1000 are waiting; a back-off after a failure does not.
    if wait and last and (last.state != "answered" or last.failures or not thousand_wait(installation_id)):
        return wait
    batch = next_batch(installation, last, now=now)
    if wait and len(batch) < MAX_RECORDS:
        return wait
    if not batch:
        return Batch()
    submission = Submission(
        installation_id=installation_id,
        first_seq=batch[0].seq,
        count=len(batch),
        incidencia=delayed(batch[0], now),
        started_at=now,
        failures=last.failures if last else 0,
        suspects=last.suspects if last else 0,
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
    applied = verdicts.Applied()
    match outcome:
        case Answered():
            applied = verdicts.apply(submission, outcome, now=now)
            state = "unknown" if applied.doubtful else "answered"
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
    closing.close(submission, state, outcome, applied, now=now)
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
    if locks.is_closed(installation.pk, now=clock.now()):
        return NotDelivered(reason=f"{locks.ChainLocked.__doc__}")
    texts = list(submission.records.order_by("seq").values_list("xml", flat=True))
    cabecera = Cabecera(
        ObligadoEmision=verdicts.obligado(installation.taxpayer),
        Representante=verdicts.representante(installation.taxpayer),
        RemisionVoluntaria=RemisionVoluntaria(Incidencia="S") if submission.incidencia else None,
    )
    # The records were judged one by one when they were claimed; a header that is wrong must not be laid to them.
    if errors := body_errors(envelope(cabecera, texts[:1])):
        return NotDelivered(
            reason=f"La cabecera no cumple el esquema: {'; '.join(errors)}. Corrija el NIF y el nombre del obligado."
        )
    try:
        client = client_for(installation)
    except (NotConfigured, InvalidCertificate) as error:
        return NotDelivered(reason=str(error))
    if broken := check_header(cabecera, today=clock.now().astimezone(AEAT_ZONE).date()):
        return NotDelivered(reason="; ".join(f"{each.code} {each.es}" for each in broken))
    last = submission.records.order_by("-seq").values_list("seq", "huella", "num_serie")[0]
    witness.note(installation.pk, witness.Seen(*last))
    return client.submit(envelope(cabecera, texts))


def adopt(batch: Batch, findings: list[verdicts.Finding]) -> Settled:
    """Take over what the AEAT holds; what it does not hold waits to be sent again."""
    now = clock.now()
    submission = Submission.objects.select_for_update(no_key=True).get(pk=batch.id)
    verdicts.adopt(submission, findings, now=now)
    closing.settled(submission, now=now)
    return Settled("answered")


@step.external(store=adopt, retry=Retry(retries=100_000, first=2, cap=closing.LONGEST_BACK_OFF.total_seconds()))
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
    resource=lambda p: SENDERS,
    order_by=lambda p: f"chain:{p.installation_id}",
    once_key=lambda p: f"chain:{p.installation_id}",
    tags=lambda p: (f"chain:{p.installation_id}",),
)
def submit_chain(run: Run, p: SubmitChain) -> Settled:
    """Send one batch of one chain, to a known end."""
    batch = run.step(claim, p.installation_id)
    waited: set[UUID | None] = set()
    while batch.not_before:
        if batch.after in waited or batch.after is None:
            run.sleep_until(batch.not_before)
        else:
            # Told to be full once, and still there were not a thousand that travel together: the time decides.
            waited.add(batch.after)
            rest = max(batch.not_before - clock.now(), timedelta(0))
            run.wait("full", Full, key=_full(batch.after), expires=rest, on_expiry=Full(0))
        batch = run.step(claim, p.installation_id)
    if batch.submission_id is None:
        return Settled("nothing to send")
    settled = run.step(send, batch)
    if settled.state == "unknown":
        settled = run.step(ask, batch)
    run.step(wake_next, p.installation_id)
    return settled


def _full(submission_id: UUID) -> str:
    """Return the token of the wait after a submission, which ends early when a thousand records wait."""
    return f"full:{submission_id}"
