"""What led to no invoice is redacted by its age, every night and by command, in bounded batches.

Safe to stop anywhere and to run twice: each order is done or not done, and what is done is not found again.
"""

from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from common import clock
from invoicing.privacy.finding import FIRST
from invoicing.privacy.redacting import UNDECIDED, Outcome, Why, redact_delivery, redact_order
from invoicing.states import NOT_INVOICED
from workflows.api import step, workflow
from workflows.journal import Run
from workflows.rows import sql
from workflows.schedules import schedule

ORDERS_AT_ONCE = 50
DELIVERIES_AT_ONCE = 2000
"""Deliveries that are looked at in one transaction; few of them led to nothing."""
YOUNGEST = timedelta(days=30)
"""No company may forget sooner (`Company.forget_after_days`): younger rows need not be looked at."""
EVERY_NIGHT = "20 4 * * *"
KEPT = timedelta(days=90)
"""How long a night's process is kept."""
BY = "encadena"


class ForgetOld(msgspec.Struct, frozen=True):
    """What is old enough by now."""


class Forgotten(msgspec.Struct, frozen=True):
    """How many orders, and how many deliveries that led to none, were redacted; and where a page ended, if it did."""

    orders: int = 0
    deliveries: int = 0
    after: UUID | None = None


_IN_TIME = "invoicing_company c ON c.id = {row}.company_id AND c.forget_after_days IS NOT NULL"
_BEFORE = "%(now)s::timestamptz - make_interval(days => c.forget_after_days)"
_ORDERS = f"""
    FROM invoicing_order o JOIN {_IN_TIME.format(row="o")}
    WHERE o.redacted_at IS NULL AND o.state IN ({", ".join(repr(state) for state in NOT_INVOICED)})
      AND o.id > %(after)s AND (%(company)s::uuid IS NULL OR o.company_id = %(company)s)
      AND o.created_at < {_BEFORE}
      AND NOT EXISTS (SELECT FROM invoicing_invoice i WHERE i.order_id = o.id)
      AND NOT EXISTS (
          SELECT FROM invoicing_snapshot s WHERE s.order_id = o.id AND s.captured_at >= {_BEFORE}
      )
      AND NOT EXISTS (
          SELECT FROM workflows_process p
          WHERE p.tags @> ARRAY['order:' || o.id]::varchar[] AND p.tags <> '{{}}' AND p.state = ANY(%(undecided)s)
      )
"""  # noqa: S608 (literals of this module)
_DELIVERIES = f"""
    FROM page d JOIN {_IN_TIME.format(row="d")} AND d.received_at < {_BEFORE}
    WHERE NOT EXISTS (SELECT FROM invoicing_snapshot s WHERE s.delivery_id = d.id)
      AND NOT EXISTS (SELECT FROM invoicing_redaction r WHERE r.delivery_id = d.id)
      AND NOT EXISTS (
          SELECT FROM workflows_process p WHERE p.workflow = 'capture'
          AND p.idempotency_key = 'delivery:' || d.id AND p.state = ANY(%(undecided)s)
      )
      AND NOT EXISTS (SELECT FROM invoicing_privacyrequest q WHERE q.delivery_id = d.id AND q.state <> 'done')
"""  # noqa: S608
_PAGE = """
    WITH page AS (
        SELECT id, company_id, received_at FROM invoicing_delivery
        WHERE id > %(after)s AND (%(company)s::uuid IS NULL OR company_id = %(company)s) ORDER BY id LIMIT %(most)s
    )
"""


def old_orders(now: datetime, *, after: UUID = FIRST, company: UUID | None = None) -> list[UUID]:
    """Return the next orders that may go by their age, at most a batch."""
    rows = sql(f"SELECT o.id {_ORDERS} ORDER BY o.id LIMIT {ORDERS_AT_ONCE}", _asked(now, after, company))
    return [order for (order,) in rows]


def old_deliveries(
    now: datetime, *, after: UUID = FIRST, company: UUID | None = None
) -> tuple[list[UUID], UUID | None]:
    """Return which of the next page of deliveries may go by their age, and where it ended; None at the end."""
    asked = _asked(now, after, company) | {"most": DELIVERIES_AT_ONCE}
    last, read, newest = sql(f"{_PAGE} SELECT max(id::text)::uuid, count(*), max(received_at) FROM page", asked)[0]  # noqa: S608
    found = [delivery for (delivery,) in sql(f"{_PAGE} SELECT d.id {_DELIVERIES} ORDER BY d.id", asked)]
    on = read == DELIVERIES_AT_ONCE and newest < now - YOUNGEST  # ids are in the order of their coming
    return found, last if on else None


def due(now: datetime, *, company: UUID | None = None) -> Forgotten:
    """Return how many may go; reads all of them and changes nothing."""
    orders = sql(f"SELECT count(*) {_ORDERS}", _asked(now, FIRST, company))[0][0]
    deliveries, after = 0, FIRST
    while True:
        found, end = old_deliveries(now, after=after, company=company)
        deliveries += len(found)
        if end is None:
            return Forgotten(orders, deliveries)
        after = end


def forget_orders(
    now: datetime, *, after: UUID = FIRST, company: UUID | None = None, why: Why | None = None
) -> Forgotten:
    """Redact a batch of orders; each in a transaction or savepoint of its own."""
    ids = old_orders(now, after=after, company=company)
    done = Counter(redact_order(order, why=why or _policy(), now=now).outcome for order in ids)
    return Forgotten(orders=done[Outcome.REDACTED], after=ids[-1] if len(ids) == ORDERS_AT_ONCE else None)


def forget_deliveries(
    now: datetime, *, after: UUID = FIRST, company: UUID | None = None, why: Why | None = None
) -> Forgotten:
    """Redact what may go of a page of deliveries."""
    ids, end = old_deliveries(now, after=after, company=company)
    done = Counter(redact_delivery(delivery, why=why or _policy(), now=now) for delivery in ids)
    return Forgotten(deliveries=done[Outcome.REDACTED], after=end)


@step
def forget_a_batch_of_orders(after: UUID) -> Forgotten:
    """Redact a batch."""
    return forget_orders(clock.now(), after=after)


@step
def forget_a_page_of_deliveries(after: UUID) -> Forgotten:
    """Redact what may go of a page."""
    return forget_deliveries(clock.now(), after=after)


@workflow("forget-old", version=1, keep=KEPT)
def forget_old(run: Run, p: ForgetOld) -> Forgotten:
    """Redact batch after batch, to the end."""
    orders = deliveries = 0
    after: UUID | None = FIRST
    while after is not None:
        done = run.step(forget_a_batch_of_orders, after)
        orders, after = orders + done.orders, done.after
    after = FIRST
    while after is not None:
        done = run.step(forget_a_page_of_deliveries, after)
        deliveries, after = deliveries + done.deliveries, done.after
    return Forgotten(orders, deliveries)


def _policy() -> Why:
    return Why(BY, "no llevó a ninguna factura en el plazo de la empresa")


def _asked(now: datetime, after: UUID, company: UUID | None) -> dict[str, object]:
    return {"now": now, "after": after, "company": company, "undecided": list(UNDECIDED)}


schedule("forget-old", forget_old, ForgetOld(), cron=EVERY_NIGHT, zone="Europe/Madrid", catch_up="last")
