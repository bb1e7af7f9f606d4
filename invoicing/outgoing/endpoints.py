"""What staff and clients do with an endpoint: make it, change its secret, try it, have sent anew what failed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import uuid4

from django.db import IntegrityError, transaction

from common.words import ErrorInWords, Words
from invoicing.models import Company, Endpoint, Event, Notification
from invoicing.outgoing.emitting import tell
from invoicing.outgoing.happening import TRIAL, Kind
from invoicing.outgoing.posting import check, new_secret
from invoicing.outgoing.sending import start
from invoicing.states import NOTIFICATION_MOVES
from workflows.rows import sql


class Known(ErrorInWords):
    """The company has an endpoint with this address already."""

    WORDS: ClassVar = Words(
        "La empresa ya avisa a esta dirección: cambie ese aviso en lugar de añadir otro.",
        "The company tells this address already: change that endpoint instead of adding another.",
    )


class Off(ErrorInWords):
    """The endpoint is switched off."""


def open_endpoint(company: Company, *, url: str, kinds: Sequence[Kind], name: str, now: datetime) -> Endpoint:
    """Make an endpoint with a secret of its own.

    :raises BadAddress: for an address that may not be posted to.
    :raises Known: when the company has one with this address.
    """
    endpoint = Endpoint(company=company, name=name, url=url, kinds=_ordered(kinds), secret=new_secret(), created_at=now)
    _save(endpoint)
    return endpoint


def change(
    endpoint: Endpoint,
    *,
    name: str | None = None,
    url: str | None = None,
    kinds: Sequence[Kind] | None = None,
    active: bool | None = None,
) -> None:
    """Change what is named. Switched on it is told what happens from then on; what failed goes by `resend`.

    :raises BadAddress, Known: as `open_endpoint`.
    """
    endpoint.name = endpoint.name if name is None else name
    endpoint.url = endpoint.url if url is None else url
    endpoint.kinds = endpoint.kinds if kinds is None else _ordered(kinds)
    if active is not None and active != endpoint.active:
        endpoint.active, endpoint.failing_since = active, None
    if active is not None:
        endpoint.off_reason = ""  # whoever says so knows why
    _save(endpoint, update_fields=["name", "url", "kinds", "active", "off_reason", "failing_since"])


def change_secret(endpoint: Endpoint, *, now: datetime) -> str:
    """Give an endpoint a new secret and return it; for a day the one before signs beside it."""
    endpoint.previous_secret, endpoint.previous_until = endpoint.secret, now + Endpoint.OVERLAP
    endpoint.secret = secret = new_secret()
    endpoint.save(update_fields=["secret", "previous_secret", "previous_until"])
    return secret


def try_out(endpoint: Endpoint, *, now: datetime) -> Event:
    """Send an endpoint an event of the kind `ping`, by the same way as any other.

    :raises Off: when it is switched off.
    """
    _must_be_on(endpoint)
    event = tell([endpoint], TRIAL, f"{TRIAL}:{uuid4()}", {}, now=now)
    assert event  # noqa: S101 (its key is new)
    return event


def resend(endpoint: Endpoint, *, now: datetime, actor: str) -> int:
    """Send anew what an endpoint did not take, in the caller's transaction, and return how many events that is.

    :raises Off: when it is switched off.
    """
    _must_be_on(endpoint)
    rows = sql(
        "UPDATE invoicing_notification SET state = %s, turn = turn + 1, tries = 0"
        " WHERE endpoint_id = %s AND state = ANY(%s) RETURNING id, turn",
        [NOTIFICATION_MOVES.target("resend"), endpoint.pk, NOTIFICATION_MOVES.sources("resend")],
    )
    again = [Notification(pk=pk, endpoint=endpoint, turn=turn) for pk, turn in sorted(rows)]
    start(endpoint.company_id, again, now=now, actor=actor)
    return len(again)


def _must_be_on(endpoint: Endpoint) -> None:
    if not endpoint.active:
        raise Off(
            "Está apagado: enciéndalo antes, cuando el otro sistema vuelva a aceptar avisos.",
            "It is switched off: switch it on first, once the other system takes events again.",
        )


def _ordered(kinds: Sequence[Kind]) -> list[str]:
    return [str(kind) for kind in Kind if kind in kinds]


def _save(endpoint: Endpoint, **options: Any) -> None:
    check(endpoint.url)
    try:
        with transaction.atomic():
            endpoint.save(**options)
    except IntegrityError:
        raise Known(*Known.WORDS) from None
