"""How an order stands: does it have exactly the documents that it asks for, or a reason why not?

Judged from rows alone: the newest version, what was decided on it, the processes that have not ended, the invoices.
What an order asks for is the policy's to say and is not said again here.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from invoicing import policy
from invoicing.capture import content_of
from invoicing.models import Order
from invoicing.values import OrderContent, Refund
from workflows.models import Process, Step
from workflows.states import OPEN

State = Literal["documented", "explained", "not_due", "held", "on_its_way", "missing"]

A_PERSON_DECIDED = ("ignore", "corrected_by_hand")
IN_FORCE_NOT = ("annulled",)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How one order stands, and why it has not what it seems to ask for."""

    order: str
    number: str = ""
    state: State
    reason: str = ""

    @property
    def settled(self) -> bool:
        """Whether nothing more is expected to happen by itself, and nothing is missing."""
        return self.state in ("documented", "explained", "not_due")


def stand(order: Order) -> Standing:
    """Return how an order stands now; a handful of queries."""
    state, reason = _judge(order)
    return Standing(order=order.external_id, number=order.number, state=state, reason=reason)


def _judge(order: Order) -> tuple[State, str]:
    processes = Process.objects.filter(order_key=f"order:{order.pk}")
    running = list(processes.filter(state__in=OPEN).order_by("seq"))
    if held := next((process for process in running if process.state == "held"), None):
        return "held", _why_held(held)
    if running:
        return "on_its_way", running[-1].state
    last = processes.order_by("-seq").first()
    if last and last.state == "failed":
        return "missing", _why_held(last)
    # Read after the processes: a decision that ended meanwhile has left its mark by now.
    order = Order.objects.select_related("current").get(pk=order.pk)
    content = content_of(order)
    if order.current and order.current.redacted:
        return "explained", "its data is redacted"
    if order.current is None or content is None:
        return "missing", "no version of it was read"
    made = order.invoices.filter(purpose__in=("sale", "advance")).exclude(state__in=IN_FORCE_NOT)
    purposes = list(made.values_list("purpose", flat=True))
    if order.current.state == "captured":
        if policy.matters(content, invoiced=bool(purposes)):
            return "missing", "nobody has decided on its newest version"
        return "not_due", "not paid"
    return _documents(order, content, purposes)


def _documents(order: Order, content: OrderContent, purposes: list[str]) -> tuple[State, str]:
    """Judge the documents of an order on whose newest version a decision was taken to its end."""
    if (sales := purposes.count("sale")) > 1:
        return "missing", f"{sales} invoices of the sale"
    if not purposes:
        return "explained", _by_hand(order) or order.state
    wrong = list(_uncorrected(order, content.refunds))
    return ("missing", "; ".join(wrong)) if wrong else ("documented", "")


def _uncorrected(order: Order, refunds: Iterable[Refund]) -> Iterator[str]:
    """Yield what is wrong with the corrections: each refund of money has exactly one."""
    made = list(
        order.invoices.filter(purpose="refund").exclude(state__in=IN_FORCE_NOT).values_list("refund", flat=True)
    )
    by_hand = {identity for settlement in order.settlements.all() for identity in settlement.refunds}
    for refund in refunds:
        count = made.count(refund.external_id)
        if refund.total and count != 1 and not (count == 0 and refund.external_id in by_hand):
            yield f"refund {refund.external_id} of {-refund.total} has {count or 'no'} correction{'s' * (count > 1)}"


def _why_held(process: Process) -> str:
    hold, error = process.hold or {}, process.error or {}
    return str(hold.get("code") or error.get("message") or process.state)


def _by_hand(order: Order) -> str:
    """Return what a person answered who left the order without documents; empty when nobody did."""
    answers = Step.objects.filter(
        process__order_key=f"order:{order.pk}", kind="hold", done=True, output__isnull=False
    ).order_by("-process__seq", "-id")
    for answer in answers:
        given = msgspec.json.decode(answer.output or "null")
        if isinstance(given, dict) and given.get("action") in A_PERSON_DECIDED:
            return f"{given['action']}: {given.get('reason', '')}"
    return ""
