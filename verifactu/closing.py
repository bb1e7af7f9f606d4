"""How a submission ends: its state and reason, when the next may go, what a person is told, and who is to blame.

what happened                     next submission           a person is told
--------------------------------  ------------------------  ------------------------------------------------
answered                          as TiempoEsperaEnvio says  that a trouble is over, if one was told
answered, the AEAT's own trouble  back-off, at least hourly  after six failures
refused: 4141                     none                       the chain is stopped; a person resumes it
refused: perhaps one record       5 s, half of the records   which record was set aside, once it is found
refused: header, certificate …    back-off, at least hourly  the remedy, once
not delivered, unknown            back-off, at least hourly  after six failures, once
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from django.db import transaction

from verifactu import interventions, sending_alerts
from verifactu.client import Answered, NotDelivered, Outcome, Refused, Unknown
from verifactu.errors import technical
from verifactu.models import Answer, ChainEvent, Installation, Record, Submission
from verifactu.refusals import Cause, cause, remedy
from verifactu.sending_alerts import trouble
from verifactu.verdicts import Applied

FIRST_BACK_OFF = timedelta(seconds=5)
LONGEST_BACK_OFF = timedelta(hours=1)
"""OM art. 16.4: while an incident lasts, at least one try an hour."""
TELL_AFTER = 6
"""Failures in a row after which a person is told: five minutes of them."""
MOST_BLAMED = 3
"""So many records refused one after another, and none accepted in between: it is not the records."""


@dataclass(frozen=True, slots=True)
class _End:
    """What is written of a submission's end."""

    pause: timedelta
    failures: int
    reason: str = ""
    suspects: int = 0


def close(submission: Submission, state: str, outcome: Outcome, applied: Applied, *, now: datetime) -> None:
    """Write the end of a submission, in the caller's transaction."""
    installation = submission.installation
    match outcome:
        case Answered():
            end = _answered(submission, outcome, applied, now)
        case Refused():
            end = _refused(submission, outcome, now)
        case NotDelivered():
            pause = max(_back_off(submission.failures), timedelta(seconds=outcome.retry_after or 0))
            if outcome.retry_after is not None:
                pause = max(timedelta(seconds=outcome.retry_after), FIRST_BACK_OFF)
            end = _End(min(pause, LONGEST_BACK_OFF), submission.failures + 1, outcome.reason, submission.suspects)
        case Unknown():
            # It may have arrived, and the wait that a lost answer asked for is that of the answer before it.
            pause = max(_back_off(submission.failures), _last_wait(submission))
            end = _End(pause, submission.failures + 1, outcome.reason, submission.suspects)
        case _:
            assert_never(outcome)
    with transaction.atomic():
        Submission.objects.filter(pk=submission.pk, state__in=("sending", "unknown")).update(
            state=state,
            finished_at=now,
            next_at=now + end.pause,
            failures=end.failures,
            reason=end.reason[:2000],
            suspects=end.suspects,
        )
    if end.failures == 0 and state == "answered":
        sending_alerts.over(installation, now=now)
    elif end.failures >= TELL_AFTER and not isinstance(outcome, Refused):
        waiting = Record.objects.filter(installation=installation, state__in=("pending", "unknown")).count()
        text = (
            f"{waiting} registros esperan. El último intento: {end.reason}. Se sigue facturando, y se intenta de nuevo "
            "al menos cada hora."
        )
        trouble(sending_alerts.DELAYED, installation, "delayed", text, now=now)


def settled(submission: Submission, *, now: datetime) -> None:
    """Write that a submission in doubt has its answer after all, because the AEAT was asked."""
    ended = Submission.objects.filter(pk=submission.pk, state="unknown")
    ended.update(state="answered", failures=0, suspects=0)
    sending_alerts.over(submission.installation, now=now)


def _answered(submission: Submission, outcome: Answered, applied: Applied, now: datetime) -> _End:  # type: ignore[type-arg]
    wait = outcome.respuesta.TiempoEsperaEnvio
    pause = _last_wait(submission) if wait is None else timedelta(seconds=wait)
    if applied.strangers:
        text = "La respuesta trae líneas de facturas que no iban en el envío: " + ", ".join(applied.strangers[:20])
        sending_alerts.tell(sending_alerts.STRANGE_LINE, submission.installation, text, now=now)
    suspects = max(0, submission.suspects - submission.count)
    if applied.returned:
        reason = f"{applied.returned} registros vuelven a esperar por un problema técnico de la AEAT."
        return _End(max(pause, _back_off(submission.failures)), submission.failures + 1, reason, suspects)
    reason = f"{applied.doubtful} registros sin respuesta clara: se pregunta a la AEAT." if applied.doubtful else ""
    return _End(pause, 0, reason, suspects)


def _refused(submission: Submission, outcome: Refused, now: datetime) -> _End:
    found, installation = cause(outcome), submission.installation
    if found is Cause.RECORD and technical(outcome.code) and submission.failures < 2:
        found = Cause.TECHNICAL  # 4103: their parser's trouble as often as ours
    if found is Cause.RECORD and submission.count == 1:
        found = _blame(submission, outcome, now=now)
    reason = f"{outcome.reason}. {remedy(found)}"
    if found is Cause.RECORD:
        suspects = submission.count if submission.count > 1 else 0
        return _End(FIRST_BACK_OFF, submission.failures, reason, suspects)
    if found is Cause.SUSPENDED:
        interventions.stop(installation, reason, now=now)
    elif found is not Cause.TECHNICAL:
        trouble(sending_alerts.REFUSED, installation, f"{found}:{outcome.code}", reason, now=now)
    elif submission.failures + 1 >= TELL_AFTER:
        trouble(sending_alerts.DELAYED, installation, "delayed", reason, now=now)
    return _End(_back_off(submission.failures), submission.failures + 1, reason)


def _blame(submission: Submission, outcome: Refused, *, now: datetime) -> Cause:
    """Set aside the one record of a refused submission; or let those before it go on too, when all are refused."""
    record = submission.records.defer("xml").get()
    blamed = _blamed_since_an_answer(submission.installation)
    if len(blamed) < MOST_BLAMED - 1:
        # Released a moment ago with the others of this submission.
        interventions.set_aside(submission.installation, {record.pk: outcome.reason}, now=now, actor=interventions.AEAT)
        return Cause.RECORD
    aside = Record.objects.filter(pk__in=blamed, state="quarantined").values_list("pk", flat=True)
    interventions.release(
        list(aside), actor=interventions.ITSELF, now=now,
        reason="La AEAT rehúsa también los siguientes: la causa no está en este registro.",
    )  # fmt: skip
    return Cause.HEADER


def _blamed_since_an_answer(installation: Installation) -> set[object]:
    """Return the records that were set aside because of a refusal since the AEAT last answered this chain."""
    last = Submission.objects.filter(installation=installation, state="answered").first()
    events = ChainEvent.objects.filter(installation=installation, move="quarantine", actor=interventions.AEAT)
    if last and last.finished_at:
        events = events.filter(at__gte=last.finished_at)
    return set(events.values_list("record_id", flat=True))


def _back_off(failures: int) -> timedelta:
    return min(timedelta(seconds=FIRST_BACK_OFF.total_seconds() * 2.0 ** min(failures, 20)), LONGEST_BACK_OFF)


def _last_wait(submission: Submission) -> timedelta:
    """Return the wait that the AEAT last asked this chain for; none before its first answer."""
    answers = Answer.objects.filter(submission__installation=submission.installation_id, tiempo_espera__isnull=False)
    return timedelta(seconds=answers.values_list("tiempo_espera", flat=True).order_by("-id").first() or 0)
