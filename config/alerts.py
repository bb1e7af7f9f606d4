"""Alerts leave the house: always an ERROR in the log; a mail to ALERT_EMAIL where that is set.

The mail is a process like any other, so that it survives a mail server that is away. Its idempotency key is the kind
and subject of the alert and lasts a quarter of an hour: what repeats faster is one mail, and all of it in the admin.
"""

import hashlib
import logging
from datetime import datetime, timedelta
from email.utils import parseaddr

import msgspec
from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.timezone import localtime

from common import clock
from workflows import alerts
from workflows.api import step, workflow
from workflows.engine import trigger
from workflows.journal import Run
from workflows.models import Alert
from workflows.retry import Retry

log = logging.getLogger(__name__)

QUIET = timedelta(minutes=15)


class AlertMail(msgspec.Struct, frozen=True):
    """An alert as it is mailed."""

    kind: str
    subject: str
    text: str
    at: datetime


@step.external(retry=Retry(retries=8, first=5, cap=600), timeout=timedelta(seconds=90))
def send_alert(mail: AlertMail, *, idempotency_key: str) -> None:
    """Mail one alert to those who want to know."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    message = EmailMessage(
        subject=" ".join(f"[Encadena] {alerts.KINDS[mail.kind]}: {mail.subject}".split()),
        body=f"{localtime(mail.at):%d/%m/%Y %H:%M:%S}\n\n{mail.text}\n",
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=settings.ALERT_EMAIL,
        # RFC 3834: no out-of-office answers to a machine.
        headers={
            "Message-ID": f"<alert.{hashlib.sha256(idempotency_key.encode()).hexdigest()[:32]}@{domain}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    message.send(fail_silently=False)


@workflow(
    "alert-mail", version=1, key_lasts=QUIET, idempotency_key=lambda mail: f"{mail.kind}:{mail.subject}"[:200],
    keep=timedelta(days=90),
)  # fmt: skip
def alert_mail(run: Run, mail: AlertMail) -> None:
    """One mail."""
    run.step(send_alert, mail)


@alerts.tell
def by_log(alert: Alert) -> None:
    """Write an error into the log."""
    log.error("alert %s %s: %s", alert.kind, alert.subject, alert.text)


@alerts.tell
def by_mail(alert: Alert) -> None:
    """Trigger the mail; not about the mail itself, which would go the way that it tells to be barred."""
    if settings.ALERT_EMAIL and alert.subject != alert_mail.name:
        mail = AlertMail(alert.kind, alert.subject, alert.text[:4000], alert.at)
        trigger(alert_mail, mail, now=clock.now(), actor="alerts")
