"""When an invoice is due: paid, shipped or delivered, as the connection says; and what becomes of a total of zero.

fiscal-policy.md: «Trigger: paid (default), shipped, delivered. FechaOperacion is set when it differs from the issue
date»; «zero totals (Hold once, setting to ignore)».
"""

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from invoicing.policy import matters
from tests.invoicing.orders import LIVE, PAID_AT, decided, line, order

SHIPPED = datetime(2026, 11, 1, 8, tzinfo=UTC)
DELIVERED = datetime(2026, 11, 2, 8, tzinfo=UTC)
UNPAID: dict[str, Any] = {"paid": False, "paid_at": None}


def due(trigger: str, **content: Any) -> tuple[str, date | None, str]:
    found = decided(order(**content), connection=msgspec.structs.replace(LIVE, trigger=trigger))
    day = found.document.operation_date if found.document else None
    return found.action, day, found.note if found.action == "nothing" else ""


@pytest.mark.parametrize(
    ("trigger", "content", "expected"),
    [
        ("paid", {}, ("issue", PAID_AT.date(), "")),
        ("paid", {"shipped_at": SHIPPED, **UNPAID}, ("nothing", None, "Sin pagar.")),
        ("shipped", {}, ("nothing", None, "Sin enviar.")),
        ("shipped", {"shipped_at": SHIPPED}, ("issue", SHIPPED.date(), "")),
        # cash on delivery, goods on account: the shipment asks for the invoice, not the money
        ("shipped", {"shipped_at": SHIPPED, **UNPAID}, ("issue", SHIPPED.date(), "")),
        # some shops tell only the end of it
        ("shipped", {"delivered_at": DELIVERED}, ("issue", DELIVERED.date(), "")),
        ("delivered", {"shipped_at": SHIPPED}, ("nothing", None, "Sin entregar.")),
        ("delivered", {"shipped_at": SHIPPED, "delivered_at": DELIVERED}, ("issue", DELIVERED.date(), "")),
        # shipped with a part of the price paid: the whole is due
        ("shipped", {"shipped_at": SHIPPED, "paid": False, "partially_paid": True}, ("issue", SHIPPED.date(), "")),
        ("shipped", {"shipped_at": SHIPPED, "cancelled": True}, ("nothing", None, "Cancelado antes de facturarse.")),
    ],
)
def test_the_trigger_says_when_an_order_is_invoiced(
    trigger: str, content: dict[str, Any], expected: tuple[str, date | None, str]
) -> None:
    assert due(trigger, **content) == expected


def test_a_version_that_was_sent_matters_before_it_is_paid() -> None:
    assert not matters(order(**UNPAID), invoiced=False)
    assert matters(order(shipped_at=SHIPPED, **UNPAID), invoiced=False)
    assert matters(order(delivered_at=DELIVERED, **UNPAID), invoiced=False)


def test_a_total_of_zero_waits_for_a_person_or_is_let_go() -> None:
    free = order(line("0.00"))
    asked = decided(free)
    assert asked.action == "hold"
    assert asked.hold is not None
    assert asked.hold.code == "zero_total"
    let_go = decided(free, connection=msgspec.structs.replace(LIVE, zero_totals="ignore"))
    assert (let_go.action, let_go.note) == ("nothing", "De total cero.")
