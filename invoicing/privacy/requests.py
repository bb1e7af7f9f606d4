"""The process of a request of privacy: find, redact in batches, look again, conclude; and what stays says why.

An order whose invoice is still to be decided is looked at again every day: until a person has attended it, the seller
may owe one.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from common import clock
from invoicing.models import Connection, Order, PrivacyRequest
from invoicing.privacy import finding
from invoicing.privacy.alerts import ASKED, DUE
from invoicing.privacy.finding import FIRST, Subject
from invoicing.privacy.redacting import Outcome, Why, redact_delivery, redact_order
from invoicing.states import REQUEST_MOVES
from workflows import alerts
from workflows.api import Lane, step, workflow
from workflows.encoding import decode
from workflows.errors import Abort
from workflows.journal import Run
from workflows.retry import Retry
from workflows.rows import sql

BATCH = 50
"""Orders that are redacted in one transaction."""
A_DAY = timedelta(days=1)
MOST_LOOKS = 400
"""Daily looks at orders that wait for their invoice to be decided; then a person is told that the request is stuck."""
WARNED_BEFORE = timedelta(days=5)
"""How long before its last day a request that is not done is told of."""
PATIENT = Retry(retries=10, first=1, cap=60)


class StillRead(Exception):
    """The process that read this request has not ended yet; try again."""


class RequestRef(msgspec.Struct, frozen=True):
    """A request that is to be worked on."""

    company_id: UUID
    request_id: UUID


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """What one pass over a request's orders came to, and until which day something of them is kept."""

    redacted: int = 0
    kept: int = 0
    waits: int = 0
    altered: int = 0
    kept_until: date | None = None
    after: UUID | None = None
    """Where a page ended; None at the end."""

    def plus(self, other: "Passed") -> "Passed":
        """Return the sum with the page that follows."""
        return Passed(
            redacted=self.redacted + other.redacted,
            kept=self.kept + other.kept,
            waits=self.waits + other.waits,
            altered=self.altered + other.altered,
            kept_until=max((day for day in (self.kept_until, other.kept_until) if day), default=None),
            after=other.after,
        )


# --- privacy-request: find, redact, look again, conclude ---------------------------------------------------------


@step
def find_named(request_id: UUID) -> Subject:
    """Note the orders that are named; return what else is to be looked for, without the address itself."""
    request = PrivacyRequest.objects.get(pk=request_id)
    subject = _subject(request)
    finding.named(request, subject)
    return Subject(email="*" if subject.email else "", search=subject.search)


@step
def asked_what(request_id: UUID) -> tuple[str, datetime]:
    """Return what is asked, and until when."""
    request = PrivacyRequest.objects.get(pk=request_id)
    return request.kind, request.due_at


@step
def find_orders(request_id: UUID, after: UUID) -> UUID | None:
    """Note those of a page of orders that bear the address."""
    request = PrivacyRequest.objects.get(pk=request_id)
    return finding.orders_of(request, _subject(request), after)


@step
def find_deliveries(request_id: UUID, after: UUID) -> UUID | None:
    """Note those of a page of deliveries that hold the address and led to no order."""
    request = PrivacyRequest.objects.get(pk=request_id)
    return finding.deliveries_of(request, _subject(request), after)


@step
def redact_found(request_id: UUID, after: int) -> tuple[Passed, int]:
    """Redact a batch of what was found; return what came of it and where it ended, 0 at the end."""
    now, request = clock.now(), PrivacyRequest.objects.get(pk=request_id)
    items = list(
        request.items.filter(pk__gt=after).exclude(outcome=Outcome.REDACTED).select_related(None).order_by("pk")[:BATCH]
    )
    passed = Passed()
    # In the order of their locks, which is that of everybody.
    for item in sorted(items, key=lambda item: str(item.order_id or item.delivery_id)):
        if item.order_id:
            done = redact_order(item.order_id, why=_why(request), now=now, spare_versions=True)
            outcome, until = done.outcome, done.kept_until
        else:
            outcome, until = redact_delivery(item.delivery_id, why=_why(request), now=now), None
        item.outcome, item.kept_until, item.at = outcome, until, now
        item.save()
        passed = passed.plus(counted(outcome, until))
    return passed, items[-1].pk if len(items) == BATCH else 0


@step
def stop_shop(request_id: UUID) -> None:
    """Disconnect the shop: nothing more is taken from it, and it is asked no more."""
    request = PrivacyRequest.objects.get(pk=request_id)
    Connection.objects.filter(pk=request.connection_id).update(
        active=False, pull=False, credentials="", ask_customers=False
    )


@step
def redact_shop_orders(request_id: UUID, after: UUID) -> Passed:
    """Redact a batch of the orders of the shop."""
    now, request = clock.now(), PrivacyRequest.objects.get(pk=request_id)
    page = Order.objects.filter(connection_id=request.connection_id, redacted_at=None, pk__gt=after)
    ids = list(page.order_by("pk").values_list("pk", flat=True)[:BATCH])
    passed = Passed()
    for order in ids:
        done = redact_order(order, why=_why(request), now=now, spare_versions=True)
        passed = passed.plus(counted(done.outcome, done.kept_until))
    return msgspec.structs.replace(passed, after=ids[-1] if len(ids) == BATCH else None)


@step
def redact_shop_deliveries(request_id: UUID, after: UUID) -> UUID | None:
    """Redact those of a page of the shop's deliveries that led to no order; return where it ended."""
    now, request = clock.now(), PrivacyRequest.objects.get(pk=request_id)
    rows = sql(
        """
        WITH page AS (SELECT id FROM invoicing_delivery WHERE connection_id = %s AND id > %s ORDER BY id LIMIT %s)
        SELECT page.id, s.id IS NULL AND r.id IS NULL AND q.id IS NULL FROM page
        LEFT JOIN invoicing_snapshot s ON s.delivery_id = page.id
        LEFT JOIN invoicing_redaction r ON r.delivery_id = page.id
        LEFT JOIN invoicing_privacyrequest q ON q.delivery_id = page.id
        ORDER BY page.id
        """,
        [request.connection_id, after, BATCH],
    )
    for delivery, alone in rows:
        if alone:
            redact_delivery(delivery, why=_why(request), now=now)
    return rows[-1][0] if len(rows) == BATCH else None


@step(retry=PATIENT)
def offer(request_id: UUID) -> None:
    """Let a person hand over what was found, and tell of it."""
    now, request = clock.now(), PrivacyRequest.objects.get(pk=request_id)
    figures = {"found": request.items.count()}
    PrivacyRequest.objects.filter(pk=request_id, state__in=REQUEST_MOVES.sources("offer")).update(
        state=REQUEST_MOVES.target("offer"), figures=figures, subject=""
    )
    _redact_asking(request, now)
    _tell(ASKED, request, "hand over what is held on a customer", now)


@step(retry=PATIENT)
def conclude(request_id: UUID, passed: Passed) -> None:
    """End a request: what was done, what stays and until when; the request itself forgets whom it was about."""
    now, request = clock.now(), PrivacyRequest.objects.get(pk=request_id)
    PrivacyRequest.objects.filter(pk=request_id, state__in=REQUEST_MOVES.sources("finish")).update(
        state=REQUEST_MOVES.target("finish"), figures=_figures(passed), subject="", finished_at=now,
        finished_by="encadena",
    )  # fmt: skip
    _redact_asking(request, now)
    if passed.altered:
        _tell(ASKED, request, f"{passed.altered} are not what was received: verify_ledger", now)


@step
def note(request_id: UUID, passed: Passed) -> None:
    """Note how far a request is that has to wait, and that the address is no longer needed."""
    PrivacyRequest.objects.filter(pk=request_id, state="open").update(figures=_figures(passed), subject="")


@step
def remind(request_id: UUID) -> None:
    """Tell of a request whose last day is near and that is not done."""
    request = PrivacyRequest.objects.exclude(state="done").filter(pk=request_id).first()
    if request:
        _tell(DUE, request, f"not done, due on {request.due_at:%Y-%m-%d}", clock.now())


@workflow(
    "privacy-request",
    version=1,
    tenant=lambda p: str(p.company_id),
    lane=lambda p: Lane(f"privacy:{p.company_id}", 2),
    on_failure="hold",
    idempotency_key=lambda p: f"privacy:{p.request_id}",
    tags=lambda p: (f"privacy:{p.request_id}",),
)
def privacy_request(run: Run, p: RequestRef) -> Passed:
    """Find, redact what may go, look every day at what has to be decided first, and say what stays."""
    told = run.step(find_named, p.request_id)
    kind, due_at = run.step(asked_what, p.request_id)
    if kind != PrivacyRequest.Kind.SHOP and told.email:
        page: UUID | None = FIRST
        while told.search and page is not None:
            page = run.step(find_orders, p.request_id, page)
        page = FIRST
        while page is not None:
            page = run.step(find_deliveries, p.request_id, page)
    if kind == PrivacyRequest.Kind.EXPORT:
        run.step(offer, p.request_id)
        run.sleep_until(due_at - WARNED_BEFORE)
        run.step(remind, p.request_id)
        return Passed()
    if kind == PrivacyRequest.Kind.SHOP:
        run.step(stop_shop, p.request_id)
    passed = _pass(run, p.request_id, kind)
    reminded = False
    for _look in range(MOST_LOOKS):
        if not passed.waits:
            run.step(conclude, p.request_id, passed)
            return passed
        run.step(note, p.request_id, passed)
        run.sleep(A_DAY)
        if not reminded and run.now() >= due_at - WARNED_BEFORE:
            run.step(remind, p.request_id)
            reminded = True
        again = _pass(run, p.request_id, kind)
        passed = msgspec.structs.replace(again, redacted=passed.redacted + again.redacted)
    raise Abort(f"{passed.waits} orders still wait for their invoice to be decided: attend them, then resume")


def _pass(run: Run, request_id: UUID, kind: str) -> Passed:
    """Go once over all that is not redacted yet."""
    passed = Passed()
    if kind == PrivacyRequest.Kind.SHOP:
        page: UUID | None = FIRST
        while page is not None:
            passed = passed.plus(run.step(redact_shop_orders, request_id, page))
            page = passed.after
        page = FIRST
        while page is not None:
            page = run.step(redact_shop_deliveries, request_id, page)
        return passed
    after = 0
    while True:
        found, after = run.step(redact_found, request_id, after)
        passed = passed.plus(found)
        if not after:
            return passed


# --- small things ------------------------------------------------------------------------------------------------


def _subject(request: PrivacyRequest) -> Subject:
    found: Subject = decode(request.subject, Subject) if request.subject else Subject()
    return found


def _why(request: PrivacyRequest) -> Why:
    return Why(request.asked_by, request.reason, request.pk)


def counted(outcome: str, until: date | None) -> Passed:
    return Passed(
        redacted=int(outcome == Outcome.REDACTED),
        kept=int(outcome == Outcome.KEPT),
        waits=int(outcome == Outcome.WAITS),
        altered=int(outcome == Outcome.ALTERED),
        kept_until=until,
    )


def _figures(passed: Passed) -> dict[str, int | str]:
    counts: dict[str, int | str] = {
        "redacted": passed.redacted, "kept": passed.kept, "waits": passed.waits, "altered": passed.altered,
    }  # fmt: skip
    return counts | ({"kept_until": passed.kept_until.isoformat()} if passed.kept_until else {})


def _redact_asking(request: PrivacyRequest, now: datetime) -> None:
    """The delivery that asked names the customer too; its own capture has ended or is about to."""
    if request.delivery_id and redact_delivery(request.delivery_id, why=_why(request), now=now) == Outcome.WAITS:
        raise StillRead(StillRead.__doc__)


def _tell(kind: str, request: PrivacyRequest, text: str, now: datetime) -> None:
    tenant = str(request.company_id)
    alerts.alert(kind, str(request.pk), f"{request.kind}: {text}", tenant, now)
