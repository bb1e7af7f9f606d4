"""How often one link, or one address of the net, may come to a public page; counted for all web processes at once."""

from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from common.address import address_of
from invoicing.models import Visits
from workflows.rows import sql

FORGET_AT_ONCE = 200


def allowed(key: str, *, limit: int, window: timedelta, now: datetime) -> bool:
    """Count a visit under `key` and tell whether it is among the first `limit` of its window."""
    started, count = sql(
        """
        INSERT INTO invoicing_visits (key, since, count) VALUES (%s, %s, 1)
        ON CONFLICT (key) DO UPDATE SET
            since = CASE WHEN invoicing_visits.since <= %s THEN EXCLUDED.since ELSE invoicing_visits.since END,
            count = CASE WHEN invoicing_visits.since <= %s THEN 1 ELSE least(invoicing_visits.count, 1000000) + 1 END
        RETURNING since, count
        """,
        [key, now, now - window, now - window],
    )[0]
    if count == 1 and started == now:
        forget(now)
    return bool(count <= limit)


def forget(now: datetime) -> None:
    """Remove some of the counters that no window needs any more."""
    sql(
        """
        DELETE FROM invoicing_visits WHERE key IN (
            SELECT key FROM invoicing_visits WHERE since < %s ORDER BY since LIMIT %s FOR UPDATE SKIP LOCKED
        )
        """,
        [now - Visits.KEPT, FORGET_AT_ONCE],
    )


def sender(request: HttpRequest) -> str:
    """Return a keyed hash of the address that a request came from: it tells senders apart and names nobody."""
    return salted_hmac("invoicing.customers.sender", address_of(request), algorithm="sha256").hexdigest()
