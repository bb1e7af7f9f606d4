"""The circuit breaker: who keeps failing to answer is left alone for a while, by all workers.

`failures` in a row open it for `open_for`; then one process alone calls, the probe, and its outcome closes it or opens
it again. While nothing fails there is no row and nothing is written: a call costs one read, and none within a second
of the last.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from workflows import alerts, models
from workflows.errors import StepTimeout, Transient
from workflows.rows import Claimed, sql

CACHE_SECONDS = 1.0
"""For so long a process trusts that what was whole still is."""


def outage(error: Exception) -> bool:
    """Tell whether an error says that the other side is out of order: no connection, no answer in time, or a 5xx.

    An answer below 500 is an answer. Every other error (validation, `Abort`, a bug) says nothing of the other side.
    """
    status = status_of(error)
    if status is not None:
        return status >= 500
    # requests' errors are OSErrors all of them; those about a malformed address are ValueErrors too.
    return isinstance(error, Transient | StepTimeout | OSError) and not isinstance(error, ValueError)


def status_of(error: Exception) -> int | None:
    """Return the HTTP status of the answer that an error brought: a Transient's, or that of requests' HTTPError."""
    status = error.status if isinstance(error, Transient) else None
    answer = getattr(error, "response", None)
    status = getattr(answer, "status_code", None) if status is None else status
    return status if isinstance(status, int) else None


@dataclass(frozen=True)
class Breaker:
    """A breaker by name, one for each thing that can be out of order by itself (an endpoint, not a customer).

    `counts` says which errors are an outage of it; give one that excludes what is only one caller's fault (his
    certificate): `counts=lambda error: outage(error) and not isinstance(error, BadCertificate)`. With `tells`
    off no alert says that it opened or closed: for what is not the operator's to mend.
    """

    name: str
    failures: int = 5
    open_for: timedelta = timedelta(seconds=60)
    counts: Callable[[Exception], bool] = outage
    tells: bool = True


_whole: dict[str, float] = {}
"""Breakers that were closed without a failure when last looked at, and when that was (monotonic seconds)."""
_lock = threading.Lock()


def admit(breaker: Breaker, process: Claimed, now: datetime) -> datetime | None:
    """Return None when the process may call now, else until when it should wait.

    When the time of an open breaker is over, whoever gets the row by its conditional UPDATE is the probe. A probe has
    `open_for` as well; of one that says nothing (its worker died) another takes the place.
    """
    with _lock:
        if time.monotonic() - _whole.get(breaker.name, -CACHE_SECONDS) < CACHE_SECONDS:
            return None
    rows = sql("SELECT state, failures, opened_until FROM workflows_breaker WHERE key = %s", [breaker.name])
    state, failures, until = rows[0] if rows else ("closed", 0, None)
    if state == "closed":
        with _lock:
            if failures:
                _whole.pop(breaker.name, None)
            else:
                _whole[breaker.name] = time.monotonic()
        return None
    with _lock:
        _whole.pop(breaker.name, None)
    if until <= now and _become_probe(breaker, process, now):
        return None
    # Spread, so that what waits comes back neither together nor, while the probe is out, a whole period late.
    spread = breaker.open_for * random.uniform(0.02, 0.25)  # noqa: S311 (spread, not secrecy)
    return (until if state == "open" and until > now else now) + spread


def report(breaker: Breaker, process: Claimed, error: Exception | None, now: datetime) -> None:
    """Tell how the call of an admitted process went; without a failure lately this costs no statement."""
    if error is not None and breaker.counts(error):
        _failed(breaker, process, error, now)
    elif error is None or status_of(error) is not None:
        _answered(breaker, process, now)
    else:
        _nothing_learnt(breaker, process, now)


def _become_probe(breaker: Breaker, process: Claimed, now: datetime) -> bool:
    return bool(
        sql(
            """
            UPDATE workflows_breaker SET state = 'half_open', probe = %s, opened_until = %s,
                changed_at = CASE state WHEN 'open' THEN %s ELSE changed_at END
            WHERE key = %s AND state IN ('open', 'half_open') AND opened_until <= %s RETURNING key
            """,
            [_name(process), now + breaker.open_for, now, breaker.name, now],
        )
    )


def _failed(breaker: Breaker, process: Claimed, error: Exception, now: datetime) -> None:
    with _lock:
        _whole.pop(breaker.name, None)
    with transaction.atomic():
        models.Breaker.objects.bulk_create(
            [models.Breaker(key=breaker.name, changed_at=now)], ignore_conflicts=True
        )  # fmt: skip
        row = models.Breaker.objects.select_for_update(no_key=True).get(pk=breaker.name)
        row.last_error = f"{type(error).__name__}: {error}".replace("\x00", "\\x00")[:2000]
        if row.state == "closed":
            row.failures += 1
            if row.failures >= breaker.failures:
                row.open()
                row.opened_until, row.changed_at = now + breaker.open_for, now
                text = f"{row.failures} calls in a row failed, the last with {row.last_error}; none until {_clock(row)}"
                if breaker.tells:
                    alerts.alert(alerts.Kind.BREAKER_OPENED, breaker.name, text, "", now)
        elif row.state == "half_open" and row.probe == _name(process):
            # Still the same outage: no second alert.
            row.reopen()
            row.failures += 1
            row.probe, row.opened_until, row.changed_at = "", now + breaker.open_for, now
        else:
            return  # a call that began before it opened: nothing new
        row.save()


def _answered(breaker: Breaker, process: Claimed, now: datetime) -> None:
    with _lock:
        if breaker.name in _whole:
            return
    with transaction.atomic():
        row = models.Breaker.objects.select_for_update(no_key=True).filter(pk=breaker.name).first()
        if row is None or (row.state == "closed" and not row.failures):
            return
        if row.state == "half_open" and row.probe == _name(process):
            row.close()
            if breaker.tells:
                text = f"answers again, after {row.failures} failures"
                alerts.alert(alerts.Kind.BREAKER_CLOSED, breaker.name, text, "", now)
            row.probe, row.opened_until, row.changed_at = "", None, now
        elif row.state != "closed":
            return  # a call that began before it opened; the probe decides
        row.failures = 0
        row.save()


def _nothing_learnt(breaker: Breaker, process: Claimed, now: datetime) -> None:
    """Give the probe's place to the next: this error says nothing of the other side."""
    with _lock:
        if breaker.name in _whole:
            return
    sql(
        """
        UPDATE workflows_breaker SET state = 'open', probe = '', opened_until = %s, changed_at = %s
        WHERE key = %s AND state = 'half_open' AND probe = %s
        """,
        [now, now, breaker.name, _name(process)],
    )


def _name(process: Claimed) -> str:
    return f"{process.id}/{process.fence}"


def _clock(row: models.Breaker) -> str:
    return f"{row.opened_until:%Y-%m-%d %H:%M:%S} UTC"
