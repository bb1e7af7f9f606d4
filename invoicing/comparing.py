"""Compare a shop's orders with ours, and pull what is missing: it then goes the ordinary way, as a delivery.

1. What changed in the shop in the window is listed; an order whose version is here, and that stands well, is known.
2. Whatever else is pulled and kept as a delivery; the same content twice is one.
3. When that has been read, each order is judged: exactly one document, one correction per refund, or why not.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

import msgspec
from django.db import transaction
from django.db.models import Q

from invoicing import shop_alerts
from invoicing.capture import content_of, hash_of, reader_settings
from invoicing.flows import take_pulled
from invoicing.models import Connection, Delivery, Order, Reconciliation
from invoicing.pulling import client_of
from invoicing.standing import Standing, stand
from invoicing.storefronts import PLATFORMS, PULLED, Unreadable
from invoicing.storefronts.clients import Changed, ShopRefused
from workflows import alerts
from workflows.models import Process
from workflows.states import OPEN

OVERLAP = timedelta(minutes=15)
"""How far a window reaches back into the one before: the shop's clock is not ours, and its listing may lag."""
FIRST_WINDOW = timedelta(days=7)
AT_ONCE = 200
MOST_REMAINS = 200
KEPT = timedelta(days=60)
"""How long a look's outcome is kept."""
OF_ONE_ORDER = ("not_found", "unexpected")
"""Refusals that say something of one order and nothing of the shop."""


class Window(msgspec.Struct, frozen=True):
    """The span of time whose changes are looked at."""

    since: datetime
    until: datetime


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at a shop found: the orders that it has in the window, and how many of them had to be pulled.

    `unreadable` are orders that the shop lists and does not give, with the reason.
    """

    seen: tuple[str, ...] = ()
    pulled: tuple[str, ...] = ()
    unreadable: tuple[Standing, ...] = ()
    trouble: str = ""
    """Why the shop could not be asked to the end: what somebody must put right."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """How the orders of a window stand."""

    window: Window
    seen: int
    pulled: int
    documented: int = 0
    explained: int = 0
    """No document, and a reason why not: cancelled, before the cut-over, ignored by a person, not paid."""
    held: tuple[Standing, ...] = ()
    on_its_way: int = 0
    remains: tuple[Standing, ...] = ()
    trouble: str = ""


def window_of(
    connection: Connection, *, since: datetime | None = None, until: datetime | None = None, now: datetime
) -> Window:
    """Return the window to look at: as asked, else from a little before where the last one ended.

    Never from before the cut-over: orders placed earlier are none of ours, and later ones changed later.
    """
    until = until or now
    if since is None:
        since = connection.pulled_until - OVERLAP if connection.pulled_until else until - FIRST_WINDOW
    if connection.invoice_from and connection.invoice_from > since:
        since = connection.invoice_from
    return Window(min(since, until), until)


def slices(window: Window, size: timedelta = timedelta(days=1)) -> Iterator[Window]:
    """Yield the window in parts that are listed one by one."""
    since = window.since
    while True:
        until = min(since + size, window.until)
        yield Window(since, until)
        if until >= window.until:
            return
        since = until


def look(
    connection: Connection,
    window: Window,
    *,
    now: Callable[[], datetime],
    dry_run: bool = False,
    progress: Callable[[int], object] = lambda seen: None,
) -> Looked:
    """List what changed in the shop and pull what is not here, each in a short transaction of its own.

    With `dry_run` nothing is pulled; `pulled` says what would be.

    :raises ShopUnavailable: when the shop does not answer.
    """
    seen: dict[str, None] = {}
    pulled: dict[str, None] = {}
    unreadable: list[Standing] = []
    trouble = ""
    try:
        client = client_of(connection)
        for page in client.changed(window.since, window.until):
            ours = _ours(connection, [changed.external_id for changed in page])
            for changed in page:
                seen[changed.external_id] = None
                if _known(ours.get(changed.external_id), changed):
                    continue
                try:
                    bundle = changed.bundle or client.order(changed.external_id)
                    if dry_run:
                        new = _is_news(connection, ours.get(changed.external_id), bundle, now())
                    else:
                        new = _keep(connection, bundle, now())
                    if new:
                        pulled[changed.external_id] = None
                except (ShopRefused, Unreadable) as error:
                    if isinstance(error, ShopRefused) and error.code not in OF_ONE_ORDER:
                        raise
                    unreadable.append(Standing(order=changed.external_id, state="missing", reason=str(error)))
            progress(len(seen))
    except ShopRefused as error:
        trouble = str(error)
    return Looked(seen=tuple(seen), pulled=tuple(pulled), unreadable=tuple(unreadable), trouble=trouble)


def judge(connection: Connection, window: Window, looked: Sequence[Looked], *, since: datetime) -> Report:
    """Return how every order stands that the shop or we have in the window.

    :param since: when looking began; what was pulled since then and not read yet is on its way.
    """
    seen = {identity for part in looked for identity in part.seen}
    counts = {"documented": 0, "explained": 0, "not_due": 0, "held": 0, "on_its_way": 0}
    held: list[Standing] = []
    remains = [standing for part in looked for standing in part.unreadable]
    unread, unreadable = _unread(connection, since)
    known: set[str] = {standing.order for standing in remains}
    for standing in _standings(connection, window, seen):
        known.add(standing.order)
        if standing.state == "missing":
            remains.append(standing)
            continue
        counts[standing.state] += 1
        if standing.state == "held":
            held.append(standing)
    absent = sorted(seen - known)
    remains += unreadable
    if not unread:
        remains += [Standing(order=identity, state="missing", reason="not here") for identity in absent]
    return Report(
        window=window,
        seen=len(seen),
        pulled=sum(len(part.pulled) for part in looked),
        documented=counts["documented"],
        explained=counts["explained"] + counts["not_due"],
        held=tuple(held),
        on_its_way=counts["on_its_way"] + unread,
        remains=tuple(remains),
        trouble=next((part.trouble for part in looked if part.trouble), ""),
    )


def record(connection: Connection, report: Report, *, now: datetime) -> Reconciliation:
    """Keep what came of a look, move the cursor where it reaches further without a gap, and tell what is new."""
    window = report.window
    with transaction.atomic():
        before = connection.reconciliations.first()
        row = Reconciliation.objects.create(
            company_id=connection.company_id,
            connection=connection,
            since=window.since,
            until=window.until,
            seen=report.seen,
            pulled=report.pulled,
            on_its_way=report.on_its_way,
            held=len(report.held),
            remained=len(report.remains),
            remains=[msgspec.to_builtins(standing) for standing in report.remains[:MOST_REMAINS]],
            trouble=report.trouble,
            finished_at=now,
        )
        if not report.trouble:
            Connection.objects.filter(
                Q(pulled_until=None) | Q(pulled_until__gte=window.since, pulled_until__lt=window.until),
                pk=connection.pk,
            ).update(pulled_until=window.until)
        connection.reconciliations.filter(finished_at__lt=now - KEPT).delete()
        _tell(connection, row, before, now)
    return row


def _tell(connection: Connection, row: Reconciliation, before: Reconciliation | None, now: datetime) -> None:
    """Raise an alert for what the look before did not already say: a shop that is asked often is not to be a siren."""
    tenant = connection.company.tenant
    if row.trouble and (before is None or before.trouble != row.trouble):
        alerts.alert(shop_alerts.UNASKABLE, str(connection), row.trouble, tenant, now)
    told = {remain["order"] for remain in before.remains} if before else set()
    if fresh := [remain for remain in row.remains if remain["order"] not in told]:
        text = "; ".join(f"{remain['number'] or remain['order']}: {remain['reason']}" for remain in fresh[:5])
        alerts.alert(shop_alerts.REMAINS, str(connection), f"{row.remained}: {text}", tenant, now)


def _keep(connection: Connection, bundle: bytes, now: datetime) -> bool:
    """Keep what the shop said of an order; return whether that was new.

    :raises Unreadable: when the same was kept before and could not be read.
    """
    received = take_pulled(connection, bundle, now=now)
    if not received.new:
        key = f"delivery:{received.delivery_id}"
        stuck = Process.objects.filter(workflow="capture", idempotency_key=key, state__in=("held", "failed")).first()
        if stuck:
            raise Unreadable(str((stuck.error or {}).get("message", stuck.state)))
    return received.new


def _is_news(connection: Connection, order: Order | None, bundle: bytes, now: datetime) -> bool:
    """Tell whether keeping a bundle would change what is known of its order; a platform that tells no versions is
    asked again and again for what has not changed.

    :raises Unreadable: when it cannot be read.
    """
    reading = PLATFORMS[connection.platform].read(bundle, PULLED, reader_settings(connection, now))
    if reading is None or reading.content is None:
        return False
    return order is None or order.current is None or order.current.content_hash != hash_of(reading.content)


def _known(order: Order | None, changed: Changed) -> bool:
    """Tell whether this very version is here, whole, and has what it asks for (or a person is at it)."""
    if order is None or order.platform_version is None or changed.updated_at is None:
        return False
    if order.platform_version < changed.updated_at:
        return False
    if order.current and order.current.redacted:
        return True  # this very version was here; what the shop still has of it is not fetched again
    content = content_of(order)
    whole = content is not None and all(refund.detailed for refund in content.refunds)
    return whole and stand(order).state != "missing"


def _ours(connection: Connection, identities: Iterable[str]) -> dict[str, Order]:
    rows = Order.objects.filter(connection=connection, external_id__in=list(identities)).select_related("current")
    return {order.external_id: order for order in rows}


def _standings(connection: Connection, window: Window, seen: set[str]) -> Iterator[Standing]:
    """Yield how each order stands: those that the shop named, and those of ours that changed in the window."""
    ours = Order.objects.filter(
        connection=connection, platform_version__gte=window.since, platform_version__lte=window.until
    )
    named = iter(sorted(seen | set(ours.values_list("external_id", flat=True))))
    while chunk := list(islice(named, AT_ONCE)):
        yield from (stand(order) for order in _ours(connection, chunk).values())


def _unread(connection: Connection, since: datetime) -> tuple[int, list[Standing]]:
    """Return how many deliveries of the shop are still being read, and those pulled since then that cannot be."""
    captures = Process.objects.filter(workflow="capture")
    moving = captures.filter(
        tenant=connection.company.tenant, state__in=[state for state in OPEN if state != "held"]
    ).values_list("idempotency_key", flat=True)
    reading = [str(key).removeprefix("delivery:") for key in moving]
    unread = Delivery.objects.filter(connection=connection, pk__in=reading).count()
    pulled = Delivery.objects.filter(connection=connection, topic=PULLED, received_at__gte=since)
    keys = [f"delivery:{identity}" for identity in pulled.values_list("pk", flat=True)]
    stuck = [
        Standing(
            order=str(process.idempotency_key), state="missing", reason=str((process.error or {}).get("message", ""))
        )
        for process in captures.filter(idempotency_key__in=keys, state__in=("held", "failed")).order_by("seq")
    ]
    return unread, stuck
