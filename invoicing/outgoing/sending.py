"""The workflow that brings one event to one endpoint, and what its answers do to the endpoint.

Tried over three days, at growing distances. Five failures in a row leave the endpoint alone for five minutes, whoever
else waits for it; three days without a single acceptance, or a 410, switch it off: what waits is then given up, is
listed as failed, and can be sent anew once the endpoint is in order.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from common import clock
from invoicing.api import ids
from invoicing.models import Endpoint, Notification
from invoicing.outgoing.posting import Answer, post
from invoicing.states import NOTIFICATION_MOVES
from workflows import alerts
from workflows.api import Lane, step, workflow
from workflows.breaker import Breaker
from workflows.engine import trigger_many
from workflows.journal import Run
from workflows.retry import Retry

TRIES = 20
"""After 5 s, 20 s, 80 s, 5 min, 21 min, 1.4 h, 5.7 h, and then every 6 hours: about three days."""
RETRY = Retry(retries=TRIES - 1, first=5, factor=4, cap=6 * 3600)
GIVES_UP = timedelta(days=3)
"""An endpoint that has taken nothing for so long is switched off."""
GONE = 410
SWITCHED_OFF = "webhook_off"
OFF = "switched off"

alerts.kinds(**{SWITCHED_OFF: _("un sistema dejó de aceptar avisos")})


class SendEvent(msgspec.Struct, frozen=True):
    """An event that an endpoint is to be told, for the `turn`th time beside the first."""

    company_id: UUID
    endpoint_id: UUID
    notification_id: UUID
    turn: int


class NotTaken(Exception):
    """The endpoint did not take the event: `retry_after` are the seconds that it asked for.

    It has no status, for which the waits would be those of a server that is back in a moment.
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.detail)
        self.retry_after = answer.retry_after
        self.out_of_order = answer.status is None or answer.status >= 500 or answer.status in (408, 429)


class Told(msgspec.Struct, frozen=True):
    """How it ended: delivered, failed, or empty when it was over already."""

    outcome: str
    detail: str = ""


def keep(p: SendEvent, told: Told) -> Told:
    """Write the outcome down, and on the endpoint what it says of that, in the commit of the result."""
    now = clock.now()
    this = Notification.objects.filter(pk=p.notification_id, turn=p.turn)
    # The endpoint first: who switches it off writes its other notifications too.
    if told.outcome == "delivered":
        Endpoint.objects.filter(pk=p.endpoint_id).update(failing_since=None, accepted_at=now)
        _move(this, "deliver")
    elif told.outcome == "failed":
        endpoint = Endpoint.objects.select_for_update(no_key=True).get(pk=p.endpoint_id)
        _move(this, "fail")
        if endpoint.active and (told.detail == f"HTTP {GONE}" or _given_up(endpoint, now)):
            switch_off(endpoint, told.detail, now=now)
    return told


@step.external(
    store=keep,
    retry=RETRY,
    timeout=timedelta(seconds=60),
    breaker=lambda p: Breaker(
        f"webhook:{p.endpoint_id}",
        open_for=timedelta(minutes=5),
        tells=False,  # it is not the operator's to mend; that it is switched off is told
        counts=lambda error: isinstance(error, NotTaken) and error.out_of_order,
    ),
)
def post_event(p: SendEvent, *, idempotency_key: str) -> Told:
    """Post the event; the last try, and one that finds the endpoint switched off, say that it failed."""
    now = clock.now()
    found = Notification.objects.select_related("event", "endpoint").filter(pk=p.notification_id, turn=p.turn)
    notification = found.filter(state="waiting").first()
    if notification is None:
        return Told("")
    endpoint, event = notification.endpoint, notification.event
    if not endpoint.active:
        return Told("failed", OFF)
    keys = [endpoint.secret]
    if endpoint.previous_secret and endpoint.previous_until and now < endpoint.previous_until:
        keys.append(endpoint.previous_secret)
    answer = post(endpoint.url, event.body.encode(), message=ids.text(ids.EVENT, event.pk), keys=keys, now=now)
    found.update(tries=F("tries") + 1, status=answer.status, detail=answer.detail[:200], tried_at=now)
    if answer.taken:
        return Told("delivered", answer.detail)
    Endpoint.objects.filter(pk=endpoint.pk, failing_since=None).update(failing_since=now)
    endpoint.refresh_from_db(fields=["failing_since"])
    if answer.status == GONE or notification.tries + 1 >= TRIES or _given_up(endpoint, now):
        return Told("failed", answer.detail)
    raise NotTaken(answer)


@workflow(
    "send-event",
    version=1,
    tenant=lambda p: str(p.company_id),
    lane=lambda p: Lane(f"webhook:{p.endpoint_id}", 2),
    idempotency_key=lambda p: f"notification:{p.notification_id}:{p.turn}",
    tags=lambda p: (f"endpoint:{p.endpoint_id}",),
    keep=timedelta(days=90),
)
def send_event(run: Run, p: SendEvent) -> Told:
    """Tell one endpoint of one event."""
    return run.step(post_event, p)


def start(company_id: UUID, rows: Sequence[Notification], *, now: datetime, actor: str) -> None:
    """Start to send these notifications of one company, in the caller's transaction."""
    trigger_many(
        send_event, [SendEvent(company_id, row.endpoint_id, row.pk, row.turn) for row in rows], now=now, actor=actor
    )


def switch_off(endpoint: Endpoint, reason: str, *, now: datetime) -> None:
    """Tell an endpoint nothing any more, give up what waits for it, and say so to an operator."""
    Endpoint.objects.filter(pk=endpoint.pk).update(active=False, off_reason=reason[:200])
    waiting = Notification.objects.filter(endpoint=endpoint)
    _move(waiting, "fail")
    text = (
        f"{endpoint.name} is switched off: {reason}. What waited for it is listed as failed; put it in order, switch "
        "it on and send that anew (Avisos a otros sistemas)."
    )
    alerts.alert(SWITCHED_OFF, endpoint.name, text, endpoint.company.tenant, now)


def _given_up(endpoint: Endpoint, now: datetime) -> bool:
    return endpoint.failing_since is not None and endpoint.failing_since <= now - GIVES_UP


def _move(rows: "QuerySet[Notification]", move: str) -> None:
    rows.filter(state__in=NOTIFICATION_MOVES.sources(move)).update(state=NOTIFICATION_MOVES.target(move))
